import type { Decision, StatementName } from '../../auth/access.ts'
import type { Caller } from '../../auth/caller.ts'
import { decisionText } from '../../auth/explain-text.ts'
import { accountPrincipal, grantOperations, isGrantable, type Grant } from '../../auth/grants.ts'
import { roleArn, sessionArn, userArn } from '../../auth/identities.ts'
import type { Authority, Question } from '../../authority.ts'
import { identityByArn } from '../../by-name.ts'
import type { Key } from '../../keys/key.ts'
import { keySpecs } from '../../keys/specs.ts'
import { anyState } from '../../keys/states.ts'
import { operation, type Context, type KeyedContext } from '../../operation.ts'
import { keyPolicyOf } from '../../policies.ts'
import { keyArn, splitArn } from '../../protocol/arn.ts'
import { boolean, integer, list, oneOf, optional, string, structure, type Infer } from '../../protocol/shape.ts'
import { granteeRef, grantRow, identityRow, TamperedRow, type View } from '../../store/documents.ts'
import { keyId, marker, nextMarker } from '../members.ts'
import { makeMarker, readMarker } from '../paging.ts'
import { shown } from '../shown.ts'
import { actionName, knownActions, requireKeyAction } from './actions.ts'
import { asRole, asUser, onKey } from './simulated.ts'

const principal = structure({
  Arn: string(),
  /**
   * `grantee`: named by the key policy or a grant, of this account, but no user or role of it: a session of a role, or somebody
   * who is not there. `external`: of another account; `*` is anybody.
   */
  Kind: oneOf(['user', 'role', 'grantee', 'external']),
  Decisions: list(
    structure({
      Action: string(),
      Allowed: boolean(),
      /** Whose word it is: that which allows or denies it. NONE: nothing allows it. */
      By: oneOf(['KEY_POLICY', 'IDENTITY_POLICY', 'GRANT', 'KEY_POLICY_AND_IDENTITY_POLICY', 'NONE']),
      Reason: string(),
      /** Whether another request could be decided otherwise: with an encryption context, from another address, ... */
      Conditional: boolean(),
    }),
  ),
})
type Principal = Infer<typeof principal>

/**
 * What each principal could do with a key now: the users and roles of its account, and whoever else its policy and the grants on
 * it name. The decisions are those of SimulateAccess for a request that says nothing of itself: at this moment, in this Region,
 * over this connection, without an encryption context, a role as a session of it without tags and session policies. Nothing is
 * claimed beyond that, but whether conditions or constraints of grants might let another request be decided otherwise
 * (`Conditional`). Of principals of other accounts only what the key's side says is told: their own account has to allow it
 * too. Services are left out, since none calls here.
 */
export const listKeyAccess = operation({
  name: 'ListKeyAccess',
  service: 'keyreeve',
  input: structure({
    KeyId: keyId,
    /** Such as `kms:Decrypt`, or `Decrypt`. Without them the main ones that fit the key. */
    Actions: optional(list(actionName, 1, 30)),
    Limit: optional(integer(1, 100)),
    Marker: marker,
  }),
  output: structure({
    Actions: list(string()),
    Principals: list(principal),
    NextMarker: nextMarker,
    Truncated: boolean(),
  }),
  needs: {
    action: 'keyreeve:ListKeyAccess',
    // It is on no key, so another account's is refused. Whoever may not read the policy does not learn what it says.
    keys: { key: { action: null, identifier: input => input.KeyId, aliases: true, states: anyState } },
    also: ({ keys: { key } }) => [{ action: 'kms:GetKeyPolicy', key }],
  },
  audit: { readOnly: true, parameters: input => shown(input, 'KeyId', 'Actions', 'Limit', 'Marker') },
  async handle(context, { Actions, Limit = 50, Marker }) {
    const { keys, seal } = context
    const known = await knownActions()
    const names = new Set((Actions ?? mainActions(keys.key)).map(name => requireKeyAction(known, name)))
    const questions: Question[] = []
    for (const action of names) questions.push(await onKey(context, action, keys.key))
    const pager = { list: `ListKeyAccess ${keyArn(keys.key)}`, seal }
    const found: Principal[] = []
    let after = readMarker(pager, Marker)
    let isTruncated = false
    for await (const subject of subjectsOf(context, after)) {
      isTruncated = found.length === Limit
      if (isTruncated) break
      const { arn, kind } = subject
      found.push({
        Arn: arn,
        Kind: kind,
        Decisions: await decisionsFor(context, await subject.authority(), questions, kind),
      })
      after = subject.place
    }
    return {
      output: {
        Actions: questions.map(({ action }) => action),
        Principals: found,
        ...(isTruncated && after !== undefined && { NextMarker: makeMarker(pager, after) }),
        Truncated: isTruncated,
      },
    }
  },
})

