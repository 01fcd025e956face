import type { Key } from '../keys/key.ts'
import { headerOf } from '../protocol/headers.ts'
import { ambiguous, type RequestContext, type ContextValue } from './access.ts'
import type { Caller, CallerNames } from './caller.ts'
import { lowered } from './lowered.ts'
import { mostEffort, spend, type Effort } from './wildcard.ts'

/** What condition keys are read from. */
export interface Facts {
  caller: Caller
  /** Epoch milliseconds. */
  now: number
  /** That was called. */
  region: string
  connection: Connection
  /** Owner of the resource. */
  account: string
  /** What the action is on, if it is on a key. */
  key?: Readonly<Key>
  /** Tags of what it is on, if that is no key. */
  resourceTags?: Tags
  /** Tags to be put, or removed, which then have no value. */
  requestTags?: readonly (readonly [key: string, value?: string])[]
  encryptionContext?: ReadonlyMap<string, string>
  /** `alias/<name>`, if the request names the key by an alias. */
  requestAlias?: string
  /** What the operation adds: condition keys as documented, and their values. */
  conditions?: Conditions
}

export interface Connection {
  /** IP address. */
  peer: string
  isSecure: boolean
  userAgent?: string
  referer?: string
}

/** What policies are told of how a request arrived. */
export function connectionOf(request: { peer: string; tls: unknown; rawHeaders: readonly string[] }): Connection {
  const { peer, tls, rawHeaders } = request
  const userAgent = headerOf(rawHeaders, 'user-agent')
  const referer = headerOf(rawHeaders, 'referer')
  return {
    peer,
    isSecure: tls !== undefined,
    ...(userAgent !== undefined && { userAgent }),
    ...(referer !== undefined && { referer }),
  }
}

/** What is known of a key that is used, and of whoever uses it, whatever the request says. */
const ofKey: readonly string[] = [
  'aws:resourceaccount',
  'kms:customermasterkeyspec',
  'kms:customermasterkeyusage',
  'kms:keyorigin',
  'kms:keyspec',
  'kms:keyusage',
  'kms:multiregion',
  'kms:multiregionkeytype',
  'kms:resourcealiases',
]
const ofServer: readonly string[] = ['aws:principalisawsservice', 'aws:requestedregion', 'aws:viaawsservice']
const ofAccount: readonly string[] = ['aws:principalaccount', 'kms:calleraccount']
const ofPrincipal: readonly string[] = ['aws:principalarn', 'aws:principaltype']
const ofUser: readonly string[] = ['aws:userid', 'aws:username']

/**
 * Whether all requests of a caller for one action on one key have the same value of a condition key.
 *
 * @param key in lower case
 */
export function isGiven(key: string, { type, account, arn, roleArn, userName }: CallerNames): boolean {
  if (ofKey.includes(key) || ofServer.includes(key) || key.startsWith('aws:resourcetag/')) return true
  if (ofAccount.includes(key)) return account !== ''
  if (ofPrincipal.includes(key)) return (type === 'IAMUser' && arn !== '*') || roleArn !== undefined
  // Of somebody of whom more is known than an ARN; a session of a role may have tags of its own.
  const isUser = type === 'IAMUser' && userName !== undefined
  return isUser && (ofUser.includes(key) || key.startsWith('aws:principaltag/'))
}

/** Undefined for a key that the request has not. */
export type Conditions = Readonly<Record<string, string | number | boolean | Date | readonly string[] | undefined>>

type Tags = Iterable<readonly [key: string, value: string]>

/** The values of condition keys for one request, computed when asked for. */
export function requestContext(facts: Facts): RequestContext {
  const effort = { left: mostEffort }
  return {
    effort,
    get(key) {
      const read = Object.hasOwn(plain, key) ? plain[key] : undefined
      if (read) return read(facts)
      for (const [prefix, readPairs] of families) {
        if (key.startsWith(prefix)) return named(effort, readPairs(facts), key.slice(prefix.length))
      }
      return ofOperation(facts.conditions, key)
    },
  }
}

type Read = (facts: Facts) => ContextValue | undefined

/** A web identity is in no account yet. */
const ofMembers =
  (read: (caller: Caller) => string | undefined): Read =>
  ({ caller }) =>
    caller.type === 'WebIdentity' ? undefined : read(caller)

const onKeys =
  (read: (key: Readonly<Key>) => ContextValue | undefined): Read =>
  ({ key }) =>
    key && read(key)

/**
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html and
 * https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html. Keys of organizations, VPCs and of services that
 * call on behalf of somebody are absent: there are none here.
 */
