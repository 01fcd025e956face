import { randomBytes, type KeyObject } from 'node:crypto'
import type { Caller } from './auth/caller.ts'
import { callerOf, openSecret, type AccessKey, type User } from './auth/identities.ts'
import { kmsError } from './protocol/errors.ts'
import {
  deriveSigningKey,
  readAuthorization,
  signatureMismatch,
  SigningKeys,
  verifySignature,
  type Authorization,
  type SignedRequest,
  type SigningScope,
} from './protocol/sigv4.ts'
import type { Seal } from './seal/seal.ts'
import { userRow, type View } from './store/documents.ts'

export interface Authenticator {
  seal: Seal
  signingKeys: SigningKeys
}

/** Stands in for the access key of an unknown signer: whoever asks for it must wait as long as for a known one. */
const nobody = { secret: randomBytes(40), signingKeys: new SigningKeys() }

/** One object per user and key, so that whatever is kept beside a caller lives as long as its documents. */
const callers = new WeakMap<Readonly<AccessKey>, Caller>()

/**
 * Proves who signed a request. The access key and its user are read through the view, so that an answer is never
 * committed after either was changed.
 *
 * @throws MissingAuthenticationTokenException, IncompleteSignatureException, InvalidSignatureException,
 * UnrecognizedClientException
 */
export async function authenticate(
  { seal, signingKeys }: Authenticator,
  view: View,
  request: SignedRequest,
  scope: SigningScope,
): Promise<{ caller: Caller; region: string }> {
  const authorization = readAuthorization(request, scope)
  const accessKey = await view.get('access-key', authorization.accessKeyId)
  const user = accessKey && (await view.get('user', userRow(accessKey.account, accessKey.userName)))
  // Long-term keys have no session token; there are no temporary ones yet, so any token is a foreign one.
  const known = accessKey && user && accessKey.status === 'Active' && authorization.sessionToken === undefined
  const version = view.versionSeen('access-key', authorization.accessKeyId)
  const cache = known ? signingKeys : nobody.signingKeys
  let signingKey = cache.get(authorization, version)
  if (!signingKey) {
    // An unknown signer costs a derivation as well; only the opening of the sealed secret, once a day, has no twin.
    signingKey = derive(known ? openSecret(seal, accessKey) : Buffer.from(nobody.secret), authorization)
    cache.set(authorization, version, signingKey)
  }
  const isGenuine = verifySignature(request, authorization, signingKey)
  if (!known) {
    throw kmsError('UnrecognizedClientException', 'The security token included in the request is invalid.')
  }
  if (!isGenuine) throw signatureMismatch()
  return { caller: callerFor(user, accessKey), region: authorization.region }
}

/** Wipes the secret. */
function derive(secret: Buffer, { date, region, service }: Authorization): KeyObject {
  try {
    return deriveSigningKey(secret, date, region, service)
  } finally {
    secret.fill(0)
  }
}

function callerFor(user: Readonly<User>, accessKey: Readonly<AccessKey>): Caller {
  const known = callers.get(accessKey)
  if (known && known.administrator === user.administrator) return known
  const caller = callerOf(user, accessKey)
  callers.set(accessKey, caller)
  return caller
}
