import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { Disk } from './disk.ts'
import type { Note } from './disk.ts'
import { filesIn, obstacle, replay, requirePromises, run, saidIn, workshop } from './recorded.ts'
import type { Bug } from './recorded.ts'

/** Set KEYREEVE_TEST_SEED to repeat the same cuts (of a recording that differs a little from run to run). */
const seed = process.env['KEYREEVE_TEST_SEED'] ?? String(randomInt(2 ** 31))
const cuts = Number(process.env['KEYREEVE_TEST_CUTS'] ?? 1_000)

/** A recording of a store that is made, used, closed, opened, used and closed. */
function record(name: string, bug?: Bug): { directory: string; notes: Note[] } {
  const directory = join(workshop, name)
  for (const commits of [60, 150, 5]) {
    const { status, stderr } = run(directory, commits, bug ? { bug } : {})
    assert.equal(status, 0, stderr)
  }
  const { notes } = run(directory, 0, bug ? { bug } : {})
  return { directory, notes }
}

describe('C15: a power cut', { skip: obstacle }, () => {
  it('can be replayed: all notes together give the files as they are', () => {
    const { directory, notes } = record('whole')
    const disk = new Disk(() => 0)
    for (const note of notes) disk.apply(note)
    const { lock: _, ...files } = Object.fromEntries(filesIn(directory))
    assert.deepEqual(Object.fromEntries(disk.now()), files)
    // The recording has everything in it that can go wrong.
    const count = (op: Note['op'], name: string) => notes.filter(note => note.op === op && note.name === name).length
    assert.ok(count('S', 'keyreeve.db-wal') > 100, 'commits')
    assert.ok(count('S', 'keyreeve.db') > 20, 'checkpoints')
    assert.ok(count('T', 'keyreeve.db-wal') > 20, 'erasures')
    assert.ok(count('C', 'keyreeve.db-wal') >= 3 && count('U', 'keyreeve.db-wal') >= 3, 'logs made and removed')
    assert.ok(saidIn(notes).length > 1_000, 'promises')
  })

  it(`loses no commit that was acknowledged, and leaves none half done, in ${cuts} cuts from seed ${seed}`, async () => {
    const complaint = await replay(record('sound').notes, { cuts, seed, requireSound: requirePromises })
    if (complaint) throw complaint
  })

  const bugs: [what: string, bug: Bug, complaint: RegExp][] = [
    [
      'commits that are not synced',
      { file: 'sqlite-database.ts', replacements: [['synchronous: 2', 'synchronous: 1']] },
      /acknowledged, \d+ found/,
    ],
    [
      'commits in parts',
      {
        file: 'sqlite-writer.ts',
        replacements: [
          ["'BEGIN IMMEDIATE'", "'SELECT 1'"],
          ["'COMMIT'", "'SELECT 1'"],
        ],
      },
      /half a commit|counted, \d+ recorded|gap in its records/,
    ],
    [
      'erasures whose end is not synced',
      { file: 'sqlite-writer.ts', replacements: [['fsyncSync(log)', '']] },
      /secret \d+, which was said to be erased/,
    ],
  ]
  for (const [what, bug, complaint] of bugs) {
    it(`would be noticed with ${what}`, async () => {
      const { notes } = record(what.replaceAll(' ', '-'), bug)
      const found = await replay(notes, { cuts, seed, requireSound: requirePromises })
      assert.match(String(found?.cause), complaint)
    })
  }
})
