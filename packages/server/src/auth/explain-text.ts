import type {
  AccessRequest,
  ConditionTrace,
  Decision,
  ElementTrace,
  GrantFault,
  GrantTrace,
  Layer,
  PolicyTrace,
  Side,
  StatementName,
  StatementTrace,
} from './access.ts'
import type { Grant } from './grants.ts'

/** Explanations in words. */

/** UTF-16 units: what tenants write can be long, and their explanations are kept. */
const longestText = 256
const longestReason = 2048
const longestList = 20

export function cut(text: string, longest = longestText): string {
  return text.length <= longest ? text : `${text.slice(0, longest).toWellFormed()}...`
}

export function cutList(texts: readonly string[]): string[] {
  if (texts.length <= longestList) return texts.map(text => cut(text))
  return [...texts.slice(0, longestList).map(text => cut(text)), `... and ${texts.length - longestList} more`]
}

// Statements

/** How a statement bears on the request. */
export function statementText({ effect, applies, match, failed, conditions = [] }: StatementTrace): string {
  if (failed) return `does not apply: ${elementText(failed)}`
  const because = conditions.map(conditionText).join('; ')
  if (!applies) return `does not apply: ${because}`
  if (effect === 'Deny')
    return because === '' ? 'denies it' : `denies it, since what cannot be judged counts: ${because}`
  if (match === 'account') return 'allows it to the account, whose own policies decide'
  return match === 'role' ? 'allows it to the role of the session' : 'allows it'
}

function elementText({ element, values, resolved }: ElementTrace): string {
  if (values.length === 0) return `it has no ${element}`
  const verb = element.startsWith('Not') ? 'excepts' : 'lists'
  return `its ${element} ${verb} ${quoted(values)}${replaced(resolved)}`
}

/** Which condition does not hold, and what it wanted. */
function conditionText({ operator, key, values, resolved, actual, fault }: ConditionTrace): string {
  const condition = `${operator} ${key}`
  const has = actual.length === 0 ? 'has none' : `has ${quoted(actual)}`
  if (fault === 'ambiguous') return `${condition} cannot be compared: the request has several that differ in case only`
  if (fault === 'malformed') {
    return `${condition} cannot be compared: the policy has ${quoted(values)}${replaced(resolved)}, the request ${has}`
  }
  if (operator === 'Null') {
    return `${condition} wants it to be ${values.map(absence).join(' or ')}, and the request ${has}`
  }
  const wanted = isNegated(operator) ? `nothing of ${quoted(values)}` : quoted(values, 'or')
  return `${condition} wants ${wanted}${replaced(resolved)}, and the request ${has}`
}

const absence = (value: string): string => (value.toLowerCase() === 'true' ? 'absent' : 'present')
const isNegated = (operator: string): boolean => /^(?:\w+:)?(?:\w+Not|NotIp)/.test(operator)
const replaced = (resolved: readonly string[] | undefined): string => (resolved ? ` (here ${quoted(resolved)})` : '')

function quoted(texts: readonly string[], last = 'and'): string {
  return series(
    texts.map(text => `"${text}"`),
    last,
  )
}

function series(texts: readonly string[], last = 'and'): string {
  const [end = '', ...others] = texts.toReversed()
  return others.length === 0 ? end : `${others.toReversed().join(', ')} ${last} ${end}`
}

/** What decided, in a few words. */
export function decisionText(decision: Decision, isForbiddenAbroad = false): string {
  if (decision.allowed) {
    if (decision.grant) return `Grant ${decision.grant.id} allows it.`
    const { statements } = decision
    return `${capital(series(statements.map(nameOf)))} ${statements.length > 1 ? 'allow' : 'allows'} it.`
  }
  if (decision.isTooMuch) return `It is denied because ${tooMuch}.`
  const [denying] = decision.statements
  if (denying) return `${capital(nameOf(denying))} denies it.`
  return isForbiddenAbroad ? 'It cannot be done on a key of another account.' : lacks[decision.layer]
}

const lacks: Readonly<Record<Layer, string>> = {
  identity: 'The key policy leaves it to the account, but no identity policy allows it.',
  resource: 'Neither the key policy nor a grant allows it.',
  boundary: 'The permissions boundary does not allow it.',
  session: 'No session policy allows it.',
}

// Grants

/** Why a grant does not allow the request, in one sentence. */
export function grantText(fault: GrantFault, { grantable }: AccessRequest, grant: Readonly<Grant>): string {
  const { encryptionContextEquals, encryptionContextSubset, sourceArn } = grant.constraints ?? {}
  const context = grantable?.encryptionContext ?? []
  switch (fault) {
    case 'no grant':
      return 'No grant can allow this action.'
    case 'account':
      return 'The action cannot be allowed to other accounts.'
    case 'grantee':
      return 'The caller is not its grantee.'
    case 'account policies':
      return "It is for the caller's account, whose policies do not allow it."
    case 'session':
      return "The caller's session policy does not allow it."
    case 'operation':
      return `${grantable?.operation} is not among its operations.`
    case 'child':
      return grantable?.child
        ? 'The new grant would allow more than it does.'
        : 'It allows only grants that are no wider than itself, and none is told.'
    case 'sourceArn':
      return `Its SourceArn constraint wants ${sourceArn}, and the request has ${grantable?.sourceArn ?? 'none'}.`
    case 'encryptionContextEquals':
      return `Its EncryptionContextEquals constraint wants exactly ${pairs(encryptionContextEquals)}, and the request has ${pairs(context)}.`
    case 'encryptionContextSubset':
      return `Its EncryptionContextSubset constraint wants at least ${pairs(encryptionContextSubset)}, and the request has ${pairs(context)}.`
  }
}