/** What one would like to know of a key of this kind. */
function mainActions({ spec, usage, origin }: Readonly<Key>): string[] {
  const { type } = keySpecs[spec]
  const uses = grantOperations.filter(
    name => isGrantable(name, type, usage) && !['CreateGrant', 'DescribeKey', 'RetireGrant'].includes(name),
  )
  const managing = ['CreateGrant', 'PutKeyPolicy', 'ScheduleKeyDeletion', 'EnableKey', 'DisableKey']
  const importing = origin === 'EXTERNAL' ? ['ImportKeyMaterial', 'DeleteImportedKeyMaterial'] : []
  return ['DescribeKey', ...uses, ...managing, ...importing]
}

// Decisions

async function decisionsFor(
  { pause }: Context,
  authority: Authority,
  questions: readonly Question[],
  kind: Principal['Kind'],
): Promise<Principal['Decisions']> {
  const decisions: Principal['Decisions'][number][] = []
  for (const question of questions) {
    const decision = keysSide(await authority.decide(question), kind)
    decisions.push({
      Action: question.action,
      Allowed: decision.allowed,
      By: byWhat(decision),
      Reason: decisionText(decision, kind === 'external' && question.crossAccount !== true),
      Conditional: await authority.mightDiffer(question, decision),
    })
    await pause()
  }
  return decisions
}

/** What was taken for granted of another account is no reason. */
function keysSide(decision: Decision, kind: Principal['Kind']): Decision {
  if (!decision.allowed || kind !== 'external') return decision
  return { ...decision, statements: decision.statements.filter(({ layer }) => layer === 'resource') }
}

function byWhat(decision: Decision): Principal['Decisions'][number]['By'] {
  const isIn = (layer: StatementName['layer']): boolean => decision.statements.some(of => of.layer === layer)
  if (decision.allowed) {
    if (decision.grant) return 'GRANT'
    return isIn('identity') ? 'KEY_POLICY_AND_IDENTITY_POLICY' : 'KEY_POLICY'
  }
  if (!decision.explicit || decision.isTooMuch) return 'NONE'
  return isIn('resource') ? 'KEY_POLICY' : 'IDENTITY_POLICY'
}

// Principals

interface Subject {
  /** In the list. */
  place: string
  arn: string
  kind: Principal['Kind']
  authority: () => Promise<Authority>
}

type OnKey = KeyedContext<'key'>

/** Users, then roles, then others, each by name. */
async function* subjectsOf(context: OnKey, after: string | undefined): AsyncGenerator<Subject> {
  const [part = 'user', name] = after?.split(' ') ?? []
  if (part === 'user') yield* usersAfter(context, name)
  if (part !== 'other') yield* rolesAfter(context, part === 'role' ? name : undefined)
  yield* othersAfter(context, part === 'other' ? name : undefined)
}

/** Users and roles that are read at once. */
const batch = 20

async function* usersAfter({ view, caller: { account }, authority }: OnKey, name?: string): AsyncGenerator<Subject> {
  for await (const user of entitiesAfter(view, 'user', account, name)) {
    const { identity, caller } = asUser(user)
    yield {
      place: `user ${user.name.toLowerCase()}`,
      arn: userArn(user),
      kind: 'user',
      authority: () => authority.as(identity, caller),
    }
  }
}

async function* rolesAfter(
  { view, caller: { account }, authority, now }: OnKey,
  name?: string,
): AsyncGenerator<Subject> {
  for await (const role of entitiesAfter(view, 'role', account, name)) {
    const { identity, caller } = asRole(role, now)
    yield {
      place: `role ${role.name.toLowerCase()}`,
      arn: roleArn(role),
      kind: 'role',
      authority: () => authority.as(identity, caller),
    }
  }
}

async function* entitiesAfter<K extends 'user' | 'role'>(view: View, kind: K, account: string, name?: string) {
  let after = name === undefined ? undefined : identityRow(account, name)
  for (;;) {
    const found = await view.page(kind, identityRow(account, ''), after, batch)
    yield* found
    const last = found.at(-1)
    if (!last || found.length < batch) return
    after = identityRow(account, last.name)
  }
}

