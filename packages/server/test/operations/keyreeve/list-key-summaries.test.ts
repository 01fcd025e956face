import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { keyRow } from '../../../src/store/documents.ts'
import { allow, deny, document, ownAccount, userWith, type Identity, type Policy } from '../../support/identities.ts'
import { answered, callKeyreeve, refusedBy } from '../../support/keyreeve.ts'
import { days, hours, start, type Credentials } from '../../support/server.ts'

const server = await start()
server.clock.hold()
after(() => server.stop())

interface Summary {
  KeyId: string
  Arn: string
  Aliases?: string[]
  AliasCount?: number
  Description?: string
  KeyState?: string
  Tags?: { TagKey: string; TagValue: string }[]
  LastUsedDate?: number
  LastUsedOperation?: string
  Denied?: boolean
  [name: string]: unknown
}
interface Page {
  Keys: Summary[]
  NextMarker?: string
  Truncated: boolean
}

const other = '111122223333'
const admin = server.client()
const ask = (input: object, by?: Credentials, region = 'us-east-1') =>
  callKeyreeve(server, 'ListKeySummaries', input, by, { region })
const list = (input: object = {}, by?: Credentials, region?: string): Promise<Page> =>
  answered<Page>(ask(input, by, region))
const summaryOf = async (id: string, by?: Credentials): Promise<Summary> => {
  const { Keys, Truncated } = await list({}, by)
  assert.equal(Truncated, false)
  return Keys.find(({ KeyId }) => KeyId === id) ?? assert.fail(`${id} is not listed`)
}
const made = async (input: Parameters<typeof admin.createKey>[0], kms = admin) => {
  const { KeyMetadata: { KeyId = '', Arn = '' } = {} } = await kms.createKey(input)
  return { id: KeyId, arn: Arn }
}
const user = (name: string, ...policies: Policy[]): Promise<Identity> => userWith(server, name, ...policies)

test('a key is shown with all that its owner may know', async () => {
  const { id, arn } = await made({ Description: 'pay', Tags: [{ TagKey: 'team', TagValue: 'red' }] })
  for (const name of ['b', 'a', 'c']) await admin.createAlias({ AliasName: `alias/${name}`, TargetKeyId: id })
  const CreationDate = server.clock.now() / 1000
  server.clock.advance(hours)
  await admin.encrypt({ KeyId: id, Plaintext: Buffer.from('x') })
  assert.deepEqual(await summaryOf(id), {
    KeyId: id,
    Arn: arn,
    Aliases: ['alias/a', 'alias/b', 'alias/c'],
    AliasCount: 3,
    Description: 'pay',
    KeyState: 'Enabled',
    KeySpec: 'SYMMETRIC_DEFAULT',
    KeyUsage: 'ENCRYPT_DECRYPT',
    Origin: 'AWS_KMS',
    KeyManager: 'CUSTOMER',
    MultiRegion: false,
    CreationDate,
    Tags: [{ TagKey: 'team', TagValue: 'red' }],
    LastUsedDate: server.clock.now() / 1000,
    LastUsedOperation: 'Encrypt',
  })
  await server.app.services.lastUsage.flush()
  assert.equal((await summaryOf(id)).LastUsedOperation, 'Encrypt', 'also once that is in the store')
})

test('of many aliases the first ten are shown', async () => {
  const { id } = await made({})
  const names = Array.from({ length: 12 }, (_, n) => `alias/many-${String(n).padStart(2, '0')}`)
  for (const AliasName of names.toReversed()) await admin.createAlias({ AliasName, TargetKeyId: id })
  const { Aliases, AliasCount } = await summaryOf(id)
  assert.deepEqual([Aliases, AliasCount], [names.slice(0, 10), 12])
})

test('a key says when it goes, and of which family it is', async () => {
  const { id } = await made({ MultiRegion: true })
  await admin.replicateKey({ KeyId: id, ReplicaRegion: 'eu-west-1' })
  const replica = (await list({}, undefined, 'eu-west-1')).Keys.find(({ KeyId }) => KeyId === id)
  assert.deepEqual([replica?.['MultiRegion'], replica?.['MultiRegionKeyType']], [true, 'REPLICA'])
  assert.equal((await summaryOf(id))['MultiRegionKeyType'], 'PRIMARY')
  const single = await made({})
  await admin.scheduleKeyDeletion({ KeyId: single.id, PendingWindowInDays: 7 })
  const { KeyState, DeletionDate } = await summaryOf(single.id)
  assert.deepEqual([KeyState, DeletionDate], ['PendingDeletion', (server.clock.now() + 7 * days) / 1000])
})

