import { roleArn, type Role } from '../../auth/identities.ts'
import { parsePolicy } from '../../auth/policy.ts'
import type { Resource } from '../../authority.ts'
import type { Context } from '../../operation.ts'
import { integer, list, optional, string, structure, timestamp } from '../../protocol/shape.ts'
import type { View } from '../../store/documents.ts'
import { bind, namedIn } from '../bound-principals.ts'
import { boundaryMember, describeBoundary } from './boundaries.ts'
import { encodeDocument, sizeOf } from './documents.ts'
import { describeTags, overQuota, resourceOf } from './entities.ts'

/** Roles as requests name them and answers show them. When a role was last used is not kept. */

export const description = string(undefined, 1000, {
  text: '[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*',
  // The model admits these three control characters.
  // oxlint-disable-next-line no-control-regex
  test: value => /^[\u0009\u000a\u000d\u0020-\u007e\u00a1-\u00ff]*$/.test(value),
})
/** In seconds. */
export const maxSession = integer(3600, 43_200)

export const roleMember = structure({
  Path: string(),
  RoleName: string(),
  RoleId: string(),
  Arn: string(),
  CreateDate: timestamp(),
  AssumeRolePolicyDocument: string(),
  Description: optional(string()),
  MaxSessionDuration: integer(),
  PermissionsBoundary: boundaryMember,
  Tags: optional(list(structure({ Key: string(), Value: string() }))),
})

/** As lists show a role: less than there is, as the service does. */
export const describeListedRole = (role: Readonly<Role>) => ({
  Path: role.path,
  RoleName: role.name,
  RoleId: role.id,
  Arn: roleArn(role),
  CreateDate: new Date(role.createdAt),
  AssumeRolePolicyDocument: encodeDocument(role.trust),
  ...(role.description !== undefined && { Description: role.description }),
  MaxSessionDuration: role.maxSession,
})

export const describeRole = (role: Readonly<Role>) => ({
  ...describeListedRole(role),
  ...describeBoundary(role.boundary),
  ...(role.tags.length > 0 && { Tags: describeTags(role.tags) }),
})

const mostTrustCharacters = 2048

/**
 * A trust policy, and whom it names.
 *
 * @throws MalformedPolicyDocumentException, LimitExceededException
 */
export async function trustOf(view: View, document: string): Promise<Pick<Role, 'trust' | 'trusted'>> {
  const parsed = parsePolicy('trust', document)
  if (sizeOf(document) > mostTrustCharacters) throw overQuota('ACLSizePerRole', mostTrustCharacters)
  const trusted = await bind(view, namedIn(parsed))
  return { trust: document, ...(trusted.length > 0 && { trusted }) }
}

/** The role that a request names, as `needs.resource` has it. */
export const onRole = ({ RoleName }: { RoleName: string }, context: Context): Promise<Resource> =>
  resourceOf('role', RoleName, context)
