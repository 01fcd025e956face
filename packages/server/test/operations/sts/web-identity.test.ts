import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import type { AssumeRoleWithWebIdentityCommandInput, AssumeRoleWithWebIdentityCommandOutput } from '@aws-sdk/client-sts'
import { roleArn, type OidcProvider, type Role } from '../../../src/auth/identities.ts'
import { operations } from '../../../src/operations/index.ts'
import { providerRow } from '../../../src/store/documents.ts'
import { constraint, membersOf, refusalOf, refused } from '../../support/answers.ts'
import { allow, document, ownAccount, textOf, trusting, userWith } from '../../support/identities.ts'
import {
  joinToken,
  makeSigningKey,
  signToken,
  startIssuer,
  type Algorithm,
  type TestIssuer,
} from '../../support/issuer.ts'
import { start, type TestServer } from '../../support/server.ts'
import { post } from '../../support/signed-http.ts'

const folder = mkdtempSync(join(tmpdir(), 'keyreeve-oidc-'))
const issuer: TestIssuer = await startIssuer(folder)
const server: TestServer = await start(issuer.flags)
server.clock.hold()
after(async () => {
  await server.stop()
  await issuer.close()
  rmSync(folder, { recursive: true })
})
afterEach(() => {
  issuer.misbehave = undefined
})

const audience = 'keyreeve.example'
const provider = `arn:aws:iam::${ownAccount}:oidc-provider/${issuer.name}`
const key = makeSigningKey('RS256', 'key-1')
issuer.keys = [key]

before(async () => {
  await server.iam().createOpenIDConnectProvider({ Url: issuer.url, ClientIDList: [audience, 'another'] })
})

const seconds = (): number => Math.floor(server.clock.now() / 1000)
const claims = (more: object = {}) => ({
  iss: issuer.url,
  sub: 'repo:example/app:ref:refs/heads/main',
  aud: audience,
  iat: seconds(),
  exp: seconds() + 300,
  ...more,
})
const token = (more: object = {}, header: Record<string, unknown> = {}): string => signToken(key, claims(more), header)

const trust = (Condition: object = {}, Federated = provider): object => ({
  Effect: 'Allow',
  Principal: { Federated },
  Action: 'sts:AssumeRoleWithWebIdentity',
  Condition,
})
const trustingIssuer = (name: string, Condition: object = {}): Promise<Role> =>
  trusting(server, name, document(trust(Condition)), {}, allow('kms:ListKeys'))

type Asked = Partial<AssumeRoleWithWebIdentityCommandInput>
const assume = (role: Role | string, asked: Asked = {}): Promise<AssumeRoleWithWebIdentityCommandOutput> =>
  server.sts().assumeRoleWithWebIdentity({
    RoleArn: typeof role === 'string' ? role : roleArn(role),
    RoleSessionName: 'session',
    WebIdentityToken: token(),
    ...asked,
  })

const credentialsOf = ({ Credentials: given }: AssumeRoleWithWebIdentityCommandOutput) => ({
  accessKeyId: given?.AccessKeyId ?? '',
  secretAccessKey: given?.SecretAccessKey ?? '',
  sessionToken: given?.SessionToken ?? '',
})

const invalidToken = (call: Promise<unknown>, text: string): Promise<void> =>
  refused(call, 'InvalidIdentityTokenException', text)
const notAuthorized = (call: Promise<unknown>): Promise<void> =>
  refused(call, 'AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity', 403)
const noToken = 'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)'
const badSignature = 'The signature of the token is not valid.'
const unknownKey =
  "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements"
const badAlgorithm =
  'The token must be signed with RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519.'
const noProviderFor = (url: string): string => `No OpenIDConnect provider found in your account for ${url}`

const role = await trustingIssuer('deploy')

