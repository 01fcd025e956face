import { createPrivateKey } from 'node:crypto'
import { unwrapKwp } from '../crypto/kwp.ts'
import type { SizeRange } from '../crypto/rsa.ts'
import { keySpecs } from '../keys/specs.ts'
import type { KeySpecName } from '../keys/specs.ts'
import { kmsError } from '../protocol/errors.ts'
import type { PublicKeys } from '../threads/public-keys.ts'
import { materialSize, requireAvailable, wrappingKeySpecs } from './wrapping.ts'
import type { WrappingAlgorithm, WrappingKeySpecName } from './wrapping.ts'

export interface Wrapped {
  readonly algorithm: WrappingAlgorithm
  readonly wrappingKeySpec: WrappingKeySpecName
  /** Of the key that the material is for. */
  readonly spec: KeySpecName
  /** Of the wrapping key: PKCS #8, DER. Stays the caller's to wipe. */
  readonly privateKey: Buffer
  readonly encrypted: Uint8Array
}

/** What RSA_AES_KEY_WRAP wraps first: an AES-256 key. */
const kekSize: SizeRange = { minimum: 32, maximum: 32 }
/** AES-KWP makes at least two semiblocks of 8 bytes. */
const semiblock = 8

/**
 * The material, for the caller to wipe; undefined if it cannot be unwrapped or does not fit the key spec. Those are one
 * answer on purpose (C7): every cause after the check of the blob's length looks the same.
 *
 * @throws ValidationException if the blob's length does not fit the wrapping key
 * @throws ThrottlingException if too many blobs wait
 * @throws UnsupportedOperationException for algorithms and specs that are not available
 */
export async function unwrapMaterial(
  publicKeys: PublicKeys,
  account: string,
  wrapped: Wrapped,
): Promise<Buffer | undefined> {
  const { padding, kwp } = requireAvailable(wrapped.algorithm)
  const { encrypted } = wrapped
  const blockSize = requireAvailable(wrappingKeySpecs[wrapped.wrappingKeySpec]).modulusBits / 8
  const size = materialSize(keySpecs[wrapped.spec])
  const rest = encrypted.length - blockSize
  if (kwp ? rest < 2 * semiblock || rest % semiblock !== 0 : rest !== 0) {
    throw kmsError('ValidationException', 'Invalid encrypted key size.')
  }
  const privateKey = createPrivateKey({ key: wrapped.privateKey, format: 'der', type: 'pkcs8' })
  if (!kwp) return publicKeys.decrypt(account, padding, privateKey, encrypted, size)
  const kek = await publicKeys.decrypt(account, padding, privateKey, encrypted.subarray(0, blockSize), kekSize)
  if (!kek) return undefined
  const material = unwrapKwp(kek, encrypted.subarray(blockSize))
  kek.fill(0)
  if (!material || (material.length >= size.minimum && material.length <= size.maximum)) return material
  material.fill(0)
  return undefined
}
