import { closeSync, fsyncSync, lstatSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isSqliteError, SQLITE_BUSY } from './sqlite-database.ts'

/** A data directory that belongs to this process until it is released, or until the process is gone. */
export interface ClaimedDirectory {
  /** Absolute. */
  readonly path: string
  release(): void
}

/**
 * Makes the directory (mode 0700) if it is missing, refuses one that is not ours alone, and locks it. The lock is the
 * operating system's, on a file of its own, so it ends with the process, however that ends.
 *
 * @throws Error in words for the operator.
 */
export function claimDirectory(directory: string): ClaimedDirectory {
  const path = resolve(directory)
  makeDirectory(path)
  requirePrivate(path, 'directory')
  const release = lock(path)
  return { path, release }
}

/**
 * Makes an empty file (mode 0600) if it is missing, and refuses one that is not ours alone. An existing file is never
 * opened: closing it would drop the locks that SQLite holds on it in this process
 * (https://www.sqlite.org/howtocorrupt.html, section 2.2).
 *
 * @throws Error in words for the operator.
 */
export function makePrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600))
    syncDirectory(dirname(path))
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
  }
  requirePrivate(path, 'file')
}

function makeDirectory(path: string): void {
  const first = mkdirSync(path, { recursive: true, mode: 0o700 })
  if (first === undefined) return
  // A new directory survives a power cut once the one above it is synced.
  for (let made = path; made.length >= first.length; made = dirname(made)) syncDirectory(dirname(made))
}

/** Makes the names in a directory survive a power cut. */
export function syncDirectory(path: string): void {
  if (process.platform === 'win32') return // Windows opens no directories.
  const directory = openSync(path, 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}

function requirePrivate(path: string, type: 'directory' | 'file'): void {
  const found = lstatSync(path)
  if (found.isSymbolicLink()) throw new Error(`${path} is a symbolic link. Name the ${type} itself.`)
  if (type === 'directory' ? !found.isDirectory() : !found.isFile()) throw new Error(`${path} is not a ${type}.`)
  if (!process.getuid) return // Windows has no modes.
  const user = process.getuid()
  if (found.uid !== user) {
    throw new Error(`${path} belongs to user ${found.uid}, but this process runs as user ${user}.`)
  }
  if ((found.mode & 0o077) !== 0) {
    const mode = (found.mode & 0o777).toString(8)
    const wanted = type === 'directory' ? '700' : '600'
    throw new Error(`Other users can read or write ${path} (mode ${mode}). Run: chmod ${wanted} '${path}'`)
  }
}

function lock(directory: string): () => void {
  const file = join(directory, 'lock')
  const pidFile = join(directory, 'lock.pid')
  makePrivateFile(file)
  const holder = new DatabaseSync(file)
  try {
    // Never committed, so never written: all that counts is the lock, which SQLite also upholds within one process.
    holder.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (error) {
    holder.close()
    if (!isSqliteError(error, SQLITE_BUSY)) throw error
    throw new Error(`The data directory ${directory} is in use by ${nameHolder(pidFile)}.`, { cause: error })
  }
  writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 })
  return () => {
    rmSync(pidFile, { force: true })
    holder.close()
  }
}

function nameHolder(pidFile: string): string {
  try {
    const pid = readFileSync(pidFile, 'utf8').trim()
    return pid === String(process.pid) ? `this process (pid ${pid})` : `another process (pid ${pid})`
  } catch {
    return 'another process' // It has the lock, but has not written its number yet.
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
