import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import { KMSServiceException } from '@aws-sdk/client-kms'
import { allow, deny, document, ownAccount, roleWith, sessionOf, userWith } from '../../support/identities.ts'
import { answered, callKeyreeve, refusedBy } from '../../support/keyreeve.ts'
import { start, type Credentials } from '../../support/server.ts'

const server = await start()
after(() => server.stop())

interface Finding {
  Severity: 'ERROR' | 'WARNING' | 'SUGGESTION'
  Code: string
  Message: string
  Statement?: number
  Sid?: string
}
interface Verdict {
  Valid: boolean
  Findings: Finding[]
  SafeFromLockOut: boolean
}

const other = '111122223333'
const admin = server.client()
const arn = (name: string, account = ownAccount): string => `arn:aws:iam::${account}:${name}`
const ask = (input: object, by?: Credentials) => callKeyreeve(server, 'ValidateKeyPolicy', input, by)
const validate = (input: object, by?: Credentials): Promise<Verdict> => answered<Verdict>(ask(input, by))
const codes = ({ Findings }: Verdict): string[] => Findings.map(({ Code }) => Code)

const { KeyMetadata: { KeyId: key = '', Arn: keyArn = '' } = {} } = await admin.createKey({})
await admin.createAlias({ AliasName: 'alias/judged', TargetKeyId: key })

const root = { Sid: 'Root', Effect: 'Allow', Principal: { AWS: arn('root') }, Action: 'kms:*', Resource: '*' }
const manager = await userWith(
  server,
  'manager',
  allow(['kms:PutKeyPolicy', 'kms:CreateKey', 'kms:GetKeyPolicy', 'keyreeve:*']),
)
const of = (...statements: object[]): string => JSON.stringify(document(...statements))
const useBy = (AWS: string, more: object = {}) => ({
  Sid: 'Use',
  Effect: 'Allow',
  Principal: { AWS },
  Action: 'kms:Decrypt',
  Resource: '*',
  ...more,
})

// As PutKeyPolicy and CreateKey

/** What a call is refused with. */
async function refusal(call: Promise<unknown>): Promise<{ Code: string; Message: string } | undefined> {
  try {
    await call
    return undefined
  } catch (error) {
    if (error instanceof KMSServiceException) return { Code: error.name, Message: error.message }
    throw error
  }
}

const policies: [title: string, policy: string][] = [
  ['one that is as it should be', of(root)],
  ['no JSON', '{'],
  ['a member twice', '{"Version":"2012-10-17","Version":"2012-10-17"}'],
  ['no statement', of()],
  ['an unknown element', of({ ...root, Resources: '*' })],
  ['no principal', of({ ...root, Principal: undefined })],
  ['a principal that is none', of({ ...root, Principal: { AWS: 'alice' } })],
  ['a broken ARN', of({ ...root, Principal: { AWS: 'arn:aws:iam::1:user/a' } })],
  ['everybody but some', of({ ...root, Principal: undefined, NotPrincipal: { AWS: arn('user/a') } })],
  ['an operator that is none', of(root, useBy(arn('user/a'), { Condition: { StringIs: { a: 'b' } } }))],
  ['too many bytes', of({ ...root, Sid: 'x'.repeat(33_000) })],
  ['somebody else alone', of(useBy(arn('user/nobody'), { Action: 'kms:*' }))],
  ['a denial of everything', of(root, { Sid: 'No', Effect: 'Deny', Principal: '*', Action: 'kms:*', Resource: '*' })],
  ['a condition that holds', of({ ...root, Condition: { StringEquals: { 'kms:KeySpec': 'SYMMETRIC_DEFAULT' } } })],
  ['a condition that does not', of({ ...root, Condition: { StringEquals: { 'kms:KeySpec': 'RSA_2048' } } })],
  ['the ARN of the key', of({ ...root, Resource: keyArn })],
]
for (const [title, Policy] of policies) {
  test(`a policy with ${title} is judged as when it is put`, async () => {
    for (const credentials of [server, manager]) {
      const kms = server.client({ credentials })
      for (const KeyId of [key, undefined]) {
        const verdict = await validate({ Policy, ...(KeyId !== undefined && { KeyId }) }, credentials)
        const refused = await refusal(
          KeyId === undefined ? kms.createKey({ Policy }) : kms.putKeyPolicy({ KeyId, Policy }),
        )
        const [error, ...others] = verdict.Findings.filter(({ Severity }) => Severity === 'ERROR')
        assert.deepEqual(error && { Code: error.Code, Message: error.Message }, refused)
        assert.deepEqual(others, [])
        assert.equal(verdict.Valid, refused === undefined)
        assert.equal(verdict.SafeFromLockOut, refused === undefined)
        await admin.putKeyPolicy({ KeyId: key, Policy: of(root) })
      }
    }
  })
}

