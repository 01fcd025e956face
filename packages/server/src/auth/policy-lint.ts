import { isAccount, splitArn } from '../protocol/arn.ts'
import type { Condition, Listed, ParsedPolicy, Statement } from './policy.ts'
import type { Principal } from './principals.ts'
import { isHiddenFromKeys, isKnownKey } from './request-context.ts'
import { compileWildcard } from './wildcard.ts'

/** What a key policy says that is allowed, and probably not what was meant. */

export interface LintFinding {
  severity: 'WARNING' | 'SUGGESTION'
  code: string
  /** What it is, and what to do. */
  message: string
  /** Number of the statement, from 0. */
  statement?: number
}

/** What is known beside the policy. */
export interface LintFacts {
  /** Owner of the key. */
  account: string
  /** Of the key, or as it would be if it were made now. */
  keyArn: string
  /** Of the services, by name in lower case. */
  actions: ReadonlyMap<string, { name: string; isOnKeys: boolean }>
  /** ARNs of users and roles of the account, and sessions of such, that are not there. */
  absent: ReadonlySet<string>
  /** What each statement, by number, denies to whoever asks. */
  denied: ReadonlyMap<number, readonly string[]>
}

/** More of them nobody reads. */
export const mostFindings = 100

/** Worst first, then in the order of the statements. */
export function lintKeyPolicy(policy: ParsedPolicy, facts: LintFacts): LintFinding[] {
  const found: LintFinding[] = []
  for (const [code, { severity, find }] of Object.entries(rules)) {
    for (const { message, statement } of find(policy, facts)) {
      found.push({ severity, code, message, ...(statement !== undefined && { statement }) })
      if (found.length >= mostFindings) return found
    }
  }
  return found
}

interface Rule {
  severity: LintFinding['severity']
  find: (policy: ParsedPolicy, facts: LintFacts) => Iterable<Pick<LintFinding, 'message' | 'statement'>>
}

const warning = (find: Rule['find']): Rule => ({ severity: 'WARNING', find })
const suggestion = (find: Rule['find']): Rule => ({ severity: 'SUGGESTION', find })

/** Looks at one statement after the other. */
const each = (find: (statement: Statement, facts: LintFacts, policy: ParsedPolicy) => Iterable<string>): Rule['find'] =>
  function* (policy, facts) {
    for (const [index, statement] of policy.statements.entries()) {
      for (const message of find(statement, facts, policy)) yield { message, statement: index }
    }
  }

