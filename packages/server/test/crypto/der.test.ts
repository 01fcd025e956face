import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  bitStringOf,
  booleanOf,
  childrenOf,
  contentOf,
  der,
  derBitString,
  derInteger,
  derNull,
  derOctetString,
  derOid,
  derSequence,
  derSet,
  DerError,
  namedBitsOf,
  octetStringOf,
  oidOf,
  parseDer,
  tags,
  unsignedOf,
} from '../../src/crypto/der.ts'
import type { DerElement } from '../../src/crypto/der.ts'

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')
const show = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** Any reader refuses with a DerError that quotes nothing. */
function refuses(read: () => unknown): void {
  assert.throws(read, error => error instanceof DerError && /^[A-Z][A-Za-z ,]+\.$/.test(error.message))
}

for (const [what, text] of [
  ['nothing', ''],
  ['a tag alone', '04'],
  ['a length without its content', '0401'],
  ['a length of one byte too many', '0402aa'],
  ['a byte behind', '0401aa00'],
  ['a second element', '0401aa0500'],
  ['an indefinite length', '3080 0500 0000'],
  ['a long length that is missing', '0481'],
  ['a long length that is cut', '048201'],
  ['a long length of less than 128', '04810 1aa'],
  ['a long length of 127', `04817f ${'00'.repeat(127)}`],
  ['a length of two bytes that fits in one', `048200ff ${'00'.repeat(255)}`],
  ['a length of three bytes that fits in two', `0483000100 ${'00'.repeat(256)}`],
  ['a length of five bytes', '04850000000001aa'],
  ['a length of 127 bytes', `04ff ${'00'.repeat(127)}`],
  ['a length of 4 GiB', '0484ffffffffaa'],
  ['a length of 2 GiB', '048480000000aa'],
  ['a tag number of the high form', '1f0400'],
  ['a context tag of the high form', 'bf8148 00'],
] as const) {
  test(`refuses ${what}`, () => refuses(() => parseDer(hex(text))))
}

for (const length of [0, 1, 127, 128, 255, 256, 65535, 65536, 1 << 24]) {
  test(`reads what it writes: an OCTET STRING of ${length} bytes`, () => {
    const content = Buffer.alloc(length, 7)
    const bytes = der(tags.octetString, content)
    const element = parseDer(bytes)
    assert.equal(element.tag, tags.octetString)
    assert.ok(content.equals(element.content))
    assert.ok(bytes.equals(element.bytes))
    // The least number of length bytes.
    const size = length < 128 ? 0 : Math.ceil(length.toString(16).length / 2)
    assert.equal(bytes.length, 2 + size + length)
  })
}

test('gives views, and writes memory of its own', () => {
  const bytes = derOctetString(hex('0102'))
  assert.equal(bytes.buffer.byteLength, bytes.length)
  const [child] = childrenOf(parseDer(derSequence(bytes)))
  assert.ok(child)
  child.bytes.fill(0xff)
  assert.equal(show(bytes), '04020102')
  const read = octetStringOf(parseDer(bytes))
  bytes.fill(0)
  assert.equal(show(read), '0000')
})

test('gives the children of a SEQUENCE, or of another tag that is asked for', () => {
  const children = [hex('020101'), hex('3003 020102'), hex('a100')]
  const bytesOf = (elements: DerElement[]) => elements.map(({ bytes }) => show(bytes))
  assert.deepEqual(bytesOf(childrenOf(parseDer(derSequence(...children)))), children.map(show))
  assert.deepEqual(bytesOf(childrenOf(parseDer(hex('a303 020101')), tags.context(3))), ['020101'])
  assert.deepEqual(childrenOf(parseDer(hex('3100')), tags.set), [])
})

test('refuses children of a wrong tag, that are cut, or of what has none', () => {
  refuses(() => childrenOf(undefined))
  refuses(() => childrenOf(parseDer(hex('3103020101'))))
  refuses(() => childrenOf(parseDer(hex('a103020101')), tags.context(0)))
  refuses(() => childrenOf(parseDer(hex('3003020201'))))
  refuses(() => childrenOf(parseDer(hex('300402010100'))))
  refuses(() => childrenOf(parseDer(hex('3005308002 0101'))))
  refuses(() => childrenOf(parseDer(hex('0403020101')), tags.octetString))
  refuses(() => childrenOf(parseDer(hex('8003020101')), tags.contextPrimitive(0)))
})

for (const [text, expected] of [
  ['020100', '00'],
  ['020101', '01'],
  ['02017f', '7f'],
  ['02020080', '80'],
  ['020200ff', 'ff'],
  ['02020100', '0100'],
  ['0209008000000000000000', '8000000000000000'],
] as const) {
  test(`reads and writes the INTEGER ${text}`, () => {
    assert.equal(show(unsignedOf(parseDer(hex(text)))), expected)
    assert.equal(show(derInteger(hex(expected))), text)
    assert.equal(show(derInteger(hex(`0000${expected}`))), text)
  })
}

test('writes no digits as the INTEGER 0', () => {
  assert.equal(show(derInteger(Buffer.alloc(0))), '020100')
})

