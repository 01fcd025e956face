import assert from 'node:assert/strict'
import { createSecretKey, randomUUID } from 'node:crypto'
import { beforeEach, test } from 'node:test'
import type { Key } from '../src/keys/key.ts'
import { LastUsage, type Told } from '../src/last-usage.ts'
import type { LogEvent } from '../src/log.ts'
import { keyArn } from '../src/protocol/arn.ts'
import { DocumentStore, keyRow } from '../src/store/documents.ts'
import type { Commit, CommitResult } from '../src/store/store.ts'
import { emptyMemory, MemoryEngine, type Memory } from './support/memory-engine.ts'

const second = 1000
const start = Date.UTC(2026, 10, 24)
const macKey = createSecretKey(Buffer.alloc(32, 1))

/** An engine that counts what it is asked, and does what a test wants before a commit. */
class WatchedEngine extends MemoryEngine {
  commits: Commit[] = []
  asked: number[] = []
  before: (commit: Commit) => Promise<CommitResult | undefined> = async () => undefined

  override async commit(commit: Commit): Promise<CommitResult> {
    const result = (await this.before(commit)) ?? (await super.commit(commit))
    if (result === 'committed') this.commits.push(commit)
    return result
  }

  override async entries(after: number, limit: number) {
    const found = await super.entries(after, limit)
    this.asked.push(...found.map(({ sequence }) => sequence))
    return found
  }
}

/** One process on a store. */
interface Process {
  engine: WatchedEngine
  store: DocumentStore
  lastUsage: LastUsage
}

let memory: Memory
let logged: LogEvent[]
let running: Process
beforeEach(async () => {
  memory = emptyMemory()
  logged = []
  running = await open(memory)
})

async function open(on: Memory): Promise<Process> {
  const engine = new WatchedEngine(on)
  const store = new DocumentStore(engine, { storeId: 'x', macKey })
  const lastUsage = new LastUsage(store, event => void logged.push(event), start)
  await lastUsage.recover()
  return { engine, store, lastUsage }
}

/** What a crash leaves now. */
const afterCrash = () => open({ rows: new Map(memory.rows), entries: [...memory.entries], meta: new Map(memory.meta) })

function makeKey(place: Partial<Key> = {}): Key {
  return {
    account: '111122223333',
    region: 'us-east-1',
    id: randomUUID(),
    createdAt: start,
    description: '',
    spec: 'SYMMETRIC_DEFAULT',
    usage: 'ENCRYPT_DECRYPT',
    origin: 'AWS_KMS',
    enabled: true,
    policy: '{}',
    tags: [],
    aliases: [],
    materials: [],
    onDemandRotations: 0,
    grants: 0,
    ...place,
  }
}

const rowOf = ({ account, region, id }: Key): string => keyRow(account, region, id)

async function newKeys(count: number): Promise<Key[]> {
  const keys = Array.from({ length: count }, () => makeKey())
  for (const key of keys) await put(key)
  return keys
}

async function newKey(): Promise<Key> {
  const [key] = await newKeys(1)
  assert.ok(key)
  return key
}

async function put(key: Key): Promise<void> {
  const view = running.store.view()
  await view.get('key', rowOf(key))
  await running.store.commit(view, [{ put: 'key', id: rowOf(key), document: key }], [])
}

/** Makes the audit entry of a use durable, and tells of it. */
async function use(keys: readonly Key[], at: number, more: Partial<Told> = {}): Promise<Told> {
  const resources = keys.map(key => ({ account: key.account, arn: keyArn(key) }))
  const told = { operation: 'Encrypt', at, eventId: randomUUID(), requestId: randomUUID(), resources, ...more }
  await record(told)
  running.lastUsage.note(told)
  return told
}

async function record({ operation, at, eventId, requestId, resources, error }: Told): Promise<void> {
  const entry = JSON.stringify({
    eventName: operation,
    errorCode: error?.code,
    requestID: requestId,
    eventID: eventId,
    resources: resources.map(({ account, arn }) => ({ accountId: account, type: 'AWS::KMS::Key', ARN: arn })),
  })
  await running.store.commit(running.store.view(), [], [{ at, record: entry }])
}

const usageOf = async (key: Key, { store, lastUsage }: Process = running) => await lastUsage.of(store.view(), key)
const idOf = async (key: Key, process?: Process) => (await usageOf(key, process))?.eventId
const storedId = async (key: Key) => (await running.store.view().get('key-usage', rowOf(key)))?.eventId

