import type { KeyObject } from 'node:crypto'
import type { Grant } from '../auth/grants.ts'
import type { AccessKey, AccessKeyUsage, Group, ManagedPolicy, OidcProvider, Role, User } from '../auth/identities.ts'
import type { Explanation } from '../auth/access.ts'
import type { KeyStores } from '../keys/key-store.ts'
import type { Key } from '../keys/key.ts'
import type { MaterialDocument } from '../keys/material.ts'
import { rowMac, verifyRow } from './integrity.ts'
import type { AuditEntry, CommitResult, Engine, Row, Seen } from './store.ts'

/** A name for a key: region-wide unique, one target. */
export interface Alias {
  account: string
  region: string
  /** With the prefix `alias/`. */
  name: string
  keyId: string
  createdAt: number
  updatedAt: number
}

/** The key that seals one day's import tokens; erased when no token of that day can be valid any more. */
export interface DayKey {
  sealed: string
  erasedAt: number
}

/** How often material that came with an import token could not be unwrapped. */
export interface TokenFailures {
  count: number
  /** When the token expires and the row may go. */
  validTo: number
}

/** The index by which a principal finds the grants that it may retire: one row beside each such grant. */
export interface Retirable {
  account: string
  region: string
  keyId: string
  grantId: string
}

/** The index by which a request finds the grants that can allow it: one row beside each grant. */
export type Granted = Retirable

/** A link that signs in to the console once; its row is named by the SHA-256 of its code, which is stored nowhere. */
export interface ConsoleLink {
  /** That made it: it is worth no more than that. */
  accessKeyId: string
  /** Unique id of the user. */
  userId: string
  /** Epoch milliseconds. */
  expiresAt: number
}

/** Which KMS key an external key serves: in a key store, each serves one. */
export interface ExternalKeyDocument {
  account: string
  region: string
  storeId: string
  xksKeyId: string
  keyId: string
}

/** When a key last did cryptographic work, and for which request. */
export interface KeyUsageDocument {
  operation: string
  /** Epoch milliseconds. */
  at: number
  eventId: string
  requestId: string
}

/** How far the audit entries have been looked through for uses of keys; there is one such row. */
export interface UsageMark {
  /** Number of the newest entry. */
  sequence: number
}

/** Every kind of document, by the name it is stored under. */
export interface Documents {
  key: Key
  alias: Alias
  material: MaterialDocument
  'day-key': DayKey
  'token-failures': TokenFailures
  user: User
  group: Group
  role: Role
  'managed-policy': ManagedPolicy
  'oidc-provider': OidcProvider
  'access-key': AccessKey
  'access-key-usage': AccessKeyUsage
  explanation: Explanation
  'console-link': ConsoleLink
  grant: Grant
  granted: Granted
  retirable: Retirable
  'key-stores': KeyStores
  'external-key': ExternalKeyDocument
  'key-usage': KeyUsageDocument
  'usage-mark': UsageMark
}
export type Kind = keyof Documents

/** The columns of a row that are not its body, derived from the document so that no write can forget them. */
const columns: { [K in Kind]: { ref?: (d: Documents[K]) => string; due?: (d: Documents[K]) => number | null } } = {
  key: { due: keyDue },
  alias: {},
  material: {},
  'day-key': { due: day => day.erasedAt },
  // A token is good through its last millisecond, and a dead one must stay dead in it.
  'token-failures': { due: failures => failures.validTo + 1 },
  user: {},
  group: {},
  role: {},
  'managed-policy': {},
  'oidc-provider': {},
  'access-key-usage': {},
  explanation: { due: explanation => explanation.erasedAt },
  'console-link': { due: link => link.expiresAt },
  'access-key': { ref: key => `${key.account}/${key.userName}` },
  // Whom it allows something, for lists, and for operations that have no encryption context.
  grant: { ref: grant => granteeRef(grant, grant.granteePrincipal ?? grant.granteeServicePrincipal ?? '') },
  granted: {},
  retirable: {},
  'key-stores': {},
  'external-key': {},
  'key-usage': {},
  'usage-mark': {},
}

