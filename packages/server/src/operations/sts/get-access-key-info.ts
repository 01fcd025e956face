import { noKeys, operation } from '../../operation.ts'
import { kmsError } from '../../protocol/errors.ts'
import { string, structure } from '../../protocol/shape.ts'
import { shown } from '../shown.ts'
import { refuseSessions } from './credentials.ts'

/** Which account an access key belongs to, whatever its state. Of temporary credentials nothing is kept, and none is found. */
export const getAccessKeyInfo = operation({
  name: 'GetAccessKeyInfo',
  service: 'sts',
  input: structure({
    AccessKeyId: string(16, 128, { text: '[\\w]*', test: value => /^\w*$/.test(value) }),
  }),
  output: structure({ Account: string() }),
  needs: { action: 'sts:GetAccessKeyInfo', keys: noKeys, check: context => refuseSessions(context, 'users') },
  audit: { readOnly: true, parameters: input => shown(input, 'AccessKeyId') },
  async handle({ view }, { AccessKeyId }) {
    const accessKey = await view.get('access-key', AccessKeyId)
    if (!accessKey) throw kmsError('ValidationException', `The access key ${AccessKeyId} does not exist.`)
    return { output: { Account: accessKey.account } }
  },
})
