import { createCipheriv, createDecipheriv } from 'node:crypto'

/** AES-256 Key Wrap with Padding: RFC 5649, the KWP of NIST SP 800-38F. */
const algorithm = 'id-aes256-wrap-pad'

/** The constant half of the Alternative Initial Value (RFC 5649 section 3); OpenSSL adds the length. */
const initialValue = Uint8Array.of(0xa6, 0x59, 0x59, 0xa6)

/**
 * Wraps at least one byte under a key of 32. The result is a multiple of 8 bytes, between 8 and 15 longer than the data.
 *
 * @throws Error if the key is not 32 bytes or the data is empty
 */
export function wrapKwp(kek: Uint8Array, data: Uint8Array): Buffer {
  // OpenSSL would pass nothing on as nothing.
  if (data.length === 0) throw new RangeError('There is nothing to wrap.')
  const cipher = createCipheriv(algorithm, kek, initialValue)
  const wrapped = cipher.update(data)
  cipher.final()
  return wrapped
}

/**
 * The data that was wrapped, in memory of its own for the caller to wipe; undefined if key, integrity value, padding or
 * length is wrong, without saying which.
 */
export function unwrapKwp(kek: Uint8Array, wrapped: Uint8Array): Buffer | undefined {
  if (wrapped.length === 0) return undefined
  try {
    const decipher = createDecipheriv(algorithm, kek, initialValue)
    const data = decipher.update(wrapped)
    decipher.final()
    return data
  } catch {
    // OpenSSL reports any of these as an error about the cipher's state; nothing in it is worth telling apart.
    return undefined
  }
}
