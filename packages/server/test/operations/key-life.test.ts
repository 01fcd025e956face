import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, beforeEach, test } from 'node:test'
import type { KMS } from '@aws-sdk/client-kms'
import { aliasRow, keyRow, materialRow } from '../../src/store/documents.ts'
import { constraint, membersOf, refused, serviceEvent } from '../support/answers.ts'
import { externalKey, importOf, parametersFor } from '../support/import.ts'
import { days, start } from '../support/server.ts'

/** Enabling, disabling, describing and deleting keys. */

let server = await start()
after(() => server.stop())

const home = 'arn:aws:kms:us-east-1:000000000000'

/** A client whose clock is the server's, however the test has turned it. */
let kms: KMS
let KeyId: string
let arn: string
beforeEach(async () => {
  kms = server.client()
  KeyId = (await kms.createKey({})).KeyMetadata?.KeyId ?? ''
  arn = `${home}:key/${KeyId}`
})

const metadata = async (key = KeyId) => (await kms.describeKey({ KeyId: key })).KeyMetadata
const state = async (key = KeyId) => (await metadata(key))?.KeyState

test('DisableKey stops a key, EnableKey starts it again, and both may be said twice', async () => {
  for (const [call, expected] of [
    ['disableKey', 'Disabled'],
    ['disableKey', 'Disabled'],
    ['enableKey', 'Enabled'],
    ['enableKey', 'Enabled'],
  ] as const) {
    assert.deepEqual(await membersOf(kms[call]({ KeyId })), {})
    const { KeyState, Enabled } = (await metadata()) ?? {}
    assert.deepEqual([KeyState, Enabled], [expected, expected === 'Enabled'])
  }
})

test('a key that is switched many times at once ends as the last record says', async () => {
  await Promise.all(
    Array.from({ length: 20 }, (_, index) => (index % 2 ? kms.enableKey({ KeyId }) : kms.disableKey({ KeyId }))),
  )
  const switches = (await server.records()).filter(
    ({ eventName, resources }) =>
      /^(?:Enable|Disable)Key$/.test(String(eventName)) && JSON.stringify(resources).includes(KeyId),
  )
  assert.equal(switches.length, 20)
  assert.equal(await state(), switches.at(-1)?.['eventName'] === 'EnableKey' ? 'Enabled' : 'Disabled')
})

test('UpdateKeyDescription replaces the description', async () => {
  for (const Description of ['first', '𝄞'.repeat(8192), '', ' \n"\\\u0000\u2028']) {
    assert.deepEqual(await membersOf(kms.updateKeyDescription({ KeyId, Description })), {})
    assert.equal((await metadata())?.Description, Description)
  }
  const long = 'x'.repeat(8193)
  await refused(
    kms.updateKeyDescription({ KeyId, Description: long }),
    'ValidationException',
    constraint('description', long, 'have length less than or equal to 8192'),
  )
  await refused(
    kms.updateKeyDescription({ KeyId, Description: undefined }),
    'ValidationException',
    constraint('description', null, 'not be null'),
  )
})

test('DescribeKey says the same by whatever name', async () => {
  await kms.createAlias({ AliasName: 'alias/described', TargetKeyId: KeyId })
  const described = await membersOf(kms.describeKey({ KeyId }))
  for (const name of [arn, 'alias/described', `${home}:alias/described`]) {
    assert.deepEqual(await membersOf(kms.describeKey({ KeyId: name })), described)
  }
})

test('a key waits 30 days for its deletion unless told otherwise, and can do nothing meanwhile', async () => {
  for (const [input, window] of [
    [{}, 30],
    [{ PendingWindowInDays: 7 }, 7],
    [{ PendingWindowInDays: 30 }, 30],
  ] as const) {
    const { KeyMetadata: { KeyId: id = '', Arn = '' } = {} } = await kms.createKey({})
    const asked = server.clock.now()
    const { DeletionDate, ...rest } = await membersOf(kms.scheduleKeyDeletion({ KeyId: id, ...input }))
    assert.deepEqual(rest, { KeyId: Arn, KeyState: 'PendingDeletion', PendingWindowInDays: window })
    const waits = (DeletionDate?.getTime() ?? 0) - asked
    assert.ok(waits >= window * days && waits < window * days + 10_000)
    const described = await metadata(id)
    assert.deepEqual(
      [described?.KeyState, described?.Enabled, described?.DeletionDate],
      ['PendingDeletion', false, DeletionDate],
    )
    assert.equal(described && 'PendingDeletionWindowInDays' in described, false)
    await refused(kms.scheduleKeyDeletion({ KeyId: id }), 'KMSInvalidStateException', `${Arn} is pending deletion.`)
    assert.deepEqual((await metadata(id))?.DeletionDate, DeletionDate)
  }
})

