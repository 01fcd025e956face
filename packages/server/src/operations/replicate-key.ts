import { defaultKeyPolicy } from '../auth/policy.ts'
import type { Key, Material } from '../keys/key.ts'
import { resealMaterial } from '../keys/material.ts'
import { isPermanent, usable } from '../keys/states.ts'
import { operation, type Context } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { kmsError } from '../protocol/errors.ts'
import { boolean, list, optional, string, structure } from '../protocol/shape.ts'
import { keyRow, materialRow, TamperedRow, type Change } from '../store/documents.ts'
import { createKey, creationOf } from './create-key.ts'
import { putKey, relativesOf, requirePrimary, requireServed } from './family.ts'
import { waitingMaterial } from './imported-material.ts'
import { describeKey, keyMetadata } from './key-metadata.ts'
import { description, keyId, policy, region, tags } from './members.ts'
import { withPolicy } from './policy-rules.ts'
import { auditable, shown } from './shown.ts'
import { mergeTags, pairsOf } from './tag-rules.ts'

/**
 * Makes a related key in another Region, with a policy, a description and tags of its own. What is imported is not
 * copied: the replica knows of the material, and waits for it.
 *
 * The answer says Creating, as the service's does (recorded); the key can be used when it arrives.
 */
export const replicateKey = operation({
  name: 'ReplicateKey',
  input: structure({
    KeyId: keyId,
    ReplicaRegion: region,
    Policy: optional(policy),
    BypassPolicyLockoutSafetyCheck: optional(boolean()),
    Description: optional(description),
    Tags: optional(tags),
  }),
  output: structure({
    ReplicaKeyMetadata: keyMetadata,
    ReplicaPolicy: string(),
    ReplicaTags: list(structure({ TagKey: string(), TagValue: string() })),
  }),
  needs: {
    action: 'kms:ReplicateKey',
    keys: { key: { identifier: input => input.KeyId, aliases: false, states: usable } },
    conditions: input => ({ 'kms:ReplicaRegion': input.ReplicaRegion }),
    requestTags: ({ Tags }) => Tags && pairsOf(Tags),
    // The key that is made has no policy yet that could allow it.
    also: ({ keys: { key }, caller }, { ReplicaRegion, Tags, BypassPolicyLockoutSafetyCheck }) =>
      creationOf(
        { caller },
        {
          Tags,
          BypassPolicyLockoutSafetyCheck,
          KeySpec: key.spec,
          KeyUsage: key.usage,
          Origin: key.origin,
          MultiRegion: true,
        },
        ReplicaRegion,
      ),
    check: ({ keys: { key } }) => void requirePrimary(key),
  },
  audit: {
    readOnly: false,
    parameters: input => ({
      ...shown(input, 'KeyId', 'ReplicaRegion', 'Policy'),
      bypassPolicyLockoutSafetyCheck: input.BypassPolicyLockoutSafetyCheck ?? false,
      description: input.Description ?? '',
      ...shown(input, 'Tags'),
    }),
  },
  async handle(context, input) {
    const { keys, now, view, settings } = context
    const { ReplicaRegion: target, Policy, BypassPolicyLockoutSafetyCheck: bypass, Description = '', Tags = [] } = input
    const { key } = keys
    const { primary, replicas } = requirePrimary(key)
    if (target === primary) {
      throw kmsError('UnsupportedOperationException', `${keyArn(key)} cannot be replicated into its own Region.`)
    }
    requireServed(target, settings)
    if (await view.get('key', keyRow(key.account, target, key.id))) {
      throw kmsError('AlreadyExistsException', `${keyArn({ ...key, region: target })} already exists.`)
    }
    const family = { primary, replicas: [...replicas, target] }
    const relatives = await relativesOf(view, key)
    const waiting = waitingMaterial(key, relatives, now)?.material
    const { principals: _, ...shared } = key
    const plain: Key = {
      ...shared,
      region: target,
      createdAt: now,
      description: Description,
      enabled: true,
      policy: defaultKeyPolicy(key.account),
      tags: mergeTags([], Tags),
      aliases: [],
      grants: 0,
      family,
      ...(key.origin === 'EXTERNAL' && {
        materials: key.materials.filter(other => isPermanent(other) || other === waiting).map(notYetImported),
      }),
    }
    const replica = Policy === undefined ? plain : await withPolicy(plain, Policy, context, bypass)
    const metadata = { ...describeKey(replica, now), Enabled: false, KeyState: 'Creating' as const }
    const answer = { ReplicaKeyMetadata: metadata, ReplicaPolicy: replica.policy }
    return {
      output: { ...answer, ReplicaTags: replica.tags.map(([TagKey, TagValue]) => ({ TagKey, TagValue })) },
      changes: [
        ...[key, ...relatives].map(member => putKey({ ...member, family })),
        putKey(replica),
        ...(await materialsFor(context, key, replica)),
      ],
      recorded: { replicaKeyMetadata: auditable(metadata), replicaPolicy: replica.policy },
      elsewhere: [
        {
          region: target,
          operation: createKey.name,
          requestParameters: createKey.audit.parameters({
            Policy,
            Description,
            Tags: input.Tags,
            BypassPolicyLockoutSafetyCheck: bypass,
            KeySpec: key.spec,
            KeyUsage: key.usage,
            Origin: key.origin,
            MultiRegion: true,
          }),
          responseElements: { keyMetadata: auditable(metadata) },
          resources: [{ account: replica.account, arn: keyArn(replica) }],
        },
      ],
    }
  },
})

/** What is known of material in a Region that it was not imported into. */
function notYetImported(material: Material): Material {
  const { expirationModel: _, validTo: __, description: ___, ...shared } = material
  return { ...shared, present: false }
}

/** A row for each material: sealed anew, or empty where the owner has to import it. */
async function materialsFor({ view, seal }: Context, key: Key, replica: Key): Promise<Change[]> {
  const { account, region, id: keyId } = replica
  const changes: Change[] = []
  for (const { id } of replica.materials) {
    const row = materialRow(region, id)
    await view.get('material', row)
    if (key.origin === 'EXTERNAL') {
      const document = { account, region, keyId, materialId: id, sealed: null, validTo: null }
      changes.push({ put: 'material', id: row, document })
    } else {
      const source = materialRow(key.region, id)
      const original = await view.get('material', source)
      if (!original?.sealed) throw new TamperedRow('material', source)
      changes.push({ put: 'material', id: row, document: resealMaterial(seal, key, original, replica) })
    }
  }
  return changes
}
