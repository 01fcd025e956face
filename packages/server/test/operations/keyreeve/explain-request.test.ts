import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import type { KMS } from '@aws-sdk/client-kms'
import { Explanations } from '../../../src/explanations.ts'
import { refusalOf } from '../../support/answers.ts'
import {
  allow,
  deny,
  document,
  managedPolicy,
  ownAccount,
  userWith,
  type Identity,
  type Policy,
} from '../../support/identities.ts'
import { answered, callKeyreeve, refusedBy, signedBy, type WireExplanation } from '../../support/keyreeve.ts'
import { days, start, type Credentials, type TestServer } from '../../support/server.ts'
import { post } from '../../support/signed-http.ts'

const server = await start()
server.clock.hold()
after(() => server.stop())

const other = '111122223333'
const explain = (requestId: string, by?: Credentials, at: TestServer = server) =>
  callKeyreeve(at, 'ExplainRequest', { RequestId: requestId }, by)
const explained = (requestId: string, by?: Credentials) => answered<WireExplanation>(explain(requestId, by))

/** The id of the request, as the official client has it. */
async function denied(call: Promise<unknown>): Promise<string> {
  const { name, $metadata } = await refusalOf(call)
  assert.equal(name, 'AccessDeniedException')
  return $metadata.requestId ?? ''
}

async function keyOf(kms: KMS, input: object = {}): Promise<{ id: string; arn: string }> {
  const { KeyMetadata: { KeyId: id = '', Arn: arn = '' } = {} } = await kms.createKey(input)
  return { id, arn }
}

const admin = server.client()
const key = await keyOf(admin)
const text = Buffer.from('text')

const missing =
  'There is no explanation of such a request for this account. Either there was none, or it was not denied, or it is of ' +
  'another account, or it is older than 7 days, or it was one of too many at once. SimulateAccess (keyreeve simulate) ' +
  'explains what would be decided now.'

// What is told

test('tells why a request was denied: each policy, each statement, and what would have to change', async () => {
  const alice = await userWith(
    server,
    'alice',
    document(
      { Sid: 'Pay', Effect: 'Allow', Action: 'kms:Decrypt', Resource: '*' },
      {
        Sid: 'Bill',
        Effect: 'Allow',
        Action: 'kms:Encrypt',
        Resource: '*',
        Condition: { StringEquals: { 'kms:EncryptionContext:app': 'bill' } },
      },
    ),
  )
  const kms = server.client({ credentials: alice })
  const id = await denied(kms.encrypt({ KeyId: key.id, Plaintext: text, EncryptionContext: { app: 'pay' } }))
  const condition = 'StringEquals kms:EncryptionContext:app wants "bill", and the request has "pay"'
  assert.deepEqual(await explained(id), {
    RequestId: id,
    Time: server.clock.now() / 1000,
    Operation: 'Encrypt',
    Trace: {
      Decision: 'implicit deny',
      Reason: `Statement Bill of inline policy policy-1 of alice would allow it if its condition held: ${condition}.`,
      Principal: alice.arn,
      Action: 'kms:Encrypt',
      Resource: key.arn,
      Policies: [
        {
          Layer: 'resource',
          Policy: 'the key policy',
          Statements: [
            {
              Statement: 'Enable IAM User Permissions',
              Effect: 'Allow',
              Applies: true,
              Text: 'allows it to the account, whose own policies decide',
              Match: 'account',
            },
          ],
        },
        {
          Layer: 'identity',
          Policy: 'inline policy policy-1 of alice',
          Statements: [
            {
              Statement: 'Pay',
              Effect: 'Allow',
              Applies: false,
              Text: 'does not apply: its Action lists "kms:Decrypt"',
              Failed: { Element: 'Action', Values: ['kms:Decrypt'] },
            },
            {
              Statement: 'Bill',
              Effect: 'Allow',
              Applies: false,
              Text: `does not apply: ${condition}`,
              Conditions: [
                { Operator: 'StringEquals', Key: 'kms:EncryptionContext:app', Values: ['bill'], Actual: ['pay'] },
              ],
            },
          ],
        },
      ],
      Grants: [],
    },
  })
})

