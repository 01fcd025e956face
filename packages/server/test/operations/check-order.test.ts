import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, test } from 'node:test'
import type { CreateKeyCommandInput } from '@aws-sdk/client-kms'
import { operations } from '../../src/operations/index.ts'
import { constraint } from '../support/answers.ts'
import { importOf, parametersFor } from '../support/import.ts'
import { start } from '../support/server.ts'
import { post } from '../support/signed-http.ts'

/**
 * Of all that is wrong with a request one thing is told: model constraints, the key, permission, the key's usage, its origin
 * and state, the algorithm, sizes, the work itself, and last that it was a dry run. Other implementations that were measured
 * against the service agree on that.
 */

const foreign = await start(['--account', '111122223333'])
const foreignArn = (await foreign.client().createKey({})).KeyMetadata?.Arn ?? ''
const server = await foreign.restart({ flags: [] })
after(() => server.stop())
const kms = server.client()

const base64 = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('base64')
const bytes = (size: number): string => base64(Buffer.alloc(size))

async function key(input: CreateKeyCommandInput, state?: 'disabled' | 'pending deletion') {
  const { KeyMetadata: { KeyId = '', Arn = '' } = {} } = await kms.createKey(input)
  if (state === 'disabled') await kms.disableKey({ KeyId })
  if (state === 'pending deletion') await kms.scheduleKeyDeletion({ KeyId })
  return { id: KeyId, arn: Arn }
}

/** Each kind of key, as it works and disabled. */
async function kind(input: CreateKeyCommandInput) {
  return { ...(await key(input)), disabled: await key(input, 'disabled') }
}

