import assert from 'node:assert/strict'
import { createHash, randomInt } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { openSqlite } from '../../src/store/sqlite.ts'
import type { Commit, Engine, Row, Seen } from '../../src/store/store.ts'
import { emptyMemory, MemoryEngine } from '../support/memory-engine.ts'
import { conformance, contents, plain } from './conformance.ts'

conformance('the model that engines are compared with', async () => {
  const memory = emptyMemory()
  let engine = new MemoryEngine(memory)
  return {
    engine,
    async reopen() {
      await engine.close()
      return (engine = new MemoryEngine(memory))
    },
    async destroy() {},
  }
})

/** Set KEYREEVE_TEST_SEED to repeat a run. */
const seed = process.env['KEYREEVE_TEST_SEED'] ?? String(randomInt(2 ** 31))
const steps = Number(process.env['KEYREEVE_TEST_STEPS'] ?? 4_000)

const kinds = ['key', 'material', 'key\0', '']
const ids = ['', 'a', 'a/', 'a/1', 'a/2', 'a\0', 'a%', 'a_', 'b', 'é', '\uFFFF', '😀', ...Array(12).keys()].map(String)
const refs = [null, '', 'r', 'r\0', 'R', '😀']

function randomFrom(seed: string) {
  let counter = 0
  /** A whole number from 0 up to, not including, the limit. */
  const below = (limit: number): number =>
    createHash('sha256').update(`${seed}/${counter++}`).digest().readUInt32BE() % limit
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!
  const many = <T>(limit: number, item: () => T): T[] => Array.from({ length: below(limit + 1) }, item)
  return { below, pick, many }
}

it(`SQLite does what the model does, ${steps} times, from seed ${seed}`, async () => {
  const { below, pick, many } = randomFrom(seed)
  const directory = mkdtempSync(join(tmpdir(), 'keyreeve-random-'))
  const open = () => openSqlite(directory, { compact: ['key', ''] })
  const memory = emptyMemory()
  let model: Engine = new MemoryEngine(memory)
  let engine = await open()
  let number = 0

  /** The version that the row has, mostly: some commits have to be refused. */
  const versionOf = async (kind: string, id: string): Promise<number> =>
    below(12) === 0 ? below(4) : ((await model.get(kind, id))?.version ?? 0)
  const seen = async (): Promise<Seen> => {
    const [kind, id] = [pick(kinds), pick(ids)]
    return { kind, id, version: await versionOf(kind, id) }
  }
  const put = async (): Promise<Row> => {
    const { kind, id, version } = await seen()
    const body = `${number++} `.repeat(below(8) === 0 ? below(3_000) : below(40))
    const due = below(2) === 0 ? null : below(50)
    const mac = createHash('sha256').update(body).digest()
    return { kind, id, ref: pick(refs), due, version: version + 1, body, mac }
  }
  const randomCommit = async (): Promise<Commit> => ({
    seen: await Promise.all(many(2, seen)),
    puts: await Promise.all(many(3, put)),
    removes: await Promise.all(many(1, seen)),
    entries: many(2, () => ({ at: number++, record: `{"number":${number}}` })),
    erase: below(15) === 0,
  })

  /** What came of it, as something to compare. A refusal for its form is an answer too. */
  const settle = async (result: Promise<unknown>): Promise<unknown> => {
    try {
      return await result
    } catch (error) {
      assert.ok(error instanceof TypeError, `${String(error)}`)
      return error.message
    }
  }
  const agree = async (act: (engine: Engine) => Promise<unknown>): Promise<void> => {
    const expected = await settle(act(model))
    assert.deepEqual(await settle(act(engine)), expected)
  }
  const rows = (found: readonly Row[]): Row[] => found.map(row => plain(row))

  const acts: [weight: number, act: () => Promise<void>][] = [
    [
      20,
      async () => {
        const attempt = await randomCommit()
        await agree(engine => engine.commit(attempt))
      },
    ],
    [
      6,
      async () => {
        const attempts = [await randomCommit(), await randomCommit(), ...(await Promise.all(many(20, randomCommit)))]
        await agree(engine => Promise.all(attempts.map(attempt => settle(engine.commit(attempt)))))
      },
    ],
    [
      10,
      async () => {
        const [kind, id] = [pick(kinds), pick(ids)]
        await agree(async engine => plain(await engine.get(kind, id)))
      },
    ],
    [
      6,
      async () => {
        const [kind, ref] = [pick(kinds), pick(refs) ?? 'none']
        const [after, limit] = [pick([undefined, ...ids]), below(10)]
        await agree(async engine => rows(await engine.byRef(kind, ref, after, limit)))
      },
    ],
    [
      10,
      async () => {
        const [kind, prefix, after, limit] = [pick(kinds), pick(ids), pick([undefined, ...ids]), below(10)]
        await agree(async engine => rows(await engine.page(kind, prefix, after, limit)))
      },
    ],
    [
      5,
      async () => {
        const [now, limit] = [below(50), below(20)]
        await agree(async engine => rows(await engine.due(now, limit)))
      },
    ],
    [
      5,
      async () => {
        const [after, limit] = [below(number + 1), below(20)]
        await agree(async engine => (await engine.entries(after, limit)).map(entry => ({ ...entry })))
        await agree(engine => engine.lastEntryAt())
        const room = below(100)
        await agree(async engine => (await engine.entriesBefore(after, limit, room)).map(entry => ({ ...entry })))
      },
    ],
    [
      3,
      async () => {
        const [name, value] = [`name ${below(40)}`, `value ${number++}`]
        await agree(engine => engine.initMeta(name, value))
        await agree(engine => engine.meta(name))
      },
    ],
    [
      1,
      async () => {
        await Promise.all([engine.close(), model.close()])
        engine = await open()
        model = new MemoryEngine(memory)
        await agree(engine => contents(engine, kinds))
      },
    ],
  ]
  const wheel = acts.flatMap(([weight, act]) => Array<() => Promise<void>>(weight).fill(act))

  try {
    for (let step = 0; step < steps; step++) await pick(wheel)()
    await agree(engine => contents(engine, kinds))
    assert.ok(memory.rows.size > 20 && memory.entries.length > steps / 4, 'the run was too tame to mean anything')
  } catch (error) {
    throw new Error(`KEYREEVE_TEST_SEED=${seed}`, { cause: error })
  } finally {
    await engine.close()
    rmSync(directory, { recursive: true })
  }
})
