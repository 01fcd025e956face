import type { Family, Key } from '../keys/key.ts'
import { algorithmsOf, keySpecNames, keyUsages } from '../keys/specs.ts'
import { isPermanent, isPresent, isPrimary, stateOf } from '../keys/states.ts'
import { keyArn } from '../protocol/arn.ts'
import { boolean, integer, list, oneOf, optional, string, structure, timestamp, type Infer } from '../protocol/shape.ts'
import { expirationModel } from './members.ts'

export const keyStates = [
  'Creating',
  'Enabled',
  'Disabled',
  'PendingDeletion',
  'PendingImport',
  'PendingReplicaDeletion',
  'Unavailable',
  'Updating',
] as const
export const origins = ['AWS_KMS', 'EXTERNAL', 'AWS_CLOUDHSM', 'EXTERNAL_KEY_STORE'] as const

const multiRegionKey = structure({ Arn: string(), Region: string() })

export const keyMetadata = structure({
  AWSAccountId: string(),
  KeyId: string(),
  Arn: string(),
  CreationDate: timestamp(),
  Enabled: boolean(),
  Description: string(),
  KeyUsage: oneOf(keyUsages),
  KeyState: oneOf(keyStates),
  DeletionDate: optional(timestamp()),
  ValidTo: optional(timestamp()),
  Origin: oneOf(origins),
  CustomKeyStoreId: optional(string()),
  ExpirationModel: optional(expirationModel),
  KeyManager: oneOf(['AWS', 'CUSTOMER']),
  CustomerMasterKeySpec: oneOf(keySpecNames),
  KeySpec: oneOf(keySpecNames),
  EncryptionAlgorithms: optional(list(string())),
  SigningAlgorithms: optional(list(string())),
  KeyAgreementAlgorithms: optional(list(string())),
  EncapsulationAlgorithms: optional(list(string())),
  MacAlgorithms: optional(list(string())),
  MultiRegion: boolean(),
  MultiRegionConfiguration: optional(
    structure({
      MultiRegionKeyType: oneOf(['PRIMARY', 'REPLICA']),
      PrimaryKey: multiRegionKey,
      ReplicaKeys: list(multiRegionKey),
    }),
  ),
  PendingDeletionWindowInDays: optional(integer()),
  XksKeyConfiguration: optional(structure({ Id: string() })),
  CurrentKeyMaterialId: optional(string()),
})

/**
 * What CreateKey, DescribeKey and ReplicateKey say of a key at `now` (epoch ms).
 *
 * @param isReachable false while the key's custom key store is not connected
 */
export function describeKey(key: Key, now: number, isReachable = true): Infer<typeof keyMetadata> {
  const state = stateOf(key, now, isReachable)
  const permanent = key.materials.filter(isPermanent)
  const complete = permanent.length > 0 && permanent.every(material => isPresent(material, now))
  const expiries = permanent.flatMap(material => material.validTo ?? [])
  return {
    AWSAccountId: key.account,
    KeyId: key.id,
    Arn: keyArn(key),
    CreationDate: new Date(key.createdAt),
    Enabled: state === 'Enabled',
    Description: key.description,
    KeyUsage: key.usage,
    KeyState: state,
    ...(key.deletion?.at !== undefined && { DeletionDate: new Date(key.deletion.at) }),
    Origin: key.origin,
    ...(key.keyStore && { CustomKeyStoreId: key.keyStore.id }),
    ...(key.origin === 'EXTERNAL' &&
      complete && {
        ExpirationModel: expiries.length > 0 ? 'KEY_MATERIAL_EXPIRES' : 'KEY_MATERIAL_DOES_NOT_EXPIRE',
        // The earliest decides, since one missing material stops the whole key.
        ...(expiries.length > 0 && { ValidTo: new Date(Math.min(...expiries)) }),
      }),
    KeyManager: 'CUSTOMER',
    CustomerMasterKeySpec: key.spec,
    KeySpec: key.spec,
    ...algorithmsOf(key.spec, key.usage),
    MultiRegion: key.family !== undefined,
    ...(key.family && { MultiRegionConfiguration: describeFamily(key, key.family) }),
    ...(state === 'PendingReplicaDeletion' && { PendingDeletionWindowInDays: key.deletion?.windowInDays ?? 0 }),
    ...(key.keyStore?.xksKeyId !== undefined && { XksKeyConfiguration: { Id: key.keyStore.xksKeyId } }),
    // Ciphertexts of asymmetric keys name no material, and HMAC keys have one for ever.
    ...(key.currentMaterialId !== undefined && { CurrentKeyMaterialId: key.currentMaterialId }),
  }
}

function describeFamily(key: Key, { primary, replicas }: Family) {
  const member = (region: string) => ({ Arn: keyArn({ ...key, region }), Region: region })
  return {
    MultiRegionKeyType: isPrimary(key) ? ('PRIMARY' as const) : ('REPLICA' as const),
    PrimaryKey: member(primary),
    ReplicaKeys: replicas.map(member),
  }
}