/** The next moment at which time alone changes the key: a material expires, or the waiting period ends. */
function keyDue(key: Key): number | null {
  const moments = key.materials.flatMap(material => (material.present && material.validTo ? [material.validTo] : []))
  if (key.deletion?.at !== undefined) moments.push(key.deletion.at)
  // A key that is not enabled misses its rotation, and makes up for it once it is.
  if (key.rotation && key.enabled && !key.deletion && (key.family?.primary ?? key.region) === key.region) {
    moments.push(key.rotation.nextAt)
  }
  return moments.length === 0 ? null : Math.min(...moments)
}

/** Row ids. Account and Region come first, so that a page of them is a prefix. */
export const keyRow = (account: string, region: string, keyId: string): string => `${account}/${region}/${keyId}`
export const aliasRow = keyRow
/** Material ids are unique in a Region, and a ciphertext names nothing else. */
export const materialRow = (region: string, materialId: string): string => `${region}/${materialId}`
export const grantRow = (account: string, region: string, keyId: string, grantId: string): string =>
  `${keyRow(account, region, keyId)}/${grantId}`
/** All grants on a key for one principal. */
export const granteeRef = (key: Pick<Grant, 'account' | 'region' | 'keyId'>, principal: string): string =>
  `${keyRow(key.account, key.region, key.keyId)} ${principal}`
/** Grants on a key for one principal that an encryption context with this tag (auth/grants.ts) can meet. */
export const grantedPrefix = (
  key: Pick<Grant, 'account' | 'region' | 'keyId'>,
  principal: string,
  tag: string,
): string => `${granteeRef(key, principal)} ${tag} `
/** Grants on keys of any account; no ARN has a space in it. */
export const retirablePrefix = (region: string, principal: string): string => `${region} ${principal} `
/** The prefix, and the row of the grant. */
export const retirableRow = (principal: string, grant: Omit<Retirable, 'grantId'> & { id: string }): string =>
  retirablePrefix(grant.region, principal) + grantRow(grant.account, grant.region, grant.keyId, grant.id)
export const keyStoresRow = (account: string, region: string): string => `${account}/${region}`
export const externalKeyRow = (key: Pick<Key, 'account' | 'region'>, storeId: string, xksKeyId: string): string =>
  `${key.account}/${key.region}/${storeId}/${xksKeyId}`
/** Of users, groups, roles and managed policies: names that differ in case only are the same name. */
export const identityRow = (account: string, name: string): string => `${account}/${name.toLowerCase()}`
export const providerRow = (account: string, url: string): string => `${account}/${url}`

/**
 * A row that is removed and made again begins at version 1, which somebody may have seen in its former life: so each row
 * whose removal matters to a decision goes together with a change of one that stays, such as that of the key.
 */
export type Change =
  | { [K in Kind]: { put: K; id: string; document: Documents[K]; erase?: boolean } }[Kind]
  | { remove: Kind; id: string; erase?: boolean }

/** The row that it changes, by kind and id. */
export const rowOf = (change: Change): string => `${'put' in change ? change.put : change.remove} ${change.id}`

/** A row whose MAC does not fit its contents: somebody wrote to the database behind our back. */
export class TamperedRow extends Error {
  constructor(kind: string, id: string) {
    super(`The stored row ${kind} ${id} was altered outside this server, and is refused.`)
    this.name = 'TamperedRow'
  }
}

/** What there is under a name, and in which version. */
interface Found extends Seen {
  /** Undefined if there is no such row. */
  readonly document: Documents[Kind] | undefined
  /** Of the body, in UTF-16 units. */
  readonly size: number
}

/** How many documents the cache holds at most, and UTF-16 units of their bodies: tenants make some a thousand times as large. */
const cacheBounds = { documents: 20_000, units: 64 * 1024 * 1024 }

/**
 * Typed documents over an engine: checks every row's MAC, parses it once, and keeps it in a bounded cache. The cache may
 * be behind: whatever a request decided on a stale document is refused at its commit, which also evicts the document.
 */