test('refuses an INTEGER that is empty, negative, padded or none', () => {
  for (const text of [
    '0200',
    '020180',
    '0201ff',
    '0202ff7f',
    '02020000',
    '0202007f',
    '0203000080',
    '030100',
    '0401 01',
  ]) {
    refuses(() => unsignedOf(parseDer(hex(text))))
  }
  refuses(() => unsignedOf(undefined))
})

for (const [text, dotted] of [
  ['06072a8648ce3d0201', '1.2.840.10045.2.1'],
  ['06092a864886f70d010101', '1.2.840.113549.1.1.1'],
  ['06032b6570', '1.3.101.112'],
  ['0603551d0f', '2.5.29.15'],
  // The example of X.690 section 8.19.5.
  ['0603883703', '2.999.3'],
  ['060100', '0.0'],
  ['060127', '0.39'],
  ['060128', '1.0'],
  ['06014f', '1.39'],
  ['060150', '2.0'],
  ['0609608fffffffffffff7f', '2.16.9007199254740991'],
] as const) {
  test(`reads and writes the object identifier ${dotted}`, () => {
    assert.equal(show(derOid(dotted)), text)
    assert.equal(oidOf(parseDer(hex(text))), dotted)
  })
}

test('refuses an object identifier that is empty, cut, padded, too large or none', () => {
  for (const text of ['0600', '060180', '06022a80', '06028001', '06032a8001', '060a2a90808080808080 8000', '040155']) {
    refuses(() => oidOf(parseDer(hex(text))))
  }
  refuses(() => oidOf(undefined))
})

test('does not write what is no object identifier', () => {
  for (const text of [
    '',
    '1',
    '3.1',
    '1.40',
    '0.40',
    '1.2.',
    '.1.2',
    '1..2',
    '1.02',
    '1.-2',
    '1.2e3',
    '1.2.9007199254740993',
    'a.b',
  ]) {
    assert.throws(() => derOid(text), RangeError, text)
  }
})

test('reads and writes a BIT STRING of whole bytes', () => {
  assert.equal(show(bitStringOf(parseDer(hex('030300abcd')))), 'abcd')
  assert.equal(show(derBitString(hex('abcd'))), '030300abcd')
  assert.equal(show(bitStringOf(parseDer(hex('030100')))), '')
  assert.equal(show(bitStringOf(parseDer(hex('810200ab')), tags.contextPrimitive(1))), 'ab')
})

test('refuses a BIT STRING of bits, without its first byte, constructed or of another tag', () => {
  for (const text of ['0300', '030104', '030201ab', '030207 80', '030208ab', '0302ff00', '2303030100', '810200ab']) {
    refuses(() => bitStringOf(parseDer(hex(text))))
  }
})

test('reads named bits', () => {
  // KeyUsage of digitalSignature, of keyCertSign with cRLSign, of decipherOnly, and of nothing.
  assert.equal(show(namedBitsOf(parseDer(hex('03020780')))), '80')
  assert.equal(show(namedBitsOf(parseDer(hex('03020106')))), '06')
  assert.equal(show(namedBitsOf(parseDer(hex('0303070080')))), '0080')
  assert.equal(show(namedBitsOf(parseDer(hex('030100')))), '')
})

test('refuses named bits with bits too many, or with unused bits that are set', () => {
  for (const text of ['03020680', '03020080', '0303008000', '03020100', '03020787', '030107', '030209 00', '0300']) {
    refuses(() => namedBitsOf(parseDer(hex(text))))
  }
})

test('reads BOOLEAN in its two forms only, and writes NULL', () => {
  assert.equal(booleanOf(parseDer(hex('0101ff'))), true)
  assert.equal(booleanOf(parseDer(hex('010100'))), false)
  for (const text of ['010101', '01017f', '0100', '0102ffff', '0201ff']) refuses(() => booleanOf(parseDer(hex(text))))
  assert.equal(show(derNull()), '0500')
})

test('refuses content of another tag', () => {
  assert.equal(show(contentOf(parseDer(hex('8001aa')), tags.contextPrimitive(0))), 'aa')
  for (const text of ['8101aa', 'a001aa', '2401aa', '0501aa']) {
    refuses(() => contentOf(parseDer(hex(text)), tags.contextPrimitive(0)))
    refuses(() => octetStringOf(parseDer(hex(text))))
  }
})

test('sorts a SET OF', () => {
  assert.equal(show(derSet(hex('0402ffff'), hex('020102'), hex('020101'))), '310a0201010201020402ffff')
})

test('reads or refuses any bytes, but never fails in another way', () => {
  // Each of one to three bytes, from those that matter.
  const interesting = [0x00, 0x01, 0x02, 0x04, 0x1f, 0x30, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xa0, 0xff]
  let read = 0
  for (const first of interesting) {
    for (const second of interesting) {
      for (const third of [undefined, ...interesting]) {
        const bytes = Buffer.from([first, second, third].filter(byte => byte !== undefined))
        try {
          const element = parseDer(bytes)
          assert.ok(der(element.tag, element.content).equals(bytes))
          read++
        } catch (error) {
          assert.ok(error instanceof DerError)
        }
      }
    }
  }
  // Ten tags that may be, with no content or with one byte of any kind.
  assert.equal(read, 10 + 10 * interesting.length)
})
