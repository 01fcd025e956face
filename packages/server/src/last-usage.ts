import type { ApiEvent, AuditEvent } from './audit/record.ts'
import type { Key } from './keys/key.ts'
import type { Log } from './log.ts'
import { keyArn, splitArn } from './protocol/arn.ts'
import {
  keyRow,
  TamperedRow,
  type Change,
  type DocumentStore,
  type KeyUsageDocument,
  type Reader,
  type View,
} from './store/documents.ts'

/** The operations that use a key, as GetKeyLastUsage counts it (enum KeyLastUsageTrackingOperation of the API). */
export const trackedOperations = [
  'Decapsulate',
  'Decrypt',
  'DeriveSharedSecret',
  'Encapsulate',
  'Encrypt',
  'GenerateDataKey',
  'GenerateDataKeyPair',
  'GenerateDataKeyPairWithoutPlaintext',
  'GenerateDataKeyWithoutPlaintext',
  'GenerateMac',
  'ReEncrypt',
  'Sign',
  'Verify',
  'VerifyMac',
] as const
const isTracked: ReadonlySet<string> = new Set(trackedOperations)

/** What an audit entry tells of the use of keys. */
export type Told = Pick<ApiEvent, 'operation' | 'at' | 'eventId' | 'requestId' | 'resources' | 'error'>

/** Milliseconds between two flushes. */
const flushInterval = 30_000
/** So many keys are flushed sooner. */
const mostDirty = 10_000
/** Keys per commit, and audit entries per look at them. */
const batch = 250
const page = 1000
/** Commits of one batch; what changes its keys so often has its turn at the next flush. */
const mostAttempts = 5
const day = 24 * 60 * 60 * 1000

const markRow = 'mark'

/**
 * When each key last did cryptographic work. The audit entry of a call already says so durably, so a call itself writes
 * nothing more: it is noted in memory, and flushed into the key's row now and then. Beside the rows each flush writes how
 * many audit entries they cover; what a crash left uncovered is read from the entries at the next start.
 *
 * How far a flush reaches is counted: the store numbers entries in the order in which it acknowledges them. Entries that
 * are not told here (of jobs) make the count fall behind, never run ahead, and some are looked at twice at the next
 * start; of two uses the later one stays, so that does no harm. This holds for one process per store.
 */
export class LastUsage {
  readonly #store: DocumentStore
  readonly #log: Log
  /** By key ARN: uses that are in no row yet. */
  readonly #dirty = new Map<string, KeyUsageDocument>()
  /** Entries with numbers up to this one have been noted... */
  #counted = 0
  /** ...and up to this one flushed. */
  #mark = 0
  #flushedAt: number
  #flushing: Promise<boolean> = Promise.resolve(true)

  /** @param now milliseconds by the clock that `flushIfDue` is told */
  constructor(store: DocumentStore, log: Log, now: number) {
    this.#store = store
    this.#log = log
    this.#flushedAt = now
  }

  /**
   * To be told of every audit entry of a request, in order, as soon as it is durable. Where a request has one for the
   * caller's account and one for the key owner's, the owner's comes last and stays.
   */
  note(event: AuditEvent | Told): void {
    this.#counted++
    if (!('requestId' in event) || event.error || !isTracked.has(event.operation)) return
    const { operation, at, eventId, requestId, resources } = event
    for (const { arn } of resources) {
      const known = this.#dirty.get(arn)
      if (!known || known.at <= at) this.#dirty.set(arn, { operation, at, eventId, requestId })
    }
  }

  /** The last use of the key; undefined if it was never used. */
  async of(view: Reader, key: Key): Promise<Readonly<KeyUsageDocument> | undefined> {
    // Memory first: what is flushed meanwhile is found in the row.
    const noted = this.#dirty.get(keyArn(key))
    const stored = await view.get('key-usage', keyRow(key.account, key.region, key.id))
    return noted && isOf(noted, key) && noted.at >= (stored?.at ?? 0) ? noted : stored
  }

  /** Whole days since the key was last used, or made if it never was (kms:TrailingDaysWithoutKeyUsage). */
  async daysWithoutUse(view: View, key: Key, now: number): Promise<number> {
    const { at } = (await this.of(view, key)) ?? { at: key.createdAt }
    return Math.floor((now - at) / day)
  }

