import assert from 'node:assert/strict'
import {
  groupArn,
  newAccessKey,
  newUser,
  policyArn,
  uniqueId,
  userArn,
  type Permissions,
  type Role,
  type User,
} from '../../src/auth/identities.ts'
import { issueSession, type Session } from '../../src/auth/session.ts'
import { identityRow, type Change, type Kind, type View } from '../../src/store/documents.ts'
import { hours, type Credentials, type TestServer } from './server.ts'

/** Users, groups, roles and policies, put into the store as IAM's operations would, and credentials for them. */

/** The account of a server that was not told another one. */
export const ownAccount = '000000000000'

/** A document as its text, or as what JSON makes of it. */
export type Policy = string | object

/** By name alone: in the server's own account, without anything else. */
export type Named<More = object> = string | ({ name: string; account?: string; path?: string } & More)

export interface Identity extends Credentials {
  arn: string
  account: string
  /** Unique: `AIDA...`, or `AROA...` without the name of a session. */
  id: string
}

interface Limits {
  tags?: Readonly<Record<string, string>>
  /** ARN of a managed policy. */
  boundary?: string
  /** ARNs of managed policies. */
  attached?: string[]
}

/** One statement on everything, with whatever else it says, or something else in place of that. */
export const allow = (Action: string | readonly string[], more: object = {}): Policy =>
  document({ Effect: 'Allow', Action, Resource: '*', ...more })
export const deny = (Action: string | readonly string[], more: object = {}): Policy =>
  document({ Effect: 'Deny', Action, Resource: '*', ...more })
export const document = (...Statement: object[]): Policy => ({ Version: '2012-10-17', Statement })
export const textOf = (policy: Policy): string => (typeof policy === 'string' ? policy : JSON.stringify(policy))

/** A user with these inline policies and an access key. One of the same name is replaced, and its access keys die. */
export async function userWith(
  server: TestServer,
  named: Named<Limits & { /** Names. */ groups?: string[] }>,
  ...policies: Policy[]
): Promise<Identity> {
  const { name, account, path, groups = [], ...limits } = wholeOf(named)
  const now = server.clock.now()
  const user: User = { ...newUser(account, name, now, path), ...permissionsOf(limits, policies), groups }
  const { accessKey, secret } = newAccessKey(server.app.services.seal, user, now)
  await put(server, [
    { put: 'user', id: identityRow(account, name), document: { ...user, accessKeys: [accessKey.id] } },
    { put: 'access-key', id: accessKey.id, document: accessKey },
  ])
  return { accessKeyId: accessKey.id, secretAccessKey: secret, arn: userArn(user), account, id: user.id }
}

/** A group with these inline policies; its members are those that are made with its name. */
export async function groupWith(
  server: TestServer,
  named: Named<Pick<Limits, 'attached'>>,
  ...policies: Policy[]
): Promise<string> {
  const { name, account, path, attached = [] } = wholeOf(named)
  const entity = { account, name, path, id: uniqueId('AGPA'), createdAt: server.clock.now() }
  const group = { ...entity, inline: inlineOf(policies), attached, members: [] }
  await put(server, [{ put: 'group', id: identityRow(account, name), document: group }])
  return groupArn(group)
}

/** The ARN of a managed policy. */
export async function managedPolicy(server: TestServer, named: Named, policy: Policy): Promise<string> {
  const { name, account, path } = wholeOf(named)
  const now = server.clock.now()
  const made = {
    account,
    name,
    path,
    id: uniqueId('ANPA'),
    createdAt: now,
    updatedAt: now,
    versions: [{ id: 'v1', document: textOf(policy), createdAt: now }],
    defaultVersion: 'v1',
    nextVersion: 2,
    attachments: 0,
    boundaryUses: 0,
    tags: [],
  }
  await put(server, [{ put: 'managed-policy', id: identityRow(account, name), document: made }])
  return policyArn(made)
}

/** A role with these inline policies, which its own account may assume. */
export async function roleWith(server: TestServer, named: Named<Limits>, ...policies: Policy[]): Promise<Role> {
  const { name, account, path, ...limits } = wholeOf(named)
  const Principal = { AWS: account }
  const role: Role = {
    account,
    name,
    path,
    id: uniqueId('AROA'),
    createdAt: server.clock.now(),
    ...permissionsOf(limits, policies),
    trust: textOf(document({ Effect: 'Allow', Principal, Action: 'sts:AssumeRole' })),
    maxSession: 3600,
  }
  await put(server, [{ put: 'role', id: identityRow(account, name), document: role }])
  return role
}

