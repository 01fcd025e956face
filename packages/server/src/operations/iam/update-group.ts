import { noKeys, operation } from '../../operation.ts'
import { optional, structure } from '../../protocol/shape.ts'
import { identityRow, type Change } from '../../store/documents.ts'
import { shown } from '../shown.ts'
import { groupName, path, put, requireEntity, requireFreeName, resourceOf } from './entities.ts'
import { onGroup } from './groups.ts'

/** Another name or path for a group, which keeps its id, its members and its rights. */
export const updateGroup = operation({
  name: 'UpdateGroup',
  service: 'iam',
  input: structure({ GroupName: groupName, NewPath: optional(path), NewGroupName: optional(groupName) }),
  output: null,
  needs: {
    action: 'iam:UpdateGroup',
    resource: onGroup,
    // On what the group becomes as well as on what it is.
    async also(context, { GroupName, NewGroupName, NewPath }) {
      const resource = await resourceOf('group', GroupName, context, { name: NewGroupName, path: NewPath })
      return [{ action: 'iam:UpdateGroup', resource }]
    },
    keys: noKeys,
  },
  audit: { readOnly: false, parameters: input => shown(input, 'GroupName', 'NewPath', 'NewGroupName') },
  async handle({ view, caller: { account } }, { GroupName, NewGroupName = GroupName, NewPath }) {
    const group = await requireEntity(view, 'group', account, GroupName)
    const changes: Change[] = [put('group', { ...group, name: NewGroupName, path: NewPath ?? group.path })]
    if (NewGroupName === GroupName) return { output: undefined, changes }
    const id = identityRow(account, GroupName)
    if (identityRow(account, NewGroupName) !== id) {
      await requireFreeName(view, 'group', account, NewGroupName)
      changes.push({ remove: 'group', id })
    }
    for (const member of group.members) {
      const user = await requireEntity(view, 'user', account, member)
      const groups = user.groups.map(name => (name === GroupName ? NewGroupName : name))
      changes.push(put('user', { ...user, groups }))
    }
    return { output: undefined, changes }
  },
})
