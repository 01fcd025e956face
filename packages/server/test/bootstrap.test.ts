import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { openApp } from '../src/app.ts'
import { applyBootstrap, BootstrapError, type Applied } from '../src/bootstrap/apply.ts'
import { parseBootstrap } from '../src/bootstrap/file.ts'
import { ConfigError, loadConfig } from '../src/config.ts'
import type { DocumentStore, Kind } from '../src/store/documents.ts'
import { membersOf, refused } from './support/answers.ts'
import { makeSigningKey, signToken } from './support/issuer.ts'
import { start, TestClock, type Credentials, type TestServer } from './support/server.ts'

const folder = mkdtempSync(join(tmpdir(), 'keyreeve-bootstrap-'))
after(() => rmSync(folder, { recursive: true }))

/** Applies files to accounts of its own, without being started again for each. */
const server = await start()
after(() => server.stop())

const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
const environment = { CI_SECRET_ACCESS_KEY: secret, EMPTY: '' }

const files = new Map<string, string>()
function readFile(path: string): Buffer {
  const text = files.get(path)
  if (text === undefined) throw new Error('ENOENT: no such file')
  return Buffer.from(text)
}

const parse = (text: string) => parseBootstrap('bootstrap.yaml', text, readFile, environment)
const apply = (text: string, at: TestServer = server): Promise<Applied> => applyBootstrap(at.app, parse(text))

/** Counts alone. */
async function counts(text: string, at: TestServer = server): Promise<[made: number, changed: number]> {
  const { made, changed } = await apply(text, at)
  return [made, changed]
}

let accounts = 0
/** One that no other test uses. */
const freshAccount = (): string => String(900_000_000_000 + ++accounts)

const indented = (text: string, by: number): string => text.trim().replaceAll(/^/gm, ' '.repeat(by))

/** A file about one account. */
const about = (account: string, text: string): string => `accounts:\n  ${account}:\n${indented(text, 4)}\n`

const kinds: readonly Kind[] = [
  'user',
  'group',
  'role',
  'managed-policy',
  'oidc-provider',
  'access-key',
  'key',
  'alias',
  'material',
]

/** Every row of those kinds. */
async function rowsOf({ app }: TestServer): Promise<unknown[]> {
  return await Promise.all(kinds.map(kind => app.store.view().page(kind, '', undefined, 1000)))
}

const rootOf = (at: TestServer, account: string): Promise<Credentials> => credentialsOf(at, account, 'root-like')

/** Has an administrator declared, and gives its credentials. */
async function credentialsOf(at: TestServer, account: string, name: string): Promise<Credentials> {
  const id = `AKIA${account}${name.replaceAll(/\W/g, '').toUpperCase()}`
  const policies = '[arn:aws:iam::aws:policy/AdministratorAccess]'
  const text = `users: [{ name: ${name}, policies: ${policies}, accessKeys: [{ id: ${id}, secret: ${secret} }] }]`
  await apply(about(account, text), at)
  return { accessKeyId: id, secretAccessKey: secret }
}

// The example of the documentation

const page = readFileSync(new URL('../../../docs/access.md', import.meta.url), 'utf8')
const [, example = ''] = /^```yaml\n(accounts:\n[^]*?)^```$/m.exec(page) ?? []
const account = '111122223333'

/** What the server says of its file at the start. */
const noticeOf = ({ app }: TestServer): string => app.notices.find(text => text.startsWith('The bootstrap file ')) ?? ''

async function startWithExample(t: TestContext): Promise<{ file: string; started: TestServer }> {
  const file = join(folder, 'example.yaml')
  writeFileSync(file, example)
  process.env['CI_SECRET_ACCESS_KEY'] = secret
  t.after(() => delete process.env['CI_SECRET_ACCESS_KEY'])
  return { file, started: await start(['--bootstrap', file]) }
}

test('the example of the documentation makes what it declares, and all of it works', async t => {
  const { file, started } = await startWithExample(t)
  t.after(() => started.stop())
  assert.equal(noticeOf(started), `The bootstrap file ${file}: 8 made, 0 changed.`)

  const ci = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: secret }
  const { UserId, ...caller } = await membersOf(started.sts({ credentials: ci }).getCallerIdentity({}))
  assert.match(UserId ?? '', /^AIDA/)
  assert.deepEqual(caller, { Account: account, Arn: `arn:aws:iam::${account}:user/ci` })

  const kms = started.client({ credentials: ci })
  const { CiphertextBlob } = await kms.encrypt({ KeyId: 'alias/app', Plaintext: Buffer.from('attack at dawn') })
  const { Plaintext } = await kms.decrypt({ CiphertextBlob })
  assert.equal(Buffer.from(Plaintext ?? []).toString(), 'attack at dawn')
  // What the policy does not name.
  await assert.rejects(kms.describeKey({ KeyId: 'alias/app' }), { name: 'AccessDeniedException' })

  const { Credentials: given } = await started.sts({ credentials: ci }).assumeRole({
    RoleArn: `arn:aws:iam::${account}:role/deploy`,
    RoleSessionName: 'release',
    DurationSeconds: 7200,
  })
  const session = {
    accessKeyId: given?.AccessKeyId ?? '',
    secretAccessKey: given?.SecretAccessKey ?? '',
    sessionToken: given?.SessionToken ?? '',
  }
  const signing = {
    KeyId: 'alias/release-signing',
    Message: Buffer.from('v1'),
    SigningAlgorithm: 'ECDSA_SHA_256',
  } as const
  const deploy = started.client({ region: 'eu-central-1', credentials: session })
  const { Signature } = await deploy.sign(signing)
  assert.ok(Signature)
  await assert.rejects(started.client({ region: 'eu-central-1', credentials: ci }).sign(signing), {
    name: 'AccessDeniedException',
  })

  const admin = { region: 'eu-central-1', credentials: await rootOf(started, account) }
  const { KeyMetadata: key } = await started.client(admin).describeKey({ KeyId: 'alias/release-signing' })
  assert.deepEqual([key?.AWSAccountId, key?.KeySpec, key?.KeyUsage], [account, 'ECC_NIST_P256', 'SIGN_VERIFY'])
  const iam = started.iam(admin)
  const { Groups } = await iam.listGroupsForUser({ UserName: 'olivia' })
  assert.deepEqual(
    Groups?.map(({ GroupName }) => GroupName),
    ['operators'],
  )
})

test('a second start does nothing, and leaves no trace', async t => {
  const { file, started } = await startWithExample(t)
  const before = { rows: await rowsOf(started), records: await started.records() }
  const again = await started.restart()
  t.after(() => again.stop())
  assert.equal(noticeOf(again), `The bootstrap file ${file}: 0 made, 0 changed.`)
  assert.deepEqual(await rowsOf(again), before.rows)
  assert.deepEqual(await again.records(), before.records)
})

