import { closeSync, createReadStream, existsSync, fstatSync, openSync, unlinkSync, writeFileSync } from 'node:fs'
import { Failure, remark } from './verb.ts'

/** More than any file that these commands take, in bytes. */
const largestInput = 64 * 1024

/**
 * Reads a small file, a pipe, or stdin for `-`. The caller wipes what comes back.
 *
 * @param isSecret whether to warn if others can read it
 * @throws Failure
 */
export async function readInput(path: string, isSecret: boolean): Promise<Buffer> {
  const buffer = Buffer.alloc(largestInput)
  let size = 0
  try {
    for await (const chunk of path === '-' ? stdin() : contents(path, isSecret)) {
      const fits = size + chunk.length <= largestInput
      if (fits) size += chunk.copy(buffer, size)
      chunk.fill(0)
      if (!fits) throw new Failure(`${nameOf(path)} is too large: more than ${largestInput / 1024} KB.`)
    }
    return Buffer.from(new Uint8Array(buffer.subarray(0, size)).buffer)
  } catch (error) {
    throw error instanceof Failure ? error : fileFailure(`${nameOf(path)} cannot be read`, error)
  } finally {
    buffer.fill(0)
  }
}

const nameOf = (path: string): string => (path === '-' ? 'What stdin gives' : path)

function stdin(): AsyncIterable<Buffer> {
  return process.stdin as AsyncIterable<Buffer> // No encoding is set.
}

async function* contents(path: string, isSecret: boolean): AsyncIterable<Buffer> {
  const descriptor = openSync(path, 'r')
  try {
    // Asked of the open file: by its path, another could answer.
    const found = fstatSync(descriptor)
    if (found.isDirectory()) throw new Failure(`${path} is a folder.`)
    if (isSecret && found.isFile() && process.getuid && (found.mode & 0o044) !== 0) {
      const mode = (found.mode & 0o777).toString(8)
      remark('warning', `Other users can read ${path} (mode ${mode}). Run: chmod 600 ${path}`)
    }
    yield* createReadStream(path, { fd: descriptor, autoClose: false }) as AsyncIterable<Buffer> // No encoding is set.
  } finally {
    closeSync(descriptor)
  }
}

/**
 * Refuses to replace a file, before any work is done for it.
 *
 * @throws Failure
 */
export function requireAbsent(path: string, advice: string): void {
  if (existsSync(path)) throw existsFailure(path, advice)
}

/**
 * Writes a file for its owner alone, and returns when it is on disk.
 *
 * @param force whether it may replace one
 * @throws Failure
 */
export function writeOutput(
  path: string,
  bytes: Uint8Array,
  { force, advice }: { force: boolean; advice: string },
): void {
  try {
    writeFileSync(path, bytes, { flag: force ? 'w' : 'wx', mode: 0o600, flush: true })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') throw existsFailure(path, advice)
    throw fileFailure(`${path} cannot be written`, error)
  }
}

/**
 * Makes a file for its owner alone before it is known what to write: so that what is said once is never lost for want of it.
 *
 * @param contents gives what to write; if it fails, the file is removed
 * @throws Failure
 */
export async function writeFresh(path: string, advice: string, contents: () => Promise<string>): Promise<void> {
  writeOutput(path, new Uint8Array(), { force: false, advice })
  try {
    writeFileSync(path, await contents(), { flag: 'r+', flush: true })
  } catch (error) {
    unlinkSync(path)
    throw error
  }
}

const existsFailure = (path: string, advice: string): Failure => new Failure(`${path} exists already. ${advice}`)

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'this user may not',
  EISDIR: 'it is a folder',
  ENOTDIR: 'part of the path is not a folder',
  ENOSPC: 'the disk is full',
  EROFS: 'the disk is read-only',
}

function fileFailure(what: string, error: unknown): Failure {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
  return new Failure(`${what}: ${Object.hasOwn(reasons, code) ? reasons[code] : code}.`, { cause: error })
}
