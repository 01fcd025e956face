import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { constraint, membersOf, refused } from '../../support/answers.ts'
import { allow, document, ownAccount, userWith } from '../../support/identities.ts'
import { start } from '../../support/server.ts'

const server = await start()
server.clock.hold()
after(() => server.stop())

const iam = server.iam()
const arnOf = (url: string): string => `arn:aws:iam::${ownAccount}:oidc-provider/${url}`
const notFound = (call: Promise<unknown>, arn: string): Promise<void> =>
  refused(call, 'NoSuchEntityException', `OpenIDConnect Provider not found for arn ${arn}`, 404)
const thumbprint = (digit: string): string => digit.repeat(40)

test('a provider is made, shown, listed and removed', async () => {
  const made = await membersOf(
    iam.createOpenIDConnectProvider({
      Url: 'https://token.example/realm',
      ClientIDList: ['one', 'two', 'one'],
      ThumbprintList: [thumbprint('a')],
      Tags: [{ Key: 'team', Value: 'blue' }],
    }),
  )
  const OpenIDConnectProviderArn = arnOf('token.example/realm')
  assert.deepEqual(made, { OpenIDConnectProviderArn, Tags: [{ Key: 'team', Value: 'blue' }] })
  assert.deepEqual(await membersOf(iam.getOpenIDConnectProvider({ OpenIDConnectProviderArn })), {
    Url: 'token.example/realm',
    ClientIDList: ['one', 'two'],
    ThumbprintList: [thumbprint('a')],
    CreateDate: new Date(Math.floor(server.clock.now() / 1000) * 1000),
    Tags: [{ Key: 'team', Value: 'blue' }],
  })
  const bare = await iam.createOpenIDConnectProvider({ Url: 'https://a.example' })
  assert.deepEqual(bare.Tags, undefined)
  const { OpenIDConnectProviderList } = await iam.listOpenIDConnectProviders()
  assert.deepEqual(OpenIDConnectProviderList, [{ Arn: arnOf('a.example') }, { Arn: OpenIDConnectProviderArn }])
  await refused(
    iam.createOpenIDConnectProvider({ Url: 'https://token.example/realm' }),
    'EntityAlreadyExistsException',
    'Provider with url https://token.example/realm already exists.',
    409,
  )
  await iam.deleteOpenIDConnectProvider({ OpenIDConnectProviderArn })
  await notFound(iam.getOpenIDConnectProvider({ OpenIDConnectProviderArn }), OpenIDConnectProviderArn)
  // Again.
  await iam.deleteOpenIDConnectProvider({ OpenIDConnectProviderArn })
})

test('client ids and thumbprints change', async () => {
  const { OpenIDConnectProviderArn } = await iam.createOpenIDConnectProvider({ Url: 'https://changing.example' })
  const clientIds = async () => (await iam.getOpenIDConnectProvider({ OpenIDConnectProviderArn })).ClientIDList ?? []
  for (const ClientID of ['one', 'two', 'one']) {
    await iam.addClientIDToOpenIDConnectProvider({ OpenIDConnectProviderArn, ClientID })
  }
  assert.deepEqual(await clientIds(), ['one', 'two'])
  for (const ClientID of ['one', 'three']) {
    await iam.removeClientIDFromOpenIDConnectProvider({ OpenIDConnectProviderArn, ClientID })
  }
  assert.deepEqual(await clientIds(), ['two'])
  const ThumbprintList = ['1', '2', '3', '4', '5'].map(thumbprint)
  await iam.updateOpenIDConnectProviderThumbprint({ OpenIDConnectProviderArn, ThumbprintList })
  assert.deepEqual((await iam.getOpenIDConnectProvider({ OpenIDConnectProviderArn })).ThumbprintList, ThumbprintList)
  await refused(
    iam.updateOpenIDConnectProviderThumbprint({
      OpenIDConnectProviderArn,
      ThumbprintList: [...ThumbprintList, thumbprint('6')],
    }),
    'InvalidInputException',
    'Thumbprint list must contain no more than 5 entries.',
  )
})

