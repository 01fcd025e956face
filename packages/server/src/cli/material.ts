import { readMaterial, type KeyMaterial, type MaterialFormat, type WrappingAlgorithm } from 'keyreeve-import'
import { random } from '../crypto/random.ts'
import { readInput, requireAbsent, writeOutput } from './files.ts'
import { remark, requireChoice, UsageError } from './verb.ts'

/** What each is for. */
export const algorithms: Readonly<Record<WrappingAlgorithm, string>> = {
  RSAES_OAEP_SHA_256: 'secrets and elliptic curve keys; the default for them',
  RSA_AES_KEY_WRAP_SHA_256: 'everything; the default for RSA private keys',
  RSAES_OAEP_SHA_1: 'where SHA-256 cannot be had',
  RSA_AES_KEY_WRAP_SHA_1: 'where SHA-256 cannot be had',
  RSAES_PKCS1_V1_5: 'legacy, no longer offered by AWS',
}
export const algorithmNames = Object.keys(algorithms) as WrappingAlgorithm[] // The record has no others.

/** What a caller most likely means if it names no algorithm. */
export function usualAlgorithm(keySpec: string): WrappingAlgorithm {
  return keySpec.startsWith('RSA_') ? 'RSA_AES_KEY_WRAP_SHA_256' : 'RSAES_OAEP_SHA_256'
}

const formats: readonly MaterialFormat[] = ['auto', 'raw', 'hex', 'base64', 'pem', 'der', 'jwk']

export const materialFlags = {
  format: { value: 'format', help: `What the file is: ${formats.join(', ')} (default: auto)` },
} as const

/** @throws UsageError */
export function requireFormat(format = 'auto'): MaterialFormat {
  return requireChoice(format, '--format', formats)
}

/**
 * Reads material in whatever form it is, and says how it was read and what is odd about it. The caller wipes it.
 *
 * @throws Failure, ImportError
 */
export async function loadMaterial(
  path: string,
  options: { keySpec: string; format: MaterialFormat },
): Promise<KeyMaterial['material']> {
  const bytes = await readInput(path, true)
  try {
    const { material, notes } = readMaterial(bytes, options)
    for (const note of notes) remark('note', note)
    return material
  } finally {
    bytes.fill(0)
  }
}

/** Bytes of a fresh secret, by key spec. A private key is for a tool of its own to make. */
const secretSizes: Readonly<Record<string, number>> = {
  SYMMETRIC_DEFAULT: 32,
  HMAC_224: 28,
  HMAC_256: 32,
  HMAC_384: 48,
  HMAC_512: 64,
}

/**
 * Makes fresh material in a new file, which is on disk before anything depends on it.
 *
 * @throws UsageError, Failure
 */
export function generateMaterial(path: string, keySpec: string): void {
  const size = Object.hasOwn(secretSizes, keySpec) ? secretSizes[keySpec] : undefined
  if (size === undefined) {
    throw new UsageError(`--generate makes secrets, not private keys: for ${keySpec}, make one with openssl genpkey.`)
  }
  const secret = random(size)
  try {
    writeOutput(path, secret, { force: false, advice: noReplacement })
  } finally {
    secret.fill(0)
  }
  remark('note', `${size} random bytes are in ${path}. Keep that file: nobody can give the material back to you.`)
}

/** @throws UsageError, Failure */
export function requireGeneratable(path: string): void {
  if (path === '-') throw new UsageError('--generate needs a file to write the material to, not stdin.')
  requireAbsent(path, noReplacement)
}

const noReplacement = 'Leave --generate out to import what is in it, or name another file.'