test('gives out credentials of the role to whom a provider vouches for', async () => {
  const { Credentials: given, ...answer } = await membersOf(assume(role))
  assert.deepEqual(answer, {
    AssumedRoleUser: {
      AssumedRoleId: `${role.id}:session`,
      Arn: `arn:aws:sts::${ownAccount}:assumed-role/deploy/session`,
    },
    Provider: provider,
    Audience: audience,
    SubjectFromWebIdentityToken: 'repo:example/app:ref:refs/heads/main',
  })
  const credentials = credentialsOf({ Credentials: given, $metadata: {} })
  await server.client({ credentials }).listKeys()
  assert.equal((await server.sts({ credentials }).getCallerIdentity()).Arn, answer.AssumedRoleUser?.Arn)
  assert.deepEqual(given?.Expiration, new Date(seconds() * 1000 + 3_600_000))
})

test('the record tells who it was, and shows neither token nor secret', async () => {
  const sent = token()
  const answer = await assume(role, { WebIdentityToken: sent, DurationSeconds: 900 })
  const record = (await server.records()).at(-1)
  assert.deepEqual(record?.['userIdentity'], {
    type: 'WebIdentityUser',
    principalId: `${provider}:${audience}:repo:example/app:ref:refs/heads/main`,
    userName: 'repo:example/app:ref:refs/heads/main',
    identityProvider: provider,
  })
  assert.deepEqual(record?.['requestParameters'], {
    roleArn: roleArn(role),
    roleSessionName: 'session',
    durationSeconds: 900,
  })
  const answered = record?.['responseElements'] as Record<string, Record<string, unknown>> | undefined
  const { credentials = {}, ...elements } = answered ?? {}
  assert.deepEqual(Object.keys(credentials), ['accessKeyId', 'expiration'])
  assert.deepEqual(elements, {
    assumedRoleUser: {
      assumedRoleId: `${role.id}:session`,
      arn: `arn:aws:sts::${ownAccount}:assumed-role/deploy/session`,
    },
    provider,
    audience,
    subjectFromWebIdentityToken: 'repo:example/app:ref:refs/heads/main',
  })
  assert.deepEqual(
    ['eventSource', 'eventName', 'awsRegion', 'recipientAccountId', 'readOnly', 'resources'].map(
      name => record?.[name],
    ),
    [
      'sts.amazonaws.com',
      'AssumeRoleWithWebIdentity',
      'us-east-1',
      ownAccount,
      true,
      [{ accountId: ownAccount, type: 'AWS::IAM::Role', ARN: roleArn(role) }],
    ],
  )
  const given = credentialsOf(answer)
  await server.client({ credentials: given }).listKeys()
  const identity = (await server.records()).at(-1)?.['userIdentity'] as { sessionContext: Record<string, unknown> }
  assert.deepEqual(identity.sessionContext['webIdFederationData'], { federatedProvider: provider })
  const all = JSON.stringify([await server.records(), server.logged])
  for (const secret of [sent, given.secretAccessKey, given.sessionToken]) assert.ok(!all.includes(secret))
})

