import { randomUUID } from 'node:crypto'
import type { App } from './app.ts'
import { auditRecord } from './audit/record.ts'
import { auditEvents } from './audit-event.ts'
import { authenticate, type Signer } from './authenticate.ts'
import { Denial } from './auth/authorize.ts'
import type { Caller } from './auth/caller.ts'
import { grantOperations, type GrantOperation } from './auth/grants.ts'
import type { Conditions, Connection } from './auth/request-context.ts'
import { Authority, type Question } from './authority.ts'
import type { HttpRequest, HttpResponse } from './http/server.ts'
import type { Key } from './keys/key.ts'
import { requireState } from './keys/states.ts'
import { locate, requireGrant } from './locate.ts'
import { isReachable } from './operations/key-stores.ts'
import type { Sources } from './operations/material-changes.ts'
import {
  dryRunSucceeded,
  questionOn,
  type Context,
  type Decision,
  type KeyNeed,
  type Operation,
  type Unidentified,
} from './operation.ts'
import { aliasArn, keyArn } from './protocol/arn.ts'
import { KmsError, kmsError } from './protocol/errors.ts'
import { headerOf } from './protocol/headers.ts'
import { requireFit } from './protocol/shape.ts'
import { SealError } from './seal/seal.ts'
import { TamperedRow, type Change, type View } from './store/documents.ts'
import { wireOf } from './wire.ts'

/** What is known of a request so far; the audit record is made of it. */
export interface Trace {
  readonly requestId: string
  /** Epoch milliseconds: the one moment at which everything in this request is judged. */
  readonly now: number
  readonly request: HttpRequest
  operation?: Operation
  region?: string
  caller?: Caller
  /** As decoded; absent when it could not be. */
  input?: unknown
  keys: Key[]
  /** True once policies have let the caller. */
  authorized?: boolean
}

/** Those who change a row take turns, but may be pushed aside by others: who comes later, or uses it without a change. */
const mostAttempts = 200

/**
 * One request, from bytes to bytes. Handlers decide; the commit makes their changes and the audit record durable
 * together, or refuses because something that the decision relied on has moved, and then it is decided again. No answer
 * leaves before its record is durable.
 */
export async function answer(app: App, request: HttpRequest): Promise<HttpResponse> {
  const started = performance.now()
  const trace: Trace = { requestId: randomUUID(), now: app.now(), request, keys: [] }
  const wire = wireOf(request)
  try {
    const { operation, decode } = wire.route(request)
    trace.operation = operation
    const scope = { now: new Date(trace.now), regions: app.regions, service: operation.service }
    const { identify } = operation
    const sign = (view: View): Promise<Signer> =>
      identify
        ? signUnsigned(app, view, { ...trace, operation }, context => identify(context, decode()))
        : authenticate(app, view, request, scope)
    return await settle(app, { ...trace, operation }, { decode, sign }, decision => {
      const code = 'refusal' in decision ? decision.refusal.code : 'OK'
      app.observe(operation.name, code, (performance.now() - started) / 1000)
      return 'refusal' in decision
        ? wire.encodeError(decision.refusal, trace.requestId, operation)
        : wire.encode(operation, decision.output, trace.requestId)
    })
  } catch (error) {
    // Nobody was authenticated, or nothing could be recorded: there is no audit entry to be had.
    if (error instanceof KmsError) {
      app.log({ level: 'info', event: 'refused', requestId: trace.requestId, peer: request.peer, code: error.code })
    } else {
      report(app, trace, error)
    }
    return wire.encodeError(toKmsError(error), trace.requestId, trace.operation)
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
  const trace = { requestId: randomUUID(), now: app.now(), request, operation, keys: [] }
  const decode = (): unknown => {
    requireFit(operation.input, input)
    return structuredClone(input) // It is wiped after each attempt.
  }
  return await settle({ ...app, quotas: undefined }, trace, { decode, sign: who }, decision => {
    if ('refusal' in decision) throw decision.refusal
    return structuredClone(decision.output) as O // The caller knows the operation; the original is wiped.
  })
}

/** In place of a signer, who sends an unsigned request. It is for the first Region, as those to AWS's global endpoint are. */
async function signUnsigned(
  { services }: App,
  view: View,
  { now, requestId, operation }: Trace & { operation: Operation },
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
  trace: Trace & { operation: Operation },
  { decode, sign }: Reading,
  use: (decision: Decision<unknown>) => T,
): Promise<T> {
  const { operation } = trace
  let endTurn: (() => void) | undefined
  try {
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      const view = app.store.view()
      const { caller, region, identity } = await sign(view)
      const asker = { ...trace, caller, region, identity, keys: [] }
      const decision = await decide(app, view, asker, decode)
      try {
        const events = auditEvents(asker, decision)
        const entries = events.map(event => ({ at: trace.now, record: auditRecord(event) }))
        const { changes = [] } = decision
        if ((await app.store.commit(view, changes, entries)) === 'conflict') {
          if (changes.length > 0) endTurn ??= await app.turns.take(changes.map(rowOf))
          continue
        }
        for (const event of events) app.services.lastUsage.note(event)
        app.services.accessKeyUses.note(asker)
        if (decision.failure) report(app, asker, decision.failure)
        return use(decision)
      } finally {
        wipe(asker.input)
        if ('output' in decision) wipe(decision.output)
      }
    }
    throw new Error(`${operation.name} lost the race for its rows ${mostAttempts} times`)
  } finally {
    endTurn?.()
  }
}

