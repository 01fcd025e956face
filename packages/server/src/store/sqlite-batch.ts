import type { AuditEntry, Commit, Row, Seen } from './store.ts'

/**
 * What travels to the writer thread: everything that waits, in one flat array of primitives, which structured cloning
 * copies at half the price of objects. (It would also copy the whole pool under a small Buffer, with whatever else lies
 * there: so a MAC travels as a latin1 string.)
 */
export type Batch = (string | number | null)[]

/** One thing to do. */
export type Operation = Commit | { readonly name: string; readonly value: string }

/** What came of an operation, as a byte of the writer's answer. */
export const outcome = {
  refused: 0,
  done: 1,
  /** Done and durable, but the old contents are still on the disk. */
  notErased: 2,
} as const

const kinds = { commit: 0, meta: 1 }

export function appendCommit(batch: Batch, { seen, puts, removes, entries, erase }: Commit): void {
  batch.push(kinds.commit, Number(erase), seen.length, puts.length, removes.length, entries.length)
  for (const { kind, id, version } of seen) batch.push(kind, id, version)
  for (const { kind, id, ref, due, version, body, mac } of puts) {
    batch.push(
      kind,
      id,
      ref,
      due,
      version,
      body,
      Buffer.from(mac.buffer, mac.byteOffset, mac.length).toString('latin1'),
    )
  }
  for (const { kind, id, version } of removes) batch.push(kind, id, version)
  for (const { at, record } of entries) batch.push(at, record)
}

export function appendMeta(batch: Batch, name: string, value: string): void {
  batch.push(kinds.meta, name, value)
}

export function readBatch(batch: Batch): Operation[] {
  let position = 0
  const next = () => batch[position++]
  // The casts repeat what the functions above have pushed, in the same order.
  const text = () => next() as string
  const number = () => next() as number
  const list = <T>(length: number, item: () => T): T[] => Array.from({ length }, item)

  const seen = (): Seen => ({ kind: text(), id: text(), version: number() })
  const put = (): Row => ({
    kind: text(),
    id: text(),
    ref: next() as string | null,
    due: next() as number | null,
    version: number(),
    body: text(),
    mac: Buffer.from(text(), 'latin1'),
  })
  const entry = (): AuditEntry => ({ at: number(), record: text() })

  const operations: Operation[] = []
  while (position < batch.length) {
    if (number() === kinds.meta) {
      operations.push({ name: text(), value: text() })
      continue
    }
    const erase = number() === 1
    const [seens, puts, removes, entries] = [number(), number(), number(), number()]
    operations.push({
      seen: list(seens, seen),
      puts: list(puts, put),
      removes: list(removes, seen),
      entries: list(entries, entry),
      erase,
    })
  }
  return operations
}
