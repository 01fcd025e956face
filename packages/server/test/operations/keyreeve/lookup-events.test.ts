import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { outcomeOf } from '../../support/answers.ts'
import {
  allow,
  deny,
  document,
  ownAccount,
  roleWith,
  sessionOf,
  userWith,
  type Identity,
} from '../../support/identities.ts'
import { answered, callKeyreeve, refusedBy } from '../../support/keyreeve.ts'
import { hours, start, type Credentials } from '../../support/server.ts'

const server = await start()
server.clock.hold()
after(() => server.stop())

interface WireEvent {
  EventId: string
  EventTime: number
  EventName: string
  EventSource: string
  Principal?: string
  ErrorCode?: string
  ReadOnly: boolean
  Record: string
}
interface Page {
  Events: WireEvent[]
  NextMarker?: string
  ScannedTo?: number
  Truncated: boolean
}

const other = '111122223333'
const admin = server.client()
const ask = (input: object, by?: Credentials) => callKeyreeve(server, 'LookupEvents', input, by)
const lookUp = (input: object = {}, by?: Credentials): Promise<Page> => answered<Page>(ask(input, by))
const names = async (input: object, by?: Credentials): Promise<string[]> =>
  (await lookUp({ ...input, EventSource: 'kms.amazonaws.com' }, by)).Events.map(({ EventName }) => EventName)

let key = ''
let keyArn = ''
let stranger: Identity
let alice: Identity
before(async () => {
  const { KeyMetadata } = await admin.createKey({ Description: 'for the log' })
  key = KeyMetadata?.KeyId ?? ''
  keyArn = KeyMetadata?.Arn ?? ''
  await admin.createAlias({ AliasName: 'alias/logged', TargetKeyId: key })
  server.clock.advance(hours)
  alice = await userWith(server, 'alice', document({ Effect: 'Allow', Action: 'kms:Encrypt', Resource: '*' }))
  stranger = await userWith(server, { name: 'stranger', account: other }, allow('*'))
  const byAlice = server.client({ credentials: alice })
  await byAlice.encrypt({ KeyId: 'alias/logged', Plaintext: Buffer.from('x') })
  assert.equal(await outcomeOf(byAlice.describeKey({ KeyId: key })), 'AccessDeniedException')
  const role = await roleWith(server, { name: 'app', path: '/x/' }, allow('kms:*'))
  await server.client({ credentials: sessionOf(server, role, 'work') }).listKeys({})
  await server.client({ credentials: stranger }).createKey({ Description: 'of a stranger' })
  await server.client({ region: 'eu-west-1' }).createKey({})
  server.clock.advance(hours)
})

test('each event comes as its record is stored, newest first', async () => {
  const { Events, Truncated } = await lookUp({ Limit: 200 })
  assert.equal(Truncated, false)
  const stored = (await server.app.auditEntries(0, 10_000)).filter(({ record }) => !record.includes('"LookupEvents"'))
  const own = stored.filter(({ record }) => record.includes(`"recipientAccountId":"${ownAccount}"`)).reverse()
  assert.deepEqual(
    Events.filter(({ EventName }) => EventName !== 'LookupEvents').map(event => [event.Record, event.EventTime]),
    own.map(({ record, at }) => [record, at / 1000]),
  )
  const event = Events.find(({ EventName }) => EventName === 'DescribeKey') ?? assert.fail()
  const { Record, EventId, EventTime, ...summary } = event
  const record = JSON.parse(Record) as { eventID: string; eventTime: string }
  assert.equal(EventId, record.eventID)
  assert.equal(new Date(EventTime * 1000).toISOString().slice(0, 19), record.eventTime.slice(0, 19))
  assert.deepEqual(summary, {
    EventName: 'DescribeKey',
    EventSource: 'kms.amazonaws.com',
    Principal: alice.arn,
    ErrorCode: 'AccessDeniedException',
    ReadOnly: true,
  })
})

test('a look-up is in the log like any call, with what was looked for', async () => {
  await lookUp({ KeyId: 'alias/logged', StartTime: 1, Text: 'Encrypt', Limit: 3 })
  const [event] = (await lookUp({ EventName: 'LookupEvents', Limit: 1 })).Events
  const record = JSON.parse(event?.Record ?? '') as Record<string, unknown>
  assert.deepEqual(record['requestParameters'], {
    startTime: 'Jan 1, 1970, 12:00:01 AM',
    keyId: 'alias/logged',
    text: 'Encrypt',
    limit: 3,
  })
  assert.deepEqual([record['readOnly'], record['responseElements']], [true, null])
})

