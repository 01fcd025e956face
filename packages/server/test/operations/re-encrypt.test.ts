import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { ReEncryptCommandInput } from '@aws-sdk/client-kms'
import { constraint, membersOf, noText, refused } from '../support/answers.ts'
import { start } from '../support/server.ts'

const server = await start()
after(() => server.stop())
const kms = server.client()

async function makeKey() {
  const { KeyMetadata } = await kms.createKey({})
  const { KeyId = '', Arn = '', CurrentKeyMaterialId = '' } = KeyMetadata ?? {}
  return { KeyId, Arn, CurrentKeyMaterialId }
}
const [source, destination] = [await makeKey(), await makeKey()]
await kms.createAlias({ AliasName: 'alias/source', TargetKeyId: source.KeyId })
await kms.createAlias({ AliasName: 'alias/destination', TargetKeyId: destination.KeyId })

const plaintext = Buffer.from('moves on')
const SourceEncryptionContext = { from: 'here' }
const DestinationEncryptionContext = { to: 'there' }
const { CiphertextBlob } = await kms.encrypt({
  KeyId: source.KeyId,
  Plaintext: plaintext,
  EncryptionContext: SourceEncryptionContext,
})
const usual: ReEncryptCommandInput = { CiphertextBlob, SourceEncryptionContext, DestinationKeyId: destination.KeyId }

async function decrypts(blob: Uint8Array | undefined, EncryptionContext: Record<string, string> = {}): Promise<void> {
  const { Plaintext } = await kms.decrypt({ CiphertextBlob: blob, EncryptionContext })
  assert.deepEqual(Buffer.from(Plaintext ?? []), plaintext)
}

test('takes a ciphertext from one key to another, and from one context to another', async () => {
  const { CiphertextBlob: moved, ...rest } = await membersOf(kms.reEncrypt({ ...usual, DestinationEncryptionContext }))
  assert.deepEqual(rest, {
    SourceKeyId: source.Arn,
    KeyId: destination.Arn,
    SourceEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
    DestinationEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
    SourceKeyMaterialId: source.CurrentKeyMaterialId,
    DestinationKeyMaterialId: destination.CurrentKeyMaterialId,
  })
  await decrypts(moved, DestinationEncryptionContext)
  await refused(kms.decrypt({ CiphertextBlob: moved }), 'InvalidCiphertextException')
  await refused(
    kms.decrypt({ CiphertextBlob: moved, EncryptionContext: SourceEncryptionContext }),
    'InvalidCiphertextException',
  )
  await decrypts(CiphertextBlob, SourceEncryptionContext)
})

test('takes keys by any of their names, and no context along unless told to', async () => {
  for (const [from, to] of [
    [source.KeyId, destination.Arn],
    [source.Arn, 'alias/destination'],
    ['alias/source', destination.Arn.replace(/key\/.*/, 'alias/destination')],
    [source.Arn.replace(/key\/.*/, 'alias/source'), destination.KeyId],
  ]) {
    const answer = await kms.reEncrypt({ ...usual, SourceKeyId: from, DestinationKeyId: to })
    assert.deepEqual([answer.SourceKeyId, answer.KeyId], [source.Arn, destination.Arn])
    await decrypts(answer.CiphertextBlob)
  }
})

test('stays under the same key, if that is both', async () => {
  const answer = await kms.reEncrypt({ ...usual, DestinationKeyId: source.KeyId, DestinationEncryptionContext })
  assert.deepEqual([answer.SourceKeyId, answer.KeyId], [source.Arn, source.Arn])
  assert.notDeepEqual(answer.CiphertextBlob, CiphertextBlob)
  await decrypts(answer.CiphertextBlob, DestinationEncryptionContext)
})

test('takes 4096 bytes', async () => {
  const Plaintext = Buffer.alloc(4096, 7)
  const { CiphertextBlob } = await kms.encrypt({ KeyId: source.KeyId, Plaintext })
  const moved = await kms.reEncrypt({ CiphertextBlob, DestinationKeyId: destination.KeyId })
  const opened = await kms.decrypt({ CiphertextBlob: moved.CiphertextBlob })
  assert.deepEqual(Buffer.from(opened.Plaintext ?? []), Plaintext)
})

