import { createHmac, timingSafeEqual } from 'node:crypto'
import { decodeBase64, encodeBase64 } from '../protocol/base64.ts'
import { kmsError } from '../protocol/errors.ts'
import type { Seal } from '../seal/seal.ts'

/**
 * A marker says after which item the next page starts. It is bound to the list that it was made for by a MAC, so nobody
 * can make one: base64 of 16 bytes of HMAC-SHA256 over list and item, then the item's name in UTF-8.
 */
export interface Pager {
  /** Names the list: the operation, account, Region, key. */
  list: string
  seal: Seal
}

const macSize = 16

/** A marker that does not show what it says: for places among what is not all the caller's. Base64 of a sealed record. */
export const hideMarker = ({ list, seal }: Pager, after: string): string =>
  encodeBase64(seal.seal({ purpose: 'hidden-marker/v1', fields: [list] }, Buffer.from(after)))

/** @throws InvalidMarkerException if it is not such a marker of this list */
export function readHiddenMarker({ list, seal }: Pager, marker: string | undefined): string | undefined {
  if (marker === undefined) return undefined
  const bytes = parse(marker)
  const after = bytes && seal.openIfOurs({ purpose: 'hidden-marker/v1', fields: [list] }, bytes)
  if (!after) throw kmsError('InvalidMarkerException')
  return after.toString()
}

export function makeMarker({ list, seal }: Pager, after: string): string {
  return encodeBase64(Buffer.concat([mac(seal, list, after), Buffer.from(after)]))
}

/** @throws InvalidMarkerException if it is not a marker of this list */
export function readMarker({ list, seal }: Pager, marker: string | undefined): string | undefined {
  if (marker === undefined) return undefined
  const bytes = parse(marker)
  const after = bytes?.subarray(macSize).toString()
  if (!bytes || after === undefined || !timingSafeEqual(bytes.subarray(0, macSize), mac(seal, list, after))) {
    throw kmsError('InvalidMarkerException')
  }
  return after
}

function parse(marker: string): Buffer | undefined {
  try {
    const bytes = decodeBase64(marker)
    return bytes.length > macSize ? bytes : undefined
  } catch {
    return undefined
  }
}

function mac(seal: Seal, list: string, after: string): Buffer {
  const hmac = createHmac('sha256', seal.derive('page-marker/v1'))
  return hmac.update(`${list.length}:${list}${after}`).digest().subarray(0, macSize)
}

/** What every list operation answers beside its items. */
export interface PageOf<T> {
  items: T[]
  truncated: { Truncated: boolean; NextMarker?: string }
}

/** Cuts a page out of items of which one more than fits was asked for, so that the end is known without another look. */
export function pageOf<T>(pager: Pager, found: readonly T[], size: number, name: (item: T) => string): PageOf<T> {
  const items = found.slice(0, size)
  const last = items.at(-1)
  if (found.length <= size || last === undefined) return { items, truncated: { Truncated: false } }
  return { items, truncated: { Truncated: true, NextMarker: makeMarker(pager, name(last)) } }
}

/** The page of a list that is held as a whole, in its own order. */
export function pageOfList<T>(
  pager: Pager,
  all: readonly T[],
  marker: string | undefined,
  size: number,
  name: (item: T) => string,
): PageOf<T> {
  const after = readMarker(pager, marker)
  const start = after === undefined ? 0 : all.findIndex(item => name(item) === after) + 1
  // What the marker names was removed in between: the place in the list is lost.
  if (after !== undefined && start === 0) throw kmsError('InvalidMarkerException')
  return pageOf(pager, all.slice(start, start + size + 1), size, name)
}
