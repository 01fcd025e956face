import { createHmac, timingSafeEqual } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { Row } from './store.ts'

const domain = 'keyreeve row 1'
const table = 'rows'

/**
 * The MAC of a row: HMAC-SHA256 (32 bytes) over every other column, and over where the row belongs, so that a row moved
 * to another store, kind or id, or back to an older version, does not verify.
 *
 * The input is, in this order: domain, store id, table, kind, id as text; ref and due, each after a byte that says
 * whether there is one (01) or not (00); version; body. Text is its length in bytes (u32) and its UTF-8 form; numbers
 * are i64; all big-endian.
 *
 * @throws RangeError if `due` or `version` is not a whole number.
 */
export function rowMac(key: KeyObject | Uint8Array, storeId: string, row: Omit<Row, 'mac'>): Buffer {
  const input = [
    ...[domain, storeId, table, row.kind, row.id].map(text),
    ...(row.ref === null ? [absent] : [present, text(row.ref)]),
    ...(row.due === null ? [absent] : [present, number(row.due)]),
    number(row.version),
    text(row.body),
  ]
  return createHmac('sha256', key).update(Buffer.concat(input)).digest()
}

/** Whether the row's MAC is the one that `rowMac` gives it, in constant time. */
export function verifyRow(key: KeyObject | Uint8Array, storeId: string, row: Row): boolean {
  const expected = rowMac(key, storeId, row)
  return row.mac.length === expected.length && timingSafeEqual(row.mac, expected)
}

const absent = Buffer.of(0)
const present = Buffer.of(1)

function text(value: string): Buffer {
  const length = Buffer.byteLength(value)
  const bytes = Buffer.allocUnsafe(4 + length)
  bytes.writeUInt32BE(length)
  bytes.write(value, 4)
  return bytes
}

function number(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeBigInt64BE(BigInt(value))
  return bytes
}
