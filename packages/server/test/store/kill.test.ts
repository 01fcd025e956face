import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { it } from 'node:test'
import { openSqlite } from '../../src/store/sqlite.ts'
import { countsOf, secretOf, writers } from './writer.ts'

const kills = Number(process.env['KEYREEVE_TEST_KILLS'] ?? 200)
const lanes = 2
const writer = new URL('writer.ts', import.meta.url).pathname

/** Runs the writer, kills it at a random moment, and tells what it had promised by then. */
async function live(directory: string): Promise<string[]> {
  const child = spawn(process.execPath, [writer, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const promises: string[] = []
  // Some die while they open the store, most at work.
  const last = randomInt(4) === 0 ? 0 : randomInt(1, 400)
  if (last === 0) setTimeout(() => child.kill('SIGKILL'), randomInt(30, 250))
  for await (const line of createInterface(child.stdout)) {
    promises.push(line)
    if (promises.length === last) child.kill('SIGKILL')
  }
  const [, signal] = await ended
  assert.equal(signal, 'SIGKILL')
  return promises
}

/** Looks at the bytes that the killed process left, before anybody opens them. */
function requireErased(directory: string, numbers: readonly string[]): void {
  const files = readdirSync(directory).map(name => readFileSync(join(directory, name)))
  for (const number of numbers) {
    const isThere = files.some(file => file.includes(secretOf(Number(number))))
    assert.ok(!isThere, `secret ${number} is still there, though it was said to be erased`)
  }
}

/** How far each writer had come, by the promises and by the audit entries that were found. */
interface Known {
  readonly promised: number[]
  readonly recorded: number[]
  entries: number
}

/** Opens what the killed process left, and compares it with what it had promised. */
async function verify(directory: string, known: Known): Promise<number> {
  const started = performance.now()
  const engine = await openSqlite(directory, { compact: ['counter', 'twin'] })
  try {
    await engine.get('counter', '0')
    const took = performance.now() - started
    const found = await engine.entries(known.entries, 1_000_000)
    for (const { sequence, record } of found) {
      assert.equal(sequence, ++known.entries)
      const [by, count] = record.split(' ').map(Number) as [number, number] // As the writer wrote it.
      assert.equal(count, ++known.recorded[by]!, `writer ${by} has a gap in its records`)
    }
    for (const [by, promised] of known.promised.entries()) {
      const { counter, twin } = await countsOf(engine, by)
      assert.equal(twin, counter, `half a commit of writer ${by}`)
      assert.equal(known.recorded[by], counter, `writer ${by}: ${counter} counted, another number recorded`)
      assert.ok(counter >= promised, `writer ${by}: ${promised} promised, ${counter} found`)
      assert.ok(counter <= promised + 1, `writer ${by}: it waits for each answer, so ${counter} is too many`)
      known.promised[by] = counter
    }
    return took
  } finally {
    await engine.close()
  }
}

it(`C15: loses nothing that it promised, killed ${kills} times`, async () => {
  let left = kills
  let slowest = 0
  let acknowledged = 0
  async function lane(): Promise<void> {
    const directory = mkdtempSync(join(tmpdir(), 'keyreeve-kill-'))
    const known: Known = { promised: Array(writers).fill(0), recorded: Array(writers).fill(0), entries: 0 }
    while (left-- > 0) {
      const promises = (await live(directory)).map(line => line.split(' '))
      for (const [what, by, count] of promises) {
        if (what !== 'ack') continue
        known.promised[Number(by)] = Number(count)
        acknowledged++
      }
      requireErased(
        directory,
        promises.flatMap(([what, number]) => (what === 'erased' && number ? [number] : [])),
      )
      slowest = Math.max(slowest, await verify(directory, known))
    }
    rmSync(directory, { recursive: true })
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  assert.ok(slowest < 2_000, `once it took ${slowest} ms to be ready again`)
  assert.ok(acknowledged > 20 * kills, `only ${acknowledged} commits in all mean little`)
})
