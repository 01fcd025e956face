import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqlite } from '../packages/server/src/store/sqlite.ts'
import type { Commit } from '../packages/server/src/store/store.ts'

/** `node bench/store.ts`: commits as a cryptographic call makes them, two versions seen and a record of 900 bytes. */
const seconds = 4
const keys = 64
const directory = mkdtempSync(join(tmpdir(), 'keyreeve-bench-'))
const engine = await openSqlite(directory, { compact: ['key', 'user'] })

const keyId = (n: number): string =>
  `000000000000/us-east-1/1234abcd-12ab-34cd-56ef-${String(n % keys).padStart(12, '0')}`
const row = { ref: null, due: null, version: 1, body: 'x'.repeat(1_500), mac: new Uint8Array(32) }
const user = { kind: 'user', id: '000000000000/admin', version: 1 }
const nothing: Commit = { seen: [], puts: [], removes: [], entries: [], erase: false }
const puts = [{ ...row, ...user }, ...Array.from({ length: keys }, (_, n) => ({ ...row, kind: 'key', id: keyId(n) }))]
await engine.commit({ ...nothing, puts })
const record = `{"eventVersion":"1.11","filler":"${'x'.repeat(860)}"}`

for (const callers of [1, 16, 64, 64, 64]) {
  const times: number[] = []
  const [main, all, started] = [process.threadCpuUsage(), process.cpuUsage(), performance.now()]
  await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      for (let n = caller; performance.now() - started < seconds * 1_000; n++) {
        const at = performance.now()
        const seen = [{ kind: 'key', id: keyId(n), version: 1 }, user]
        const result = await engine.commit({ ...nothing, seen, entries: [{ at: 1_700_000_000_000 + n, record }] })
        if (result !== 'committed') throw new Error(result)
        times.push(performance.now() - at)
      }
    }),
  )
  const took = performance.now() - started
  const microseconds = ({ user, system }: NodeJS.CpuUsage) => ((user + system) / times.length).toFixed(1)
  times.sort((a, b) => a - b)
  const at = (share: number) => `${times[Math.floor((times.length - 1) * share)]?.toFixed(2)} ms`
  process.stdout.write(
    `${callers} callers: ${Math.round((times.length / took) * 1_000)} commits/s, p50 ${at(0.5)}, p99 ${at(0.99)}, max ${at(1)}; ` +
      `${microseconds(process.threadCpuUsage(main))} us of the main thread, ${microseconds(process.cpuUsage(all))} us in all\n`,
  )
}

const reads = 20_000
const started = performance.now()
for (let n = 0; n < reads; n++) await engine.get('key', keyId(n))
process.stdout.write(`get: ${(((performance.now() - started) * 1_000) / reads).toFixed(1)} us\n`)

await engine.close()
rmSync(directory, { recursive: true })
