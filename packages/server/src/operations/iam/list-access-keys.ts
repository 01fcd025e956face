import { noKeys, operation } from '../../operation.ts'
import { list, optional, string, structure, timestamp } from '../../protocol/shape.ts'
import { shown } from '../shown.ts'
import { describeAccessKey, status } from './access-keys.ts'
import { existingUserName, marker, maxItems, pageMembers, requireEntity } from './entities.ts'
import { pageOfNames } from './pages.ts'
import { onUser, userNameOf } from './users.ts'

/** The access keys of a user, or of the caller itself. */
export const listAccessKeys = operation({
  name: 'ListAccessKeys',
  service: 'iam',
  input: structure({ UserName: optional(existingUserName), Marker: marker, MaxItems: maxItems }),
  output: structure({
    AccessKeyMetadata: list(
      structure({ UserName: string(), AccessKeyId: string(), Status: status, CreateDate: timestamp() }),
    ),
    ...pageMembers,
  }),
  needs: { action: 'iam:ListAccessKeys', resource: onUser, keys: noKeys },
  audit: { readOnly: true, parameters: input => shown(input, 'UserName', 'Marker', 'MaxItems') },
  async handle(context, input) {
    const { view, caller } = context
    const user = await requireEntity(view, 'user', caller.account, userNameOf(input, caller))
    const { items, more } = pageOfNames(context, user.id, user.accessKeys, input)
    const found = await Promise.all(items.map(id => view.get('access-key', id)))
    return { output: { AccessKeyMetadata: found.flatMap(key => (key ? [describeAccessKey(key)] : [])), ...more } }
  },
})
