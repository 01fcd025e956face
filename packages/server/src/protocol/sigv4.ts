/**
 * AWS Signature Version 4 in its header form: the server's verifier and our own clients' signer. Query-signed requests,
 * SigV4A and unsigned or streamed payloads are refused.
 */
import { createHmac, createSecretKey, hash, timingSafeEqual, type KeyObject } from 'node:crypto'
import {
  algorithm,
  formatTimestamp,
  incomplete,
  parseHeader,
  parseHttpDate,
  parseSignature,
  parseTimestamp,
  terminator,
  type Claim,
} from './authorization-header.ts'
import { encodeHex } from './base64.ts'
import { canonicalHeaders, canonicalRequest, canonicalTarget, readHeaders, readQuery } from './canonical-request.ts'
import { kmsError, type KmsError } from './errors.ts'

/** How far the client's clock may be off, either way, in milliseconds. */
const tolerance = 5 * 60 * 1000

/** What a signature covers. */
export interface SignedRequest {
  readonly method: string
  /** Path and query as they go over the wire. */
  readonly target: string
  /** Names and values in turn, exactly as they go over the wire (Node's `rawHeaders`). */
  readonly rawHeaders: readonly string[]
  readonly body: Uint8Array
}

/** What a signature must be made for. */
export interface SigningScope {
  readonly now: Date
  readonly regions: ReadonlySet<string>
  /** The service asked for: `kms`, `sts` or `iam`. */
  readonly service: string
}

/** What a request says of its signer; true only once `verifySignature` agrees. */
export interface Authorization {
  readonly accessKeyId: string
  /** YYYYMMDD, UTC. */
  readonly date: string
  readonly region: string
  readonly service: string
  /** `YYYYMMDD/region/service/aws4_request`. */
  readonly scope: string
  /** `accessKeyId/scope`. */
  readonly credential: string
  /** YYYYMMDDThhmmssZ. */
  readonly timestamp: string
  readonly sessionToken: string | undefined
  /** Lower-case names, sorted, joined by semicolons. */
  readonly signedHeaders: string
  /** Names and values of the signed headers, as they enter the canonical request. */
  readonly headerLines: string
  /** What x-amz-content-sha256 says of the body. */
  readonly contentHash: string | undefined
  /** 32 bytes. */
  readonly signature: Uint8Array
}

/**
 * Reads who claims to have signed a request, and refuses what can be refused without the secret, in AWS's order.
 *
 * @throws MissingAuthenticationTokenException, IncompleteSignatureException, InvalidSignatureException
 */
export function readAuthorization(request: SignedRequest, wanted: SigningScope): Authorization {
  const headers = readHeaders(request.rawHeaders)
  const header = headers.get('authorization')
  if (!header) throw kmsError('MissingAuthenticationTokenException', 'Missing Authentication Token')
  if (isQuerySigned(request.target)) {
    throw invalid("Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.")
  }

  const { parts, signature } = parseHeader(header)
  const { credential, claim, signedHeaders, names } = parts
  const dateName = headers.has('x-amz-date') ? 'x-amz-date' : 'date'
  const dateText = headers.get(dateName)
  // An empty list of headers is not missing to AWS: it lacks the host, below.
  if (!credential || !signature || signedHeaders === undefined || dateText === undefined) {
    let missing = ''
    if (!credential) missing += "Authorization header requires 'Credential' parameter. "
    if (!signature) missing += "Authorization header requires 'Signature' parameter. "
    if (signedHeaders === undefined) missing += "Authorization header requires 'SignedHeaders' parameter. "
    if (dateText === undefined) {
      missing += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
    }
    throw incomplete(missing)
  }
  const date = parseTimestamp(dateText) ?? (dateName === 'date' ? parseHttpDate(dateText) : undefined)
  if (!date) {
    throw incomplete(
      `Date must be in ISO-8601 'basic format'. Got '${dateText}'. See http://en.wikipedia.org/wiki/ISO_8601`,
    )
  }
  const timestamp = dateName === 'date' ? formatTimestamp(date) : dateText
  if (!claim) {
    throw incomplete(
      'Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, ' +
        `got '${credential}'`,
    )
  }
  requireScope(claim, timestamp, wanted)
  requireFresh(date, wanted.now)

  if (!names) throw incomplete("'SignedHeaders' must be lower-case, sorted and unique in the AWS Authorization.")
  const headerLines = canonicalHeaders(headers, names)
  const sessionToken = headers.get('x-amz-security-token')
  const contentHash = headers.get('x-amz-content-sha256')
  requireSigned(headers, names, dateName)
  const signatureBytes = parseSignature(signature)
  if (headerLines === undefined || !signatureBytes) throw signatureMismatch()
  const { accessKeyId, region, service } = claim
  return {
    accessKeyId,
    date: claim.date,
    region,
    service,
    scope: credential.slice(accessKeyId.length + 1),
    credential,
    timestamp,
    sessionToken,
    signedHeaders,
    headerLines,
    contentHash,
    signature: signatureBytes,
  }
}

