import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { HttpRequest } from '../../packages/server/src/http/server.ts'
import { answer } from '../../packages/server/src/pipeline.ts'
import { sign } from '../../packages/server/src/protocol/sigv4.ts'
import { identityRow } from '../../packages/server/src/store/documents.ts'
import { allow, document, userWith, type Identity } from '../../packages/server/test/support/identities.ts'
import { start, type Credentials } from '../../packages/server/test/support/server.ts'

/**
 * Whoever was told that something is forbidden now must never see it happen later: a request that begins after the answer
 * to RevokeGrant, DisableKey or PutKeyPolicy is refused, whatever others have in flight. Requests go through the pipeline,
 * signed, without a socket in between, so that they race as closely as they can.
 */
const callers = 64
/** Of each kind of change. `KEYREEVE_TRIALS=2500` makes 10,000 in all, and takes some minutes. */
const trials = Number(process.env['KEYREEVE_TRIALS'] ?? 200)
/** Requests that begin after the answer, in each trial. */
const probes = 16

const server = await start()
after(() => server.stop())
const kms = server.client()
const administrator: Credentials = server

function request(by: Credentials & { sessionToken?: string }, operation: string, input: object): HttpRequest {
  const body = Buffer.from(JSON.stringify(input))
  const rawHeaders = ['host', 'localhost', 'x-amz-target', `TrentService.${operation}`]
  rawHeaders.push('content-type', 'application/x-amz-json-1.1')
  const unsigned = { method: 'POST', target: '/', rawHeaders, body }
  const credentials = { accessKeyId: by.accessKeyId, secret: Buffer.from(by.secretAccessKey) }
  const scope = { now: new Date(server.clock.now()), region: 'us-east-1', service: 'kms' }
  const signed = Object.entries(sign(unsigned, credentials, scope)).flat()
  return { ...unsigned, rawHeaders: [...rawHeaders, ...signed], peer: '127.0.0.1', tls: undefined }
}

interface Answered {
  status: number
  text: string
}

async function send(asked: HttpRequest): Promise<Answered> {
  const { status, body } = await answer(server.app, asked)
  return { status, text: typeof body === 'string' ? body : Buffer.from(body).toString() }
}

async function mustDo(operation: string, input: object): Promise<Record<string, string>> {
  const { status, text } = await send(request(administrator, operation, input))
  assert.equal(status, 200, `${operation}: ${text}`)
  return text === '' ? {} : (JSON.parse(text) as Record<string, string>)
}

/** Something that is allowed, and what forbids it and allows it again. */
interface Contest {
  as: Identity
  KeyId: string
  refusal: RegExp
  forbid: () => Promise<unknown>
  allow: () => Promise<unknown>
}

async function freshKey(Policy?: string): Promise<string> {
  const { KeyMetadata } = await kms.createKey(Policy === undefined ? {} : { Policy })
  return KeyMetadata?.KeyId ?? ''
}