export const rules: Readonly<Record<string, Rule>> = {
  NOBODY_ADMINISTERS: warning(function* ({ statements }, { account, absent }) {
    const isHere = (principal: Principal): boolean => isOf(account, principal) && !absent.has(arnOf(principal))
    const mayManage = ({ effect, actions, principals }: Statement): boolean =>
      effect === 'Allow' &&
      covers(actions, 'kms:PutKeyPolicy') &&
      itemsOf(principals).some(item => item.kind === 'everyone' || isHere(item))
    if (statements.some(mayManage)) return
    const message = `Nobody of account ${account} is allowed kms:PutKeyPolicy: allow it to arn:aws:iam::${account}:root, or to a user or role that exists.`
    yield { message }
  }),
  DENIES_CALLER: warning(function* (_, { denied }) {
    for (const [statement, actions] of denied) {
      if (actions.length === 0) continue
      const named = `${actions.slice(0, 3).join(', ')}${actions.length > 3 ? `, and ${actions.length - 3} more` : ''}`
      yield { message: `It denies you ${named}: except yourself, unless that is meant.`, statement }
    }
  }),
  EVERYONE_ALLOWED: warning(
    each(function* ({ effect, principals, conditions }) {
      if (effect !== 'Deny' && conditions.length === 0 && itemsOf(principals).some(({ kind }) => kind === 'everyone')) {
        yield 'It allows everybody, of whichever account: name the principals, or add a condition on aws:PrincipalAccount.'
      }
    }),
  ),
  FULL_ACCESS_ABROAD: warning(
    each(function* ({ effect, principals, actions }, { account }) {
      if (effect === 'Deny' || !itemsOf(actions).some(isAll)) return
      for (const principal of itemsOf(principals)) {
        const arn = arnOf(principal)
        if (arn === '' || isOf(account, principal)) continue
        yield `It allows ${arn}, of another account, everything with the key: list the actions that it needs.`
      }
    }),
  ),
  PRINCIPAL_NOT_FOUND: warning(
    each(function* ({ principals }, { absent }) {
      for (const principal of principals?.items ?? []) {
        const arn = arnOf(principal)
        if (absent.has(arn))
          yield `There is no ${arn}: whoever gets that name later would be meant. Check it, or make it first.`
      }
    }),
  ),
  UNKNOWN_ACTION: warning(
    each(function* ({ actions }, { actions: known }) {
      for (const action of actions?.items ?? []) {
        if (!/^kms:/i.test(action) || matchesAny(action, known)) continue
        yield `KMS has no action ${action}${suggested(
          action,
          Array.from(known.values(), ({ name }) => name),
        )}`
      }
    }),
  ),
  FOREIGN_ACTION: warning(
    each(function* ({ actions }) {
      for (const action of actions?.items ?? []) {
        if (!/^(?:kms:|\*)/i.test(action))
          yield `${action} is no action of KMS, and a key policy has no say in it: remove it.`
      }
    }),
  ),
  ACTION_NOT_ON_KEYS: warning(
    each(function* ({ effect, actions }, { actions: known }) {
      for (const action of itemsOf(actions)) {
        const { name, isOnKeys = true } = known.get(action.toLowerCase()) ?? {}
        if (!/^kms:/i.test(action) || isOnKeys) continue
        yield `${name} is on no key, and a key policy has no say in it: ${effect === 'Allow' ? 'allow' : 'deny'} it in an identity policy.`
      }
    }),
  ),
  RESOURCE_WITHOUT_EFFECT: warning(
    each(function* ({ resources }, { keyArn }) {
      for (const resource of itemsOf(resources)) {
        if (resource.includes('${') || compileWildcard(resource)(keyArn)) continue
        yield `${resource} is not this key, so the statement has no effect for it: write "Resource": "*", which means this key.`
      }
    }),
  ),
  STATEMENT_WITHOUT_EFFECT: warning(
    each(function* ({ actions, resources }) {
      if (!actions) yield 'It has no Action, and so no effect: say which.'
      if (!resources) yield 'It has no Resource, and so no effect: add "Resource": "*", which means this key.'
    }),
  ),
  UNKNOWN_CONDITION_KEY: warning(
    each(function* ({ conditions }) {
      for (const { key } of conditions) {
        const name = key.toLowerCase()
        if (!name.startsWith('kms:') || isOfKms(name) || name === 'kms:viaservice') continue
        yield `KMS has no condition key ${key}${suggested(key, kmsConditionKeys)}`
      }
    }),
  ),
  ABSENT_CONDITION_KEY: warning(
    each(function* ({ conditions }) {
      for (const { key } of conditions) {
        const name = key.toLowerCase()
        if (name.startsWith('kms:') || isKnownKey(name)) continue
        yield `No request to this server has ${key}: the condition is judged as if it were absent. Use another one.`
      }
    }),
  ),
  INVISIBLE_CONDITION_KEY: warning(
    each(function* ({ conditions }) {
      for (const { key } of conditions) {
        if (!isHiddenFromKeys(key.toLowerCase())) continue
        yield `In the policy of the key itself ${key} is always absent: use it in identity policies.`
      }
    }),
  ),
  VARIABLE_OF_OLD_VERSION: warning(
    each(function* ({ conditions, resources }, _, { version }) {
      const texts = [...(resources?.items ?? []), ...conditions.flatMap(({ values }) => values)]
      const text = version === '2012-10-17' ? undefined : texts.find(value => value.includes('${'))
      if (text !== undefined)
        yield `${text} is a variable only in a policy of Version 2012-10-17: add "Version": "2012-10-17".`
    }),
  ),
  VIA_SERVICE: suggestion(
    each(function* ({ conditions }) {
      if (conditions.some(isOn('kms:viaservice'))) {
        yield 'No service calls here on behalf of anybody, so no request has kms:ViaService: the condition is needed on AWS only.'
      }
    }),
  ),
  GRANTS_FOR_SERVICES: suggestion(
    each(function* ({ effect, conditions }) {
      const isWanted = ({ operator, values }: Condition): boolean =>
        operator === 'Bool' && values.some(value => value.toLowerCase() === 'true')
      if (effect !== 'Deny' && conditions.some(of => isOn('kms:grantisforawsresource')(of) && isWanted(of))) {
        yield 'No service makes grants here, so kms:GrantIsForAWSResource is false in every request: the statement allows nothing.'
      }
    }),
  ),
  UNLIMITED_GRANTS: suggestion(
    each(function* ({ effect, actions, principals, conditions }, { account }) {
      const isLimited = conditions.some(({ key }) => key.toLowerCase().startsWith('kms:grant'))
      const isMeant = covers(actions, 'kms:CreateGrant') && !actions?.not && !itemsOf(actions).some(isAll)
      if (effect === 'Deny' || isLimited || !isMeant) return
      const isForAccount = (item: Principal): boolean => item.kind === 'account' && item.account === account
      if (itemsOf(principals).every(isForAccount)) return
      yield 'Whoever may make grants may hand on any use of the key: limit them by kms:GrantOperations, kms:GranteePrincipal or kms:GrantConstraintType.'
    }),
  ),
  NOT_PRINCIPAL: suggestion(
    each(function* ({ principals }) {
      if (principals?.not) {
        yield 'NotPrincipal spares only those whose account, role and session are all listed: Principal "*" with a condition on aws:PrincipalArn is safer.'
      }
    }),
  ),
  MISSING_SID: suggestion(
    each(function* ({ sid = '' }) {
      if (sid === '') yield 'It has no Sid: add one, by which explanations can name it.'
    }),
  ),
  DUPLICATE_SID: suggestion(function* ({ statements }) {
    const seen = new Set<string>()
    for (const [statement, { sid = '' }] of statements.entries()) {
      if (sid !== '' && seen.has(sid))
        yield { message: `Another statement has the Sid ${sid} too: give each its own.`, statement }
      seen.add(sid)
    }
  }),
}