test('all of it is in the audit log, as done by the account, and no secret is', async t => {
  const { started } = await startWithExample(t)
  t.after(() => started.stop())
  const records = (await started.records()).filter(({ recipientAccountId }) => recipientAccountId === account)
  assert.deepEqual(
    records.map(({ eventName }) => eventName),
    [
      'CreatePolicy',
      'CreateGroup',
      'AttachGroupPolicy',
      'CreateUser',
      'AttachUserPolicy',
      'CreateAccessKey',
      'CreateUser',
      'AddUserToGroup',
      'CreateRole',
      'PutRolePolicy',
      'CreateKey',
      'CreateAlias',
      'CreateKey',
      'CreateAlias',
    ],
  )
  for (const record of records) {
    const { arn, type } = record['userIdentity'] as { arn: string; type: string }
    assert.deepEqual([type, arn], ['Root', `arn:aws:iam::${account}:root`])
    assert.equal(record['userAgent'], 'keyreeve bootstrap')
    assert.equal(record['errorCode'], undefined)
  }
  const accessKey = records.find(({ eventName }) => eventName === 'CreateAccessKey')
  assert.deepEqual(accessKey?.['requestParameters'], { userName: 'ci', accessKeyId: 'AKIAIOSFODNN7EXAMPLE' })
  const [key, alias] = records.filter(({ awsRegion }) => awsRegion === 'eu-central-1')
  assert.equal(key?.['requestID'], alias?.['requestID'])
  assert.notEqual(key?.['eventID'], alias?.['eventID'])
  assert.ok(key && alias)
  const { keyId, arn } = (key['responseElements'] as { keyMetadata: { keyId: string; arn: string } }).keyMetadata
  assert.deepEqual(alias['requestParameters'], { aliasName: 'alias/release-signing', targetKeyId: keyId })
  assert.equal(alias['responseElements'], null)
  assert.deepEqual(
    (alias['resources'] as { ARN: string }[]).map(({ ARN }) => ARN),
    [arn, `arn:aws:kms:eu-central-1:${account}:alias/release-signing`],
  )
  assert.ok(!JSON.stringify(await started.records()).includes(secret))
  assert.ok(!JSON.stringify(started.logged).includes(secret))
  assert.ok(!started.app.notices.join().includes(secret))
})

// Differences

const statement = (action: string) =>
  `{ Version: 2012-10-17, Statement: { Effect: Allow, Action: '${action}', Resource: '*' } }`
const trustOf = (principal: string) =>
  `{ Version: 2012-10-17, Statement: { Effect: Allow, Principal: { AWS: '${principal}' }, Action: sts:AssumeRole } }`
const boundaryArn = 'arn:aws:iam::aws:policy/AdministratorAccess'
const first = makeSigningKey('RS256', 'first')
const second = makeSigningKey('ES256', 'second')
files.set('keys.json', JSON.stringify({ keys: [first.jwk] }))
files.set('more-keys.json', JSON.stringify({ keys: [first.jwk, second.jwk] }))
files.set('secret', `${secret}\n`)

/** What is declared first, what then, and how many things that changes. */
const differences: [what: string, before: string, after: string, changed?: number][] = [
  [
    'the document of a policy',
    `policies: [{ name: p, document: ${statement('kms:Encrypt')} }]`,
    `policies: [{ name: p, document: ${statement('kms:Decrypt')} }]`,
  ],
  ['the path of a group', 'groups: [{ name: g }]', 'groups: [{ name: g, path: /x/ }]'],
  ['a policy of a group', 'groups: [{ name: g }]', `groups: [{ name: g, policies: [${boundaryArn}] }]`],
  [
    'an inline policy of a group',
    `groups: [{ name: g, inline: { i: ${statement('kms:Encrypt')} } }]`,
    `groups: [{ name: g, inline: { i: ${statement('kms:Decrypt')} } }]`,
  ],
  ['the path of a user', 'users: [{ name: u, path: /x/ }]', 'users: [{ name: u, path: / }]'],
  ['a policy of a user', 'users: [{ name: u }]', `users: [{ name: u, policies: [${boundaryArn}] }]`],
  ['an inline policy of a user', 'users: [{ name: u }]', `users: [{ name: u, inline: { i: ${statement('kms:*')} } }]`],
  ['the boundary of a user', 'users: [{ name: u }]', `users: [{ name: u, boundary: '${boundaryArn}' }]`],
  ['a tag of a user', 'users: [{ name: u, tags: { a: b } }]', 'users: [{ name: u, tags: { a: c } }]'],
  ['the groups of a user', 'groups: [{ name: g }]\nusers: [{ name: u }]', 'users: [{ name: u, groups: [g] }]'],
  [
    'the secret of an access key',
    'users: [{ name: u, accessKeys: [{ id: AKIA<account>, secret: another-long-secret }] }]',
    'users: [{ name: u, accessKeys: [{ id: AKIA<account>, secretFile: secret }] }]',
  ],
  [
    'the trust policy of a role',
    `roles: [{ name: r, trust: ${trustOf('111122223333')} }]`,
    `roles: [{ name: r, trust: ${trustOf('444455556666')} }]`,
  ],
  [
    'description, longest session, boundary, tags and policies of a role, as one thing',
    `roles: [{ name: r, trust: ${trustOf('111122223333')} }]`,
    `roles: [{ name: r, trust: ${trustOf('111122223333')}, description: d, maxSession: 43200, boundary: '${boundaryArn}', tags: { a: b }, policies: ['${boundaryArn}'], inline: { i: ${statement('kms:*')} } }]`,
  ],
  [
    'the client ids of an OIDC provider',
    'oidcProviders: [{ url: https://issuer.example, clientIds: [a] }]',
    'oidcProviders: [{ url: https://issuer.example, clientIds: [b, a] }]',
  ],
  [
    'the keys of an OIDC provider',
    'oidcProviders: [{ url: https://issuer.example, clientIds: [a], jwksFile: keys.json }]',
    'oidcProviders: [{ url: https://issuer.example, clientIds: [a], jwksFile: more-keys.json }]',
  ],
  [
    'the description of a key',
    'keys: [{ alias: alias/a, region: us-east-1 }]',
    'keys: [{ alias: alias/a, region: us-east-1, description: d }]',
  ],
  [
    'policy, tags and aliases of a key, as one thing',
    'keys: [{ alias: alias/a, region: us-east-1 }]',
    `keys: [{ alias: alias/a, aliases: [alias/b, alias/c], region: us-east-1, tags: { a: b }, policy: '{"Statement":[{"Effect":"Allow","Principal":{"AWS":"<account>"},"Action":"kms:*","Resource":"*"}]}' }]`,
  ],
  [
    'several things',
    'users: [{ name: u }, { name: v }, { name: w }]',
    'users: [{ name: u, tags: { a: b } }, { name: v }, { name: w, tags: { a: b } }]',
    2,
  ],
]
for (const [what, before, then, changed = 1] of differences) {
  test(`changes ${what}, and counts it`, async () => {
    const id = freshAccount()
    const fill = (text: string): string => about(id, text.replaceAll('<account>', id))
    const [made] = await counts(fill(before))
    assert.ok(made > 0)
    assert.deepEqual(await counts(fill(before)), [0, 0])
    assert.deepEqual(await counts(fill(then)), [0, changed])
    const rows = await rowsOf(server)
    assert.deepEqual(await counts(fill(then)), [0, 0])
    assert.deepEqual(await rowsOf(server), rows)
  })
}

