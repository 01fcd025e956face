import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import type { KMS } from '@aws-sdk/client-kms'
import type { Grant } from '../../src/auth/grants.ts'
import type { Key } from '../../src/keys/key.ts'
import type { Documents, Kind } from '../../src/store/documents.ts'
import { Prng } from '../protocol/prng.ts'
import { outcomeOf } from '../support/answers.ts'
import { days, start } from '../support/server.ts'
import { externalKey, startProxy } from '../support/xks-proxy.ts'

/**
 * What fits together fits after every single commit, whatever happens at once: so nothing can be cut off in the middle,
 * since commits are whole (test/store/kill.test.ts, test/faults).
 */

const folder = mkdtempSync(join(tmpdir(), 'keyreeve-commits-'))
const proxy = await startProxy(folder)
const server = await start(proxy.flags)
server.clock.hold()
const database = new DatabaseSync(join(server.data, 'keyreeve.db'), { readOnly: true })
after(async () => {
  database.close()
  await server.stop()
  await proxy.close()
  rmSync(folder, { recursive: true })
})
const account = '000000000000'
const regions = ['us-east-1', 'eu-west-1', 'ap-southeast-2'] as const
type Region = (typeof regions)[number]
const clients = Object.fromEntries(regions.map(region => [region, server.client({ region })])) as Record<Region, KMS>

type Rows = { readonly [K in Kind]: ReadonlyMap<string, Documents[K]> }

