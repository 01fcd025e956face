import { isIPv4, isIPv6 } from 'node:net'
import {
  ambiguous,
  type AccessRequest,
  type RequestContext,
  type ContextValue,
  type Grantable,
  type Layer,
} from '../../src/auth/access.ts'
import type { CallerNames } from '../../src/auth/caller.ts'
import type { Grant, GrantConstraints } from '../../src/auth/grants.ts'

/**
 * A second evaluator of policies, for tests only: it reads documents as they are written, each time anew, and follows the
 * rules one by one. It shares no code with the product's, so that a mistake must be made twice to go unseen.
 */

export type List<T> = T | T[]

export interface Document {
  Version?: string
  Statement: List<Statement>
}

export interface Statement {
  Sid?: string
  Effect: 'Allow' | 'Deny'
  Principal?: PrincipalElement
  NotPrincipal?: PrincipalElement
  Action?: List<string>
  NotAction?: List<string>
  Resource?: List<string>
  NotResource?: List<string>
  Condition?: Record<string, Record<string, List<Wanted>>>
}

/** What JSON calls it; as text it means the same. */
export type Wanted = string | number | boolean

export type PrincipalElement = '*' | { AWS?: List<string>; Federated?: List<string>; Service?: List<string> }

export interface Documents {
  identity: Document[]
  resource?: { kind: 'key' | 'trust'; document: Document }
  boundary?: Document
  session?: Document[]
}

export interface NaiveDecision {
  allowed: boolean
  explicit?: boolean
  layer?: Layer
}

export function naiveDecision(request: AccessRequest, policies: Documents, grants: readonly Grant[]): NaiveDecision {
  const { caller } = request
  const isRoot = caller.type === 'Root'
  const session = policies.session?.map(document => ({ kind: 'identity' as const, document }))
  const boundary = policies.boundary && { kind: 'identity' as const, document: policies.boundary }
  const identity = policies.identity.map(document => ({ kind: 'identity' as const, document }))
  const { resource } = policies

  const denies = (policy: Policy): boolean => effective(policy, 'Deny', request).length > 0
  const allows = (policy: Policy): boolean => effective(policy, 'Allow', request).length > 0

  if (session?.some(denies)) return { allowed: false, explicit: true, layer: 'session' }
  if (boundary && denies(boundary)) return { allowed: false, explicit: true, layer: 'boundary' }
  if (!isRoot && identity.some(denies)) return { allowed: false, explicit: true, layer: 'identity' }
  if (resource && denies(resource)) return { allowed: false, explicit: true, layer: 'resource' }

  const allowing = {
    identity: isRoot || identity.some(allows),
    boundary: !boundary || allows(boundary),
    session: !session || session.some(allows),
  }
  const lacking = lackingLayer(request, resource, allowing)
  if (lacking === undefined) return { allowed: true }
  if (grants.some(grant => grantAllows(grant, request, allowing))) return { allowed: true }
  return { allowed: false, explicit: false, layer: lacking }
}

// Policies and who they mean

interface Policy {
  kind: 'key' | 'trust' | 'identity'
  document: Document
}

interface Allowing {
  identity: boolean
  boundary: boolean
  session: boolean
}

/** Which layer has nothing that allows it; undefined if policies allow it. */
function lackingLayer(request: AccessRequest, resource: Policy | undefined, allowing: Allowing): Layer | undefined {
  const first = (...layers: ('identity' | 'boundary' | 'session')[]): Layer | undefined =>
    layers.find(layer => !allowing[layer])
  const isSameAccount = request.caller.account === request.account

  if (!resource) return isSameAccount ? first('identity', 'boundary', 'session') : 'resource'

  const hits = effective(resource, 'Allow', request).map(statement => hitOf(statement, request.caller))
  if (isSameAccount) {
    if (hits.includes('direct')) return undefined
    if (hits.includes('role')) return first('boundary', 'session')
    if (hits.includes('account')) return first('identity', 'boundary', 'session')
    return 'resource'
  }
  if (!request.crossAccount || hits.length === 0) return 'resource'
  return first('identity', 'boundary', 'session')
}

