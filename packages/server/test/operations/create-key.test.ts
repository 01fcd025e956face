import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { CreateKeyCommandInput } from '@aws-sdk/client-kms'
import { keySpecNames, keySpecs, keyUsages, type KeyUsage } from '../../src/keys/specs.ts'
import { constraint, membersOf, refused } from '../support/answers.ts'
import { start } from '../support/server.ts'

const server = await start()
after(() => server.stop())
const kms = server.client()

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

async function created(input: CreateKeyCommandInput, client = kms) {
  const { KeyMetadata } = await membersOf(client.createKey(input))
  assert.ok(KeyMetadata?.KeyId)
  return { ...KeyMetadata, KeyId: KeyMetadata.KeyId }
}

test('makes an enabled symmetric key of its own material unless told otherwise', async () => {
  const before = server.clock.now()
  const { KeyId, CreationDate, CurrentKeyMaterialId, ...rest } = await created({})
  assert.match(KeyId, uuid)
  assert.ok(CreationDate && CreationDate.getTime() >= before && CreationDate.getTime() <= server.clock.now())
  assert.match(CurrentKeyMaterialId ?? '', /^[0-9a-f]{64}$/)
  assert.deepEqual(rest, {
    AWSAccountId: '000000000000',
    Arn: `arn:aws:kms:us-east-1:000000000000:key/${KeyId}`,
    Enabled: true,
    Description: '',
    KeyUsage: 'ENCRYPT_DECRYPT',
    KeyState: 'Enabled',
    Origin: 'AWS_KMS',
    KeyManager: 'CUSTOMER',
    CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT',
    KeySpec: 'SYMMETRIC_DEFAULT',
    EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
    MultiRegion: false,
  })
})

/** Every spec with every usage that it can have, and the member that lists its algorithms. */
const members = {
  SIGN_VERIFY: 'SigningAlgorithms',
  ENCRYPT_DECRYPT: 'EncryptionAlgorithms',
  GENERATE_VERIFY_MAC: 'MacAlgorithms',
  KEY_AGREEMENT: 'KeyAgreementAlgorithms',
  ENCAPSULATE_DECAPSULATE: 'EncapsulationAlgorithms',
} as const
const kinds = keySpecNames.flatMap(spec =>
  spec === 'SM2' ? [] : keySpecs[spec].usages.map((usage): [typeof spec, KeyUsage] => [spec, usage]),
)

for (const [KeySpec, KeyUsage] of kinds) {
  test(`makes ${KeySpec} keys for ${KeyUsage}`, async () => {
    const { KeyId, CreationDate: _, CurrentKeyMaterialId: id, ...rest } = await created({ KeySpec, KeyUsage })
    assert.equal(id !== undefined, KeySpec === 'SYMMETRIC_DEFAULT')
    assert.deepEqual(rest, {
      AWSAccountId: '000000000000',
      Arn: `arn:aws:kms:us-east-1:000000000000:key/${KeyId}`,
      Enabled: true,
      Description: '',
      KeyUsage,
      KeyState: 'Enabled',
      Origin: 'AWS_KMS',
      KeyManager: 'CUSTOMER',
      CustomerMasterKeySpec: KeySpec,
      KeySpec,
      [members[KeyUsage]]: keySpecs[KeySpec].algorithms[KeyUsage],
      MultiRegion: false,
    })
    const publicKey = await kms.getPublicKey({ KeyId }).then(
      ({ PublicKey, KeySpec, KeyUsage }) => ({ isThere: PublicKey !== undefined, KeySpec, KeyUsage }),
      error => (error as Error).name, // Whatever it is, it is compared.
    )
    const isPair = keySpecs[KeySpec].type === 'asymmetric'
    assert.deepEqual(publicKey, isPair ? { isThere: true, KeySpec, KeyUsage } : 'UnsupportedOperationException')
  })

  for (const other of keyUsages) {
    if (keySpecs[KeySpec].usages.includes(other)) continue
    test(`refuses ${KeySpec} keys for ${other}`, async () => {
      await refused(
        kms.createKey({ KeySpec, KeyUsage: other }),
        'ValidationException',
        `KeyUsage ${other} is not compatible with KeySpec ${KeySpec}`,
      )
    })
  }
}

