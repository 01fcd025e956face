import { createHmac } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { ivSize, openGcm, sealGcm, tagSize } from '../crypto/aead.ts'
import { kbkdf } from '../crypto/kdf.ts'
import { fillNonce } from '../crypto/random.ts'
import { decodeHex, encodeHex } from '../protocol/base64.ts'
import { kmsError } from '../protocol/errors.ts'

/**
 * What Encrypt makes of a plaintext, 80 bytes longer than it:
 *
 *     0  1   version 81 (AWS's own begin with 01)
 *     1  1   suite 01: KBKDF-HMAC-SHA256, AES-256-GCM
 *     2  2   zero
 *     4  32  material ID
 *     36 16  N
 *     52 12  IV
 *     64     ciphertext and tag
 *
 * N is drawn anew for each blob, and its key is KBKDF(material, "encrypt/v1", material ID || N). The first 64 bytes and the
 * encryption context are authenticated. As the material ID commits to the material, a blob has one key and one plaintext.
 */
const version = 0x81
const suite = 0x01
const idAt = 4
const nAt = 36
const ivAt = 52
const headerSize = ivAt + ivSize

/**
 * What names a version of a key's material: 64 lower-case hex digits. It commits to the material and to the key that
 * holds it, so equal material under two keys has two names, and the same bytes imported again have the same.
 */
export function materialId(keyId: string, material: KeyObject | Uint8Array): string {
  return createHmac('sha256', material).update(`kms-material-id/v1\0${keyId}`).digest('hex')
}

/** Which material a blob was made under; undefined for what is no blob of ours. Says nothing yet of its being genuine. */
export function readHeader(blob: Uint8Array): { materialId: string } | undefined {
  if (blob.length < headerSize + tagSize) return undefined
  if (blob[0] !== version || blob[1] !== suite || blob[2] !== 0 || blob[3] !== 0) return undefined
  return { materialId: encodeHex(blob.subarray(idAt, nAt)) }
}

/**
 * @param randoms for known answers only: N, 16 bytes, and IV, 12 bytes
 * @throws ValidationException for a context that cannot be encoded
 */
export function encryptSymmetric(
  material: KeyObject,
  id: string,
  plaintext: Uint8Array,
  context: EncryptionContext,
  randoms?: { n: Uint8Array; iv: Uint8Array },
): Buffer<ArrayBuffer> {
  const header = Buffer.allocUnsafe(headerSize)
  header.set([version, suite, 0, 0])
  header.set(idBytes(id), idAt)
  fillNonce(header.subarray(nAt))
  if (randoms) {
    header.set(randoms.n, nAt)
    header.set(randoms.iv, ivAt)
  }
  const key = keyOf(material, header)
  try {
    return Buffer.concat([header, sealGcm(key, header.subarray(ivAt), authenticated(header, context), plaintext)])
  } finally {
    key.fill(0)
  }
}

/**
 * The plaintext, for the caller to wipe. Undefined if blob, material or context are not those that went together.
 *
 * @throws ValidationException for a context that cannot be encoded
 */
export function decryptSymmetric(
  material: KeyObject,
  blob: Uint8Array,
  context: EncryptionContext,
): Buffer<ArrayBuffer> | undefined {
  if (!readHeader(blob)) return undefined
  const header = blob.subarray(0, headerSize)
  const key = keyOf(material, header)
  try {
    return openGcm(key, header.subarray(ivAt), authenticated(header, context), blob.subarray(headerSize))
  } finally {
    key.fill(0)
  }
}

function idBytes(id: string): Buffer {
  const bytes = decodeHex(id)
  if (bytes.length !== nAt - idAt) throw new RangeError('a material ID has 64 digits')
  return bytes
}

/** The key that serves this one blob. */
function keyOf(material: KeyObject, header: Uint8Array): Buffer {
  return kbkdf(material, 'encrypt/v1', header.subarray(idAt, ivAt), 256)
}

function authenticated(header: Uint8Array, context: EncryptionContext): Buffer {
  return Buffer.concat([header, encodeContext(context)])
}

/** Pairs without order. None at all is the same as an empty one. */
export type EncryptionContext = ReadonlyMap<string, string> | undefined

/**
 * The one encoding of a context, as the AWS Encryption SDK has it: u16 count, then for each pair u16 length and UTF-8 of
 * the key, u16 length and UTF-8 of the value; sorted by the bytes of the key, which is not the order of JavaScript strings.
 *
 * @throws ValidationException for text that is no Unicode or longer than 65,535 bytes, and for more than 65,535 pairs
 */
export function encodeContext(context: EncryptionContext): Buffer {
  if (!context?.size) return Buffer.alloc(2)
  const pairs = Array.from(context, ([key, value]): [Buffer, Buffer] => [utf8(key), utf8(value)])
  pairs.sort(([a], [b]) => a.compare(b))
  const encoded = Buffer.allocUnsafe(pairs.reduce((size, [key, value]) => size + 4 + key.length + value.length, 2))
  let at = writeCount(encoded, pairs.length, 0)
  for (const text of pairs.flat()) {
    at = writeCount(encoded, text.length, at)
    at += text.copy(encoded, at)
  }
  return encoded
}

function utf8(text: string): Buffer {
  // Every lone surrogate would become the same replacement character, and different contexts the same bytes.
  if (!text.isWellFormed()) throw kmsError('ValidationException', 'The encryption context is not well-formed Unicode.')
  return Buffer.from(text)
}

function writeCount(target: Buffer, count: number, at: number): number {
  if (count > 0xffff) throw kmsError('ValidationException', 'The encryption context is too large.')
  return target.writeUInt16BE(count, at)
}
