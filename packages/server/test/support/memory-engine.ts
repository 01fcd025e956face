import { requireStorable } from '../../src/store/store.ts'
import type { AuditEntry, Commit, CommitResult, Engine, NumberedEntry, Row, Seen } from '../../src/store/store.ts'

/** What outlives a closed engine, as a disk does. */
export interface Memory {
  readonly rows: Map<string, Row>
  readonly entries: AuditEntry[]
  readonly meta: Map<string, string>
}

export function emptyMemory(): Memory {
  return { rows: new Map(), entries: [], meta: new Map() }
}

/** The contract in its plainest form: the model that real engines are compared with. */
export class MemoryEngine implements Engine {
  readonly failed: Promise<Error> = new Promise(() => {})
  readonly #memory: Memory
  #isClosed = false

  constructor(memory: Memory) {
    this.#memory = memory
  }

  async get(kind: string, id: string): Promise<Row | undefined> {
    this.#requireOpen()
    return this.#memory.rows.get(name(kind, id))
  }

  async byRef(kind: string, ref: string, after: string | undefined, limit: number): Promise<Row[]> {
    return this.#rows(row => row.kind === kind && row.ref === ref)
      .filter(row => after === undefined || compare(row.id, after) > 0)
      .sort(byId)
      .slice(0, limit)
  }

  async page(kind: string, prefix: string, after: string | undefined, limit: number): Promise<Row[]> {
    return this.#rows(row => row.kind === kind && row.id.startsWith(prefix))
      .filter(row => after === undefined || compare(row.id, after) > 0)
      .sort(byId)
      .slice(0, limit)
  }

  async due(now: number, limit: number): Promise<Row[]> {
    return this.#rows(row => row.due !== null && row.due <= now)
      .sort((a, b) => (a.due ?? 0) - (b.due ?? 0) || compare(a.kind, b.kind) || byId(a, b))
      .slice(0, limit)
  }

  async commit(commit: Commit): Promise<CommitResult> {
    this.#requireOpen()
    requireStorable(commit)
    const expected = [
      ...commit.seen,
      ...commit.removes,
      ...commit.puts.map(row => ({ ...row, version: row.version - 1 })),
    ]
    if (!expected.every(seen => this.#versionOf(seen) === seen.version)) return 'conflict'
    const { rows, entries } = this.#memory
    for (const row of commit.puts) rows.set(name(row.kind, row.id), { ...row, mac: Uint8Array.from(row.mac) })
    for (const { kind, id } of commit.removes) rows.delete(name(kind, id))
    entries.push(...commit.entries)
    return 'committed'
  }

  async entries(after: number, limit: number): Promise<NumberedEntry[]> {
    this.#requireOpen()
    return this.#memory.entries
      .slice(after, after + limit)
      .map((entry, index) => ({ sequence: after + index + 1, ...entry }))
  }

  async entriesBefore(before: number, limit: number, room: number): Promise<NumberedEntry[]> {
    const found = (await this.entries(0, Math.max(0, before - 1))).reverse().slice(0, limit)
    let left = room
    const last = found.findIndex(({ record }) => (left -= record.length) <= 0)
    return last < 0 ? found : found.slice(0, last + 1)
  }

  async lastEntryAt(): Promise<number | undefined> {
    this.#requireOpen()
    return this.#memory.entries.at(-1)?.at
  }

  async meta(name: string): Promise<string | undefined> {
    this.#requireOpen()
    return this.#memory.meta.get(name)
  }

  async initMeta(name: string, value: string): Promise<boolean> {
    this.#requireOpen()
    if (this.#memory.meta.has(name)) return false
    this.#memory.meta.set(name, value)
    return true
  }

  async close(): Promise<void> {
    this.#isClosed = true
  }

  #versionOf({ kind, id }: Seen): number {
    return this.#memory.rows.get(name(kind, id))?.version ?? 0
  }

  #rows(isWanted: (row: Row) => boolean): Row[] {
    this.#requireOpen()
    return [...this.#memory.rows.values()].filter(isWanted)
  }

  #requireOpen(): void {
    if (this.#isClosed) throw new Error('The engine is closed.')
  }
}

const name = (kind: string, id: string): string => JSON.stringify([kind, id])
const compare = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))
const byId = (a: Row, b: Row): number => compare(a.id, b.id)
