import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createSecretKey } from 'node:crypto'
import { test } from 'node:test'
import { kbkdf } from '../../src/crypto/kdf.ts'

const hex = (text: string): Buffer => Buffer.from(text, 'hex')
const key = hex('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f')
const label = 'encrypt/v1'
const context = hex('9d0f2b55a020177135bda0d172f6bbb3b4dcc7f87670f4e4a6add67b00173f01202122232425262728292a2b2c2d2e2f')

// Computed by the KBKDF of OpenSSL 3.0.19.
const known: [bits: number, derived: string][] = [
  [256, '8ab88dda278fc6a528455f794147adfdb4a6133510318d8754d35af2f705657b'],
  [40, 'b5572a8caf'],
  [
    640,
    'a84914c01ef65af3cef2151f6242ca5893f5dcc99f30ede5063059cbfa936ff0264c4b1ad102f40c6a68144a0a3abfaa2487b3d160d5afcc2fd66b312125f925ebf8aa1483ad4a55aacc1f81e04d11f7',
  ],
]
for (const [bits, derived] of known) {
  test(`derives ${bits} bits as OpenSSL does`, () => {
    assert.equal(kbkdf(key, label, context, bits).toString('hex'), derived)
    assert.equal(kbkdf(createSecretKey(key), label, context, bits).toString('hex'), derived)
  })
}

test('agrees with the openssl command', t => {
  const cases = [
    { label: 'record/v1', context: hex('00'.repeat(16)), bits: 256 },
    { label: 'a', context: hex('ff'), bits: 8 },
    { label: 'import-token/v1', context: hex('5a'.repeat(100)), bits: 2048 },
  ]
  for (const { label, context, bits } of cases) {
    const options = ['mac:HMAC', 'digest:SHA256', `hexkey:${key.toString('hex')}`, `salt:${label}`]
    options.push(`hexinfo:${context.toString('hex')}`)
    const kdf = ['kdf', '-keylen', String(bits / 8), ...options.flatMap(option => ['-kdfopt', option]), 'KBKDF']
    const run = spawnSync('openssl', kdf, { encoding: 'utf8' })
    if (run.status !== 0) return t.skip('there is no openssl command with a kdf subcommand (OpenSSL 3)')
    assert.equal(kbkdf(key, label, context, bits).toString('hex'), run.stdout.trim().replaceAll(':', '').toLowerCase())
  }
})

test('key, label, context and size all tell in what is derived', () => {
  const other = Buffer.from(key)
  other[31]! ^= 1
  const derived = [
    kbkdf(key, label, context, 256),
    kbkdf(other, label, context, 256),
    kbkdf(key, 'encrypt/v2', context, 256),
    kbkdf(key, label, context.subarray(1), 256),
    kbkdf(key, label, context, 264).subarray(0, 32),
    // What is cut from the label does not go over into the context.
    kbkdf(key, 'encrypt/', Buffer.concat([Buffer.from('v1'), context]), 256),
  ]
  assert.equal(new Set(derived.map(bytes => bytes.toString('hex'))).size, derived.length)
})

test('what is derived lies in memory of its own', () => {
  assert.equal(kbkdf(key, label, context, 256).buffer.byteLength, 32)
})

for (const bits of [0, -8, 7, 12.5, NaN, Infinity, 2 ** 35]) {
  test(`refuses to derive ${bits} bits`, () => assert.throws(() => kbkdf(key, label, context, bits), RangeError))
}
