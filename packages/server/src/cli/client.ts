import { readFileSync } from 'node:fs'
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http'
import { splitArn } from '../protocol/arn.ts'
import type { Json } from '../protocol/json.ts'
import { versions, type QueryService } from '../protocol/query.ts'
import { headerOf } from '../protocol/headers.ts'
import { decodeObject, optional, parseObject, string, structure, type Shape } from '../protocol/shape.ts'
import { sign, type Credentials } from '../protocol/sigv4.ts'
import { findCredentials } from './caller.ts'
import { Failure, UsageError, type Given } from './verb.ts'

export const endpointFlags = {
  endpoint: { value: 'URL', help: 'Server to call' },
} as const

export const clientFlags = {
  ...endpointFlags,
  region: { value: 'Region', help: 'Region of the key, if no ARN tells it (default: $AWS_REGION, else us-east-1)' },
  credentials: { value: 'file', help: "Credentials file in AWS's format" },
  profile: { value: 'name', help: 'Profile in it (default: $AWS_PROFILE, else default)' },
} as const

const endpointText = `Without --endpoint the server is $AWS_ENDPOINT_URL_KMS, $AWS_ENDPOINT_URL, $KEYREEVE_ENDPOINT or
http://127.0.0.1:4599. Its certificate must be from an authority that Node knows, or that the PEM file $AWS_CA_BUNDLE
holds.
`
export const connectionHelp = endpointText
export const clientHelp = `${endpointText}
Without --credentials and --profile the access key is $AWS_ACCESS_KEY_ID with $AWS_SECRET_ACCESS_KEY, or in the file
$AWS_SHARED_CREDENTIALS_FILE, or else in the file that keyreeve start made.
`

type Environment = Readonly<Record<string, string | undefined>>

/** @throws UsageError */
export function endpointOf({ endpoint }: Given<typeof endpointFlags>, environment: Environment): URL {
  const names = ['AWS_ENDPOINT_URL_KMS', 'AWS_ENDPOINT_URL', 'KEYREEVE_ENDPOINT']
  const name = names.find(candidate => environment[candidate])
  const text = endpoint ?? (name && environment[name]) ?? 'http://127.0.0.1:4599'
  const url = URL.parse(text)
  if (url && /^https?:$/.test(url.protocol) && url.search === '' && url.username === '') return url
  throw new UsageError(`${endpoint === undefined ? name : '--endpoint'} must be a URL such as http://127.0.0.1:4599.`)
}

/** A server, and who calls it. */
export interface Client {
  readonly endpoint: URL
  readonly region: string
  readonly credentials: Credentials
  /** Where the credentials are from, for complaints. */
  readonly source: string
}

/**
 * @param keyId its ARN names the Region, whatever the environment says
 * @throws UsageError, Failure
 */
export function connect(given: Given<typeof clientFlags>, keyId: string, environment: Environment): Client {
  // ARNs of users, roles and policies have none.
  const named = given.region ?? splitArn(keyId)?.region
  const region = named || environment['AWS_REGION'] || environment['AWS_DEFAULT_REGION'] || 'us-east-1'
  return { endpoint: endpointOf(given, environment), region, ...findCredentials(given, environment) }
}