const plain: Readonly<Record<string, Read>> = {
  'aws:currenttime': ({ now }) => new Date(now).toISOString(),
  'aws:epochtime': ({ now }) => String(Math.floor(now / 1000)),
  'aws:requestedregion': ({ region }) => region,
  'aws:securetransport': ({ connection }) => String(connection.isSecure),
  'aws:sourceip': ({ connection }) => connection.peer,
  'aws:useragent': ({ connection }) => connection.userAgent,
  'aws:referer': ({ connection }) => connection.referer,
  'aws:viaawsservice': () => 'false',
  'aws:principalisawsservice': () => 'false',
  'aws:principalarn': ofMembers(caller => caller.roleArn ?? caller.arn),
  'aws:principalaccount': ofMembers(caller => caller.account),
  'aws:principaltype': ({ caller }) => principalTypes[caller.type],
  'aws:userid': ofMembers(caller => caller.principalId),
  'aws:username': ({ caller }) => caller.userName,
  'aws:sourceidentity': ({ caller }) => caller.session?.sourceIdentity,
  'aws:federatedprovider': ({ caller }) => (caller.webIdentity ? caller.arn : caller.session?.provider),
  'aws:tokenissuetime': ({ caller }) => caller.session && new Date(caller.session.issuedAt).toISOString(),
  // Long-term credentials have no such key at all.
  'aws:multifactorauthpresent': ({ caller }) => caller.session && 'false',
  'aws:resourceaccount': ({ account }) => account,
  'aws:tagkeys': ({ requestTags }) => requestTags?.map(([key]) => key),
  'kms:calleraccount': ({ key, caller, conditions }) =>
    key ? caller.account : ofOperation(conditions, 'kms:calleraccount'),
  'kms:encryptioncontextkeys': ({ encryptionContext }) =>
    encryptionContext && encryptionContext.size > 0 ? [...encryptionContext.keys()] : undefined,
  'kms:requestalias': ({ requestAlias }) => requestAlias,
  'kms:resourcealiases': onKeys(key => key.aliases),
  'kms:multiregion': property('kms:multiregion', key => String(key.family !== undefined)),
  'kms:multiregionkeytype': property('kms:multiregionkeytype', key =>
    key.family ? (key.family.primary === key.region ? 'PRIMARY' : 'REPLICA') : undefined,
  ),
  'kms:keyspec': property('kms:keyspec', key => key.spec),
  'kms:keyusage': property('kms:keyusage', key => key.usage),
  'kms:keyorigin': property('kms:keyorigin', key => key.origin),
  // Deprecated names of the same.
  'kms:customermasterkeyspec': property('kms:keyspec', key => key.spec),
  'kms:customermasterkeyusage': property('kms:keyusage', key => key.usage),
}

/** Of the key, or of the key to be made, which the operation tells. */
function property(name: string, read: (key: Readonly<Key>) => string | undefined): Read {
  return ({ key, conditions }) => (key ? read(key) : ofOperation(conditions, name))
}

const principalTypes: Readonly<Record<Caller['type'], string | undefined>> = {
  Root: 'Account',
  IAMUser: 'User',
  AssumedRole: 'AssumedRole',
  WebIdentity: undefined,
}

/** Keys that end in a name of the caller's choice, which is compared without regard to case as well. */
const families: readonly (readonly [prefix: string, (facts: Facts) => Pairs])[] = [
  ['kms:encryptioncontext:', ({ encryptionContext = [] }) => encryptionContext],
  ['aws:principaltag/', ({ caller }) => caller.tags],
  ['aws:requesttag/', ({ requestTags = [] }) => requestTags],
  ['aws:resourcetag/', ({ key, resourceTags = [] }) => (key ? key.tags : resourceTags)],
  ['iam:resourcetag/', ({ resourceTags = [] }) => resourceTags],
]

/**
 * Attributes of a key say nothing in its own policy.
 *
 * @param key in lower case
 */
export const isHiddenFromKeys = (key: string): boolean =>
  key === 'kms:resourcealiases' || key.startsWith('aws:resourcetag/')

/**
 * Whether a request can have the condition key, be it on no operation in particular.
 *
 * @param key in lower case
 */
export const isKnownKey = (key: string): boolean =>
  Object.hasOwn(plain, key) || families.some(([prefix]) => key.startsWith(prefix) && key.length > prefix.length)

type Pairs = Iterable<readonly [name: string, value?: string]>

/** The value under a name; ambiguous if several differ from it in case only. */
function named(effort: Effort, pairs: Pairs, wanted: string): ContextValue | undefined {
  let found: string | undefined
  for (const [name, value] of pairs) {
    spend(effort, name.length)
    if (name.toLowerCase() !== wanted) continue
    if (found !== undefined) return ambiguous
    found = value
  }
  return found
}

function ofOperation(conditions: Conditions | undefined, wanted: string): ContextValue | undefined {
  for (const name in conditions) {
    const value = conditions[name]
    if (value === undefined || lowered(name) !== wanted) continue
    if (value instanceof Date) return String(value.getTime() / 1000)
    return typeof value === 'object' || typeof value === 'string' ? value : String(value)
  }
  return undefined
}