/** Everything in one snapshot. */
function snapshot(): { rows: Rows; rotations: Map<string, number> } {
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

function requireWhole(): void {
  const { rows, rotations } = snapshot()
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

/** Commits so far, each of them looked at; and what was found. */
let commits = 0
let broken: unknown
const { store } = server.app
const commit = store.commit.bind(store)
store.commit = async (view, changes, entries) => {
  const result = await commit(view, changes, entries)
  if (result === 'committed' && changes.length > 0) {
    commits++
    try {
      requireWhole()
    } catch (error) {
      broken ??= error
    }
  }
  return result
}

/** A dozen calls at once, after some time. */
async function play(prng: Prng, steps: Record<string, () => Promise<unknown>>): Promise<void> {
  if (prng.chance(50)) server.clock.advance(prng.pick([3, 7, 90]) * days)
  const names = Array.from({ length: 12 }, () => prng.pick(Object.keys(steps)))
  const outcomes = await Promise.all(
    names.map(async name => `${name}: ${await outcomeOf(Promise.resolve(steps[name]?.()))}`),
  )
  if (broken !== undefined) throw broken
  assert.ok(!outcomes.some(outcome => /KMSInternal|KeyUnavailable/.test(outcome)), outcomes.join('\n'))
}

for (let seed = 1; seed <= 4; seed++) {
  test(`keys in several Regions, their rotations, grants, aliases and ends: seed ${seed}`, async () => {
    const prng = new Prng(seed)
    const before = commits
    const principal = `arn:aws:iam::${account}:root`
    let KeyId = ''
    const somewhere = () => clients[prng.pick(regions)]
    const primary = () => {
      const { family } = [...snapshot().rows.key.values()].find(({ id }) => id === KeyId) ?? {}
      return clients[(family?.primary as Region | undefined) ?? 'us-east-1']
    }
    const grant = () => {
      const Name = `grant ${prng.below(4)}`.replace(' ', '-')
      return {
        KeyId,
        Name,
        GranteePrincipal: principal,
        RetiringPrincipal: principal,
        Operations: ['Encrypt' as const],
      }
    }
    const steps = {
      replicate: () => primary().replicateKey({ KeyId, ReplicaRegion: prng.pick(regions) }),
      'replicate again': () => primary().replicateKey({ KeyId, ReplicaRegion: prng.pick(regions) }),
      update: () => primary().updatePrimaryRegion({ KeyId, PrimaryRegion: prng.pick(regions) }),
      rotate: () => primary().rotateKeyOnDemand({ KeyId }),
      'rotate automatically': () => primary().enableKeyRotation({ KeyId, RotationPeriodInDays: 90 }),
      'rotate no more': () => primary().disableKeyRotation({ KeyId }),
      enable: () => somewhere().enableKey({ KeyId }),
      disable: () => somewhere().disableKey({ KeyId }),
      grant: () => somewhere().createGrant(grant()),
      async revoke() {
        const kms = somewhere()
        const { Grants: [found] = [] } = await kms.listGrants({ KeyId })
        if (found) await kms.revokeGrant({ KeyId, GrantId: found.GrantId })
      },
      name: () => somewhere().createAlias({ AliasName: `alias/${seed}-${prng.below(3)}`, TargetKeyId: KeyId }),
      unname: () => somewhere().deleteAlias({ AliasName: `alias/${seed}-${prng.below(3)}` }),
      schedule: () => somewhere().scheduleKeyDeletion({ KeyId, PendingWindowInDays: 7 }),
      cancel: () => somewhere().cancelKeyDeletion({ KeyId }),
      'cancel and enable': async () => {
        const kms = somewhere()
        await kms.cancelKeyDeletion({ KeyId })
        await kms.enableKey({ KeyId })
      },
      'what is due': () => server.settle(),
    }
    for (let round = 0; round < 40; round++) {
      const isGone = ![...snapshot().rows.key.values()].some(({ id }) => id === KeyId)
      if (isGone) KeyId = (await clients['us-east-1'].createKey({ MultiRegion: true })).KeyMetadata?.KeyId ?? ''
      await play(prng, steps)
    }
    assert.ok(commits - before > 40, `only ${commits - before} changes`)
  })
}

for (let seed = 1; seed <= 2; seed++) {
  test(`key stores and their keys: seed ${seed}`, async () => {
    const prng = new Prng(seed)
    const before = commits
    const kms = clients['us-east-1']
    const keys: string[] = []
    const key = () => ({ KeyId: keys.length > 0 ? prng.pick(keys) : 'none' })
    const wish = (number: number) => ({
      CustomKeyStoreName: `store ${number}`,
      CustomKeyStoreType: 'EXTERNAL_KEY_STORE' as const,
      XksProxyConnectivity: 'PUBLIC_ENDPOINT' as const,
      XksProxyUriEndpoint: 'https://localhost',
      XksProxyUriPath: `/path${number}/kms/xks/v1`,
      XksProxyAuthenticationCredential: proxy.credential,
    })
    const store = async () => {
      const { CustomKeyStores = [] } = await kms.describeCustomKeyStores({})
      return { CustomKeyStoreId: CustomKeyStores.length > 0 ? prng.pick(CustomKeyStores).CustomKeyStoreId : 'none' }
    }
    for (let number = 0; number < 3; number++) proxy.keys.set(`external-${number}`, externalKey())
    const makeKey = async () => {
      const input = { Origin: 'EXTERNAL_KEY_STORE', XksKeyId: `external-${prng.below(3)}`, ...(await store()) } as const
      const { KeyMetadata } = await kms.createKey(input)
      if (KeyMetadata?.KeyId !== undefined) keys.push(KeyMetadata.KeyId)
    }
    const steps = {
      create: () => kms.createCustomKeyStore(wish(prng.below(3))),
      connect: async () => await kms.connectCustomKeyStore(await store()),
      'connect again': async () => await kms.connectCustomKeyStore(await store()),
      disconnect: async () => await kms.disconnectCustomKeyStore(await store()),
      delete: async () => await kms.deleteCustomKeyStore(await store()),
      'make a key': makeKey,
      'make another key': makeKey,
      use: () => kms.encrypt({ ...key(), Plaintext: Buffer.of(0) }),
      schedule: () => kms.scheduleKeyDeletion({ ...key(), PendingWindowInDays: 7 }),
      'what is due': () => server.settle(),
    }
    for (let round = 0; round < 40; round++) await play(prng, steps)
    assert.ok(commits - before > 40, `only ${commits - before} changes`)
  })
}