test('what a file no longer declares, or leaves out, stays as it is', async () => {
  const id = freshAccount()
  const whole = `
policies: [{ name: p, path: /x/, description: d, document: ${statement('kms:*')} }]
oidcProviders: [{ url: https://issuer.example, clientIds: [a], jwksFile: keys.json }]
groups: [{ name: g, path: /x/, policies: ['${boundaryArn}'], inline: { i: ${statement('kms:*')} } }]
users: [{ name: u, path: /x/, policies: ['${boundaryArn}'], inline: { i: ${statement('kms:*')} }, boundary: '${boundaryArn}', groups: [g], tags: { a: b }, accessKeys: [{ id: AKIA${id}, secret: ${secret} }] }]
roles: [{ name: r, path: /x/, trust: ${trustOf(id)}, description: d, maxSession: 7200, policies: ['${boundaryArn}'], inline: { i: ${statement('kms:*')} }, boundary: '${boundaryArn}', tags: { a: b } }]
keys: [{ aliases: [alias/a, alias/b], region: us-east-1, spec: HMAC_256, usage: GENERATE_VERIFY_MAC, description: d, tags: { a: b }, multiRegion: true }]`
  assert.deepEqual(await counts(about(id, whole)), [7, 0])
  const rows = await rowsOf(server)
  const bare = `
policies: [{ name: p, document: ${statement('kms:*')} }]
oidcProviders: [{ url: https://issuer.example, clientIds: [] }]
groups: [{ name: g }]
users: [{ name: u, tags: {}, groups: [], policies: [], inline: {} }]
roles: [{ name: r, trust: ${trustOf(id)} }]
keys: [{ alias: alias/a, region: us-east-1 }]`
  for (const text of [bare, 'policies:\ngroups:\nusers:\nroles:\noidcProviders:\nkeys:', '{}']) {
    assert.deepEqual(await counts(about(id, text)), [0, 0])
    assert.deepEqual(await rowsOf(server), rows)
  }
  assert.deepEqual(await counts('accounts:'), [0, 0])
  assert.deepEqual(await counts('# nothing yet'), [0, 0])
})

test('what else the API has made stays beside what is declared', async () => {
  const id = freshAccount()
  const credentials = await rootOf(server, id)
  const iam = server.iam({ credentials })
  const declared = about(id, `users: [{ name: u, policies: ['${boundaryArn}'], tags: { a: b } }]`)
  await apply(declared)
  await iam.tagUser({ UserName: 'u', Tags: [{ Key: 'c', Value: 'd' }] })
  await iam.attachUserPolicy({ UserName: 'u', PolicyArn: 'arn:aws:iam::aws:policy/IAMFullAccess' })
  await iam.createUser({ UserName: 'other' })
  assert.deepEqual(await counts(declared), [0, 0])
  await iam.detachUserPolicy({ UserName: 'u', PolicyArn: boundaryArn })
  assert.deepEqual(await counts(declared), [0, 1])
  const { AttachedPolicies } = await iam.listAttachedUserPolicies({ UserName: 'u' })
  assert.equal(AttachedPolicies?.length, 2)
})

test('an access key that was put out of use stays so', async () => {
  const id = freshAccount()
  const credentials = await rootOf(server, id)
  const keyId = `AKIA${id}WITHDRAWN`
  const declared = about(id, `users: [{ name: u, accessKeys: [{ id: ${keyId}, secret: ${secret} }] }]`)
  await apply(declared)
  await server.iam({ credentials }).updateAccessKey({ UserName: 'u', AccessKeyId: keyId, Status: 'Inactive' })
  assert.deepEqual(await counts(declared), [0, 0])
  await refused(
    server.sts({ credentials: { accessKeyId: keyId, secretAccessKey: secret } }).getCallerIdentity({}),
    'InvalidClientTokenId',
    'The security token included in the request is invalid.',
    403,
  )
})

test('with another secret the former one is worth nothing', async () => {
  const id = freshAccount()
  const keyId = `AKIA${id}ROTATED`
  const declared = (given: string) =>
    about(id, `users: [{ name: u, accessKeys: [{ id: ${keyId}, secret: ${given} }] }]`)
  const signIn = (secretAccessKey: string) =>
    server.sts({ credentials: { accessKeyId: keyId, secretAccessKey } }).getCallerIdentity({})
  await apply(declared('the-former-secret-of-it'))
  await signIn('the-former-secret-of-it')
  assert.deepEqual(await counts(declared(secret)), [0, 1])
  await signIn(secret)
  await assert.rejects(signIn('the-former-secret-of-it'), { name: 'SignatureDoesNotMatch' })
})

test('a former version of a policy is taken again, and of five the oldest makes room', async () => {
  const id = freshAccount()
  const credentials = await rootOf(server, id)
  const declared = (action: string) => about(id, `policies: [{ name: p, document: ${statement(action)} }]`)
  /** Their ids, the default one in brackets. */
  const versions = async (): Promise<string[]> => {
    const { Versions } = await server
      .iam({ credentials })
      .listPolicyVersions({ PolicyArn: `arn:aws:iam::${id}:policy/p` })
    return (Versions ?? [])
      .map(({ VersionId, IsDefaultVersion }) => (IsDefaultVersion ? `[${VersionId}]` : `${VersionId}`))
      .sort()
  }
  assert.deepEqual(await counts(declared('kms:A')), [1, 0])
  assert.deepEqual(await counts(declared('kms:B')), [0, 1])
  assert.deepEqual(await counts(declared('kms:A')), [0, 1])
  assert.deepEqual(await versions(), ['[v1]', 'v2'])
  for (const action of ['kms:C', 'kms:D', 'kms:E', 'kms:F']) assert.deepEqual(await counts(declared(action)), [0, 1])
  assert.deepEqual(await versions(), ['[v6]', 'v2', 'v3', 'v4', 'v5'])
})

// What there can be

