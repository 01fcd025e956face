import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { randomBytes, randomInt } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { Worker } from 'node:worker_threads'
import { openDatabase } from '../../src/store/sqlite-database.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import type { Commit, Engine, Row, Seen } from '../../src/store/store.ts'
import { commit, conformance, entry, row } from './conformance.ts'

const compact = ['key', 'alias']
const writer = new URL('writer.ts', import.meta.url).pathname

conformance('SQLite', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'keyreeve-store-'))
  let engine = await openSqlite(directory, { compact })
  return {
    engine,
    async reopen() {
      await engine.close()
      return (engine = await openSqlite(directory, { compact }))
    },
    async destroy() {
      await engine.close()
      rmSync(directory, { recursive: true })
    },
  }
})

describe('SQLite, on the disk', () => {
  let parent = ''
  let directory = ''
  let engine: Engine | undefined
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'keyreeve-store-'))
    directory = join(parent, 'data')
  })
  afterEach(async () => {
    await engine?.close()
    engine = undefined
    rmSync(parent, { recursive: true })
  })

  const start = async (): Promise<Engine> => (engine = await openSqlite(directory, { compact }))
  const stop = async (): Promise<void> => {
    await engine?.close()
    engine = undefined
  }
  const database = (): string => join(directory, 'keyreeve.db')

  async function put(...rows: Row[]): Promise<void> {
    assert.equal(await engine?.commit(commit({ puts: rows })), 'committed')
  }

  describe('the data directory', () => {
    const modes = (): Record<string, string> =>
      Object.fromEntries(
        ['', ...readdirSync(directory)].map(name => [
          name,
          (lstatSync(join(directory, name)).mode & 0o777).toString(8),
        ]),
      )

    it('C12: is made for its owner alone, as is every file in it', async () => {
      directory = join(parent, 'var', 'lib', 'data')
      await start()
      await put(row())
      const expected = { 'keyreeve.db': '600', 'keyreeve.db-shm': '600', 'keyreeve.db-wal': '600' }
      assert.deepEqual(modes(), { '': '700', ...expected, lock: '600', 'lock.pid': '600' })
      assert.equal(lstatSync(join(parent, 'var')).mode & 0o777, 0o700)
    })

    it('is left with the database and the lock file alone', async () => {
      await start()
      await put(row())
      await stop()
      assert.deepEqual(readdirSync(directory).sort(), ['keyreeve.db', 'lock'])
    })

    for (const mode of [0o750, 0o705, 0o711, 0o770, 0o701]) {
      it(`C12: is refused with mode ${mode.toString(8)}, saying what to do`, async () => {
        mkdirSync(directory)
        chmodSync(directory, mode)
        await assert.rejects(start(), {
          message: `Other users can read or write ${directory} (mode ${mode.toString(8)}). Run: chmod 700 '${directory}'`,
        })
        assert.deepEqual(readdirSync(directory), [])
      })
    }

    it('C12: is refused as a symbolic link', async () => {
      mkdirSync(join(parent, 'elsewhere'), { mode: 0o700 })
      symlinkSync(join(parent, 'elsewhere'), directory)
      await assert.rejects(start(), { message: `${directory} is a symbolic link. Name the directory itself.` })
      assert.deepEqual(readdirSync(join(parent, 'elsewhere')), [])
    })

    it('is refused as a file', async () => {
      writeFileSync(directory, '', { mode: 0o600 })
      await assert.rejects(start(), { code: 'EEXIST' })
    })

    it('C12: is refused if it belongs to somebody else', async t => {
      const { uid } = lstatSync(parent)
      mkdirSync(directory, { mode: 0o700 })
      t.mock.method(process as Required<typeof process>, 'getuid', () => uid + 1)
      await assert.rejects(start(), {
        message: `${directory} belongs to user ${uid}, but this process runs as user ${uid + 1}.`,
      })
    })

    it('C12: is refused if others can read the database in it', async () => {
      await start()
      await stop()
      chmodSync(database(), 0o640)
      await assert.rejects(start(), {
        message: `Other users can read or write ${database()} (mode 640). Run: chmod 600 '${database()}'`,
      })
      chmodSync(database(), 0o600)
      await start()
    })

    it('C12: is refused if the database in it is a symbolic link', async () => {
      mkdirSync(directory, { mode: 0o700 })
      writeFileSync(join(parent, 'elsewhere'), '', { mode: 0o600 })
      symlinkSync(join(parent, 'elsewhere'), database())
      await assert.rejects(start(), { message: `${database()} is a symbolic link. Name the file itself.` })
      assert.equal(statSync(join(parent, 'elsewhere')).size, 0)
    })
  })

  describe('C15: one process a directory', () => {
    it('refuses a second engine in the process, naming both', async () => {
      await start()
      await assert.rejects(openSqlite(directory), {
        message: `The data directory ${directory} is in use by this process (pid ${process.pid}).`,
      })
      await assert.rejects(openSqlite(`${directory}/../data/`), /is in use by this process/)
      await put(row())
      await stop()
      await start()
      assert.equal((await engine?.get('key', 'a'))?.version, 1)
    })

    it('opens at most one of many at once', async () => {
      const attempts = await Promise.allSettled(Array.from({ length: 5 }, () => openSqlite(directory)))
      const opened = attempts.flatMap(attempt => (attempt.status === 'fulfilled' ? [attempt.value] : []))
      assert.equal(opened.length, 1)
      engine = opened[0]
    })

    it('refuses while another process has it, naming that, and no longer once that was killed', async () => {
      const holder = spawn(process.execPath, [writer, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
      await once(holder.stdout, 'data')
      await assert.rejects(start(), {
        message: `The data directory ${directory} is in use by another process (pid ${holder.pid}).`,
      })
      holder.stdout.resume()
      holder.kill('SIGKILL')
      await once(holder, 'exit')
      await start()
    })

    it('is released if opening fails for another reason', async () => {
      await start()
      await stop()
      chmodSync(database(), 0o644)
      await assert.rejects(start(), /Other users can read/)
      chmodSync(database(), 0o600)
      await start()
    })
  })

  describe('the database', () => {
    it('C15: has its settings on both connections', async () => {
      await start()
      for (const access of ['read', 'write'] as const) {
        const connection = openDatabase(database(), access)
        const values = [
          'journal_mode',
          'synchronous',
          'foreign_keys',
          'trusted_schema',
          'cell_size_check',
          'secure_delete',
        ]
        const expected = ['wal', 2, 1, 0, 1, 1]
        assert.deepEqual(
          values.map(name => Object.values(connection.prepare(`PRAGMA ${name}`).get() ?? {})[0]),
          expected,
        )
        connection.close()
      }
    })

    it('C15: is refused if a setting does not hold', async () => {
      mkdirSync(directory, { mode: 0o700 })
      writeFileSync(database(), '', { mode: 0o600 })
      const foreign = new DatabaseSync(database())
      foreign.exec('PRAGMA page_size = 8192; PRAGMA application_id = 0x4b525645; CREATE TABLE t (a)')
      foreign.close()
      await assert.rejects(start(), { message: `${database()}: SQLite keeps page_size at 8192, but it must be 4096.` })
    })

    it('cannot be written through the connection that reads', async () => {
      await start()
      const connection = openDatabase(database(), 'read')
      assert.throws(() => connection.exec("INSERT INTO meta VALUES ('a', 'b')"), /readonly/)
      connection.close()
    })

    it('is refused if a newer version has written it, and left as it was', async () => {
      await start()
      await put(row())
      await stop()
      const newer = new DatabaseSync(database())
      newer.exec('PRAGMA user_version = 1000')
      newer.close()
      await assert.rejects(
        start(),
        /was written by a newer version of Keyreeve \(schema 1000; this version knows \d+\)/,
      )
      const still = new DatabaseSync(database())
      assert.deepEqual({ ...still.prepare('PRAGMA user_version').get() }, { user_version: 1000 })
      still.close()
    })

    it('is refused if it is another program’s, and left as it was', async () => {
      mkdirSync(directory, { mode: 0o700 })
      writeFileSync(database(), '', { mode: 0o600 })
      const foreign = new DatabaseSync(database())
      foreign.exec('CREATE TABLE rows (a)')
      foreign.close()
      const before = execFileSync('cat', [database()])
      await assert.rejects(start(), { message: `${database()} is not a database of Keyreeve.` })
      assert.deepEqual(execFileSync('cat', [database()]), before)
    })

    it('is refused if it is no database', async () => {
      mkdirSync(directory, { mode: 0o700 })
      writeFileSync(database(), 'not a database, '.repeat(1_000), { mode: 0o600 })
      await assert.rejects(start(), { message: `${database()} is not a database of Keyreeve.` })
    })

    it('is made anew if the process that made it died before it was done', async () => {
      mkdirSync(directory, { mode: 0o700 })
      writeFileSync(database(), '', { mode: 0o600 })
      const half = new DatabaseSync(database())
      half.exec('PRAGMA journal_mode = wal')
      half.close()
      await start()
      await put(row())
    })

    it('reads through indexes only', async t => {
      const { mock } = t.mock.method(DatabaseSync.prototype, 'prepare')
      await start()
      const statements = mock.calls.map(call => call.arguments[0])
      t.mock.restoreAll()
      const reads = statements.filter(sql => sql.startsWith('SELECT') && /FROM (rows|entries|meta)/.test(sql))
      assert.equal(reads.length, 8)
      const connection = openDatabase(database(), 'read')
      for (const sql of reads) {
        const plan = connection.prepare(`EXPLAIN QUERY PLAN ${sql}`).all()
        const steps = plan.map(step => String(step['detail']))
        const indexed = /^SEARCH \w+ USING (COVERING )?(INDEX|INTEGER PRIMARY KEY)/
        // The newest entry is the first one from the end.
        const isFast = steps.every(step => indexed.test(step) || (step === 'SCAN entries' && sql.endsWith('LIMIT 1')))
        assert.ok(isFast, `${sql}: ${steps.join('; ')}`)
      }
      connection.close()
    })
  })

  describe('C8: erasing', () => {
    /** A secret, and every form of it that is looked for on the disk. */
    const formsOf = (secret: string): string[] => {
      const bytes = Buffer.from(secret)
      const hex = bytes.toString('hex')
      return [
        secret,
        Buffer.from(secret, 'utf16le').toString('latin1'),
        bytes.toString('base64'),
        bytes.toString('base64url'),
        hex,
        hex.toUpperCase(),
        Buffer.from(bytes.toReversed()).toString('latin1'),
      ]
    }
    // Its Base64 has a + and a /, so that the two alphabets differ.
    const secret = 'the>>>secret???' + randomBytes(24).toString('base64url')
    const forms = formsOf(secret)

    /** Which of the texts are in a file of the directory. Read by another process: closing a file drops our locks. */
    const findOnDisk = (texts: readonly string[]): string[] => {
      const files = readdirSync(directory).map(name =>
        execFileSync('cat', [join(directory, name)], { maxBuffer: 2 ** 30 }).toString('latin1'),
      )
      return texts.filter(text => files.some(file => file.includes(text)))
    }
    const version = (n: number, body: string): Row => row({ kind: 'material', id: 'm', version: n, body })
    const erasing = async (parts: Partial<Commit>): Promise<void> => {
      assert.equal(await engine?.commit(commit({ ...parts, erase: true })), 'committed')
    }

    it('leaves nothing of what a row held before', async () => {
      await start()
      await put(version(1, forms.join(' ')), row({ kind: 'material', id: 'n' }))
      assert.deepEqual(findOnDisk(forms), forms)
      await put(version(2, 'harmless'))
      assert.deepEqual(findOnDisk(forms), forms, 'without erasing, the old contents must still be there to be found')
      await erasing({ puts: [version(3, 'harmless too')] })
      assert.deepEqual(findOnDisk(forms), [])
      assert.deepEqual(findOnDisk(['harmless too']), ['harmless too'])
    })

    it('leaves nothing of a row that is removed', async () => {
      await start()
      await put(version(1, forms.join(' ')), row({ kind: 'material', id: 'n' }))
      await erasing({ removes: [{ kind: 'material', id: 'm', version: 1 }] })
      assert.deepEqual(findOnDisk(forms), [])
      assert.equal((await engine?.page('material', '', undefined, 10))?.length, 1)
    })

    it('leaves nothing of a large row', async () => {
      await start()
      await put(version(1, forms.join(' ').repeat(300)))
      await put(version(2, forms.join(' ').repeat(200)))
      assert.deepEqual(findOnDisk(forms), forms)
      await erasing({ puts: [version(3, 'x'.repeat(70_000))] })
      assert.deepEqual(findOnDisk(forms), [])
    })

    it('leaves nothing of rows removed without, when a later commit erases', async () => {
      await start()
      await put(version(1, forms.join(' ')))
      await engine?.commit(commit({ removes: [{ kind: 'material', id: 'm', version: 1 }] }))
      await erasing({ puts: [row({ kind: 'material', id: 'n' })] })
      assert.deepEqual(findOnDisk(forms), [])
    })

    it('erases nothing of a commit that is refused', async () => {
      await start()
      await put(version(1, forms.join(' ')))
      const attempt = commit({ removes: [{ kind: 'material', id: 'm', version: 2 }], erase: true })
      assert.equal(await engine?.commit(attempt), 'conflict')
      assert.deepEqual(findOnDisk(forms), forms)
      assert.equal((await engine?.get('material', 'm'))?.body, forms.join(' '))
    })

    it('leaves nothing among rows that have grown, shrunk, come and gone', async () => {
      await start()
      const markers = new Map<string, string>()
      const gone: string[] = []
      const versions = new Map<string, number>()
      for (let round = 0; round < 60; round++) {
        const puts: Row[] = []
        const removes: Seen[] = []
        for (const id of new Set(Array.from({ length: 12 }, () => `material ${randomInt(60)}`))) {
          const old = markers.get(id)
          if (old) gone.push(old)
          const before = versions.get(id) ?? 0
          if (old && randomInt(3) === 0) {
            removes.push({ kind: 'material', id, version: before })
            markers.delete(id)
            versions.delete(id)
            continue
          }
          const marker = randomBytes(12).toString('hex')
          puts.push(row({ kind: 'material', id, version: before + 1, body: `${marker} `.repeat(randomInt(1, 100)) }))
          markers.set(id, marker)
          versions.set(id, before + 1)
        }
        await engine?.commit(commit({ puts, removes, erase: round % 10 === 9 }))
      }
      assert.ok(gone.length > 100)
      assert.deepEqual(findOnDisk(gone), [])
      assert.deepEqual(findOnDisk([...markers.values()]), [...markers.values()])
    })

    it('does not promise it while another reader holds the old contents, and makes up for it', async () => {
      await start()
      await put(version(1, forms.join(' ')))
      const backup = new DatabaseSync(database(), { readOnly: true })
      backup.exec('BEGIN; SELECT count(*) FROM rows')
      await assert.rejects(
        engine!.commit(commit({ removes: [{ kind: 'material', id: 'm', version: 1 }], erase: true })),
        /Committed, but another reader/,
      )
      assert.equal(await engine?.get('material', 'm'), undefined)
      await put(row())
      assert.deepEqual(findOnDisk(forms), forms)
      backup.close()
      await put(row({ id: 'b' }))
      assert.deepEqual(findOnDisk(forms), [])
    })

    it('makes up at the start for what an unclean end left', async () => {
      await start()
      await put(version(1, forms.join(' ')))
      // Keeps the log from being removed at the end, as a kill would.
      const other = new DatabaseSync(database(), { readOnly: true })
      other.prepare('SELECT count(*) FROM rows').get()
      await engine?.commit(commit({ removes: [{ kind: 'material', id: 'm', version: 1 }] }))
      await stop()
      assert.deepEqual(findOnDisk(forms), forms)
      other.close()
      await start()
      assert.deepEqual(findOnDisk(forms), [])
    })
  })

  describe('the write-ahead log', () => {
    const size = (): number => statSync(`${database()}-wal`).size

    it('stays short, however much is written', async () => {
      await start()
      let largest = 0
      for (let batch = 0; batch < 60; batch++) {
        const entries = Array.from({ length: 10 }, () => entry(`{"filler":"${'x'.repeat(900)}"}`))
        await Promise.all(Array.from({ length: 64 }, () => engine!.commit(commit({ entries }))))
        largest = Math.max(largest, size())
      }
      assert.ok(statSync(database()).size > 30_000_000)
      assert.ok(largest < 5_000_000, `it grew to ${largest} bytes`)
    })

    it('is cut once a reader that made it grow is gone', async () => {
      await start()
      await put(row())
      const backup = new DatabaseSync(database(), { readOnly: true })
      backup.exec('BEGIN; SELECT count(*) FROM rows')
      const entries = Array.from({ length: 2_000 }, () => entry(`{"filler":"${'x'.repeat(900)}"}`))
      while (size() < 20_000_000) await engine?.commit(commit({ entries }))
      backup.close()
      await put(row({ id: 'b' }))
      await put(row({ id: 'c' }))
      assert.ok(size() < 5_000_000, `it still has ${size()} bytes`)
    })

    it('is emptied at the start', async () => {
      const child = spawn(process.execPath, [writer, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
      child.stdout.once('data', () => child.kill('SIGKILL'))
      await once(child, 'exit')
      await start()
      assert.equal(size(), 0)
    })
  })

  it('remembers no version wrongly, with more rows than it remembers', async () => {
    await start()
    const count = 70_000
    for (let first = 0; first < count; first += 5_000) {
      await put(...Array.from({ length: 5_000 }, (_, n) => row({ id: `${first + n}`, body: '{}' })))
    }
    await put(row({ id: '0', version: 2 }))
    assert.equal(await engine?.commit(commit({ puts: [row({ id: '1' })] })), 'conflict')
    assert.equal(await engine?.commit(commit({ seen: [{ kind: 'key', id: '2', version: 2 }] })), 'conflict')
    await put(row({ id: '1', version: 2 }), row({ id: `${count - 1}`, version: 2 }))
  })

  describe('C15, C16: a failure', () => {
    /** Whatever was promised before must be there afterwards. */
    async function requireKept(promises: readonly string[]): Promise<void> {
      await start()
      const kept = (await engine?.entries(0, 1_000_000))?.map(({ record }) => `ack ${record}`) ?? []
      const missing = promises.filter(line => line.startsWith('ack') && !kept.includes(line))
      assert.deepEqual(missing, [])
    }

    it('of a write stops the engine for good, and nothing promised is lost', async () => {
      // The shell lets no file grow beyond 150 KB: the write that crosses that fails, as on a full disk.
      const { stdout, status } = spawnSync(
        'bash',
        ['-c', 'ulimit -f 150; exec "$0" "$@"', process.execPath, writer, directory],
        {
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      )
      const lines = stdout.trim().split('\n')
      assert.match(lines.at(-1) ?? '', /^failed (disk I\/O error|database or disk is full)/)
      assert.equal(status, 3)
      assert.ok(lines.filter(line => line.startsWith('ack')).length > 10)
      await requireKept(lines)
    })

    it('of the writer thread leaves the outcome of what was under way unknown, and refuses the rest', async () => {
      const threads: Worker[] = []
      const note = (message: unknown) => threads.push((message as { worker: Worker }).worker)
      subscribe('worker_threads', note)
      await start()
      unsubscribe('worker_threads', note)
      await put(row({ id: 'before' }))
      const underWay = Array.from({ length: 20 }, (_, n) => engine!.commit(commit({ puts: [row({ id: `${n}` })] })))
      const meta = engine!.initMeta('name', 'value')
      const rejected = Promise.all([...underWay, meta].map(result => assert.rejects(result, /outcome|unknown/)))
      assert.equal(threads.length, 1)
      await threads[0]?.terminate()
      await rejected
      assert.match((await engine!.failed).message, /thread has ended/)
      await assert.rejects(engine!.commit(commit({ entries: [entry('{}')] })), /The store has failed/)
      await assert.rejects(engine!.initMeta('name', 'value'), /The store has failed/)
      assert.equal((await engine!.get('key', 'before'))?.version, 1)
      await stop()
      await start()
      assert.equal((await engine!.get('key', 'before'))?.version, 1)
    })

    it('because somebody else wrote to the database stops the engine', async () => {
      await start()
      await put(row())
      const other = new DatabaseSync(database())
      other.exec("UPDATE rows SET version = 7 WHERE id = 'a'")
      other.close()
      await assert.rejects(engine!.commit(commit({ puts: [row({ version: 2 })] })), /The store has failed/)
      assert.match((await engine!.failed).message, /was changed by somebody else/)
      await stop()
      await start()
      assert.equal((await engine!.get('key', 'a'))?.version, 7)
    })
  })
})
