import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { derInteger, derOctetString, derOid, derSequence } from '../../src/crypto/der.ts'
import { decapsulate, encapsulate } from '../../src/crypto/kem.ts'
import { unwrapKwp, wrapKwp } from '../../src/crypto/kwp.ts'
import { sign as signHashed, verify as verifyHashed } from '../../src/crypto/prehashed.ts'
import { sign, verify } from '../../src/crypto/signatures.ts'
import acvp from './acvp.json' with { type: 'json' }

/**
 * A few cases of NIST's ACVP, above all for what other vectors do not have: ML-KEM-768, ML-DSA-65, mu from outside,
 * Ed25519ph. Two of its files cannot be expressed:
 *
 * - KDF-1.0: its fixed data are 16 random bytes; ours are a label, a zero, a context and the length in bits.
 * - ML-DSA-sigGen-FIPS204: its keys are expanded, without the seed that ours are kept as, and its signatures follow from
 *   them alone or from given randomness; ours mix in randomness of their own.
 */

const bytes = (base64: string): Buffer => Buffer.from(base64, 'base64')

interface Section<C> {
  path: string
  cases: C[]
}

/** Puts every case to `outcome`, which asserts what the case gives and says whether it is valid. */
async function check<C extends { tcId: number }>(
  t: TestContext,
  { path, cases }: Section<C>,
  expected: (value: C) => boolean,
  outcome: (value: C) => boolean | Promise<boolean>,
): Promise<void> {
  for (const value of cases) assert.equal(await outcome(value), expected(value), `case ${value.tcId}`)
  const valid = cases.filter(expected).length
  t.diagnostic(
    `${path}: ${cases.length} cases, all as they should be (${valid} valid, ${cases.length - valid} invalid)`,
  )
}

const isPassed = ({ testPassed }: { testPassed: boolean }): boolean => testPassed

/** What the function gives; undefined if OpenSSL refuses. */
function attempt<T>(call: () => T): T | undefined {
  try {
    return call()
  } catch {
    return undefined
  }
}

test('ACVP: AES-KWP, 256 bits, both ways', t =>
  check(t, acvp.aesKwp, isPassed, ({ key, pt, ct }) => {
    const data = unwrapKwp(bytes(key), bytes(ct))
    if (!data) return false
    assert.deepEqual(data, bytes(pt))
    assert.deepEqual(wrapKwp(bytes(key), data), bytes(ct))
    return true
  }))

const oids: Record<string, string> = {
  'ML-KEM-512': '2.16.840.1.101.3.4.4.1',
  'ML-KEM-768': '2.16.840.1.101.3.4.4.2',
  'ML-KEM-1024': '2.16.840.1.101.3.4.4.3',
}

/** RFC 9935 section 6, expandedKey. No key of ours is kept so. */
function decapsulationKey(parameterSet: string, dk: Uint8Array) {
  const algorithm = derSequence(derOid(oids[parameterSet] ?? assert.fail(parameterSet)))
  const pkcs8 = derSequence(derInteger(Uint8Array.of(0)), algorithm, derOctetString(derOctetString(dk)))
  return createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
}

test('ACVP: ML-KEM decapsulation; a modified ciphertext gives the secret of implicit rejection', t =>
  check(
    t,
    acvp.mlKemDecapsulation,
    () => true,
    ({ parameterSet, dk, c, k }) => {
      assert.deepEqual(decapsulate(decapsulationKey(parameterSet, bytes(dk)), bytes(c)), bytes(k))
      return true
    },
  ))

const publicKeyOf = (asymmetricKeyType: string, raw: string) =>
  createPublicKey({
    key: bytes(raw),
    format: 'raw-public',
    // The files name the kinds as OpenSSL does, but for the case.
    asymmetricKeyType: asymmetricKeyType.toLowerCase() as 'ml-kem-768',
  })

test('ACVP: ML-KEM encapsulation keys with coefficients that are too large are refused', t =>
  check(t, acvp.mlKemEncapsulationKeyCheck, isPassed, ({ parameterSet, ek }) => {
    return attempt(() => encapsulate(publicKeyOf(parameterSet, ek))) !== undefined
  }))

test('ACVP: ML-KEM keys from seeds', t =>
  check(
    t,
    acvp.mlKemKeyGen,
    () => true,
    ({ d, z, ek }) => {
      const seed = Buffer.concat([bytes(d), bytes(z)])
      const key = createPrivateKey({ key: seed, format: 'raw-seed', asymmetricKeyType: 'ml-kem-768' })
      assert.deepEqual(createPublicKey(key).export({ format: 'raw-public' }), bytes(ek))
      const { sharedSecret, ciphertext } = encapsulate(publicKeyOf('ml-kem-768', ek))
      assert.deepEqual(decapsulate(key, ciphertext), sharedSecret)
      return true
    },
  ))

const mlDsa = { scheme: 'ml-dsa' } as const

test('ACVP: ML-DSA keys from seeds', t =>
  check(
    t,
    acvp.mlDsaKeyGen,
    () => true,
    async ({ seed, pk }) => {
      const key = createPrivateKey({ key: bytes(seed), format: 'raw-seed', asymmetricKeyType: 'ml-dsa-65' })
      assert.deepEqual(createPublicKey(key).export({ format: 'raw-public' }), bytes(pk))
      const mu = { form: 'mu', bytes: Buffer.alloc(64, 1) } as const
      assert.ok(await verify(mlDsa, publicKeyOf('ml-dsa-65', pk), mu, await sign(mlDsa, key, mu)))
      return true
    },
  ))

test('ACVP: ML-DSA signatures of mu', t =>
  check(t, acvp.mlDsaSigVer, isPassed, ({ parameterSet, pk, mu, signature }) =>
    verify(mlDsa, publicKeyOf(parameterSet, pk), { form: 'mu', bytes: bytes(mu) }, bytes(signature)),
  ))

test('ACVP: Ed25519 and Ed25519ph', t =>
  check(t, acvp.edDsaSigVer, isPassed, async ({ preHash, message, d, q, signature }) => {
    const privateKey = createPrivateKey({ key: bytes(d), format: 'raw-private', asymmetricKeyType: 'ed25519' })
    const publicKey = publicKeyOf('ed25519', q)
    assert.ok(createPublicKey(privateKey).equals(publicKey))
    // Ed25519ph of a message of any size; the service has it of 64 bytes alone.
    if (preHash) {
      const isValid = verifyHashed(publicKey, bytes(message), bytes(signature))
      assert.equal(signHashed(privateKey, bytes(message)).equals(bytes(signature)), isValid)
      return isValid
    }
    const form = { form: 'message', bytes: bytes(message) } as const
    const isValid = await verify({ scheme: 'ed25519' }, publicKey, form, bytes(signature))
    assert.equal((await sign({ scheme: 'ed25519' }, privateKey, form)).equals(bytes(signature)), isValid)
    return isValid
  }))
