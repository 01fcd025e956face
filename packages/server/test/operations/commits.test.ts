import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import type { KMS } from '@aws-sdk/client-kms'
import { Prng } from '../protocol/prng.ts'
import { outcomeOf } from '../support/answers.ts'
import { days, start } from '../support/server.ts'
import { requireWhole, snapshot } from '../support/whole.ts'
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
      requireWhole(database)
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

for (let seed = 1; seed <= 3; seed++) {
  test(`keys in several Regions, their rotations, grants, aliases and ends: seed ${seed}`, async () => {
    const prng = new Prng(seed)
    const before = commits
    const principal = `arn:aws:iam::${account}:root`
    let KeyId = ''
    const somewhere = () => clients[prng.pick(regions)]
    const primary = () => {
      const { family } = [...snapshot(database).rows.key.values()].find(({ id }) => id === KeyId) ?? {}
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
    for (let round = 0; round < 20; round++) {
      const isGone = ![...snapshot(database).rows.key.values()].some(({ id }) => id === KeyId)
      if (isGone) KeyId = (await clients['us-east-1'].createKey({ MultiRegion: true })).KeyMetadata?.KeyId ?? ''
      await play(prng, steps)
    }
    assert.ok(commits - before > 25, `only ${commits - before} changes`)
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
    for (let round = 0; round < 20; round++) await play(prng, steps)
    assert.ok(commits - before > 25, `only ${commits - before} changes`)
  })
}
