import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, describe, test } from 'node:test'
import type { ImportKeyMaterialCommandInput } from '@aws-sdk/client-kms'
import { wrap } from 'keyreeve-import'
import { constraint, membersOf, refused } from '../support/answers.ts'
import {
  allOf,
  externalKey,
  importOf,
  materialIdOf,
  parametersFor,
  wrapped,
  wrappingAlgorithms,
} from '../support/import.ts'
import { days, start } from '../support/server.ts'

const server = await start()
server.clock.hold()
after(() => server.stop())
const kms = server.client()

const combinations = [
  ...wrappingAlgorithms.map(algorithm => [algorithm, 'RSA_2048'] as const),
  ['RSA_AES_KEY_WRAP_SHA_1', 'RSA_3072'],
  ['RSAES_OAEP_SHA_256', 'RSA_4096'],
] as const
for (const [algorithm, spec] of combinations) {
  test(`takes material wrapped by ${algorithm} under ${spec}, whoever wrapped it`, async () => {
    const { KeyId, arn } = await externalKey(kms)
    const material = randomBytes(32)
    const parameters = await parametersFor(kms, KeyId, algorithm, spec)
    const first = importOf(KeyId, parameters, material)
    const expected = { KeyId: arn, KeyMaterialId: materialIdOf(KeyId, material) }
    assert.deepEqual(await membersOf(kms.importKeyMaterial(first)), expected)
    const EncryptedKeyMaterial = await wrap(parameters.publicKey, algorithm, material)
    assert.deepEqual(await membersOf(kms.importKeyMaterial({ ...first, KeyId: arn, EncryptedKeyMaterial })), expected)
  })
}

test('makes a key that waits for it usable, and says so', async () => {
  const { KeyId } = await externalKey(kms)
  await kms.importKeyMaterial(importOf(KeyId, await parametersFor(kms, KeyId), Buffer.alloc(32, 7)))
  const { KeyMetadata } = await kms.describeKey({ KeyId })
  const { KeyState, Enabled, Origin, ExpirationModel, ValidTo, CurrentKeyMaterialId } = KeyMetadata ?? {}
  assert.deepEqual(
    { KeyState, Enabled, Origin, ExpirationModel, ValidTo, CurrentKeyMaterialId },
    {
      KeyState: 'Enabled',
      Enabled: true,
      Origin: 'EXTERNAL',
      ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE',
      ValidTo: undefined,
      CurrentKeyMaterialId: materialIdOf(KeyId, Buffer.alloc(32, 7)),
    },
  )
  const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext: Buffer.from('imported') })
  const { Plaintext } = await kms.decrypt({ CiphertextBlob })
  assert.deepEqual(Buffer.from(Plaintext ?? []), Buffer.from('imported'))
})

test('names equal material of two keys differently, and decrypts nothing of one under the other', async () => {
  const material = randomBytes(32)
  const [one, other] = [await externalKey(kms), await externalKey(kms)]
  for (const { KeyId } of [one, other]) {
    await kms.importKeyMaterial(importOf(KeyId, await parametersFor(kms, KeyId), material))
  }
  const { CiphertextBlob } = await kms.encrypt({ KeyId: one.KeyId, Plaintext: Buffer.from('one') })
  await refused(
    kms.decrypt({ KeyId: other.KeyId, CiphertextBlob }),
    'IncorrectKeyException',
    'The key ID in the request does not identify a CMK that can perform this operation.',
  )
  // Nor by a blob that names the other key's material in place of its own.
  const forged = Buffer.from(CiphertextBlob ?? [])
  forged.set(Buffer.from(materialIdOf(other.KeyId, material), 'hex'), 4)
  await refused(kms.decrypt({ CiphertextBlob: forged }), 'InvalidCiphertextException')
})

