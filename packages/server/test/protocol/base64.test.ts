import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  base64Length,
  decodeBase64,
  decodeHex,
  encodeBase64,
  encodeHex,
  EncodingError,
  writeBase64,
} from '../../src/protocol/base64.ts'
import { Prng } from './prng.ts'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

function refusal(text: string | Uint8Array): string {
  try {
    decodeBase64(text)
  } catch (error) {
    assert.ok(error instanceof EncodingError)
    return error.message
  }
  return assert.fail(`accepted ${text.toString()}`)
}

test('encodes and decodes bytes of every length from 0 to 300', () => {
  const prng = new Prng(1)
  for (let size = 0; size <= 300; size++) {
    const bytes = prng.bytes(size)
    const text = bytes.toString('base64')
    assert.equal(encodeBase64(bytes), text)
    assert.equal(base64Length(size), text.length)
    assert.deepEqual(decodeBase64(text), bytes)
    assert.deepEqual(decodeBase64(Buffer.from(text)), bytes)

    const target = Buffer.alloc(text.length + 4, '-')
    assert.equal(writeBase64(bytes, target, 2), text.length + 2)
    assert.equal(target.toString(), `--${text}--`)
  }
})

test('encodes a part of a larger buffer, and only that', () => {
  const part = Buffer.from('..secret..').subarray(2, 8)
  assert.equal(encodeBase64(part), 'c2VjcmV0')
  assert.equal(encodeHex(part), '736563726574')
})

test('decodes into memory that nothing else shares', () => {
  const bytes = decodeBase64('c2VjcmV0')
  assert.equal(bytes.buffer.byteLength, 6)
})

test('accepts of all last characters only those whose spare bits are zero', () => {
  let accepted = 0
  for (const third of alphabet) {
    const text = `AA${third}=`
    if (Buffer.from(text, 'base64').toString('base64') === text) {
      assert.deepEqual(decodeBase64(text), Buffer.from(text, 'base64'))
      accepted++
    } else {
      assert.equal(refusal(text), 'Invalid last non-pad Base64 character dectected')
    }
  }
  for (const second of alphabet) {
    const text = `/${second}==`
    if (Buffer.from(text, 'base64').toString('base64') === text) {
      assert.deepEqual(decodeBase64(text), Buffer.from(text, 'base64'))
      accepted++
    } else {
      assert.equal(refusal(text), 'Invalid last non-pad Base64 character dectected')
    }
  }
  assert.equal(accepted, 16 + 4)
})

for (const length of [1, 2, 3, 5, 6, 7, 4097]) {
  test(`refuses ${length} characters`, () => {
    const text = 'A'.repeat(length)
    assert.equal(refusal(text), `Base64 encoded length is expected a multiple of 4 bytes but found: ${length}`)
  })
}

const wrongCharacters: [text: string, character: string][] = [
  ['AA-A', '-'],
  ['AA_A', '_'],
  ['AAA AAA=', ' '],
  ['AAAA\nAA=', '\n'],
  ['AA.=', '.'],
  ['A*==', '*'],
  ['*A==', '*'],
  ['AA==AAAA', '='],
  ['A=AA', '='],
  ['=AAA', '='],
  ['A===', '='],
  ['====', '='],
  ['AAAA====', '='],
  ['AAé', 'é'],
  ['😀', '😀'],
  ['AAAA\0AAA', '\0'],
  ['\u0141AA', '\u0141'], // An A, if units were cut to bytes.
]
for (const [text, character] of wrongCharacters) {
  test(`refuses ${JSON.stringify(text)} and names the character`, () => {
    assert.equal(refusal(text), `Invalid Base64 character: '${character}'`)
  })
}

test('refuses each byte that is not of the alphabet, wherever it stands', () => {
  for (let byte = 0; byte < 256; byte++) {
    if (alphabet.includes(String.fromCharCode(byte))) continue
    for (let at = 0; at < 8; at++) {
      const text = Buffer.from('AAAAAAAA')
      text[at] = byte
      if (byte === 0x3d && at === 7) assert.equal(decodeBase64(text).length, 5)
      else assert.match(refusal(text), /^Invalid Base64 character: '.'$/su)
    }
  }
})

test('leaves nothing of a refused text behind', t => {
  for (const text of ['c2VjcmV0c2VjcmV0c2Vjc*==', 'c2VjcmV0c2VjcmV0c2VjcmV=', 'c2VjcmV0*AAA']) {
    const allocated = t.mock.method(Buffer, 'allocUnsafeSlow')
    refusal(text)
    const [target] = allocated.mock.calls
    assert.ok(target?.result && target.result.length > 6)
    assert.ok(target.result.every(byte => byte === 0))
    allocated.mock.restore()
  }
})

test('does not write beyond the target', () => {
  assert.throws(() => writeBase64(Buffer.alloc(3), Buffer.alloc(4), 1), RangeError)
})

test('encodes and decodes hex', () => {
  const bytes = new Prng(2).bytes(100)
  assert.equal(encodeHex(bytes), bytes.toString('hex'))
  assert.deepEqual(decodeHex(bytes.toString('hex')), bytes)
  assert.deepEqual(decodeHex(''), Buffer.alloc(0))
})

for (const text of ['0', 'abc', 'AB', '0g', 'g0', '00 ', ' 00', '0x00', '00\n', 'é0', '0000g000']) {
  test(`refuses ${JSON.stringify(text)} as hex`, () => {
    assert.throws(() => decodeHex(text), EncodingError)
  })
}
