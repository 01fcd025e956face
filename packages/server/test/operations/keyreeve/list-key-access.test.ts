import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import type { GrantOperation } from '@aws-sdk/client-kms'
import {
  allow,
  deny,
  document,
  groupWith,
  managedPolicy,
  ownAccount,
  removeUser,
  roleWith,
  sessionOf,
  userWith,
} from '../../support/identities.ts'
import { answered, callKeyreeve, refusedBy, type WireTrace } from '../../support/keyreeve.ts'
import { start, type Credentials } from '../../support/server.ts'

const server = await start()
server.clock.hold()
after(() => server.stop())

interface Decided {
  Action: string
  Allowed: boolean
  By: string
  Reason: string
  Conditional: boolean
}
interface Principal {
  Arn: string
  Kind: string
  Decisions: Decided[]
}
interface Page {
  Actions: string[]
  Principals: Principal[]
  NextMarker?: string
  Truncated: boolean
}

const other = '111122223333'
const admin = server.client()
const arn = (name: string, account = ownAccount): string => `arn:aws:iam::${account}:${name}`
const session = (name: string, account = ownAccount): string => `arn:aws:sts::${account}:assumed-role/${name}`
const ask = (input: object, by?: Credentials) => callKeyreeve(server, 'ListKeyAccess', input, by)
const list = (input: object, by?: Credentials): Promise<Page> => answered<Page>(ask(input, by))

const when = (operator: string, name: string, value: unknown): object => ({
  Condition: { [operator]: { [name]: value } },
})
const byAccount = { Effect: 'Allow', Principal: { AWS: arn('root') }, Action: 'kms:*', Resource: '*' }
const to = (AWS: unknown, Action: unknown, more: object = {}): object => ({
  Effect: 'Allow',
  Principal: { AWS },
  Action,
  Resource: '*',
  ...more,
})

// Who is there

const group = await groupWith(server, 'crew', allow('kms:Encrypt'))
assert.match(group, /crew$/)
const boundary = await managedPolicy(server, 'edge', allow('kms:Decrypt'))
const users = {
  nobody: await userWith(server, 'nobody'),
  all: await userWith(server, 'all', allow('*')),
  denied: await userWith(server, 'denied', allow('*'), deny('kms:Enc*')),
  member: await userWith(server, { name: 'member', groups: ['crew'] }),
  bounded: await userWith(server, { name: 'bounded', boundary }, allow('kms:*')),
  named: await userWith(server, { name: 'named', path: '/x/' }),
  context: await userWith(
    server,
    'context',
    allow('kms:Encrypt', when('StringEquals', 'kms:EncryptionContext:app', 'pay')),
  ),
  spec: await userWith(server, 'spec', allow('kms:Encrypt', when('StringEquals', 'kms:KeySpec', 'SYMMETRIC_DEFAULT'))),
  otherSpec: await userWith(server, 'otherSpec', allow('kms:Encrypt', when('StringEquals', 'kms:KeySpec', 'RSA_2048'))),
  address: await userWith(server, 'address', allow('kms:Encrypt', when('IpAddress', 'aws:SourceIp', '127.0.0.0/8'))),
  fenced: await userWith(
    server,
    'fenced',
    allow('kms:*'),
    deny('kms:Encrypt', when('NotIpAddress', 'aws:SourceIp', '127.0.0.0/8')),
  ),
  outside: await userWith(
    server,
    'outside',
    allow('kms:*'),
    deny('kms:Encrypt', when('IpAddress', 'aws:SourceIp', '127.0.0.0/8')),
  ),
  tagged: await userWith(
    server,
    { name: 'tagged', tags: { team: 'red' } },
    allow('kms:Encrypt', when('StringEquals', 'aws:PrincipalTag/team', 'red')),
  ),
  granted: await userWith(server, 'granted'),
  constrained: await userWith(server, 'constrained'),
}
await roleWith(server, { name: 'app', path: '/y/' }, allow('kms:Decrypt'))
await roleWith(server, 'idle')
const taggedRole = allow('kms:Encrypt', when('StringEquals', 'aws:PrincipalTag/team', 'red'))
await roleWith(server, { name: 'teams', tags: { team: 'red' } }, taggedRole)
const stranger = await userWith(server, { name: 'stranger', account: other }, allow('*'))
const strangerAdmin = server.client({ credentials: stranger })