test('a key is found by id, ARN, alias and alias ARN', async () => {
  const expected = ['DescribeKey', 'Encrypt', 'CreateAlias', 'CreateKey']
  for (const KeyId of [key, keyArn, 'alias/logged', keyArn.replace(/key\/.*/, 'alias/logged')]) {
    assert.deepEqual(await names({ KeyId }), expected, KeyId)
  }
  assert.deepEqual(await names({ KeyId: key, Region: 'eu-west-1' }), [])
  assert.deepEqual(await names({ KeyId: randomUUID() }), [])
  assert.deepEqual(await names({ KeyId: keyArn.replace('us-east-1', 'eu-west-1') }), [])
})

test('what is left of a key that is gone can be looked up', async () => {
  const { KeyMetadata: { KeyId = '', Arn = '' } = {} } = await admin.createKey({})
  await admin.scheduleKeyDeletion({ KeyId, PendingWindowInDays: 7 })
  server.clock.advance(8 * 24 * hours)
  await server.settle()
  assert.deepEqual(await names({ KeyId }), ['DeleteKey', 'ScheduleKeyDeletion', 'CreateKey'])
  const [deletion] = (await lookUp({ KeyId: Arn, Principal: 'AWS Internal' })).Events
  assert.deepEqual([deletion?.EventName, deletion?.Principal], ['DeleteKey', 'AWS Internal'])
})

test('an alias in another Region is meant by its ARN, or with that Region', async () => {
  const abroad = server.client({ region: 'eu-west-1' })
  const { KeyMetadata: { KeyId = '' } = {} } = await abroad.createKey({})
  await abroad.createAlias({ AliasName: 'alias/abroad', TargetKeyId: KeyId })
  await refusedBy(ask({ KeyId: 'alias/abroad' }), 'NotFoundException')
  assert.deepEqual(await names({ KeyId: 'alias/abroad', Region: 'eu-west-1' }), ['CreateAlias', 'CreateKey'])
  const arn = `arn:aws:kms:eu-west-1:${ownAccount}:alias/abroad`
  assert.deepEqual(await names({ KeyId: arn }), ['CreateAlias', 'CreateKey'])
})

const asked: [title: string, input: () => object, expected: string[]][] = [
  ['a user by ARN', () => ({ Principal: alice.arn }), ['DescribeKey', 'Encrypt']],
  ['a user by name', () => ({ Principal: 'alice' }), ['DescribeKey', 'Encrypt']],
  ['an access key', () => ({ Principal: alice.accessKeyId }), ['DescribeKey', 'Encrypt']],
  ['a role by ARN', () => ({ Principal: `arn:aws:iam::${ownAccount}:role/x/app` }), ['ListKeys']],
  ['a session', () => ({ Principal: `arn:aws:sts::${ownAccount}:assumed-role/app/work` }), ['ListKeys']],
  ['an error', () => ({ ErrorCode: 'AccessDeniedException', KeyId: key }), ['DescribeKey']],
  ['any error', () => ({ ErrorCode: '*', KeyId: key }), ['DescribeKey']],
  ['no error', () => ({ ErrorCode: 'none', KeyId: key }), ['Encrypt', 'CreateAlias', 'CreateKey']],
  ['changes', () => ({ ReadOnly: false, KeyId: key }), ['CreateAlias', 'CreateKey']],
  ['reads', () => ({ ReadOnly: true, KeyId: key }), ['DescribeKey', 'Encrypt']],
  ['an event', () => ({ EventName: 'Encrypt' }), ['Encrypt']],
  ['a text', () => ({ Text: '"description":"for the log"', EventName: 'CreateKey' }), ['CreateKey']],
  ['nobody', () => ({ Principal: 'bob' }), []],
]
for (const [title, input, expected] of asked) {
  test(`finds ${title}`, async () => {
    assert.deepEqual(await names(input()), expected)
  })
}

