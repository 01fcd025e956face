import { randomUUID } from 'node:crypto'
import { auditRecord, type ServiceEvent } from './audit/record.ts'
import type { Key, Material } from './keys/key.ts'
import { isPresent } from './keys/states.ts'
import { withoutMaterial } from './operations/delete-imported-key-material.ts'
import { removal } from './operations/material-changes.ts'
import type { Log } from './log.ts'
import { keyArn } from './protocol/arn.ts'
import {
  aliasRow,
  keyRow,
  TamperedRow,
  type Change,
  type DocumentStore,
  type Kind,
  type View,
} from './store/documents.ts'

/** What time alone makes happen to one row: changes, and the record of them for the owner of a key. */
interface Settlement {
  changes: Change[]
  event?: Omit<ServiceEvent, 'caller' | 'eventId' | 'at'>
}

/** By kind of row. Each gets the row's id and decides by what it reads through the view. */
const settlements: { [K in Kind]?: (view: View, id: string, now: number) => Promise<Settlement | undefined> } = {
  key: settleKey,
  'day-key': async (view, id) => ((await view.get('day-key', id)) ? { changes: [remove('day-key', id)] } : undefined),
  'token-failures': async (view, id) =>
    (await view.get('token-failures', id)) ? { changes: [remove('token-failures', id)] } : undefined,
}

const remove = (kind: Kind, id: string): Change => ({ remove: kind, id, erase: kind === 'day-key' })

const batch = 100

/**
 * Does everything that is due at `now` (epoch ms): erases expired material, keys whose waiting period is over, and the
 * key of a day whose tokens are all expired. Each in a commit of its own, with its record; safe to run at any time, to
 * stop anywhere, and to run twice. A row that was tampered with is logged and left alone: it must not keep the others.
 *
 * @returns how many rows were settled
 */
export async function settleDue(store: DocumentStore, now: number, log: Log): Promise<number> {
  let settled = 0
  for (;;) {
    const due = await store.due(now, batch)
    let progress = 0
    for (const { kind, id } of due) progress += (await settle(store, kind, id, now, log)) ? 1 : 0
    settled += progress
    // Rows that lost a race are due again at the next round; no progress at all means that nothing is left to do.
    if (due.length < batch || progress === 0) return settled
  }
}

async function settle(store: DocumentStore, kind: Kind, id: string, now: number, log: Log): Promise<boolean> {
  const view = store.view()
  const settlement = await decide(view, kind, id, now, log)
  if (!settlement) return false
  const { event, changes } = settlement
  const entries = event
    ? [{ at: now, record: auditRecord({ caller: 'service', eventId: randomUUID(), at: now, ...event }) }]
    : []
  return (await store.commit(view, changes, entries)) === 'committed'
}

async function decide(view: View, kind: Kind, id: string, now: number, log: Log): Promise<Settlement | undefined> {
  try {
    return await settlements[kind]?.(view, id, now)
  } catch (error) {
    if (!(error instanceof TamperedRow)) throw error
    log({ level: 'error', event: 'tampered row', error: error.name, detail: error.message })
    return undefined
  }
}

async function settleKey(view: View, id: string, now: number): Promise<Settlement | undefined> {
  const key = await view.get('key', id)
  if (!key) return undefined
  if (key.deletion?.at !== undefined && key.deletion.at <= now) return await deleteKey(view, key)
  const expired = key.materials.filter(material => material.present && !isPresent(material, now))
  const [material] = expired
  return material && (await expireMaterial(view, key, material))
}

/** One material at a time: each has its record, and the key is due again while another is expired. */
async function expireMaterial(view: View, key: Key, material: Material): Promise<Settlement> {
  return {
    changes: await withoutMaterial(view, key, material),
    event: {
      ...about(key),
      operation: 'DeleteExpiredKeyMaterial',
      serviceEventDetails: { keyId: keyArn(key), keyMaterialId: material.id },
    },
  }
}

/** Everything of the key goes: material, aliases, policy, tags. */
async function deleteKey(view: View, key: Key): Promise<Settlement> {
  const { account, region } = key
  const changes: Change[] = [{ remove: 'key', id: keyRow(account, region, key.id) }]
  for (const { id } of key.materials) changes.push(...(await removal(view, key, id)))
  for (const name of key.aliases) {
    const row = aliasRow(account, region, name)
    if (await view.get('alias', row)) changes.push({ remove: 'alias', id: row })
  }
  return { changes, event: { ...about(key), operation: 'DeleteKey', serviceEventDetails: null } }
}

const about = (key: Key) => ({
  region: key.region,
  account: key.account,
  resources: [{ account: key.account, arn: keyArn(key) }],
})
