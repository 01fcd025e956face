import assert from 'node:assert/strict'
import { test } from 'node:test'
import { searchBack, type AuditLog, type EventFilter, type LoggedEntry } from '../../src/audit/search.ts'

const account = '000000000000'
const minute = 60_000

/** Of a record, whatever is not given as it usually is. */
const record = (members: object = {}): string =>
  JSON.stringify({
    eventID: 'e',
    eventName: 'Decrypt',
    eventSource: 'kms.amazonaws.com',
    awsRegion: 'us-east-1',
    readOnly: true,
    resources: [],
    recipientAccountId: account,
    ...members,
  })

/** A log of these records, one a minute, and what was read of it. */
function logOf(records: readonly (string | { at: number; record: string })[]) {
  const entries = records.map((given, index): LoggedEntry => {
    const { at, record: text } = typeof given === 'string' ? { at: index * minute, record: given } : given
    return { sequence: index + 1, at, record: text }
  })
  const read: number[] = []
  const log: AuditLog = {
    entries: async (after, limit) => entries.filter(({ sequence }) => sequence > after).slice(0, limit),
    async entriesBefore(before, limit, room) {
      const found = entries
        .filter(({ sequence }) => sequence < before)
        .reverse()
        .slice(0, limit)
      let left = room
      const last = found.findIndex(entry => (left -= entry.record.length) <= 0)
      const page = last < 0 ? found : found.slice(0, last + 1)
      if (limit > 1) read.push(...page.map(({ sequence }) => sequence))
      return page
    },
  }
  return { log, read }
}

const bounds = { entries: 20, size: 1e6, page: 5, pageSize: 1e6, found: 1e6 }
type Where = { before?: number; limit?: number; bounds?: Partial<typeof bounds> }

