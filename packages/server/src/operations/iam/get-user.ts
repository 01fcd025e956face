import { noKeys, operation } from '../../operation.ts'
import { optional, structure } from '../../protocol/shape.ts'
import { shown } from '../shown.ts'
import { existingUserName, requireEntity } from './entities.ts'
import { describeUser, onUser, userMember, userNameOf } from './users.ts'

/** All there is to know of a user, or of the caller itself. */
export const getUser = operation({
  name: 'GetUser',
  service: 'iam',
  input: structure({ UserName: optional(existingUserName) }),
  output: structure({ User: userMember }),
  needs: { action: 'iam:GetUser', resource: onUser, keys: noKeys },
  audit: { readOnly: true, parameters: input => shown(input, 'UserName') },
  async handle({ view, caller }, input) {
    const user = await requireEntity(view, 'user', caller.account, userNameOf(input, caller))
    return { output: { User: describeUser(user) } }
  },
})