test('refuses a waiting period that is not of 7 to 30 days', async () => {
  for (const PendingWindowInDays of [1, 6, 31, 365]) {
    await refused(
      kms.scheduleKeyDeletion({ KeyId, PendingWindowInDays }),
      'ValidationException',
      'PendingWindowInDays must be between 7 and 30',
    )
  }
  for (const [PendingWindowInDays, rule] of [
    [0, 'have value greater than or equal to 1'],
    [-7, 'have value greater than or equal to 1'],
    [366, 'have value less than or equal to 365'],
  ] as const) {
    const text = constraint('pendingWindowInDays', String(PendingWindowInDays), rule)
    await refused(kms.scheduleKeyDeletion({ KeyId, PendingWindowInDays }), 'ValidationException', text)
  }
  assert.equal(await state(), 'Enabled')
})

test('a key whose deletion is cancelled comes back disabled', async () => {
  await refused(kms.cancelKeyDeletion({ KeyId }), 'KMSInvalidStateException', `${arn} is not pending deletion.`)
  const before = await metadata()
  await kms.scheduleKeyDeletion({ KeyId })
  assert.deepEqual(await membersOf(kms.cancelKeyDeletion({ KeyId })), { KeyId: arn })
  assert.deepEqual(await metadata(), { ...before, KeyState: 'Disabled', Enabled: false })
  await refused(kms.cancelKeyDeletion({ KeyId }), 'KMSInvalidStateException', `${arn} is not pending deletion.`)
  await kms.enableKey({ KeyId })
  assert.deepEqual(await metadata(), before)
})

test('a key without material is pending import again when its deletion is cancelled', async () => {
  const { KeyId: external } = await externalKey(kms)
  const before = await metadata(external)
  await kms.scheduleKeyDeletion({ KeyId: external })
  assert.equal(await state(external), 'PendingDeletion')
  await kms.cancelKeyDeletion({ KeyId: external })
  assert.deepEqual(await metadata(external), before)
})

test('material deleted while the deletion of its key is pending is missing after its cancellation', async () => {
  const { KeyId: external } = await externalKey(kms)
  const parameters = await parametersFor(kms, external)
  await kms.importKeyMaterial(importOf(external, parameters, randomBytes(32)))
  await kms.scheduleKeyDeletion({ KeyId: external })
  await kms.deleteImportedKeyMaterial({ KeyId: external })
  assert.equal(await state(external), 'PendingDeletion')
  await kms.cancelKeyDeletion({ KeyId: external })
  assert.equal(await state(external), 'PendingImport')
})