test('what no policy may be made of is a finding, too, and quotes nothing', async () => {
  for (const Policy of ['', '{"Sid":"—secret"}', ' '.repeat(131_073)]) {
    const { Findings, ...verdict } = await validate({ Policy })
    assert.deepEqual(verdict, { Valid: false, SafeFromLockOut: false })
    assert.deepEqual([Findings.length, Findings[0]?.Severity, Findings[0]?.Code], [1, 'ERROR', 'ValidationException'])
    assert.doesNotMatch(Findings[0]?.Message ?? '', /secret/)
  }
})

test('what would lock out another caller does not lock out this one', async () => {
  const Policy = of(useBy(manager.arn, { Action: 'kms:*' }))
  assert.deepEqual(
    [(await validate({ Policy })).SafeFromLockOut, (await validate({ Policy }, manager)).SafeFromLockOut],
    [false, true],
  )
})

// Remarks

test('a policy without remarks has no findings', async () => {
  assert.deepEqual(await validate({ Policy: of(root), KeyId: key }), {
    Valid: true,
    Findings: [],
    SafeFromLockOut: true,
  })
})

test('a remark says which statement is meant', async () => {
  const { Valid, Findings } = await validate({ Policy: of(root, useBy(manager.arn, { Action: 'kms:Decypt' })) })
  assert.equal(Valid, true)
  assert.deepEqual(Findings, [
    {
      Severity: 'WARNING',
      Code: 'UNKNOWN_ACTION',
      Message: 'KMS has no action kms:Decypt: did you mean kms:Decrypt?',
      Statement: 1,
      Sid: 'Use',
    },
  ])
})

test('users, roles and sessions of the account that are not there are named', async () => {
  await roleWith(server, { name: 'app', path: '/x/' })
  const missing = [
    arn('user/nobody'),
    arn('role/app'),
    arn('user/x/manager'),
    `arn:aws:sts::${ownAccount}:assumed-role/none/work`,
  ]
  const there = [manager.arn, arn('role/x/app'), `arn:aws:sts::${ownAccount}:assumed-role/app/work`, arn('root')]
  const statement = useBy('', { Principal: { AWS: [...missing, ...there] } })
  const { Findings } = await validate({ Policy: of(root, statement) })
  assert.deepEqual(
    Findings.map(({ Code, Message }) => [Code, Message.split(' ')[3]?.replace(/:$/, '')]),
    missing.map(name => ['PRINCIPAL_NOT_FOUND', name]),
  )
})

test('nothing is told of who is in another account', async () => {
  const stranger = await userWith(server, { name: 'stranger', account: other }, allow('*'))
  const verdicts = await Promise.all(
    [stranger.arn, arn('user/nobody', other)].map(name => validate({ Policy: of(root, useBy(name)) })),
  )
  assert.deepEqual(verdicts[0], verdicts[1])
  assert.deepEqual(verdicts[0]?.Findings, [])
})

test('a statement that denies the caller something is named, whatever its own policies say', async () => {
  const no = (more: object) => ({
    Sid: 'No',
    Effect: 'Deny',
    Principal: '*',
    Action: 'kms:Sign',
    Resource: '*',
    ...more,
  })
  const denied = async (statement: object, by?: Credentials) =>
    (await validate({ Policy: of(root, statement) }, by)).Findings.map(({ Code, Message }) => [Code, Message])
  const message = 'It denies you kms:Sign: except yourself, unless that is meant.'
  assert.deepEqual(await denied(no({})), [['DENIES_CALLER', message]])
  assert.deepEqual(await denied(no({}), manager), [['DENIES_CALLER', message]])
  assert.deepEqual(await denied(no({ Principal: { AWS: manager.arn } })), [])
  assert.deepEqual(await denied(no({ Principal: { AWS: manager.arn } }), manager), [['DENIES_CALLER', message]])
  const address = (value: string) => ({ Condition: { NotIpAddress: { 'aws:SourceIp': value } } })
  assert.deepEqual(await denied(no(address('127.0.0.0/8'))), [])
  assert.deepEqual(await denied(no(address('10.0.0.0/8'))), [['DENIES_CALLER', message]])
  const both = await userWith(server, 'both', allow('*'), deny('kms:Sign'))
  assert.deepEqual(await denied(no({}), both), [['DENIES_CALLER', message]])
})

