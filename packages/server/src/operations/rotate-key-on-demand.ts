import { random } from '../crypto/random.ts'
import type { Key, Material } from '../keys/key.ts'
import { keySpecs } from '../keys/specs.ts'
import { isPresent, usable } from '../keys/states.ts'
import { operation } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { kmsError } from '../protocol/errors.ts'
import { string, structure } from '../protocol/shape.ts'
import { keyRow, type Change } from '../store/documents.ts'
import { freshMaterial } from './material-changes.ts'
import { keyId } from './members.ts'
import { shown } from './shown.ts'

const mostRotations = 25

/**
 * Makes other material current: material that was imported and waits (EXTERNAL), or fresh one (AWS_KMS). What was
 * current before still decrypts. AWS switches some time later; here it has happened when the answer leaves.
 */
export const rotateKeyOnDemand = operation({
  name: 'RotateKeyOnDemand',
  input: structure({ KeyId: keyId }),
  output: structure({ KeyId: string() }),
  needs: {
    action: 'kms:RotateKeyOnDemand',
    keys: { key: { identifier: input => input.KeyId, aliases: false, states: usable } },
  },
  audit: { readOnly: false, parameters: input => shown(input, 'KeyId') },
  async handle({ keys: { key }, now, view, seal }) {
    const arn = keyArn(key)
    if (keySpecs[key.spec].kind !== 'symmetric') throw kmsError('UnsupportedOperationException')
    const pending = key.materials.find(other => other.state === 'PENDING_ROTATION' && isPresent(other, now))
    if (key.origin === 'EXTERNAL' && !pending) {
      throw kmsError('KMSInvalidStateException', `No available key material pending rotation for the key: ${arn}.`)
    }
    if (key.onDemandRotations >= mostRotations) {
      throw kmsError(
        'LimitExceededException',
        `The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be performed for this key: ${arn}`,
      )
    }
    const made = pending ? undefined : await freshMaterial({ view, seal }, key, random(32))
    const next: Material = pending ?? { id: made?.id ?? '', state: 'PENDING_ROTATION', present: true }
    const rotated = rotate(key, next, now)
    const change: Change = { put: 'key', id: keyRow(key.account, key.region, key.id), document: rotated }
    return { output: { KeyId: arn }, changes: [change, ...(made?.changes ?? [])], recorded: { keyId: arn } }
  },
})

function rotate(key: Key, next: Material, now: number): Key {
  const older = key.materials
    .filter(other => other.id !== next.id)
    .map(other => (other.state === 'CURRENT' ? { ...other, state: 'NON_CURRENT' as const } : other))
  return {
    ...key,
    materials: [...older, { ...next, state: 'CURRENT', rotatedAt: now, rotationType: 'ON_DEMAND' }],
    currentMaterialId: next.id,
    onDemandRotations: key.onDemandRotations + 1,
  }
}
