import type { AccessRequest, RequestContext } from './access.ts'
import type { CallerNames } from './caller.ts'
import { compileCondition, type CompiledCondition, type Verdict } from './conditions.ts'
import type { PolicyKind } from './dialects.ts'
import type { BoundPrincipal } from './identities.ts'
import { lowered } from './lowered.ts'
import { readPolicy, type Listed, type ParsedPolicy, type Statement } from './policy.ts'
import type { Principal } from './principals.ts'
import { isGiven, isHiddenFromKeys } from './request-context.ts'
import { matcherOf, parseTemplate, resourceStart, type Matcher } from './template.ts'
import { compileWildcard, spend, type Effort } from './wildcard.ts'

/** A policy that is ready to be evaluated. */
export interface CompiledPolicy {
  /** For whoever reads why: its ARN, or what it belongs to. */
  readonly name: string
  readonly statements: readonly CompiledStatement[]
}

export interface CompiledStatement {
  /** Its Sid, or its number from 1. */
  readonly name: string
  readonly effect: 'Allow' | 'Deny'
  /** How the statement applies to the request; or, if it does not, the first thing that does not fit. */
  readonly judge: (request: AccessRequest) => Finding
  /** What was compiled, for whoever reads why. */
  readonly source: Statement
  /** Whether its policy is of a version that has variables. */
  readonly variables: boolean
  /** What its conditions are judged by. */
  readonly contextOf: (request: AccessRequest) => RequestContext
  readonly conditions: readonly CompiledCondition[]
}

export type Finding = Match | Misfit

/**
 * By which of its names a statement means the caller: itself, its role, or its account, which leaves the decision to that
 * account. Statements of identity policies mean whoever has them.
 */
export type Match = 'direct' | 'role' | 'account'

export type Misfit = 'principal' | 'action' | 'resource' | CompiledCondition

/**
 * @param name for traces
 * @param bound of the identities that it names, those that were known when it was made
 * @throws InvalidArnException (key policies), MalformedPolicyDocumentException
 */
export function compilePolicy(
  kind: PolicyKind,
  text: string,
  name: string,
  bound?: readonly BoundPrincipal[],
): CompiledPolicy {
  return compileParsed(kind, readPolicy(kind, text), name, bound)
}

export function compileParsed(
  kind: PolicyKind,
  { version, statements }: ParsedPolicy,
  name: string,
  bound: readonly BoundPrincipal[] = [],
): CompiledPolicy {
  const variables = version === '2012-10-17'
  const ids = new Map(bound)
  return { name, statements: statements.map((statement, index) => compile(kind, statement, index, variables, ids)) }
}

function compile(
  kind: PolicyKind,
  statement: Statement,
  index: number,
  variables: boolean,
  ids: ReadonlyMap<string, string>,
): CompiledStatement {
  const { sid, effect, principals } = statement
  const meets = principals ? compilePrincipals(principals, effect, ids) : () => 'direct' as const
  const names = compileActions(statement.actions)
  const covers = kind === 'trust' ? () => true : compileResources(statement.resources, variables)
  const conditions = statement.conditions.map(condition => compileCondition(condition, variables))
  const contextOf = ({ context }: AccessRequest): RequestContext => (kind === 'key' ? visibleToKeys(context) : context)
  // What cannot be said counts for a denial, and for nothing else.
  const counts = (verdict: Verdict): boolean => verdict ?? effect === 'Deny'
  const supposedOf = ({ supposed, caller }: AccessRequest, { key }: CompiledCondition): Verdict =>
    supposed === undefined || isGiven(key, caller) ? undefined : (effect === 'Allow') === (supposed === 'best')
  return {
    name: sid === undefined || sid === '' ? String(index + 1) : sid,
    effect,
    source: statement,
    variables,
    contextOf,
    conditions,
    judge(request) {
      const match = meets(request.caller)
      if (!match) return 'principal'
      if (!names(lowered(request.action), request.context.effort)) return 'action'
      const context = contextOf(request)
      if (!counts(covers(request.resource, context))) return 'resource'
      let doubtful: CompiledCondition | undefined
      for (const condition of conditions) {
        const verdict = supposedOf(request, condition) ?? condition.judge(context)
        if (verdict === false) return condition
        if (verdict === undefined) doubtful ??= condition
      }
      return doubtful && effect === 'Allow' ? doubtful : match
    },
  }
}

