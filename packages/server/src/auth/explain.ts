import type {
  AccessRequest,
  ConditionTrace,
  RequestContext,
  Decision,
  ElementTrace,
  GrantFault,
  GrantTrace,
  Layer,
  Policies,
  PolicyTrace,
  Side,
  StatementTrace,
  Trace,
} from './access.ts'
import { ambiguous } from './access.ts'
import { compilePolicy, type CompiledPolicy, type CompiledStatement, type Misfit } from './compile.ts'
import type { CompiledCondition } from './conditions.ts'
import { evaluate, grantFault, isMatch, layers, ownSide, policiesOf, type OwnSide } from './evaluate.ts'
import { cut, cutList, grantText, reasonOf, tooMuch } from './explain-text.ts'
import type { Grant } from './grants.ts'
import type { Condition, Listed } from './policy.ts'
import type { Principal } from './principals.ts'
import { parseTemplate, resolve, resourceStart, textOf } from './template.ts'
import { TooMuchEffort } from './wildcard.ts'

/**
 * The same decision as `evaluate` makes, with everything that was looked at.
 *
 * @param side if the resource belongs to another account than the caller: whose policies are shown, and decide. The other
 * side is taken to allow everything
 * @param isDenied whether it has been denied, be it by the other side
 */
export function explain(
  request: AccessRequest,
  policies: Policies,
  grants: readonly Readonly<Grant>[],
  of: { side?: Side; isDenied?: boolean } = {},
): Trace {
  try {
    return explainAll(request, policies, grants, of)
  } catch (error) {
    if (!(error instanceof TooMuchEffort)) throw error
    return {
      decision: 'explicit deny',
      ...about(request),
      reason: `The request is denied because ${tooMuch}.`,
      ...(of.side && { side: of.side }),
      policies: [],
      grants: [],
    }
  }
}

const about = ({ caller, action, resource }: AccessRequest) => ({ principal: caller.arn, action, resource })

function explainAll(
  request: AccessRequest,
  policies: Policies,
  grants: readonly Readonly<Grant>[],
  { side, isDenied = false }: { side?: Side; isDenied?: boolean },
): Trace {
  const judged = side ? withOtherSide(policies, side) : policies
  const offered = side === 'caller' ? [] : grants
  const decision = evaluate(request, judged, offered)
  const shown = layers.toReversed().filter(layer => side === undefined || (layer === 'resource') === (side === 'owner'))
  const whole = {
    policies: shown.flatMap(layer => tracePolicies(layer, request, judged)),
    grants: traceGrants(request, offered, ownSide(request, judged)),
  }
  const trace = {
    decision: nameOf(decision, isDenied),
    ...about(request),
    reason: reasonOf({ request, decision, side, isDenied, ...whole, policy: policies.resource?.name }),
    ...(side && { side }),
  }
  return { ...trace, ...bounded(whole, offered.length) }
}

const nameOf = (decision: Decision, isDenied: boolean): Trace['decision'] =>
  decision.allowed ? (isDenied ? 'implicit deny' : 'allow') : decision.explicit ? 'explicit deny' : 'implicit deny'

/** What allows all that the other side has to allow. */
export const everything = compilePolicy(
  'identity',
  JSON.stringify({ Statement: { Effect: 'Allow', Action: '*', Resource: '*' } }),
  'the other account',
)

/** As if the other side allowed everything. */
function withOtherSide({ resource, ...own }: Policies, side: Side): Policies {
  if (side === 'caller') return { ...own, resource: everything }
  return { identity: [everything], ...(resource && { resource }) }
}

function tracePolicies(layer: Layer, request: AccessRequest, policies: Policies): PolicyTrace[] {
  return policiesOf(layer, request, policies).map((policy: CompiledPolicy) => ({
    layer,
    policy: policy.name,
    statements: policy.statements.map(statement => traceStatement(layer, statement, request)),
  }))
}

/** Of a statement. */
const mostConditions = 10

function traceStatement(layer: Layer, statement: CompiledStatement, request: AccessRequest): StatementTrace {
  const { name, effect } = statement
  const finding = statement.judge(request)
  if (!isMatch(finding) && typeof finding === 'string') {
    return { statement: name, effect, applies: false, failed: traceElement(finding, statement, request) }
  }
  const applies = isMatch(finding)
  const context = statement.contextOf(request)
  // A condition that cannot be judged keeps a statement that allows from applying, not one that denies.
  const conditions = statement.conditions.flatMap(condition => {
    const verdict = condition.judge(context)
    const isFailure = verdict === undefined || (verdict === false && !applies)
    return isFailure ? [traceCondition(condition, verdict, statement.variables, context)] : []
  })
  const shown = conditions.slice(0, mostConditions)
  return {
    statement: name,
    effect,
    applies,
    ...(isMatch(finding) && layer === 'resource' && { match: finding }),
    ...(shown.length > 0 && { conditions: shown }),
  }
}

// What does not fit

