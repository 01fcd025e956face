import { decapsulate as nativeDecapsulate, encapsulate as nativeEncapsulate } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

/** ML-KEM (FIPS 203): a fresh secret of 32 bytes, for the caller to wipe, and what holds it. */
export function encapsulate(publicKey: KeyObject): { sharedSecret: Buffer; ciphertext: Buffer } {
  const { sharedKey, ciphertext } = nativeEncapsulate(publicKey)
  return { sharedSecret: sharedKey, ciphertext }
}

/** The secret, for the caller to wipe. A ciphertext of the right length always gives one (implicit rejection). */
export function decapsulate(privateKey: KeyObject, ciphertext: Uint8Array): Buffer {
  return nativeDecapsulate(privateKey, ciphertext)
}
