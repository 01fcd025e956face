import { random } from '../crypto/random.ts'
import { randomUUID } from 'node:crypto'
import { defaultKeyPolicy } from '../auth/policy.ts'
import type { Conditions } from '../auth/request-context.ts'
import type { Question } from '../authority.ts'
import type { Key } from '../keys/key.ts'
import { keySpecNames, keySpecs, keyUsages, pairOf, type KeySpec } from '../keys/specs.ts'
import { noKeys, operation, type Context } from '../operation.ts'
import { encodeBase64 } from '../protocol/base64.ts'
import { kmsError } from '../protocol/errors.ts'
import { boolean, oneOf, optional, string, structure } from '../protocol/shape.ts'
import { keyRow, type Change } from '../store/documents.ts'
import { describeKey, keyMetadata, origins } from './key-metadata.ts'
import { placeInStore, requireStoreArguments } from './key-stores.ts'
import { freshMaterial } from './material-changes.ts'
import { description, policy, tags } from './members.ts'
import { auditable, shown } from './shown.ts'
import { withPolicy } from './policy-rules.ts'
import { mergeTags, pairsOf } from './tag-rules.ts'

/** What the deprecated member may say: it never learned of the specs that came after it. */
const customerMasterKeySpecs = [
  'RSA_2048',
  'RSA_3072',
  'RSA_4096',
  'ECC_NIST_P256',
  'ECC_NIST_P384',
  'ECC_NIST_P521',
  'ECC_SECG_P256K1',
  'SYMMETRIC_DEFAULT',
  'HMAC_224',
  'HMAC_256',
  'HMAC_384',
  'HMAC_512',
  'SM2',
] as const

/**
 * Makes a key: with material of our own (AWS_KMS), without any, to be imported (EXTERNAL), or with half of it in an external
 * key manager (EXTERNAL_KEY_STORE).
 */
export const createKey = operation({
  name: 'CreateKey',
  input: structure({
    Policy: optional(policy),
    Description: optional(description),
    KeyUsage: optional(oneOf(keyUsages)),
    CustomerMasterKeySpec: optional(oneOf(customerMasterKeySpecs)),
    KeySpec: optional(oneOf(keySpecNames)),
    Origin: optional(oneOf(origins)),
    CustomKeyStoreId: optional(string(1, 64)),
    BypassPolicyLockoutSafetyCheck: optional(boolean()),
    Tags: optional(tags),
    MultiRegion: optional(boolean()),
    XksKeyId: optional(string(1, 128, { text: '^[a-zA-Z0-9-_.]+$', test: value => /^[a-zA-Z0-9-_.]+$/.test(value) })),
  }),
  output: structure({ KeyMetadata: keyMetadata }),
  needs: {
    action: 'kms:CreateKey',
    keys: noKeys,
    conditions: (input, context) => creationOf(context, input)[0].conditions,
    requestTags: ({ Tags }) => Tags && pairsOf(Tags),
    also: (context, input) => creationOf(context, input).slice(1),
  },
  audit: {
    readOnly: false,
    parameters: input => ({
      ...shown(input, 'Policy'),
      description: input.Description ?? '',
      keySpec: input.KeySpec ?? input.CustomerMasterKeySpec ?? 'SYMMETRIC_DEFAULT',
      keyUsage: input.KeyUsage ?? 'ENCRYPT_DECRYPT',
      origin: input.Origin ?? 'AWS_KMS',
      multiRegion: input.MultiRegion ?? false,
      bypassPolicyLockoutSafetyCheck: input.BypassPolicyLockoutSafetyCheck ?? false,
      ...shown(input, 'Tags', 'CustomKeyStoreId', 'XksKeyId'),
    }),
  },
  async handle(context, input) {
    const { region, now, view } = context
    const spec = input.KeySpec ?? input.CustomerMasterKeySpec ?? 'SYMMETRIC_DEFAULT'
    const origin = input.Origin ?? 'AWS_KMS'
    if (input.KeySpec !== undefined && input.CustomerMasterKeySpec !== undefined) {
      throw kmsError(
        'ValidationException',
        'You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated.',
      )
    }
    if (input.KeyUsage === undefined && spec !== 'SYMMETRIC_DEFAULT') {
      throw kmsError(
        'ValidationException',
        'You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.',
      )
    }
    const usage = input.KeyUsage ?? 'ENCRYPT_DECRYPT'
    if (!keySpecs[spec].usages.includes(usage)) {
      throw kmsError('ValidationException', `KeyUsage ${usage} is not compatible with KeySpec ${spec}`)
    }
    requireOffered(spec, origin, input)
    const isMultiRegion = input.MultiRegion === true
    const id = isMultiRegion ? `mrk-${randomUUID().replaceAll('-', '')}` : randomUUID()
    const plain: Key = {
      ...newKey(context, { id, spec, usage, origin }),
      description: input.Description ?? '',
      tags: mergeTags([], input.Tags ?? []),
      ...(isMultiRegion && { family: { primary: region, replicas: [] } }),
    }
    // The default policy is not checked: it delegates to the account, which can always change it.
    const { Policy, BypassPolicyLockoutSafetyCheck: bypass } = input
    const bare = Policy === undefined ? plain : await withPolicy(plain, Policy, context, bypass)
    await view.get('key', keyRow(bare.account, region, id))
    const placed = await placeInStore(context, bare, input)
    const kept = placed ? { ...bare, keyStore: placed.keyStore } : bare
    const { key, changes } = origin === 'EXTERNAL' ? { key: kept, changes: [] } : await withFreshMaterial(context, kept)
    const metadata = describeKey(key, now)
    return {
      output: { KeyMetadata: metadata },
      changes: [
        { put: 'key', id: keyRow(key.account, region, id), document: key },
        ...changes,
        ...(placed?.changes ?? []),
      ],
      recorded: { keyMetadata: auditable(metadata) },
      resources: [metadata.Arn],
    }
  },
})

