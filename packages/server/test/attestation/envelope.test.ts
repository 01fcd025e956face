import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { envelope } from '../../src/attestation/envelope.ts'
import { openEnvelope } from '../support/attestation.ts'

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })

for (const size of [1, 15, 16, 17, 32, 1024, 4096]) {
  test(`holds ${size} bytes for the owner of the key`, () => {
    const plaintext = randomBytes(size)
    assert.deepEqual(openEnvelope(envelope(publicKey, plaintext), privateKey), plaintext)
  })
}

for (const modulusLength of [3072, 4096]) {
  test(`is made for a key of ${modulusLength} bits`, () => {
    const pair = generateKeyPairSync('rsa', { modulusLength })
    const plaintext = randomBytes(32)
    assert.deepEqual(openEnvelope(envelope(pair.publicKey, plaintext), pair.privateKey), plaintext)
  })
}

test('does not open under another key', () => {
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 })
  assert.throws(() => openEnvelope(envelope(publicKey, randomBytes(32)), other.privateKey))
})

test('holds neither the plaintext nor anything that comes twice', () => {
  const plaintext = randomBytes(64)
  const [first, second] = [envelope(publicKey, plaintext), envelope(publicKey, plaintext)]
  assert.ok(!first.includes(plaintext.subarray(0, 8)))
  const tail = (bytes: Buffer) => bytes.subarray(-200).toString('latin1')
  assert.notEqual(tail(first), tail(second))
  assert.equal(first.length, second.length)
})

test('leaves the plaintext to its owner', () => {
  const plaintext = Buffer.from('a plaintext')
  envelope(publicKey, plaintext)
  assert.equal(plaintext.toString(), 'a plaintext')
})
