import { useState } from 'react'
import type { WrappingAlgorithm } from 'keyreeve-import'
import type { Api } from '../../api/client.ts'
import { useApi } from '../../api/hooks.ts'
import { useRegion } from '../../ui/places.ts'
import { isExpired, isFor, keepSet, tokenOf, useParameterSets, type ParameterSet } from './parameter-sets.ts'

/** What is being chosen in the first step. */
export interface Choice {
  algorithm: WrappingAlgorithm
  wrappingKeySpec: 'RSA_2048' | 'RSA_3072' | 'RSA_4096'
}

/** Fetches sets of import parameters for one key, and knows those that this tab has. */
export function useParameters(key: { KeyId: string; KeySpec: string }): {
  /** What was downloaded for this key, newest first. */
  downloaded: readonly ParameterSet[]
  /** A new set, whose files are then downloaded. */
  fetch: (choice: Choice) => Promise<ParameterSet>
  /** One that was fetched with this choice and is still good, token and all; otherwise a new one. */
  take: (choice: Choice) => Promise<ParameterSet>
} {
  const api = useApi()
  const region = useRegion()
  const sets = useParameterSets().filter(set => isFor(set, key.KeyId, region))
  const fetch = async (choice: Choice, isDownloaded: boolean): Promise<ParameterSet> =>
    await fetchSet(api, { ...choice, ...key, region, isDownloaded })
  return {
    downloaded: sets.filter(set => set.isDownloaded),
    fetch: async choice => await fetch(choice, true),
    async take(choice) {
      const usable = sets.find(
        set =>
          set.algorithm === choice.algorithm &&
          set.wrappingKeySpec === choice.wrappingKeySpec &&
          !isExpired(set, Date.now()) &&
          tokenOf(set) !== undefined,
      )
      return usable ?? (await fetch(choice, false))
    },
  }
}

async function fetchSet(
  api: Api,
  {
    KeyId,
    KeySpec,
    algorithm,
    wrappingKeySpec,
    ...known
  }: Choice & { KeyId: string; KeySpec: string; region: string; isDownloaded: boolean },
): Promise<ParameterSet> {
  const answer = await api.kms('GetParametersForImport', {
    KeyId,
    WrappingAlgorithm: algorithm,
    WrappingKeySpec: wrappingKeySpec,
  })
  const { PublicKey = '', ImportToken = '', ParametersValidTo = 0, KeyId: keyArn = '' } = answer
  const asked = { ...known, keyArn, keySpec: KeySpec, algorithm, wrappingKeySpec, validTo: ParametersValidTo * 1000 }
  return await keepSet(asked, PublicKey, ImportToken)
}

/** Runs one thing at a time, and keeps what it failed with. */
export function useTask(): {
  isBusy: boolean
  error: Error | undefined
  run: (task: () => Promise<void>) => void
  clear: () => void
} {
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<Error>()
  return {
    isBusy,
    error,
    run(task) {
      setBusy(true)
      setError(undefined)
      void task()
        .catch((failure: unknown) => setError(failure instanceof Error ? failure : new Error(String(failure))))
        .finally(() => setBusy(false))
    },
    clear: () => setError(undefined),
  }
}
