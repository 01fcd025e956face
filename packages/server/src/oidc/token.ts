import type { WebIdentity } from '../auth/caller.ts'
import { kmsError, type KmsError } from '../protocol/errors.ts'
import { JsonError, parseJson, toPlain, type PlainJson } from '../protocol/json.ts'
import type { KeySet } from './key-set.ts'

/**
 * Signatures by key pairs alone (RFC 7518 section 3.1, RFC 8037, RFC 9864): with an algorithm of shared secrets, who knows
 * the public key could sign.
 */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']

/** How far an issuer's clock may be ahead, in seconds. */
const tolerance = 60
/** In characters; no provider has a longer one. */
const longestIssuer = 255
/** Of a subject, in characters. */
const longestSubject = 255

/** What a token says of itself before anything is verified. */
interface TokenClaim {
  /** Without `https://`. */
  issuer: string
  keyId: string | undefined
}

/** @throws InvalidIdentityTokenException */
export async function readClaim(token: string): Promise<TokenClaim> {
  const { decodeJwt, decodeProtectedHeader } = await import('jose')
  try {
    const { kid } = decodeProtectedHeader(token)
    const { iss } = decodeJwt(token)
    if (typeof iss !== 'string') throw missing('iss')
    if (iss.length > longestIssuer) throw noToken()
    if (!iss.startsWith('https://')) throw noProvider(iss)
    return { issuer: iss.slice('https://'.length), keyId: typeof kid === 'string' ? kid : undefined }
  } catch (error) {
    throw error instanceof Error && error.name === 'InvalidIdentityTokenException' ? error : noToken()
  }
}

/**
 * Verifies a token (OpenID Connect Core 1.0 section 3.1.3.7).
 *
 * @param provider its issuer, without `https://`, and whom its tokens may be for
 * @param now epoch milliseconds
 * @throws InvalidIdentityTokenException, ExpiredWebIdentityTokenException, IDPRejectedClaimException
 */
export async function verifyToken(
  token: string,
  { url, clientIds }: { url: string; clientIds: readonly string[] },
  keys: KeySet,
  now: number,
): Promise<WebIdentity> {
  const claims = membersOf(await verifySignature(token, keys))
  const { iss, sub, aud, azp, exp, nbf, iat, amr } = claims
  if (iss !== `https://${url}`) throw noProvider(typeof iss === 'string' ? iss : '')
  const seconds = Math.floor(now / 1000)
  for (const [name, value] of Object.entries({ exp, iat, ...(nbf !== undefined && { nbf }) })) {
    if (typeof value !== 'number') throw missing(name)
    if (name !== 'exp' && value > seconds + tolerance) throw notYet(name)
    if (name === 'exp' && value <= seconds) throw expired(seconds, value)
  }
  const audiences = textsOf(aud)
  if (audiences.length === 0) throw missing('aud')
  if (typeof sub !== 'string' || sub === '' || sub.length > longestSubject) throw missing('sub')
  // As the service has it, who asked for the token goes before whom it is for.
  const audience = [...textsOf(azp), ...audiences].find(candidate => clientIds.includes(candidate))
  if (audience === undefined) throw invalid('Incorrect token audience')
  return { issuer: url, audience, audiences, subject: sub, methods: textsOf(amr) }
}

/** The payload. Whatever goes wrong lies in the token, or in a key of the issuer. */
async function verifySignature(token: string, { find }: KeySet): Promise<Uint8Array> {
  const { compactVerify, errors } = await import('jose')
  try {
    return (await compactVerify(token, find, { algorithms })).payload
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
      throw unknownKey()
    if (error instanceof errors.JOSEAlgNotAllowed)
      throw invalid(`The token must be signed with ${algorithms.join(', ')}.`)
    if (error instanceof errors.JWSInvalid || error instanceof errors.JOSENotSupported) throw noToken()
    throw invalid('The signature of the token is not valid.')
  }
}

function membersOf(payload: Uint8Array): { readonly [name: string]: PlainJson } {
  try {
    const json = toPlain(parseJson(payload))
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
  }
  throw noToken()
}

/** A text, or a list of them. */
const textsOf = (json: PlainJson | undefined): string[] =>
  (Array.isArray(json) ? json : [json]).filter(item => typeof item === 'string')

const invalid = (message: string): KmsError => kmsError('InvalidIdentityTokenException', message)
const missing = (name: string): KmsError => invalid(`Missing a required claim: ${name}`)
const noToken = (): KmsError =>
  invalid('The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)')
const notYet = (name: string): KmsError =>
  kmsError('IDPRejectedClaimException', `The token is not valid yet: ${name} is in the future.`)
// The service leaves out the last space (reports from 2021 to 2024).
const expired = (seconds: number, end: number): KmsError =>
  kmsError(
    'ExpiredWebIdentityTokenException',
    `Token expired: current date/time ${seconds} must be before the expiration date/time${end}`,
  )

/** For an issuer that the account has no provider for. */
export const noProvider = (issuer: string): KmsError =>
  invalid(`No OpenIDConnect provider found in your account for ${issuer}`)

/** For a token whose key its issuer does not have. */
export const unknownKey = (): KmsError =>
  invalid(
    "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
  )
