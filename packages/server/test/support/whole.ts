import assert from 'node:assert/strict'
import type { DatabaseSync } from 'node:sqlite'
import { contextTag, type Grant } from '../../src/auth/grants.ts'
import type { Key } from '../../src/keys/key.ts'
import type { Documents, Kind } from '../../src/store/documents.ts'

const account = '000000000000'

/** Documents by kind and id. */
export type Rows = { readonly [K in Kind]: ReadonlyMap<string, Documents[K]> }

/** Everything in one snapshot, but for users and their access keys; and how often each key was rotated by the log. */
export function snapshot(database: DatabaseSync): { rows: Rows; rotations: Map<string, number> } {
  const kinds: Record<string, Map<string, unknown>> = {}
  const rotations = new Map<string, number>()
  database.exec('BEGIN')
  const select = database.prepare("SELECT kind, id, body FROM rows WHERE kind NOT IN ('user', 'access-key')")
  for (const { kind, id, body } of select.iterate()) {
    ;(kinds[String(kind)] ??= new Map()).set(String(id), JSON.parse(String(body)))
  }
  const acts = database.prepare('SELECT record FROM entries WHERE record LIKE \'%"eventName":"RotateKey"%\'')
  for (const { record } of acts.iterate()) {
    const id = /:key\/([0-9a-z-]+)/.exec(String(record))?.[1] ?? ''
    rotations.set(id, (rotations.get(id) ?? 0) + 1)
  }
  database.exec('COMMIT')
  const missing = new Map<string, unknown>()
  return { rows: new Proxy(kinds, { get: (all, kind) => all[String(kind)] ?? missing }) as unknown as Rows, rotations }
}

/**
 * Asserts that what is written together is there together: families of keys in one account, that have material of our own,
 * with their grants and aliases, and key stores.
 */
export function requireWhole(database: DatabaseSync): void {
  const { rows, rotations } = snapshot(database)
  for (const [id, key] of rows.key) requireWholeKey(rows, id, key, rotations.get(key.id) ?? 0)
  const ownerOf = ({ region, keyId }: { region: string; keyId: string }): Key =>
    rows.key.get(`${account}/${region}/${keyId}`) ?? assert.fail(`something is left of ${keyId} in ${region}`)
  for (const grant of rows.grant.values()) ownerOf(grant)
  for (const { name, ...alias } of rows.alias.values()) assert.ok(ownerOf(alias).aliases.includes(name))
  for (const { materialId, ...material } of rows.material.values()) {
    assert.ok(ownerOf(material).materials.some(({ id }) => id === materialId))
  }
  const indexed = [...rows.grant.values()].filter(grant => grant.retiringPrincipal !== undefined)
  assert.deepEqual([...rows.retirable.keys()].sort(), indexed.map(indexRowOf).sort())
  const granted = [...rows.grant.values()].map(grant => {
    const { region, keyId, id, granteePrincipal = '' } = grant
    return `${account}/${region}/${keyId} ${granteePrincipal} ${contextTag(grant)} ${id}`
  })
  assert.deepEqual([...rows.granted.keys()].sort(), granted.sort())
  for (const { storeId, xksKeyId, ...external } of rows['external-key'].values()) {
    assert.deepEqual(ownerOf(external).keyStore, { id: storeId, xksKeyId })
  }
  for (const store of [...rows['key-stores'].values()].flatMap(({ stores }) => stores)) {
    assert.equal(store.keys, [...rows['external-key'].values()].filter(({ storeId }) => storeId === store.id).length)
  }
}

const indexRowOf = ({ region, retiringPrincipal, keyId, id }: Grant): string =>
  `${region} ${retiringPrincipal} ${account}/${region}/${keyId}/${id}`

function requireWholeKey(rows: Rows, row: string, key: Key, rotations: number): void {
  const { family = { primary: key.region, replicas: [] }, deletion } = key
  const members = [family.primary, ...family.replicas]
  assert.ok(members.includes(key.region))
  for (const region of members) {
    const member = rows.key.get(`${account}/${region}/${key.id}`) ?? assert.fail(`no member in ${region}`)
    for (const shared of ['family', 'rotation', 'materials', 'currentMaterialId', 'onDemandRotations'] as const) {
      assert.deepEqual(member[shared], key[shared], `${shared} in ${region}`)
    }
  }
  const waits = key.region === family.primary && family.replicas.length > 0
  if (deletion) assert.equal(deletion.at === undefined, waits)
  for (const { id } of key.materials) assert.ok(rows.material.get(`${key.region}/${id}`)?.sealed)
  assert.equal(key.materials.filter(({ state }) => state === 'CURRENT').length, 1)
  assert.equal(key.materials.filter(({ rotatedAt }) => rotatedAt !== undefined).length, rotations)
  assert.equal(key.grants, [...rows.grant.keys()].filter(id => id.startsWith(`${row}/`)).length)
  for (const name of key.aliases) assert.equal(rows.alias.get(`${account}/${key.region}/${name}`)?.keyId, key.id)
  const { id, xksKeyId } = key.keyStore ?? {}
  if (id !== undefined)
    assert.equal(rows['external-key'].get(`${account}/${key.region}/${id}/${xksKeyId}`)?.keyId, key.id)
}
