import type { KeySummary } from '../../api/types.ts'

export const keyStates = [
  'Enabled',
  'Disabled',
  'PendingImport',
  'PendingDeletion',
  'PendingReplicaDeletion',
  'Unavailable',
] as const
export const origins = ['AWS_KMS', 'EXTERNAL', 'EXTERNAL_KEY_STORE', 'AWS_CLOUDHSM'] as const
export const usages = ['ENCRYPT_DECRYPT', 'SIGN_VERIFY', 'GENERATE_VERIFY_MAC', 'KEY_AGREEMENT'] as const
export const regionalities = ['SINGLE', 'PRIMARY', 'REPLICA'] as const

export type Regionality = (typeof regionalities)[number]

export function regionalityOf({ MultiRegion, MultiRegionKeyType }: KeySummary): Regionality | undefined {
  if (MultiRegion === undefined) return undefined
  return MultiRegion ? MultiRegionKeyType : 'SINGLE'
}

/** As KMS shows aliases to people. */
export const aliasText = (name: string): string => name.replace(/^alias\//, '')
