import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { join } from 'node:path'
import { openGcm, sealGcm } from '../../src/crypto/aead.ts'

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

// Test case 16 of "The Galois/Counter Mode of Operation" (McGrew, Viega), appendix B.
const known = {
  key: hex('feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308'),
  iv: hex('cafebabefacedbaddecaf888'),
  aad: hex('feedfacedeadbeeffeedfacedeadbeefabaddad2'),
  plaintext: hex(
    'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
  ),
  sealed: hex(
    '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662 76fc6ece0f4e1768cddf8853bb2d551b',
  ),
}

test('seals and opens as the authors of GCM do', () => {
  const { key, iv, aad, plaintext, sealed } = known
  assert.deepEqual(sealGcm(key, iv, aad, plaintext), sealed)
  assert.deepEqual(openGcm(key, iv, aad, sealed), plaintext)
})

test('the plaintext lies in memory of its own, so that wiping it leaves no copy', () => {
  const { key, iv, aad, plaintext, sealed } = known
  assert.equal(openGcm(key, iv, aad, sealed)?.buffer.byteLength, plaintext.length)
})

test('refuses every single-bit change of what was sealed, and of what goes with it', () => {
  for (const name of ['sealed', 'aad', 'iv', 'key'] as const) {
    for (let bit = 0; bit < known[name].length * 8; bit++) {
      const altered = { ...known, [name]: Buffer.from(known[name]) }
      altered[name][bit >> 3]! ^= 1 << (bit & 7)
      assert.equal(openGcm(altered.key, altered.iv, altered.aad, altered.sealed), undefined, `${name}, bit ${bit}`)
    }
  }
})

test('refuses what is cut, down to nothing, and what is longer', () => {
  const { key, iv, aad, sealed } = known
  for (let size = 0; size < sealed.length; size++) {
    assert.equal(openGcm(key, iv, aad, sealed.subarray(0, size)), undefined, `${size} bytes`)
  }
  assert.equal(openGcm(key, iv, aad, Buffer.concat([sealed, Buffer.alloc(1)])), undefined)
})

test('a key of the wrong size is an error, not a refusal', () => {
  const { iv, aad, plaintext, sealed } = known
  assert.throws(() => sealGcm(Buffer.alloc(16), iv, aad, plaintext), RangeError)
  assert.throws(() => openGcm(Buffer.alloc(16), iv, aad, sealed), RangeError)
})

interface Group {
  keySize: number
  ivSize: number
  tagSize: number
  tests: Record<'key' | 'iv' | 'aad' | 'msg' | 'ct' | 'tag' | 'result' | 'comment', string>[]
}

test('agrees with Wycheproof on AES-256-GCM', t => {
  const folder = process.env['KEYREEVE_VECTORS']
  if (!folder) return t.skip('set KEYREEVE_VECTORS; the vectors are testvectors_v1 of github.com/C2SP/wycheproof')
  const file = JSON.parse(readFileSync(join(folder, 'wycheproof', 'aes_gcm_test.json'), 'utf8')) as {
    testGroups: Group[]
  }
  const groups = file.testGroups.filter(group => group.keySize === 256 && group.ivSize === 96 && group.tagSize === 128)
  const cases = groups.flatMap(group => group.tests)
  assert.ok(cases.length >= 60, `only ${cases.length} cases`)
  for (const { key, iv, aad, msg, ct, tag, result, comment } of cases) {
    const opened = openGcm(hex(key), hex(iv), hex(aad), hex(ct + tag))
    assert.deepEqual(opened, result === 'valid' ? hex(msg) : undefined, comment)
    if (result === 'valid') assert.deepEqual(sealGcm(hex(key), hex(iv), hex(aad), hex(msg)), hex(ct + tag), comment)
  }
})
