import { anyState } from '../keys/states.ts'
import { operation } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { boolean, list, string, structure } from '../protocol/shape.ts'
import { keyId, limit, marker, nextMarker } from './members.ts'
import { shown } from './shown.ts'
import { pageOfList } from './paging.ts'

/** The names of the key's policies: always `default` alone. */
export const listKeyPolicies = operation({
  name: 'ListKeyPolicies',
  input: structure({ KeyId: keyId, Limit: limit, Marker: marker }),
  output: structure({ PolicyNames: list(string()), NextMarker: nextMarker, Truncated: boolean() }),
  needs: {
    action: 'kms:ListKeyPolicies',
    keys: { key: { identifier: input => input.KeyId, aliases: false, states: anyState } },
  },
  audit: { readOnly: true, parameters: input => shown(input, 'KeyId', 'Limit', 'Marker') },
  handle({ keys: { key }, seal }, { Limit = 100, Marker }) {
    const pager = { list: `ListKeyPolicies ${keyArn(key)}`, seal }
    const { items, truncated } = pageOfList(pager, ['default'], Marker, Limit, name => name)
    return { output: { PolicyNames: items, ...truncated } }
  },
})