test('accounts are apart, though their things have the same names', async () => {
  const [one, two] = [freshAccount(), freshAccount()]
  const things = (id: string) => `
policies: [{ name: p, document: ${statement('kms:*')} }]
groups: [{ name: g, policies: ['arn:aws:iam::${id}:policy/p'] }]
users: [{ name: u, groups: [g], accessKeys: [{ id: AKIA${id}, secret: ${secret} }] }]
roles: [{ name: r, trust: ${trustOf(`arn:aws:iam::${id}:user/u`)} }]
keys: [{ alias: alias/a, region: us-east-1 }]`
  const both = about(one, things(one)) + about(two, things(two)).replace('accounts:\n', '')
  assert.deepEqual(await counts(both), [12, 0])
  assert.deepEqual(await counts(both), [0, 0])
  const clients = [one, two].map(id =>
    server.client({ credentials: { accessKeyId: `AKIA${id}`, secretAccessKey: secret } }),
  )
  const found = await Promise.all(clients.map(client => client.describeKey({ KeyId: 'alias/a' })))
  assert.deepEqual(
    found.map(({ KeyMetadata }) => KeyMetadata?.AWSAccountId),
    [one, two],
  )
  await assert.rejects(clients[0]!.describeKey({ KeyId: found[1]?.KeyMetadata?.Arn }), {
    name: 'AccessDeniedException',
  })
})

test('a role of one account trusts a user of another, whichever comes first', async () => {
  const [one, two] = [freshAccount(), freshAccount()]
  const roles = (id: string, other: string) =>
    `users: [{ name: u, policies: ['${boundaryArn}'], accessKeys: [{ id: AKIA${id}, secret: ${secret} }] }]\n` +
    `roles: [{ name: r, trust: ${trustOf(`arn:aws:iam::${other}:user/u`)} }]`
  await apply(about(one, roles(one, two)) + about(two, roles(two, one)).replace('accounts:\n', ''))
  for (const [id, other] of [
    [one, two],
    [two, one],
  ] as const) {
    const sts = server.sts({ credentials: { accessKeyId: `AKIA${id}`, secretAccessKey: secret } })
    await sts.assumeRole({ RoleArn: `arn:aws:iam::${other}:role/r`, RoleSessionName: 'visit' })
  }
})

test('multi-Region keys, imported keys and keys of every usage', async () => {
  const id = freshAccount()
  const declared = about(
    id,
    `
keys:
  - { alias: alias/many, region: eu-west-1, multiRegion: true }
  - { alias: alias/own, region: eu-west-1, origin: EXTERNAL }
  - { alias: alias/mac, region: us-east-1, spec: HMAC_256, usage: GENERATE_VERIFY_MAC, multiRegion: false }
  - { alias: alias/many, region: us-east-1 }`,
  )
  assert.deepEqual(await counts(declared), [4, 0])
  assert.deepEqual(await counts(declared), [0, 0])
  const credentials = await rootOf(server, id)
  const describe = async (region: string, KeyId: string) =>
    (await server.client({ region, credentials }).describeKey({ KeyId })).KeyMetadata
  const many = await describe('eu-west-1', 'alias/many')
  assert.match(many?.KeyId ?? '', /^mrk-/)
  assert.equal(many?.MultiRegionConfiguration?.MultiRegionKeyType, 'PRIMARY')
  assert.equal((await describe('eu-west-1', 'alias/own'))?.KeyState, 'PendingImport')
  assert.equal((await describe('us-east-1', 'alias/mac'))?.KeySpec, 'HMAC_256')
  assert.equal((await describe('us-east-1', 'alias/many'))?.MultiRegion, false)
})

test('a key may leave everything to others, even the right to change it', async () => {
  const id = freshAccount()
  const policy = (description: string) =>
    `keys: [{ alias: alias/a, region: us-east-1, description: ${description}, policy: '{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}]}' }]`
  // The alias comes with the key: later the account could not give it one.
  assert.deepEqual(await counts(about(id, policy('d'))), [1, 0])
  assert.deepEqual(await counts(about(id, policy('d'))), [0, 0])
  await assert.rejects(apply(about(id, policy('e'))), (error: Error) => {
    assert.ok(error instanceof BootstrapError)
    assert.match(
      error.message,
      /^The key alias\/a in us-east-1 of account \d+ cannot be made so: UpdateKeyDescription answers AccessDeniedException: /,
    )
    return true
  })
})

test('a provider whose keys are in a file vouches for those whose tokens they sign', async () => {
  const id = freshAccount()
  const provider = `arn:aws:iam::${id}:oidc-provider/issuer.example/realm`
  const declared = (file: string) =>
    about(
      id,
      `
oidcProviders: [{ url: https://issuer.example/realm, clientIds: [app], jwksFile: ${file} }]
roles:
  - name: r
    trust: { Version: 2012-10-17, Statement: { Effect: Allow, Principal: { Federated: '${provider}' }, Action: sts:AssumeRoleWithWebIdentity, Condition: { StringEquals: { issuer.example/realm:aud: app } } } }`,
    )
  assert.deepEqual(await counts(declared('keys.json')), [2, 0])
  const now = Math.floor(server.clock.now() / 1000)
  const claims = { iss: 'https://issuer.example/realm', sub: 'job', aud: 'app', iat: now, exp: now + 300 }
  const assume = (key: typeof first) =>
    server.sts().assumeRoleWithWebIdentity({
      RoleArn: `arn:aws:iam::${id}:role/r`,
      RoleSessionName: 'job',
      WebIdentityToken: signToken(key, claims),
    })
  assert.equal((await assume(first)).SubjectFromWebIdentityToken, 'job')
  await assert.rejects(assume(second), { name: 'InvalidIdentityTokenException' })
  assert.deepEqual(await counts(declared('more-keys.json')), [0, 1])
  assert.equal((await assume(second)).SubjectFromWebIdentityToken, 'job')
})

test('credentials such as emulators have work, with a notice that they are for tests', async t => {
  const file = join(folder, 'emulator.yaml')
  const policies = "['arn:aws:iam::aws:policy/AdministratorAccess']"
  writeFileSync(
    file,
    about('000000000000', `users: [{ name: test, policies: ${policies}, accessKeys: [{ id: test, secret: test }] }]`),
  )
  const started = await start(['--bootstrap', file])
  const weak = 'The secret of the access key test is so short that others can guess it. Such a one is for tests alone.'
  assert.deepEqual(started.app.notices.slice(-2), [`The bootstrap file ${file}: 2 made, 0 changed.`, weak])
  const again = await started.restart()
  t.after(() => again.stop())
  assert.deepEqual(again.app.notices.slice(-2), [`The bootstrap file ${file}: 0 made, 0 changed.`, weak])
  const kms = again.client({ credentials: { accessKeyId: 'test', secretAccessKey: 'test' } })
  const { KeyMetadata } = await kms.createKey({})
  assert.equal(KeyMetadata?.AWSAccountId, '000000000000')
  await assert.rejects(again.client({ credentials: { accessKeyId: 'test', secretAccessKey: 'Test' } }).listKeys({}), {
    name: 'InvalidSignatureException',
  })
})

