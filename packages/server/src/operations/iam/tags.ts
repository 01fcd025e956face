import type { IdentityTag } from '../../auth/identities.ts'
import { kmsError } from '../../protocol/errors.ts'
import { overQuota } from './entities.ts'

/** As requests and answers have it. */
export interface WireTag {
  Key: string
  Value: string
}

const mostTags = 50

/**
 * Whether tag keys that differ in case only are the same one: those of users and roles are, of all others not
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html#id_tags_rules_creating).
 */
export type TagCase = 'caseless' | 'exact'

const keyIn = (tagCase: TagCase, key: string): string => (tagCase === 'caseless' ? key.toLowerCase() : key)

/**
 * The tags after `added` have taken the place of their namesakes, or gone to the end.
 *
 * @param quota as the service calls it, such as `TagsPerUser`
 * @throws InvalidInputException for a reserved or doubled tag key, LimitExceededException for more than 50 tags
 */
export function mergeTags(
  present: readonly IdentityTag[],
  added: readonly WireTag[],
  { quota, tagCase }: { quota: string; tagCase: TagCase },
): IdentityTag[] {
  if (added.some(({ Key }) => Key.toLowerCase().startsWith('aws:'))) {
    throw kmsError('InvalidInputException', 'aws: prefixed tag key names are not allowed for external use.')
  }
  if (new Set(added.map(({ Key }) => keyIn(tagCase, Key))).size < added.length) {
    const note = tagCase === 'caseless' ? ' Please note that Tag keys are case insensitive.' : ''
    throw kmsError('InvalidInputException', `Duplicate tag keys found.${note}`)
  }
  const merged = new Map(present.map(tag => [keyIn(tagCase, tag.key), tag]))
  for (const { Key, Value } of added) merged.set(keyIn(tagCase, Key), { key: Key, value: Value })
  if (merged.size > mostTags) throw overQuota(quota, mostTags)
  return [...merged.values()]
}

/** Removing a tag that is not there succeeds. */
export function withoutTags(present: readonly IdentityTag[], keys: readonly string[], tagCase: TagCase): IdentityTag[] {
  const removed = new Set(keys.map(key => keyIn(tagCase, key)))
  return present.filter(({ key }) => !removed.has(keyIn(tagCase, key)))
}

/** As `needs.requestTags` has the tags of a request. */
export const pairsOf = (tags: readonly WireTag[] | undefined) => tags?.map(({ Key, Value }) => [Key, Value] as const)
