import { kmsError } from '../protocol/errors.ts'
import { JsonError, parseJsonText, toPlain, type PlainJson } from '../protocol/json.ts'
import { isOperator, type ConditionOperator } from './conditions.ts'
import {
  dialects,
  malformed,
  noPrincipalAllowed,
  type Dialect,
  type PolicyKind,
  type PrincipalType,
} from './dialects.ts'
import { requireIamPolicy } from './iam-policy.ts'
import { awsPrincipal, federatedPrincipal, servicePrincipal, type Principal } from './principals.ts'

/** A policy that has passed every check; what it means is decided elsewhere (compile.ts, evaluate.ts). */
export interface ParsedPolicy {
  /** Only under the later version are `${...}` in resources and condition values variables. */
  version: '2008-10-17' | '2012-10-17'
  /** At least one. */
  statements: readonly Statement[]
}

export interface Statement {
  sid?: string
  effect: 'Allow' | 'Deny'
  /** Absent in policies of identities, which concern whoever has them. */
  principals?: Listed<Principal>
  /** Patterns, matched without regard to case. In a key policy, a statement without actions or resources has no effect. */
  actions?: Listed<string>
  /** Patterns over whole ARNs; in a key policy, `*` means the key that it belongs to. */
  resources?: Listed<string>
  /** All must hold. */
  conditions: readonly Condition[]
}

/** What an element lists, at least one item; with `not`, everything but that. */
export interface Listed<T> {
  not: boolean
  items: readonly T[]
}

export interface Condition {
  operator: ConditionOperator
  /** How a key with several values is judged: each of them, or any. */
  quantifier?: 'ForAllValues' | 'ForAnyValue'
  /** Whether the condition holds when the key is absent. */
  ifExists: boolean
  /** As written; names of condition keys are compared without regard to case. */
  key: string
  /** At least one; numbers and booleans as their text. */
  values: readonly string[]
}

/** Bytes of UTF-8. The service's model admits more characters, the service does not. */
const mostBytes = 32_768

/**
 * The policy that a key gets when none is given, to the byte as the service prints it: with a new line for each member.
 * (The answer of GetKeyPolicy recorded in the API reference on 2016-11-14 has a Content-Length of 326, which this form
 * gives, and the same policy on one line does not.)
 */
export const defaultKeyPolicy = (account: string): string => `{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "arn:aws:iam::${account}:root"
    },
    "Action" : "kms:*",
    "Resource" : "*"
  } ]
}`

/**
 * Reads a key policy document (https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html). Principals
 * need only be well-formed: they may belong to systems that are not managed here.
 *
 * @throws LimitExceededException above 32,768 bytes, InvalidArnException for an ARN with a broken structure among the
 * principals, MalformedPolicyDocumentException for anything else, naming the statement (by Sid or number) and element
 */
export function parseKeyPolicy(text: string): ParsedPolicy {
  if (Buffer.byteLength(text) > mostBytes) {
    throw kmsError('LimitExceededException', `The key policy is larger than ${mostBytes} bytes.`)
  }
  return parsePolicy('key', text)
}

/**
 * Reads a policy document of any kind that is to be kept, and refuses what the service that keeps it would. How large it may
 * be is for the caller to ask.
 *
 * @throws InvalidArnException (key policies), MalformedPolicyDocumentException
 */
export function parsePolicy(kind: PolicyKind, text: string): ParsedPolicy {
  const policy = readPolicy(kind, text)
  const dialect = dialects[kind]
  if (dialect.isIam) requireIamPolicy(policy, dialect)
  return policy
}

/**
 * The same for a document that was kept before
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html). Names of elements are case-sensitive,
 * every list may be a bare string, and nothing unknown is let through: a misspelt condition must not turn into no condition.
 *
 * @throws InvalidArnException (key policies), MalformedPolicyDocumentException
 */
export function readPolicy(kind: PolicyKind, text: string): ParsedPolicy {
  const dialect = dialects[kind]
  try {
    return parseDocument(dialect, text)
  } catch (error) {
    if (error instanceof JsonError) throw malformed(`${dialect.json}${error.message}.`)
    if (error instanceof Misshapen) throw malformed(`${dialect.syntax}${error.message}`)
    throw error
  }
}