test('a key says what DescribeKey says', async () => {
  await made({ Origin: 'EXTERNAL', Description: 'to be imported' })
  const { KeyMetadata: disabled } = await admin.createKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' })
  await admin.disableKey({ KeyId: disabled?.KeyId })
  for (const summary of (await list()).Keys) {
    const { KeyMetadata } = await admin.describeKey({ KeyId: summary.KeyId })
    const described = JSON.parse(JSON.stringify(KeyMetadata)) as Record<string, unknown>
    for (const [name, value] of Object.entries(summary)) {
      if (name.endsWith('Date')) continue
      if (name in described) assert.deepEqual(value, described[name], `${name} of ${summary.KeyId}`)
    }
    assert.ok(Object.keys(summary).length > 10)
  }
})

// Who may see what

test('of a key that the caller may not describe no more is shown than that it is there', async () => {
  const { id, arn } = await made({
    Policy: JSON.stringify(
      document({
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${ownAccount}:user/administrator` },
        Action: 'kms:*',
        Resource: '*',
      }),
    ),
  })
  await admin.createAlias({ AliasName: 'alias/secret', TargetKeyId: id })
  const reader = await user('reader', allow('kms:*'))
  assert.deepEqual(await summaryOf(id, reader), { KeyId: id, Arn: arn, Denied: true })
  assert.equal((await summaryOf(id)).KeyState, 'Enabled')
})

const listing = ['kms:ListKeys', 'kms:DescribeKey']
const parts: [title: string, policies: Policy[], parts: [aliases: boolean, tags: boolean, use: boolean]][] = [
  ['nothing but keys', [allow(listing)], [false, false, false]],
  ['aliases', [allow([...listing, 'kms:ListAliases'])], [true, false, false]],
  ['tags', [allow([...listing, 'kms:ListResourceTags'])], [false, true, false]],
  ['the last use', [allow([...listing, 'kms:GetKeyLastUsage'])], [false, false, true]],
  ['all but tags', [allow('kms:*'), deny('kms:ListResourceTags')], [true, false, true]],
  ['all', [allow('kms:*')], [true, true, true]],
]
for (const [title, policies, [aliases, tags, use]] of parts) {
  test(`who may see ${title} sees no more`, async () => {
    const { id } = await made({ Tags: [{ TagKey: 'a', TagValue: 'b' }] })
    await admin.encrypt({ KeyId: id, Plaintext: Buffer.from('x') })
    const summary = await summaryOf(id, await user('partial', ...policies))
    assert.deepEqual(
      [summary.Aliases, summary.AliasCount, summary.Tags, summary.LastUsedDate, summary.LastUsedOperation].map(
        value => value !== undefined,
      ),
      [aliases, aliases, tags, use, use],
    )
  })
}

test('what a policy or a grant allows on one key counts for that one', async () => {
  const one = await made({ Tags: [{ TagKey: 'team', TagValue: 'red' }] })
  const two = await made({ Tags: [{ TagKey: 'team', TagValue: 'blue' }] })
  const red = { Condition: { StringEquals: { 'aws:ResourceTag/team': 'red' } } }
  const tagged = await user('tagged', allow('kms:ListKeys'), allow('kms:DescribeKey', red))
  const seen = async (by: Credentials) => [(await summaryOf(one.id, by)).Denied, (await summaryOf(two.id, by)).Denied]
  assert.deepEqual(await seen(tagged), [undefined, true])
  const granted = await user('granted', allow('kms:ListKeys'))
  await admin.createGrant({ KeyId: two.id, GranteePrincipal: granted.arn, Operations: ['DescribeKey'] })
  assert.deepEqual(await seen(granted), [true, undefined])
})

test('keys of another account, or of another Region, are not listed', async () => {
  const { id } = await made({})
  const stranger = await userWith(server, { name: 'stranger', account: other }, allow('*'))
  assert.deepEqual((await list({}, stranger)).Keys, [])
  const theirs = await made({}, server.client({ credentials: stranger }))
  await admin.createGrant({ KeyId: id, GranteePrincipal: stranger.arn, Operations: ['DescribeKey'] })
  assert.deepEqual(
    (await list({}, stranger)).Keys.map(({ KeyId }) => KeyId),
    [theirs.id],
  )
  assert.ok((await list()).Keys.every(({ Arn }) => Arn.includes(ownAccount)))
  assert.ok(!(await list({}, undefined, 'eu-west-1')).Keys.some(({ KeyId }) => KeyId === id))
})

// Pages

test('pages follow one another by key id while keys come and go', async () => {
  const kms = server.client({ region: 'eu-north-1' })
  const listHere = (input: object): Promise<Page> => list(input, undefined, 'eu-north-1')
  const ids: string[] = []
  for (let made = 0; made < 7; made++) ids.push((await kms.createKey({})).KeyMetadata?.KeyId ?? '')
  ids.sort()
  const found: string[] = []
  let Marker: string | undefined
  do {
    const page = await listHere({ Limit: 2, ...(Marker !== undefined && { Marker }) })
    found.push(...page.Keys.map(({ KeyId }) => KeyId))
    assert.equal(page.Truncated, page.NextMarker !== undefined)
    Marker = page.NextMarker
    // The key that the marker names goes.
    const last = found.at(-1) ?? ''
    if (Marker !== undefined) {
      const view = server.app.store.view()
      const row = keyRow(ownAccount, 'eu-north-1', last)
      await view.get('key', row)
      assert.equal(await server.app.store.commit(view, [{ remove: 'key', id: row }], []), 'committed')
    }
  } while (Marker !== undefined)
  assert.deepEqual(found, ids)
  const left = (await listHere({})).Keys.map(({ KeyId }) => KeyId)
  assert.deepEqual(await listHere({ Limit: left.length }), { ...(await listHere({})), Truncated: false })
  const { Keys } = await listHere({ Limit: 1 })
  assert.deepEqual(
    Keys.map(({ KeyId }) => KeyId),
    left.slice(0, 1),
  )
})

test('a page ends sooner when its keys have much to say', async () => {
  const kms = server.client({ region: 'eu-south-1' })
  const { KeyMetadata } = await kms.createKey({ Description: 'x'.repeat(8_192) })
  const view = server.app.store.view()
  const key = await view.get('key', keyRow(ownAccount, 'eu-south-1', KeyMetadata?.KeyId ?? ''))
  const document = key ?? assert.fail()
  const changes = []
  for (let n = 0; n < 300; n++) {
    const id = `${String(n).padStart(8, '0')}-0000-4000-8000-000000000000`
    await view.get('key', keyRow(ownAccount, 'eu-south-1', id))
    changes.push({ put: 'key', id: keyRow(ownAccount, 'eu-south-1', id), document: { ...document, id } } as const)
  }
  assert.equal(await server.app.store.commit(view, changes, []), 'committed')
  const first = await list({}, undefined, 'eu-south-1')
  assert.deepEqual([first.Truncated, first.Keys.length], [true, 256])
  const second = await list({ Marker: first.NextMarker }, undefined, 'eu-south-1')
  assert.deepEqual([second.Truncated, second.Keys.length], [false, 45])
})

test('a marker is good for this list, account and Region alone', async () => {
  await made({})
  await made({})
  const { NextMarker: Marker = '' } = await list({ Limit: 1 })
  assert.notEqual(Marker, '')
  const stranger = await userWith(server, { name: 'stranger', account: other }, allow('*'))
  await refusedBy(ask({ Marker }, stranger), 'InvalidMarkerException')
  await refusedBy(ask({ Marker }, undefined, 'eu-west-1'), 'InvalidMarkerException')
  await refusedBy(ask({ Marker: `${Marker.slice(0, -4)}AAAA` }), 'InvalidMarkerException')
  await refusedBy(ask({ Marker: 'x' }), 'InvalidMarkerException')
  const { NextMarker } = await admin.listKeys({ Limit: 1 })
  await refusedBy(ask({ Marker: NextMarker }), 'InvalidMarkerException')
})

test('refuses more keys than a page has, and fewer than one', async () => {
  await refusedBy(ask({ Limit: 1_001 }), 'ValidationException')
  await refusedBy(ask({ Limit: 0 }), 'ValidationException')
})

test('refuses whom no policy lets list keys', async () => {
  await refusedBy(ask({}, await user('none', allow(['kms:DescribeKey', 'keyreeve:*']))), 'AccessDeniedException')
  await refusedBy(ask({}, await user('denied', allow('*'), deny('kms:ListKeys'))), 'AccessDeniedException')
  assert.ok((await list({}, await user('lister', allow('kms:ListKeys')))).Keys.length > 0)
})

test('the list is in the log as one call, with nothing of the keys', async () => {
  await list({ Limit: 5 })
  const record = (await server.records()).at(-1)
  assert.deepEqual(
    ['eventName', 'eventSource', 'requestParameters', 'responseElements', 'resources', 'readOnly'].map(
      name => record?.[name],
    ),
    ['ListKeySummaries', 'keyreeve.amazonaws.com', { limit: 5 }, null, [], true],
  )
})
