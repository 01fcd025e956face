import { noKeys, operation } from '../../operation.ts'
import { list, structure } from '../../protocol/shape.ts'
import { shown } from '../shown.ts'
import { marker, maxItems, pageMembers, requireEntity, roleName } from './entities.ts'
import { onRole } from './roles.ts'

/** None: there are no instances here. Whoever deletes a role asks for them first. */
export const listInstanceProfilesForRole = operation({
  name: 'ListInstanceProfilesForRole',
  service: 'iam',
  input: structure({ RoleName: roleName, Marker: marker, MaxItems: maxItems }),
  output: structure({ InstanceProfiles: list(structure({})), ...pageMembers }),
  needs: { action: 'iam:ListInstanceProfilesForRole', resource: onRole, keys: noKeys },
  audit: { readOnly: true, parameters: input => shown(input, 'RoleName', 'Marker', 'MaxItems') },
  async handle({ view, caller }, { RoleName }) {
    await requireEntity(view, 'role', caller.account, RoleName)
    return { output: { InstanceProfiles: [], IsTruncated: false } }
  },
})