/** The form of a document is wrong; the message names the place. */
class Misshapen extends Error {}

function parseDocument(dialect: Dialect, text: string): ParsedPolicy {
  if (!/^[\t\n\r -\u00ff]*$/.test(text)) {
    throw new Misshapen('Policy contains a character that is neither a tab, a line break nor from U+0020 to U+00FF.')
  }
  const document = members(toPlain(parseJsonText(text)), 'Policy', ['Version', 'Id', 'Statement'])
  const { Version: version = '2008-10-17', Id: id } = document
  if (version !== '2008-10-17' && version !== '2012-10-17') {
    throw new Misshapen('Policy: Version must be "2012-10-17" or "2008-10-17".')
  }
  if (id !== undefined && typeof id !== 'string') throw new Misshapen('Policy: Id must be a string.')
  const { Statement: statement = [] } = document
  const statements = (Array.isArray(statement) ? statement : [statement]).map((json, index) =>
    parseStatement(json, index, dialect),
  )
  if (statements.length === 0) throw new Misshapen('Policy: there must be at least one Statement.')
  return { version, statements }
}

const statementElements = [
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
] as const

function parseStatement(json: PlainJson, index: number, dialect: Dialect): Statement {
  const number = `Statement ${index + 1}`
  const element = members(json, number, statementElements)
  const { Sid: sid, Effect: effect, Condition: condition } = element
  if (sid !== undefined && typeof sid !== 'string') throw new Misshapen(`${number}: Sid must be a string.`)
  const place = sid === undefined ? number : `Statement "${sid}"`
  if (effect !== 'Allow' && effect !== 'Deny') throw new Misshapen(`${place}: Effect must be "Allow" or "Deny".`)
  const principals = parsePrincipalsOf(element, place, dialect, effect)
  const actions = oneForm(place, 'Action', element.Action, element.NotAction, strings)
  const resources = oneForm(place, 'Resource', element.Resource, element.NotResource, strings)
  const statement: Statement = {
    ...(sid !== undefined && { sid }),
    effect,
    ...(principals && { principals }),
    ...(actions && { actions }),
    ...(resources && { resources }),
    conditions: condition === undefined ? [] : parseConditions(condition, `${place}: Condition`),
  }
  if (!dialect.isIam) for (const judged of statement.conditions) requireJudicious(judged)
  return statement
}

function parsePrincipalsOf(
  { Principal: plain, NotPrincipal: negated }: { Principal?: PlainJson; NotPrincipal?: PlainJson },
  place: string,
  dialect: Dialect,
  effect: 'Allow' | 'Deny',
): Listed<Principal> | undefined {
  const isThere = plain !== undefined || negated !== undefined
  if (dialect.principals === 'forbidden') {
    if (isThere) throw malformed(noPrincipalAllowed)
    return undefined
  }
  if (!isThere) throw malformed(dialect.noPrincipal)
  const principals = oneForm(place, 'Principal', plain, negated, (json, at) => parsePrincipals(json, at, dialect))
  if (!principals?.not) return principals
  // It would allow whoever is not listed, be it in another account, or nobody at all.
  if (effect === 'Allow') throw malformed(`${place}: NotPrincipal must not be used with Allow.`)
  return principals
}

/** An element and its Not form, of which at most one may be there. */
function oneForm<T>(
  place: string,
  name: string,
  plain: PlainJson | undefined,
  negated: PlainJson | undefined,
  parse: (json: PlainJson, place: string) => T[],
): Listed<T> | undefined {
  if (plain !== undefined && negated !== undefined)
    throw new Misshapen(`${place}: both ${name} and Not${name} are there.`)
  if (plain !== undefined) return { not: false, items: parse(plain, `${place}: ${name}`) }
  if (negated !== undefined) return { not: true, items: parse(negated, `${place}: Not${name}`) }
  return undefined
}