/** An error that the service has named. */
export class ServiceError extends Failure {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

const errorBody = structure({ __type: string(), message: optional(string()), Message: optional(string()) })

/**
 * Calls an operation of KMS, or one that is our own (AWS JSON 1.1).
 *
 * @throws ServiceError if the service refuses, Failure if there is none
 */
export async function call<T>(
  client: Client,
  operation: string,
  input: object,
  output: Shape<T>,
  service: 'kms' | 'keyreeve' = 'kms',
): Promise<T> {
  const target = service === 'kms' ? 'TrentService' : 'Keyreeve'
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `${target}.${operation}` }
  return await post(client, service, { headers, body: JSON.stringify(input) }, ({ status, requestId }, object) => {
    if (status === 200) return decodeObject(output, object)
    const { __type, message, Message } = decodeObject(errorBody, object)
    throw refusal(client, __type.replace(/^.*#/, ''), message ?? Message, requestId)
  })
}

const queryErrorBody = structure({ Error: structure({ Code: string(), Message: optional(string()) }) })

/**
 * Calls an operation of IAM or STS (AWS Query, answered in JSON).
 *
 * @param output without members for an operation that has none
 * @throws ServiceError if the service refuses, Failure if there is none
 */
export async function query<T>(
  client: Client,
  service: QueryService,
  action: string,
  input: Readonly<Record<string, string | number | undefined>>,
  output: Shape<T>,
): Promise<T> {
  const headers = { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' }
  const form = new URLSearchParams({ Action: action, Version: versions[service] })
  for (const [name, value] of Object.entries(input)) if (value !== undefined) form.set(name, String(value))
  const [response, result] = [`${action}Response`, `${action}Result`]
  const answer = structure({ [response]: structure({ [result]: optional(output) }) })
  return await post(client, service, { headers, body: form.toString() }, ({ status, requestId }, object) => {
    if (status === 200) return decodeObject(answer, object)[response]?.[result] ?? decodeObject(output, new Map())
    const { Code, Message } = decodeObject(queryErrorBody, object).Error
    throw refusal(client, Code, Message, requestId)
  })
}

async function post<T>(
  client: Client,
  service: string,
  { headers, body }: { headers: Record<string, string>; body: string },
  read: (answer: Answer, object: Map<string, Json>) => T,
): Promise<T> {
  const { endpoint, region, credentials } = client
  const request = { method: 'POST', target: endpoint.pathname, body: Buffer.from(body) }
  const signed = { host: endpoint.host, ...headers }
  const rawHeaders = Object.entries(signed).flat()
  const signature = sign({ ...request, rawHeaders }, credentials, { now: new Date(), region, service })
  const answer = await exchange(endpoint, { ...request, headers: { ...signed, ...signature } })
  try {
    return read(answer, parseObject(answer.body))
  } catch (error) {
    if (error instanceof Failure) throw error
    throw new Failure(`What ${endpoint.href} answers (status ${answer.status}) is not from a KMS. Check --endpoint.`)
  }
}

const unknownKey = ({ source, credentials }: Client): string =>
  `This server does not know the access key ${credentials.accessKeyId} from ${source}.`
const wrongSecret = ({ source }: Client): string => `The access key is from ${source}.`

/** Only what policies deny has an explanation. */
function whyDenied(_: Client, requestId: string | undefined, message = ''): string | undefined {
  const isByPolicies = requestId !== undefined && / is not authorized to perform: /.test(message)
  return isByPolicies ? `Why: keyreeve explain ${requestId}` : undefined
}

/** What to do about an error, where its text does not say. */
const advice: Readonly<
  Record<string, (client: Client, requestId: string | undefined, message: string | undefined) => string | undefined>
> = {
  AccessDenied: whyDenied,
  AccessDeniedException: whyDenied,
  ExpiredImportTokenException: () => 'Its time is over, or it has failed too often. Fetch new import parameters.',
  IncorrectKeyMaterialException: () =>
    'A key takes back only material that it had before. With --type new, a symmetric key takes only such as it never had.',
  InvalidCiphertextException: () =>
    'The server cannot unwrap the material, or it is none for this key. Wrap it with the wrapping key and the algorithm of ' +
    'these parameters.',
  InvalidImportTokenException: () => 'The import token belongs to another key, Region or server.',
  InvalidClientTokenId: unknownKey,
  InvalidSignatureException: wrongSecret,
  SignatureDoesNotMatch: wrongSecret,
  ThrottlingException: () => 'Try again in a few seconds.',
  UnrecognizedClientException: unknownKey,
}

function refusal(
  client: Client,
  code: string,
  message: string | undefined,
  requestId: string | undefined,
): ServiceError {
  const advise = Object.hasOwn(advice, code) ? advice[code] : undefined
  return new ServiceError(
    code,
    [`${code}:`, message?.trim(), advise?.(client, requestId, message)].filter(part => part !== undefined).join(' '),
  )
}

interface Answer {
  status: number
  body: Buffer
  requestId: string | undefined
}

/** For bytes on the way, either way; longer than a wrapping key can take to make. In milliseconds. */
const patience = 120_000
/** What a KMS answers fits many times. In bytes. */
const largestAnswer = 1_000_000

/** @throws Failure if no answer comes */
export async function exchange(
  endpoint: URL,
  { method, target, headers, body }: { method: string; target: string; headers: Record<string, string>; body: Buffer },
): Promise<Answer> {
  const isSecure = endpoint.protocol === 'https:'
  const options: RequestOptions & { ca?: Buffer } = {
    method,
    hostname: endpoint.hostname.replace(/^\[|\]$/g, ''),
    port: endpoint.port,
    path: target,
    headers: { ...headers, 'content-length': String(body.length) },
    timeout: patience,
    ...(isSecure && certificateAuthority()),
  }
  const { request: open } = isSecure ? await import('node:https') : await import('node:http')
  try {
    return await new Promise((resolve, reject) => {
      const asked: ClientRequest = open(options, answer => void collect(answer).then(resolve, reject))
      asked.on('timeout', () => asked.destroy(new Error(`silent for ${patience / 1000} seconds`)))
      asked.on('error', reject)
      asked.end(body)
    })
  } catch (error) {
    throw new Failure(unreachable(endpoint, error), { cause: error })
  }
}

async function collect(answer: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    if ((size += chunk.length) > largestAnswer) throw new Error('an endless answer')
  }
  const requestId = headerOf(answer.rawHeaders, 'x-amzn-requestid')
  return { status: answer.statusCode ?? 0, body: Buffer.concat(chunks), requestId }
}

function certificateAuthority(): { ca?: Buffer } {
  const file = process.env['AWS_CA_BUNDLE']
  if (!file) return {}
  try {
    return { ca: readFileSync(file) }
  } catch (error) {
    throw new UsageError(`AWS_CA_BUNDLE names ${file}, which cannot be read (${codeOf(error)}).`, { cause: error })
  }
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'No server listens there. Start one with keyreeve start, or name another with --endpoint.',
  ECONNRESET: 'It closed the connection. Is the address of --endpoint right, http or https?',
  EPROTO: 'It does not speak TLS. Is it http instead of https?',
  ENOTFOUND: 'Nobody knows that name. Check --endpoint.',
  EAI_AGAIN: 'The name cannot be looked up now. Check --endpoint and the network.',
  ERR_TLS_CERT_ALTNAME_INVALID: 'Its certificate is for another name. Check --endpoint.',
  CERT_HAS_EXPIRED: 'Its certificate has expired.',
}

function unreachable({ href }: URL, error: unknown): string {
  const code = codeOf(error)
  const isUnknownAuthority = /^(DEPTH_ZERO_)?SELF_SIGNED_CERT|^UNABLE_TO_(GET_ISSUER|VERIFY)/.test(code)
  const reason = isUnknownAuthority
    ? 'Its certificate is from an unknown authority. Set AWS_CA_BUNDLE to the PEM file of that authority.'
    : Object.hasOwn(reasons, code)
      ? reasons[code]
      : `${error instanceof Error ? error.message : String(error)}.`
  return `Cannot reach ${href}: ${reason}`
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : 'unknown')