/** Attributes of a key say nothing in its own policy. */
const visibleToKeys = (context: RequestContext): RequestContext => ({
  get: key => (isHiddenFromKeys(key) ? undefined : context.get(key)),
  effort: context.effort,
})

function compilePrincipals(
  { not, items }: Listed<Principal>,
  effect: Statement['effect'],
  ids: ReadonlyMap<string, string>,
): (caller: CallerNames) => Match | undefined {
  const everyone = items.some(({ kind }) => kind === 'everyone')
  // By unique id where one is known, whatever the name is now; else by name.
  const names = new Set(items.flatMap(item => (item.kind === 'identity' ? [ids.get(item.arn) ?? item.arn] : [])))
  const isNamed = ({ type, arn, roleArn, principalId }: CallerNames): boolean =>
    names.has(arn) ||
    (type === 'IAMUser' && roleArn === undefined && principalId !== undefined && names.has(principalId))
  const isRoleNamed = ({ roleArn, principalId }: CallerNames): boolean =>
    roleArn !== undefined && (names.has(roleArn) || (principalId !== undefined && names.has(roleIdOf(principalId))))
  const accounts = new Set(items.flatMap(item => (item.kind === 'account' ? [item.account] : [])))
  const providers = new Set(items.flatMap(item => (item.kind === 'federated' ? [item.provider] : [])))
  if (not) {
    // Spared is only whoever is listed by every one of its names.
    return (caller: CallerNames) => {
      const { type, account, arn, roleArn } = caller
      if (type === 'WebIdentity') return providers.has(arn) ? undefined : 'direct'
      const isListed =
        accounts.has(account) && (type === 'Root' || isNamed(caller)) && (roleArn === undefined || isRoleNamed(caller))
      return everyone || isListed ? undefined : 'direct'
    }
  }
  return (caller: CallerNames) => {
    if (caller.type === 'WebIdentity') {
      // Nobody is let in unless his provider is named; everyone is everyone where it is denied.
      return providers.has(caller.arn) || (everyone && effect === 'Deny') ? 'direct' : undefined
    }
    if (everyone || isNamed(caller)) return 'direct'
    if (isRoleNamed(caller)) return 'role'
    return accounts.has(caller.account) ? 'account' : undefined
  }
}

/** Of `AROA...:<session>`. */
const roleIdOf = (principalId: string): string => principalId.split(':', 1)[0] ?? ''

/** A statement that names none has no effect. */
function compileActions(listed: Listed<string> | undefined): (action: string, effort: Effort | undefined) => boolean {
  if (!listed) return () => false
  const matchers = listed.items.map(item => compileWildcard(item.toLowerCase()))
  return (action, effort) => {
    spend(effort, matchers.length)
    return matchers.some(matches => matches(action, effort)) !== listed.not
  }
}

function compileResources(
  listed: Listed<string> | undefined,
  variables: boolean,
): (resource: string, context: RequestContext) => Verdict {
  if (!listed) return () => false
  const matchers: Matcher[] = listed.items.map(item => matcherOf(parseTemplate(item, variables, resourceStart(item))))
  return (resource, context) => {
    let isKnown = true
    for (const matches of matchers) {
      const verdict = matches(resource, context)
      if (verdict === true) return !listed.not
      if (verdict === undefined) isKnown = false
    }
    // Of what a variable without value would have excepted, nothing is known.
    return listed.not ? (isKnown ? true : undefined) : false
  }
}
