import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { test } from 'node:test'
import { derInteger, derOctetString, derOid, derSequence } from '../../src/crypto/der.ts'
import { decapsulate, encapsulate } from '../../src/crypto/kem.ts'
import { judge } from '../support/wycheproof.ts'

const hex = (text: string): Buffer => Buffer.from(text, 'hex')

const oids = { 512: '2.16.840.1.101.3.4.4.1', 1024: '2.16.840.1.101.3.4.4.3' } as const
type Level = keyof typeof oids
const levels: Level[] = [512, 1024]

/** What the function gives; undefined if OpenSSL refuses. */
function attempt<T>(call: () => T): T | undefined {
  try {
    return call()
  } catch {
    return undefined
  }
}

for (const level of levels) {
  const asymmetricKeyType = `ml-kem-${level}` as const
  const publicOf = (raw: string) => createPublicKey({ key: hex(raw), format: 'raw-public', asymmetricKeyType })
  const privateOf = (seed: string) => createPrivateKey({ key: hex(seed), format: 'raw-seed', asymmetricKeyType })

  test(`Wycheproof: mlkem_${level}_test, decapsulation, implicit rejection and all`, t =>
    judge<object, { seed: string; ek: string; c: string; K: string }>(
      t,
      `mlkem_${level}_test`,
      ({ seed, ek, c, K }) => {
        const key = attempt(() => privateOf(seed))
        if (!key) return false
        if (ek) assert.deepEqual(createPublicKey(key).export({ format: 'raw-public' }), hex(ek))
        const secret = attempt(() => decapsulate(key, hex(c)))
        if (secret) assert.deepEqual(secret, hex(K))
        return secret !== undefined
      },
    ))

  test(`Wycheproof: mlkem_${level}_encaps_test, public keys`, t =>
    // The randomness of an encapsulation cannot be given to OpenSSL, so it is not compared.
    judge<object, { ek: string; c: string }>(t, `mlkem_${level}_encaps_test`, ({ ek, c }) => {
      const made = attempt(() => encapsulate(publicOf(ek)))
      if (!made) return false
      assert.equal(made.ciphertext.length, c.length / 2)
      assert.equal(made.sharedSecret.length, 32)
      return true
    }))

  test(`Wycheproof: mlkem_${level}_keygen_seed_test, and what is encapsulated to such keys`, t =>
    judge<object, { seed: string; ek: string }>(t, `mlkem_${level}_keygen_seed_test`, ({ seed, ek }) => {
      const key = privateOf(seed)
      assert.deepEqual(createPublicKey(key).export({ format: 'raw-public' }), hex(ek))
      const { sharedSecret, ciphertext } = encapsulate(publicOf(ek))
      assert.deepEqual(decapsulate(key, ciphertext), sharedSecret)
      return true
    }))

  test(`Wycheproof: mlkem_${level}_semi_expanded_decaps_test`, t =>
    judge<object, { dk: string; c: string; K: string }>(
      t,
      `mlkem_${level}_semi_expanded_decaps_test`,
      ({ dk, c, K }) => {
        // RFC 9935 section 6, expandedKey. No key of ours is kept so.
        const pkcs8 = derSequence(
          derInteger(Uint8Array.of(0)),
          derSequence(derOid(oids[level])),
          derOctetString(derOctetString(hex(dk))),
        )
        const secret = attempt(() =>
          decapsulate(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }), hex(c)),
        )
        if (secret) assert.deepEqual(secret, hex(K))
        return secret !== undefined
      },
    ))
}