function traceElement(
  misfit: Exclude<Misfit, CompiledCondition>,
  statement: CompiledStatement,
  request: AccessRequest,
) {
  const { principals, actions, resources } = statement.source
  switch (misfit) {
    case 'principal':
      return elementOf('Principal', principals, principalText)
    case 'action':
      return elementOf('Action', actions, text => text)
    case 'resource': {
      const found = elementOf('Resource', resources, text => text)
      const context = statement.contextOf(request)
      const replaced = resources?.items.map(text => replace(text, statement.variables, context, resourceStart(text)))
      return { ...found, ...resolved(resources?.items ?? [], replaced ?? []) }
    }
  }
}

function elementOf<T>(
  element: 'Principal' | 'Action' | 'Resource',
  listed: Listed<T> | undefined,
  text: (item: T) => string,
): ElementTrace {
  return { element: listed?.not ? `Not${element}` : element, values: cutList(listed?.items.map(text) ?? []) }
}

function principalText(principal: Principal): string {
  switch (principal.kind) {
    case 'everyone':
      return '*'
    case 'account':
      return principal.account
    case 'identity':
      return principal.arn
    case 'service':
      return principal.name
    case 'federated':
      return principal.provider
  }
}

function traceCondition(
  { condition, key }: CompiledCondition,
  verdict: false | undefined,
  variables: boolean,
  context: RequestContext,
): ConditionTrace {
  const { operator, values } = condition
  const value = context.get(key)
  const replaced = takesVariables(operator) ? values.map(text => replace(text, variables, context)) : values
  return {
    operator: spelt(condition),
    key: cut(condition.key),
    values: cutList(values),
    ...resolved(values, replaced),
    actual: value === undefined || value === ambiguous ? [] : cutList(typeof value === 'string' ? [value] : value),
    ...(verdict === undefined && { fault: value === ambiguous ? 'ambiguous' : 'malformed' }),
  }
}

const spelt = ({ quantifier, operator, ifExists }: Condition): string =>
  `${quantifier === undefined ? '' : `${quantifier}:`}${operator}${ifExists ? 'IfExists' : ''}`

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html */
const takesVariables = (operator: string): boolean => operator.startsWith('String') || operator.startsWith('Arn')

function replace(text: string, variables: boolean, context: RequestContext, from = 0): string {
  const steps = resolve(parseTemplate(text, variables, from), context)
  return steps ? textOf(steps) : `${text} (a variable in it has no value)`
}

function resolved(written: readonly string[], replaced: readonly string[]): { resolved?: string[] } {
  return replaced.every((text, index) => text === written[index]) ? {} : { resolved: cutList(replaced) }
}

// Grants

/** A key can have 50,000 for one grantee; nobody reads more than these. */
const mostGrants = 100

/** Those that come nearest. */
function traceGrants(request: AccessRequest, grants: readonly Readonly<Grant>[], side: OwnSide): GrantTrace[] {
  const faults = new Map(grants.map(grant => [grant, grantFault(request, grant, side)]))
  return grants
    .toSorted((a, b) => distanceOf(faults.get(a)) - distanceOf(faults.get(b)))
    .slice(0, mostGrants)
    .map(grant => {
      const fault = faults.get(grant)
      return { grantId: grant.id, allows: !fault, ...(fault && { fault, failed: grantText(fault, request, grant) }) }
    })
}

const distanceOf = (fault: GrantFault | undefined): number =>
  fault === undefined ? 0 : fault === 'operation' ? 4 : fault === 'grantee' ? 3 : 1

// Bounds

/** All statements and grants of a trace as JSON, in UTF-16 units. */
const largestTrace = 32 * 1024
/** Of a policy in a trace, beside its name. */
const policyOverhead = 60

type Found = Pick<Trace, 'policies' | 'grants'>

/** As much as may be kept: what applies before what nearly does, and what is about other actions last. */
function bounded({ policies, grants }: Found, total: number): Found & Pick<Trace, 'omitted'> {
  const items = [
    ...policies.flatMap(policy => policy.statements.map(item => ({ item, policy, distance: distance(item) }))),
    ...grants.map(item => ({ item, policy: undefined, distance: distanceOf(item.fault) })),
  ]
  const kept = new Set<unknown>()
  let room = largestTrace
  let count = 0
  for (const { item, policy } of items.toSorted((a, b) => a.distance - b.distance)) {
    room -= JSON.stringify(item).length + 1
    if (policy && !kept.has(policy)) room -= policy.policy.length + policyOverhead
    if (room < 0) break
    kept.add(item).add(policy)
    count++
  }
  const omitted = items.length - count + total - grants.length
  return {
    policies: policies
      .filter(policy => kept.has(policy) || policy.statements.length === 0)
      .map(policy => ({ ...policy, statements: policy.statements.filter(statement => kept.has(statement)) })),
    grants: grants.filter(grant => kept.has(grant)),
    ...(omitted > 0 && { omitted }),
  }
}

/** How far from applying. */
function distance({ applies, conditions, failed }: StatementTrace): number {
  if (applies) return 0
  if (conditions) return 1
  return failed?.element.endsWith('Action') ? 4 : 3
}
