import { onlyPendingDeletion } from '../keys/states.ts'
import { operation } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { string, structure } from '../protocol/shape.ts'
import { keyRow } from '../store/documents.ts'
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
    const { deletion: _, ...kept } = key
    return {
      output: { KeyId: keyArn(key) },
      changes: [{ put: 'key', id: keyRow(key.account, key.region, key.id), document: { ...kept, enabled: false } }],
      recorded: { keyId: keyArn(key) },
    }
  },
})
