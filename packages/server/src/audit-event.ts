import { randomUUID } from 'node:crypto'
import type { ApiEvent, AuditEvent, ServiceAct, ServiceEvent } from './audit/record.ts'
import type { Signer } from './authenticate.ts'
import type { HttpRequest } from './http/server.ts'
import type { Key } from './keys/key.ts'
import type { Decision, Operation } from './operation.ts'
import { keyArn, splitArn } from './protocol/arn.ts'
import { headerOf } from './protocol/headers.ts'

/** A request whose sender is known, and what is found out about it: its audit records are made of this. */
export interface Call extends Signer {
  readonly requestId: string
  /** Epoch milliseconds: the one moment at which everything in this request is judged. */
  readonly now: number
  readonly request: HttpRequest
  readonly operation: Operation
  /** As decoded; absent when it could not be. */
  input?: unknown
  readonly keys: Key[]
  /** True once policies have let the caller; what is denied after that, a grant denies. */
  authorized?: boolean
}

/** The audit records of a call: of the call itself, then of whatever else it made happen. */
export function auditEvents(call: Call, decision: Decision<unknown>): AuditEvent[] {
  const event = auditEvent(call, decision)
  const wasDenied = !call.authorized || event.error?.code === 'AccessDeniedException'
  const events = forAccounts(event, wasDenied)
  if ('refusal' in decision) return events
  const { elsewhere = [], acts = [] } = decision
  return [
    ...events,
    ...elsewhere.map(other => ({ ...event, ...other, eventId: randomUUID() })),
    ...acts.map(act => serviceEvent(act, call.now)),
  ]
}

/**
 * One record for the account of the caller, and one for each other account whose key or role was used. A caller who was denied
 * does not learn from the first whether there is such a key, and causes none of the others.
 */
function forAccounts(event: ApiEvent, wasDenied: boolean): ApiEvent[] {
  const { resources, caller } = event
  if (resources.every(({ account }) => account === caller.account)) return [event]
  const of = (owner: string) => resources.filter(({ account }) => account === owner)
  const owners = new Set(resources.map(({ account }) => account))
  owners.delete(caller.account)
  if (wasDenied) return [{ ...event, resources: of(caller.account) }]
  const shared = { ...event, sharedEventId: randomUUID() }
  const others = [...owners].map(owner => ({
    ...shared,
    eventId: randomUUID(),
    recipient: owner,
    resources: of(owner),
  }))
  return [shared, ...others]
}

/** `at`: epoch milliseconds. */
export const serviceEvent = (act: ServiceAct, at: number): ServiceEvent => ({
  caller: 'service',
  eventId: randomUUID(),
  at,
  ...act,
})

/** What the handler adds, and in which key stores the keys are; ReEncrypt has two, whose names tell them apart. */
function additionalData(operation: Operation, keys: readonly Key[], { additional }: Decision<unknown>) {
  if (!keys.some(({ keyStore }) => keyStore)) return additional
  const names = Object.keys(operation.needs.keys)
  const stores = keys.flatMap((key, index) => {
    const name = names[index]
    const label = (text: string) =>
      names.length === 1 ? text : `${name}${text.charAt(0).toUpperCase()}${text.slice(1)}`
    const { id, xksKeyId } = key.keyStore ?? {}
    return id === undefined ? [] : [[label('customKeyStoreId'), id] as const, [label('xksKeyId'), xksKeyId] as const]
  })
  return { ...additional, ...Object.fromEntries(stores) }
}

/** What was asked, by whom, on what, and what came of it. */
function auditEvent(
  { requestId, now, request, operation, caller, region, input, keys }: Call,
  decision: Decision<unknown>,
): ApiEvent {
  const refusal = 'refusal' in decision ? decision.refusal : undefined
  return {
    eventId: randomUUID(),
    requestId,
    at: now,
    region,
    eventSource: `${operation.service}.amazonaws.com`,
    operation: operation.name,
    caller,
    sourceIp: request.peer,
    userAgent: headerOf(request.rawHeaders, 'user-agent') ?? '',
    readOnly: operation.audit.readOnly,
    requestParameters: input === undefined ? null : operation.audit.parameters(input),
    responseElements: refusal ? null : (decision.recorded ?? null),
    additionalEventData: refusal ? undefined : additionalData(operation, keys, decision),
    resources: [
      ...keys.map(key => ({ account: key.account, arn: keyArn(key) })),
      ...(decision.resources ?? []).map(arn => ({ account: splitArn(arn)?.account ?? caller.account, arn })),
    ],
    error: refusal && { code: refusal.code, message: refusal.hasMessage ? refusal.message : undefined },
    tls: request.tls && {
      version: request.tls.version,
      cipherSuite: request.tls.cipher,
      host: headerOf(request.rawHeaders, 'host') ?? '',
    },
  }
}