const keyOf = async (...statements: object[]) => {
  const { KeyMetadata: { KeyId: id = '', Arn = '' } = {} } = await admin.createKey({
    BypassPolicyLockoutSafetyCheck: true,
    ...(statements.length > 0 && { Policy: JSON.stringify(document(...statements)) }),
  })
  return { id, arn: Arn }
}
const grant = async (KeyId: string, GranteePrincipal: string, Operations: GrantOperation[], Constraints = {}) =>
  (await admin.createGrant({ KeyId, GranteePrincipal, Operations, Constraints })).GrantId ?? ''

const open = await keyOf()
const grantId = await grant(open.id, users.granted.arn, ['Encrypt', 'DescribeKey', 'CreateGrant'])
await grant(open.id, users.constrained.arn, ['Encrypt', 'DescribeKey'], { EncryptionContextSubset: { app: 'pay' } })
const closed = await keyOf(
  to([users.named.arn, arn('role/y/app'), stranger.arn, other], ['kms:Encrypt', 'kms:PutKeyPolicy']),
  to(users.all.arn, 'kms:GetKeyPolicy'),
  { ...to('*', 'kms:Decrypt', when('StringEquals', 'aws:PrincipalAccount', '444455556666')), Sid: 'Anybody' },
  { Effect: 'Deny', Principal: { AWS: users.denied.arn }, Action: 'kms:*', Resource: '*' },
)

/** By action, of one principal. */
async function decisionsOf(key: string, principal: string, ...Actions: string[]): Promise<Decided[]> {
  const by = key === closed.id ? users.all : undefined
  const { Principals } = await list({ KeyId: key, Limit: 100, Actions }, by)
  return Principals.find(({ Arn }) => Arn === principal)?.Decisions ?? assert.fail(`${principal} is not listed`)
}
const decisionOf = async (key: string, principal: string, action: string): Promise<Decided> =>
  (await decisionsOf(key, principal, action))[0] ?? assert.fail()

// The same as SimulateAccess

test('every decision about every user and role is that of SimulateAccess, and of a real request', async () => {
  const key = await keyOf(byAccount, to(users.nobody.arn, 'kms:Sign'), {
    Effect: 'Deny',
    Principal: { AWS: users.member.arn },
    Action: 'kms:DescribeKey',
    Resource: '*',
  })
  await grant(key.id, users.granted.arn, ['Encrypt', 'CreateGrant'])
  for (const { id } of [open, closed, key]) {
    const by = id === closed.id ? users.all : undefined
    const { Principals, Actions } = await list({ KeyId: id, Limit: 100 }, by)
    let compared = 0
    for (const { Arn, Kind, Decisions } of Principals) {
      assert.deepEqual(
        Decisions.map(({ Action }) => Action),
        Actions,
      )
      if (Kind !== 'user' && Kind !== 'role') continue
      for (const { Action, Allowed, Reason } of Decisions) {
        const simulated = callKeyreeve(server, 'SimulateAccess', { PrincipalArn: Arn, Action, KeyId: id })
        const { Trace } = await answered<{ Trace: WireTrace }>(simulated)
        assert.equal(Allowed, Trace.Decision === 'allow', `${Arn} ${Action}: ${Reason} ${Trace.Reason}`)
        compared++
      }
    }
    assert.ok(compared > 200, `${compared} were compared`)
  }
  for (const credentials of Object.values(users)) {
    const { Allowed } = await decisionOf(key.id, credentials.arn, 'kms:DescribeKey')
    const call = server.client({ credentials }).describeKey({ KeyId: key.id })
    await (Allowed ? call : assert.rejects(call, { name: 'AccessDeniedException' }))
  }
})

// What decides

