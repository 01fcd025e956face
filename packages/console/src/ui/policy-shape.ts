import { isObject, statementsOf, type Json } from './policy-json.ts'

/**
 * Key policies as AWS's console makes them: statements that are known by their Sid and their shape, so that forms can show and
 * change them (https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html).
 */

/** Whom such a policy names. */
export interface ConsoleShape {
  /** ARNs. */
  administrators: readonly string[]
  /** Whether administrators may schedule the deletion of the key, and cancel it. */
  mayDelete: boolean
  /** ARNs. */
  users: readonly string[]
  /** Other accounts, 12 digits each. */
  accounts: readonly string[]
}

/** What the statements depend on. */
export interface KeyKind {
  spec: string
  usage: string
  origin: string
  isMultiRegion: boolean
}

const sids = {
  account: 'Enable IAM User Permissions',
  administrators: 'Allow access for Key Administrators',
  users: 'Allow use of the key',
  grants: 'Allow attachment of persistent resources',
} as const
type Part = keyof typeof sids
const parts = Object.keys(sids) as Part[] // The table has no others.

type Statement = { [name: string]: Json }

const administration = [
  'kms:Create*',
  'kms:Describe*',
  'kms:Enable*',
  'kms:List*',
  'kms:Put*',
  'kms:Update*',
  'kms:Revoke*',
  'kms:Disable*',
  'kms:Get*',
  'kms:Delete*',
  'kms:TagResource',
  'kms:UntagResource',
]
const deletion = ['kms:ScheduleKeyDeletion', 'kms:CancelKeyDeletion']
/** What only some keys have. */
const furtherAdministration = ['kms:ImportKeyMaterial', 'kms:ReplicateKey', 'kms:RotateKeyOnDemand']
const granting = ['kms:CreateGrant', 'kms:ListGrants', 'kms:RevokeGrant']
const forServices = { Bool: { 'kms:GrantIsForAWSResource': 'true' } }

const uses: Readonly<Record<string, readonly string[]>> = {
  SYMMETRIC: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:DescribeKey'],
  ENCRYPT_DECRYPT: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:DescribeKey', 'kms:GetPublicKey'],
  SIGN_VERIFY: ['kms:DescribeKey', 'kms:GetPublicKey', 'kms:Sign', 'kms:Verify'],
  GENERATE_VERIFY_MAC: ['kms:DescribeKey', 'kms:GenerateMac', 'kms:VerifyMac'],
  KEY_AGREEMENT: ['kms:DescribeKey', 'kms:GetPublicKey', 'kms:DeriveSharedSecret'],
  ENCAPSULATE_DECAPSULATE: ['kms:DescribeKey', 'kms:GetPublicKey', 'kms:Encapsulate', 'kms:Decapsulate'],
}
const anyUse = new Set(Object.values(uses).flat())

const isSymmetric = ({ spec }: KeyKind): boolean => spec === 'SYMMETRIC_DEFAULT'

const useOf = (kind: KeyKind): readonly string[] => uses[isSymmetric(kind) ? 'SYMMETRIC' : kind.usage] ?? []

function administrationOf(kind: KeyKind, mayDelete: boolean): string[] {
  return [
    ...administration,
    ...(mayDelete ? deletion : []),
    ...(kind.origin === 'EXTERNAL' ? ['kms:ImportKeyMaterial'] : []),
    ...(kind.isMultiRegion ? ['kms:ReplicateKey'] : []),
    ...(isSymmetric(kind) && kind.origin !== 'EXTERNAL_KEY_STORE' ? ['kms:RotateKeyOnDemand'] : []),
  ]
}

const rootOf = (account: string): string => `arn:aws:iam::${account}:root`

const awsPrincipal = (arns: readonly string[]): Json => ({ AWS: arns.length === 1 ? (arns[0] ?? '') : [...arns] })

/** The statements for a shape; those that would name nobody are not there. */
function statementsFor(kind: KeyKind, shape: ConsoleShape): { [P in Exclude<Part, 'account'>]?: Statement } {
  const statement = (sid: string, arns: readonly string[], actions: readonly string[]): Statement => ({
    Sid: sid,
    Effect: 'Allow',
    Principal: awsPrincipal(arns),
    Action: [...actions],
    Resource: '*',
  })
  const { administrators, mayDelete } = shape
  const users = [...shape.users, ...shape.accounts.map(rootOf)]
  // HMAC keys serve no other service (https://docs.aws.amazon.com/kms/latest/developerguide/hmac-authz.html).
  const mayServe = kind.usage !== 'GENERATE_VERIFY_MAC'
  return {
    ...(administrators.length > 0 && {
      administrators: statement(sids.administrators, administrators, administrationOf(kind, mayDelete)),
    }),
    ...(users.length > 0 && {
      users: statement(sids.users, users, useOf(kind)),
      ...(mayServe && { grants: { ...statement(sids.grants, users, granting), Condition: forServices } }),
    }),
  }
}

