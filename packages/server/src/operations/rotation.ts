import type { ServiceAct } from '../audit/record.ts'
import { random } from '../crypto/random.ts'
import type { Key, Material } from '../keys/key.ts'
import { materialIdOf } from '../keys/material.ts'
import { keyArn } from '../protocol/arn.ts'
import type { Change } from '../store/documents.ts'
import { putKey, relativesOf } from './family.ts'
import { storedMaterial, type Sources } from './material-changes.ts'

/** Rotation: what was current before still decrypts, for ever. */

export const day = 24 * 60 * 60 * 1000

/**
 * Makes other material current in every Region of the key at once: material that waits in all of them, or fresh one.
 * After an automatic rotation the next one is due a period later, counted from when it happened: so a key that missed
 * its time while it was disabled keeps the new material as long as every other key does.
 *
 * @param now epoch milliseconds
 */
export async function rotation(
  sources: Sources,
  key: Key,
  rotationType: 'AUTOMATIC' | 'ON_DEMAND',
  now: number,
  waiting?: Material,
): Promise<{ changes: Change[]; acts: ServiceAct[] }> {
  const members = [key, ...(await relativesOf(sources.view, key))]
  const { id, changes } = waiting ? { id: waiting.id, changes: [] } : await freshMaterials(sources, key, members)
  return {
    changes: [...members.map(member => putKey(rotated(member, id, rotationType, now))), ...changes],
    acts: actsOf(key, id, rotationType, members.length > 1),
  }
}

/** The same fresh bytes for all of them, each under a seal of its own. */
async function freshMaterials(sources: Sources, key: Key, members: readonly Key[]) {
  const secret = random(32)
  try {
    const changes: Change[] = []
    for (const member of members) changes.push(...(await storedMaterial(sources, member, secret)).changes)
    return { id: materialIdOf(key, secret), changes }
  } finally {
    secret.fill(0)
  }
}

function rotated(key: Key, id: string, rotationType: 'AUTOMATIC' | 'ON_DEMAND', now: number): Key {
  const next = key.materials.find(material => material.id === id) ?? { id, present: true }
  const older = key.materials
    .filter(material => material.id !== id)
    .map(material => (material.state === 'CURRENT' ? { ...material, state: 'NON_CURRENT' as const } : material))
  const isAutomatic = rotationType === 'AUTOMATIC'
  return {
    ...key,
    materials: [...older, { ...next, state: 'CURRENT', rotatedAt: now, rotationType }],
    currentMaterialId: id,
    onDemandRotations: key.onDemandRotations + (isAutomatic ? 0 : 1),
    ...(isAutomatic &&
      key.rotation && { rotation: { ...key.rotation, nextAt: now + key.rotation.periodInDays * day } }),
  }
}

/** Which key a record of the service's own doing is about. */
export const about = (key: Key) => ({
  region: key.region,
  account: key.account,
  resources: [{ account: key.account, arn: keyArn(key) }],
})

/** https://docs.aws.amazon.com/kms/latest/developerguide/ct-rotatekey.html, and ct-synchronize-multi-region-key.html */
function actsOf(key: Key, id: string, rotationType: string, hasReplicas: boolean): ServiceAct[] {
  const serviceEventDetails = {
    keyId: keyArn(key),
    rotationType,
    keyOrigin: key.origin,
    previousKeyMaterialId: key.currentMaterialId,
    currentKeyMaterialId: id,
  }
  return [
    { ...about(key), operation: 'RotateKey', serviceEventDetails },
    ...(hasReplicas
      ? [{ ...about(key), operation: 'SynchronizeMultiRegionKey' as const, serviceEventDetails: null }]
      : []),
  ]
}
