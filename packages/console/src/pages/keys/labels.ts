import { useMemo } from 'react'
import type { KeySummary } from '../../api/types.ts'
import { useT, type MessageName } from '../../i18n/index.tsx'

/** What the console calls the values of the API. */

export const keyStates = [
  'Enabled',
  'Disabled',
  'PendingImport',
  'PendingDeletion',
  'PendingReplicaDeletion',
  'Unavailable',
] as const
export const origins = ['AWS_KMS', 'EXTERNAL', 'EXTERNAL_KEY_STORE', 'AWS_CLOUDHSM'] as const
const usages = ['ENCRYPT_DECRYPT', 'SIGN_VERIFY', 'GENERATE_VERIFY_MAC', 'KEY_AGREEMENT'] as const
export const regionalities = ['SINGLE', 'PRIMARY', 'REPLICA'] as const

export type Regionality = (typeof regionalities)[number]

export function regionalityOf({ MultiRegion, MultiRegionKeyType }: KeySummary): Regionality | undefined {
  if (MultiRegion === undefined) return undefined
  return MultiRegion ? MultiRegionKeyType : 'SINGLE'
}

/** Gives the name of a value; of one that only a later server knows, the value. */
export interface Labels {
  state: (value: string | undefined) => string | undefined
  origin: (value: string | undefined) => string | undefined
  usage: (value: string | undefined) => string | undefined
  regionality: (value: string | undefined) => string | undefined
}

/** Looked up, and not formatted each time: lists are sorted by them. */
export function useLabels(): Labels {
  const t = useT()
  return useMemo(() => {
    const lookUp = (prefix: string, values: readonly string[]) => {
      // The names of the messages are those of the values above.
      const names = new Map(values.map(value => [value, t(`${prefix}.${value}` as MessageName)]))
      return (value: string | undefined) => (value === undefined ? undefined : (names.get(value) ?? value))
    }
    return {
      state: lookUp('state', keyStates),
      origin: lookUp('keys.origin', origins),
      usage: lookUp('keys.usage', usages),
      regionality: lookUp('keys.regionality', regionalities),
    }
  }, [t])
}

/** As KMS shows aliases to people. */
export const aliasText = (name: string): string => name.replace(/^alias\//, '')