const expected: [who: keyof typeof users, action: string, decided: Partial<Decided>][] = [
  ['nobody', 'Encrypt', { Allowed: false, By: 'NONE', Conditional: false }],
  ['nobody', 'Encrypt', { Reason: 'The key policy leaves it to the account, but no identity policy allows it.' }],
  ['all', 'Encrypt', { Allowed: true, By: 'KEY_POLICY_AND_IDENTITY_POLICY', Conditional: false }],
  [
    'all',
    'Encrypt',
    {
      Reason:
        'Statement Enable IAM User Permissions of the key policy and statement 1 of inline policy policy-1 of all allow it.',
    },
  ],
  ['denied', 'Encrypt', { Allowed: false, By: 'IDENTITY_POLICY', Conditional: false }],
  ['denied', 'Encrypt', { Reason: 'Statement 1 of inline policy policy-2 of denied denies it.' }],
  ['denied', 'Decrypt', { Allowed: true, Conditional: false }],
  ['member', 'Encrypt', { Allowed: true, By: 'KEY_POLICY_AND_IDENTITY_POLICY' }],
  ['bounded', 'Encrypt', { Allowed: false, By: 'NONE', Reason: 'The permissions boundary does not allow it.' }],
  ['bounded', 'Decrypt', { Allowed: true, Conditional: false }],
  ['context', 'Encrypt', { Allowed: false, By: 'NONE', Conditional: true }],
  ['context', 'Decrypt', { Allowed: false, By: 'NONE', Conditional: false }],
  ['spec', 'Encrypt', { Allowed: true, Conditional: false }],
  ['otherSpec', 'Encrypt', { Allowed: false, Conditional: false }],
  ['address', 'Encrypt', { Allowed: true, Conditional: true }],
  ['fenced', 'Encrypt', { Allowed: true, Conditional: true }],
  ['fenced', 'Decrypt', { Allowed: true, Conditional: false }],
  ['outside', 'Encrypt', { Allowed: false, By: 'IDENTITY_POLICY', Conditional: true }],
  ['tagged', 'Encrypt', { Allowed: true, Conditional: false }],
  ['granted', 'Encrypt', { Allowed: true, By: 'GRANT', Conditional: false, Reason: `Grant ${grantId} allows it.` }],
  ['granted', 'Decrypt', { Allowed: false, By: 'NONE', Conditional: false }],
  // A grant makes narrower ones, of which a request that says nothing is none.
  ['granted', 'CreateGrant', { Allowed: false, By: 'NONE', Conditional: true }],
  ['constrained', 'Encrypt', { Allowed: false, By: 'NONE', Conditional: true }],
  ['constrained', 'DescribeKey', { Allowed: true, By: 'GRANT', Conditional: false }],
]
for (const [who, action, decided] of expected) {
  test(`says of ${who} and ${action} ${JSON.stringify(decided)}`, async () => {
    const decision = await decisionOf(open.id, users[who].arn, `kms:${action}`)
    assert.deepEqual({ ...decision, ...decided }, decision)
  })
}

test('a session of a role may have other tags than the role', async () => {
  const { Allowed, Conditional } = await decisionOf(open.id, arn('role/teams'), 'Encrypt')
  assert.deepEqual([Allowed, Conditional], [true, true])
})

test('a key policy that leaves nothing to the account allows whom it names', async () => {
  const named = await decisionsOf(closed.id, users.named.arn, 'Encrypt', 'PutKeyPolicy', 'Decrypt')
  assert.deepEqual(
    named.map(({ Allowed, By, Reason }) => [Allowed, By, Reason]),
    [
      [true, 'KEY_POLICY', 'Statement 1 of the key policy allows it.'],
      [true, 'KEY_POLICY', 'Statement 1 of the key policy allows it.'],
      [false, 'NONE', 'Neither the key policy nor a grant allows it.'],
    ],
  )
  const role = await decisionOf(closed.id, arn('role/y/app'), 'Encrypt')
  assert.deepEqual([role.Allowed, role.By], [true, 'KEY_POLICY'])
  const denied = await decisionOf(closed.id, users.denied.arn, 'Decrypt')
  assert.deepEqual(
    [denied.Allowed, denied.By, denied.Reason, denied.Conditional],
    [false, 'KEY_POLICY', 'Statement 4 of the key policy denies it.', false],
  )
})

test('the account of a principal is known, whatever the request says', async () => {
  const ofAccount = when('StringEquals', 'kms:CallerAccount', ownAccount)
  const key = await keyOf(byAccount, to('*', 'kms:Encrypt', ofAccount))
  const { Allowed, By, Conditional } = await decisionOf(key.id, users.nobody.arn, 'Encrypt')
  assert.deepEqual([Allowed, By, Conditional], [true, 'KEY_POLICY', false])
  const anybody = await decisionOf(key.id, '*', 'Encrypt')
  assert.deepEqual([anybody.Allowed, anybody.Conditional], [false, true])
})

// Others

