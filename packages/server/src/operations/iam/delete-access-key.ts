import { noKeys, operation } from '../../operation.ts'
import { optional, structure } from '../../protocol/shape.ts'
import type { Change } from '../../store/documents.ts'
import { shown } from '../shown.ts'
import { accessKeyId, requireAccessKey } from './access-keys.ts'
import { existingUserName, put } from './entities.ts'
import { onUser } from './users.ts'

/** The secret is erased, and whatever is still under way with it is decided again. */
export const deleteAccessKey = operation({
  name: 'DeleteAccessKey',
  service: 'iam',
  input: structure({ UserName: optional(existingUserName), AccessKeyId: accessKeyId }),
  output: null,
  needs: { action: 'iam:DeleteAccessKey', resource: onUser, keys: noKeys },
  audit: { readOnly: false, parameters: input => shown(input, 'UserName', 'AccessKeyId') },
  async handle(context, input) {
    const { view } = context
    const { user, accessKey } = await requireAccessKey(context, input)
    const { id } = accessKey
    const changes: Change[] = [
      put('user', { ...user, accessKeys: user.accessKeys.filter(other => other !== id) }),
      { remove: 'access-key', id, erase: true },
    ]
    if (await view.get('access-key-usage', id)) changes.push({ remove: 'access-key-usage', id })
    return { output: undefined, changes }
  },
})
