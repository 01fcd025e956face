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
  /** For this key, newest first. */
  sets: readonly ParameterSet[]
  fetch: (choice: Choice) => Promise<ParameterSet>
  /** One that was fetched with this choice and is still good, token and all; otherwise a new one. */
  take: (choice: Choice) => Promise<ParameterSet>
} {
  const api = useApi()
  const region = useRegion()
  const sets = useParameterSets().filter(set => isFor(set, key.KeyId, region))
  const fetch = async (choice: Choice): Promise<ParameterSet> => await fetchSet(api, region, key, choice)
  return {
    sets,
    fetch,
    async take(choice) {
      const usable = sets.find(
        set =>
          set.algorithm === choice.algorithm &&
          set.wrappingKeySpec === choice.wrappingKeySpec &&
          !isExpired(set, Date.now()) &&
          tokenOf(set) !== undefined,
      )
      return usable ?? (await fetch(choice))
    },
  }
}

async function fetchSet(
  api: Api,
  region: string,
  { KeyId, KeySpec }: { KeyId: string; KeySpec: string },
  { algorithm, wrappingKeySpec }: Choice,
): Promise<ParameterSet> {
  const answer = await api.kms('GetParametersForImport', {
    KeyId,
    WrappingAlgorithm: algorithm,
    WrappingKeySpec: wrappingKeySpec,
  })
  const { PublicKey = '', ImportToken = '', ParametersValidTo = 0, KeyId: keyArn = '' } = answer
  const validTo = ParametersValidTo * 1000
  return await keepSet(
    { keyArn, region, keySpec: KeySpec, algorithm, wrappingKeySpec, validTo },
    PublicKey,
    ImportToken,
  )
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
