import { roleArn, uniqueId, type Role } from '../../auth/identities.ts'
import { noKeys, operation } from '../../operation.ts'
import { optional, structure } from '../../protocol/shape.ts'
import { shown } from '../shown.ts'
import { exchangeBoundary } from './boundaries.ts'
import { arn, path, policyDocument, put, requireFreeName, roleName, tags } from './entities.ts'
import { description, describeRole, maxSession, roleMember, trustOf } from './roles.ts'
import { mayTag, mergeTags, pairsOf } from './tags.ts'

/** A role, which has no rights yet, and who may assume it. */
export const createRole = operation({
  name: 'CreateRole',
  service: 'iam',
  input: structure({
    Path: optional(path),
    RoleName: roleName,
    AssumeRolePolicyDocument: policyDocument,
    Description: optional(description),
    MaxSessionDuration: optional(maxSession),
    PermissionsBoundary: optional(arn),
    Tags: optional(tags),
  }),
  output: structure({ Role: roleMember }),
  needs: {
    action: 'iam:CreateRole',
    resource: ({ RoleName, Path }, { caller }) => ({ arn: arnOf(caller.account, RoleName, Path) }),
    conditions: ({ PermissionsBoundary }) => ({ 'iam:PermissionsBoundary': PermissionsBoundary }),
    requestTags: ({ Tags }) => pairsOf(Tags),
    also: ({ caller }, { RoleName, Path, Tags }) => mayTag('iam:TagRole', arnOf(caller.account, RoleName, Path), Tags),
    keys: noKeys,
  },
  audit: {
    readOnly: false,
    parameters: input =>
      shown(
        input,
        'Path',
        'RoleName',
        'AssumeRolePolicyDocument',
        'Description',
        'MaxSessionDuration',
        'PermissionsBoundary',
        'Tags',
      ),
  },
  async handle(context, input) {
    const { view, caller, now } = context
    const { RoleName, Path = '/', Description, MaxSessionDuration = 3600, PermissionsBoundary, Tags = [] } = input
    const trust = await trustOf(view, input.AssumeRolePolicyDocument)
    await requireFreeName(view, 'role', caller.account, RoleName)
    const role: Role = {
      account: caller.account,
      name: RoleName,
      path: Path,
      id: uniqueId('AROA'),
      createdAt: now,
      inline: [],
      attached: [],
      tags: mergeTags('role', [], Tags),
      ...trust,
      maxSession: MaxSessionDuration,
      ...(Description !== undefined && { description: Description }),
      ...(PermissionsBoundary !== undefined && { boundary: PermissionsBoundary }),
    }
    const output = { Role: describeRole(role) }
    return {
      output,
      changes: [put('role', role), ...(await exchangeBoundary(context, undefined, PermissionsBoundary))],
      recorded: shown(output, 'Role'),
    }
  },
})

const arnOf = (account: string, name: string, path = '/'): string => roleArn({ account, path, name })