  /** Reads what was used since the last flush before this start. Before anything else is noted. */
  async recover(): Promise<void> {
    const mark = await this.#store.view().get('usage-mark', markRow)
    this.#mark = this.#counted = mark?.sequence ?? 0
    for (;;) {
      const found = await this.#store.records(this.#counted, page)
      for (const { at, record, sequence } of found) {
        const told = readRecord(record, at)
        if (told) this.note(told)
        this.#counted = sequence
      }
      if (this.#dirty.size >= mostDirty) await this.flush()
      if (found.length < page) return
    }
  }

  /** Flushes if it is time at `now` (milliseconds since any moment), or if much has come together. */
  async flushIfDue(now: number): Promise<void> {
    if (now - this.#flushedAt < flushInterval && this.#dirty.size < mostDirty) return
    if (await this.flush()) this.#flushedAt = now
  }

  /** Writes what was noted until now. False if the keys changed so fast that some of it must wait for the next flush. */
  flush(): Promise<boolean> {
    this.#flushing = this.#flushing.catch(() => false).then(() => this.#flush())
    return this.#flushing
  }

  async #flush(): Promise<boolean> {
    const counted = this.#counted
    const uses = [...this.#dirty]
    if (counted === this.#mark) return true
    let from = 0
    do {
      const part = uses.slice(from, (from += batch))
      if (!(await this.#write(part, from >= uses.length ? counted : undefined))) return false
    } while (from < uses.length)
    this.#mark = counted
    return true
  }

  async #write(uses: readonly (readonly [arn: string, use: KeyUsageDocument])[], mark?: number): Promise<boolean> {
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      const view = this.#store.view()
      const changes: Change[] = []
      for (const [arn, use] of uses) {
        const change = await this.#changeOf(view, arn, use)
        if (change) changes.push(change)
      }
      if (mark !== undefined) {
        await view.get('usage-mark', markRow)
        changes.push({ put: 'usage-mark', id: markRow, document: { sequence: mark } })
      }
      if ((await this.#store.commit(view, changes, [])) === 'conflict') continue
      for (const [arn, use] of uses) if (this.#dirty.get(arn) === use) this.#dirty.delete(arn)
      return true
    }
    return false
  }

  /** None for a key that is gone: its usage went with it. */
  async #changeOf(view: View, arn: string, use: KeyUsageDocument): Promise<Change | undefined> {
    const id = rowOf(arn)
    if (id === undefined) return undefined
    try {
      const key = await view.get('key', id)
      if (!key || !isOf(use, key)) return undefined
      const stored = await view.get('key-usage', id)
      return stored && stored.at > use.at ? undefined : { put: 'key-usage', id, document: use }
    } catch (error) {
      // One that was altered is left alone: it must not keep the others.
      if (!(error instanceof TamperedRow)) throw error
      this.#log({ level: 'error', event: 'tampered row', error: error.name, detail: error.message })
      return undefined
    }
  }
}

/** Not of an earlier key of the same ARN: a replica may be deleted, and made again. */
const isOf = (use: KeyUsageDocument, key: Key): boolean => use.at >= key.createdAt

function rowOf(arn: string): string | undefined {
  const { account, region, resource = '' } = splitArn(arn) ?? {}
  if (account === undefined || region === undefined || !resource.startsWith('key/')) return undefined
  return keyRow(account, region, resource.slice('key/'.length))
}

/**
 * What a stored audit record tells.
 *
 * @param at as its entry has it, in milliseconds; the record itself has seconds
 */
function readRecord(record: unknown, at: number): Told | undefined {
  const told = record as Partial<StoredRecord> | undefined // As audit/record.ts wrote it, unless it was altered since.
  if (!told?.eventName || !told.eventID || !told.requestID || !Array.isArray(told.resources)) return undefined
  return {
    operation: told.eventName,
    at,
    eventId: told.eventID,
    requestId: told.requestID,
    resources: told.resources.map(({ accountId, ARN }) => ({ account: accountId, arn: ARN })),
    error: told.errorCode === undefined ? undefined : { code: told.errorCode },
  }
}

interface StoredRecord {
  eventName: string
  errorCode?: string
  requestID: string
  eventID: string
  resources: { accountId: string; ARN: string }[]
}
