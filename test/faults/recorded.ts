import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { openSqlite } from '../../packages/server/src/store/sqlite.ts'
import { commit, entry } from '../../packages/server/test/store/conformance.ts'
import { countsOf, secretOf, writers } from '../../packages/server/test/store/writer.ts'
import { Disk, parseNotes } from './disk.ts'
import type { Note, Random } from './disk.ts'

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const writer = here('../../packages/server/test/store/writer.ts')

/** Why these tests cannot run here, if so: the recorder is preloaded, and has to be compiled. */
export const obstacle: string | undefined =
  process.platform !== 'linux'
    ? 'needs Linux, for LD_PRELOAD'
    : spawnSync('cc', ['--version']).status !== 0
      ? 'needs a C compiler (cc) to build test/faults/recorder.c'
      : undefined

/** A temporary folder with the compiled recorder in it, removed at the end of the process. */
export const workshop = mkdtempSync(join(tmpdir(), 'keyreeve-faults-'))
process.on('exit', () => rmSync(workshop, { recursive: true, force: true }))
const recorder = join(workshop, 'recorder.so')
if (!obstacle) {
  const flags = ['-Wall', '-Wextra', '-Werror', '-O2', '-shared', '-fPIC']
  const { status, stderr } = spawnSync('cc', [...flags, '-o', recorder, here('recorder.c'), '-ldl', '-lpthread'])
  if (status !== 0) throw new Error(`cc cannot build the recorder: ${stderr.toString()}`)
}

export interface Run {
  readonly status: number | null
  /** What the writer said, line by line, over all runs on this directory. */
  readonly said: string[]
  readonly notes: Note[]
  readonly stderr: string
}

/** A source under packages/server/src/store, and what to put in the place of what in its text. */
export interface Bug {
  readonly file: string
  readonly replacements: readonly (readonly [from: string, to: string])[]
}

/**
 * Runs the writer on a directory with the recorder in front of it.
 *
 * @param fault as RECORD_FAULT in recorder.c
 */
export function run(directory: string, commits: number, how: { fault?: string; bug?: Bug } = {}): Run {
  return runRecorded(directory, [writer, directory, String(commits)], how)
}

/** The same with another program, and its arguments. */
export function runRecorded(
  directory: string,
  program: readonly string[],
  { fault, bug }: { fault?: string; bug?: Bug } = {},
): Run {
  const log = `${directory}.notes`
  const preload = bug ? ['--import', here('plant.ts')] : []
  const { status, stderr } = spawnSync(process.execPath, [...preload, ...program], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    env: {
      ...process.env,
      LD_PRELOAD: recorder,
      RECORD_DIR: directory,
      RECORD_LOG: log,
      ...(fault === undefined ? {} : { RECORD_FAULT: fault }),
      ...(bug ? { KEYREEVE_TEST_BUG: JSON.stringify(bug) } : {}),
    },
  })
  const notes = parseNotes(readFileSync(log))
  return { status, said: saidIn(notes), notes, stderr }
}

export function saidIn(notes: readonly Note[]): string[] {
  const text = notes.filter(({ op }) => op === 'O').map(({ data }) => data.toString())
  return text.join('').split('\n').slice(0, -1)
}

export function filesIn(directory: string): Map<string, Buffer> {
  return new Map(readdirSync(directory).map(name => [name, readFileSync(join(directory, name))]))
}

/** Opens what is left of a store, and asserts that it keeps what the writer had said by then. */
export async function requirePromises(files: Map<string, Buffer>, said: readonly string[]): Promise<void> {
  const acknowledged = Array<number>(writers).fill(0)
  for (const [what, by, count] of said.map(line => line.split(' '))) {
    if (what === 'ack') acknowledged[Number(by)] = Number(count)
    if (what !== 'erased') continue
    for (const [name, bytes] of files) {
      assert.ok(!bytes.includes(secretOf(Number(by))), `${name} holds secret ${by}, which was said to be erased`)
    }
  }
  const directory = rebuild(files)
  const engine = await openSqlite(directory, { compact: ['counter', 'twin'] })
  try {
    const recorded = Array<number>(writers).fill(0)
    for (const [index, { sequence, record }] of (await engine.entries(0, 1_000_000)).entries()) {
      assert.equal(sequence, index + 1)
      const [by, count] = record.split(' ').map(Number) as [number, number] // As the writer wrote it.
      assert.equal(count, ++recorded[by]!, `writer ${by} has a gap in its records`)
    }
    for (const [by, least] of acknowledged.entries()) {
      const { counter, twin } = await countsOf(engine, by)
      assert.ok(counter >= least, `writer ${by}: ${least} acknowledged, ${counter} found`)
      assert.equal(twin, counter, `half a commit of writer ${by}`)
      assert.equal(recorded[by], counter, `writer ${by}: ${counter} counted, ${recorded[by]} recorded`)
      assert.ok(counter <= least + 1, `writer ${by}: ${least} acknowledged, but ${counter} found`)
    }
    assert.equal(await engine.commit(commit({ entries: [entry('it goes on')] })), 'committed')
  } finally {
    await engine.close()
  }
  const database = new DatabaseSync(join(directory, 'keyreeve.db'), { readOnly: true })
  try {
    assert.deepEqual({ ...database.prepare('PRAGMA integrity_check').get() }, { integrity_check: 'ok' })
  } finally {
    database.close()
  }
}

/** Puts files into a folder of their own, until the next time. */
export function rebuild(files: Map<string, Buffer>): string {
  const directory = join(workshop, 'rebuilt')
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { mode: 0o700 })
  for (const [name, bytes] of files) writeFileSync(join(directory, name), bytes, { mode: 0o600 })
  return directory
}

/** Numbers that are the same in each run with the seed. */
export function randomFrom(seed: string): Random {
  let counter = 0
  return limit => createHash('sha256').update(`${seed}/${counter++}`).digest().readUInt32BE() % limit
}

/** How a recording is replayed: how often the power is cut, at random points, and what must then hold. */
export interface Replay {
  cuts: number
  seed: string
  /** Looks at the files that are left, and at what had been said by then. */
  requireSound: (files: Map<string, Buffer>, said: readonly string[]) => Promise<void>
}

/** The first complaint about what a cut left. */
export async function replay(notes: readonly Note[], { cuts, seed, requireSound }: Replay): Promise<Error | undefined> {
  const random = randomFrom(seed)
  const disk = new Disk(random)
  const points = Array.from({ length: cuts }, () => random(notes.length)).toSorted((a, b) => a - b)
  let position = 0
  for (const point of points) {
    for (; position < point; position++) disk.apply(notes[position]!)
    try {
      await requireSound(disk.cut(), saidIn(notes.slice(0, point)))
    } catch (error) {
      return new Error(`after note ${point} of ${notes.length}, seed ${seed}`, { cause: error })
    }
  }
  return undefined
}
