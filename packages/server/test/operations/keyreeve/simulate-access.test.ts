import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import { outcomeOf } from '../../support/answers.ts'
import {
  allow,
  deny,
  document,
  groupWith,
  managedPolicy,
  ownAccount,
  roleWith,
  sessionOf,
  userWith,
} from '../../support/identities.ts'
import { answered, callKeyreeve, refusedBy, type WireTrace } from '../../support/keyreeve.ts'
import { days, start, type Credentials } from '../../support/server.ts'

const server = await start()
server.clock.hold()
after(() => server.stop())

const other = '111122223333'
const admin = server.client()
const text = Buffer.from('text')
const ask = (input: object, by?: Credentials) => callKeyreeve(server, 'SimulateAccess', input, by)
const simulated = async (input: object, by?: Credentials): Promise<WireTrace> =>
  (await answered<{ Trace: WireTrace }>(ask(input, by))).Trace

const { KeyMetadata: { KeyId: key = '', Arn: keyArn = '' } = {} } = await admin.createKey({
  Tags: [{ TagKey: 'team', TagValue: 'red' }],
})
await admin.createAlias({ AliasName: 'alias/pay', TargetKeyId: key })
const { KeyMetadata: { KeyId: closed = '', Arn: closedArn = '' } = {} } = await admin.createKey({
  BypassPolicyLockoutSafetyCheck: true,
  Policy: JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${ownAccount}:user/named` },
        Action: 'kms:Encrypt',
        Resource: '*',
      },
      {
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${ownAccount}:role/app/named` },
        Action: 'kms:Encrypt',
        Resource: '*',
      },
      {
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${ownAccount}:user/administrator` },
        Action: 'kms:*',
        Resource: '*',
      },
    ],
  }),
})

// The same as a real request

/** A principal that asks, and one as which it is asked about. */
interface Who {
  arn: string
  credentials: Credentials
}

const user = async (name: string, ...policies: Parameters<typeof document>): Promise<Who> => {
  const made = await userWith(server, name, ...(policies.length > 0 ? [document(...policies)] : []))
  return { arn: made.arn, credentials: made }
}
const statement = (Action: string, more: object = {}): object => ({ Effect: 'Allow', Action, Resource: '*', ...more })
const when = (operator: string, name: string, value: unknown): object => ({
  Condition: { [operator]: { [name]: value } },
})

const group = await groupWith(server, 'crew', allow('kms:Encrypt'))
const boundary = await managedPolicy(server, 'edge', allow('kms:Decrypt'))
const member = await userWith(server, { name: 'member', groups: ['crew'] })
const bounded = await userWith(server, { name: 'bounded', boundary }, allow('kms:*'))
const tagged = await userWith(
  server,
  { name: 'tagged', tags: { team: 'red' } },
  allow('kms:Encrypt', when('StringEquals', 'aws:ResourceTag/team', '${aws:PrincipalTag/team}')),
)
const role = await roleWith(
  server,
  { name: 'named', path: '/app/' },
  deny('kms:Encrypt', when('Bool', 'aws:SecureTransport', 'true')),
)
const granted = await user('granted')
await admin.createGrant({
  KeyId: key,
  GranteePrincipal: granted.arn,
  Operations: ['Encrypt'],
  Constraints: { EncryptionContextSubset: { app: 'pay' } },
})

const people: Record<string, Who> = {
  nobody: await user('nobody'),
  all: await user('all', statement('*')),
  denied: await user('denied', statement('*'), { Effect: 'Deny', Action: 'kms:Enc*', Resource: '*' }),
  'of the key policy': await user('named'),
  'by context': await user(
    'context',
    statement('kms:Encrypt', when('StringEquals', 'kms:EncryptionContext:app', 'pay')),
  ),
  'by context keys': await user(
    'context-keys',
    statement('kms:Encrypt', when('ForAnyValue:StringEquals', 'kms:EncryptionContextKeys', 'app')),
  ),
  'by alias': await user('alias', statement('kms:Encrypt', when('StringEquals', 'kms:RequestAlias', 'alias/pay'))),
  'by what the key is': await user(
    'spec',
    statement('kms:Encrypt', when('StringEquals', 'kms:KeySpec', 'SYMMETRIC_DEFAULT')),
  ),
  'by address': await user('address', statement('kms:Encrypt', when('IpAddress', 'aws:SourceIp', '127.0.0.0/8'))),
  'by time': await user(
    'time',
    statement('kms:Encrypt', when('DateLessThan', 'aws:CurrentTime', '2020-01-01T00:00:00Z')),
  ),
  'by name': await user('vera', statement('kms:Encrypt', when('StringLike', 'aws:username', 'v*'))),
  'of a group': { arn: member.arn, credentials: member },
  bounded: { arn: bounded.arn, credentials: bounded },
  tagged: { arn: tagged.arn, credentials: tagged },
  granted,
  'a session': sessionWho('work'),
  'a role': { ...sessionWho('simulation'), arn: `arn:aws:iam::${ownAccount}:role/app/named` },
}
assert.match(group, /crew$/)

function sessionWho(name: string): Who {
  const session = sessionOf(server, role, name)
  return { arn: session.arn, credentials: session }
}

const contexts: Record<string, string>[] = [
  {},
  { app: 'pay' },
  { app: 'bill' },
  { app: 'pay', n: '1' },
  { APP: 'pay', app: 'pay' },
]
const algorithm = { 'kms:EncryptionAlgorithm': ['SYMMETRIC_DEFAULT'] }

for (const [title, { arn, credentials }] of Object.entries(people)) {
  test(`says of ${title} what a real request is answered`, async () => {
    const kms = server.client({ credentials })
    let allowed = 0
    for (const KeyId of [key, keyArn, 'alias/pay', closed]) {
      for (const EncryptionContext of contexts) {
        const outcome = await outcomeOf(kms.encrypt({ KeyId, Plaintext: text, EncryptionContext }))
        const { Decision, Reason } = await simulated({
          PrincipalArn: arn,
          Action: 'kms:Encrypt',
          KeyId,
          EncryptionContext,
          Conditions: algorithm,
        })
        const expected = outcome === 'OK' ? 'allow' : 'deny'
        assert.equal(Decision.replace(/^\w+ /, ''), expected, `${outcome} for ${KeyId}: ${Reason}`)
        if (outcome === 'OK') allowed++
      }
    }
    const never = ['nobody', 'denied', 'by time', 'bounded']
    assert.equal(allowed > 0, !never.includes(title))
  })
}

test('a user can be given by name, an action in any case', async () => {
  const { Principal, Action, Decision } = await simulated({ PrincipalArn: 'all', Action: 'KMS:decrypt', KeyId: key })
  assert.deepEqual([Principal, Action, Decision], [people['all']?.arn, 'kms:Decrypt', 'allow'])
})

test('nothing is done', async () => {
  const { arn = '' } = people['all'] ?? {}
  await simulated({ PrincipalArn: arn, Action: 'kms:ScheduleKeyDeletion', KeyId: key })
  assert.equal((await admin.describeKey({ KeyId: key })).KeyMetadata?.KeyState, 'Enabled')
  const record = (await server.records()).at(-2)
  assert.deepEqual(
    ['eventSource', 'eventName', 'readOnly', 'requestParameters', 'errorCode'].map(name => record?.[name]),
    [
      'keyreeve.amazonaws.com',
      'SimulateAccess',
      true,
      { principalArn: arn, action: 'kms:ScheduleKeyDeletion', keyId: key },
      undefined,
    ],
  )
})

// Condition keys

const conditions: [title: string, condition: object, given: Record<string, string[]>, allowed: boolean][] = [
  [
    'adds one that the request would say',
    when('StringEquals', 'kms:EncryptionAlgorithm', 'X'),
    { 'kms:encryptionalgorithm': ['X'] },
    true,
  ],
  ['lacks what nobody gives', when('StringEquals', 'kms:EncryptionAlgorithm', 'SYMMETRIC_DEFAULT'), {}, false],
  ['overrides what is known', when('IpAddress', 'aws:SourceIp', '10.0.0.0/8'), { 'aws:SourceIp': ['10.1.2.3'] }, true],
  ['takes away what is known', when('Null', 'aws:username', 'true'), { 'aws:username': [] }, true],
  ['knows the time', when('DateGreaterThan', 'aws:CurrentTime', '2020-01-01T00:00:00Z'), {}, true],
  [
    'takes another time',
    when('DateGreaterThan', 'aws:CurrentTime', '2020-01-01T00:00:00Z'),
    { 'aws:CurrentTime': ['2019-01-01T00:00:00Z'] },
    false,
  ],
  [
    'takes several values',
    when('ForAllValues:StringEquals', 'aws:TagKeys', ['a', 'b']),
    { 'aws:TagKeys': ['a', 'c'] },
    false,
  ],
  [
    'has no policy variable of a key with many values',
    when('StringEquals', 'aws:username', '${aws:TagKeys}'),
    { 'aws:TagKeys': ['vary'] },
    false,
  ],
  [
    'puts what is given in place of a policy variable',
    when('StringEquals', 'aws:username', '${aws:PrincipalTag/n}'),
    { 'aws:PrincipalTag/n': ['vary'] },
    true,
  ],
]
for (const [title, condition, Conditions, allowed] of conditions) {
  test(`a simulation ${title}`, async () => {
    await userWith(server, 'vary', allow('kms:Encrypt', condition))
    const { Decision, Reason } = await simulated({
      PrincipalArn: 'vary',
      Action: 'kms:Encrypt',
      KeyId: key,
      Conditions,
    })
    assert.equal(Decision, allowed ? 'allow' : 'implicit deny', Reason)
  })
}

test('tags of the request are told as of a real one', async () => {
  await userWith(server, 'tagger', allow('kms:TagResource', when('StringEquals', 'aws:RequestTag/team', 'red')))
  const asked = { PrincipalArn: 'tagger', Action: 'kms:TagResource', KeyId: key }
  assert.equal((await simulated({ ...asked, RequestTags: { team: 'red' } })).Decision, 'allow')
  assert.equal((await simulated({ ...asked, RequestTags: { team: 'blue' } })).Decision, 'implicit deny')
})

test('what a key is like is told as of a real request, be it how long it was not used', async () => {
  await userWith(
    server,
    'ender',
    allow('kms:DisableKey', when('NumericGreaterThan', 'kms:TrailingDaysWithoutKeyUsage', 30)),
  )
  const { KeyMetadata: { KeyId = '' } = {} } = await admin.createKey({})
  const asked = { PrincipalArn: 'ender', Action: 'kms:DisableKey', KeyId }
  assert.equal((await simulated(asked)).Decision, 'implicit deny')
  server.clock.advance(31 * days)
  assert.equal((await simulated(asked)).Decision, 'allow')
})

// What is no key

test('an alias, a role to be assumed, and what is on nothing', async () => {
  await userWith(
    server,
    'various',
    document(
      statement('kms:CreateAlias', { Resource: 'arn:aws:kms:*:*:alias/mine' }),
      statement('kms:ListKeys'),
      statement('sts:AssumeRole'),
      statement('iam:GetUser', { Resource: `arn:aws:iam::${ownAccount}:user/a*` }),
    ),
  )
  const open = await roleWith(server, 'open')
  const trusting = `arn:aws:iam::${ownAccount}:role/${open.name}`
  const decide = async (Action: string, ResourceArn?: string): Promise<string> =>
    (await simulated({ PrincipalArn: 'various', Action, ...(ResourceArn !== undefined && { ResourceArn }) })).Decision
  const alias = `arn:aws:kms:us-east-1:${ownAccount}:alias`
  assert.equal(await decide('kms:CreateAlias', `${alias}/mine`), 'allow')
  assert.equal(await decide('kms:CreateAlias', `${alias}/yours`), 'implicit deny')
  assert.equal(await decide('kms:CreateAlias', keyArn), 'implicit deny')
  assert.equal(await decide('kms:ListKeys'), 'allow')
  assert.equal(await decide('kms:ListAliases'), 'implicit deny')
  assert.equal(await decide('iam:GetUser', `arn:aws:iam::${ownAccount}:user/all`), 'allow')
  assert.equal(await decide('iam:GetUser', `arn:aws:iam::${ownAccount}:user/bob`), 'implicit deny')
  assert.equal(await decide('sts:AssumeRole', trusting), 'allow')
  assert.equal(await decide('sts:AssumeRole', `${trusting}-gone`), 'implicit deny')
  // An ARN of a key is a key, by whichever member.
  const { Decision, Resource } = await simulated({
    PrincipalArn: 'all',
    Action: 'kms:Encrypt',
    ResourceArn: `${alias}/pay`,
  })
  assert.deepEqual([Decision, Resource], ['allow', keyArn])
})

// Another account's

test('of a key of another account nothing is told but what the own policies say', async () => {
  const stranger = await userWith(server, { name: 'stranger', account: other }, allow('*'))
  const asked = { PrincipalArn: stranger.arn, Action: 'kms:Encrypt' }
  const absent = closedArn.replace(/key\/.*/, `key/${randomUUID()}`)
  const there = await simulated({ ...asked, KeyId: closedArn }, stranger)
  const missing = await simulated({ ...asked, KeyId: absent }, stranger)
  assert.equal(JSON.stringify(there).replaceAll(closedArn, ''), JSON.stringify(missing).replaceAll(absent, ''))
  assert.deepEqual([there.Decision, there.Side, there.Policies.length], ['allow', 'caller', 1])
  assert.equal(
    there.Reason,
    `Statement 1 of inline policy policy-1 of stranger allows it, as far as the account ${other} goes: the owner of ${closedArn} has to allow it, too.`,
  )
  const scheduling = await simulated({ ...asked, Action: 'kms:ScheduleKeyDeletion', KeyId: closedArn }, stranger)
  assert.equal(scheduling.Decision, 'implicit deny')
  assert.match(scheduling.Reason, /cannot be done on what belongs to another account/)
})

// Refusals

const all = { PrincipalArn: 'all', Action: 'kms:Encrypt', KeyId: key }
const refusals: [title: string, input: object, code: string, message?: string][] = [
  [
    'a user that is not there',
    { ...all, PrincipalArn: 'none' },
    'NotFoundException',
    `Account ${ownAccount} has no user, role or session of a role none.`,
  ],
  [
    'a user whose path is another',
    { ...all, PrincipalArn: `arn:aws:iam::${ownAccount}:user/x/all` },
    'NotFoundException',
  ],
  ['a role without its path', { ...all, PrincipalArn: `arn:aws:iam::${ownAccount}:role/named` }, 'NotFoundException'],
  [
    'a session of no role',
    { ...all, PrincipalArn: `arn:aws:sts::${ownAccount}:assumed-role/none/x` },
    'NotFoundException',
  ],
  ['a user of another account', { ...all, PrincipalArn: `arn:aws:iam::${other}:user/stranger` }, 'NotFoundException'],
  ['a root user', { ...all, PrincipalArn: `arn:aws:iam::${ownAccount}:root` }, 'NotFoundException'],
  ['a group', { ...all, PrincipalArn: group }, 'NotFoundException'],
  [
    'an action that is none',
    { ...all, Action: 'kms:Encrpyt' },
    'ValidationException',
    'There is no action kms:Encrpyt.',
  ],
  ['a pattern of actions', { ...all, Action: 'kms:*' }, 'ValidationException'],
  ['an action without service', { ...all, Action: 'Encrypt' }, 'ValidationException'],
  ['what a grant decides', { ...all, Action: 'kms:RetireGrant' }, 'ValidationException'],
  [
    'no key',
    { PrincipalArn: 'all', Action: 'kms:Encrypt' },
    'ValidationException',
    'kms:Encrypt is on a key: KeyId must not be null.',
  ],
  [
    'two resources',
    { ...all, ResourceArn: keyArn },
    'ValidationException',
    'KeyId and ResourceArn exclude each other.',
  ],
  ['a key that is not there', { ...all, KeyId: randomUUID() }, 'NotFoundException'],
  ['an alias that is not there', { ...all, KeyId: 'alias/none' }, 'NotFoundException'],
  ['a broken ARN', { ...all, KeyId: 'arn:aws:kms' }, 'InvalidArnException'],
  ['a key of another Region', { ...all, KeyId: keyArn.replace('us-east-1', 'eu-west-1') }, 'NotFoundException'],
  [
    'a resource that is no key',
    { PrincipalArn: 'all', Action: 'kms:Encrypt', ResourceArn: `arn:aws:iam::${ownAccount}:user/all` },
    'InvalidArnException',
  ],
  [
    'a condition key twice',
    { ...all, Conditions: { 'aws:username': ['a'], 'aws:UserName': ['b'] } },
    'ValidationException',
  ],
]
for (const [title, input, code, message] of refusals) {
  test(`refuses to simulate ${title}`, async () => {
    await refusedBy(ask(input), code, message)
  })
}

test('refuses whom no policy lets simulate', async () => {
  const { credentials } = people['nobody'] ?? assert.fail()
  await refusedBy(ask(all, credentials), 'AccessDeniedException')
  const { credentials: kmsOnly } = people['of the key policy'] ?? assert.fail()
  await refusedBy(ask(all, kmsOnly), 'AccessDeniedException')
})

test('does not tell whether another account has a principal', async () => {
  const stranger = await userWith(server, { name: 'stranger', account: other }, allow('*'))
  const texts = await Promise.all(
    ['all', 'none'].map(async name => {
      const PrincipalArn = `arn:aws:iam::${ownAccount}:user/${name}`
      return (await ask({ ...all, PrincipalArn, KeyId: keyArn }, stranger)).body.replace(PrincipalArn, '')
    }),
  )
  assert.equal(texts[0], texts[1])
})
