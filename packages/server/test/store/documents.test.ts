import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { test } from 'node:test'
import type { ManagedPolicy } from '../../src/auth/identities.ts'
import { DocumentStore } from '../../src/store/documents.ts'
import { emptyMemory, MemoryEngine } from '../support/memory-engine.ts'

const integrity = { storeId: 'x', macKey: createSecretKey(Buffer.alloc(32, 1)) }

const policy = (name: string, size: number): ManagedPolicy => ({
  account: '000000000000',
  name,
  path: '/',
  id: 'ANPA',
  createdAt: 0,
  updatedAt: 0,
  versions: [{ id: 'v1', document: 'x'.repeat(size), createdAt: 0 }],
  defaultVersion: 'v1',
  nextVersion: 2,
  attachments: 0,
  boundaryUses: 0,
  tags: [],
})

async function put(store: DocumentStore, id: string, size: number): Promise<void> {
  const view = store.view()
  await view.get('managed-policy', id)
  const change = { put: 'managed-policy', id, document: policy(id, size) } as const
  assert.equal(await store.commit(view, [change], []), 'committed')
}

const cachedIn = (store: DocumentStore, ...ids: string[]): string[] =>
  ids.filter(id => store.cached('managed-policy', id) !== undefined)

test('the cache holds no more documents than it may, and no larger ones, the newest of them', async () => {
  const store = new DocumentStore(new MemoryEngine(emptyMemory()), integrity, { documents: 3, units: 10_000 })
  for (const id of ['a', 'b', 'c', 'd']) await put(store, id, 100)
  assert.deepEqual(cachedIn(store, 'a', 'b', 'c', 'd'), ['b', 'c', 'd'])
  await put(store, 'e', 9000)
  assert.deepEqual(cachedIn(store, 'b', 'c', 'd', 'e'), ['c', 'd', 'e'])
  await put(store, 'f', 9000)
  assert.deepEqual(cachedIn(store, 'c', 'd', 'e', 'f'), ['f'])
  await put(store, 'g', 10_000)
  assert.deepEqual(cachedIn(store, 'f', 'g'), [])
  assert.equal((await store.view().get('managed-policy', 'g'))?.name, 'g')
})

test('what was replaced or removed takes no room in the cache', async () => {
  const store = new DocumentStore(new MemoryEngine(emptyMemory()), integrity, { documents: 100, units: 10_000 })
  await put(store, 'a', 4000)
  for (let count = 0; count < 10; count++) await put(store, 'b', 4000)
  assert.deepEqual(cachedIn(store, 'a', 'b'), ['a', 'b'])
  const view = store.view()
  await view.get('managed-policy', 'b')
  assert.equal(await store.commit(view, [{ remove: 'managed-policy', id: 'b' }], []), 'committed')
  await put(store, 'c', 4000)
  assert.deepEqual(cachedIn(store, 'a', 'b', 'c'), ['a', 'c'])
})
