import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { constraint, membersOf, refused } from '../support/answers.ts'
import { start } from '../support/server.ts'

/** How lists are cut into pages, and what is no marker. */

const foreign = await start(['--account', '111122223333'])
for (let made = 0; made < 2; made++) await foreign.client().createKey({})
const foreignPage = await foreign.client().listKeys({ Limit: 1 })
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

const lists: Record<string, (options: { Limit?: number; Marker?: string }) => Promise<unknown>> = {
  ListKeys: options => kms.listKeys(options),
  ListAliases: options => kms.listAliases(options),
  'ListAliases of a key': options => kms.listAliases({ KeyId: one, ...options }),
  ListResourceTags: options => kms.listResourceTags({ KeyId: one, ...options }),
  ListKeyPolicies: options => kms.listKeyPolicies({ KeyId: one, ...options }),
  ListKeyRotations: options => kms.listKeyRotations({ KeyId: one, ...options }),
}

const markerOf = async <T>(list: Pages<T>): Promise<string> => (await list({ Limit: 1 })).NextMarker ?? ''
const markers: Record<string, string> = {
  ListKeys: await markerOf(listKeys),
  ListAliases: await markerOf(listAliases()),
  'ListAliases of a key': await markerOf(listAliases(one)),
  ListResourceTags: await markerOf(listTags(one)),
  'ListAliases of another key': await markerOf(listAliases(another)),
  'ListResourceTags of another key': await markerOf(listTags(another)),
  'ListKeys of another account': foreignPage.NextMarker ?? '',
}

for (const [name, list] of Object.entries(lists)) {
  test(`${name} refuses a Limit that is not from 1 to 1000`, async () => {
    const tooSmall = 'have value greater than or equal to 1'
    await refused(list({ Limit: 0 }), 'ValidationException', constraint('limit', '0', tooSmall))
    await refused(list({ Limit: -1 }), 'ValidationException', constraint('limit', '-1', tooSmall))
    const tooLarge = constraint('limit', '1001', 'have value less than or equal to 1000')
    await refused(list({ Limit: 1001 }), 'ValidationException', tooLarge)
  })

  test(`${name} refuses markers that it did not make`, async () => {
    for (const Marker of ['x', 'AAAA', 'A'.repeat(1024), 'not base64!', 'é', ' ', keys[0] ?? '']) {
      await refused(list({ Marker }), 'InvalidMarkerException')
    }
    for (const [other, Marker] of Object.entries(markers)) {
      assert.notEqual(Marker, '')
      if (other !== name) await refused(list({ Marker }), 'InvalidMarkerException')
    }
  })

  test(`${name} refuses markers of a length or with characters that no marker has`, async () => {
    const long = 'A'.repeat(1025)
    await refused(
      list({ Marker: '' }),
      'ValidationException',
      constraint('marker', '', 'have length greater than or equal to 1'),
    )
    await refused(
      list({ Marker: long }),
      'ValidationException',
      constraint('marker', long, 'have length less than or equal to 1024'),
    )
    await refused(
      list({ Marker: '\t€' }),
      'ValidationException',
      constraint('marker', '\t€', 'satisfy regular expression pattern: [\\u0020-\\u00FF]*'),
    )
  })
}

test('refuses a marker of which any byte was changed, or the end cut off', async () => {
  const marker = markers['ListKeys'] ?? ''
  const bytes = Buffer.from(marker, 'base64')
  for (const at of bytes.keys()) {
    const changed = Buffer.from(bytes)
    changed[at] = (changed[at] ?? 0) ^ 1
    await refused(kms.listKeys({ Marker: changed.toString('base64') }), 'InvalidMarkerException')
  }
  for (const length of [1, 15, 16, 17, bytes.length - 1]) {
    const cut = bytes.subarray(0, length).toString('base64')
    await refused(kms.listKeys({ Marker: cut }), 'InvalidMarkerException')
  }
  await refused(kms.listKeys({ Marker: `${marker} ` }), 'InvalidMarkerException')
  await refused(elsewhere.listKeys({ Marker: marker }), 'InvalidMarkerException')
})
