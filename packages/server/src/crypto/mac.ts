import { createHmac, timingSafeEqual } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

/** HMAC (RFC 2104), as long as the hash. */
export function mac(hash: 'sha224' | 'sha256' | 'sha384' | 'sha512', key: KeyObject, message: Uint8Array): Buffer {
  return createHmac(hash, key).update(message).digest()
}

/** Whether two MACs are equal, in a time that tells only their lengths. */
export function isSameMac(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}
