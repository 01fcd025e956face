import { constants, publicEncrypt } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

/** RSAES-OAEP (RFC 8017 section 7.1): MGF1 with the same hash, an empty label. The block is as long as the modulus. */
export function encryptOaep(publicKey: KeyObject, hash: 'sha1' | 'sha256', plaintext: Uint8Array): Buffer {
  return publicEncrypt({ key: publicKey, oaepHash: hash, padding: constants.RSA_PKCS1_OAEP_PADDING }, plaintext)
}
