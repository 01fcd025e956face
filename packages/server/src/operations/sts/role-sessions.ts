import { sessionArn, type Role } from '../../auth/identities.ts'
import { serviceManagedPolicies } from '../../auth/managed-policies.ts'
import { parsePolicy } from '../../auth/policy.ts'
import { packedSize, type Session } from '../../auth/session.ts'
import { identityByArn } from '../../by-name.ts'
import type { Resource } from '../../authority.ts'
import type { Context, Decision } from '../../operation.ts'
import { trustPolicyOf } from '../../policies.ts'
import { isAccount, splitArn } from '../../protocol/arn.ts'
import { kmsError, type KmsError } from '../../protocol/errors.ts'
import { integer, list, optional, string, structure, type InferMembers } from '../../protocol/shape.ts'
import type { View } from '../../store/documents.ts'
import { credentials, denied, giveOut } from './credentials.ts'

/** What AssumeRole and AssumeRoleWithWebIdentity share, with the constraints of the model (version 2011-06-15). */

const name = string(2, 64, { text: '[\\w+=,.@-]*', test: value => /^[\w+=,.@-]*$/.test(value) })
export const arn = string(20, 2048, {
  text: '[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u0085\\u00A0-\\uD7FF\\uE000-\\uFFFD\\u10000-\\u10FFFF]+',
  test: value =>
    // The model admits these three control characters.
    // oxlint-disable-next-line no-control-regex
    /^[\u0009\u000a\u000d\u0020-\u007e\u0085\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]+$/u.test(value),
})
/** A session policy. How long it may be is for `requireRoom`. */
export const sessionPolicy = (most?: number) =>
  string(1, most, {
    text: '[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+',
    // The model admits these three control characters.
    // oxlint-disable-next-line no-control-regex
    test: value => /^[\u0009\u000a\u000d\u0020-\u00ff]+$/.test(value),
  })

export const roleMembers = {
  RoleArn: arn,
  RoleSessionName: name,
  PolicyArns: optional(list(structure({ arn: optional(arn) }))),
  Policy: optional(sessionPolicy()),
  DurationSeconds: optional(integer(900, 43_200)),
}
type RoleInput = InferMembers<typeof roleMembers>

export const answerMembers = {
  Credentials: credentials,
  AssumedRoleUser: structure({ AssumedRoleId: string(), Arn: string() }),
  PackedPolicySize: optional(integer()),
  SourceIdentity: optional(string()),
}

const invalid = (message: string): KmsError => kmsError('ValidationException', message)

/** @throws ValidationException for what is no ARN of anything that IAM could have */
export function requireIamArn(text: string): void {
  const parts = splitArn(text)
  if (!parts) throw invalid(`${text} is invalid`)
  const { partition, service, region, account } = parts
  if (partition !== 'aws' || service !== 'iam' || region !== '' || !isAccount(account))
    throw invalid('Request ARN is invalid')
}

/** What it is authorised on. A role that is not there trusts nobody, so that it is refused like one that is. */
export async function roleResource(view: View, text: string): Promise<Resource> {
  const role = await identityByArn(view, 'role', text)
  return {
    arn: text,
    account: splitArn(text)?.account ?? '',
    tags: role?.tags.map(({ key, value }) => [key, value] as const) ?? [],
    policy: role ? trustPolicyOf(role) : { name: 'no trust policy', statements: [] },
  }
}

/** The role that has been authorised: so it is there. */
async function authorizedRole(view: View, text: string): Promise<Readonly<Role>> {
  const role = await identityByArn(view, 'role', text)
  if (!role) throw new Error('a role that is not there was authorised')
  return role
}

/** What the caller does not say: what the session has from the one before it, or from a token. */
export interface Given extends Pick<Session, 'tags' | 'transitiveTags' | 'sourceIdentity' | 'provider'> {
  /** At most so long, in seconds. */
  mostDuration?: number
}

/** The longest policies that may be passed, in characters, all together. */
const mostPlaintext = 2048
const mostPolicies = 10

