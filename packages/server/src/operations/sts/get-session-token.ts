import { noKeys, operation } from '../../operation.ts'
import { integer, optional, structure } from '../../protocol/shape.ts'
import { shown } from '../shown.ts'
import { credentials, giveOutOwn, refuseSecondFactor, refuseSessions, secondFactor } from './credentials.ts'

/** Temporary credentials of the user itself. They can do what the user can, but for IAM and most of STS. */
export const getSessionToken = operation({
  name: 'GetSessionToken',
  service: 'sts',
  input: structure({ DurationSeconds: optional(integer(900, 129_600)), ...secondFactor }),
  output: structure({ Credentials: credentials }),
  needs: {
    action: null,
    keys: noKeys,
    precheck: refuseSecondFactor,
    check: context => refuseSessions(context, 'all'),
  },
  audit: { readOnly: true, parameters: input => shown(input, 'DurationSeconds') },
  handle(context, { DurationSeconds = 43_200 }) {
    const { answered, recorded } = giveOutOwn(context, DurationSeconds)
    return { output: { Credentials: answered }, recorded: { credentials: recorded } }
  },
})
