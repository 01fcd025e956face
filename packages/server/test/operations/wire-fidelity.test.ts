import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, test } from 'node:test'
import type { CreateKeyCommandInput } from '@aws-sdk/client-kms'
import { operations } from '../../src/operations/index.ts'
import type { About } from '../../src/protocol/shape.ts'
import { constraint } from '../support/answers.ts'
import { importOf, parametersFor } from '../support/import.ts'
import { start } from '../support/server.ts'
import { post } from '../support/signed-http.ts'

/** Answers as they are on the wire, where the official client would not show a difference. */

const server = await start()
after(() => server.stop())
const kms = server.client()

const call = async (operation: string, input: unknown): Promise<{ status: number; body: string }> => {
  const { status, body } = await post(server, { operation, body: input })
  return { status, body }
}

async function answers(operation: string, input: unknown): Promise<Record<string, unknown>> {
  const { status, body } = await call(operation, input)
  assert.equal(status, 200, body)
  return JSON.parse(body) as Record<string, unknown> // Whatever it is, it is compared.
}

async function refuses(operation: string, input: unknown, code: string, text?: string): Promise<void> {
  const { status, body } = await call(operation, input)
  assert.deepEqual({ status, ...JSON.parse(body) }, { status: 400, __type: code, ...(text && { message: text }) })
}

const make = async (input: CreateKeyCommandInput = {}) => {
  const { KeyMetadata: { KeyId = '', Arn = '' } = {} } = await kms.createKey(input)
  return { id: KeyId, arn: Arn }
}

const base64 = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('base64')
const bytes = (size: number): string => base64(Buffer.alloc(size))
const iam = 'arn:aws:iam::000000000000'
const key = await make()

// Requests

const membersOf = (about: About) => (about.type === 'structure' ? about.members : {})
const camel = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1)

for (const { name, service, input } of operations) {
  const missing = Object.entries(membersOf(input.about)).filter(([, { required }]) => required)
  if (service !== 'kms' || missing.length === 0) continue
  test(`${name} names each member that it must have`, async () => {
    const items = missing.map(([member]) =>
      constraint(camel(member), null, 'not be null').replace(/^.*: Value/, 'Value'),
    )
    const count = `${items.length} validation error${items.length === 1 ? '' : 's'} detected: `
    await refuses(name, {}, 'ValidationException', count + items.join('; '))
  })
}

const takers = operations.filter(({ input }) => 'GrantTokens' in membersOf(input.about)).map(({ name }) => name)
const tokenRules =
  'Member must have length less than or equal to 8192, Member must have length greater than or equal to 1'

for (const name of takers) {
  test(`${name} takes up to ten grant tokens of up to 8192 characters, and quotes none`, async () => {
    for (const [GrantTokens, text] of [
      [Array(11).fill('secret'), 'have length less than or equal to 10'],
      [['secret', ''], `satisfy constraint: [${tokenRules}]`],
      [['secret', 'x'.repeat(8193)], `satisfy constraint: [${tokenRules}]`],
    ] as const) {
      const { status, body } = await call(name, { GrantTokens })
      assert.equal(status, 400)
      const { message = '' } = JSON.parse(body) as { message?: string }
      assert.ok(message.includes(`Value at 'grantTokens' failed to satisfy constraint: Member must ${text}`), message)
      assert.ok(!body.includes('secret') && !body.includes('xxx'))
    }
  })
}

const grant = { KeyId: key.id, GranteePrincipal: `${iam}:root`, Operations: ['Decrypt'] }
const arnPattern = '^arn:aws[a-z0-9-]*:[a-z0-9-]+:[a-z0-9-]*:[0-9]{12}:.+$'
const principalPattern = 'satisfy regular expression pattern: ^[\\w+=,.@:/-]+$'
const servicePattern =
  'satisfy regular expression pattern: ^([A-Za-z0-9\\-]+)\\.([A-Za-z0-9\\-]+)(\\.[A-Za-z0-9\\-]+)+$'
