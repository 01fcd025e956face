import { noKeys, operation } from '../../operation.ts'
import { structure } from '../../protocol/shape.ts'
import { shown } from '../shown.ts'
import { policyDocument, put, requireEntity, roleName } from './entities.ts'
import { onRole, trustOf } from './roles.ts'

/** Says anew who may assume a role. Sessions that there are stay. */
export const updateAssumeRolePolicy = operation({
  name: 'UpdateAssumeRolePolicy',
  service: 'iam',
  input: structure({ RoleName: roleName, PolicyDocument: policyDocument }),
  output: null,
  needs: { action: 'iam:UpdateAssumeRolePolicy', resource: onRole, keys: noKeys },
  audit: { readOnly: false, parameters: input => shown(input, 'RoleName', 'PolicyDocument') },
  async handle({ view, caller }, { RoleName, PolicyDocument }) {
    const { trusted: _, ...role } = await requireEntity(view, 'role', caller.account, RoleName)
    return { output: undefined, changes: [put('role', { ...role, ...(await trustOf(view, PolicyDocument)) })] }
  },
})
