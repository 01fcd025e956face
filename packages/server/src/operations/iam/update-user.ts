import { renameAccessKey } from '../../auth/identities.ts'
import { noKeys, operation, type Context } from '../../operation.ts'
import { optional, structure } from '../../protocol/shape.ts'
import { identityRow, type Change } from '../../store/documents.ts'
import { shown } from '../shown.ts'
import { existingUserName, path, put, requireEntity, requireFreeName, resourceOf, userName } from './entities.ts'
import { onUser } from './users.ts'

/** Another name or path for a user, who stays the same: its id, its access keys, its groups and its rights. */
export const updateUser = operation({
  name: 'UpdateUser',
  service: 'iam',
  input: structure({ UserName: existingUserName, NewPath: optional(path), NewUserName: optional(userName) }),
  output: null,
  needs: {
    action: 'iam:UpdateUser',
    resource: onUser,
    // On what the user becomes as well as on what it is.
    async also(context, { UserName, NewUserName, NewPath }) {
      const resource = await resourceOf('user', UserName, context, { name: NewUserName, path: NewPath })
      return [{ action: 'iam:UpdateUser', resource }]
    },
    keys: noKeys,
  },
  audit: { readOnly: false, parameters: input => shown(input, 'UserName', 'NewPath', 'NewUserName') },
  async handle(context, { UserName, NewUserName = UserName, NewPath }) {
    const { view, caller } = context
    const user = await requireEntity(view, 'user', caller.account, UserName)
    const updated = { ...user, name: NewUserName, path: NewPath ?? user.path }
    return {
      output: undefined,
      changes: [put('user', updated), ...(NewUserName === UserName ? [] : await renamed(context, user, NewUserName))],
    }
  },
})

/** What names a user beside its own row. */
async function renamed(
  { view, seal }: Context,
  { account, name, accessKeys, groups }: { account: string; name: string; accessKeys: string[]; groups: string[] },
  newName: string,
): Promise<Change[]> {
  const changes: Change[] = []
  const id = identityRow(account, name)
  if (identityRow(account, newName) !== id) {
    await requireFreeName(view, 'user', account, newName)
    changes.push({ remove: 'user', id })
  }
  for (const keyId of accessKeys) {
    const key = await view.get('access-key', keyId)
    if (key) changes.push({ put: 'access-key', id: keyId, document: renameAccessKey(seal, key, newName), erase: true })
  }
  for (const groupName of groups) {
    const group = await requireEntity(view, 'group', account, groupName)
    changes.push(put('group', { ...group, members: group.members.map(member => (member === name ? newName : member)) }))
  }
  return changes
}
