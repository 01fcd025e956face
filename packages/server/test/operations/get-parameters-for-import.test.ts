import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { after, test } from 'node:test'
import { constraint, membersOf, refused } from '../support/answers.ts'
import { allOf, externalKey, importOf, parametersFor } from '../support/import.ts'
import { hours, start } from '../support/server.ts'

const server = await start()
server.clock.hold()
after(() => server.stop())
const kms = server.client()
const { KeyId, arn } = await externalKey(kms)
const usual = { KeyId, WrappingAlgorithm: 'RSAES_OAEP_SHA_256', WrappingKeySpec: 'RSA_2048' } as const

test('hands out an RSA key of the size wanted, and a token for the next 24 hours', async () => {
  for (const [WrappingKeySpec, bits] of [
    ['RSA_2048', 2048],
    ['RSA_3072', 3072],
    ['RSA_4096', 4096],
  ] as const) {
    const { PublicKey, ImportToken, ...rest } = await membersOf(
      kms.getParametersForImport({ ...usual, WrappingKeySpec }),
    )
    assert.deepEqual(rest, { KeyId: arn, ParametersValidTo: new Date(server.clock.now() + 24 * hours) })
    const key = createPublicKey({ key: Buffer.from(PublicKey ?? []), format: 'der', type: 'spki' })
    assert.equal(key.asymmetricKeyType, 'rsa')
    assert.deepEqual(key.asymmetricKeyDetails, { modulusLength: bits, publicExponent: 65537n })
    assert.deepEqual(key.export({ format: 'der', type: 'spki' }), Buffer.from(PublicKey ?? []))
    assert.ok(ImportToken && ImportToken.length > 1024 && ImportToken.length <= 6144)
  }
})

test('hands out another pair and token at each call, and changes nothing of the key', async () => {
  const before = await allOf(kms, KeyId)
  const [first, second] = [await parametersFor(kms, KeyId), await parametersFor(kms, arn)]
  assert.notDeepEqual(first.publicKey, second.publicKey)
  assert.notDeepEqual(first.token, second.token)
  assert.deepEqual(await allOf(kms, KeyId), before)
})

test('serves many who ask at once, each with a set of its own', async () => {
  const sets = await Promise.all(Array.from({ length: 4 }, () => parametersFor(kms, KeyId)))
  assert.equal(new Set(sets.map(({ publicKey }) => Buffer.from(publicKey).toString('hex'))).size, 4)
})

test('serves a key that has its material, enabled or disabled', async () => {
  const { KeyId } = await externalKey(kms)
  await kms.importKeyMaterial(importOf(KeyId, await parametersFor(kms, KeyId), Buffer.alloc(32, 1)))
  await parametersFor(kms, KeyId)
  await kms.disableKey({ KeyId })
  await parametersFor(kms, KeyId)
})

test('refuses a key that waits for its deletion', async () => {
  const { KeyId, arn } = await externalKey(kms)
  await kms.scheduleKeyDeletion({ KeyId })
  const call = kms.getParametersForImport({ ...usual, KeyId })
  await refused(call, 'KMSInvalidStateException', `${arn} is pending deletion.`)
})

test('refuses a key whose material is made by the service, whatever state it is in', async () => {
  const { KeyMetadata } = await kms.createKey({})
  const { KeyId = '', Arn = '' } = KeyMetadata ?? {}
  const text = `${Arn} origin is AWS_KMS which is not valid for this operation.`
  await refused(kms.getParametersForImport({ ...usual, KeyId }), 'UnsupportedOperationException', text)
  await kms.scheduleKeyDeletion({ KeyId })
  await refused(kms.getParametersForImport({ ...usual, KeyId }), 'UnsupportedOperationException', text)
})

for (const [WrappingAlgorithm, WrappingKeySpec] of [
  ['SM2PKE', 'SM2'],
  ['SM2PKE', 'RSA_2048'],
  ['RSAES_OAEP_SHA_256', 'SM2'],
] as const) {
  test(`refuses ${WrappingAlgorithm} with ${WrappingKeySpec}, which exist in China only`, async () => {
    const call = kms.getParametersForImport({ KeyId, WrappingAlgorithm, WrappingKeySpec })
    await refused(call, 'UnsupportedOperationException')
  })
}

const algorithms =
  '[RSAES_PKCS1_V1_5, RSAES_OAEP_SHA_1, RSAES_OAEP_SHA_256, RSA_AES_KEY_WRAP_SHA_1, RSA_AES_KEY_WRAP_SHA_256, SM2PKE]'
const specs = '[RSA_2048, RSA_3072, RSA_4096, SM2]'
const broken: [what: string, input: object, text: string][] = [
  ['no key', { KeyId: undefined }, constraint('keyId', null, 'not be null')],
  ['an empty key', { KeyId: '' }, constraint('keyId', '', 'have length greater than or equal to 1')],
  ['no algorithm', { WrappingAlgorithm: undefined }, constraint('wrappingAlgorithm', null, 'not be null')],
  ['no key spec', { WrappingKeySpec: undefined }, constraint('wrappingKeySpec', null, 'not be null')],
  [
    'an unknown algorithm',
    { WrappingAlgorithm: 'RSAES_OAEP_SHA_512' },
    constraint('wrappingAlgorithm', 'RSAES_OAEP_SHA_512', `satisfy enum value set: ${algorithms}`),
  ],
  [
    'an unknown key spec',
    { WrappingKeySpec: 'RSA_1024' },
    constraint('wrappingKeySpec', 'RSA_1024', `satisfy enum value set: ${specs}`),
  ],
]
for (const [what, input, text] of broken) {
  test(`refuses ${what}`, async () => {
    await refused(kms.getParametersForImport({ ...usual, ...input }), 'ValidationException', text)
  })
}

test('reports all that is wrong at once', async () => {
  await refused(
    kms.getParametersForImport({ KeyId, WrappingAlgorithm: undefined, WrappingKeySpec: undefined }),
    'ValidationException',
    "2 validation errors detected: Value null at 'wrappingAlgorithm' failed to satisfy constraint: Member must not " +
      "be null; Value null at 'wrappingKeySpec' failed to satisfy constraint: Member must not be null",
  )
})

test('refuses RSAES_PKCS1_V1_5 where it is turned off, and what was begun under it before', async () => {
  const lenient = await start()
  const { KeyId } = await externalKey(lenient.client())
  const parameters = await parametersFor(lenient.client(), KeyId, 'RSAES_PKCS1_V1_5')
  const strict = await lenient.restart({ flags: ['--wrapping-pkcs1v15', 'refuse'] })
  try {
    const kms = strict.client()
    const before = await allOf(kms, KeyId)
    const call = kms.getParametersForImport({ ...usual, KeyId, WrappingAlgorithm: 'RSAES_PKCS1_V1_5' })
    await refused(call, 'UnsupportedOperationException')
    const attempt = kms.importKeyMaterial(importOf(KeyId, parameters, Buffer.alloc(32, 1)))
    await refused(attempt, 'UnsupportedOperationException')
    assert.deepEqual(await allOf(kms, KeyId), before)
    await parametersFor(kms, KeyId, 'RSAES_OAEP_SHA_1')
  } finally {
    await strict.stop()
  }
})