test('both times are of the log, and inclusive', async () => {
  const [encrypt] = (await lookUp({ EventName: 'Encrypt' })).Events
  const { EventTime = 0 } = encrypt ?? {}
  const between = (StartTime: number, EndTime: number) => names({ StartTime, EndTime, Principal: 'alice' })
  assert.deepEqual(await between(EventTime, EventTime), ['DescribeKey', 'Encrypt'])
  assert.deepEqual(await between(EventTime - 10, EventTime - 0.001), [])
  assert.deepEqual(await between(EventTime + 0.001, EventTime + 10), [])
  assert.deepEqual(await names({ EndTime: EventTime - 1, KeyId: key }), ['CreateAlias', 'CreateKey'])
})

// Paging

test('pages follow one another while more is logged', async () => {
  const whole = (await lookUp({ KeyId: key, Limit: 200 })).Events.map(({ EventId }) => EventId)
  const found: string[] = []
  let calls = 0
  let Marker: string | undefined
  do {
    const page = await lookUp({ KeyId: key, Limit: 1, ...(Marker !== undefined && { Marker }) })
    await admin.describeKey({ KeyId: key })
    calls++
    found.push(...page.Events.map(({ EventId }) => EventId))
    assert.equal(page.Truncated, page.NextMarker !== undefined)
    assert.equal(page.Truncated, page.ScannedTo !== undefined)
    Marker = page.NextMarker
  } while (Marker !== undefined)
  assert.deepEqual(found, whole)
  const { Events } = await lookUp({ KeyId: key, EventName: 'DescribeKey', Principal: 'administrator', Limit: 200 })
  assert.equal(Events.length, calls)
})

test('a marker says nothing, and is good for the same look-up by the same account alone', async () => {
  const input = { ReadOnly: true, Limit: 1 }
  const { NextMarker: Marker = '' } = await lookUp(input)
  const again = await lookUp(input)
  assert.notEqual(again.NextMarker, Marker)
  assert.doesNotMatch(Buffer.from(Marker, 'base64').toString('latin1'), /\d{6}/)
  const { Events } = await lookUp({ ...input, Marker, Limit: 2 })
  assert.equal(Events.length, 2)
  const invalid = (more: object, by?: Credentials) =>
    refusedBy(ask({ ...input, Marker, ...more }, by), 'InvalidMarkerException')
  await invalid({ ReadOnly: false })
  await invalid({ EventName: 'Encrypt' })
  await invalid({ StartTime: 1 })
  await invalid({ Region: 'us-east-1' })
  await invalid({}, stranger)
  const bytes = Buffer.from(Marker, 'base64')
  for (const at of [0, 5, 20, 40, bytes.length - 1]) {
    const altered = Buffer.from(bytes)
    altered[at] = (altered[at] ?? 0) ^ 1
    await invalid({ Marker: altered.toString('base64') })
  }
  for (const wrong of ['MQ==', 'x', Marker.slice(0, -4), bytes.subarray(0, 30).toString('base64')]) {
    await invalid({ Marker: wrong })
  }
  // Of another list of the same account.
  await admin.createKey({})
  const { NextMarker } = await admin.listKeys({ Limit: 1 })
  await invalid({ Marker: NextMarker })
})

test('an alias that is pointed elsewhere between two pages ends the look-up', async () => {
  await admin.createAlias({ AliasName: 'alias/moving', TargetKeyId: key })
  const { NextMarker: Marker = '' } = await lookUp({ KeyId: 'alias/moving', Limit: 1 })
  const { KeyMetadata: { KeyId = '' } = {} } = await admin.createKey({})
  await admin.updateAlias({ AliasName: 'alias/moving', TargetKeyId: KeyId })
  await refusedBy(ask({ KeyId: 'alias/moving', Limit: 1, Marker }), 'InvalidMarkerException')
})

// Other accounts

test('an account finds nothing but its own records', async () => {
  const { Events } = await lookUp({ Limit: 200 }, stranger)
  const accounts = Events.map(({ Record }) => (JSON.parse(Record) as { recipientAccountId: string }).recipientAccountId)
  assert.deepEqual([...new Set(accounts)], [other])
  for (const input of [{ Text: 'for the log' }, { KeyId: keyArn }, { Principal: 'alice' }, { Text: ownAccount }]) {
    const found = (await lookUp(input, stranger)).Events.filter(({ EventName }) => EventName !== 'LookupEvents')
    assert.deepEqual(found, [], JSON.stringify(input))
  }
  assert.equal((await lookUp({ Text: 'of a stranger', EventName: 'CreateKey' })).Events.length, 0)
})