const pairs = (of: Iterable<readonly [name: string, value: string]> = []): string =>
  `{${cut(Array.from(of, ([name, value]) => `${name}=${value}`).join(', '))}}`

// Reasons

interface Judged {
  request: AccessRequest
  decision: Decision
  side: Side | undefined
  isDenied: boolean
  /** Name of that of the resource. */
  policy: string | undefined
  policies: readonly PolicyTrace[]
  grants: readonly GrantTrace[]
}

/** The decision in one sentence; for a denial, what would have to change. */
export const reasonOf = (judged: Judged): string => cut(reason(judged), longestReason)

function reason(judged: Judged): string {
  const { request, decision, side, isDenied } = judged
  const { caller, account, action, resource, crossAccount } = request
  if (!decision.allowed && decision.explicit) return explicitReason(judged, decision.statements)
  if (isDenied && action === 'kms:RetireGrant') return retirement
  if (caller.account !== account && !crossAccount) {
    return `${action} cannot be done on what belongs to another account: a principal of account ${account} would have to do it.`
  }
  if (!decision.allowed) return lackReason(judged, decision.layer)
  const named = decision.statements.filter(({ layer }) => side !== 'caller' || layer !== 'resource')
  const shown = side === 'owner' ? named.filter(({ layer }) => layer === 'resource') : named
  const by = decision.grant ? `Grant ${decision.grant.id}` : series(shown.map(nameOf))
  const allows = `${by || `The account ${caller.account}`} ${shown.length > 1 ? 'allow' : 'allows'} it`
  if (side === undefined) return isDenied ? `${capital(allows)}, and yet it was denied.` : `${capital(allows)}.`
  if (side === 'owner') {
    const other = `the policies of its own account ${caller.account}`
    return `${capital(allows)} to ${caller.arn}, ${isDenied ? `but ${other} do not: they would have to allow it, too` : `if ${other} do`}.`
  }
  return isDenied
    ? `${capital(allows)}, but the owner of ${resource} does not, or there is no such resource: its own policy or a grant would have to allow it to ${caller.arn}, too.`
    : `${capital(allows)}, as far as the account ${caller.account} goes: the owner of ${resource} has to allow it, too.`
}

/** Of what nobody can judge. */
export const tooMuch = 'its values, and the policies and grants that concern it, are too many, or too long, to judge it'

const retirement =
  'A grant can be retired by its retiring principal, by its grantee if it allows RetireGrant, and by whoever may act for the account that made it.'

const nameOf = ({ statement, policy }: StatementName): string => `statement ${statement} of ${policy}`
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

function explicitReason({ policies }: Judged, statements: readonly StatementName[]): string {
  const [denying] = statements
  if (!denying) return 'It is denied.'
  const traced = policies
    .find(({ layer, policy }) => layer === denying.layer && policy === denying.policy)
    ?.statements.find(
      ({ statement, effect, applies }) => statement === denying.statement && effect === 'Deny' && applies,
    )
  const doubt = traced?.conditions?.map(conditionText).join('; ')
  const because = doubt === undefined ? '' : `, because ${doubt}, which counts for a denial`
  return `${capital(nameOf(denying))} denies it${because}: nothing can allow it as long as this statement applies.`
}

function lackReason(judged: Judged, layer: Layer): string {
  const { request, policies, policy, grants, side } = judged
  const { caller, action, resource, grantable } = request
  const near = nearest(policies, layer) ?? nearestGrant(grants)
  if (near !== undefined) return near
  const on = `${action} on ${resource}`
  switch (layer) {
    case 'identity': {
      const whose = caller.roleArn ?? caller.arn
      const delegates = policies.some(({ layer: other }) => other === 'resource')
      const byOwner =
        side === 'caller' && grantable ? ', or a grant of the owner would have to be for the principal itself' : ''
      const or = delegates ? `, or ${policy} would have to name the principal itself` : byOwner
      return `No identity policy of ${whose} allows ${on}: one that does would have to be attached${or}.`
    }
    case 'boundary':
      return `The permissions boundary of ${caller.roleArn ?? caller.arn} does not allow ${on}: it would have to.`
    case 'session':
      return `No policy of the session allows ${on}: it would have to be made with one that does, or with none.`
    case 'resource': {
      const leaves = caller.account === request.account ? ', nor leaves it to the account' : ''
      const fix = grantable ? 'a statement of it, or a grant, would have to' : 'a statement of it would have to'
      return `${capital(policy ?? 'The policy of the resource')} does not allow ${action} to ${caller.arn}${leaves}: ${fix}.`
    }
  }
}

/** A statement of the layer that would allow it, but for its conditions. */
function nearest(policies: readonly PolicyTrace[], layer: Layer): string | undefined {
  for (const policy of policies) {
    if (policy.layer !== layer) continue
    for (const { statement, effect, applies, conditions } of policy.statements) {
      if (effect !== 'Allow' || applies || !conditions) continue
      const name = capital(nameOf({ layer, policy: policy.policy, statement }))
      return `${name} would allow it if its condition held: ${conditions.map(conditionText).join('; ')}.`
    }
  }
  return undefined
}

/** The grant that would allow it, but for a constraint. */
function nearestGrant(grants: readonly GrantTrace[]): string | undefined {
  const near = grants.find(({ fault }) => fault !== undefined && constraints.includes(fault))
  return near && `Grant ${near.grantId} would allow it, but for this: ${near.failed}`
}

const constraints: readonly GrantFault[] = ['child', 'sourceArn', 'encryptionContextEquals', 'encryptionContextSubset']