test('leaves a disabled key that has its material disabled', async () => {
  const { KeyId } = await externalKey(kms)
  const request = importOf(KeyId, await parametersFor(kms, KeyId), Buffer.alloc(32, 8))
  await kms.importKeyMaterial(request)
  await kms.disableKey({ KeyId })
  await kms.importKeyMaterial(request)
  assert.equal((await kms.describeKey({ KeyId })).KeyMetadata?.KeyState, 'Disabled')
  await kms.deleteImportedKeyMaterial({ KeyId })
  await kms.importKeyMaterial(request)
  assert.equal((await kms.describeKey({ KeyId })).KeyMetadata?.KeyState, 'Enabled')
})

test('refuses a key that waits for its deletion', async () => {
  const { KeyId, arn } = await externalKey(kms)
  const request = importOf(KeyId, await parametersFor(kms, KeyId), Buffer.alloc(32, 9))
  await kms.scheduleKeyDeletion({ KeyId })
  await refused(kms.importKeyMaterial(request), 'KMSInvalidStateException', `${arn} is pending deletion.`)
  await kms.cancelKeyDeletion({ KeyId })
  assert.equal((await kms.describeKey({ KeyId })).KeyMetadata?.KeyState, 'PendingImport')
  await kms.importKeyMaterial(request)
  assert.equal((await kms.describeKey({ KeyId })).KeyMetadata?.KeyState, 'Enabled')
})

test('refuses a key whose material is made by the service', async () => {
  const { KeyMetadata } = await kms.createKey({})
  const { KeyId = '', Arn = '' } = KeyMetadata ?? {}
  await refused(
    kms.importKeyMaterial({ KeyId, ImportToken: Buffer.alloc(1), EncryptedKeyMaterial: Buffer.alloc(1) }),
    'UnsupportedOperationException',
    `${Arn} origin is AWS_KMS which is not valid for this operation.`,
  )
})

test('refuses existing material for a key that never had any', async () => {
  const { KeyId } = await externalKey(kms)
  const request = importOf(KeyId, await parametersFor(kms, KeyId), Buffer.alloc(32, 10))
  const before = await allOf(kms, KeyId)
  for (const extra of [
    { ImportType: 'EXISTING_KEY_MATERIAL' },
    { ImportType: 'EXISTING_KEY_MATERIAL', KeyMaterialId: materialIdOf(KeyId, Buffer.alloc(32, 10)) },
  ] as const) {
    await refused(kms.importKeyMaterial({ ...request, ...extra }), 'IncorrectKeyMaterialException')
  }
  assert.deepEqual(await allOf(kms, KeyId), before)
  await kms.importKeyMaterial({ ...request, ImportType: 'NEW_KEY_MATERIAL' })
})

