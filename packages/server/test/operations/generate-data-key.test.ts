import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import type { GenerateDataKeyCommandInput } from '@aws-sdk/client-kms'
import { constraint, membersOf, noText, refused } from '../support/answers.ts'
import { start } from '../support/server.ts'

/** GenerateDataKey and GenerateDataKeyWithoutPlaintext. */

const server = await start()
after(() => server.stop())
const kms = server.client()
const { KeyMetadata: { KeyId = '', Arn = '', CurrentKeyMaterialId } = {} } = await kms.createKey({})
await kms.createAlias({ AliasName: 'alias/wraps', TargetKeyId: KeyId })

const names = [KeyId, Arn, 'alias/wraps', Arn.replace(/key\/.*/, 'alias/wraps')]
const sizes = [
  [{ KeySpec: 'AES_128' }, 16],
  [{ KeySpec: 'AES_256' }, 32],
  [{ NumberOfBytes: 1 }, 1],
  [{ NumberOfBytes: 64 }, 64],
  [{ NumberOfBytes: 1024 }, 1024],
] as const
const EncryptionContext = { file: 'a.txt' }

async function decrypted(CiphertextBlob: Uint8Array | undefined): Promise<Buffer> {
  const { Plaintext } = await kms.decrypt({ CiphertextBlob, EncryptionContext })
  return Buffer.from(Plaintext ?? [])
}

for (const [wish, size] of sizes) {
  test(`makes a key for ${JSON.stringify(wish)}, in the clear and encrypted`, async () => {
    for (const name of names) {
      const { CiphertextBlob, Plaintext, ...rest } = await membersOf(
        kms.generateDataKey({ KeyId: name, EncryptionContext, ...wish }),
      )
      assert.deepEqual(rest, { KeyId: Arn, KeyMaterialId: CurrentKeyMaterialId })
      assert.equal(Plaintext?.length, size)
      assert.deepEqual(await decrypted(CiphertextBlob), Buffer.from(Plaintext))
      await refused(kms.decrypt({ CiphertextBlob }), 'InvalidCiphertextException')
    }
  })

  test(`makes a key for ${JSON.stringify(wish)}, encrypted only`, async () => {
    const { CiphertextBlob, ...rest } = await membersOf(
      kms.generateDataKeyWithoutPlaintext({ KeyId, EncryptionContext, ...wish }),
    )
    assert.deepEqual(rest, { KeyId: Arn, KeyMaterialId: CurrentKeyMaterialId })
    const plaintext = await decrypted(CiphertextBlob)
    assert.equal(plaintext.length, size)
    // What was made is not what was wiped.
    if (size >= 16) assert.notDeepEqual(plaintext, Buffer.alloc(size))
  })
}

test('makes another key each time', async () => {
  const made = await Promise.all(
    Array.from({ length: 50 }, async () => (await kms.generateDataKey({ KeyId, KeySpec: 'AES_128' })).Plaintext),
  )
  assert.equal(new Set(made.map(bytes => Buffer.from(bytes ?? []).toString('hex'))).size, 50)
})

const oneSize = 'Please specify either number of bytes or key spec.'
const success = 'The request would have succeeded, but the DryRun option is set.'
const refusals: [what: string, input: object, code: string, text: string][] = [
  ['no size', { KeySpec: undefined }, 'ValidationException', oneSize],
  ['two sizes', { NumberOfBytes: 32 }, 'ValidationException', oneSize],
  [
    '0 bytes',
    { KeySpec: undefined, NumberOfBytes: 0 },
    'ValidationException',
    constraint('numberOfBytes', '0', 'have value greater than or equal to 1'),
  ],
  [
    '1025 bytes',
    { KeySpec: undefined, NumberOfBytes: 1025 },
    'ValidationException',
    constraint('numberOfBytes', '1025', 'have value less than or equal to 1024'),
  ],
  [
    'the spec of a KMS key',
    { KeySpec: 'RSA_2048' },
    'ValidationException',
    constraint('keySpec', 'RSA_2048', 'satisfy enum value set: [AES_256, AES_128]'),
  ],
  ['no key', { KeyId: undefined }, 'ValidationException', constraint('keyId', null, 'not be null')],
  ['a grant token, as there are no grants', { GrantTokens: ['token'] }, 'InvalidGrantTokenException', noText],
  ['a dry run that would have succeeded', { DryRun: true }, 'DryRunOperationException', success],
  ['a dry run with two sizes', { DryRun: true, NumberOfBytes: 32 }, 'ValidationException', oneSize],
]
for (const [operation, call] of [
  ['GenerateDataKey', (input: GenerateDataKeyCommandInput) => kms.generateDataKey(input)],
  [
    'GenerateDataKeyWithoutPlaintext',
    (input: GenerateDataKeyCommandInput) => kms.generateDataKeyWithoutPlaintext(input),
  ],
] as const) {
  describe(operation, () => {
    for (const [what, input, code, text] of refusals) {
      test(`refuses ${what}`, () => refused(call({ KeyId, KeySpec: 'AES_256', ...input }), code, text))
    }

    test('asks for a size before it asks for the state of the key', async () => {
      const { KeyMetadata } = await kms.createKey({})
      await kms.disableKey({ KeyId: KeyMetadata?.KeyId })
      await refused(call({ KeyId: KeyMetadata?.KeyId }), 'ValidationException', oneSize)
      const disabled = call({ KeyId: KeyMetadata?.KeyId, NumberOfBytes: 1 })
      await refused(disabled, 'DisabledException', `${KeyMetadata?.Arn} is disabled.`)
    })
  })
}

test('refuses an attestation document, rather than answer in the clear', async () => {
  for (const Recipient of [{ AttestationDocument: Buffer.of(1) }, {}]) {
    await refused(
      kms.generateDataKey({ KeyId, KeySpec: 'AES_256', Recipient }),
      'UnsupportedOperationException',
      'Recipient (attestation documents) is not supported.',
    )
  }
})
