import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import type { KeySpec, KeyUsageType, MessageType, SigningAlgorithmSpec } from '@aws-sdk/client-kms'
import { start, type TestServer } from '../../packages/server/test/support/server.ts'
import { importOf, parametersFor } from '../../packages/server/test/support/import.ts'
import { lacking, openShell, tellVersions, type Shell } from './support.ts'

// What the server does with key pairs and HMAC keys, openssl undoes, and the other way round, with keys that openssl made.
// Versions before 3.5 know neither ML-DSA nor ML-KEM, and none signs Ed25519ph on the command line.

const skip = await lacking('bash', 'openssl')

const text = Buffer.from('Whoever holds the public key can check this without asking anybody.')

interface Signing {
  spec: KeySpec
  algorithm: SigningAlgorithmSpec
  hash: 'sha256' | 'sha384' | 'sha512'
  /** Of `openssl dgst`, for signing and verifying by message. */
  options: string
  /** Of `openssl pkeyutl`, for what was hashed before. */
  digestOptions: string
  /** Makes a private key in PKCS #8. */
  make: string
}

const curve = (name: string): string => `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:${name}`

const rsa = (bits: 2048 | 3072 | 4096, padding: 'PSS' | 'PKCS1_V1_5', hash: Signing['hash']): Signing => ({
  spec: `RSA_${bits}`,
  algorithm: `RSASSA_${padding}_SHA_${hash.slice(3) as '256' | '384' | '512'}`, // What follows "sha".
  hash,
  options:
    padding === 'PSS'
      ? `-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest -sigopt rsa_mgf1_md:${hash}`
      : '-sigopt rsa_padding_mode:pkcs1',
  digestOptions:
    padding === 'PSS'
      ? `-pkeyopt digest:${hash} -pkeyopt rsa_padding_mode:pss -pkeyopt rsa_pss_saltlen:digest`
      : `-pkeyopt digest:${hash} -pkeyopt rsa_padding_mode:pkcs1`,
  make: `openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:${bits}`,
})

const ecdsa = (spec: KeySpec, name: string, hash: Signing['hash']): Signing => ({
  spec,
  algorithm: `ECDSA_SHA_${hash.slice(3) as '256' | '384' | '512'}`, // What follows "sha".
  hash,
  options: '',
  digestOptions: '',
  make: curve(name),
})

const signings: Signing[] = [
  ...(['PSS', 'PKCS1_V1_5'] as const).flatMap(padding => [
    rsa(2048, padding, 'sha256'),
    rsa(3072, padding, 'sha384'),
    rsa(4096, padding, 'sha512'),
  ]),
  ecdsa('ECC_NIST_P256', 'P-256', 'sha256'),
  ecdsa('ECC_NIST_P384', 'P-384', 'sha384'),
  ecdsa('ECC_NIST_P521', 'P-521', 'sha512'),
  ecdsa('ECC_SECG_P256K1', 'secp256k1', 'sha256'),
]

