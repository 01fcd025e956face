import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { keyRow } from '../../../src/store/documents.ts'
import { membersOf } from '../../support/answers.ts'
import { allow, deny, roleWith, sessionOf, userWith, type Identity } from '../../support/identities.ts'
import { start, type Credentials, type TestServer } from '../../support/server.ts'
import { post } from '../../support/signed-http.ts'

const server = await start()
after(() => server.stop())

interface Made {
  AccountId: string
  AccessKey: { UserName: string; AccessKeyId: string; Status: string; SecretAccessKey: string; CreateDate: number }
}
interface Listed {
  Accounts: { AccountId: string }[]
  NextMarker?: string
  Truncated: boolean
}
interface Refusal {
  __type: string
  message?: string
  Message?: string
}

/** Status and members of the answer. */
async function ask<T>(
  operation: string,
  input: object,
  { at = server, as }: { at?: TestServer; as?: Credentials } = {},
): Promise<{ status: number; answer: T }> {
  const { accessKeyId, secretAccessKey, sessionToken } = as ?? at
  const { status, body } = await post(at, {
    headers: { 'x-amz-target': `Keyreeve.${operation}` },
    service: 'keyreeve',
    body: input,
    credentials: { accessKeyId, secret: Buffer.from(secretAccessKey), sessionToken },
  })
  return { status, answer: JSON.parse(body) as T }
}

async function refusal(operation: string, input: object, as?: Credentials): Promise<[code: string, text: string]> {
  const { status, answer } = await ask<Refusal>(operation, input, as ? { as } : {})
  assert.notEqual(status, 200)
  return [answer.__type, answer.message ?? answer.Message ?? '']
}

async function makeAccount(AccountId: string): Promise<Credentials> {
  const { status, answer } = await ask<Made>('CreateAccount', { AccountId })
  assert.equal(status, 200)
  return { accessKeyId: answer.AccessKey.AccessKeyId, secretAccessKey: answer.AccessKey.SecretAccessKey }
}

const listed = async (): Promise<string[]> => {
  const { answer } = await ask<Listed>('ListAccounts', {})
  assert.equal(answer.Truncated, false)
  return answer.Accounts.map(({ AccountId }) => AccountId)
}

test('an account begins with an administrator, who may do everything in it and nothing elsewhere', async () => {
  const { answer } = await ask<Made>('CreateAccount', { AccountId: '111111111111' })
  const { SecretAccessKey, AccessKeyId, CreateDate, ...rest } = answer.AccessKey
  assert.deepEqual([answer.AccountId, rest], ['111111111111', { UserName: 'administrator', Status: 'Active' }])
  assert.match(AccessKeyId, /^AKIA[A-Z2-7]{16}$/)
  assert.equal(typeof CreateDate, 'number')
  const credentials = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey }
  const { UserId, ...caller } = await membersOf(server.sts({ credentials }).getCallerIdentity({}))
  assert.match(UserId ?? '', /^AIDA/)
  assert.deepEqual(caller, { Account: '111111111111', Arn: 'arn:aws:iam::111111111111:user/administrator' })
  const kms = server.client({ credentials })
  const { KeyMetadata } = await kms.createKey({})
  assert.equal(KeyMetadata?.AWSAccountId, '111111111111')
  await server.iam({ credentials }).createUser({ UserName: 'alice' })
  const ours = await server.client().createKey({})
  await assert.rejects(kms.describeKey({ KeyId: ours.KeyMetadata?.Arn }), { name: 'AccessDeniedException' })
  assert.deepEqual(await listed(), ['000000000000', '111111111111'])
})

test('both accounts have a record of it, neither with the secret', async () => {
  const before = (await server.records()).length
  const { secretAccessKey, accessKeyId } = await makeAccount('222222222222')
  const records = (await server.records()).slice(before)
  assert.deepEqual(
    records.map(({ eventName, recipientAccountId }) => [eventName, recipientAccountId]),
    ['000000000000', '222222222222'].map(account => ['CreateAccount', account]),
  )
  const ARN = 'arn:aws:iam::222222222222:user/administrator'
  assert.deepEqual(records[1]?.['resources'], [{ accountId: '222222222222', type: 'AWS::IAM::User', ARN }])
  assert.ok(records[0]?.['sharedEventID'])
  assert.equal(records[0]?.['sharedEventID'], records[1]?.['sharedEventID'])
  for (const record of records) {
    assert.deepEqual(record['requestParameters'], { accountId: '222222222222' })
    const { accessKey, accountId } = record['responseElements'] as { accessKey: object; accountId: string }
    assert.deepEqual(
      [accountId, { ...accessKey, createDate: '' }],
      ['222222222222', { userName: 'administrator', accessKeyId, status: 'Active', createDate: '' }],
    )
  }
  assert.ok(!JSON.stringify(await server.records()).includes(secretAccessKey))
})

