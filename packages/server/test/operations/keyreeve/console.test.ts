import assert from 'node:assert/strict'
import { Agent } from 'node:http'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openSession } from '../../../src/auth/session.ts'
import { refused } from '../../support/answers.ts'
import { makeChain, pem } from '../../support/attestation.ts'
import { contentsOf, findIn, type Wanted } from '../../support/disk.ts'
import {
  allow,
  deny,
  ownAccount,
  removeUser,
  roleWith,
  sessionOf,
  sessionOfUser,
  userWith,
} from '../../support/identities.ts'
import { answered, callKeyreeve, refusedBy } from '../../support/keyreeve.ts'
import { hours, start, type Credentials, type TestServer } from '../../support/server.ts'
import { post, prepare, type RawAnswer } from '../../support/signed-http.ts'

let server = await start()
server.clock.hold()
after(() => server.stop())

interface SignedIn {
  Credentials: { AccessKeyId: string; SecretAccessKey: string; SessionToken: string; Expiration: number }
  Arn: string
  Account: string
  UserName: string
}
interface Link {
  Code: string
  Expiration: number
}

const usable = ({ Credentials: given }: SignedIn): Credentials => ({
  accessKeyId: given.AccessKeyId,
  secretAccessKey: given.SecretAccessKey,
  sessionToken: given.SessionToken,
})
const signIn = (by: Credentials = server, input: object = {}): Promise<SignedIn> =>
  answered(callKeyreeve(server, 'CreateConsoleSession', input, by))
const session = async (by?: Credentials, input?: object): Promise<Credentials> => usable(await signIn(by, input))
const makeLink = (by?: Credentials, at: TestServer = server): Promise<Link> =>
  answered(callKeyreeve(at, 'CreateConsoleLink', {}, by ?? at))
const unsigned = { unsigned: true, headers: { 'x-amz-target': 'Keyreeve.RedeemConsoleLink' } } as const
const redeem = (Code: unknown, at: TestServer = server): Promise<RawAnswer> => post(at, { ...unsigned, body: { Code } })
const describe = (by: Credentials): Promise<Record<string, unknown>> =>
  answered(callKeyreeve(server, 'DescribeConsole', {}, by))

const seconds = (): number => Math.floor(server.clock.now() / 1000)
const minutes = 60_000

const noLink = [
  'AccessDeniedException',
  'The link was used, has expired, or never was one. Run keyreeve console for a new one.',
] as const
const noSession = (operation: string) =>
  [
    'AccessDeniedException',
    `Cannot call ${operation} with session credentials. Sign it with an access key of a user.`,
  ] as const
const invalid = ['UnrecognizedClientException', 'The security token included in the request is invalid.'] as const

// With an access key

test('exchanges an access key for credentials of the same user, without a permission, for twelve hours', async () => {
  const user = await userWith(server, { name: 'alice', path: '/staff/' })
  const answer = await signIn(user)
  const { Credentials: given, ...who } = answer
  assert.deepEqual(who, { Arn: user.arn, Account: ownAccount, UserName: 'alice' })
  assert.deepEqual(Object.keys(given).toSorted(), ['AccessKeyId', 'Expiration', 'SecretAccessKey', 'SessionToken'])
  assert.match(given.AccessKeyId, /^ASIA[A-Z2-7]{16}$/)
  assert.match(given.SecretAccessKey, /^[A-Za-z0-9+/]{40}$/)
  assert.equal(given.Expiration, seconds() + 43_200)
  const { Arn, UserId } = await server.sts({ credentials: usable(answer) }).getCallerIdentity()
  assert.deepEqual([Arn, UserId], [user.arn, user.id])
})

