import { noKeys, operation } from '../../operation.ts'
import { structure } from '../../protocol/shape.ts'
import { shown } from '../shown.ts'
import { existingUserName, groupName, overQuota, put, requireEntity } from './entities.ts'
import { onGroup } from './groups.ts'

const mostGroups = 10
const input = structure({ GroupName: groupName, UserName: existingUserName })

/** The user has the rights of the group from now on. Adding a member again succeeds. */
export const addUserToGroup = operation({
  name: 'AddUserToGroup',
  service: 'iam',
  input,
  output: null,
  needs: { action: 'iam:AddUserToGroup', resource: onGroup, keys: noKeys },
  audit: { readOnly: false, parameters: names => shown(names, 'GroupName', 'UserName') },
  async handle({ view, caller: { account } }, { GroupName, UserName }) {
    const group = await requireEntity(view, 'group', account, GroupName)
    const user = await requireEntity(view, 'user', account, UserName)
    if (user.groups.includes(GroupName)) return { output: undefined }
    if (user.groups.length >= mostGroups) throw overQuota('GroupsPerUser', mostGroups)
    return {
      output: undefined,
      changes: [
        put('group', { ...group, members: [...group.members, UserName] }),
        put('user', { ...user, groups: [...user.groups, GroupName] }),
      ],
    }
  },
})

/** Removing one that is no member succeeds. */
export const removeUserFromGroup = operation({
  name: 'RemoveUserFromGroup',
  service: 'iam',
  input,
  output: null,
  needs: { action: 'iam:RemoveUserFromGroup', resource: onGroup, keys: noKeys },
  audit: { readOnly: false, parameters: names => shown(names, 'GroupName', 'UserName') },
  async handle({ view, caller: { account } }, { GroupName, UserName }) {
    const group = await requireEntity(view, 'group', account, GroupName)
    const user = await requireEntity(view, 'user', account, UserName)
    if (!user.groups.includes(GroupName)) return { output: undefined }
    return {
      output: undefined,
      changes: [
        put('group', { ...group, members: group.members.filter(name => name !== UserName) }),
        put('user', { ...user, groups: user.groups.filter(name => name !== GroupName) }),
      ],
    }
  },
})
