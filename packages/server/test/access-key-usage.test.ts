import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { beforeEach, test } from 'node:test'
import { AccessKeyUses } from '../src/access-key-usage.ts'
import type { Caller } from '../src/auth/caller.ts'
import type { AccessKey } from '../src/auth/identities.ts'
import type { LogEvent } from '../src/log.ts'
import { DocumentStore } from '../src/store/documents.ts'
import type { Commit, CommitResult } from '../src/store/store.ts'
import { emptyMemory, MemoryEngine, type Memory } from './support/memory-engine.ts'

const minute = 60_000
const start = Date.UTC(2026, 10, 24)
const account = '000000000000'

/** An engine that keeps what it committed, and does what a test wants before that. */
class WatchedEngine extends MemoryEngine {
  commits: Commit[] = []
  before: () => Promise<CommitResult | undefined> = async () => undefined

  override async commit(commit: Commit): Promise<CommitResult> {
    const result = (await this.before()) ?? (await super.commit(commit))
    if (result === 'committed') this.commits.push(commit)
    return result
  }
}

let memory: Memory
let engine: WatchedEngine
let store: DocumentStore
let uses: AccessKeyUses
let logged: LogEvent[]
beforeEach(() => {
  memory = emptyMemory()
  engine = new WatchedEngine(memory)
  store = new DocumentStore(engine, { storeId: 'x', macKey: createSecretKey(Buffer.alloc(32, 1)) })
  logged = []
  uses = new AccessKeyUses(store, event => void logged.push(event), start)
})

const idOf = (index: number): string => `AKIA${String(index).padStart(16, '0')}`

/** Makes access keys with these numbers, and forgets that it did. */
async function make(...indices: number[]): Promise<void> {
  for (const index of indices) {
    const view = store.view()
    const id = idOf(index)
    await view.get('access-key', id)
    const document: AccessKey = { id, account, userName: 'u', status: 'Active', sealedSecret: '', createdAt: start }
    await store.commit(view, [{ put: 'access-key', id, document }], [])
  }
  engine.commits = []
}

function use(index: number, now: number, more: Partial<Caller> = {}): void {
  const caller: Caller = {
    type: 'IAMUser',
    account,
    arn: `arn:aws:iam::${account}:user/u`,
    principalId: 'AIDA',
    accessKeyId: idOf(index),
    tags: new Map(),
    ...more,
  }
  uses.note({ caller, operation: { service: 'kms' }, region: 'eu-west-1', now })
}

const stored = (index: number) => store.view().get('access-key-usage', idOf(index))
const told = (index: number) => uses.of(store.view(), idOf(index))
const usage = (at: number) => ({ at, service: 'kms', region: 'eu-west-1' })

test('a use is told at once, and written within the minute', async () => {
  await make(1, 2)
  assert.equal(await told(1), undefined)
  use(1, start + 5)
  assert.deepEqual(await told(1), usage(start + 5))
  await uses.flushIfDue(start + minute - 1)
  assert.equal(await stored(1), undefined)
  await uses.flushIfDue(start + minute)
  assert.deepEqual(await stored(1), usage(start + 5))
  assert.equal(await told(2), undefined)
})

test('however often it is used, an access key is written once a minute', async () => {
  await make(1)
  for (let second = 0; second < 180; second++) {
    for (let i = 0; i < 10; i++) use(1, start + second * 1000 + i)
    await uses.flushIfDue(start + second * 1000)
  }
  assert.equal(engine.commits.length, 2)
  assert.deepEqual(
    engine.commits.map(({ puts }) => puts.length),
    [1, 1],
  )
  assert.ok(engine.commits.every(({ entries }) => entries.length === 0))
})

test('what was not used since is not written again', async () => {
  await make(1, 2)
  use(1, start)
  await uses.flush()
  use(2, start + 1)
  await uses.flush()
  await uses.flush()
  assert.deepEqual(
    engine.commits.map(({ puts }) => puts.map(({ id }) => id)),
    [[idOf(1)], [idOf(2)]],
  )
})

