import { kmsError } from '../protocol/errors.ts'
import { keyArn } from '../protocol/arn.ts'
import type { Key, KeyState, Material } from './key.ts'

/** Sets of states that operations accept, named after the rows of the key state table. */
export const usable: readonly KeyState[] = ['Enabled']
export const anyState: readonly KeyState[] = [
  'Enabled',
  'Disabled',
  'PendingImport',
  'PendingDeletion',
  'PendingReplicaDeletion',
  'Unavailable',
]
export const notPendingDeletion: readonly KeyState[] = ['Enabled', 'Disabled', 'PendingImport', 'Unavailable']
export const withMaterial: readonly KeyState[] = ['Enabled', 'Disabled', 'Unavailable']
/** For what a key store that is not connected does not stop. */
export const enabled: readonly KeyState[] = ['Enabled', 'Unavailable']
export const onlyPendingDeletion: readonly KeyState[] = ['PendingDeletion', 'PendingReplicaDeletion']

/** Whether the material can be used at `now` (epoch ms): expiry counts from its moment, swept or not. */
export function isPresent(material: Material, now: number): boolean {
  return material.present && (material.validTo === undefined || now < material.validTo)
}

/** Materials that the key needs to work: all but one that waits for its first rotation. */
export function isPermanent(material: Material): boolean {
  return material.state === 'CURRENT' || material.state === 'NON_CURRENT'
}

/** Of a multi-Region family, the key that rotates and is replicated; a key of one Region is its own. */
export function isPrimary(key: Key): boolean {
  return key.family === undefined || key.family.primary === key.region
}

/**
 * https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
 *
 * @param isReachable false while the key's custom key store is not connected
 */
export function stateOf(key: Key, now: number, isReachable = true): KeyState {
  if (key.deletion) return key.deletion.at === undefined ? 'PendingReplicaDeletion' : 'PendingDeletion'
  const permanent = key.materials.filter(isPermanent)
  if (permanent.length === 0 || !permanent.every(material => isPresent(material, now))) return 'PendingImport'
  if (!isReachable) return 'Unavailable'
  return key.enabled ? 'Enabled' : 'Disabled'
}

/** @throws DisabledException, KMSInvalidStateException */
export function requireState(key: Key, states: readonly KeyState[], now: number, isReachable = true): void {
  const state = stateOf(key, now, isReachable)
  if (states.includes(state)) return
  const arn = keyArn(key)
  if (states === onlyPendingDeletion) throw kmsError('KMSInvalidStateException', `${arn} is not pending deletion.`)
  switch (state) {
    case 'Disabled':
      throw kmsError('DisabledException', `${arn} is disabled.`)
    case 'PendingImport':
      throw kmsError('KMSInvalidStateException', `${arn} is pending import.`)
    case 'Unavailable':
      throw kmsError('KMSInvalidStateException', `${arn} is unavailable.`)
    case 'PendingDeletion':
    case 'PendingReplicaDeletion':
      throw kmsError('KMSInvalidStateException', `${arn} is pending deletion.`)
    case 'Enabled':
      throw kmsError('KMSInvalidStateException', `${arn} is enabled.`)
  }
}