const store = { CustomKeyStoreName: 'store' }
const replica = { KeyId: key.id, ReplicaRegion: 'eu-west-1' }
const material = { KeyId: key.id, ImportToken: bytes(1), EncryptedKeyMaterial: bytes(1) }
const enclave = { KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_256', AttestationDocument: bytes(1) }
const atMost = (count: number): string => `have length less than or equal to ${count}`
const atLeast = (count: number): string => `have length greater than or equal to ${count}`

/** Members inside of members, secrets, and lengths that no other test has. Null: the member is missing. */
const constraints: [
  operation: string,
  condition: string,
  input: Record<string, unknown>,
  member: string,
  shown: string | null | undefined,
  rule: string,
][] = [
  ...(['EncryptionContextSubset', 'EncryptionContextEquals'] as const).map((name): (typeof constraints)[number] => [
    'CreateGrant',
    `a pair of ${name} without value`,
    { ...grant, Constraints: { [name]: { a: 'b', c: null } } },
    `constraints.${camel(name)}.c.member`,
    null,
    'not be null',
  ]),
  [
    'CreateGrant',
    'a SourceArn of 513 characters',
    { ...grant, Constraints: { SourceArn: `arn:aws:s3::000000000000:${'x'.repeat(488)}` } },
    'constraints.sourceArn',
    `arn:aws:s3::000000000000:${'x'.repeat(488)}`,
    atMost(512),
  ],
  [
    'CreateGrant',
    'a SourceArn that is none',
    { ...grant, Constraints: { SourceArn: 'arn:aws:s3:::a-bucket-in-no-account' } },
    'constraints.sourceArn',
    'arn:aws:s3:::a-bucket-in-no-account',
    `satisfy regular expression pattern: ${arnPattern}`,
  ],
  ...(['GranteePrincipal', 'RetiringPrincipal'] as const).flatMap((name): (typeof constraints)[number][] => [
    ['CreateGrant', `a space in ${name}`, { ...grant, [name]: 'a b' }, camel(name), 'a b', principalPattern],
    ['CreateGrant', `257 characters`, { ...grant, [name]: 'x'.repeat(257) }, camel(name), 'x'.repeat(257), atMost(256)],
  ]),
  ...(['GranteeServicePrincipal', 'RetiringServicePrincipal'] as const).map((name): (typeof constraints)[number] => [
    'CreateGrant',
    `two labels in ${name}`,
    { ...grant, [name]: 'a.b' },
    camel(name),
    'a.b',
    servicePattern,
  ]),
  [
    'ListRetirableGrants',
    'a space in RetiringPrincipal',
    { RetiringPrincipal: 'a b' },
    'retiringPrincipal',
    'a b',
    principalPattern,
  ],
  [
    'CreateGrant',
    'a name of 257 characters',
    { ...grant, Name: 'x'.repeat(257) },
    'name',
    'x'.repeat(257),
    atMost(256),
  ],
  [
    'RevokeGrant',
    'an id of 129 characters',
    { ...grant, GrantId: 'x'.repeat(129) },
    'grantId',
    'x'.repeat(129),
    atMost(128),
  ],
  ...['CreateCustomKeyStore', 'UpdateCustomKeyStore'].flatMap((name): (typeof constraints)[number][] => {
    const input = { ...store, CustomKeyStoreId: 'cks-1' }
    const credential = (change: object) => ({
      ...input,
      XksProxyAuthenticationCredential: { AccessKeyId: 'A'.repeat(20), RawSecretAccessKey: 'a'.repeat(43), ...change },
    })
    const at = 'xksProxyAuthenticationCredential'
    return [
      [name, 'a short password', { ...input, KeyStorePassword: '123456' }, 'keyStorePassword', undefined, atLeast(7)],
      [
        name,
        'a long password',
        { ...input, KeyStorePassword: 'x'.repeat(33) },
        'keyStorePassword',
        undefined,
        atMost(32),
      ],
      [name, 'no access key', credential({ AccessKeyId: null }), `${at}.accessKeyId`, null, 'not be null'],
      [
        name,
        'a long access key',
        credential({ AccessKeyId: 'A'.repeat(31) }),
        `${at}.accessKeyId`,
        undefined,
        atMost(30),
      ],
      [name, 'no secret', credential({ RawSecretAccessKey: null }), `${at}.rawSecretAccessKey`, null, 'not be null'],
      [
        name,
        'a long secret',
        credential({ RawSecretAccessKey: 'a'.repeat(65) }),
        `${at}.rawSecretAccessKey`,
        undefined,
        atMost(64),
      ],
      [
        name,
        'a secret with a space',
        credential({ RawSecretAccessKey: `${'a'.repeat(43)} ` }),
        `${at}.rawSecretAccessKey`,
        undefined,
        'satisfy regular expression pattern: ^[a-zA-Z0-9\\/+=]+$',
      ],
    ]
  }),
  [
    'CreateCustomKeyStore',
    'a certificate of 5001 characters',
    { ...store, TrustAnchorCertificate: 'x'.repeat(5001) },
    'trustAnchorCertificate',
    'x'.repeat(5001),
    atMost(5000),
  ],
  ...['Decrypt', 'DeriveSharedSecret', 'GenerateDataKey', 'GenerateDataKeyPair', 'GenerateRandom'].flatMap(
    (name): (typeof constraints)[number][] => {
      const input = {
        KeyId: key.id,
        CiphertextBlob: bytes(1),
        KeyAgreementAlgorithm: 'ECDH',
        PublicKey: bytes(1),
        KeyPairSpec: 'RSA_2048',
        NumberOfBytes: 1,
      }
      return [
        [
          name,
          'an algorithm that no enclave has',
          { ...input, Recipient: { ...enclave, KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_1' } },
          'recipient.keyEncryptionAlgorithm',
          'RSAES_OAEP_SHA_1',
          'satisfy enum value set: [RSAES_OAEP_SHA_256]',
        ],
        [
          name,
          'an empty document',
          { ...input, Recipient: { ...enclave, AttestationDocument: '' } },
          'recipient.attestationDocument',
          undefined,
          atLeast(1),
        ],
      ]
    },
  ),
  [
    'ReplicateKey',
    'a tag without value',
    { ...replica, Tags: [{ TagKey: 'a', TagValue: '' }, { TagKey: 'b' }] },
    'tags.2.member.tagValue',
    null,
    'not be null',
  ],
  ['ReplicateKey', 'no tag', { ...replica, Tags: [null] }, 'tags.1.member', null, 'not be null'],
  [
    'ReplicateKey',
    'a Region of 33 characters',
    { ...replica, ReplicaRegion: `eu-west-${'1'.repeat(25)}` },
    'replicaRegion',
    `eu-west-${'1'.repeat(25)}`,
    atMost(32),
  ],
  [
    'ImportKeyMaterial',
    'a token of 6145 bytes',
    { ...material, ImportToken: bytes(6145) },
    'importToken',
    undefined,
    atMost(6144),
  ],
  [
    'ImportKeyMaterial',
    'material of 6145 bytes',
    { ...material, EncryptedKeyMaterial: bytes(6145) },
    'encryptedKeyMaterial',
    undefined,
    atMost(6144),
  ],
  [
    'ImportKeyMaterial',
    'a description of 257 characters',
    { ...material, KeyMaterialDescription: 'x'.repeat(257) },
    'keyMaterialDescription',
    'x'.repeat(257),
    atMost(256),
  ],
  [
    'ImportKeyMaterial',
    'a description with a parenthesis',
    { ...material, KeyMaterialDescription: 'a (b)' },
    'keyMaterialDescription',
    'a (b)',
    'satisfy regular expression pattern: ^[a-zA-Z0-9:/_\\s.-]+$',
  ],
  [
    'ListKeyRotations',
    'a selection that there is not',
    { KeyId: key.id, IncludeKeyMaterial: 'ALL' },
    'includeKeyMaterial',
    'ALL',
    'satisfy enum value set: [ALL_KEY_MATERIAL, ROTATIONS_ONLY]',
  ],
  [
    'Verify',
    'a signature of 6145 bytes',
    { KeyId: key.id, Message: bytes(1), SigningAlgorithm: 'ECDSA_SHA_256', Signature: bytes(6145) },
    'signature',
    undefined,
    atMost(6144),
  ],
  [
    'Decapsulate',
    'a ciphertext of 6145 bytes',
    { KeyId: key.id, EncapsulationAlgorithm: 'ML_KEM', SharedSecretCiphertextBlob: bytes(6145) },
    'sharedSecretCiphertextBlob',
    undefined,
    atMost(6144),
  ],
  [
    'DeriveSharedSecret',
    'no public key',
    { KeyId: key.id, KeyAgreementAlgorithm: 'ECDH' },
    'publicKey',
    null,
    'not be null',
  ],
  ['UntagResource', 'no tag key', { KeyId: key.id, TagKeys: [null] }, 'tagKeys.1.member', null, 'not be null'],
  ['ListKeys', 'no owner', { ResourceOwners: [] }, 'resourceOwners', '[]', atLeast(1)],
  [
    'ListKeys',
    'three owners',
    { ResourceOwners: ['SELF', 'SELF', 'SELF'] },
    'resourceOwners',
    '[SELF, SELF, SELF]',
    atMost(2),
  ],
  [
    'ListKeys',
    'an unknown owner',
    { ResourceOwners: ['SELF', 'ALL'] },
    'resourceOwners',
    '[SELF, ALL]',
    'satisfy constraint: [Member must satisfy enum value set: [SELF, OTHER_ACCOUNTS_VIA_RAM]]',
  ],
]

for (const [operation, condition, input, member, shown, rule] of constraints) {
  test(`${operation} refuses ${condition}, at ${member}`, () =>
    refuses(operation, input, 'ValidationException', constraint(member, shown, rule)))
}

test('eleven faults of one request are told as ten, whatever they are in', async () => {
  const Tags = Array.from({ length: 4 }, () => ({}))
  const item = (member: string) => `Value null at '${member}' failed to satisfy constraint: Member must not be null`
  await refuses(
    'ReplicateKey',
    { Tags, Policy: '', BypassPolicyLockoutSafetyCheck: null },
    'ValidationException',
    `10 validation errors detected: ${item('keyId')}; ${item('replicaRegion')}; ` +
      "Value '' at 'policy' failed to satisfy constraint: Member must have length greater than or equal to 1; " +
      "Value '' at 'policy' failed to satisfy constraint: Member must satisfy regular expression pattern: " +
      '[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+; ' +
      [1, 2, 3].flatMap(n => [item(`tags.${n}.member.tagKey`), item(`tags.${n}.member.tagValue`)]).join('; '),
  )
})

test('ListKeys lists the keys of other accounts, of which there are none, and with them those of its own', async () => {
  const own = await answers('ListKeys', {})
  assert.deepEqual(await answers('ListKeys', { ResourceOwners: ['SELF'] }), own)
  assert.deepEqual(await answers('ListKeys', { ResourceOwners: ['OTHER_ACCOUNTS_VIA_RAM', 'SELF'] }), own)
  const none = { Keys: [], Truncated: false }
  assert.deepEqual(await answers('ListKeys', { ResourceOwners: ['OTHER_ACCOUNTS_VIA_RAM'] }), none)
  await refuses('ListKeys', { ResourceOwners: ['OTHER_ACCOUNTS_VIA_RAM'], Marker: 'x' }, 'InvalidMarkerException')
})

// Answers

const related = await make({ MultiRegion: true })
await kms.replicateKey({ KeyId: related.id, ReplicaRegion: 'eu-west-1' })
const grantId = async (): Promise<string> =>
  (await kms.createGrant({ KeyId: key.id, GranteePrincipal: `${iam}:root`, Operations: ['Decrypt'] })).GrantId ?? ''
const Policy = (await kms.getKeyPolicy({ KeyId: key.id })).Policy

/** In an order in which each succeeds. */
const silent: [operation: string, input: object][] = [
  ['CreateAlias', { AliasName: 'alias/silent', TargetKeyId: key.id }],
  ['UpdateAlias', { AliasName: 'alias/silent', TargetKeyId: key.arn }],
  ['DeleteAlias', { AliasName: 'alias/silent' }],
  ['DisableKey', { KeyId: key.id }],
  ['EnableKey', { KeyId: key.id }],
  ['EnableKeyRotation', { KeyId: key.id }],
  ['DisableKeyRotation', { KeyId: key.id }],
  ['PutKeyPolicy', { KeyId: key.id, Policy }],
  ['RetireGrant', { KeyId: key.arn, GrantId: await grantId() }],
  ['RevokeGrant', { KeyId: key.id, GrantId: await grantId() }],
  ['TagResource', { KeyId: key.id, Tags: [{ TagKey: 'a', TagValue: 'b' }] }],
  ['UntagResource', { KeyId: key.id, TagKeys: ['a'] }],
  ['UpdateKeyDescription', { KeyId: key.id, Description: 'new' }],
  ['UpdatePrimaryRegion', { KeyId: related.id, PrimaryRegion: 'eu-west-1' }],
]

for (const [operation, input] of silent) {
  test(`${operation} answers with an empty body`, async () => {
    assert.deepEqual(await call(operation, input), { status: 200, body: '' })
  })
}

test('no other operation answers with an empty body; changes of custom key stores answer an empty object', () => {
  const ofKms = operations.filter(({ service }) => service === 'kms')
  const without = ofKms.filter(({ output }) => output === null).map(({ name }) => name)
  assert.deepEqual(without.sort(), silent.map(([name]) => name).sort())
  const empty = ofKms.filter(({ output }) => output && Object.keys(membersOf(output.about)).length === 0)
  assert.deepEqual(empty.map(({ name }) => name).sort(), [
    'ConnectCustomKeyStore',
    'DeleteCustomKeyStore',
    'DisconnectCustomKeyStore',
    'UpdateCustomKeyStore',
  ])
})

await kms.createAlias({ AliasName: 'alias/key', TargetKeyId: key.id })
const signer = await make({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' })
const maker = await make({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' })
const agreer = await make({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'KEY_AGREEMENT' })
const capsule = await make({ KeySpec: 'ML_KEM_512', KeyUsage: 'ENCAPSULATE_DECAPSULATE' })
const external = await make({ Origin: 'EXTERNAL' })
for (const [AliasName, TargetKeyId] of [
  ['alias/signer', signer.id],
  ['alias/maker', maker.id],
  ['alias/agreer', agreer.id],
  ['alias/capsule', capsule.id],
] as const) {
  await kms.createAlias({ AliasName, TargetKeyId })
}
const { ImportToken, EncryptedKeyMaterial } = await parametersFor(kms, external.id).then(parameters =>
  importOf(external.id, parameters, Buffer.alloc(32, 1)),
)
const { CiphertextBlob } = await kms.encrypt({ KeyId: key.id, Plaintext: Buffer.of(1) })
const toSign = { KeyId: 'alias/signer', Message: bytes(1), SigningAlgorithm: 'ECDSA_SHA_256' }
const { Signature } = await kms.sign({ KeyId: signer.id, Message: Buffer.alloc(1), SigningAlgorithm: 'ECDSA_SHA_256' })
const toMac = { KeyId: 'alias/maker', Message: bytes(1), MacAlgorithm: 'HMAC_SHA_256' }
const { Mac } = await kms.generateMac({ KeyId: maker.id, Message: Buffer.alloc(1), MacAlgorithm: 'HMAC_SHA_256' })
const spki = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'der', type: 'spki' })
const { SharedSecretCiphertextBlob: encapsulation } = await kms.encapsulate({
  KeyId: capsule.id,
  EncapsulationAlgorithm: 'ML_KEM',
})
const doomed = await make()

/** However the key is named, its ARN is answered. */
const answeringArns: [operation: string, input: object, arn: string, member?: string][] = [
  [
    'Decapsulate',
    { KeyId: 'alias/capsule', EncapsulationAlgorithm: 'ML_KEM', SharedSecretCiphertextBlob: base64(encapsulation) },
    capsule.arn,
  ],
  ['Decrypt', { CiphertextBlob: base64(CiphertextBlob) }, key.arn],
  ['DeriveSharedSecret', { KeyId: 'alias/agreer', KeyAgreementAlgorithm: 'ECDH', PublicKey: base64(spki) }, agreer.arn],
  ['Encapsulate', { KeyId: 'alias/capsule', EncapsulationAlgorithm: 'ML_KEM' }, capsule.arn],
  ['Encrypt', { KeyId: 'alias/key', Plaintext: bytes(1) }, key.arn],
  ['GenerateDataKey', { KeyId: 'alias/key', KeySpec: 'AES_256' }, key.arn],
  ['GenerateDataKeyPair', { KeyId: 'alias/key', KeyPairSpec: 'ECC_NIST_P256' }, key.arn],
  ['GenerateDataKeyPairWithoutPlaintext', { KeyId: 'alias/key', KeyPairSpec: 'ECC_NIST_P256' }, key.arn],
  ['GenerateDataKeyWithoutPlaintext', { KeyId: 'alias/key', NumberOfBytes: 1 }, key.arn],
  ['GenerateMac', toMac, maker.arn],
  ['GetKeyLastUsage', { KeyId: key.id }, key.arn],
  ['GetKeyRotationStatus', { KeyId: key.id }, key.arn],
  [
    'GetParametersForImport',
    { KeyId: external.id, WrappingAlgorithm: 'RSAES_OAEP_SHA_256', WrappingKeySpec: 'RSA_2048' },
    external.arn,
  ],
  ['GetPublicKey', { KeyId: 'alias/signer' }, signer.arn],
  [
    'ImportKeyMaterial',
    {
      KeyId: external.id,
      ImportToken: base64(ImportToken),
      EncryptedKeyMaterial: base64(EncryptedKeyMaterial),
      ValidTo: server.clock.now() / 1000 + 3600,
    },
    external.arn,
  ],
  ['DeleteImportedKeyMaterial', { KeyId: external.id }, external.arn],
  ['ReEncrypt', { CiphertextBlob: base64(CiphertextBlob), DestinationKeyId: 'alias/key' }, key.arn],
  ['ReEncrypt', { CiphertextBlob: base64(CiphertextBlob), DestinationKeyId: 'alias/key' }, key.arn, 'SourceKeyId'],
  ['RotateKeyOnDemand', { KeyId: key.id }, key.arn],
  ['Sign', toSign, signer.arn],
  ['Verify', { ...toSign, Signature: base64(Signature) }, signer.arn],
  ['VerifyMac', { ...toMac, Mac: base64(Mac) }, maker.arn],
  ['ScheduleKeyDeletion', { KeyId: doomed.id }, doomed.arn],
  ['CancelKeyDeletion', { KeyId: doomed.id }, doomed.arn],
]

for (const [operation, input, arn, member = 'KeyId'] of answeringArns) {
  test(`${operation} answers the ARN of the key as ${member}`, async () => {
    assert.equal((await answers(operation, input))[member], arn)
  })
}

test('every operation that answers a KeyId is here', () => {
  const named = operations.filter(({ output }) => output && 'KeyId' in membersOf(output.about))
  const here = new Set(answeringArns.map(([name]) => name))
  assert.deepEqual([...here].sort(), named.map(({ name }) => name).sort())
})

test('what describes keys has both, and lists of grants the ARN', async () => {
  const named = async (operation: string, input: object): Promise<string[]> => {
    const { body } = await call(operation, input)
    return Array.from(body.matchAll(/"(?:TargetKeyId|KeyId|KeyArn|Arn)":"[^"]*"/g), ([text]) => text)
  }
  const [id, arn] = [`"KeyId":"${key.id}"`, `"Arn":"${key.arn}"`]
  assert.deepEqual(await named('DescribeKey', { KeyId: 'alias/key' }), [id, arn])
  assert.deepEqual(await named('ListAliases', { KeyId: key.arn }), [`"TargetKeyId":"${key.id}"`])
  await grantId()
  assert.deepEqual(await named('ListGrants', { KeyId: key.id }), [`"KeyId":"${key.arn}"`])
  const listed = await named('ListKeys', {})
  assert.ok(listed.includes(id) && listed.includes(`"KeyArn":"${key.arn}"`))
})

/** Everything in an answer, with its path. */
function* leaves(value: unknown, path = ''): Generator<[path: string, leaf: unknown]> {
  if (typeof value !== 'object' || value === null) return yield [path, value]
  for (const [name, item] of Object.entries(value)) yield* leaves(item, `${path}.${name}`)
}

test('dates are numbers of seconds, and nothing is null', async () => {
  await kms.enableKeyRotation({ KeyId: key.id })
  const parameters = await parametersFor(kms, external.id)
  await kms.importKeyMaterial({
    ...importOf(external.id, parameters, Buffer.alloc(32, 1)),
    ExpirationModel: 'KEY_MATERIAL_EXPIRES',
    ValidTo: new Date(server.clock.now() + 3_600_000),
  })
  await kms.scheduleKeyDeletion({ KeyId: doomed.id })
  const dates: [operation: string, input: object, ...paths: string[]][] = [
    ['DescribeKey', { KeyId: doomed.id }, 'KeyMetadata.CreationDate', 'KeyMetadata.DeletionDate'],
    ['DescribeKey', { KeyId: external.id }, 'KeyMetadata.CreationDate', 'KeyMetadata.ValidTo'],
    ['CreateKey', { MultiRegion: true }, 'KeyMetadata.CreationDate'],
    ['GetKeyLastUsage', { KeyId: key.id }, 'KeyLastUsage.Timestamp', 'TrackingStartDate', 'KeyCreationDate'],
    ['GetKeyRotationStatus', { KeyId: key.id }, 'NextRotationDate'],
    [
      'GetParametersForImport',
      { KeyId: external.id, WrappingAlgorithm: 'RSAES_OAEP_SHA_256', WrappingKeySpec: 'RSA_2048' },
      'ParametersValidTo',
    ],
    ['ListAliases', { KeyId: key.id }, 'Aliases.0.CreationDate', 'Aliases.0.LastUpdatedDate'],
    ['ListGrants', { KeyId: key.id }, 'Grants.0.CreationDate'],
    ['ListKeyRotations', { KeyId: key.id }, 'Rotations.0.RotationDate'],
    ['ListKeyRotations', { KeyId: external.id, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' }, 'Rotations.0.ValidTo'],
    ['ScheduleKeyDeletion', { KeyId: (await make()).id }, 'DeletionDate'],
  ]
  for (const [operation, input, ...paths] of dates) {
    const found = [...leaves(await answers(operation, input))]
    assert.ok(
      found.every(([, leaf]) => leaf !== null),
      operation,
    )
    const numbers = found.filter(([path]) => /(?:Date|ValidTo|Timestamp)$/.test(path))
    assert.deepEqual(
      numbers.map(([path]) => path.slice(1)),
      paths,
      operation,
    )
    // Of this century, not milliseconds.
    for (const [path, leaf] of numbers) assert.ok(typeof leaf === 'number' && leaf > 1e9 && leaf < 5e9, path)
  }
})
