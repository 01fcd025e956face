import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { AssumeRoleCommandInput, AssumeRoleCommandOutput } from '@aws-sdk/client-sts'
import { roleArn, type Role } from '../../../src/auth/identities.ts'
import { constraint, refused } from '../../support/answers.ts'
import {
  allow,
  changeRole,
  deny,
  document,
  managedPolicy,
  ownAccount,
  removeRole,
  roleWith,
  sessionOfUser,
  textOf,
  trusting,
  userWith,
  type Identity,
  type Policy,
} from '../../support/identities.ts'
import { start, type Credentials } from '../../support/server.ts'

const server = await start()
server.clock.hold()
after(() => server.stop())

const other = '111122223333'
const assumeAnything = allow(['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'])

type Asked = Partial<AssumeRoleCommandInput>
const assume = (who: Credentials | undefined, role: Role, asked: Asked = {}): Promise<AssumeRoleCommandOutput> =>
  server.sts(who && { credentials: who }).assumeRole({ RoleArn: roleArn(role), RoleSessionName: 'session', ...asked })

function credentialsOf({ Credentials: given }: AssumeRoleCommandOutput): Required<Credentials> {
  return {
    accessKeyId: given?.AccessKeyId ?? '',
    secretAccessKey: given?.SecretAccessKey ?? '',
    sessionToken: given?.SessionToken ?? '',
  }
}
const session = async (...asked: Parameters<typeof assume>): Promise<Required<Credentials>> =>
  credentialsOf(await assume(...asked))

const callerOf = async (credentials: Credentials): Promise<string | undefined> =>
  (await server.sts({ credentials }).getCallerIdentity()).Arn

const administrator = { arn: `arn:aws:iam::${ownAccount}:user/administrator` }
const notAuthorized = (
  who: Pick<Identity, 'arn'>,
  role: Role | string,
  action = 'sts:AssumeRole',
): [string, string, number] => [
  'AccessDenied',
  `User: ${who.arn} is not authorized to perform: ${action} on resource: ${typeof role === 'string' ? role : roleArn(role)}`,
  403,
]

const trustOf = (...statements: object[]): Policy => document(...statements)
const trust = (Principal: object | string, more: object = {}): object => ({
  Effect: 'Allow',
  Principal,
  Action: ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'],
  ...more,
})

test('gives out credentials of the role, which say whose they are', async () => {
  const role = await roleWith(server, { name: 'reader', path: '/crypto/' }, allow('kms:ListKeys'))
  const answer = await assume(undefined, role, { RoleSessionName: 'alice@example.com', DurationSeconds: 900 })
  assert.match(answer.Credentials?.AccessKeyId ?? '', /^ASIA[A-Z2-7]{16}$/)
  assert.match(answer.Credentials?.SecretAccessKey ?? '', /^[A-Za-z0-9+/]{40}$/)
  assert.deepEqual(answer.Credentials?.Expiration, new Date(Math.floor(server.clock.now() / 1000) * 1000 + 900_000))
  assert.deepEqual(answer.AssumedRoleUser, {
    AssumedRoleId: `${role.id}:alice@example.com`,
    Arn: `arn:aws:sts::${ownAccount}:assumed-role/reader/alice@example.com`,
  })
  assert.equal(answer.PackedPolicySize, undefined)
  const credentials = credentialsOf(answer)
  const { $metadata: _, ...who } = await server.sts({ credentials }).getCallerIdentity()
  assert.deepEqual(who, {
    Account: ownAccount,
    UserId: `${role.id}:alice@example.com`,
    Arn: `arn:aws:sts::${ownAccount}:assumed-role/reader/alice@example.com`,
  })
  await server.client({ credentials }).listKeys()
  await refused(
    server.client({ credentials }).createKey(),
    'AccessDeniedException',
    `User: arn:aws:sts::${ownAccount}:assumed-role/reader/alice@example.com is not authorized to perform: kms:CreateKey on resource: * because no identity-based policy allows the kms:CreateKey action`,
  )
})

test('credentials end at their expiration, and not before', async () => {
  const role = await roleWith(server, 'brief')
  const credentials = await session(undefined, role, { DurationSeconds: 900 })
  server.clock.advance(900_000 - (server.clock.now() % 1000) - 1)
  assert.ok(await callerOf(credentials))
  server.clock.advance(1)
  await refused(callerOf(credentials), 'ExpiredToken', 'The security token included in the request is expired', 403)
  await refused(
    server.client({ credentials }).listKeys(),
    'ExpiredTokenException',
    'The security token included in the request is expired',
  )
})