suite('key pairs, with openssl', { skip, concurrency: 2 }, () => {
  let server: TestServer
  before(async () => {
    server = await start()
  })
  after(() => server.stop())

  /** A key of the origin EXTERNAL that holds this material. */
  async function keyWith(material: Buffer, KeySpec: KeySpec, KeyUsage: KeyUsageType): Promise<string> {
    const kms = server.client()
    const { KeyMetadata } = await kms.createKey({ KeySpec, KeyUsage, Origin: 'EXTERNAL' })
    const KeyId = KeyMetadata?.KeyId ?? ''
    const parameters = await parametersFor(kms, KeyId, 'RSA_AES_KEY_WRAP_SHA_256')
    await kms.importKeyMaterial(importOf(KeyId, parameters, material))
    return KeyId
  }

  /** A key that the server has made, its public half in public.der. */
  async function madeKey(sh: Shell, KeySpec: KeySpec, KeyUsage: KeyUsageType): Promise<string> {
    const kms = server.client()
    const { KeyMetadata } = await kms.createKey({ KeySpec, KeyUsage })
    const KeyId = KeyMetadata?.KeyId ?? ''
    const { PublicKey } = await kms.getPublicKey({ KeyId })
    await sh.write('public.der', PublicKey ?? assert.fail('there is no public key'))
    return KeyId
  }

  /** A key that openssl has made and the server imported; its halves in private.der and public.der. */
  async function importedKey(sh: Shell, make: string, KeySpec: KeySpec, KeyUsage: KeyUsageType): Promise<string> {
    const key = await sh.run(`
      ${make} | openssl pkcs8 -topk8 -nocrypt -outform DER -out private.der
      openssl pkey -inform DER -in private.der -pubout -outform DER -out public.der
      openssl base64 -A -in private.der`)
    return await keyWith(Buffer.from(key, 'base64'), KeySpec, KeyUsage)
  }

  /** What both ends make of the same key: signatures of both forms by either, verified by both in both forms. */
  async function signBothWays(sh: Shell, KeyId: string, signing: Signing, hasPrivateKey: boolean): Promise<void> {
    const kms = server.client()
    const { algorithm: SigningAlgorithm, hash, options, digestOptions } = signing
    const digest = createHash(hash).update(text).digest()
    await sh.write('text', text)
    await sh.write('digest', digest)
    const forms: [MessageType, Buffer][] = [
      ['RAW', text],
      ['DIGEST', digest],
    ]
    for (const [MessageType, Message] of forms) {
      const { Signature } = await kms.sign({ KeyId, Message, MessageType, SigningAlgorithm })
      await sh.write('signature', Signature ?? assert.fail('there is no signature'))
      assert.equal(
        await sh.run(`openssl dgst -${hash} -keyform DER -verify public.der ${options} -signature signature text`),
        'Verified OK',
      )
      assert.equal(
        await sh.run(
          `openssl pkeyutl -verify -pubin -keyform DER -inkey public.der ${digestOptions} -sigfile signature -in digest`,
        ),
        'Signature Verified Successfully',
      )
    }
    if (!hasPrivateKey) return
    for (const command of [
      `openssl dgst -${hash} -keyform DER -sign private.der ${options} -out signature text`,
      `openssl pkeyutl -sign -keyform DER -inkey private.der ${digestOptions} -in digest -out signature`,
    ]) {
      const signature = Buffer.from(await sh.run(`${command} && openssl base64 -A -in signature`), 'base64')
      for (const [MessageType, Message] of forms) {
        const wish = { KeyId, Message, MessageType, SigningAlgorithm }
        const { SignatureValid } = await kms.verify({ ...wish, Signature: signature })
        assert.equal(SignatureValid, true)
        const other = Buffer.from(Message)
        other[0]! ^= 1
        await assert.rejects(kms.verify({ ...wish, Message: other, Signature: signature }), {
          name: 'KMSInvalidSignatureException',
        })
      }
    }
  }

  for (const signing of signings) {
    test(`${signing.algorithm} with ${signing.spec}: openssl verifies what a key of the server signs`, async t => {
      const sh = await openShell(t)
      await signBothWays(sh, await madeKey(sh, signing.spec, 'SIGN_VERIFY'), signing, false)
    })

    test(`${signing.algorithm} with ${signing.spec}: both ways with a key of openssl`, async t => {
      const sh = await openShell(t)
      await signBothWays(sh, await importedKey(sh, signing.make, signing.spec, 'SIGN_VERIFY'), signing, true)
    })
  }

  test('ED25519_SHA_512: both ways, with a key of the server and one of openssl', async t => {
    await tellVersions(t, 'openssl')
    const sh = await openShell(t)
    const kms = server.client()
    await sh.write('text', text)
    const wish = { Message: text, SigningAlgorithm: 'ED25519_SHA_512' } as const
    const verifies = async (KeyId: string): Promise<void> => {
      const { Signature } = await kms.sign({ KeyId, ...wish })
      await sh.write('signature', Signature ?? assert.fail('there is no signature'))
      assert.equal(
        await sh.run(
          'openssl pkeyutl -verify -rawin -pubin -keyform DER -inkey public.der -sigfile signature -in text',
        ),
        'Signature Verified Successfully',
      )
    }
    await verifies(await madeKey(sh, 'ECC_NIST_EDWARDS25519', 'SIGN_VERIFY'))
    const make = 'openssl genpkey -algorithm ED25519'
    const KeyId = await importedKey(sh, make, 'ECC_NIST_EDWARDS25519', 'SIGN_VERIFY')
    await verifies(KeyId)
    const signature = await sh.run(`
      openssl pkeyutl -sign -rawin -keyform DER -inkey private.der -in text -out signature
      openssl base64 -A -in signature`)
    const { SignatureValid } = await kms.verify({ KeyId, ...wish, Signature: Buffer.from(signature, 'base64') })
    assert.equal(SignatureValid, true)
  })

  for (const [hash, EncryptionAlgorithm] of [
    ['sha1', 'RSAES_OAEP_SHA_1'],
    ['sha256', 'RSAES_OAEP_SHA_256'],
  ] as const) {
    test(`${EncryptionAlgorithm}: both ways`, async t => {
      const sh = await openShell(t)
      const kms = server.client()
      const make = 'openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048'
      const KeyId = await importedKey(sh, make, 'RSA_2048', 'ENCRYPT_DECRYPT')
      const options = `-pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:${hash} -pkeyopt rsa_mgf1_md:${hash}`
      const { CiphertextBlob } = await kms.encrypt({ KeyId, EncryptionAlgorithm, Plaintext: text })
      await sh.write('block', CiphertextBlob ?? assert.fail('there is no ciphertext'))
      const decrypt = `openssl pkeyutl -decrypt -keyform DER -inkey private.der ${options} -in block`
      assert.equal(await sh.run(decrypt), text.toString())

      await sh.write('text', text)
      const encrypt = `openssl pkeyutl -encrypt -pubin -keyform DER -inkey public.der ${options} -in text -out block`
      const block = Buffer.from(await sh.run(`${encrypt} && openssl base64 -A -in block`), 'base64')
      const { Plaintext } = await kms.decrypt({ KeyId, EncryptionAlgorithm, CiphertextBlob: block })
      assert.deepEqual(Buffer.from(Plaintext ?? []), text)
      const other = hash === 'sha1' ? 'RSAES_OAEP_SHA_256' : 'RSAES_OAEP_SHA_1'
      await assert.rejects(kms.decrypt({ KeyId, EncryptionAlgorithm: other, CiphertextBlob: block }), {
        name: 'InvalidCiphertextException',
      })
    })
  }

  for (const [KeySpec, name, size] of [
    ['ECC_NIST_P256', 'P-256', 32],
    ['ECC_NIST_P384', 'P-384', 48],
    ['ECC_NIST_P521', 'P-521', 66],
  ] as const) {
    test(`ECDH with ${KeySpec}: openssl derives the same secret`, async t => {
      const sh = await openShell(t)
      const KeyId = await madeKey(sh, KeySpec, 'KEY_AGREEMENT')
      const peer = await sh.run(`
        ${curve(name)} -out peer.pem
        openssl pkey -in peer.pem -pubout -outform DER | openssl base64 -A`)
      const derived = await sh.run(`
        openssl pkeyutl -derive -inkey peer.pem -peerform DER -peerkey public.der | openssl base64 -A`)
      const { SharedSecret } = await server.client().deriveSharedSecret({
        KeyId,
        KeyAgreementAlgorithm: 'ECDH',
        PublicKey: Buffer.from(peer, 'base64'),
      })
      assert.equal(SharedSecret?.length, size)
      assert.deepEqual(Buffer.from(SharedSecret), Buffer.from(derived, 'base64'))
    })
  }

  for (const size of [224, 256, 384, 512] as const) {
    test(`HMAC_SHA_${size}: openssl makes the same MAC with the same key`, async t => {
      const sh = await openShell(t)
      const kms = server.client()
      const secret = Buffer.from(await sh.run(`openssl rand -hex ${size / 8}`), 'hex')
      const KeyId = await keyWith(secret, `HMAC_${size}`, 'GENERATE_VERIFY_MAC')
      await sh.write('text', text)
      const macOf = `openssl dgst -sha${size} -mac HMAC -macopt hexkey:${secret.toString('hex')} -binary text | openssl base64 -A`
      const made = Buffer.from(await sh.run(macOf), 'base64')
      const wish = { KeyId, MacAlgorithm: `HMAC_SHA_${size}`, Message: text } as const
      const { Mac } = await kms.generateMac(wish)
      assert.deepEqual(Buffer.from(Mac ?? []), made)
      assert.equal((await kms.verifyMac({ ...wish, Mac: made })).MacValid, true)
      await assert.rejects(kms.verifyMac({ ...wish, Mac: made.subarray(0, 16) }), { name: 'KMSInvalidMacException' })
    })
  }
})
