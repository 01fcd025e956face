import { DatabaseSync } from 'node:sqlite'
import { migrations } from './migrations.ts'

/**
 * Set on every connection, then read back. Checkpoints are ours (sqlite-writer.ts), because SQLite keeps quiet when its
 * own fail; temporary files would be copies that nobody erases.
 */
const settings = {
  page_size: 4096, // The pad of a row (migrations.ts) counts on it.
  encoding: 'UTF-8',
  journal_mode: 'wal',
  synchronous: 2, // FULL
  foreign_keys: 1,
  trusted_schema: 0,
  cell_size_check: 1,
  secure_delete: 1,
  temp_store: 2, // MEMORY
  wal_autocheckpoint: 0,
  mmap_size: 1 << 30,
} as const

/** `KRVE`: tells our files from other people's (https://www.sqlite.org/pragma.html#pragma_application_id). */
const applicationId = 0x4b525645

/** https://www.sqlite.org/rescode.html */
export const SQLITE_BUSY = 5
const SQLITE_NOTADB = 26

export function isSqliteError(error: unknown, code: number): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === code
}

/** How long a connection waits for locks of another one, in milliseconds. */
export const patience = 2_000

/**
 * Opens the database and asserts its settings.
 *
 * @throws Error in words for the operator if the file is no database of ours, or a setting does not hold.
 */
export function openDatabase(path: string, access: 'read' | 'write'): DatabaseSync {
  const database = new DatabaseSync(path, { readOnly: access === 'read', timeout: patience })
  try {
    requireOurs(database, path)
    for (const [name, value] of Object.entries(settings)) {
      database.exec(`PRAGMA ${name} = '${value}'`)
      const actual = pragma(database, name)
      if (actual !== value)
        throw new Error(`${path}: SQLite keeps ${name} at ${String(actual)}, but it must be ${value}.`)
    }
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/**
 * Brings the tables to the version of this program, one transaction a step; the steps done are recorded as the
 * database's user_version, in the same transaction.
 *
 * @throws Error in words for the operator if the database comes from a newer program.
 */
export function migrate(database: DatabaseSync, path: string): void {
  const done = Number(pragma(database, 'user_version'))
  if (done > migrations.length) {
    throw new Error(
      `${path} was written by a newer version of Keyreeve (schema ${done}; this version knows ${migrations.length}). ` +
        'Start that version, or restore a backup made before the upgrade.',
    )
  }
  for (const [index, statements] of migrations.entries()) {
    if (index < done) continue
    database.exec(`
      BEGIN IMMEDIATE;
      ${statements}
      PRAGMA application_id = ${applicationId};
      PRAGMA user_version = ${index + 1};
      COMMIT;
    `)
  }
}

function requireOurs(database: DatabaseSync, path: string): void {
  const notOurs = `${path} is not a database of Keyreeve.`
  try {
    const id = pragma(database, 'application_id')
    // A process that died before its first migration leaves a database with no table.
    const isEmpty = database.prepare('SELECT 1 FROM sqlite_schema').get() === undefined
    if (id === applicationId || isEmpty) return
  } catch (error) {
    throw isSqliteError(error, SQLITE_NOTADB) ? new Error(notOurs, { cause: error }) : error
  }
  throw new Error(notOurs)
}

function pragma(database: DatabaseSync, name: string): unknown {
  return Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]
}
