import { fromBigInt, toBigInt } from './bytes.ts'
import type { Bytes } from './bytes.ts'
import type { PublicKey } from './public-key.ts'

/** RSAES-OAEP (RFC 8017 section 7.1) with an empty label and the same hash for MGF1. */
export async function encryptOaep(publicKey: PublicKey, hash: 'SHA-1' | 'SHA-256', message: Bytes): Promise<Bytes> {
  const key = await crypto.subtle.importKey('spki', publicKey.spki, { name: 'RSA-OAEP', hash }, false, ['encrypt'])
  return new Uint8Array(await crypto.subtle.encrypt('RSA-OAEP', key, message))
}

/**
 * RSAES-PKCS1-v1_5 (RFC 8017 section 7.2), which Web Crypto does not offer.
 *
 * bigint arithmetic is not constant-time and its values cannot be wiped, only dropped. Both are bearable here: this is
 * the public operation, run once by the owner of the secret, on a number that fresh random padding hides each time.
 *
 * @param message at most 11 bytes less than the modulus
 */
export function encryptPkcs1(publicKey: PublicKey, message: Uint8Array): Bytes {
  const size = publicKey.bits / 8
  const padded = new Uint8Array(size)
  try {
    padded[1] = 2
    fillNonZero(padded.subarray(2, size - message.length - 1))
    padded.set(message, size - message.length)
    return fromBigInt(power(toBigInt(padded), publicKey.exponent, publicKey.modulus), size)
  } finally {
    padded.fill(0)
  }
}

/** Uniform over 1 to 255: a zero would end the padding early, so zeros are drawn again. */
function fillNonZero(padding: Bytes): void {
  crypto.getRandomValues(padding)
  for (let at = padding.indexOf(0); at >= 0; at = padding.indexOf(0, at)) {
    crypto.getRandomValues(padding.subarray(at, at + 1))
  }
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n
  for (; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % modulus
    base = (base * base) % modulus
  }
  return result
}
