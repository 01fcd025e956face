import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { GetSessionTokenCommandOutput } from '@aws-sdk/client-sts'
import { roleArn } from '../../../src/auth/identities.ts'
import { constraint, refused } from '../../support/answers.ts'
import { allow, ownAccount, removeUser, roleWith, sessionOf, userWith } from '../../support/identities.ts'
import { hours, start, type Credentials } from '../../support/server.ts'

const server = await start()
server.clock.hold()
after(() => server.stop())

const credentialsOf = ({ Credentials: given }: GetSessionTokenCommandOutput): Credentials => ({
  accessKeyId: given?.AccessKeyId ?? '',
  secretAccessKey: given?.SecretAccessKey ?? '',
  sessionToken: given?.SessionToken ?? '',
})
const session = async (credentials?: Credentials, DurationSeconds?: number): Promise<Credentials> =>
  credentialsOf(await server.sts(credentials && { credentials }).getSessionToken({ DurationSeconds }))

const seconds = (): number => Math.floor(server.clock.now() / 1000)
const invalid: [string, string, number] = [
  'InvalidClientTokenId',
  'The security token included in the request is invalid.',
  403,
]

test('gives out credentials of the user, without a permission, for twelve hours', async () => {
  const user = await userWith(server, 'plain')
  const { Credentials: given } = await server.sts({ credentials: user }).getSessionToken()
  assert.match(given?.AccessKeyId ?? '', /^ASIA[A-Z2-7]{16}$/)
  assert.match(given?.SecretAccessKey ?? '', /^[A-Za-z0-9+/]{40}$/)
  assert.deepEqual(given?.Expiration, new Date((seconds() + 43_200) * 1000))
  const credentials = credentialsOf({ Credentials: given, $metadata: {} })
  const { Arn, UserId } = await server.sts({ credentials }).getCallerIdentity()
  assert.deepEqual([Arn, UserId], [user.arn, user.id])
  server.clock.advance(12 * hours - (server.clock.now() % 1000) - 1)
  await server.sts({ credentials }).getCallerIdentity()
  server.clock.advance(1)
  await refused(
    server.sts({ credentials }).getCallerIdentity(),
    'ExpiredToken',
    'The security token included in the request is expired',
    403,
  )
})

test('they last from a quarter of an hour to 36 hours', async () => {
  for (const duration of [900, 129_600]) {
    const { Credentials: given } = await server.sts().getSessionToken({ DurationSeconds: duration })
    assert.deepEqual(given?.Expiration, new Date((seconds() + duration) * 1000))
  }
  for (const [duration, rule] of [
    [899, 'have value greater than or equal to 900'],
    [129_601, 'have value less than or equal to 129600'],
  ] as const) {
    await refused(
      session(undefined, duration),
      'ValidationError',
      constraint('durationSeconds', String(duration), rule),
    )
  }
})

test('they can do what the user can now, and end with it', async () => {
  const user = await userWith(server, 'mortal', allow('kms:ListKeys'))
  const credentials = await session(user)
  await server.client({ credentials }).listKeys()
  await assert.rejects(server.client({ credentials }).listAliases(), { name: 'AccessDeniedException' })
  await removeUser(server, user)
  await refused(
    server.client({ credentials }).listKeys(),
    'UnrecognizedClientException',
    'The security token included in the request is invalid.',
  )
  // Another user of that name.
  await userWith(server, 'mortal', allow('*'))
  await refused(server.sts({ credentials }).getCallerIdentity(), ...invalid)
})

test('conditions tell them from an access key', async () => {
  const user = await userWith(
    server,
    'conditional',
    allow('kms:ListKeys', { Condition: { Null: { 'aws:TokenIssueTime': 'false' } } }),
    allow('kms:ListAliases', { Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'true' } } }),
  )
  await assert.rejects(server.client({ credentials: user }).listKeys(), { name: 'AccessDeniedException' })
  const credentials = await session(user)
  await server.client({ credentials }).listKeys()
  await assert.rejects(server.client({ credentials }).listAliases(), { name: 'AccessDeniedException' })
})

test('they cannot manage identities, nor have more credentials of their own kind', async () => {
  const credentials = await session()
  const iam = server.iam({ credentials })
  for (const call of [
    () => iam.listUsers(),
    () => iam.createUser({ UserName: 'x' }),
    () => iam.listOpenIDConnectProviders(),
  ]) {
    await refused(call(), ...invalid)
  }
  const sts = server.sts({ credentials })
  await refused(sts.getSessionToken(), 'AccessDenied', 'Cannot call GetSessionToken with session credentials', 403)
  await refused(
    sts.getAccessKeyInfo({ AccessKeyId: server.accessKeyId }),
    'AccessDenied',
    'Cannot call GetAccessKeyInfo with session credentials',
    403,
  )
  const role = await roleWith(server, 'next', allow('iam:ListUsers'))
  const assumed = await sts.assumeRole({ RoleArn: roleArn(role), RoleSessionName: 'session' })
  await server.iam({ credentials: credentialsOf(assumed) }).listUsers()
})

test('sessions of roles can have none', async () => {
  const role = await roleWith(server, 'session-less', allow('*'))
  const credentials = sessionOf(server, role, 'session')
  await refused(
    server.sts({ credentials }).getSessionToken(),
    'AccessDenied',
    'Cannot call GetSessionToken with session credentials',
    403,
  )
})

test('refuses a second factor, which nobody has', async () => {
  await refused(
    server.sts().getSessionToken({ SerialNumber: `arn:aws:iam::${ownAccount}:mfa/user`, TokenCode: '123456' }),
    'AccessDenied',
    'MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.',
    403,
  )
})

test('the record shows the access key and its end, and no secret', async () => {
  const credentials = await session(undefined, 900)
  const records = await server.records()
  const record = records.at(-1) as { responseElements: { credentials: Record<string, unknown> } } & Record<
    string,
    unknown
  >
  assert.deepEqual(
    ['eventName', 'readOnly', 'requestParameters', 'resources'].map(name => record[name]),
    ['GetSessionToken', true, { durationSeconds: 900 }, []],
  )
  assert.deepEqual(Object.keys(record.responseElements), ['credentials'])
  assert.deepEqual(Object.keys(record.responseElements.credentials), ['accessKeyId', 'expiration'])
  assert.equal(record.responseElements.credentials['accessKeyId'], credentials.accessKeyId)
  const text = JSON.stringify(records)
  for (const secret of [credentials.secretAccessKey, credentials.sessionToken ?? '?']) assert.ok(!text.includes(secret))
})

test('says which account an access key belongs to, for whoever may ask', async () => {
  const user = await userWith(server, { name: 'elsewhere', account: '111122223333' })
  const info = (AccessKeyId: string, credentials?: Credentials) =>
    server.sts(credentials && { credentials }).getAccessKeyInfo({ AccessKeyId })
  assert.equal((await info(user.accessKeyId)).Account, '111122223333')
  assert.equal((await info(server.accessKeyId)).Account, ownAccount)
  await refused(info('AKIAAAAAAAAAAAAAAAAA'), 'ValidationError', 'The access key AKIAAAAAAAAAAAAAAAAA does not exist.')
  await refused(
    info(server.accessKeyId, user),
    'AccessDenied',
    `User: ${user.arn} is not authorized to perform: sts:GetAccessKeyInfo on resource: *`,
    403,
  )
  await refused(
    info('short'),
    'ValidationError',
    constraint('accessKeyId', 'short', 'have length greater than or equal to 16'),
  )
})