/**
 * Whether the holder of `signingKey` signed this request, body included. An unknown access key id must take as long as
 * a known one, so ask for it too, with a key derived from the secret of nobody, before answering
 * UnrecognizedClientException.
 */
export function verifySignature(request: SignedRequest, authorization: Authorization, signingKey: KeyObject): boolean {
  const { timestamp, scope, headerLines, signedHeaders, contentHash, signature } = authorization
  const bodyHash = hash('sha256', request.body, 'hex')
  const target = canonicalTarget(request.target)
  const canonical = canonicalRequest(request.method, target, headerLines, signedHeaders, bodyHash)
  const genuine = timingSafeEqual(computeSignature(canonical, timestamp, scope, signingKey), signature)
  return genuine && (contentHash === undefined || contentHash === bodyHash)
}

/** What to throw when `verifySignature` says no. */
export function signatureMismatch(): KmsError {
  return invalid(
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key ' +
      'and signing method. Consult the service documentation for details.',
  )
}

/**
 * The key that signs for one day, Region and service.
 *
 * @param secret the secret access key, as text in ASCII
 * @param date YYYYMMDD
 */
export function deriveSigningKey(secret: Uint8Array, date: string, region: string, service: string): KeyObject {
  let key: Buffer = Buffer.concat([Buffer.from('AWS4'), secret])
  try {
    for (const part of [date, region, service, terminator]) {
      const next = createHmac('sha256', key).update(part).digest()
      key.fill(0)
      key = next
    }
    return createSecretKey(key)
  } finally {
    key.fill(0)
  }
}

/**
 * @param canonical the canonical request, one byte a character
 * @param scope `YYYYMMDD/region/service/aws4_request`
 * @returns 32 bytes
 */
export function computeSignature(canonical: string, timestamp: string, scope: string, signingKey: KeyObject): Buffer {
  const canonicalHash = hash('sha256', Buffer.from(canonical, 'latin1'), 'hex')
  const stringToSign = `${algorithm}\n${timestamp}\n${scope}\n${canonicalHash}`
  // By way of a string: for a Buffer, Node takes a third longer for the whole HMAC.
  return Buffer.from(createHmac('sha256', signingKey).update(stringToSign).digest('latin1'), 'latin1')
}

/**
 * Signing keys derived before, the newest ones: deriving costs more than all else in verifying. A key counts for one
 * version of its access key only, so a version must never return with another secret.
 */
export class SigningKeys {
  readonly #capacity: number
  readonly #held = new Map<string, { version: number; key: KeyObject }>()

  /** @param capacity how many keys to hold, at least 1 */
  constructor(capacity = 4096) {
    this.#capacity = capacity
  }

  get({ credential }: Authorization, version: number): KeyObject | undefined {
    const held = this.#held.get(credential)
    return held?.version === version ? held.key : undefined
  }