const root = { Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::000000000000:root' }, Action: 'kms:*', Resource: '*' }
const policyFor = (arn: string): string =>
  JSON.stringify(document(root, { Effect: 'Allow', Principal: { AWS: arn }, Action: 'kms:Encrypt', Resource: '*' }))
const justRoot = JSON.stringify(document(root))

const contests: Record<string, () => Promise<Contest>> = {
  async RevokeGrant() {
    const as = await userWith(server, 'grantee')
    const KeyId = await freshKey()
    const grant = async () => {
      const input = { KeyId, GranteePrincipal: as.arn, Operations: ['Encrypt'] }
      GrantId = (await mustDo('CreateGrant', input))['GrantId'] ?? ''
    }
    let GrantId = ''
    await grant()
    const refusal = /^\{"__type":"AccessDeniedException"/
    return { as, KeyId, refusal, forbid: () => mustDo('RevokeGrant', { KeyId, GrantId }), allow: grant }
  },
  async DisableKey() {
    const as = await userWith(server, 'user', allow('kms:Encrypt'))
    const KeyId = await freshKey()
    const refusal = /^\{"__type":"DisabledException"/
    return {
      as,
      KeyId,
      refusal,
      forbid: () => mustDo('DisableKey', { KeyId }),
      allow: () => mustDo('EnableKey', { KeyId }),
    }
  },
  async PutKeyPolicy() {
    const as = await userWith(server, 'named')
    const KeyId = await freshKey(policyFor(as.arn))
    const put = (Policy: string) => () => mustDo('PutKeyPolicy', { KeyId, Policy })
    return {
      as,
      KeyId,
      refusal: /^\{"__type":"AccessDeniedException"/,
      forbid: put(justRoot),
      allow: put(policyFor(as.arn)),
    }
  },
  async 'a change of the policies of a user'() {
    const as = await userWith(server, 'changing', allow('kms:Encrypt'))
    const KeyId = await freshKey()
    const put = (inline: [string, string][]) => async () => {
      const view = server.app.store.view()
      const row = identityRow('000000000000', 'changing')
      const user = await view.get('user', row)
      assert.ok(user)
      assert.equal(
        await server.app.store.commit(view, [{ put: 'user', id: row, document: { ...user, inline } }], []),
        'committed',
      )
    }
    const rights = JSON.stringify(allow('kms:Encrypt'))
    return {
      as,
      KeyId,
      refusal: /^\{"__type":"AccessDeniedException"/,
      forbid: put([]),
      allow: put([['rights', rights]]),
    }
  },
}

/** Counts how many answers came of requests that began while it was forbidden, and how many raced it. */
async function contest({ as, KeyId, refusal, forbid, allow: permit }: Contest, rounds: number) {
  // Signatures are good for five minutes.
  let asked = request(as, 'Encrypt', { KeyId, Plaintext: 'AAAA' })
  let [epoch, isForbidden, isOver, late, raced, stale] = [0, false, false, 0, 0, 0]
  let wake = (): void => {}
  const call = async (): Promise<void> => {
    while (!isOver) {
      const [begun, mustRefuse] = [epoch, isForbidden]
      const { status, text } = await send(asked)
      const isAllowed = status === 200
      assert.ok(isAllowed || refusal.test(text), text)
      // Neither forbidden nor allowed anew since it began.
      if (mustRefuse && epoch === begun) {
        if (isAllowed) stale++
        if (++late >= probes) wake()
      } else raced++
    }
  }
  const running = Array.from({ length: callers }, call)
  for (let round = 0; round < rounds; round++) {
    if (round % 500 === 0) asked = request(as, 'Encrypt', { KeyId, Plaintext: 'AAAA' })
    await forbid()
    late = 0
    isForbidden = true
    await new Promise<void>(resolve => (wake = resolve))
    isForbidden = false
    epoch++
    await permit()
  }
  isOver = true
  await Promise.all(running)
  return { stale, raced }
}

for (const [name, prepare] of Object.entries(contests)) {
  test(`nothing is allowed after the answer to ${name}: ${trials} trials with ${callers} callers`, async t => {
    const { stale, raced } = await contest(await prepare(), trials)
    t.diagnostic(`${raced} requests raced the changes, ${trials * probes} or more began after them`)
    assert.equal(stale, 0)
    assert.ok(raced > trials, 'hardly anything raced')
  })
}

test('a change that is told too early is noticed', async () => {
  const made = await contests['DisableKey']?.()
  assert.ok(made)
  let change: Promise<unknown> = Promise.resolve()
  const tooEarly = {
    ...made,
    // The answer comes before the change.
    async forbid() {
      change = wait(50).then(made.forbid)
    },
    async allow() {
      await change
      await made.allow()
    },
  }
  const { stale } = await contest(tooEarly, 3)
  assert.ok(stale > 0)
})
