import { noKeys, operation, type Operation } from '../../operation.ts'
import { list, oneOf, optional, structure } from '../../protocol/shape.ts'
import { shown } from '../shown.ts'
import { existingUserName, marker, maxItems, noSuchEntity, pageMembers, requireEntity } from './entities.ts'
import { onUser, userNameOf } from './users.ts'

/**
 * What users do not have here: passwords, MFA devices, and credentials for other services. Whoever clears a user away asks for
 * them all, and is told that there are none.
 */
const none = (name: string, member: string): Operation =>
  operation({
    name,
    service: 'iam',
    input: structure({ UserName: optional(existingUserName), Marker: marker, MaxItems: maxItems }),
    output: structure({ [member]: list(structure({})), ...pageMembers }),
    needs: { action: `iam:${name}`, resource: onUser, keys: noKeys },
    audit: { readOnly: true, parameters: input => shown(input, 'UserName', 'Marker', 'MaxItems') },
    async handle({ view, caller }, input) {
      await requireEntity(view, 'user', caller.account, userNameOf(input, caller))
      return { output: { [member]: [], IsTruncated: false } }
    },
  })

export const otherCredentialOperations: readonly Operation[] = [
  none('ListMFADevices', 'MFADevices'),
  none('ListSSHPublicKeys', 'SSHPublicKeys'),
  none('ListSigningCertificates', 'Certificates'),
  operation({
    name: 'ListServiceSpecificCredentials',
    service: 'iam',
    input: structure({ UserName: optional(existingUserName) }),
    output: structure({ ServiceSpecificCredentials: list(structure({})) }),
    needs: { action: 'iam:ListServiceSpecificCredentials', resource: onUser, keys: noKeys },
    audit: { readOnly: true, parameters: input => shown(input, 'UserName') },
    async handle({ view, caller }, input) {
      await requireEntity(view, 'user', caller.account, userNameOf(input, caller))
      return { output: { ServiceSpecificCredentials: [] } }
    },
  }),
  operation({
    name: 'ListVirtualMFADevices',
    service: 'iam',
    input: structure({
      AssignmentStatus: optional(oneOf(['Assigned', 'Unassigned', 'Any'])),
      Marker: marker,
      MaxItems: maxItems,
    }),
    output: structure({ VirtualMFADevices: list(structure({})), ...pageMembers }),
    needs: { action: 'iam:ListVirtualMFADevices', keys: noKeys },
    audit: { readOnly: true, parameters: input => shown(input, 'AssignmentStatus', 'Marker', 'MaxItems') },
    handle: () => ({ output: { VirtualMFADevices: [], IsTruncated: false } }),
  }),
  operation({
    name: 'DeleteLoginProfile',
    service: 'iam',
    input: structure({ UserName: optional(existingUserName) }),
    output: null,
    needs: { action: 'iam:DeleteLoginProfile', resource: onUser, keys: noKeys },
    audit: { readOnly: false, parameters: input => shown(input, 'UserName') },
    async handle({ view, caller }, input) {
      const name = userNameOf(input, caller)
      await requireEntity(view, 'user', caller.account, name)
      throw noSuchEntity(`Login Profile for User ${name} cannot be found.`)
    },
  }),
]
