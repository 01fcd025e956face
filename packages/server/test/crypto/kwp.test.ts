import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCipheriv } from 'node:crypto'
import { unwrapKwp, wrapKwp } from '../../src/crypto/kwp.ts'
import { wycheproof } from '../support/wycheproof.ts'

const hex = (text: string): Buffer => Buffer.from(text, 'hex')

const bytes = (size: number): Buffer => Buffer.from(Uint8Array.from({ length: size }, (_, index) => index * 7 + size))

const kek = hex('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f')

/** RFC 5649 section 3 built from AES alone, so that this file and OpenSSL check each other. */
function wrapByTheBook(key: Buffer, data: Buffer): Buffer {
  const aes = (block: Buffer): Buffer => {
    const cipher = createCipheriv(`aes-${key.length * 8}-ecb`, key, null).setAutoPadding(false)
    return Buffer.concat([cipher.update(block), cipher.final()])
  }
  const head = hex('a65959a600000000')
  head.writeUInt32BE(data.length, 4)
  const count = Math.ceil(data.length / 8)
  const padded = Buffer.alloc(count * 8)
  data.copy(padded)
  if (count === 1) return aes(Buffer.concat([head, padded]))
  const register = Buffer.from(head)
  for (let step = 1; step <= 6 * count; step++) {
    const at = ((step - 1) % count) * 8
    const block = aes(Buffer.concat([register, padded.subarray(at, at + 8)]))
    block.writeUInt32BE((block.readUInt32BE(4) ^ step) >>> 0, 4)
    block.copy(register, 0, 0, 8)
    block.copy(padded, at, 8)
  }
  return Buffer.concat([register, padded])
}

test('the construction gives the examples of RFC 5649 section 6, which have a key of 192 bits', () => {
  const key = hex('5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8')
  assert.deepEqual(
    wrapByTheBook(key, hex('c37b7e6492584340bed12207808941155068f738')),
    hex('138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a'),
  )
  assert.deepEqual(wrapByTheBook(key, hex('466f7250617369')), hex('afbeb0f07dfbf5419200f2ccb50bb24f'))
})

test('wraps by the construction of RFC 5649 section 3, for every length up to nine blocks', () => {
  for (let size = 1; size <= 72; size++) {
    const data = bytes(size)
    const wrapped = wrapKwp(kek, data)
    assert.deepEqual(wrapped, wrapByTheBook(kek, data), `${size} bytes`)
    assert.deepEqual(unwrapKwp(kek, wrapped), data, `${size} bytes`)
  }
})

test('a PKCS #8 key of 2,400 bytes comes back', () => {
  const data = bytes(2400)
  assert.deepEqual(unwrapKwp(kek, wrapKwp(kek, data)), data)
})

for (const size of [7, 20, 32]) {
  test(`refuses ${size} wrapped bytes with any bit flipped`, () => {
    const wrapped = wrapKwp(kek, Buffer.alloc(size, 0x5a))
    for (let bit = 0; bit < wrapped.length * 8; bit++) {
      const tampered = Buffer.from(wrapped)
      tampered[bit >> 3]! ^= 1 << (bit & 7)
      assert.equal(unwrapKwp(kek, tampered), undefined, `bit ${bit}`)
    }
  })
}

test('refuses a wrong key', () => {
  const wrapped = wrapKwp(kek, Buffer.alloc(32, 1))
  for (let index = 0; index < kek.length; index++) {
    const wrong = Buffer.from(kek)
    wrong[index]! ^= 1
    assert.equal(unwrapKwp(wrong, wrapped), undefined)
  }
})

for (const size of [0, 16, 24, 31, 33]) {
  test(`refuses a key of ${size} bytes`, () => {
    assert.equal(unwrapKwp(Buffer.alloc(size), wrapKwp(kek, Buffer.alloc(32))), undefined)
    assert.throws(() => wrapKwp(Buffer.alloc(size), Buffer.alloc(32)))
  })
}

test('refuses what is cut short, lengthened or no multiple of 8 bytes', () => {
  const wrapped = wrapKwp(kek, Buffer.alloc(32, 1))
  for (let size = 0; size < wrapped.length; size++) assert.equal(unwrapKwp(kek, wrapped.subarray(0, size)), undefined)
  for (let more = 1; more <= 16; more++) {
    assert.equal(unwrapKwp(kek, Buffer.concat([wrapped, Buffer.alloc(more)])), undefined)
  }
})

test('refuses AES key wrap without padding (RFC 3394)', () => {
  const cipher = createCipheriv('id-aes256-wrap', kek, hex('a6a6a6a6a6a6a6a6'))
  const wrapped = Buffer.concat([cipher.update(Buffer.alloc(32, 1)), cipher.final()])
  assert.equal(unwrapKwp(kek, wrapped), undefined)
})

test('refuses lengths and padding that do not fit, whoever wrapped them', () => {
  // One block is plain AES, so that anything can be put inside (RFC 5649 section 4.1).
  const seal = (block: string): Buffer => {
    const cipher = createCipheriv('aes-256-ecb', kek, null).setAutoPadding(false)
    return Buffer.concat([cipher.update(hex(block)), cipher.final()])
  }
  assert.deepEqual(unwrapKwp(kek, seal('a65959a6000000050102030405000000')), hex('0102030405'))
  for (const block of [
    'a65959a6000000000000000000000000', // no data
    'a65959a6000000090102030405060708', // longer than the block
    'a65959a6800000050102030405000000', // length with its sign bit set
    'a65959a6000000050102030405000001', // padding that is not zero
    'a65959a6000000050102030405010000',
    'a65959a7000000050102030405000000', // another constant
    'a6a6a6a6a6a6a6a60102030405000000', // the one of RFC 3394
  ]) {
    assert.equal(unwrapKwp(kek, seal(block)), undefined, block)
  }
})

test('refuses to wrap nothing', () => {
  assert.throws(() => wrapKwp(kek, Buffer.alloc(0)), RangeError)
})

test('Wycheproof: aes_kwp_test, keys of 256 bits', t => {
  const vectors = wycheproof<{ keySize: number }, { key: string; msg: string; ct: string }>(t, 'aes_kwp_test')
  const tests = vectors?.testGroups.filter(group => group.keySize === 256).flatMap(group => group.tests) ?? []
  for (const { tcId, key, msg, ct, result } of tests) {
    const expected = result === 'invalid' ? undefined : hex(msg)
    assert.deepEqual(unwrapKwp(hex(key), hex(ct)), expected, `case ${tcId}`)
    if (expected) assert.deepEqual(wrapKwp(hex(key), expected), hex(ct), `case ${tcId}`)
  }
  if (vectors) assert.ok(tests.length > 80)
})
