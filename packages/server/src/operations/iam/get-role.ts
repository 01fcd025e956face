import { noKeys, operation } from '../../operation.ts'
import { structure } from '../../protocol/shape.ts'
import { shown } from '../shown.ts'
import { requireEntity, roleName } from './entities.ts'
import { describeRole, onRole, roleMember } from './roles.ts'

/** All there is to know of a role, but for its policies. */
export const getRole = operation({
  name: 'GetRole',
  service: 'iam',
  input: structure({ RoleName: roleName }),
  output: structure({ Role: roleMember }),
  needs: { action: 'iam:GetRole', resource: onRole, keys: noKeys },
  audit: { readOnly: true, parameters: input => shown(input, 'RoleName') },
  async handle({ view, caller }, { RoleName }) {
    return { output: { Role: describeRole(await requireEntity(view, 'role', caller.account, RoleName)) } }
  },
})
