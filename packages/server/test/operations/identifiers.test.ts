import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { operations } from '../../src/operations/index.ts'
import { constraint, noText, refusalOf, refused } from '../support/answers.ts'
import { start } from '../support/server.ts'

/** How the requests of each operation may name keys, and what another account's key or an absent one is answered. */

const foreign = await start(['--account', '111122223333'])
const foreignKey = (await foreign.client().createKey({})).KeyMetadata?.Arn ?? ''
const server = await foreign.restart({ flags: [] })
after(() => server.stop())
const kms = server.client()

// A key pending import stops nobody from finding it, yet nothing that finds it changes it.
const { KeyMetadata } = await kms.createKey({ Origin: 'EXTERNAL' })
const { KeyId: id = '', Arn: arn = '' } = KeyMetadata ?? {}
const home = 'arn:aws:kms:us-east-1:000000000000'
const caller = 'arn:aws:iam::000000000000:user/administrator'
await kms.createAlias({ AliasName: 'alias/found', TargetKeyId: id })

const pendingImport = `KMSInvalidStateException: ${arn} is pending import.`
const notOfOurMaking = `UnsupportedOperationException: ${arn} origin is EXTERNAL which is not valid for this operation.`
const notPrimary = `UnsupportedOperationException: ${arn} is not a multi-region primary key.`
const GrantId = '0'.repeat(64)
const noGrant = `NotFoundException: Grant ID ${GrantId} not found`
const otherUsage = (operation: string): string =>
  `InvalidKeyUsageException: ${arn} key usage is ENCRYPT_DECRYPT which is not valid for ${operation}.`
const notOurs = `InvalidCiphertextException: ${noText}`
const ciphertext = new Uint8Array(100)

interface Case {
  call: (KeyId: string) => Promise<unknown>
  /** What the key above is answered: nothing, or a refusal by an operation that has found it. */
  found?: string
  /** Whether alias names and alias ARNs do. */
  aliases?: true
  /** As which permission is denied, if not as that of the operation. */
  action?: string
  /** Of the member that names the key. */
  member?: string
}