/** The statements of that effect that apply. */
function effective({ kind, document }: Policy, effect: 'Allow' | 'Deny', request: AccessRequest): Statement[] {
  const context = kind === 'key' ? withoutAttributes(request.context) : request.context
  const hasVariables = document.Version === '2012-10-17'
  return listOf(document.Statement).filter(statement => {
    if (statement.Effect !== effect) return false
    const truth = and([
      kind === 'identity' || principalMatches(statement, request.caller),
      actionMatches(statement, request.action),
      kind === 'trust' || resourceMatches(statement, request.resource, context, hasVariables),
      conditionsHold(statement, context, hasVariables),
    ])
    return effect === 'Allow' ? truth === true : truth !== false
  })
}

/** Tags and aliases of a key mean nothing to its own policy. */
const withoutAttributes = (context: RequestContext): RequestContext => ({
  get: key => (key === 'kms:resourcealiases' || key.startsWith('aws:resourcetag/') ? undefined : context.get(key)),
})

type Hit = 'direct' | 'role' | 'account'

/** The strongest way in which a principal element means the caller. */
function hitOf(
  { Effect, Principal: element }: Pick<Statement, 'Effect' | 'Principal'>,
  caller: CallerNames,
): Hit | undefined {
  if (element === undefined) return undefined
  const names = element === '*' ? ['*'] : listOf(element.AWS)
  if (caller.type === 'WebIdentity') {
    if (Effect === 'Deny' && names.includes('*')) return 'direct'
    return element !== '*' && listOf(element.Federated).includes(caller.arn) ? 'direct' : undefined
  }
  if (names.includes('*')) return 'direct'
  if (names.includes(caller.arn) && caller.type !== 'Root') return 'direct'
  if (caller.roleArn !== undefined && names.includes(caller.roleArn)) return 'role'
  return isAccountIn(names, caller.account) ? 'account' : undefined
}

const isAccountIn = (names: string[], account: string): boolean =>
  names.includes(account) || names.includes(`arn:aws:iam::${account}:root`)

function principalMatches(statement: Statement, caller: CallerNames): boolean {
  if (statement.NotPrincipal === undefined) return hitOf(statement, caller) !== undefined
  return !isSpared(statement.NotPrincipal, caller)
}

/** Whether NotPrincipal lists every form of the caller. */
function isSpared(element: PrincipalElement, caller: CallerNames): boolean {
  if (caller.type === 'WebIdentity') return element !== '*' && listOf(element.Federated).includes(caller.arn)
  const names = element === '*' ? ['*'] : listOf(element.AWS)
  if (names.includes('*')) return true
  if (!isAccountIn(names, caller.account)) return false
  if (caller.type === 'Root') return true
  return names.includes(caller.arn) && (caller.roleArn === undefined || names.includes(caller.roleArn))
}

// Actions and resources

function actionMatches({ Action, NotAction }: Statement, action: string): boolean {
  const isIn = (patterns: List<string>): boolean =>
    listOf(patterns).some(pattern => isLike(written(pattern.toLowerCase()), action.toLowerCase()))
  if (Action !== undefined) return isIn(Action)
  return NotAction !== undefined && !isIn(NotAction)
}

function resourceMatches(
  { Resource, NotResource }: Statement,
  resource: string,
  context: RequestContext,
  hasVariables: boolean,
): Truth {
  const matchEach = (patterns: List<string>, unresolved: Truth): Truth[] =>
    listOf(patterns).map(pattern => {
      const signs = resourcePattern(pattern, context, hasVariables)
      return signs === undefined ? unresolved : isLike(signs, resource)
    })
  if (Resource !== undefined) return or(matchEach(Resource, false))
  return NotResource !== undefined && not(or(matchEach(NotResource, 'malformed')))
}

/** Only what follows the fifth colon can hold variables. */
function resourcePattern(pattern: string, context: RequestContext, hasVariables: boolean): Sign[] | undefined {
  const fields = pattern.split(':')
  if (!hasVariables || fields.length < 6) return written(pattern)
  const head = fields.slice(0, 5).join(':') + ':'
  const tail = substituted(pattern.slice(head.length), context)
  return tail && [...written(head), ...tail]
}

// Conditions

/** Kleene's: what cannot be compared is neither true nor false. */
type Truth = boolean | 'malformed'

const not = (truth: Truth): Truth => (truth === 'malformed' ? 'malformed' : !truth)

function or(truths: Truth[]): Truth {
  if (truths.includes(true)) return true
  return truths.includes('malformed') ? 'malformed' : false
}

