import type { Group } from '../../auth/identities.ts'
import { noKeys, operation } from '../../operation.ts'
import { kmsError } from '../../protocol/errors.ts'
import { structure } from '../../protocol/shape.ts'
import { identityRow } from '../../store/documents.ts'
import { shown } from '../shown.ts'
import { groupName, requireEntity } from './entities.ts'
import { onGroup } from './groups.ts'

/** Only of a group that has neither members nor policies any more. */
export const deleteGroup = operation({
  name: 'DeleteGroup',
  service: 'iam',
  input: structure({ GroupName: groupName }),
  output: null,
  needs: { action: 'iam:DeleteGroup', resource: onGroup, keys: noKeys },
  audit: { readOnly: false, parameters: input => shown(input, 'GroupName') },
  async handle({ view, caller }, { GroupName }) {
    const group = await requireEntity(view, 'group', caller.account, GroupName)
    const obstacle = obstacleOf(group)
    if (obstacle) throw kmsError('DeleteConflictException', `Cannot delete entity, must ${obstacle} first.`)
    return { output: undefined, changes: [{ remove: 'group', id: identityRow(group.account, group.name) }] }
  },
})

function obstacleOf({ members, attached, inline }: Readonly<Group>): string | undefined {
  if (members.length > 0) return 'remove users from group'
  if (attached.length > 0) return 'detach all policies'
  return inline.length > 0 ? 'delete policies' : undefined
}