const home = 'arn:aws:kms:us-east-1:000000000000'
const iam = 'arn:aws:iam::000000000000'
const symmetric = await kind({})
const other = await key({})
const waiting = await key({}, 'pending deletion')
const signing = await kind({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' })
const mac = await kind({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' })
const agreement = await kind({ KeySpec: 'ECC_NIST_P384', KeyUsage: 'KEY_AGREEMENT' })
const kem = await kind({ KeySpec: 'ML_KEM_512', KeyUsage: 'ENCAPSULATE_DECAPSULATE' })
const rsa = await key({ KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' })
const empty = await key({ Origin: 'EXTERNAL' })
const toFill = await key({ Origin: 'EXTERNAL' })
const emptyAndWaiting = await key({ Origin: 'EXTERNAL' }, 'pending deletion')
const emptyRsa = await key({ Origin: 'EXTERNAL', KeySpec: 'RSA_2048', KeyUsage: 'SIGN_VERIFY' })
const family = await kind({ MultiRegion: true })
const related = await key({ MultiRegion: true })
await kms.replicateKey({ KeyId: related.id, ReplicaRegion: 'us-west-2' })
await kms.createAlias({ AliasName: 'alias/taken', TargetKeyId: symmetric.id })

/** What is wrong, how to ask for it, and what is answered. */
type Rung = [wrong: string, input: Record<string, unknown>, code: string, text?: string | undefined]

const absent = '00000000-0000-4000-8000-000000000000'

const notThere = (member = 'KeyId'): Rung => [
  `${member} of no key`,
  { [member]: absent },
  'NotFoundException',
  `Key '${home}:key/${absent}' does not exist`,
]

const notOurs = (action: string, member = 'KeyId'): Rung => [
  `${member} of another account`,
  { [member]: foreignArn },
  'AccessDeniedException',
  `User: ${iam}:user/administrator is not authorized to perform: kms:${action} on this resource because ` +
    'the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy ' +
    'explicitly denies access',
]

const token: Rung = ['a grant token of nothing', { GrantTokens: ['x'] }, 'InvalidGrantTokenException']

const wrongUsage = (operation: string, { arn, id }: { arn: string; id: string }, usage: string): Rung => [
  'a disabled key of another usage',
  { KeyId: id },
  'InvalidKeyUsageException',
  `${arn} key usage is ${usage} which is not valid for ${operation}.`,
]
const noSecret = (operation: string) => wrongUsage(operation, symmetric.disabled, 'ENCRYPT_DECRYPT')
const noSigner = (operation: string) => wrongUsage(operation, signing.disabled, 'SIGN_VERIFY')

const disabled = ({ arn, id }: { arn: string; id: string }, member = 'KeyId'): Rung => [
  `${member} of a disabled key`,
  { [member]: id },
  'DisabledException',
  `${arn} is disabled.`,
]

const pending = ({ arn, id }: { arn: string; id: string }, member = 'KeyId', what = 'deletion'): Rung => [
  `${member} of a key pending ${what}`,
  { [member]: id },
  'KMSInvalidStateException',
  `${arn} is pending ${what}.`,
]

const wrongOrigin = ({ arn, id }: { arn: string; id: string }, origin: string): Rung => [
  `a key of origin ${origin}`,
  { KeyId: id },
  'UnsupportedOperationException',
  `${arn} origin is ${origin} which is not valid for this operation.`,
]

const misfit = (member: string, algorithm: string, spec: string): Rung => [
  `the algorithm ${algorithm}`,
  { [member]: algorithm },
  'InvalidKeyUsageException',
  `Algorithm ${algorithm} is incompatible with key spec ${spec}.`,
]

const broken = (
  input: Record<string, unknown>,
  member: string,
  shown: string | null | undefined,
  rule: string,
): Rung => [`a broken constraint of ${member}`, input, 'ValidationException', constraint(member, shown, rule)]

const invalid = (what: string, input: Record<string, unknown>, text: string): Rung => [
  what,
  input,
  'ValidationException',
  text,
]

const unsupported = (what: string, input: Record<string, unknown>, text?: string): Rung => [
  what,
  input,
  'UnsupportedOperationException',
  text,
]

const dryRun: Rung = [
  'that it is a dry run',
  { DryRun: true },
  'DryRunOperationException',
  'The request would have succeeded, but the DryRun option is set.',
]

const tooShort = 'have length greater than or equal to 1'
const asymmetric: Rung = [
  'an asymmetric key',
  { KeyId: rsa.id },
  'InvalidKeyUsageException',
  'You cannot generate a data key with an asymmetric CMK',
]
const notPrimary: Rung = unsupported(
  'a disabled key of one Region',
  { KeyId: symmetric.disabled.id },
  `${symmetric.disabled.arn} is not a multi-region primary key.`,
)

const dataKey = (operation: string): Rung[] => [
  broken({ NumberOfBytes: 1025 }, 'numberOfBytes', '1025', 'have value less than or equal to 1024'),
  notThere(),
  notOurs(operation),
  token,
  invalid('two sizes', { NumberOfBytes: 16 }, 'Please specify either number of bytes or key spec.'),
  noSigner(operation),
  disabled(symmetric.disabled),
  asymmetric,
  dryRun,
]

const keyPair = (operation: string): Rung[] => [
  broken({ GrantTokens: Array(11).fill('x') }, 'grantTokens', undefined, 'have length less than or equal to 10'),
  notThere(),
  notOurs(operation),
  token,
  noSigner(operation),
  disabled(symmetric.disabled),
  asymmetric,
  unsupported('a curve of China', { KeyPairSpec: 'SM2' }, 'KeyPairSpec SM2 exists in China Regions only.'),
  dryRun,
]

const noMessage = broken({ Message: '' }, 'message', undefined, tooShort)
const digest = (operation: string): Rung[] => [
  noMessage,
  notThere(),
  notOurs(operation),
  token,
  noSecret(operation),
  disabled(signing.disabled),
  misfit('SigningAlgorithm', 'ECDSA_SHA_384', 'ECC_NIST_P256'),
  invalid('a digest of 31 bytes', { Message: bytes(31) }, 'Digest is invalid length for algorithm ECDSA_SHA_256.'),
]
const message = (operation: string): Rung[] => [
  noMessage,
  notThere(),
  notOurs(operation),
  token,
  noSecret(operation),
  disabled(mac.disabled),
  misfit('MacAlgorithm', 'HMAC_SHA_512', 'HMAC_256'),
]

const aliasName: Rung[] = [
  broken({ AliasName: 'alias/ ' }, 'aliasName', 'alias/ ', 'satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$'),
  invalid(
    'a name without prefix',
    { AliasName: 'name' },
    'Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html',
  ),
]
const target: Rung[] = [
  invalid('an alias as target', { TargetKeyId: 'alias/taken' }, 'Aliases must refer to keys. Not aliases'),
]

const ciphertextOf = async (KeyId: string) =>
  base64((await kms.encrypt({ KeyId, Plaintext: Buffer.of(1) })).CiphertextBlob)
const ciphertext = await ciphertextOf(symmetric.id)
await kms.enableKey({ KeyId: symmetric.disabled.id })
const ofDisabled = await ciphertextOf(symmetric.disabled.id)
await kms.disableKey({ KeyId: symmetric.disabled.id })
const publicKey = generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).publicKey.export({
  format: 'der',
  type: 'spki',
})
const { SharedSecretCiphertextBlob: encapsulation } = await kms.encapsulate({
  KeyId: kem.id,
  EncapsulationAlgorithm: 'ML_KEM',
})
const { Signature } = await kms.sign({
  KeyId: signing.id,
  Message: Buffer.alloc(32),
  MessageType: 'DIGEST',
  SigningAlgorithm: 'ECDSA_SHA_256',
})
const { Mac } = await kms.generateMac({ KeyId: mac.id, Message: Buffer.alloc(1), MacAlgorithm: 'HMAC_SHA_256' })
const grantOn = async ({ id: KeyId }: { id: string }) =>
  (await kms.createGrant({ KeyId, GranteePrincipal: `${iam}:root`, Operations: ['Decrypt'] })).GrantId
const { ImportToken, EncryptedKeyMaterial, ...toImport } = await parametersFor(kms, toFill.id).then(parameters =>
  importOf(toFill.id, parameters, Buffer.alloc(32, 1)),
)

const toSign = { KeyId: signing.id, Message: bytes(32), MessageType: 'DIGEST', SigningAlgorithm: 'ECDSA_SHA_256' }
const toMac = { KeyId: mac.id, Message: bytes(1), MacAlgorithm: 'HMAC_SHA_256' }
const incorrectKey = 'The key ID in the request does not identify a CMK that can perform this operation.'
const period = (value: number, rule: string) =>
  broken({ RotationPeriodInDays: value }, 'rotationPeriodInDays', String(value), rule)
const tag = (TagKey: string) => ({ TagKey, TagValue: '' })
const badTags: Rung[] = [
  [
    'a reserved tag',
    { Tags: [tag('a'), tag('a'), tag('AWS:x')] },
    'TagException',
    'Tags beginning with aws: are reserved',
  ],
  [
    'a tag twice, among too many',
    { Tags: [tag('a'), tag('a'), ...Array.from({ length: 50 }, (_, n) => tag(`t${n}`))] },
    'TagException',
    'Duplicate tag keys',
  ],
  ['51 tags', { Tags: Array.from({ length: 51 }, (_, n) => tag(`t${n}`)) }, 'TagException', 'Too many tags'],
]
const policyOf = (AWS: string): string =>
  JSON.stringify({ Statement: { Effect: 'Allow', Principal: { AWS }, Action: 'kms:*', Resource: '*' } })
const badPolicies: Rung[] = [
  [
    'a policy that is too large',
    { Policy: `{"Statement":"${'x'.repeat(32_768)}"}` },
    'LimitExceededException',
    'The key policy is larger than 32768 bytes.',
  ],
  [
    'a policy with a broken ARN',
    {
      Policy: policyOf('arn:aws:iam::1:user/x'),
    },
    'InvalidArnException',
    'An ARN in the specified key policy is invalid.',
  ],
  [
    'a policy with a group',
    {
      Policy: policyOf(`${iam}:group/x`),
    },
    'MalformedPolicyDocumentException',
    'Policy contains a statement with one or more invalid principals.',
  ],
  [
    'a policy that locks out',
    {
      Policy: policyOf('arn:aws:iam::111122223333:root'),
    },
    'MalformedPolicyDocumentException',
    'The new key policy will not allow you to update the key policy in the future.',
  ],
]

const notInStore = { Origin: 'EXTERNAL', CustomKeyStoreId: undefined, XksKeyId: undefined }

/** By operation: a request that succeeds, and all that can be wrong with it, what is told first coming first. */
const ladders: Record<string, [usual: Record<string, unknown>, ...rungs: Rung[]]> = {
  CancelKeyDeletion: [
    { KeyId: (await key({}, 'pending deletion')).id },
    broken({ KeyId: '' }, 'keyId', '', tooShort),
    notThere(),
    notOurs('CancelKeyDeletion'),
    [
      'a key that does not wait',
      { KeyId: other.id },
      'KMSInvalidStateException',
      `${other.arn} is not pending deletion.`,
    ],
  ],
  CreateAlias: [
    { AliasName: 'alias/new', TargetKeyId: symmetric.id },
    ...aliasName,
    ['a reserved name', { AliasName: 'alias/aws/a:b' }, 'NotAuthorizedException'],
    invalid('a colon', { AliasName: 'alias/a:b' }, 'alias/a:b contains invalid characters for an alias'),
    ...target,
    notThere('TargetKeyId'),
    notOurs('CreateAlias', 'TargetKeyId'),
    pending(waiting, 'TargetKeyId'),
    [
      'a name that is taken',
      { AliasName: 'alias/taken' },
      'AlreadyExistsException',
      `An alias with the name ${home}:alias/taken already exists`,
    ],
  ],
  CreateGrant: [
    { KeyId: symmetric.id, GranteePrincipal: `${iam}:root`, Operations: ['Encrypt'] },
    broken({ Name: ' ' }, 'name', ' ', 'satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$'),
    notThere(),
    notOurs('CreateGrant'),
    token,
    disabled(symmetric.disabled),
    invalid(
      'two grantees',
      { GranteeServicePrincipal: 'a.b.c' },
      'You must specify either GranteePrincipal or GranteeServicePrincipal, but not both.',
    ),
    [
      'a principal that is none',
      { GranteePrincipal: 'nobody' },
      'InvalidArnException',
      'ARN does not refer to a valid principal: nobody',
    ],
    invalid('no operation', { Operations: [] }, 'You must specify at least one operation.'),
    invalid(
      'an operation of other keys',
      { Operations: ['Sign'] },
      `The operation Sign cannot be granted on ${symmetric.arn}: its key spec is SYMMETRIC_DEFAULT and its key usage ENCRYPT_DECRYPT.`,
    ),
    invalid(
      'too many pairs',
      { Constraints: { EncryptionContextSubset: Object.fromEntries(Array.from('123456789', n => [n, ''])) } },
      'EncryptionContextSubset can have at most 8 pairs.',
    ),
    dryRun,
  ],
  CreateKey: [
    {},
    broken({ CustomKeyStoreId: '' }, 'customKeyStoreId', '', tooShort),
    invalid(
      'two specs',
      { KeySpec: 'RSA_2048', CustomerMasterKeySpec: 'RSA_2048', KeyUsage: undefined },
      'You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated.',
    ),
    invalid(
      'no usage',
      { KeySpec: 'RSA_2048', CustomerMasterKeySpec: undefined, KeyUsage: undefined },
      'You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.',
    ),
    invalid(
      'a usage of other specs',
      { KeySpec: 'ML_DSA_44', KeyUsage: 'KEY_AGREEMENT' },
      'KeyUsage KEY_AGREEMENT is not compatible with KeySpec ML_DSA_44',
    ),
    invalid(
      'a key store for an imported key',
      { ...notInStore, CustomKeyStoreId: 'cks-1', KeySpec: 'ML_DSA_44', KeyUsage: 'SIGN_VERIFY' },
      'CustomKeyStoreId is not valid for keys with Origin EXTERNAL.',
    ),
    invalid(
      'a spec that cannot be imported',
      { ...notInStore, KeySpec: 'ML_DSA_44', KeyUsage: 'SIGN_VERIFY' },
      'KeySpec ML_DSA_44 is not supported for Origin EXTERNAL',
    ),
    unsupported(
      'a spec of China',
      { ...notInStore, KeySpec: 'SM2', KeyUsage: 'SIGN_VERIFY' },
      'KeySpec SM2 exists in China Regions only.',
    ),
    ...badTags,
    ...badPolicies,
    [
      'a key store that is not there',
      { Origin: 'EXTERNAL_KEY_STORE', CustomKeyStoreId: 'cks-1', XksKeyId: 'x' },
      'CustomKeyStoreNotFoundException',
      'Custom key store cks-1 does not exist.',
    ],
  ],
  Decapsulate: [
    { KeyId: kem.id, EncapsulationAlgorithm: 'ML_KEM', SharedSecretCiphertextBlob: base64(encapsulation) },
    broken({ SharedSecretCiphertextBlob: '' }, 'sharedSecretCiphertextBlob', undefined, tooShort),
    notThere(),
    notOurs('Decapsulate'),
    token,
    noSecret('Decapsulate'),
    disabled(kem.disabled),
    ['a ciphertext of another size', { SharedSecretCiphertextBlob: bytes(1) }, 'InvalidCiphertextException'],
    dryRun,
  ],
  Decrypt: [
    { CiphertextBlob: ciphertext },
    broken({ CiphertextBlob: '' }, 'ciphertextBlob', undefined, tooShort),
    notThere(),
    notOurs('Decrypt'),
    token,
    ['a disabled key of another usage', { KeyId: signing.disabled.id }, 'IncorrectKeyException', incorrectKey],
    [
      'another key, which is disabled',
      { KeyId: symmetric.disabled.id, CiphertextBlob: ciphertext },
      'IncorrectKeyException',
      incorrectKey,
    ],
    [
      'a ciphertext of a disabled key',
      { KeyId: undefined, CiphertextBlob: ofDisabled },
      'DisabledException',
      `${symmetric.disabled.arn} is disabled.`,
    ],
    ['another context', { EncryptionContext: { a: 'b' } }, 'InvalidCiphertextException'],
    dryRun,
  ],
  DeleteAlias: [
    { AliasName: 'alias/new' },
    ...aliasName,
    [
      'an alias that is not there',
      { AliasName: 'alias/none' },
      'NotFoundException',
      `Alias ${home}:alias/none is not found.`,
    ],
  ],
  DeleteImportedKeyMaterial: [
    { KeyId: empty.id },
    broken({ KeyMaterialId: 'a' }, 'keyMaterialId', 'a', 'have length greater than or equal to 64'),
    notThere(),
    notOurs('DeleteImportedKeyMaterial'),
    wrongOrigin(symmetric.disabled, 'AWS_KMS'),
    [
      'material of another key',
      { KeyMaterialId: '0'.repeat(64) },
      'NotFoundException',
      `Key material ${'0'.repeat(64)} is not associated with ${empty.arn}`,
    ],
  ],
  DeriveSharedSecret: [
    { KeyId: agreement.id, KeyAgreementAlgorithm: 'ECDH', PublicKey: base64(publicKey) },
    broken({ PublicKey: bytes(8193) }, 'publicKey', undefined, 'have length less than or equal to 8192'),
    notThere(),
    notOurs('DeriveSharedSecret'),
    token,
    noSecret('DeriveSharedSecret'),
    disabled(agreement.disabled),
    ['a public key that is none', { PublicKey: bytes(8192) }, 'ValidationException'],
    dryRun,
  ],
  DescribeKey: [
    { KeyId: waiting.id },
    broken({ KeyId: '' }, 'keyId', '', tooShort),
    notThere(),
    notOurs('DescribeKey'),
    token,
  ],
  DisableKey: [
    { KeyId: (await key({})).id },
    notThere(),
    notOurs('DisableKey'),
    pending(waiting),
    pending(empty, 'KeyId', 'import'),
  ],
  // Nothing rotates there, so there is nothing to refuse.
  DisableKeyRotation: [
    { KeyId: signing.id },
    notThere(),
    notOurs('DisableKeyRotation'),
    wrongOrigin(emptyAndWaiting, 'EXTERNAL'),
    pending(waiting),
    disabled(signing.disabled),
  ],
  EnableKey: [
    { KeyId: (await key({})).id },
    notThere(),
    notOurs('EnableKey'),
    pending(waiting),
    pending(empty, 'KeyId', 'import'),
  ],
  EnableKeyRotation: [
    { KeyId: symmetric.id, RotationPeriodInDays: 90 },
    period(89, 'have value greater than or equal to 90'),
    period(2561, 'have value less than or equal to 2560'),
    notThere(),
    notOurs('EnableKeyRotation'),
    wrongOrigin(emptyAndWaiting, 'EXTERNAL'),
    pending(waiting),
    disabled(signing.disabled),
    unsupported('a key that signs', { KeyId: signing.id }),
  ],
  Encapsulate: [
    { KeyId: kem.id, EncapsulationAlgorithm: 'ML_KEM' },
    broken({ EncapsulationAlgorithm: 'RSA' }, 'encapsulationAlgorithm', 'RSA', 'satisfy enum value set: [ML_KEM]'),
    notThere(),
    notOurs('Encapsulate'),
    token,
    noSecret('Encapsulate'),
    disabled(kem.disabled),
    dryRun,
  ],
  Encrypt: [
    { KeyId: rsa.id, Plaintext: bytes(1), EncryptionAlgorithm: 'RSAES_OAEP_SHA_256' },
    broken({ Plaintext: bytes(4097) }, 'plaintext', undefined, 'have length less than or equal to 4096'),
    notThere(),
    notOurs('Encrypt'),
    token,
    noSigner('Encrypt'),
    disabled(symmetric.disabled),
    [
      'the algorithm of symmetric keys',
      { EncryptionAlgorithm: undefined },
      'InvalidKeyUsageException',
      'Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048.',
    ],
    invalid(
      'a context',
      { EncryptionAlgorithm: 'RSAES_OAEP_SHA_1', EncryptionContext: { a: 'b' } },
      'EncryptionContext is not supported when encrypting with asymmetric CMKs.',
    ),
    invalid(
      'more than fits',
      { EncryptionAlgorithm: 'RSAES_OAEP_SHA_1', EncryptionContext: {}, Plaintext: bytes(215) },
      'Algorithm RSAES_OAEP_SHA_1 and key spec RSA_2048 cannot encrypt data larger than 214 bytes.',
    ),
    dryRun,
  ],
  GenerateDataKey: [{ KeyId: symmetric.id, KeySpec: 'AES_256' }, ...dataKey('GenerateDataKey')],
  GenerateDataKeyPair: [{ KeyId: symmetric.id, KeyPairSpec: 'ECC_NIST_P256' }, ...keyPair('GenerateDataKeyPair')],
  GenerateDataKeyPairWithoutPlaintext: [
    { KeyId: symmetric.id, KeyPairSpec: 'ECC_NIST_P256' },
    ...keyPair('GenerateDataKeyPairWithoutPlaintext'),
  ],
  GenerateDataKeyWithoutPlaintext: [
    { KeyId: symmetric.id, KeySpec: 'AES_128' },
    ...dataKey('GenerateDataKeyWithoutPlaintext'),
  ],
  GenerateMac: [toMac, ...message('GenerateMac'), dryRun],
  GetKeyLastUsage: [{ KeyId: waiting.id }, notThere(), notOurs('GetKeyLastUsage')],
  GetKeyPolicy: [
    { KeyId: waiting.id },
    broken({ PolicyName: '-' }, 'policyName', '-', 'satisfy regular expression pattern: [\\w]+'),
    notThere(),
    notOurs('GetKeyPolicy'),
    ['a policy of another name', { PolicyName: 'x' }, 'NotFoundException', 'No such policy exists'],
  ],
  GetKeyRotationStatus: [{ KeyId: signing.disabled.id }, notThere(), notOurs('GetKeyRotationStatus')],
  GetParametersForImport: [
    { KeyId: empty.id, WrappingAlgorithm: 'RSAES_OAEP_SHA_256', WrappingKeySpec: 'RSA_2048' },
    broken(
      { WrappingKeySpec: 'RSA_1024' },
      'wrappingKeySpec',
      'RSA_1024',
      'satisfy enum value set: [RSA_2048, RSA_3072, RSA_4096, SM2]',
    ),
    notThere(),
    notOurs('GetParametersForImport'),
    wrongOrigin(waiting, 'AWS_KMS'),
    pending(emptyAndWaiting),
    unsupported('an algorithm of China', { WrappingAlgorithm: 'SM2PKE' }),
  ],
  GetPublicKey: [
    { KeyId: signing.id },
    notThere(),
    notOurs('GetPublicKey'),
    token,
    disabled(symmetric.disabled),
    unsupported('a symmetric key', { KeyId: symmetric.id }),
  ],
  ImportKeyMaterial: [
    { ...toImport, ImportToken: base64(ImportToken), EncryptedKeyMaterial: base64(EncryptedKeyMaterial) },
    broken({ KeyMaterialId: 'a' }, 'keyMaterialId', 'a', 'have length greater than or equal to 64'),
    notThere(),
    notOurs('ImportKeyMaterial'),
    wrongOrigin(waiting, 'AWS_KMS'),
    pending(emptyAndWaiting),
    invalid(
      'no expiry',
      { ExpirationModel: 'KEY_MATERIAL_EXPIRES' },
      'A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES',
    ),
    invalid(
      'new material of a known name',
      {
        ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE',
        KeyMaterialId: '0'.repeat(64),
        ImportType: 'NEW_KEY_MATERIAL',
      },
      'KeyMaterialId cannot be set if the ImportType is NEW_KEY_MATERIAL',
    ),
    ['a token that is none', { KeyMaterialId: undefined, ImportToken: bytes(1) }, 'InvalidImportTokenException'],
    invalid('a blob of another size', { EncryptedKeyMaterial: bytes(255) }, 'Invalid encrypted key size.'),
    ['a blob that does not open', { EncryptedKeyMaterial: bytes(256) }, 'InvalidCiphertextException'],
  ],
  ListAliases: [
    { KeyId: waiting.id },
    broken({ Limit: 0 }, 'limit', '0', 'have value greater than or equal to 1'),
    notThere(),
    notOurs('ListAliases'),
    ['a marker that is none', { Marker: 'x' }, 'InvalidMarkerException'],
  ],
  ListGrants: [
    { KeyId: waiting.id },
    broken({ GranteePrincipal: '*' }, 'granteePrincipal', '*', 'satisfy regular expression pattern: ^[\\w+=,.@:/-]+$'),
    notThere(),
    notOurs('ListGrants'),
    invalid(
      'two grantees',
      { GranteePrincipal: 'nobody', GranteeServicePrincipal: 'a.b.c' },
      'You can specify either GranteePrincipal or GranteeServicePrincipal, but not both.',
    ),
    [
      'a principal that is none',
      { GranteePrincipal: 'nobody', GranteeServicePrincipal: undefined },
      'InvalidArnException',
      'ARN does not refer to a valid principal: nobody',
    ],
    [
      'a marker that is none',
      { GranteePrincipal: undefined, GranteeServicePrincipal: undefined, Marker: 'x' },
      'InvalidMarkerException',
    ],
    ['a grant that is not there', { GrantId: 'x', Marker: undefined }, 'InvalidGrantIdException'],
  ],
  ListKeyPolicies: [
    { KeyId: waiting.id },
    notThere(),
    notOurs('ListKeyPolicies'),
    ['a marker that is none', { Marker: 'x' }, 'InvalidMarkerException'],
  ],
  ListKeyRotations: [
    { KeyId: waiting.id },
    notThere(),
    notOurs('ListKeyRotations'),
    unsupported('a key that signs', { KeyId: signing.disabled.id }),
    ['a marker that is none', { KeyId: waiting.id, Marker: 'x' }, 'InvalidMarkerException'],
  ],
  ListResourceTags: [
    { KeyId: waiting.id },
    notThere(),
    notOurs('ListResourceTags'),
    ['a marker that is none', { Marker: 'x' }, 'InvalidMarkerException'],
  ],
  PutKeyPolicy: [
    { KeyId: waiting.id, Policy: policyOf(`${iam}:root`) },
    broken({ PolicyName: '-' }, 'policyName', '-', 'satisfy regular expression pattern: [\\w]+'),
    notThere(),
    notOurs('PutKeyPolicy'),
    unsupported('another name', { PolicyName: 'x' }, 'The only policy that a key can have is named default.'),
    ...badPolicies,
  ],
  ReEncrypt: [
    { CiphertextBlob: ciphertext, DestinationKeyId: other.id },
    broken({ CiphertextBlob: '' }, 'ciphertextBlob', undefined, tooShort),
    notThere('SourceKeyId'),
    // Before the destination, which must not tell whether there is such a source.
    notOurs('ReEncryptFrom', 'SourceKeyId'),
    notThere('DestinationKeyId'),
    notOurs('ReEncryptTo', 'DestinationKeyId'),
    token,
    [
      'a source that is disabled and another',
      { SourceKeyId: signing.disabled.id },
      'IncorrectKeyException',
      incorrectKey,
    ],
    [
      'a ciphertext of a disabled key',
      { SourceKeyId: undefined, CiphertextBlob: ofDisabled },
      'DisabledException',
      `${symmetric.disabled.arn} is disabled.`,
    ],
    [
      'a disabled destination of another usage',
      { DestinationKeyId: signing.disabled.id },
      'InvalidKeyUsageException',
      `${signing.disabled.arn} key usage is SIGN_VERIFY which is not valid for ReEncrypt.`,
    ],
    disabled(symmetric.disabled, 'DestinationKeyId'),
    misfit('DestinationEncryptionAlgorithm', 'RSAES_OAEP_SHA_1', 'SYMMETRIC_DEFAULT'),
    [
      'another context',
      { DestinationEncryptionAlgorithm: undefined, SourceEncryptionContext: { a: 'b' } },
      'InvalidCiphertextException',
    ],
    dryRun,
  ],
  ReplicateKey: [
    { KeyId: family.id, ReplicaRegion: 'eu-west-1' },
    broken(
      { ReplicaRegion: 'moon' },
      'replicaRegion',
      'moon',
      'satisfy regular expression pattern: ^([a-z]+-){2,3}\\d+$',
    ),
    notThere(),
    notOurs('ReplicateKey'),
    notPrimary,
    disabled(family.disabled),
    unsupported(
      'its own Region',
      { ReplicaRegion: 'us-east-1' },
      `${family.arn} cannot be replicated into its own Region.`,
    ),
    unsupported('a Region of nobody', { ReplicaRegion: 'us-moon-1' }, 'us-moon-1 is not a Region of this service.'),
    ...badTags,
    ...badPolicies,
  ],
  RetireGrant: [
    { KeyId: symmetric.id, GrantId: await grantOn(symmetric) },
    broken({ GrantToken: 'x'.repeat(8193) }, 'grantToken', undefined, 'have length less than or equal to 8192'),
    invalid(
      'a token and a name',
      { GrantToken: 'x' },
      'You must specify either GrantToken, or both KeyId and GrantId.',
    ),
    ['what no grant can be called', { GrantId: 'x' }, 'InvalidGrantIdException'],
    notThere(),
    notOurs('RetireGrant'),
    [
      'a grant that is not there',
      { GrantId: '0'.repeat(64) },
      'NotFoundException',
      `Grant ID ${'0'.repeat(64)} not found`,
    ],
    dryRun,
  ],
  RevokeGrant: [
    { KeyId: symmetric.id, GrantId: await grantOn(symmetric) },
    broken({ GrantId: '' }, 'grantId', '', tooShort),
    notThere(),
    notOurs('RevokeGrant'),
    ['what no grant can be called', { GrantId: 'x' }, 'InvalidGrantIdException'],
    [
      'a grant that is not there',
      { GrantId: '0'.repeat(64) },
      'NotFoundException',
      `Grant ID ${'0'.repeat(64)} not found`,
    ],
    dryRun,
  ],
  RotateKeyOnDemand: [
    { KeyId: symmetric.id },
    notThere(),
    notOurs('RotateKeyOnDemand'),
    pending(waiting),
    pending(emptyRsa, 'KeyId', 'import'),
    disabled(signing.disabled),
    unsupported('a key that signs', { KeyId: signing.id }),
  ],
  ScheduleKeyDeletion: [
    { KeyId: (await key({})).id },
    broken({ PendingWindowInDays: 366 }, 'pendingWindowInDays', '366', 'have value less than or equal to 365'),
    notThere(),
    notOurs('ScheduleKeyDeletion'),
    invalid('31 days', { PendingWindowInDays: 31 }, 'PendingWindowInDays must be between 7 and 30'),
    pending(waiting),
  ],
  Sign: [toSign, ...digest('Sign'), dryRun],
  TagResource: [
    { KeyId: other.id, Tags: [] },
    broken({ Tags: [{ TagKey: '', TagValue: '' }] }, 'tags.1.member.tagKey', '', tooShort),
    notThere(),
    notOurs('TagResource'),
    pending(waiting),
    ...badTags,
  ],
  UntagResource: [
    { KeyId: other.id, TagKeys: [] },
    broken({ TagKeys: undefined }, 'tagKeys', null, 'not be null'),
    notThere(),
    notOurs('UntagResource'),
    pending(waiting),
  ],
  UpdateAlias: [
    { AliasName: 'alias/taken', TargetKeyId: other.id },
    ...aliasName,
    ...target,
    [
      'an alias that is not there',
      { AliasName: 'alias/none' },
      'NotFoundException',
      `Alias ${home}:alias/none is not found.`,
    ],
    notThere('TargetKeyId'),
    notOurs('UpdateAlias', 'TargetKeyId'),
    pending(waiting, 'TargetKeyId'),
    invalid(
      'a target of another type',
      { TargetKeyId: signing.id },
      'Alias alias/taken cannot be changed from a CMK with key type symmetric to a CMK with key type asymmetric. ' +
        'The key type of the current CMK and the new CMK must be the same.',
    ),
  ],
  UpdateKeyDescription: [
    { KeyId: other.id, Description: '' },
    broken({ Description: undefined }, 'description', null, 'not be null'),
    notThere(),
    notOurs('UpdateKeyDescription'),
    pending(waiting),
  ],
  UpdatePrimaryRegion: [
    { KeyId: related.id, PrimaryRegion: 'us-west-2' },
    broken(
      { PrimaryRegion: 'moon' },
      'primaryRegion',
      'moon',
      'satisfy regular expression pattern: ^([a-z]+-){2,3}\\d+$',
    ),
    notThere(),
    notOurs('UpdatePrimaryRegion'),
    notPrimary,
    disabled(family.disabled),
    [
      'a Region without replica',
      { PrimaryRegion: 'us-west-1' },
      'NotFoundException',
      `Key '${related.arn.replace('us-east-1', 'us-west-1')}' does not exist`,
    ],
  ],
  Verify: [
    { ...toSign, Signature: base64(Signature) },
    ...digest('Verify'),
    ['a wrong signature', { Signature: bytes(64) }, 'KMSInvalidSignatureException'],
    dryRun,
  ],
  VerifyMac: [
    { ...toMac, Mac: base64(Mac) },
    ...message('VerifyMac'),
    ['a wrong MAC', { Mac: bytes(32) }, 'KMSInvalidMacException'],
    dryRun,
  ],
}

const withoutKeys = [
  'ConnectCustomKeyStore',
  'CreateCustomKeyStore',
  'DeleteCustomKeyStore',
  'DescribeCustomKeyStores',
  'DisconnectCustomKeyStore',
  'GenerateRandom',
  'ListKeys',
  'ListRetirableGrants',
  'UpdateCustomKeyStore',
]

test('every operation that works on keys is here', () => {
  const ofKms = operations.filter(({ service }) => service === 'kms').map(({ name }) => name)
  const names = ofKms.filter(name => !withoutKeys.includes(name))
  assert.deepEqual(Object.keys(ladders), names.sort())
})

for (const [operation, [usual, ...rungs]] of Object.entries(ladders)) {
  test(`${operation} tells one thing of all that is wrong`, async () => {
    for (const [index, [wrong, , code, text]] of rungs.entries()) {
      const inputs = rungs.slice(index).map(([, input]) => input)
      const { status, body } = await post(server, { operation, body: Object.assign({}, usual, ...inputs.reverse()) })
      const { __type, message, Message = message } = JSON.parse(body) as Record<string, string>
      assert.deepEqual({ status, code: __type, text: Message }, { status: 400, code, text }, wrong)
    }
    const { status, body } = await post(server, { operation, body: usual })
    assert.equal(status, 200, body)
  })
}
