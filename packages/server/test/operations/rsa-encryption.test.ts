import assert from 'node:assert/strict'
import { constants, createPublicKey, publicEncrypt, randomBytes, type KeyObject } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { membersOf, refused } from '../support/answers.ts'
import { start } from '../support/server.ts'

const server = await start()
after(() => server.stop())
const kms = server.client()

const { KeyMetadata: { KeyId: symmetric = '', Arn: symmetricArn, CurrentKeyMaterialId } = {} } = await kms.createKey({})

const algorithms = [
  ['RSAES_OAEP_SHA_1', 'sha1', 42],
  ['RSAES_OAEP_SHA_256', 'sha256', 66],
] as const

for (const [KeySpec, size] of [
  ['RSA_2048', 256],
  ['RSA_3072', 384],
  ['RSA_4096', 512],
] as const) {
  describe(KeySpec, () => {
    let KeyId = ''
    let arn = ''
    let publicKey: KeyObject
    before(async () => {
      const { KeyMetadata } = await kms.createKey({ KeySpec, KeyUsage: 'ENCRYPT_DECRYPT' })
      KeyId = KeyMetadata?.KeyId ?? ''
      arn = KeyMetadata?.Arn ?? ''
      const { PublicKey = new Uint8Array() } = await kms.getPublicKey({ KeyId })
      publicKey = createPublicKey({ key: Buffer.from(PublicKey), format: 'der', type: 'spki' })
    })

    for (const [EncryptionAlgorithm, oaepHash, overhead] of algorithms) {
      const most = size - overhead

      test(`${EncryptionAlgorithm} takes up to ${most} bytes and gives them back`, async () => {
        for (const length of [1, most]) {
          const Plaintext = randomBytes(length)
          const { CiphertextBlob, ...rest } = await membersOf(kms.encrypt({ KeyId, Plaintext, EncryptionAlgorithm }))
          assert.deepEqual(rest, { KeyId: arn, EncryptionAlgorithm })
          assert.equal(CiphertextBlob?.length, size)
          const answer = await membersOf(kms.decrypt({ KeyId, CiphertextBlob, EncryptionAlgorithm }))
          assert.deepEqual(
            { ...answer, Plaintext: Buffer.from(answer.Plaintext ?? []) },
            { KeyId: arn, Plaintext, EncryptionAlgorithm },
          )
        }
        await refused(
          kms.encrypt({ KeyId, Plaintext: Buffer.alloc(most + 1), EncryptionAlgorithm }),
          'ValidationException',
          `Algorithm ${EncryptionAlgorithm} and key spec ${KeySpec} cannot encrypt data larger than ${most} bytes.`,
        )
      })

      test(`${EncryptionAlgorithm} decrypts what OpenSSL encrypted to the public key`, async () => {
        const plaintext = randomBytes(33)
        const padding = constants.RSA_PKCS1_OAEP_PADDING
        const CiphertextBlob = publicEncrypt({ key: publicKey, oaepHash, padding }, plaintext)
        const { Plaintext } = await kms.decrypt({ KeyId, CiphertextBlob, EncryptionAlgorithm })
        assert.deepEqual(Buffer.from(Plaintext ?? []), plaintext)
      })

      test(`${EncryptionAlgorithm} refuses all that is no ciphertext of it, in one way`, async () => {
        const good = publicEncrypt(
          { key: publicKey, oaepHash, padding: constants.RSA_PKCS1_OAEP_PADDING },
          Buffer.from('x'),
        )
        const altered = Buffer.from(good)
        altered[size - 1] = (altered[size - 1] ?? 0) ^ 1
        const pkcs1 = publicEncrypt({ key: publicKey, padding: constants.RSA_PKCS1_PADDING }, Buffer.from('x'))
        const otherHash = publicEncrypt(
          {
            key: publicKey,
            oaepHash: oaepHash === 'sha1' ? 'sha256' : 'sha1',
            padding: constants.RSA_PKCS1_OAEP_PADDING,
          },
          Buffer.from('x'),
        )
        const labelled = publicEncrypt(
          { key: publicKey, oaepHash, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepLabel: Buffer.from('l') },
          Buffer.from('x'),
        )
        for (const CiphertextBlob of [
          altered,
          pkcs1,
          otherHash,
          labelled,
          good.subarray(1),
          Buffer.concat([good, Buffer.of(0)]),
          Buffer.alloc(size),
          Buffer.alloc(size, 255),
          Buffer.of(1),
        ]) {
          await refused(kms.decrypt({ KeyId, CiphertextBlob, EncryptionAlgorithm }), 'InvalidCiphertextException')
        }
      })

      test(`${EncryptionAlgorithm} is re-encrypted from and to symmetric keys`, async () => {
        const Plaintext = randomBytes(32)
        const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext, EncryptionAlgorithm })
        const { CiphertextBlob: moved, ...from } = await membersOf(
          kms.reEncrypt({
            CiphertextBlob,
            SourceKeyId: KeyId,
            SourceEncryptionAlgorithm: EncryptionAlgorithm,
            DestinationKeyId: symmetric,
          }),
        )
        assert.deepEqual(from, {
          SourceKeyId: arn,
          KeyId: symmetricArn,
          SourceEncryptionAlgorithm: EncryptionAlgorithm,
          DestinationEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
          DestinationKeyMaterialId: CurrentKeyMaterialId,
        })
        const { CiphertextBlob: back, ...to } = await membersOf(
          kms.reEncrypt({
            CiphertextBlob: moved,
            DestinationKeyId: KeyId,
            DestinationEncryptionAlgorithm: EncryptionAlgorithm,
          }),
        )
        assert.deepEqual(to, {
          SourceKeyId: symmetricArn,
          KeyId: arn,
          SourceEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
          DestinationEncryptionAlgorithm: EncryptionAlgorithm,
          SourceKeyMaterialId: CurrentKeyMaterialId,
        })
        const answer = await kms.decrypt({ KeyId, CiphertextBlob: back, EncryptionAlgorithm })
        assert.deepEqual(Buffer.from(answer.Plaintext ?? []), Plaintext)
      })
    }
  })
}