test('a use is known at once, written at a flush, and then no more', async () => {
  const key = await newKey()
  assert.equal(await usageOf(key), undefined)
  const { eventId, requestId } = await use([key], start + 5)
  const expected = { operation: 'Encrypt', at: start + 5, eventId, requestId }
  assert.deepEqual(await usageOf(key), expected)
  assert.equal(await storedId(key), undefined)
  assert.equal(await running.lastUsage.flush(), true)
  assert.equal(await storedId(key), eventId)
  assert.deepEqual(await usageOf(key), expected)
  running.engine.commits = []
  assert.equal(await running.lastUsage.flush(), true)
  assert.deepEqual(running.engine.commits, [])
})

test('is flushed every 30 seconds, if there is anything', async () => {
  const key = await newKey()
  running.engine.commits = []
  await running.lastUsage.flushIfDue(start + 30 * second)
  assert.equal(running.engine.commits.length, 0)
  const { eventId } = await use([key], start + 31 * second)
  await running.lastUsage.flushIfDue(start + 60 * second - 1)
  assert.equal(await storedId(key), undefined)
  await running.lastUsage.flushIfDue(start + 60 * second)
  assert.equal(await storedId(key), eventId)
})

test('is flushed at once when 10,000 keys wait, which need not exist any more', async () => {
  for (let used = 0; used < 9_999; used++) await use([makeKey()], start)
  await running.lastUsage.flushIfDue(start + 1)
  assert.equal(await running.store.view().get('usage-mark', 'mark'), undefined)
  await use([await newKey()], start)
  await running.lastUsage.flushIfDue(start + 1)
  assert.equal((await running.store.view().get('usage-mark', 'mark'))?.sequence, 10_000)
  running.engine.commits = []
  await running.lastUsage.flushIfDue(start + 2)
  assert.equal(running.engine.commits.length, 0)
})

test('the later use stays, in whatever order they are told and flushed', async () => {
  const key = await newKey()
  const latest = await use([key], start + 3)
  await use([key], start + 2)
  assert.equal(await idOf(key), latest.eventId)
  await running.lastUsage.flush()
  await use([key], start + 1)
  assert.equal(await idOf(key), latest.eventId)
  await running.lastUsage.flush()
  assert.equal(await storedId(key), latest.eventId)
})

test('of two records of one use the later one stays, also after a crash', async () => {
  const key = await newKey()
  await use([key], start)
  const { eventId } = await use([key], start)
  assert.equal(await idOf(key), eventId)
  assert.equal(await idOf(key, await afterCrash()), eventId)
})

test('refusals, other operations and acts of the service do not count, also after a crash', async () => {
  const key = await newKey()
  await use([key], start, { error: { code: 'DryRunOperationException' } })
  await use([key], start, { operation: 'DescribeKey' })
  await use([key], start, { operation: 'GenerateRandom' })
  const resources = [{ account: key.account, arn: keyArn(key) }]
  const act = { eventId: randomUUID(), at: start, region: key.region, operation: 'RotateKey', resources } as const
  running.lastUsage.note({ caller: 'service', account: key.account, serviceEventDetails: null, ...act })
  assert.equal(await usageOf(key), undefined)
  assert.equal(await usageOf(key, await afterCrash()), undefined)
  await running.lastUsage.flush()
  assert.equal(await storedId(key), undefined)
})

test('a flush writes a bounded number of rows per commit, the mark with the last of them', async () => {
  const keys = await newKeys(601)
  for (const key of keys) await use([key], start)
  running.engine.commits = []
  assert.equal(await running.lastUsage.flush(), true)
  assert.deepEqual(
    running.engine.commits.map(({ puts }) => [puts.length, puts.some(({ kind }) => kind === 'usage-mark')]),
    [
      [250, false],
      [250, false],
      [102, true],
    ],
  )
})

test('a crash between any two commits of a flush forgets nothing, nor is what was covered looked at again', async () => {
  const keys = await newKeys(601)
  const before = await use(keys, start)
  await running.lastUsage.flush()
  const told = new Map<Key, string>()
  for (const key of keys.slice(50)) told.set(key, (await use([key], start + 1)).eventId)
  const leftovers: Process[] = [await afterCrash()]
  const { engine } = running
  engine.before = async () => {
    leftovers.push(await afterCrash())
    return undefined
  }
  await running.lastUsage.flush()
  leftovers.push(await afterCrash())
  assert.equal(leftovers.length, 5)
  for (const [index, left] of leftovers.entries()) {
    for (const key of keys) assert.equal(await idOf(key, left), told.get(key) ?? before.eventId)
    assert.equal(left.engine.asked.length, index < 4 ? 551 : 0)
    assert.ok(!left.engine.asked.includes(1))
  }
})

test('what is told during a flush is not lost by it', async () => {
  const key = await newKey()
  await use([key], start)
  let later: Told | undefined
  running.engine.before = async () => {
    running.engine.before = async () => undefined
    later = await use([key], start + 1)
    return undefined
  }
  await running.lastUsage.flush()
  assert.equal(await idOf(key), later?.eventId)
  assert.equal(await idOf(key, await afterCrash()), later?.eventId)
  await running.lastUsage.flush()
  assert.equal(await storedId(key), later?.eventId)
})

