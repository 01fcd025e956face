import { newAdministrator, userArn } from '../../auth/identities.ts'
import { noKeys, operation } from '../../operation.ts'
import { kmsError } from '../../protocol/errors.ts'
import { secret, string, structure, timestamp } from '../../protocol/shape.ts'
import { identityRow } from '../../store/documents.ts'
import { describeAccessKey } from '../iam/access-keys.ts'
import { put } from '../iam/entities.ts'
import { shown } from '../shown.ts'
import { accountId, isInUse, requireFirstAccount } from './accounts.ts'

/** Another account, with a user `administrator` that may do everything in it. The secret is answered here, and never again. */
export const createAccount = operation({
  name: 'CreateAccount',
  service: 'keyreeve',
  input: structure({ AccountId: accountId }),
  output: structure({
    AccountId: string(),
    AccessKey: structure({
      UserName: string(),
      AccessKeyId: string(),
      Status: string(),
      SecretAccessKey: secret(string()),
      CreateDate: timestamp(),
    }),
  }),
  needs: { action: 'keyreeve:CreateAccount', keys: noKeys, check: requireFirstAccount },
  audit: { readOnly: false, parameters: input => shown(input, 'AccountId') },
  async handle({ view, seal, now }, { AccountId }) {
    const { user, accessKey, secret: SecretAccessKey } = newAdministrator(seal, AccountId, now)
    // Whoever else makes the account at the same time makes the same user.
    const there = await view.get('user', identityRow(AccountId, user.name))
    if (there || (await isInUse(view, AccountId))) {
      throw kmsError('EntityAlreadyExistsException', `Account ${AccountId} already exists.`)
    }
    await view.get('access-key', accessKey.id)
    const AccessKey = describeAccessKey(accessKey)
    return {
      output: { AccountId, AccessKey: { ...AccessKey, SecretAccessKey } },
      changes: [put('user', user), { put: 'access-key', id: accessKey.id, document: accessKey }],
      recorded: shown({ AccountId, AccessKey }, 'AccountId', 'AccessKey'),
      resources: [userArn(user)],
    }
  },
})
