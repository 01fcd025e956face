import type { Caller } from '../auth/caller.ts'

/**
 * What a record may show of a request or an answer. Bytes are no such value: plaintexts, ciphertexts, signatures, key
 * material and tokens are `Uint8Array`s here, so a handler that tried to show one would not compile, and at run time
 * the record is refused.
 */
export type AuditValue = string | number | boolean | null | Date | readonly AuditValue[] | AuditObject
/** Members that are undefined are left out. */
export type AuditObject = { readonly [name: string]: AuditValue | undefined }

export interface AuditResource {
  account: string
  arn: string
}

/** A request by a caller. */
export interface ApiEvent {
  /** UUID, unique to this record. */
  eventId: string
  /** UUID, as in the answer's `x-amzn-RequestId`. */
  requestId: string
  /** Epoch milliseconds. */
  at: number
  region: string
  eventSource: `${'kms' | 'sts' | 'iam' | 'keyreeve'}.amazonaws.com`
  operation: string
  caller: Caller
  sourceIp: string
  userAgent: string
  /** True also for every cryptographic operation. */
  readOnly: boolean
  requestParameters: AuditObject | null
  /** Null for operations that change nothing and give out no credentials, and on failure. */
  responseElements: AuditObject | null
  additionalEventData?: AuditObject | undefined
  resources: readonly AuditResource[]
  error?: { code: string; message?: string | undefined } | undefined
  /** Only of a connection that is encrypted here. */
  tls?: { version: string; cipherSuite: string; host: string; keyExchange?: string | undefined } | undefined
  /**
   * Cross-account use makes two records, one for the caller's account and one for the owner's, with one
   * `sharedEventId`. `recipient` is the account that this one is for; the caller's own if left out.
   */
  recipient?: string | undefined
  sharedEventId?: string | undefined
}

/** Something that the service did on its own, when its time had come. */
export interface ServiceEvent {
  caller: 'service'
  eventId: string
  at: number
  region: string
  operation: 'RotateKey' | 'SynchronizeMultiRegionKey' | 'DeleteKey' | 'DeleteExpiredKeyMaterial'
  /** Owner of the key. */
  account: string
  resources: readonly AuditResource[]
  serviceEventDetails: AuditObject | null
}

export type AuditEvent = ApiEvent | ServiceEvent

/** What the service did; when, and under which id it is recorded, is known where the record is made. */
export type ServiceAct = Omit<ServiceEvent, 'caller' | 'eventId' | 'at'>

/**
 * One audit record: a JSON object on one line, with the members of a CloudTrail record, version 1.11
 * (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html), and no
 * others. User agent, error code and error text are cut at 1 KB; request parameters or response elements over 100 KB,
 * and additional data over 28 KB, are replaced by a note of their size.
 *
 * Every call makes one, so it is put together by hand: names and ids that this server makes are not escaped, whatever
 * came from outside is.
 */
export function auditRecord(event: AuditEvent): string {
  return event.caller === 'service' ? serviceRecord(event) : apiRecord(event)
}

function apiRecord(event: ApiEvent): string {
  const { caller, error, tls } = event
  const recipient = event.recipient ?? caller.account
  return (
    `{"eventVersion":"1.11","userIdentity":${recipient === caller.account ? identity(caller) : foreignIdentity(caller)}` +
    `,"eventTime":"${eventTime(event.at)}","eventSource":"${event.eventSource}","eventName":"${event.operation}"` +
    `,"awsRegion":"${event.region}","sourceIPAddress":${quote(event.sourceIp)}` +
    `,"userAgent":${quote(cut(event.userAgent, kilobyte))}` +
    (error ? errorMembers(error.code, error.message) : '') +
    `,"requestParameters":${bounded('requestParameters', event.requestParameters, 100 * kilobyte)}` +
    `,"responseElements":${bounded('responseElements', event.responseElements, 100 * kilobyte)}` +
    (event.additionalEventData
      ? `,"additionalEventData":${bounded('additionalEventData', event.additionalEventData, 28 * kilobyte)}`
      : '') +
    `,"requestID":"${event.requestId}","eventID":"${event.eventId}","readOnly":${event.readOnly}` +
    `,"resources":${resourceList(event.resources)},"eventType":"AwsApiCall","managementEvent":true` +
    `,"recipientAccountId":"${recipient}"` +
    (event.sharedEventId === undefined ? '' : `,"sharedEventID":"${event.sharedEventId}"`) +
    `,"eventCategory":"Management"` +
    (tls ? `,"tlsDetails":${tlsDetails(tls)}` : '') +
    (caller.session?.isConsole && recipient === caller.account ? ',"sessionCredentialFromConsole":"true"' : '') +
    '}'
  )
}

