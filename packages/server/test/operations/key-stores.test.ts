import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { CreateCustomKeyStoreCommandInput, CreateKeyCommandInput } from '@aws-sdk/client-kms'
import { constraint, membersOf, outcomeOf, refusalOf, refused } from '../support/answers.ts'
import { contentsOf, findIn } from '../support/disk.ts'
import { days, start } from '../support/server.ts'
import { externalKey, failing, newCredential, startProxy, type Misbehaviour } from '../support/xks-proxy.ts'

/** Custom key stores and the keys in them, with a proxy that does as specified, until it is told otherwise. */

const folder = mkdtempSync(join(tmpdir(), 'keyreeve-key-stores-'))
const proxy = await startProxy(folder)
let server = await start([...proxy.flags, '--xks-timeout', '500'])
let kms = server.client()
after(async () => {
  await server.stop()
  await proxy.close()
  rmSync(folder, { recursive: true })
})
beforeEach(() => {
  proxy.misbehave = undefined
  proxy.health = ['ACTIVE']
  proxy.accepts = [proxy.credential]
})

const account = '000000000000'
let names = 0
const secrets: Record<string, Uint8Array> = {}
function remember(credential: { RawSecretAccessKey: string }): void {
  secrets[`secret ${Object.keys(secrets).length}`] = Buffer.from(credential.RawSecretAccessKey)
}
remember(proxy.credential)

const wish = (changes: Partial<CreateCustomKeyStoreCommandInput> = {}): CreateCustomKeyStoreCommandInput => ({
  CustomKeyStoreName: `store ${++names}`,
  CustomKeyStoreType: 'EXTERNAL_KEY_STORE',
  XksProxyConnectivity: 'PUBLIC_ENDPOINT',
  XksProxyUriEndpoint: 'https://localhost',
  XksProxyUriPath: `/path${names}/kms/xks/v1`,
  XksProxyAuthenticationCredential: proxy.credential,
  ...changes,
})

async function makeStore(changes: Partial<CreateCustomKeyStoreCommandInput> = {}): Promise<string> {
  return (await kms.createCustomKeyStore(wish(changes))).CustomKeyStoreId ?? ''
}

async function connectedStore(): Promise<string> {
  const CustomKeyStoreId = await makeStore()
  await kms.connectCustomKeyStore({ CustomKeyStoreId })
  return CustomKeyStoreId
}

async function entryOf(CustomKeyStoreId: string) {
  const { CustomKeyStores: [entry] = [] } = await kms.describeCustomKeyStores({ CustomKeyStoreId })
  return entry ?? assert.fail('no entry')
}

async function remove(CustomKeyStoreId: string): Promise<void> {
  if ((await entryOf(CustomKeyStoreId)).ConnectionState !== 'DISCONNECTED') {
    await kms.disconnectCustomKeyStore({ CustomKeyStoreId })
  }
  await kms.deleteCustomKeyStore({ CustomKeyStoreId })
}

let externals = 0
async function makeKey(CustomKeyStoreId: string, changes: Partial<CreateKeyCommandInput> = {}) {
  const XksKeyId = changes.XksKeyId ?? `external-${++externals}`
  if (!proxy.keys.has(XksKeyId)) proxy.keys.set(XksKeyId, externalKey())
  const input = { Origin: 'EXTERNAL_KEY_STORE', CustomKeyStoreId, XksKeyId, ...changes } as const
  const { KeyMetadata: { KeyId = '', Arn = '' } = {} } = await kms.createKey(input)
  return { KeyId, Arn, XksKeyId }
}

/** Erases keys of which a test is done, so that their store can go. */
async function erase(...ids: string[]): Promise<void> {
  for (const KeyId of ids) await kms.scheduleKeyDeletion({ KeyId, PendingWindowInDays: 7 })
  server.clock.advance(7 * days)
  await server.settle()
}

const storeNotFound = (id: string): [string, string] => [
  'CustomKeyStoreNotFoundException',
  `Custom key store ${id} does not exist.`,
]
const wrongState = (id: string, state: string, needed: string): [string, string] => [
  'CustomKeyStoreInvalidStateException',
  `Custom key store ${id} is ${state}, and must be ${needed}.`,
]

// Before any test: this store and its key stay.
const shared = await connectedStore()
const { KeyId: sharedKey, Arn: sharedArn, XksKeyId: sharedXksKeyId } = await makeKey(shared)
const { CiphertextBlob: sharedBlob } = await kms.encrypt({ KeyId: sharedKey, Plaintext: Buffer.from('hello') })

// CreateCustomKeyStore, DescribeCustomKeyStores

test('a new store is disconnected, and described without its secret', async () => {
  const before = proxy.requests.length
  const input = wish()
  const answer = await membersOf(kms.createCustomKeyStore(input))
  assert.match(answer.CustomKeyStoreId ?? '', /^cks-[0-9a-f]{17}$/)
  const [health, ...rest] = proxy.requests.slice(before)
  assert.deepEqual(rest, [])
  assert.deepEqual([health?.prefix, health?.path], [`/path${names}`, '/health'])
  assert.equal(health?.metadata['kmsOperation'], 'CreateCustomKeyStore')
  const { CreationDate, ...entry } = await entryOf(answer.CustomKeyStoreId ?? '')
  assert.ok(Math.abs((CreationDate?.getTime() ?? 0) - server.app.now()) < 60_000)
  assert.deepEqual(entry, {
    CustomKeyStoreId: answer.CustomKeyStoreId,
    CustomKeyStoreName: input.CustomKeyStoreName,
    CustomKeyStoreType: 'EXTERNAL_KEY_STORE',
    ConnectionState: 'DISCONNECTED',
    XksProxyConfiguration: {
      AccessKeyId: proxy.credential.AccessKeyId,
      Connectivity: 'PUBLIC_ENDPOINT',
      UriEndpoint: 'https://localhost',
      UriPath: input.XksProxyUriPath,
    },
  })
  await remove(answer.CustomKeyStoreId ?? '')
})

const service = 'com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0'

test('a store behind a VPC endpoint service is first asked when it is connected', async () => {
  const before = proxy.requests.length
  const vpc = {
    XksProxyConnectivity: 'VPC_ENDPOINT_SERVICE',
    XksProxyUriEndpoint: 'https://127.0.0.1',
    XksProxyVpcEndpointServiceName: service,
  } as const
  const id = await makeStore(vpc)
  assert.equal(proxy.requests.length, before)
  const { XksProxyConfiguration: configuration } = await entryOf(id)
  assert.equal(configuration?.VpcEndpointServiceName, service)
  assert.equal(configuration?.VpcEndpointServiceOwner, '000000000000')
  await kms.connectCustomKeyStore({ CustomKeyStoreId: id })
  assert.equal((await entryOf(id)).ConnectionState, 'CONNECTED')
  await remove(id)
  const owned = await makeStore({ ...vpc, XksProxyVpcEndpointServiceOwner: '111122223333' })
  assert.equal((await entryOf(owned)).XksProxyConfiguration?.VpcEndpointServiceOwner, '111122223333')
  await remove(owned)
})

const hsm = {
  CustomKeyStoreType: 'AWS_CLOUDHSM',
  CloudHsmClusterId: 'cluster-2a34b5cdefg',
  TrustAnchorCertificate: 'certificate',
  KeyStorePassword: 'kmsuser-password',
} as const

test('there is no CloudHSM cluster, whether the type is said or not', async () => {
  const { CustomKeyStoreType: _, ...untyped } = hsm
  for (const input of [hsm, untyped]) {
    await refused(
      kms.createCustomKeyStore({ CustomKeyStoreName: 'hsm', ...input }),
      'CloudHsmClusterNotFoundException',
      'The CloudHSM cluster cluster-2a34b5cdefg does not exist.',
    )
  }
})

