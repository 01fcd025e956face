import { createHash } from 'node:crypto'
import type { Context, Decision } from '../../operation.ts'
import { encodeHex } from '../../protocol/base64.ts'
import { string, structure } from '../../protocol/shape.ts'
import { credentials, denied, giveOutOwn } from '../sts/credentials.ts'

/** Sign-in to the console, with an access key or with a link that was made with one. */

/** In seconds, unless something else is asked for. */
const usualDuration = 43_200

export const consoleSession = structure({
  Credentials: credentials,
  Arn: string(),
  Account: string(),
  UserName: string(),
})

/**
 * A session makes no further one, and no link: whoever steals it has it until it ends, and no longer.
 *
 * @throws AccessDeniedException
 */
export function requireAccessKey({ caller, operation }: Pick<Context, 'caller' | 'operation'>): void {
  if (!caller.session) return
  throw denied(`Cannot call ${operation} with session credentials. Sign it with an access key of a user.`)
}

/** Temporary credentials of the calling user for the console; they can do all that the user can. */
export function signIn(context: Pick<Context, 'seal' | 'now' | 'caller' | 'operation'>, duration = usualDuration) {
  const { answered, recorded } = giveOutOwn(context, duration, { console: true })
  const { account, arn, userName = '' } = context.caller // It is a user.
  return {
    output: { Credentials: answered, Arn: arn, Account: account, UserName: userName },
    recorded: { credentials: recorded },
  } satisfies Decision<unknown>
}

/** The row of a link. Of its code, 256 random bits, nothing else is kept: who reads the store cannot sign in. */
export const linkRow = (code: string): string => encodeHex(createHash('sha256').update(code).digest())
