import { isAccount, splitArn } from '../protocol/arn.ts'
import { kmsError, type KmsError } from '../protocol/errors.ts'
import { JsonError, parseJsonText, toPlain, type PlainJson } from '../protocol/json.ts'

/** A policy that has passed every check; what it means is decided elsewhere (compile.ts, evaluate.ts). */
export interface ParsedPolicy {
  /** Only under the later version are `${...}` in resources and condition values variables. */
  version: '2008-10-17' | '2012-10-17'
  id?: string
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

export type Principal =
  | { kind: 'everyone' }
  /** Leaves the decision to the identity policies of the account; does not name its root user. */
  | { kind: 'account'; account: string }
  /** ARN of a user, a role, a role session or a federated session. */
  | { kind: 'identity'; arn: string }
  | { kind: 'service'; name: string }
  | { kind: 'federated'; provider: string }

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

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html */
const conditionOperators = [
  'StringEquals',
  'StringNotEquals',
  'StringEqualsIgnoreCase',
  'StringNotEqualsIgnoreCase',
  'StringLike',
  'StringNotLike',
  'NumericEquals',
  'NumericNotEquals',
  'NumericLessThan',
  'NumericLessThanEquals',
  'NumericGreaterThan',
  'NumericGreaterThanEquals',
  'DateEquals',
  'DateNotEquals',
  'DateLessThan',
  'DateLessThanEquals',
  'DateGreaterThan',
  'DateGreaterThanEquals',
  'Bool',
  'BinaryEquals',
  'IpAddress',
  'NotIpAddress',
  'ArnEquals',
  'ArnNotEquals',
  'ArnLike',
  'ArnNotLike',
  'Null',
] as const
export type ConditionOperator = (typeof conditionOperators)[number]

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

/** What a policy belongs to: a key, a role that may be assumed, or an identity (or a session of one) that it allows something. */
export type PolicyKind = 'key' | 'trust' | 'identity'

interface Dialect {
  /** What such a policy is called in complaints. */
  subject: string
  principals: 'required' | 'forbidden'
  actions: 'required' | 'optional'
  resources: 'required' | 'optional' | 'forbidden'
  /** As IAM has them: letters and digits, and no two alike. */
  strictSids: boolean
}

const dialects: Readonly<Record<PolicyKind, Dialect>> = {
  key: { subject: 'Policy', principals: 'required', actions: 'optional', resources: 'optional', strictSids: false },
  trust: {
    subject: 'Trust policy',
    principals: 'required',
    actions: 'required',
    resources: 'forbidden',
    strictSids: true,
  },
  identity: {
    subject: 'Policy',
    principals: 'forbidden',
    actions: 'required',
    resources: 'required',
    strictSids: true,
  },
}

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
 * Reads a policy document of any kind
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html). Names of elements are case-sensitive,
 * every list may be a bare string, and nothing unknown is let through: a misspelt condition must not turn into no condition.
 * How large it may be is for the caller to ask.
 *
 * @throws InvalidArnException (key policies), MalformedPolicyDocumentException
 */
export function parsePolicy(kind: PolicyKind, text: string): ParsedPolicy {
  if (!/^[\t\n\r -\u00ff]*$/.test(text)) {
    throw malformed('Policy contains a character that is neither a tab, a line break nor from U+0020 to U+00FF.')
  }
  const document = members(readJson(text), 'Policy', ['Version', 'Id', 'Statement'])
  const { Version: version = '2008-10-17', Id: id } = document
  if (version !== '2008-10-17' && version !== '2012-10-17') {
    throw malformed('Policy: Version must be "2012-10-17" or "2008-10-17".')
  }
  if (id !== undefined && typeof id !== 'string') throw malformed('Policy: Id must be a string.')
  const { Statement: statement = [] } = document
  const dialect = dialects[kind]
  const statements = (Array.isArray(statement) ? statement : [statement]).map((json, index) =>
    parseStatement(json, index, dialect),
  )
  if (statements.length === 0) throw malformed('Policy: there must be at least one Statement.')
  if (dialect.strictSids) requireUniqueSids(statements)
  return { version, ...(id !== undefined && { id }), statements }
}

