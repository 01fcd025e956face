import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { KMS } from '@aws-sdk/client-kms'
import { constraint, membersOf, noText, refused } from '../support/answers.ts'
import { start } from '../support/server.ts'

/** How lists are cut into pages, and what is no marker. */

const foreign = await start(['--account', '111122223333'])
const ofAnotherAccount = await markersOf(await furnish(foreign.client({ region: 'eu-west-1' }), '111122223333'))
const server = await foreign.restart({ flags: [] })
after(() => server.stop())
const kms = server.client()
const elsewhere = server.client({ region: 'ap-south-1' })

const keys = await Promise.all(
  Array.from({ length: 250 }, async () => (await kms.createKey({})).KeyMetadata?.KeyId ?? ''),
)
const [one = '', another = '', third = ''] = keys
const names = (key: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `alias/${key}/${String(index).padStart(3, '0')}`)
for (const [key, count] of [
  [one, 50],
  [another, 50],
  [third, 20],
] as const) {
  // One after the other: aliases of one key push each other aside.
  for (const AliasName of names(key, count)) await kms.createAlias({ AliasName, TargetKeyId: key })
}
const aliases = [...names(one, 50), ...names(another, 50), ...names(third, 20)].sort()
const Tags = Array.from({ length: 50 }, (_, index) => ({ TagKey: `t${49 - index}`, TagValue: String(index) }))
await kms.tagResource({ KeyId: one, Tags })
await kms.tagResource({ KeyId: another, Tags })

const account = '000000000000'
const europe = server.client({ region: 'eu-west-1' })
const lists = await furnish(europe, account)
const own = await markersOf(lists)
const ofAnotherRegion = await markersOf(await furnish(server.client({ region: 'eu-west-2' }), account))
const ofAnotherKey = await markersOf(await furnishKey(europe, account))

interface Page<T> {
  items: T[]
  Truncated: boolean | undefined
  NextMarker?: string | undefined
}
type Pages<T> = (options: { Limit?: number; Marker?: string }) => Promise<Page<T>>

const listKeys: Pages<string> = async options => {
  const { Keys = [], ...rest } = await membersOf(kms.listKeys(options))
  for (const { KeyId, KeyArn } of Keys) assert.equal(KeyArn, `arn:aws:kms:us-east-1:000000000000:key/${KeyId}`)
  return { items: Keys.map(key => key.KeyId ?? ''), Truncated: rest.Truncated, ...rest }
}
const listAliases =
  (KeyId?: string): Pages<string> =>
  async options => {
    const { Aliases = [], ...rest } = await membersOf(kms.listAliases({ ...(KeyId && { KeyId }), ...options }))
    return { items: Aliases.map(alias => alias.AliasName ?? ''), Truncated: rest.Truncated, ...rest }
  }
const listTags =
  (KeyId: string): Pages<string> =>
  async options => {
    const { Tags: found = [], ...rest } = await membersOf(kms.listResourceTags({ KeyId, ...options }))
    return { items: found.map(tag => tag.TagKey ?? ''), Truncated: rest.Truncated, ...rest }
  }

/** The sizes of the pages, and everything on them. */
async function walk<T>(list: Pages<T>, Limit?: number): Promise<{ sizes: number[]; all: T[] }> {
  const sizes: number[] = []
  const all: T[] = []
  let marker: string | undefined
  do {
    const page = await list({ ...(Limit !== undefined && { Limit }), ...(marker !== undefined && { Marker: marker }) })
    sizes.push(page.items.length)
    all.push(...page.items)
    assert.equal(page.Truncated, page.NextMarker !== undefined)
    assert.ok(page.Truncated || !('NextMarker' in page))
    marker = page.NextMarker
  } while (marker !== undefined)
  return { sizes, all }
}

test('lists all keys in pages of 100, each once, by id', async () => {
  assert.deepEqual(await walk(listKeys), { sizes: [100, 100, 50], all: keys.toSorted() })
})

test('lists keys in pages of any size up to 1000', async () => {
  assert.deepEqual((await walk(listKeys, 125)).sizes, [125, 125])
  assert.deepEqual((await walk(listKeys, 249)).sizes, [249, 1])
  assert.deepEqual((await walk(listKeys, 250)).sizes, [250])
  assert.deepEqual((await walk(listKeys, 1000)).sizes, [250])
  const { items, Truncated, NextMarker = '' } = await listKeys({ Limit: 1 })
  assert.deepEqual([items, Truncated], [keys.toSorted().slice(0, 1), true])
  assert.deepEqual((await listKeys({ Limit: 1, Marker: NextMarker })).items, keys.toSorted().slice(1, 2))
})

test('lists nothing of another Region', async () => {
  assert.deepEqual(await membersOf(elsewhere.listKeys({})), { Keys: [], Truncated: false })
  assert.deepEqual(await membersOf(elsewhere.listAliases({})), { Aliases: [], Truncated: false })
})

