import { createCipheriv, createDecipheriv } from 'node:crypto'

/** Bytes that AES-GCM adds to the plaintext. Always the full tag (NIST SP 800-38D, appendix C). */
export const tagSize = 16
/** Bytes; the size for which GCM needs no extra hashing (NIST SP 800-38D, 5.2.1.1). */
export const ivSize = 12

const options = { authTagLength: tagSize }

/** AES-256-GCM: the ciphertext, as long as the plaintext, then the tag. `key` is 32 bytes; an IV serves a key once. */
export function sealGcm(key: Uint8Array, iv: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Buffer<ArrayBuffer> {
  const cipher = createCipheriv('aes-256-gcm', key, iv, options)
  cipher.setAAD(aad)
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
}

/** The plaintext, in memory of its own for the caller to wipe; undefined if anything is not as it was sealed. */
export function openGcm(
  key: Uint8Array,
  iv: Uint8Array,
  aad: Uint8Array,
  sealed: Uint8Array,
): Buffer<ArrayBuffer> | undefined {
  const size = sealed.length - tagSize
  if (size < 0) return undefined
  const decipher = createDecipheriv('aes-256-gcm', key, iv, options)
  decipher.setAAD(aad)
  decipher.setAuthTag(sealed.subarray(size))
  const plaintext = decipher.update(sealed.subarray(0, size))
  try {
    decipher.final()
    return plaintext
  } catch {
    plaintext.fill(0)
    return undefined
  }
}
