import { noKeys, operation } from '../../operation.ts'
import { kmsError } from '../../protocol/errors.ts'
import { optional, structure } from '../../protocol/shape.ts'
import { shown } from '../shown.ts'
import { accessKeyId, requireAccessKey, status } from './access-keys.ts'
import { existingUserName } from './entities.ts'
import { onUser } from './users.ts'

/** Whether an access key can sign. */
export const updateAccessKey = operation({
  name: 'UpdateAccessKey',
  service: 'iam',
  input: structure({ UserName: optional(existingUserName), AccessKeyId: accessKeyId, Status: status }),
  output: null,
  needs: { action: 'iam:UpdateAccessKey', resource: onUser, keys: noKeys },
  audit: { readOnly: false, parameters: input => shown(input, 'UserName', 'AccessKeyId', 'Status') },
  async handle(context, input) {
    const { accessKey } = await requireAccessKey(context, input)
    if (input.Status === 'Expired') {
      throw kmsError('InvalidInputException', 'The status of an access key can be set to Active or Inactive only.')
    }
    const document = { ...accessKey, status: input.Status }
    return { output: undefined, changes: [{ put: 'access-key', id: accessKey.id, document, erase: true }] }
  },
})
