import assert from 'node:assert/strict'
import { constants } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { Disk } from './disk.ts'
import { filesIn, obstacle, randomFrom, requirePromises, run, workshop } from './recorded.ts'

const { EIO, ENOSPC, EMFILE } = constants.errno
const commits = 20

const faults: [what: string, op: 'S' | 'W' | 'T' | 'C', errno: number, times: number, calls: number[]][] = [
  ['a sync fails once', 'S', EIO, 1, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 30]],
  ['every sync fails from then on', 'S', EIO, 1e9, [3, 8, 13, 21]],
  ['a write fails once', 'W', EIO, 1, [1, 2, 3, 4, 5, 10, 17, 18, 19, 20, 30, 31, 60, 90]],
  ['the disk is full from then on', 'W', ENOSPC, 1e9, [1, 4, 16, 25, 40, 75]],
  ['a truncation fails once', 'T', EIO, 1, [1, 2, 3, 4]],
  ['files run out from then on', 'C', EMFILE, 1e9, [1, 2, 3, 4, 5, 6, 7]],
]

describe('C15, C16: a fault of the disk', { skip: obstacle }, () => {
  for (const [what, op, errno, times, calls] of faults) {
    for (const call of calls) {
      it(`breaks no promise: ${what}, at call ${call}`, async () => {
        const directory = join(workshop, `fault-${op}-${times}-${call}`)
        const { status, said, notes, stderr } = run(directory, commits, { fault: `${op} ${call} ${errno} ${times}` })

        const failure = notes.findIndex(note => note.op === 'F' || note.op === 'X')
        assert.ok(failure >= 0, 'the fault was never reached')
        const ready = notes.findIndex(note => note.op === 'O')
        const isAtWork = ready >= 0 && failure > ready && said.at(-1) !== 'closed'
        if (isAtWork) {
          assert.equal(status, 3, stderr)
          assert.match(said.at(-1) ?? '', /^failed ./)
        } else if (ready < 0) {
          assert.equal(status, 1)
          assert.match(stderr, /Error/)
        } else {
          // SQLite passes over a failure to sync a name (then we sync it), or to close (then the log stays).
          assert.equal(status, 0, stderr)
          assert.equal(said.filter(line => line.startsWith('ack')).length, 8 * commits)
        }

        await requirePromises(filesIn(directory), said)
        const disk = new Disk(randomFrom(`${what} ${call}`))
        for (const note of notes) disk.apply(note)
        for (let cut = 0; cut < 5; cut++) await requirePromises(disk.cut(), said)
        assert.equal(run(directory, 1).said.at(-1), 'closed')
      })
    }
  }
})