const cases: Record<string, Case> = {
  CancelKeyDeletion: {
    call: KeyId => kms.cancelKeyDeletion({ KeyId }),
    found: `KMSInvalidStateException: ${arn} is not pending deletion.`,
  },
  CreateAlias: {
    call: TargetKeyId => kms.createAlias({ AliasName: 'alias/found', TargetKeyId }),
    found: `AlreadyExistsException: An alias with the name ${home}:alias/found already exists`,
    member: 'targetKeyId',
  },
  CreateGrant: {
    call: KeyId =>
      kms.createGrant({ KeyId, GranteePrincipal: caller, Operations: ['Decrypt'], GrantTokens: ['of nothing'] }),
    found: `InvalidGrantTokenException: ${noText}`,
  },
  Decapsulate: {
    call: KeyId => kms.decapsulate({ KeyId, EncapsulationAlgorithm: 'ML_KEM', SharedSecretCiphertextBlob: ciphertext }),
    found: otherUsage('Decapsulate'),
    aliases: true,
  },
  Decrypt: { call: KeyId => kms.decrypt({ KeyId, CiphertextBlob: ciphertext }), found: notOurs, aliases: true },
  DeleteImportedKeyMaterial: { call: KeyId => kms.deleteImportedKeyMaterial({ KeyId }) },
  DeriveSharedSecret: {
    call: KeyId => kms.deriveSharedSecret({ KeyId, KeyAgreementAlgorithm: 'ECDH', PublicKey: ciphertext }),
    found: otherUsage('DeriveSharedSecret'),
    aliases: true,
  },
  DescribeKey: { call: KeyId => kms.describeKey({ KeyId }), aliases: true },
  DisableKey: { call: KeyId => kms.disableKey({ KeyId }), found: pendingImport },
  DisableKeyRotation: { call: KeyId => kms.disableKeyRotation({ KeyId }), found: notOfOurMaking },
  EnableKey: { call: KeyId => kms.enableKey({ KeyId }), found: pendingImport },
  EnableKeyRotation: { call: KeyId => kms.enableKeyRotation({ KeyId }), found: notOfOurMaking },
  Encapsulate: {
    call: KeyId => kms.encapsulate({ KeyId, EncapsulationAlgorithm: 'ML_KEM' }),
    found: otherUsage('Encapsulate'),
    aliases: true,
  },
  Encrypt: {
    call: KeyId => kms.encrypt({ KeyId, Plaintext: ciphertext }),
    found: pendingImport,
    aliases: true,
  },
  GenerateDataKey: {
    call: KeyId => kms.generateDataKey({ KeyId, NumberOfBytes: 1 }),
    found: pendingImport,
    aliases: true,
  },
  GenerateDataKeyPair: {
    call: KeyId => kms.generateDataKeyPair({ KeyId, KeyPairSpec: 'ECC_NIST_P256' }),
    found: pendingImport,
    aliases: true,
  },
  GenerateDataKeyPairWithoutPlaintext: {
    call: KeyId => kms.generateDataKeyPairWithoutPlaintext({ KeyId, KeyPairSpec: 'ECC_NIST_P256' }),
    found: pendingImport,
    aliases: true,
  },
  GenerateDataKeyWithoutPlaintext: {
    call: KeyId => kms.generateDataKeyWithoutPlaintext({ KeyId, NumberOfBytes: 1 }),
    found: pendingImport,
    aliases: true,
  },
  GenerateMac: {
    call: KeyId => kms.generateMac({ KeyId, Message: ciphertext, MacAlgorithm: 'HMAC_SHA_256' }),
    found: otherUsage('GenerateMac'),
    aliases: true,
  },
  GetKeyLastUsage: { call: KeyId => kms.getKeyLastUsage({ KeyId }) },
  GetKeyPolicy: { call: KeyId => kms.getKeyPolicy({ KeyId }) },
  GetKeyRotationStatus: { call: KeyId => kms.getKeyRotationStatus({ KeyId }) },
  GetParametersForImport: {
    call: KeyId => kms.getParametersForImport({ KeyId, WrappingAlgorithm: 'SM2PKE', WrappingKeySpec: 'SM2' }),
    found: `UnsupportedOperationException: ${noText}`,
  },
  GetPublicKey: { call: KeyId => kms.getPublicKey({ KeyId }), found: pendingImport, aliases: true },
  ImportKeyMaterial: {
    call: KeyId =>
      kms.importKeyMaterial({
        KeyId,
        ImportToken: ciphertext,
        EncryptedKeyMaterial: ciphertext,
        ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE',
      }),
    found: `InvalidImportTokenException: ${noText}`,
  },
  ListAliases: { call: KeyId => kms.listAliases({ KeyId }) },
  ListGrants: { call: KeyId => kms.listGrants({ KeyId }) },
  ListKeyPolicies: { call: KeyId => kms.listKeyPolicies({ KeyId }) },
  ListKeyRotations: { call: KeyId => kms.listKeyRotations({ KeyId }) },
  ListResourceTags: { call: KeyId => kms.listResourceTags({ KeyId }) },
  PutKeyPolicy: {
    call: KeyId => kms.putKeyPolicy({ KeyId, Policy: '{}' }),
    found: 'MalformedPolicyDocumentException: Policy: there must be at least one Statement.',
  },
  ReEncrypt: {
    call: SourceKeyId => kms.reEncrypt({ SourceKeyId, DestinationKeyId: id, CiphertextBlob: ciphertext }),
    found: notOurs,
    aliases: true,
    action: 'ReEncryptFrom',
    member: 'sourceKeyId',
  },
  'ReEncrypt, to': {
    call: DestinationKeyId => kms.reEncrypt({ SourceKeyId: id, DestinationKeyId, CiphertextBlob: ciphertext }),
    found: notOurs,
    aliases: true,
    action: 'ReEncryptTo',
    member: 'destinationKeyId',
  },
  ReplicateKey: { call: KeyId => kms.replicateKey({ KeyId, ReplicaRegion: 'eu-west-1' }), found: notPrimary },
  RetireGrant: { call: KeyId => kms.retireGrant({ KeyId, GrantId }), found: noGrant },
  RevokeGrant: { call: KeyId => kms.revokeGrant({ KeyId, GrantId }), found: noGrant },
  RotateKeyOnDemand: { call: KeyId => kms.rotateKeyOnDemand({ KeyId }), found: pendingImport },
  ScheduleKeyDeletion: {
    call: KeyId => kms.scheduleKeyDeletion({ KeyId, PendingWindowInDays: 6 }),
    found: 'ValidationException: PendingWindowInDays must be between 7 and 30',
  },
  Sign: {
    call: KeyId => kms.sign({ KeyId, Message: ciphertext, SigningAlgorithm: 'ECDSA_SHA_256' }),
    found: otherUsage('Sign'),
    aliases: true,
  },
  TagResource: { call: KeyId => kms.tagResource({ KeyId, Tags: [] }) },
  UntagResource: { call: KeyId => kms.untagResource({ KeyId, TagKeys: [] }) },
  UpdateAlias: {
    call: TargetKeyId => kms.updateAlias({ AliasName: 'alias/found', TargetKeyId }),
    member: 'targetKeyId',
  },
  UpdateKeyDescription: { call: KeyId => kms.updateKeyDescription({ KeyId, Description: '' }) },
  UpdatePrimaryRegion: {
    call: KeyId => kms.updatePrimaryRegion({ KeyId, PrimaryRegion: 'eu-west-1' }),
    found: notPrimary,
  },
  Verify: {
    call: KeyId => kms.verify({ KeyId, Message: ciphertext, Signature: ciphertext, SigningAlgorithm: 'ECDSA_SHA_256' }),
    found: otherUsage('Verify'),
    aliases: true,
  },
  VerifyMac: {
    call: KeyId => kms.verifyMac({ KeyId, Message: ciphertext, Mac: ciphertext, MacAlgorithm: 'HMAC_SHA_256' }),
    found: otherUsage('VerifyMac'),
    aliases: true,
  },
}