test('makes a key without material, pending import, for the origin EXTERNAL', async () => {
  const { KeyId, CreationDate: _, ...rest } = await created({ Origin: 'EXTERNAL' })
  assert.deepEqual(rest, {
    AWSAccountId: '000000000000',
    Arn: `arn:aws:kms:us-east-1:000000000000:key/${KeyId}`,
    Enabled: false,
    Description: '',
    KeyUsage: 'ENCRYPT_DECRYPT',
    KeyState: 'PendingImport',
    Origin: 'EXTERNAL',
    KeyManager: 'CUSTOMER',
    CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT',
    KeySpec: 'SYMMETRIC_DEFAULT',
    EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
    MultiRegion: false,
  })
})

test('stores description, tags and policy as they were given', async () => {
  const Policy = '{"Statement":{"Effect":"Allow","Principal":{"AWS":"000000000000"},"Action":"kms:*","Resource":"*"}}\n'
  const Tags = [
    { TagKey: 'team', TagValue: 'payments' },
    { TagKey: 'Team', TagValue: '' },
  ]
  const { KeyId, Description } = await created({
    Policy,
    Tags,
    Description: 'für Löhne €',
    KeyUsage: 'ENCRYPT_DECRYPT',
    CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT',
    Origin: 'AWS_KMS',
    MultiRegion: false,
    BypassPolicyLockoutSafetyCheck: false,
  })
  assert.equal(Description, 'für Löhne €')
  assert.deepEqual(await membersOf(kms.getKeyPolicy({ KeyId })), { Policy, PolicyName: 'default' })
  assert.deepEqual(await membersOf(kms.listResourceTags({ KeyId })), { Tags, Truncated: false })
})

test('makes the key in the Region that was called, and there alone', async () => {
  const elsewhere = server.client({ region: 'eu-central-1' })
  const { KeyId, Arn } = await created({}, elsewhere)
  assert.equal(Arn, `arn:aws:kms:eu-central-1:000000000000:key/${KeyId}`)
  assert.equal((await elsewhere.describeKey({ KeyId })).KeyMetadata?.Arn, Arn)
  await refused(
    kms.describeKey({ KeyId }),
    'NotFoundException',
    `Key 'arn:aws:kms:us-east-1:000000000000:key/${KeyId}' does not exist`,
  )
})

const everySpec =
  'RSA_2048, RSA_3072, RSA_4096, ECC_NIST_P256, ECC_NIST_P384, ECC_NIST_P521, ECC_SECG_P256K1, SYMMETRIC_DEFAULT, ' +
  'HMAC_224, HMAC_256, HMAC_384, HMAC_512, SM2'
const laterSpecs = 'ML_DSA_44, ML_DSA_65, ML_DSA_87, ECC_NIST_EDWARDS25519, ML_KEM_512, ML_KEM_768, ML_KEM_1024'
const needsUsage = 'You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.'
const as = <T>(value: unknown): T => value as T // What the client's types would not let through.

