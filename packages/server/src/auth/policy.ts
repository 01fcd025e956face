import { isAccount, splitArn } from '../protocol/arn.ts'
import { kmsError, type KmsError } from '../protocol/errors.ts'
import { JsonError, parseJsonText, toPlain, type PlainJson } from '../protocol/json.ts'
import { parseDate } from './values.ts'

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

/** What a kind of policy must say, and how the service that keeps it puts it if it does not. */
interface Dialect {
  principals: 'required' | 'forbidden'
  resources: 'required' | 'optional' | 'forbidden'
  /** IAM looks closer at some things than KMS, and at others not. */
  isIam: boolean
  /** Before what is said of a document whose form is wrong. */
  syntax: string
  json: string
  noPrincipal: string
  noActions: string
  doubledSids: string
  wrongPrincipal: (type: PrincipalType, text: string) => KmsError
}

type PrincipalType = 'AWS' | 'Service' | 'Federated'

const dialects: Readonly<Record<PolicyKind, Dialect>> = {
  key: {
    principals: 'required',
    resources: 'optional',
    isIam: false,
    syntax: '',
    json: 'Policy is not valid JSON: ',
    noPrincipal: 'Policy contains a statement with no principal.',
    noActions: '',
    doubledSids: '',
    wrongPrincipal: (type, text) =>
      type === 'AWS' && isBrokenArn(text)
        ? kmsError('InvalidArnException', 'An ARN in the specified key policy is invalid.')
        : malformed('Policy contains a statement with one or more invalid principals.'),
  },
  trust: {
    principals: 'required',
    resources: 'forbidden',
    isIam: true,
    syntax: 'Syntax errors in policy. ',
    json: 'This policy contains invalid Json: ',
    noPrincipal: 'Missing required field Principal',
    noActions: 'Missing required field Action',
    doubledSids: 'The Statement Ids in the policy are not unique',
    wrongPrincipal: (type, text) =>
      malformed(
        type === 'Federated'
          ? 'Federated principals must be valid domain names or SAML metadata ARNs'
          : `Invalid principal in policy: "${type}":"${text}"`,
      ),
  },
  identity: {
    principals: 'forbidden',
    resources: 'required',
    isIam: true,
    syntax: 'Syntax errors in policy. ',
    json: 'Syntax errors in policy. ',
    noPrincipal: '',
    noActions: 'Policy statement must contain actions.',
    doubledSids: 'Statement IDs (SID) in a single policy must be unique.',
    wrongPrincipal: () => malformed(noPrincipalAllowed),
  },
}

const noPrincipalAllowed = 'Policy document should not specify a principal.'

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
  return { version, ...(id !== undefined && { id }), statements }
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

/** IAM's checks, in its words (public reports, 2018 to 2026): what can mean nothing is a mistake. */
function requireIamPolicy({ statements }: ParsedPolicy, dialect: Dialect): void {
  for (const statement of statements) requireIamStatement(statement, dialect)
  const sids = statements.flatMap(({ sid }) => (sid === undefined || sid === '' ? [] : [sid]))
  if (new Set(sids).size < sids.length) throw malformed(dialect.doubledSids)
}

function requireIamStatement(statement: Statement, dialect: Dialect): void {
  const { sid, principals, actions, resources, conditions } = statement
  if (principals?.not) throw malformed('AssumeRole policy must not contain NotPrincipal field.')
  if (sid !== undefined && !/^[0-9A-Za-z]*$/.test(sid)) {
    throw malformed(
      'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*',
    )
  }
  if (conditions.some(({ operator, values }) => operator.startsWith('Date') && !values.every(isDate))) {
    throw malformed(legacy)
  }
  if (!actions) throw malformed(dialect.noActions)
  for (const action of actions.items) requireAction(action)
  if (dialect.resources === 'required') {
    if (!resources) throw malformed('Policy statement must contain resources.')
    for (const resource of resources.items) requireResource(resource)
    return
  }
  if (resources) throw malformed('Has prohibited field Resource')
  if (!actions.items.every(action => action.toLowerCase().startsWith('sts:'))) {
    throw malformed('AssumeRole policy may only specify STS AssumeRole actions.')
  }
}

const legacy = 'The policy failed legacy parsing'
const isDate = (value: string): boolean => parseDate(value) !== undefined

function requireAction(action: string): void {
  if (action === '*') return
  const [vendor = '', name, ...more] = action.split(':')
  if (name === undefined) {
    throw malformed('Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.')
  }
  if (more.length > 0) throw malformed('Actions/Condition can contain only one colon.')
  if (vendor !== '*' && !/^[a-zA-Z0-9.-]+$/.test(vendor)) throw malformed(`Vendor ${vendor} is not valid`)
}

function requireResource(resource: string): void {
  if (resource === '*') return
  if (!resource.startsWith('arn:')) throw malformed(`Resource ${resource} must be in ARN format or "*".`)
  const [, partition = '', service, region = '', ...rest] = resource.split(':')
  if (partition !== 'aws') throw malformed(`Partition "${partition}" is not valid for resource "${resource}".`)
  if (service === undefined || /[*?]/.test(service)) {
    throw malformed('Resource vendor must be fully qualified and cannot contain regexes.')
  }
  if (service === '' || (rest.length < 2 && resource.includes('::'))) throw malformed(legacy)
  if (service === 'iam' && region !== '') {
    throw malformed(`IAM resource ${resource} cannot contain region information.`)
  }
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

/** User and role names may have a path before them; sessions have none. */
const identityResources: Readonly<Record<string, RegExp>> = {
  iam: /^(?:user|role)\/(?:[!-~]+\/)?[\w+=,.@-]{1,64}$/,
  sts: /^(?:assumed-role\/[\w+=,.@-]{1,64}\/[\w+=,.@-]{2,64}|federated-user\/[\w+=,.@-]{2,32})$/,
}

function awsPrincipal(text: string): Principal | undefined {
  if (text === '*') return { kind: 'everyone' }
  return isAccount(text) ? { kind: 'account', account: text } : principalOf(text)
}

/** Not even an account can be made out in it. */
const isBrokenArn = (text: string): boolean =>
  text.startsWith('arn:') && !text.includes('*') && !isAccount(splitArn(text)?.account ?? '')

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

const servicePrincipal = (text: string): Principal | undefined =>
  hostName.test(text) ? { kind: 'service', name: text } : undefined

function federatedPrincipal(text: string): Principal | undefined {
  const providerArn = /^arn:aws:iam::\d{12}:(?:saml|oidc)-provider\/[\w+=,.@:/-]+$/
  return hostName.test(text) || providerArn.test(text) ? { kind: 'federated', provider: text } : undefined
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
  const operator = conditionOperators.find(known => known === base)
  // Null asks whether the key is there, so neither addition would mean anything.
  if (!operator || (operator === 'Null' && (quantifier ?? ifExists) !== undefined)) {
    throw new Misshapen(`${place}: ${name} is not a condition operator.`)
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

const malformed = (message: string): KmsError => kmsError('MalformedPolicyDocumentException', message)
