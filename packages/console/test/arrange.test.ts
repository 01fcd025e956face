import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KeySummary } from '../src/api/types.ts'
import { arrange } from '../src/pages/keys/arrange.ts'
import { matcher } from '../src/pages/keys/match.ts'

/** What the list of keys does with its rows, without a browser. */

interface Row {
  n: number
  value: number | string | undefined
}

const rowsOf = (length: number): Row[] =>
  // Not random, so that a failure comes again: 7919 is prime.
  Array.from({ length }, (_, n) => ({ n, value: n % 11 === 0 ? undefined : (n * 7919) % 503 }))

const inOneGo = (rows: readonly Row[], isDescending: boolean): Row[] =>
  rows.toSorted((a, b) => {
    if (a.value === undefined || b.value === undefined)
      return Number(a.value === undefined) - Number(b.value === undefined)
    return (Number(a.value) - Number(b.value)) * (isDescending ? -1 : 1)
  })

for (const length of [0, 1, 2, 255, 256, 257, 512, 5000]) {
  for (const isDescending of [false, true]) {
    test(`sorts ${length} rows ${isDescending ? 'down' : 'up'}, equal ones in their order, those without a value last`, async () => {
      const rows = rowsOf(length)
      const sortValue = ({ value }: Row) => value
      const sorted = await arrange(rows, { matches: undefined, sortValue, isDescending }, () => undefined)
      assert.deepEqual(sorted, inOneGo(rows, isDescending))
    })
  }
}

test('keeps only rows that match, in their order', async () => {
  const matches = ({ n }: Row) => n % 3 === 0
  const arrangement = { matches, sortValue: undefined, isDescending: false }
  const kept = await arrange(rowsOf(1000), arrangement, () => undefined)
  assert.deepEqual(kept, rowsOf(1000).filter(matches))
})

test('stops when nobody waits for the result any more', async () => {
  let breaths = 0
  const breathe = () => (++breaths === 3 ? Promise.reject(new Error('stopped')) : undefined)
  const arrangement = { matches: undefined, sortValue: ({ n }: Row) => n, isDescending: false }
  await assert.rejects(arrange(rowsOf(5000), arrangement, breathe), /stopped/)
  assert.equal(breaths, 3)
})

const noon = new Date('2026-03-10T12:00:00').getTime() / 1000
const key: KeySummary = {
  KeyId: '1234abcd-12ab-34cd-56ef-1234567890ab',
  Arn: 'arn:aws:kms:us-east-1:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab',
  Aliases: ['alias/Payroll/prod', 'alias/second'],
  Description: 'Salaries & <b>more</b>',
  KeyState: 'Enabled',
  KeySpec: 'SYMMETRIC_DEFAULT',
  KeyUsage: 'ENCRYPT_DECRYPT',
  Origin: 'EXTERNAL',
  MultiRegion: true,
  MultiRegionKeyType: 'REPLICA',
  CreationDate: noon,
  Tags: [
    { TagKey: 'Team', TagValue: 'Finance' },
    { TagKey: 'tag:odd', TagValue: '' },
  ],
}

type Token = [propertyKey: string | undefined, operator: string, value: unknown]
const isMatch = (operation: 'and' | 'or', ...tokens: Token[]): boolean | undefined =>
  matcher({
    operation,
    tokens: tokens.map(([propertyKey, operator, value]) => ({
      operator,
      value,
      ...(propertyKey !== undefined && { propertyKey }),
    })),
  })?.(key)

const cases: [expected: boolean, ...Token][] = [
  [true, undefined, ':', 'payroll'],
  [true, undefined, ':', 'FINANCE'],
  [true, undefined, ':', '<b>'],
  [true, undefined, ':', '1234ABCD'],
  [true, undefined, ':', 'arn:aws:kms:us-east-1:000000000000:key/1234'],
  [false, undefined, ':', 'us-east-1'],
  [false, undefined, '!:', 'payroll'],
  [true, undefined, '!:', 'nowhere'],
  [true, 'alias', '=', 'payroll/prod'],
  [true, 'alias', '=', 'alias/second'],
  [false, 'alias', '=', 'payroll'],
  [true, 'alias', '^', 'pay'],
  [false, 'alias', '!=', 'second'],
  [true, 'alias', '!=', 'third'],
  [true, 'keyId', '=', '1234abcd-12ab-34cd-56ef-1234567890ab'],
  [true, 'state', '=', 'Enabled'],
  [false, 'state', '!=', 'Enabled'],
  [true, 'spec', '^', 'symm'],
  [true, 'usage', '=', 'ENCRYPT_DECRYPT'],
  [true, 'origin', '=', 'EXTERNAL'],
  [true, 'regionality', '=', 'REPLICA'],
  [false, 'regionality', '=', 'SINGLE'],
  [true, 'description', ':', 'salaries'],
  [true, 'tagKey', '=', 'team'],
  [true, 'tagValue', ':', 'fin'],
  [true, 'tag:Team', '=', 'Finance'],
  [false, 'tag:Team', '=', 'HR'],
  [true, 'tag:tag:odd', '=', ''],
  [false, 'tag:Missing', ':', ''],
  [false, 'keyStore', '=', 'cks-1234567890abcdef0'],
  [true, 'created', '=', '2026-03-10'],
  [false, 'created', '!=', '2026-03-10'],
  [true, 'created', '>=', '2026-03-10'],
  [false, 'created', '>', '2026-03-10'],
  [true, 'created', '<=', '2026-03-10'],
  [false, 'created', '<', '2026-03-10'],
  [true, 'created', '<', '2026-03-11'],
  [true, 'created', '>=', null],
  [false, 'constructor', '=', 'x'],
  [false, 'alias', '~', 'x'],
]
for (const [expected, ...token] of cases) {
  test(`a filter ${JSON.stringify(token)} ${expected ? 'finds' : 'does not find'} the key`, () => {
    assert.equal(isMatch('and', token), expected)
  })
}

test('parts of a filter are all to be met, or any, as chosen; no part lets all through', () => {
  const [good, bad]: Token[] = [
    ['state', '=', 'Enabled'],
    ['state', '=', 'Disabled'],
  ]
  assert.ok(good && bad)
  assert.equal(isMatch('and', good, bad), false)
  assert.equal(isMatch('or', good, bad), true)
  assert.equal(isMatch('and'), undefined)
})

test('a key whose details may not be seen is found by its id, and by nothing that it may have', () => {
  const denied: KeySummary = { KeyId: key.KeyId, Arn: key.Arn, Denied: true }
  const find = (propertyKey: string, operator: string, value: string) =>
    matcher({ operation: 'and', tokens: [{ propertyKey, operator, value }] })?.(denied)
  assert.equal(find('keyId', ':', '1234'), true)
  assert.equal(find('state', '=', 'Enabled'), false)
  assert.equal(find('created', '>=', '2020-01-01'), false)
})
