import { sign, type Credentials } from './sign.ts'
import type {
  IamInput,
  IamName,
  IamOutput,
  KeyreeveName,
  KeyreeveOperations,
  KmsInput,
  KmsName,
  KmsOutput,
} from './types.ts'

/** An answer that is no success, or no answer at all. */
export class ApiError extends Error {
  /** AWS's name of the error, such as `AccessDeniedException`; `NetworkError` if nobody answered. */
  readonly code: string
  readonly requestId: string | undefined
  readonly operation: string

  constructor(code: string, message: string, operation: string, requestId?: string) {
    super(message)
    this.name = 'ApiError'
    this.code = code
    this.operation = operation
    this.requestId = requestId
  }
}

/** Calls operations, signed with the credentials of one session for one Region. */
export interface Api {
  kms: <Name extends KmsName>(name: Name, input: KmsInput<Name>) => Promise<KmsOutput<Name>>
  iam: <Name extends IamName>(name: Name, input: IamInput<Name>) => Promise<IamOutput<Name>>
  keyreeve: <Name extends KeyreeveName>(
    name: Name,
    input: KeyreeveOperations[Name][0],
  ) => Promise<KeyreeveOperations[Name][1]>
}

/** The endpoint: where this page is, without `console/`. */
export const endpoint = new URL('..', window.location.href.split('#', 1)[0])

/** What clients are to be given as the endpoint: without the slash at its end. */
export const endpointText = endpoint.href.replace(/\/$/, '')

/**
 * @param onRefusedCredentials is told when the server says that the credentials have expired or are none any more
 */
export function makeApi(credentials: Credentials | undefined, region: string, onRefusedCredentials?: () => void): Api {
  const json = async (service: string, prefix: string, name: string, input: unknown): Promise<unknown> => {
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `${prefix}.${name}` }
    return await send({
      service,
      name,
      headers,
      body: JSON.stringify(input),
      credentials,
      region,
      onRefusedCredentials,
    })
  }
  const form = async (service: string, version: string, name: string, input: unknown): Promise<unknown> => {
    const parameters = new URLSearchParams({ Action: name, Version: version })
    for (const [key, value] of flatten(input as object)) parameters.append(key, value)
    const headers = {
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      accept: 'application/json',
    }
    const body = parameters.toString()
    const answer = await send({ service, name, headers, body, credentials, region, onRefusedCredentials })
    return resultOf(answer, name)
  }
  // The types of outputs are those of the API; what the server of the same version answers is not checked again.
  return {
    kms: async (name, input) => (await json('kms', 'TrentService', name, input)) as never,
    iam: async (name, input) => (await form('iam', '2010-05-08', name, input)) as never,
    keyreeve: async (name, input) => (await json('keyreeve', 'Keyreeve', name, input)) as never,
  }
}

interface Call {
  service: string
  name: string
  headers: Record<string, string>
  body: string
  credentials: Credentials | undefined
  region: string
  onRefusedCredentials?: (() => void) | undefined
}

/** What the server's clock is ahead of this one, in milliseconds; signatures are good for five minutes. */
let skew = 0

/** A moment of the server's clock, in epoch milliseconds, by the clock of this machine. */
export const localTime = (serverTime: number): number => serverTime - skew

const refusedCredentials = new Set([
  'ExpiredTokenException',
  'UnrecognizedClientException',
  'InvalidClientTokenId',
  'ExpiredToken',
])

async function send(call: Call, attempt = 0): Promise<unknown> {
  const { service, name, region, credentials } = call
  const body = new TextEncoder().encode(call.body)
  const at = new Date(Date.now() + skew)
  const headers = credentials
    ? await sign(endpoint, call.headers, body, credentials, { region, service, at })
    : call.headers
  let response: Response
  try {
    response = await fetch(endpoint, { method: 'POST', headers, body, credentials: 'omit', redirect: 'error' })
  } catch {
    throw new ApiError('NetworkError', '', name)
  }
  const requestId = response.headers.get('x-amzn-requestid') ?? undefined
  const text = await response.text()
  const answer: unknown = text === '' ? {} : parse(text)
  if (response.ok) return answer
  const { code, message } = errorOf(answer)
  const serverTime = clockOf(message)
  if (serverTime !== undefined && attempt === 0) {
    skew = serverTime - Date.now()
    return await send(call, 1)
  }
  if (code.startsWith('Throttling') && attempt < 3) {
    await new Promise(resolve => setTimeout(resolve, 200 * 2 ** attempt))
    return await send(call, attempt + 1)
  }
  if (credentials && refusedCredentials.has(code)) call.onRefusedCredentials?.()
  throw new ApiError(code, message, name, requestId)
}

/**
 * The server's clock in epoch milliseconds, as it tells it to who signs too early or too late: `Signature expired:
 * 20260101T000000Z is now earlier than 20260101T000500Z (20260101T001000Z - 5 min.)`.
 */
function clockOf(message: string): number | undefined {
  const [, date, hours, minutes, seconds] =
    /^Signature (?:expired|not yet current):.*\((\d{8})T(\d\d)(\d\d)(\d\d)Z [-+] 5 min/.exec(message) ?? []
  if (date === undefined) return undefined
  return Date.parse(`${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}T${hours}:${minutes}:${seconds}Z`)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}

const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined

/** AWS JSON has `__type` and `message`; AWS Query in JSON has both in `Error`. */
function errorOf(answer: unknown): { code: string; message: string } {
  const error = member(answer, 'Error') ?? answer
  const type = member(error, '__type') ?? member(error, 'Code')
  const message = member(error, 'message') ?? member(error, 'Message')
  return {
    code: typeof type === 'string' ? (type.split('#').at(-1) ?? type) : 'UnknownError',
    message: typeof message === 'string' ? message : '',
  }
}

const resultOf = (answer: unknown, name: string): unknown =>
  member(member(answer, `${name}Response`), `${name}Result`) ?? {}

/** Members as AWS Query spells them: `Tags.member.1.Key`. */
function* flatten(input: object, prefix = ''): Generator<[string, string]> {
  for (const [name, value] of Object.entries(input) as [string, unknown][]) {
    const key = `${prefix}${Array.isArray(input) ? Number(name) + 1 : name}`
    if (value === undefined || value === null) continue
    if (Array.isArray(value)) yield* flatten(value, `${key}.member.`)
    else if (typeof value === 'object') yield* flatten(value, `${key}.`)
    else yield [key, String(value as string | number | boolean)] // No input holds anything else.
  }
}