/** The policy that AWS's console makes for a new key. */
export function consolePolicy(kind: KeyKind, account: string, shape: ConsoleShape): Json {
  const root = {
    Sid: sids.account,
    Effect: 'Allow',
    Principal: awsPrincipal([rootOf(account)]),
    Action: 'kms:*',
    Resource: '*',
  }
  return {
    Id: 'key-consolepolicy-3',
    Version: '2012-10-17',
    Statement: [root, ...Object.values(statementsFor(kind, shape))],
  }
}

/**
 * What a policy says in terms of the forms; undefined if it was not made by them, or has been changed so that they would lose
 * something. `others` are its further statements, by number from 0, which the forms leave as they are.
 */
export function readShape(policy: Json, account: string): (ConsoleShape & { others: readonly number[] }) | undefined {
  const found: { [P in Part]?: Statement } = {}
  const others: number[] = []
  for (const [index, statement] of statementsOf(policy).entries()) {
    const part = parts.find(name => statement['Sid'] === sids[name])
    if (part === undefined) others.push(index)
    else if (found[part] !== undefined || !hasShape(part, statement, account)) return undefined
    else found[part] = statement
  }
  if (Object.keys(found).length === 0) return undefined
  const users = principalsOf(found.users)
  const grantees = found.grants && principalsOf(found.grants)
  if (grantees && users.toSorted().join() !== grantees.toSorted().join()) return undefined
  const accounts = users.map(user => accountOf(user, account))
  return {
    administrators: principalsOf(found.administrators),
    // Of the first ones, as the wizard proposes it.
    mayDelete: !found.administrators || actionsOf(found.administrators).includes('kms:ScheduleKeyDeletion'),
    users: users.filter((_, index) => accounts[index] === undefined),
    accounts: accounts.filter(other => other !== undefined),
    others,
  }
}

/** The policy with other people in its statements; all else in it stays as it is. */
export function changeShape(policy: Json, kind: KeyKind, shape: ConsoleShape): Json {
  if (!isObject(policy)) return policy
  const wanted = statementsFor(kind, shape)
  const changed = statementsOf(policy).flatMap((statement): Statement[] => {
    const part = parts.find(name => statement['Sid'] === sids[name])
    if (part === undefined || part === 'account') return [statement]
    const next = wanted[part]
    delete wanted[part]
    if (!next) return []
    const mayDelete = shape.mayDelete ? deletion : []
    const kept = actionsOf(statement).filter(action => !deletion.includes(action))
    const Action = part === 'administrators' ? [...kept, ...mayDelete] : (statement['Action'] ?? [])
    return [{ ...statement, Principal: next['Principal'] ?? {}, Action }]
  })
  return { ...policy, Statement: [...changed, ...Object.values(wanted)] }
}

/** The account behind `arn:aws:iam::<account>:root` or the account alone; undefined for `own`, and for everything else. */
export function accountOf(principal: string, own: string): string | undefined {
  const [, account] = /^(?:arn:aws:iam::)?(\d{12})(?::root)?$/.exec(principal) ?? []
  return account === own ? undefined : account
}

function hasShape(part: Part, statement: Statement, account: string): boolean {
  const elements = ['Sid', 'Effect', 'Principal', 'Action', 'Resource', ...(part === 'grants' ? ['Condition'] : [])]
  if (Object.keys(statement).toSorted().join() !== elements.toSorted().join()) return false
  if (statement['Effect'] !== 'Allow' || statement['Resource'] !== '*') return false
  const actions = actionsOf(statement)
  const principals = principalsOf(statement)
  // Everyone is no user that could be taken off a list.
  if (principals.length === 0 || principals.includes('*')) return false
  switch (part) {
    case 'account':
      return principals.length === 1 && isOwn(principals[0], account) && statement['Action'] === 'kms:*'
    case 'administrators': {
      const mayDelete = deletion.filter(action => actions.includes(action))
      const known = new Set([...administration, ...deletion, ...furtherAdministration])
      const isWhole = administration.every(action => actions.includes(action))
      return isWhole && mayDelete.length !== 1 && actions.every(action => known.has(action))
    }
    case 'users':
      return actions.length > 0 && actions.every(action => anyUse.has(action))
    case 'grants':
      return actions.toSorted().join() === granting.toSorted().join() && isForServices(statement['Condition'])
  }
}

const isOwn = (principal: string | undefined, account: string): boolean =>
  principal === account || principal === rootOf(account)

function isForServices(condition: Json | undefined): boolean {
  const text = JSON.stringify(condition)
  return text === JSON.stringify(forServices) || text === JSON.stringify(forServices).replace('"true"', 'true')
}

const strings = (value: Json | undefined): string[] | undefined => {
  const list = typeof value === 'string' ? [value] : value
  return Array.isArray(list) && list.every(item => typeof item === 'string') ? list : undefined
}

const actionsOf = (statement: Statement): string[] => strings(statement['Action']) ?? []

/** Those of AWS; none if there are others as well. */
function principalsOf(statement: Statement | undefined): string[] {
  const principal = statement?.['Principal']
  return isObject(principal) && Object.keys(principal).join() === 'AWS' ? (strings(principal['AWS']) ?? []) : []
}