test('temporary credentials are not noted, nor who signs nothing', async () => {
  await make(1)
  use(1, start, { session: { issuedAt: start, expiresAt: start, isConsole: false, transitiveTags: [] } })
  const { accessKeyId: _, ...unsigned } = {
    type: 'IAMUser',
    account,
    arn: '',
    principalId: '',
    accessKeyId: '',
    tags: new Map(),
  } as const
  uses.note({ caller: unsigned, operation: { service: 'sts' }, region: '', now: start })
  await uses.flush()
  assert.deepEqual([await told(1), engine.commits.length], [undefined, 0])
})

test('a deleted access key leaves nothing behind', async () => {
  await make(1, 2)
  use(1, start)
  use(2, start)
  const view = store.view()
  await view.get('access-key', idOf(1))
  await store.commit(view, [{ remove: 'access-key', id: idOf(1) }], [])
  await uses.flush()
  assert.deepEqual([await stored(1), await stored(2)], [undefined, usage(start)])
  // Nor one that is deleted between the reads of a flush and its commit.
  use(2, start + 1)
  engine.before = async () => {
    engine.before = async () => undefined
    const racing = store.view()
    await racing.get('access-key', idOf(2))
    await racing.get('access-key-usage', idOf(2))
    const changes = [
      { remove: 'access-key', id: idOf(2) },
      { remove: 'access-key-usage', id: idOf(2) },
    ] as const
    await store.commit(racing, changes, [])
    return undefined
  }
  await uses.flush()
  assert.equal(await stored(2), undefined)
})

test('a use during a flush is kept for the next one', async () => {
  await make(1)
  use(1, start)
  engine.before = async () => {
    use(1, start + 7)
    return undefined
  }
  await uses.flush()
  assert.deepEqual([await stored(1), await told(1)], [usage(start), usage(start + 7)])
  engine.before = async () => undefined
  await uses.flush()
  assert.deepEqual(await stored(1), usage(start + 7))
})

test('a flush that always loses gives up until the next one', async () => {
  await make(1)
  use(1, start)
  let attempts = 0
  engine.before = async () => {
    attempts++
    return 'conflict'
  }
  await uses.flush()
  assert.ok(attempts > 1 && attempts < 20)
  assert.deepEqual([await stored(1), await told(1)], [undefined, usage(start)])
  engine.before = async () => undefined
  await uses.flush()
  assert.deepEqual(await stored(1), usage(start))
})

test('a store that fails keeps what was noted', async () => {
  await make(1)
  use(1, start)
  engine.before = () => Promise.reject(new Error('the disk is full'))
  await assert.rejects(uses.flushIfDue(start + minute), /the disk is full/)
  engine.before = async () => undefined
  await uses.flushIfDue(start + 2 * minute)
  assert.deepEqual(await stored(1), usage(start))
})

test('an altered row is left alone, and keeps no other', async () => {
  await make(1, 2)
  for (const [name, row] of memory.rows) {
    if (row.id === idOf(1)) memory.rows.set(name, { ...row, mac: Buffer.alloc(32) })
  }
  store = new DocumentStore(engine, { storeId: 'x', macKey: createSecretKey(Buffer.alloc(32, 1)) })
  uses = new AccessKeyUses(store, event => void logged.push(event), start)
  use(1, start)
  use(2, start)
  await uses.flush()
  assert.deepEqual(await stored(2), usage(start))
  assert.deepEqual(
    logged.map(({ event }) => event),
    ['tampered row'],
  )
  assert.equal(await stored(1), undefined)
})

test('many access keys go in several commits', async () => {
  const indices = Array.from({ length: 600 }, (_, index) => index)
  await make(...indices)
  for (const index of indices) use(index, start + index)
  await uses.flush()
  assert.deepEqual(
    engine.commits.map(({ puts }) => puts.length),
    [250, 250, 100],
  )
  assert.deepEqual(await stored(599), usage(start + 599))
})
