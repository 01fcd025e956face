/**
 * Base64 (RFC 4648 section 4, with padding) and lower-case hex, both strict: a text is accepted only if encoding its bytes
 * again gives the same text, so that no two texts mean the same bytes.
 */

/** The text is not canonical. The message is the one that AWS prints, and quotes at most the one character at fault. */
export class EncodingError extends Error {
  override readonly name = 'EncodingError'
}

const pad = 0x3d
const alphabet = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')
const sextets = new Int8Array(256).fill(-1)
for (const [sextet, character] of alphabet.entries()) sextets[character] = sextet

/** The six bits of the character at `at`; negative if it is none of the alphabet. */
function sextetAt(text: Uint8Array, at: number): number {
  return sextets[text[at] ?? pad] ?? -1
}

function characterOf(sextet: number): number {
  return alphabet[sextet & 63] ?? pad
}

/**
 * The bytes, in memory of their own (no pool), which is the caller's to wipe. From bytes that hold the text, no string is
 * made on the way, so a secret leaves no copy that nobody can wipe.
 *
 * @throws EncodingError
 */
export function decodeBase64(text: string | Uint8Array): Buffer {
  const source = typeof text === 'string' ? Buffer.from(text) : text
  const { length } = source
  if (length % 4 !== 0) {
    throw new EncodingError(`Base64 encoded length is expected a multiple of 4 bytes but found: ${length}`)
  }
  const padding = source[length - 1] !== pad ? 0 : source[length - 2] !== pad ? 1 : 2
  const whole = length - (padding > 0 ? 4 : 0)
  const bytes = Buffer.allocUnsafeSlow((length / 4) * 3 - padding)
  let to = 0
  for (let at = 0; at < whole; at += 4) {
    const bits =
      (sextetAt(source, at) << 18) |
      (sextetAt(source, at + 1) << 12) |
      (sextetAt(source, at + 2) << 6) |
      sextetAt(source, at + 3)
    if (bits < 0) throw refuse(bytes, source, at)
    bytes[to++] = bits >> 16
    bytes[to++] = bits >> 8
    bytes[to++] = bits
  }
  if (padding > 0) {
    const third = padding === 1 ? sextetAt(source, whole + 2) : 0
    const bits = (sextetAt(source, whole) << 18) | (sextetAt(source, whole + 1) << 12) | (third << 6)
    if (bits < 0) throw refuse(bytes, source, whole)
    if ((bits & (padding === 1 ? 0xff : 0xffff)) !== 0) {
      bytes.fill(0)
      throw new EncodingError('Invalid last non-pad Base64 character dectected') // As AWS spells it.
    }
    bytes[to++] = bits >> 16
    if (padding === 1) bytes[to++] = bits >> 8
  }
  return bytes
}

/** Wipes what was decoded so far, and names the first wrong character from `at` on. */
function refuse(decoded: Buffer, source: Uint8Array, at: number): EncodingError {
  decoded.fill(0)
  let wrong = at
  while (sextetAt(source, wrong) >= 0) wrong++
  const [character] = Buffer.from(source.subarray(wrong, wrong + 4)).toString()
  return new EncodingError(`Invalid Base64 character: '${character}'`)
}

export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

/** How many characters `size` bytes take. */
export function base64Length(size: number): number {
  return Math.ceil(size / 3) * 4
}

/** Writes the text of `bytes` into `target` from `offset` on, with no string on the way; returns where it ends. */
export function writeBase64(bytes: Uint8Array, target: Uint8Array, offset: number): number {
  const end = offset + base64Length(bytes.length)
  if (end > target.length) throw new RangeError('no room for the base64 text')
  let to = offset
  for (let at = 0; at < bytes.length; at += 3) {
    const bits = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
    target[to++] = characterOf(bits >> 18)
    target[to++] = characterOf(bits >> 12)
    target[to++] = characterOf(bits >> 6)
    target[to++] = characterOf(bits)
  }
  const excess = bytes.length % 3
  if (excess > 0) target[end - 1] = pad
  if (excess === 1) target[end - 2] = pad
  return end
}

/**
 * The bytes of lower-case hex.
 *
 * @throws EncodingError
 */
export function decodeHex(text: string): Buffer {
  const bytes = Buffer.from(text, 'hex') // Stops at the first character that is no digit.
  if (encodeHex(bytes) !== text) throw new EncodingError('Invalid hex')
  return bytes
}

export function encodeHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}