test('tells whoever its own policies let ask, and explains to others why they may not', async () => {
  const bob = await userWith(server, 'bob')
  const id = await denied(server.client({ credentials: bob }).listKeys({}))
  const { status, headers, body } = await explain(id, bob)
  assert.deepEqual([status, JSON.parse(body).__type], [400, 'AccessDeniedException'])
  const { Operation, Trace } = await explained(headers.get('x-amzn-requestid')?.[0] ?? '')
  assert.deepEqual([Operation, Trace.Action, Trace.Resource], ['ExplainRequest', 'keyreeve:ExplainRequest', '*'])
  const carol = await userWith(server, 'carol', allow('keyreeve:ExplainRequest'))
  assert.equal((await explained(id, carol)).Trace.Principal, bob.arn)
})

test('tells why a grant was not to be retired', async () => {
  const { GrantId = '' } = await admin.createGrant({
    KeyId: key.id,
    GranteePrincipal: `arn:aws:iam::${ownAccount}:user/dave`,
    Operations: ['Decrypt'],
  })
  const bob = await userWith(server, 'bob')
  const id = await denied(server.client({ credentials: bob }).retireGrant({ KeyId: key.arn, GrantId }))
  assert.equal(
    (await explained(id)).Trace.Reason,
    'A grant can be retired by its retiring principal, by its grantee if it allows RetireGrant, and by whoever may act for the account that made it.',
  )
})

// Whom it is told to

test('all that cannot be explained is refused with one and the same text', async () => {
  const bob = await userWith(server, 'bob')
  const stranger = await userWith(server, { name: 'stranger', account: other }, allow('*'))
  const theirs = await denied(server.client({ credentials: bob }).listKeys({}))
  const { $metadata } = await admin.listKeys({})
  const requests: [string, string, Credentials?][] = [
    ['an unknown id', randomUUID()],
    ['what is no id', '../alice'],
    ['one that was allowed', $metadata.requestId ?? ''],
    ['one of another account', theirs, stranger],
  ]
  const answers = []
  for (const [title, id, by] of requests) {
    const { status, body, headers } = await explain(id, by)
    answers.push({ status, body, length: headers.get('content-length') })
    await refusedBy(explain(id, by), 'NotFoundException', missing)
    assert.deepEqual(answers.at(-1), answers[0], title)
  }
})

test('forgets why after 7 days, before the jobs come and after, and they count that as nothing', async () => {
  const own = await start()
  own.clock.hold()
  try {
    const bob = await userWith(own, 'bob')
    const kms = own.client({ credentials: bob })
    const ids: string[] = []
    for (let n = 0; n < 3; n++) ids.push(await denied(kms.listKeys({})))
    own.clock.advance(7 * days - 1)
    for (const id of ids) await answered(explain(id, own, own))
    assert.equal(await own.settle(), 0)
    for (const id of ids) await answered(explain(id, own, own))
    own.clock.advance(1)
    for (const id of ids) await refusedBy(explain(id, own, own), 'NotFoundException', missing)
    assert.equal(explanationsIn(own).length, 3)
    assert.equal(await own.settle(), 0)
    assert.deepEqual(explanationsIn(own), [])
  } finally {
    await own.stop()
  }
})

test('one that was altered in the database is refused, and left alone by the jobs', async () => {
  let own = await start()
  try {
    const bob = await userWith(own, 'bob')
    const id = await denied(own.client({ credentials: bob }).listKeys({}))
    const kept = await denied(own.client({ credentials: bob }).listAliases({}))
    own = await own.restart({
      meanwhile() {
        const database = new DatabaseSync(join(own.data, 'keyreeve.db'))
        database
          .prepare("UPDATE rows SET body = replace(body, 'implicit', 'explicit') WHERE kind = 'explanation' AND id = ?")
          .run(id)
        database.close()
      },
    })
    const { body } = await explain(id, own, own)
    assert.equal(JSON.parse(body).__type, 'KeyUnavailableException')
    await answered(explain(kept, own, own))
    own.clock.advance(7 * days)
    assert.equal(await own.settle(), 0)
    assert.equal(explanationsIn(own).length, 1)
    assert.ok(own.logged.some(({ event }) => event === 'tampered row'))
  } finally {
    await own.stop()
  }
})