test('files with secrets that others can read bring a notice', { skip: process.platform === 'win32' }, async t => {
  const file = join(folder, 'exposed.yaml')
  const [open, closed] = [join(folder, 'open.secret'), join(folder, 'closed.secret')]
  const keys = (...sources: string[]) => sources.map((source, index) => `{ id: EXPOSED${index}, ${source} }`).join(', ')
  const write = (...sources: string[]): void => {
    writeFileSync(file, about('000000000000', `users: [{ name: u, accessKeys: [${keys(...sources)}] }]`))
  }
  for (const path of [open, closed]) writeFileSync(path, secret)
  const modes = (of: Record<string, number>): void => {
    for (const [path, mode] of Object.entries(of)) chmodSync(path, mode)
  }
  write('secretFile: open.secret', 'secretFile: closed.secret')
  modes({ [file]: 0o644, [open]: 0o640, [closed]: 0o600 })
  const notice = (path: string) =>
    `Other users can read or write ${path}, which holds secrets. Run: chmod 600 '${path}'`
  const exposed = ({ app }: TestServer) => app.notices.filter(text => text.startsWith('Other users'))
  const started = await start(['--bootstrap', file])
  assert.deepEqual(exposed(started), [notice(open)])
  write(`secret: ${secret}`, 'secretFile: closed.secret')
  const again = await started.restart()
  assert.deepEqual(exposed(again), [notice(file)])
  modes({ [file]: 0o600 })
  const last = await again.restart()
  t.after(() => last.stop())
  assert.deepEqual(exposed(last), [])
})

test('a secret of sixteen characters brings no notice, one of fifteen does', async () => {
  const id = freshAccount()
  const keys = '[{ id: AAA, secret: 0123456789abcdef }, { id: BBB, secret: 0123456789abcde }]'
  const { weak } = await apply(about(id, `users: [{ name: u, accessKeys: ${keys} }]`))
  assert.deepEqual(weak, ['BBB'])
})

test('secrets are wiped once they are used', async () => {
  const id = freshAccount()
  const declaration = parse(about(id, `users: [{ name: u, accessKeys: [{ id: AKIA${id}, secret: ${secret} }] }]`))
  const [user] = declaration.accounts.get(id)?.users ?? []
  const [accessKey] = user?.accessKeys ?? []
  await applyBootstrap(server.app, declaration)
  assert.equal(accessKey?.secret.length, secret.length)
  assert.ok(accessKey?.secret.every(byte => byte === 0))
})

// Crashes and races

const everything = (id: string) =>
  about(
    id,
    `
policies: [{ name: p, document: ${statement('kms:*')} }]
groups: [{ name: g, policies: ['arn:aws:iam::${id}:policy/p'] }]
users: [{ name: u, groups: [g], accessKeys: [{ id: AKIA${id}, secret: ${secret} }] }]
roles: [{ name: r, trust: ${trustOf(id)}, policies: ['arn:aws:iam::${id}:policy/p'] }]
oidcProviders: [{ url: https://issuer.example, clientIds: [a], jwksFile: keys.json }]
keys: [{ aliases: [alias/a, alias/b], region: us-east-1 }, { alias: alias/c, region: us-east-1 }]`,
  )

/** Has the store do something else in place of a commit, while `work` runs. */
async function withCommits(
  instead: (commit: () => ReturnType<DocumentStore['commit']>) => ReturnType<DocumentStore['commit']>,
  work: () => Promise<void>,
): Promise<void> {
  const { store } = server.app
  const original = store.commit.bind(store)
  store.commit = (...given) => instead(() => original(...given))
  try {
    await work()
  } finally {
    store.commit = original
  }
}

const countOf = async (kind: Kind, id: string): Promise<number> =>
  (await server.app.store.view().page(kind, `${id}/`, undefined, 100)).length

for (const when of ['before', 'after'] as const) {
  test(`a crash ${when} any of the commits leaves nothing that the next start does not put right`, async () => {
    let isOver = false
    for (let crashAt = 1; !isOver; crashAt++) {
      const id = freshAccount()
      let commits = 0
      await withCommits(
        async commit => {
          if (++commits !== crashAt) return await commit()
          if (when === 'after') await commit()
          throw new Error('crash')
        },
        async () => {
          const outcome = await apply(everything(id)).catch((error: Error) => error)
          isOver = !(outcome instanceof Error)
          if (!isOver) assert.equal((outcome as Error).message, 'crash')
        },
      )
      await apply(everything(id))
      assert.deepEqual(await counts(everything(id)), [0, 0], `commit ${crashAt}`)
      assert.deepEqual([await countOf('key', id), await countOf('alias', id)], [2, 3], `commit ${crashAt}`)
      assert.ok(crashAt < 50)
    }
  })
}

test('a lost race is run again with the same secret', async () => {
  const id = freshAccount()
  let isFirst = true
  await withCommits(
    async commit => {
      isFirst = !isFirst
      return isFirst ? await commit() : 'conflict'
    },
    async () => {
      assert.deepEqual(await counts(everything(id)), [8, 0])
    },
  )
  assert.deepEqual(await counts(everything(id)), [0, 0])
  const credentials = { accessKeyId: `AKIA${id}`, secretAccessKey: secret }
  await server.client({ credentials }).encrypt({ KeyId: 'alias/b', Plaintext: Buffer.from('x') })
})

// What cannot be done

