import type { Key } from '../keys/key.ts'
import { keyArn } from '../protocol/arn.ts'
import { kmsError } from '../protocol/errors.ts'
import { keyRow } from '../store/documents.ts'

/** Tags of a key: at most 50, in order of insertion. */

export const mostTags = 50

/** As policies are told of them, beside those of CreateKey and ReplicateKey. */
export const pairsOf = (tags: readonly { TagKey: string; TagValue: string }[]) =>
  tags.map(({ TagKey, TagValue }) => [TagKey, TagValue] as const)

/**
 * The tags after `added` have overwritten their namesakes in place, or gone to the end.
 *
 * @throws TagException for a reserved or doubled tag key, or too many tags
 */
export function mergeTags(present: Key['tags'], added: readonly { TagKey: string; TagValue: string }[]): Key['tags'] {
  const keys = added.map(tag => tag.TagKey)
  if (keys.some(key => key.toLowerCase().startsWith('aws:'))) {
    throw kmsError('TagException', 'Tags beginning with aws: are reserved')
  }
  if (new Set(keys).size < keys.length) throw kmsError('TagException', 'Duplicate tag keys')
  const merged = new Map(present)
  for (const { TagKey, TagValue } of added) merged.set(TagKey, TagValue)
  if (merged.size > mostTags) throw kmsError('TagException', 'Too many tags')
  return [...merged]
}

/** The decision that puts these tags in place of all others. */
export function retagged(key: Key, changed: Key['tags']) {
  const id = keyRow(key.account, key.region, key.id)
  return {
    output: undefined,
    changes: [{ put: 'key' as const, id, document: { ...key, tags: changed } }],
    recorded: { keyId: keyArn(key) },
  }
}
