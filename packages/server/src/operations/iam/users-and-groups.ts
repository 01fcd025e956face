import type { Operation } from '../../operation.ts'
import { createAccessKey } from './create-access-key.ts'
import { createGroup } from './create-group.ts'
import { createUser } from './create-user.ts'
import { deleteAccessKey } from './delete-access-key.ts'
import { deleteGroup } from './delete-group.ts'
import { deleteUser } from './delete-user.ts'
import { getAccessKeyLastUsed } from './get-access-key-last-used.ts'
import { getGroup } from './get-group.ts'
import { getUser } from './get-user.ts'
import { addUserToGroup, removeUserFromGroup } from './group-members.ts'
import { listAccessKeys } from './list-access-keys.ts'
import { listGroups, listGroupsForUser } from './list-groups.ts'
import { listUsers } from './list-users.ts'
import { updateAccessKey } from './update-access-key.ts'
import { updateGroup } from './update-group.ts'
import { updateUser } from './update-user.ts'
import { listUserTags, tagUser, untagUser } from './user-tags.ts'

/** Users, their access keys, and groups. */
export const userOperations: readonly Operation[] = [
  addUserToGroup,
  createAccessKey,
  createGroup,
  createUser,
  deleteAccessKey,
  deleteGroup,
  deleteUser,
  getAccessKeyLastUsed,
  getGroup,
  getUser,
  listAccessKeys,
  listGroups,
  listGroupsForUser,
  listUsers,
  listUserTags,
  removeUserFromGroup,
  tagUser,
  untagUser,
  updateAccessKey,
  updateGroup,
  updateUser,
]
