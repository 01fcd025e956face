import { issueSession, type Session } from '../../auth/session.ts'
import type { Context } from '../../operation.ts'
import { kmsError, type KmsError } from '../../protocol/errors.ts'
import { optional, secret, string, structure, timestamp } from '../../protocol/shape.ts'

/** What all operations that give out temporary credentials share. */

export const credentials = structure({
  AccessKeyId: string(),
  SecretAccessKey: secret(string()),
  SessionToken: secret(string()),
  Expiration: timestamp(),
})

/** A second factor; nobody has one here. */
export const secondFactor = {
  SerialNumber: optional(string(9, 256, { text: '[\\w+=/:,.@-]*', test: value => /^[\w+=/:,.@-]*$/.test(value) })),
  TokenCode: optional(secret(string(6, 6, { text: '[\\d]*', test: value => /^\d*$/.test(value) }))),
}

/** @throws AccessDeniedException for whoever shows a second factor: it belongs to nobody */
export function refuseSecondFactor(input: { SerialNumber?: string; TokenCode?: string }): void {
  if (input.SerialNumber === undefined && input.TokenCode === undefined) return
  throw denied(
    'MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.',
  )
}

export const denied = (message: string): KmsError => kmsError('AccessDeniedException', message)

/** @throws AccessDeniedException for sessions of users outside the console, if `whose` says so, or for all sessions */
export function refuseSessions(
  { caller, operation }: Pick<Context, 'caller' | 'operation'>,
  whose: 'users' | 'all',
): void {
  if (!caller.session || (whose === 'users' && (caller.type !== 'IAMUser' || caller.session.isConsole))) return
  throw denied(`Cannot call ${operation} with session credentials`)
}

/**
 * Temporary credentials from now on, counted in whole seconds, as an answer and as a record show them.
 *
 * @param duration in seconds
 */
export function giveOut(
  { seal, now }: Pick<Context, 'seal' | 'now'>,
  duration: number,
  wanted: Omit<Session, 'accessKeyId' | 'issuedAt' | 'expiresAt'>,
) {
  const issuedAt = Math.floor(now / 1000) * 1000
  const expiresAt = issuedAt + duration * 1000
  const { session, secret: secretAccessKey, token } = issueSession(seal, { ...wanted, issuedAt, expiresAt })
  const shown = { AccessKeyId: session.accessKeyId, Expiration: new Date(expiresAt) }
  return {
    answered: { ...shown, SecretAccessKey: secretAccessKey, SessionToken: token },
    recorded: { accessKeyId: shown.AccessKeyId, expiration: shown.Expiration },
  }
}

/**
 * The same for the caller itself.
 *
 * @throws AccessDeniedException unless it is a user
 */
export function giveOutOwn(
  context: Pick<Context, 'seal' | 'now' | 'caller' | 'operation'>,
  duration: number,
  more: Pick<Session, 'console'> = {},
) {
  const { account, userName, principalId } = context.caller
  if (userName === undefined) throw denied(`Only users can call ${context.operation}.`)
  const of = { kind: 'user', name: userName, id: principalId } as const
  return giveOut(context, duration, { account, of, policyArns: [], tags: [], transitiveTags: [], ...more })
}