const external = 'for a custom key store of the type EXTERNAL_KEY_STORE'
const unfit: [what: string, input: CreateCustomKeyStoreCommandInput, text: string][] = [
  ...(
    ['XksProxyConnectivity', 'XksProxyAuthenticationCredential', 'XksProxyUriEndpoint', 'XksProxyUriPath'] as const
  ).map((member): [string, CreateCustomKeyStoreCommandInput, string] => [
    `an external store without ${member}`,
    wish({ [member]: undefined }),
    `${member} is required ${external}.`,
  ]),
  ...(['CloudHsmClusterId', 'TrustAnchorCertificate', 'KeyStorePassword'] as const).flatMap(
    (member): [string, CreateCustomKeyStoreCommandInput, string][] => [
      [`an external store with ${member}`, wish({ [member]: hsm[member] }), `${member} is not valid ${external}.`],
      [
        `a CloudHSM store without ${member}`,
        { CustomKeyStoreName: 'a', ...hsm, [member]: undefined },
        `${member} is required for a custom key store of the type AWS_CLOUDHSM.`,
      ],
    ],
  ),
  [
    'a CloudHSM store with a proxy',
    { CustomKeyStoreName: 'a', ...hsm, XksProxyUriEndpoint: 'https://localhost' },
    'XksProxyUriEndpoint is not valid for a custom key store of the type AWS_CLOUDHSM.',
  ],
  [
    'VPC connectivity without a service',
    wish({ XksProxyConnectivity: 'VPC_ENDPOINT_SERVICE' }),
    `XksProxyVpcEndpointServiceName is required ${external} with VPC_ENDPOINT_SERVICE connectivity.`,
  ],
  [
    'public connectivity with a service',
    wish({ XksProxyVpcEndpointServiceName: service }),
    `XksProxyVpcEndpointServiceName is not valid ${external} with PUBLIC_ENDPOINT connectivity.`,
  ],
  [
    'public connectivity with the owner of a service',
    wish({ XksProxyVpcEndpointServiceOwner: '111122223333' }),
    `XksProxyVpcEndpointServiceOwner is not valid ${external} with PUBLIC_ENDPOINT connectivity.`,
  ],
  [
    'another version of the proxy API',
    wish({ XksProxyUriPath: '/kms/xks/v2' }),
    'XksProxyUriPath must end with /kms/xks/v1.',
  ],
  [
    'a port',
    wish({ XksProxyUriEndpoint: 'https://localhost:8443' }),
    constraint(
      'xksProxyUriEndpoint',
      'https://localhost:8443',
      'satisfy regular expression pattern: ^https://[a-zA-Z0-9.-]+$',
    ),
  ],
  [
    'plain HTTP',
    wish({ XksProxyUriEndpoint: 'http://localhost' }),
    constraint(
      'xksProxyUriEndpoint',
      'http://localhost',
      'satisfy regular expression pattern: ^https://[a-zA-Z0-9.-]+$',
    ),
  ],
  [
    'a path that ends otherwise',
    wish({ XksProxyUriPath: '/kms/xks/v1/keys' }),
    constraint(
      'xksProxyUriPath',
      '/kms/xks/v1/keys',
      'satisfy regular expression pattern: ^(/[a-zA-Z0-9\\/_-]+/kms/xks/v\\d{1,2})$|^(/kms/xks/v\\d{1,2})$',
    ),
  ],
  [
    'a secret that is too short, without quoting it',
    wish({ XksProxyAuthenticationCredential: { AccessKeyId: 'A'.repeat(20), RawSecretAccessKey: 'a'.repeat(42) } }),
    constraint(
      'xksProxyAuthenticationCredential.rawSecretAccessKey',
      undefined,
      'have length greater than or equal to 43',
    ),
  ],
  [
    'an access key id with other digits, without quoting it',
    wish({ XksProxyAuthenticationCredential: { AccessKeyId: '1'.repeat(20), RawSecretAccessKey: 'a'.repeat(43) } }),
    constraint(
      'xksProxyAuthenticationCredential.accessKeyId',
      undefined,
      'satisfy regular expression pattern: ^[A-Z2-7]+$',
    ),
  ],
]
for (const [what, input, text] of unfit) {
  test(`refuses ${what}, and asks no proxy`, async () => {
    const before = proxy.requests.length
    await refused(kms.createCustomKeyStore(input), 'ValidationException', text)
    assert.equal(proxy.requests.length, before)
  })
}

test('names, addresses and VPC endpoint services of stores are their own', async () => {
  const vpc = { XksProxyConnectivity: 'VPC_ENDPOINT_SERVICE', XksProxyVpcEndpointServiceName: service } as const
  const ids = [await makeStore({ CustomKeyStoreName: 'taken', XksProxyUriPath: '/taken/kms/xks/v1' })]
  const before = proxy.requests.length
  await refused(
    kms.createCustomKeyStore(wish({ CustomKeyStoreName: 'taken' })),
    'CustomKeyStoreNameInUseException',
    'There is a custom key store named taken already.',
  )
  for (const XksProxyUriEndpoint of ['https://localhost', 'https://LocalHost', 'https://localhost.']) {
    await refused(
      kms.createCustomKeyStore(wish({ XksProxyUriEndpoint, XksProxyUriPath: '/taken/kms/xks/v1' })),
      'XksProxyUriInUseException',
      `The custom key store ${ids[0]} has this endpoint and path already.`,
    )
  }
  const sharing = (id = '') =>
    `The custom key store ${id} has this endpoint, and one with VPC_ENDPOINT_SERVICE connectivity shares it with no other.`
  await refused(kms.createCustomKeyStore(wish(vpc)), 'XksProxyUriEndpointInUseException', sharing(shared))
  assert.equal(proxy.requests.length, before)
  ids.push(await makeStore({ ...vpc, XksProxyUriEndpoint: 'https://one.example' }))
  await refused(
    kms.createCustomKeyStore(wish({ XksProxyUriEndpoint: 'https://one.example' })),
    'XksProxyUriEndpointInUseException',
    sharing(ids[1]),
  )
  await refused(
    kms.createCustomKeyStore(wish({ ...vpc, XksProxyUriEndpoint: 'https://two.example' })),
    'XksProxyVpcEndpointServiceInUseException',
    `The custom key store ${ids[1]} has the VPC endpoint service ${service} already.`,
  )
  // In another Region, all is free.
  const elsewhere = server.client({ region: 'eu-west-1' })
  const { CustomKeyStoreId = '' } = await elsewhere.createCustomKeyStore(
    wish({ CustomKeyStoreName: 'taken', XksProxyUriPath: '/taken/kms/xks/v1' }),
  )
  await refused(kms.deleteCustomKeyStore({ CustomKeyStoreId }), ...storeNotFound(CustomKeyStoreId))
  await elsewhere.deleteCustomKeyStore({ CustomKeyStoreId })
  for (const id of ids) await remove(id)
})

test('two requests for one name: one gets it', async () => {
  const outcomes = await Promise.allSettled(
    Array.from({ length: 4 }, () => kms.createCustomKeyStore(wish({ CustomKeyStoreName: 'race' }))),
  )
  const made = outcomes.flatMap(outcome =>
    outcome.status === 'fulfilled' ? [outcome.value.CustomKeyStoreId ?? ''] : [],
  )
  assert.equal(made.length, 1)
  await remove(made[0] ?? '')
})

test('there can be ten stores, which are described page by page', async () => {
  const ids: string[] = []
  while (ids.length < 9) ids.push(await makeStore())
  await refused(
    kms.createCustomKeyStore(wish()),
    'LimitExceededException',
    'There can be 10 custom key stores in an account and Region.',
  )
  const seen: (string | undefined)[] = []
  let Marker: string | undefined
  do {
    const page = await kms.describeCustomKeyStores({ Limit: 4, ...(Marker !== undefined && { Marker }) })
    seen.push(...(page.CustomKeyStores ?? []).map(entry => entry.CustomKeyStoreId))
    assert.equal(page.Truncated, page.NextMarker !== undefined)
    Marker = page.NextMarker
  } while (Marker !== undefined)
  assert.deepEqual(seen, [shared, ...ids])
  assert.equal((await kms.describeCustomKeyStores({})).CustomKeyStores?.length, 10)
  await refused(kms.describeCustomKeyStores({ Marker: 'bm90IG9uZSBvZiBvdXJz' }), 'InvalidMarkerException')
  for (const id of ids) await remove(id)
  assert.equal((await kms.describeCustomKeyStores({})).CustomKeyStores?.length, 1)
})

