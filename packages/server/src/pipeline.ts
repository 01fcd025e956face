import { randomUUID } from 'node:crypto'
import type { App } from './app.ts'
import { auditRecord } from './audit/record.ts'
import { auditEvents, type Call } from './audit-event.ts'
import { authenticate, type Signer } from './authenticate.ts'
import { Denial } from './auth/denial.ts'
import type { Caller } from './auth/caller.ts'
import { connectionOf } from './auth/request-context.ts'
import { Authority } from './authority.ts'
import type { HttpRequest, HttpResponse } from './http/server.ts'
import type { Key } from './keys/key.ts'
import { locate, requireFitness, requireGrant } from './locate.ts'
import type { Sources } from './operations/material-changes.ts'
import { dryRunSucceeded, type Decision, type Operation, type Unidentified } from './operation.ts'
import { KmsError, kmsError } from './protocol/errors.ts'
import { requireFit } from './protocol/shape.ts'
import { absent, authorize, type CallContext } from './questions.ts'
import { SealError } from './seal/seal.ts'
import { rowOf, TamperedRow, type View } from './store/documents.ts'
import { wireOf } from './wire.ts'

/** A request of which it is not known who asks. */
type Arrived = Pick<Call, 'requestId' | 'now' | 'request' | 'operation'>

/** Those who change a row take turns, but may be pushed aside by others: who comes later, or uses it without a change. */
const mostAttempts = 200

/**
 * One request, from bytes to bytes. Handlers decide; the commit makes their changes and the audit record durable
 * together, or refuses because something that the decision relied on has moved, and then it is decided again. No answer
 * leaves before its record is durable.
 */
export async function answer(app: App, request: HttpRequest): Promise<HttpResponse> {
  const started = performance.now()
  const requestId = randomUUID()
  const now = app.now()
  const wire = wireOf(request)
  let operation: Operation | undefined
  try {
    const found = wire.route(request)
    const routed = found instanceof Promise ? await found : found
    operation = routed.operation
    const { name, service, identify } = operation
    const arrived = { requestId, now, request, operation }
    const { decode } = routed
    const scope = { now: new Date(now), regions: app.regions, service }
    const sign = (view: View): Promise<Signer> =>
      identify
        ? signUnsigned(app, view, arrived, context => identify(context, decode()))
        : authenticate(app, view, request, scope)
    return await settle(app, arrived, { decode, sign }, decision => {
      const code = 'refusal' in decision ? decision.refusal.code : 'OK'
      app.observe(name, code, (performance.now() - started) / 1000)
      return 'refusal' in decision
        ? wire.encodeError(decision.refusal, requestId, routed.operation)
        : wire.encode(routed.operation, decision.output, requestId)
    })
  } catch (error) {
    // Nobody was authenticated, or nothing could be recorded: there is no audit entry to be had.
    if (error instanceof KmsError) {
      app.log({ level: 'info', event: 'refused', requestId, peer: request.peer, code: error.code })
    } else {
      report(app, requestId, operation, error)
    }
    return wire.encodeError(toKmsError(error), requestId, operation)
  }
}

/**
 * Does what an operation does on behalf of the server itself: checked, decided and recorded as if it had been asked for.
 *
 * @param who says as whom
 * @param agent what the audit record has for the user agent
 * @returns the output
 * @throws KmsError if it is refused
 */
export async function perform<O>(
  app: App,
  operation: Operation,
  input: object,
  { who, agent }: { who: (view: View) => Promise<Signer>; agent: string },
): Promise<O> {
  const rawHeaders = ['User-Agent', agent]
  const request = { method: 'POST', target: '/', rawHeaders, body: Buffer.alloc(0), peer: '127.0.0.1', tls: undefined }
  const arrived = { requestId: randomUUID(), now: app.now(), request, operation }
  const decode = (): unknown => {
    requireFit(operation.input, input)
    return structuredClone(input) // It is wiped after each attempt.
  }
  return await settle({ ...app, quotas: undefined }, arrived, { decode, sign: who }, decision => {
    if ('refusal' in decision) throw decision.refusal
    return structuredClone(decision.output) as O // The caller knows the operation; the original is wiped.
  })
}

/** In place of a signer, who sends an unsigned request. It is for the first Region, as those to AWS's global endpoint are. */
async function signUnsigned(
  { services }: App,
  view: View,
  { now, requestId, operation }: Arrived,
  identify: (context: Unidentified) => Promise<Caller>,
): Promise<Signer> {
  const caller = await identify({ ...services, now, requestId, operation: operation.name, view })
  return { caller, identity: undefined, region: services.settings.regions[0] ?? '' }
}

/** How a request is read, and who asks. */
interface Reading {
  decode: () => unknown
  sign: (view: View) => Promise<Signer>
}

/**
 * Decides and commits, until nothing that was decided on has moved meanwhile.
 *
 * @param use gets the decision once it is durable, and before its secrets are wiped
 */