test('a token that was altered, left out or given out with another key proves nothing', async () => {
  const role = await roleWith(server, 'mallory', allow('kms:ListKeys'))
  const [one, two] = [await session(undefined, role), await session(undefined, role)]
  const flipped = `${one.sessionToken.slice(0, 100)}${one.sessionToken[100] === 'A' ? 'B' : 'A'}${one.sessionToken.slice(101)}`
  const { sessionToken: _, ...without } = one
  for (const credentials of [
    { ...one, sessionToken: flipped },
    { ...one, sessionToken: two.sessionToken },
    { ...one, sessionToken: 'no base64' },
    { ...one, sessionToken: '' },
    { ...one, sessionToken: `${one.sessionToken}AAAA` },
    { ...one, accessKeyId: two.accessKeyId },
    without,
    { accessKeyId: server.accessKeyId, secretAccessKey: server.secretAccessKey, sessionToken: one.sessionToken },
  ]) {
    const text = 'The security token included in the request is invalid.'
    await refused(server.client({ credentials }).listKeys(), 'UnrecognizedClientException', text)
    await refused(callerOf(credentials), 'InvalidClientTokenId', text, 403)
  }
  await refused(
    callerOf({ ...one, secretAccessKey: two.secretAccessKey }),
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
    403,
  )
  assert.ok(await callerOf(one))
})

test('a session of another store proves nothing', async () => {
  const elsewhere = await start()
  try {
    const role = await roleWith(elsewhere, 'mallory')
    const credentials = credentialsOf(
      await elsewhere.sts().assumeRole({ RoleArn: roleArn(role), RoleSessionName: 'session' }),
    )
    assert.ok((await elsewhere.sts({ credentials }).getCallerIdentity()).Arn)
    await refused(
      callerOf(credentials),
      'InvalidClientTokenId',
      'The security token included in the request is invalid.',
      403,
    )
  } finally {
    await elsewhere.stop()
  }
})

test('a session has the rights that its role has now', async () => {
  const role = await roleWith(server, 'changing', allow('kms:ListKeys'))
  const credentials = await session(undefined, role)
  await server.client({ credentials }).listKeys()
  await changeRole(server, role, { inline: [] })
  await refused(
    server.client({ credentials }).listKeys(),
    'AccessDeniedException',
    `User: arn:aws:sts::${ownAccount}:assumed-role/changing/session is not authorized to perform: kms:ListKeys on resource: * because no identity-based policy allows the kms:ListKeys action`,
  )
})

test('a session ends with its role, also if there is another of the same name', async () => {
  const role = await roleWith(server, 'phoenix', allow('*'))
  const credentials = await session(undefined, role)
  assert.ok(await callerOf(credentials))
  await removeRole(server, role)
  const text = 'The security token included in the request is invalid.'
  await refused(callerOf(credentials), 'InvalidClientTokenId', text, 403)
  const next = await roleWith(server, 'phoenix', allow('*'))
  await refused(callerOf(credentials), 'InvalidClientTokenId', text, 403)
  assert.ok(await callerOf(await session(undefined, next)))
})

// Who may

test('the own account: whom the trust policy names needs no policy of its own', async () => {
  const named = await userWith(server, 'named')
  const unnamed = await userWith(server, 'unnamed')
  const role = await trusting(server, 'named-only', trustOf(trust({ AWS: named.arn })))
  assert.ok(await session(named, role))
  await refused(assume(unnamed, role), ...notAuthorized(unnamed, role))
  // Whatever its own policies say.
  await refused(assume(undefined, role), ...notAuthorized(administrator, role))
})

test('the own account: what is left to the account needs a policy of the user', async () => {
  const role = await roleWith(server, 'delegated')
  const without = await userWith(server, 'delegated-without')
  const elsewhere = await userWith(
    server,
    'delegated-elsewhere',
    document({ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: `arn:aws:iam::${ownAccount}:role/other` }),
  )
  const exact = await userWith(
    server,
    'delegated-exact',
    document({ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: roleArn(role) }),
  )
  await refused(assume(without, role), ...notAuthorized(without, role))
  await refused(assume(elsewhere, role), ...notAuthorized(elsewhere, role))
  assert.ok(await session(exact, role))
})

test('a denial on either side beats what the other allows', async () => {
  const user = await userWith(server, 'denied', deny('sts:AssumeRole'))
  const role = await trusting(server, 'open', trustOf(trust({ AWS: user.arn })))
  await refused(assume(user, role), ...notAuthorized(user, role))
  const eager = await userWith(server, 'eager', assumeAnything)
  const closed = await trusting(
    server,
    'closed',
    trustOf(trust({ AWS: ownAccount }), { ...trust({ AWS: eager.arn }), Effect: 'Deny' }),
  )
  await refused(assume(eager, closed), ...notAuthorized(eager, closed))
})