async function search({ log }: { log: AuditLog }, filter: Partial<EventFilter> = {}, where: Where = {}) {
  let pauses = 0
  const { events, last } = await searchBack(
    log,
    { account, ...filter },
    { before: where.before, limit: where.limit ?? 100 },
    { parse: readJson, pause: async () => void pauses++ },
    { ...bounds, ...where.bounds },
  )
  return { found: events.map(({ sequence }) => sequence), last: last?.sequence, pauses }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const many = (count: number): string[] => Array.from({ length: count }, (_, n) => record({ eventID: `${n}` }))

test('the newest comes first, up to the limit, and then it goes on', async () => {
  const ten = logOf(many(10))
  assert.deepEqual(await search(ten, {}, { limit: 3 }), { found: [10, 9, 8], last: 8, pauses: 0 })
  assert.deepEqual(await search(ten, {}, { limit: 3, before: 8 }), { found: [7, 6, 5], last: 5, pauses: 0 })
  assert.deepEqual(await search(ten, {}, { limit: 3, before: 2 }), { found: [1], last: undefined, pauses: 1 })
  assert.deepEqual(await search(ten, {}, { limit: 3, before: 4 }), { found: [3, 2, 1], last: undefined, pauses: 0 })
  assert.deepEqual(await search(logOf([])), { found: [], last: undefined, pauses: 0 })
})

test('one search looks at so many entries and no more, in pages', async () => {
  const log = logOf(many(52))
  const nothing = { name: 'Encrypt' }
  const first = await search(log, nothing)
  assert.deepEqual(first, { found: [], last: 33, pauses: 3 })
  const second = await search(log, nothing, { before: first.last ?? 0 })
  assert.deepEqual(second, { found: [], last: 13, pauses: 3 })
  assert.deepEqual(await search(log, nothing, { before: second.last ?? 0 }), { found: [], last: undefined, pauses: 3 })
  assert.deepEqual(
    log.read,
    Array.from({ length: 52 }, (_, n) => 52 - n),
  )
})

test('the end of the log is told when it falls on the last entry that may be looked at', async () => {
  assert.deepEqual(await search(logOf(many(20)), { name: 'Encrypt' }), { found: [], last: undefined, pauses: 3 })
})

test('large records are looked at in smaller pages, and fewer of them', async () => {
  const large = logOf(Array.from({ length: 30 }, () => record({ requestParameters: { text: 'x'.repeat(1_000) } })))
  const size = record({ requestParameters: { text: 'x'.repeat(1_000) } }).length
  const { last, pauses } = await search(large, { name: 'Encrypt' }, { bounds: { pageSize: 2 * size, size: 8 * size } })
  assert.deepEqual([last, pauses], [23, 3])
  const { found } = await search(large, {}, { bounds: { found: 3 * size } })
  assert.deepEqual(found, [30, 29, 28])
})

// Time

test('only what lies between both moments is found', async () => {
  const log = logOf(many(18))
  assert.deepEqual((await search(log, { from: 5 * minute, to: 7 * minute })).found, [8, 7, 6])
  assert.deepEqual((await search(log, { from: 5 * minute + 1, to: 7 * minute - 1 })).found, [7])
  assert.deepEqual((await search(log, { from: 17 * minute })).found, [18])
  assert.deepEqual((await search(log, { from: 18 * minute })).found, [])
  assert.deepEqual((await search(log, { to: -1 })).found, [])
  assert.deepEqual((await search(log, { to: 0 })).found, [1])
})

test('what is outside of them is hardly looked at', async () => {
  const log = logOf(many(1_000))
  const { found, last } = await search(log, { from: 500 * minute, to: 502 * minute })
  assert.deepEqual([found, last], [[503, 502, 501], undefined])
  assert.ok(log.read.length <= 15, `${log.read.length} were`)
})

test('entries are found though their times are not quite in order', async () => {
  const at = (minutes: number) => ({ at: minutes * minute, record: record() })
  const log = logOf([0, 1, 4, 3, 2, 5, 4, 6, 8, 7, 6, 9].map(at))
  assert.deepEqual((await search(log, { from: 2 * minute, to: 2 * minute })).found, [5])
  assert.deepEqual((await search(log, { from: 4 * minute, to: 4 * minute })).found, [7, 3])
  assert.deepEqual((await search(log, { from: 6 * minute, to: 6 * minute })).found, [11, 8])
})

test('a log whose beginning is gone is searched all the same', async () => {
  const { log } = logOf(many(40))
  const kept: AuditLog = {
    entries: async (after, limit) => await log.entries(Math.max(after, 30), limit),
    entriesBefore: async (before, limit, room) =>
      (await log.entriesBefore(before, limit, room)).filter(({ sequence }) => sequence > 30),
  }
  assert.deepEqual((await search({ log: kept }, { to: 33 * minute })).found, [34, 33, 32, 31])
  assert.deepEqual((await search({ log: kept }, { to: 10 * minute })).found, [])
})

// What fits

const key = 'arn:aws:kms:us-east-1:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab'
const id = '1234abcd-12ab-34cd-56ef-1234567890ab'
const resources = (...arns: string[]) => ({ resources: arns.map(ARN => ({ accountId: account, ARN })) })
const by = (userIdentity: object) => ({ userIdentity })
const session = {
  type: 'AssumedRole',
  principalId: 'AROAX:work',
  arn: `arn:aws:sts::${account}:assumed-role/app/job`,
  accountId: account,
  accessKeyId: 'ASIAX',
  sessionContext: { sessionIssuer: { arn: `arn:aws:iam::${account}:role/x/app`, userName: 'app' } },
}

const fitting: [title: string, filter: Partial<EventFilter>, fits: object[], others: object[]][] = [
  [
    'the name of the event',
    { name: 'Encrypt' },
    [{ eventName: 'Encrypt' }],
    [{}, { eventName: 'ReEncrypt' }, { requestParameters: { eventName: 'Encrypt' } }],
  ],
  ['its source', { source: 'iam.amazonaws.com' }, [{ eventSource: 'iam.amazonaws.com' }], [{}]],
  [
    'its Region',
    { region: 'eu-west-1' },
    [{ awsRegion: 'eu-west-1' }],
    [{}, { requestParameters: { awsRegion: 'eu-west-1' } }],
  ],
  [
    'any error',
    { error: '*' },
    [{ errorCode: 'AccessDeniedException' }],
    [{}, { requestParameters: { errorCode: 'x' } }],
  ],
  ['no error', { error: 'none' }, [{}, { requestParameters: { errorCode: 'x' } }], [{ errorCode: 'x' }]],
  [
    'one error',
    { error: 'NotFoundException' },
    [{ errorCode: 'NotFoundException' }],
    [{}, { errorCode: 'NotFound' }, { errorCode: 'x', errorMessage: 'NotFoundException' }],
  ],
  ['what only reads', { readOnly: true }, [{}], [{ readOnly: false, requestParameters: { readOnly: true } }]],
  ['what changes something', { readOnly: false }, [{ readOnly: false }], [{}]],
  [
    'a key by its ARN',
    { key },
    [resources('x', key)],
    [{}, resources(`${key}0`), resources(key.replace('us-east-1', 'eu-west-1')), { requestParameters: { keyId: key } }],
  ],
  [
    'a key by its id',
    { key: id },
    [resources(key), resources(key.replace('us-east-1', 'eu-west-1'))],
    [{}, resources(key.replace(account, '111122223333')), resources(`${key}0`), resources(key.replace('kms', 's3'))],
  ],
  [
    'a user by ARN',
    { principal: `arn:aws:iam::${account}:user/a` },
    [by({ arn: `arn:aws:iam::${account}:user/a` })],
    [{}, by({ arn: `arn:aws:iam::${account}:user/ab` })],
  ],
  ['a user by name', { principal: 'a b' }, [by({ userName: 'a b' })], [{}, by({ userName: 'a' })]],
  ['an access key', { principal: 'ASIAX' }, [by(session)], [by({ accessKeyId: 'ASIAXX' })]],
  ['a role by ARN', { principal: `arn:aws:iam::${account}:role/x/app` }, [by(session)], [{}]],
  ['a role by name', { principal: 'app' }, [by(session)], [by({ userName: 'apps' })]],
  ['a role by its unique id', { principal: 'AROAX' }, [by(session)], [by({ principalId: 'AROAXX' })]],
  ['a session by its unique id', { principal: 'AROAX:work' }, [by(session)], [by({ principalId: 'AROAX:play' })]],
  [
    'another account',
    { principal: '111122223333' },
    [by({ type: 'AWSAccount', accountId: '111122223333' })],
    [{}, by({ userName: 'x', accountId: account, note: '111122223333' })],
  ],
  ['the service itself', { principal: 'AWS Internal' }, [by({ invokedBy: 'AWS Internal' })], [{}]],
  ['a part of the record', { text: '"alias":"a/é' }, [{ requestParameters: { alias: 'a/é…' } }], [{}, { a: 'ALIAS' }]],
  [
    'all of several things',
    { name: 'Encrypt', error: '*', readOnly: true },
    [{ eventName: 'Encrypt', errorCode: 'x' }],
    [{ eventName: 'Encrypt' }, { errorCode: 'x' }],
  ],
]
for (const [title, filter, fits, others] of fitting) {
  test(`a search finds ${title}, and nothing else`, async () => {
    const { found } = await search(logOf([...fits, ...others].map(record)), filter)
    assert.deepEqual(
      found,
      fits.map((_, index) => fits.length - index),
    )
  })
}

test('records of other accounts are never found, whatever is written in them', async () => {
  const foreign = [
    record({ recipientAccountId: '111122223333' }),
    record({ recipientAccountId: '111122223333', requestParameters: { recipientAccountId: account } }),
    record({ recipientAccountId: '111122223333', requestParameters: { text: `"recipientAccountId":"${account}"` } }),
    record({ recipientAccountId: '111122223333', ...by({ accountId: account }) }),
    record({ recipientAccountId: undefined }),
  ]
  assert.deepEqual((await search(logOf(foreign))).found, [])
})

test('what was altered into something else than an event is passed over', async () => {
  const own = `"recipientAccountId":"${account}"`
  const altered = [
    '',
    'null',
    `[${own}`,
    `"${own}"`,
    `{${own}}`,
    record({ resources: [null] }),
    record({ resources: 'x' }),
    record({ userIdentity: 1 }),
    record({ eventID: 7 }),
    record({ readOnly: 'true' }),
  ]
  const log = logOf([...altered, record()])
  assert.deepEqual((await search(log, {})).found, [altered.length + 1])
  assert.deepEqual((await search(log, { key, principal: 'x' })).found, [])
})