/** A key of the caller's without material and anything else. */
export const newKey = (
  { caller, region, now }: Pick<Context, 'caller' | 'region' | 'now'>,
  kind: Pick<Key, 'id' | 'spec' | 'usage' | 'origin'>,
): Key => ({
  account: caller.account,
  region,
  ...kind,
  createdAt: now,
  description: '',
  enabled: true,
  policy: defaultKeyPolicy(caller.account),
  tags: [],
  aliases: [],
  materials: [],
  onDemandRotations: 0,
  grants: 0,
})

/** What policies are asked about the making of a key. */
interface Creation {
  KeySpec?: Key['spec']
  CustomerMasterKeySpec?: Key['spec']
  KeyUsage?: Key['usage']
  Origin?: Key['origin']
  MultiRegion?: boolean
  BypassPolicyLockoutSafetyCheck?: boolean | undefined
  Tags?: readonly { TagKey: string; TagValue: string }[] | undefined
}

/**
 * What must be allowed for a key to be made.
 *
 * @param replicaRegion for a replica, which is made in another Region than the one that was called
 */
export function creationOf(
  { caller }: Pick<Context, 'caller'>,
  input: Creation,
  replicaRegion?: string,
): [Question & { conditions: Conditions }, ...Question[]] {
  const isMultiRegion = input.MultiRegion === true
  const type = replicaRegion === undefined ? 'PRIMARY' : 'REPLICA'
  const conditions = {
    'kms:CallerAccount': caller.account,
    'kms:KeySpec': input.KeySpec ?? input.CustomerMasterKeySpec ?? 'SYMMETRIC_DEFAULT',
    'kms:KeyUsage': input.KeyUsage ?? 'ENCRYPT_DECRYPT',
    'kms:KeyOrigin': input.Origin ?? 'AWS_KMS',
    'kms:MultiRegion': isMultiRegion,
    'kms:MultiRegionKeyType': isMultiRegion ? type : undefined,
  }
  const bypass = { 'kms:BypassPolicyLockoutSafetyCheck': input.BypassPolicyLockoutSafetyCheck }
  const asked = {
    ...(input.Tags && { requestTags: pairsOf(input.Tags) }),
    ...(replicaRegion !== undefined && { region: replicaRegion }),
  }
  const creation = { ...asked, action: 'kms:CreateKey', conditions: { ...conditions, ...bypass } }
  return input.Tags?.length ? [creation, { ...asked, action: 'kms:TagResource', conditions }] : [creation]
}

/** The key with material of our own making, and the row that holds it. */
async function withFreshMaterial(context: Context, bare: Key): Promise<{ key: Key; changes: readonly Change[] }> {
  const spec: KeySpec = keySpecs[bare.spec]
  const pair = pairOf(bare.spec)
  const made = pair && (await context.publicKeys.generate(context.caller.account, pair))
  const { id, changes } = await freshMaterial(
    context,
    bare,
    made ? made.privateKey : random('size' in spec ? spec.size : 0),
  )
  const key: Key = {
    ...bare,
    materials: [{ id, state: 'CURRENT', present: true }],
    ...(spec.kind === 'symmetric' && { currentMaterialId: id }),
    ...(made && { publicKey: encodeBase64(made.publicKey) }),
  }
  return { key, changes }
}

/** Refuses what this release does not make, before anything is stored. */
function requireOffered(
  spec: Key['spec'],
  origin: Key['origin'],
  input: { MultiRegion?: boolean; CustomKeyStoreId?: string; XksKeyId?: string },
): void {
  requireStoreArguments(spec, origin, input)
  if (origin === 'EXTERNAL' && !keySpecs[spec].importable) {
    throw kmsError('ValidationException', `KeySpec ${spec} is not supported for Origin ${origin}`)
  }
  if (!keySpecs[spec].available) {
    throw kmsError('UnsupportedOperationException', `KeySpec ${spec} exists in China Regions only.`)
  }
}
