import type { Resource } from '../../authority.ts'
import { noKeys, operation, type Context, type Operation } from '../../operation.ts'
import { boolean, list, oneOf, optional, string, structure, type Members, type Shape } from '../../protocol/shape.ts'
import { shown } from '../shown.ts'
import {
  existingUserName,
  marker,
  maxItems,
  noSuchEntity,
  pageMembers,
  requireEntity,
  roleName,
  userName,
} from './entities.ts'
import { onHolder, requireHolder, roleSpec } from './holders.ts'
import { onUser, userNameOf } from './users.ts'

/**
 * What there is none of here: passwords, MFA devices, credentials for other services, machines to give a role to, other names
 * of accounts. Whoever clears a user or a role away asks for them all.
 */

/** Who has none, and must be there. */
interface Whose {
  resource: (input: object, context: Context) => Promise<Resource>
  /** @throws NoSuchEntityException */
  require: (context: Context, input: object) => Promise<unknown>
}

const ofUser: Whose = {
  resource: onUser,
  require: ({ view, caller }, input) => requireEntity(view, 'user', caller.account, userNameOf(input, caller)),
}
const ofRole: Whose = {
  resource: onHolder(roleSpec),
  require: (context, input) => requireHolder(roleSpec, context, input),
}

/** An empty list. */
function none(name: string, answered: string, asked: Members, whose?: Whose, element: Shape<unknown> = structure({})) {
  const members = { ...asked, Marker: marker, MaxItems: maxItems }
  const input: Shape<Record<string, unknown>> = structure(members)
  return operation({
    name,
    service: 'iam',
    input,
    output: structure({ [answered]: list(element), ...pageMembers }),
    needs: { action: `iam:${name}`, ...(whose && { resource: whose.resource }), keys: noKeys },
    audit: { readOnly: true, parameters: request => shown(request, ...Object.keys(members)) },
    async handle(context, request) {
      await whose?.require(context, request)
      return { output: { [answered]: [], IsTruncated: false } }
    },
  })
}

const byUser = { UserName: optional(existingUserName) }
const byShortName = { UserName: optional(userName) }

export const emptyLists: readonly Operation[] = [
  none('ListMFADevices', 'MFADevices', byUser, ofUser),
  none('ListSSHPublicKeys', 'SSHPublicKeys', byShortName, ofUser),
  none('ListSigningCertificates', 'Certificates', byUser, ofUser),
  none(
    'ListServiceSpecificCredentials',
    'ServiceSpecificCredentials',
    { ...byShortName, ServiceName: optional(string()), AllUsers: optional(boolean()) },
    ofUser,
  ),
  none('ListInstanceProfilesForRole', 'InstanceProfiles', { RoleName: roleName }, ofRole),
  none('ListVirtualMFADevices', 'VirtualMFADevices', {
    AssignmentStatus: optional(oneOf(['Assigned', 'Unassigned', 'Any'])),
  }),
  none('ListAccountAliases', 'AccountAliases', {}, undefined, string()),
]

export const deleteLoginProfile = operation({
  name: 'DeleteLoginProfile',
  service: 'iam',
  input: structure(byShortName),
  output: null,
  needs: { action: 'iam:DeleteLoginProfile', resource: onUser, keys: noKeys },
  audit: { readOnly: false, parameters: input => shown(input, 'UserName') },
  async handle(context, input) {
    await ofUser.require(context, input)
    throw noSuchEntity(`Login Profile for User ${userNameOf(input, context.caller)} cannot be found.`)
  },
})