function parsePrincipals(json: PlainJson, place: string, dialect: Dialect): Principal[] {
  if (json === '*') return [{ kind: 'everyone' }]
  const { AWS = [], Service = [], Federated = [] } = members(json, place, ['AWS', 'Service', 'Federated'])
  const read = (type: PrincipalType, texts: PlainJson, parse: (text: string) => Principal | undefined): Principal[] =>
    list(texts, `${place}.${type}`).map(text => {
      const principal = parse(text)
      if (!principal) throw dialect.wrongPrincipal(type, text)
      return principal
    })
  const principals = [
    ...read('AWS', AWS, awsPrincipal),
    ...read('Service', Service, servicePrincipal),
    ...read('Federated', Federated, federatedPrincipal),
  ]
  if (principals.length === 0)
    throw malformed(dialect.isIam ? `${dialect.noPrincipal} cannot be empty!` : dialect.noPrincipal)
  return principals
}

function parseConditions(json: PlainJson, place: string): Condition[] {
  return Object.entries(object(json, place)).flatMap(([name, block]) => {
    const operator = parseOperator(name, place)
    return Object.entries(object(block, `${place}.${name}`)).map(([key, value]) => {
      return { ...operator, key, values: scalars(value, `${place}.${name}.${key}`) }
    })
  })
}

function parseOperator(name: string, place: string): Pick<Condition, 'operator' | 'quantifier' | 'ifExists'> {
  const [, quantifier, base = '', ifExists] = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(name) ?? []
  // Null asks whether the key is there, so neither addition would mean anything.
  if (!isOperator(base) || (base === 'Null' && (quantifier ?? ifExists) !== undefined)) {
    throw new Misshapen(`${place}: ${name} is not a condition operator.`)
  }
  return {
    operator: base,
    ...((quantifier === 'ForAllValues' || quantifier === 'ForAnyValue') && { quantifier }),
    ifExists: ifExists !== undefined,
  }
}

/** ForAllValues holds when the key is absent, which those who write it about one value do not expect. */
function requireJudicious({ quantifier, key: name }: Condition): void {
  if (quantifier !== 'ForAllValues') return
  const key = name.toLowerCase()
  if (!key.startsWith('kms:encryptioncontext:') && !key.startsWith('aws:requesttag/')) return
  throw malformed(
    'OverlyPermissiveCondition: Using the ForAllValues set operator with a single-valued condition key matches requests without the specified [encryption context or tag] or with an unspecified [encryption context or tag]. To fix, remove ForAllValues.',
  )
}

function object(json: PlainJson, place: string): Readonly<Record<string, PlainJson>> {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new Misshapen(`${place} must be an object.`)
  return json
}

/** An object whose members have these names and no others. */
function members<Name extends string>(
  json: PlainJson,
  place: string,
  names: readonly Name[],
): { readonly [name in Name]?: PlainJson } {
  const known = object(json, place)
  const unknown = Object.keys(known).find(name => !names.some(other => other === name))
  if (unknown !== undefined)
    throw new Misshapen(`${place}: ${JSON.stringify(unknown)} is not an element that is known here.`)
  return known as { readonly [name in Name]?: PlainJson } // Its names have just been checked.
}

function strings(json: PlainJson, place: string): string[] {
  const items = list(json, place)
  // `Not` of an empty list would mean everything.
  if (items.length === 0) throw new Misshapen(`${place} must not be empty.`)
  return items
}

function list(json: PlainJson, place: string): string[] {
  return (Array.isArray(json) ? json : [json]).map(item => {
    if (typeof item !== 'string' || item === '') throw new Misshapen(`${place} must be a string or a list of strings.`)
    return item
  })
}

function scalars(json: PlainJson, place: string): string[] {
  const items = (Array.isArray(json) ? json : [json]).map(item => {
    if (item === null || typeof item === 'object') {
      throw new Misshapen(`${place} must be a string, a number, a boolean or a list of these.`)
    }
    return String(item)
  })
  if (items.length === 0) throw new Misshapen(`${place} must not be empty.`)
  return items
}
