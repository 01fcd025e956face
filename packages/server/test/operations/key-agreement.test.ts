import assert from 'node:assert/strict'
import { createPublicKey, decapsulate, diffieHellman, encapsulate, generateKeyPairSync, randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { membersOf, noText, refusalOf, refused } from '../support/answers.ts'
import { start } from '../support/server.ts'

const server = await start()
after(() => server.stop())
const kms = server.client()

const spkiOf = (bytes: Uint8Array = new Uint8Array()) =>
  createPublicKey({ key: Buffer.from(bytes), format: 'der', type: 'spki' })

const curves = [
  ['ECC_NIST_P256', 'prime256v1', 32],
  ['ECC_NIST_P384', 'secp384r1', 48],
  ['ECC_NIST_P521', 'secp521r1', 66],
] as const

for (const [KeySpec, namedCurve, size] of curves) {
  describe(KeySpec, () => {
    let KeyId = ''
    let arn = ''
    before(async () => {
      const { KeyMetadata } = await kms.createKey({ KeySpec, KeyUsage: 'KEY_AGREEMENT' })
      KeyId = KeyMetadata?.KeyId ?? ''
      arn = KeyMetadata?.Arn ?? ''
      assert.deepEqual(KeyMetadata?.KeyAgreementAlgorithms, ['ECDH'])
    })

    test('agrees with OpenSSL on the secret, leading zeros included', async () => {
      const { PublicKey, KeyAgreementAlgorithms } = await kms.getPublicKey({ KeyId })
      assert.deepEqual(KeyAgreementAlgorithms, ['ECDH'])
      for (let round = 0; round < 4; round++) {
        const mine = generateKeyPairSync('ec', { namedCurve })
        const { SharedSecret, ...rest } = await membersOf(
          kms.deriveSharedSecret({
            KeyId,
            KeyAgreementAlgorithm: 'ECDH',
            PublicKey: mine.publicKey.export({ format: 'der', type: 'spki' }),
          }),
        )
        assert.deepEqual(rest, { KeyId: arn, KeyAgreementAlgorithm: 'ECDH', KeyOrigin: 'AWS_KMS' })
        assert.equal(SharedSecret?.length, size)
        const expected = diffieHellman({ privateKey: mine.privateKey, publicKey: spkiOf(PublicKey) })
        assert.deepEqual(Buffer.from(SharedSecret ?? []), expected)
      }
    })

    test('refuses public keys of other curves and other kinds, and what is none', async () => {
      const others = curves.filter(([, other]) => other !== namedCurve).map(([, other]) => other)
      const der = (key: { publicKey: ReturnType<typeof createPublicKey> }) =>
        key.publicKey.export({ format: 'der', type: 'spki' })
      const good = der(generateKeyPairSync('ec', { namedCurve }))
      const offCurve = Buffer.from(good)
      offCurve[offCurve.length - 1] = (offCurve.at(-1) ?? 0) ^ 1
      const wrong = [
        ...others.map(other => der(generateKeyPairSync('ec', { namedCurve: other }))),
        der(generateKeyPairSync('ec', { namedCurve, paramEncoding: 'explicit' })),
        der(generateKeyPairSync('ed25519')),
        der(generateKeyPairSync('x25519')),
        offCurve,
        good.subarray(0, -1),
        Buffer.concat([good, Buffer.of(0)]),
        Buffer.from('-----BEGIN PUBLIC KEY-----'),
        randomBytes(91),
      ]
      for (const PublicKey of wrong) {
        await refused(
          kms.deriveSharedSecret({ KeyId, KeyAgreementAlgorithm: 'ECDH', PublicKey }),
          'ValidationException',
        )
      }
    })

    test('neither signs nor verifies', async () => {
      await refused(
        kms.sign({ KeyId, Message: Buffer.of(1), SigningAlgorithm: 'ECDSA_SHA_256' }),
        'InvalidKeyUsageException',
        `${arn} key usage is KEY_AGREEMENT which is not valid for Sign.`,
      )
    })
  })
}

test('a signing key agrees on nothing', async () => {
  const { KeyMetadata: { KeyId, Arn } = {} } = await kms.createKey({
    KeySpec: 'ECC_NIST_P256',
    KeyUsage: 'SIGN_VERIFY',
  })
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const PublicKey = publicKey.export({ format: 'der', type: 'spki' })
  await refused(
    kms.deriveSharedSecret({ KeyId, KeyAgreementAlgorithm: 'ECDH', PublicKey }),
    'InvalidKeyUsageException',
    `${Arn} key usage is SIGN_VERIFY which is not valid for DeriveSharedSecret.`,
  )
})

for (const [KeySpec, ciphertextSize, spkiSize] of [
  ['ML_KEM_512', 768, 822],
  ['ML_KEM_768', 1088, 1206],
  ['ML_KEM_1024', 1568, 1590],
] as const) {
  describe(KeySpec, () => {
    const EncapsulationAlgorithm = 'ML_KEM'
    let KeyId = ''
    let arn = ''
    before(async () => {
      const { KeyMetadata } = await kms.createKey({ KeySpec, KeyUsage: 'ENCAPSULATE_DECAPSULATE' })
      KeyId = KeyMetadata?.KeyId ?? ''
      arn = KeyMetadata?.Arn ?? ''
      assert.deepEqual(KeyMetadata?.EncapsulationAlgorithms, ['ML_KEM'])
    })

    test('gives back the secret that it encapsulated, and each time another', async () => {
      const made = [1, 2].map(() => kms.encapsulate({ KeyId, EncapsulationAlgorithm }))
      const [first, second] = await Promise.all(made)
      assert.notDeepEqual(first?.SharedSecret, second?.SharedSecret)
      for (const { SharedSecret, SharedSecretCiphertextBlob, KeyId: answered } of [first!, second!]) {
        assert.deepEqual(
          [answered, SharedSecret?.length, SharedSecretCiphertextBlob?.length],
          [arn, 32, ciphertextSize],
        )
        assert.deepEqual(
          await membersOf(kms.decapsulate({ KeyId, SharedSecretCiphertextBlob, EncapsulationAlgorithm })),
          { KeyId: arn, SharedSecret, EncapsulationAlgorithm },
        )
      }
    })

    test('gives back what OpenSSL encapsulated to its public key', async () => {
      const { PublicKey } = await kms.getPublicKey({ KeyId })
      assert.equal(PublicKey?.length, spkiSize)
      const { sharedKey, ciphertext } = encapsulate(spkiOf(PublicKey))
      const { SharedSecret } = await kms.decapsulate({
        KeyId,
        SharedSecretCiphertextBlob: ciphertext,
        EncapsulationAlgorithm,
      })
      assert.deepEqual(Buffer.from(SharedSecret ?? []), sharedKey)
    })

    test('answers a wrong encapsulation of the right length with a secret that nobody has, always the same', async () => {
      const { SharedSecretCiphertextBlob: good = new Uint8Array(), SharedSecret } = await kms.encapsulate({
        KeyId,
        EncapsulationAlgorithm,
      })
      const altered = Buffer.from(good)
      altered[0] = (altered[0] ?? 0) ^ 1
      const answers = [1, 2].map(() =>
        kms.decapsulate({ KeyId, SharedSecretCiphertextBlob: altered, EncapsulationAlgorithm }),
      )
      const [first, second] = await Promise.all(answers)
      assert.equal(first?.SharedSecret?.length, 32)
      assert.deepEqual(first.SharedSecret, second?.SharedSecret)
      assert.notDeepEqual(first.SharedSecret, SharedSecret)
    })

    test('refuses encapsulations of another length', async () => {
      for (const length of [1, ciphertextSize - 1, ciphertextSize + 1, 768, 1088, 1568]) {
        if (length === ciphertextSize) continue
        await refused(
          kms.decapsulate({ KeyId, SharedSecretCiphertextBlob: Buffer.alloc(length), EncapsulationAlgorithm }),
          'InvalidCiphertextException',
        )
      }
    })
  })
}

test('the private half of a data key pair decapsulates outside', async () => {
  const { KeyMetadata: { KeyId } = {} } = await kms.createKey({})
  const pair = await kms.generateDataKeyPair({ KeyId, KeyPairSpec: 'ML_KEM_768' })
  const { sharedKey, ciphertext } = encapsulate(spkiOf(pair.PublicKey))
  const privateKey = { key: Buffer.from(pair.PrivateKeyPlaintext ?? []), format: 'der', type: 'pkcs8' } as const
  assert.deepEqual(decapsulate(privateKey, ciphertext), sharedKey)
})

test('the texts of refusals about public keys say nothing', async () => {
  const { KeyMetadata: { KeyId } = {} } = await kms.createKey({
    KeySpec: 'ECC_NIST_P256',
    KeyUsage: 'KEY_AGREEMENT',
  })
  const call = kms.deriveSharedSecret({ KeyId, KeyAgreementAlgorithm: 'ECDH', PublicKey: Buffer.of(1) })
  assert.equal((await refusalOf(call)).message, noText)
})
