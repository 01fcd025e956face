import { newAccessKey } from '../../auth/identities.ts'
import { noKeys, operation } from '../../operation.ts'
import { optional, secret, string, structure, timestamp } from '../../protocol/shape.ts'
import { shown } from '../shown.ts'
import { describeAccessKey, status } from './access-keys.ts'
import { existingUserName, overQuota, put, requireEntity } from './entities.ts'
import { onUser, userNameOf } from './users.ts'

const mostAccessKeys = 2

/** A long-term credential for a user, or for the caller itself. Its secret is answered here, and never again. */
export const createAccessKey = operation({
  name: 'CreateAccessKey',
  service: 'iam',
  input: structure({ UserName: optional(existingUserName) }),
  output: structure({
    AccessKey: structure({
      UserName: string(),
      AccessKeyId: string(),
      Status: status,
      SecretAccessKey: secret(string()),
      CreateDate: timestamp(),
    }),
  }),
  needs: { action: 'iam:CreateAccessKey', resource: onUser, keys: noKeys },
  audit: { readOnly: false, parameters: input => shown(input, 'UserName') },
  async handle({ view, caller, seal, now }, input) {
    const user = await requireEntity(view, 'user', caller.account, userNameOf(input, caller))
    if (user.accessKeys.length >= mostAccessKeys) throw overQuota('AccessKeysPerUser', mostAccessKeys)
    const { accessKey, secret: SecretAccessKey } = newAccessKey(seal, user, now)
    await view.get('access-key', accessKey.id)
    const AccessKey = describeAccessKey(accessKey)
    return {
      output: { AccessKey: { ...AccessKey, SecretAccessKey } },
      changes: [
        put('user', { ...user, accessKeys: [...user.accessKeys, accessKey.id] }),
        { put: 'access-key', id: accessKey.id, document: accessKey },
      ],
      recorded: shown({ AccessKey }, 'AccessKey'),
    }
  },
})