test('lasts from a quarter of an hour to twelve hours, and ends in its second', async () => {
  for (const [DurationSeconds, rule] of [
    [899, /have value greater than or equal to 900/],
    [43_201, /have value less than or equal to 43200/],
  ] as const) {
    const { status, body } = await callKeyreeve(server, 'CreateConsoleSession', { DurationSeconds })
    assert.equal(status, 400)
    assert.match(body, rule)
  }
  const credentials = await session(server, { DurationSeconds: 900 })
  server.clock.advance(15 * minutes - (server.clock.now() % 1000) - 1)
  await describe(credentials)
  await server.iam({ credentials }).listUsers()
  server.clock.advance(1)
  const expired = 'The security token included in the request is expired'
  await refusedBy(callKeyreeve(server, 'DescribeConsole', {}, credentials), 'ExpiredTokenException', expired)
  await refused(server.client({ credentials }).listKeys(), 'ExpiredTokenException', expired)
  await refused(server.iam({ credentials }).listUsers(), 'ExpiredToken', expired, 403)
})

test('does what the user may now, with IAM and STS too, and nothing else', async () => {
  const user = await userWith(
    server,
    'manager',
    allow(['iam:ListUsers', 'iam:CreateAccessKey', 'sts:GetAccessKeyInfo']),
  )
  const credentials = await session(user)
  const iam = server.iam({ credentials })
  await iam.listUsers()
  await iam.createAccessKey({})
  const { Account } = await server.sts({ credentials }).getAccessKeyInfo({ AccessKeyId: user.accessKeyId })
  assert.equal(Account, ownAccount)
  await assert.rejects(iam.listRoles(), { name: 'AccessDenied' })
  await assert.rejects(server.client({ credentials }).listKeys(), { name: 'AccessDeniedException' })
  // Of another account, whose users it must not see.
  const other = await userWith(server, { name: 'manager', account: '111122223333' }, allow('iam:ListUsers'))
  const { Users } = await server.iam({ credentials: await session(other) }).listUsers()
  assert.deepEqual(
    Users?.map(({ Arn }) => Arn),
    [other.arn],
  )
})

test('IAM refuses credentials of GetSessionToken as before', async () => {
  const { Credentials: given } = await server.sts().getSessionToken({})
  const credentials = {
    accessKeyId: given?.AccessKeyId ?? '',
    secretAccessKey: given?.SecretAccessKey ?? '',
    sessionToken: given?.SessionToken ?? '',
  }
  await refused(server.iam({ credentials }).listUsers(), 'InvalidClientTokenId', invalid[1], 403)
  await refused(
    server.sts({ credentials }).getAccessKeyInfo({ AccessKeyId: server.accessKeyId }),
    'AccessDenied',
    'Cannot call GetAccessKeyInfo with session credentials',
    403,
  )
})

test('a token from before there was a console is good for what it was', async () => {
  const admin = await userWith(server, 'before', allow('*'))
  const credentials = sessionOfUser(server, admin)
  const opened = openSession(server.app.seal, credentials.accessKeyId, credentials.sessionToken ?? '')
  assert.ok(opened && !Object.hasOwn(opened.session, 'console'))
  await server.client({ credentials }).listKeys()
  await refused(server.iam({ credentials }).listUsers(), 'InvalidClientTokenId', invalid[1], 403)
})

test('conditions and denials hold for it as for any temporary credentials', async () => {
  const user = await userWith(
    server,
    'conditional',
    allow('iam:ListUsers', { Condition: { Null: { 'aws:TokenIssueTime': 'false' } } }),
    allow('iam:ListRoles', { Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'true' } } }),
    deny('iam:CreateUser'),
  )
  const iam = server.iam({ credentials: await session(user) })
  await iam.listUsers()
  await assert.rejects(iam.listRoles(), { name: 'AccessDenied' })
  await assert.rejects(iam.createUser({ UserName: 'x' }), { name: 'AccessDenied' })
  await assert.rejects(server.iam({ credentials: user }).listUsers(), { name: 'AccessDenied' })
})

test('makes no further session: nobody prolongs one that was stolen', async () => {
  const user = await userWith(server, 'thief', allow('*'))
  const credentials = await session(user)
  const role = await roleWith(server, 'any-role', allow('*'))
  for (const by of [credentials, sessionOfUser(server, user), sessionOf(server, role, 'session')]) {
    for (const operation of ['CreateConsoleSession', 'CreateConsoleLink']) {
      await refusedBy(callKeyreeve(server, operation, {}, by), ...noSession(operation))
    }
    await refused(
      server.sts({ credentials: by }).getSessionToken({}),
      'AccessDenied',
      'Cannot call GetSessionToken with session credentials',
      403,
    )
  }
})