test('lists all aliases in pages of 50, of 100 at most, by name', async () => {
  assert.deepEqual(await walk(listAliases()), { sizes: [50, 50, 20], all: aliases })
  assert.deepEqual((await walk(listAliases(), 1000)).sizes, [100, 20])
  assert.deepEqual((await walk(listAliases(), 60)).sizes, [60, 60])
})

test('lists the aliases of one key', async () => {
  assert.deepEqual(await walk(listAliases(one)), { sizes: [50], all: names(one, 50) })
  assert.deepEqual(await walk(listAliases(one), 20), { sizes: [20, 20, 10], all: names(one, 50) })
  assert.deepEqual(await walk(listAliases(keys[3])), { sizes: [0], all: [] })
})

test('goes on after an alias that was deleted in between', async () => {
  const page = await listAliases(third)({ Limit: 5 })
  for (const AliasName of page.items) await kms.deleteAlias({ AliasName })
  const next = await listAliases(third)({ Limit: 5, Marker: page.NextMarker ?? '' })
  assert.deepEqual(next.items, names(third, 20).slice(5, 10))
})

test('lists tags in the order in which they were put, 50 at most', async () => {
  const all = Tags.map(tag => tag.TagKey)
  assert.deepEqual(await walk(listTags(one)), { sizes: [50], all })
  assert.deepEqual(await walk(listTags(one), 1000), { sizes: [50], all })
  assert.deepEqual(await walk(listTags(one), 24), { sizes: [24, 24, 2], all })
})

test('lists the one policy of a key on one page', async () => {
  assert.deepEqual(await membersOf(kms.listKeyPolicies({ KeyId: one, Limit: 1 })), {
    PolicyNames: ['default'],
    Truncated: false,
  })
})

// Markers

/** Every list of a key, an account and a Region. */
type Lists = Record<string, Pages<unknown>>

async function paged<
  T extends { $metadata: unknown; Truncated?: boolean | undefined; NextMarker?: string | undefined },
>(call: Promise<T>, member: Exclude<keyof T, '$metadata' | 'Truncated' | 'NextMarker'>): Promise<Page<unknown>> {
  const { [member]: items, Truncated, ...rest } = await membersOf(call)
  return { items: items as unknown[], Truncated, ...rest } // Each call below names a member that is a list.
}

function listsOf(client: KMS, account: string, KeyId: string): Lists {
  const principal = `arn:aws:iam::${account}:root`
  const all = 'ALL_KEY_MATERIAL'
  return {
    ListKeys: options => paged(client.listKeys(options), 'Keys'),
    ListAliases: options => paged(client.listAliases(options), 'Aliases'),
    'ListAliases of a key': options => paged(client.listAliases({ KeyId, ...options }), 'Aliases'),
    ListResourceTags: options => paged(client.listResourceTags({ KeyId, ...options }), 'Tags'),
    ListGrants: options => paged(client.listGrants({ KeyId, ...options }), 'Grants'),
    'ListGrants of a principal': options =>
      paged(client.listGrants({ KeyId, GranteePrincipal: principal, ...options }), 'Grants'),
    ListRetirableGrants: options =>
      paged(client.listRetirableGrants({ RetiringPrincipal: principal, ...options }), 'Grants'),
    ListKeyRotations: options => paged(client.listKeyRotations({ KeyId, ...options }), 'Rotations'),
    'ListKeyRotations with all material': options =>
      paged(client.listKeyRotations({ KeyId, IncludeKeyMaterial: all, ...options }), 'Rotations'),
    DescribeCustomKeyStores: options => paged(client.describeCustomKeyStores(options), 'CustomKeyStores'),
    ListKeyPolicies: options => paged(client.listKeyPolicies({ KeyId, ...options }), 'PolicyNames'),
  }
}

/** A key with four of everything that lists of a key have. */
async function furnishKey(client: KMS, account: string): Promise<Lists> {
  const { KeyMetadata: { KeyId = '' } = {} } = await client.createKey({})
  const principal = `arn:aws:iam::${account}:root`
  for (const n of [1, 2, 3, 4]) {
    await client.createAlias({ AliasName: `alias/${KeyId}/${n}`, TargetKeyId: KeyId })
    await client.tagResource({ KeyId, Tags: [{ TagKey: `t${n}`, TagValue: '' }] })
    const principals = { GranteePrincipal: principal, RetiringPrincipal: principal }
    await client.createGrant({ KeyId, ...principals, Operations: ['Decrypt'] })
    await client.rotateKeyOnDemand({ KeyId })
  }
  return listsOf(client, account, KeyId)
}

