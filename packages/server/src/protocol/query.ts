import { kmsError, type ErrorCode, type KmsError } from './errors.ts'

/**
 * The AWS Query protocol, which STS speaks: a form in, XML out
 * (https://smithy.io/2.0/aws/protocols/aws-query-protocol.html).
 */

/** The only version of the API of STS. */
const version = '2011-06-15'
const namespace = `https://sts.amazonaws.com/doc/${version}/`

export interface Query {
  action: string
  /** Everything but Action and Version, as sent: `Tags.member.1.Key` and the like. */
  parameters: ReadonlyMap<string, string>
}

/** Names in one form; no request needs a tenth of them. */
const mostParameters = 1000

/**
 * Reads the form (application/x-www-form-urlencoded) in a request's body. Strictly: a name that is there twice, a name
 * without `=`, a stray `%` or bytes that are no UTF-8 could be read one way here and another way elsewhere.
 *
 * @throws SerializationException for what is no form, MissingActionException, UnknownOperationException for another version
 */
export function parseQuery(body: Uint8Array): Query {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1')
  if (!/^[!-~]*$/.test(text)) throw malformed('The form holds bytes that must be percent-encoded.')
  const parameters = new Map<string, string>()
  for (const pair of text === '' ? [] : text.split('&', mostParameters + 1)) {
    const equals = pair.indexOf('=')
    if (equals <= 0) throw malformed('The form holds something that is not a name, an equals sign and a value.')
    const name = decodePart(pair.slice(0, equals))
    if (parameters.has(name)) throw malformed('The form holds a name twice.')
    parameters.set(name, decodePart(pair.slice(equals + 1)))
  }
  if (parameters.size > mostParameters) throw malformed(`The form holds more than ${mostParameters} names.`)
  const action = parameters.get('Action')
  const asked = parameters.get('Version')
  if (!action) throw kmsError('MissingActionException', 'The request is missing an action.')
  if (asked !== version) throw unknownAction(action, asked ?? '')
  parameters.delete('Action')
  parameters.delete('Version')
  return { action, parameters }
}

/** Of an action that the API does not have, in that version or at all. */
export function unknownAction(action: string, asked = version): KmsError {
  return kmsError(
    'UnknownOperationException',
    `Could not find operation ${action} for version ${asked || 'NO_VERSION_SPECIFIED'}`,
  )
}

function decodePart(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw malformed('The form holds a percent sign without a byte, or bytes that are not UTF-8.')
  }
}

const malformed = (message: string): KmsError => kmsError('SerializationException', message)

/** What an element holds: text, other elements by name, or the members of a list. */
export type XmlContent = string | readonly XmlContent[] | { readonly [name: string]: XmlContent | undefined }

/** One element, its text escaped. The name, and those inside, must be names that this server made. */
export function xmlElement(name: string, content: XmlContent, xmlns?: string): string {
  return `<${name}${xmlns === undefined ? '' : ` xmlns="${escapeText(xmlns)}"`}>${xmlContent(content)}</${name}>`
}

function xmlContent(content: XmlContent): string {
  if (typeof content === 'string') return escapeText(content)
  if (isList(content)) return content.map(member => xmlElement('member', member)).join('')
  return Object.entries(content)
    .map(([name, inner]) => (inner === undefined ? '' : xmlElement(name, inner)))
    .join('')
}

// Array.isArray does not narrow readonly arrays.
const isList = (content: Exclude<XmlContent, string>): content is readonly XmlContent[] => Array.isArray(content)

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\r': '&#13;', // A reader would turn it into a line feed.
}

/** What XML 1.0 cannot hold in any form (section 2.2) becomes U+FFFD. */
const escapeText = (text: string): string =>
  text
    .toWellFormed()
    .replace(/[^\t\n !#-%(-;=?-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, character =>
      Object.hasOwn(entities, character) ? (entities[character] ?? '') : '\ufffd',
    )

/** The body of a success. */
export function queryAnswer(action: string, result: XmlContent, requestId: string): string {
  const content = { [`${action}Result`]: result, ResponseMetadata: { RequestId: requestId } }
  return xmlElement(`${action}Response`, content, namespace)
}

/**
 * What STS calls the errors of signatures and requests, and the status it sends with them
 * (https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html). Errors that are not here keep their status,
 * and their name without `Exception`.
 */
const queryErrors: { readonly [Code in ErrorCode]?: { code: string; status: number; message?: string } } = {
  AccessDeniedException: { code: 'AccessDenied', status: 403 },
  DependencyTimeoutException: { code: 'ServiceUnavailable', status: 503 },
  ExpiredTokenException: { code: 'ExpiredToken', status: 403 },
  InvalidSignatureException: { code: 'SignatureDoesNotMatch', status: 403 },
  KeyUnavailableException: { code: 'InternalFailure', status: 500 },
  KMSInternalException: { code: 'InternalFailure', status: 500 },
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

/** Status and body of a refusal. */
export function queryError(error: KmsError, requestId: string): { status: number; body: string } {
  const { code, status, message } = {
    code: error.code.replace(/Exception$/, ''),
    status: error.status,
    message: error.hasMessage ? error.message : undefined,
    ...queryErrors[error.code],
  }
  const content = {
    Error: { Type: status < 500 ? 'Sender' : 'Receiver', Code: code, Message: message },
    RequestId: requestId,
  }
  return { status, body: xmlElement('ErrorResponse', content, namespace) }
}