describe('a key with material', async () => {
  const { KeyId } = await externalKey(kms)
  const material = randomBytes(32)
  const id = materialIdOf(KeyId, material)
  const parameters = await parametersFor(kms, KeyId)
  const request = importOf(KeyId, parameters, material)
  await kms.importKeyMaterial({ ...request, KeyMaterialDescription: 'the first one' })
  const now = server.clock.now()
  const unlimited = 'KEY_MATERIAL_DOES_NOT_EXPIRE'
  const limited = 'KEY_MATERIAL_EXPIRES'

  /** Refused, and everything that the service says of the key is as before. */
  async function refusedInVain(input: Partial<ImportKeyMaterialCommandInput>, code: string, text?: string) {
    const before = await allOf(kms, KeyId)
    await refused(kms.importKeyMaterial({ ...request, ...input }), code, text)
    assert.deepEqual(await allOf(kms, KeyId), before)
  }

  const blobRule = (size: number, bound: string): string => `have length ${bound} than or equal to ${size}`
  const pattern = '^[a-zA-Z0-9:/_\\s.-]+$'
  const invalid: [what: string, input: object, text: string][] = [
    [
      'expiring material without a date',
      { ExpirationModel: limited },
      'A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES',
    ],
    [
      'neither model nor date, as material expires unless told otherwise',
      { ExpirationModel: undefined },
      'A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES',
    ],
    [
      'a date in the past',
      { ExpirationModel: limited, ValidTo: new Date(now - days) },
      'ValidTo must be in the future',
    ],
    ['this very moment as date', { ExpirationModel: limited, ValidTo: new Date(now) }, 'ValidTo must be in the future'],
    [
      'a date more than 365 days away',
      { ExpirationModel: limited, ValidTo: new Date(now + 365 * days + 1) },
      'ValidTo must be no later than 365 days from now',
    ],
    [
      'a date for material that does not expire',
      { ExpirationModel: unlimited, ValidTo: new Date(now + days) },
      'ValidTo cannot be set if the ExpirationModel is KEY_MATERIAL_DOES_NOT_EXPIRE',
    ],
    [
      'a KeyMaterialId for new material',
      { ImportType: 'NEW_KEY_MATERIAL', KeyMaterialId: id },
      'KeyMaterialId cannot be set if the ImportType is NEW_KEY_MATERIAL',
    ],
    [
      'an unknown expiration model',
      { ExpirationModel: 'NEVER' },
      constraint('expirationModel', 'NEVER', `satisfy enum value set: [${limited}, ${unlimited}]`),
    ],
    [
      'an unknown import type',
      { ImportType: 'OLD' },
      constraint('importType', 'OLD', 'satisfy enum value set: [NEW_KEY_MATERIAL, EXISTING_KEY_MATERIAL]'),
    ],
    ['no token', { ImportToken: undefined }, constraint('importToken', null, 'not be null')],
    ['an empty token', { ImportToken: Buffer.alloc(0) }, constraint('importToken', undefined, blobRule(1, 'greater'))],
    [
      'a token that is too long',
      { ImportToken: Buffer.alloc(6145) },
      constraint('importToken', undefined, blobRule(6144, 'less')),
    ],
    ['no material', { EncryptedKeyMaterial: undefined }, constraint('encryptedKeyMaterial', null, 'not be null')],
    [
      'empty material',
      { EncryptedKeyMaterial: Buffer.alloc(0) },
      constraint('encryptedKeyMaterial', undefined, blobRule(1, 'greater')),
    ],
    [
      'material that is too long',
      { EncryptedKeyMaterial: Buffer.alloc(6145) },
      constraint('encryptedKeyMaterial', undefined, blobRule(6144, 'less')),
    ],
    [
      'a description of 257 characters',
      { KeyMaterialDescription: 'x'.repeat(257) },
      constraint('keyMaterialDescription', 'x'.repeat(257), blobRule(256, 'less')),
    ],
    [
      'a description with other characters',
      { KeyMaterialDescription: 'a;b' },
      constraint('keyMaterialDescription', 'a;b', `satisfy regular expression pattern: ${pattern}`),
    ],
    [
      'a short KeyMaterialId',
      { KeyMaterialId: id.slice(1) },
      constraint('keyMaterialId', id.slice(1), blobRule(64, 'greater')),
    ],
    [
      'a KeyMaterialId in capital letters',
      { KeyMaterialId: 'A'.repeat(64) },
      constraint('keyMaterialId', 'A'.repeat(64), 'satisfy regular expression pattern: ^[a-f0-9]+$'),
    ],
    [
      'a blob shorter than the wrapping key',
      { EncryptedKeyMaterial: Buffer.alloc(255) },
      'Invalid encrypted key size.',
    ],
    ['a blob longer than the wrapping key', { EncryptedKeyMaterial: Buffer.alloc(257) }, 'Invalid encrypted key size.'],
  ]
  for (const [what, input, text] of invalid) {
    test(`refuses ${what}`, () => refusedInVain(input, 'ValidationException', text))
  }

  const another = randomBytes(32)
  const misfits: [what: string, input: Partial<ImportKeyMaterialCommandInput>][] = [
    ['other material', { EncryptedKeyMaterial: wrapped(parameters, another) }],
    [
      'other material said to be its own',
      { EncryptedKeyMaterial: wrapped(parameters, another), ImportType: 'EXISTING_KEY_MATERIAL' },
    ],
    [
      'other material under the id of its own',
      { EncryptedKeyMaterial: wrapped(parameters, another), KeyMaterialId: id },
    ],
    [
      'other material under the id of that',
      { EncryptedKeyMaterial: wrapped(parameters, another), KeyMaterialId: materialIdOf(KeyId, another) },
    ],
    ['its own material under another id', { KeyMaterialId: materialIdOf(KeyId, another) }],
    ['its own material as new', { ImportType: 'NEW_KEY_MATERIAL' }],
  ]
  for (const [what, input] of misfits) {
    test(`refuses ${what}`, () => refusedInVain(input, 'IncorrectKeyMaterialException'))
  }

  test('takes the same material again, under any name that fits, after all of that', async () => {
    for (const extra of [
      {},
      { ImportType: 'EXISTING_KEY_MATERIAL' },
      { KeyMaterialId: id },
      { ImportType: 'EXISTING_KEY_MATERIAL', KeyMaterialId: id },
    ] as const) {
      const before = await allOf(kms, KeyId)
      assert.equal((await kms.importKeyMaterial({ ...request, ...extra })).KeyMaterialId, id)
      assert.deepEqual(await allOf(kms, KeyId), before)
    }
  })

  test('keeps the description of its material until another one comes', async () => {
    const shown = async () =>
      (await kms.listKeyRotations({ KeyId, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' })).Rotations?.map(
        rotation => rotation.KeyMaterialDescription,
      )
    assert.deepEqual(await shown(), ['the first one'])
    await kms.importKeyMaterial({ ...request, KeyMaterialDescription: 'HSM 7:\tslot_3/a.b-c' })
    assert.deepEqual(await shown(), ['HSM 7:\tslot_3/a.b-c'])
    await kms.deleteImportedKeyMaterial({ KeyId })
    await kms.importKeyMaterial(request)
    assert.deepEqual(await shown(), ['HSM 7:\tslot_3/a.b-c'])
  })

  /** Each under a token of its own set, as a token does not survive all of them. */
  const unopened: [algorithm: (typeof wrappingAlgorithms)[number], blobs: [what: string, blob: BlobOf][]][] = [
    [
      'RSAES_OAEP_SHA_256',
      [
        ['noise', () => Buffer.concat([Buffer.alloc(1), randomBytes(255)])],
        ['zeroes', () => Buffer.alloc(256)],
        ['a number above the modulus', () => Buffer.alloc(256, 0xff)],
        ['31 bytes', set => wrapped(set, material.subarray(1))],
        ['33 bytes', set => wrapped(set, Buffer.concat([material, Buffer.of(10)]))],
        ['its material in hex', set => wrapped(set, Buffer.from(material.toString('hex')))],
        ['its material in base64', set => wrapped(set, Buffer.from(material.toString('base64')))],
        ['nothing, wrapped', set => wrapped(set, Buffer.alloc(0))],
        ['the other hash', set => wrapped({ ...set, algorithm: 'RSAES_OAEP_SHA_1' }, material)],
        ['PKCS #1 v1.5', set => wrapped({ ...set, algorithm: 'RSAES_PKCS1_V1_5' }, material)],
        ['another set’s wrapping key', () => wrapped(parameters, material)],
        ['one bit changed', set => changed(wrapped(set, material), 100)],
      ],
    ],
    [
      'RSA_AES_KEY_WRAP_SHA_256',
      [
        ['one bit of the wrapped AES key changed', set => changed(wrapped(set, material), 100)],
        ['one bit of the wrapped material changed', set => changed(wrapped(set, material), 256)],
        ['the other hash', set => wrapped({ ...set, algorithm: 'RSA_AES_KEY_WRAP_SHA_1' }, material)],
        ['24 bytes', set => wrapped(set, material.subarray(8))],
        ['31 bytes, padded as 32 are', set => wrapped(set, material.subarray(1))],
        ['33 bytes', set => wrapped(set, Buffer.concat([material, Buffer.of(10)]))],
        ['6 KB', set => wrapped(set, Buffer.alloc(5_800, 1))],
        ['an AES key of 16 bytes', set => withAesKeyOf(set, 16)],
        ['the two parts of two blobs', set => mixed(wrapped(set, material), wrapped(set, material))],
      ],
    ],
    [
      'RSAES_PKCS1_V1_5',
      [
        ['OAEP', set => wrapped({ ...set, algorithm: 'RSAES_OAEP_SHA_256' }, material)],
        ['31 bytes', set => wrapped(set, material.subarray(1))],
        ['33 bytes', set => wrapped(set, Buffer.concat([material, Buffer.of(10)]))],
        ['one bit changed', set => changed(wrapped(set, material), 100)],
        ['a number above the modulus', () => Buffer.alloc(256, 0xff)],
        ['other material, as every failure looks the same there', set => wrapped(set, another)],
      ],
    ],
  ]
  for (const [algorithm, blobs] of unopened) {
    test(`refuses under ${algorithm} whatever is not this material, wrapped like that`, async t => {
      const set = await parametersFor(kms, KeyId, algorithm)
      for (const [what, blob] of blobs) {
        await t.test(what, () =>
          refusedInVain({ ImportToken: set.token, EncryptedKeyMaterial: blob(set) }, 'InvalidCiphertextException'),
        )
      }
      await kms.importKeyMaterial(importOf(KeyId, set, material))
    })
  }

  test('refuses under RSA_AES_KEY_WRAP_SHA_1 a blob without wrapped material, or with a part of it', async () => {
    const set = await parametersFor(kms, KeyId, 'RSA_AES_KEY_WRAP_SHA_1')
    const blob = wrapped(set, material)
    assert.equal(blob.length, 256 + 40)
    for (const size of [255, 256, 264, 295]) {
      const input = { ImportToken: set.token, EncryptedKeyMaterial: blob.subarray(0, size) }
      await refusedInVain(input, 'ValidationException', 'Invalid encrypted key size.')
    }
  })

  test('says under RSAES_PKCS1_V1_5 nothing else of new material than of bad padding', async () => {
    const set = await parametersFor(kms, KeyId, 'RSAES_PKCS1_V1_5')
    const opened = (bytes: Buffer) => ({ ImportToken: set.token, EncryptedKeyMaterial: wrapped(set, bytes) })
    const ImportType = 'NEW_KEY_MATERIAL'
    await refusedInVain({ ...opened(material), ImportType }, 'InvalidCiphertextException')
    await refusedInVain(
      { ...opened(material), KeyMaterialId: materialIdOf(KeyId, another) },
      'InvalidCiphertextException',
    )
    await kms.importKeyMaterial({ ...request, ...opened(another), ImportType })
    // With other algorithms, that material waits for rotation would be said here.
    await refusedInVain({ ...opened(randomBytes(32)), ImportType }, 'InvalidCiphertextException')
  })
})

type BlobOf = (set: Awaited<ReturnType<typeof parametersFor>>) => Buffer

function changed(blob: Buffer, at: number): Buffer {
  blob[at] = (blob[at] ?? 0) ^ 1
  return blob
}

/** The RSA block of one blob, and the wrapped material of another. */
const mixed = (one: Buffer, other: Buffer): Buffer => Buffer.concat([one.subarray(0, 256), other.subarray(256)])

function withAesKeyOf(set: Parameters<BlobOf>[0], size: number): Buffer {
  const block = wrapped({ ...set, algorithm: 'RSAES_OAEP_SHA_256' }, randomBytes(size))
  return mixed(block, wrapped(set, Buffer.alloc(32)))
}
