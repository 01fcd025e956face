import { compilePolicy, type CompiledPolicy } from './auth/compile.ts'
import type { Policies } from './auth/access.ts'
import type { BoundPrincipal, Group, ManagedPolicy, Permissions, Role, User } from './auth/identities.ts'
import { serviceManagedPolicies, type ServiceManagedPolicy } from './auth/managed-policies.ts'
import type { PolicyKind } from './auth/dialects.ts'
import type { Session } from './auth/session.ts'
import { identityByArn } from './by-name.ts'
import type { Key } from './keys/key.ts'
import { identityRow, type View } from './store/documents.ts'

/** Policies as they are evaluated, compiled once for each version of the document that they are in. */

/** Whose rights a caller has: a user's or a role's, and those of a session only as far as its policies go. */
export interface Identity {
  entity: Readonly<User> | Readonly<Role>
  session?: Readonly<Session>
}

/** Characters of all policies of a kind that are kept compiled, which takes some 60 bytes for each. */
const mostKept = 2 * 1024 * 1024

/** What is kept beside documents, as long as they are, until it is too much. */
class Kept<Made> {
  #beside = new WeakMap<object, Made>()
  #size = 0

  /** @param size in characters */
  of(document: object, size: number, make: () => Made): Made {
    const known = this.#beside.get(document)
    if (known) return known
    const made = make()
    this.#size += size
    if (this.#size > mostKept) {
      this.#beside = new WeakMap()
      this.#size = size
    }
    this.#beside.set(document, made)
    return made
  }
}

const keyPolicies = new Kept<CompiledPolicy>()

/** The policy of a key, as it is evaluated. */
export function keyPolicyOf(key: Readonly<Key>): CompiledPolicy {
  const { policy, principals } = key
  const size = isShared(policy, principals) ? 0 : policy.length
  return keyPolicies.of(key, size, () => compileText('key', policy, 'the key policy', principals))
}

/** The trust policy of a role. */
export const trustPolicyOf = (role: Readonly<Role>): CompiledPolicy =>
  compileText('trust', role.trust, `the trust policy of ${role.name}`, role.trusted)

/** Many keys have the same policy, but for their account. */
const byText = new Map<string, CompiledPolicy>()
const mostTexts = 1000
const longestText = 4096
const isShared = (text: string, bound: readonly BoundPrincipal[] = []): boolean =>
  bound.length === 0 && text.length <= longestText

function compileText(
  kind: PolicyKind,
  text: string,
  name: string,
  bound: readonly BoundPrincipal[] = [],
): CompiledPolicy {
  if (!isShared(text, bound)) return compilePolicy(kind, text, name, bound)
  const index = `${kind} ${name} ${text}`
  const known = byText.get(index)
  if (known) return known
  const compiled = compilePolicy(kind, text, name, bound)
  if (byText.size >= mostTexts) byText.clear()
  byText.set(index, compiled)
  return compiled
}

/** All that limit or allow what a caller does, but for that of the resource. */
export async function ownPolicies(view: View, { entity, session }: Identity): Promise<Omit<Policies, 'resource'>> {
  const identity = [...inlinePolicies(entity), ...(await attachedPolicies(view, entity))]
  if ('groups' in entity) {
    for (const name of entity.groups) {
      const group = await view.get('group', identityRow(entity.account, name))
      if (group) identity.push(...inlinePolicies(group), ...(await attachedPolicies(view, group)))
    }
  }
  return {
    identity,
    ...(entity.boundary !== undefined && { boundary: await managedPolicy(view, entity.boundary) }),
    ...(session && (session.policy !== undefined || session.policyArns.length > 0)
      ? { session: await sessionPolicies(view, session) }
      : {}),
  }
}

const inline = new Kept<readonly CompiledPolicy[]>()

function inlinePolicies(holder: Readonly<User | Role | Group>): readonly CompiledPolicy[] {
  const size = holder.inline.reduce((sum, [, text]) => sum + text.length, 0)
  return inline.of(holder, size, () =>
    holder.inline.map(([name, text]) => compilePolicy('identity', text, `inline policy ${name} of ${holder.name}`)),
  )
}

async function attachedPolicies(view: View, { attached }: Readonly<Permissions>): Promise<CompiledPolicy[]> {
  const found: CompiledPolicy[] = []
  for (const arn of attached) found.push(await managedPolicy(view, arn))
  return found
}

async function sessionPolicies(view: View, { policy, policyArns }: Readonly<Session>): Promise<CompiledPolicy[]> {
  const found = policy === undefined ? [] : [compileText('identity', policy, 'the session policy')]
  for (const arn of policyArns) found.push(await managedPolicy(view, arn))
  return found
}

const managed = new Kept<CompiledPolicy>()

/** A policy that is gone allows nothing, and limits to nothing. */
async function managedPolicy(view: View, arn: string): Promise<CompiledPolicy> {
  const ofService = serviceManagedPolicies.get(arn)
  if (ofService) return compileManaged(ofService, ofService.document, arn)
  const policy = await identityByArn(view, 'managed-policy', arn)
  const version = policy?.versions.find(({ id }) => id === policy.defaultVersion)
  return policy && version ? compileManaged(policy, version.document, arn) : { name: arn, statements: [] }
}

const compileManaged = (
  holder: Readonly<ManagedPolicy> | ServiceManagedPolicy,
  text: string,
  arn: string,
): CompiledPolicy => managed.of(holder, text.length, () => compilePolicy('identity', text, arn))
