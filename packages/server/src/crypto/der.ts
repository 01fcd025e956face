/**
 * DER (X.690): one encoding for each value, so whatever could be written in another way is refused. Reading copies
 * nothing: what it gives are views of the bytes that were passed in. What is written is memory of its own.
 */

/** One element; `bytes` is all of it, `content` what follows tag and length. */
export interface DerElement {
  readonly tag: number
  readonly content: Uint8Array
  readonly bytes: Uint8Array
}

/** The bytes are not what was expected, or not DER. Says what is wrong, but quotes nothing. */
export class DerError extends Error {
  override name = 'DerError'
}

/** Identifier octets: class, constructed or not, number (X.690 section 8.1.2). */
export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  sequence: 0x30,
  set: 0x31,
  /** `[number]`, constructed: explicit, or implicit for a SEQUENCE or SET. */
  context: (number: number): number => 0xa0 | number,
  /** `[number]` IMPLICIT for what is not made of elements, such as an OCTET STRING. */
  contextPrimitive: (number: number): number => 0x80 | number,
} as const

const constructed = 0x20

/**
 * The one element that the bytes are.
 *
 * @throws DerError if they are not one element to the last byte, or its length is indefinite or not minimal, or its tag
 *   number is above 30. What is inside is read by the functions below.
 */
export function parseDer(bytes: Uint8Array): DerElement {
  const element = firstOf(bytes)
  if (element.bytes.length !== bytes.length) throw new DerError('Something follows the element.')
  return element
}

/**
 * What the element is made of, which must be a SEQUENCE or have the given tag.
 *
 * @throws DerError also if there is no element, as all functions below
 */
export function childrenOf(element: DerElement | undefined, tag: number = tags.sequence): DerElement[] {
  let rest = contentOf(element, tag)
  if ((tag & constructed) === 0) throw new DerError('Such an element is not made of others.')
  const children = []
  while (rest.length > 0) {
    const child = firstOf(rest)
    children.push(child)
    rest = rest.subarray(child.bytes.length)
  }
  return children
}

/** The content of an element with this tag, as it is. */
export function contentOf(element: DerElement | undefined, tag: number): Uint8Array {
  if (!element) throw new DerError('An element is missing.')
  if (element.tag !== tag) throw new DerError('The element has another tag.')
  return element.content
}

/** An INTEGER of at least 0: big-endian, without leading zeros except for 0 itself, which is one byte. */
export function unsignedOf(element: DerElement | undefined): Uint8Array {
  const content = contentOf(element, tags.integer)
  const [first, second = 0] = content
  if (first === undefined) throw new DerError('The integer is empty.')
  if (first >= 0x80) throw new DerError('The integer is negative.')
  if (first !== 0 || content.length === 1) return content
  if (second < 0x80) throw new DerError('The integer has a byte too many.')
  return content.subarray(1)
}

/**
 * An OBJECT IDENTIFIER as dotted text. Arcs of more than 2^53 - 1 are refused (RFC 5280 appendix B asks for less than
 * 2^28).
 */
export function oidOf(element: DerElement | undefined): string {
  const content = contentOf(element, tags.oid)
  const arcs: number[] = []
  let arc = 0
  let isInside = false
  for (const byte of content) {
    if (!isInside && byte === 0x80) throw new DerError('An arc has a byte too many.')
    arc = arc * 128 + (byte & 0x7f)
    if (!Number.isSafeInteger(arc)) throw new DerError('An arc is too large.')
    isInside = byte >= 0x80
    if (isInside) continue
    // The first two arcs share a number (section 8.19.4).
    const root = arcs.length > 0 ? undefined : Math.min(Math.floor(arc / 40), 2)
    if (root === undefined) arcs.push(arc)
    else arcs.push(root, arc - root * 40)
    arc = 0
  }
  if (isInside || arcs.length === 0) throw new DerError('The object identifier has no end.')
  return arcs.join('.')
}

export function octetStringOf(element: DerElement | undefined): Uint8Array {
  return contentOf(element, tags.octetString)
}

/** A BIT STRING of whole bytes, as all that hold keys and signatures are. The tag is another one where it is IMPLICIT. */
export function bitStringOf(element: DerElement | undefined, tag: number = tags.bitString): Uint8Array {
  const { unused, bytes } = bitsOf(contentOf(element, tag))
  if (unused !== 0) throw new DerError('The bits are no whole bytes.')
  return bytes
}

/**
 * The bytes of a BIT STRING of named bits, such as KeyUsage: bit 0 is the highest of the first byte, and no byte is there
 * after the last one that is set (section 11.2.2).
 */
