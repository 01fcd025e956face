import { policyArn, type ManagedPolicy } from '../../auth/identities.ts'
import { serviceManagedPolicies, type ServiceManagedPolicy } from '../../auth/managed-policies.ts'
import { parsePolicy } from '../../auth/policy.ts'
import { identityByArn } from '../../by-name.ts'
import type { Resource } from '../../authority.ts'
import type { Context } from '../../operation.ts'
import { splitArn } from '../../protocol/arn.ts'
import { kmsError, type KmsError } from '../../protocol/errors.ts'
import { boolean, integer, list, optional, string, structure, timestamp } from '../../protocol/shape.ts'
import type { Change } from '../../store/documents.ts'
import { encodeDocument, sizeOf } from './documents.ts'
import { describeTags, noSuchEntity, overQuota, put } from './entities.ts'
import { countUses, noUses, type Uses } from './policy-uses.ts'

/** Managed policies as requests name them and answers show them: those of the account, and the service's own. */

const policyPathPattern = {
  text: '((/[A-Za-z0-9\\.,\\+@=_-]+)*)/',
  test: (value: string): boolean => /^(?:\/[A-Za-z0-9.,+@=_-]+)*\/$/.test(value),
}
export const policyPath = string(1, 512, policyPathPattern)

export const versionId = string(undefined, undefined, {
  text: 'v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?',
  test: value => /^v[1-9][0-9]*(?:\.[A-Za-z0-9-]*)?$/.test(value),
})

export const policyMember = structure({
  PolicyName: string(),
  PolicyId: string(),
  Arn: string(),
  Path: string(),
  DefaultVersionId: string(),
  AttachmentCount: integer(),
  PermissionsBoundaryUsageCount: integer(),
  IsAttachable: boolean(),
  Description: optional(string()),
  CreateDate: timestamp(),
  UpdateDate: timestamp(),
  Tags: optional(list(structure({ Key: string(), Value: string() }))),
})

/** As lists show a policy: less than there is, as the service does. */
export const describeListedPolicy = (policy: Readonly<ManagedPolicy>) => ({
  PolicyName: policy.name,
  PolicyId: policy.id,
  Arn: policyArn(policy),
  Path: policy.path,
  DefaultVersionId: policy.defaultVersion,
  AttachmentCount: policy.attachments,
  PermissionsBoundaryUsageCount: policy.boundaryUses,
  IsAttachable: true,
  CreateDate: new Date(policy.createdAt),
  UpdateDate: new Date(policy.updatedAt),
})

export const describePolicy = (policy: Readonly<ManagedPolicy>) => ({
  ...describeListedPolicy(policy),
  ...(policy.description !== undefined && { Description: policy.description }),
  Tags: describeTags(policy.tags),
})

export const versionMember = structure({
  Document: optional(string()),
  VersionId: string(),
  IsDefaultVersion: boolean(),
  CreateDate: timestamp(),
})

type Version = ManagedPolicy['versions'][number]

/** As all answers but that of GetPolicyVersion show a version: without its document. */
export const describeListedVersion = (policy: Readonly<ManagedPolicy>, { id, createdAt }: Version) => ({
  VersionId: id,
  IsDefaultVersion: id === policy.defaultVersion,
  CreateDate: new Date(createdAt),
})

export const describeVersion = (policy: Readonly<ManagedPolicy>, version: Version) => ({
  Document: encodeDocument(version.document),
  ...describeListedVersion(policy, version),
})

const mostCharacters = 6144

/**
 * What a version of a managed policy may say. Older versions of the policy language are for inline policies only.
 *
 * @throws MalformedPolicyDocumentException, LimitExceededException
 */
export function requirePolicyDocument(document: string): void {
  if (parsePolicy('identity', document).version !== '2012-10-17') {
    throw kmsError('MalformedPolicyDocumentException', 'Policy document must be version 2012-10-17 or greater.')
  }
  if (sizeOf(document) > mostCharacters) throw overQuota('PolicySize', mostCharacters)
}

type Scope = Pick<Context, 'view' | 'caller'>

