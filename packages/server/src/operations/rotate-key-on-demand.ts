import { keySpecs } from '../keys/specs.ts'
import { usable } from '../keys/states.ts'
import { operation } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { kmsError } from '../protocol/errors.ts'
import { string, structure } from '../protocol/shape.ts'
import { refuseReplica, relativesOf } from './family.ts'
import { waitingMaterial } from './imported-material.ts'
import { refuseKeyInStore } from './key-stores.ts'
import { keyId } from './members.ts'
import { rotation } from './rotation.ts'
import { shown } from './shown.ts'

const mostRotations = 25
const shortestNotice = 20 * 60 * 1000

/**
 * Makes other material current: material that was imported and waits (EXTERNAL), or fresh one (AWS_KMS). AWS switches some time later; here it has happened when the answer leaves.
 */
export const rotateKeyOnDemand = operation({
  name: 'RotateKeyOnDemand',
  input: structure({ KeyId: keyId }),
  output: structure({ KeyId: string() }),
  needs: {
    action: 'kms:RotateKeyOnDemand',
    check: ({ keys: { key } }) => refuseKeyInStore(key),
    keys: { key: { identifier: input => input.KeyId, aliases: false, states: usable } },
  },
  audit: { readOnly: false, parameters: input => shown(input, 'KeyId') },
  async handle({ keys: { key }, now, view, seal }) {
    const arn = keyArn(key)
    refuseReplica(key)
    if (keySpecs[key.spec].kind !== 'symmetric') throw kmsError('UnsupportedOperationException')
    const isImported = key.origin === 'EXTERNAL'
    const waiting = isImported ? waitingMaterial(key, await relativesOf(view, key), now) : undefined
    if (isImported && !waiting?.ready) {
      throw kmsError('KMSInvalidStateException', `No available key material pending rotation for the key: ${arn}.`)
    }
    if (key.onDemandRotations >= mostRotations) {
      throw kmsError(
        'LimitExceededException',
        `The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be performed for this key: ${arn}`,
      )
    }
    if (key.rotation && key.rotation.nextAt - now <= shortestNotice) {
      throw kmsError('ConflictException', `An automatic rotation of ${arn} is under way, or due within 20 minutes.`)
    }
    const rotated = await rotation({ view, seal }, key, 'ON_DEMAND', now, waiting?.material)
    return { output: { KeyId: arn }, ...rotated, recorded: { keyId: arn } }
  },
})
