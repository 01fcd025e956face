import { auditRecord, type ServiceAct } from './audit/record.ts'
import { serviceEvent } from './audit-event.ts'
import type { Key, Material } from './keys/key.ts'
import { isPresent, isPrimary } from './keys/states.ts'
import { putKey, relativesOf } from './operations/family.ts'
import { withoutGrants } from './operations/grants.ts'
import { withoutMaterial } from './operations/imported-material.ts'
import { leaveStore } from './operations/key-stores.ts'
import { removal, type Sources } from './operations/material-changes.ts'
import { about, day, rotation } from './operations/rotation.ts'
import type { Log } from './log.ts'
import { keyArn } from './protocol/arn.ts'
import type { Seal } from './seal/seal.ts'
import {
  aliasRow,
  grantRow,
  keyRow,
  TamperedRow,
  type Change,
  type DocumentStore,
  type Kind,
  type View,
} from './store/documents.ts'

/** What time alone makes happen to one row: changes, and the records of them for the owner of a key. */
interface Settlement {
  changes: Change[]
  acts?: ServiceAct[]
}

/** By kind of row. Each gets the row's id and decides by what it reads through the view. */
const settlements: { [K in Kind]?: (sources: Sources, id: string, now: number) => Promise<Settlement | undefined> } = {
  key: settleKey,
  'day-key': async ({ view }, id) =>
    (await view.get('day-key', id)) ? { changes: [remove('day-key', id)] } : undefined,
  'token-failures': async ({ view }, id) =>
    (await view.get('token-failures', id)) ? { changes: [remove('token-failures', id)] } : undefined,
}

const remove = (kind: Kind, id: string): Change => ({ remove: kind, id, erase: kind === 'day-key' })

/** Rows looked at, and forgotten, at a time. */
const batch = 100
/** As many of the grants of a key as go in one commit. */
const grantBatch = 130

/** What the jobs work on. */
export interface Server {
  store: DocumentStore
  seal: Seal
  log: Log
}

/**
 * Does everything that is due at `now` (epoch ms): erases expired material, keys whose waiting period is over, and the
 * key of a day whose tokens are all expired; rotates keys. Each in a commit of its own, with its record; safe to run at
 * any time, to stop anywhere, and to run twice. A row that lost a race waits for the next call. One that was tampered with
 * is logged and left alone: however many there are, they do not keep the others.
 *
 * @returns how many commits that took, less those that only forgot explanations and links
 */
export async function settleDue(server: Server, now: number): Promise<number> {
  const leftAlone = new Set<string>()
  let settled = 0
  for (;;) {
    const due = await server.store.due(now, Math.max(batch, 2 * leftAlone.size))
    const untried = due.filter(row => !leftAlone.has(nameOf(row)))
    if (untried.length === 0) return settled
    const [passing, others] = [untried.filter(isPassing), untried.filter(row => !isPassing(row))]
    for (const row of await forget(server, passing)) leftAlone.add(nameOf(row))
    for (const row of others) {
      // Rows that have more to settle are due again.
      if (await settle(server, row.kind, row.id, now)) settled++
      else leftAlone.add(nameOf(row))
    }
  }
}

interface DueRow {
  kind: Kind
  id: string
}

const nameOf = ({ kind, id }: DueRow): string => `${kind} ${id}`
/** What is of no use any more once it is due: only its row is left to go. */
const isPassing = ({ kind }: DueRow): boolean => kind === 'explanation' || kind === 'console-link'

/**
 * Removes explanations of denials and links to the console that are too old, all in one commit: a flood leaves many.
 *
 * @returns those that could not be removed
 */
async function forget({ store, log }: Server, rows: readonly DueRow[]): Promise<readonly DueRow[]> {
  const view = store.view()
  const leftAlone: DueRow[] = []
  const changes: Change[] = []
  for (const row of rows) {
    try {
      if (await view.get(row.kind, row.id)) changes.push(remove(row.kind, row.id))
    } catch (error) {
      if (!(error instanceof TamperedRow)) throw error
      log({ level: 'error', event: 'tampered row', error: error.name, detail: error.message })
      leftAlone.push(row)
    }
  }
  if (changes.length === 0 || (await store.commit(view, changes, [])) === 'committed') return leftAlone
  return rows
}