/** Temporary credentials of a role for an hour, as AssumeRole gives them out. */
export function sessionOf(
  server: TestServer,
  role: Role,
  sessionName: string,
  more: Partial<Pick<Session, 'policy' | 'policyArns' | 'tags' | 'sourceIdentity' | 'provider' | 'issuedAt'>> = {},
): Identity {
  const { account, name, id } = role
  const of = { kind: 'role', name, id, sessionName } as const
  return { ...issue(server, account, of, more), arn: `arn:aws:sts::${account}:assumed-role/${name}/${sessionName}`, id }
}

/** Temporary credentials of a user for an hour, as GetSessionToken gives them out. */
export function sessionOfUser(server: TestServer, { arn, account, id }: Identity): Identity {
  const name = arn.slice(arn.lastIndexOf('/') + 1)
  return { ...issue(server, account, { kind: 'user', name, id }), arn, id }
}

/** Puts other inline policies in place of those of a user, or of the role of a session; credentials stay as they are. */
export async function setPolicies(
  { app }: TestServer,
  { account, arn }: Identity,
  ...policies: Policy[]
): Promise<void> {
  const view = app.store.view()
  const [, isSession, roleName = '', userName = ''] =
    /:(?:(assumed-role)\/([^/]+)\/[^/]+|user\/(?:.*\/)?([^/]+))$/.exec(arn) ?? []
  const kind = isSession === undefined ? 'user' : 'role'
  const id = identityRow(account, roleName || userName)
  const holder = (await view.get(kind, id)) ?? assert.fail()
  const document = { ...holder, inline: inlineOf(policies) }
  assert.notEqual(await app.store.commit(view, [{ put: kind, id, document } as Change], []), 'conflict') // Of that kind.
}

function issue(server: TestServer, account: string, of: Session['of'], more: Partial<Session> = {}) {
  const issuedAt = server.clock.now()
  const expiresAt = issuedAt + hours
  const wanted = { account, issuedAt, expiresAt, of, policyArns: [], tags: [], transitiveTags: [], ...more }
  const { session, secret, token } = issueSession(server.app.services.seal, wanted)
  return { accessKeyId: session.accessKeyId, secretAccessKey: secret, sessionToken: token, account }
}

function wholeOf<More>(named: Named<More>): Partial<More> & Place {
  const given = typeof named === 'string' ? { name: named } : named
  return { account: ownAccount, path: '/', ...given } as Partial<More> & Place // A name alone lacks only what is optional.
}

interface Place {
  name: string
  account: string
  path: string
}

const inlineOf = (policies: readonly Policy[]): Permissions['inline'] =>
  policies.map((policy, index) => [`policy-${index + 1}`, textOf(policy)])

function permissionsOf({ tags = {}, boundary, attached = [] }: Limits, policies: readonly Policy[]) {
  return {
    inline: inlineOf(policies),
    attached,
    tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
    ...(boundary !== undefined && { boundary }),
  }
}

async function put({ app }: TestServer, changes: readonly (Change & { put: Kind })[]): Promise<void> {
  const view: View = app.store.view()
  for (const { put: kind, id } of changes) await view.get(kind, id)
  assert.notEqual(await app.store.commit(view, changes, []), 'conflict')
}

/** A role that has this trust policy. */
export async function trusting(
  server: TestServer,
  named: Named<Limits>,
  trust: Policy,
  more: Partial<Role> = {},
  ...policies: Policy[]
): Promise<Role> {
  const role = await roleWith(server, named, ...policies)
  return await changeRole(server, role, { ...more, trust: textOf(trust) })
}

/** The same role, changed as IAM would change it. */
export async function changeRole(server: TestServer, role: Role, changes: Partial<Role>): Promise<Role> {
  const id = identityRow(role.account, role.name)
  const before = await server.app.store.view().get('role', id)
  const document = { ...(before ?? role), ...changes }
  await put(server, [{ put: 'role', id, document }])
  return document
}

export const removeRole = (server: TestServer, role: Role): Promise<void> =>
  remove(server, 'role', role.account, role.name)
export const removeUser = (server: TestServer, { account, arn }: Identity): Promise<void> =>
  remove(server, 'user', account, arn.slice(arn.lastIndexOf('/') + 1))

async function remove({ app }: TestServer, kind: 'role' | 'user', account: string, name: string): Promise<void> {
  const view = app.store.view()
  const id = identityRow(account, name)
  await view.get(kind, id)
  assert.notEqual(await app.store.commit(view, [{ remove: kind, id }], []), 'conflict')
}
