import type { Caller } from '../../auth/caller.ts'
import { userArn, type User } from '../../auth/identities.ts'
import type { Resource } from '../../authority.ts'
import type { Context } from '../../operation.ts'
import { kmsError } from '../../protocol/errors.ts'
import { list, optional, string, structure, timestamp } from '../../protocol/shape.ts'
import { boundaryMember, describeBoundary } from './boundaries.ts'
import { describeTags, resourceOf } from './entities.ts'

/** Users as requests name them and answers show them. There are no passwords, so PasswordLastUsed is always absent. */

export const userMember = structure({
  Path: string(),
  UserName: string(),
  UserId: string(),
  Arn: string(),
  CreateDate: timestamp(),
  PermissionsBoundary: boundaryMember,
  Tags: optional(list(structure({ Key: string(), Value: string() }))),
})

/** As lists show a user: less than there is, as the service does. */
export const describeListedUser = (user: Readonly<User>) => ({
  Path: user.path,
  UserName: user.name,
  UserId: user.id,
  Arn: userArn(user),
  CreateDate: new Date(user.createdAt),
})

export const describeUser = (user: Readonly<User>) => ({
  ...describeListedUser(user),
  ...describeBoundary(user.boundary),
  ...(user.tags.length > 0 && { Tags: describeTags(user.tags) }),
})

/**
 * The user that a request means: the caller, if it names none.
 *
 * @throws ValidationException if the caller is no user
 */
export function userNameOf({ UserName }: { UserName?: string }, { userName }: Caller): string {
  const name = UserName ?? userName
  if (name !== undefined) return name
  throw kmsError('ValidationException', 'Must specify userName when calling with non-User credentials')
}

/** That user, as `needs.resource` has it. */
export const onUser = (input: { UserName?: string }, context: Context): Promise<Resource> =>
  resourceOf('user', userNameOf(input, context.caller), context)
