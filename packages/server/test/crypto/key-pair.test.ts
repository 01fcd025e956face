import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey, decapsulate, encapsulate, sign, verify } from 'node:crypto'
import { test } from 'node:test'
import { generateKeyPair } from '../../src/crypto/key-pair.ts'
import type { KeyPairKind } from '../../src/crypto/key-pair.ts'
import { readPrivateKey } from '../../src/crypto/private-key.ts'

/** Every kind there is, and the lengths of its keys where they do not vary. */
const kinds: readonly [kind: KeyPairKind, type: string, publicKey: number, privateKey?: number][] = [
  [{ kind: 'rsa', size: 256 }, 'rsa', 294],
  [{ kind: 'rsa', size: 384 }, 'rsa', 422],
  [{ kind: 'ecc', curve: 'prime256v1', size: 32 }, 'ec', 91, 138],
  [{ kind: 'ecc', curve: 'secp256k1', size: 32 }, 'ec', 88, 135],
  [{ kind: 'ecc', curve: 'secp384r1', size: 48 }, 'ec', 120, 185],
  [{ kind: 'ecc', curve: 'secp521r1', size: 66 }, 'ec', 158, 241],
  [{ kind: 'ed25519' }, 'ed25519', 44, 48],
  [{ kind: 'ml-dsa', parameters: 'ml-dsa-44' }, 'ml-dsa-44', 1334, 54],
  [{ kind: 'ml-dsa', parameters: 'ml-dsa-65' }, 'ml-dsa-65', 1974, 54],
  [{ kind: 'ml-dsa', parameters: 'ml-dsa-87' }, 'ml-dsa-87', 2614, 54],
  [{ kind: 'ml-kem', parameters: 'ml-kem-512', ciphertext: 768 }, 'ml-kem-512', 822, 86],
  [{ kind: 'ml-kem', parameters: 'ml-kem-768', ciphertext: 1088 }, 'ml-kem-768', 1206, 86],
  [{ kind: 'ml-kem', parameters: 'ml-kem-1024', ciphertext: 1568 }, 'ml-kem-1024', 1590, 86],
]

for (const [kind, type, publicLength, privateLength] of kinds) {
  const name = 'size' in kind ? `${type} of ${kind.size} bytes` : type

  test(`${name}: makes two halves of one key, in memory of their own, and another key each time`, () => {
    const [pair, other] = [generateKeyPair(kind), generateKeyPair(kind)]
    assert.notDeepEqual(pair.privateKey, other.privateKey)
    assert.notDeepEqual(pair.publicKey, other.publicKey)
    const privateKey = createPrivateKey({ key: pair.privateKey, format: 'der', type: 'pkcs8' })
    const publicKey = createPublicKey({ key: pair.publicKey, format: 'der', type: 'spki' })
    assert.equal(privateKey.asymmetricKeyType, type)
    assert.ok(createPublicKey(privateKey).equals(publicKey))
    assert.equal(pair.publicKey.length, publicLength)
    if (privateLength !== undefined) assert.equal(pair.privateKey.length, privateLength)
    for (const { buffer, length } of [pair.publicKey, pair.privateKey]) assert.equal(buffer.byteLength, length)
    if (kind.kind === 'ml-kem') {
      const { ciphertext, sharedKey } = encapsulate(publicKey)
      assert.equal(ciphertext.length, kind.ciphertext)
      assert.deepEqual(decapsulate(privateKey, ciphertext), sharedKey)
    } else {
      const hash = kind.kind === 'rsa' || kind.kind === 'ecc' ? 'sha256' : null
      assert.ok(verify(hash, Buffer.from('a'), publicKey, sign(hash, Buffer.from('a'), privateKey)))
    }
  })

  if (kind.kind === 'ml-dsa' || kind.kind === 'ml-kem') {
    test(`${name}: the private key is its seed alone`, () => {
      const { privateKey } = generateKeyPair(kind)
      const seedLength = kind.kind === 'ml-dsa' ? 32 : 64
      // [0] IMPLICIT OCTET STRING, the first choice of the private key formats.
      assert.deepEqual(privateKey.subarray(-seedLength - 2, -seedLength), Buffer.of(0x80, seedLength))
    })
  } else {
    test(`${name}: the private key has the form in which imported ones are kept`, () => {
      // The order of the primes is a matter of luck, unless somebody sees to it.
      const rounds = kind.kind === 'rsa' && kind.size > 256 ? 1 : 3
      for (let round = 0; round < rounds; round++) {
        const pair = generateKeyPair(kind)
        const read = readPrivateKey(kind, pair.privateKey)
        assert.ok(read)
        assert.deepEqual(read.privateKey, pair.privateKey)
        assert.deepEqual(read.publicKey, pair.publicKey)
        if (kind.kind === 'rsa') {
          assert.equal(
            createPublicKey({ key: pair.publicKey, format: 'der', type: 'spki' }).asymmetricKeyDetails?.publicExponent,
            65537n,
          )
        }
      }
    })
  }
}

test('refuses to make keys on a curve that there is not', () => {
  assert.throws(() => generateKeyPair({ kind: 'ecc', curve: 'prime257v1', size: 32 }))
})
