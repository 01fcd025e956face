import { kmsError, type ErrorCode, type KmsError } from './errors.ts'
import { parseForm } from './form.ts'
import { encode, encodeText, optional, string, structure, type Shape } from './shape.ts'
import { encodeXml, encodeXmlText } from './xml.ts'

/**
 * The AWS Query protocol, which IAM and STS speak: a form in, XML out
 * (https://smithy.io/2.0/aws/protocols/aws-query-protocol.html). Or JSON, for those who ask for it by `Accept`, as tools do
 * that pass a signed GetCallerIdentity on; no page of AWS says so.
 */

export type QueryService = 'iam' | 'sts'
export type AnswerFormat = 'xml' | 'json'

/** The only version of each API. */
export const versions: Readonly<Record<QueryService, string>> = { iam: '2010-05-08', sts: '2011-06-15' }
const services: ReadonlyMap<string | undefined, QueryService> = new Map([
  [versions.iam, 'iam'],
  [versions.sts, 'sts'],
])

const namespace = (service: QueryService): string => `https://${service}.amazonaws.com/doc/${versions[service]}/`

export interface Query {
  /** Whose API the request's Version is one of. */
  service: QueryService
  action: string
  /** Everything but Action and Version, as sent: `Tags.member.1.Key` and the like. */
  parameters: ReadonlyMap<string, string>
}

/**
 * What a request's body asks of whom.
 *
 * @throws SerializationException for what is no form, MissingActionException, UnknownOperationException for another version
 */
export function parseQuery(body: Uint8Array): Query {
  const parameters = parseForm(body)
  const action = parameters.get('Action')
  const version = parameters.get('Version')
  if (!action) throw kmsError('MissingActionException', 'The request is missing an action.')
  const service = services.get(version)
  if (!service) throw unknownAction(action, version)
  parameters.delete('Action')
  parameters.delete('Version')
  return { service, action, parameters }
}

function unknownAction(action: string, version: string | undefined): KmsError {
  return kmsError(
    'UnknownOperationException',
    `Could not find operation ${action} for version ${version || 'NO_VERSION_SPECIFIED'}`,
  )
}

/** Of an action that the service's API does not have. */
export const unknownActionOf = ({ service, action }: Query): KmsError => unknownAction(action, versions[service])

const metadata = structure({ RequestId: string() })

/** The body of a success: bytes, to be wiped, if there is a secret in it. A null shape has no result. */
export function queryAnswer<T>(
  service: QueryService,
  action: string,
  shape: Shape<T> | null,
  value: T,
  requestId: string,
  format: AnswerFormat = 'xml',
): Buffer | string {
  const name = `${action}Response`
  const result = `${action}Result`
  const answer = structure({ ...(shape && { [result]: shape }), ResponseMetadata: metadata })
  const content = { ...(shape && { [result]: value }), ResponseMetadata: { RequestId: requestId } }
  if (format === 'json') {
    return (answer.isQuotable ? encodeText : encode)(structure({ [name]: answer }), { [name]: content })
  }
  return (answer.isQuotable ? encodeXmlText : encodeXml)(name, namespace(service), answer, content)
}

interface QueryError {
  code: string
  /** What IAM calls it, if that is something else. */
  iam?: string
  status: number
  message?: string
}

/**
 * What IAM and STS call errors, and the status they send with them: of signatures and requests
 * (https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html), and of their own models. Errors that are not here
 * keep their status, and their name without `Exception`.
 */
const queryErrors: { readonly [Code in ErrorCode]?: QueryError } = {
  AccessDeniedException: { code: 'AccessDenied', status: 403 },
  DependencyTimeoutException: { code: 'ServiceUnavailable', status: 503 },
  ExpiredTokenException: { code: 'ExpiredToken', status: 403 },
  /** Of a web identity token. */
  ExpiredWebIdentityTokenException: { code: 'ExpiredTokenException', status: 400 },
  InvalidSignatureException: { code: 'SignatureDoesNotMatch', status: 403 },
  KeyUnavailableException: { code: 'InternalFailure', iam: 'ServiceFailure', status: 500 },
  KMSInternalException: { code: 'InternalFailure', iam: 'ServiceFailure', status: 500 },
  LimitExceededException: { code: 'LimitExceeded', status: 409 },
  MissingAuthenticationTokenException: {
    code: 'MissingAuthenticationToken',
    status: 403,
    message: 'Request is missing Authentication Token',
  },
  SerializationException: { code: 'MalformedQueryString', status: 400 },
  ThrottlingException: { code: 'Throttling', status: 400, message: 'Rate exceeded' },
  UnknownOperationException: { code: 'InvalidAction', status: 400 },
  UnrecognizedClientException: { code: 'InvalidClientTokenId', status: 403 },
  ValidationException: { code: 'ValidationError', status: 400 },
}

const errorShape = structure({
  Error: structure({ Type: string(), Code: string(), Message: optional(string()) }),
  RequestId: string(),
})

/** Status and body of a refusal. One that comes before it is known which service was asked looks like one of STS. */
export function queryError(
  error: KmsError,
  requestId: string,
  service: QueryService = 'sts',
  format: AnswerFormat = 'xml',
): { status: number; body: string } {
  const { code, iam, status, message }: QueryError = {
    code: error.code.replace(/Exception$/, ''),
    status: error.status,
    ...(error.hasMessage && { message: error.message }),
    ...queryErrors[error.code],
  }
  const content = {
    Error: {
      Type: status < 500 ? 'Sender' : 'Receiver',
      Code: service === 'iam' ? (iam ?? code) : code,
      ...(message !== undefined && { Message: message }),
    },
    RequestId: requestId,
  }
  if (format === 'json') return { status, body: encodeText(errorShape, content) }
  return { status, body: encodeXmlText('ErrorResponse', namespace(service), errorShape, content) }
}
