import type { User } from '../../auth/identities.ts'
import { noKeys, operation } from '../../operation.ts'
import { kmsError } from '../../protocol/errors.ts'
import { structure } from '../../protocol/shape.ts'
import { identityRow } from '../../store/documents.ts'
import { shown } from '../shown.ts'
import { exchangeBoundary } from './boundaries.ts'
import { existingUserName, requireEntity } from './entities.ts'
import { onUser } from './users.ts'

/** Only of a user that has nothing any more: no policies, no access keys, no groups. */
export const deleteUser = operation({
  name: 'DeleteUser',
  service: 'iam',
  input: structure({ UserName: existingUserName }),
  output: null,
  needs: { action: 'iam:DeleteUser', resource: onUser, keys: noKeys },
  audit: { readOnly: false, parameters: input => shown(input, 'UserName') },
  async handle(context, { UserName }) {
    const { view, caller } = context
    const user = await requireEntity(view, 'user', caller.account, UserName)
    const obstacle = obstacleOf(user)
    if (obstacle) throw kmsError('DeleteConflictException', `Cannot delete entity, must ${obstacle} first.`)
    return {
      output: undefined,
      changes: [
        { remove: 'user', id: identityRow(user.account, user.name) },
        ...(await exchangeBoundary(context, user.boundary, undefined)),
      ],
    }
  },
})

function obstacleOf({ attached, inline, accessKeys, groups }: Readonly<User>): string | undefined {
  if (attached.length > 0) return 'detach all policies'
  if (inline.length > 0) return 'delete policies'
  if (accessKeys.length > 0) return 'delete access keys'
  return groups.length > 0 ? 'remove users from group' : undefined
}
