import { anyState } from '../keys/states.ts'
import { operation } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { boolean, list, string, structure } from '../protocol/shape.ts'
import { keyId, limit, marker, nextMarker } from './members.ts'
import { shown } from './shown.ts'
import { pageOfList } from './paging.ts'
import { mostTags } from './tag-rules.ts'

/** The tags of a key, in order of insertion. */
export const listResourceTags = operation({
  name: 'ListResourceTags',
  input: structure({ KeyId: keyId, Limit: limit, Marker: marker }),
  output: structure({
    Tags: list(structure({ TagKey: string(), TagValue: string() })),
    NextMarker: nextMarker,
    Truncated: boolean(),
  }),
  needs: {
    action: 'kms:ListResourceTags',
    keys: { key: { identifier: input => input.KeyId, aliases: false, states: anyState } },
  },
  audit: { readOnly: true, parameters: input => shown(input, 'KeyId', 'Limit', 'Marker') },
  handle({ keys: { key }, seal }, { Limit = mostTags, Marker }) {
    const pager = { list: `ListResourceTags ${keyArn(key)}`, seal }
    const size = Math.min(Limit, mostTags)
    const { items, truncated } = pageOfList(pager, key.tags, Marker, size, ([name]) => name)
    return { output: { Tags: items.map(([TagKey, TagValue]) => ({ TagKey, TagValue })), ...truncated } }
  },
})