test('ends with its user, whatever the next one of that name may', async () => {
  const user = await userWith(server, 'mortal', allow('*'))
  const credentials = await session(user)
  await server.iam({ credentials }).listUsers()
  await removeUser(server, user)
  await refusedBy(callKeyreeve(server, 'DescribeConsole', {}, credentials), ...invalid)
  await refused(server.iam({ credentials }).listUsers(), 'InvalidClientTokenId', invalid[1], 403)
  await userWith(server, 'mortal', allow('*'))
  await refusedBy(callKeyreeve(server, 'DescribeConsole', {}, credentials), ...invalid)
})

test('must be signed', async () => {
  for (const operation of ['CreateConsoleSession', 'CreateConsoleLink', 'DescribeConsole']) {
    const call = post(server, { unsigned: true, headers: { 'x-amz-target': `Keyreeve.${operation}` } })
    await refusedBy(call, 'MissingAuthenticationTokenException')
  }
})

// With a link

test('a link signs in its user, once', async () => {
  const user = await userWith(server, { name: 'bob', account: '111122223333' }, allow('iam:ListUsers'))
  const { Code, Expiration } = await makeLink(user)
  assert.match(Code, /^[\w-]{43}$/)
  assert.equal(Math.round(Expiration * 1000), server.clock.now() + 10 * minutes)
  const answer = await answered<SignedIn>(redeem(Code))
  const { Credentials: given, ...who } = answer
  assert.deepEqual(who, { Arn: user.arn, Account: '111122223333', UserName: 'bob' })
  assert.equal(given.Expiration, seconds() + 43_200)
  const credentials = usable(answer)
  assert.ok((await server.iam({ credentials }).listUsers()).Users?.some(({ Arn }) => Arn === user.arn))
  await refusedBy(callKeyreeve(server, 'CreateConsoleLink', {}, credentials), ...noSession('CreateConsoleLink'))
  await refusedBy(redeem(Code), ...noLink)
})

test('all links of a user work, in whatever order', async () => {
  const links = await Promise.all([makeLink(), makeLink(), makeLink()])
  assert.equal(new Set(links.map(({ Code }) => Code)).size, 3)
  for (const { Code } of links.toReversed()) {
    assert.equal((await answered<SignedIn>(redeem(Code))).UserName, 'administrator')
  }
})

test('a link works through its tenth minute, and no longer', async () => {
  const [last, late] = [await makeLink(), await makeLink()]
  server.clock.advance(10 * minutes - 1)
  await answered(redeem(last.Code))
  server.clock.advance(1)
  await refusedBy(redeem(late.Code), ...noLink)
})

test('what no link ends in is refused like one that was used', async () => {
  const { Code } = await makeLink()
  const changed = (Code.startsWith('A') ? 'B' : 'A') + Code.slice(1)
  // The last of 43 characters has two bits that no byte has: another text for the same bytes is another code.
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const sameBytes = Code.slice(0, -1) + alphabet.charAt(alphabet.indexOf(Code.slice(-1)) ^ 1)
  assert.deepEqual(Buffer.from(sameBytes, 'base64url'), Buffer.from(Code, 'base64url'))
  for (const wrong of ['', 'x', changed, sameBytes, `${Code}=`, `${Code} `, Code.toLowerCase(), 'A'.repeat(100_000)]) {
    await refusedBy(redeem(wrong), ...noLink)
  }
  for (const wrong of [undefined, 1, { a: 'b' }]) {
    const { status, body } = await redeem(wrong)
    assert.equal(status, 400)
    assert.doesNotMatch(body, /The link/)
  }
  await answered(redeem(Code))
})

