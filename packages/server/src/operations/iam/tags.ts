import type { IdentityTag } from '../../auth/identities.ts'
import type { Question } from '../../authority.ts'
import { kmsError } from '../../protocol/errors.ts'
import { overQuota } from './entities.ts'

/** As requests and answers have it. */
interface WireTag {
  Key: string
  Value: string
}

const mostTags = 50

interface TagRules {
  /** As the service calls it. */
  quota: string
  /** Whether tag keys that differ in case only are the same one (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html#id_tags_rules_creating). */
  caseless: boolean
}

const rules = {
  user: { quota: 'TagsPerUser', caseless: true },
  role: { quota: 'TagsPerRole', caseless: true },
  'managed-policy': { quota: 'TagsPerPolicy', caseless: false },
  'oidc-provider': { quota: 'TagsPerOpenIdConnectProvider', caseless: false },
} as const satisfies Record<string, TagRules>

/** What can have tags. */
export type TaggedKind = keyof typeof rules

const keyIn = (kind: TaggedKind, key: string): string => (rules[kind].caseless ? key.toLowerCase() : key)

/**
 * The tags after `added` have taken the place of their namesakes, or gone to the end.
 *
 * @throws InvalidInputException for a reserved or doubled tag key, LimitExceededException for more than 50 tags
 */
export function mergeTags(kind: TaggedKind, present: readonly IdentityTag[], added: readonly WireTag[]): IdentityTag[] {
  if (added.some(({ Key }) => Key.toLowerCase().startsWith('aws:'))) {
    throw kmsError('InvalidInputException', 'aws: prefixed tag key names are not allowed for external use.')
  }
  if (new Set(added.map(({ Key }) => keyIn(kind, Key))).size < added.length) {
    const note = rules[kind].caseless ? ' Please note that Tag keys are case insensitive.' : ''
    throw kmsError('InvalidInputException', `Duplicate tag keys found.${note}`)
  }
  const merged = new Map(present.map(tag => [keyIn(kind, tag.key), tag]))
  for (const { Key, Value } of added) merged.set(keyIn(kind, Key), { key: Key, value: Value })
  if (merged.size > mostTags) throw overQuota(rules[kind].quota, mostTags)
  return [...merged.values()]
}

/** Removing a tag that is not there succeeds. */
export function withoutTags(kind: TaggedKind, present: readonly IdentityTag[], keys: readonly string[]): IdentityTag[] {
  const removed = new Set(keys.map(key => keyIn(kind, key)))
  return present.filter(({ key }) => !removed.has(keyIn(kind, key)))
}

/** As `needs.requestTags` has the tags of a request. */
export const pairsOf = (tags: readonly WireTag[] | undefined) => tags?.map(({ Key, Value }) => [Key, Value] as const)

/**
 * As `needs.also` has it, for what is made with tags: whoever makes it must be allowed to tag it. The service asks for that,
 * though its reference does not always say so.
 */
export const mayTag = (action: string, arn: string, tags: readonly WireTag[] = []): readonly Question[] =>
  tags.length === 0 ? [] : [{ action, resource: { arn }, requestTags: pairsOf(tags) ?? [] }]
