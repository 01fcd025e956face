import type { HttpRequest, HttpResponse } from './http/server.ts'
import { kmsOperations } from './operations/kms.ts'
import type { Operation, Service } from './operation.ts'
import { encodeError } from './protocol/aws-json.ts'
import { kmsError, type KmsError } from './protocol/errors.ts'
import { headerOf } from './protocol/headers.ts'
import { decodeParameters } from './protocol/form.ts'
import { parseQuery, queryAnswer, queryError, unknownActionOf } from './protocol/query.ts'
import type { AnswerFormat, QueryService } from './protocol/query.ts'
import { decodeObject, encode, encodeText, parseObject, type Shape } from './protocol/shape.ts'

/** What a request asks for, and how to decode its input, which may be asked for more than once. */
interface Routed {
  operation: Operation
  decode: () => unknown
}

/** How a service's requests and answers look on the wire. */
interface Wire {
  /**
   * Without a promise for KMS, which is what nearly all requests are for.
   *
   * @throws SerializationException, UnknownOperationException
   */
  route(request: HttpRequest): Routed | Promise<Routed>
  encode(operation: Operation, output: unknown, requestId: string): HttpResponse
  /** `operation` is absent if it is not known. */
  encodeError(error: KmsError, requestId: string, operation?: Operation): HttpResponse
}

/** AWS JSON 1.1, for KMS and for what is our own (https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html). */
const awsJson: Wire = {
  route(request) {
    // Bad JSON is reported even to the unauthenticated, and before an unknown operation.
    const body = parseObject(request.body)
    const target = headerOf(request.rawHeaders, 'x-amz-target') ?? ''
    if (!target.startsWith(ownTarget)) return routed(kms.get(target), body)
    return operationsOf('keyreeve').then(found => routed(found.get(target.slice(ownTarget.length)), body))
  },
  encode: (operation, output, requestId) => ({
    status: 200,
    headers: jsonHeaders(requestId),
    ...(operation.output === null ? { body: '' } : encodeOutput(operation.output, output)),
  }),
  encodeError: (error, requestId) => ({
    status: error.status,
    headers: jsonHeaders(requestId),
    body: encodeError(error),
  }),
}

/**
 * A string leaves in one write with the head of the answer, which saves an eighth of all that an Encrypt takes; but no
 * string can be wiped, so what holds a secret stays bytes.
 */
const encodeOutput = (shape: Shape<unknown>, output: unknown): Pick<HttpResponse, 'body' | 'isSecret'> =>
  shape.isQuotable ? { body: encodeText(shape, output) } : { body: encode(shape, output), isSecret: true }

/** @throws UnknownOperationException */
function routed(operation: Operation | undefined, body: ReturnType<typeof parseObject>): Routed {
  if (!operation) throw kmsError('UnknownOperationException')
  return { operation, decode: () => decodeObject(operation.input, body) }
}

const byName = (list: readonly Operation[], prefix = ''): ReadonlyMap<string, Operation> =>
  new Map(list.map(operation => [prefix + operation.name, operation]))

const kms = byName(kmsOperations, 'TrentService.')
const ownTarget = 'Keyreeve.'

/** What many servers are never asked for is loaded by the first request that is. */
const services: Readonly<Record<Exclude<Service, 'kms'>, () => Promise<readonly Operation[]>>> = {
  iam: async () => (await import('./operations/iam/index.ts')).iamOperations,
  keyreeve: async () => (await import('./operations/keyreeve/index.ts')).keyreeveOperations,
  sts: async () => (await import('./operations/sts/index.ts')).stsOperations,
}
const loaded = new Map<Service, ReadonlyMap<string, Operation>>()

/** The operations of a service, by name. */
async function operationsOf(service: keyof typeof services): Promise<ReadonlyMap<string, Operation>> {
  const found = loaded.get(service) ?? byName(await services[service]())
  loaded.set(service, found)
  return found
}

const jsonHeaders = (requestId: string): string[] => [
  'x-amzn-RequestId',
  requestId,
  'Cache-Control',
  'no-cache, no-store, must-revalidate, private',
  'Expires',
  '0',
  'Pragma',
  'no-cache',
  'Content-Type',
  'application/x-amz-json-1.1',
]

/** AWS Query, for STS and IAM (https://smithy.io/2.0/aws/protocols/aws-query-protocol.html). */
const awsQuery = (format: AnswerFormat): Wire => ({
  async route(request) {
    const query = parseQuery(request.body)
    const operation = (await operationsOf(query.service)).get(query.action)
    if (!operation) throw unknownActionOf(query)
    return { operation, decode: () => decodeParameters(operation.input, query.parameters) }
  },
  encode(operation, output, requestId) {
    const { name, output: shape } = operation
    const body = queryAnswer(serviceOf(operation), name, shape, output, requestId, format)
    return { status: 200, headers: queryHeaders(requestId, format), body, isSecret: typeof body !== 'string' }
  },
  encodeError(error, requestId, operation) {
    const { status, body } = queryError(error, requestId, operation && serviceOf(operation), format)
    return { status, headers: queryHeaders(requestId, format), body }
  },
})
const awsQueryInXml = awsQuery('xml')
const awsQueryInJson = awsQuery('json')

// Only these two are asked for in a form.
const serviceOf = ({ service }: Operation): QueryService => (service === 'iam' ? 'iam' : 'sts')

const queryHeaders = (requestId: string, format: AnswerFormat): string[] => [
  'x-amzn-RequestId',
  requestId,
  'Content-Type',
  format === 'json' ? 'application/json' : 'text/xml',
]

/** The content type alone tells the two protocols apart; whatever is neither is taken for JSON, and refused there. */
export function wireOf({ rawHeaders }: HttpRequest): Wire {
  const isForm = headerOf(rawHeaders, 'content-type')?.toLowerCase().startsWith('application/x-www-form-urlencoded')
  if (!isForm) return awsJson
  const wanted = headerOf(rawHeaders, 'accept')?.toLowerCase()
  return wanted?.startsWith('application/json') ? awsQueryInJson : awsQueryInXml
}
