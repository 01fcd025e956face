import { KMSServiceException, type KeySpec, type KeyUsageType } from '@aws-sdk/client-kms'
import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { after, test } from 'node:test'
import { importOf, parametersFor } from '../support/import.ts'
import { start } from '../support/server.ts'
import { judge, leftOpenByEcdh, wycheproof } from '../support/wycheproof.ts'
import acvp from './acvp.json' with { type: 'json' }

/**
 * What the other tests here put to the primitives, put to a server: each secret is imported, then used as clients do.
 *
 * That leaves out files with public keys alone (Wycheproof's RSA, ECDSA and Ed25519 signatures), keys that cannot be
 * imported (ML-DSA, ML-KEM), and what no client does with a key of its own: RSAES-PKCS1-v1_5, AES key wrap, AES-GCM with a
 * nonce of one's own.
 */

const server = await start()
after(() => server.stop())
const kms = server.client()

const hex = (text: string): Buffer => Buffer.from(text, 'hex')

/** Imports each material into a key of its own, 16 at a time; the ids of these keys, by the materials' names. */
async function imported(
  KeySpec: KeySpec,
  KeyUsage: KeyUsageType,
  materials: ReadonlyMap<string, Uint8Array>,
): Promise<ReadonlyMap<string, string>> {
  const keys = new Map<string, string>()
  const waiting = materials.entries()
  const importWaiting = async (): Promise<void> => {
    for (const [name, material] of waiting) {
      const { KeyMetadata: { KeyId = '' } = {} } = await kms.createKey({ KeySpec, KeyUsage, Origin: 'EXTERNAL' })
      await kms.importKeyMaterial(
        importOf(KeyId, await parametersFor(kms, KeyId, 'RSA_AES_KEY_WRAP_SHA_256'), material),
      )
      keys.set(name, KeyId)
    }
  }
  await Promise.all(Array.from({ length: 16 }, importWaiting))
  return keys
}

/** What is answered; undefined if the call is refused, for which there must be no other code. */
async function answerOf<T>(call: Promise<T>, refusal: string): Promise<T | undefined> {
  try {
    return await call
  } catch (error) {
    assert.ok(error instanceof KMSServiceException)
    assert.equal(error.name, refusal)
    return undefined
  }
}

for (const [file, spec, EncryptionAlgorithm] of [
  ['rsa_oaep_2048_sha1_mgf1sha1_test', 'RSA_2048', 'RSAES_OAEP_SHA_1'],
  ['rsa_oaep_2048_sha256_mgf1sha256_test', 'RSA_2048', 'RSAES_OAEP_SHA_256'],
  ['rsa_oaep_4096_sha256_mgf1sha256_test', 'RSA_4096', 'RSAES_OAEP_SHA_256'],
] as const) {
  test(`Wycheproof by Decrypt: ${file}`, async t => {
    interface Group {
      privateKeyPkcs8: string
    }
    const groups = wycheproof<Group, object>(t, file)?.testGroups ?? []
    const materials = new Map(groups.map(({ privateKeyPkcs8 }) => [privateKeyPkcs8, hex(privateKeyPkcs8)]))
    const keys = await imported(spec, 'ENCRYPT_DECRYPT', materials)
    await judge<Group, { msg: string; ct: string; label: string }>(
      t,
      file,
      async ({ msg, ct, label }, { privateKeyPkcs8 }) => {
        const call = kms.decrypt({ KeyId: keys.get(privateKeyPkcs8), CiphertextBlob: hex(ct), EncryptionAlgorithm })
        if (!ct) {
          assert.equal(await answerOf(call, 'ValidationException'), undefined)
          return 'no ciphertext'
        }
        const answer = await answerOf(call, 'InvalidCiphertextException')
        if (label) {
          assert.equal(answer, undefined)
          return 'a label, refused without it'
        }
        if (answer) assert.deepEqual(Buffer.from(answer.Plaintext ?? []), hex(msg))
        return answer !== undefined
      },
    )
  })
}

