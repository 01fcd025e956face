import { anyState } from '../keys/states.ts'
import { operation } from '../operation.ts'
import { structure } from '../protocol/shape.ts'
import { describeKey, keyMetadata } from './key-metadata.ts'
import { isReachable } from './key-stores.ts'
import { grantTokens, keyId } from './members.ts'
import { shown } from './shown.ts'

/** What is known of a key, in any state. */
export const describeKeyOperation = operation({
  name: 'DescribeKey',
  input: structure({ KeyId: keyId, GrantTokens: grantTokens }),
  output: structure({ KeyMetadata: keyMetadata }),
  needs: {
    action: 'kms:DescribeKey',
    crossAccount: true,
    keys: { key: { identifier: input => input.KeyId, aliases: true, states: anyState } },
  },
  audit: { readOnly: true, parameters: input => shown(input, 'KeyId') },
  handle: async ({ keys: { key }, now, view }) => ({
    output: { KeyMetadata: describeKey(key, now, await isReachable(view, key)) },
  }),
})
