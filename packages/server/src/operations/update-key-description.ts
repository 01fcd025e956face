import { notPendingDeletion } from '../keys/states.ts'
import { operation } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { structure } from '../protocol/shape.ts'
import { keyRow } from '../store/documents.ts'
import { description, keyId } from './members.ts'
import { shown } from './shown.ts'

export const updateKeyDescription = operation({
  name: 'UpdateKeyDescription',
  input: structure({ KeyId: keyId, Description: description }),
  output: null,
  needs: {
    action: 'kms:UpdateKeyDescription',
    keys: { key: { identifier: input => input.KeyId, aliases: false, states: notPendingDeletion } },
  },
  audit: { readOnly: false, parameters: input => shown(input, 'KeyId', 'Description') },
  handle({ keys: { key } }, { Description }) {
    const id = keyRow(key.account, key.region, key.id)
    return {
      output: undefined,
      changes: [{ put: 'key', id, document: { ...key, description: Description } }],
      recorded: { keyId: keyArn(key) },
    }
  },
})
