import { noKeys, operation } from '../../operation.ts'
import { optional, structure } from '../../protocol/shape.ts'
import { shown } from '../shown.ts'
import { put, requireEntity, roleName } from './entities.ts'
import { description, describeRole, maxSession, onRole, roleMember } from './roles.ts'

/** What is not given stays as it is. Sessions that there are keep their length. */
export const updateRole = operation({
  name: 'UpdateRole',
  service: 'iam',
  input: structure({
    RoleName: roleName,
    Description: optional(description),
    MaxSessionDuration: optional(maxSession),
  }),
  output: structure({}),
  needs: { action: 'iam:UpdateRole', resource: onRole, keys: noKeys },
  audit: { readOnly: false, parameters: input => shown(input, 'RoleName', 'Description', 'MaxSessionDuration') },
  async handle({ view, caller }, { RoleName, Description, MaxSessionDuration }) {
    const role = await requireEntity(view, 'role', caller.account, RoleName)
    const updated = {
      ...role,
      ...(Description !== undefined && { description: Description }),
      ...(MaxSessionDuration !== undefined && { maxSession: MaxSessionDuration }),
    }
    return { output: {}, changes: [put('role', updated)] }
  },
})

/** What UpdateRole took the place of. */
export const updateRoleDescription = operation({
  name: 'UpdateRoleDescription',
  service: 'iam',
  input: structure({ RoleName: roleName, Description: description }),
  output: structure({ Role: roleMember }),
  needs: { action: 'iam:UpdateRoleDescription', resource: onRole, keys: noKeys },
  audit: { readOnly: false, parameters: input => shown(input, 'RoleName', 'Description') },
  async handle({ view, caller }, { RoleName, Description }) {
    const role = await requireEntity(view, 'role', caller.account, RoleName)
    const updated = { ...role, description: Description }
    return { output: { Role: describeRole(updated) }, changes: [put('role', updated)] }
  },
})