/** The same in a Region that has four keys, and four custom key stores. */
async function furnish(client: KMS, account: string): Promise<Lists> {
  for (const n of [1, 2, 3, 4]) {
    if (n > 1) await client.createKey({})
    // What is behind a VPC endpoint service is not asked before it is connected.
    await client.createCustomKeyStore({
      CustomKeyStoreName: `store ${n}`,
      CustomKeyStoreType: 'EXTERNAL_KEY_STORE',
      XksProxyConnectivity: 'VPC_ENDPOINT_SERVICE',
      XksProxyVpcEndpointServiceName: `com.amazonaws.vpce.eu-west-1.vpce-svc-${n}`,
      XksProxyUriEndpoint: `https://proxy-${n}.example`,
      XksProxyUriPath: '/kms/xks/v1',
      XksProxyAuthenticationCredential: { AccessKeyId: 'A'.repeat(20), RawSecretAccessKey: 'a'.repeat(43) },
    })
  }
  return await furnishKey(client, account)
}

type Markers = Record<string, string>
async function markersOf(from: Lists): Promise<Markers> {
  const found: Markers = {}
  for (const [name, list] of Object.entries(from)) {
    // The one policy of a key fits on every page.
    if (name !== 'ListKeyPolicies') found[name] = (await list({ Limit: 1 })).NextMarker ?? assert.fail(name)
  }
  return found
}

/** With those of the other key, and the first material. */
const counts: Record<string, number> = {
  ListKeys: 5,
  ListAliases: 8,
  ListRetirableGrants: 8,
  'ListKeyRotations with all material': 5,
  ListKeyPolicies: 1,
}

for (const [name, list] of Object.entries(lists)) {
  const count = counts[name] ?? 4

  test(`${name} lists each item once, on pages of whatever size`, async () => {
    const { items } = await list({})
    assert.equal(items.length, count)
    assert.equal(new Set(items.map(item => JSON.stringify(item))).size, count)
    for (const size of [1, 2, 3, count, count + 1, 1000]) {
      // No page is empty, even if the last one is full.
      const sizes = Array.from({ length: Math.ceil(count / size) }, (_, page) => Math.min(size, count - page * size))
      assert.deepEqual(await walk(list, size), { sizes, all: items })
    }
  })
}

for (const [name, list] of Object.entries(lists)) {
  test(`${name} refuses a Limit that is not from 1 to 1000`, async () => {
    const tooSmall = 'have value greater than or equal to 1'
    await refused(list({ Limit: 0 }), 'ValidationException', constraint('limit', '0', tooSmall))
    await refused(list({ Limit: -1 }), 'ValidationException', constraint('limit', '-1', tooSmall))
    const tooLarge = constraint('limit', '1001', 'have value less than or equal to 1000')
    await refused(list({ Limit: 1001 }), 'ValidationException', tooLarge)
  })

  test(`${name} refuses markers of other lists, accounts, Regions and keys`, async () => {
    const isOfKey = !['ListKeys', 'ListAliases', 'ListRetirableGrants', 'DescribeCustomKeyStores'].includes(name)
    const others = [
      ...Object.entries(own).filter(([other]) => other !== name),
      ...[ofAnotherAccount, ofAnotherRegion].flatMap(markers => Object.entries(markers)),
      ...Object.entries(ofAnotherKey).filter(([other]) => isOfKey || other !== name),
    ]
    for (const [other, Marker] of others) {
      await assert.rejects(list({ Marker }), { name: 'InvalidMarkerException', message: noText }, other)
    }
  })

  test(`${name} refuses what is no marker`, async () => {
    const long = 'A'.repeat(1025)
    for (const Marker of ['x', 'AAAA', long.slice(1), 'not base64!', 'é', ' ', keys[0] ?? '']) {
      await refused(list({ Marker }), 'InvalidMarkerException')
    }
    for (const [Marker, rule] of [
      ['', 'have length greater than or equal to 1'],
      [long, 'have length less than or equal to 1024'],
      ['\t€', 'satisfy regular expression pattern: [\\u0020-\\u00FF]*'],
    ] as const) {
      await refused(list({ Marker }), 'ValidationException', constraint('marker', Marker, rule))
    }
  })
}

for (const [name, marker] of Object.entries(own)) {
  test(`${name} refuses its marker with any byte changed, or anything cut off or added`, async () => {
    const list = lists[name] ?? assert.fail(name)
    const bytes = Buffer.from(marker, 'base64')
    const changed = Array.from(bytes.keys(), at => bytes.map((byte, index) => (index === at ? byte ^ 1 : byte)))
    const cut = [1, 15, 16, 17, bytes.length - 1].map(length => bytes.subarray(0, length))
    const added = Buffer.concat([bytes, Buffer.of(0)])
    for (const wrong of [...changed, ...cut, added]) {
      await refused(list({ Marker: Buffer.from(wrong).toString('base64') }), 'InvalidMarkerException')
    }
    await refused(list({ Marker: `${marker} ` }), 'InvalidMarkerException')
    assert.equal((await list({ Marker: marker })).Truncated, false)
  })
}
