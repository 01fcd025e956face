import { identityArn, type IdentityTag } from '../../auth/identities.ts'
import type { Resource } from '../../authority.ts'
import type { Context } from '../../operation.ts'
import { kmsError, type KmsError } from '../../protocol/errors.ts'
import { boolean, integer, list, optional, string, structure } from '../../protocol/shape.ts'
import { identityRow, type Change, type Documents, type View } from '../../store/documents.ts'

/** What the operations of IAM share: members with the constraints of its model (version 2010-05-08), and how entities are found. */

const pattern = (text: string, test: (value: string) => boolean) => ({ text, test })

/** Names of users, groups and roles: 64 characters, of users and groups 128 where the model says so. */
export const nameOf = (most: number) =>
  string(
    1,
    most,
    pattern('[\\w+=,.@-]+', value => /^[\w+=,.@-]+$/.test(value)),
  )
export const userName = nameOf(64)
export const existingUserName = nameOf(128)
export const groupName = nameOf(128)
export const roleName = nameOf(64)
export const policyName = nameOf(128)
export const path = string(
  1,
  512,
  pattern('(\\u002F)|(\\u002F[\\u0021-\\u007E]+\\u002F)', value => /^(?:\/|\/[!-~]+\/)$/.test(value)),
)
export const pathPrefix = string(
  1,
  512,
  pattern('\\u002F[\\u0021-\\u007F]*', value => /^\/[!-\x7f]*$/.test(value)),
)
export const arn = string(20, 2048)
export const policyDocument = string(
  1,
  131_072,
  // The model admits these three control characters.
  // oxlint-disable-next-line no-control-regex
  pattern('[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+', value => /^[\u0009\u000a\u000d\u0020-\u00ff]+$/.test(value)),
)
const tagCharacters = pattern('[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+', value => /^[\p{L}\p{Z}\p{N}_.:/=+\-@]+$/u.test(value))
export const tagKey = string(1, 128, tagCharacters)
const tagValue = string(
  0,
  256,
  pattern('[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*', value => /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u.test(value)),
)
export const tags = list(structure({ Key: tagKey, Value: tagValue }), 0, 50)
export const marker = optional(
  string(
    1,
    320,
    pattern('[\\u0020-\\u00FF]+', value => /^[\u0020-\u00ff]+$/.test(value)),
  ),
)
export const maxItems = optional(integer(1, 1000))
/** Members of every answer that is a page. */
export const pageMembers = { IsTruncated: boolean(), Marker: optional(string()) }

/** Kinds of entities that have a name, and how they are spoken of. */
const nouns = { user: 'user', group: 'group', role: 'role', 'managed-policy': 'policy' } as const
export type EntityKind = keyof typeof nouns

export const noSuchEntity = (message: string): KmsError => kmsError('NoSuchEntityException', message)

/** @param quota as the service calls it, such as `TagsPerUser` */
export const overQuota = (quota: string, most: number): KmsError =>
  kmsError('LimitExceededException', `Cannot exceed quota for ${quota}: ${most}`)

/** @throws NoSuchEntityException, in the service's words; names are looked up with regard to case */
export async function requireEntity<K extends Exclude<EntityKind, 'managed-policy'>>(
  view: View,
  kind: K,
  account: string,
  name: string,
): Promise<Readonly<Documents[K]>> {
  const found = await view.get(kind, identityRow(account, name))
  if (found?.name !== name) throw noSuchEntity(`The ${nouns[kind]} with name ${name} cannot be found.`)
  return found
}

/** @throws EntityAlreadyExistsException, in the service's words, also if there is one whose name differs in case only */
export async function requireFreeName(
  view: View,
  kind: Exclude<EntityKind, 'managed-policy'>,
  account: string,
  name: string,
): Promise<void> {
  if (!(await view.get(kind, identityRow(account, name)))) return
  const noun = nouns[kind]
  const text = `${noun.charAt(0).toUpperCase()}${noun.slice(1)} with name ${name} already exists.`
  throw kmsError('EntityAlreadyExistsException', text)
}

/** The change that stores an entity. It must have been read. */
export function put<K extends EntityKind>(kind: K, document: Documents[K]): Change {
  return { put: kind, id: identityRow(document.account, document.name), document } as Change // The document is of that kind.
}

/**
 * What an operation on an entity is authorised on: itself, with its tags, if there is one of that name; else as if it had the
 * path `/`, so that whoever may not see it does not learn whether it exists.
 *
 * @param becomes for what it is to be after the operation, which is authorised as well
 */
export async function resourceOf(
  kind: EntityKind,
  name: string,
  { view, caller: { account } }: Pick<Context, 'view' | 'caller'>,
  becomes: { name?: string | undefined; path?: string | undefined } = {},
): Promise<Resource> {
  const there = await view.get(kind, identityRow(account, name))
  const found = there?.name === name ? there : undefined
  const arn = identityArn(kind, { account, name: becomes.name ?? name, path: becomes.path ?? found?.path ?? '/' })
  return { arn, ...(found && 'tags' in found && { tags: found.tags.map(({ key, value }) => [key, value]) }) }
}

/** As answers show tags. */
export const describeTags = (of: readonly IdentityTag[]) => of.map(({ key, value }) => ({ Key: key, Value: value }))