function and(truths: Truth[]): Truth {
  if (truths.includes(false)) return false
  return truths.includes('malformed') ? 'malformed' : true
}

function conditionsHold({ Condition = {} }: Statement, context: RequestContext, hasVariables: boolean): Truth {
  return and(
    Object.entries(Condition).flatMap(([operator, keys]) =>
      Object.entries(keys).map(([key, values]) => {
        const actual = context.get(key.toLowerCase())
        const wanted = listOf(values).map(String)
        return conditionHolds(operator, wanted, actual, hasVariables ? context : undefined)
      }),
    ),
  )
}

/** @param variables what variables are looked up in; absent if the policy has none */
function conditionHolds(
  operator: string,
  wanted: string[],
  actual: ContextValue | undefined,
  variables: RequestContext | undefined,
): Truth {
  const isAbsent = actual === undefined || (Array.isArray(actual) && actual.length === 0)

  if (operator === 'Null') {
    return or(wanted.map(value => equal(booleanOf(value), isAbsent)))
  }

  const forAll = operator.startsWith('ForAllValues:')
  const forAny = operator.startsWith('ForAnyValue:')
  const ifExists = operator.endsWith('IfExists')
  const name = operator.replace(/^For(All|Any)Values?:/, '').replace(/IfExists$/, '')
  const isNegated = name.includes('Not')
  const compare = comparisons[name.replace('Not', '')]
  if (!compare) throw new Error(`unknown operator ${operator}`)

  if (isAbsent) {
    if (ifExists || forAll) return true
    if (forAny) return false
    return isNegated
  }
  if (actual === ambiguous) return 'malformed'

  const values = typeof actual === 'string' ? [actual] : [...actual]
  const matchEach = values.map(value => or(wanted.map(policyValue => compare(policyValue, value, variables))))
  if (forAll) return and(isNegated ? matchEach.map(not) : matchEach)
  if (forAny) return or(isNegated ? matchEach.map(not) : matchEach)
  return isNegated ? not(or(matchEach)) : or(matchEach)
}

type Comparison = (wanted: string, actual: string, variables: RequestContext | undefined) => Truth

const strings =
  (test: (wanted: Sign[], actual: string) => boolean): Comparison =>
  (wanted, actual, variables) => {
    const signs = variables ? substituted(wanted, variables) : written(wanted)
    return signs !== undefined && test(signs, actual)
  }

const ordered =
  (parse: (text: string) => number | undefined, test: (actual: number, wanted: number) => boolean): Comparison =>
  (wanted, actual) => {
    const [left, right] = [parse(actual), parse(wanted)]
    return left === undefined || right === undefined ? 'malformed' : test(left, right)
  }

const equal = <T>(wanted: T | undefined, actual: T | undefined): Truth =>
  wanted === undefined || actual === undefined ? 'malformed' : wanted === actual

const isArnLike = (wanted: Sign[], actual: string): boolean => {
  const patterns = fieldsOf(wanted, sign => sign.text)
  const fields = fieldsOf(Array.from(actual), char => char)
  return (
    patterns.length === 6 &&
    fields.length === 6 &&
    patterns.every((pattern, index) => isLike(pattern, (fields[index] ?? []).join('')))
  )
}

const comparisons: Record<string, Comparison> = {
  StringEquals: strings((wanted, actual) => textOf(wanted) === actual),
  StringEqualsIgnoreCase: strings((wanted, actual) => textOf(wanted).toLowerCase() === actual.toLowerCase()),
  StringLike: strings(isLike),
  ArnEquals: strings(isArnLike),
  ArnLike: strings(isArnLike),
  NumericEquals: ordered(numberOf, (actual, wanted) => actual === wanted),
  NumericLessThan: ordered(numberOf, (actual, wanted) => actual < wanted),
  NumericLessThanEquals: ordered(numberOf, (actual, wanted) => actual <= wanted),
  NumericGreaterThan: ordered(numberOf, (actual, wanted) => actual > wanted),
  NumericGreaterThanEquals: ordered(numberOf, (actual, wanted) => actual >= wanted),
  DateEquals: ordered(secondsOf, (actual, wanted) => actual === wanted),
  DateLessThan: ordered(secondsOf, (actual, wanted) => actual < wanted),
  DateLessThanEquals: ordered(secondsOf, (actual, wanted) => actual <= wanted),
  DateGreaterThan: ordered(secondsOf, (actual, wanted) => actual > wanted),
  DateGreaterThanEquals: ordered(secondsOf, (actual, wanted) => actual >= wanted),
  Bool: (wanted, actual) => equal(booleanOf(wanted), booleanOf(actual)),
  BinaryEquals: (wanted, actual) => equal(bytesOf(wanted), bytesOf(actual)),
  IpAddress: (wanted, actual) => {
    const [network, address] = [networkOf(wanted), networkOf(actual)]
    if (!network || !address || actual.includes('/')) return 'malformed'
    return network.bits.length === address.bits.length && address.bits.startsWith(network.start)
  },
}