test('a provider has a hundred client ids at most, and an account a hundred providers', async () => {
  const ids = (count: number): string[] => Array.from({ length: count }, (_, at) => `client-${at}`)
  const { OpenIDConnectProviderArn } = await iam.createOpenIDConnectProvider({
    Url: 'https://many.example',
    ClientIDList: ids(100),
  })
  const tooMany: [string, string, number] = [
    'LimitExceededException',
    'Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100',
    409,
  ]
  await refused(iam.addClientIDToOpenIDConnectProvider({ OpenIDConnectProviderArn, ClientID: 'one more' }), ...tooMany)
  await iam.addClientIDToOpenIDConnectProvider({ OpenIDConnectProviderArn, ClientID: 'client-7' })
  await refused(iam.createOpenIDConnectProvider({ Url: 'https://more.example', ClientIDList: ids(101) }), ...tooMany)
  const user = await userWith(server, { name: 'many', account: '111122223333' }, allow('iam:*'))
  const other = server.iam({ credentials: user })
  for (let at = 0; at < 100; at++) await other.createOpenIDConnectProvider({ Url: `https://p${at}.example` })
  await refused(
    other.createOpenIDConnectProvider({ Url: 'https://p100.example' }),
    'LimitExceededException',
    'Cannot exceed quota for OpenIdConnectProvidersPerAccount: 100',
    409,
  )
  assert.equal((await other.listOpenIDConnectProviders()).OpenIDConnectProviderList?.length, 100)
})

test('refuses what is no URL of an issuer', async () => {
  for (const Url of [
    'http://plain.example',
    'plain.example',
    'https://',
    'https://user@plain.example',
    'https://plain.example/?query',
    'https://plain.example/#fragment',
    'https://plain.example/a b',
    'https://plain.example:99999',
    'https://plain.example/%2e%2e',
    'HTTPS://plain.example',
  ]) {
    await refused(iam.createOpenIDConnectProvider({ Url }), 'ValidationError', 'Invalid Open ID Connect Provider URL')
  }
  const long = `https://${'x'.repeat(255)}`
  await refused(
    iam.createOpenIDConnectProvider({ Url: long }),
    'ValidationError',
    constraint('url', long, 'have length less than or equal to 255'),
  )
  assert.ok(await iam.createOpenIDConnectProvider({ Url: 'https://plain.example:8443/realms/a.b-c/' }))
})

test('tags can be put, listed page by page, and removed', async () => {
  const { OpenIDConnectProviderArn } = await iam.createOpenIDConnectProvider({ Url: 'https://tagged.example' })
  const tag = (Key: string, Value = 'x') => ({ Key, Value })
  await iam.tagOpenIDConnectProvider({ OpenIDConnectProviderArn, Tags: [tag('b'), tag('a'), tag('A')] })
  const first = await iam.listOpenIDConnectProviderTags({ OpenIDConnectProviderArn, MaxItems: 2 })
  assert.deepEqual([first.Tags, first.IsTruncated], [[tag('A'), tag('a')], true])
  const { Tags, IsTruncated } = await iam.listOpenIDConnectProviderTags({
    OpenIDConnectProviderArn,
    Marker: first.Marker,
  })
  assert.deepEqual([Tags, IsTruncated], [[tag('b')], false])
  await iam.untagOpenIDConnectProvider({ OpenIDConnectProviderArn, TagKeys: ['a', 'none'] })
  assert.deepEqual((await iam.getOpenIDConnectProvider({ OpenIDConnectProviderArn })).Tags, [tag('b'), tag('A')])
  const many = Array.from({ length: 49 }, (_, at) => tag(`tag-${at}`))
  await refused(
    iam.tagOpenIDConnectProvider({ OpenIDConnectProviderArn, Tags: many }),
    'LimitExceededException',
    'Cannot exceed quota for TagsPerOpenIdConnectProvider: 50',
    409,
  )
  await refused(
    iam.tagOpenIDConnectProvider({ OpenIDConnectProviderArn, Tags: [tag('aws:x')] }),
    'InvalidInputException',
    'aws: prefixed tag key names are not allowed for external use.',
  )
})

