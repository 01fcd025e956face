import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { describe, it } from 'node:test'
import { rowMac, verifyRow } from '../../src/store/integrity.ts'
import type { Row } from '../../src/store/store.ts'

const key = Uint8Array.from(Array(32).keys())
const store = 'store-1'

const plain: Omit<Row, 'mac'> = {
  kind: 'access-key',
  id: 'AKIAEXAMPLE',
  ref: '111122223333/alice',
  due: 1_700_000_000_000,
  version: 7,
  body: '{"name":"é😀"}',
}
const sealed = (row: Omit<Row, 'mac'>, by: Uint8Array = key, where = store): Row => ({
  ...row,
  mac: rowMac(by, where, row),
})
const genuine = sealed(plain)

describe('C8: the MAC of a row', () => {
  // Computed with Python's hmac from the description in integrity.ts.
  it('is the known answer', () => {
    const expected = '6751334edfcdfe47deadeb104c6d0f6c3469b290ebb510044e15f0c46b27b710'
    assert.equal(rowMac(key, store, plain).toString('hex'), expected)
    assert.equal(rowMac(createSecretKey(key), store, plain).toString('hex'), expected)
  })

  it('is the known answer without ref and due time', () => {
    const row = { kind: 'key', id: '111122223333/us-east-1/a', ref: null, due: null, version: 1, body: '{}' }
    const expected = '225e759baf5cb8dda32f7ff47bf0a4dcbe708060c5df43a44f70abb172fa8cce'
    assert.equal(rowMac(key, store, row).toString('hex'), expected)
  })

  it('verifies the row it was made for', () => {
    assert.ok(verifyRow(key, store, genuine))
    assert.ok(verifyRow(createSecretKey(key), store, { ...genuine, mac: Uint8Array.from(genuine.mac) }))
  })

  const changes: [what: string, columns: Partial<Row>][] = [
    ['another kind', { kind: 'user' }],
    ['another id', { id: 'AKIAEXAMPLF' }],
    ['an id of another case', { id: 'akiaexample' }],
    ['another ref', { ref: '111122223333/mallory' }],
    ['no ref', { ref: null }],
    ['an empty ref', { ref: '' }],
    ['another due time', { due: 1_700_000_000_001 }],
    ['no due time', { due: null }],
    ['due at the epoch', { due: 0 }],
    ['due before the epoch', { due: -1_700_000_000_000 }],
    ['a later version', { version: 8 }],
    ['an earlier version', { version: 6 }],
    ['another body', { body: '{"name":"e😀"}' }],
    ['a longer body', { body: `${plain.body} ` }],
    ['no body', { body: '' }],
    ['a body in another normal form', { body: plain.body.normalize('NFD') }],
  ]
  for (const [what, columns] of changes) {
    it(`refuses the row with ${what}`, () => assert.ok(!verifyRow(key, store, { ...genuine, ...columns })))
  }

  it('refuses the row in another store, and under another key', () => {
    assert.ok(!verifyRow(key, 'store-2', genuine))
    assert.ok(!verifyRow(key, '', genuine))
    assert.ok(!verifyRow(key.toReversed(), store, genuine))
    assert.ok(!verifyRow(key, store, sealed(plain, key, 'store-2')))
    assert.ok(!verifyRow(key, store, sealed(plain, key.toReversed())))
  })

  it('refuses a MAC with any bit changed, cut short, made longer, or empty', () => {
    for (let bit = 0; bit < 256; bit++) {
      const mac = Buffer.from(genuine.mac)
      mac[bit >> 3]! ^= 1 << (bit & 7)
      assert.ok(!verifyRow(key, store, { ...genuine, mac }), `bit ${bit}`)
    }
    const mac = Buffer.from(genuine.mac)
    for (const forged of [mac.subarray(0, 31), Buffer.concat([mac, Buffer.of(0)]), Buffer.alloc(0), Buffer.alloc(32)]) {
      assert.ok(!verifyRow(key, store, { ...genuine, mac: forged }))
    }
  })

  it('refuses rows whose contents were swapped', () => {
    const other = sealed({ ...plain, id: 'AKIAOTHER', ref: '111122223333/bob', body: '{"name":"bob"}' })
    assert.ok(verifyRow(key, store, other))
    assert.ok(!verifyRow(key, store, { ...genuine, body: other.body }))
    assert.ok(!verifyRow(key, store, { ...genuine, body: other.body, mac: other.mac }))
    assert.ok(!verifyRow(key, store, { ...other, id: genuine.id }))
    assert.ok(!verifyRow(key, store, { ...genuine, mac: other.mac }))
  })

  it('refuses an old row under a newer version', () => {
    const newer = sealed({ ...plain, version: 8, body: '{"name":"disabled"}' })
    assert.ok(!verifyRow(key, store, { ...genuine, version: newer.version }))
    assert.ok(!verifyRow(key, store, { ...newer, body: genuine.body }))
    assert.ok(!verifyRow(key, store, { ...genuine, version: newer.version, mac: newer.mac }))
  })

  it('differs for rows that only run together alike', () => {
    const rows = [
      { kind: 'ab', id: 'c' },
      { kind: 'a', id: 'bc' },
      { kind: '', id: 'abc' },
      { kind: 'abc', id: '' },
      { kind: 'a', id: 'b', ref: 'c' },
      { kind: 'a', id: 'b', ref: '', body: 'c' },
      { kind: 'a', id: 'b', ref: null, body: 'c' },
      { kind: 'a', id: 'b', due: 99, version: 1 },
      { kind: 'a', id: 'b', due: 1, version: 99 },
      { kind: 'a', id: 'b', body: '\0' },
      { kind: 'a', id: 'b\0', body: '' },
    ].map(columns => ({ ref: null, due: null, version: 1, body: '', ...columns }))
    const macs = [
      ...rows.map(row => rowMac(key, 'd', row)),
      rowMac(key, 'da', { ...rows[0]!, kind: 'b' }),
      rowMac(key, '', { ...rows[0]!, kind: 'dab' }),
    ].map(mac => mac.toString('hex'))
    assert.equal(new Set(macs).size, macs.length)
  })

  it('is for whole numbers only', () => {
    assert.throws(() => rowMac(key, store, { ...plain, version: 1.5 }), RangeError)
    assert.throws(() => rowMac(key, store, { ...plain, due: NaN }), RangeError)
  })
})
