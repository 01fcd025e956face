import type { ContextValue } from '../../auth/access.ts'
import { roleArn, userArn } from '../../auth/identities.ts'
import type { Question, Resource } from '../../authority.ts'
import { absenceOf, keyByIdentifier } from '../../by-name.ts'
import type { Key } from '../../keys/key.ts'
import { noKeys, operation, type Context } from '../../operation.ts'
import { requireKeyIdentifier, splitArn, type KeyIdentifier } from '../../protocol/arn.ts'
import { kmsError, type KmsError } from '../../protocol/errors.ts'
import { list, map, optional, string, structure, type Infer } from '../../protocol/shape.ts'
import { identityRow, type View } from '../../store/documents.ts'
import { encryptionContext, keyId } from '../members.ts'
import { shown } from '../shown.ts'
import { roleResource } from '../sts/role-sessions.ts'
import { knownActions, type ActionFacts } from './actions.ts'
import { asRole, asUser, granted, onKey, type Subject } from './simulated.ts'
import { describeTrace, trace } from './trace.ts'

const input = structure({
  /** ARN of a user, a role or a session of a role, of this account; or the name of a user. */
  PrincipalArn: string(1, 2048),
  /** Such as `kms:Decrypt`. */
  Action: string(1, 128, { text: '[\\w-]+:\\w+', test: value => /^[\w-]+:\w+$/.test(value) }),
  /** The key that it is on: id, ARN, alias name or alias ARN. */
  KeyId: optional(keyId),
  /** What it is on, if that is no key: an alias, a user, a role, ...; without both, `*`. */
  ResourceArn: optional(string(1, 2048)),
  EncryptionContext: encryptionContext,
  /** Condition keys and their values; with an empty list, the request has no such key. */
  Conditions: optional(map(string(1, 256), list(string(0, 2048), 0, 100))),
  /** Tags that the request would put: `aws:RequestTag/...` and `aws:TagKeys`. */
  RequestTags: optional(map(string(1, 128), string(0, 256))),
})
type Input = Infer<typeof input>

/**
 * What would be decided if a user or a role of the account did something, and why, without doing it. The decision is that of a
 * real request, at this moment, in this Region, over this connection (`aws:SourceIp`, `aws:UserAgent`, ...), with credentials
 * made just now; a role is taken as a session of it without tags and session policies. What else a request would say of
 * itself, such as `kms:EncryptionAlgorithm`, is absent unless it is given. Of a key of another account only what this one's
 * policies say is told, whether there is such a key or not.
 */
export const simulateAccess = operation({
  name: 'SimulateAccess',
  service: 'keyreeve',
  input,
  output: structure({ Trace: trace }),
  needs: { action: 'keyreeve:SimulateAccess', keys: noKeys },
  audit: {
    readOnly: true,
    parameters: request =>
      shown(
        request,
        'PrincipalArn',
        'Action',
        'KeyId',
        'ResourceArn',
        'EncryptionContext',
        'Conditions',
        'RequestTags',
      ),
  },
  async handle(context, request) {
    const action = requireAction(await knownActions(), request)
    const { identity, caller } = await requirePrincipal(context, request.PrincipalArn)
    const question = { ...(await askedOn(context, action, request)), ...told(request) }
    const authority = await context.authority.as(identity, caller)
    return { output: { Trace: describeTrace(await authority.simulate(question)) } }
  },
})

const invalid = (message: string): KmsError => kmsError('ValidationException', message)

/** @throws ValidationException */
function requireAction(actions: ReadonlyMap<string, ActionFacts>, { Action, KeyId, ResourceArn }: Input): ActionFacts {
  const known = actions.get(Action.toLowerCase())
  if (!known && Action.toLowerCase().startsWith('kms:')) throw invalid(`There is no action ${Action}.`)
  if (known?.name === 'kms:RetireGrant') {
    throw invalid(
      'A grant says itself who may retire it, whatever policies allow: kms:RetireGrant cannot be simulated.',
    )
  }
  if (KeyId !== undefined && ResourceArn !== undefined) throw invalid('KeyId and ResourceArn exclude each other.')
  if (known?.isOnKeys && KeyId === undefined && ResourceArn === undefined) {
    throw invalid(`${known.name} is on a key: KeyId must not be null.`)
  }
  return known ?? { name: Action, isOnKeys: false, isOnAliases: false, crossAccount: false }
}

// Who

