import { decodeBase64, EncodingError } from '../protocol/base64.ts'

/** How the values of conditions are read. All readers give undefined for what is no such value. */

/** An integer or a decimal fraction, with an exponent or without. */
export function parseNumber(text: string): number | undefined {
  return /^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined
}

export function parseBoolean(text: string): boolean | undefined {
  const lower = text.toLowerCase()
  return lower === 'true' ? true : lower === 'false' ? false : undefined
}

/** The text itself, if it is canonical base64: then equal bytes have equal texts. */
export function parseBinary(text: string): string | undefined {
  try {
    decodeBase64(text).fill(0)
    return text
  } catch (error) {
    if (error instanceof EncodingError) return undefined
    throw error
  }
}

const dateForm = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(\.\d+)?)?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d))?$/

/**
 * Epoch milliseconds of epoch seconds (with a fraction or without), or of a date as in ISO 8601: `2026-11-24`,
 * `2026-11-24T10:30Z`, `2026-11-24T10:30:00.5+01:00`.
 */
export function parseDate(text: string): number | undefined {
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text) * 1000
  const match = dateForm.exec(text)
  if (!match) return undefined
  const [, year = '', month = '', day = '', hour = '0', minute = '0', second = '0', fraction = '0', zone = 'Z'] = match
  const moment = new Date(
    Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second)),
  )
  const isReal =
    moment.getUTCMonth() === Number(month) - 1 &&
    moment.getUTCDate() === Number(day) &&
    Number(hour) < 24 &&
    Number(minute) < 60 &&
    Number(second) < 60
  const offset =
    zone === 'Z' ? 0 : Number(`${zone.slice(0, 1)}1`) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4)))
  return isReal ? moment.getTime() + Number(fraction) * 1000 - offset * 60_000 : undefined
}

/** An address of 4 bytes or 16. An IPv4 address that is written as one of IPv6 (::ffff:192.0.2.1) is one of IPv4. */
export function parseAddress(text: string): readonly number[] | undefined {
  const bytes = text.includes(':') ? parseV6(text) : parseV4(text)
  return bytes && isMappedV4(bytes) ? bytes.slice(12) : bytes
}

interface Network {
  address: readonly number[]
  /** How many bits of it count. */
  bits: number
}

/** A network in CIDR notation, or a single address. */
export function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf('/')
  const bytes = slash < 0 ? parseRaw(text) : parseRaw(text.slice(0, slash))
  if (!bytes) return undefined
  const most = bytes.length * 8
  const prefix = slash < 0 ? String(most) : text.slice(slash + 1)
  const bits = Number(prefix)
  if (!/^\d{1,3}$/.test(prefix) || bits > most) return undefined
  return isMappedV4(bytes) && bits >= 96 ? { address: bytes.slice(12), bits: bits - 96 } : { address: bytes, bits }
}

export function isIn({ address, bits }: Network, other: readonly number[]): boolean {
  if (other.length !== address.length) return false
  for (let at = 0, left = bits; left > 0; at++, left -= 8) {
    const mask = left >= 8 ? 0xff : 0xff & (0xff << (8 - left))
    if ((((address[at] ?? 0) ^ (other[at] ?? 0)) & mask) !== 0) return false
  }
  return true
}

const parseRaw = (text: string): number[] | undefined => (text.includes(':') ? parseV6(text) : parseV4(text))

const isMappedV4 = (bytes: readonly number[]): boolean =>
  bytes.length === 16 && bytes.slice(0, 10).every(byte => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff

function parseV4(text: string): number[] | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every(part => /^(?:0|[1-9]\d{0,2})$/.test(part))) return undefined
  const bytes = parts.map(Number)
  return bytes.every(byte => byte <= 255) ? bytes : undefined
}

function parseV6(text: string): number[] | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = halves.map((half, index) => groups(half, index === halves.length - 1))
  if (!head || (halves.length === 2 && !tail)) return undefined
  if (!tail) return head.length === 16 ? head : undefined
  const missing = 16 - head.length - tail.length
  return missing >= 2 ? [...head, ...Array.from({ length: missing }, () => 0), ...tail] : undefined
}

/** The bytes of groups of hex digits; the last of the whole address may be an IPv4 address. */
function groups(text: string, isLast: boolean): number[] | undefined {
  if (text === '') return []
  const bytes: number[] = []
  const parts = text.split(':')
  for (const [index, part] of parts.entries()) {
    if (isLast && index === parts.length - 1 && part.includes('.')) {
      const v4 = parseV4(part)
      if (!v4) return undefined
      bytes.push(...v4)
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      const group = Number.parseInt(part, 16)
      bytes.push(group >> 8, group & 0xff)
    } else return undefined
  }
  return bytes
}