test('what is not there cannot be changed', async () => {
  for (const OpenIDConnectProviderArn of [
    arnOf('nothing.example'),
    'arn:aws:iam::111122223333:oidc-provider/plain.example',
    `arn:aws:iam::${ownAccount}:role/plain.example`,
    'no ARN but of some length',
  ]) {
    const named = { OpenIDConnectProviderArn }
    for (const call of [
      iam.getOpenIDConnectProvider(named),
      iam.addClientIDToOpenIDConnectProvider({ ...named, ClientID: 'x' }),
      iam.removeClientIDFromOpenIDConnectProvider({ ...named, ClientID: 'x' }),
      iam.updateOpenIDConnectProviderThumbprint({ ...named, ThumbprintList: [] }),
      iam.tagOpenIDConnectProvider({ ...named, Tags: [] }),
      iam.untagOpenIDConnectProvider({ ...named, TagKeys: [] }),
      iam.listOpenIDConnectProviderTags(named),
    ]) {
      await notFound(call, OpenIDConnectProviderArn)
    }
  }
})

test('policies decide by the provider, its tags, and those of the request', async () => {
  await iam.createOpenIDConnectProvider({ Url: 'https://blue.example', Tags: [{ Key: 'team', Value: 'blue' }] })
  await iam.createOpenIDConnectProvider({ Url: 'https://red.example', Tags: [{ Key: 'team', Value: 'red' }] })
  const blue = server.iam({
    credentials: await userWith(
      server,
      'blue',
      allow('iam:GetOpenIDConnectProvider', { Condition: { StringEquals: { 'aws:ResourceTag/team': 'blue' } } }),
      document({
        Effect: 'Allow',
        Action: ['iam:CreateOpenIDConnectProvider'],
        Resource: arnOf('new.example*'),
      }),
    ),
  })
  assert.ok(await blue.getOpenIDConnectProvider({ OpenIDConnectProviderArn: arnOf('blue.example') }))
  const denied = (action: string, on: string): [string, string, number] => [
    'AccessDenied',
    `User: arn:aws:iam::${ownAccount}:user/blue is not authorized to perform: iam:${action} on resource: ${on} because no identity-based policy allows the iam:${action} action`,
    403,
  ]
  for (const url of ['red.example', 'nothing.example']) {
    await refused(
      blue.getOpenIDConnectProvider({ OpenIDConnectProviderArn: arnOf(url) }),
      ...denied('GetOpenIDConnectProvider', arnOf(url)),
    )
  }
  assert.ok(await blue.createOpenIDConnectProvider({ Url: 'https://new.example' }))
  await refused(
    blue.createOpenIDConnectProvider({ Url: 'https://other.example' }),
    ...denied('CreateOpenIDConnectProvider', arnOf('other.example')),
  )
  await refused(
    blue.createOpenIDConnectProvider({ Url: 'https://new.example/2', Tags: [{ Key: 'team', Value: 'blue' }] }),
    ...denied('TagOpenIDConnectProvider', arnOf('new.example/2')),
  )
  await refused(blue.listOpenIDConnectProviders(), ...denied('ListOpenIDConnectProviders', arnOf('*')))
})

test('changes are recorded with what was asked for', async () => {
  await iam.createOpenIDConnectProvider({ Url: 'https://recorded.example', ClientIDList: ['one'] })
  const made = (await server.records()).at(-1)
  assert.deepEqual(
    ['eventSource', 'readOnly', 'requestParameters', 'responseElements'].map(name => made?.[name]),
    [
      'iam.amazonaws.com',
      false,
      { url: 'https://recorded.example', clientIDList: ['one'] },
      { openIDConnectProviderArn: arnOf('recorded.example') },
    ],
  )
  await iam.deleteOpenIDConnectProvider({ OpenIDConnectProviderArn: arnOf('recorded.example') })
  assert.deepEqual((await server.records()).at(-1)?.['requestParameters'], {
    openIDConnectProviderArn: arnOf('recorded.example'),
  })
})