/** @throws NotFoundException */
async function requirePrincipal({ view, caller: { account }, now }: Context, text: string): Promise<Subject> {
  const { service, account: owner, resource } = splitArn(text) ?? { service: 'iam', account, resource: `user/${text}` }
  const [kind, ...names] = resource.split('/')
  const last = names.at(-1) ?? ''
  const name = service === 'sts' ? (names[0] ?? '') : last
  if (owner === account && kind === 'user' && service === 'iam') {
    const user = await view.get('user', identityRow(account, name))
    if (user && (text === userArn(user) || text === user.name)) return asUser(user)
  }
  if (owner === account && kind === (service === 'sts' ? 'assumed-role' : 'role')) {
    const role = await view.get('role', identityRow(account, name))
    const subject = role && asRole(role, now, service === 'sts' ? last : undefined)
    if (subject && (text === subject.caller.arn || text === roleArn(role))) return subject
  }
  throw kmsError('NotFoundException', `Account ${account} has no user, role or session of a role ${text}.`)
}

// What on

type Asked = Pick<Question, 'action'> & Partial<Question>

/** @throws NotFoundException for a key that is not there, if it could be of this account, InvalidArnException */
async function askedOn(context: Context, action: ActionFacts, request: Input): Promise<Asked> {
  const { caller, region, view } = context
  const { KeyId, ResourceArn, EncryptionContext } = request
  const { name, crossAccount, isOnKeys, isOnAliases } = action
  const asked = { action: name, ...(crossAccount && { crossAccount }) }
  const identifier = KeyId ?? (isOnKeys && !(isOnAliases && isAliasArn(ResourceArn)) ? ResourceArn : undefined)
  if (identifier === undefined) return { ...asked, resource: await onOther(context, name, ResourceArn) }
  const named = requireKeyIdentifier(identifier, { account: caller.account, region, aliases: true })
  const { account } = named
  const requestAlias = 'aliasName' in named ? named.aliasName : undefined
  const operationName = granted(action)
  const key = account === caller.account ? await requireKey(view, named) : undefined
  return {
    ...(key ? await onKey(context, action, key) : { ...asked, resource: { arn: identifier, account } }),
    ...(requestAlias !== undefined && { requestAlias }),
    ...(operationName && {
      grantable: { operation: operationName, ...(EncryptionContext && { encryptionContext: EncryptionContext }) },
    }),
  }
}

const isAliasArn = (arn: string | undefined): boolean =>
  arn !== undefined && splitArn(arn)?.resource.startsWith('alias/') === true

/** @throws NotFoundException */
async function requireKey(view: View, named: KeyIdentifier): Promise<Readonly<Key>> {
  const key = await keyByIdentifier(view, named)
  if (!key) throw kmsError('NotFoundException', absenceOf(named))
  return key
}

/** Something that is no key. Of the account's roles it is known whom they trust, and their tags. */
async function onOther({ caller, view }: Context, action: string, arn = '*'): Promise<Resource> {
  const { account = caller.account, resource = '' } = splitArn(arn) ?? {}
  if (account !== caller.account) return { arn, account: account || caller.account }
  if (!resource.startsWith('role/')) return { arn }
  const { policy, ...role } = await roleResource(view, arn)
  return { ...role, ...(action.toLowerCase().startsWith('sts:') && policy && { policy }) }
}

// What the request says

function told({ EncryptionContext, RequestTags, Conditions }: Input): Partial<Question> {
  return {
    ...(EncryptionContext && { encryptionContext: EncryptionContext }),
    ...(RequestTags && { requestTags: [...RequestTags] }),
    ...(Conditions && { given: given(Conditions) }),
  }
}

/** Condition keys that have a list of values, be it of one. */
const multivalued: readonly string[] = [
  'aws:calledvia',
  'aws:principalorgpaths',
  'aws:tagkeys',
  'kms:encryptioncontextkeys',
  'kms:grantoperations',
  'kms:resourcealiases',
]

/** @throws ValidationException */
function given(conditions: NonNullable<Input['Conditions']>): Map<string, ContextValue | undefined> {
  const found = new Map<string, ContextValue | undefined>()
  for (const [name, values] of conditions) {
    const key = name.toLowerCase()
    if (found.has(key)) throw invalid(`Conditions has ${name} twice: their names are compared without regard to case.`)
    found.set(key, values.length > 1 || (multivalued.includes(key) && values.length > 0) ? values : values[0])
  }
  return found
}
