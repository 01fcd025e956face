import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto'
import type { Caller } from './auth/caller.ts'
import { callerOf, openSecret, type AccessKey } from './auth/identities.ts'
import { kmsError } from './protocol/errors.ts'
import {
  deriveSigningKey,
  readAuthorization,
  signatureMismatch,
  verifySignature,
  type Authorization,
  type SignedRequest,
  type SigningKeys,
  type SigningScope,
} from './protocol/sigv4.ts'
import type { Seal } from './seal/seal.ts'
import { userRow, type View } from './store/documents.ts'

export interface Authenticator {
  seal: Seal
  signingKeys: SigningKeys
}

/** Stands in for the key of an unknown signer, so that the answer takes as long as for a known one. */
const nobody = createSecretKey(randomBytes(32))

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
  if (!accessKey || !user || accessKey.status !== 'Active' || authorization.sessionToken !== undefined) {
    verifySignature(request, authorization, nobody)
    throw kmsError('UnrecognizedClientException', 'The security token included in the request is invalid.')
  }
  const version = view.versionSeen('access-key', accessKey.id)
  const signingKey = signingKeys.get(authorization, version) ?? derive(seal, accessKey, authorization)
  if (!verifySignature(request, authorization, signingKey)) throw signatureMismatch()
  signingKeys.set(authorization, version, signingKey)
  let caller = callers.get(accessKey)
  if (!caller || caller.administrator !== user.administrator) {
    caller = callerOf(user, accessKey)
    callers.set(accessKey, caller)
  }
  return { caller, region: authorization.region }
}

function derive(seal: Seal, accessKey: AccessKey, { date, region, service }: Authorization): KeyObject {
  const secret = openSecret(seal, accessKey)
  try {
    return deriveSigningKey(secret, date, region, service)
  } finally {
    secret.fill(0)
  }
}
