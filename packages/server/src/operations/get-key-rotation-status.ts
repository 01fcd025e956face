import { anyState } from '../keys/states.ts'
import { operation } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { boolean, integer, optional, string, structure, timestamp } from '../protocol/shape.ts'
import { refuseKeyInStore } from './key-stores.ts'
import { keyId } from './members.ts'
import { shown } from './shown.ts'

/** Whether, how often and when next a key rotates on its own. */
export const getKeyRotationStatus = operation({
  name: 'GetKeyRotationStatus',
  input: structure({ KeyId: keyId }),
  output: structure({
    KeyRotationEnabled: boolean(),
    KeyId: string(),
    RotationPeriodInDays: optional(integer()),
    NextRotationDate: optional(timestamp()),
  }),
  needs: {
    action: 'kms:GetKeyRotationStatus',
    crossAccount: true,
    keys: { key: { identifier: input => input.KeyId, aliases: false, states: anyState } },
  },
  audit: { readOnly: true, parameters: input => shown(input, 'KeyId') },
  handle({ keys: { key } }) {
    refuseKeyInStore(key)
    const { rotation } = key
    // A key that waits for its deletion keeps its setting, but does not show it.
    const enabled = rotation !== undefined && key.deletion === undefined
    return {
      output: {
        KeyRotationEnabled: enabled,
        KeyId: keyArn(key),
        ...(enabled && {
          RotationPeriodInDays: rotation.periodInDays,
          NextRotationDate: new Date(rotation.nextAt),
        }),
      },
    }
  },
})
