/**
 * The syntax of a Signature Version 4 `Authorization` header and of its dates. What AWS quotes of the header as a whole
 * is left out of the messages: somebody may have put a password there.
 */
import { decodeHex } from './base64.ts'
import { kmsError, type KmsError } from './errors.ts'

export const algorithm = 'AWS4-HMAC-SHA256'
export const terminator = 'aws4_request'

/** Parts may be missing or malformed: which of that to say first is for the reader to decide. */
export interface Parts {
  readonly credential: string | undefined
  /** The five fields of `credential`, if it has five. */
  readonly claim: Claim | undefined
  readonly signedHeaders: string | undefined
  /**
   * The names in `signedHeaders`, if it is lower-case, sorted and unique: another list could be read differently by
   * whatever stands before us.
   */
  readonly names: readonly string[] | undefined
}

export interface Claim {
  readonly accessKeyId: string
  /** YYYYMMDD, UTC. */
  readonly date: string
  readonly region: string
  readonly service: string
  readonly terminator: string
}

/** By the text up to the signature: a client sends the same all day, and reading it takes a quarter of verifying. */
const remembered = new Map<string, Parts>()
const memory = { entries: 1024, characters: 1024 }

/**
 * Reads `AWS4-HMAC-SHA256 Credential=..., SignedHeaders=..., Signature=...`. The parts may come in any order, with one
 * space behind each comma or none; unknown ones are ignored.
 *
 * @throws IncompleteSignatureException
 */
export function parseHeader(header: string): { parts: Parts; signature: string | undefined } {
  const end = header.lastIndexOf('=') + 1
  const start = header.slice(0, end)
  // With a comma behind it, the start would say nothing of what the whole header means.
  const isWhole = !header.includes(',', end)
  const known = isWhole ? remembered.get(start) : undefined
  if (known) return { parts: known, signature: header.slice(end) }

  const values = splitHeader(header)
  const credential = values.get('Credential')
  const signedHeaders = values.get('SignedHeaders')
  const parts = {
    credential,
    claim: credential === undefined ? undefined : parseCredential(credential),
    signedHeaders,
    names: signedHeaders === undefined ? undefined : parseSignedHeaders(signedHeaders),
  }
  if (isWhole && start.endsWith(', Signature=') && header.length <= memory.characters) {
    if (remembered.size >= memory.entries) remembered.clear()
    remembered.set(start, parts)
  }
  return { parts, signature: values.get('Signature') }
}

function splitHeader(header: string): ReadonlyMap<string, string> {
  const space = header.indexOf(' ')
  const scheme = space < 0 ? header : header.slice(0, space)
  if (scheme.includes('=')) {
    throw incomplete('Authorization header must begin with the algorithm name, which cannot include an equal-sign.')
  }
  const values = new Map<string, string>()
  if (scheme === algorithm && space < 0) return values
  if (scheme !== algorithm && space >= 0) {
    throw incomplete(`Unsupported AWS 'algorithm': '${scheme}' (only AWS4-HMAC-SHA256 for now). `)
  }
  // A lone word may be a bare token or password, so it is not quoted as an algorithm: it lacks an equal-sign.
  for (const pair of header.slice(space + 1).split(',')) {
    const text = pair.startsWith(' ') ? pair.slice(1) : pair
    const equals = text.indexOf('=')
    if (equals < 0) throw incomplete('Invalid key=value pair (missing equal-sign) in Authorization header.')
    const name = text.slice(0, equals)
    if (values.has(name)) throw incomplete('Authorization header must not repeat a parameter.')
    values.set(name, text.slice(equals + 1))
  }
  return values
}

function parseCredential(text: string): Claim | undefined {
  const fields = text.split('/')
  const [accessKeyId = '', date = '', region = '', service = '', end = ''] = fields
  return fields.length === 5 ? { accessKeyId, date, region, service, terminator: end } : undefined
}

function parseSignedHeaders(list: string): readonly string[] | undefined {
  const names = list === '' ? [] : list.split(';')
  let orderly = list === list.toLowerCase()
  let previous = ''
  for (const name of names) {
    orderly &&= name > previous
    previous = name
  }
  return orderly ? names : undefined
}

/** 32 bytes, from lower-case hexadecimal. */
export function parseSignature(text: string): Uint8Array | undefined {
  return /^[0-9a-f]{64}$/.test(text) ? decodeHex(text) : undefined
}

/** YYYYMMDDThhmmssZ, and a moment that exists: what does not, such as 30 February, comes back as another one. */
export function parseTimestamp(text: string): Date | undefined {
  if (text.length !== 16 || text[8] !== 'T' || text[15] !== 'Z') return undefined
  const year = digits(text, 0, 4)
  const month = digits(text, 4, 6)
  const day = digits(text, 6, 8)
  const hours = digits(text, 9, 11)
  const minutes = digits(text, 11, 13)
  const seconds = digits(text, 13, 15)
  const date = new Date(Date.UTC(year, month - 1, day, hours, minutes, seconds))
  const exists =
    date.getUTCFullYear() === year &&
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    date.getUTCHours() === hours &&
    date.getUTCMinutes() === minutes &&
    date.getUTCSeconds() === seconds
  return exists ? date : undefined
}

/** NaN unless all of them are digits. */
function digits(text: string, start: number, end: number): number {
  let number = 0
  for (let i = start; i < end; i++) {
    const digit = text.charCodeAt(i) - 0x30
    number = digit >= 0 && digit <= 9 ? number * 10 + digit : NaN
  }
  return number
}

/** @returns YYYYMMDDThhmmssZ */
export function formatTimestamp(date: Date): string {
  const iso = date.toISOString()
  return `${iso.slice(0, 4)}${iso.slice(5, 7)}${iso.slice(8, 13)}${iso.slice(14, 16)}${iso.slice(17, 19)}Z`
}

/** What the `Date` header holds: an IMF-fixdate (RFC 9110, section 5.6.7). */
export function parseHttpDate(text: string): Date | undefined {
  const date = new Date(text)
  return !Number.isNaN(date.getTime()) && date.toUTCString() === text ? date : undefined
}

export function incomplete(message: string): KmsError {
  return kmsError('IncompleteSignatureException', message)
}