test('a key that changes meanwhile is tried again, and one that never rests waits for the next flush', async () => {
  const [key, other] = await newKeys(2)
  assert.ok(key && other)
  const { eventId } = await use([key, other], start)
  let changes = 0
  let most = 3
  const { engine, store, lastUsage } = running
  engine.before = async ({ puts }) => {
    if (!puts.some(({ kind }) => kind === 'key-usage') || changes >= most) return undefined
    changes++
    await put({ ...key, description: String(changes) })
    return undefined
  }
  assert.equal(await lastUsage.flush(), true)
  assert.deepEqual([await storedId(key), await storedId(other), changes], [eventId, eventId, 3])
  const later = await use([key, other], start + 1)
  most = Infinity
  await lastUsage.flushIfDue(start + 30 * second)
  assert.equal(await storedId(key), eventId)
  assert.equal(await idOf(key), later.eventId)
  assert.equal((await store.view().get('usage-mark', 'mark'))?.sequence, 1)
  engine.before = async () => undefined
  await lastUsage.flushIfDue(start + 31 * second)
  assert.equal(await storedId(key), later.eventId)
})

test('a flush that fails is made up for by the next one', async () => {
  const key = await newKey()
  const { eventId } = await use([key], start)
  running.engine.before = () => Promise.reject(new Error('disk full'))
  await assert.rejects(running.lastUsage.flushIfDue(start + 30 * second), /disk full/)
  assert.equal(await idOf(key), eventId)
  running.engine.before = async () => undefined
  await running.lastUsage.flushIfDue(start + 30 * second)
  assert.equal(await storedId(key), eventId)
})

test('two flushes at once come one after the other', async () => {
  const key = await newKey()
  await use([key], start)
  running.engine.commits = []
  assert.deepEqual(await Promise.all([running.lastUsage.flush(), running.lastUsage.flush()]), [true, true])
  assert.equal(running.engine.commits.length, 1)
})

test('a key of another Region is another key', async () => {
  const key = await newKey()
  const replica = makeKey({ id: key.id, region: 'eu-west-1' })
  await put(replica)
  const { eventId } = await use([replica], start)
  assert.deepEqual([await idOf(key), await idOf(replica)], [undefined, eventId])
  await running.lastUsage.flush()
  assert.deepEqual([await storedId(key), await storedId(replica)], [undefined, eventId])
})

test('a replica that was deleted and made again has not been used', async () => {
  const key = await newKey()
  await use([key], start + 1)
  await put({ ...key, createdAt: start + 2 })
  const renewed = { ...key, createdAt: start + 2 }
  assert.equal(await usageOf(renewed), undefined)
  await running.lastUsage.flush()
  assert.equal(await storedId(renewed), undefined)
})

test('a row that was tampered with is left alone, and keeps no other from being written', async () => {
  const [key, other] = await newKeys(2)
  assert.ok(key && other)
  await use([key, other], start)
  await running.lastUsage.flush()
  const name = JSON.stringify(['key-usage', rowOf(key)])
  const row = memory.rows.get(name)
  assert.ok(row)
  memory.rows.set(name, { ...row, body: row.body.replace('Encrypt', 'Decrypt') })
  running = await open(memory)
  const { eventId } = await use([key, other], start + 1)
  assert.equal(await running.lastUsage.flush(), true)
  assert.equal(await storedId(other), eventId)
  await assert.rejects(usageOf(key), { name: 'TamperedRow' })
  assert.deepEqual(
    logged.map(({ event }) => event),
    ['tampered row'],
  )
})

test('records that were altered into something else do not keep the server from starting', async () => {
  const key = await newKey()
  const { eventId } = await use([key], start)
  for (const text of ['', 'null', '[]', '1', '{"eventName":"Encrypt"}', '{"eventName":"Encrypt","resources":1}']) {
    await running.store.commit(running.store.view(), [], [{ at: start + 1, record: text }])
  }
  assert.equal(await idOf(key, await afterCrash()), eventId)
})

test('counts whole days without use, from the creation of a key that was never used', async () => {
  const day = 24 * 60 * 60 * second
  const key = await newKey()
  const daysAt = (now: number) => running.lastUsage.daysWithoutUse(running.store.view(), key, now)
  assert.deepEqual([await daysAt(start), await daysAt(start + day - 1), await daysAt(start + 9 * day)], [0, 0, 9])
  await use([key], start + 10 * day)
  assert.deepEqual(
    [await daysAt(start + 11 * day - 1), await daysAt(start + 11 * day), await daysAt(start + 500 * day)],
    [0, 1, 490],
  )
})