  set({ credential }: Authorization, version: number, key: KeyObject): void {
    const held = this.#held.get(credential)
    if (held?.version === version) return
    this.#held.delete(credential)
    const [oldest] = this.#held.keys()
    if (oldest !== undefined && this.#held.size >= this.#capacity) this.#held.delete(oldest)
    this.#held.set(credential, { version, key })
  }
}

export interface Credentials {
  readonly accessKeyId: string
  readonly secret: Uint8Array
  readonly sessionToken?: string | undefined
}

/**
 * Signs a request of ours. All its headers are signed, so leave out those that may change on the way; `host` must be
 * there, and what this returns must not.
 *
 * @returns the headers to add
 */
export function sign(
  request: SignedRequest,
  credentials: Credentials,
  scope: { readonly now: Date; readonly region: string; readonly service: string },
): Record<string, string> {
  const timestamp = formatTimestamp(scope.now)
  const date = timestamp.slice(0, 8)
  const added: Record<string, string> = { 'x-amz-date': timestamp }
  if (credentials.sessionToken !== undefined) added['x-amz-security-token'] = credentials.sessionToken

  const headers = readHeaders([...request.rawHeaders, ...Object.entries(added).flat()])
  const names = [...headers.keys()].sort()
  const signedHeaders = names.join(';')
  const canonical = canonicalRequest(
    request.method,
    canonicalTarget(request.target),
    canonicalHeaders(headers, names) ?? '',
    signedHeaders,
    hash('sha256', request.body, 'hex'),
  )
  const signingKey = deriveSigningKey(credentials.secret, date, scope.region, scope.service)
  const scopeText = [date, scope.region, scope.service, terminator].join('/')
  const signature = encodeHex(computeSignature(canonical, timestamp, scopeText, signingKey))
  const credential = `${credentials.accessKeyId}/${scopeText}`
  added['authorization'] =
    `${algorithm} Credential=${credential}, SignedHeaders=${signedHeaders}, Signature=${signature}`
  return added
}

function isQuerySigned(target: string): boolean {
  const mark = target.indexOf('?')
  return mark >= 0 && readQuery(target.slice(mark + 1)).some(([name]) => name === 'X-Amz-Algorithm')
}

function requireScope(claim: Claim, timestamp: string, wanted: SigningScope): void {
  let wrong = ''
  if (!wanted.regions.has(claim.region)) {
    wrong += `Credential should be scoped to a valid region, not '${claim.region}'. `
  }
  if (claim.service !== wanted.service) {
    wrong += `Credential should be scoped to correct service: '${wanted.service}'. `
  }
  if (claim.terminator !== terminator) {
    wrong += `Credential should be scoped with a valid terminator: '${terminator}', not '${claim.terminator}'. `
  }
  if (wrong) throw invalid(wrong)
  const day = timestamp.slice(0, 8)
  if (claim.date !== day) {
    throw invalid(
      'Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: ' +
        `'${claim.date}' != '${day}', from '${timestamp}'.`,
    )
  }
}

function requireFresh(date: Date, now: Date): void {
  const ahead = date.getTime() - now.getTime()
  if (Math.abs(ahead) <= tolerance) return
  const [signed, here] = [formatTimestamp(date), formatTimestamp(now)]
  const bound = formatTimestamp(new Date(now.getTime() + Math.sign(ahead) * tolerance))
  throw invalid(
    ahead < 0
      ? `Signature expired: ${signed} is now earlier than ${bound} (${here} - 5 min.)`
      : `Signature not yet current: ${signed} is still later than ${bound} (${here} + 5 min.)`,
  )
}

/**
 * Takes the signed headers out of `headers`; what remains is unsigned. An unsigned x-amz-target would let anyone on the
 * way turn one operation into another.
 */
function requireSigned(headers: Map<string, string>, names: readonly string[], dateName: string): void {
  if (!names.includes('host')) throw unsigned('host')
  for (const name of names) headers.delete(name)
  for (const name of headers.keys()) if (name.startsWith('x-amz-') || name === dateName) throw unsigned(name)
}

function unsigned(name: string): KmsError {
  const title = name.replace(/(^|-)[a-z]/g, letter => letter.toUpperCase())
  return invalid(`'${title}' must be a 'SignedHeader' in the AWS Authorization.`)
}

function invalid(message: string): KmsError {
  return kmsError('InvalidSignatureException', message)
}