test('a link ends with its user, and with the access key that made it', async () => {
  const user = await userWith(server, 'gone')
  const { Code } = await makeLink(user)
  await removeUser(server, user)
  await refusedBy(redeem(Code), ...noLink)
  await userWith(server, 'gone')
  await refusedBy(redeem(Code), ...noLink)

  const UserName = 'rotated'
  const iam = server.iam()
  await iam.createUser({ UserName })
  const makeKey = async (): Promise<Credentials> => {
    const { AccessKey: made } = await iam.createAccessKey({ UserName })
    return { accessKeyId: made?.AccessKeyId ?? '', secretAccessKey: made?.SecretAccessKey ?? '' }
  }
  const [withdrawn, deleted] = [await makeKey(), await makeKey()]
  const [first, second] = [await makeLink(withdrawn), await makeLink(deleted)]
  await iam.updateAccessKey({ UserName, AccessKeyId: withdrawn.accessKeyId, Status: 'Inactive' })
  await refusedBy(redeem(first.Code), ...noLink)
  await iam.deleteAccessKey({ UserName, AccessKeyId: deleted.accessKeyId })
  await refusedBy(redeem(second.Code), ...noLink)
  await iam.updateAccessKey({ UserName, AccessKeyId: withdrawn.accessKeyId, Status: 'Active' })
  await iam.updateUser({ UserName, NewUserName: 'renamed' })
  assert.equal((await answered<SignedIn>(redeem(first.Code))).UserName, 'renamed')
})

test('of twenty who open a link at once, one is signed in', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 20 })
  try {
    for (let race = 0; race < 10; race++) {
      const { Code } = await makeLink()
      const before = (await server.records()).length
      const send = prepare(server, { ...unsigned, body: { Code } }, agent)
      const answers = await Promise.all(Array.from({ length: 20 }, send))
      const winners = answers.filter(({ status }) => status === 200)
      assert.equal(winners.length, 1)
      for (const answer of answers) {
        if (!winners.includes(answer)) await refusedBy(Promise.resolve(answer), ...noLink)
      }
      const records = (await server.records()).slice(before)
      assert.deepEqual(
        records.map(({ eventName, errorCode }) => [eventName, errorCode]),
        [['RedeemConsoleLink', undefined]],
      )
      await server.client({ credentials: usable(JSON.parse(winners[0]?.body ?? '') as SignedIn) }).listKeys()
    }
  } finally {
    agent.destroy()
  }
})

test('whoever is deleted while a link is opened gets nothing after that', async () => {
  for (let race = 0; race < 10; race++) {
    const user = await userWith(server, 'raced', allow('kms:ListKeys'))
    const { Code } = await makeLink(user)
    const [answer] = await Promise.all([redeem(Code), removeUser(server, user).catch(() => removeUser(server, user))])
    await refusedBy(redeem(Code), ...noLink)
    if (answer.status !== 200) continue
    const credentials = usable(JSON.parse(answer.body) as SignedIn)
    await refused(server.client({ credentials }).listKeys(), ...invalid)
  }
})

const linksIn = async ({ app }: TestServer): Promise<number> =>
  (await app.store.view().page('console-link', '', undefined, 1000)).length

test('a link outlives a restart and a crash, and is swept once its time is over', async () => {
  const own = await start()
  own.clock.hold()
  const links = await Promise.all(Array.from({ length: 4 }, () => makeLink(undefined, own)))
  const [first = '', second = '', third = ''] = links.map(({ Code }) => Code)
  await answered(redeem(first, own))
  const crashed = await own.afterCrash()
  await refusedBy(redeem(first, crashed), ...noLink)
  await answered(redeem(second, crashed))
  await crashed.stop()
  const again = await own.restart()
  await refusedBy(redeem(first, again), ...noLink)
  await answered(redeem(third, again))
  assert.equal(await linksIn(again), 2)
  again.clock.advance(10 * minutes - 1)
  await again.settle()
  assert.equal(await linksIn(again), 2)
  again.clock.advance(1)
  const before = (await again.records()).length
  assert.equal(await again.settle(), 0)
  assert.equal(await linksIn(again), 0)
  assert.equal((await again.records()).length, before)
  await again.stop()
})

// What is told