test('signatures by key pairs of every kind', async () => {
  const algorithms = ['RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const
  const keys = algorithms.map((algorithm: Algorithm) => makeSigningKey(algorithm, algorithm))
  issuer.keys = [key, ...keys]
  server.clock.advance(60_000)
  try {
    for (const signing of keys) assert.ok(await assume(role, { WebIdentityToken: signToken(signing, claims()) }))
  } finally {
    issuer.keys = [key]
  }
})

// Tokens that prove nothing

test('refuses tokens that only seem to be signed', async () => {
  const pem = key.publicKey.export({ type: 'spki', format: 'pem' })
  const der = key.publicKey.export({ type: 'spki', format: 'der' })
  const payload = claims()
  for (const secret of [pem, der, Buffer.from(String(key.jwk['n']))]) {
    for (const alg of ['HS256', 'HS384', 'HS512']) {
      const digest = `sha${alg.slice(2)}`
      const forged = joinToken({ alg, kid: 'key-1' }, payload, signed =>
        createHmac(digest, secret).update(signed).digest(),
      )
      await invalidToken(assume(role, { WebIdentityToken: forged }), badAlgorithm)
    }
  }
  for (const alg of ['none', 'None', 'NONE', 'nOnE', 'ES256K', 'dir']) {
    const forged = joinToken({ alg, kid: 'key-1' }, payload, () => Buffer.alloc(0))
    await invalidToken(assume(role, { WebIdentityToken: forged }), badAlgorithm)
  }
  for (const alg of [undefined, '', 7, null]) {
    const forged = joinToken({ alg, kid: 'key-1' }, payload, () => Buffer.alloc(0))
    await invalidToken(assume(role, { WebIdentityToken: forged }), noToken)
  }
  // An algorithm for another kind of key than the one that is named.
  for (const alg of ['ES256', 'EdDSA', 'PS256', 'RS512']) {
    const forged = joinToken({ alg, kid: 'key-1' }, payload, () => Buffer.alloc(64))
    await invalidToken(assume(role, { WebIdentityToken: forged }), unknownKey)
  }
  await invalidToken(
    assume(role, { WebIdentityToken: joinToken({ alg: 'RS256', kid: 'key-1' }, payload, () => Buffer.alloc(0)) }),
    badSignature,
  )
  // A key that the token brings along.
  const own = makeSigningKey('RS256', 'key-1')
  const brought = signToken(own, payload, { jwk: own.jwk, jku: `${issuer.url}/other`, x5u: 'https://localhost/' })
  await invalidToken(assume(role, { WebIdentityToken: brought }), badSignature)
})

test('refuses a token that was altered, or signed with another key', async () => {
  const [head = '', payload = '', signature = ''] = token().split('.')
  const other = Buffer.from(JSON.stringify(claims({ sub: 'somebody else' }))).toString('base64url')
  await invalidToken(assume(role, { WebIdentityToken: `${head}.${other}.${signature}` }), badSignature)
  await invalidToken(assume(role, { WebIdentityToken: `${head}.${payload}.${signature.slice(0, -8)}` }), badSignature)
  const impostor = makeSigningKey('RS256', 'key-1')
  await invalidToken(assume(role, { WebIdentityToken: signToken(impostor, claims()) }), badSignature)
  const nameless = makeSigningKey('RS256')
  await invalidToken(assume(role, { WebIdentityToken: signToken(nameless, claims()) }), badSignature)
  await invalidToken(assume(role, { WebIdentityToken: signToken(impostor, claims(), { kid: 'key-2' }) }), unknownKey)
})

test('refuses what is no token', async () => {
  for (const text of [
    'abcd',
    'a.b.c',
    '....',
    `${token()}.`,
    `.${token()}`,
    token().slice(1),
    signToken(key, 'no JSON'),
    signToken(key, '[]'),
    signToken(key, 'null'),
    // Two readers could take either.
    signToken(key, JSON.stringify(claims()).replace('{', `{"sub":"somebody else",`)),
    token({}, { crit: ['b64'], b64: false }),
    token({}, { crit: ['x'], x: 1 }),
    'ä'.repeat(100),
  ]) {
    await invalidToken(assume(role, { WebIdentityToken: text }), noToken)
  }
  const error = await refusalOf(assume(role, { WebIdentityToken: 'x'.repeat(20_001) }))
  assert.deepEqual(
    [error.name, error.message],
    ['ValidationError', constraint('webIdentityToken', undefined, 'have length less than or equal to 20000')],
  )
})

test('refuses tokens of other issuers', async () => {
  for (const iss of [
    'https://localhost/realm',
    `${issuer.url}/`,
    issuer.url.toUpperCase(),
    issuer.name,
    'http://localhost',
  ]) {
    await invalidToken(assume(role, { WebIdentityToken: token({ iss }) }), noProviderFor(iss))
  }
  await invalidToken(assume(role, { WebIdentityToken: token({ iss: undefined }) }), 'Missing a required claim: iss')
  await invalidToken(assume(role, { WebIdentityToken: token({ iss: 7 }) }), 'Missing a required claim: iss')
  await invalidToken(assume(role, { WebIdentityToken: token({ iss: `https://${'x'.repeat(300)}` }) }), noToken)
  // Another account has no such provider.
  await invalidToken(assume('arn:aws:iam::111122223333:role/deploy'), noProviderFor(issuer.url))
})

test('refuses tokens for others', async () => {
  for (const aud of ['somebody.else', audience.toUpperCase(), '', ['somebody.else']]) {
    await invalidToken(assume(role, { WebIdentityToken: token({ aud }) }), 'Incorrect token audience')
  }
  for (const aud of [undefined, 7, [], [7], {}]) {
    await invalidToken(assume(role, { WebIdentityToken: token({ aud }) }), 'Missing a required claim: aud')
  }
  assert.equal((await assume(role, { WebIdentityToken: token({ aud: ['x', 'another'] }) })).Audience, 'another')
  // Who asked for the token goes before whom it is for.
  assert.equal((await assume(role, { WebIdentityToken: token({ aud: 'an api', azp: audience }) })).Audience, audience)
  assert.equal((await assume(role, { WebIdentityToken: token({ azp: 'unknown' }) })).Audience, audience)
})

test('refuses tokens without a subject', async () => {
  for (const sub of [undefined, '', 7, null, 'x'.repeat(256)]) {
    await invalidToken(assume(role, { WebIdentityToken: token({ sub }) }), 'Missing a required claim: sub')
  }
})

test('a token counts until it expires, and not before it is valid', async () => {
  const sent = token({ exp: seconds() + 2 })
  assert.ok(await assume(role, { WebIdentityToken: sent }))
  server.clock.advance(2000)
  await refused(
    assume(role, { WebIdentityToken: sent }),
    'ExpiredTokenException',
    `Token expired: current date/time ${seconds()} must be before the expiration date/time${seconds()}`,
  )
  for (const name of ['nbf', 'iat']) {
    assert.ok(await assume(role, { WebIdentityToken: token({ [name]: seconds() + 60 }) }))
    await refused(
      assume(role, { WebIdentityToken: token({ [name]: seconds() + 61 }) }),
      'IDPRejectedClaimException',
      `The token is not valid yet: ${name} is in the future.`,
      403,
    )
  }
  for (const name of ['exp', 'iat', 'nbf']) {
    for (const value of name === 'nbf' ? ['soon'] : [undefined, 'soon', null]) {
      await invalidToken(
        assume(role, { WebIdentityToken: token({ [name]: value }) }),
        `Missing a required claim: ${name}`,
      )
    }
  }
})

// Who may

test('the trust policy decides, by provider, audience, subject and name of the session', async () => {
  const subject = 'repo:example/app:ref:refs/heads/main'
  const strict = await trustingIssuer('strict', {
    StringEquals: { [`${issuer.name}:aud`]: audience },
    StringLike: { [`${issuer.name}:sub`]: 'repo:example/*', 'sts:RoleSessionName': 'ci-*' },
    Null: { 'aws:PrincipalAccount': 'true', 'aws:userid': 'true', 'aws:TokenIssueTime': 'true' },
    ArnEquals: { 'aws:FederatedProvider': provider },
  })
  const RoleSessionName = 'ci-1'
  assert.equal((await assume(strict, { RoleSessionName })).SubjectFromWebIdentityToken, subject)
  await notAuthorized(assume(strict))
  await notAuthorized(assume(strict, { RoleSessionName, WebIdentityToken: token({ sub: 'repo:other/app' }) }))
  await notAuthorized(assume(strict, { RoleSessionName, WebIdentityToken: token({ aud: 'another' }) }))
  const methods = await trustingIssuer('methods', {
    'ForAnyValue:StringEquals': { [`${issuer.name}:amr`]: 'mfa' },
  })
  assert.ok(await assume(methods, { WebIdentityToken: token({ amr: ['pwd', 'mfa'] }) }))
  await notAuthorized(assume(methods, { WebIdentityToken: token({ amr: ['pwd'] }) }))
  await notAuthorized(assume(methods))
})

test('refuses roles that trust somebody else, and roles that are not there, alike', async () => {
  const everyone = await trusting(
    server,
    'everyone',
    document(
      { Effect: 'Allow', Principal: '*', Action: 'sts:*' },
      { Effect: 'Allow', Principal: { AWS: ownAccount }, Action: 'sts:*' },
    ),
  )
  const elsewhere = await trusting(
    server,
    'elsewhere',
    document(trust({}, `arn:aws:iam::${ownAccount}:oidc-provider/localhost/other`)),
  )
  const denying = await trusting(server, 'denying', document(trust(), { ...trust(), Effect: 'Deny' }))
  const other = await trusting(
    server,
    'other-action',
    document({ Effect: 'Allow', Principal: { Federated: provider }, Action: 'sts:AssumeRole' }),
  )
  for (const closed of [everyone, elsewhere, denying, other]) await notAuthorized(assume(closed))
  await notAuthorized(assume(`arn:aws:iam::${ownAccount}:role/nothing`))
  const record = (await server.records()).at(-1)
  assert.deepEqual(
    ['errorCode', 'recipientAccountId', 'responseElements'].map(name => record?.[name]),
    ['AccessDeniedException', ownAccount, null],
  )
})

test('whom a trust policy keeps out, whoever they are, no provider vouches in', async () => {
  for (const [index, Principal] of ['*', { AWS: '*' }].entries()) {
    const keptOut = {
      Effect: 'Deny',
      Principal,
      Action: 'sts:*',
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    }
    const closed = await trusting(server, `closed-${index}`, document(trust(), keptOut))
    await notAuthorized(assume(closed))
    const open = await trusting(server, `open-${index}`, document({ ...keptOut, Effect: 'Allow' }))
    await notAuthorized(assume(open))
  }
})

test('whom a provider vouches for is not whom AssumeRole lets', async () => {
  const user = await userWith(server, 'eager', allow('sts:*'))
  await refused(
    server.sts({ credentials: user }).assumeRole({ RoleArn: roleArn(role), RoleSessionName: 'session' }),
    'AccessDenied',
    `User: ${user.arn} is not authorized to perform: sts:AssumeRole on resource: ${roleArn(role)}`,
    403,
  )
})

test('sessions can be limited, last as long as the role allows, and can be chained for an hour', async () => {
  const chaining = await trusting(server, 'chaining', document(trust()), { maxSession: 43_200 }, allow('*'))
  const long = await assume(chaining, { DurationSeconds: 43_200 })
  assert.equal(long.Credentials?.Expiration?.getTime(), (seconds() + 43_200) * 1000)
  const limited = await assume(chaining, { Policy: textOf(allow('kms:ListAliases')) })
  assert.ok((limited.PackedPolicySize ?? 0) > 0)
  await server.client({ credentials: credentialsOf(limited) }).listAliases()
  await assert.rejects(server.client({ credentials: credentialsOf(limited) }).listKeys(), {
    name: 'AccessDeniedException',
  })
  const next = await trusting(
    server,
    'next',
    document({ Effect: 'Allow', Principal: { AWS: roleArn(chaining) }, Action: 'sts:AssumeRole' }),
    { maxSession: 43_200 },
  )
  const sts = server.sts({ credentials: credentialsOf(long) })
  await assert.rejects(sts.assumeRole({ RoleArn: roleArn(next), RoleSessionName: 'session', DurationSeconds: 3601 }), {
    name: 'ValidationError',
  })
  assert.ok(await sts.assumeRole({ RoleArn: roleArn(next), RoleSessionName: 'session' }))
  await refused(
    assume(role, { DurationSeconds: 3601 }),
    'ValidationError',
    'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
  )
})

test('refuses access tokens of OAuth 2.0', async () => {
  await refused(
    assume(role, { ProviderId: 'www.amazon.com' }),
    'ValidationError',
    'ProviderId is for OAuth 2.0 access tokens, which are not supported.',
  )
})

// Keys

test('a new key of the issuer is found, and one that it no longer has is forgotten', async () => {
  const next = makeSigningKey('ES256', 'key-next')
  assert.ok(await assume(role))
  issuer.keys = [key, next]
  server.clock.advance(60_000)
  const before = issuer.requests.length
  assert.ok(await assume(role, { WebIdentityToken: signToken(next, claims()) }))
  assert.equal(issuer.requests.length, before + 2)
  issuer.keys = [next]
  server.clock.advance(10 * 60_000 - 1)
  assert.ok(await assume(role))
  server.clock.advance(1)
  await invalidToken(assume(role), unknownKey)
  issuer.keys = [key]
  server.clock.advance(60_000)
  assert.ok(await assume(role))
})

test('tokens with unknown keys make no more than one call a minute', async () => {
  assert.ok(await assume(role))
  server.clock.advance(60_000)
  const before = issuer.requests.length
  for (let at = 0; at < 5; at++) {
    const stray = signToken(key, claims(), { kid: `stray-${at}` })
    await invalidToken(assume(role, { WebIdentityToken: stray }), unknownKey)
  }
  assert.equal(issuer.requests.length, before + 2)
  server.clock.advance(60_000)
  await invalidToken(assume(role, { WebIdentityToken: signToken(key, claims(), { kid: 'stray' }) }), unknownKey)
  assert.equal(issuer.requests.length, before + 4)
})

test('requests at the same time make one call', async () => {
  server.clock.advance(10 * 60_000)
  const before = issuer.requests.length
  await Promise.all(Array.from({ length: 8 }, () => assume(role)))
  assert.deepEqual(issuer.requests.slice(before), ['/realm/.well-known/openid-configuration', '/realm/keys'])
})

const unreachable: [string, string, number] = [
  'IDPCommunicationErrorException',
  'The identity provider could not be reached, or did not answer.',
  400,
]

test('an issuer that fails is left alone for some seconds', async () => {
  server.clock.advance(10 * 60_000)
  issuer.misbehave = (_path, response) => Boolean(response.destroy())
  const before = issuer.requests.length
  await refused(assume(role), ...unreachable)
  await refused(assume(role), ...unreachable)
  assert.equal(issuer.requests.length, before + 1)
  assert.deepEqual(server.logged.filter(({ event }) => event === 'identity provider failed').at(-1), {
    level: 'info',
    event: 'identity provider failed',
    issuer: issuer.name,
    reason: 'ECONNRESET',
  })
  issuer.misbehave = undefined
  server.clock.advance(5_000)
  assert.ok(await assume(role))
})

test('an issuer that fails while its keys are known is not missed', async () => {
  assert.ok(await assume(role))
  server.clock.advance(60_000)
  issuer.misbehave = (_path, response) => Boolean(response.destroy())
  await invalidToken(assume(role, { WebIdentityToken: signToken(key, claims(), { kid: 'stray' }) }), unknownKey)
  assert.ok(await assume(role))
})

const send =
  (status: number, body: string, headers: Record<string, string> = {}) =>
  (response: { writeHead: (status: number, headers: Record<string, string>) => { end: (body: string) => unknown } }) =>
    Boolean(response.writeHead(status, headers).end(body))

for (const [what, configuration, answer, reason] of [
  ['redirects its configuration', undefined, send(302, '', { location: `${issuer.url}/keys` }), 'status 302'],
  ['answers an error', undefined, send(503, '{}'), 'status 503'],
  ['answers no JSON', undefined, send(200, '<html>'), 'no value at byte 0'],
  ['answers no object', undefined, send(200, '[]'), 'its configuration is no object'],
  ['answers too much', undefined, send(200, `{"x":"${'x'.repeat(65 * 1024)}"}`), 'answer too long'],
  [
    'speaks for another issuer',
    { issuer: `${issuer.url}/other` },
    undefined,
    'its configuration is that of another issuer',
  ],
  ['names no keys', { jwks_uri: undefined }, undefined, 'its configuration has no jwks_uri'],
  ['names keys that are no URL', { jwks_uri: 'keys' }, undefined, 'its configuration has no jwks_uri'],
  ['names keys without TLS', { jwks_uri: `http://${issuer.name}/keys` }, undefined, 'no https URL'],
  ['names keys with a password', { jwks_uri: `https://a:b@${issuer.name}/keys` }, undefined, 'no https URL'],
  ['names keys at a metadata service', { jwks_uri: 'https://169.254.169.254/keys' }, undefined, 'no allowed address'],
  [
    'names keys at a metadata service in IPv6',
    { jwks_uri: 'https://[::ffff:169.254.169.254]/k' },
    undefined,
    'no allowed address',
  ],
  ['names keys that are not there', { jwks_uri: `${issuer.url}/nothing` }, undefined, 'status 404'],
  [
    'has its configuration for keys',
    { jwks_uri: `${issuer.url}/.well-known/openid-configuration` },
    undefined,
    'no JSON Web Key Set',
  ],
] as const) {
  test(`refuses an issuer that ${what}`, async () => {
    server.clock.advance(10 * 60_000)
    const whole = issuer.configuration
    if (configuration) issuer.configuration = { ...whole, ...configuration }
    if (answer) issuer.misbehave = (_path, response) => answer(response)
    try {
      await refused(assume(role), ...unreachable)
      const failure = server.logged.filter(({ event }) => event === 'identity provider failed').at(-1)
      assert.equal((failure as { reason?: string } | undefined)?.reason, reason)
    } finally {
      issuer.configuration = whole
      server.clock.advance(5_000)
    }
  })
}

test('keys that are none, or secrets, verify nothing', async () => {
  const secret = { kty: 'oct', kid: 'key-1', k: Buffer.from('a shared secret of thirty-two b.').toString('base64url') }
  const whole = issuer.keys
  try {
    for (const [jwk, text] of [
      [secret, unknownKey],
      [{ ...key.jwk, n: 'AQAB' }, badSignature],
      [{ ...key.jwk, n: undefined }, badSignature],
      [{ ...key.jwk, use: 'enc' }, unknownKey],
      [{ ...key.jwk, alg: 'RS512' }, unknownKey],
      [key.privateKey.export({ format: 'jwk' }), unknownKey],
      [{ ...key.privateKey.export({ format: 'jwk' }), kid: 'key-1' }, badSignature],
    ] as const) {
      issuer.keys = [{ ...key, jwk: jwk as Record<string, unknown> }]
      server.clock.advance(10 * 60_000)
      await invalidToken(assume(role), text)
    }
    // Two keys of one name.
    issuer.keys = [key, { ...makeSigningKey('RS256', 'key-1') }]
    server.clock.advance(10 * 60_000)
    await invalidToken(assume(role), unknownKey)
    issuer.keys = Array.from({ length: 101 }, (_, at) => ({ ...key, jwk: { ...key.jwk, kid: `key-${at}` } }))
    server.clock.advance(10 * 60_000)
    await refused(assume(role), ...unreachable)
  } finally {
    issuer.keys = whole
    server.clock.advance(10 * 60_000)
  }
})

test('an issuer on this machine, or one whose certificate is of no known authority, is not called', async () => {
  for (const [flags, reason] of [
    [['--oidc-ca', issuer.ca], 'no allowed address'],
    [['--oidc-allow-loopback'], 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  ] as const) {
    const strict = await start(flags)
    try {
      await strict.iam().createOpenIDConnectProvider({ Url: issuer.url, ClientIDList: [audience] })
      const there = await trusting(strict, 'deploy', document(trust()))
      const before = issuer.requests.length
      const iat = Math.floor(strict.clock.now() / 1000)
      const WebIdentityToken = token({ iat, exp: iat + 300 })
      await refused(
        strict
          .sts()
          .assumeRoleWithWebIdentity({ RoleArn: roleArn(there), RoleSessionName: 'session', WebIdentityToken }),
        ...unreachable,
      )
      assert.equal(issuer.requests.length, before)
      const failure = strict.logged.find(({ event }) => event === 'identity provider failed')
      assert.equal((failure as { reason?: string } | undefined)?.reason, reason)
    } finally {
      await strict.stop()
    }
  }
})

test('keys that came with the provider are used, and nobody is called', async () => {
  const own = makeSigningKey('EdDSA', 'own')
  const url = 'issuer.invalid/realm'
  const given: OidcProvider = {
    account: ownAccount,
    url,
    clientIds: [audience],
    thumbprints: [],
    tags: [],
    createdAt: server.clock.now(),
    jwks: JSON.stringify({ keys: [own.jwk] }),
  }
  const view = server.app.store.view()
  const id = providerRow(ownAccount, url)
  await view.get('oidc-provider', id)
  assert.notEqual(await server.app.store.commit(view, [{ put: 'oidc-provider', id, document: given }], []), 'conflict')
  const arn = `arn:aws:iam::${ownAccount}:oidc-provider/${url}`
  const closed = await trusting(server, 'air-gapped', document(trust({}, arn)))
  const before = issuer.requests.length
  const sent = signToken(own, claims({ iss: `https://${url}` }))
  assert.equal((await assume(closed, { WebIdentityToken: sent })).Provider, arn)
  await invalidToken(assume(closed, { WebIdentityToken: token({ iss: `https://${url}` }) }), unknownKey)
  // Of an issuer that another role trusts.
  await notAuthorized(assume(role, { WebIdentityToken: sent }))
  assert.equal(issuer.requests.length, before)
})

test('a provider that is removed vouches for nobody, and its sessions stay', async () => {
  const credentials = credentialsOf(await assume(role))
  await server.iam().deleteOpenIDConnectProvider({ OpenIDConnectProviderArn: provider })
  await invalidToken(assume(role), noProviderFor(issuer.url))
  await server.client({ credentials }).listKeys()
  await server.iam().createOpenIDConnectProvider({ Url: issuer.url, ClientIDList: [] })
  await invalidToken(assume(role), 'Incorrect token audience')
  await server.iam().addClientIDToOpenIDConnectProvider({ OpenIDConnectProviderArn: provider, ClientID: audience })
  assert.ok(await assume(role))
})

// No other way in

test('no other operation takes an unsigned request, whatever it holds, but for the one that opens a link', async () => {
  const extras = { RoleArn: roleArn(role), RoleSessionName: 'session', WebIdentityToken: token() }
  const versions: Record<string, string> = { iam: '2010-05-08', sts: '2011-06-15' }
  const before = (await server.records()).length
  for (const { name, service } of operations) {
    if (name === 'AssumeRoleWithWebIdentity' || name === 'RedeemConsoleLink') continue
    const version = versions[service]
    if (version !== undefined) {
      const body = new URLSearchParams({ Action: name, Version: version, ...extras }).toString()
      const answer = await post(server, {
        body,
        unsigned: true,
        headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-amz-target': undefined },
      })
      assert.equal(answer.status, 403, name)
      assert.match(answer.body, /<Code>MissingAuthenticationToken<\/Code>/, name)
    } else {
      const target = `${service === 'kms' ? 'TrentService' : 'Keyreeve'}.${name}`
      const answer = await post(server, { body: extras, unsigned: true, headers: { 'x-amz-target': target } })
      assert.equal(answer.status, 400, name)
      assert.match(answer.body, /MissingAuthenticationTokenException/, name)
    }
  }
  assert.equal((await server.records()).length, before)
})
