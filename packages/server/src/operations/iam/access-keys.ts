import type { AccessKey, User } from '../../auth/identities.ts'
import type { Context } from '../../operation.ts'
import { oneOf, string } from '../../protocol/shape.ts'
import { noSuchEntity, requireEntity } from './entities.ts'
import { userNameOf } from './users.ts'

/** Access keys of users, as requests name them and answers show them. */

export const accessKeyId = string(16, 128, { text: '[\\w]+', test: value => /^\w+$/.test(value) })
export const status = oneOf(['Active', 'Inactive', 'Expired'])

export const describeAccessKey = ({ userName, id, status: Status, createdAt }: Readonly<AccessKey>) => ({
  UserName: userName,
  AccessKeyId: id,
  Status,
  CreateDate: new Date(createdAt),
})

/** @throws NoSuchEntityException if there is no such user, or if it has no such access key */
export async function requireAccessKey(
  { view, caller }: Pick<Context, 'view' | 'caller'>,
  input: { UserName?: string; AccessKeyId: string },
): Promise<{ user: Readonly<User>; accessKey: Readonly<AccessKey> }> {
  const user = await requireEntity(view, 'user', caller.account, userNameOf(input, caller))
  const { AccessKeyId: id } = input
  const accessKey = user.accessKeys.includes(id) ? await view.get('access-key', id) : undefined
  if (!accessKey) throw noSuchAccessKey(id)
  return { user, accessKey }
}

export const noSuchAccessKey = (id: string) => noSuchEntity(`The Access Key with id ${id} cannot be found.`)