async function settle({ store, seal, log }: Server, kind: Kind, id: string, now: number): Promise<boolean> {
  const view = store.view()
  try {
    const settlement = await settlements[kind]?.({ view, seal }, id, now)
    if (!settlement) return false
    const { acts = [], changes } = settlement
    const entries = acts.map(act => ({ at: now, record: auditRecord(serviceEvent(act, now)) }))
    return (await store.commit(view, changes, entries)) === 'committed'
  } catch (error) {
    if (!(error instanceof TamperedRow)) throw error
    // Rows of a family that were read at different moments may not fit each other: then the next round finds out.
    if ((await store.commit(view, [], [])) === 'conflict') return false
    log({ level: 'error', event: 'tampered row', error: error.name, detail: error.message })
    return false
  }
}

async function settleKey({ view, seal }: Sources, id: string, now: number): Promise<Settlement | undefined> {
  const key = await view.get('key', id)
  if (!key) return undefined
  const { deletion } = key
  if (deletion?.at !== undefined && deletion.at <= now) return await deleteKey(view, { ...key, deletion }, now)
  const expired = key.materials.filter(material => material.present && !isPresent(material, now))
  const [material] = expired
  if (material) return await expireMaterial(view, key, material)
  const isDue = key.rotation !== undefined && key.rotation.nextAt <= now
  if (!isDue || !key.enabled || key.deletion || !isPrimary(key)) return undefined
  return await rotation({ view, seal }, key, 'AUTOMATIC', now)
}

/** One material at a time: each has its record, and the key is due again while another is expired. */
async function expireMaterial(view: View, key: Key, material: Material): Promise<Settlement> {
  return {
    changes: await withoutMaterial(view, key, material, false),
    acts: [
      {
        ...about(key),
        operation: 'DeleteExpiredKeyMaterial',
        serviceEventDetails: { keyId: keyArn(key), keyMaterialId: material.id },
      },
    ],
  }
}

/**
 * Everything of the key goes: grants first, since they can be more than fit a commit, then material, aliases, policy, tags.
 * Related keys forget it.
 */
async function deleteKey(view: View, key: Key & Required<Pick<Key, 'deletion'>>, now: number): Promise<Settlement> {
  const { account, region } = key
  const grants = await view.page('grant', grantRow(account, region, key.id, ''), undefined, grantBatch)
  if (grants.length > 0) {
    return { changes: await withoutGrants(view, { ...key, deletion: { ...key.deletion, begun: true } }, grants) }
  }
  const row = keyRow(account, region, key.id)
  const changes: Change[] = [{ remove: 'key', id: row }]
  if (await view.get('key-usage', row)) changes.push({ remove: 'key-usage', id: row })
  for (const { id } of key.materials) changes.push(...(await removal(view, key, id)))
  changes.push(...(await leaveStore(view, key)))
  for (const name of key.aliases) {
    const row = aliasRow(account, region, name)
    if (await view.get('alias', row)) changes.push({ remove: 'alias', id: row })
  }
  for (const relative of await relativesOf(view, key)) changes.push(putKey(withoutReplica(relative, region, now)))
  return { changes, acts: [{ ...about(key), operation: 'DeleteKey', serviceEventDetails: null }] }
}

/** The waiting period of a primary key begins when its last replica is gone. */
function withoutReplica(key: Key, region: string, now: number): Key {
  const { primary, replicas } = key.family ?? { primary: key.region, replicas: [] }
  const left = replicas.filter(other => other !== region)
  return {
    ...key,
    family: { primary, replicas: left },
    ...(key.deletion &&
      left.length === 0 && { deletion: { ...key.deletion, at: now + key.deletion.windowInDays * day } }),
  }
}