function requireUniqueSids(statements: readonly Statement[]): void {
  const sids = statements.flatMap(({ sid }) => (sid === undefined || sid === '' ? [] : [sid]))
  if (new Set(sids).size < sids.length) throw malformed('Statement IDs (SID) in a single policy must be unique.')
}

function readJson(text: string): PlainJson {
  try {
    return toPlain(parseJsonText(text))
  } catch (error) {
    if (error instanceof JsonError) throw malformed(`Policy is not valid JSON: ${error.message}.`)
    throw error
  }
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
  if (sid !== undefined && typeof sid !== 'string') throw malformed(`${number}: Sid must be a string.`)
  const place = sid === undefined ? number : `Statement "${sid}"`
  if (effect !== 'Allow' && effect !== 'Deny') throw malformed(`${place}: Effect must be "Allow" or "Deny".`)
  if (dialect.strictSids && sid !== undefined && !/^[0-9A-Za-z]*$/.test(sid)) {
    throw malformed(
      'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*',
    )
  }
  const principals = oneForm(place, 'Principal', element.Principal, element.NotPrincipal, parsePrincipals)
  requirePresence(principals, dialect.principals, {
    missing: 'Policy contains a statement with no principal.',
    excess: 'Policy document should not specify a principal.',
  })
  // It would allow whoever is not listed, be it in another account, or nobody at all.
  if (principals?.not && effect === 'Allow') throw malformed(`${place}: NotPrincipal must not be used with Allow.`)
  const actions = oneForm(place, 'Action', element.Action, element.NotAction, strings)
  requirePresence(actions, dialect.actions, { missing: 'Policy statement must contain actions.', excess: '' })
  const resources = oneForm(place, 'Resource', element.Resource, element.NotResource, strings)
  requirePresence(resources, dialect.resources, {
    missing: 'Policy statement must contain resources.',
    excess: 'Has prohibited field Resource',
  })
  if (dialect.strictSids) requireServices(actions, resources)
  return {
    ...(sid !== undefined && { sid }),
    effect,
    ...(principals && { principals }),
    ...(actions && { actions }),
    ...(resources && { resources }),
    conditions: condition === undefined ? [] : parseConditions(condition, `${place}: Condition`),
  }
}

function requirePresence(
  element: unknown,
  rule: 'required' | 'optional' | 'forbidden',
  texts: { missing: string; excess: string },
): void {
  if (rule === 'required' && element === undefined) throw malformed(texts.missing)
  if (rule === 'forbidden' && element !== undefined) throw malformed(texts.excess)
}

/** IAM's checks, in its words: an action or a resource that can mean nothing is a mistake. */
function requireServices(actions: Listed<string> | undefined, resources: Listed<string> | undefined): void {
  if (actions?.items.some(action => action !== '*' && !/^[\w*?-]+:[\w*?]+$/.test(action))) {
    throw malformed('Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.')
  }
  const stray = resources?.items.find(resource => resource !== '*' && !resource.startsWith('arn:'))
  if (stray !== undefined) throw malformed(`Resource ${stray} must be in ARN format or "*".`)
}

/** An element and its Not form, of which at most one may be there. */
function oneForm<T>(
  place: string,
  name: string,
  plain: PlainJson | undefined,
  negated: PlainJson | undefined,
  parse: (json: PlainJson, place: string) => T[],
): Listed<T> | undefined {
  if (plain !== undefined && negated !== undefined) throw malformed(`${place}: both ${name} and Not${name} are there.`)
  if (plain !== undefined) return { not: false, items: parse(plain, `${place}: ${name}`) }
  if (negated !== undefined) return { not: true, items: parse(negated, `${place}: Not${name}`) }
  return undefined
}

function parsePrincipals(json: PlainJson, place: string): Principal[] {
  if (json === '*') return [{ kind: 'everyone' }]
  const { AWS = [], Service = [], Federated = [] } = members(json, place, ['AWS', 'Service', 'Federated'])
  const principals = [
    ...list(AWS, `${place}.AWS`).map(awsPrincipal),
    ...list(Service, `${place}.Service`).map(servicePrincipal),
    ...list(Federated, `${place}.Federated`).map(federatedPrincipal),
  ]
  if (principals.length === 0) throw noPrincipal()
  return principals
}

