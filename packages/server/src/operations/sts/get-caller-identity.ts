import { noKeys, operation } from '../../operation.ts'
import { string, structure } from '../../protocol/shape.ts'

/** STS: who signed this. Needs no permission. */
export const getCallerIdentity = operation({
  name: 'GetCallerIdentity',
  service: 'sts',
  input: structure({}),
  output: structure({ Arn: string(), UserId: string(), Account: string() }),
  needs: { action: null, keys: noKeys },
  audit: { readOnly: true, parameters: () => null },
  handle: ({ caller }) => ({ output: { Arn: caller.arn, UserId: caller.principalId, Account: caller.account } }),
})
