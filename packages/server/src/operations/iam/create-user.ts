import { newUser, userArn, type User } from '../../auth/identities.ts'
import { noKeys, operation } from '../../operation.ts'
import { optional, structure } from '../../protocol/shape.ts'
import { shown } from '../shown.ts'
import { exchangeBoundary } from './boundaries.ts'
import { arn, path, put, requireFreeName, tags, userName } from './entities.ts'
import { mayTag, mergeTags, pairsOf } from './tags.ts'
import { describeUser, userMember } from './users.ts'

/** A user, who has neither credentials nor rights yet. */
export const createUser = operation({
  name: 'CreateUser',
  service: 'iam',
  input: structure({
    Path: optional(path),
    UserName: userName,
    PermissionsBoundary: optional(arn),
    Tags: optional(tags),
  }),
  output: structure({ User: userMember }),
  needs: {
    action: 'iam:CreateUser',
    resource: ({ UserName, Path }, { caller }) => ({ arn: arnOf(caller.account, UserName, Path) }),
    conditions: ({ PermissionsBoundary }) => ({ 'iam:PermissionsBoundary': PermissionsBoundary }),
    requestTags: ({ Tags }) => pairsOf(Tags),
    also: ({ caller }, { UserName, Path, Tags }) => mayTag('iam:TagUser', arnOf(caller.account, UserName, Path), Tags),
    keys: noKeys,
  },
  audit: { readOnly: false, parameters: input => shown(input, 'Path', 'UserName', 'PermissionsBoundary', 'Tags') },
  async handle(context, { UserName, Path = '/', PermissionsBoundary, Tags = [] }) {
    const { view, caller, now } = context
    await requireFreeName(view, 'user', caller.account, UserName)
    const user: User = {
      ...newUser(caller.account, UserName, now, Path),
      tags: mergeTags('user', [], Tags),
      ...(PermissionsBoundary !== undefined && { boundary: PermissionsBoundary }),
    }
    const output = { User: describeUser(user) }
    return {
      output,
      changes: [put('user', user), ...(await exchangeBoundary(context, undefined, PermissionsBoundary))],
      recorded: shown(output, 'User'),
    }
  },
})

const arnOf = (account: string, name: string, path = '/'): string => userArn({ account, path, name })
