import { once } from 'node:events'
import { extname, join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import { claimDirectory, makePrivateFile, syncDirectory } from './directory.ts'
import type { ClaimedDirectory } from './directory.ts'
import { appendCommit, appendMeta, outcome } from './sqlite-batch.ts'
import type { Batch } from './sqlite-batch.ts'
import { openDatabase } from './sqlite-database.ts'
import type { WriterData } from './sqlite-writer.ts'
import { requireStorable } from './store.ts'
import type { Commit, CommitResult, Engine, NumberedEntry, Row } from './store.ts'

export interface SqliteOptions {
  /**
   * Kinds whose old bodies never need erasing, so that `erase` does not reach them. Their rows are stored closely
   * together; one of any other kind takes 4 KB more.
   */
  readonly compact?: readonly string[]
}

/**
 * Opens the store in a directory, made if it is missing. One process at a time: a second one is refused, as is a second
 * opening in the same process.
 *
 * @throws Error in words for the operator: directory not ours alone, in use, not a database, of a newer version.
 */
export async function openSqlite(directory: string, options: SqliteOptions = {}): Promise<Engine> {
  const claim = claimDirectory(directory)
  try {
    const path = join(claim.path, 'keyreeve.db')
    makePrivateFile(path)
    const writer = await startWriter({ path, compact: options.compact ?? [] })
    try {
      syncDirectory(claim.path) // The log was made, and SQLite ignores a failure to sync its name.
      return new SqliteEngine(claim, writer, openDatabase(path, 'read'))
    } catch (error) {
      await writer.terminate()
      throw error
    }
  } catch (error) {
    claim.release()
    throw error
  }
}

async function startWriter(workerData: WriterData): Promise<Worker> {
  // Beside this file, whether that is the source or what was made of it.
  const file = new URL(`sqlite-writer${extname(import.meta.url)}`, import.meta.url)
  // What it makes of a batch is soon garbage: little room for it is enough, and saves some 7 MB.
  const resourceLimits = { maxYoungGenerationSizeMb: 8 }
  const writer = new Worker(file, { workerData, resourceLimits })
  await once(writer, 'message') // That it is ready; an error in place of it throws.
  return writer
}

/** Told the outcome of one operation (sqlite-batch.ts), or that it is unknown. */
interface Waiting {
  readonly resolve: (outcome: number) => void
  readonly reject: (error: Error) => void
}

class SqliteEngine implements Engine {
  readonly failed: Promise<Error>
  readonly #claim: ClaimedDirectory
  readonly #writer: Worker
  readonly #reader: DatabaseSync
  readonly #read: ReturnType<typeof prepareReads>
  #reportFailure: (error: Error) => void = () => {}
  #failure: Error | undefined
  #closing: Promise<void> | undefined
  /** The next batch, and who waits for it. */
  #batch: Batch = []
  #waiting: Waiting[] = []
  /** Who waits for the batches under way, oldest first. */
  readonly #underWay: Waiting[][] = []
  #flushing = false

  constructor(claim: ClaimedDirectory, writer: Worker, reader: DatabaseSync) {
    this.#claim = claim
    this.#writer = writer
    this.#reader = reader
    this.#read = prepareReads(reader)
    this.failed = new Promise(resolve => (this.#reportFailure = resolve))
    writer.on('message', (outcomes: Uint8Array) => this.#settle(outcomes))
    writer.on('error', (error: Error) => this.#fail(error))
    writer.on('exit', () => {
      if (!this.#closing || this.#underWay.length > 0) this.#fail(new Error('The writer thread has ended.'))
    })
  }

  async get(kind: string, id: string): Promise<Row | undefined> {
    const row = this.#read.get.get(kind, id)
    return row && asRow(row)
  }

  async byRef(kind: string, ref: string, after: string | undefined, limit: number): Promise<Row[]> {
    return this.#read.byRef.all(kind, ref, after ?? null, limit).map(asRow)
  }

  async page(kind: string, prefix: string, after: string | undefined, limit: number): Promise<Row[]> {
    const page: Row[] = []
    // Ids with the prefix lie together, so the first without it ends the page.
    for (const row of this.#read.page.iterate(kind, prefix, after ?? null, limit)) {
      const found = asRow(row)
      if (!found.id.startsWith(prefix)) break
      page.push(found)
    }
    return page
  }

  async due(now: number, limit: number): Promise<Row[]> {
    return this.#read.due.all(now, limit).map(asRow)
  }

  async entries(after: number, limit: number): Promise<NumberedEntry[]> {
    return this.#read.entries.all(after, limit).map(asEntry)
  }

  async entriesBefore(before: number, limit: number, room: number): Promise<NumberedEntry[]> {
    const found: NumberedEntry[] = []
    let left = room
    for (const columns of this.#read.entriesBefore.iterate(before, limit)) {
      const entry = asEntry(columns)
      found.push(entry)
      left -= entry.record.length
      if (left <= 0) break
    }
    return found
  }

  async lastEntryAt(): Promise<number | undefined> {
    return this.#read.lastEntryAt.get()?.['at'] as number | undefined // INTEGER NOT NULL in a STRICT table.
  }

  async meta(name: string): Promise<string | undefined> {
    return this.#read.meta.get(name)?.['value'] as string | undefined // TEXT NOT NULL in a STRICT table.
  }

  async initMeta(name: string, value: string): Promise<boolean> {
    return (await this.#submit(batch => appendMeta(batch, name, value))) === outcome.done
  }

  async commit(commit: Commit): Promise<CommitResult> {
    requireStorable(commit)
    const result = await this.#submit(batch => appendCommit(batch, commit))
    if (result === outcome.notErased) {
      throw new Error('Committed, but another reader of the database kept the old contents from being erased so far.')
    }
    return result === outcome.done ? 'committed' : 'conflict'
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown(this.#submit(batch => appendCommit(batch, nothing)))
    return this.#closing
  }

  #submit(append: (batch: Batch) => void): Promise<number> {
    if (this.#failure) return Promise.reject(unknownOutcome(this.#failure))
    if (this.#closing) return Promise.reject(new Error('The store is closed.'))
    append(this.#batch)
    this.#flushSoon()
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  /** At the end of this turn of the event loop, so that all commits that it makes go together. */
  #flushSoon(): void {
    if (this.#flushing || this.#underWay.length > 0) return
    this.#flushing = true
    setImmediate(() => {
      this.#flushing = false
      if (this.#waiting.length > 0) this.#flush()
    })
  }

  #flush(): void {
    this.#underWay.push(this.#waiting)
    this.#writer.postMessage(this.#batch)
    this.#waiting = []
    this.#batch = []
  }

  #settle(outcomes: Uint8Array): void {
    const waiting = this.#underWay.shift() ?? []
    for (const [index, { resolve }] of waiting.entries()) resolve(outcomes[index] ?? outcome.refused)
    if (this.#waiting.length > 0) this.#flushSoon()
  }

  #fail(cause: Error): void {
    if (this.#failure) return
    this.#failure = cause
    const waiting = [...this.#underWay.flat(), ...this.#waiting]
    this.#underWay.length = 0
    this.#waiting = []
    for (const { reject } of waiting) reject(unknownOutcome(cause))
    this.#reportFailure(cause)
  }

  async #shutDown(everythingSettled: Promise<unknown>): Promise<void> {
    try {
      await everythingSettled.catch(() => {}) // Whoever made those commits was told.
      this.#reader.close()
      if (this.#failure) {
        await this.#writer.terminate()
        return
      }
      const ended = once(this.#writer, 'exit')
      this.#writer.postMessage(null)
      await ended
    } finally {
      this.#claim.release()
    }
  }
}

const nothing: Commit = { seen: [], puts: [], removes: [], entries: [], erase: false }

function unknownOutcome(cause: Error): Error {
  return new Error('The store has failed, and whether this commit happened is unknown.', { cause })
}

function prepareReads(database: DatabaseSync) {
  const select = 'SELECT kind, id, ref, due, version, body, mac FROM rows'
  return {
    get: database.prepare(`${select} WHERE kind = ? AND id = ?`),
    byRef: database.prepare(
      `${select} WHERE kind = ?1 AND ref = ?2 AND id >= coalesce(?3, '') AND id IS NOT ?3 ORDER BY id LIMIT ?4`,
    ),
    // From `after` or from the first id that the prefix allows, whichever comes later.
    page: database.prepare(
      `${select} WHERE kind = ?1 AND id >= max(?2, coalesce(?3, ?2)) AND id IS NOT ?3 ORDER BY id LIMIT ?4`,
    ),
    due: database.prepare(`${select} WHERE due <= ? ORDER BY due, kind, id LIMIT ?`),
    entries: database.prepare('SELECT sequence, at, record FROM entries WHERE sequence > ? ORDER BY sequence LIMIT ?'),
    entriesBefore: database.prepare(
      'SELECT sequence, at, record FROM entries WHERE sequence < ? ORDER BY sequence DESC LIMIT ?',
    ),
    lastEntryAt: database.prepare('SELECT at FROM entries ORDER BY sequence DESC LIMIT 1'),
    meta: database.prepare('SELECT value FROM meta WHERE name = ?'),
  }
}

function asRow(columns: Record<string, unknown>): Row {
  return columns as unknown as Row // The columns of a STRICT table, selected by name.
}

function asEntry(columns: Record<string, unknown>): NumberedEntry {
  return columns as unknown as NumberedEntry // The same.
}
