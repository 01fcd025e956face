import { operations } from '../../src/operations/index.ts'

/**
 * The condition keys that policies can go by, by operation, beside those of every request
 * (https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html). A name in angle brackets stands
 * for any.
 */

/** Of every operation on a key. Some keys of them are absent where the KMS key has no such property. */
export const ofKeys = [
  'kms:CallerAccount',
  'kms:KeySpec',
  'kms:KeyUsage',
  'kms:KeyOrigin',
  'kms:CustomerMasterKeySpec',
  'kms:CustomerMasterKeyUsage',
  'kms:MultiRegion',
  'kms:MultiRegionKeyType',
  'kms:ResourceAliases',
  'aws:ResourceTag/<key>',
]

const alias = ['kms:RequestAlias']
const context = ['kms:EncryptionContext:<name>', 'kms:EncryptionContextKeys']
const encryption = ['kms:EncryptionAlgorithm', ...context, ...alias]
const attestation = ['kms:RecipientAttestation:ImageSha384', 'kms:RecipientAttestation:PCR<number>']
const pair = ['kms:DataKeyPairSpec', ...encryption]
const signature = ['kms:MessageType', 'kms:SigningAlgorithm', ...alias]
const requestTags = ['aws:RequestTag/<key>', 'aws:TagKeys']
const store = ['kms:CallerAccount']
const awsResource = ['kms:GrantIsForAWSResource']
const usage = ['kms:TrailingDaysWithoutKeyUsage']

const own: Readonly<Record<string, readonly string[]>> = {
  ConnectCustomKeyStore: store,
  CreateCustomKeyStore: store,
  CreateGrant: [
    'kms:GrantConstraintSourceArn',
    'kms:GrantConstraintType',
    'kms:GrantOperations',
    'kms:GranteePrincipal',
    'kms:GranteeServicePrincipal',
    'kms:RetiringPrincipal',
    'kms:RetiringServicePrincipal',
    ...awsResource,
    ...context,
  ],
  CreateKey: [
    'kms:BypassPolicyLockoutSafetyCheck',
    ...ofKeys.filter(name => !['kms:ResourceAliases', 'aws:ResourceTag/<key>'].includes(name)),
    ...requestTags,
  ],
  Decapsulate: alias,
  Decrypt: [...encryption, ...attestation],
  DeleteCustomKeyStore: store,
  DeriveSharedSecret: ['kms:KeyAgreementAlgorithm', ...attestation, ...alias],
  DescribeCustomKeyStores: store,
  DescribeKey: alias,
  DisableKey: usage,
  DisconnectCustomKeyStore: store,
  EnableKeyRotation: ['kms:RotationPeriodInDays'],
  Encapsulate: alias,
  Encrypt: encryption,
  GenerateDataKey: [...encryption, ...attestation],
  GenerateDataKeyPair: [...pair, ...attestation],
  GenerateDataKeyPairWithoutPlaintext: pair,
  GenerateDataKeyWithoutPlaintext: encryption,
  GenerateMac: ['kms:MacAlgorithm', ...alias],
  GenerateRandom: attestation,
  GetParametersForImport: ['kms:WrappingAlgorithm', 'kms:WrappingKeySpec'],
  GetPublicKey: alias,
  ImportKeyMaterial: ['kms:ExpirationModel', 'kms:ValidTo'],
  ListGrants: awsResource,
  PutKeyPolicy: ['kms:BypassPolicyLockoutSafetyCheck'],
  ReEncrypt: ['kms:ReEncryptOnSameKey', ...encryption],
  ReplicateKey: ['kms:ReplicaRegion', ...requestTags],
  RetireGrant: ['kms:GrantConstraintType', ...context],
  RevokeGrant: awsResource,
  ScheduleKeyDeletion: ['kms:ScheduleKeyDeletionPendingWindowInDays', ...usage],
  Sign: signature,
  TagResource: requestTags,
  UntagResource: ['aws:TagKeys'],
  UpdateCustomKeyStore: store,
  UpdatePrimaryRegion: ['kms:PrimaryRegion'],
  Verify: signature,
  VerifyMac: ['kms:MacAlgorithm', ...alias],
}

/** Those of this operation alone, and whether it has those of keys too. */
export function conditionKeysOf(operation: string): { own: readonly string[]; ofKeys: boolean } {
  const { needs } = operations.find(({ service, name }) => service === 'kms' && name === operation) ?? {}
  const isOnKey = Object.values(needs?.keys ?? {}).some(({ action }) => action !== null)
  return { own: own[operation] ?? [], ofKeys: isOnKey }
}
