import { randomBytes, type KeyObject } from 'node:crypto'
import { roleCaller, userCaller, type Caller } from './auth/caller.ts'
import { openSecret, type AccessKey, type Role, type User } from './auth/identities.ts'
import { openSession, type Session } from './auth/session.ts'
import { accessKeyInUse } from './by-name.ts'
import type { Identity } from './policies.ts'
import { kmsError, type KmsError } from './protocol/errors.ts'
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
import { identityRow, type View } from './store/documents.ts'

export interface Authenticator {
  seal: Seal
  signingKeys: SigningKeys
}

/** Who signed a request, and whose rights that is. */
export interface Signer {
  caller: Caller
  /** Undefined for somebody without rights of its own. */
  identity: Identity | undefined
  /** The Region of the credential scope. */
  region: string
}

/** What is known of an access key before the signature is verified. */
interface Known {
  identity: Identity
  /** Keeps what is derived from it, as long as it is current. */
  credential: Readonly<AccessKey> | Readonly<Session>
  /** Of the access key: a signing key counts for one. */
  version: number
  /** Opens the secret; the caller wipes it. */
  secret: () => Buffer
}

/** Stands in for the access key of an unknown signer: whoever asks for it must wait as long as for a known one. */
const nobody = { secret: randomBytes(40), signingKeys: new SigningKeys() }

/**
 * Proves who signed a request. The access key and its user, or the role of a session, are read through the view, so that an
 * answer is never committed after either was changed.
 *
 * @throws MissingAuthenticationTokenException, IncompleteSignatureException, InvalidSignatureException,
 * UnrecognizedClientException, ExpiredTokenException
 */
export async function authenticate(
  { seal, signingKeys }: Authenticator,
  view: View,
  request: SignedRequest,
  scope: SigningScope,
): Promise<Signer> {
  const authorization = readAuthorization(request, scope)
  const { accessKeyId, sessionToken, region } = authorization
  const known = await (sessionToken === undefined
    ? findAccessKey(seal, view, accessKeyId)
    : findSession(seal, view, accessKeyId, sessionToken))
  const cache = known ? signingKeys : nobody.signingKeys
  const version = known?.version ?? 0
  let signingKey = cache.get(authorization, version)
  if (!signingKey) {
    // An unknown signer costs a derivation as well; only the opening of the sealed secret, once a day, has no twin.
    signingKey = derive(known ? known.secret() : Buffer.from(nobody.secret), authorization)
    cache.set(authorization, version, signingKey)
  }
  const isGenuine = verifySignature(request, authorization, signingKey)
  if (!known) throw unrecognized()
  if (!isGenuine) throw signatureMismatch()
  const { identity } = known
  if (identity.session && identity.session.expiresAt <= scope.now.getTime()) {
    throw kmsError('ExpiredTokenException', 'The security token included in the request is expired')
  }
  // Sessions of users manage no identities without a second factor, of which there are none here
  // (https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html); but the console does.
  const { of, console = false } = identity.session ?? {}
  if (scope.service === 'iam' && of?.kind === 'user' && !console) throw unrecognized()
  return { caller: callerFor(known, accessKeyId), identity, region }
}

/**
 * As if an access key had signed: for whoever keeps the server, and acts for its user.
 *
 * @throws UnrecognizedClientException
 */
export async function signerOf(view: View, accessKeyId: string, region: string): Promise<Signer> {
  const found = await accessKeyInUse(view, accessKeyId)
  if (!found) throw unrecognized()
  return { caller: userCaller(found.user, undefined, accessKeyId), identity: { entity: found.user }, region }
}

const unrecognized = (): KmsError =>
  kmsError('UnrecognizedClientException', 'The security token included in the request is invalid.')

async function findAccessKey(seal: Seal, view: View, id: string): Promise<Known | undefined> {
  const found = await accessKeyInUse(view, id)
  if (!found) return undefined
  const { accessKey, user } = found
  const version = view.versionSeen('access-key', id)
  return { identity: { entity: user }, credential: accessKey, version, secret: () => openSecret(seal, accessKey) }
}

/** Sessions of a store opened lately, by access key: their tokens are long, and sent with every request. */
const openedBy = new WeakMap<Seal, Map<string, { token: string; session: Readonly<Session> }>>()
const mostOpened = 1024

async function findSession(seal: Seal, view: View, id: string, token: string): Promise<Known | undefined> {
  const opened = openedBy.get(seal) ?? new Map<string, { token: string; session: Readonly<Session> }>()
  openedBy.set(seal, opened)
  const known = opened.get(id)
  let session = known?.token === token ? known.session : undefined
  if (!session) {
    const found = openSession(seal, id, token)
    if (!found) return undefined
    found.secret.fill(0)
    session = found.session
    if (opened.size >= mostOpened) opened.clear()
    opened.set(id, { token, session })
  }
  const { account, of } = session
  const entity = await view.get(of.kind, identityRow(account, of.name))
  if (entity?.id !== of.id) return undefined
  const secret = (): Buffer => {
    const found = openSession(seal, id, token)
    if (!found) throw new Error('a session that was opened does not open')
    return found.secret
  }
  // A secret belongs to its access key id for ever, so there is one version of it.
  return { identity: { entity, session }, credential: session, version: 1, secret }
}

/** Wipes the secret. */
function derive(secret: Buffer, { date, region, service }: Authorization): KeyObject {
  try {
    return deriveSigningKey(secret, date, region, service)
  } finally {
    secret.fill(0)
  }
}

/** One object per credential and version of its user or role, so that whatever is kept beside a caller lives as long. */
const callers = new WeakMap<object, { entity: Readonly<User> | Readonly<Role>; caller: Caller }>()

function callerFor({ identity: { entity, session }, credential }: Known, accessKeyId: string): Caller {
  const known = callers.get(credential)
  if (known?.entity === entity) return known.caller
  const caller =
    session?.of.kind === 'role'
      ? roleCaller(entity, session, session.of.sessionName, accessKeyId)
      : userCaller(entity, session, accessKeyId)
  callers.set(credential, { entity, caller })
  return caller
}
