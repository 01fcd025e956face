import type { AuditEvent } from '../../api/types.ts'
import { principalOf, recordOf, resourcesOf } from './record.ts'

const columns: readonly (readonly [name: string, of: (event: AuditEvent) => string | undefined])[] = [
  ['eventTime', event => recordOf(event).eventTime],
  ['eventSource', event => event.EventSource],
  ['eventName', event => event.EventName],
  ['principal', event => principalOf(event)],
  ['accessKeyId', event => recordOf(event).userIdentity?.accessKeyId],
  ['resources', event => resourcesOf(event).join(' ')],
  ['readOnly', event => String(event.ReadOnly)],
  ['errorCode', event => event.ErrorCode],
  ['errorMessage', event => recordOf(event).errorMessage],
  ['sourceIPAddress', event => recordOf(event).sourceIPAddress],
  ['userAgent', event => recordOf(event).userAgent],
  ['awsRegion', event => recordOf(event).awsRegion],
  ['requestID', event => recordOf(event).requestID],
  ['eventID', event => event.EventId],
]

export const csvHead = columns.map(([name]) => name).join(',')

/** A line (RFC 4180). What a spreadsheet would take for a formula gets an apostrophe in front: callers choose their user agents. */
export const csvLine = (event: AuditEvent): string => columns.map(([, of]) => field(of(event) ?? '')).join(',')

function field(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}