const absent = '00000000-0000-4000-8000-000000000000'
const algorithms = '[SYMMETRIC_DEFAULT, RSAES_OAEP_SHA_1, RSAES_OAEP_SHA_256, SM2PKE]'
const unfit = 'Algorithm RSAES_OAEP_SHA_1 is incompatible with key spec SYMMETRIC_DEFAULT.'
const DryRunModifiers = ['IGNORE_CIPHERTEXT'] as const
const changed = Buffer.from(CiphertextBlob ?? [])
changed[70] = (changed[70] ?? 0) ^ 1

const refusals: [what: string, input: object, code: string, text: string][] = [
  ['another context', { SourceEncryptionContext: { from: 'Here' } }, 'InvalidCiphertextException', noText],
  ['no context', { SourceEncryptionContext: undefined }, 'InvalidCiphertextException', noText],
  ['a changed ciphertext', { CiphertextBlob: changed }, 'InvalidCiphertextException', noText],
  ['a ciphertext of nobody', { CiphertextBlob: Buffer.alloc(100) }, 'InvalidCiphertextException', noText],
  [
    'another source key',
    { SourceKeyId: destination.KeyId },
    'IncorrectKeyException',
    'The key ID in the request does not identify a CMK that can perform this operation.',
  ],
  [
    'a destination that is not there',
    { DestinationKeyId: absent },
    'NotFoundException',
    `Key '${source.Arn.replace(source.KeyId, absent)}' does not exist`,
  ],
  [
    'no destination',
    { DestinationKeyId: undefined },
    'ValidationException',
    constraint('destinationKeyId', null, 'not be null'),
  ],
  [
    'no ciphertext',
    { CiphertextBlob: undefined },
    'ValidationException',
    constraint('ciphertextBlob', null, 'not be null'),
  ],
  [
    'a ciphertext of 6145 bytes',
    { CiphertextBlob: Buffer.alloc(6145) },
    'ValidationException',
    constraint('ciphertextBlob', undefined, 'have length less than or equal to 6144'),
  ],
  [
    'an unknown source algorithm',
    { SourceEncryptionAlgorithm: 'AES' },
    'ValidationException',
    constraint('sourceEncryptionAlgorithm', 'AES', `satisfy enum value set: ${algorithms}`),
  ],
  [
    'an algorithm of RSA keys without a source key',
    { SourceEncryptionAlgorithm: 'RSAES_OAEP_SHA_1' },
    'ValidationException',
    'SourceKeyId must not be null',
  ],
  [
    'an algorithm of RSA keys for the source',
    { SourceKeyId: source.KeyId, SourceEncryptionAlgorithm: 'RSAES_OAEP_SHA_1' },
    'InvalidKeyUsageException',
    unfit,
  ],
  [
    'an algorithm of RSA keys for the destination',
    { DestinationEncryptionAlgorithm: 'RSAES_OAEP_SHA_1' },
    'InvalidKeyUsageException',
    unfit,
  ],
  ['a grant token, as there are no grants', { GrantTokens: ['token'] }, 'InvalidGrantTokenException', noText],
  [
    'a dry run without ciphertext and source key',
    { CiphertextBlob: undefined, DryRun: true, DryRunModifiers },
    'ValidationException',
    'SourceKeyId must not be null',
  ],
  [
    'a dry run with another context',
    { SourceEncryptionContext: {}, DryRun: true },
    'InvalidCiphertextException',
    noText,
  ],
]
for (const [what, input, code, text] of refusals) {
  test(`refuses ${what}`, () => refused(kms.reEncrypt({ ...usual, ...input }), code, text))
}

test('says in a dry run what would have succeeded', async () => {
  const text = 'The request would have succeeded, but the DryRun option is set.'
  for (const input of [
    {},
    { SourceKeyId: source.KeyId },
    { SourceKeyId: source.KeyId, CiphertextBlob: undefined, DryRunModifiers: [...DryRunModifiers] },
  ]) {
    await refused(kms.reEncrypt({ ...usual, DryRun: true, ...input }), 'DryRunOperationException', text)
  }
})

test('asks in a dry run without ciphertext for the states of both keys', async () => {
  const spare = await makeKey()
  await kms.disableKey({ KeyId: spare.KeyId })
  const ask = (SourceKeyId: string, DestinationKeyId: string): Promise<unknown> =>
    kms.reEncrypt({
      CiphertextBlob: undefined,
      SourceKeyId,
      DestinationKeyId,
      DryRun: true,
      DryRunModifiers: [...DryRunModifiers],
    })
  const disabled = `${spare.Arn} is disabled.`
  await refused(ask(spare.KeyId, destination.KeyId), 'DisabledException', disabled)
  await refused(ask(source.KeyId, spare.KeyId), 'DisabledException', disabled)
})