test('tells what the console must know, to whoever is signed in', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  const told = {
    Regions: server.app.services.settings.regions,
    Pkcs1v15: 'allow',
    AttestationRoots: 0,
    Version: version,
  }
  const admin = { Account: ownAccount, Arn: `arn:aws:iam::${ownAccount}:user/administrator`, UserName: 'administrator' }
  assert.deepEqual(await describe(server), { ...admin, IsFirstAccount: true, ...told })
  const own = await session(server, { DurationSeconds: 900 })
  const SessionExpiration = seconds() + 900
  assert.deepEqual(await describe(own), { ...admin, IsFirstAccount: true, ...told, SessionExpiration })
  const role = await roleWith(server, { name: 'visitor', account: '111122223333' })
  const visitor = sessionOf(server, role, 'session')
  const { SessionExpiration: ends, ...rest } = await describe(visitor)
  assert.deepEqual(rest, { Account: '111122223333', Arn: visitor.arn, IsFirstAccount: false, ...told })
  assert.equal(Math.round(Number(ends) * 1000), server.clock.now() + hours)
})

test('tells what this server was started with', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'keyreeve-roots-'))
  const roots = join(folder, 'roots.pem')
  writeFileSync(roots, makeChain(Date.now()).authorities.slice(0, 1).map(pem).join(''))
  const flags = ['--regions', 'eu-west-1,eu-north-1', '--account', '123456789012']
  const own = await start([...flags, '--wrapping-pkcs1v15', 'refuse', '--attestation-roots', roots])
  rmSync(folder, { recursive: true })
  const call = callKeyreeve(own, 'DescribeConsole', {}, own, { region: 'eu-north-1' })
  const { Arn: _, UserName: __, Version: ___, ...told } = await answered<Record<string, unknown>>(call)
  const Regions = ['eu-west-1', 'eu-north-1']
  const expected = { Account: '123456789012', IsFirstAccount: true, Regions, Pkcs1v15: 'refuse', AttestationRoots: 1 }
  assert.deepEqual(told, expected)
  await own.stop()
})

// What is recorded

const membersOfRecord = (record: Record<string, unknown> | undefined) => ({
  name: record?.['eventName'],
  source: record?.['eventSource'],
  readOnly: record?.['readOnly'],
  parameters: record?.['requestParameters'],
  elements: record?.['responseElements'],
  resources: record?.['resources'],
  region: record?.['awsRegion'],
  error: record?.['errorCode'],
})
const lastRecord = async (): Promise<Record<string, unknown> | undefined> => (await server.records()).at(-1)

test('records tell who signed in and until when, and that the console is at work', async () => {
  const user = await userWith(server, 'recorded', allow('iam:ListUsers'))
  const identity = { type: 'IAMUser', principalId: user.id, arn: user.arn, accountId: ownAccount, userName: 'recorded' }
  const common = { source: 'keyreeve.amazonaws.com', resources: [], region: 'us-east-1', error: undefined }

  const one = await signIn(user, { DurationSeconds: 900 })
  let record = await lastRecord()
  const credentials = ({ Credentials: { AccessKeyId: accessKeyId, Expiration } }: SignedIn) => ({
    credentials: { accessKeyId, expiration: dateOf(Expiration) },
  })
  assert.deepEqual(membersOfRecord(record), {
    ...common,
    name: 'CreateConsoleSession',
    readOnly: true,
    parameters: { durationSeconds: 900 },
    elements: credentials(one),
  })
  assert.deepEqual(record?.['userIdentity'], { ...identity, accessKeyId: user.accessKeyId })
  assert.ok(!Object.hasOwn(record, 'sessionCredentialFromConsole'))

  const { Code, Expiration } = await makeLink(user)
  record = await lastRecord()
  assert.deepEqual(membersOfRecord(record), {
    ...common,
    name: 'CreateConsoleLink',
    readOnly: false,
    parameters: null,
    elements: { expiration: dateOf(Expiration) },
  })
  assert.deepEqual(record?.['userIdentity'], { ...identity, accessKeyId: user.accessKeyId })

  const two = await answered<SignedIn>(redeem(Code))
  record = await lastRecord()
  assert.deepEqual(membersOfRecord(record), {
    ...common,
    name: 'RedeemConsoleLink',
    readOnly: false,
    parameters: null,
    elements: credentials(two),
  })
  assert.deepEqual(record?.['userIdentity'], identity)

  await server.iam({ credentials: usable(two) }).listUsers()
  record = await lastRecord()
  assert.equal(record?.['sessionCredentialFromConsole'], 'true')
  const creationDate = `${new Date(seconds() * 1000).toISOString().slice(0, 19)}Z`
  assert.deepEqual(record['userIdentity'], {
    ...identity,
    accessKeyId: two.Credentials.AccessKeyId,
    sessionContext: { attributes: { creationDate, mfaAuthenticated: 'false' } },
  })

  await refusedBy(callKeyreeve(server, 'CreateConsoleLink', {}, usable(two)), ...noSession('CreateConsoleLink'))
  record = await lastRecord()
  assert.deepEqual(membersOfRecord(record), {
    ...common,
    name: 'CreateConsoleLink',
    readOnly: false,
    parameters: null,
    elements: null,
    error: 'AccessDeniedException',
  })
})