function serviceRecord(event: ServiceEvent): string {
  const { account, serviceEventDetails } = event
  return (
    `{"eventVersion":"1.11","userIdentity":{"accountId":"${account}","invokedBy":"AWS Internal"}` +
    `,"eventTime":"${eventTime(event.at)}","eventSource":"kms.amazonaws.com","eventName":"${event.operation}"` +
    `,"awsRegion":"${event.region}","sourceIPAddress":"AWS Internal","userAgent":"AWS Internal"` +
    `,"requestParameters":null,"responseElements":null,"eventID":"${event.eventId}","readOnly":false` +
    `,"resources":${resourceList(event.resources)},"eventType":"AwsServiceEvent","managementEvent":true` +
    `,"recipientAccountId":"${account}"` +
    (serviceEventDetails ? `,"serviceEventDetails":${render(serviceEventDetails)}` : '') +
    `,"eventCategory":"Management"}`
  )
}

const kilobyte = 1024

const identities = new WeakMap<Caller, string>()

function identity(caller: Caller): string {
  const known = identities.get(caller)
  if (known !== undefined) return known
  const { type, principalId, arn, account, accessKeyId, userName, webIdentity } = caller
  const sessionContext = sessionOf(caller)
  const made = render(
    webIdentity
      ? { type: 'WebIdentityUser', principalId, userName: webIdentity.subject, identityProvider: arn }
      : { type, principalId, arn, accountId: account, accessKeyId, userName, sessionContext },
  )
  identities.set(caller, made)
  return made
}

/** Of temporary credentials: whose rights they have, and since when. */
function sessionOf({ session, roleArn, account }: Caller): AuditObject | undefined {
  if (!session) return undefined
  const { role, issuedAt, provider, sourceIdentity } = session
  return {
    sessionIssuer: role && {
      type: 'Role',
      principalId: role.id,
      arn: roleArn,
      accountId: account,
      userName: role.name,
    },
    webIdFederationData: provider === undefined ? undefined : { federatedProvider: provider },
    attributes: { creationDate: `${new Date(issuedAt).toISOString().slice(0, 19)}Z`, mfaAuthenticated: 'false' },
    sourceIdentity,
  }
}

/** What the owner of a key gets to know about a caller from another account. */
const foreignIdentity = ({ principalId, account }: Caller): string =>
  render({ type: 'AWSAccount', principalId, accountId: account })

const errorMembers = (code: string, message: string | undefined): string =>
  `,"errorCode":${quote(cut(code, kilobyte))}` +
  (message === undefined ? '' : `,"errorMessage":${quote(cut(message, kilobyte))}`)

// AWS gives aliases the type of keys.
const typeOf = (arn: string): string =>
  arn.startsWith('arn:aws:iam:') ? (arn.includes(':user/') ? 'AWS::IAM::User' : 'AWS::IAM::Role') : 'AWS::KMS::Key'

function resourceList(resources: readonly AuditResource[]): string {
  let list = ''
  for (const { account, arn } of resources) {
    list += `${list === '' ? '' : ','}{"accountId":"${account}","type":"${typeOf(arn)}","ARN":${quote(arn)}}`
  }
  return `[${list}]`
}

