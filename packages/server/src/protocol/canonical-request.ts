/**
 * The canonical form of a request, which Signature Version 4 signs
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
 *
 * Everything here is text of one byte a character (latin1), as Node hands over targets and headers: it is hashed as it
 * came over the wire.
 */
import { kmsError } from './errors.ts'

/** Headers that say one thing: two of them could be read differently by us and by whatever stands before us. */
const singular = new Set(['authorization', 'content-length', 'content-type', 'date', 'host', 'transfer-encoding'])

/**
 * Headers by lower-case name, with canonical values: blanks trimmed, runs of blanks folded into one space, the values
 * of a repeated header joined by commas in order of arrival.
 *
 * @param rawHeaders names and values in turn, as in Node's `rawHeaders`
 * @throws IncompleteSignatureException when a header is repeated that must not be: AWS documents no answer
 */
export function readHeaders(rawHeaders: readonly string[]): Map<string, string> {
  const headers = new Map<string, string>()
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase()
    const value = canonicalValue(rawHeaders[i + 1] ?? '')
    const earlier = headers.get(name)
    if (earlier === undefined) headers.set(name, value)
    else if (singular.has(name) || name.startsWith('x-amz-')) {
      throw kmsError('IncompleteSignatureException', `The header '${name}' must not be repeated.`)
    } else headers.set(name, `${earlier},${value}`)
  }
  return headers
}

/** `trim` would be wrong: it also takes the byte A0, which ends the UTF-8 form of letters such as à. */
function canonicalValue(value: string): string {
  const plain =
    !value.startsWith(' ') &&
    !value.endsWith(' ') &&
    !value.includes('  ') &&
    !value.includes('\t') &&
    !value.includes('\n')
  return plain ? value : value.replace(/[ \t\r\n]+/g, ' ').replace(/^ | $/g, '')
}

/**
 * One line for each of `names`, in that order, each ending in a line feed.
 *
 * @returns undefined when a header is listed but absent
 */
export function canonicalHeaders(headers: ReadonlyMap<string, string>, names: Iterable<string>): string | undefined {
  let lines = ''
  for (const name of names) {
    const value = headers.get(name)
    if (value === undefined) return undefined
    lines += `${name}:${value}\n`
  }
  return lines
}

/** Path and query of a request target, as the second and third line of the canonical request. */
export function canonicalTarget(target: string): string {
  if (target === '/') return '/\n'
  const mark = target.indexOf('?')
  const path = mark < 0 ? target : target.slice(0, mark)
  return `${encodePath(normalizePath(path))}\n${canonicalQuery(mark < 0 ? '' : target.slice(mark + 1))}`
}

/** The body is hashed as SHA-256 in lower-case hexadecimal. */
export function canonicalRequest(
  method: string,
  target: string,
  headerLines: string,
  signedHeaders: string,
  bodyHash: string,
): string {
  return `${method}\n${target}\n${headerLines}\n${signedHeaders}\n${bodyHash}`
}

/** Drops `.` and `..` (RFC 3986, section 5.2.4) and repeated slashes; a slash at the end stays, as in every AWS SDK. */
function normalizePath(path: string): string {
  const kept: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop()
    else if (segment !== '' && segment !== '.') kept.push(segment)
  }
  const end = kept.length > 0 && path.endsWith('/') ? '/' : ''
  return `/${kept.join('/')}${end}`
}

/** What was encoded on the wire is encoded a second time: every service but S3 signs so. */
export function encodePath(path: string): string {
  return path.replace(/[^A-Za-z0-9\-._~/]/g, percentEncode)
}

/** Sorted by encoded name, then value. Sorting whole pairs would be wrong: `=` sorts behind `-`. */
export function canonicalQuery(query: string): string {
  return readQuery(query)
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort((a, b) => compare(a[0], b[0]) || compare(a[1], b[1]))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

/** Decoded names and values in order of arrival. A plus sign is a plus sign: no SDK writes a space so. */
export function readQuery(query: string): [name: string, value: string][] {
  const pairs = query.split('&').filter(pair => pair !== '')
  return pairs.map(pair => {
    const equals = pair.indexOf('=')
    return equals < 0 ? [decode(pair), ''] : [decode(pair.slice(0, equals)), decode(pair.slice(equals + 1))]
  })
}

function encode(text: string): string {
  return text.replace(/[^A-Za-z0-9\-._~]/g, percentEncode)
}

function decode(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

function percentEncode(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