/** Whom the key policy or a grant names, and who is neither user nor role of the account. */
async function* othersAfter(context: OnKey, after: string | undefined): AsyncGenerator<Subject> {
  const {
    view,
    keys: { key },
  } = context
  const named = namedByPolicy(key)
  for (let last = after; ;) {
    const grant = await grantAfter(view, key, last)
    const grantee = grant && granteeOf(grant)
    const inPolicy = named.find(arn => last === undefined || arn > last)
    const next = inPolicy !== undefined && (grantee === undefined || inPolicy < grantee) ? inPolicy : grantee
    if (next === undefined) return
    last = next
    const bound = [...(key.principals ?? []), ...(grant?.principals ?? [])]
    const subject = await otherSubject(context, next, bound.find(([arn]) => arn === next)?.[1])
    if (subject) yield subject
  }
}

/** In order. */
function namedByPolicy(key: Readonly<Key>): string[] {
  const names = keyPolicyOf(key).statements.flatMap(({ effect, source: { principals } }) => {
    if (!principals || principals.not) return []
    return principals.items.flatMap(item => {
      if (item.kind === 'everyone') return effect === 'Allow' ? ['*'] : []
      if (item.kind === 'account') return [accountPrincipal(item.account)]
      return item.kind === 'identity' ? [item.arn] : []
    })
  })
  return [...new Set(names)].sort()
}

/** Behind every row of a grantee, and before those of the next one: no ARN has a space in it. */
const behindGrantee = ' \u{10ffff}'

const granteeOf = ({ granteePrincipal, granteeServicePrincipal = '' }: Readonly<Grant>): string =>
  granteePrincipal ?? granteeServicePrincipal

/** A grant on the key to the next principal, in order: one for each is read, however many there are. */
async function grantAfter(
  view: View,
  key: Readonly<Key>,
  after: string | undefined,
): Promise<Readonly<Grant> | undefined> {
  const { account, region, id } = key
  const ofKey = { account, region, keyId: id }
  const row = after === undefined ? undefined : granteeRef(ofKey, after) + behindGrantee
  let missing: string | undefined
  for (;;) {
    const [found] = await view.page('granted', granteeRef(ofKey, ''), row, 1)
    if (!found) return undefined
    const grant = await view.unnoted.get('grant', grantRow(account, region, id, found.grantId))
    if (grant) return grant
    // It was revoked between the two looks; then the first finds another one.
    if (missing === found.grantId) throw new TamperedRow('grant', grantRow(account, region, id, missing))
    missing = found.grantId
  }
}

/**
 * None for services, for the account itself, and for its users and roles, which are listed already.
 *
 * @param id of whom the policy or the grant means by the name, if it was somebody who was there
 */
async function otherSubject(
  { view, authority, now, keys: { key } }: OnKey,
  arn: string,
  id: string | undefined,
): Promise<Subject | undefined> {
  const place = `other ${arn}`
  const { account = '', service, resource = '' } = splitArn(arn) ?? {}
  const [kind, name = '', session = ''] = resource.split('/')
  if (arn === '*' || (account !== '' && account !== key.account)) {
    // Whoever is meant, be it there or not: what is in another account is not told.
    return { place, arn, kind: 'external', authority: async () => authority.asStranger(named(arn, id)) }
  }
  if (account === '' || resource === 'root') return undefined
  if (service === 'iam' && (kind === 'user' || kind === 'role') && (await identityByArn(view, kind, arn)))
    return undefined
  const role = kind === 'assumed-role' ? await view.get('role', identityRow(account, name)) : undefined
  const subject = role && asRole(role, now, session)
  const isThere = subject?.caller.arn === arn
  return {
    place,
    arn,
    kind: 'grantee',
    authority: () => (isThere ? authority.as(subject.identity, subject.caller) : authority.as(undefined, named(arn))),
  }
}

/** Somebody of whom nothing but the name is known. */
function named(arn: string, principalId = ''): Caller {
  const { account = '', resource = '' } = splitArn(arn) ?? {}
  const [kind] = resource.split('/', 1)
  const known = { account, arn, principalId, tags: new Map<string, string>() }
  if (resource === 'root') return { ...known, type: 'Root' }
  if (kind === 'assumed-role') return { ...known, type: 'AssumedRole' }
  if (kind !== 'role') return { ...known, type: 'IAMUser' }
  const name = resource.slice(resource.lastIndexOf('/') + 1)
  return { ...known, type: 'AssumedRole', arn: sessionArn({ account, name }, 'simulation'), roleArn: arn }
}
