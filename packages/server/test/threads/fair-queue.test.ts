import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FairQueue } from '../../src/threads/fair-queue.ts'

const bounds = { each: 64, total: 256 }

function drain<T>(queue: FairQueue<T>): (T | undefined)[] {
  const items = []
  while (!queue.isEmpty) items.push(queue.shift())
  return items
}

test('is first come, first served within an account', () => {
  const queue = new FairQueue<number>(bounds)
  for (let item = 0; item < 60; item++) assert.ok(queue.push('A', item))
  assert.deepEqual(
    drain(queue),
    Array.from({ length: 60 }, (_, index) => index),
  )
})

test('serves an account that comes late after one item of each that waits already', () => {
  const queue = new FairQueue<string>(bounds)
  for (let item = 0; item < 60; item++) queue.push('A', `A${item}`)
  queue.push('B', 'B0')
  assert.deepEqual(drain(queue).slice(0, 3), ['A0', 'B0', 'A1'])
})

test('lets accounts take turns, and whoever comes back has its turn last', () => {
  const queue = new FairQueue<string>(bounds)
  for (const item of ['A0', 'A1', 'B0', 'C0', 'C1', 'C2']) queue.push(item.charAt(0), item)
  assert.equal(queue.shift(), 'A0')
  assert.equal(queue.shift(), 'B0')
  queue.push('B', 'B1')
  assert.deepEqual(drain(queue), ['C0', 'A1', 'B1', 'C1', 'C2'])
})

test('gives out what is nobody’s when no account waits', () => {
  const queue = new FairQueue<string>(bounds)
  queue.push(null, 'first')
  queue.push(null, 'second')
  queue.push('A', 'A0')
  assert.equal(queue.shift(), 'A0')
  assert.equal(queue.shift(), 'first')
  queue.push('B', 'B0')
  assert.deepEqual(drain(queue), ['B0', 'second'])
})

test('refuses an account that has too much waiting, and no other', () => {
  const queue = new FairQueue<number>({ each: 2, total: 10 })
  assert.deepEqual(
    [0, 1, 2].map(item => queue.push('A', item)),
    [true, true, false],
  )
  assert.ok(queue.push('B', 3))
  assert.equal(queue.shift(), 0)
  assert.ok(queue.push('A', 4))
  assert.ok(!queue.push('A', 5))
  assert.deepEqual(drain(queue), [3, 1, 4])
})

test('refuses more of any account when too much waits in all, but not what is nobody’s', () => {
  const queue = new FairQueue<number>({ each: 3, total: 3 })
  for (const [account, item] of [
    ['A', 0],
    ['A', 1],
    ['B', 2],
  ] as const) {
    assert.ok(queue.push(account, item))
  }
  assert.ok(!queue.push('A', 3))
  assert.ok(!queue.push('B', 4))
  assert.ok(queue.push(null, 5))
  assert.equal(queue.shift(), 0)
  assert.ok(queue.push('B', 6))
  assert.ok(!queue.push('B', 7))
  assert.deepEqual(drain(queue), [2, 1, 6, 5])
})

test('takes the first item of an account however much waits of others', () => {
  const queue = new FairQueue<string>({ each: 2, total: 2 })
  for (const item of ['A0', 'A1', 'B0', 'C0']) assert.ok(queue.push(item.charAt(0), item))
  assert.ok(!queue.push('B', 'B1'))
  assert.deepEqual(drain(queue), ['A0', 'B0', 'C0', 'A1'])
})

test('an empty queue gives nothing, and nothing is kept of who was there', () => {
  const queue = new FairQueue<number>({ each: 1, total: 1 })
  for (let account = 0; account < 5; account++) {
    assert.ok(queue.isEmpty)
    assert.equal(queue.shift(), undefined)
    assert.ok(queue.push(`${account}`, account))
    assert.ok(!queue.isEmpty)
    assert.equal(queue.shift(), account)
  }
})
