import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openSqlite } from '../../packages/server/src/store/sqlite.ts'
import { requireWhole } from '../../packages/server/test/support/whole.ts'
import type { Note } from './disk.ts'
import { obstacle, rebuild, replay, runRecorded, saidIn, workshop, type Bug } from './recorded.ts'

const seed = process.env['KEYREEVE_TEST_SEED'] ?? 'service'
const cuts = Math.ceil(Number(process.env['KEYREEVE_TEST_CUTS'] ?? 1_000) / 4)
const service = fileURLToPath(new URL('service.ts', import.meta.url))

function record(name: string, bug?: Bug): Note[] {
  const directory = join(workshop, name)
  const { status, stderr, notes } = runRecorded(directory, [service, directory, '6'], bug ? { bug } : {})
  assert.equal(status, 0, stderr)
  return notes
}

/** What was acknowledged is recorded, and whatever belongs together is there together. */
async function requireSound(files: Map<string, Buffer>, said: readonly string[]): Promise<void> {
  const directory = rebuild(files)
  const engine = await openSqlite(directory)
  const entries = await engine.entries(0, 1_000_000)
  await engine.close()
  const ids = new Set(entries.map(({ record }) => (JSON.parse(record) as { requestID?: string }).requestID))
  for (const line of said) assert.ok(ids.has(line.slice('ack '.length)), `${line} was forgotten`)
  const database = new DatabaseSync(join(directory, 'keyreeve.db'), { readOnly: true })
  try {
    requireWhole(database)
  } finally {
    database.close()
  }
}

describe('C15: a power cut of a server', { skip: obstacle }, () => {
  it(`halves no family of keys, no grant and no rotation, and forgets no answer, in ${cuts} cuts`, async () => {
    const notes = record('server')
    assert.ok(saidIn(notes).length > 100, 'answers')
    const complaint = await replay(notes, { cuts, seed, requireSound })
    if (complaint) throw complaint
  })

  it('would be noticed with commits in parts', async () => {
    const replacements = [
      ["'BEGIN IMMEDIATE'", "'SELECT 1'"],
      ["'COMMIT'", "'SELECT 1'"],
    ] as const
    const found = await replay(record('server-in-parts', { file: 'sqlite-writer.ts', replacements }), {
      cuts,
      seed,
      requireSound,
    })
    assert.match(String(found?.cause), /AssertionError/)
  })
})