test('the use of a key by another account is in the logs of both, each as it may know it', async () => {
  const { KeyMetadata: { KeyId = '', Arn = '' } = {} } = await admin.createKey({})
  const GranteePrincipal = stranger.arn
  await admin.createGrant({ KeyId, GranteePrincipal, Operations: ['Encrypt'] })
  await server.client({ credentials: stranger }).encrypt({ KeyId: Arn, Plaintext: Buffer.from('x') })
  const [ours] = (await lookUp({ KeyId, Principal: other })).Events
  assert.deepEqual([ours?.EventName, ours?.Principal], ['Encrypt', other])
  assert.deepEqual(await names({ Principal: stranger.arn, KeyId }), [])
  const [theirs] = (await lookUp({ KeyId: Arn, EventName: 'Encrypt' }, stranger)).Events
  assert.equal(theirs?.Principal, stranger.arn)
})

test('whether another account has an alias is not told', async () => {
  const texts = await Promise.all(
    ['alias/logged', 'alias/none'].map(async name => {
      const KeyId = `arn:aws:kms:us-east-1:${ownAccount}:${name}`
      return (await ask({ KeyId }, stranger)).body.replaceAll(name, '')
    }),
  )
  assert.equal(texts[0], texts[1])
  assert.match(texts[0] ?? '', /NotFoundException/)
})

// Refusals

const refusals: [title: string, input: object, code: string, message?: string][] = [
  [
    'times the wrong way round',
    { StartTime: 2, EndTime: 1 },
    'ValidationException',
    'StartTime must not be later than EndTime.',
  ],
  ['no events', { Limit: 0 }, 'ValidationException'],
  ['more than 200 events', { Limit: 201 }, 'ValidationException'],
  ['an empty text', { Text: '' }, 'ValidationException'],
  ['a text without end', { Text: 'x'.repeat(257) }, 'ValidationException'],
  ['what is no Region', { Region: 'mars' }, 'ValidationException'],
  ['what is no key', { KeyId: 'x' }, 'NotFoundException'],
  ['a broken ARN', { KeyId: 'arn:aws:kms' }, 'InvalidArnException'],
  ['an ARN of something else', { KeyId: `arn:aws:iam::${ownAccount}:user/alice` }, 'InvalidArnException'],
  ['an alias that is not there', { KeyId: 'alias/none' }, 'NotFoundException'],
  ['an empty marker', { Marker: '' }, 'ValidationException'],
]
for (const [title, input, code, message] of refusals) {
  test(`refuses to look for ${title}`, async () => {
    await refusedBy(ask(input), code, message)
  })
}

test('refuses whom no policy lets look up events', async () => {
  await refusedBy(ask({}, alice), 'AccessDeniedException')
  const reader = await userWith(server, 'reader', allow('keyreeve:LookupEvents'))
  assert.ok((await lookUp({ Limit: 1 }, reader)).Events.length > 0)
  const denied = await userWith(server, 'denied', allow('*'), deny('keyreeve:Lookup*'))
  await refusedBy(ask({}, denied), 'AccessDeniedException')
})

// Last, since it is in the way of all others

test('a look-up of a long log goes on from call to call, and tells no time of another account to the second', async () => {
  const now = server.clock.now()
  const at = now - (now % 60_000) + 61_234
  server.clock.advance(at - now)
  const record = JSON.stringify({ recipientAccountId: '444455556666', eventName: 'Encrypt', eventID: randomUUID() })
  const entries = Array.from({ length: 20_010 }, () => ({ at, record }))
  assert.equal(await server.app.store.commit(server.app.store.view(), [], entries), 'committed')
  const input = { EventName: 'Encrypt', Principal: 'alice' }
  const { Events, Truncated, ScannedTo = 0, NextMarker: Marker } = await lookUp(input)
  assert.deepEqual([Events, Truncated, ScannedTo * 1000], [[], true, at - 1_234 + 60_000])
  const rest = await lookUp({ ...input, Marker })
  assert.deepEqual([rest.Events.map(({ EventName }) => EventName), rest.Truncated], [['Encrypt'], false])
  const own = await lookUp({ EventName: 'Encrypt', Limit: 1, EndTime: at / 1000 - 600 })
  assert.equal(own.ScannedTo, own.Events[0]?.EventTime)
})