/** As records print it. */
const dateOf = (second: number): string => {
  const date = new Date(second * 1000)
  const time = date.toLocaleTimeString('en-US', { timeZone: 'UTC' })
  const day = date.toLocaleDateString('en-US', { timeZone: 'UTC', year: 'numeric', month: 'short', day: 'numeric' })
  return `${day}, ${time}`
}

test('the owner of a key does not learn that a caller of another account is in the console', async () => {
  const user = await userWith(server, { name: 'guest', account: '111122223333' }, allow('kms:*'))
  const { KeyMetadata } = await server.client().createKey({
    Policy: JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Principal: { AWS: ownAccount }, Action: 'kms:*', Resource: '*' },
        { Effect: 'Allow', Principal: { AWS: '111122223333' }, Action: 'kms:DescribeKey', Resource: '*' },
      ],
    }),
  })
  await server.client({ credentials: await session(user) }).describeKey({ KeyId: KeyMetadata?.Arn })
  const told = (await server.records())
    .slice(-2)
    .map(record => [record['recipientAccountId'], record['sessionCredentialFromConsole']])
  assert.deepEqual(told, [
    ['111122223333', 'true'],
    [ownAccount, undefined],
  ])
})

test('who opens what is no link leaves a line in the log, and no record', async () => {
  const [logged, recorded] = [server.logged.length, (await server.records()).length]
  await refusedBy(redeem('never-was-one'), ...noLink)
  assert.deepEqual(
    server.logged.slice(logged).map(({ level, event, code, peer }) => ({ level, event, code, peer })),
    [{ level: 'info', event: 'refused', code: 'AccessDeniedException', peer: '127.0.0.1' }],
  )
  assert.equal((await server.records()).length, recorded)
})

test('no code, secret or token is in any record, line of the log or file', async () => {
  const user = await userWith(server, 'canary', allow('iam:ListUsers'))
  const [kept, used] = [await makeLink(user), await makeLink(user)]
  const sessions = [await signIn(user), await answered<SignedIn>(redeem(used.Code))]
  await refusedBy(redeem(used.Code), ...noLink)
  for (const one of sessions) await server.iam({ credentials: usable(one) }).listUsers()
  const secrets: Wanted = {
    'code that waits': Buffer.from(kept.Code),
    'its bytes': Buffer.from(kept.Code, 'base64url'),
    'code that was used': Buffer.from(used.Code),
    'bytes of that': Buffer.from(used.Code, 'base64url'),
    ...Object.fromEntries(
      sessions.flatMap(({ Credentials: { SecretAccessKey, SessionToken } }, index) => [
        [`secret ${index}`, Buffer.from(SecretAccessKey)],
        [`token ${index}`, Buffer.from(SessionToken)],
        [`bytes of token ${index}`, Buffer.from(SessionToken, 'base64')],
      ]),
    ),
  }
  const logged = Buffer.from(JSON.stringify(server.logged))
  const records = Buffer.from(JSON.stringify(await server.records()))
  const files = (): Buffer => contentsOf(server.data)
  // They would be found.
  assert.notDeepEqual(findIn(Buffer.from(`x${used.Code}x`), secrets), [])
  for (const haystack of [logged, records, files()]) assert.deepEqual(findIn(haystack, secrets), [])
  server = await server.restart()
  assert.deepEqual(findIn(files(), secrets), [])
  await answered(redeem(kept.Code))
  assert.deepEqual(findIn(files(), secrets), [])
})