test('a store is described by its id or by its name, not by both', async () => {
  const id = await makeStore({ CustomKeyStoreName: 'by name' })
  const { CustomKeyStores: [entry, ...more] = [], Truncated } = await kms.describeCustomKeyStores({
    CustomKeyStoreName: 'by name',
  })
  assert.deepEqual([entry?.CustomKeyStoreId, more, Truncated], [id, [], false])
  await refused(
    kms.describeCustomKeyStores({ CustomKeyStoreId: id, CustomKeyStoreName: 'by name' }),
    'ValidationException',
    'Specify CustomKeyStoreId or CustomKeyStoreName, not both.',
  )
  await refused(kms.describeCustomKeyStores({ CustomKeyStoreId: 'cks-none' }), ...storeNotFound('cks-none'))
  await refused(
    kms.describeCustomKeyStores({ CustomKeyStoreName: 'By name' }),
    'CustomKeyStoreNotFoundException',
    'There is no custom key store named By name.',
  )
  await remove(id)
})

// What a proxy can do wrong, and what each operation says of it

interface Wrong {
  misbehave: () => Misbehaviour
  store: string
  connection: string
  key: string
  text: RegExp
}
const invalidState = 'CustomKeyStoreInvalidStateException'
const wrong = (
  misbehave: () => Misbehaviour,
  [store, connection, key = invalidState]: [store: string, connection: string, key?: string],
  text: RegExp,
): Wrong => ({ misbehave, store: `XksProxy${store}Exception`, connection, key, text })
const malformed: [string, string] = ['InvalidResponse', 'XKS_PROXY_INVALID_RESPONSE']
const wrongs: Record<string, Wrong> = {
  ValidationException: wrong(failing(400, 'ValidationException'), malformed, /cannot interpret the response/),
  InvalidStateException: wrong(
    failing(400, 'InvalidStateException'),
    ['InvalidConfiguration', 'XKS_PROXY_INVALID_CONFIGURATION', 'XksKeyInvalidConfigurationException'],
    /is not enabled in the external key manager/,
  ),
  InvalidKeyUsageException: wrong(
    failing(400, 'InvalidKeyUsageException'),
    [...malformed, 'XksKeyInvalidConfigurationException'],
    /does not support the requested operation/,
  ),
  AuthenticationFailedException: wrong(
    failing(401, 'AuthenticationFailedException'),
    ['IncorrectAuthenticationCredential', 'INVALID_CREDENTIALS'],
    /could not authenticate KMS/,
  ),
  AccessDeniedException: wrong(
    failing(403, 'AccessDeniedException'),
    ['IncorrectAuthenticationCredential', 'XKS_PROXY_ACCESS_DENIED'],
    /denied access to the operation/,
  ),
  KeyNotFoundException: wrong(
    failing(404, 'KeyNotFoundException'),
    [...malformed, 'XksKeyNotFoundException'],
    /was not found in its external key manager/,
  ),
  InvalidUriPathException: wrong(
    failing(404, 'InvalidUriPathException'),
    ['InvalidConfiguration', 'XKS_PROXY_INVALID_CONFIGURATION'],
    /because of an invalid URI path/,
  ),
  ThrottlingException: wrong(
    failing(429, 'ThrottlingException'),
    ['UriUnreachable', 'XKS_PROXY_NOT_REACHABLE'],
    /very high request rate/,
  ),
  InternalException: wrong(
    failing(500, 'InternalException'),
    ['InvalidResponse', 'XKS_PROXY_NOT_REACHABLE'],
    /cannot communicate with the external key manager/,
  ),
  UnsupportedOperationException: wrong(
    failing(501, 'UnsupportedOperationException'),
    malformed,
    /does not support the requested operation\. If you see/,
  ),
  DependencyTimeoutException: wrong(
    failing(503, 'DependencyTimeoutException'),
    ['UriUnreachable', 'XKS_PROXY_TIMED_OUT'],
    /did not respond to the request in the time allotted/,
  ),
  'an error page': wrong(() => ({ status: 502, body: '<html>' }), malformed, /cannot interpret the response/),
  'an answer without end': wrong(
    () => ({ status: 200, body: ' '.repeat(65 * 1024) }),
    malformed,
    /cannot interpret the response/,
  ),
  'no answer': wrong(() => 'hang', ['UriUnreachable', 'XKS_PROXY_TIMED_OUT'], /did not respond in time/),
  'a closed connection': wrong(
    () => 'reset',
    ['UriUnreachable', 'XKS_PROXY_NOT_REACHABLE'],
    /cannot communicate with the external key store proxy/,
  ),
}

async function refusedLike(call: Promise<unknown>, code: string, text: RegExp): Promise<void> {
  const refusal = await refusalOf(call)
  assert.equal(refusal.name, code)
  assert.match(refusal.message, text)
  assert.doesNotMatch(refusal.message, /must not see/)
}

for (const [what, { misbehave, store, connection, key, text }] of Object.entries(wrongs)) {
  test(`${what}: no store is made or changed, no key is made`, async () => {
    const { CustomKeyStores: before } = await kms.describeCustomKeyStores({})
    proxy.misbehave = misbehave
    await refusedLike(kms.createCustomKeyStore(wish()), store, text)
    await refusedLike(
      kms.updateCustomKeyStore({ CustomKeyStoreId: shared, XksProxyUriPath: '/new/kms/xks/v1' }),
      store,
      text,
    )
    await refusedLike(makeKey(shared), key, text)
    proxy.misbehave = undefined
    assert.deepEqual((await kms.describeCustomKeyStores({})).CustomKeyStores, before)
  })

  test(`${what}: the store fails to connect, and says why`, async () => {
    const CustomKeyStoreId = await makeStore()
    proxy.misbehave = misbehave
    assert.deepEqual(await membersOf(kms.connectCustomKeyStore({ CustomKeyStoreId })), {})
    const { ConnectionState, ConnectionErrorCode } = await entryOf(CustomKeyStoreId)
    assert.deepEqual([ConnectionState, ConnectionErrorCode], ['FAILED', connection])
    await kms.disconnectCustomKeyStore({ CustomKeyStoreId })
    assert.equal((await entryOf(CustomKeyStoreId)).ConnectionErrorCode, undefined)
    proxy.misbehave = undefined
    await kms.connectCustomKeyStore({ CustomKeyStoreId })
    assert.equal((await entryOf(CustomKeyStoreId)).ConnectionState, 'CONNECTED')
    await remove(CustomKeyStoreId)
  })

  test(`${what}: the key cannot be used, and can again`, async () => {
    proxy.misbehave = misbehave
    const invalid = 'KMSInvalidStateException'
    await refusedLike(kms.encrypt({ KeyId: sharedKey, Plaintext: Buffer.from('x') }), invalid, text)
    await refusedLike(kms.decrypt({ CiphertextBlob: sharedBlob }), invalid, text)
    await refusedLike(kms.generateDataKey({ KeyId: sharedKey, NumberOfBytes: 8 }), invalid, text)
    proxy.misbehave = undefined
    const { Plaintext } = await kms.decrypt({ CiphertextBlob: sharedBlob })
    assert.equal(Buffer.from(Plaintext ?? []).toString(), 'hello')
  })
}

test('all key managers are unavailable: no store is made, none connects', async () => {
  const CustomKeyStoreId = await makeStore()
  proxy.health = ['UNAVAILABLE', 'UNAVAILABLE']
  await refusedLike(kms.createCustomKeyStore(wish()), 'XksProxyUriUnreachableException', /in an unhealthy state/)
  await kms.connectCustomKeyStore({ CustomKeyStoreId })
  assert.equal((await entryOf(CustomKeyStoreId)).ConnectionErrorCode, 'XKS_PROXY_NOT_REACHABLE')
  await remove(CustomKeyStoreId)
})

