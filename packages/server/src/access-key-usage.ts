import type { AccessKeyUsage } from './auth/identities.ts'
import type { Caller } from './auth/caller.ts'
import type { Log } from './log.ts'
import { TamperedRow, type Change, type DocumentStore, type View } from './store/documents.ts'

/** A request that was answered, whether it was allowed or not. */
interface Answered {
  caller: Caller
  operation: { service: string }
  region: string
  /** Epoch milliseconds. */
  now: number
}

/** Milliseconds between two flushes. */
const flushInterval = 60_000
/** Access keys per commit. */
const batch = 250
/** Commits of one batch; access keys that come and go so often have their turn at the next flush. */
const mostAttempts = 5

/**
 * When each access key last signed a request. It is noted in memory, and written about once a minute: requests write nothing
 * for it, and it is written no oftener for many requests than for one. A crash loses the last minute.
 */
export class AccessKeyUses {
  readonly #store: DocumentStore
  readonly #log: Log
  /** By access key id: uses that are in no row yet. */
  readonly #noted = new Map<string, AccessKeyUsage>()
  #flushedAt: number

  /** @param now milliseconds by the clock that `flushIfDue` is told */
  constructor(store: DocumentStore, log: Log, now: number) {
    this.#store = store
    this.#log = log
    this.#flushedAt = now
  }

  /** Temporary credentials are no access keys of a user. */
  note({ caller: { accessKeyId, session }, operation: { service }, region, now }: Answered): void {
    if (accessKeyId !== undefined && !session) this.#noted.set(accessKeyId, { at: now, service, region })
  }

  /** Undefined if it was never used. */
  async of(view: View, accessKeyId: string): Promise<Readonly<AccessKeyUsage> | undefined> {
    // Memory first: what is flushed meanwhile is found in the row.
    const noted = this.#noted.get(accessKeyId)
    return noted ?? (await view.get('access-key-usage', accessKeyId))
  }

  /** Flushes if it is time at `now` (milliseconds since any moment). */
  async flushIfDue(now: number): Promise<void> {
    if (now - this.#flushedAt < flushInterval) return
    this.#flushedAt = now
    await this.flush()
  }

  /** Writes what was noted until now. */
  async flush(): Promise<void> {
    const uses = [...this.#noted]
    for (let from = 0; from < uses.length; from += batch) await this.#write(uses.slice(from, from + batch))
  }

  async #write(uses: readonly (readonly [id: string, use: AccessKeyUsage])[]): Promise<void> {
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      const view = this.#store.view()
      const changes: Change[] = []
      for (const [id, document] of uses) {
        if (await this.#isThere(view, id)) changes.push({ put: 'access-key-usage', id, document })
      }
      if ((await this.#store.commit(view, changes, [])) === 'conflict') continue
      for (const [id, use] of uses) if (this.#noted.get(id) === use) this.#noted.delete(id)
      return
    }
  }

  /** An access key that was deleted meanwhile took its usage with it. */
  async #isThere(view: View, id: string): Promise<boolean> {
    try {
      await view.get('access-key-usage', id)
      return (await view.get('access-key', id)) !== undefined
    } catch (error) {
      // One that was altered is left alone: it must not keep the others.
      if (!(error instanceof TamperedRow)) throw error
      this.#log({ level: 'error', event: 'tampered row', error: error.name, detail: error.message })
      return false
    }
  }
}
