import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { agree } from '../../src/crypto/agreement.ts'

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

const keyPair = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve })

for (const [namedCurve, size] of [
  ['prime256v1', 32],
  ['secp384r1', 48],
  ['secp521r1', 66],
] as const) {
  test(`${namedCurve}: both sides agree on ${size} bytes, and a third does not`, () => {
    const [a, b, c] = [keyPair(namedCurve), keyPair(namedCurve), keyPair(namedCurve)]
    const secret = agree(a.privateKey, b.publicKey)
    assert.equal(secret.length, size)
    assert.deepEqual(agree(b.privateKey, a.publicKey), secret)
    assert.notDeepEqual(agree(c.privateKey, a.publicKey), secret)
  })

  test(`${namedCurve}: the secret is the x-coordinate alone`, () => {
    // With the scalar 1 it is the other's own.
    const one = Buffer.alloc(size)
    one[size - 1] = 1
    const key = createPrivateKey({ key: one, format: 'raw-private', asymmetricKeyType: 'ec', namedCurve })
    const other = keyPair(namedCurve).publicKey
    assert.deepEqual(agree(key, other), other.export({ format: 'raw-public' }).subarray(1, 1 + size))
  })

  test(`${namedCurve}: zeros before the secret stay`, () => {
    // About one in 256 begins with a zero byte; of P-521, one in two, its first byte being a single bit.
    const peer = keyPair(namedCurve)
    let found
    for (let round = 0; round < 20_000 && !found; round++) {
      const scalar = Buffer.alloc(size)
      scalar.writeUInt32BE(round + 1, size - 4)
      const key = createPrivateKey({ key: scalar, format: 'raw-private', asymmetricKeyType: 'ec', namedCurve })
      const secret = agree(key, peer.publicKey)
      assert.equal(secret.length, size)
      if (secret[0] === 0) found = { key, secret }
    }
    assert.ok(found)
    assert.deepEqual(agree(peer.privateKey, createPublicKey(found.key)), found.secret)
  })
}

test('keys on different curves agree on nothing', () => {
  assert.throws(() => agree(keyPair('prime256v1').privateKey, keyPair('secp384r1').publicKey))
  assert.throws(() => agree(keyPair('prime256v1').privateKey, keyPair('secp256k1').publicKey))
})

// RFC 5903 section 8.1.
test('P-256: agrees as in RFC 5903', () => {
  const scalar = hex('C88F01F5 10D9AC3F 70A292DA A2316DE5 44E9AAB8 AFE84049 C62A9C57 862D1433')
  const key = createPrivateKey({
    key: scalar,
    format: 'raw-private',
    asymmetricKeyType: 'ec',
    namedCurve: 'prime256v1',
  })
  const point = hex(
    '04 D12DFB52 89C8D4F8 1208B702 70398C34 2296970A 0BCCB74C 736FC755 4494BF63' +
      '56FBF3CA 366CC23E 8157854C 13C58D6A AC23F046 ADA30F83 53E74F33 039872AB',
  )
  const peer = createPublicKey({ key: point, format: 'raw-public', asymmetricKeyType: 'ec', namedCurve: 'prime256v1' })
  assert.deepEqual(agree(key, peer), hex('D6840F6B 42F6EDAF D13116E0 E1256520 2FEF8E9E CE7DCE03 812464D0 4B9442DE'))
})
