import { notPendingDeletion } from '../keys/states.ts'
import { operation } from '../operation.ts'
import { structure } from '../protocol/shape.ts'
import { keyId, tags } from './members.ts'
import { shown } from './shown.ts'
import { mergeTags, pairsOf, retagged } from './tag-rules.ts'

/** Adds tags, and overwrites those of the same key. */
export const tagResource = operation({
  name: 'TagResource',
  input: structure({ KeyId: keyId, Tags: tags }),
  output: null,
  needs: {
    action: 'kms:TagResource',
    requestTags: ({ Tags }) => pairsOf(Tags),
    keys: { key: { identifier: input => input.KeyId, aliases: false, states: notPendingDeletion } },
  },
  audit: { readOnly: false, parameters: input => shown(input, 'KeyId', 'Tags') },
  handle: ({ keys: { key } }, { Tags }) => retagged(key, mergeTags(key.tags, Tags)),
})