// Two accounts

const everyKey = [
  'kms:KeySpec',
  'kms:KeyUsage',
  'kms:KeyOrigin',
  'kms:MultiRegion',
  'kms:ResourceAliases',
  'aws:ResourceTag/a',
]

/** May everything, with statements that ask what a key is like, whether it has this id, and whether it is there. */
const prying = (theirKey: string): Policy =>
  document(
    { Effect: 'Allow', Action: '*', Resource: '*' },
    { Sid: 'Id', Effect: 'Allow', Action: '*', Resource: theirKey },
    ...everyKey.map((name, index) => ({
      Sid: `Key${index}`,
      Effect: 'Allow',
      Action: '*',
      Resource: '*',
      Condition: { Null: { [name]: 'true' } },
    })),
  )

/**
 * Without what keeps explanations of two requests from being equal: their ids, the names by which they mean a key, and the
 * statement that the caller itself wrote about that name.
 */
function comparable({ Time, Operation, Trace }: WireExplanation, name: string): string {
  const text = JSON.stringify({ Time, Operation, Trace }, (_name, value: unknown) =>
    typeof value === 'object' && value !== null && 'Statement' in value && value.Statement === 'Id' ? null : value,
  )
  return text.replaceAll(name, '<name>')
}

const named: [title: string, there: (arn: string) => string, absent: string][] = [
  ['a key by its ARN', arn => arn, `arn:aws:kms:us-east-1:${ownAccount}:key/${randomUUID()}`],
  [
    'a key by an alias',
    () => `arn:aws:kms:us-east-1:${ownAccount}:alias/there`,
    `arn:aws:kms:us-east-1:${ownAccount}:alias/none`,
  ],
]
await admin.createAlias({ AliasName: 'alias/there', TargetKeyId: key.id })
await admin.tagResource({ KeyId: key.id, Tags: [{ TagKey: 'a', TagValue: 'b' }] })

const { CiphertextBlob } = await admin.encrypt({ KeyId: key.id, Plaintext: text })
const uses: [string, (kms: KMS, KeyId: string) => Promise<unknown>][] = [
  ['Encrypt', (kms, KeyId) => kms.encrypt({ KeyId, Plaintext: text, EncryptionContext: { a: 'b' } })],
  ['DescribeKey', (kms, KeyId) => kms.describeKey({ KeyId })],
  ['GenerateDataKey', (kms, KeyId) => kms.generateDataKey({ KeyId, KeySpec: 'AES_256' })],
  ['ScheduleKeyDeletion', (kms, KeyId) => kms.scheduleKeyDeletion({ KeyId })],
  ['DisableKey', (kms, KeyId) => kms.disableKey({ KeyId })],
  ['ReEncrypt', (kms, KeyId) => kms.reEncrypt({ CiphertextBlob, SourceKeyId: KeyId, DestinationKeyId: KeyId })],
  ['GetKeyPolicy', (kms, KeyId) => kms.getKeyPolicy({ KeyId })],
  ['TagResource', (kms, KeyId) => kms.tagResource({ KeyId, Tags: [{ TagKey: 'c', TagValue: 'd' }] })],
  ['RetireGrant', (kms, KeyId) => kms.retireGrant({ KeyId, GrantId: 'a'.repeat(64) })],
  [
    'CreateGrant',
    (kms, KeyId) =>
      kms.createGrant({ KeyId, GranteePrincipal: `arn:aws:iam::${other}:user/x`, Operations: ['Decrypt'] }),
  ],
]