const tlsDetails = ({ version, cipherSuite, host, keyExchange }: NonNullable<ApiEvent['tls']>): string =>
  render({ tlsVersion: version, cipherSuite, clientProvidedHostHeader: cut(host, kilobyte), keyExchange })

let renderedSecond = Number.NaN
let renderedTime = ''

/** `YYYY-MM-DDThh:mm:ssZ`; one second's text serves all its records. */
function eventTime(at: number): string {
  const second = Math.floor(at / 1000)
  if (second !== renderedSecond) {
    renderedTime = `${new Date(at).toISOString().slice(0, 19)}Z`
    renderedSecond = second
  }
  return renderedTime
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const
const twoDigits = (value: number): string => String(value).padStart(2, '0')

/** A date inside parameters and response elements, in UTC, as CloudTrail prints it: `May 21, 2025, 5:47:45 AM`. */
export function auditDate(date: Date): string {
  const hour = date.getUTCHours()
  const time = `${hour % 12 || 12}:${twoDigits(date.getUTCMinutes())}:${twoDigits(date.getUTCSeconds())}`
  const day = `${months[date.getUTCMonth()]} ${date.getUTCDate()}, ${date.getUTCFullYear()}`
  return `${day}, ${time} ${hour < 12 ? 'AM' : 'PM'}`
}

/** CloudTrail's way with what is too large, seen in 2025: the size and the reason in place of the contents. */
function bounded(name: string, value: AuditObject | null, limit: number): string {
  if (value === null) return 'null'
  const text = render(value)
  if (text.length <= limit / 3) return text // At most three bytes of UTF-8 for each.
  const size = Buffer.byteLength(text)
  return size <= limit ? text : render({ omitted: true, originalSize: size, reason: `${name} too large` })
}

function render(value: AuditObject): string {
  return escape(holdsDate(value) ? JSON.stringify(value, printDates) : JSON.stringify(value))
}

/** JSON.stringify hands over what toJSON made of a date; the date itself is still in its holder. */
function printDates(this: Readonly<Record<string, unknown>>, name: string, value: unknown): unknown {
  const held = this[name]
  return held instanceof Date ? auditDate(held) : value
}

/** Also holds the line where a cast got around the types: bytes, maps and other classes are refused. */
function holdsDate(value: AuditObject | readonly AuditValue[]): boolean {
  if (isList(value)) return value.filter(isDateOrHoldsOne).length > 0
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TypeError('an audit record shows plain values only')
  }
  let found = false
  for (const name in value) if (isDateOrHoldsOne(value[name])) found = true
  return found
}

const isDateOrHoldsOne = (value: AuditValue | undefined): boolean =>
  typeof value === 'object' && value !== null && (value instanceof Date || holdsDate(value))

// Array.isArray does not narrow readonly arrays.
const isList = (value: readonly AuditValue[] | AuditObject): value is readonly AuditValue[] => Array.isArray(value)

const quote = (text: string): string => (needsNoEscape.test(text) ? `"${text}"` : escape(JSON.stringify(text)))
const needsNoEscape = /^[ !#-[\]-~]*$/

/** What JSON allows in a string, but readers may take for a line break, or a terminal for a command: DEL, C1, LS, PS. */
const escape = (json: string): string =>
  /^[ -~]*$/.test(json) ? json : json.replace(/[\u007f-\u009f\u2028\u2029]/g, asEscape)
const asEscape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

const encoder = new TextEncoder()
const scratch = new Uint8Array(kilobyte)

/** The longest beginning of whole characters that takes at most `limit` bytes (1 KB at most) in UTF-8. */
function cut(text: string, limit: number): string {
  if (text.length <= limit / 3) return text
  return text.slice(0, encoder.encodeInto(text, scratch.subarray(0, limit)).read)
}