test('a certificate of an unknown authority', async () => {
  const plain = await start(['--xks-port', String(proxy.port), '--xks-allow-loopback'])
  try {
    const call = plain.client().createCustomKeyStore(wish())
    await refusedLike(call, 'XksProxyInvalidConfigurationException', /cannot establish a TLS connection/)
  } finally {
    await plain.stop()
  }
})

test('a proxy on the server itself is out of reach, unless the operator allows it', async () => {
  const before = proxy.connections()
  const plain = await start(['--xks-port', String(proxy.port), '--xks-ca', proxy.ca])
  try {
    for (const host of ['localhost', '127.0.0.1', '127.1', '2130706433', '0.0.0.0', '169.254.169.254', 'x.invalid']) {
      const call = plain.client().createCustomKeyStore(wish({ XksProxyUriEndpoint: `https://${host}` }))
      await refusedLike(call, 'XksProxyUriUnreachableException', /cannot communicate/)
    }
    assert.equal(proxy.connections(), before)
  } finally {
    await plain.stop()
  }
})

// Transitions

test('connects once, and disconnects once', async () => {
  const CustomKeyStoreId = await makeStore()
  await refused(
    kms.disconnectCustomKeyStore({ CustomKeyStoreId }),
    ...wrongState(CustomKeyStoreId, 'DISCONNECTED', 'CONNECTED or FAILED'),
  )
  await kms.connectCustomKeyStore({ CustomKeyStoreId })
  const before = proxy.requests.length
  proxy.misbehave = failing(500, 'InternalException')
  // What is connected stays so.
  assert.deepEqual(await membersOf(kms.connectCustomKeyStore({ CustomKeyStoreId })), {})
  assert.equal(proxy.requests.length, before)
  assert.equal((await entryOf(CustomKeyStoreId)).ConnectionState, 'CONNECTED')
  await refused(
    kms.deleteCustomKeyStore({ CustomKeyStoreId }),
    ...wrongState(CustomKeyStoreId, 'CONNECTED', 'DISCONNECTED'),
  )
  // Nobody needs to be reached for this.
  assert.deepEqual(await membersOf(kms.disconnectCustomKeyStore({ CustomKeyStoreId })), {})
  assert.equal((await entryOf(CustomKeyStoreId)).ConnectionState, 'DISCONNECTED')
  assert.deepEqual(await membersOf(kms.deleteCustomKeyStore({ CustomKeyStoreId })), {})
  for (const call of [
    kms.deleteCustomKeyStore({ CustomKeyStoreId }),
    kms.connectCustomKeyStore({ CustomKeyStoreId }),
    kms.disconnectCustomKeyStore({ CustomKeyStoreId }),
    kms.updateCustomKeyStore({ CustomKeyStoreId, NewCustomKeyStoreName: 'x' }),
  ]) {
    await refused(call, ...storeNotFound(CustomKeyStoreId))
  }
})

test('a store that failed must be disconnected before anything else', async () => {
  const CustomKeyStoreId = await makeStore()
  proxy.misbehave = failing(500, 'InternalException')
  await kms.connectCustomKeyStore({ CustomKeyStoreId })
  proxy.misbehave = undefined
  for (const call of [
    kms.connectCustomKeyStore({ CustomKeyStoreId }),
    kms.deleteCustomKeyStore({ CustomKeyStoreId }),
    kms.updateCustomKeyStore({ CustomKeyStoreId, NewCustomKeyStoreName: 'x' }),
  ]) {
    await refused(call, ...wrongState(CustomKeyStoreId, 'FAILED', 'DISCONNECTED'))
  }
  await refused(makeKey(CustomKeyStoreId), ...wrongState(CustomKeyStoreId, 'FAILED', 'CONNECTED'))
  await remove(CustomKeyStoreId)
})

test('a store that is deleted while its proxy is asked stays so, and takes no other store with it', async () => {
  const west = server.client({ region: 'eu-west-1' })
  // The only one in its Region, so that with it all of them are gone.
  const { CustomKeyStoreId } = await west.createCustomKeyStore(wish())
  let isAsked = () => {}
  const asked = new Promise<void>(resolve => (isAsked = resolve))
  proxy.misbehave = ({ metadata }, answer) => {
    if (metadata['kmsOperation'] !== 'ConnectCustomKeyStore') return { status: 200, body: JSON.stringify(answer) }
    isAsked()
    return 'hang'
  }
  const refusal = refused(west.connectCustomKeyStore({ CustomKeyStoreId }), ...storeNotFound(CustomKeyStoreId ?? ''))
  await asked
  await west.deleteCustomKeyStore({ CustomKeyStoreId })
  const { CustomKeyStoreId: other } = await west.createCustomKeyStore(wish())
  await refusal
  const { CustomKeyStores = [] } = await west.describeCustomKeyStores({})
  assert.deepEqual(
    CustomKeyStores.map(entry => [entry.CustomKeyStoreId, entry.ConnectionState]),
    [[other, 'DISCONNECTED']],
  )
  await west.deleteCustomKeyStore({ CustomKeyStoreId: other })
})

// UpdateCustomKeyStore

test('while connected, name, path and credential can change, and keys go on working', async () => {
  const CustomKeyStoreId = await connectedStore()
  const { KeyId } = await makeKey(CustomKeyStoreId)
  const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext: Buffer.from('before') })
  const next = newCredential()
  remember(next)
  proxy.accepts = [proxy.credential, next]
  const changes = {
    NewCustomKeyStoreName: 'new name',
    XksProxyUriPath: '/moved/kms/xks/v1',
    XksProxyAuthenticationCredential: next,
  }
  assert.deepEqual(await membersOf(kms.updateCustomKeyStore({ CustomKeyStoreId, ...changes })), {})
  const { metadata, prefix } = proxy.requests.at(-1) ?? assert.fail('no request')
  assert.deepEqual([metadata['kmsOperation'], prefix], ['UpdateCustomKeyStore', '/moved'])
  proxy.accepts = [next]
  const { Plaintext } = await kms.decrypt({ CiphertextBlob })
  assert.equal(Buffer.from(Plaintext ?? []).toString(), 'before')
  const { CustomKeyStoreName, ConnectionState, XksProxyConfiguration } = await entryOf(CustomKeyStoreId)
  assert.deepEqual(
    [CustomKeyStoreName, ConnectionState, XksProxyConfiguration?.UriPath, XksProxyConfiguration?.AccessKeyId],
    ['new name', 'CONNECTED', '/moved/kms/xks/v1', next.AccessKeyId],
  )
  // The old credential is not in the database any more, nor is the new one in the clear.
  assert.deepEqual(findIn(contentsOf(server.data, ['credentials']), secrets), [])
  for (const deep of [
    { XksProxyUriEndpoint: 'https://other.example' },
    { XksProxyConnectivity: 'PUBLIC_ENDPOINT' },
    { XksProxyVpcEndpointServiceName: service },
    { XksProxyVpcEndpointServiceOwner: '111122223333' },
  ] as const) {
    await refused(
      kms.updateCustomKeyStore({ CustomKeyStoreId, ...deep }),
      ...wrongState(CustomKeyStoreId, 'CONNECTED', 'DISCONNECTED'),
    )
  }
  await erase(KeyId)
  await remove(CustomKeyStoreId)
})

