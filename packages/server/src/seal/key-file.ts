import { createSecretKey } from 'node:crypto'
import { constants } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { unwrapKwp, wrapKwp } from '../crypto/kwp.ts'
import { random } from '../crypto/random.ts'
import { base64Length, decodeBase64, writeBase64 } from '../protocol/base64.ts'
import { SealError, type RootKey } from './seal.ts'

/**
 * A key file is one line of text, which survives being printed, pasted and kept in a password manager, and is not taken for
 * anything else: `keyreeve-root-key-v1:`, then the base64 of 32 random bytes. The newline at its end may be missing.
 */
const label = 'keyreeve-root-key-v1:'
const prefix = Buffer.from(label)
const keySize = 32
const lineSize = prefix.length + base64Length(keySize)
const newline = 0x0a

/**
 * The root key in a file that is ours alone. It wraps with AES-256-KWP (RFC 5649).
 *
 * @throws SealError in words for the operator
 */
export async function openKeyFile(path: string): Promise<RootKey> {
  const file = await openExisting(path)
  let bytes: Buffer | undefined
  try {
    // Asked of the open file: by its path, another could answer.
    await requirePrivate(file, path)
    bytes = await readKey(file)
  } finally {
    await file.close()
  }
  if (!bytes) {
    throw new SealError(`${path} is not a key file, or is damaged: it must be one line that begins with ${label}`)
  }
  const key = createSecretKey(bytes)
  bytes.fill(0)
  const withKey = async <T>(use: (kek: Buffer) => T): Promise<T> => {
    const kek = key.export()
    try {
      return use(kek)
    } finally {
      kek.fill(0)
    }
  }
  return {
    kind: 'key-file',
    name: `key file ${path}`,
    wrap: secret => withKey(kek => wrapKwp(kek, secret)),
    unwrap: wrapped => withKey(kek => unwrapKwp(kek, wrapped)),
  }
}

/**
 * Writes a fresh root key into a new file of mode 0600, which survives a power cut once this resolves. The file is never
 * overwritten: with it would go everything under its seal.
 *
 * @throws SealError if there is something at the path
 */
export async function createKeyFile(path: string): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
  const file = await open(path, flags, 0o600).catch((error: unknown) => {
    if (codeOf(error) === 'EEXIST') throw new SealError(`${path} exists already, and no key file is ever overwritten.`)
    throw new SealError(`The key file ${path} cannot be made (${codeOf(error)}).`, { cause: error })
  })
  const key = random(keySize)
  const line = Buffer.allocUnsafeSlow(lineSize + 1)
  try {
    line.set(prefix)
    line[writeBase64(key, line, prefix.length)] = newline
    await file.writeFile(line)
    await file.sync()
  } catch (error) {
    await rm(path, { force: true })
    throw error
  } finally {
    key.fill(0)
    line.fill(0)
    await file.close()
  }
  await syncDirectory(dirname(path))
}

async function openExisting(path: string): Promise<FileHandle> {
  try {
    // A pipe must not hold us up; for a file, O_NONBLOCK changes nothing.
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOENT') throw new SealError(`There is no key file ${path}.`)
    if (code === 'ELOOP') throw new SealError(`The key file ${path} is a symbolic link. Name the file itself.`)
    throw new SealError(`The key file ${path} cannot be opened (${code}).`, { cause: error })
  }
}

async function requirePrivate(file: FileHandle, path: string): Promise<void> {
  const found = await file.stat()
  if (!found.isFile()) throw new SealError(`${path} is not a file.`)
  if (!process.getuid) return // Windows has no modes.
  const user = process.getuid()
  if (found.uid !== user) {
    throw new SealError(`The key file ${path} belongs to user ${found.uid}, but this process runs as user ${user}.`)
  }
  if ((found.mode & 0o077) !== 0) {
    const mode = (found.mode & 0o777).toString(8)
    throw new SealError(
      `Other users can read or write the key file ${path} (mode ${mode}). If nobody did, run: chmod 600 '${path}'`,
    )
  }
}

/** Undefined if the file holds anything but one key. The key never becomes a string, which nobody could wipe. */
async function readKey(file: FileHandle): Promise<Buffer | undefined> {
  const content = Buffer.allocUnsafeSlow(lineSize + 2)
  try {
    const { bytesRead } = await file.read(content, 0, content.length, 0)
    const size = content[bytesRead - 1] === newline ? bytesRead - 1 : bytesRead
    return size === lineSize ? parseLine(content.subarray(0, size)) : undefined
  } finally {
    content.fill(0)
  }
}

function parseLine(line: Buffer): Buffer | undefined {
  if (!line.subarray(0, prefix.length).equals(prefix)) return undefined
  let key: Buffer
  try {
    key = decodeBase64(line.subarray(prefix.length))
  } catch {
    return undefined // The decoder's message quotes what it found.
  }
  if (key.length === keySize) return key
  key.fill(0) // Text of this length can stand for 31 or 33 bytes as well.
  return undefined
}

async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return // Windows opens no directories.
  const directory = await open(path, constants.O_RDONLY)
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : 'unknown')