export class DocumentStore {
  readonly #engine: Engine
  readonly #storeId: string
  readonly #macKey: KeyObject
  readonly #bounds: typeof cacheBounds
  readonly #cache = new Map<string, Found>()
  /** Of all that is in the cache. */
  #units = 0

  constructor(engine: Engine, integrity: { storeId: string; macKey: KeyObject }, bounds = cacheBounds) {
    this.#engine = engine
    this.#storeId = integrity.storeId
    this.#macKey = integrity.macKey
    this.#bounds = bounds
  }

  view(): View {
    return new View(this)
  }

  /** Without a promise, since nearly every read ends here. */
  cached(kind: Kind, id: string): Found | undefined {
    return this.#cache.get(cacheName(kind, id))
  }

  /** @throws TamperedRow */
  async read(kind: Kind, id: string): Promise<Found> {
    const row = await this.#engine.get(kind, id)
    if (!row) return { kind, id, version: 0, document: undefined, size: 0 }
    const found = { kind, id, version: row.version, document: this.#open(row), size: row.body.length }
    this.#remember(found)
    return found
  }

  /**
   * The same, past the cache: what is read once in a long list must not push out what is needed.
   *
   * @throws TamperedRow
   */
  async glance<K extends Kind>(kind: K, id: string): Promise<Documents[K] | undefined> {
    const row = await this.#engine.get(kind, id)
    return row && (this.#open(row) as Documents[K]) // The engine returned a row of this kind.
  }

  /** @throws TamperedRow */
  async page<K extends Kind>(
    kind: K,
    prefix: string,
    after: string | undefined,
    limit: number,
  ): Promise<Documents[K][]> {
    const rows = await this.#engine.page(kind, prefix, after, limit)
    return rows.map(row => this.#open(row) as Documents[K]) // The engine returned rows of this kind.
  }

  /** @throws TamperedRow */
  async byRef<K extends Kind>(kind: K, ref: string, after: string | undefined, limit: number): Promise<Documents[K][]> {
    const rows = await this.#engine.byRef(kind, ref, after, limit)
    return rows.map(row => this.#open(row) as Documents[K]) // The engine returned rows of this kind.
  }

  /** Names of rows that time alone changes now, soonest first. */
  async due(now: number, limit: number): Promise<{ kind: Kind; id: string }[]> {
    const rows = await this.#engine.due(now, limit)
    return rows.map(row => ({ kind: row.kind as Kind, id: row.id })) // Only this class writes rows.
  }

  /** Audit entries as they are (store.ts). */
  get log(): Pick<Engine, 'entries' | 'entriesBefore'> {
    return this.#engine
  }

  /** At most `limit` audit entries with a number above `after`, in order. Records bear no MAC. */
  async records(after: number, limit: number): Promise<{ sequence: number; at: number; record: unknown }[]> {
    const entries = await this.#engine.entries(after, limit)
    return entries.map(({ sequence, at, record }) => ({ sequence, at, record: readRecord(record) }))
  }

  /**
   * Makes changes and audit entries durable if everything that `view` has seen is still so. A row can only be changed
   * by a view that has read it: that is where the expected version comes from.
   */
  async commit(view: View, changes: readonly Change[], entries: readonly AuditEntry[]): Promise<CommitResult> {
    const puts: Row[] = []
    const removes: Seen[] = []
    const fresh: Found[] = []
    let erase = false
    for (const change of changes) {
      erase ||= change.erase === true
      if ('put' in change) {
        const version = view.versionSeen(change.put, change.id) + 1
        const row = this.#seal(change.put, change.id, version, change.document)
        puts.push(row)
        fresh.push({ kind: change.put, id: change.id, version, document: change.document, size: row.body.length })
      } else {
        removes.push({ kind: change.remove, id: change.id, version: view.versionSeen(change.remove, change.id) })
      }
    }
    const result = await this.#engine.commit({ seen: view.seen, puts, removes, entries, erase })
    if (result === 'conflict') {
      for (const { kind, id } of view.seen) this.#forget(cacheName(kind, id))
      return result
    }
    for (const { kind, id } of removes) this.#forget(cacheName(kind, id))
    for (const found of fresh) {
      // Another commit of this row may have been acknowledged first.
      if ((this.#cache.get(cacheName(found.kind, found.id))?.version ?? 0) < found.version) this.#remember(found)
    }
    return result
  }

  #remember(found: Found): void {
    // Large, and seldom read: a flood of them would push out what is needed.
    if (found.kind === 'explanation') return
    const name = cacheName(found.kind, found.id)
    this.#forget(name)
    this.#cache.set(name, found)
    this.#units += found.size
    for (const oldest of this.#cache.keys()) {
      if (this.#cache.size <= this.#bounds.documents && this.#units <= this.#bounds.units) return
      this.#forget(oldest)
    }
  }

  #forget(name: string): void {
    this.#units -= this.#cache.get(name)?.size ?? 0
    this.#cache.delete(name)
  }

  #seal<K extends Kind>(kind: K, id: string, version: number, document: Documents[K]): Row {
    const { ref, due } = columns[kind]
    const row = {
      kind,
      id,
      ref: ref ? ref(document) : null,
      due: due ? due(document) : null,
      version,
      body: JSON.stringify(document),
    }
    return { ...row, mac: rowMac(this.#macKey, this.#storeId, row) }
  }

  #open(row: Row): Documents[Kind] {
    if (!verifyRow(this.#macKey, this.#storeId, row)) throw new TamperedRow(row.kind, row.id)
    return JSON.parse(row.body) as Documents[Kind] // The MAC says that #seal wrote it.
  }
}

/** Undefined for a record that was altered into something else than JSON. */
export function readRecord(record: string): unknown {
  try {
    return JSON.parse(record)
  } catch {
    return undefined
  }
}

const cacheName = (kind: string, id: string): string => `${kind}\n${id}`

/** Where documents are read by name. */
export interface Reader {
  get<K extends Kind>(kind: K, id: string): Promise<Readonly<Documents[K]> | undefined>
}

/**
 * What one request reads, and at which versions. Its commit is refused if any of them has moved, so a decision is never
 * older than the record of it. Documents are shared with the cache: copy before changing.
 */
export class View implements Reader {
  readonly #store: DocumentStore
  readonly #seen: Found[] = []

  constructor(store: DocumentStore) {
    this.#store = store
  }

  get seen(): readonly Seen[] {
    return this.#seen
  }

  async get<K extends Kind>(kind: K, id: string): Promise<Readonly<Documents[K]> | undefined> {
    const found = this.#store.cached(kind, id) ?? (await this.#store.read(kind, id))
    // Should the cache have moved on between two reads of one request, both versions are noted, and the commit is refused.
    if (!this.#seen.includes(found)) this.#seen.push(found)
    return found.document as Documents[K] | undefined // Stored under this kind.
  }

  /** Documents by name, of which no version is noted: for lists, like pages. */
  get unnoted(): Reader {
    return { get: (kind, id) => this.#store.glance(kind, id) }
  }

  /** Audit entries, which change no more. */
  get log(): Pick<Engine, 'entries' | 'entriesBefore'> {
    return this.#store.log
  }

  /** A page of documents; listing relies on no version. */
  page<K extends Kind>(kind: K, prefix: string, after: string | undefined, limit: number): Promise<Documents[K][]> {
    return this.#store.page(kind, prefix, after, limit)
  }

  /** The same by ref, which many documents can share. */
  byRef<K extends Kind>(kind: K, ref: string, after: string | undefined, limit: number): Promise<Documents[K][]> {
    return this.#store.byRef(kind, ref, after, limit)
  }

  versionSeen(kind: Kind, id: string): number {
    const seen = this.#seen.find(found => found.id === id && found.kind === kind)
    if (!seen) throw new Error(`${kind} ${id} is changed without having been read`)
    return seen.version
  }
}
