import type { AccessRequest, Decision, Grantable, GrantFault, Layer, Policies, StatementName } from './access.ts'
import type { CompiledPolicy, CompiledStatement, Finding, Match } from './compile.ts'
import { accountPrincipal, isStill, withoutContext, type Grant, type GrantConstraints } from './grants.ts'

/**
 * Decides whether a request is allowed, as the service does: a statement that denies beats all else; the policy of the
 * resource allows by itself whom it names, and leaves whom it means as an account to that account's own policies; a grant
 * allows what no policy does. Across accounts both sides must allow.
 *
 * Two readings of what AWS does not say: session policies limit grants, permissions boundaries do not.
 *
 * @param grants those on the resource that might allow it; others do no harm
 * @throws TooMuchEffort
 */
export function evaluate(request: AccessRequest, policies: Policies, grants: readonly Readonly<Grant>[]): Decision {
  const denial = findDenial(request, policies)
  if (denial) return { allowed: false, explicit: true, layer: denial.layer, statements: [denial] }
  const side = ownSide(request, policies)
  const byPolicy = decideByPolicies(request, policies, side)
  if (byPolicy.allowed) return byPolicy
  return decideByGrants(request, grants, side) ?? byPolicy
}

/** What nothing denies, some grants may allow. */
export function decideByGrants(
  request: AccessRequest,
  grants: readonly Readonly<Grant>[],
  side: OwnSide,
): Decision | undefined {
  const grant = grants.find(candidate => grantFault(request, candidate, side) === undefined)
  return grant && { allowed: true, statements: [], grant }
}

/** Most specific first. */
export const layers: readonly Layer[] = ['session', 'boundary', 'identity', 'resource']

export function policiesOf(layer: Layer, { caller }: AccessRequest, policies: Policies): readonly CompiledPolicy[] {
  switch (layer) {
    case 'session':
      return policies.session ?? []
    case 'boundary':
      return policies.boundary ? [policies.boundary] : []
    case 'identity':
      // Nothing limits a root user but what limits its session.
      return caller.type === 'Root' ? [] : policies.identity
    case 'resource':
      return policies.resource ? [policies.resource] : []
  }
}

function findDenial(request: AccessRequest, policies: Policies): StatementName | undefined {
  for (const layer of layers) {
    for (const policy of policiesOf(layer, request, policies)) {
      for (const statement of policy.statements) {
        if (statement.effect === 'Deny' && isMatch(statement.judge(request))) return nameOf(layer, policy, statement)
      }
    }
  }
  return undefined
}

export const isMatch = (finding: Finding): finding is Match =>
  finding === 'direct' || finding === 'role' || finding === 'account'

const nameOf = (layer: Layer, policy: CompiledPolicy, statement: CompiledStatement): StatementName => ({
  layer,
  policy: policy.name,
  statement: statement.name,
})

/** What allows on the caller's side, and where nothing does. */
export interface OwnSide {
  identity: readonly StatementName[] | undefined
  boundary: readonly StatementName[] | undefined
  session: readonly StatementName[] | undefined
}

export function ownSide(request: AccessRequest, policies: Policies): OwnSide {
  const allowing = (layer: Layer): readonly StatementName[] | undefined => {
    const found = findAllow(layer, request, policiesOf(layer, request, policies))
    return found && [found.name]
  }
  return {
    identity: request.caller.type === 'Root' ? [] : allowing('identity'),
    boundary: policies.boundary ? allowing('boundary') : [],
    session: policies.session ? allowing('session') : [],
  }
}

const strength: readonly Match[] = ['account', 'role', 'direct']

/** The statement that allows by the strongest match, the first of them. */
function findAllow(
  layer: Layer,
  request: AccessRequest,
  policies: readonly CompiledPolicy[],
): { match: Match; name: StatementName } | undefined {
  let best: { match: Match; name: StatementName } | undefined
  for (const policy of policies) {
    for (const statement of policy.statements) {
      if (statement.effect !== 'Allow') continue
      const match = statement.judge(request)
      if (!isMatch(match) || (best && strength.indexOf(match) <= strength.indexOf(best.match))) continue
      best = { match, name: nameOf(layer, policy, statement) }
      if (match === 'direct') return best
    }
  }
  return best
}