const key = (more: string) => `keys: [{ alias: alias/a, region: us-east-1, ${more} }]`
/** With what is there, what is declared then, and what is said about it. */
const impossible: [what: string, before: string, then: string, message: RegExp | string][] = [
  [
    'another spec of a key',
    key('spec: HMAC_256, usage: GENERATE_VERIFY_MAC'),
    key('spec: HMAC_512'),
    'The key alias/a in us-east-1 of account <account> is there with the spec HMAC_256, which cannot be changed into HMAC_512.',
  ],
  [
    'another usage of a key',
    key('spec: RSA_2048, usage: SIGN_VERIFY'),
    key('usage: ENCRYPT_DECRYPT'),
    'The key alias/a in us-east-1 of account <account> is there with the usage SIGN_VERIFY, which cannot be changed into ENCRYPT_DECRYPT.',
  ],
  [
    'another origin of a key',
    key('origin: EXTERNAL'),
    key('origin: AWS_KMS'),
    'The key alias/a in us-east-1 of account <account> is there with the origin EXTERNAL, which cannot be changed into AWS_KMS.',
  ],
  [
    'a multi-Region key of one that is none',
    key('description: d'),
    key('multiRegion: true'),
    'The key alias/a in us-east-1 of account <account> is there with the multiRegion false, which cannot be changed into true.',
  ],
  [
    'another path of a role',
    `roles: [{ name: r, trust: ${trustOf('111122223333')} }]`,
    `roles: [{ name: r, path: /x/, trust: ${trustOf('111122223333')} }]`,
    'The role r of account <account> is there with the path /, which cannot be changed into /x/.',
  ],
  [
    'another path of a policy',
    `policies: [{ name: p, document: ${statement('kms:*')} }]`,
    `policies: [{ name: p, path: /x/, document: ${statement('kms:*')} }]`,
    'The policy p of account <account> is there with the path /, which cannot be changed into /x/.',
  ],
  [
    'another description of a policy',
    `policies: [{ name: p, document: ${statement('kms:*')} }]`,
    `policies: [{ name: p, description: d, document: ${statement('kms:*')} }]`,
    'The policy p of account <account> is there with the description (none), which cannot be changed into d.',
  ],
  [
    'a name that differs in case only',
    'users: [{ name: Ann }]',
    'users: [{ name: ann }]',
    'The user ann of account <account> cannot be made so: CreateUser answers EntityAlreadyExistsException: User with name ann already exists.',
  ],
  [
    'a group that there is not',
    '{}',
    'users: [{ name: u, groups: [nobodies] }]',
    'The user u of account <account> cannot be made so: AddUserToGroup answers NoSuchEntityException: The group with name nobodies cannot be found.',
  ],
  [
    'a policy that there is not',
    '{}',
    'users: [{ name: u, policies: [arn:aws:iam::aws:policy/None] }]',
    /^The user u of account \d+ cannot be made so: AttachUserPolicy answers NoSuchEntityException: .*arn:aws:iam::aws:policy\/None/,
  ],
  [
    'a policy that is none',
    '{}',
    'policies: [{ name: p, document: { Version: 2012-10-17, Statement: { Effect: Perhaps } } }]',
    /^The policy p of account \d+ cannot be made so: CreatePolicy answers MalformedPolicyDocumentException: /,
  ],
  [
    'a policy that is no JSON',
    '{}',
    'users: [{ name: u, inline: { i: "{" } }]',
    /^The user u of account \d+ cannot be made so: PutUserPolicy answers MalformedPolicyDocumentException: /,
  ],
  [
    'a trust policy without a principal',
    '{}',
    `roles: [{ name: r, trust: ${statement('sts:AssumeRole')} }]`,
    /^The role r of account \d+ cannot be made so: CreateRole answers MalformedPolicyDocumentException: /,
  ],
  [
    'a key policy that is none',
    '{}',
    key('policy: { Statement: [] }'),
    /^The key alias\/a in us-east-1 of account \d+ cannot be made so: CreateKey answers MalformedPolicyDocumentException: /,
  ],
  [
    'a spec that there is not',
    '{}',
    key('spec: AES_512'),
    /^The key alias\/a in us-east-1 of account \d+ cannot be made so: CreateKey answers ValidationException: /,
  ],
  [
    'an alias without its prefix',
    '{}',
    'keys: [{ alias: a, region: us-east-1 }]',
    /^The key a in us-east-1 of account \d+ cannot be made so: CreateKey answers ValidationException: Alias must start with the prefix/,
  ],
  [
    'an alias of the service',
    '{}',
    'keys: [{ alias: alias/aws/s3, region: us-east-1 }]',
    'The key alias/aws/s3 in us-east-1 of account <account> cannot be made so: CreateKey answers NotAuthorizedException: NotAuthorizedException.',
  ],
  [
    'a further alias that another key has',
    'keys: [{ alias: alias/a, region: us-east-1 }, { alias: alias/b, region: us-east-1 }]',
    'keys: [{ aliases: [alias/a, alias/b], region: us-east-1 }]',
    'The key alias/a in us-east-1 of account <account> cannot be made so: CreateAlias answers AlreadyExistsException: An alias with the name arn:aws:kms:us-east-1:<account>:alias/b already exists.',
  ],
  [
    'a further alias that another key has, for a key that is not there yet',
    'keys: [{ alias: alias/b, region: us-east-1 }]',
    'keys: [{ aliases: [alias/new, alias/b], region: us-east-1 }]',
    'The key alias/new in us-east-1 of account <account> cannot be made so: CreateKey answers AlreadyExistsException: An alias with the name arn:aws:kms:us-east-1:<account>:alias/b already exists.',
  ],
  [
    'a Region that is not served',
    '{}',
    'users: [{ name: u }]\nkeys: [{ alias: alias/a, region: moon-east-1 }]',
    'The key alias/a in moon-east-1 cannot be made: this server does not serve that Region.',
  ],
  [
    'a third access key',
    `users: [{ name: u, accessKeys: [{ id: A<account>, secret: ${secret} }, { id: B<account>, secret: ${secret} }] }]`,
    `users: [{ name: u, accessKeys: [{ id: C<account>, secret: ${secret} }] }]`,
    'The access key C<account> of user u of account <account> cannot be made so: CreateAccessKey answers LimitExceededException: Cannot exceed quota for AccessKeysPerUser: 2.',
  ],
  [
    'an access key of another user',
    `users: [{ name: u, accessKeys: [{ id: A<account>, secret: ${secret} }] }]`,
    `users: [{ name: v, accessKeys: [{ id: A<account>, secret: ${secret} }] }]`,
    'The access key A<account> of user v of account <account> cannot be made so: CreateAccessKey answers EntityAlreadyExistsException: There is an access key A<account> of somebody else.',
  ],
  [
    'a provider without https',
    '{}',
    'oidcProviders: [{ url: http://issuer.example, clientIds: [a] }]',
    /^The OIDC provider http:\/\/issuer.example of account \d+ cannot be made so: CreateOpenIDConnectProvider answers ValidationException: /,
  ],
  [
    'a file of keys that holds none',
    '{}',
    'oidcProviders: [{ url: https://issuer.example, clientIds: [a], jwksFile: secret }]',
    /^The OIDC provider https:\/\/issuer.example of account \d+ cannot be made so: UpdateOpenIDConnectProviderKeys answers InvalidInputException: Its file of keys holds no JSON/,
  ],
]
for (const [what, before, then, message] of impossible) {
  test(`says that it cannot make ${what}`, async () => {
    const id = freshAccount()
    const fill = (text: string): string => text.replaceAll('<account>', id)
    await apply(about(id, fill(before)))
    const keys = await countOf('key', id)
    await assert.rejects(apply(about(id, fill(then))), (error: Error) => {
      assert.ok(error instanceof BootstrapError, String(error))
      if (typeof message === 'string') assert.equal(error.message, fill(message))
      else assert.match(error.message, message)
      assert.ok(!error.message.includes(secret) && !error.message.includes('\n'))
      return true
    })
    assert.equal(await countOf('key', id), keys)
  })
}