/**
 * A session of a role that its caller may assume: the answer without what one operation adds, and what is recorded of it.
 *
 * @throws ValidationException, MalformedPolicyDocumentException, PackedPolicyTooLargeException
 */
export async function assume(
  { view, seal, now }: Pick<Context, 'view' | 'seal' | 'now'>,
  { RoleArn, RoleSessionName, Policy, PolicyArns = [], DurationSeconds = 3600 }: RoleInput,
  { mostDuration = Number.POSITIVE_INFINITY, tags, transitiveTags, sourceIdentity, provider }: Given,
) {
  const role = await authorizedRole(view, RoleArn)
  if (DurationSeconds > role.maxSession) {
    throw invalid('The requested DurationSeconds exceeds the MaxSessionDuration set for this role.')
  }
  if (DurationSeconds > mostDuration) {
    throw invalid('The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.')
  }
  const policyArns = PolicyArns.flatMap(item => item.arn ?? [])
  if (policyArns.length > mostPolicies) throw invalid(`No more than ${mostPolicies} managed policies can be passed.`)
  for (const policy of policyArns) await requirePolicy(view, policy, role.account)
  if (Policy !== undefined) parsePolicy('identity', Policy)
  const limits = { ...(Policy !== undefined && { policy: Policy }), policyArns, tags }
  const size = requireRoom(limits)
  const of = { kind: 'role', name: role.name, id: role.id, sessionName: RoleSessionName } as const
  const { answered, recorded } = giveOut({ seal, now }, DurationSeconds, {
    account: role.account,
    of,
    ...limits,
    transitiveTags,
    ...(sourceIdentity !== undefined && { sourceIdentity }),
    ...(provider !== undefined && { provider }),
  })
  const user = { AssumedRoleId: `${role.id}:${RoleSessionName}`, Arn: sessionArn(role, RoleSessionName) }
  return {
    output: {
      Credentials: answered,
      AssumedRoleUser: user,
      ...(size !== undefined && { PackedPolicySize: size }),
      ...(sourceIdentity !== undefined && { SourceIdentity: sourceIdentity }),
    },
    recorded: {
      credentials: recorded,
      assumedRoleUser: { assumedRoleId: user.AssumedRoleId, arn: user.Arn },
      packedPolicySize: size,
      sourceIdentity,
    },
    resources: [RoleArn],
  } satisfies Decision<unknown>
}

/** @throws ValidationException unless there is such a policy, of the service or of the role's account */
async function requirePolicy(view: View, text: string, account: string): Promise<void> {
  if (serviceManagedPolicies.has(text)) return
  const policy = splitArn(text)?.account === account ? await identityByArn(view, 'managed-policy', text) : undefined
  if (!policy) throw invalid(`Session policy ${text} does not exist.`)
}

/**
 * How much of the room in a token the policies and tags take, in percent; undefined if there are none.
 *
 * @throws PackedPolicyTooLargeException
 */
function requireRoom(limits: Pick<Session, 'policy' | 'policyArns' | 'tags'>): number | undefined {
  const { policy, policyArns, tags } = limits
  if (policy === undefined && policyArns.length === 0 && tags.length === 0) return undefined
  const plain = [policy ?? '', ...policyArns].reduce((total, text) => total + text.length, 0)
  const packed = packedSize(limits)
  const size = plain > mostPlaintext ? Math.max(packed, Math.ceil((plain * 100) / mostPlaintext)) : packed
  if (size <= 100) return size
  throw kmsError(
    'PackedPolicyTooLargeException',
    policy === undefined && policyArns.length === 0
      ? `Packed size of session tags consumes ${size}% of allotted space.`
      : `Packed policy consumes ${size}% of allotted space, please use smaller policy.`,
  )
}

/** @throws AccessDeniedException */
export function refuseRoot({ caller }: Pick<Context, 'caller'>): void {
  if (caller.type === 'Root') throw denied('Roles may not be assumed by root accounts.')
}
