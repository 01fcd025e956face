import { notPendingDeletion } from '../keys/states.ts'
import { operation } from '../operation.ts'
import { list, string, structure } from '../protocol/shape.ts'
import { keyId } from './members.ts'
import { shown } from './shown.ts'
import { retagged } from './tag-rules.ts'

/** Removing a tag that is not there succeeds. */
export const untagResource = operation({
  name: 'UntagResource',
  input: structure({ KeyId: keyId, TagKeys: list(string(1, 128)) }),
  output: null,
  needs: {
    action: 'kms:UntagResource',
    requestTags: ({ TagKeys }) => TagKeys.map(key => [key]),
    keys: { key: { identifier: input => input.KeyId, aliases: false, states: notPendingDeletion } },
  },
  audit: { readOnly: false, parameters: input => shown(input, 'KeyId', 'TagKeys') },
  handle: ({ keys: { key } }, { TagKeys }) =>
    retagged(
      key,
      key.tags.filter(([name]) => !TagKeys.includes(name)),
    ),
})
