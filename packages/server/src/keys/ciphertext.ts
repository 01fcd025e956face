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
 *     1  1   suite 01: KBKDF-HMAC-SHA256, AES-256-GCM; 02: the same, and encrypted once more outside
 *     2  2   zero
 *     4  32  material ID
 *     36 16  N
 *     52 12  IV
 *     64     ciphertext and tag
 *
 * N is drawn anew for each blob, and its key is KBKDF(material, "encrypt/v1", material ID || N). The first 64 bytes and the
 * encryption context are authenticated. As the material ID commits to the material, a blob has one key and one plaintext.
 *
 * Of suite 02, what follows the header was the plaintext of an external key manager, and instead of it come that one's IV,
 * tag and metadata, each behind its length in one byte, and then its ciphertext. Header and encryption context are its
 * additional data too.
 */
const version = 0x81
const suites = { single: 0x01, double: 0x02 } as const
export type Suite = keyof typeof suites
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

/** How and under which material a blob was made; undefined for what is no blob of ours. It may still not be genuine. */
export function readHeader(blob: Uint8Array): { materialId: string; suite: Suite } | undefined {
  if (blob.length < headerSize + tagSize || blob[0] !== version || blob[2] !== 0 || blob[3] !== 0) return undefined
  const suite = blob[1] === suites.single ? 'single' : blob[1] === suites.double ? 'double' : undefined
  return suite && { materialId: encodeHex(blob.subarray(idAt, nAt)), suite }
}

/**
 * For suite 02, what comes back is its inner layer, behind the header of the whole.
 *
 * @param randoms for known answers only: N, 16 bytes, and IV, 12 bytes
 * @throws ValidationException for a context that cannot be encoded
 */
export function encryptSymmetric(
  material: KeyObject,
  id: string,
  plaintext: Uint8Array,
  context: EncryptionContext,
  { suite = 'single', randoms }: { suite?: Suite; randoms?: { n: Uint8Array; iv: Uint8Array } } = {},
): Buffer<ArrayBuffer> {
  const header = Buffer.allocUnsafe(headerSize)
  header.set([version, suites[suite], 0, 0])
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
 * The plaintext, for the caller to wipe. Undefined if blob, material or context are not those that went together. Of suite
 * 02, the blob is the inner layer behind the header.
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

/** What an external key manager makes of an inner layer. */
export interface OuterLayer {
  /** 12 or 16 bytes. */
  iv: Uint8Array
  /** 16 bytes. */
  tag: Uint8Array
  /** Up to 20 bytes that only the key manager understands; often none. */
  metadata: Uint8Array
  /** As long as the inner layer. */
  ciphertext: Uint8Array
}

/**
 * Takes an inner layer off its header, and says what the outer one is bound to.
 *
 * @throws ValidationException for a context that cannot be encoded
 */
export function splitInner(blob: Uint8Array, context: EncryptionContext): { inner: Uint8Array; additional: Buffer } {
  return { inner: blob.subarray(headerSize), additional: authenticated(blob.subarray(0, headerSize), context) }
}

/** Puts an inner layer back behind the header of the blob that it came in. */
export function joinInner(blob: Uint8Array, inner: Uint8Array): Buffer {
  return Buffer.concat([blob.subarray(0, headerSize), inner])
}

/** A blob of suite 02, at most 135 bytes longer than its plaintext. */
export function joinOuter(blob: Uint8Array, { iv, tag, metadata, ciphertext }: OuterLayer): Buffer<ArrayBuffer> {
  const parts = [iv, tag, metadata].flatMap(part => [Uint8Array.of(part.length), part])
  return Buffer.concat([blob.subarray(0, headerSize), ...parts, ciphertext])
}

/** Undefined if the parts have lengths that they cannot have. */
export function splitOuter(blob: Uint8Array): OuterLayer | undefined {
  let at = headerSize
  const next = (): Uint8Array => {
    const start = at + 1
    at = start + (blob[at] ?? 0)
    return blob.subarray(start, at)
  }
  const layer = { iv: next(), tag: next(), metadata: next(), ciphertext: blob.subarray(at) }
  return isOuterLayer(layer) && layer.ciphertext.length >= tagSize ? layer : undefined
}

/** Whether the sizes are those that the proxy's specification allows. */
export function isOuterLayer({ iv, tag, metadata }: OuterLayer): boolean {
  return (iv.length === ivSize || iv.length === 16) && tag.length === tagSize && metadata.length <= 20
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