function numberOf(text: string): number | undefined {
  return /^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined
}

function booleanOf(text: string): boolean | undefined {
  if (text.toLowerCase() === 'true') return true
  return text.toLowerCase() === 'false' ? false : undefined
}

/** In hexadecimal. */
function bytesOf(text: string): string | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes.toString('hex') : undefined
}

/** Since 1970. */
function secondsOf(text: string): number | undefined {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text)
  const [, day, hour = '00', minute = '00', second = '00', fraction = '.0', zone = 'Z'] =
    /^(\d{4}-\d\d-\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.exec(text) ?? []
  if (day === undefined || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined
  const midnight = new Date(`${day}T00:00:00Z`)
  if (Number.isNaN(midnight.getTime()) || midnight.toISOString().slice(0, 10) !== day) return undefined
  const [zoneHour, zoneMinute] = zone === 'Z' ? [0, 0] : zone.slice(1).split(':').map(Number)
  if (zoneHour === undefined || zoneMinute === undefined || zoneHour > 23 || zoneMinute > 59) return undefined
  const offset = (zone.startsWith('-') ? -1 : 1) * (zoneHour * 3600 + zoneMinute * 60)
  const local = Number(hour) * 3600 + Number(minute) * 60 + Number(second) + Number(`0${fraction}`)
  return midnight.getTime() / 1000 + local - offset
}

/** An address, as 32 or 128 digits 0 and 1, and those with which all of its network start. */
function networkOf(text: string): { bits: string; start: string } | undefined {
  const [address = '', prefix, ...more] = text.split('/')
  const bits = bitsOf(address)
  if (bits === undefined || more.length > 0) return undefined
  if (prefix !== undefined && !/^\d+$/.test(prefix)) return undefined
  const size = prefix === undefined ? bits.length : Number(prefix)
  if (size > bits.length) return undefined
  const isMapped = bits.length === 128 && bits.startsWith('0'.repeat(80) + '1'.repeat(16)) && size >= 96
  return isMapped ? { bits: bits.slice(96), start: bits.slice(96, size) } : { bits, start: bits.slice(0, size) }
}

function bitsOf(address: string): string | undefined {
  const digits = (numbers: number[], width: number): string =>
    numbers.map(number => number.toString(2).padStart(width, '0')).join('')
  if (isIPv4(address)) return digits(address.split('.').map(Number), 8)
  if (!isIPv6(address) || address.includes('%')) return undefined

  const hexadecimal = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...bytes: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = bytes.slice(0, 4).map(Number)
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
  })
  const [head = [], tail = []] = hexadecimal
    .split('::')
    .map(half => (half === '' ? [] : half.split(':').map(group => Number.parseInt(group, 16))))
  const zeros = Array<number>(8 - head.length - tail.length).fill(0)
  return digits([...head, ...zeros, ...tail], 16)
}

// Patterns

/** One code point of a pattern. Only such as the author of the policy wrote can be wild. */
interface Sign {
  text: string
  wild: boolean
}

const written = (text: string): Sign[] => Array.from(text, char => ({ text: char, wild: char === '*' || char === '?' }))

const literal = (text: string): Sign[] => Array.from(text, char => ({ text: char, wild: false }))

const textOf = (signs: Sign[]): string => signs.map(sign => sign.text).join('')

/** A character, or a name and perhaps a default, or what is neither and so has no value. */
const variable = /\$\{(?:([*?$])|([^,}]*?)(?: *, *'([^']*)' *)?|[^}]*)\}/