const rowOf = (change: Change): string => `${'put' in change ? change.put : change.remove} ${change.id}`

/** With what it was, if it was a failure of ours: to be reported once it is sure that it did not come of a stale read. */
type Verdict = Decision<unknown> & { failure?: unknown }

/** Everything between authentication and commit. A refusal is a decision too, and is recorded like any other. */
async function decide(app: App, view: View, trace: Authenticated, decode: () => unknown): Promise<Verdict> {
  try {
    const { operation, caller, region, now, requestId, identity } = trace
    const input = (trace.input = decode())
    admit(app, trace)
    operation.needs.precheck?.(input)
    const sources = { view, seal: app.seal }
    const asker = { caller, now, region, connection: connectionOf(trace.request) }
    const authority = await Authority.of(view, identity, asker)
    const context = {
      ...app.services,
      now,
      requestId,
      operation: operation.name,
      caller,
      authority,
      region,
      view,
      keys: {},
    }
    await findKeys(app, sources, trace, context, input)
    // Only here, since nobody is told more of a key of another account than that it may not be used.
    for (const token of grantTokensOf(input)) await requireGrant(sources, token, region)
    await operation.needs.check?.(context, input)
    await requireFitness(operation, context.keys, view, now)
    const decision = await operation.handle(context, input)
    if (!isDryRun(input) || 'refusal' in decision) return decision
    wipe(decision.output)
    return { refusal: dryRunSucceeded() }
  } catch (error) {
    if (error instanceof Denial) return await denied(app, view, trace, error)
    return { refusal: toKmsError(error), ...(!(error instanceof KmsError) && { failure: error }) }
  }
}

/** How long it can be asked why a request was denied, in milliseconds. */
const explanationLifetime = 7 * 24 * 60 * 60 * 1000

/** The caller learns as much as the service tells; why, whoever may ask for it later. */
async function denied(
  { explanations, monotonic }: App,
  view: View,
  { requestId, now, operation, caller }: Authenticated,
  denial: Denial,
): Promise<Verdict> {
  const traces = await denial.explain()
  const document = { requestId, at: now, operation: operation.name, traces, erasedAt: now + explanationLifetime }
  if (!explanations.admits(caller.account, JSON.stringify(traces).length, monotonic())) return { refusal: denial }
  await view.get('explanation', requestId)
  return { refusal: denial, changes: [{ put: 'explanation', id: requestId, document }] }
}

type Authenticated = Trace & { operation: Operation } & Signer
type Keys = Record<string, Key>
type HandlerContext = Context & { keys: Keys }

/** Within the quotas, of which some depend on the keys. */
function admit(app: App, { request, operation, caller, region, input }: Authenticated, keys?: Key[]): void {
  if (!app.quotas) return
  const asked = { request, operation: operation.name, account: caller.account, region, now: app.monotonic(), input }
  app.quotas.admit(asked, keys)
}

/**
 * The keys that the request means, if there are such, and the caller may. It counts anyway, but a stranger uses up no quota
 * of a key that is not for it.
 */
async function findKeys(
  app: App,
  sources: Sources,
  trace: Authenticated,
  context: HandlerContext,
  input: unknown,
): Promise<void> {
  try {
    await locateAll(sources, trace, context, input)
    await authorizeAll(trace, context, input, await trace.operation.needs.keyConditions?.(context))
    trace.authorized = true
  } catch (error) {
    // That one key is not there must not tell whether another one, of another account, is.
    const { keys, caller } = trace
    if (!(error instanceof Denial) && keys.some(({ account }) => account !== caller.account)) {
      await authorizeAll(trace, context, input)
    }
    throw error
  } finally {
    const { keys, caller } = trace
    admit(app, trace, trace.authorized ? keys : keys.filter(({ account }) => account === caller.account))
  }
}

/** Finds each key that the request means, as one version each: everything after decides about, and uses, that one. */
async function locateAll(
  sources: Sources,
  trace: Authenticated,
  context: HandlerContext,
  input: unknown,
): Promise<void> {
  const { operation, caller, region } = trace
  for (const [name, need] of Object.entries(operation.needs.keys)) {
    const action = need.action ?? operation.needs.action ?? `kms:${operation.name}`
    // What the caller's account may know of a key that is there, it is told of one that is not.
    const foreign = (account: string): Denial =>
      context.authority.refuse(action, async () => {
        const asked = await told(operation, context, input)
        const { named, ...question } = { ...asked, ...onKey(operation, need, input, asked) }
        return { ...question, ...(named !== undefined && { resource: named }), account }
      })
    const key = await locate(sources, need, input, { account: caller.account, region, foreign })
    if (!key) continue
    context.keys[name] = key
    trace.keys.push(key)
  }
}

