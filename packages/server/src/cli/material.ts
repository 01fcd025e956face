import { createPrivateKey, createPublicKey, hash, sign, verify } from 'node:crypto'
import { readMaterial, type KeyMaterial, type MaterialFormat, type WrappingAlgorithm } from 'keyreeve-import'
import { random } from '../crypto/random.ts'
import { readInput, requireAbsent, writeOutput } from './files.ts'
import { Failure, remark, requireChoice, UsageError } from './verb.ts'

/** What each is for. */
export const algorithms: Readonly<Record<WrappingAlgorithm, string>> = {
  RSAES_OAEP_SHA_256: 'secrets and elliptic curve keys; the default where it fits',
  RSA_AES_KEY_WRAP_SHA_256: 'everything; the default for RSA private keys, and for P-521 under RSA_2048',
  RSAES_OAEP_SHA_1: 'where SHA-256 cannot be had',
  RSA_AES_KEY_WRAP_SHA_1: 'where SHA-256 cannot be had',
  RSAES_PKCS1_V1_5: 'legacy, for secrets only, no longer offered by AWS',
}
export const algorithmNames = Object.keys(algorithms) as WrappingAlgorithm[] // The record has no others.

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

/**
 * SHA-256 of the public half of a private key (DER SubjectPublicKeyInfo), in hexadecimal, as openssl gives it:
 * `openssl pkey -in key.pem -pubout -outform der | openssl dgst -sha256`. Undefined for secrets.
 *
 * @param material what `loadMaterial` gives for a key of this spec
 * @throws Failure if the private key is damaged, or what stands beside it as its public half belongs to another
 */
export function fingerprintOf(keySpec: string, material: KeyMaterial['material']): string | undefined {
  if (isSecret(keySpec)) return undefined
  try {
    // A view, so that there is no copy to wipe.
    const key = Buffer.from(material.buffer, material.byteOffset, material.length)
    const privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' })
    // OpenSSL writes a point that came compressed so again, where a service gives all of it; JSON Web Keys have one form.
    const publicKey = createPublicKey({ key: createPublicKey(privateKey).export({ format: 'jwk' }), format: 'jwk' })
    const digest = privateKey.asymmetricKeyType === 'ed25519' ? null : 'sha256'
    if (verify(digest, probe, publicKey, sign(digest, probe, privateKey))) {
      return publicFingerprint(publicKey.export({ format: 'der', type: 'spki' }))
    }
  } catch {
    // OpenSSL names functions of its own, which tell its user nothing.
  }
  throw new Failure('This private key is damaged: the public half in it does not verify what it signs.')
}

const probe = Buffer.from('pairwise consistency')

/** @param publicKey DER SubjectPublicKeyInfo */
export function publicFingerprint(publicKey: Uint8Array): string {
  return hash('sha256', publicKey)
}

/** Bytes of a fresh secret, by key spec. A private key is for a tool of its own to make. */
const secretSizes: Readonly<Record<string, number>> = {
  SYMMETRIC_DEFAULT: 32,
  HMAC_224: 28,
  HMAC_256: 32,
  HMAC_384: 48,
  HMAC_512: 64,
}

export const isSecret = (keySpec: string): boolean => Object.hasOwn(secretSizes, keySpec)

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
