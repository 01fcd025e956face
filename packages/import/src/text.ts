import type { Bytes } from './bytes.ts'
import { ImportError } from './error.ts'

// Secrets arrive as text too. They are decoded from bytes to bytes here, as a string could not be wiped afterwards.

const newline = 0x0a
const carriageReturn = 0x0d

/** The way a text holds bytes, as its characters tell, or undefined for something else. It may still prove damaged. */
export function textFormat(input: Uint8Array): 'pem' | 'jwk' | 'hex' | 'base64' | undefined {
  if (isUtf16(input)) {
    throw new ImportError('This is UTF-16 text, as PowerShell writes it with ">". Save it as ASCII or as plain bytes.')
  }
  const text = trim(input)
  if (indexOf(text, '-----BEGIN ') >= 0) return 'pem'
  if (text[0] === 0x7b && text.at(-1) === 0x7d) return 'jwk'
  if (text.length === 0) return undefined
  if (withoutPrefix(text).every(byte => hexDigit(byte) >= 0 || isSeparator(byte))) return 'hex'
  if (text.every(byte => base64Digit(byte) >= 0 || isNewline(byte) || byte === 0x3d)) return 'base64'
  return undefined
}

/** Whether all of it is printable ASCII, blanks and newlines. */
export function isText(input: Uint8Array): boolean {
  return input.every(byte => (byte >= 0x20 && byte < 0x7f) || byte === 0x09 || isNewline(byte))
}

/** How many bytes at the end are a newline: 0, 1 for LF, 2 for CR LF. */
export function finalNewline(input: Uint8Array): 0 | 1 | 2 {
  if (input.at(-1) !== newline) return 0
  return input.at(-2) === carriageReturn ? 2 : 1
}

/** Hexadecimal digits, with or without 0x before them and blanks, newlines or colons between the bytes. */
export function decodeHex(input: Uint8Array): Bytes {
  const text = withoutPrefix(trim(input))
  const digits = text.reduce((sum, byte) => sum + (isSeparator(byte) ? 0 : 1), 0)
  if (digits % 2 !== 0) throw new ImportError(`These are ${digits} hexadecimal digits, an odd number.`)
  const bytes = new Uint8Array(digits / 2)
  let at = 0
  for (const byte of text) {
    if (isSeparator(byte) && at % 2 === 0) continue
    const digit = hexDigit(byte)
    if (digit < 0) {
      bytes.fill(0)
      throw new ImportError(
        isSeparator(byte) ? 'A hexadecimal digit stands alone.' : `Not hexadecimal: digit ${at + 1} is none.`,
      )
    }
    bytes[at >> 1] = ((bytes[at >> 1] ?? 0) << 4) | digit
    at++
  }
  return bytes
}

/** Base64 in either alphabet (RFC 4648 sections 4 and 5), with newlines, with or without padding. */
export function decodeBase64(input: Uint8Array): Bytes {
  const text = trim(input).filter(byte => !isNewline(byte))
  const padding = text.at(-1) !== 0x3d ? 0 : text.at(-2) !== 0x3d ? 1 : 2
  const digits = text.subarray(0, text.length - padding)
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4))
  let pending = 0
  try {
    for (const [at, byte] of digits.entries()) {
      const digit = base64Digit(byte)
      if (digit < 0) throw new ImportError(`Not base64: character ${at + 1} is none of its digits.`)
      pending = ((pending << 6) | digit) & 0xfff
      const spare = (6 * (at + 1)) % 8
      if (spare < 6) bytes[Math.floor((6 * (at + 1)) / 8) - 1] = pending >> spare
    }
    const spare = (6 * digits.length) % 8
    if (spare === 6 || (padding > 0 && text.length % 4 !== 0) || pending & ((1 << spare) - 1)) {
      throw new ImportError(`Not base64: ${digits.length} digits that no bytes give. Is it cut short?`)
    }
    return bytes
  } catch (error) {
    bytes.fill(0)
    throw error
  } finally {
    text.fill(0)
  }
}

/** The blocks of a PEM file (RFC 7468), decoded. Text around them is skipped. */
export function decodePem(text: Uint8Array): { label: string; der: Bytes }[] {
  const blocks: { label: string; der: Bytes }[] = []
  try {
    for (let begin = indexOf(text, '-----BEGIN '); begin >= 0; begin = indexOf(text, '-----BEGIN ')) {
      text = text.subarray(begin + 11)
      const dashes = indexOf(text, '-----')
      const label = String.fromCharCode(...text.subarray(0, Math.min(Math.max(dashes, 0), 64)))
      const end = indexOf(text, `-----END ${label}-----`)
      if (label === '' || end < 0) throw new ImportError('The PEM is cut short: a line -----END ...----- is missing.')
      const body = text.subarray(dashes + 5, end)
      if (indexOf(body, 'ENCRYPTED') >= 0) throw new ImportError(encrypted)
      blocks.push({ label, der: decodeBase64(body) })
      text = text.subarray(end)
    }
    return blocks
  } catch (error) {
    for (const { der } of blocks) der.fill(0)
    throw error
  }
}

export const encrypted =
  'This private key is encrypted with a passphrase. ' +
  'Decrypt it first: openssl pkcs8 -topk8 -nocrypt -in key.pem -outform der -out key.der'

/** Without a byte-order mark of UTF-8 and without blanks and newlines at the ends. */
function trim(input: Uint8Array): Uint8Array {
  let start = input[0] === 0xef && input[1] === 0xbb && input[2] === 0xbf ? 3 : 0
  let end = input.length
  while (start < end && isBlank(input[start])) start++
  while (end > start && isBlank(input[end - 1])) end--
  return input.subarray(start, end)
}

/** A byte-order mark and then only ASCII. */
function isUtf16(input: Uint8Array): boolean {
  const [first, second] = input
  const high = first === 0xff && second === 0xfe ? 1 : first === 0xfe && second === 0xff ? 0 : undefined
  return high !== undefined && input.length > 2 && input.subarray(2).every((byte, i) => i % 2 !== high || byte === 0)
}

function withoutPrefix(text: Uint8Array): Uint8Array {
  return text[0] === 0x30 && (text[1] === 0x78 || text[1] === 0x58) ? text.subarray(2) : text
}

function indexOf(bytes: Uint8Array, ascii: string): number {
  const [first = 0, ...others] = Array.from(ascii, character => character.charCodeAt(0))
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (others.every((code, i) => bytes[at + 1 + i] === code)) return at
  }
  return -1
}

function isNewline(byte: number | undefined): boolean {
  return byte === newline || byte === carriageReturn
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || isNewline(byte)
}

function isSeparator(byte: number): boolean {
  return byte === 0x3a || isBlank(byte)
}

/** The value of a digit, or -1. */
function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : -1
}

/** The value of a digit, or -1. */
function base64Digit(byte: number): number {
  if (byte >= 0x41 && byte <= 0x5a) return byte - 0x41
  if (byte >= 0x61 && byte <= 0x7a) return byte - 0x61 + 26
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30 + 52
  if (byte === 0x2b || byte === 0x2d) return 62
  return byte === 0x2f || byte === 0x5f ? 63 : -1
}