/** The operation's own action on each of its resources, and whatever else it needs; all must be allowed. */
async function authorizeAll(
  { operation, caller, region }: Authenticated,
  context: HandlerContext,
  input: unknown,
  keyConditions?: Conditions,
): Promise<void> {
  const { needs } = operation
  const { action, alias } = needs
  if (action === null) return
  const { keys, authority } = context
  // No condition can be put on an alias.
  if (alias)
    await authority.require({ action, resource: aliasArn({ account: caller.account, region, name: alias(input) }) })
  const asked = { ...(await told(operation, context, input)), ...(keyConditions && { keyConditions }) }
  let isOnKeys = alias !== undefined
  for (const [name, key] of Object.entries(keys)) {
    const need = needs.keys[name]
    if (!need || need.action === null) {
      if (key.account !== caller.account) {
        throw authority.refuse(action, () => ({ ...asked, ...(need && onKey(operation, need, input, asked)), key }))
      }
      continue
    }
    isOnKeys = true
    await authority.require({ ...asked, ...onKey(operation, need, input, asked), action: need.action ?? action, key })
  }
  if (!isOnKeys) {
    const resource = (await needs.resource?.(input, context)) ?? { arn: '*' }
    await authority.require({ ...asked, action, ...questionOn(resource) })
  }
  for (const question of (await needs.also?.(context, input)) ?? []) await authority.require(question)
}

/** What policies are told of the request, whatever key it is on. */
async function told({ needs }: Operation, context: HandlerContext, input: unknown): Promise<Partial<Question>> {
  const conditions = await needs.conditions?.(input, context)
  const requestTags = needs.requestTags?.(input)
  return {
    ...(needs.crossAccount && { crossAccount: true }),
    ...(conditions && { conditions }),
    ...(requestTags && { requestTags }),
  }
}

/** What policies and grants are told of the use of a key. */
function onKey(
  { needs }: Operation,
  need: KeyNeed<unknown>,
  input: unknown,
  { conditions }: Partial<Question>,
): Partial<Question> {
  const identifier = need.identifier(input)
  const encryptionContext = (need.encryptionContext ?? needs.encryptionContext)?.(input)
  const grantOperation = grantable.get(need.action ?? needs.action ?? '')
  const child = needs.child?.(input)
  const named = needs.alias === undefined && need.aliases ? aliasIn(identifier) : undefined
  return {
    ...(need.conditions && { conditions: { ...conditions, ...need.conditions(input) } }),
    ...(encryptionContext && { encryptionContext }),
    ...(named !== undefined && { requestAlias: named }),
    ...(grantOperation && {
      grantable: {
        operation: grantOperation,
        ...(encryptionContext && { encryptionContext }),
        ...(child && { child }),
      },
    }),
    isHidden: need.ciphertext !== undefined && identifier === undefined,
    ...(identifier !== undefined && { named: identifier }),
  }
}

/** By action. */
const grantable: ReadonlyMap<string, GrantOperation> = new Map(grantOperations.map(name => [`kms:${name}`, name]))

/** The alias by which a request names a key, if it does. */
function aliasIn(identifier = ''): string | undefined {
  const at = identifier.startsWith('alias/') ? 0 : identifier.indexOf(':alias/') + 1
  return identifier.startsWith('alias/', at) ? identifier.slice(at) : undefined
}

function connectionOf({ peer, tls, rawHeaders }: HttpRequest): Connection {
  const userAgent = headerOf(rawHeaders, 'user-agent')
  const referer = headerOf(rawHeaders, 'referer')
  return {
    peer,
    isSecure: tls !== undefined,
    ...(userAgent !== undefined && { userAgent }),
    ...(referer !== undefined && { referer }),
  }
}

/** What each key must be: of the right usage, of the right origin, in the right state. */
async function requireFitness(operation: Operation, keys: Keys, view: View, now: number): Promise<void> {
  for (const [name, key] of Object.entries(keys)) {
    const need = operation.needs.keys[name]
    if (need?.usage !== undefined && key.usage !== need.usage) {
      throw kmsError(
        'InvalidKeyUsageException',
        `${keyArn(key)} key usage is ${key.usage} which is not valid for ${operation.name}.`,
      )
    }
    if (need?.origin !== undefined && key.origin !== need.origin) {
      throw kmsError(
        'UnsupportedOperationException',
        `${keyArn(key)} origin is ${key.origin} which is not valid for this operation.`,
      )
    }
    if (need) requireState(key, need.states, now, await isReachable(view, key))
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

function report(app: App, { requestId, operation }: Trace, error: unknown): void {
  const failure = error instanceof Error ? error : new Error(String(error))
  app.log({
    level: 'error',
    event: isDamage(failure) ? 'tampered row' : 'internal error',
    requestId,
    ...(operation && { operation: operation.name }),
    error: failure.name,
    detail: failure.message,
    ...(failure.stack !== undefined && { stack: failure.stack }),
  })
}
