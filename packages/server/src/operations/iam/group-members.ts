import type { Group, User } from '../../auth/identities.ts'
import { noKeys, operation } from '../../operation.ts'
import { structure } from '../../protocol/shape.ts'
import { shown } from '../shown.ts'
import { existingUserName, groupName, overQuota, put, requireEntity } from './entities.ts'
import { onGroup } from './groups.ts'

const mostGroups = 10

/** @param change what each lists afterwards; undefined if that is so already, which succeeds */
const membership = (
  name: 'AddUserToGroup' | 'RemoveUserFromGroup',
  change: (group: Readonly<Group>, user: Readonly<User>) => Pick<Group & User, 'members' | 'groups'> | undefined,
) =>
  operation({
    name,
    service: 'iam',
    input: structure({ GroupName: groupName, UserName: existingUserName }),
    output: null,
    needs: { action: `iam:${name}`, resource: onGroup, keys: noKeys },
    audit: { readOnly: false, parameters: input => shown(input, 'GroupName', 'UserName') },
    async handle({ view, caller: { account } }, { GroupName, UserName }) {
      const group = await requireEntity(view, 'group', account, GroupName)
      const user = await requireEntity(view, 'user', account, UserName)
      const changed = change(group, user)
      if (!changed) return { output: undefined }
      const { members, groups } = changed
      return { output: undefined, changes: [put('group', { ...group, members }), put('user', { ...user, groups })] }
    },
  })

/** The user has the rights of the group from now on. */
export const addUserToGroup = membership('AddUserToGroup', ({ name, members }, user) => {
  if (user.groups.includes(name)) return undefined
  if (user.groups.length >= mostGroups) throw overQuota('GroupsPerUser', mostGroups)
  return { members: [...members, user.name], groups: [...user.groups, name] }
})

export const removeUserFromGroup = membership('RemoveUserFromGroup', ({ name, members }, user) =>
  user.groups.includes(name)
    ? { members: members.filter(other => other !== user.name), groups: user.groups.filter(other => other !== name) }
    : undefined,
)
