import { noKeys, operation } from '../../operation.ts'
import { integer, optional, structure } from '../../protocol/shape.ts'
import { shown } from '../shown.ts'
import { consoleSession, requireAccessKey, signIn } from './console.ts'

/** Signs a user in to the console: temporary credentials, so that no page has to keep the access key. */
export const createConsoleSession = operation({
  name: 'CreateConsoleSession',
  service: 'keyreeve',
  input: structure({ DurationSeconds: optional(integer(900, 43_200)) }),
  output: consoleSession,
  needs: { action: null, keys: noKeys, check: requireAccessKey },
  audit: { readOnly: true, parameters: input => shown(input, 'DurationSeconds') },
  handle: (context, { DurationSeconds }) => signIn(context, DurationSeconds),
})
