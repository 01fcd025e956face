import { concat } from './bytes.ts'
import type { Bytes } from './bytes.ts'
import { count, ImportError } from './error.ts'

/** The identifier octets that keys are made of (X.690 section 8.1.2). */
export const tag = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  sequence: 0x30,
  context0: 0xa0,
  context1: 0xa1,
  /** [1] IMPLICIT BIT STRING, as RFC 5958 has it. */
  implicit1: 0x81,
} as const

/** One parsed value. `content` is a view of the input: wiping the input wipes it. */
export interface Element {
  tag: number
  content: Uint8Array
}

/** The only element in `bytes`, which must end where it ends. */
export function parseDer(bytes: Uint8Array): Element {
  const { element, rest } = next(bytes)
  if (rest.length > 0) throw new ImportError(`The DER ends ${count(rest.length)} before the input does.`)
  return element
}

/** The elements inside a constructed one, or an OCTET STRING that holds DER. */
export function parseElements(content: Uint8Array): Element[] {
  const elements: Element[] = []
  while (content.length > 0) {
    const { element, rest } = next(content)
    elements.push(element)
    content = rest
  }
  return elements
}

/** The content of `element`, if it has that tag. */
export function contentOf(element: Element | undefined, wanted: number): Uint8Array {
  if (element?.tag !== wanted) throw new ImportError(misplaced)
  return element.content
}

export const misplaced = 'The DER holds something else than a key has in this place.'

/** The magnitude of a non-negative INTEGER, without leading zeros. */
export function parseUnsigned(element: Element | undefined): Uint8Array {
  const content = contentOf(element, tag.integer)
  const [first = 0x80, second = 0x80] = content
  if (first >= 0x80 || (first === 0 && content.length > 1 && second < 0x80)) {
    throw new ImportError('The DER holds a number that is negative or not in its shortest form.')
  }
  return first === 0 ? content.subarray(1) : content
}

function next(bytes: Uint8Array): { element: Element; rest: Uint8Array } {
  const [identifier = 0, short = 0] = bytes
  if ((identifier & 0x1f) === 0x1f) throw new ImportError('The DER holds a tag that no key has.')
  let length = short
  let start = 2
  if (short >= 0x80) {
    const digits = short & 0x7f
    start += digits
    length = bytes.subarray(2, start).reduce((value, byte) => value * 256 + byte, 0)
    const isShortest = length >= 0x80 && length >= 256 ** (digits - 1)
    if (bytes.length >= start && (digits > 4 || !isShortest)) throw new ImportError(notDer)
  }
  if (bytes.length < start + length) throw new ImportError('The DER is cut short.')
  return {
    element: { tag: identifier, content: bytes.subarray(start, start + length) },
    rest: bytes.subarray(start + length),
  }
}

const notDer =
  'This is BER, not DER: a length is open or not in its shortest form. ' +
  'Write it anew: openssl pkcs8 -topk8 -nocrypt -inform der -in key.ber -outform der -out key.der'

/** A value to be written: a tag around bytes and further values. */
export interface Node {
  tag: number
  parts: (Node | Uint8Array)[]
}

export const node = (tag: number, ...parts: (Node | Uint8Array)[]): Node => ({ tag, parts })

/** An INTEGER from an unsigned magnitude without leading zeros. */
export function unsigned(magnitude: Uint8Array): Node {
  const [first = 0x80] = magnitude
  return first < 0x80 ? node(tag.integer, magnitude) : node(tag.integer, Uint8Array.of(0), magnitude)
}

/** Writes into one buffer of the final size, so that no copies of secret parts stay behind. */
export function encodeDer(root: Node): Bytes {
  const output = new Uint8Array(sizeOf(root))
  write(root, output)
  return output
}

function write(value: Node | Uint8Array, output: Uint8Array): Uint8Array {
  if (value instanceof Uint8Array) {
    output.set(value)
    return output.subarray(value.length)
  }
  const header = headerOf(value)
  output.set(header)
  return value.parts.reduce((rest: Uint8Array, part) => write(part, rest), output.subarray(header.length))
}

function headerOf(value: Node): Uint8Array {
  const size = contentSize(value)
  if (size < 0x80) return Uint8Array.of(value.tag, size)
  const digits: number[] = []
  for (let left = size; left > 0; left >>= 8) digits.unshift(left & 0xff)
  return concat(Uint8Array.of(value.tag, 0x80 | digits.length), Uint8Array.from(digits))
}

function sizeOf(value: Node | Uint8Array): number {
  return value instanceof Uint8Array ? value.length : headerOf(value).length + contentSize(value)
}

function contentSize(value: Node): number {
  return value.parts.reduce((size, part) => size + sizeOf(part), 0)
}
