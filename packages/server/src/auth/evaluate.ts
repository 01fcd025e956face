import type { AccessRequest, Decision, Grantable, GrantTrace, Layer, Policies, StatementName, Trace } from './access.ts'
import type { CompiledPolicy, CompiledStatement, Finding, Match } from './compile.ts'
import { accountPrincipal, type Grant, type GrantConstraints } from './grants.ts'

/**
 * Decides whether a request is allowed, as the service does: a statement that denies beats all else; the policy of the
 * resource allows by itself whom it names, and leaves whom it means as an account to that account's own policies; a grant
 * allows what no policy does. Across accounts both sides must allow.
 *
 * Two readings of what AWS does not say: session policies limit grants, permissions boundaries do not.
 *
 * @param grants those on the resource that might allow it; others do no harm
 */
export function evaluate(request: AccessRequest, policies: Policies, grants: readonly Readonly<Grant>[]): Decision {
  const denial = findDenial(request, policies)
  if (denial) return { allowed: false, explicit: true, layer: denial.layer, statements: [denial] }
  const side = ownSide(request, policies)
  const byPolicy = decideByPolicies(request, policies, side)
  if (byPolicy.allowed) return byPolicy
  const grant = grants.find(candidate => grantFault(request, candidate, side) === undefined)
  return grant ? { allowed: true, statements: [], grant } : byPolicy
}

/** Most specific first. */
const layers: readonly Layer[] = ['session', 'boundary', 'identity', 'resource']