test('a Region that is not served is said before anything is made', async () => {
  const id = freshAccount()
  const other = freshAccount()
  const text =
    about(id, 'users: [{ name: u }]') +
    about(other, 'keys: [{ alias: alias/a, region: moon-east-1 }]').replace('accounts:\n', '')
  await assert.rejects(apply(text), BootstrapError)
  assert.equal(await countOf('user', id), 0)
})

// Mistakes in the file

const user = (more: string) => about('111122223333', `users: [{ name: u, ${more} }]`)
const accessKey = (more: string) => user(`accessKeys: [{ id: AKIAIOSFODNN7EXAMPLE, ${more} }]`)
const at = 'accounts.111122223333'

const mistakes: [what: string, text: string, message: RegExp | string][] = [
  ['a list in place of the file', '- a', 'The file must be a group of names with values, indented below it.'],
  ['text in place of the file', 'accounts', 'The file must be a group of names with values, indented below it.'],
  ['an unknown member of the file', 'acounts: {}', 'acounts is not known. Known are accounts.'],
  [
    'accounts in a list',
    'accounts: [111122223333]',
    'accounts must be a group of names with values, indented below it.',
  ],
  ['an account of eleven digits', about('11112222333', '{}'), 'accounts.11112222333 must be an account: 12 digits.'],
  ['an account that is a name', about('prod', '{}'), 'accounts.prod must be an account: 12 digits.'],
  ['an account of nothing', about('""', '{}'), 'accounts. must be an account: 12 digits.'],
  [
    'an unknown member of an account',
    about('111122223333', 'user: []'),
    `${at}.user is not known. Known are policies, groups, users, roles, oidcProviders, keys.`,
  ],
  ['users by name', about('111122223333', 'users: { u: {} }'), `${at}.users must be a list.`],
  [
    'a user that is text',
    about('111122223333', 'users: [u]'),
    `${at}.users[0] must be a group of names with values, indented below it.`,
  ],
  ['a user without a name', about('111122223333', 'users: [{ path: / }]'), `${at}.users[0].name must be text.`],
  [
    'an unknown member of a user',
    user('pasword: x'),
    /^accounts\.111122223333\.users\[0\]\.pasword is not known\. Known are name, path, /,
  ],
  [
    'an unknown member __proto__',
    user('__proto__: { name: x }'),
    /^accounts\.111122223333\.users\[0\]\.__proto__ is not known\. /,
  ],
  ['a path that is a list', user('path: [/]'), `${at}.users[0].path must be text.`],
  [
    'policies that are text',
    user('policies: arn:aws:iam::aws:policy/AdministratorAccess'),
    `${at}.users[0].policies must be a list.`,
  ],
  ['a policy that is a group', user('policies: [{ a: b }]'), `${at}.users[0].policies[0] must be text.`],
  [
    'an inline policy that is a list',
    user('inline: { i: [] }'),
    `${at}.users[0].inline.i must be a policy: its members, indented below it, or its JSON as text.`,
  ],
  [
    'an inline policy of nothing',
    user('inline: { i: }'),
    `${at}.users[0].inline.i must be a policy: its members, indented below it, or its JSON as text.`,
  ],
  ['a tag that is a list', user('tags: { a: [b] }'), `${at}.users[0].tags.a must be text.`],
  ['tags in a list', user('tags: [a]'), `${at}.users[0].tags must be a group of names with values, indented below it.`],
  [
    'an access key without a secret',
    accessKey(''),
    `${at}.users[0].accessKeys[0] must have one of secret, secretFile, secretVariable.`,
  ],
  [
    'an access key with two secrets',
    accessKey(`secret: ${secret}, secretFile: secret`),
    `${at}.users[0].accessKeys[0] must have one of secret, secretFile, secretVariable.`,
  ],
  ['a secret of nothing', accessKey('secret: ""'), `${at}.users[0].accessKeys[0].secret must be text.`],
  [
    'a secret with a blank',
    accessKey(`secret: "${secret} "`),
    `${at}.users[0].accessKeys[0].secret must be 1 to 128 characters of ASCII without blanks.`,
  ],
  [
    'a secret that is not ASCII',
    accessKey(`secret: "${secret}é"`),
    `${at}.users[0].accessKeys[0].secret must be 1 to 128 characters of ASCII without blanks.`,
  ],
  [
    'a secret that is too long',
    accessKey(`secret: ${secret.repeat(4)}`),
    `${at}.users[0].accessKeys[0].secret must be 1 to 128 characters of ASCII without blanks.`,
  ],
  [
    'a variable that is not set',
    accessKey('secretVariable: MISSING'),
    `${at}.users[0].accessKeys[0].secretVariable names MISSING, which is not set.`,
  ],
  [
    'a variable that is empty',
    accessKey('secretVariable: EMPTY'),
    `${at}.users[0].accessKeys[0].secretVariable names EMPTY, which is not set.`,
  ],
  [
    'a file that is not there',
    accessKey('secretFile: missing'),
    `${at}.users[0].accessKeys[0].secretFile names missing, which cannot be read: ENOENT: no such file.`,
  ],
  [
    'an access key without an id',
    user(`accessKeys: [{ secret: ${secret} }]`),
    `${at}.users[0].accessKeys[0].id must be text.`,
  ],
  ...['ab', 'a-b-c', 'ASIAIOSFODNN7EXAMPLE', 'a'.repeat(129)].map((id): [string, string, string] => [
    `an access key id such as ${id.slice(0, 20)}`,
    user(`accessKeys: [{ id: ${id}, secret: ${secret} }]`),
    `${at}.users[0].accessKeys[0].id must have 3 to 128 letters and digits, and not begin with ASIA.`,
  ]),
  [
    'an access key twice',
    about(
      '111122223333',
      `users: [{ name: u, accessKeys: [{ id: AAA, secret: ${secret} }] }, { name: v, accessKeys: [{ id: AAA, secret: ${secret} }] }]`,
    ),
    `${at}.users[1].accessKeys[0] declares what another one declares already.`,
  ],
  [
    'a user twice',
    about('111122223333', 'users: [{ name: Ann }, { name: ann }]'),
    `${at}.users[1] declares what another one declares already.`,
  ],
  [
    'an alias twice',
    about(
      '111122223333',
      'keys: [{ alias: alias/a, region: us-east-1 }, { aliases: [alias/b, alias/a], region: us-east-1 }]',
    ),
    `${at}.keys[1] declares what another one declares already.`,
  ],
  [
    'an account twice',
    'accounts: { 111122223333: {}, 111122223333: {} }',
    /^Map keys must be unique at line 1, column \d+\.$/,
  ],
  [
    'a role without a trust policy',
    about('111122223333', 'roles: [{ name: r }]'),
    `${at}.roles[0].trust must be a policy: its members, indented below it, or its JSON as text.`,
  ],
  ...['3599', '43201', '1h', '9999999'].map((length): [string, string, string] => [
    `sessions of ${length}`,
    about('111122223333', `roles: [{ name: r, trust: x, maxSession: ${length} }]`),
    `${at}.roles[0].maxSession must be seconds, 3600 to 43200.`,
  ]),
  [
    'a key without an alias',
    about('111122223333', 'keys: [{ region: us-east-1 }]'),
    `${at}.keys[0] must have an alias, by which the key is known.`,
  ],
  ['a key without a Region', about('111122223333', 'keys: [{ alias: alias/a }]'), `${at}.keys[0].region must be text.`],
  [
    'a key that is perhaps multi-Region',
    about('111122223333', 'keys: [{ alias: alias/a, region: us-east-1, multiRegion: yes }]'),
    `${at}.keys[0].multiRegion must be true or false.`,
  ],
  [
    'a provider without a URL',
    about('111122223333', 'oidcProviders: [{ clientIds: [a] }]'),
    `${at}.oidcProviders[0].url must be text.`,
  ],
  [
    'a file of keys that is not there',
    about('111122223333', 'oidcProviders: [{ url: https://a.example, jwksFile: missing }]'),
    `${at}.oidcProviders[0].jwksFile names missing, which cannot be read: ENOENT: no such file.`,
  ],
  // Of what YAML itself refuses, nothing is quoted: it may be a secret.
  [
    'a secret that is a tag to YAML',
    accessKey(`secret: !${secret.replaceAll('/', '')}`),
    /^Unresolved tag at line 3, column \d+\.$/,
  ],
  [
    'a secret that is an alias to YAML',
    accessKey(`secret: *${secret}`),
    /^There is an alias \(\*name\) without its anchor/,
  ],
  [
    'a secret that is a block to YAML',
    about('111122223333', `users:\n  - name: u\n    accessKeys:\n      - id: AAA\n        secret: >${secret}`),
    /^Block scalar header includes extra characters at line \d+, column \d+\.$/,
  ],
  ['a secret that begins with a quote', accessKey(`secret: "${secret}`), /at line \d+, column \d+\.$/],
  ['a secret behind a quoted word', accessKey(`secret: "a" ${secret}`), /at line \d+, column \d+\.$/],
  ['a tab', 'accounts:\n\t111122223333: {}', /^Tabs are not allowed as indentation at line 2, column 1\.$/],
  ['two documents', 'accounts: {}\n---\naccounts: {}', /at line 2, column 1\.$/],
  [
    'aliases without end',
    `a: &a [x]\n${Array.from({ length: 9 }, (_, level) => `b${level}: &b${level} [${`*${level === 0 ? 'a' : `b${level - 1}`}, `.repeat(9)}]`).join('\n')}`,
    /^There is an alias/,
  ],
]
for (const [what, text, message] of mistakes) {
  test(`refuses ${what}`, () => {
    assert.throws(
      () => parse(text),
      (error: Error) => {
        assert.ok(error instanceof ConfigError, String(error))
        const said = error.message.replace(/^bootstrap\.yaml: /, '')
        assert.notEqual(said, error.message)
        if (typeof message === 'string') assert.equal(said, message)
        else assert.match(said, message)
        assert.ok(!/wJalr|PxRfi/.test(said) && !said.includes('\n'), said)
        return true
      },
    )
  })
}

