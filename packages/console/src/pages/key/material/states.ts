import type { MessageName } from '../../../i18n/index.tsx'
import type { Key } from '../key.ts'

/** Why something cannot be done with a key now; undefined if it can. */
export type WhyNot = MessageName | undefined

const never: Readonly<Record<string, MessageName>> = {
  PendingDeletion: 'material.whyDeletion',
  PendingReplicaDeletion: 'material.whyDeletion',
  Creating: 'material.whyBusy',
  Unavailable: 'material.whyUnavailable',
}

/** To have material imported, a key need not be enabled. */
export const whyNoImport = ({ KeyState }: Key): WhyNot => never[KeyState]

export const whyNoDeletion = ({ KeyState }: Key, hasAny: boolean): WhyNot => {
  if (KeyState === 'Creating' || KeyState === 'Updating') return 'material.whyBusy'
  return hasAny ? undefined : 'material.whyNone'
}

/** To be rotated, it must be enabled, and the primary one of its family. */
export const whyNoRotation = (key: Key): WhyNot => {
  if (isReplica(key)) return 'material.whyReplica'
  if (key.KeyState === 'Disabled') return 'material.whyDisabled'
  if (key.KeyState === 'PendingImport') return 'material.whyPendingImport'
  if (key.KeyState === 'Updating') return 'material.whyBusy'
  return never[key.KeyState]
}

export const isReplica = ({ MultiRegionConfiguration }: Key): boolean =>
  MultiRegionConfiguration?.MultiRegionKeyType === 'REPLICA'