test('across accounts both sides must allow', async () => {
  const user = await userWith(server, { name: 'bob', account: other }, assumeAnything)
  const idle = await userWith(server, { name: 'idle', account: other })
  const open = await trusting(server, 'cross-open', trustOf(trust({ AWS: other })))
  const named = await trusting(server, 'cross-named', trustOf(trust({ AWS: [user.arn, idle.arn] })))
  const closed = await roleWith(server, 'cross-closed')
  for (const role of [open, named]) {
    const credentials = await session(user, role)
    assert.equal(await callerOf(credentials), `arn:aws:sts::${ownAccount}:assumed-role/${role.name}/session`)
    await refused(assume(idle, role), ...notAuthorized(idle, role))
  }
  await refused(assume(user, closed), ...notAuthorized(user, closed))
})

test('a role that is not there is refused like one that is', async () => {
  const user = await userWith(server, 'searching', assumeAnything)
  const role = await roleWith(server, { name: 'Hidden', path: '/deep/' })
  for (const arn of [
    `arn:aws:iam::${ownAccount}:role/nothing`,
    `arn:aws:iam::${ownAccount}:role/Hidden`, // Without its path.
    `arn:aws:iam::${ownAccount}:role/deep/hidden`, // In other case.
    `arn:aws:iam::${other}:role/nothing`,
    `arn:aws:iam::999999999999:role/nothing`,
    `arn:aws:iam::${ownAccount}:user/administrator`,
  ]) {
    await refused(assume(user, role, { RoleArn: arn }), ...notAuthorized(user, arn))
  }
  assert.ok(await session(user, role))
})

test('refuses what is no ARN of a role', async () => {
  const role = await roleWith(server, 'well-formed')
  for (const [arn, text] of [
    ['no-arn-at-all-but-long-enough', 'no-arn-at-all-but-long-enough is invalid'],
    ['arn:aws:iam::12345:role/short-account', 'Request ARN is invalid'],
    [`arn:aws:sts::${ownAccount}:role/well-formed`, 'Request ARN is invalid'],
    [`arn:aws-cn:iam::${ownAccount}:role/well-formed`, 'Request ARN is invalid'],
    [`arn:aws:iam:us-east-1:${ownAccount}:role/well-formed`, 'Request ARN is invalid'],
  ] as const) {
    await refused(assume(undefined, role, { RoleArn: arn }), 'ValidationError', text)
  }
  await refused(
    assume(undefined, role, { RoleSessionName: 'a' }),
    'ValidationError',
    constraint('roleSessionName', 'a', 'have length greater than or equal to 2'),
  )
  await refused(
    assume(undefined, role, { RoleSessionName: 'a/b' }),
    'ValidationError',
    constraint('roleSessionName', 'a/b', 'satisfy regular expression pattern: [\\w+=,.@-]*'),
  )
})

test('a trust policy that changes counts for the next call, and for no session', async () => {
  const user = await userWith(server, 'trusted-once')
  const role = await trusting(server, 'fickle', trustOf(trust({ AWS: user.arn })))
  const credentials = await session(user, role)
  await changeRole(server, role, { trust: textOf(trustOf(trust({ AWS: `arn:aws:iam::${other}:root` }))) })
  await refused(assume(user, role), ...notAuthorized(user, role))
  assert.ok(await callerOf(credentials))
})

test('conditions of the trust policy: external id, session name, tags of the role', async () => {
  const user = await userWith(server, { name: 'vendor', account: other }, assumeAnything)
  const role = await trusting(
    server,
    'for-vendor',
    trustOf(
      trust(
        { AWS: other },
        {
          Condition: { StringEquals: { 'sts:ExternalId': 'e-42' }, StringLike: { 'sts:RoleSessionName': 'vendor-*' } },
        },
      ),
    ),
  )
  const right = { ExternalId: 'e-42', RoleSessionName: 'vendor-1' }
  assert.ok(await session(user, role, right))
  for (const wrong of [{ ExternalId: 'E-42' }, { ExternalId: undefined }, { RoleSessionName: 'other-1' }]) {
    await refused(assume(user, role, { ...right, ...wrong }), ...notAuthorized(user, role))
  }
})