/** A key with everything that a key can have. */
async function furnished(origin: 'AWS_KMS' | 'EXTERNAL') {
  const { KeyMetadata } = await kms.createKey({ Origin: origin, Tags: [{ TagKey: 'a', TagValue: 'b' }] })
  const id = KeyMetadata?.KeyId ?? ''
  if (origin === 'EXTERNAL') {
    const parameters = await parametersFor(kms, id)
    const imported = { ...importOf(id, parameters, randomBytes(32)), ExpirationModel: 'KEY_MATERIAL_EXPIRES' as const }
    await kms.importKeyMaterial({ ...imported, ValidTo: new Date(server.clock.now() + 300 * days) })
  } else {
    await kms.rotateKeyOnDemand({ KeyId: id })
  }
  const aliases = ['alias/1', 'alias/2', 'alias/3'].map(alias => `${alias}/${id}`)
  for (const AliasName of aliases) await kms.createAlias({ AliasName, TargetKeyId: id })
  const { CiphertextBlob } = await kms.encrypt({ KeyId: id, Plaintext: Buffer.from('secret') })
  const { Rotations = [] } = await kms.listKeyRotations({ KeyId: id, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' })
  return {
    id,
    aliases,
    ciphertext: CiphertextBlob,
    materials: Rotations.map(({ KeyMaterialId = '' }) => KeyMaterialId),
  }
}

for (const origin of ['AWS_KMS', 'EXTERNAL'] as const) {
  test(`nothing of a key (${origin}) is left at its deletion date, and no moment earlier`, async () => {
    const { id, aliases, ciphertext, materials } = await furnished(origin)
    assert.equal(materials.length, origin === 'EXTERNAL' ? 1 : 2)
    const { DeletionDate } = await kms.scheduleKeyDeletion({ KeyId: id, PendingWindowInDays: 7 })
    const until = (DeletionDate?.getTime() ?? 0) - server.clock.now()

    // The clock jumped, so only a start erases.
    server.clock.advance(until - 60_000)
    server = await server.restart()
    kms = server.client()
    assert.equal(await state(id), 'PendingDeletion')
    await kms.cancelKeyDeletion({ KeyId: id })
    await kms.enableKey({ KeyId: id })
    const { Plaintext } = await kms.decrypt({ CiphertextBlob: ciphertext })
    assert.deepEqual(Buffer.from(Plaintext ?? []).toString(), 'secret')

    await kms.scheduleKeyDeletion({ KeyId: id, PendingWindowInDays: 7 })
    server.clock.advance(7 * days + 60_000)
    server = await server.restart()
    kms = server.client()

    const gone = `Key '${home}:key/${id}' does not exist`
    await refused(kms.describeKey({ KeyId: id }), 'NotFoundException', gone)
    await refused(kms.cancelKeyDeletion({ KeyId: id }), 'NotFoundException', gone)
    await refused(kms.listResourceTags({ KeyId: id }), 'NotFoundException', gone)
    await refused(kms.decrypt({ CiphertextBlob: ciphertext }), 'InvalidCiphertextException')
    await refused(kms.decrypt({ CiphertextBlob: ciphertext, KeyId: id }), 'NotFoundException', gone)
    assert.ok(!(await kms.listKeys({ Limit: 1000 })).Keys?.some(key => key.KeyId === id))
    assert.ok(!(await kms.listAliases({ Limit: 100 })).Aliases?.some(alias => alias.TargetKeyId === id))
    const view = server.app.store.view()
    assert.equal(await view.get('key', keyRow('000000000000', 'us-east-1', id)), undefined)
    for (const material of materials)
      assert.equal(await view.get('material', materialRow('us-east-1', material)), undefined)
    for (const AliasName of aliases) {
      assert.equal(await view.get('alias', aliasRow('000000000000', 'us-east-1', AliasName)), undefined)
      await refused(
        kms.describeKey({ KeyId: AliasName }),
        'NotFoundException',
        `Alias ${home}:${AliasName} is not found.`,
      )
      await kms.createAlias({ AliasName, TargetKeyId: (await kms.createKey({})).KeyMetadata?.KeyId })
    }

    const deletions = (await server.records()).filter(record => record['eventName'] === 'DeleteKey')
    const { eventID, eventTime, ...record } =
      deletions.find(({ resources }) => JSON.stringify(resources).includes(id)) ?? {}
    assert.match(String(eventID), /^[0-9a-f-]{36}$/)
    assert.ok(Math.abs(Date.parse(String(eventTime)) - server.clock.now()) < 60_000)
    assert.deepEqual(record, {
      ...serviceEvent(`${home}:key/${id}`),
      eventName: 'DeleteKey',
    })
  })
}

test('a running server erases nothing after its clock has jumped', async () => {
  await kms.scheduleKeyDeletion({ KeyId, PendingWindowInDays: 7 })
  server.clock.advance(8 * days)
  assert.equal(await server.app.settle(), 0)
  kms = server.client()
  assert.equal(await state(), 'PendingDeletion')
  assert.ok(server.logged.some(({ level, event }) => level === 'error' && event === 'clock jumped'))
  await kms.cancelKeyDeletion({ KeyId })
  server = await server.restart()
  kms = server.client()
  assert.equal(await state(), 'Disabled')
})