/** With the values of variables in their places; undefined if one has none. */
function substituted(text: string, context: RequestContext): Sign[] | undefined {
  const found = variable.exec(text)
  if (!found) return written(text)
  const [whole, symbol, name, fallback] = found
  const value = symbol ?? stringIn(context, name ?? '') ?? fallback
  const rest = substituted(text.slice(found.index + whole.length), context)
  if (value === undefined || rest === undefined) return undefined
  return [...written(text.slice(0, found.index)), ...literal(value), ...rest]
}

function stringIn(context: RequestContext, name: string): string | undefined {
  const value = context.get(name.toLowerCase())
  return typeof value === 'string' ? value : undefined
}

function isLike(pattern: Sign[], text: string): boolean {
  const chars = Array.from(text)
  const restIsLike = (at: number, from: number): boolean => {
    const sign = pattern[at]
    if (sign === undefined) return from === chars.length
    if (sign.wild && sign.text === '*') {
      return restIsLike(at + 1, from) || (from < chars.length && restIsLike(at, from + 1))
    }
    if (from === chars.length) return false
    return (sign.wild || sign.text === chars[from]) && restIsLike(at + 1, from + 1)
  }
  return restIsLike(0, 0)
}

/** Parted at the first five colons. */
function fieldsOf<T>(items: T[], textAt: (item: T) => string): T[][] {
  const fields: T[][] = [[]]
  for (const item of items) {
    if (textAt(item) === ':' && fields.length < 6) fields.push([])
    else fields.at(-1)?.push(item)
  }
  return fields
}

function listOf<T>(value: List<T> | undefined): T[] {
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value]
}

// Grants

function grantAllows(grant: Grant, request: AccessRequest, allowing: Allowing): boolean {
  const { caller, grantable } = request
  if (!grantable || caller.type === 'WebIdentity') return false
  if (caller.account !== request.account && !request.crossAccount) return false
  return (
    granteeIs(grant, caller, allowing) &&
    allowing.session &&
    grant.operations.includes(grantable.operation) &&
    constraintsHold(grant.constraints ?? {}, grantable) &&
    (grantable.operation !== 'CreateGrant' || isNoWider(grantable.child, grant))
  )
}

function granteeIs({ granteePrincipal: grantee }: Grant, caller: CallerNames, allowing: Allowing): boolean {
  // It does not mean the root user, whose ARN it is too.
  if (grantee === `arn:aws:iam::${caller.account}:root`) {
    return allowing.identity && allowing.boundary && allowing.session
  }
  return grantee !== undefined && (grantee === caller.arn || grantee === caller.roleArn)
}

type Pairs = readonly (readonly [name: string, value: string])[]

const includesAll = (pairs: Pairs, wanted: Pairs): boolean =>
  wanted.every(([name, value]) => pairs.some(pair => pair[0] === name && pair[1] === value))

const isSame = (a: Pairs, b: Pairs): boolean => a.length === b.length && includesAll(a, b)

function constraintsHold(
  constraints: GrantConstraints,
  { operation, encryptionContext, sourceArn }: Grantable,
): boolean {
  const { encryptionContextEquals: equals, encryptionContextSubset: subset } = constraints
  if (operation !== 'RetireGrant' && constraints.sourceArn !== undefined && constraints.sourceArn !== sourceArn) {
    return false
  }
  if (operation === 'DescribeKey' || operation === 'RetireGrant' || operation === 'CreateGrant') return true
  const pairs = [...(encryptionContext ?? [])]
  return (equals === undefined || isSame(pairs, equals)) && (subset === undefined || includesAll(pairs, subset))
}

function isNoWider(child: Grantable['child'], parent: Grant): boolean {
  if (!child) return false
  const { encryptionContextEquals: equals, encryptionContextSubset: subset, sourceArn } = parent.constraints ?? {}
  const { encryptionContextEquals: childEquals, encryptionContextSubset: childSubset } = child.constraints
  return (
    child.operations.every(operation => parent.operations.includes(operation)) &&
    (equals === undefined || (childEquals !== undefined && isSame(childEquals, equals))) &&
    (subset === undefined ||
      (childEquals !== undefined && includesAll(childEquals, subset)) ||
      (childSubset !== undefined && includesAll(childSubset, subset))) &&
    (sourceArn === undefined || child.constraints.sourceArn === sourceArn)
  )
}