// What statements say

/** None of an element that lists exceptions. */
const itemsOf = <T>(listed: Listed<T> | undefined): readonly T[] => (listed && !listed.not ? listed.items : [])

const isAll = (action: string): boolean => action === '*' || action.toLowerCase() === 'kms:*'

function covers(actions: Listed<string> | undefined, name: string): boolean {
  if (!actions) return false
  return actions.items.some(item => compileWildcard(item.toLowerCase())(name.toLowerCase())) !== actions.not
}

function matchesAny(action: string, known: LintFacts['actions']): boolean {
  const name = action.toLowerCase()
  if (!/[*?]/.test(name)) return known.has(name)
  const matches = compileWildcard(name)
  return known.keys().some(other => matches(other))
}

/** Empty for what is neither of an account nor in one. */
function arnOf(principal: Principal): string {
  if (principal.kind === 'account') return `arn:aws:iam::${principal.account}:root`
  return principal.kind === 'identity' ? principal.arn : ''
}

function isOf(account: string, principal: Principal): boolean {
  const owner = splitArn(arnOf(principal))?.account ?? ''
  return isAccount(owner) && owner === account
}

const isOn =
  (name: string) =>
  ({ key }: Condition): boolean =>
    key.toLowerCase() === name

// Condition keys

/**
 * Those that requests to KMS can have (https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html). A name that
 * ends in a colon goes on.
 */
export const kmsConditionKeys: readonly string[] = [
  'kms:BypassPolicyLockoutSafetyCheck',
  'kms:CallerAccount',
  'kms:CustomerMasterKeySpec',
  'kms:CustomerMasterKeyUsage',
  'kms:DataKeyPairSpec',
  'kms:EncryptionAlgorithm',
  'kms:EncryptionContext:',
  'kms:EncryptionContextKeys',
  'kms:ExpirationModel',
  'kms:GrantConstraintSourceArn',
  'kms:GrantConstraintType',
  'kms:GrantIsForAWSResource',
  'kms:GrantOperations',
  'kms:GranteePrincipal',
  'kms:GranteeServicePrincipal',
  'kms:KeyAgreementAlgorithm',
  'kms:KeyOrigin',
  'kms:KeySpec',
  'kms:KeyUsage',
  'kms:MacAlgorithm',
  'kms:MessageType',
  'kms:MultiRegion',
  'kms:MultiRegionKeyType',
  'kms:PrimaryRegion',
  'kms:ReEncryptOnSameKey',
  'kms:RecipientAttestation:',
  'kms:ReplicaRegion',
  'kms:RequestAlias',
  'kms:ResourceAliases',
  'kms:RetiringPrincipal',
  'kms:RetiringServicePrincipal',
  'kms:RotationPeriodInDays',
  'kms:ScheduleKeyDeletionPendingWindowInDays',
  'kms:SigningAlgorithm',
  'kms:TrailingDaysWithoutKeyUsage',
  'kms:ValidTo',
  'kms:WrappingAlgorithm',
  'kms:WrappingKeySpec',
]

/** @param key in lower case */
const isOfKms = (key: string): boolean =>
  kmsConditionKeys.some(name => (name.endsWith(':') ? key.startsWith(name.toLowerCase()) : key === name.toLowerCase()))

// Misspelt names

/** So many letters may be wrong, and so long may a name be. */
const mostMistakes = 3
const longestName = 64

/** What may have been meant. */
function suggested(written: string, names: readonly string[]): string {
  let nearest: string | undefined
  let least = mostMistakes + 1
  for (const name of names) {
    const mistakes = distance(written.toLowerCase(), name.toLowerCase(), least)
    if (mistakes < least) [nearest, least] = [name, mistakes]
  }
  return nearest === undefined ? ': remove it.' : `: did you mean ${nearest}?`
}

/** Letters that are missing, too many or others (Levenshtein), below a limit. */
function distance(a: string, b: string, limit: number): number {
  if (a.length > longestName || Math.abs(a.length - b.length) >= limit) return limit
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let at = 1; at <= a.length; at++) {
    const next = [at]
    for (let to = 1; to <= b.length; to++) {
      const replaced = (row[to - 1] ?? 0) + (a.charAt(at - 1) === b.charAt(to - 1) ? 0 : 1)
      next.push(Math.min(replaced, (row[to] ?? 0) + 1, (next[to - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? limit
}
