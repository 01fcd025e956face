import { constants, privateDecrypt } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

/** How a message was padded to the size of the modulus (RFC 8017 section 7). OAEP: MGF1 with the same hash, no label. */
export type RsaPadding = { readonly scheme: 'oaep'; readonly hash: 'sha1' | 'sha256' } | { readonly scheme: 'pkcs1' }

/** Bytes, both ends included. */
export interface SizeRange {
  readonly minimum: number
  readonly maximum: number
}

/**
 * The message of one RSA block, in memory of its own for the caller to wipe; undefined if block, padding or the size of
 * the message is wrong, without saying which. Takes milliseconds (about 7 for 4096 bits).
 */
export function decryptRsa(
  privateKey: KeyObject,
  padding: RsaPadding,
  block: Uint8Array,
  size: SizeRange,
): Buffer<ArrayBuffer> | undefined {
  // OpenSSL takes shorter blocks too.
  if (block.length * 8 !== privateKey.asymmetricKeyDetails?.modulusLength) return undefined
  return padding.scheme === 'pkcs1'
    ? decryptPkcs1(privateKey, block, size)
    : decryptOaep(privateKey, padding.hash, block, size)
}

function decryptOaep(key: KeyObject, oaepHash: string, block: Uint8Array, { minimum, maximum }: SizeRange) {
  try {
    const message = privateDecrypt({ key, oaepHash, padding: constants.RSA_PKCS1_OAEP_PADDING }, block)
    if (message.length >= minimum && message.length <= maximum) return message
    message.fill(0)
    return undefined
  } catch {
    return undefined
  }
}

/**
 * The raw operation, then our own unpadding: OpenSSL answers wrong padding with made-up bytes of a made-up length
 * ("implicit rejection"), which could pass for a message.
 */
function decryptPkcs1(key: KeyObject, block: Uint8Array, size: SizeRange) {
  let padded
  try {
    padded = privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, block)
  } catch {
    return undefined // A number not below the modulus, as anyone can see.
  }
  try {
    return unpadPkcs1(padded, size)
  } finally {
    padded.fill(0)
  }
}

/**
 * The message in `00 02 || at least 8 bytes that are not 0 || 00 || message` (EME-PKCS1-v1_5, RFC 8017 section 7.2.2), if
 * its size is in the range. All of the block is read and no branch or index depends on it before the verdict, so that
 * time tells neither what is wrong nor where; a message of another size fails as wrong padding does.
 */
export function unpadPkcs1(padded: Buffer, { minimum, maximum }: SizeRange): Buffer<ArrayBuffer> | undefined {
  // Flags are 1 or 0. The separator is the first 0 after the two leading bytes, or at 0 when there is none.
  let isFound = 0
  let separator = 0
  for (let index = 2; index < padded.length; index++) {
    const isSeparator = isZero(padded.readUInt8(index)) & ~isFound
    separator |= index & -isSeparator
    isFound |= isSeparator
  }
  const size = padded.length - 1 - separator
  const isGood =
    isZero(padded.readUInt8(0)) &
    isZero(padded.readUInt8(1) ^ 2) &
    isAtLeast(separator, 10) &
    isAtLeast(size, minimum) &
    isAtLeast(maximum, size)
  if (!isGood) return undefined
  const message = Buffer.alloc(size)
  padded.copy(message, 0, separator + 1)
  return message
}

/** For whole numbers from 0 to 2^31 - 1: the sign bit of a difference, without a comparison. */
function isZero(value: number): number {
  return (value - 1) >>> 31
}

function isAtLeast(value: number, bound: number): number {
  return ((value - bound) >>> 31) ^ 1
}