test('a session is taken for what it is', async () => {
  const role = await roleWith(server, 'auditor', allow(['keyreeve:ValidateKeyPolicy', 'kms:PutKeyPolicy']))
  const session = sessionOf(server, role, 'work')
  const Policy = of(useBy(arn('role/auditor'), { Action: 'kms:*' }))
  assert.equal((await validate({ Policy }, session)).SafeFromLockOut, true)
})

test('without a key, another key is not this one', async () => {
  const Policy = of(root, useBy(manager.arn, { Resource: keyArn }))
  assert.deepEqual(codes(await validate({ Policy })), ['RESOURCE_WITHOUT_EFFECT'])
  assert.deepEqual(codes(await validate({ Policy, KeyId: key })), [])
  assert.deepEqual(codes(await validate({ Policy, KeyId: 'alias/judged' })), [])
})

test('a policy of the largest size and of nothing but denials is judged', async () => {
  const statements = Array.from({ length: 250 }, (_, n) => ({
    Sid: `No${n}`,
    Effect: 'Deny',
    Principal: { AWS: arn('user/x') },
    Action: 'kms:*',
    Resource: '*',
  }))
  const { Valid, Findings } = await validate({ Policy: of(root, ...statements) })
  assert.deepEqual([Valid, Findings.length], [true, 100])
})

// Nothing happens

test('nothing is put, and the log has the length of the policy, not its text', async () => {
  const before = await admin.getKeyPolicy({ KeyId: key })
  const Policy = of(root, useBy(manager.arn))
  await validate({ Policy, KeyId: 'alias/judged' })
  const record = (await server.records()).at(-1)
  assert.deepEqual(
    ['eventName', 'readOnly', 'requestParameters', 'responseElements'].map(name => record?.[name]),
    ['ValidateKeyPolicy', true, { keyId: 'alias/judged', policyLength: Policy.length }, null],
  )
  assert.equal((await admin.getKeyPolicy({ KeyId: key })).Policy, before.Policy)
  const keys = (await admin.listKeys({ Limit: 1_000 })).Keys?.length
  await validate({ Policy })
  assert.equal((await admin.listKeys({ Limit: 1_000 })).Keys?.length, keys)
})

// Refusals

test('refuses a key that is not there, and what names none', async () => {
  const Policy = of(root)
  await refusedBy(ask({ Policy, KeyId: randomUUID() }), 'NotFoundException')
  await refusedBy(ask({ Policy, KeyId: 'alias/none' }), 'NotFoundException')
  await refusedBy(ask({ Policy, KeyId: 'arn:aws:kms' }), 'InvalidArnException')
  await refusedBy(ask({ Policy, KeyId: '' }), 'ValidationException')
  await refusedBy(ask({ KeyId: key }), 'ValidationException')
})

test('refuses a key of another account, whether it is there or not', async () => {
  const stranger = await userWith(server, { name: 'stranger', account: other }, allow('*'))
  const texts = await Promise.all(
    [keyArn, keyArn.replace(key, randomUUID())].map(
      async KeyId => (await ask({ Policy: of(root), KeyId }, stranger)).body,
    ),
  )
  assert.match(texts[0] ?? '', /AccessDeniedException/)
  assert.equal(texts[0], texts[1])
})

test('refuses whom no policy lets validate one, and of a key whoever may not read its policy', async () => {
  const Policy = of(root)
  await refusedBy(ask({ Policy }, await userWith(server, 'kms', allow('kms:*'))), 'AccessDeniedException')
  const judge = await userWith(server, 'judge', allow('keyreeve:ValidateKeyPolicy'))
  assert.equal((await validate({ Policy }, judge)).Valid, false, 'it could not put another one')
  await refusedBy(ask({ Policy, KeyId: key }, judge), 'AccessDeniedException')
})
