import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { Agent } from 'node:https'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { KMS } from '@aws-sdk/client-kms'
import { outcomeOf } from '../support/answers.ts'
import { formOf, makeChain, makeDocument, p384, pem, registers } from '../support/attestation.ts'
import { makeCertificate } from '../support/certificate.ts'
import {
  allow,
  deny,
  document,
  ownAccount,
  roleWith,
  sessionOf,
  sessionOfUser,
  setPolicies,
  textOf,
  userWith,
  type Identity,
} from '../support/identities.ts'
import { conditionKeysOf, ofKeys } from '../support/modelled-conditions.ts'
import { ask, base64, makeThings } from '../support/requests.ts'
import { days, start } from '../support/server.ts'

/**
 * What policies are told of requests: each condition key has its value for the operations that it is documented for, and is
 * absent elsewhere (https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html and
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html).
 */

const folder = mkdtempSync(join(tmpdir(), 'keyreeve-roots-'))
const chain = makeChain(Date.now())
const rootsFile = join(folder, 'roots.pem')
writeFileSync(rootsFile, pem(chain.authorities[0] ?? assert.fail()))
const server = await start(['--attestation-roots', rootsFile])
after(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})
server.clock.hold()
const now = server.clock.now()
const kms = server.client()
const { examples, symmetric, other, family, rsa } = await makeThings(server)

// Who asks

const user = await userWith(server, { name: 'Alice', path: '/staff/', tags: { Team: 'Blue', team2: 'x' } })
const role = await roleWith(server, { name: 'Reader', path: '/staff/', tags: { Team: 'Red', Floor: '2' } })
const provider = `arn:aws:iam::${ownAccount}:oidc-provider/issuer.example`
const callers = {
  user,
  'user session': sessionOfUser(server, user),
  'role session': sessionOf(server, role, 'work', { tags: [['team', 'Green']], sourceIdentity: 'Bob' }),
  'web session': sessionOf(server, role, 'web', { provider }),
} satisfies Record<string, Identity>

// What is asked

const grantee = `arn:aws:iam::${ownAccount}:role/reader`
const enclave = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey
const recipientUnder = (authorities: typeof chain) => ({
  KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_256',
  AttestationDocument: base64(makeDocument(formOf(authorities, enclave, now))),
})
const Recipient = recipientUnder(chain)
const untrusted = recipientUnder(makeChain(now, { root: { key: p384() } }))
const EncryptionContext = { Purpose: 'Test', Tier: '1' }
const context = { EncryptionContext }
const rsaWish = { KeyId: rsa, EncryptionAlgorithm: 'RSAES_OAEP_SHA_256' }
const Constraints = { EncryptionContextEquals: { Purpose: 'Test' } }
const SourceArn = `arn:aws:sns:us-east-1:${ownAccount}:topic`
const service = 'sns.us-east-1.amazonaws.com'
const forService = {
  GranteePrincipal: undefined,
  GranteeServicePrincipal: service,
  RetiringServicePrincipal: service,
  Constraints: { SourceArn },
}
const Tags = [
  { TagKey: 'Stage', TagValue: 'Test' },
  { TagKey: 'Owner', TagValue: 'Me' },
]
const replica = family.replace('us-east-1', 'eu-west-1')

interface Row {
  key: string
  operation: string
  /** Members beside those of the example, or in place of them. */
  more?: object
  /** Undefined: the request has no such key. A list: a key with several values. */
  value?: string | readonly string[]
  /** A value that it has not. */
  wrong?: string
  /** If the operation has several, or its action another name. */
  action?: string
  as?: keyof typeof callers
  region?: string
  headers?: Record<string, string>
}

const wordsOf = (text: string): string[] => text.trim().split(/\s+/)

const rows: Row[] = []
const is = (
  key: string,
  value: string | readonly string[],
  wrong: string,
  operation: string,
  more: object = {},
  how: Partial<Row> = {},
): void => void rows.push({ key, value, wrong, operation, more, ...how })
const absent = (key: string, operation: string, more: object = {}, how: Partial<Row> = {}): void =>
  void rows.push({ key, operation, more, ...how })
const from = { action: 'kms:ReEncryptFrom' }
const to = { action: 'kms:ReEncryptTo' }
const creating = { action: 'kms:CreateKey' }

is('kms:BypassPolicyLockoutSafetyCheck', 'true', 'false', 'CreateKey', { BypassPolicyLockoutSafetyCheck: true })
is('kms:BypassPolicyLockoutSafetyCheck', 'false', 'true', 'CreateKey', { BypassPolicyLockoutSafetyCheck: false })
is('kms:BypassPolicyLockoutSafetyCheck', 'true', 'false', 'PutKeyPolicy', { BypassPolicyLockoutSafetyCheck: true })
const bypass = { ReplicaRegion: 'eu-west-3', BypassPolicyLockoutSafetyCheck: true }
is('kms:BypassPolicyLockoutSafetyCheck', 'true', 'false', 'ReplicateKey', bypass, creating)
absent('kms:BypassPolicyLockoutSafetyCheck', 'ReplicateKey', bypass)
absent('kms:BypassPolicyLockoutSafetyCheck', 'CreateKey')
absent('kms:BypassPolicyLockoutSafetyCheck', 'PutKeyPolicy')
const tagging = { action: 'kms:TagResource' }
absent('kms:BypassPolicyLockoutSafetyCheck', 'CreateKey', { Tags, BypassPolicyLockoutSafetyCheck: true }, tagging)

const onKeyStores = wordsOf(`
  ConnectCustomKeyStore CreateCustomKeyStore DeleteCustomKeyStore DescribeCustomKeyStores DisconnectCustomKeyStore
  UpdateCustomKeyStore
`)
for (const operation of ['Encrypt', 'DescribeKey', 'GetKeyPolicy', 'CreateKey', ...onKeyStores]) {
  is('kms:CallerAccount', ownAccount, '111122223333', operation)
}
for (const operation of ['GenerateRandom', 'ListAliases', 'ListKeys', 'ListRetirableGrants']) {
  absent('kms:CallerAccount', operation)
}

