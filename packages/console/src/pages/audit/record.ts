import type { AuditEvent } from '../../api/types.ts'

/** What the console reads of a record; it has CloudTrail's shape. */
export interface AuditRecord {
  eventTime?: string
  awsRegion?: string
  sourceIPAddress?: string
  userAgent?: string
  errorCode?: string
  errorMessage?: string
  requestID?: string
  eventType?: string
  userIdentity?: {
    type?: string
    principalId?: string
    arn?: string
    accountId?: string
    accessKeyId?: string
    userName?: string
    invokedBy?: string
  }
  resources?: readonly { ARN?: string; accountId?: string; type?: string }[] | null
}

const read = new WeakMap<AuditEvent, AuditRecord>()

export function recordOf(event: AuditEvent): AuditRecord {
  const known = read.get(event)
  if (known) return known
  const record = JSON.parse(event.Record) as AuditRecord // It is what the server has written.
  read.set(event, record)
  return record
}

export const isDenied = ({ ErrorCode = '' }: AuditEvent): boolean => ErrorCode.startsWith('AccessDenied')

/** An ARN; of a caller from another account its account, which is all that is told; of the server itself nothing. */
export function principalOf(event: AuditEvent): string | undefined {
  const { arn, accountId, invokedBy, principalId } = recordOf(event).userIdentity ?? {}
  return invokedBy === undefined ? (event.Principal ?? arn ?? accountId ?? principalId) : undefined
}

export const resourcesOf = (event: AuditEvent): string[] =>
  (recordOf(event).resources ?? []).flatMap(({ ARN }) => (ARN === undefined ? [] : [ARN]))
