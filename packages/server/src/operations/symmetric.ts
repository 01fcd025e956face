import { decryptSymmetric, encryptSymmetric, readHeader } from '../keys/ciphertext.ts'
import type { Key } from '../keys/key.ts'
import { openMaterial } from '../keys/material.ts'
import type { KeyObject } from 'node:crypto'
import type { Context } from '../operation.ts'
import { kmsError } from '../protocol/errors.ts'
import { keyRow, materialRow, TamperedRow } from '../store/documents.ts'
import { decryptTwice, encryptTwice } from './double-encryption.ts'

/** Encryption and decryption under symmetric keys, as four operations need it. */

type EncryptionContext = ReadonlyMap<string, string> | undefined

/** What Decrypt and ReEncrypt say of the ciphertext. */
interface Source {
  CiphertextBlob?: Uint8Array
  DryRun?: boolean
  DryRunModifiers?: readonly string[]
}

const ignoresCiphertext = ({ DryRun, DryRunModifiers }: Source): boolean =>
  DryRun === true && DryRunModifiers?.includes('IGNORE_CIPHERTEXT') === true

/** The ciphertext, unless a dry run asks to be judged without one. */
export function ciphertextOf(input: Source): Uint8Array | undefined {
  return ignoresCiphertext(input) ? undefined : input.CiphertextBlob
}

/** @throws ValidationException if there is neither a ciphertext nor a reason to ignore it, or if no key is to be found */
export function requireSource(
  input: Source,
  [member, keyId]: [member: string, keyId: string | undefined],
  algorithm = 'SYMMETRIC_DEFAULT',
): void {
  const isIgnored = ignoresCiphertext(input)
  if (!isIgnored && !input.CiphertextBlob) {
    throw kmsError(
      'ValidationException',
      "1 validation error detected: Value null at 'ciphertextBlob' failed to satisfy constraint: Member must not be null",
    )
  }
  // Only a ciphertext of a symmetric key names its key.
  if (keyId === undefined && (isIgnored || algorithm !== 'SYMMETRIC_DEFAULT')) {
    throw kmsError('ValidationException', `${member} must not be null`)
  }
}

export async function encryptUnder(
  context: Context,
  key: Key,
  plaintext: Uint8Array,
  encryptionContext: EncryptionContext,
): Promise<{ blob: Buffer; materialId: string }> {
  const materialId = key.currentMaterialId
  if (materialId === undefined) throw new Error('a usable symmetric key has current material')
  const material = await materialOf(context, key, materialId)
  const blob = key.keyStore
    ? await encryptTwice(context, key, { id: materialId, key: material }, plaintext, encryptionContext)
    : encryptSymmetric(material, materialId, plaintext, encryptionContext)
  return { blob, materialId }
}

/** The same for a secret that nobody else holds: it is wiped if it cannot be encrypted. */
export async function encryptOrWipe(
  ...[context, key, secret, encryptionContext]: Parameters<typeof encryptUnder>
): ReturnType<typeof encryptUnder> {
  try {
    return await encryptUnder(context, key, secret, encryptionContext)
  } catch (error) {
    secret.fill(0)
    throw error
  }
}

/**
 * @throws InvalidCiphertextException, without saying what is wrong; KMSInvalidStateException if the key is in an external key
 * store
 */
export async function decryptUnder(
  context: Context,
  key: Key,
  blob: Uint8Array,
  encryptionContext: EncryptionContext,
): Promise<{ plaintext: Buffer; materialId: string }> {
  const header = readHeader(blob)
  if (!header || !key.materials.some(material => material.id === header.materialId)) {
    throw kmsError('InvalidCiphertextException')
  }
  if (header.suite !== (key.keyStore ? 'double' : 'single')) throw kmsError('InvalidCiphertextException')
  const material = await materialOf(context, key, header.materialId)
  const plaintext = key.keyStore
    ? await decryptTwice(context, key, material, blob, encryptionContext)
    : decryptSymmetric(material, blob, encryptionContext)
  if (!plaintext) throw kmsError('InvalidCiphertextException')
  return { plaintext, materialId: header.materialId }
}

/**
 * Only ciphertexts of symmetric keys say whose they are.
 *
 * @throws IncorrectKeyException if the ciphertext is one of another key, InvalidCiphertextException if of none
 */
export async function requireKeyOfCiphertext(
  context: Context,
  key: Key,
  blob: Uint8Array | undefined,
  algorithm = 'SYMMETRIC_DEFAULT',
): Promise<void> {
  if (!blob || algorithm !== 'SYMMETRIC_DEFAULT') return
  const header = readHeader(blob)
  // The key vouches for its own materials; whose others are, their rows say.
  if (header && key.materials.some(({ id }) => id === header.materialId)) return
  const material = header && (await context.view.get('material', materialRow(context.region, header.materialId)))
  if (!material) throw kmsError('InvalidCiphertextException')
  if (keyRow(material.account, material.region, material.keyId) !== keyRow(key.account, key.region, key.id)) {
    throw kmsError(
      'IncorrectKeyException',
      'The key ID in the request does not identify a CMK that can perform this operation.',
    )
  }
}

/** @throws TamperedRow, SealError if the material is not what the key, which is usable, vouches for */
async function materialOf({ view, seal }: Context, key: Key, materialId: string): Promise<KeyObject> {
  const row = materialRow(key.region, materialId)
  const document = await view.get('material', row)
  if (!document?.sealed) throw new TamperedRow('material', row)
  return openMaterial(seal, key, document)
}