for (const [key, value, wrong] of [
  ['kms:KeySpec', 'SYMMETRIC_DEFAULT', 'RSA_2048'],
  ['kms:KeyUsage', 'ENCRYPT_DECRYPT', 'SIGN_VERIFY'],
  ['kms:KeyOrigin', 'AWS_KMS', 'EXTERNAL'],
  ['kms:MultiRegion', 'false', 'true'],
  ['kms:CustomerMasterKeySpec', 'SYMMETRIC_DEFAULT', 'RSA_2048'],
  ['kms:CustomerMasterKeyUsage', 'ENCRYPT_DECRYPT', 'SIGN_VERIFY'],
] as const) {
  is(key, value, wrong, 'DescribeKey')
  is(key, value, wrong, 'CreateKey')
  is(key, value, wrong, 'CreateKey', { Tags }, tagging)
  for (const operation of ['ListKeys', 'ListAliases', 'GenerateRandom', 'DescribeCustomKeyStores'])
    absent(key, operation)
}
for (const KeySpec of ['KeySpec', 'CustomerMasterKeySpec']) {
  const wish = { [KeySpec]: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' }
  is('kms:KeySpec', 'ECC_NIST_P256', 'SYMMETRIC_DEFAULT', 'CreateKey', wish)
  is('kms:CustomerMasterKeySpec', 'ECC_NIST_P256', 'SYMMETRIC_DEFAULT', 'CreateKey', wish)
  is('kms:KeyUsage', 'SIGN_VERIFY', 'ENCRYPT_DECRYPT', 'CreateKey', wish)
  is('kms:CustomerMasterKeyUsage', 'SIGN_VERIFY', 'ENCRYPT_DECRYPT', 'CreateKey', wish)
}
is('kms:KeySpec', 'ECC_NIST_P256', 'SYMMETRIC_DEFAULT', 'Sign')
is('kms:KeyUsage', 'SIGN_VERIFY', 'ENCRYPT_DECRYPT', 'Sign')
is('kms:KeyOrigin', 'EXTERNAL', 'AWS_KMS', 'GetParametersForImport')
is('kms:KeyOrigin', 'EXTERNAL', 'AWS_KMS', 'CreateKey', { Origin: 'EXTERNAL' })

is('kms:MultiRegion', 'true', 'false', 'ReplicateKey', { ReplicaRegion: 'eu-west-3' })
is('kms:MultiRegion', 'true', 'false', 'CreateKey', { MultiRegion: true })
is('kms:MultiRegionKeyType', 'PRIMARY', 'REPLICA', 'DescribeKey', { KeyId: family })
is('kms:MultiRegionKeyType', 'REPLICA', 'PRIMARY', 'DescribeKey', { KeyId: replica }, { region: 'eu-west-1' })
is('kms:MultiRegionKeyType', 'PRIMARY', 'REPLICA', 'CreateKey', { MultiRegion: true })
is('kms:MultiRegionKeyType', 'REPLICA', 'PRIMARY', 'ReplicateKey', { ReplicaRegion: 'eu-west-3' }, creating)
absent('kms:MultiRegionKeyType', 'DescribeKey')
absent('kms:MultiRegionKeyType', 'CreateKey')
absent('kms:MultiRegionKeyType', 'ListKeys')

is('kms:DataKeyPairSpec', 'ECC_NIST_P256', 'RSA_2048', 'GenerateDataKeyPair')
is('kms:DataKeyPairSpec', 'ECC_NIST_P256', 'RSA_2048', 'GenerateDataKeyPairWithoutPlaintext')
absent('kms:DataKeyPairSpec', 'GenerateDataKey')

const dataKeys = [
  'GenerateDataKey',
  'GenerateDataKeyWithoutPlaintext',
  'GenerateDataKeyPair',
  'GenerateDataKeyPairWithoutPlaintext',
]
const oaep = 'RSAES_OAEP_SHA_256'
for (const operation of ['Encrypt', 'Decrypt', ...dataKeys]) {
  is('kms:EncryptionAlgorithm', 'SYMMETRIC_DEFAULT', oaep, operation)
  is('kms:EncryptionContext:Purpose', 'Test', 'test', operation, context)
  is('kms:EncryptionContext:purpose', 'Test', 'Best', operation, context)
  absent('kms:EncryptionContext:Purpose', operation)
  absent('kms:EncryptionContext:Tie', operation, context)
  is('kms:EncryptionContextKeys', ['Purpose', 'Tier'], 'purpose', operation, context)
  absent('kms:EncryptionContextKeys', operation)
  absent('kms:EncryptionContextKeys', operation, { EncryptionContext: {} })
}
is('kms:EncryptionAlgorithm', oaep, 'SYMMETRIC_DEFAULT', 'Encrypt', rsaWish)
is('kms:EncryptionAlgorithm', oaep, 'SYMMETRIC_DEFAULT', 'Decrypt', rsaWish)
const contexts = {
  SourceEncryptionContext: { Purpose: 'Test', Old: '1' },
  DestinationEncryptionContext: { Purpose: 'Best' },
}
is('kms:EncryptionAlgorithm', 'SYMMETRIC_DEFAULT', oaep, 'ReEncrypt', { DestinationEncryptionAlgorithm: oaep }, from)
is('kms:EncryptionAlgorithm', oaep, 'SYMMETRIC_DEFAULT', 'ReEncrypt', { DestinationEncryptionAlgorithm: oaep }, to)
is('kms:EncryptionAlgorithm', oaep, 'SYMMETRIC_DEFAULT', 'ReEncrypt', { SourceEncryptionAlgorithm: oaep }, from)
is('kms:EncryptionAlgorithm', 'SYMMETRIC_DEFAULT', oaep, 'ReEncrypt', { SourceEncryptionAlgorithm: oaep }, to)
is('kms:EncryptionContext:Purpose', 'Test', 'Best', 'ReEncrypt', contexts, from)
is('kms:EncryptionContext:Purpose', 'Best', 'Test', 'ReEncrypt', contexts, to)
is('kms:EncryptionContextKeys', ['Old', 'Purpose'], 'New', 'ReEncrypt', contexts, from)
is('kms:EncryptionContextKeys', ['Purpose'], 'Old', 'ReEncrypt', contexts, to)
absent('kms:EncryptionContext:Old', 'ReEncrypt', contexts, to)
absent('kms:EncryptionContextKeys', 'ReEncrypt', {}, to)
is('kms:EncryptionContext:Purpose', 'Test', 'Best', 'CreateGrant', { Constraints })
is('kms:EncryptionContextKeys', ['Purpose'], 'Tier', 'CreateGrant', { Constraints })
const subset = { Constraints: { EncryptionContextSubset: { Tier: '1' } } }
is('kms:EncryptionContext:Tier', '1', '2', 'CreateGrant', subset)
absent('kms:EncryptionContext:Purpose', 'CreateGrant', subset)
for (const operation of ['Sign', 'Verify', 'GenerateMac', 'DescribeKey', 'GenerateRandom', 'DeriveSharedSecret']) {
  absent('kms:EncryptionAlgorithm', operation)
}
absent('kms:EncryptionContext:Purpose', 'DescribeKey')
absent('kms:EncryptionContextKeys', 'DescribeKey')

is('kms:ReEncryptOnSameKey', 'false', 'true', 'ReEncrypt', {}, from)
is('kms:ReEncryptOnSameKey', 'false', 'true', 'ReEncrypt', {}, to)
is('kms:ReEncryptOnSameKey', 'true', 'false', 'ReEncrypt', { DestinationKeyId: 'alias/first' }, from)
is('kms:ReEncryptOnSameKey', 'true', 'false', 'ReEncrypt', { DestinationKeyId: 'alias/first' }, to)
absent('kms:ReEncryptOnSameKey', 'Encrypt')

const soon = Math.floor(now / 1000) + 3600
is('kms:ExpirationModel', 'KEY_MATERIAL_DOES_NOT_EXPIRE', 'KEY_MATERIAL_EXPIRES', 'ImportKeyMaterial')
absent('kms:ExpirationModel', 'ImportKeyMaterial', { ExpirationModel: undefined, ValidTo: soon })
absent('kms:ExpirationModel', 'GetParametersForImport')
is('kms:ValidTo', String(soon), String(soon + 1), 'ImportKeyMaterial', { ExpirationModel: undefined, ValidTo: soon })
absent('kms:ValidTo', 'ImportKeyMaterial')
absent('kms:ValidTo', 'GetParametersForImport')
is('kms:WrappingAlgorithm', oaep, 'RSAES_PKCS1_V1_5', 'GetParametersForImport')
is('kms:WrappingKeySpec', 'RSA_2048', 'RSA_4096', 'GetParametersForImport')
absent('kms:WrappingAlgorithm', 'ImportKeyMaterial')
absent('kms:WrappingKeySpec', 'ImportKeyMaterial')

const [equals, atLeast] = ['EncryptionContextEquals', 'EncryptionContextSubset']
is('kms:GrantConstraintType', equals, atLeast, 'CreateGrant', { Constraints })
is('kms:GrantConstraintType', atLeast, equals, 'CreateGrant', subset)
const bothTypes = { Constraints: { ...Constraints, ...subset.Constraints } }
is('kms:GrantConstraintType', [equals, atLeast], 'SourceArn', 'CreateGrant', bothTypes)
absent('kms:GrantConstraintType', 'CreateGrant')
absent('kms:GrantConstraintType', 'CreateGrant', forService)
absent('kms:GrantConstraintType', 'ListGrants')
is('kms:GrantConstraintSourceArn', SourceArn, SourceArn.replace('sns', 'sqs'), 'CreateGrant', forService)
absent('kms:GrantConstraintSourceArn', 'CreateGrant', { Constraints })
absent('kms:GrantConstraintSourceArn', 'ListGrants')
for (const operation of ['CreateGrant', 'ListGrants', 'RevokeGrant']) {
  is('kms:GrantIsForAWSResource', 'false', 'true', operation)
}
absent('kms:GrantIsForAWSResource', 'DescribeKey')
is('kms:GrantOperations', ['Decrypt'], 'Encrypt', 'CreateGrant')
is('kms:GrantOperations', ['Decrypt', 'DescribeKey'], 'Encrypt', 'CreateGrant', {
  Operations: ['Decrypt', 'DescribeKey'],
})
absent('kms:GrantOperations', 'ListGrants')
is('kms:GranteePrincipal', grantee, `${grantee}s`, 'CreateGrant')
absent('kms:GranteePrincipal', 'CreateGrant', forService)
absent('kms:GranteePrincipal', 'ListGrants', { GranteePrincipal: grantee })
is('kms:RetiringPrincipal', grantee, `${grantee}s`, 'CreateGrant', { RetiringPrincipal: grantee })
absent('kms:RetiringPrincipal', 'CreateGrant')
absent('kms:RetiringPrincipal', 'ListRetirableGrants', { RetiringPrincipal: grantee })
is('kms:GranteeServicePrincipal', service, `x.${service}`, 'CreateGrant', forService)
absent('kms:GranteeServicePrincipal', 'CreateGrant')
absent('kms:GranteeServicePrincipal', 'ListGrants', { GranteeServicePrincipal: service })
is('kms:RetiringServicePrincipal', service, `x.${service}`, 'CreateGrant', forService)
absent('kms:RetiringServicePrincipal', 'CreateGrant')

is('kms:KeyAgreementAlgorithm', 'ECDH', 'ecdh', 'DeriveSharedSecret')
absent('kms:KeyAgreementAlgorithm', 'Encapsulate')
for (const operation of ['GenerateMac', 'VerifyMac']) {
  is('kms:MacAlgorithm', 'HMAC_SHA_256', 'HMAC_SHA_512', operation)
  absent('kms:SigningAlgorithm', operation)
  absent('kms:MessageType', operation)
}
for (const operation of ['Sign', 'Verify']) {
  is('kms:SigningAlgorithm', 'ECDSA_SHA_256', 'ECDSA_SHA_384', operation)
  is('kms:MessageType', 'RAW', 'DIGEST', operation)
  is('kms:MessageType', 'DIGEST', 'RAW', operation, { MessageType: 'DIGEST' })
  absent('kms:MacAlgorithm', operation)
}

is('kms:PrimaryRegion', 'eu-west-1', 'us-east-1', 'UpdatePrimaryRegion', { PrimaryRegion: 'eu-west-1', KeyId: family })
absent('kms:PrimaryRegion', 'ReplicateKey', { ReplicaRegion: 'eu-west-3' })
is('kms:ReplicaRegion', 'eu-west-3', 'us-east-1', 'ReplicateKey', { ReplicaRegion: 'eu-west-3' })
absent('kms:ReplicaRegion', 'ReplicateKey', { ReplicaRegion: 'eu-west-3' }, creating)
absent('kms:ReplicaRegion', 'UpdatePrimaryRegion', { PrimaryRegion: 'eu-west-1' })

const register = (index: number): string => registers[index]?.toString('hex') ?? assert.fail()
for (const operation of ['Decrypt', 'DeriveSharedSecret', 'GenerateDataKey', 'GenerateDataKeyPair', 'GenerateRandom']) {
  is('kms:RecipientAttestation:ImageSha384', register(0), register(1), operation, { Recipient })
  for (const index of [0, 1, 2, 15]) {
    const key = `kms:RecipientAttestation:PCR${index}`
    is(key, register(index), register(index === 0 ? 1 : 0), operation, { Recipient })
    absent(key, operation)
    absent(key, operation, { Recipient: untrusted })
  }
  absent('kms:RecipientAttestation:ImageSha384', operation)
  absent('kms:RecipientAttestation:ImageSha384', operation, { Recipient: untrusted })
  absent('kms:RecipientAttestation:ImageSha384', operation, {
    Recipient: { KeyEncryptionAlgorithm: oaep },
  })
  absent('kms:RecipientAttestation:PCR16', operation, { Recipient })
  // Documents of NitroTPM are not taken.
  absent('kms:RecipientAttestation:NitroTPMPCR4', operation, { Recipient })
}
absent('kms:RecipientAttestation:ImageSha384', 'Encrypt')
absent('kms:RecipientAttestation:PCR0', 'Encrypt')

/** Each key gets one, so that every operation can name its key so. */
const aliases = new Map<string, string>()
const onKeysByAlias = wordsOf(`
  Encrypt Decrypt GenerateDataKey GenerateDataKeyWithoutPlaintext GenerateDataKeyPair GenerateDataKeyPairWithoutPlaintext
  GenerateMac VerifyMac Sign Verify DeriveSharedSecret Encapsulate Decapsulate DescribeKey GetPublicKey
`)
for (const operation of onKeysByAlias) {
  const arn = examples[operation]?.on ?? assert.fail()
  const alias = aliases.get(arn) ?? `alias/key-${aliases.size}`
  if (!aliases.has(arn)) await kms.createAlias({ AliasName: alias, TargetKeyId: arn })
  aliases.set(arn, alias)
  const wrong = 'alias/second'
  is('kms:RequestAlias', alias, wrong, operation, { KeyId: alias })
  is('kms:RequestAlias', alias, wrong, operation, { KeyId: `arn:aws:kms:us-east-1:${ownAccount}:${alias}` })
  absent('kms:RequestAlias', operation)
  absent('kms:RequestAlias', operation, { KeyId: arn.slice(-36) })
}
const byAlias = { SourceKeyId: 'alias/first', DestinationKeyId: 'alias/second' }
is('kms:RequestAlias', 'alias/first', 'alias/second', 'ReEncrypt', byAlias, from)
is('kms:RequestAlias', 'alias/second', 'alias/first', 'ReEncrypt', byAlias, to)
absent('kms:RequestAlias', 'ReEncrypt', {}, from)
absent('kms:RequestAlias', 'ReEncrypt', {}, to)
absent('kms:RequestAlias', 'Decrypt', { KeyId: undefined })
absent('kms:RequestAlias', 'GetKeyPolicy')
const names = ['alias/first', 'alias/second', aliases.get(symmetric) ?? assert.fail()]
is('kms:ResourceAliases', names, 'alias/third', 'DescribeKey')
is('kms:ResourceAliases', names, 'alias/third', 'GetKeyPolicy')
absent('kms:ResourceAliases', 'DescribeKey', { KeyId: other })
absent('kms:ResourceAliases', 'ListAliases')

is('kms:RotationPeriodInDays', '100', '101', 'EnableKeyRotation', { RotationPeriodInDays: 100 })
is('kms:RotationPeriodInDays', '365', '100', 'EnableKeyRotation')
absent('kms:RotationPeriodInDays', 'DisableKeyRotation')
const pending = 'kms:ScheduleKeyDeletionPendingWindowInDays'
is(pending, '10', '30', 'ScheduleKeyDeletion', { PendingWindowInDays: 10 })
is(pending, '30', '10', 'ScheduleKeyDeletion')
absent(pending, 'CancelKeyDeletion')
is('kms:TrailingDaysWithoutKeyUsage', '0', '1', 'ScheduleKeyDeletion')
is('kms:TrailingDaysWithoutKeyUsage', '0', '1', 'DisableKey')
absent('kms:TrailingDaysWithoutKeyUsage', 'EnableKey')
// No service calls on behalf of anybody.
absent('kms:ViaService', 'Encrypt')

// Keys of every service

const session = { as: 'role session' } as const
const web = { as: 'web session' } as const
const ofUser = { as: 'user session' } as const
is('aws:CurrentTime', new Date(now).toISOString(), '2020-01-01T00:00:00Z', 'ListKeys')
is('aws:EpochTime', String(Math.floor(now / 1000)), '0', 'ListKeys')
is('aws:RequestedRegion', 'us-east-1', 'eu-west-1', 'ListKeys')
is('aws:RequestedRegion', 'eu-west-1', 'us-east-1', 'ListKeys', {}, { region: 'eu-west-1' })
is('aws:RequestedRegion', 'eu-west-3', 'us-east-1', 'ReplicateKey', { ReplicaRegion: 'eu-west-3' }, creating)
is('aws:SecureTransport', 'false', 'true', 'ListKeys')
is('aws:SourceIp', '127.0.0.0/8', '10.0.0.0/8', 'ListKeys')
is('aws:SourceIp', '127.0.0.1', '192.0.2.1', 'ListKeys', {}, { headers: { 'x-forwarded-for': '192.0.2.1' } })
is('aws:UserAgent', 'tester/1.0', 'tester/2.0', 'ListKeys', {}, { headers: { 'user-agent': 'tester/1.0' } })
absent('aws:UserAgent', 'ListKeys')
is(
  'aws:Referer',
  'https://a.example/',
  'https://b.example/',
  'ListKeys',
  {},
  { headers: { referer: 'https://a.example/' } },
)
absent('aws:Referer', 'ListKeys')
is('aws:ViaAWSService', 'false', 'true', 'ListKeys')
is('aws:PrincipalIsAWSService', 'false', 'true', 'ListKeys')
is('aws:PrincipalArn', user.arn, callers['role session'].arn, 'ListKeys')
is('aws:PrincipalArn', user.arn, callers['role session'].arn, 'ListKeys', {}, ofUser)
const roleArn = `arn:aws:iam::${ownAccount}:role/staff/Reader`
is('aws:PrincipalArn', roleArn, callers['role session'].arn, 'ListKeys', {}, session)
is('aws:PrincipalAccount', ownAccount, '111122223333', 'ListKeys')
is('aws:PrincipalType', 'User', 'AssumedRole', 'ListKeys')
is('aws:PrincipalType', 'AssumedRole', 'User', 'ListKeys', {}, session)
is('aws:PrincipalTag/Team', 'Blue', 'Red', 'ListKeys')
is('aws:PrincipalTag/TEAM', 'Blue', 'Red', 'ListKeys')
is('aws:PrincipalTag/Team', 'Green', 'Red', 'ListKeys', {}, session)
is('aws:PrincipalTag/Floor', '2', '1', 'ListKeys', {}, session)
is('aws:PrincipalTag/Team', 'Red', 'Green', 'ListKeys', {}, web)
absent('aws:PrincipalTag/Floor', 'ListKeys')
is('aws:userid', user.id, 'Alice', 'ListKeys')
is('aws:userid', `${role.id}:work`, role.id, 'ListKeys', {}, session)
is('aws:username', 'Alice', 'alice', 'ListKeys')
is('aws:username', 'Alice', 'alice', 'ListKeys', {}, ofUser)
absent('aws:username', 'ListKeys', {}, session)
is('aws:SourceIdentity', 'Bob', 'Alice', 'ListKeys', {}, session)
absent('aws:SourceIdentity', 'ListKeys', {}, web)
absent('aws:SourceIdentity', 'ListKeys')
is('aws:FederatedProvider', provider, `${provider}s`, 'ListKeys', {}, web)
absent('aws:FederatedProvider', 'ListKeys', {}, session)
is('aws:TokenIssueTime', new Date(now).toISOString(), '2020-01-01T00:00:00Z', 'ListKeys', {}, session)
is('aws:TokenIssueTime', new Date(now).toISOString(), '2020-01-01T00:00:00Z', 'ListKeys', {}, ofUser)
absent('aws:TokenIssueTime', 'ListKeys')
is('aws:MultiFactorAuthPresent', 'false', 'true', 'ListKeys', {}, ofUser)
absent('aws:MultiFactorAuthPresent', 'ListKeys')
is('aws:ResourceAccount', ownAccount, '111122223333', 'DescribeKey')
is('aws:ResourceTag/Stage', 'Test', 'test', 'DescribeKey')
is('aws:ResourceTag/stage', 'Test', 'test', 'DescribeKey')
absent('aws:ResourceTag/Stage', 'DescribeKey', { KeyId: other })
absent('aws:ResourceTag/Stage', 'CreateKey', { Tags })
absent('aws:ResourceTag/Stage', 'ListKeys')
const replicated = { ReplicaRegion: 'eu-west-3', Tags }
for (const [operation, more, how] of [
  ['TagResource', { Tags }, {}],
  ['CreateKey', { Tags }, creating],
  ['CreateKey', { Tags }, tagging],
  ['ReplicateKey', replicated, {}],
  ['ReplicateKey', replicated, creating],
  ['ReplicateKey', replicated, tagging],
] as const) {
  is('aws:TagKeys', ['Owner', 'Stage'], 'owner', operation, more, how)
  is('aws:RequestTag/Stage', 'Test', 'test', operation, more, how)
  is('aws:RequestTag/STAGE', 'Test', 'test', operation, more, how)
  absent('aws:RequestTag/Absent', operation, more, how)
}
is('aws:TagKeys', ['Absent', 'Other'], 'absent', 'UntagResource', { TagKeys: ['Absent', 'Other'] })
absent('aws:RequestTag/Absent', 'UntagResource')
absent('aws:TagKeys', 'CreateKey')
absent('aws:TagKeys', 'CreateKey', { Tags: [] })
absent('aws:TagKeys', 'DescribeKey')
absent('aws:RequestTag/Stage', 'CreateKey')

// Of organizations, networks and services that call for somebody, which there are none of.
const never = [
  'aws:CalledVia',
  'aws:CalledViaFirst',
  'aws:CalledViaLast',
  'aws:MultiFactorAuthAge',
  'aws:PrincipalOrgID',
  'aws:PrincipalOrgPaths',
  'aws:PrincipalServiceName',
  'aws:ResourceOrgID',
  'aws:SourceAccount',
  'aws:SourceArn',
  'aws:SourceVpc',
  'aws:SourceVpce',
]
for (const key of never) {
  absent(key, 'DescribeKey')
  absent(key, 'DescribeKey', {}, session)
}

// What comes of it

const operators: Readonly<Record<string, string>> = {
  'kms:BypassPolicyLockoutSafetyCheck': 'Bool',
  'kms:GrantConstraintSourceArn': 'ArnEquals',
  'kms:GrantIsForAWSResource': 'Bool',
  'kms:MultiRegion': 'Bool',
  'kms:ReEncryptOnSameKey': 'Bool',
  'kms:RotationPeriodInDays': 'NumericEquals',
  'kms:ScheduleKeyDeletionPendingWindowInDays': 'NumericEquals',
  'kms:TrailingDaysWithoutKeyUsage': 'NumericEquals',
  'kms:ValidTo': 'DateEquals',
  'aws:CurrentTime': 'DateEquals',
  'aws:EpochTime': 'NumericEquals',
  'aws:MultiFactorAuthPresent': 'Bool',
  'aws:PrincipalArn': 'ArnEquals',
  'aws:PrincipalIsAWSService': 'Bool',
  'aws:SecureTransport': 'Bool',
  'aws:SourceIp': 'IpAddress',
  'aws:TokenIssueTime': 'DateEquals',
  'aws:ViaAWSService': 'Bool',
}

interface Demand {
  Condition: object
  /** Conditions under which it is denied all the same. */
  denied?: object[]
}

/** What lets a request with these values pass, and what does not. */
function demandsOf({ key, value, wrong }: Row): { met: Demand; unmet: Demand[] } {
  const isAbsent = { Condition: { Null: { [key]: 'true' } } }
  const isThere = { Null: { [key]: 'false' } }
  if (value === undefined) return { met: isAbsent, unmet: [{ Condition: isThere }] }
  if (typeof value === 'string') {
    const operator = operators[key] ?? 'StringEquals'
    const equal = (text: unknown): Demand => ({ Condition: { [operator]: { [key]: text } } })
    return { met: equal(value), unmet: [isAbsent, equal(wrong)] }
  }
  return {
    met: {
      Condition: { ...isThere, 'ForAllValues:StringEquals': { [key]: value } },
      denied: value.map(one => ({ 'ForAllValues:StringNotEquals': { [key]: one } })),
    },
    unmet: [isAbsent, { Condition: { 'ForAnyValue:StringEquals': { [key]: wrong } } }],
  }
}

async function codeUnder({ operation, more, action, as = 'user', ...how }: Row, demand: Demand): Promise<string> {
  const { Condition, denied = [] } = demand
  const Action = action ?? `kms:${operation}`
  const policy = document(
    { Effect: 'Allow', NotAction: Action, Resource: '*' },
    { Effect: 'Allow', Action, Resource: '*', Condition },
    ...denied.map(refused => ({ Effect: 'Deny', Action, Resource: '*', Condition: refused })),
  )
  const caller = callers[as]
  await setPolicies(server, caller, policy)
  const { body } = examples[operation] ?? assert.fail()
  const { region, headers } = how
  const options = { ...(region !== undefined && { region }), ...(headers && { headers }) }
  return (await ask(server, caller, operation, { ...body, ...more }, options)).code
}

for (const row of rows) {
  const { key, operation, value, more, action, as, region, headers } = row
  const how = [as, region, headers && Object.keys(headers).join(), action?.slice(4)].filter(Boolean).join(', ')
  const asked = `${operation}${how && ` (${how})`} ${JSON.stringify(more).slice(0, 80)}`
  test(`${key} is ${value === undefined ? 'absent' : JSON.stringify(value).slice(0, 60)} in ${asked}`, async () => {
    const { met, unmet } = demandsOf(row)
    for (const demand of unmet) assert.equal(await codeUnder(row, demand), 'AccessDeniedException')
    assert.notEqual(await codeUnder(row, met), 'AccessDeniedException')
  })
}

/** Tables of the two pages. */
const documented = wordsOf(`
  kms:BypassPolicyLockoutSafetyCheck kms:CallerAccount kms:CustomerMasterKeySpec kms:CustomerMasterKeyUsage
  kms:DataKeyPairSpec kms:EncryptionAlgorithm kms:EncryptionContext:Purpose kms:EncryptionContextKeys
  kms:ExpirationModel kms:GrantConstraintSourceArn kms:GrantConstraintType kms:GrantIsForAWSResource
  kms:GrantOperations kms:GranteePrincipal kms:GranteeServicePrincipal kms:KeyAgreementAlgorithm kms:KeyOrigin
  kms:KeySpec kms:KeyUsage kms:MacAlgorithm kms:MessageType kms:MultiRegion kms:MultiRegionKeyType kms:PrimaryRegion
  kms:ReEncryptOnSameKey kms:RecipientAttestation:ImageSha384 kms:RecipientAttestation:PCR0 kms:ReplicaRegion
  kms:RequestAlias kms:ResourceAliases kms:RetiringPrincipal kms:RetiringServicePrincipal kms:RotationPeriodInDays
  kms:ScheduleKeyDeletionPendingWindowInDays kms:SigningAlgorithm kms:TrailingDaysWithoutKeyUsage kms:ValidTo
  kms:WrappingAlgorithm kms:WrappingKeySpec aws:FederatedProvider aws:MultiFactorAuthPresent aws:PrincipalTag/Team
  aws:Referer aws:RequestTag/Stage aws:ResourceTag/Stage aws:SourceIdentity aws:TagKeys aws:TokenIssueTime
  aws:UserAgent aws:username
`)
const ofEveryRequest = wordsOf(`
  aws:CurrentTime aws:EpochTime aws:PrincipalAccount aws:PrincipalArn aws:PrincipalIsAWSService aws:PrincipalType
  aws:RequestedRegion aws:ResourceAccount aws:SecureTransport aws:SourceIp aws:ViaAWSService aws:userid
`)
const ofNoRequest = [...never, 'kms:RecipientAttestation:NitroTPMPCR4', 'kms:ViaService']

test('every documented key is tried, where it is and where it is not', () => {
  const family = (key: string): string =>
    key.replace(/(?<=PrincipalTag\/|RequestTag\/|ResourceTag\/).*/, '').toLowerCase()
  const tried = (isThere: boolean): Set<string> =>
    new Set(rows.filter(({ value }) => (value !== undefined) === isThere).map(({ key }) => family(key)))
  const missing = (wanted: readonly string[], isThere: boolean): string[] =>
    wanted.filter(key => !tried(isThere).has(family(key)))
  assert.deepEqual(missing([...documented, ...ofEveryRequest], true), [])
  assert.deepEqual(missing([...documented, ...ofNoRequest], false), [])
})

/** With a name in place of any. */
const sampleOf = (name: string): string =>
  name.replace('Tag/<key>', 'Tag/Stage').replace('<name>', 'Purpose').replace('<number>', '0')

const modelled = (operation: string): string[] => {
  const { own, ofKeys: isOnKey } = conditionKeysOf(operation)
  return [...own, ...(isOnKey ? ofKeys : [])].map(sampleOf)
}

// Grants decide about RetireGrant, which has a test of its own.
for (const operation of Object.keys(examples).filter(name => name !== 'RetireGrant')) {
  test(`policies are told all that is documented of ${operation}, and nothing else`, async () => {
    const ofOperation = rows.filter(row => row.operation === operation)
    const has = (key: string): boolean => ofOperation.some(row => row.key === key && row.value !== undefined)
    assert.deepEqual(
      conditionKeysOf(operation)
        .own.map(sampleOf)
        .filter(key => !has(key)),
      [],
    )
    const operationWide = documented.filter(key => /^kms:|RequestTag|ResourceTag|TagKeys/.test(key))
    const plain: Row = { key: '', operation }
    for (const row of [plain, ...ofOperation.filter(({ as, region }) => !as && !region)]) {
      const action = row.action?.slice('kms:'.length) ?? operation
      const asked = action.startsWith('ReEncrypt') ? 'ReEncrypt' : action
      const others = operationWide.filter(key => !modelled(asked).includes(key))
      const Condition = { Null: Object.fromEntries(others.map(key => [key, 'true'])) }
      assert.notEqual(await codeUnder(row, { Condition }), 'AccessDeniedException', JSON.stringify(row))
    }
  })
}

// Where a policy is

test('no condition of the service can be put on an alias, but one of all services can', async () => {
  const AliasName = 'alias/conditional'
  const code = async (Condition: object): Promise<string> => {
    const Resource = `arn:aws:kms:us-east-1:${ownAccount}:${AliasName}`
    const onKey = allow('kms:CreateAlias', { Resource: other })
    await setPolicies(server, user, onKey, allow('kms:CreateAlias', { Resource, Condition }))
    return (await ask(server, user, 'CreateAlias', { AliasName, TargetKeyId: other })).code
  }
  for (const key of [
    'kms:CallerAccount',
    'kms:KeySpec',
    'kms:RequestAlias',
    'kms:ResourceAliases',
    'kms:MultiRegion',
  ]) {
    assert.equal(await code({ Null: { [key]: 'false' } }), 'AccessDeniedException')
  }
  assert.equal(await code({ StringEquals: { 'aws:username': 'Bob' } }), 'AccessDeniedException')
  assert.equal(await code({ StringEquals: { 'aws:username': 'Alice' } }), 'OK')
})

test('aws:SecureTransport is true over TLS', async () => {
  const { certificate: ca, key } = makeCertificate('localhost')
  const [certificateFile, keyFile] = [join(folder, 'tls.pem'), join(folder, 'tls.key')]
  writeFileSync(certificateFile, ca)
  writeFileSync(keyFile, key)
  const secure = await start(['--tls-certificate', certificateFile, '--tls-key', keyFile])
  const httpsAgent = new Agent({ ca })
  try {
    const outcomeIf = async (value: string): Promise<string> => {
      const Condition = { Bool: { 'aws:SecureTransport': value } }
      const credentials = await userWith(secure, 'Carol', allow('kms:ListKeys', { Condition }))
      const { address: endpoint } = secure
      return await outcomeOf(
        new KMS({ region: 'us-east-1', endpoint, credentials, requestHandler: { httpsAgent } }).listKeys(),
      )
    }
    assert.equal(await outcomeIf('true'), 'OK')
    assert.equal(await outcomeIf('false'), 'AccessDeniedException')
  } finally {
    httpsAgent.destroy()
    await secure.stop()
  }
})

/** What DescribeKey answers somebody whom nothing but the policy of the key allows it. */
async function codeByKeyPolicy(caller: Identity, Condition: object): Promise<string> {
  const administer = { Effect: 'Allow', Principal: { AWS: ownAccount }, NotAction: 'kms:DescribeKey', Resource: '*' }
  const describe = { Effect: 'Allow', Principal: '*', Action: 'kms:DescribeKey', Resource: '*', Condition }
  await kms.putKeyPolicy({ KeyId: symmetric, Policy: textOf(document(administer, describe)) })
  return (await ask(server, caller, 'DescribeKey', { KeyId: symmetric })).code
}

test('aliases and tags of a key say nothing in its own policy', async () => {
  await setPolicies(server, user)
  for (const key of ['kms:ResourceAliases', 'aws:ResourceTag/Stage']) {
    assert.equal(await codeByKeyPolicy(user, { Null: { [key]: 'false' } }), 'AccessDeniedException')
    assert.equal(await codeByKeyPolicy(user, { Null: { [key]: 'true' } }), 'OK')
  }
  assert.equal(await codeByKeyPolicy(user, { StringEquals: { 'kms:KeySpec': 'SYMMETRIC_DEFAULT' } }), 'OK')
})

test('kms:CallerAccount lets callers of one account in, and aws:PrincipalArn one of them', async () => {
  const account = '111122223333'
  const stranger = await userWith(server, { name: 'stranger', account }, allow('kms:DescribeKey'))
  const wanted = { StringEquals: { 'kms:CallerAccount': account } }
  assert.equal(await codeByKeyPolicy(stranger, wanted), 'OK')
  assert.equal(await codeByKeyPolicy(user, wanted), 'AccessDeniedException')
  assert.equal(await codeByKeyPolicy(stranger, { ArnEquals: { 'aws:PrincipalArn': stranger.arn } }), 'OK')
  assert.equal(
    await codeByKeyPolicy(stranger, { ArnEquals: { 'aws:PrincipalArn': user.arn } }),
    'AccessDeniedException',
  )
  assert.equal(await codeByKeyPolicy(stranger, { StringEquals: { 'aws:ResourceAccount': ownAccount } }), 'OK')
})

test('RetireGrant is told of the grant', async () => {
  const { GrantId } = await kms.createGrant({
    KeyId: other,
    GranteePrincipal: user.arn,
    Operations: ['Encrypt', 'RetireGrant'],
    Constraints: { EncryptionContextSubset: { Purpose: 'Test' } },
  })
  const deniedIf = async (Condition: object): Promise<boolean> => {
    await setPolicies(server, user, document({ Effect: 'Deny', Action: 'kms:RetireGrant', Resource: other, Condition }))
    const { code } = await ask(server, user, 'RetireGrant', { KeyId: other, GrantId, DryRun: true })
    assert.ok(code === 'AccessDeniedException' || code === 'DryRunOperationException', code)
    return code === 'AccessDeniedException'
  }
  for (const [key, value] of [
    ['kms:EncryptionContext:Purpose', 'Test'],
    ['kms:EncryptionContextKeys', 'Purpose'],
    ['kms:GrantConstraintType', 'EncryptionContextSubset'],
    ['kms:CallerAccount', ownAccount],
  ] as const) {
    assert.equal(await deniedIf({ StringEquals: { [key]: value } }), true)
    assert.equal(await deniedIf({ StringEquals: { [key]: `${value}s` } }), false)
  }
})

test('two pairs whose names differ in case only are no value that a policy could go by', async () => {
  const body = { KeyId: other, Plaintext: 'AA==', EncryptionContext: { purpose: 'Test', Purpose: 'Other' } }
  const condition = { Condition: { StringEquals: { 'kms:EncryptionContext:Purpose': 'Test' } } }
  await setPolicies(server, user, allow('kms:Encrypt', condition))
  assert.equal((await ask(server, user, 'Encrypt', body)).code, 'AccessDeniedException')
  const unlike = { Condition: { StringEquals: { 'kms:EncryptionContext:Purpose': 'Neither' } } }
  await setPolicies(server, user, allow('kms:Encrypt'), deny('kms:Encrypt', unlike))
  assert.equal((await ask(server, user, 'Encrypt', body)).code, 'AccessDeniedException')
})

// Last, since time passes.
test('kms:TrailingDaysWithoutKeyUsage counts whole days since the last use, or since the key was made', async () => {
  const [used, unused] = await Promise.all([kms.createKey({}), kms.createKey({})])
  const keyIds = [used, unused].map(({ KeyMetadata }) => KeyMetadata?.KeyId ?? assert.fail())
  server.clock.advance(3 * days)
  await kms.encrypt({ KeyId: keyIds[0], Plaintext: Buffer.of(1) })
  server.clock.advance(2 * days - 1)
  const allowedAfter = async (least: number, operation: string): Promise<boolean[]> => {
    const Condition = { NumericGreaterThanEquals: { 'kms:TrailingDaysWithoutKeyUsage': String(least) } }
    await setPolicies(server, user, allow(`kms:${operation}`, { Condition }))
    const answers = await Promise.all(keyIds.map(KeyId => ask(server, user, operation, { KeyId })))
    return answers.map(({ code }) => code === 'OK')
  }
  assert.deepEqual(await allowedAfter(5, 'DisableKey'), [false, false])
  assert.deepEqual(await allowedAfter(2, 'DisableKey'), [false, true])
  server.clock.advance(1)
  assert.deepEqual(await allowedAfter(6, 'ScheduleKeyDeletion'), [false, false])
  assert.deepEqual(await allowedAfter(5, 'ScheduleKeyDeletion'), [false, true])
  assert.deepEqual(await allowedAfter(2, 'DisableKey'), [true, false])
  assert.deepEqual(await allowedAfter(2, 'ScheduleKeyDeletion'), [true, false])
})
