import assert from 'node:assert/strict'
import { createHash, createPublicKey } from 'node:crypto'
import { test } from 'node:test'
import type { SignatureScheme } from '../../src/crypto/signature.ts'
import { verify } from '../../src/crypto/signatures.ts'
import { judge } from '../support/wycheproof.ts'

const hex = (text: string): Buffer => Buffer.from(text, 'hex')

interface Group {
  publicKeyDer: string
}

interface Case {
  msg: string
  sig: string
}

const rsa = (scheme: 'pkcs1' | 'pss', size: number, bits: 256 | 384 | 512) =>
  ({
    file:
      scheme === 'pkcs1' ? `rsa_signature_${size}_sha${bits}_test` : `rsa_pss_${size}_sha${bits}_mgf1_${bits / 8}_test`,
    scheme: { scheme, hash: `sha${bits}` },
  }) as const

const ecdsa = (curve: string, bits: 256 | 512) =>
  ({ file: `ecdsa_${curve}_sha${bits}_test`, scheme: { scheme: 'ecdsa', hash: `sha${bits}` } }) as const

const files: { file: string; scheme: Extract<SignatureScheme, { hash: string }> }[] = [
  rsa('pkcs1', 2048, 256),
  rsa('pkcs1', 2048, 384),
  rsa('pkcs1', 2048, 512),
  rsa('pkcs1', 4096, 256),
  rsa('pkcs1', 4096, 384),
  rsa('pkcs1', 4096, 512),
  rsa('pss', 2048, 256),
  rsa('pss', 2048, 384),
  rsa('pss', 4096, 512),
  ecdsa('secp256r1', 256),
  ecdsa('secp256k1', 256),
  ecdsa('secp521r1', 512),
]

// RFC 8017 section 9.2, note 2, allows for DigestInfo without NULL; OpenSSL and everybody else who compares refuse it.
const leftOpen = { MissingNull: false }

for (const { file, scheme } of files) {
  test(`Wycheproof: ${file}, by message and by digest`, t =>
    judge<Group, Case>(
      t,
      file,
      async ({ msg, sig }, { publicKeyDer }) => {
        const key = createPublicKey({ key: hex(publicKeyDer), format: 'der', type: 'spki' })
        const message = hex(msg)
        const digest = createHash(scheme.hash).update(message).digest()
        const byMessage = await verify(scheme, key, { form: 'message', bytes: message }, hex(sig))
        const byDigest = await verify(scheme, key, { form: 'digest', bytes: digest }, hex(sig))
        assert.equal(byDigest, byMessage)
        return byMessage
      },
      leftOpen,
    ))
}

test('Wycheproof: ed25519_test', t =>
  judge<Group, Case>(t, 'ed25519_test', ({ msg, sig }, { publicKeyDer }) => {
    const key = createPublicKey({ key: hex(publicKeyDer), format: 'der', type: 'spki' })
    return verify({ scheme: 'ed25519' }, key, { form: 'message', bytes: hex(msg) }, hex(sig))
  }))
