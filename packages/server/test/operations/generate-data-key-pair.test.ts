import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { after, test } from 'node:test'
import { DataKeyPairSpec } from '@aws-sdk/client-kms'
import { membersOf, refused } from '../support/answers.ts'
import { start } from '../support/server.ts'

const server = await start()
after(() => server.stop())
const kms = server.client()

const { KeyMetadata: { KeyId = '', Arn = '', CurrentKeyMaterialId } = {} } = await kms.createKey({})
const EncryptionContext = { purpose: 'data key pair' }

/** Bytes of the private key in PKCS #8; RSA's differ by a few. */
const sizes: Partial<Record<DataKeyPairSpec, number>> = {
  ECC_NIST_P256: 138,
  ECC_NIST_P384: 185,
  ECC_NIST_P521: 241,
  ECC_SECG_P256K1: 135,
  ECC_NIST_EDWARDS25519: 48,
  ML_KEM_512: 86,
  ML_KEM_768: 86,
  ML_KEM_1024: 86,
}

for (const KeyPairSpec of Object.values(DataKeyPairSpec)) {
  if (KeyPairSpec === 'SM2') continue
  const wish = { KeyId, KeyPairSpec, EncryptionContext }

  test(`makes a ${KeyPairSpec} pair whose halves belong together; the private one is encrypted as well`, async () => {
    const { PrivateKeyPlaintext, PrivateKeyCiphertextBlob, PublicKey, ...rest } = await membersOf(
      kms.generateDataKeyPair(wish),
    )
    assert.deepEqual(rest, { KeyId: Arn, KeyPairSpec, KeyMaterialId: CurrentKeyMaterialId })
    const key = Buffer.from(PrivateKeyPlaintext ?? [])
    if (sizes[KeyPairSpec] !== undefined) assert.equal(key.length, sizes[KeyPairSpec])
    const derived = createPublicKey(createPrivateKey({ key, format: 'der', type: 'pkcs8' }))
    assert.deepEqual(derived.export({ format: 'der', type: 'spki' }), Buffer.from(PublicKey ?? []))
    const { Plaintext } = await kms.decrypt({ CiphertextBlob: PrivateKeyCiphertextBlob, EncryptionContext })
    assert.deepEqual(Buffer.from(Plaintext ?? []), key)
    await refused(kms.decrypt({ CiphertextBlob: PrivateKeyCiphertextBlob }), 'InvalidCiphertextException')
  })

  test(`makes a ${KeyPairSpec} pair without showing its private half`, async () => {
    const { PrivateKeyCiphertextBlob, PublicKey, ...rest } = await membersOf(
      kms.generateDataKeyPairWithoutPlaintext(wish),
    )
    assert.deepEqual(rest, { KeyId: Arn, KeyPairSpec, KeyMaterialId: CurrentKeyMaterialId })
    const { Plaintext } = await kms.decrypt({ CiphertextBlob: PrivateKeyCiphertextBlob, EncryptionContext })
    const key = Buffer.from(Plaintext ?? [])
    const derived = createPublicKey(createPrivateKey({ key, format: 'der', type: 'pkcs8' }))
    assert.deepEqual(derived.export({ format: 'der', type: 'spki' }), Buffer.from(PublicKey ?? []))
  })
}

const wish = { KeyId, KeyPairSpec: 'ECC_NIST_P256' } as const
const calls = {
  GenerateDataKeyPair: (input: { KeyId: string; KeyPairSpec: DataKeyPairSpec; DryRun?: boolean }) =>
    kms.generateDataKeyPair(input),
  GenerateDataKeyPairWithoutPlaintext: (input: { KeyId: string; KeyPairSpec: DataKeyPairSpec; DryRun?: boolean }) =>
    kms.generateDataKeyPairWithoutPlaintext(input),
}

for (const [name, call] of Object.entries(calls)) {
  test(`${name} refuses SM2, which exists in China Regions only`, async () => {
    await refused(
      call({ ...wish, KeyPairSpec: 'SM2' }),
      'UnsupportedOperationException',
      'KeyPairSpec SM2 exists in China Regions only.',
    )
  })

  test(`${name} makes nothing in a dry run`, async () => {
    const text = 'The request would have succeeded, but the DryRun option is set.'
    await refused(call({ ...wish, DryRun: true }), 'DryRunOperationException', text)
  })

  test(`${name} refuses keys that do not encrypt`, async () => {
    const { KeyMetadata } = await kms.createKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' })
    await refused(
      call({ ...wish, KeyId: KeyMetadata?.KeyId ?? '' }),
      'InvalidKeyUsageException',
      `${KeyMetadata?.Arn} key usage is SIGN_VERIFY which is not valid for ${name}.`,
    )
  })
}
