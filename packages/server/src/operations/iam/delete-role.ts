import type { Role } from '../../auth/identities.ts'
import { noKeys, operation } from '../../operation.ts'
import { kmsError } from '../../protocol/errors.ts'
import { structure } from '../../protocol/shape.ts'
import { identityRow } from '../../store/documents.ts'
import { shown } from '../shown.ts'
import { exchangeBoundary } from './boundaries.ts'
import { requireEntity, roleName } from './entities.ts'
import { onRole } from './roles.ts'

/** Only of a role that has no policies any more. Its sessions end with it. */
export const deleteRole = operation({
  name: 'DeleteRole',
  service: 'iam',
  input: structure({ RoleName: roleName }),
  output: null,
  needs: { action: 'iam:DeleteRole', resource: onRole, keys: noKeys },
  audit: { readOnly: false, parameters: input => shown(input, 'RoleName') },
  async handle(context, { RoleName }) {
    const { view, caller } = context
    const role = await requireEntity(view, 'role', caller.account, RoleName)
    const obstacle = obstacleOf(role)
    if (obstacle) throw kmsError('DeleteConflictException', `Cannot delete entity, must ${obstacle} first.`)
    return {
      output: undefined,
      changes: [
        { remove: 'role', id: identityRow(role.account, role.name) },
        ...(await exchangeBoundary(context, role.boundary, undefined)),
      ],
    }
  },
})

function obstacleOf({ attached, inline }: Readonly<Role>): string | undefined {
  if (attached.length > 0) return 'detach all policies'
  return inline.length > 0 ? 'delete policies' : undefined
}