test('principals of other accounts are those that the policy or a grant names, as far as the key goes', async () => {
  const key = await keyOf(
    byAccount,
    to([other, arn('role/theirs', other), session('theirs/job', other)], ['kms:Encrypt', 'kms:PutKeyPolicy']),
  )
  const GrantId = await grant(key.id, arn('user/grantee', '444455556666'), ['Decrypt'])
  await grant(key.id, stranger.arn, ['Decrypt'], { EncryptionContextEquals: { a: 'b' } })
  const Actions = ['Encrypt', 'Decrypt', 'PutKeyPolicy']
  const { Principals } = await list({ KeyId: key.id, Limit: 100, Actions })
  const found = Principals.filter(({ Kind }) => Kind === 'external').map(({ Arn, Decisions }) => [
    Arn,
    ...Decisions.map(({ Allowed, By, Conditional }) => `${Allowed} ${By}${Conditional ? ' *' : ''}`),
  ])
  const no = 'false NONE'
  assert.deepEqual(found, [
    [arn('role/theirs', other), 'true KEY_POLICY', no, no],
    [arn('root', other), 'true KEY_POLICY', no, no],
    [stranger.arn, 'true KEY_POLICY', 'false NONE *', no],
    [arn('user/grantee', '444455556666'), no, 'true GRANT', no],
    [session('theirs/job', other), 'true KEY_POLICY', no, no],
  ])
  const reasons = async (name: string) => (await decisionsOf(key.id, name, ...Actions)).map(({ Reason }) => Reason)
  assert.deepEqual(await reasons(arn('root', other)), [
    'Statement 2 of the key policy allows it.',
    'Neither the key policy nor a grant allows it.',
    'It cannot be done on a key of another account.',
  ])
  assert.equal((await reasons(arn('user/grantee', '444455556666')))[1], `Grant ${GrantId} allows it.`)
  await strangerAdmin.encrypt({ KeyId: key.arn, Plaintext: Buffer.from('x') })
})

test('nothing of another account is told: neither whether a principal is there, nor its policies', async () => {
  const named = ['user/stranger', 'user/nobody-there'].map(name => arn(name, other))
  const key = await keyOf(byAccount, to(named, 'kms:Encrypt'))
  const decisions = await Promise.all(named.map(name => decisionsOf(key.id, name, 'Encrypt', 'Decrypt')))
  assert.deepEqual(decisions[0], decisions[1])
})

test('anybody is listed if the policy allows it', async () => {
  const key = await keyOf(byAccount, to('*', 'kms:Encrypt'), {
    Effect: 'Deny',
    Principal: '*',
    Action: 'kms:Decrypt',
    Resource: '*',
  })
  const { Principals } = await list({ KeyId: key.id, Limit: 100, Actions: ['Encrypt', 'Decrypt'] })
  const anybody = Principals.find(({ Arn }) => Arn === '*')
  assert.deepEqual(
    [anybody?.Kind, ...(anybody?.Decisions.map(({ Allowed, By }) => [Allowed, By]) ?? [])],
    ['external', [true, 'KEY_POLICY'], [false, 'KEY_POLICY']],
  )
  assert.ok(!(await list({ KeyId: open.id, Limit: 100 })).Principals.some(({ Arn }) => Arn === '*'))
})

test('of the account itself, grantees are those who are neither users nor roles', async () => {
  const gone = await userWith(server, 'gone', allow('*'))
  const key = await keyOf(byAccount, to(session('idle/work'), 'kms:Encrypt'))
  await grant(key.id, gone.arn, ['Decrypt'])
  await grant(key.id, arn('user/unborn'), ['Decrypt'])
  await grant(key.id, session('app/job'), ['Encrypt'])
  await grant(key.id, session('none/work'), ['Encrypt'])
  await grant(key.id, users.named.arn, ['Encrypt'])
  await removeUser(server, gone)
  const { Principals } = await list({ KeyId: key.id, Limit: 100, Actions: ['Encrypt', 'Decrypt'] })
  const found = Principals.filter(({ Kind }) => Kind !== 'user' && Kind !== 'role')
  assert.deepEqual(
    found.map(({ Arn, Kind, Decisions }) => [Arn, Kind, ...Decisions.map(({ Allowed, By }) => Allowed && By)]),
    [
      // The grant is for a user that no later one of the name is.
      [gone.arn, 'grantee', false, false],
      [arn('user/unborn'), 'grantee', false, 'GRANT'],
      [session('app/job'), 'grantee', 'GRANT', 'KEY_POLICY_AND_IDENTITY_POLICY'],
      [session('idle/work'), 'grantee', 'KEY_POLICY', false],
      [session('none/work'), 'grantee', 'GRANT', false],
    ],
  )
  const role = await roleWith(server, 'idle')
  await server
    .client({ credentials: sessionOf(server, role, 'work') })
    .encrypt({ KeyId: key.id, Plaintext: Buffer.from('x') })
})