test('while disconnected, everything can change, if the proxy answers', async () => {
  const CustomKeyStoreId = await makeStore()
  const update = (changes: object) => kms.updateCustomKeyStore({ CustomKeyStoreId, ...changes })
  const before = proxy.requests.length
  await update({})
  await update({ NewCustomKeyStoreName: 'only the name' })
  assert.equal(proxy.requests.length, before)
  const wrongCredential = newCredential()
  remember(wrongCredential)
  await refusedLike(
    update({ XksProxyAuthenticationCredential: wrongCredential }),
    'XksProxyIncorrectAuthenticationCredentialException',
    /could not authenticate KMS/,
  )
  await refusedLike(
    update({ XksProxyUriPath: '/nowhere/kms/xks/v1' }),
    'XksProxyInvalidConfigurationException',
    /invalid URI path/,
  )
  await refusedLike(
    update({ XksProxyUriEndpoint: 'https://x.invalid' }),
    'XksProxyUriUnreachableException',
    /cannot communicate/,
  )
  const refusals: [changes: object, code: string, text: string][] = [
    [{ XksProxyUriPath: '/kms/xks/v9' }, 'ValidationException', 'XksProxyUriPath must end with /kms/xks/v1.'],
    [
      { CloudHsmClusterId: 'cluster-2a34b5cdefg' },
      'ValidationException',
      'CloudHsmClusterId is not valid for a custom key store of the type EXTERNAL_KEY_STORE.',
    ],
    [
      { KeyStorePassword: 'a password' },
      'ValidationException',
      'KeyStorePassword is not valid for a custom key store of the type EXTERNAL_KEY_STORE.',
    ],
    [
      { XksProxyConnectivity: 'VPC_ENDPOINT_SERVICE' },
      'ValidationException',
      'XksProxyUriEndpoint must change together with XksProxyConnectivity.',
    ],
    [
      { XksProxyConnectivity: 'VPC_ENDPOINT_SERVICE', XksProxyUriEndpoint: 'https://127.0.0.1' },
      'ValidationException',
      'XksProxyVpcEndpointServiceName is required for VPC_ENDPOINT_SERVICE connectivity.',
    ],
    [
      { XksProxyVpcEndpointServiceName: service },
      'ValidationException',
      'PUBLIC_ENDPOINT connectivity has no VPC endpoint service.',
    ],
  ]
  for (const [changes, code, text] of refusals) await refused(update(changes), code, text)
  const { XksProxyConfiguration: unchanged } = await entryOf(CustomKeyStoreId)
  assert.equal(unchanged?.AccessKeyId, proxy.credential.AccessKeyId)
  const private_ = {
    XksProxyConnectivity: 'VPC_ENDPOINT_SERVICE',
    XksProxyUriEndpoint: 'https://127.0.0.1',
    XksProxyVpcEndpointServiceName: service,
  }
  await update(private_)
  await update({ XksProxyVpcEndpointServiceOwner: '111122223333' })
  assert.deepEqual((await entryOf(CustomKeyStoreId)).XksProxyConfiguration, {
    AccessKeyId: proxy.credential.AccessKeyId,
    Connectivity: 'VPC_ENDPOINT_SERVICE',
    UriEndpoint: 'https://127.0.0.1',
    UriPath: unchanged?.UriPath,
    VpcEndpointServiceName: service,
    VpcEndpointServiceOwner: '111122223333',
  })
  await update({ XksProxyConnectivity: 'PUBLIC_ENDPOINT', XksProxyUriEndpoint: 'https://localhost' })
  assert.deepEqual((await entryOf(CustomKeyStoreId)).XksProxyConfiguration, unchanged)
  await remove(CustomKeyStoreId)
})

test('an update takes neither the name nor the address of another store, and may keep its own', async () => {
  const [one, two] = [await makeStore({ CustomKeyStoreName: 'one' }), await makeStore({ CustomKeyStoreName: 'two' })]
  const { XksProxyConfiguration: { UriPath = '' } = {} } = await entryOf(one)
  await refused(
    kms.updateCustomKeyStore({ CustomKeyStoreId: two, NewCustomKeyStoreName: 'one' }),
    'CustomKeyStoreNameInUseException',
    'There is a custom key store named one already.',
  )
  await refused(
    kms.updateCustomKeyStore({ CustomKeyStoreId: two, XksProxyUriPath: UriPath }),
    'XksProxyUriInUseException',
    `The custom key store ${one} has this endpoint and path already.`,
  )
  const private_ = {
    XksProxyConnectivity: 'VPC_ENDPOINT_SERVICE',
    XksProxyUriEndpoint: 'https://127.0.0.1',
    XksProxyVpcEndpointServiceName: service,
  } as const
  await kms.updateCustomKeyStore({ CustomKeyStoreId: one, ...private_ })
  await refused(
    kms.updateCustomKeyStore({ CustomKeyStoreId: two, XksProxyUriEndpoint: private_.XksProxyUriEndpoint }),
    'XksProxyUriEndpointInUseException',
    `The custom key store ${one} has this endpoint, and one with VPC_ENDPOINT_SERVICE connectivity shares it with no other.`,
  )
  await refused(
    kms.updateCustomKeyStore({ CustomKeyStoreId: two, ...private_, XksProxyUriEndpoint: 'https://localhost' }),
    'XksProxyUriEndpointInUseException',
    `The custom key store ${shared} has this endpoint, and one with VPC_ENDPOINT_SERVICE connectivity shares it with no other.`,
  )
  await refused(
    kms.updateCustomKeyStore({ CustomKeyStoreId: two, ...private_, XksProxyUriEndpoint: 'https://elsewhere' }),
    'XksProxyVpcEndpointServiceInUseException',
    `The custom key store ${one} has the VPC endpoint service ${service} already.`,
  )
  await kms.updateCustomKeyStore({ CustomKeyStoreId: one, NewCustomKeyStoreName: 'one', XksProxyUriPath: UriPath })
  await remove(one)
  await remove(two)
})

// CreateKey

test('a key in a store says where it is, and what it is made of', async () => {
  const before = proxy.requests.length
  const { KeyId, Arn, XksKeyId } = await makeKey(shared, { XksKeyId: 'Of.the_store-1' })
  const [asked, ...rest] = proxy.requests.slice(before)
  assert.deepEqual([asked?.path, rest], ['/keys/Of.the_store-1/metadata', []])
  const { kmsRequestId, ...metadata } = asked?.metadata ?? {}
  assert.match(String(kmsRequestId), /^[0-9a-f-]{36}$/)
  assert.deepEqual(metadata, {
    awsPrincipalArn: 'arn:aws:iam::000000000000:user/administrator',
    kmsOperation: 'CreateKey',
  })
  const { KeyMetadata: { CreationDate: _, CurrentKeyMaterialId, ...described } = {} } = await kms.describeKey({ KeyId })
  assert.match(CurrentKeyMaterialId ?? '', /^[0-9a-f]{64}$/)
  assert.deepEqual(described, {
    AWSAccountId: '000000000000',
    Arn,
    CustomKeyStoreId: shared,
    CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT',
    Description: '',
    Enabled: true,
    EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
    KeyId,
    KeyManager: 'CUSTOMER',
    KeySpec: 'SYMMETRIC_DEFAULT',
    KeyState: 'Enabled',
    KeyUsage: 'ENCRYPT_DECRYPT',
    MultiRegion: false,
    Origin: 'EXTERNAL_KEY_STORE',
    XksKeyConfiguration: { Id: XksKeyId },
  })
  await refused(
    makeKey(shared, { XksKeyId }),
    'XksKeyAlreadyInUseException',
    `The external key ${XksKeyId} is already associated with another KMS key in the custom key store ${shared}.`,
  )
  // In another store it is another key.
  const other = await connectedStore()
  const twin = await makeKey(other, { XksKeyId })
  const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext: Buffer.from('x') })
  assert.equal((await refusalOf(kms.decrypt({ KeyId: twin.KeyId, CiphertextBlob }))).name, 'IncorrectKeyException')
  await erase(KeyId, twin.KeyId)
  // Whom nobody uses any more is free again.
  const again = await makeKey(shared, { XksKeyId })
  await erase(again.KeyId)
  await remove(other)
})