for (const [title, there, absent] of named) {
  for (const [operation, use] of uses) {
    const takesAlias = ['Encrypt', 'DescribeKey', 'GenerateDataKey', 'ReEncrypt'].includes(operation)
    if (title.endsWith('alias') && !takesAlias) continue
    test(`${operation} on ${title}: another account's explanation does not tell whether it is there`, async () => {
      const stranger = await userWith(server, { name: 'stranger', account: other }, prying(key.arn.slice(0, -1) + '?'))
      const kms = server.client({ credentials: stranger })
      const name = there(key.arn)
      const forbidden = await explained(await denied(use(kms, name)), stranger)
      const missed = await explained(await denied(use(kms, absent)), stranger)
      assert.equal(comparable(forbidden, name), comparable(missed, absent))
      assert.equal(forbidden.Trace.Side, 'caller')
      assert.deepEqual(forbidden.Trace.Grants, [])
      assert.ok(forbidden.Trace.Policies.every(({ Layer }) => Layer === 'identity'))
      const whole = JSON.stringify(forbidden)
      const aboutId = forbidden.Trace.Policies[0]?.Statements.find(({ Statement }) => Statement === 'Id')
      assert.equal(aboutId?.Applies, !title.endsWith('alias'))
      assert.ok(!whole.includes('SYMMETRIC_DEFAULT') && !whole.includes('IAM User Permissions'))
    })
  }
}

test('the owner of the key, told the request id, sees the key policy and grants, and nothing of the caller', async () => {
  const stranger = await userWith(server, { name: 'stranger', account: other }, allow('kms:*', { Sid: 'Private' }))
  await admin.createGrant({
    KeyId: key.id,
    GranteePrincipal: stranger.arn,
    Operations: ['Decrypt'],
  })
  const id = await denied(server.client({ credentials: stranger }).encrypt({ KeyId: key.arn, Plaintext: text }))
  const { Trace } = await explained(id)
  assert.equal(Trace.Side, 'owner')
  assert.equal(Trace.Resource, key.arn)
  assert.ok(Trace.Policies.every(({ Layer }) => Layer === 'resource'))
  assert.deepEqual(
    Trace.Grants.map(({ Failed }) => Failed),
    ['Encrypt is not among its operations.'],
  )
  assert.ok(!JSON.stringify(Trace).includes('Private'))
  const third = await userWith(server, { name: 'third', account: '999999999999' }, allow('*'))
  await refusedBy(explain(id, third), 'NotFoundException', missing)
})

// What the request itself tells

test('the answer to the request is the same whatever of one layer denied it', async () => {
  const conditional = allow('kms:*', { Condition: { StringEquals: { 'aws:username': 'nobody' } } })
  const attached = await managedPolicy(
    server,
    'long',
    document(...Array.from({ length: 20 }, () => allow1('kms:Sign'))),
  )
  const users: Identity[] = [
    await userWith(server, 'user-a'),
    await userWith(server, 'user-b', conditional),
    await userWith(server, 'user-c', allow('kms:Decrypt')),
    await userWith(server, 'user-d', allow('kms:*', { Resource: 'arn:aws:kms:*:*:key/none' })),
    await userWith(server, { name: 'user-e', attached: [attached] }),
  ]
  const deniers = [
    await userWith(server, 'user-f', allow('*'), deny('kms:*')),
    await userWith(server, 'user-g', allow('*'), deny('kms:Encrypt', { Resource: key.arn })),
  ]
  for (const group of [users, deniers]) {
    const answers = []
    for (const user of group) {
      const request = {
        operation: 'Encrypt',
        body: { KeyId: key.id, Plaintext: 'dGV4dA==' },
        credentials: signedBy(user),
      }
      const { status, headers, body } = await post(server, request)
      const shown = [...headers].filter(([name]) => !['x-amzn-requestid', 'date'].includes(name))
      answers.push({ status, headers: shown, body: body.replace(user.arn, '<caller>') })
      assert.equal(headers.get('x-amzn-requestid')?.[0]?.length, 36)
      await explained(headers.get('x-amzn-requestid')?.[0] ?? '')
    }
    for (const answer of answers) assert.deepEqual(answer, answers[0])
  }
})