const refusals: [title: string, input: CreateKeyCommandInput, code: string, text: string][] = [
  ['a key that is not symmetric without usage', { KeySpec: 'RSA_2048' }, 'ValidationException', needsUsage],
  ['the same by the deprecated member', { CustomerMasterKeySpec: 'HMAC_256' }, 'ValidationException', needsUsage],
  ...(
    [
      ['SYMMETRIC_DEFAULT', 'SIGN_VERIFY'],
      ['SYMMETRIC_DEFAULT', 'GENERATE_VERIFY_MAC'],
      ['HMAC_256', 'ENCRYPT_DECRYPT'],
      ['RSA_2048', 'GENERATE_VERIFY_MAC'],
      ['RSA_4096', 'KEY_AGREEMENT'],
      ['ECC_NIST_P256', 'ENCRYPT_DECRYPT'],
      ['ECC_SECG_P256K1', 'KEY_AGREEMENT'],
      ['ML_KEM_512', 'ENCRYPT_DECRYPT'],
      ['ML_DSA_44', 'KEY_AGREEMENT'],
    ] as const
  ).map(([KeySpec, KeyUsage]): [string, CreateKeyCommandInput, string, string] => [
    `${KeyUsage} for ${KeySpec}`,
    { KeySpec, KeyUsage },
    'ValidationException',
    `KeyUsage ${KeyUsage} is not compatible with KeySpec ${KeySpec}`,
  ]),
  [
    'both members for the spec, even if they agree',
    { KeySpec: 'SYMMETRIC_DEFAULT', CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT' },
    'ValidationException',
    'You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated.',
  ],
  [
    'a spec that cannot be imported for the origin EXTERNAL',
    { KeySpec: 'ML_DSA_44', KeyUsage: 'SIGN_VERIFY', Origin: 'EXTERNAL' },
    'ValidationException',
    'KeySpec ML_DSA_44 is not supported for Origin EXTERNAL',
  ],
  [
    'SM2 keys, which exist in China Regions only',
    { KeySpec: 'SM2', KeyUsage: 'SIGN_VERIFY' },
    'UnsupportedOperationException',
    'KeySpec SM2 exists in China Regions only.',
  ],
  [
    'a spec that there is not',
    { KeySpec: as('AES_256') },
    'ValidationException',
    constraint('keySpec', 'AES_256', `satisfy enum value set: [${everySpec}, ${laterSpecs}]`),
  ],
  [
    'a spec by the deprecated member that is younger than it',
    { CustomerMasterKeySpec: as('ML_DSA_44'), KeyUsage: 'SIGN_VERIFY' },
    'ValidationException',
    constraint('customerMasterKeySpec', 'ML_DSA_44', `satisfy enum value set: [${everySpec}]`),
  ],
  [
    'a usage in lower case',
    { KeyUsage: as('encrypt_decrypt') },
    'ValidationException',
    constraint(
      'keyUsage',
      'encrypt_decrypt',
      'satisfy enum value set: [SIGN_VERIFY, ENCRYPT_DECRYPT, GENERATE_VERIFY_MAC, KEY_AGREEMENT, ENCAPSULATE_DECAPSULATE]',
    ),
  ],
  [
    'an origin that there is not',
    { Origin: as('') },
    'ValidationException',
    constraint('origin', '', 'satisfy enum value set: [AWS_KMS, EXTERNAL, AWS_CLOUDHSM, EXTERNAL_KEY_STORE]'),
  ],
  [
    'a description of 8193 characters',
    { Description: 'é'.repeat(8193) },
    'ValidationException',
    constraint('description', 'é'.repeat(8193), 'have length less than or equal to 8192'),
  ],
  [
    'a key store id of no characters',
    { CustomKeyStoreId: '' },
    'ValidationException',
    constraint('customKeyStoreId', '', 'have length greater than or equal to 1'),
  ],
  [
    'an id of an external key with a slash',
    { XksKeyId: 'a/b' },
    'ValidationException',
    constraint('xksKeyId', 'a/b', 'satisfy regular expression pattern: ^[a-zA-Z0-9-_.]+$'),
  ],
  [
    'a reserved tag',
    { Tags: [{ TagKey: 'aws:x', TagValue: '' }] },
    'TagException',
    'Tags beginning with aws: are reserved',
  ],
  [
    'a policy that is none',
    { Policy: '{}' },
    'MalformedPolicyDocumentException',
    'Policy: there must be at least one Statement.',
  ],
]

for (const [title, input, code, text] of refusals) {
  test(`refuses ${title}`, () => refused(kms.createKey(input), code, text))
}

test('leaves nothing behind of a key that it refused', async () => {
  const before = (await kms.listKeys({ Limit: 1000 })).Keys
  for (const [, input] of refusals) await kms.createKey(input).catch(() => {})
  assert.deepEqual((await kms.listKeys({ Limit: 1000 })).Keys, before)
})

test('takes a description of 8192 characters', async () => {
  const Description = '𝄞'.repeat(8192)
  assert.equal((await created({ Description })).Description, Description)
})