const required = (member: string, origin: string): [string, string] => [
  'ValidationException',
  `${member} is required for keys with Origin ${origin}.`,
]
const invalid = (member: string, origin: string): [string, string] => [
  'ValidationException',
  `${member} is not valid for keys with Origin ${origin}.`,
]
const inShared = { CustomKeyStoreId: shared, Origin: 'EXTERNAL_KEY_STORE', XksKeyId: 'never-asked-for' } as const
const unfitKeys: [what: string, input: CreateKeyCommandInput, refusal: [string, string]][] = [
  ['no store', { Origin: 'EXTERNAL_KEY_STORE', XksKeyId: 'a' }, required('CustomKeyStoreId', 'EXTERNAL_KEY_STORE')],
  [
    'no external key',
    { Origin: 'EXTERNAL_KEY_STORE', CustomKeyStoreId: shared },
    required('XksKeyId', 'EXTERNAL_KEY_STORE'),
  ],
  ['a store and no origin', { CustomKeyStoreId: shared }, invalid('CustomKeyStoreId', 'AWS_KMS')],
  ['a store and the origin EXTERNAL', { ...inShared, Origin: 'EXTERNAL' }, invalid('CustomKeyStoreId', 'EXTERNAL')],
  ['an external key and no origin', { XksKeyId: 'a' }, invalid('XksKeyId', 'AWS_KMS')],
  ['the origin AWS_CLOUDHSM and no store', { Origin: 'AWS_CLOUDHSM' }, required('CustomKeyStoreId', 'AWS_CLOUDHSM')],
  [
    'the origin AWS_CLOUDHSM and an external key',
    { ...inShared, Origin: 'AWS_CLOUDHSM' },
    invalid('XksKeyId', 'AWS_CLOUDHSM'),
  ],
  [
    'the origin AWS_CLOUDHSM and a store that there is not',
    { Origin: 'AWS_CLOUDHSM', CustomKeyStoreId: 'cks-none' },
    storeNotFound('cks-none'),
  ],
  [
    'the origin AWS_CLOUDHSM and an external store',
    { Origin: 'AWS_CLOUDHSM', CustomKeyStoreId: shared },
    ['ValidationException', `Origin AWS_CLOUDHSM is not valid for the custom key store ${shared}.`],
  ],
  ['a store that there is not', { ...inShared, CustomKeyStoreId: 'cks-none' }, storeNotFound('cks-none')],
  ...(['RSA_2048', 'HMAC_256', 'ECC_NIST_P256'] as const).map(
    (KeySpec): [string, CreateKeyCommandInput, [string, string]] => [
      `the key spec ${KeySpec}`,
      { ...inShared, KeySpec, KeyUsage: KeySpec === 'HMAC_256' ? 'GENERATE_VERIFY_MAC' : 'SIGN_VERIFY' },
      ['ValidationException', `KeySpec ${KeySpec} is not supported for Origin EXTERNAL_KEY_STORE`],
    ],
  ),
  [
    'a multi-Region key',
    { ...inShared, MultiRegion: true },
    ['UnsupportedOperationException', 'Keys in custom key stores cannot be multi-Region keys.'],
  ],
]
for (const [what, input, refusal] of unfitKeys) {
  test(`refuses to make a key in a store with ${what}`, async () => {
    const before = proxy.requests.length
    await refused(kms.createKey(input), ...refusal)
    assert.equal(proxy.requests.length, before)
  })
}

test('the store must be connected', async () => {
  const id = await makeStore()
  await refused(makeKey(id), ...wrongState(id, 'DISCONNECTED', 'CONNECTED'))
  await remove(id)
})

test('an external key that is not there, or is no path segment, is not found', async () => {
  for (const XksKeyId of ['absent', '.', '..']) {
    const before = proxy.requests.length
    await refusedLike(
      kms.createKey({ ...inShared, XksKeyId }),
      'XksKeyNotFoundException',
      /was not found in its external key manager/,
    )
    assert.equal(proxy.requests.length - before, XksKeyId === 'absent' ? 1 : 0)
  }
})

test('an external key that does not fit is refused, and says why', async () => {
  const cases: [changes: Parameters<typeof externalKey>[0], text: string][] = [
    [
      { keySpec: 'RSA_2048' },
      'The key spec of the external key must be AES_256. The key spec of specified external key is RSA_2048.',
    ],
    [
      { keyStatus: 'DISABLED' },
      'The status of the external key must be ENABLED. The status of specified external key is DISABLED.',
    ],
    [
      { keyUsage: ['ENCRYPT', 'SIGN'] },
      'The key usage of the external key must include ENCRYPT and DECRYPT. The key usage of specified external key is ENCRYPT, SIGN.',
    ],
    [
      { keyUsage: [] },
      'The key usage of the external key must include ENCRYPT and DECRYPT. The key usage of specified external key is none.',
    ],
  ]
  for (const [index, [changes, text]] of cases.entries()) {
    proxy.keys.set(`unfit-${index}`, externalKey(changes))
    await refused(makeKey(shared, { XksKeyId: `unfit-${index}` }), 'XksKeyInvalidConfigurationException', text)
  }
})

test('two requests for one external key: one gets it', async () => {
  proxy.keys.set('raced', externalKey())
  const outcomes = await Promise.allSettled(Array.from({ length: 4 }, () => makeKey(shared, { XksKeyId: 'raced' })))
  const made = outcomes.flatMap(outcome => (outcome.status === 'fulfilled' ? [outcome.value.KeyId] : []))
  assert.equal(made.length, 1)
  await erase(...made)
})

test('a store with keys cannot be deleted, until the last of them is erased', async () => {
  const CustomKeyStoreId = await connectedStore()
  const keys = [await makeKey(CustomKeyStoreId), await makeKey(CustomKeyStoreId)]
  await kms.disconnectCustomKeyStore({ CustomKeyStoreId })
  const hasKeys = () =>
    refused(
      kms.deleteCustomKeyStore({ CustomKeyStoreId }),
      'CustomKeyStoreHasCMKsException',
      `Custom key store ${CustomKeyStoreId} contains KMS keys, those that wait for their deletion included.`,
    )
  await hasKeys()
  await erase(keys[0]?.KeyId ?? '')
  await hasKeys()
  await kms.scheduleKeyDeletion({ KeyId: keys[1]?.KeyId, PendingWindowInDays: 7 })
  await hasKeys()
  server.clock.advance(7 * days)
  await server.settle()
  await kms.deleteCustomKeyStore({ CustomKeyStoreId })
})

test('keys that are made while their store is deleted: they are in it and it stays, or they are not made', async () => {
  const seen = new Set<string>()
  for (let race = 0; race < 12 || (seen.size === 1 && race < 60); race++) {
    const CustomKeyStoreId = await connectedStore()
    const leave = async () => {
      await kms.disconnectCustomKeyStore({ CustomKeyStoreId })
      return await outcomeOf(kms.deleteCustomKeyStore({ CustomKeyStoreId }))
    }
    const before = [makeKey(CustomKeyStoreId), makeKey(CustomKeyStoreId)]
    for (let turn = 0; turn < race % 12; turn++) await nextTurn()
    const [deletion, ...keys] = await Promise.allSettled([leave(), ...before, makeKey(CustomKeyStoreId)])
    const made = keys.flatMap(key => (key.status === 'fulfilled' ? [key.value.KeyId] : []))
    assert.equal(
      deletion.status === 'fulfilled' && deletion.value,
      made.length ? 'CustomKeyStoreHasCMKsException' : 'OK',
    )
    const view = server.app.store.view()
    const rows = await view.page('external-key', `${account}/us-east-1/${CustomKeyStoreId}/`, undefined, 10)
    assert.deepEqual(rows.map(({ keyId }) => keyId).sort(), made.toSorted())
    const { stores = [] } = (await view.get('key-stores', `${account}/us-east-1`)) ?? {}
    assert.equal(stores.find(({ id }) => id === CustomKeyStoreId)?.keys, made.length || undefined)
    await erase(...made)
    if (made.length > 0) await kms.deleteCustomKeyStore({ CustomKeyStoreId })
    seen.add(String(made.length))
  }
  assert.ok(seen.size > 1, 'these were no races')
})

// Use

const EncryptionContext = { tenant: '7', ö: '' }

