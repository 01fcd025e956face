import type { AccessKey } from '../../auth/identities.ts'
import { noKeys, operation, type Context } from '../../operation.ts'
import { optional, string, structure, timestamp } from '../../protocol/shape.ts'
import { shown } from '../shown.ts'
import { accessKeyId, noSuchAccessKey } from './access-keys.ts'
import { resourceOf } from './entities.ts'

/** Whose an access key is, and when, where and with which service it was last used. */
export const getAccessKeyLastUsed = operation({
  name: 'GetAccessKeyLastUsed',
  service: 'iam',
  input: structure({ AccessKeyId: accessKeyId }),
  output: structure({
    UserName: string(),
    AccessKeyLastUsed: structure({ LastUsedDate: optional(timestamp()), ServiceName: string(), Region: string() }),
  }),
  needs: {
    action: 'iam:GetAccessKeyLastUsed',
    async resource({ AccessKeyId }, context) {
      const accessKey = await ownAccessKey(context, AccessKeyId)
      return accessKey ? await resourceOf('user', accessKey.userName, context) : { arn: '*' }
    },
    keys: noKeys,
  },
  audit: { readOnly: true, parameters: input => shown(input, 'AccessKeyId') },
  async handle(context, { AccessKeyId }) {
    const accessKey = await ownAccessKey(context, AccessKeyId)
    if (!accessKey) throw noSuchAccessKey(AccessKeyId)
    const use = await context.accessKeyUses.of(context.view, AccessKeyId)
    return {
      output: {
        UserName: accessKey.userName,
        AccessKeyLastUsed: use
          ? { LastUsedDate: new Date(use.at), ServiceName: use.service, Region: use.region }
          : { ServiceName: 'N/A', Region: 'N/A' },
      },
    }
  },
})

/** One of another account is none. */
async function ownAccessKey({ view, caller }: Context, id: string): Promise<Readonly<AccessKey> | undefined> {
  const accessKey = await view.get('access-key', id)
  return accessKey?.account === caller.account ? accessKey : undefined
}