for (const [file, spec, namedCurve, size] of [
  ['ecdh_secp256r1_test', 'ECC_NIST_P256', 'prime256v1', 32],
  ['ecdh_secp521r1_test', 'ECC_NIST_P521', 'secp521r1', 66],
] as const) {
  test(`Wycheproof by DeriveSharedSecret: ${file}`, async t => {
    interface Case {
      public: string
      private: string
      shared: string
    }
    const cases = wycheproof<object, Case>(t, file)?.testGroups.flatMap(group => group.tests) ?? []
    const pkcs8 = (integer: string): Buffer => {
      // With the sign's zero or without leading ones.
      const scalar = hex(integer.slice(-2 * size).padStart(2 * size, '0'))
      const key = createPrivateKey({ key: scalar, format: 'raw-private', asymmetricKeyType: 'ec', namedCurve })
      return key.export({ format: 'der', type: 'pkcs8' })
    }
    const secrets = new Set(cases.map(test => test.private))
    const keys = await imported(spec, 'KEY_AGREEMENT', new Map([...secrets].map(secret => [secret, pkcs8(secret)])))
    if (keys.size > 0) t.diagnostic(`${keys.size} private keys`)
    await judge<object, Case>(
      t,
      file,
      async test => {
        const KeyId = keys.get(test.private)
        const PublicKey = hex(test.public)
        const call = kms.deriveSharedSecret({ KeyId, KeyAgreementAlgorithm: 'ECDH', PublicKey })
        const answer = await answerOf(call, 'ValidationException')
        if (answer) assert.deepEqual(Buffer.from(answer.SharedSecret ?? []), hex(test.shared))
        return answer !== undefined
      },
      leftOpenByEcdh,
    )
  })
}

for (const [file, spec, MacAlgorithm, smallest] of [
  ['hmac_sha224_test', 'HMAC_224', 'HMAC_SHA_224', 28],
  ['hmac_sha256_test', 'HMAC_256', 'HMAC_SHA_256', 32],
  ['hmac_sha512_test', 'HMAC_512', 'HMAC_SHA_512', 64],
] as const) {
  test(`Wycheproof by GenerateMac and VerifyMac: ${file}`, async t => {
    interface Case {
      key: string
      msg: string
      tag: string
    }
    const cases = wycheproof<object, Case>(t, file)?.testGroups.flatMap(group => group.tests) ?? []
    const secrets = new Set(cases.filter(test => test.msg && test.key.length >= 2 * smallest).map(test => test.key))
    const keys = await imported(spec, 'GENERATE_VERIFY_MAC', new Map([...secrets].map(key => [key, hex(key)])))
    let shortened = 0
    await judge<{ tagSize: number }, Case>(t, file, async ({ key, msg, tag }, { tagSize }) => {
      if (!msg) return 'no message'
      const KeyId = keys.get(key)
      if (KeyId === undefined) return `a secret below ${smallest} bytes`
      const Message = hex(msg)
      const { Mac } = await kms.generateMac({ KeyId, Message, MacAlgorithm })
      const made = Buffer.from(Mac ?? [])
      const verified = await answerOf(
        kms.verifyMac({ KeyId, Message, MacAlgorithm, Mac: hex(tag) }),
        'KMSInvalidMacException',
      )
      assert.equal(verified !== undefined, made.equals(hex(tag)))
      if (tagSize === made.length * 8) return verified?.MacValid === true
      // The service has full tags alone. That the file's are the beginning of ours shows that ours is right.
      shortened++
      assert.equal(verified, undefined)
      return made.subarray(0, tagSize / 8).equals(hex(tag))
    })
    if (keys.size > 0) t.diagnostic(`${keys.size} secrets; ${shortened} cases with a shortened tag, refused as it is`)
  })
}

test('ACVP by Sign and Verify: Ed25519', async t => {
  const bytes = (base64: string): Buffer => Buffer.from(base64, 'base64')
  const { path, cases } = acvp.edDsaSigVer
  const pure = cases.filter(({ preHash }) => !preHash)
  const pkcs8 = (d: string): Buffer =>
    createPrivateKey({ key: bytes(d), format: 'raw-private', asymmetricKeyType: 'ed25519' }).export({
      format: 'der',
      type: 'pkcs8',
    })
  const keys = await imported('ECC_NIST_EDWARDS25519', 'SIGN_VERIFY', new Map(pure.map(({ d }) => [d, pkcs8(d)])))
  for (const { tcId, d, message, signature, testPassed } of pure) {
    const wish = { KeyId: keys.get(d), Message: bytes(message), SigningAlgorithm: 'ED25519_SHA_512' } as const
    const answer = await answerOf(kms.verify({ ...wish, Signature: bytes(signature) }), 'KMSInvalidSignatureException')
    assert.equal(answer?.SignatureValid ?? false, testPassed, `case ${tcId}`)
    const { Signature } = await kms.sign(wish)
    assert.equal(Buffer.from(Signature ?? []).equals(bytes(signature)), testPassed, `case ${tcId}`)
  }
  t.diagnostic(
    `${path}: ${cases.length} cases, ${pure.length} put, ${pure.length} as they should be ` +
      `(${cases.length - pure.length} not expressible: Ed25519ph of anything but 64 bytes)`,
  )
})
