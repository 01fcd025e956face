/**
 * A DER writer of the tests' own, so that the server's does not check itself. Elements are trees, to be written also in
 * ways that DER forbids.
 */
export interface Element {
  readonly tag: number
  /** Bytes, or elements: also those inside of an OCTET STRING. */
  readonly content: Buffer | readonly Element[]
}

type Content = Buffer | string | readonly Element[]

/** Text is hex. */
export function element(tag: number, content: Content = Buffer.alloc(0)): Element {
  return { tag, content: typeof content === 'string' ? Buffer.from(content, 'hex') : content }
}

export const sequence = (...children: Element[]): Element => element(0x30, children)
export const octets = (content: Content): Element => element(0x04, content)
/** The dotted text is for the reader of a test. */
export const oid = (_dotted: string, hex: string): Element => element(0x06, hex)
export const bits = (bytes: Buffer): Element => element(0x03, Buffer.concat([Buffer.alloc(1), bytes]))

export function integer(value: bigint): Element {
  const hex = value.toString(16)
  const even = hex.length % 2 === 0 ? hex : `0${hex}`
  return element(0x02, /^[89a-f]/.test(even) ? `00${even}` : even)
}

/** Other ways to write one element, most of them forbidden; each gives its bytes from its tag and its content. */
export const twists: Readonly<Record<string, (tag: number, content: Buffer) => Buffer>> = {
  'a length of one byte more': (tag, content) => {
    const size = lengthOf(content.length).length
    return Buffer.concat([Buffer.of(tag), longLength(content.length, size === 1 ? 1 : size), content])
  },
  'a length of four bytes': (tag, content) => Buffer.concat([Buffer.of(tag), longLength(content.length, 4), content]),
  'a length of five bytes': (tag, content) => Buffer.concat([Buffer.of(tag), longLength(content.length, 5), content]),
  'an indefinite length': (tag, content) => Buffer.concat([Buffer.of(tag, 0x80), content, Buffer.alloc(2)]),
  'a tag number of the high form': (tag, content) =>
    Buffer.concat([Buffer.of((tag & 0xe0) | 0x1f, tag & 0x1f), lengthOf(content.length), content]),
  'a byte behind it': (tag, content) => Buffer.concat([write(tag, content), Buffer.alloc(1)]),
  'NULL behind it': (tag, content) => Buffer.concat([write(tag, content), Buffer.of(5, 0)]),
  'NULL before it': (tag, content) => Buffer.concat([Buffer.of(5, 0), write(tag, content)]),
  'itself once more': (tag, content) => Buffer.concat([write(tag, content), write(tag, content)]),
  'nothing at all': () => Buffer.alloc(0),
  'no content': tag => write(tag, Buffer.alloc(0)),
  'a byte of content more': (tag, content) => write(tag, Buffer.concat([content, Buffer.alloc(1)])),
  'a byte of content less': (tag, content) => write(tag, content.subarray(0, -1)),
  'a leading zero': (tag, content) => write(tag, Buffer.concat([Buffer.alloc(1), content])),
  'a leading byte of ones': (tag, content) => write(tag, Buffer.concat([Buffer.of(0xff), content])),
  'a length too large by one': (tag, content) => Buffer.concat([Buffer.of(tag), lengthOf(content.length + 1), content]),
  'the other half of constructed and primitive': (tag, content) => write(tag ^ 0x20, content),
  'another class': (tag, content) => write(tag ^ 0x40, content),
  'another number': (tag, content) => write(tag ^ 1, content),
}

/** The bytes of a tree; one element of it is written with a twist. */
export function encode(tree: Element, twisted?: Element, twist?: keyof typeof twists): Buffer {
  const content = Buffer.isBuffer(tree.content)
    ? tree.content
    : Buffer.concat(tree.content.map(child => encode(child, twisted, twist)))
  const how = tree === twisted && twist !== undefined ? twists[twist] : undefined
  return (how ?? write)(tree.tag, content)
}

/** All elements of a tree, each with its place, such as `0.2.1`. */
export function elementsOf(tree: Element, place = '0'): [place: string, element: Element][] {
  const children = Buffer.isBuffer(tree.content) ? [] : tree.content
  return [[place, tree], ...children.flatMap((child, index) => elementsOf(child, `${place}.${index}`))]
}

function write(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.of(tag), lengthOf(content.length), content])
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length)
  return length < 0x100 ? longLength(length, 1) : longLength(length, 2)
}

function longLength(length: number, size: number): Buffer {
  const bytes = Buffer.alloc(1 + size, 0x80 | size)
  bytes.writeUIntBE(length, 1, size)
  return bytes
}

/** SpecifiedECDomain of P-256 (SEC 1 appendix C.2, SEC 2 section 2.4.2), with any cofactor. */
export function explicitP256(cofactor = 1n): Element {
  const prime = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n
  const a = Buffer.from((prime - 3n).toString(16), 'hex')
  const b = '5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b'
  const generator =
    '046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296' +
    '4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5'
  return sequence(
    integer(1n),
    sequence(oid('1.2.840.10045.1.1', '2a8648ce3d0101'), integer(prime)),
    sequence(octets(a), octets(b)),
    octets(generator),
    integer(0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n),
    integer(cofactor),
  )
}
