import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Turns } from '../src/turns.ts'

/** Takes a turn, and notes who has one. */
async function wait(turns: Turns, having: string[], name: string, rows: readonly string[]): Promise<() => void> {
  const end = await turns.take(rows)
  having.push(name)
  return end
}

test('those who wait for one row have it one after the other, in the order in which they came', async () => {
  const turns = new Turns()
  const having: string[] = []
  const waiting = ['first', 'second', 'third'].map(name => wait(turns, having, name, ['row']))
  for (const [index, turn] of waiting.entries()) {
    await nextTurn()
    assert.equal(having.length, index + 1)
    const end = await turn
    end()
  }
  assert.deepEqual(having, ['first', 'second', 'third'])
})

test('who waits for another row, or for none, has it at once', async () => {
  const turns = new Turns()
  const having: string[] = []
  const end = await wait(turns, having, 'one', ['row'])
  await wait(turns, having, 'other', ['other row'])
  await wait(turns, having, 'none', [])
  assert.deepEqual(having, ['one', 'other', 'none'])
  end()
})

test('a row that is named twice is waited for once', async () => {
  const turns = new Turns()
  const end = await turns.take(['row', 'row'])
  end()
  end()
  await turns.take(['row'])
})

test('those who wait for several rows, in whatever order they name them, do not wait for each other for ever', async () => {
  const turns = new Turns()
  const rows = ['a', 'b', 'c', 'd']
  let holders: string[] = []
  const all = Array.from({ length: 60 }, async (_, index) => {
    const mine = rows.filter((_, at) => (index >> at) % 2 === 1)
    const end = await turns.take(index % 2 ? mine : mine.toReversed())
    assert.ok(mine.every(row => !holders.includes(row)))
    holders.push(...mine)
    await nextTurn()
    holders = holders.filter(row => !mine.includes(row))
    end()
  })
  await Promise.all(all)
  assert.deepEqual(holders, [])
})
