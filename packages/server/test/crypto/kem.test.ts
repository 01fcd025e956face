import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { decapsulate, encapsulate } from '../../src/crypto/kem.ts'

for (const [parameters, size] of [
  ['ml-kem-512', 768],
  ['ml-kem-768', 1088],
  ['ml-kem-1024', 1568],
] as const) {
  const { publicKey, privateKey } = generateKeyPairSync(parameters)

  test(`${parameters}: the holder of the private key finds the secret`, () => {
    const { sharedSecret, ciphertext } = encapsulate(publicKey)
    assert.equal(sharedSecret.length, 32)
    assert.equal(ciphertext.length, size)
    assert.deepEqual(decapsulate(privateKey, ciphertext), sharedSecret)
  })

  test(`${parameters}: no two secrets are the same`, () => {
    assert.notDeepEqual(encapsulate(publicKey).sharedSecret, encapsulate(publicKey).sharedSecret)
  })

  test(`${parameters}: a wrong ciphertext gives the secret of implicit rejection, each time the same`, () => {
    const { ciphertext } = encapsulate(publicKey)
    // J(z || c) of FIPS 203 algorithm 18; z is the second half of the seed.
    const z = privateKey.export({ format: 'raw-seed' }).subarray(32)
    const others = [0, 1, size / 2, size - 1].map(at => {
      const other = Buffer.from(ciphertext)
      other[at]! ^= 1
      return other
    })
    for (const other of [...others, Buffer.alloc(size), Buffer.alloc(size, 0xff), encapsulateToOther()]) {
      const expected = createHash('shake256', { outputLength: 32 }).update(z).update(other).digest()
      assert.deepEqual(decapsulate(privateKey, other), expected)
      assert.deepEqual(decapsulate(privateKey, other), expected)
    }
  })

  test(`${parameters}: a ciphertext of another size is an error`, () => {
    const { ciphertext } = encapsulate(publicKey)
    for (const other of [
      Buffer.alloc(0),
      ciphertext.subarray(1),
      ciphertext.subarray(0, -1),
      Buffer.concat([ciphertext, Buffer.alloc(1)]),
    ]) {
      assert.throws(() => decapsulate(privateKey, other))
    }
  })

  function encapsulateToOther(): Buffer {
    return encapsulate(generateKeyPairSync(parameters).publicKey).ciphertext
  }
}