async function settle<T>(
  app: App,
  arrived: Arrived,
  { decode, sign }: Reading,
  use: (decision: Decision<unknown>) => T,
): Promise<T> {
  let endTurn: (() => void) | undefined
  try {
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      const view = app.store.view()
      const call: Call = { ...arrived, ...(await sign(view)), keys: [] }
      const decision = await decide(app, view, call, decode)
      try {
        const events = auditEvents(call, decision)
        const entries = events.map(event => ({ at: call.now, record: auditRecord(event) }))
        const { changes = [] } = decision
        if ((await app.store.commit(view, changes, entries)) === 'conflict') {
          if (changes.length > 0) endTurn ??= await app.turns.take(changes.map(rowOf))
          continue
        }
        for (const event of events) app.services.lastUsage.note(event)
        app.services.accessKeyUses.note(call)
        if (decision.failure) report(app, call.requestId, call.operation, decision.failure)
        return use(decision)
      } finally {
        wipe(call.input)
        if ('output' in decision) wipe(decision.output)
      }
    }
    throw new Error(`${arrived.operation.name} lost the race for its rows ${mostAttempts} times`)
  } finally {
    endTurn?.()
  }
}

/** With what it was, if it was a failure of ours: to be reported once it is sure that it did not come of a stale read. */
type Verdict = Decision<unknown> & { failure?: unknown }

/** Everything between authentication and commit. A refusal is a decision too, and is recorded like any other. */
async function decide(app: App, view: View, call: Call, decode: () => unknown): Promise<Verdict> {
  try {
    const { operation, caller, region, now, requestId, identity } = call
    const input = (call.input = decode())
    admit(app, call)
    operation.needs.precheck?.(input)
    const sources = { view, seal: app.seal }
    const circumstances = { caller, now, region, connection: connectionOf(call.request) }
    const authority = await Authority.of(view, identity, circumstances)
    const asked = { now, requestId, operation: operation.name, caller, authority, region, view }
    const context: CallContext = { ...app.services, ...asked, keys: {} }
    await findKeys(app, sources, call, context)
    // Only here, since nobody is told more of a key of another account than that it may not be used.
    for (const token of grantTokensOf(input)) await requireGrant(sources, token, region)
    await operation.needs.check?.(context, input)
    await requireFitness(operation, context.keys, view, now)
    const decision = await operation.handle(context, input)
    if (!isDryRun(input) || 'refusal' in decision) return decision
    wipe(decision.output)
    return { refusal: dryRunSucceeded() }
  } catch (error) {
    if (error instanceof Denial) return await denied(app, view, call, error)
    return { refusal: toKmsError(error), ...(!(error instanceof KmsError) && { failure: error }) }
  }
}

/** The caller learns as much as the service tells; why, whoever may ask for it later. Without that it is denied all the same. */
async function denied(app: App, view: View, call: Call, denial: Denial): Promise<Verdict> {
  try {
    return { refusal: denial, changes: await app.explanations.keep(view, call, denial, app.monotonic()) }
  } catch (failure) {
    return { refusal: denial, failure }
  }
}

/** Within the quotas, of which some depend on the keys. */
function admit(app: App, { request, operation, caller, region, input }: Call, keys?: Key[]): void {
  if (!app.quotas) return
  const asked = { request, operation: operation.name, account: caller.account, region, now: app.monotonic(), input }
  app.quotas.admit(asked, keys)
}

/**
 * The keys that the request means, if there are such, and the caller may. It counts anyway, but a stranger uses up no quota
 * of a key that is not for it.
 */
async function findKeys(app: App, sources: Sources, call: Call, context: CallContext): Promise<void> {
  const { keys, caller } = call
  const own = (): Key[] => keys.filter(({ account }) => account === caller.account)
  try {
    await locateAll(sources, call, context)
    await authorize(call, context, await call.operation.needs.keyConditions?.(context))
    call.authorized = true
  } catch (error) {
    // That one key is not there must not tell whether another one, of another account, is.
    if (!(error instanceof Denial) && own().length < keys.length) await authorize(call, context)
    throw error
  } finally {
    admit(app, call, call.authorized ? keys : own())
  }
}

/** Finds each key that the request means, as one version each: everything after decides about, and uses, that one. */
async function locateAll(sources: Sources, call: Call, context: CallContext): Promise<void> {
  const { operation, caller, region, input, keys } = call
  for (const [name, need] of Object.entries(operation.needs.keys)) {
    const foreign = (account: string): Denial => absent(call, context, need, account)
    const key = await locate(sources, need, input, { account: caller.account, region, foreign })
    if (!key) continue
    context.keys[name] = key
    keys.push(key)
  }
}

/** Blobs were decoded, or made, for this request alone; some of them are plaintexts. */
function wipe(members: unknown): void {
  for (const value of Object.values(members ?? {})) if (value instanceof Uint8Array) value.fill(0)
}

/** No grant has to wait to take effect, so a token that names one adds nothing. */
const grantTokensOf = (input: unknown): readonly string[] =>
  (input as { GrantTokens?: readonly string[] }).GrantTokens ?? [] // Any operation's input.
const isDryRun = (input: unknown): boolean => (input as { DryRun?: boolean }).DryRun === true // Any operation's input.

/** Errors meant for the caller pass; anything else is ours, and tells the caller nothing. */
function toKmsError(error: unknown): KmsError {
  if (error instanceof KmsError) return error
  return kmsError(isDamage(error) ? 'KeyUnavailableException' : 'KMSInternalException')
}

/** What is stored is not what this server stored. */
const isDamage = (error: unknown): boolean => error instanceof TamperedRow || error instanceof SealError

function report({ log }: App, requestId: string, operation: Operation | undefined, error: unknown): void {
  const failure = error instanceof Error ? error : new Error(String(error))
  log({
    level: 'error',
    event: isDamage(failure) ? 'tampered row' : 'internal error',
    requestId,
    ...(operation && { operation: operation.name }),
    error: failure.name,
    detail: failure.message,
    ...(failure.stack !== undefined && { stack: failure.stack }),
  })
}