/** User and role names may have a path before them; sessions have none. */
const identityResources: Readonly<Record<string, RegExp>> = {
  iam: /^(?:user|role)\/(?:[!-~]+\/)?[\w+=,.@-]{1,64}$/,
  sts: /^(?:assumed-role\/[\w+=,.@-]{1,64}\/[\w+=,.@-]{2,64}|federated-user\/[\w+=,.@-]{2,32})$/,
}

function awsPrincipal(text: string): Principal {
  if (text === '*') return { kind: 'everyone' }
  if (isAccount(text)) return { kind: 'account', account: text }
  if (!text.startsWith('arn:') || text.includes('*')) throw invalidPrincipal()
  if (!isAccount(splitArn(text)?.account ?? '')) {
    throw kmsError('InvalidArnException', 'An ARN in the specified key policy is invalid.')
  }
  const principal = principalOf(text)
  if (!principal) throw invalidPrincipal()
  return principal
}

/** The account, user, role or session that an ARN names; undefined if it names anything else, be it a group or a pattern. */
export function principalOf(text: string): Extract<Principal, { kind: 'account' | 'identity' }> | undefined {
  const arn = splitArn(text)
  if (arn?.partition !== 'aws' || arn.region !== '' || !isAccount(arn.account) || text.includes('*')) return undefined
  const { service, account, resource } = arn
  if (service === 'iam' && resource === 'root') return { kind: 'account', account }
  const isIdentity = Object.hasOwn(identityResources, service) && identityResources[service]?.test(resource)
  return isIdentity ? { kind: 'identity', arn: text } : undefined
}

const hostName = /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/

function servicePrincipal(text: string): Principal {
  if (!hostName.test(text)) throw invalidPrincipal()
  return { kind: 'service', name: text }
}

function federatedPrincipal(text: string): Principal {
  const providerArn = /^arn:aws:iam::\d{12}:(?:saml|oidc)-provider\/[\w+=,.@:/-]+$/
  if (!hostName.test(text) && !providerArn.test(text)) throw invalidPrincipal()
  return { kind: 'federated', provider: text }
}

function parseConditions(json: PlainJson, place: string): Condition[] {
  return Object.entries(object(json, place)).flatMap(([name, block]) => {
    const operator = parseOperator(name, place)
    return Object.entries(object(block, `${place}.${name}`)).map(([key, value]) => {
      const condition = { ...operator, key, values: scalars(value, `${place}.${name}.${key}`) }
      requireJudicious(condition)
      return condition
    })
  })
}

function parseOperator(name: string, place: string): Pick<Condition, 'operator' | 'quantifier' | 'ifExists'> {
  const [, quantifier, base = '', ifExists] = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(name) ?? []
  const operator = conditionOperators.find(known => known === base)
  // Null asks whether the key is there, so neither addition would mean anything.
  if (!operator || (operator === 'Null' && (quantifier ?? ifExists) !== undefined)) {
    throw malformed(`${place}: ${name} is not a condition operator.`)
  }
  return {
    operator,
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
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw malformed(`${place} must be an object.`)
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
    throw malformed(`${place}: ${JSON.stringify(unknown)} is not an element that is known here.`)
  return known as { readonly [name in Name]?: PlainJson } // Its names have just been checked.
}

function strings(json: PlainJson, place: string): string[] {
  const items = list(json, place)
  // `Not` of an empty list would mean everything.
  if (items.length === 0) throw malformed(`${place} must not be empty.`)
  return items
}

function list(json: PlainJson, place: string): string[] {
  return (Array.isArray(json) ? json : [json]).map(item => {
    if (typeof item !== 'string' || item === '') throw malformed(`${place} must be a string or a list of strings.`)
    return item
  })
}

function scalars(json: PlainJson, place: string): string[] {
  const items = (Array.isArray(json) ? json : [json]).map(item => {
    if (item === null || typeof item === 'object') {
      throw malformed(`${place} must be a string, a number, a boolean or a list of these.`)
    }
    return String(item)
  })
  if (items.length === 0) throw malformed(`${place} must not be empty.`)
  return items
}

const malformed = (message: string): KmsError => kmsError('MalformedPolicyDocumentException', message)
const noPrincipal = (): KmsError => malformed('Policy contains a statement with no principal.')
const invalidPrincipal = (): KmsError => malformed('Policy contains a statement with one or more invalid principals.')
