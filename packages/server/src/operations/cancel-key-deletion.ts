import { onlyPendingDeletion } from '../keys/states.ts'
import { operation } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { kmsError } from '../protocol/errors.ts'
import { string, structure } from '../protocol/shape.ts'
import { putKey } from './family.ts'
import { keyId } from './members.ts'
import { shown } from './shown.ts'

/** Ends the waiting period; the key comes back disabled, or pending import if its material is gone. */
export const cancelKeyDeletion = operation({
  name: 'CancelKeyDeletion',
  input: structure({ KeyId: keyId }),
  output: structure({ KeyId: string() }),
  needs: {
    action: 'kms:CancelKeyDeletion',
    keys: { key: { identifier: input => input.KeyId, aliases: false, states: onlyPendingDeletion } },
  },
  audit: { readOnly: false, parameters: input => shown(input, 'KeyId') },
  handle({ keys: { key } }) {
    const { deletion, ...kept } = key
    const arn = keyArn(key)
    if (deletion?.begun) throw kmsError('KMSInvalidStateException', `${arn} is being deleted.`)
    return {
      output: { KeyId: arn },
      changes: [putKey({ ...kept, enabled: false })],
      recorded: { keyId: arn },
    }
  },
})