function decideByPolicies(request: AccessRequest, policies: Policies, side: OwnSide): Decision {
  const { caller, account, crossAccount } = request
  const lacking = (layer: Layer): Decision => ({ allowed: false, explicit: false, layer, statements: [] })
  const isOwn = caller.account === account
  if (!policies.resource) return isOwn ? allOf(['identity', 'boundary', 'session'], side, []) : lacking('resource')
  const hit = findAllow('resource', request, [policies.resource])
  if (!hit || (!isOwn && !crossAccount)) return lacking('resource')
  if (!isOwn || hit.match === 'account') return allOf(['identity', 'boundary', 'session'], side, [hit.name])
  return allOf(hit.match === 'role' ? ['boundary', 'session'] : [], side, [hit.name])
}

/** Allowed if all these allow as well. */
function allOf(wanted: readonly (keyof OwnSide)[], side: OwnSide, statements: readonly StatementName[]): Decision {
  const lacking = wanted.find(layer => !side[layer])
  if (lacking) return { allowed: false, explicit: false, layer: lacking, statements: [] }
  return { allowed: true, statements: [...statements, ...wanted.flatMap(layer => side[layer] ?? [])] }
}

// Grants

/** What keeps a grant from allowing the request; undefined if it allows it. */
export function grantFault(request: AccessRequest, grant: Readonly<Grant>, side: OwnSide): GrantFault | undefined {
  const { caller, account, crossAccount, grantable } = request
  if (!grantable) return 'no grant'
  if (caller.account !== account && !crossAccount) return 'account'
  const grantee = grant.granteePrincipal
  if (caller.type === 'WebIdentity' || grantee === undefined) return 'grantee'
  if (grantee === accountPrincipal(caller.account)) {
    if (!side.identity || !side.boundary) return 'account policies'
  } else if ((grantee !== caller.arn && grantee !== caller.roleArn) || !isStill(grant, grantee, caller)) {
    return 'grantee'
  }
  if (!side.session) return 'session'
  if (!grant.operations.includes(grantable.operation)) return 'operation'
  return request.supposed === 'best' ? undefined : constraintFault(grantable, grant, request.supposed === 'worst')
}

/** @param isWorst whether the request is supposed to meet no constraint that it could fail to meet */
function constraintFault(
  grantable: Grantable,
  { operations, constraints = {} }: Readonly<Grant>,
  isWorst: boolean,
): GrantFault | undefined {
  const { operation, sourceArn, child } = grantable
  const { encryptionContextEquals: equals, encryptionContextSubset: subset } = constraints
  const wantsSource = constraints.sourceArn !== undefined && operation !== 'RetireGrant'
  if (wantsSource && (isWorst || constraints.sourceArn !== sourceArn)) return 'sourceArn'
  if (operation === 'CreateGrant') {
    return child && !isWorst && isNarrower(child, { operations, constraints }) ? undefined : 'child'
  }
  if (withoutContext.includes(operation)) return undefined
  const context = grantable.encryptionContext ?? new Map<string, string>()
  if (equals && (isWorst || !(equals.length === context.size && holdsAll(context, equals)))) {
    return 'encryptionContextEquals'
  }
  return subset && (isWorst || !holdsAll(context, subset)) ? 'encryptionContextSubset' : undefined
}

type Pairs = readonly (readonly [name: string, value: string])[]

const holdsAll = (context: ReadonlyMap<string, string>, pairs: Pairs): boolean =>
  pairs.every(([name, value]) => context.get(name) === value)

/** Whether a grant allows nothing that another does not (https://docs.aws.amazon.com/kms/latest/developerguide/create-grant-overview.html). */
function isNarrower(
  child: NonNullable<Grantable['child']>,
  parent: Pick<Grant, 'operations'> & { constraints: GrantConstraints },
): boolean {
  const { encryptionContextEquals: equals, encryptionContextSubset: subset, sourceArn } = parent.constraints
  const own = child.constraints
  const holds = (pairs: Pairs | undefined, wanted: Pairs): boolean =>
    pairs !== undefined && holdsAll(new Map(pairs), wanted)
  return (
    child.operations.every(operation => parent.operations.includes(operation)) &&
    (!equals ||
      (own.encryptionContextEquals?.length === equals.length && holds(own.encryptionContextEquals, equals))) &&
    (!subset || holds(own.encryptionContextEquals, subset) || holds(own.encryptionContextSubset, subset)) &&
    (sourceArn === undefined || own.sourceArn === sourceArn)
  )
}