export function namedBitsOf(element: DerElement | undefined): Uint8Array {
  const { unused, bytes } = bitsOf(contentOf(element, tags.bitString))
  const last = bytes.at(-1)
  if (last !== undefined && (last & (1 << unused)) === 0) throw new DerError('There are bits too many.')
  return bytes
}

function bitsOf(content: Uint8Array) {
  const [unused] = content
  const bytes = content.subarray(1)
  if (unused === undefined || unused > 7 || (unused > 0 && bytes.length === 0)) {
    throw new DerError('The number of unused bits is wrong.')
  }
  if (((bytes.at(-1) ?? 0) & ((1 << unused) - 1)) !== 0) throw new DerError('Unused bits are set.')
  return { unused, bytes }
}

export function booleanOf(element: DerElement | undefined): boolean {
  const content = contentOf(element, tags.boolean)
  const [value] = content
  if (content.length !== 1 || (value !== 0 && value !== 0xff)) throw new DerError('The boolean is neither.')
  return value !== 0
}

function firstOf(bytes: Uint8Array): DerElement {
  const [tag, short] = bytes
  if (tag === undefined || short === undefined) throw new DerError('The element has no end.')
  if ((tag & 0x1f) === 0x1f) throw new DerError('The tag number is too high.')
  let length = short
  let start = 2
  if (short >= 0x80) {
    const size = short & 0x7f
    if (size === 0 || size > 4) throw new DerError('The length is indefinite or too long.')
    start += size
    if (bytes.length < start) throw new DerError('The element has no end.')
    length = bytes.subarray(2, start).reduce((sum, byte) => sum * 256 + byte, 0)
    if (length < 0x80 || length < 256 ** (size - 1)) throw new DerError('The length is not minimal.')
  }
  const end = start + length
  if (end > bytes.length) throw new DerError('The element has no end.')
  return { tag, content: bytes.subarray(start, end), bytes: bytes.subarray(0, end) }
}

/** An element that holds these bytes one after the other. They are copied: the caller wipes them if they are secret. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Buffer<ArrayBuffer> {
  const length = contents.reduce((sum, content) => sum + content.length, 0)
  const size = length < 0x80 ? 0 : Math.ceil((32 - Math.clz32(length)) / 8)
  const head = 2 + size
  const bytes = Buffer.allocUnsafeSlow(head + length)
  bytes[0] = tag
  if (size === 0) bytes[1] = length
  else {
    bytes[1] = 0x80 | size
    bytes.writeUIntBE(length, 2, size)
  }
  let at = head
  for (const content of contents) {
    bytes.set(content, at)
    at += content.length
  }
  return bytes
}

/** An INTEGER of at least 0, from big-endian bytes that may have leading zeros. */
export function derInteger(unsigned: Uint8Array): Buffer<ArrayBuffer> {
  const first = unsigned.findIndex(byte => byte !== 0)
  const digits = first === -1 ? new Uint8Array() : unsigned.subarray(first)
  const isSigned = (digits[0] ?? 0x80) >= 0x80
  return isSigned ? der(tags.integer, Uint8Array.of(0), digits) : der(tags.integer, digits)
}

/**
 * An OBJECT IDENTIFIER from dotted text, such as `1.2.840.10045.2.1`.
 *
 * @throws RangeError for text that is none
 */
export function derOid(text: string): Buffer<ArrayBuffer> {
  const [root = 0, second = 0, ...others] = text.split('.').map(Number)
  const arcs = [root * 40 + second, ...others]
  const isText = /^[012](?:\.(?:0|[1-9]\d*))+$/.test(text)
  if (!isText || (root < 2 && second > 39) || !arcs.every(Number.isSafeInteger)) {
    throw new RangeError('No object identifier.')
  }
  const bytes = arcs.flatMap(arc => {
    const digits = [arc % 128]
    for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) digits.unshift(0x80 | (rest % 128))
    return digits
  })
  return der(tags.oid, Uint8Array.from(bytes))
}

export function derSequence(...contents: readonly Uint8Array[]): Buffer<ArrayBuffer> {
  return der(tags.sequence, ...contents)
}

/** A SET OF: its elements, which are passed in whole, are sorted (section 11.6). */
export function derSet(...elements: readonly Uint8Array[]): Buffer<ArrayBuffer> {
  return der(tags.set, ...elements.toSorted((a, b) => Buffer.compare(a, b)))
}

export function derOctetString(bytes: Uint8Array): Buffer<ArrayBuffer> {
  return der(tags.octetString, bytes)
}

/** Of whole bytes. */
export function derBitString(bytes: Uint8Array): Buffer<ArrayBuffer> {
  return der(tags.bitString, Uint8Array.of(0), bytes)
}

export const derNull = (): Buffer<ArrayBuffer> => der(tags.null)