test('a grantee is listed once, however many grants there are for it', async () => {
  const key = await keyOf()
  const names = ['a', 'ab', 'a-b', 'a.b', 'a/b'].map(name => arn(`user/${name}`, other))
  for (const name of names) {
    for (const app of ['1', '2', '3']) await grant(key.id, name, ['Encrypt'], { EncryptionContextSubset: { app } })
    await grant(key.id, name, ['Decrypt'])
  }
  const { Principals } = await list({ KeyId: key.id, Limit: 100, Actions: ['Decrypt'] })
  assert.deepEqual(
    Principals.flatMap(({ Arn, Kind }) => (Kind === 'external' ? [Arn] : [])),
    names.toSorted(),
  )
})

// Actions

test('without a choice, the actions are those that fit the key', async () => {
  const actionsOf = async (input: object): Promise<string[]> => {
    const { KeyMetadata } = await admin.createKey(input)
    return (await list({ KeyId: KeyMetadata?.KeyId, Limit: 1 })).Actions.map(name => name.replace('kms:', ''))
  }
  const managing = ['CreateGrant', 'PutKeyPolicy', 'ScheduleKeyDeletion', 'EnableKey', 'DisableKey']
  assert.deepEqual(await actionsOf({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' }), [
    'DescribeKey',
    'Sign',
    'Verify',
    'GetPublicKey',
    ...managing,
  ])
  assert.deepEqual(await actionsOf({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' }), [
    'DescribeKey',
    'GenerateMac',
    'VerifyMac',
    ...managing,
  ])
  const external = await actionsOf({ Origin: 'EXTERNAL' })
  assert.deepEqual(external.slice(-2), ['ImportKeyMaterial', 'DeleteImportedKeyMaterial'])
  assert.deepEqual(
    [external.length, external.includes('ReEncryptFrom'), external.includes('RetireGrant')],
    [16, true, false],
  )
})

test('actions are named with or without their service, in any case, and once', async () => {
  const { Actions } = await list({ KeyId: open.id, Limit: 1, Actions: ['decrypt', 'kms:Decrypt', 'KMS:TAGRESOURCE'] })
  assert.deepEqual(Actions, ['kms:Decrypt', 'kms:TagResource'])
})

const wrongActions: [title: string, actions: string[], message?: string][] = [
  ['an action that is none', ['Encrpyt'], 'There is no action kms:Encrpyt.'],
  ['an action on no key', ['ListKeys'], 'kms:ListKeys is not decided by a key.'],
  ['an action of another service', ['iam:GetUser'], 'iam:GetUser is not decided by a key.'],
  ['what a grant decides', ['RetireGrant'], 'kms:RetireGrant is not decided by a key.'],
  ['a pattern', ['kms:*']],
  ['no action', []],
  ['more than 30', Array<string>(31).fill('Encrypt')],
]
for (const [title, Actions, message] of wrongActions) {
  test(`refuses ${title}`, async () => {
    await refusedBy(ask({ KeyId: open.id, Actions }), 'ValidationException', message)
  })
}

// Pages

test('pages follow one another through users, roles and others, while they come and go', async () => {
  const key = await keyOf(byAccount, to([other, arn('role/theirs', other)], 'kms:Encrypt'))
  for (const name of ['user/a', 'user/b']) await grant(key.id, arn(name, '444455556666'), ['Decrypt'])
  const all = (await list({ KeyId: key.id, Limit: 100, Actions: ['Encrypt'] })).Principals
  const kinds = all.map(({ Kind }) => Kind)
  assert.deepEqual([...new Set(kinds)], ['user', 'role', 'external'])
  for (const Limit of [1, 3, 7]) {
    const found: Principal[] = []
    let Marker: string | undefined
    do {
      const page = await list({ KeyId: key.id, Limit, Actions: ['Encrypt'], ...(Marker !== undefined && { Marker }) })
      assert.ok(page.Principals.length <= Limit)
      assert.equal(page.Truncated, page.NextMarker !== undefined)
      found.push(...page.Principals)
      Marker = page.NextMarker
      // Before the place of the marker, and of the next account.
      await userWith(server, '0-comes')
      if (found.length % 2 === 0) await removeUser(server, { ...users.nobody, arn: arn('user/0-comes') })
    } while (Marker !== undefined)
    await removeUser(server, { ...users.nobody, arn: arn('user/0-comes') }).catch(() => {})
    assert.deepEqual(found, all)
  }
})

test('whom a marker names may be gone', async () => {
  const key = await keyOf()
  const last = await userWith(server, '1-leaves')
  const { Principals, NextMarker } = await list({ KeyId: key.id, Limit: 1, Actions: ['Encrypt'] })
  assert.equal(Principals[0]?.Arn, last.arn)
  await removeUser(server, last)
  const next = await list({ KeyId: key.id, Limit: 1, Actions: ['Encrypt'], Marker: NextMarker })
  assert.equal(next.Principals[0]?.Arn, arn('user/address'))
})

test('a marker is good for one key', async () => {
  const { NextMarker: Marker = '' } = await list({ KeyId: open.id, Limit: 1 })
  const key = await keyOf()
  await refusedBy(ask({ KeyId: key.id, Marker }), 'InvalidMarkerException')
  await refusedBy(ask({ KeyId: open.id, Marker: `${Marker.slice(0, -4)}AAAA` }), 'InvalidMarkerException')
  await refusedBy(ask({ KeyId: open.id, Marker: 'x' }), 'InvalidMarkerException')
  const { KeyMetadata } = await strangerAdmin.createKey({})
  await refusedBy(ask({ KeyId: KeyMetadata?.Arn, Marker }, stranger), 'InvalidMarkerException')
  const { NextMarker } = await admin.listKeys({ Limit: 1 })
  await refusedBy(ask({ KeyId: open.id, Marker: NextMarker }), 'InvalidMarkerException')
})

// Whose

test("an account lists its own users and roles, and no other's", async () => {
  const { KeyMetadata } = await strangerAdmin.createKey({})
  const { Principals } = await list({ KeyId: KeyMetadata?.KeyId, Limit: 100 }, stranger)
  assert.deepEqual(
    Principals.map(({ Arn, Kind }) => [Arn, Kind]),
    [[stranger.arn, 'user']],
  )
})

test('a key of another account is refused, whether it is there or not, and whatever it allows', async () => {
  const key = await keyOf(byAccount, to(stranger.arn, ['kms:*', 'keyreeve:*']))
  const texts = await Promise.all(
    [key.arn, key.arn.replace(key.id, randomUUID())].map(async KeyId => (await ask({ KeyId }, stranger)).body),
  )
  assert.match(texts[0] ?? '', /AccessDeniedException/)
  assert.equal(texts[0], texts[1])
})

test('refuses whom no policy lets list access, and whoever may not read the key policy', async () => {
  const lister = await userWith(server, 'lister', allow('keyreeve:ListKeyAccess'))
  await refusedBy(ask({ KeyId: open.id }, lister), 'AccessDeniedException')
  const reader = await userWith(server, 'reader', allow('kms:*'))
  await refusedBy(ask({ KeyId: open.id }, reader), 'AccessDeniedException')
  const both = await userWith(server, 'both', allow(['keyreeve:ListKeyAccess', 'kms:GetKeyPolicy']))
  assert.equal((await list({ KeyId: open.id, Limit: 1 }, both)).Principals.length, 1)
  await refusedBy(ask({ KeyId: closed.id }, both), 'AccessDeniedException')
})

test('refuses a key that is not there, and too long a page', async () => {
  await refusedBy(ask({ KeyId: randomUUID() }), 'NotFoundException')
  await refusedBy(ask({ KeyId: 'alias/none' }), 'NotFoundException')
  await refusedBy(ask({ KeyId: 'arn:aws:kms' }), 'InvalidArnException')
  await refusedBy(ask({}), 'ValidationException')
  await refusedBy(ask({ KeyId: open.id, Limit: 101 }), 'ValidationException')
})

test('the list is in the log with the key', async () => {
  await list({ KeyId: open.arn, Actions: ['Encrypt'], Limit: 1 })
  const record = (await server.records()).at(-1)
  assert.deepEqual(
    ['eventName', 'readOnly', 'requestParameters', 'responseElements'].map(name => record?.[name]),
    ['ListKeyAccess', true, { keyId: open.arn, actions: ['Encrypt'], limit: 1 }, null],
  )
  assert.deepEqual(record?.['resources'], [{ accountId: ownAccount, type: 'AWS::KMS::Key', ARN: open.arn }])
})
