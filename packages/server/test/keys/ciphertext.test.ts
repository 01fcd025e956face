import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { test } from 'node:test'
import {
  decryptSymmetric,
  encodeContext,
  encryptSymmetric,
  isOuterLayer,
  joinInner,
  joinOuter,
  materialId,
  readHeader,
  splitInner,
  splitOuter,
} from '../../src/keys/ciphertext.ts'
import { KmsError } from '../../src/protocol/errors.ts'
import { Prng } from '../protocol/prng.ts'

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex')
const refused = (code: string) => (error: unknown) => error instanceof KmsError && error.code === code

// The known answer of docs/formats.md; OpenSSL's own KBKDF gives the same key for it.
const keyId = '1234abcd-12ab-34cd-56ef-1234567890ab'
const bytes = hex('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f')
const material = createSecretKey(bytes)
const id = '9d0f2b55a020177135bda0d172f6bbb3b4dcc7f87670f4e4a6add67b00173f01'
const n = hex('202122232425262728292a2b2c2d2e2f')
const iv = hex('404142434445464748494a4b')
const context = new Map([
  ['Project', 'Alpha'],
  ['Department', 'IT'],
])
const plaintext = Buffer.from('hello')
const blob = hex(`
  81 01 0000
  9d0f2b55a020177135bda0d172f6bbb3b4dcc7f87670f4e4a6add67b00173f01
  202122232425262728292a2b2c2d2e2f
  404142434445464748494a4b
  c97aa3318daf9271015280337677a16cc01d5d0eec`)

test('a material ID commits to key ID and material', () => {
  assert.equal(materialId(keyId, bytes), id)
  assert.equal(materialId(keyId, material), id)
  assert.notEqual(materialId('mrk-1234abcd12ab34cd56ef1234567890ab', bytes), id)
  assert.notEqual(materialId(keyId, Buffer.alloc(32)), id)
})

test('encrypts as documented, to the last byte', () => {
  assert.equal(blob.length, 85)
  assert.deepEqual(encryptSymmetric(material, id, plaintext, context, { randoms: { n, iv } }), blob)
})

test('decrypts what is documented', () => assert.deepEqual(decryptSymmetric(material, blob, context), plaintext))

test('the header of a blob names its material', () =>
  assert.deepEqual(readHeader(blob), { materialId: id, suite: 'single' }))

test('a blob is 80 bytes longer than its plaintext', () => {
  for (const size of [1, 32, 1024, 4096]) {
    const secret = Buffer.alloc(size, size)
    const made = encryptSymmetric(material, id, secret, undefined)
    assert.equal(made.length, size + 80)
    assert.deepEqual(decryptSymmetric(material, made, undefined), secret)
  }
})

test('no two blobs share N, IV or anything after', () => {
  const made = Array.from({ length: 1000 }, () => encryptSymmetric(material, id, plaintext, context))
  for (const [from, to] of [
    [36, 52],
    [52, 64],
    [64, 85],
  ]) {
    assert.equal(new Set(made.map(one => one.toString('hex', from, to))).size, made.length)
  }
})

test('refuses to decrypt a blob with any one bit changed', () => {
  for (let bit = 0; bit < blob.length * 8; bit++) {
    const altered = Buffer.from(blob)
    altered[bit >> 3]! ^= 1 << (bit & 7)
    assert.equal(decryptSymmetric(material, altered, context), undefined, `bit ${bit}`)
  }
})

test('refuses to decrypt a blob of any other length', () => {
  for (let size = 0; size < blob.length; size++) {
    assert.equal(decryptSymmetric(material, blob.subarray(0, size), context), undefined, `${size} bytes`)
  }
  assert.equal(decryptSymmetric(material, Buffer.concat([blob, Buffer.alloc(1)]), context), undefined)
})

test('refuses to decrypt under other material, even if the header names it', () => {
  const other = createSecretKey(Buffer.alloc(32, 7))
  assert.equal(decryptSymmetric(other, blob, context), undefined)
  const renamed = Buffer.from(blob)
  hex(materialId(keyId, other)).copy(renamed, 4)
  assert.equal(decryptSymmetric(other, renamed, context), undefined)
  assert.equal(decryptSymmetric(material, renamed, context), undefined)
})