const { KeyMetadata: { KeyId = '', Arn = '' } = {} } = await kms.createKey({
  KeySpec: 'RSA_2048',
  KeyUsage: 'ENCRYPT_DECRYPT',
})
const EncryptionAlgorithm = 'RSAES_OAEP_SHA_256'
const input = { KeyId, Plaintext: Buffer.from('x'), EncryptionAlgorithm } as const
const { CiphertextBlob } = await kms.encrypt(input)

test('refuses an encryption context, which nothing could check later', async () => {
  const EncryptionContext = { a: 'b' }
  const says = (verb: string) => `EncryptionContext is not supported when ${verb} with asymmetric CMKs.`
  await refused(kms.encrypt({ ...input, EncryptionContext }), 'ValidationException', says('encrypting'))
  await refused(
    kms.decrypt({ KeyId, CiphertextBlob, EncryptionAlgorithm, EncryptionContext }),
    'ValidationException',
    says('decrypting'),
  )
  await kms.encrypt({ ...input, EncryptionContext: {} })
})

test('wants the algorithm named, and one of this key', async () => {
  const text = 'Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048.'
  await refused(kms.encrypt({ KeyId, Plaintext: Buffer.of(1) }), 'InvalidKeyUsageException', text)
  await refused(
    kms.encrypt({ ...input, EncryptionAlgorithm: 'SM2PKE' }),
    'InvalidKeyUsageException',
    'Algorithm SM2PKE is incompatible with key spec RSA_2048.',
  )
  await refused(
    kms.encrypt({ ...input, KeyId: symmetric }),
    'InvalidKeyUsageException',
    `Algorithm ${EncryptionAlgorithm} is incompatible with key spec SYMMETRIC_DEFAULT.`,
  )
})

test('needs the key of an RSA ciphertext, and cannot take one for that of a symmetric key', async () => {
  await refused(kms.decrypt({ CiphertextBlob, EncryptionAlgorithm }), 'ValidationException', 'KeyId must not be null')
  await refused(kms.decrypt({ CiphertextBlob, KeyId }), 'InvalidCiphertextException')
  await refused(kms.decrypt({ CiphertextBlob }), 'InvalidCiphertextException')
  const { CiphertextBlob: blob } = await kms.encrypt({ KeyId: symmetric, Plaintext: Buffer.of(1) })
  await refused(
    kms.decrypt({ CiphertextBlob: blob, KeyId }),
    'IncorrectKeyException',
    'The key ID in the request does not identify a CMK that can perform this operation.',
  )
  await refused(kms.decrypt({ CiphertextBlob: blob, KeyId, EncryptionAlgorithm }), 'InvalidCiphertextException')
  await refused(
    kms.reEncrypt({ CiphertextBlob, SourceEncryptionAlgorithm: EncryptionAlgorithm, DestinationKeyId: symmetric }),
    'ValidationException',
    'SourceKeyId must not be null',
  )
})

test('re-encrypts only what fits the destination', async () => {
  const { CiphertextBlob: large } = await kms.encrypt({ KeyId: symmetric, Plaintext: Buffer.alloc(191) })
  await refused(
    kms.reEncrypt({
      CiphertextBlob: large,
      DestinationKeyId: KeyId,
      DestinationEncryptionAlgorithm: EncryptionAlgorithm,
    }),
    'ValidationException',
    'Algorithm RSAES_OAEP_SHA_256 and key spec RSA_2048 cannot encrypt data larger than 190 bytes.',
  )
})

test('keys that encrypt do not sign, make no data keys and do not rotate', async () => {
  await refused(
    kms.sign({ KeyId, Message: Buffer.of(1), SigningAlgorithm: 'RSASSA_PSS_SHA_256' }),
    'InvalidKeyUsageException',
    `${Arn} key usage is ENCRYPT_DECRYPT which is not valid for Sign.`,
  )
  const text = 'You cannot generate a data key with an asymmetric CMK'
  await refused(kms.generateDataKey({ KeyId, KeySpec: 'AES_256' }), 'InvalidKeyUsageException', text)
  await refused(kms.generateDataKeyWithoutPlaintext({ KeyId, NumberOfBytes: 1 }), 'InvalidKeyUsageException', text)
  await refused(kms.generateDataKeyPair({ KeyId, KeyPairSpec: 'ECC_NIST_P256' }), 'InvalidKeyUsageException', text)
  await refused(kms.rotateKeyOnDemand({ KeyId }), 'UnsupportedOperationException')
})

test('a dry run tells what the call would be answered', async () => {
  const text = 'The request would have succeeded, but the DryRun option is set.'
  await refused(kms.encrypt({ ...input, DryRun: true }), 'DryRunOperationException', text)
  const call = { KeyId, EncryptionAlgorithm, DryRun: true } as const
  await refused(kms.decrypt({ ...call, CiphertextBlob }), 'DryRunOperationException', text)
  await refused(kms.decrypt({ ...call, CiphertextBlob: Buffer.alloc(256) }), 'InvalidCiphertextException')
  await refused(kms.decrypt({ ...call, DryRunModifiers: ['IGNORE_CIPHERTEXT'] }), 'DryRunOperationException', text)
})
