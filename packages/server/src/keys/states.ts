import { kmsError } from '../protocol/errors.ts'
import { keyArn } from '../protocol/arn.ts'
import type { Key, KeyState, Material } from './key.ts'

/** Sets of states that operations accept, named after the rows of the key state table. */
export const usable: readonly KeyState[] = ['Enabled']
export const anyState: readonly KeyState[] = ['Enabled', 'Disabled', 'PendingImport', 'PendingDeletion']
export const notPendingDeletion: readonly KeyState[] = ['Enabled', 'Disabled', 'PendingImport']
export const withMaterial: readonly KeyState[] = ['Enabled', 'Disabled']
export const onlyPendingDeletion: readonly KeyState[] = ['PendingDeletion']

/** Whether the material can be used at `now` (epoch ms): expiry counts from its moment, swept or not. */
export function isPresent(material: Material, now: number): boolean {
  return material.present && (material.validTo === undefined || now < material.validTo)
}

/** Materials that the key needs to work: all but one that waits for its first rotation. */
export function isPermanent(material: Material): boolean {
  return material.state !== 'PENDING_ROTATION'
}

/** https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html */
export function stateOf(key: Key, now: number): KeyState {
  if (key.deletion) return 'PendingDeletion'
  const permanent = key.materials.filter(isPermanent)
  if (permanent.length === 0 || !permanent.every(material => isPresent(material, now))) return 'PendingImport'
  return key.enabled ? 'Enabled' : 'Disabled'
}

/** @throws DisabledException, KMSInvalidStateException */
export function requireState(key: Key, states: readonly KeyState[], now: number): void {
  const state = stateOf(key, now)
  if (states.includes(state)) return
  const arn = keyArn(key)
  if (states === onlyPendingDeletion) throw kmsError('KMSInvalidStateException', `${arn} is not pending deletion.`)
  switch (state) {
    case 'Disabled':
      throw kmsError('DisabledException', `${arn} is disabled.`)
    case 'PendingImport':
      throw kmsError('KMSInvalidStateException', `${arn} is pending import.`)
    case 'PendingDeletion':
      throw kmsError('KMSInvalidStateException', `${arn} is pending deletion.`)
    case 'Enabled':
      throw kmsError('KMSInvalidStateException', `${arn} is enabled.`)
  }
}