// Our own operations take keys in any state, of the own account alone (keyreeve/list-key-access, validate-key-policy).
const ofKms = operations.filter(({ service }) => service === 'kms')

test('every operation that works on keys is here', () => {
  const expected = ofKms.filter(({ needs }) => Object.keys(needs.keys).length > 0).map(({ name }) => name)
  const here = new Set(Object.keys(cases).map(name => name.replace(/,.*/, '')))
  // DeleteAlias names its key by an alias and nothing else (aliases.test.ts).
  assert.deepEqual([...here].sort(), expected.filter(name => name !== 'DeleteAlias').sort())
})

async function answerTo(call: Promise<unknown>): Promise<string | undefined> {
  try {
    await call
    return undefined
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}` // Whatever it is, it is compared.
  }
}

const absent = '00000000-0000-4000-8000-000000000000'
/** What no key can be called, and what is said of it. */
const malformed: [identifier: string, code: string, text: string][] = [
  ['key', 'NotFoundException', "Invalid keyId 'key'"],
  [` ${id}`, 'NotFoundException', `Invalid keyId ' ${id}'`],
  [id.toUpperCase(), 'NotFoundException', `Invalid keyId '${id.toUpperCase()}'`],
  [id.replaceAll('-', ''), 'NotFoundException', `Invalid keyId '${id.replaceAll('-', '')}'`],
  [`key/${id}`, 'NotFoundException', `Invalid keyId 'key/${id}'`],
  ['mrk-fake-key-id', 'NotFoundException', "Invalid keyId 'mrk-fake-key-id'"],
  [`${home}:key/x`, 'NotFoundException', 'Invalid keyId x'],
  [`${home}:key/`, 'NotFoundException', 'Invalid keyId '],
  [`${home}:key/${id}/`, 'NotFoundException', `Invalid keyId ${id}/`],
  [arn.replace('us-east-1', 'eu-west-1'), 'NotFoundException', 'Invalid arn eu-west-1'],
  [arn.replace('us-east-1', 'US-EAST-1'), 'NotFoundException', 'Invalid arn US-EAST-1'],
  ...[
    'arn:aws:kms',
    `arn:aws:kms:us-east-1:${id}`,
    `${home}:${id}`,
    arn.replace(':kms:', ':iam:'),
    arn.replace('arn:aws:', 'arn:aws-cn:'),
    arn.replace('us-east-1', ''),
    arn.replace('000000000000', ''),
    arn.replace('000000000000', '12345'),
    arn.replace(':key/', ':grant/'),
  ].map((text): [string, string, string] => [text, 'InvalidArnException', `${text} is not a valid ARN`]),
]

for (const [name, { call, found, aliases, action = name, member = 'keyId' }] of Object.entries(cases)) {
  const denied =
    `User: ${caller} is not authorized to perform: kms:${action} on this resource because the resource does not exist ` +
    'in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access'

  test(`${name} finds a key by its id and its ARN`, async () => {
    assert.deepEqual([await answerTo(call(id)), await answerTo(call(arn))], [found, found])
  })

  if (aliases) {
    test(`${name} finds a key by its alias, and by the ARN of that`, async () => {
      assert.deepEqual(
        [await answerTo(call('alias/found')), await answerTo(call(`${home}:alias/found`))],
        [found, found],
      )
      await refused(call('alias/Found'), 'NotFoundException', `Alias ${home}:alias/Found is not found.`)
      await refused(call(`${home}:alias/lost`), 'NotFoundException', `Alias ${home}:alias/lost is not found.`)
      await refused(call('alias/'), 'NotFoundException', `Alias ${home}:alias/ is not found.`)
      await refused(call('alias/fo:und'), 'NotFoundException', `Alias ${home}:alias/fo:und is not found.`)
      await refused(
        call(`${home.replace('us-east-1', 'eu-west-1')}:alias/found`),
        'NotFoundException',
        'Invalid arn eu-west-1',
      )
    })
  } else {
    test(`${name} refuses aliases`, async () => {
      for (const alias of ['alias/found', `${home}:alias/found`]) {
        if (member === 'targetKeyId') {
          await refused(call(alias), 'ValidationException', 'Aliases must refer to keys. Not aliases')
        } else {
          await refused(call(alias), 'InvalidArnException', 'Key Aliases are not supported for this operation.')
        }
      }
    })
  }

  test(`${name} says of an absent key what its ARN would be`, async () => {
    for (const identifier of [absent, `${home}:key/${absent}`]) {
      await refused(call(identifier), 'NotFoundException', `Key '${home}:key/${absent}' does not exist`)
    }
    const multiRegion = `mrk-${'0'.repeat(32)}`
    await refused(call(multiRegion), 'NotFoundException', `Key '${home}:key/${multiRegion}' does not exist`)
  })

  test(`${name} does not tell whether another account has a key or an alias`, async () => {
    const elsewhere = 'arn:aws:kms:us-east-1:111122223333'
    await refused(call(foreignKey), 'AccessDeniedException', denied)
    await refused(call(`${elsewhere}:key/${absent}`), 'AccessDeniedException', denied)
    if (aliases) await refused(call(`${elsewhere}:alias/any`), 'AccessDeniedException', denied)
    // The id alone means a key of one's own.
    const foreignId = foreignKey.slice(-36)
    await refused(call(foreignId), 'NotFoundException', `Key '${home}:key/${foreignId}' does not exist`)
  })

  test(`${name} refuses what no key can be called`, async () => {
    for (const [identifier, code, text] of malformed) await refused(call(identifier), code, text)
    const long = 'x'.repeat(2049)
    await refused(call(''), 'ValidationException', constraint(member, '', 'have length greater than or equal to 1'))
    await refused(call(long), 'ValidationException', constraint(member, long, 'have length less than or equal to 2048'))
  })
}

test('a key is looked for before anything else is said of the request', async () => {
  const refusal = await refusalOf(kms.scheduleKeyDeletion({ KeyId: absent, PendingWindowInDays: 31 }))
  assert.equal(refusal.name, 'NotFoundException')
})