test('Encrypt and Decrypt go through both layers, also after a restart', async () => {
  const { KeyId, Arn } = await makeKey(shared)
  for (const size of [1, 32, 4096]) {
    const plaintext = randomBytes(size)
    const before = proxy.requests.length
    const { CiphertextBlob = Buffer.of() } = await kms.encrypt({ KeyId, Plaintext: plaintext, EncryptionContext })
    assert.equal(CiphertextBlob.length, 64 + 1 + 12 + 1 + 16 + 1 + size + 16)
    const [asked] = proxy.requests.slice(before)
    assert.deepEqual(asked?.metadata, {
      awsPrincipalArn: 'arn:aws:iam::000000000000:user/administrator',
      kmsKeyArn: Arn,
      kmsOperation: 'Encrypt',
      kmsRequestId: asked?.metadata['kmsRequestId'],
    })
    // The proxy gets to see neither the plaintext nor the encryption context as a text.
    assert.deepEqual(size > 1 && findIn(Buffer.from(JSON.stringify(asked?.body)), { plaintext }), size > 1 && [])
    const { Plaintext, ...rest } = await membersOf(kms.decrypt({ CiphertextBlob, EncryptionContext }))
    assert.deepEqual(Buffer.from(Plaintext ?? []), plaintext)
    assert.equal(rest.KeyId, Arn)
    assert.match(rest.KeyMaterialId ?? '', /^[0-9a-f]{64}$/)
    assert.deepEqual(proxy.requests.at(-1)?.metadata['kmsOperation'], 'Decrypt')
  }
  const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext: Buffer.from('kept') })
  server = await server.restart()
  kms = server.client()
  assert.equal((await kms.describeKey({ KeyId })).KeyMetadata?.KeyState, 'Enabled')
  const { Plaintext } = await kms.decrypt({ CiphertextBlob })
  assert.equal(Buffer.from(Plaintext ?? []).toString(), 'kept')
})

test('a key manager with metadata and longer IVs of its own', async () => {
  proxy.keys.set('odd', externalKey({ metadata: randomBytes(20), ivSize: 16 }))
  const { KeyId } = await makeKey(shared, { XksKeyId: 'odd' })
  const plaintext = randomBytes(4096)
  const { CiphertextBlob = Buffer.of() } = await kms.encrypt({ KeyId, Plaintext: plaintext })
  assert.equal(CiphertextBlob.length, 4096 + 135)
  assert.deepEqual(Buffer.from((await kms.decrypt({ CiphertextBlob })).Plaintext ?? []), plaintext)
})

test('data keys, with and without plaintext', async () => {
  const { Plaintext, CiphertextBlob } = await kms.generateDataKey({
    KeyId: sharedKey,
    KeySpec: 'AES_256',
    EncryptionContext,
  })
  assert.equal(proxy.requests.at(-1)?.metadata['kmsOperation'], 'GenerateDataKey')
  assert.deepEqual((await kms.decrypt({ CiphertextBlob, EncryptionContext })).Plaintext, Plaintext)
  const bare = await kms.generateDataKeyWithoutPlaintext({ KeyId: sharedKey, NumberOfBytes: 48 })
  assert.equal(proxy.requests.at(-1)?.metadata['kmsOperation'], 'GenerateDataKeyWithoutPlaintext')
  assert.equal((await kms.decrypt({ CiphertextBlob: bare.CiphertextBlob })).Plaintext?.length, 48)
})

test('ReEncrypt into a store, out of it, and within', async () => {
  const { KeyMetadata: { KeyId: ordinary } = {} } = await kms.createKey({})
  const { KeyId: other } = await makeKey(shared)
  const { CiphertextBlob: first } = await kms.encrypt({ KeyId: ordinary, Plaintext: Buffer.from('moving') })
  let CiphertextBlob = first
  for (const DestinationKeyId of [sharedKey, other, ordinary]) {
    CiphertextBlob = (await kms.reEncrypt({ CiphertextBlob, DestinationKeyId })).CiphertextBlob
  }
  assert.equal(Buffer.from((await kms.decrypt({ CiphertextBlob })).Plaintext ?? []).toString(), 'moving')
})

test('a dry run answers as the proxy would let it', async () => {
  const dry = { KeyId: sharedKey, Plaintext: Buffer.from('x'), DryRun: true }
  assert.equal((await refusalOf(kms.encrypt(dry))).name, 'DryRunOperationException')
  proxy.misbehave = failing(403, 'AccessDeniedException')
  assert.equal((await refusalOf(kms.encrypt(dry))).name, 'KMSInvalidStateException')
})

test('an encryption context must fit into what proxies take', async () => {
  // 64 bytes of header, 2 of count, 4 of lengths and 1 of a name leave 8121 for the value.
  for (const [size, fits] of [
    [8121, true],
    [8122, false],
  ] as const) {
    const call = kms.encrypt({
      KeyId: sharedKey,
      Plaintext: Buffer.from('x'),
      EncryptionContext: { a: 'b'.repeat(size) },
    })
    if (fits) assert.ok((await call).CiphertextBlob)
    else {
      const text = 'The encryption context is too large for a key in an external key store.'
      await refused(call, 'ValidationException', text)
    }
  }
})

const outer = /rejected the request because the specified ciphertext or encryption context is corrupted/
const inner = /The ciphertext that the external key store proxy submitted for decryption/

test('every bit of a ciphertext counts', async () => {
  const { CiphertextBlob = Buffer.of() } = await kms.encrypt({ KeyId: sharedKey, Plaintext: Buffer.from('hi') })
  for (let at = 0; at < CiphertextBlob.length; at++) {
    const altered = Buffer.from(CiphertextBlob)
    altered[at]! ^= 1 << (at & 7)
    const { name } = await refusalOf(kms.decrypt({ CiphertextBlob: altered, KeyId: sharedKey }))
    assert.ok(['InvalidCiphertextException', 'KMSInvalidStateException'].includes(name), `byte ${at}: ${name}`)
  }
  for (const size of [0, 64, 65, 79, 80, 110, CiphertextBlob.length - 1].filter(size => size > 0)) {
    const { name } = await refusalOf(kms.decrypt({ CiphertextBlob: CiphertextBlob.subarray(0, size) }))
    assert.ok(['InvalidCiphertextException', 'KMSInvalidStateException'].includes(name), `${size} bytes: ${name}`)
  }
})

test('another encryption context is refused by the outer layer', async () => {
  const { CiphertextBlob } = await kms.encrypt({ KeyId: sharedKey, Plaintext: Buffer.from('x'), EncryptionContext })
  for (const other of [undefined, { tenant: '8', ö: '' }]) {
    const call = kms.decrypt({ CiphertextBlob, ...(other && { EncryptionContext: other }) })
    await refusedLike(call, 'KMSInvalidStateException', outer)
  }
})

test('a proxy that takes anything is found out by the inner layer', async () => {
  const { CiphertextBlob = Buffer.of() } = await kms.encrypt({ KeyId: sharedKey, Plaintext: Buffer.from('mine!') })
  const answers: string[] = []
  proxy.misbehave = (_request, answer) => {
    answers.push(String(answer['plaintext']))
    return { status: 200, body: JSON.stringify(answer) }
  }
  const { CiphertextBlob: another } = await kms.encrypt({ KeyId: sharedKey, Plaintext: Buffer.from('yours') })
  await kms.decrypt({ CiphertextBlob: another })
  const foreign = answers.at(-1)
  // The inner layer of another ciphertext of the same key and length.
  proxy.misbehave = () => ({ status: 200, body: JSON.stringify({ plaintext: foreign }) })
  await refusedLike(kms.decrypt({ CiphertextBlob }), 'KMSInvalidStateException', inner)
  await kms.decrypt({ CiphertextBlob: another })
  const noise = randomBytes(21).toString('base64')
  proxy.misbehave = () => ({ status: 200, body: JSON.stringify({ plaintext: noise }) })
  await refusedLike(kms.decrypt({ CiphertextBlob }), 'KMSInvalidStateException', inner)
})

test('a ciphertext of one layer is none of a key in a store, and the other way round', async () => {
  const { KeyMetadata: { KeyId: ordinary } = {} } = await kms.createKey({})
  const { CiphertextBlob: single = Buffer.of() } = await kms.encrypt({ KeyId: ordinary, Plaintext: randomBytes(90) })
  const { CiphertextBlob: double = Buffer.of() } = await kms.encrypt({ KeyId: sharedKey, Plaintext: randomBytes(90) })
  const before = proxy.requests.length
  for (const [blob, suite] of [
    [single, 2],
    [double, 1],
  ] as const) {
    const altered = Buffer.from(blob)
    altered[1] = suite
    await refused(kms.decrypt({ CiphertextBlob: altered }), 'InvalidCiphertextException')
  }
  assert.equal(proxy.requests.length, before)
})

