/**
 * What a store must do. One table of documents, one of audit records, one of store-wide values; SQLite and PostgreSQL
 * each implement `Engine`, and pass the same suite (test/store/conformance.ts).
 *
 * A document is JSON text under (kind, id), with a version that grows by one at each write and a MAC that the layer
 * above computes over all other columns (integrity.ts). Engines never look inside `body` and never check `mac`.
 */
export interface Row {
  readonly kind: string
  /** Unique within its kind. Compared and ordered by the bytes of its UTF-8 form. */
  readonly id: string
  /** A second name to look the row up by, not unique; null for none. */
  readonly ref: string | null
  /** When the jobs must look at the row, in epoch milliseconds; null for never. */
  readonly due: number | null
  /** 1 at the first write, then one more at each. A row that is removed and made again starts at 1. */
  readonly version: number
  readonly body: string
  /** 32 bytes. */
  readonly mac: Uint8Array
}

/** Names a version of a row; version 0 means that there is no such row. */
export interface Seen {
  readonly kind: string
  readonly id: string
  readonly version: number
}

export interface AuditEntry {
  /** Epoch milliseconds by the server's clock. */
  readonly at: number
  /** One JSON object, without line breaks. */
  readonly record: string
}

/** As it is kept; the first has number 1. */
export interface NumberedEntry extends AuditEntry {
  readonly sequence: number
}

/** What one request, or one job, wants to be made durable: all of it or nothing. Puts and removes name a row once. */
export interface Commit {
  /** Every version that the decision relied on. If any has moved, the commit is refused. */
  readonly seen: readonly Seen[]
  /** `row.version` must be the stored version plus one (1: the row must be absent). */
  readonly puts: readonly Row[]
  /** Rows to remove, each at the version named. */
  readonly removes: readonly Seen[]
  readonly entries: readonly AuditEntry[]
  /**
   * True when the old bodies of the rows written or removed must be unreadable on disk before the commit is
   * acknowledged: overwritten in the database file, and gone from the write-ahead log. Rows of kinds that the engine
   * was told to store compactly are exempt.
   */
  readonly erase: boolean
}

/**
 * `committed`: durable, as a whole, in the order of submission. `conflict`: nothing of it happened, because a version in
 * `seen`, `puts` or `removes` is not the stored one. Anything else rejects, and then the outcome is UNKNOWN: the caller
 * must neither confirm nor deny it.
 */
export type CommitResult = 'committed' | 'conflict'

export interface Engine {
  /**
   * Resolves once the engine can commit no more: a write or a sync failed, or its thread died. What reached the disk is
   * then uncertain, and only a fresh start finds out: the process must stop.
   */
  readonly failed: Promise<Error>
  /** The row, as of the last acknowledged commit or later. Absent: undefined. */
  get(kind: string, id: string): Promise<Row | undefined>
  /** At most `limit` rows with that ref whose id is greater than `after` (if given), ordered by id. */
  byRef(kind: string, ref: string, after: string | undefined, limit: number): Promise<Row[]>
  /** At most `limit` rows whose id starts with `prefix` and is greater than `after` (if given), ordered by id. */
  page(kind: string, prefix: string, after: string | undefined, limit: number): Promise<Row[]>
  /** At most `limit` rows of any kind with `due` <= `now`, soonest first. */
  due(now: number, limit: number): Promise<Row[]>
  /**
   * Makes a commit durable. Commits that wait together share one transaction and one sync (group commit); each is
   * still accepted or refused on its own, in order: a later one sees the effects of an earlier one.
   */
  commit(commit: Commit): Promise<CommitResult>
  /** At most `limit` audit entries with a sequence number above `after`, in order. */
  entries(after: number, limit: number): Promise<NumberedEntry[]>
  /**
   * At most `limit` audit entries with a sequence number below `before`, newest first, up to the one with which their
   * records come to `room` UTF-16 units.
   */
  entriesBefore(before: number, limit: number, room: number): Promise<NumberedEntry[]>
  /** The time of the newest audit entry: the clock never runs behind it. */
  lastEntryAt(): Promise<number | undefined>
  /** A store-wide value (store id, wrapped domain keys). Null-prototype or Map semantics: any name is safe. */
  meta(name: string): Promise<string | undefined>
  /** Sets a store-wide value that has none yet, durably. False, changing nothing, if it has one. */
  initMeta(name: string, value: string): Promise<boolean>
  /** Waits for commits under way, then closes. Commits made afterwards reject. */
  close(): Promise<void>
}

/**
 * Refuses what no engine could give back unchanged, before it reaches one: text that has no UTF-8 form, numbers that are
 * not whole, a MAC of another size, a row that one commit both writes and removes, or writes twice.
 *
 * @throws TypeError
 */
export function requireStorable({ puts, removes, entries }: Commit): void {
  for (const { kind, id, ref, due, version, body, mac } of puts) {
    const isText = [kind, id, ref ?? '', body].every(text => text.isWellFormed())
    const isNumber = Number.isSafeInteger(due ?? 0) && Number.isSafeInteger(version) && version >= 1
    if (!isText || !isNumber || mac.length !== 32) throw new TypeError(`The row ${kind} ${id} cannot be stored.`)
  }
  for (const { at, record } of entries) {
    if (!Number.isSafeInteger(at) || !record.isWellFormed()) throw new TypeError('An audit entry cannot be stored.')
  }
  if (puts.length + removes.length < 2) return
  const names = new Set([...puts, ...removes].map(({ kind, id }) => JSON.stringify([kind, id])))
  if (names.size < puts.length + removes.length) throw new TypeError('A commit names one row twice.')
}