test('refuses to decrypt with any other context', () => {
  const others: (Map<string, string> | undefined)[] = [
    undefined,
    new Map(),
    new Map([['Project', 'Alpha']]),
    new Map([...context, ['Extra', '']]),
    new Map([...context, ['Project', 'alpha']]),
    new Map([
      ['project', 'Alpha'],
      ['Department', 'IT'],
    ]),
    new Map([
      ['Project', 'IT'],
      ['Department', 'Alpha'],
    ]),
    new Map([
      ['Alpha', 'Project'],
      ['IT', 'Department'],
    ]),
  ]
  for (const other of others) assert.equal(decryptSymmetric(material, blob, other), undefined)
})

test('the order of pairs is of no account, and no context is an empty one', () => {
  assert.deepEqual(decryptSymmetric(material, blob, new Map([...context].toReversed())), plaintext)
  const bare = encryptSymmetric(material, id, plaintext, undefined)
  assert.deepEqual(decryptSymmetric(material, bare, new Map()), plaintext)
})

for (const [what, alien] of Object.entries({
  "AWS's own": Buffer.concat([hex('0102020078'), Buffer.alloc(179)]),
  'another version': Buffer.concat([hex('82010000'), blob.subarray(4)]),
  'another suite': Buffer.concat([hex('81030000'), blob.subarray(4)]),
  'a set reserved byte': Buffer.concat([hex('81010001'), blob.subarray(4)]),
  'the other set reserved byte': Buffer.concat([hex('81010100'), blob.subarray(4)]),
  'a blob too short for a tag': blob.subarray(0, 79),
  nothing: Buffer.alloc(0),
})) {
  test(`finds no header in ${what}`, () => assert.equal(readHeader(alien), undefined))
}

test('refuses to encrypt under a name that is no material ID', () => {
  for (const name of ['', id.slice(2), id.toUpperCase(), `${id.slice(0, 62)}zz`]) {
    assert.throws(() => encryptSymmetric(material, name, plaintext, context))
  }
})

test('a context is encoded as documented', () => {
  assert.equal(
    encodeContext(context).toString('hex'),
    '0002000a4465706172746d656e7400024954000750726f6a6563740005416c706861',
  )
  assert.equal(encodeContext(undefined).toString('hex'), '0000')
  assert.equal(encodeContext(new Map([['', '']])).toString('hex'), '000100000000')
})

test('keys are ordered by their UTF-8 bytes, not as JavaScript orders strings', () => {
  const keys = ['\u{10000}', '\uffff', 'é', 'z', 'zz']
  assert.deepEqual(keys.toSorted(), ['z', 'zz', 'é', '\u{10000}', '\uffff'])
  const encoded = encodeContext(new Map(keys.map(key => [key, ''])))
  assert.equal(
    encoded.toString('hex'),
    '0005 00017a0000 00027a7a0000 0002c3a90000 0003efbfbf0000 0004f09080800000'.replaceAll(' ', ''),
  )
})

test('composed and decomposed letters are different keys', () => {
  assert.notDeepEqual(encodeContext(new Map([['\u00e9', '']])), encodeContext(new Map([['e\u0301', '']])))
})

test('__proto__ and constructor are keys like any other', () => {
  const encoded = encodeContext(
    new Map([
      ['constructor', 'a'],
      ['__proto__', 'b'],
    ]),
  )
  assert.equal(encoded.toString('latin1'), '\0\x02\0\x09__proto__\0\x01b\0\x0bconstructor\0\x01a')
})

test('contexts that read the same without lengths are told apart', () => {
  const alike: [string, string][][] = [
    [
      ['a', 'b'],
      ['c', 'd'],
    ],
    [['a', 'bcd']],
    [['abc', 'd']],
    [['a', 'b\0\x01c\0\x01d']],
    [['abcd', '']],
    [['', 'abcd']],
    [
      ['a', ''],
      ['bc', 'd'],
    ],
    [
      ['a', 'd'],
      ['c', 'b'],
    ],
  ]
  const encodings = alike.map(pairs => encodeContext(new Map(pairs)).toString('hex'))
  assert.equal(new Set(encodings).size, alike.length)
})