const inUse: [what: string, account: string, make: (account: string) => Promise<unknown>][] = [
  ['a user', '300000000001', account => userWith(server, { name: 'alice', account })],
  ['a role', '300000000002', account => roleWith(server, { name: 'worker', account })],
  [
    'a key whose users are gone',
    '300000000003',
    async account => {
      const credentials = await makeAccount(account)
      const { KeyMetadata } = await server.client({ credentials }).createKey({})
      const view = server.app.store.view()
      await view.get('user', `${account}/administrator`)
      await view.get('access-key', credentials.accessKeyId)
      const gone = [
        { remove: 'user', id: `${account}/administrator` },
        { remove: 'access-key', id: credentials.accessKeyId },
      ] as const
      assert.equal(await server.app.store.commit(view, gone, []), 'committed')
      const row = keyRow(account, 'us-east-1', KeyMetadata?.KeyId ?? '')
      assert.ok(await server.app.store.view().get('key', row))
    },
  ],
]
for (const [what, account, make] of inUse) {
  test(`refuses an account that has ${what}`, async () => {
    await make(account)
    assert.deepEqual(await refusal('CreateAccount', { AccountId: account }), [
      'EntityAlreadyExistsException',
      `Account ${account} already exists.`,
    ])
  })
}

test('of two who make an account at the same time, one does', async () => {
  const both = await Promise.all([1, 2].map(() => ask<Made & Refusal>('CreateAccount', { AccountId: '444444444444' })))
  const codes = both.map(({ answer }) => answer.__type ?? 'OK')
  assert.deepEqual(codes.sort(), ['EntityAlreadyExistsException', 'OK'])
})

for (const AccountId of [
  '',
  '12345678901',
  '1234567890123',
  '12345678901a',
  '١٢٣٤٥٦٧٨٩٠١٢',
  undefined,
  111_111_111_111,
]) {
  test(`refuses ${JSON.stringify(AccountId)} for an account`, async () => {
    const [code] = await refusal('CreateAccount', { AccountId })
    assert.equal(code, typeof AccountId === 'number' ? 'SerializationException' : 'ValidationException')
  })
}

const asked: [operation: string, input: object][] = [
  ['CreateAccount', { AccountId: '555555555555' }],
  ['ListAccounts', {}],
]
for (const [operation, input] of asked) {
  test(`${operation} needs the permission, in the first account`, async () => {
    const who: Identity[] = [
      await userWith(server, 'nobody'),
      await userWith(server, 'other', allow('kms:*')),
      await userWith(server, 'denied', allow('*'), deny(`keyreeve:${operation}`)),
    ]
    for (const identity of who) {
      const [code, text] = await refusal(operation, input, identity)
      assert.equal(code, 'AccessDeniedException')
      assert.ok(
        text.startsWith(`User: ${identity.arn} is not authorized to perform: keyreeve:${operation} on resource: *`),
      )
    }
  })

  test(`${operation} is not for other accounts, whatever their policies allow`, async () => {
    const account = '666666666666'
    const stranger = await userWith(server, { name: 'stranger', account }, allow('*'))
    const role = await roleWith(server, { name: 'worker', account }, allow('*'))
    for (const identity of [stranger, sessionOf(server, role, 'night')]) {
      const before = (await server.records()).length
      assert.deepEqual(await refusal(operation, input, identity), [
        'AccessDeniedException',
        `User: ${identity.arn} is not authorized to perform: keyreeve:${operation} because it is not of the server's first account`,
      ])
      const records = (await server.records()).slice(before)
      assert.deepEqual(
        records.map(({ errorCode, recipientAccountId }) => [errorCode, recipientAccountId]),
        [['AccessDeniedException', account]],
      )
    }
    assert.ok(!(await listed()).includes('555555555555'))
  })

  test(`a user and a role of the first account may ${operation} once a policy says so`, async () => {
    const policy = allow(`keyreeve:${operation}`)
    const user = await userWith(server, 'keeper', policy)
    const role = await roleWith(server, 'keeper', policy)
    for (const [index, as] of [user, sessionOf(server, role, 'night')].entries()) {
      const { status } = await ask(operation, { AccountId: `77777777777${index}` }, { as })
      assert.equal(status, 200)
    }
  })
}

test('accounts are listed in pages, each once', async t => {
  const many = await start(['--account', '500000000000'])
  t.after(() => many.stop())
  const all = ['100000000000', '100000000001', '499999999999', '500000000000', '999999999999']
  for (const account of all) {
    await userWith(many, { name: 'alice', account })
    await userWith(many, { name: '~', account })
  }
  for (const Limit of [1, 2, 4, 5, 1000]) {
    const found: string[] = []
    let Marker: string | undefined
    do {
      const { answer }: { answer: Listed } = await ask<Listed>('ListAccounts', { Limit, Marker }, { at: many })
      assert.ok(answer.Accounts.length <= Limit)
      assert.equal(answer.Truncated, answer.NextMarker !== undefined)
      found.push(...answer.Accounts.map(({ AccountId }) => AccountId))
      Marker = answer.NextMarker
    } while (Marker !== undefined)
    assert.deepEqual(found, all, `Limit ${Limit}`)
  }
  const { answer } = await ask<Refusal>('ListAccounts', { Marker: 'AAAA' }, { at: many })
  assert.equal(answer.__type, 'InvalidMarkerException')
})

test('refuses a signature for KMS', async () => {
  const { status, body } = await post(server, { headers: { 'x-amz-target': 'Keyreeve.ListAccounts' } })
  assert.equal(status, 400)
  assert.equal((JSON.parse(body) as Refusal).__type, 'InvalidSignatureException')
})