/** For `needs.precheck`. @throws InvalidInputException for what is no ARN of a managed policy */
export function requirePolicyArn({ PolicyArn }: { PolicyArn: string }): void {
  if (/^arn:aws:iam::(?:aws|\d{12}):policy(?:\/[A-Za-z0-9.,+@=_-]+)+$/.test(PolicyArn)) return
  throw kmsError('InvalidInputException', `ARN ${PolicyArn} is not valid.`)
}

/** A policy of the caller's account. */
async function findOwnPolicy({ view, caller }: Scope, arn: string): Promise<Readonly<ManagedPolicy> | undefined> {
  return splitArn(arn)?.account === caller.account ? await identityByArn(view, 'managed-policy', arn) : undefined
}

/**
 * What an operation on a policy is authorised on. The service's own policies are in everybody's account for whoever reads
 * them, and in nobody's for whoever would change them.
 */
const onPolicy =
  (reads: boolean) =>
  async ({ PolicyArn }: { PolicyArn: string }, context: Scope): Promise<Resource> => {
    const { account = '' } = splitArn(PolicyArn) ?? {}
    const isOurs = account === context.caller.account || (reads && account === 'aws')
    const policy = await findOwnPolicy(context, PolicyArn)
    return {
      arn: PolicyArn,
      ...(!isOurs && { account }),
      ...(policy && { tags: policy.tags.map(({ key, value }) => [key, value] as const) }),
    }
  }
export const readsPolicy = onPolicy(true)
export const changesPolicy = onPolicy(false)

/** @throws NoSuchEntityException */
export async function requireOwnPolicy(context: Scope, arn: string): Promise<Readonly<ManagedPolicy>> {
  const policy = await findOwnPolicy(context, arn)
  if (!policy) throw noSuchEntity(`Policy ${arn} was not found.`)
  return policy
}

/** Of the account, or of the service; whose uses are not counted where that is not asked for. @throws NoSuchEntityException */
export async function requirePolicy(context: Scope, arn: string, counted = false): Promise<Readonly<ManagedPolicy>> {
  const ofService = serviceManagedPolicies.get(arn)
  if (!ofService) return await requireOwnPolicy(context, arn)
  return asManaged(ofService, counted ? (await countUses(context)).get(arn) : undefined)
}

/** All of the service's own. */
export async function servicePolicies(context: Scope): Promise<Readonly<ManagedPolicy>[]> {
  const counts = await countUses(context)
  return Array.from(serviceManagedPolicies, ([arn, policy]) => asManaged(policy, counts.get(arn)))
}

/** Only the version that counts is known of it. */
const asManaged = (
  { version, document, ...policy }: ServiceManagedPolicy,
  uses: Uses = noUses,
): Readonly<ManagedPolicy> => ({
  ...policy,
  ...uses,
  account: 'aws',
  versions: [{ id: version, document, createdAt: policy.updatedAt }],
  defaultVersion: version,
  nextVersion: 0,
  tags: [],
})

/** @throws NoSuchEntityException */
export function requireVersion(policy: Readonly<ManagedPolicy>, id: string): Version {
  const version = policy.versions.find(other => other.id === id)
  if (!version) throw noSuchEntity(`Policy ${policyArn(policy)} version ${id} does not exist or is not attachable.`)
  return version
}

/**
 * What changes when one entity more, or less, has a policy. Those of the service need not be counted, since nobody can delete
 * them.
 *
 * @throws NoSuchEntityException if there is no such policy to be had
 */
export async function countUse(context: Scope, arn: string, use: keyof Uses, difference: 1 | -1): Promise<Change[]> {
  if (serviceManagedPolicies.has(arn)) return []
  const policy = await findOwnPolicy(context, arn)
  if (policy) return [put('managed-policy', { ...policy, [use]: policy[use] + difference })]
  if (difference > 0) throw notAttachable(arn, use)
  return []
}

const notAttachable = (arn: string, use: keyof Uses): KmsError =>
  noSuchEntity(`${use === 'attachments' ? 'Policy' : 'Scope ARN:'} ${arn} does not exist or is not attachable.`)