test('tags of the role are attributes in the policy of the caller', async () => {
  const condition = { Condition: { StringEquals: { 'aws:ResourceTag/team': 'blue' } } }
  const user = await userWith(server, 'blue-only', allow('sts:AssumeRole', condition))
  const blue = await roleWith(server, { name: 'blue', tags: { team: 'blue' } })
  const red = await roleWith(server, { name: 'red', tags: { team: 'red' } })
  assert.ok(await session(user, blue))
  await refused(assume(user, red), ...notAuthorized(user, red))
})

// How long

test('a session lasts no longer than its role allows', async () => {
  const role = await trusting(server, 'long', trustOf(trust({ AWS: ownAccount })), { maxSession: 7200 })
  const { Credentials: given } = await assume(undefined, role, { DurationSeconds: 7200 })
  assert.equal(given?.Expiration?.getTime(), Math.floor(server.clock.now() / 1000) * 1000 + 7_200_000)
  await refused(
    assume(undefined, role, { DurationSeconds: 7201 }),
    'ValidationError',
    'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
  )
  for (const [seconds, rule] of [
    [899, 'have value greater than or equal to 900'],
    [43_201, 'have value less than or equal to 43200'],
  ] as const) {
    await refused(
      assume(undefined, role, { DurationSeconds: seconds }),
      'ValidationError',
      constraint('durationSeconds', String(seconds), rule),
    )
  }
})

test('a session of a session lasts an hour at most', async () => {
  const first = await roleWith(server, 'first', assumeAnything)
  const second = await trusting(server, 'second', trustOf(trust({ AWS: roleArn(first) })), { maxSession: 43_200 })
  const chained = await session(undefined, first)
  await refused(
    assume(chained, second, { DurationSeconds: 3601 }),
    'ValidationError',
    'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
  )
  assert.equal(
    await callerOf(await session(chained, second, { DurationSeconds: 3600 })),
    `arn:aws:sts::${ownAccount}:assumed-role/second/session`,
  )
  // Credentials of a user are no role.
  const user = sessionOfUser(server, await userWith(server, 'lasting', assumeAnything))
  const direct = await trusting(server, 'direct', trustOf(trust({ AWS: ownAccount })), { maxSession: 43_200 })
  assert.ok(await session(user, direct, { DurationSeconds: 43_200 }))
})

// Session policies

test('session policies take away, and never give', async () => {
  const role = await roleWith(server, 'limited', allow('kms:ListKeys'))
  const arn = await managedPolicy(server, 'lists-aliases', allow('kms:ListAliases'))
  const listAliases = textOf(allow('kms:ListAliases'))
  const denied = (action: string, why: string): [string, string] => [
    'AccessDeniedException',
    `User: arn:aws:sts::${ownAccount}:assumed-role/limited/session is not authorized to perform: kms:${action} on resource: * because no ${why} allows the kms:${action} action`,
  ]
  for (const limits of [{ Policy: listAliases }, { PolicyArns: [{ arn }] }]) {
    const answer = await assume(undefined, role, limits)
    assert.ok((answer.PackedPolicySize ?? 0) > 0 && (answer.PackedPolicySize ?? 100) < 20)
    const kms = server.client({ credentials: credentialsOf(answer) })
    await refused(kms.listKeys(), ...denied('ListKeys', 'session policy'))
    await refused(kms.listAliases(), ...denied('ListAliases', 'identity-based policy'))
  }
  const both = await session(undefined, role, { Policy: textOf(allow('kms:ListKeys')), PolicyArns: [{ arn }] })
  await server.client({ credentials: both }).listKeys()
})

test('session policies limit grants', async () => {
  const { KeyMetadata } = await server.client().createKey({})
  const KeyId = KeyMetadata?.Arn ?? ''
  const role = await roleWith(server, 'grantee')
  await server.client().createGrant({ KeyId, GranteePrincipal: roleArn(role), Operations: ['Encrypt'] })
  const Plaintext = Buffer.from('text')
  await server.client({ credentials: await session(undefined, role) }).encrypt({ KeyId, Plaintext })
  const allowing = await session(undefined, role, { Policy: textOf(allow('kms:Encrypt')) })
  await server.client({ credentials: allowing }).encrypt({ KeyId, Plaintext })
  const limited = await session(undefined, role, { Policy: textOf(allow('kms:Decrypt')) })
  await assert.rejects(server.client({ credentials: limited }).encrypt({ KeyId, Plaintext }), {
    name: 'AccessDeniedException',
  })
})

