import type { HttpRequest, HttpResponse } from './http/server.ts'
import { operations } from './operations/index.ts'
import type { Operation } from './operation.ts'
import { encodeError } from './protocol/aws-json.ts'
import { kmsError, type KmsError } from './protocol/errors.ts'
import { headerOf } from './protocol/headers.ts'
import { parseQuery, queryAnswer, queryError, unknownAction } from './protocol/query.ts'
import { decodeObject, encode, encodeText, parseObject, type Shape } from './protocol/shape.ts'

/** How a service's requests and answers look on the wire. */
export interface Wire {
  /**
   * Finds the operation, and how to decode its input, which may be asked for more than once.
   *
   * @throws SerializationException, UnknownOperationException
   */
  route(request: HttpRequest): { operation: Operation; decode: () => unknown }
  encode(operation: Operation, output: unknown, requestId: string): HttpResponse
  encodeError(error: KmsError, requestId: string): HttpResponse
}

const byName = (service: Operation['service']): ReadonlyMap<string, Operation> =>
  new Map(operations.filter(operation => operation.service === service).map(operation => [operation.name, operation]))

/** AWS JSON 1.1, for KMS (https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html). */
const awsJson: Wire = {
  route(request) {
    // Bad JSON is reported even to the unauthenticated, and before an unknown operation.
    const body = parseObject(request.body)
    const target = headerOf(request.rawHeaders, 'x-amz-target') ?? ''
    const operation = target.startsWith(targetPrefix) ? kms.get(target.slice(targetPrefix.length)) : undefined
    if (!operation) throw kmsError('UnknownOperationException')
    return { operation, decode: () => decodeObject(operation.input, body) }
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

const targetPrefix = 'TrentService.'
const kms = byName('kms')

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

/** AWS Query, for STS (https://smithy.io/2.0/aws/protocols/aws-query-protocol.html). */
const awsQuery: Wire = {
  route(request) {
    const { action } = parseQuery(request.body)
    const operation = sts.get(action)
    if (!operation) throw unknownAction(action)
    return { operation, decode: () => decodeObject(operation.input, new Map()) }
  },
  encode: (operation, output, requestId) => ({
    status: 200,
    headers: xmlHeaders(requestId),
    // Every output of a Query operation is a structure of strings.
    body: queryAnswer(operation.name, output as Record<string, string>, requestId),
  }),
  encodeError(error, requestId) {
    const { status, body } = queryError(error, requestId)
    return { status, headers: xmlHeaders(requestId), body }
  },
}

const sts = byName('sts')

const xmlHeaders = (requestId: string): string[] => ['x-amzn-RequestId', requestId, 'Content-Type', 'text/xml']

/** The content type alone tells the two apart; whatever is neither is taken for JSON, and refused there. */
export function wireOf(request: HttpRequest): Wire {
  return headerOf(request.rawHeaders, 'content-type')?.toLowerCase().startsWith('application/x-www-form-urlencoded')
    ? awsQuery
    : awsJson
}
