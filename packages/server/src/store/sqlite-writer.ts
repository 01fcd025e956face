import { closeSync, fsyncSync, openSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { outcome, readBatch } from './sqlite-batch.ts'
import type { Batch, Operation } from './sqlite-batch.ts'
import { migrate, openDatabase, patience } from './sqlite-database.ts'
import type { Seen } from './store.ts'

/**
 * The writer thread: the only connection that writes, so that the event loop never waits for the disk. It takes batches
 * and answers each with a byte per operation; null asks it to close. An error ends the thread, and with it the engine:
 * after a failed write or sync nothing that this process believes about the file can be trusted.
 */
export interface WriterData {
  readonly path: string
  readonly compact: readonly string[]
}

/** A checkpoint copies this many pages or more (1 MB), after a batch is acknowledged. */
const checkpointPages = 250
/** A log of so many pages (16 MB), which a long reader has kept from starting afresh, is cut as soon as it can be. */
const longLogPages = 4_000
/** How many versions of rows stay in memory. */
const knownRows = 65_536
/** See migrations.ts. */
const padSize = 4_061

if (!parentPort) throw new Error('sqlite-writer.ts runs as a worker thread only')
const port = parentPort
const { path, compact } = workerData as WriterData // What sqlite.ts passes.
const compactKinds = new Set(compact)

const database = openDatabase(path, 'write')
migrate(database, path)

const begin = database.prepare('BEGIN IMMEDIATE')
const commit = database.prepare('COMMIT')
const selectVersion = database.prepare('SELECT version FROM rows WHERE kind = ? AND id = ?')
const insertRow = database.prepare(
  'INSERT INTO rows (ref, due, version, mac, pad, body, kind, id) VALUES (?, ?, ?, ?, zeroblob(?), ?, ?, ?)',
)
const updateRow = database.prepare(
  'UPDATE rows SET ref = ?, due = ?, version = ?, mac = ?, pad = zeroblob(?), body = ? ' +
    'WHERE kind = ? AND id = ? AND version = ?',
)
const deleteRow = database.prepare('DELETE FROM rows WHERE kind = ? AND id = ? AND version = ?')
const insertEntry = database.prepare('INSERT INTO entries (at, record) VALUES (?, ?)')
const insertMeta = database.prepare('INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING')
// Before version 3.51 SQLite takes NOOP for PASSIVE, which costs time and does no harm.
const logState = database.prepare('PRAGMA wal_checkpoint(NOOP)')
const checkpoint = database.prepare('PRAGMA wal_checkpoint(PASSIVE)')
const truncateLog = database.prepare('PRAGMA wal_checkpoint(TRUNCATE)')

/** Version by row; 0 for a row that is not there. Nobody else writes, so it cannot be stale. */
const versions = new Map<string, number>()

/** Something was to be erased, and a reader was in the way. At the start: a process that died may have left it so. */
let mustErase = !emptyLog(patience)

port.on('message', (batch: Batch | null) => {
  if (batch) write(readBatch(batch))
  else close()
})
port.postMessage('ready')

function write(operations: Operation[]): void {
  begin.run()
  const results = operations.map(apply)
  commit.run()
  const erased = operations.map((operation, index) => results[index] === outcome.done && isErasing(operation))
  if (erased.includes(true)) mustErase = !emptyLog(patience)
  else if (mustErase) mustErase = !emptyLog(0)
  port.postMessage(
    Uint8Array.from(results, (result, index) => (erased[index] && mustErase ? outcome.notErased : result)),
  )
  tendLog()
}

/** Each operation is refused or done as a whole: everything is checked before anything is written. */
function apply(operation: Operation): number {
  if ('name' in operation) return Number(insertMeta.run(operation.name, operation.value).changes)
  const { seen, puts, removes, entries } = operation
  const isAsExpected =
    seen.every(isCurrent) &&
    removes.every(isCurrent) &&
    puts.every(row => isCurrent({ ...row, version: row.version - 1 }))
  if (!isAsExpected) return outcome.refused
  for (const { kind, id, ref, due, version, mac, body } of puts) {
    const pad = compactKinds.has(kind) ? 0 : padSize
    requireOneRow(
      version === 1
        ? insertRow.run(ref, due, version, mac, pad, body, kind, id)
        : updateRow.run(ref, due, version, mac, pad, body, kind, id, version - 1),
    )
    remember(kind, id, version)
  }
  for (const { kind, id, version } of removes) {
    if (version > 0) requireOneRow(deleteRow.run(kind, id, version))
    remember(kind, id, 0)
  }
  for (const { at, record } of entries) insertEntry.run(at, record)
  return outcome.done
}

function isErasing(operation: Operation): boolean {
  return 'erase' in operation && operation.erase
}

function isCurrent({ kind, id, version }: Seen): boolean {
  const known = versions.get(rowName(kind, id))
  if (known !== undefined) return known === version
  const stored = selectVersion.get(kind, id)
  const current = stored === undefined ? 0 : Number(stored['version'])
  remember(kind, id, current)
  return current === version
}

function remember(kind: string, id: string, version: number): void {
  versions.set(rowName(kind, id), version)
  if (versions.size <= knownRows) return
  const oldest = versions.keys().next()
  if (!oldest.done) versions.delete(oldest.value)
}

/** The length keeps kind and id apart. */
function rowName(kind: string, id: string): string {
  return `${kind.length} ${kind}${id}`
}

function requireOneRow({ changes }: { changes: number | bigint }): void {
  if (changes !== 1) throw new Error(`${path} was changed by somebody else while this process had it open.`)
}

/** Keeps the log short. After the answer, so that only the next batch waits, and for 1 MB only. */
function tendLog(): void {
  const { log, checkpointed } = pages(logState.get())
  if (log - checkpointed >= checkpointPages) checkpoint.get()
  if (log >= longLogPages) emptyLog(0)
}

/**
 * Writes everything into the database file and empties the log, so that on the disk nothing is left of what secure_delete
 * has zeroed. False if a reader was in the way for so many milliseconds.
 */
function emptyLog(wait: number): boolean {
  database.exec(`PRAGMA busy_timeout = ${wait}`)
  const { busy } = pages(truncateLog.get())
  database.exec(`PRAGMA busy_timeout = ${patience}`)
  if (busy) return false
  // SQLite does not sync the truncation, so a power cut could bring the old contents back.
  const log = openSync(`${path}-wal`, 'r+')
  try {
    fsyncSync(log)
  } finally {
    closeSync(log)
  }
  return true
}

function pages(row: Record<string, unknown> | undefined): { busy: boolean; log: number; checkpointed: number } {
  return { busy: row?.['busy'] !== 0, log: Number(row?.['log']), checkpointed: Number(row?.['checkpointed']) }
}

/** The last connection to close checkpoints, and removes the log. */
function close(): void {
  database.close()
  port.close()
}