const allow1 = (Action: string): object => ({ Effect: 'Allow', Action, Resource: '*' })

test('the record of the call is like any other', async () => {
  const bob = await userWith(server, 'bob')
  const id = await denied(server.client({ credentials: bob }).listKeys({}))
  await explained(id)
  const record = (await server.records()).at(-1)
  assert.deepEqual(
    ['eventSource', 'eventName', 'readOnly', 'requestParameters', 'responseElements', 'resources', 'errorCode'].map(
      name => record?.[name],
    ),
    ['keyreeve.amazonaws.com', 'ExplainRequest', true, { requestId: id }, null, [], undefined],
  )
})

// Bounds

/** Sizes of the rows, in bytes. */
function explanationsIn({ data }: TestServer): number[] {
  const database = new DatabaseSync(join(data, 'keyreeve.db'), { readOnly: true })
  try {
    const rows = database.prepare("SELECT length(body) AS size FROM rows WHERE kind = 'explanation'").all()
    return rows.map(({ size }) => Number(size))
  } finally {
    database.close()
  }
}

test('what is kept of a denial has some hundred bytes, and is bounded whatever is sent', async t => {
  const own = await start()
  try {
    const { id } = await keyOf(own.client())
    const bob = await userWith(own, 'bob')
    const kms = own.client({ credentials: bob })
    await denied(kms.encrypt({ KeyId: id, Plaintext: text }))
    const [usual = 0] = explanationsIn(own)
    t.diagnostic(`${usual} bytes`)
    assert.ok(usual > 100 && usual < 2048, String(usual))
    const condition = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`kms:EncryptionContext:${n}`, 'x']))
    const eve = await userWith(
      own,
      'eve',
      ...Array.from({ length: 100 }, () => allow('*', { Condition: { StringEquals: condition } })),
    )
    const EncryptionContext = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [String(n), 'y'.repeat(900)]))
    await denied(own.client({ credentials: eve }).encrypt({ KeyId: id, Plaintext: text, EncryptionContext }))
    const most = Math.max(...explanationsIn(own))
    t.diagnostic(`at most ${most} bytes`)
    assert.ok(most < 40 * 1024, String(most))
  } finally {
    await own.stop()
  }
})

test('a flood of denials is recorded, but not explained without end', async () => {
  const budget = new Explanations()
  const size = 32 * 1024
  const admitted = (account: string, from: number, count: number): number =>
    Array.from({ length: count }, (_, n) => budget.admits(account, size, from + n)).filter(Boolean).length
  assert.equal(admitted(ownAccount, 0, 1000), 128)
  // Another account has its own.
  assert.equal(admitted(other, 1000, 10), 10)
  // From then on half a row a second.
  assert.ok(admitted(ownAccount, 1000, 10_000) <= 6)
  assert.equal(admitted(ownAccount, 1_000_000, 1000), 128)

  const own = await start()
  own.clock.hold()
  try {
    const bob = await userWith(own, 'bob')
    const kms = own.client({ credentials: bob })
    const explained = await denied(kms.listKeys({}))
    while (own.app.explanations.admits(ownAccount, 200_000, own.app.monotonic()));
    while (own.app.explanations.admits(ownAccount, 100, own.app.monotonic()));
    const before = (await own.records()).length
    const ids = [await denied(kms.listKeys({})), await denied(kms.listKeys({}))]
    assert.equal((await own.records()).length, before + 2)
    await answered(explain(explained, own, own))
    for (const id of ids) await refusedBy(explain(id, own, own), 'NotFoundException', missing)
    own.clock.advance(1000)
    await answered(explain(await denied(kms.listKeys({})), own, own))
  } finally {
    await own.stop()
  }
})
