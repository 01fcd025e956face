import { encryptOaep } from '../crypto/oaep.ts'
import { encryptionAlgorithms, type EncryptionAlgorithmName, type OaepAlgorithm } from '../keys/algorithms.ts'
import type { Key } from '../keys/key.ts'
import { publicKeyOf } from '../keys/material.ts'
import { keySpecs } from '../keys/specs.ts'
import type { Context } from '../operation.ts'
import { kmsError } from '../protocol/errors.ts'
import { onlyMaterialOf, requireAlgorithm } from './key-pairs.ts'
import { decryptUnder, encryptUnder } from './symmetric.ts'

/** Encryption and decryption under a key of any spec, as Encrypt, Decrypt and ReEncrypt need it. */

/** For policies: the algorithm in effect, also where none is named. */
export const toldOfAlgorithm = (algorithm: EncryptionAlgorithmName = 'SYMMETRIC_DEFAULT') => ({
  'kms:EncryptionAlgorithm': algorithm,
})

/** What policies and grants are told of it, also where it is data keys that are encrypted. */
export const toldOfEncryption = {
  conditions: ({ EncryptionAlgorithm }: Told) => toldOfAlgorithm(EncryptionAlgorithm),
  encryptionContext: ({ EncryptionContext }: Told) => EncryptionContext,
}

interface Told {
  EncryptionAlgorithm?: EncryptionAlgorithmName
  EncryptionContext?: ReadonlyMap<string, string>
}

interface Wish {
  algorithm: EncryptionAlgorithmName
  encryptionContext: ReadonlyMap<string, string> | undefined
}

/**
 * @returns the ciphertext; of a symmetric key also the material that made it
 * @throws InvalidKeyUsageException, ValidationException
 */
export async function encryptWith(
  context: Context,
  key: Key,
  plaintext: Uint8Array,
  { algorithm, encryptionContext }: Wish,
): Promise<{ blob: Buffer; materialId?: string }> {
  const oaep = requireEncryptionAlgorithm(key, algorithm)
  if (!oaep) return await encryptUnder(context, key, plaintext, encryptionContext)
  refuseContext(encryptionContext, 'encrypting')
  const most = largestPlaintext(key, oaep)
  if (plaintext.length > most) {
    throw kmsError(
      'ValidationException',
      `Algorithm ${algorithm} and key spec ${key.spec} cannot encrypt data larger than ${most} bytes.`,
    )
  }
  return { blob: encryptOaep(publicKeyOf(key), oaep.hash, plaintext) }
}

/**
 * @returns the plaintext, for the caller to wipe; of a symmetric key also the material that decrypted it
 * @throws InvalidCiphertextException without saying what is wrong, InvalidKeyUsageException, ValidationException
 */
export async function decryptWith(
  context: Context,
  key: Key,
  ciphertext: Uint8Array,
  { algorithm, encryptionContext }: Wish,
): Promise<{ plaintext: Buffer; materialId?: string }> {
  const oaep = requireEncryptionAlgorithm(key, algorithm)
  if (!oaep) return await decryptUnder(context, key, ciphertext, encryptionContext)
  refuseContext(encryptionContext, 'decrypting')
  const plaintext = await context.publicKeys.decrypt(
    context.caller.account,
    { scheme: 'oaep', hash: oaep.hash },
    await onlyMaterialOf(context, key),
    ciphertext,
    { minimum: 0, maximum: largestPlaintext(key, oaep) },
  )
  if (!plaintext) throw kmsError('InvalidCiphertextException')
  return { plaintext }
}

/** @throws InvalidKeyUsageException for an algorithm of other keys */
export function requireEncryptionAlgorithm(key: Key, algorithm: EncryptionAlgorithmName): OaepAlgorithm | undefined {
  requireAlgorithm(key, algorithm)
  return encryptionAlgorithms[algorithm]
}

function largestPlaintext(key: Key, { overhead }: OaepAlgorithm): number {
  const spec = keySpecs[key.spec]
  if (spec.kind !== 'rsa') throw new Error(`${key.spec} has no modulus`)
  return spec.size - overhead
}

function refuseContext(encryptionContext: Wish['encryptionContext'], verb: string): void {
  if (!encryptionContext?.size) return
  throw kmsError('ValidationException', `EncryptionContext is not supported when ${verb} with asymmetric CMKs.`)
}