test('policies may be the JSON itself, secrets in files and variables, and everything text', () => {
  const json = '{"Version":"2012-10-17","Statement":[]}'
  const { accounts: parsed } = parse(`
accounts:
  000000000000:
    policies:
      - name: 012
        document: '${json}'
      - name: 'null'
        document: { Version: 2012-10-17, Statement: [{ Sid: 1, Condition: { Bool: { aws:SecureTransport: true } } }] }
    users:
      - name: u
        tags: { version: 1.0, empty: '' }
        accessKeys:
          - { id: AAA, secretFile: secret }
          - { id: BBB, secretVariable: CI_SECRET_ACCESS_KEY }
`)
  const declared = parsed.get('000000000000')
  assert.deepEqual(declared?.policies, [
    { name: '012', document: json },
    {
      name: 'null',
      document:
        '{"Version":"2012-10-17","Statement":[{"Sid":"1","Condition":{"Bool":{"aws:SecureTransport":"true"}}}]}',
    },
  ])
  const [declaredUser] = declared?.users ?? []
  assert.deepEqual(declaredUser?.tags, [
    ['version', '1.0'],
    ['empty', ''],
  ])
  assert.deepEqual(
    declaredUser?.accessKeys.map(({ id, secret: bytes }) => [id, Buffer.from(bytes).toString()]),
    [
      ['AAA', secret],
      ['BBB', secret],
    ],
  )
})

// Starts that fail

test('a mistake in the file stops the start before there is any data', async () => {
  const data = join(folder, 'never')
  const file = join(folder, 'mistake.yaml')
  writeFileSync(file, 'acounts: {}')
  const open = (named: string) =>
    openApp(
      loadConfig(['--data', data, '--bootstrap', named], {}, path => readFileSync(path)),
      () => {},
    )
  await assert.rejects(open(file), new ConfigError(`${file}: acounts is not known. Known are accounts.`))
  await assert.rejects(open(join(folder, 'missing.yaml')), (error: Error) => {
    assert.ok(error instanceof ConfigError)
    assert.match(error.message, /^bootstrap names .*missing\.yaml, which cannot be read: ENOENT/)
    return true
  })
  assert.ok(!existsSync(data))
})

test('what cannot be done stops the start, which lets go of the data folder', async t => {
  const started = await start()
  const file = join(folder, 'impossible.yaml')
  writeFileSync(file, about('111122223333', 'users: [{ name: u, groups: [none] }]'))
  await assert.rejects(started.restart({ flags: ['--bootstrap', file] }), BootstrapError)
  writeFileSync(file, about('111122223333', 'groups: [{ name: none }]\nusers: [{ name: u, groups: [none] }]'))
  const again = await start(['--bootstrap', file], { data: started.data, clock: new TestClock() })
  t.after(() => again.stop())
  assert.equal(noticeOf(again), `The bootstrap file ${file}: 1 made, 1 changed.`)
})

test('files that the file names are beside it', async t => {
  writeFileSync(join(folder, 'beside'), `${secret}\r\n`)
  const file = join(folder, 'beside.yaml')
  const id = 'AKIAIOSFODNN7EXAMPLE'
  writeFileSync(file, about('111122223333', `users: [{ name: u, accessKeys: [{ id: ${id}, secretFile: beside }] }]`))
  const started = await start(['--bootstrap', file])
  t.after(() => started.stop())
  const credentials = { accessKeyId: id, secretAccessKey: secret }
  assert.equal((await started.sts({ credentials }).getCallerIdentity({})).Account, '111122223333')
})