function policiesOf(layer: Layer, { principal }: AccessRequest, policies: Policies): readonly CompiledPolicy[] {
  switch (layer) {
    case 'session':
      return policies.session ?? []
    case 'boundary':
      return policies.boundary ? [policies.boundary] : []
    case 'identity':
      // Nothing limits a root user but what limits its session.
      return principal.type === 'Root' ? [] : policies.identity
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

const isMatch = (finding: Finding): finding is Match =>
  finding === 'direct' || finding === 'role' || finding === 'account'

const nameOf = (layer: Layer, policy: CompiledPolicy, statement: CompiledStatement): StatementName => ({
  layer,
  policy: policy.name,
  statement: statement.name,
})

/** What allows on the caller's side, and where nothing does. */
interface OwnSide {
  identity: readonly StatementName[] | undefined
  boundary: readonly StatementName[] | undefined
  session: readonly StatementName[] | undefined
}

function ownSide(request: AccessRequest, policies: Policies): OwnSide {
  const allowing = (layer: Layer): readonly StatementName[] | undefined => {
    const found = findAllow(layer, request, policiesOf(layer, request, policies))
    return found && [found.name]
  }
  return {
    identity: request.principal.type === 'Root' ? [] : allowing('identity'),
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
  const { principal, account, crossAccount } = request
  const lacking = (layer: Layer): Decision => ({ allowed: false, explicit: false, layer, statements: [] })
  const isOwn = principal.account === account
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

/** Why a grant does not allow the request, in one sentence; undefined if it does. */
function grantFault(request: AccessRequest, grant: Readonly<Grant>, side: OwnSide): string | undefined {
  const { principal, account, crossAccount, grantable } = request
  if (!grantable) return 'No grant can allow this action.'
  if (principal.account !== account && !crossAccount) return 'The action cannot be allowed to other accounts.'
  const grantee = grant.granteePrincipal
  if (principal.type === 'WebIdentity' || grantee === undefined) return 'The caller is not its grantee.'
  if (grantee === accountPrincipal(principal.account)) {
    if (!side.identity || !side.boundary) return "It is for the caller's account, whose policies do not allow it."
  } else if (grantee !== principal.arn && grantee !== principal.roleArn) return 'The caller is not its grantee.'
  if (!side.session) return "The caller's session policy does not allow it."
  if (!grant.operations.includes(grantable.operation)) return `${grantable.operation} is not among its operations.`
  return constraintFault(grantable, grant)
}

/** These work on no data, so no encryption context limits them; CreateGrant hands it on. */
const withoutContext = ['CreateGrant', 'DescribeKey', 'RetireGrant']

function constraintFault(grantable: Grantable, { operations, constraints = {} }: Readonly<Grant>): string | undefined {
  const { operation, sourceArn, child } = grantable
  const { encryptionContextEquals: equals, encryptionContextSubset: subset } = constraints
  if (constraints.sourceArn !== undefined && operation !== 'RetireGrant' && constraints.sourceArn !== sourceArn) {
    return 'Its SourceArn constraint does not hold.'
  }
  if (operation === 'CreateGrant') {
    const wider = child && !isNarrower(child, { operations, constraints })
    return wider || !child ? 'The new grant would allow more than it does.' : undefined
  }
  if (withoutContext.includes(operation)) return undefined
  const context = grantable.encryptionContext ?? new Map<string, string>()
  if (equals && !(equals.length === context.size && holdsAll(context, equals))) {
    return 'Its EncryptionContextEquals constraint does not hold.'
  }
  return subset && !holdsAll(context, subset) ? 'Its EncryptionContextSubset constraint does not hold.' : undefined
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

// Explanations

/** The same decision with everything that was looked at. */
export function explain(request: AccessRequest, policies: Policies, grants: readonly Readonly<Grant>[]): Trace {
  const decision = evaluate(request, policies, grants)
  const side = ownSide(request, policies)
  return {
    decision: decision.allowed ? 'allow' : decision.explicit ? 'explicit deny' : 'implicit deny',
    principal: request.principal.arn,
    action: request.action,
    resource: request.resource,
    reason: reasonOf(request, decision),
    policies: layers.toReversed().flatMap(layer =>
      policiesOf(layer, request, policies).map(policy => ({
        layer,
        policy: policy.name,
        statements: policy.statements.map(statement => traceStatement(statement, request)),
      })),
    ),
    grants: grants.map(grant => traceGrant(request, grant, side)),
  }
}

function traceStatement(statement: CompiledStatement, request: AccessRequest) {
  const { name, effect } = statement
  const finding = statement.judge(request)
  if (isMatch(finding)) return { statement: name, effect, applies: true }
  if (typeof finding === 'string') return { statement: name, effect, applies: false, failed: finding }
  const { condition, key } = finding
  const { quantifier, operator, ifExists, values } = condition
  const value = request.context.get(key)
  const actual = typeof value === 'symbol' ? ['(several that differ in case only)'] : (value ?? null)
  const spelt = `${quantifier === undefined ? '' : `${quantifier}:`}${operator}${ifExists ? 'IfExists' : ''}`
  return { statement: name, effect, applies: false, failed: { operator: spelt, key: condition.key, values, actual } }
}

function traceGrant(request: AccessRequest, grant: Readonly<Grant>, side: OwnSide): GrantTrace {
  const failed = grantFault(request, grant, side)
  return { grantId: grant.id, allows: failed === undefined, ...(failed !== undefined && { failed }) }
}

const layerNames: Readonly<Record<Layer, string>> = {
  session: 'session policy',
  boundary: 'permissions boundary',
  identity: 'identity policy',
  resource: 'policy of the resource',
}

function reasonOf({ principal, account, crossAccount, resource }: AccessRequest, decision: Decision): string {
  const [statement] = decision.statements
  const named = statement && `Statement ${statement.statement} of ${statement.policy}`
  if (decision.allowed) return decision.grant ? `Grant ${decision.grant.id} allows it.` : `${named ?? 'It'} allows it.`
  if (decision.explicit) return `${named ?? 'A statement'} denies it.`
  if (principal.account !== account && !crossAccount)
    return `The action cannot be done across accounts: ${resource} belongs to ${account}.`
  return `No ${layerNames[decision.layer]} allows it.`
}