test('a managed session policy that goes away leaves nothing', async () => {
  const role = await roleWith(server, 'orphan', allow('kms:*'))
  const arn = await managedPolicy(server, { name: 'gone-soon', path: '/a/' }, allow('kms:ListKeys'))
  const credentials = await session(undefined, role, { PolicyArns: [{ arn }] })
  await server.client({ credentials }).listKeys()
  // Another policy of that name, under another path.
  await managedPolicy(server, { name: 'gone-soon', path: '/b/' }, allow('kms:ListKeys'))
  await assert.rejects(server.client({ credentials }).listKeys(), { name: 'AccessDeniedException' })
})

test('refuses session policies that are none', async () => {
  const role = await roleWith(server, 'refusing')
  await refused(
    assume(undefined, role, { Policy: '{' }),
    'MalformedPolicyDocumentException',
    'Syntax errors in policy. no member name at byte 1.',
  )
  await refused(
    assume(undefined, role, {
      Policy: textOf(document({ Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' })),
    }),
    'MalformedPolicyDocumentException',
    'Policy document should not specify a principal.',
  )
  const foreign = await managedPolicy(server, { name: 'foreign', account: other }, allow('*'))
  for (const arn of [`arn:aws:iam::${ownAccount}:policy/nothing`, foreign, `arn:aws:iam::aws:policy/Nothing`]) {
    await refused(
      assume(undefined, role, { PolicyArns: [{ arn }] }),
      'ValidationError',
      `Session policy ${arn} does not exist.`,
    )
  }
  const everything = { arn: 'arn:aws:iam::aws:policy/AdministratorAccess' }
  assert.ok(await session(undefined, role, { PolicyArns: Array.from({ length: 10 }, () => everything) }))
  await refused(
    assume(undefined, role, { PolicyArns: Array.from({ length: 11 }, () => everything) }),
    'ValidationError',
    'No more than 10 managed policies can be passed.',
  )
})

test('refuses policies and tags for which a token has no room', async () => {
  const role = await roleWith(server, 'full')
  const statement = textOf(allow('kms:ListKeys'))
  const padded = (length: number): string => statement + ' '.repeat(length - statement.length)
  assert.equal((await assume(undefined, role, { Policy: padded(2048) })).PackedPolicySize! < 10, true)
  await refused(
    assume(undefined, role, { Policy: padded(2049) }),
    'PackedPolicyTooLargeException',
    'Packed policy consumes 101% of allotted space, please use smaller policy.',
  )
  const arn = 'arn:aws:iam::aws:policy/AdministratorAccess'
  await refused(
    assume(undefined, role, { Policy: padded(2048), PolicyArns: [{ arn }] }),
    'PackedPolicyTooLargeException',
    'Packed policy consumes 103% of allotted space, please use smaller policy.',
  )
  const word = (at: number): string =>
    Array.from({ length: 64 }, (_, i) => String.fromCharCode(0x4e00 + ((at * 7919 + i * 104_729) % 20_000))).join('')
  const tags = (count: number) => Array.from({ length: count }, (_, at) => ({ Key: `tag-${at}`, Value: word(at) }))
  await changeRole(server, role, { trust: textOf(trustOf(trust({ AWS: ownAccount }))) })
  const fits = await assume(undefined, role, { Tags: tags(8), TransitiveTagKeys: tags(8).map(({ Key }) => Key) })
  assert.ok((fits.PackedPolicySize ?? 0) > 50 && (fits.PackedPolicySize ?? 0) <= 100)
  await assert.rejects(assume(undefined, role, { Tags: tags(30) }), {
    name: 'PackedPolicyTooLargeException',
    message: /^Packed size of session tags consumes [1-9]\d\d% of allotted space\.$/,
  })
})

// Tags

test('tags of the session are attributes, and take the place of those of the role', async () => {
  const condition = { Condition: { StringEquals: { 'aws:PrincipalTag/Team': 'blue' } } }
  const role = await trusting(
    server,
    { name: 'tagged', tags: { team: 'red', level: '1' } },
    trustOf(trust({ AWS: ownAccount })),
    {},
    allow('kms:ListKeys', condition),
  )
  await assert.rejects(server.client({ credentials: await session(undefined, role) }).listKeys(), {
    name: 'AccessDeniedException',
  })
  const answer = await assume(undefined, role, { Tags: [{ Key: 'TEAM', Value: 'blue' }] })
  assert.ok((answer.PackedPolicySize ?? 0) > 0)
  await server.client({ credentials: credentialsOf(answer) }).listKeys()
})

test('tags must be allowed on both sides', async () => {
  const Tags = [{ Key: 'team', Value: 'blue' }]
  const role = await roleWith(server, 'untagged') // Trusts for AssumeRole alone.
  const able = await userWith(server, 'able', assumeAnything)
  await refused(assume(able, role, { Tags }), ...notAuthorized(able, role, 'sts:TagSession'))
  assert.ok(await session(able, role))
  const open = await trusting(server, 'taggable', trustOf(trust({ AWS: ownAccount })))
  const unable = await userWith(server, 'unable', allow('sts:AssumeRole'))
  await refused(assume(unable, open, { Tags }), ...notAuthorized(unable, open, 'sts:TagSession'))
  assert.ok(await session(able, open, { Tags }))
})

test('conditions on tags of the request', async () => {
  const role = await trusting(
    server,
    'choosy',
    trustOf(
      trust(
        { AWS: ownAccount },
        {
          Condition: {
            StringEquals: { 'aws:RequestTag/team': ['blue', 'red'] },
            'ForAllValues:StringEquals': { 'aws:TagKeys': ['team'], 'sts:TransitiveTagKeys': ['team'] },
          },
        },
      ),
    ),
  )
  const user = await userWith(server, 'choosing', assumeAnything)
  const team = (Value: string) => ({ Key: 'team', Value })
  assert.ok(await session(user, role, { Tags: [team('red')], TransitiveTagKeys: ['team'] }))
  for (const asked of [
    {},
    { Tags: [team('green')] },
    { Tags: [team('red'), { Key: 'more', Value: 'x' }] },
    { Tags: [team('red'), { Key: 'more', Value: 'x' }], TransitiveTagKeys: ['more'] },
  ]) {
    await refused(assume(user, role, asked), ...notAuthorized(user, role))
  }
})

test('transitive tags go on to the next sessions, and stay what they are', async () => {
  const tagged = (color: string): Policy =>
    allow(['kms:ListKeys', 'sts:*'], { Condition: { StringEquals: { 'aws:PrincipalTag/color': color } } })
  const one = await trusting(server, 'hop-1', trustOf(trust({ AWS: ownAccount })), {}, tagged('blue'))
  const two = await trusting(
    server,
    { name: 'hop-2', tags: { color: 'red' } },
    trustOf(trust({ AWS: ownAccount })),
    {},
    tagged('blue'),
  )
  const three = await trusting(server, 'hop-3', trustOf(trust({ AWS: ownAccount })), {}, tagged('blue'))
  const Tags = [
    { Key: 'Color', Value: 'blue' },
    { Key: 'fleeting', Value: 'x' },
  ]
  const first = await session(undefined, one, { Tags, TransitiveTagKeys: ['color'] })
  const second = await session(first, two)
  await server.client({ credentials: second }).listKeys()
  const third = await session(second, three, { Tags: [{ Key: 'fleeting', Value: 'y' }] })
  await server.client({ credentials: third }).listKeys()
  for (const Key of ['Color', 'COLOR']) {
    await refused(
      assume(second, three, { Tags: [{ Key, Value: 'green' }] }),
      'InvalidParameterValue',
      "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
    )
  }
  // Without being transitive a tag ends with its session.
  const plain = await session(undefined, one, { Tags })
  const next = await session(plain, three)
  await assert.rejects(server.client({ credentials: next }).listKeys(), { name: 'AccessDeniedException' })
})

test('tags that are handed on must be allowed as well, as the ones that they are', async () => {
  const bring = (Value: string) => ({ Tags: [{ Key: 'team', Value }], TransitiveTagKeys: ['team'] })
  const first = await trusting(server, 'carrier', trustOf(trust({ AWS: ownAccount })), {}, allow('sts:*'))
  const untagged = await trusting(
    server,
    { name: 'untagged', account: other, tags: { team: 'red' } },
    trustOf({ ...trust({ AWS: ownAccount }), Action: 'sts:AssumeRole' }),
  )
  const blueOnly = await trusting(
    server,
    { name: 'blue-only', account: other },
    trustOf(
      { ...trust({ AWS: ownAccount }), Action: 'sts:AssumeRole' },
      {
        ...trust({ AWS: ownAccount }),
        Action: 'sts:TagSession',
        Condition: {
          StringEquals: { 'aws:RequestTag/team': 'blue' },
          'ForAllValues:StringEquals': { 'aws:TagKeys': ['team'] },
        },
      },
    ),
  )
  const plain = await session(undefined, first)
  for (const role of [untagged, blueOnly]) assert.ok(await session(plain, role))
  const blue = await session(undefined, first, bring('blue'))
  assert.ok(await session(blue, blueOnly))
  const red = await session(undefined, first, bring('red'))
  const carrier = { arn: `arn:aws:sts::${ownAccount}:assumed-role/carrier/session` }
  for (const [caller, role] of [
    [blue, untagged],
    [red, untagged],
    [red, blueOnly],
  ] as const) {
    await refused(assume(caller, role), ...notAuthorized(carrier, role, 'sts:TagSession'))
  }
})

test('refuses tags that cannot be', async () => {
  const role = await trusting(server, 'strict', trustOf(trust({ AWS: ownAccount })))
  const tag = (Key: string) => ({ Key, Value: 'x' })
  await refused(
    assume(undefined, role, { Tags: [tag('a'), tag('A')] }),
    'InvalidParameterValue',
    'Duplicate tag keys found. Please note that Tag keys are case insensitive.',
  )
  await refused(
    assume(undefined, role, { Tags: [tag('a')], TransitiveTagKeys: ['b'] }),
    'InvalidParameterValue',
    'The specified transitive tag key must be included in the requested tags.',
  )
  await refused(
    assume(undefined, role, { Tags: [tag('aws:x')] }),
    'InvalidParameterValue',
    'aws: prefixed tag key names are not allowed for external use.',
  )
})

// Source identity

test('a source identity must be allowed, stays through chains, and cannot be changed', async () => {
  const user = await userWith(server, 'source', assumeAnything)
  const closed = await roleWith(server, 'no-source')
  await refused(
    assume(user, closed, { SourceIdentity: 'alice' }),
    ...notAuthorized(user, closed, 'sts:SetSourceIdentity'),
  )
  const one = await trusting(server, 'source-1', trustOf(trust({ AWS: ownAccount })), {}, assumeAnything)
  const two = await trusting(
    server,
    'source-2',
    trustOf(trust({ AWS: ownAccount }, { Condition: { StringEquals: { 'sts:SourceIdentity': 'alice' } } })),
    {},
    allow('kms:ListKeys', { Condition: { StringEquals: { 'aws:SourceIdentity': 'alice' } } }),
  )
  const answer = await assume(user, one, { SourceIdentity: 'alice' })
  assert.equal(answer.SourceIdentity, 'alice')
  const first = credentialsOf(answer)
  // Handed on, it must be allowed as well.
  const arn = `arn:aws:sts::${ownAccount}:assumed-role/source-1/session`
  await refused(assume(first, closed), ...notAuthorized({ arn }, closed, 'sts:SetSourceIdentity'))
  await refused(assume(first, two, { SourceIdentity: 'bob' }), ...notAuthorized({ arn }, two))
  const open = await trusting(server, 'source-3', trustOf(trust({ AWS: ownAccount })))
  await refused(
    assume(first, open, { SourceIdentity: 'bob' }),
    'InvalidParameterValue',
    'The source identity of the calling session cannot be changed.',
  )
  const second = await assume(first, two)
  assert.equal(second.SourceIdentity, 'alice')
  await server.client({ credentials: credentialsOf(second) }).listKeys()
})

test('refuses a second factor, which nobody has, and contexts of others', async () => {
  const role = await roleWith(server, 'factor')
  const text =
    'MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.'
  for (const asked of [
    { SerialNumber: `arn:aws:iam::${ownAccount}:mfa/user`, TokenCode: '123456' },
    { SerialNumber: 'GAHT12345678' },
    { TokenCode: '123456' },
  ]) {
    await refused(assume(undefined, role, asked), 'AccessDenied', text, 403)
  }
  await refused(
    assume(undefined, role, { ProvidedContexts: [{ ProviderArn: 'arn:aws:iam::aws:contextProvider/IdentityCenter' }] }),
    'ValidationError',
    'ProvidedContexts are not supported.',
  )
})

// Records

test('the record shows what was asked for and who got it, and no secret', async () => {
  const role = await trusting(server, 'recorded', trustOf(trust({ AWS: ownAccount })))
  const Policy = textOf(allow('kms:*'))
  const answer = await assume(undefined, role, {
    Policy,
    PolicyArns: [{ arn: 'arn:aws:iam::aws:policy/AdministratorAccess' }],
    Tags: [{ Key: 'team', Value: 'blue' }],
    TransitiveTagKeys: ['team'],
    ExternalId: 'e-42',
    SourceIdentity: 'alice',
    DurationSeconds: 1000,
  })
  const record = (await server.records()).at(-1)
  assert.deepEqual(record?.['requestParameters'], {
    roleArn: roleArn(role),
    roleSessionName: 'session',
    durationSeconds: 1000,
    policy: Policy,
    policyArns: [{ arn: 'arn:aws:iam::aws:policy/AdministratorAccess' }],
    tags: [{ key: 'team', value: 'blue' }],
    transitiveTagKeys: ['team'],
    externalId: 'e-42',
    sourceIdentity: 'alice',
  })
  const { responseElements } = record as { responseElements: { credentials: Record<string, unknown> } }
  assert.deepEqual(Object.keys(responseElements.credentials), ['accessKeyId', 'expiration'])
  assert.equal(responseElements.credentials['accessKeyId'], answer.Credentials?.AccessKeyId)
  assert.deepEqual(responseElements, {
    credentials: responseElements.credentials,
    assumedRoleUser: {
      assumedRoleId: `${role.id}:session`,
      arn: `arn:aws:sts::${ownAccount}:assumed-role/recorded/session`,
    },
    packedPolicySize: answer.PackedPolicySize,
    sourceIdentity: 'alice',
  })
  assert.deepEqual(
    ['eventSource', 'readOnly', 'resources'].map(name => record?.[name]),
    ['sts.amazonaws.com', true, [{ accountId: ownAccount, type: 'AWS::IAM::Role', ARN: roleArn(role) }]],
  )
  const credentials = credentialsOf(answer)
  await callerOf(credentials)
  const records = await server.records()
  const identity = records.at(-1)?.['userIdentity'] as { sessionContext: Record<string, unknown> }
  assert.deepEqual(identity, {
    type: 'AssumedRole',
    principalId: `${role.id}:session`,
    arn: `arn:aws:sts::${ownAccount}:assumed-role/recorded/session`,
    accountId: ownAccount,
    accessKeyId: credentials.accessKeyId,
    sessionContext: {
      sessionIssuer: {
        type: 'Role',
        principalId: role.id,
        arn: roleArn(role),
        accountId: ownAccount,
        userName: 'recorded',
      },
      attributes: identity.sessionContext['attributes'],
      sourceIdentity: 'alice',
    },
  })
  const text = JSON.stringify(records)
  for (const secret of [credentials.secretAccessKey, credentials.sessionToken]) assert.ok(!text.includes(secret))
})

test('across accounts each has a record of it; of a denial the caller alone', async () => {
  const user = await userWith(server, { name: 'carol', account: other }, assumeAnything)
  const role = await trusting(server, 'shared', trustOf(trust({ AWS: other })))
  await assume(user, role)
  const [own, owners] = (await server.records()).slice(-2) as Record<string, unknown>[]
  assert.deepEqual([own?.['recipientAccountId'], owners?.['recipientAccountId']], [other, ownAccount])
  assert.equal(own?.['sharedEventID'], owners?.['sharedEventID'])
  assert.ok(own?.['sharedEventID'])
  assert.deepEqual(owners?.['userIdentity'], { type: 'AWSAccount', principalId: user.id, accountId: other })
  assert.deepEqual(owners?.['resources'], [{ accountId: ownAccount, type: 'AWS::IAM::Role', ARN: roleArn(role) }])
  const before = (await server.records()).length
  const closed = await roleWith(server, 'not-shared')
  await assert.rejects(assume(user, closed))
  const [denial, ...more] = (await server.records()).slice(before)
  assert.deepEqual(more, [])
  assert.deepEqual(
    ['recipientAccountId', 'errorCode', 'responseElements', 'resources'].map(name => denial?.[name]),
    [other, 'AccessDeniedException', null, []],
  )
})

test('the longest sessions fit into a header', async () => {
  const role = await trusting(
    server,
    { name: 'n'.repeat(64), path: `/${'p'.repeat(500)}/` },
    trustOf(trust({ AWS: ownAccount })),
  )
  let tags: { Key: string; Value: string }[] = []
  let last: AssumeRoleCommandOutput | undefined
  const random = (at: number): string =>
    Array.from({ length: 40 }, (_, i) =>
      String.fromCharCode(0x3400 + ((at * at * 31 + i * i * 7 + at * i * 13) % 6000)),
    ).join('')
  for (let count = 1; count <= 50; count++) {
    tags = [...tags, { Key: `${random(count).slice(0, 20)}`, Value: random(count + 100) }]
    try {
      last = await assume(undefined, role, {
        RoleSessionName: 's'.repeat(64),
        SourceIdentity: 'i'.repeat(64),
        Tags: tags,
        TransitiveTagKeys: tags.map(({ Key }) => Key),
      })
    } catch {
      break
    }
  }
  assert.ok(last && (last.PackedPolicySize ?? 0) > 85, String(last?.PackedPolicySize))
  const credentials = credentialsOf(last)
  assert.ok(credentials.sessionToken.length < 6000, String(credentials.sessionToken.length))
  assert.ok(await callerOf(credentials))
})
