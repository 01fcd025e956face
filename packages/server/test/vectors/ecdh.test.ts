import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { test } from 'node:test'
import { agree } from '../../src/crypto/agreement.ts'
import { readPublicKey } from '../../src/crypto/public-key.ts'
import { judge, leftOpenByEcdh } from '../support/wycheproof.ts'

const hex = (text: string): Buffer => Buffer.from(text, 'hex')

for (const [name, namedCurve, size] of [
  ['secp256r1', 'prime256v1', 32],
  ['secp521r1', 'secp521r1', 66],
] as const) {
  test(`Wycheproof: ecdh_${name}_test, leading zeros and all`, t =>
    judge<object, { public: string; private: string; shared: string }>(
      t,
      `ecdh_${name}_test`,
      test => {
        const peer = readPublicKey({ kind: 'ecc', curve: namedCurve, size }, hex(test.public))
        if (!peer) return false
        // An integer, with the sign's zero or without leading ones.
        const scalar = hex(test.private.slice(-2 * size).padStart(2 * size, '0'))
        const key = createPrivateKey({ key: scalar, format: 'raw-private', asymmetricKeyType: 'ec', namedCurve })
        const secret = agree(key, peer)
        assert.equal(secret.length, size)
        assert.deepEqual(secret, hex(test.shared))
        return true
      },
      leftOpenByEcdh,
    ))
}