test('10,000 pairs of different contexts have different encodings, and equal ones the same', () => {
  const prng = new Prng(5)
  const text = () =>
    Array.from({ length: prng.below(4) }, () => prng.pick(['a', 'b', '\0', '\x01', 'é', '😀'])).join('')
  const draw = () => new Map(Array.from({ length: prng.below(4) }, () => [text(), text()]))
  const canonical = (pairs: Map<string, string>) =>
    Array.from(pairs, pair => JSON.stringify(pair))
      .toSorted()
      .join()
  for (let different = 0; different < 10_000;) {
    const [a, b] = [draw(), draw()]
    const same = canonical(a) === canonical(b)
    assert.equal(encodeContext(a).equals(encodeContext(b)), same, `${canonical(a)} and ${canonical(b)}`)
    if (!same) different++
  }
})

for (const [what, pair] of Object.entries({
  'a lone surrogate in a key': ['\ud800', ''],
  'a lone surrogate in a value': ['', 'a\udc00'],
  'a key of 65,536 bytes': ['a'.repeat(65_536), ''],
  'a value of more than 65,535 bytes in fewer characters': ['', 'é'.repeat(32_768)],
} satisfies Record<string, [string, string]>)) {
  test(`refuses a context with ${what}`, () => {
    const wrong = new Map([pair])
    assert.throws(() => encryptSymmetric(material, id, plaintext, wrong), refused('ValidationException'))
    assert.throws(() => decryptSymmetric(material, blob, wrong), refused('ValidationException'))
  })
}

test('takes keys and values of 65,535 bytes', () => {
  const longest = new Map([['k'.repeat(65_535), 'v'.repeat(65_535)]])
  assert.equal(encodeContext(longest).length, 2 + 2 + 65_535 + 2 + 65_535)
  assert.deepEqual(decryptSymmetric(material, encryptSymmetric(material, id, plaintext, longest), longest), plaintext)
})

// Suite 02

const double = encryptSymmetric(material, id, plaintext, context, { suite: 'double', randoms: { n, iv } })
const sizes: [iv: number, metadata: number][] = [
  [12, 0],
  [16, 20],
  [12, 7],
]

test('the inner layer of two is bound to its suite', () => {
  assert.deepEqual(readHeader(double), { materialId: id, suite: 'double' })
  assert.deepEqual(decryptSymmetric(material, double, context), plaintext)
  for (const [made, suite] of [
    [double, 1],
    [blob, 2],
  ] as const) {
    const altered = Buffer.from(made)
    altered[1] = suite
    assert.equal(decryptSymmetric(material, altered, context), undefined)
  }
})

test('an inner layer comes apart, and together again', () => {
  const { inner, additional } = splitInner(double, context)
  assert.equal(inner.length, plaintext.length + 16)
  assert.deepEqual(additional, Buffer.concat([double.subarray(0, 64), encodeContext(context)]))
  assert.deepEqual(joinInner(double, inner), double)
})

for (const [ivSize, metadataSize] of sizes) {
  const layer = {
    iv: Buffer.alloc(ivSize, 1),
    tag: Buffer.alloc(16, 2),
    metadata: Buffer.alloc(metadataSize, 3),
    ciphertext: Buffer.alloc(21, 4),
  }
  const joined = joinOuter(double, layer)

  test(`an outer layer with an IV of ${ivSize} and metadata of ${metadataSize} bytes comes apart again`, () => {
    assert.equal(joined.length, 64 + 3 + ivSize + 16 + metadataSize + 21)
    assert.deepEqual(splitOuter(joined), layer)
  })

  test(`an outer layer with an IV of ${ivSize} and metadata of ${metadataSize} bytes has no other lengths`, () => {
    const marks = [64, 65 + ivSize, 65 + ivSize + 17]
    for (const at of marks) {
      for (let value = 0; value < 256; value++) {
        const altered = Buffer.from(joined)
        altered[at] = value
        const found = splitOuter(altered)
        if (found) assert.ok(isOuterLayer(found) && found.ciphertext.length >= 16, `${at}: ${value}`)
        if (at !== marks[2] && value !== joined[at]) assert.equal(found, undefined, `${at}: ${value}`)
      }
    }
    for (let size = 0; size < joined.length - 5; size++) assert.equal(splitOuter(joined.subarray(0, size)), undefined)
  })
}