test('the external key is wiped out: nobody can decrypt', async () => {
  const { KeyId, XksKeyId } = await makeKey(shared)
  const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext: Buffer.from('x') })
  proxy.keys.set(XksKeyId, externalKey())
  await refusedLike(kms.decrypt({ CiphertextBlob }), 'KMSInvalidStateException', outer)
  proxy.keys.delete(XksKeyId)
  await refusedLike(kms.decrypt({ CiphertextBlob }), 'KMSInvalidStateException', /was not found/)
})

test('keys are unavailable while their store is disconnected, and what they were once it is connected', async () => {
  const CustomKeyStoreId = await connectedStore()
  const { KeyId, Arn } = await makeKey(CustomKeyStoreId)
  const { KeyId: off } = await makeKey(CustomKeyStoreId)
  await kms.disableKey({ KeyId: off })
  const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext: Buffer.from('later') })
  await kms.disconnectCustomKeyStore({ CustomKeyStoreId })
  const state = async (id: string) => {
    const { KeyMetadata } = await kms.describeKey({ KeyId: id })
    return [KeyMetadata?.KeyState, KeyMetadata?.Enabled]
  }
  assert.deepEqual([await state(KeyId), await state(off)], Array(2).fill(['Unavailable', false]))
  const before = proxy.requests.length
  for (const call of [
    kms.decrypt({ CiphertextBlob }),
    kms.encrypt({ KeyId, Plaintext: Buffer.from('x') }),
    kms.generateDataKey({ KeyId, NumberOfBytes: 1 }),
  ]) {
    await refused(call, 'KMSInvalidStateException', `${Arn} is unavailable.`)
  }
  assert.equal(proxy.requests.length, before)
  await kms.enableKey({ KeyId: off })
  await kms.connectCustomKeyStore({ CustomKeyStoreId })
  assert.deepEqual([await state(KeyId), await state(off)], Array(2).fill(['Enabled', true]))
  assert.equal(Buffer.from((await kms.decrypt({ CiphertextBlob })).Plaintext ?? []).toString(), 'later')
})

test('what keys in stores cannot do', async () => {
  const origin = [
    'UnsupportedOperationException',
    `${sharedArn} origin is EXTERNAL_KEY_STORE which is not valid for this operation.`,
  ] as const
  await refused(kms.rotateKeyOnDemand({ KeyId: sharedKey }), ...origin)
  await refused(
    kms.getParametersForImport({
      KeyId: sharedKey,
      WrappingAlgorithm: 'RSAES_OAEP_SHA_256',
      WrappingKeySpec: 'RSA_2048',
    }),
    ...origin,
  )
  await refused(kms.deleteImportedKeyMaterial({ KeyId: sharedKey }), ...origin)
  await refused(kms.generateDataKeyPair({ KeyId: sharedKey, KeyPairSpec: 'ECC_NIST_P256' }), ...origin)
  await refused(kms.generateDataKeyPairWithoutPlaintext({ KeyId: sharedKey, KeyPairSpec: 'ECC_NIST_P256' }), ...origin)
  await refused(
    kms.generateRandom({ NumberOfBytes: 8, CustomKeyStoreId: shared }),
    'UnsupportedOperationException',
    'Custom key stores of the type EXTERNAL_KEY_STORE make no random bytes.',
  )
  await refused(kms.generateRandom({ NumberOfBytes: 8, CustomKeyStoreId: 'cks-none' }), ...storeNotFound('cks-none'))
})

// Records

async function recordOf(call: Promise<unknown>): Promise<Record<string, unknown>> {
  const before = (await server.records()).length
  await call.catch(() => {})
  const [record, ...more] = (await server.records()).slice(before)
  assert.deepEqual(more, [])
  return record ?? assert.fail('no record')
}

test('records show names and addresses, never a credential', async () => {
  const input = wish({ CustomKeyStoreName: 'audited' })
  const made = await recordOf(kms.createCustomKeyStore(input))
  const { customKeyStoreId } = made['responseElements'] as { customKeyStoreId: string }
  assert.deepEqual(made['requestParameters'], {
    customKeyStoreName: 'audited',
    customKeyStoreType: 'EXTERNAL_KEY_STORE',
    xksProxyConnectivity: 'PUBLIC_ENDPOINT',
    xksProxyUriEndpoint: 'https://localhost',
    xksProxyUriPath: input.XksProxyUriPath,
  })
  const id = { CustomKeyStoreId: customKeyStoreId }
  proxy.misbehave = failing(401, 'AuthenticationFailedException')
  const failed = await recordOf(kms.connectCustomKeyStore(id))
  assert.deepEqual(failed['requestParameters'], { customKeyStoreId })
  assert.deepEqual(failed['additionalEventData'], {
    customKeyStoreName: 'audited',
    connectionState: 'FAILED',
    connectionErrorCode: 'INVALID_CREDENTIALS',
  })
  const refusal = await recordOf(kms.createCustomKeyStore(wish()))
  assert.equal(refusal['errorCode'], 'XksProxyIncorrectAuthenticationCredentialException')
  proxy.misbehave = undefined
  const disconnected = await recordOf(kms.disconnectCustomKeyStore(id))
  assert.deepEqual(disconnected['additionalEventData'], { customKeyStoreName: 'audited' })
  const update = { ...id, NewCustomKeyStoreName: 'renamed', XksProxyAuthenticationCredential: proxy.credential }
  const updated = await recordOf(kms.updateCustomKeyStore(update))
  assert.deepEqual(updated['requestParameters'], { customKeyStoreId, newCustomKeyStoreName: 'renamed' })
  const deleted = await recordOf(kms.deleteCustomKeyStore(id))
  assert.deepEqual([deleted['eventName'], deleted['readOnly']], ['DeleteCustomKeyStore', false])
  const described = await recordOf(kms.describeCustomKeyStores({ Limit: 3 }))
  assert.deepEqual([described['requestParameters'], described['readOnly']], [{ limit: 3 }, true])
})

test('records of the use of keys say which external key was used', async () => {
  const { KeyMetadata: { CurrentKeyMaterialId: keyMaterialId } = {} } = await kms.describeKey({ KeyId: sharedKey })
  const where = { customKeyStoreId: shared, xksKeyId: sharedXksKeyId }
  const used = await recordOf(kms.encrypt({ KeyId: sharedKey, Plaintext: Buffer.from('x') }))
  assert.deepEqual(used['additionalEventData'], { keyMaterialId, ...where })
  const { KeyMetadata: { KeyId: ordinary, CurrentKeyMaterialId: otherMaterial } = {} } = await kms.createKey({})
  const moved = await recordOf(kms.reEncrypt({ CiphertextBlob: sharedBlob, DestinationKeyId: ordinary }))
  assert.deepEqual(moved['additionalEventData'], {
    sourceKeyMaterialId: keyMaterialId,
    destinationKeyMaterialId: otherMaterial,
    sourceCustomKeyStoreId: shared,
    sourceXksKeyId: sharedXksKeyId,
  })
  proxy.misbehave = failing(403, 'AccessDeniedException')
  const denied = await recordOf(kms.decrypt({ CiphertextBlob: sharedBlob }))
  assert.equal(denied['errorCode'], 'KMSInvalidStateException')
  assert.equal(denied['additionalEventData'], undefined)
})

test('failures of a proxy are logged for the operator', () => {
  const line = server.logged.findLast(({ event }) => event === 'external key store proxy failed')
  assert.deepEqual(
    [line?.['failure'], line?.['status'], line?.['operation']],
    ['AccessDeniedException', 403, 'Decrypt'],
  )
})

test('no secret access key is in a record, in the log or in the data folder', async () => {
  assert.ok(Object.keys(secrets).length >= 3)
  const text = Buffer.from(JSON.stringify([await server.records(), server.logged]))
  assert.deepEqual(findIn(text, secrets), [])
  assert.deepEqual(findIn(contentsOf(server.data), secrets), [])
  assert.ok(!text.includes('must not see'))
})
