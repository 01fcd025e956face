import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import { refused, serviceEvent } from '../support/answers.ts'
import { allOf, externalKey, importOf, parametersFor } from '../support/import.ts'
import { days, hours, start } from '../support/server.ts'

/** Imported material that expires: the moment counts, whether or not a job has swept. */

let server = await start()
server.clock.hold()
after(() => server.stop())
let kms = server.client()
async function restart(): Promise<void> {
  server = await server.restart()
  kms = server.client()
}

const material = randomBytes(32)
const plaintext = Buffer.from('outlives its key')

/** A key whose material expires then, a ciphertext made under it, and what brings the material back at any time. */
async function keyUntil(ValidTo: Date) {
  const { KeyId, arn } = await externalKey(kms)
  const request = importOf(KeyId, await parametersFor(kms, KeyId), material)
  const expiring = { ...request, ExpirationModel: 'KEY_MATERIAL_EXPIRES', ValidTo } as const
  const { KeyMaterialId } = await kms.importKeyMaterial(expiring)
  const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext: plaintext })
  return { KeyId, arn, request, expiring, KeyMaterialId, CiphertextBlob }
}

const inAnHour = () => new Date(server.clock.now() + hours)

async function shown(KeyId: string) {
  const { KeyMetadata } = await kms.describeKey({ KeyId })
  const { KeyState, Enabled, ExpirationModel, ValidTo, CurrentKeyMaterialId } = KeyMetadata ?? {}
  return { KeyState, Enabled, ExpirationModel, ValidTo, CurrentKeyMaterialId }
}

async function expiries(KeyId: string) {
  const { Rotations = [] } = await kms.listKeyRotations({ KeyId, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' })
  return Rotations.map(({ ImportState, ExpirationModel, ValidTo }) => ({ ImportState, ExpirationModel, ValidTo }))
}

async function isDecrypted(CiphertextBlob: Uint8Array | undefined): Promise<void> {
  const { Plaintext } = await kms.decrypt({ CiphertextBlob })
  assert.deepEqual(Buffer.from(Plaintext ?? []), plaintext)
}

/** What the job has recorded about the key. */
async function expiredOf(arn: string): Promise<Record<string, unknown>[]> {
  const records = await server.records()
  return records.filter(
    record => record['eventName'] === 'DeleteExpiredKeyMaterial' && JSON.stringify(record['resources']).includes(arn),
  )
}

test('is told by DescribeKey and ListKeyRotations, to the millisecond', async () => {
  const ValidTo = new Date(inAnHour().getTime() + 123)
  const { KeyId, KeyMaterialId } = await keyUntil(ValidTo)
  const ExpirationModel = 'KEY_MATERIAL_EXPIRES'
  assert.deepEqual(await shown(KeyId), {
    KeyState: 'Enabled',
    Enabled: true,
    ExpirationModel,
    ValidTo,
    CurrentKeyMaterialId: KeyMaterialId,
  })
  assert.deepEqual(await expiries(KeyId), [{ ImportState: 'IMPORTED', ExpirationModel, ValidTo }])
})

test('may come a millisecond from now, and 365 days from now', async () => {
  const { KeyId, expiring } = await keyUntil(new Date(server.clock.now() + 1))
  const ValidTo = new Date(server.clock.now() + 365 * days)
  await kms.importKeyMaterial({ ...expiring, ValidTo })
  assert.deepEqual((await shown(KeyId)).ValidTo, ValidTo)
})

test('makes the key unusable at its moment, with no job run, and leaves the rest to be told', async () => {
  const { KeyId, arn, KeyMaterialId, CiphertextBlob } = await keyUntil(inAnHour())
  server.clock.advance(hours - 1)
  await isDecrypted(CiphertextBlob)
  server.clock.advance(1)
  const text = `${arn} is pending import.`
  for (const call of [
    () => kms.encrypt({ KeyId, Plaintext: plaintext }),
    () => kms.decrypt({ CiphertextBlob }),
    () => kms.decrypt({ CiphertextBlob, KeyId }),
    () => kms.reEncrypt({ CiphertextBlob, DestinationKeyId: KeyId }),
    () => kms.generateDataKey({ KeyId, KeySpec: 'AES_256' }),
    () => kms.generateDataKeyWithoutPlaintext({ KeyId, KeySpec: 'AES_256' }),
    () => kms.rotateKeyOnDemand({ KeyId }),
    () => kms.enableKey({ KeyId }),
    () => kms.disableKey({ KeyId }),
  ]) {
    await refused(call(), 'KMSInvalidStateException', text)
  }
  const gone = {
    KeyState: 'PendingImport',
    Enabled: false,
    ExpirationModel: undefined,
    ValidTo: undefined,
    CurrentKeyMaterialId: KeyMaterialId,
  }
  const nothing = [{ ImportState: 'PENDING_IMPORT', ExpirationModel: undefined, ValidTo: undefined }]
  assert.deepEqual(await shown(KeyId), gone)
  assert.deepEqual(await expiries(KeyId), nothing)
  assert.deepEqual(await expiredOf(arn), [])
  // And the job changes nothing of what is told.
  const told = await allOf(kms, KeyId)
  assert.ok((await server.settle()) > 0)
  assert.deepEqual(await allOf(kms, KeyId), told)
})

test('is followed by a job that erases the material and records it once', async () => {
  const { KeyId, arn, KeyMaterialId } = await keyUntil(inAnHour())
  const material = () => server.app.store.view().get('material', `us-east-1/${KeyMaterialId}`)
  assert.ok((await material())?.sealed)
  server.clock.advance(hours)
  await server.settle()
  assert.equal((await material())?.sealed, null)
  await server.settle()
  const [record, ...others] = await expiredOf(arn)
  assert.deepEqual(others, [])
  const { eventID, ...rest } = record ?? {}
  assert.match(String(eventID), /^[0-9a-f-]{36}$/)
  assert.deepEqual(rest, {
    ...serviceEvent(arn),
    eventTime: `${new Date(server.clock.now()).toISOString().slice(0, 19)}Z`,
    eventName: 'DeleteExpiredKeyMaterial',
    serviceEventDetails: { keyId: arn, keyMaterialId: KeyMaterialId },
  })
  assert.equal((await shown(KeyId)).KeyState, 'PendingImport')
})

test('is made up for at the start, if the server was down at its moment', async () => {
  const { KeyMaterialId } = await keyUntil(inAnHour())
  server.clock.advance(2 * hours)
  await restart()
  assert.equal((await server.app.store.view().get('material', `us-east-1/${KeyMaterialId}`))?.sealed, null)
})

for (const swept of [false, true]) {
  test(`ends with the same material, imported again ${swept ? 'after' : 'before'} a job has swept`, async () => {
    const { KeyId, expiring, request, CiphertextBlob, KeyMaterialId } = await keyUntil(inAnHour())
    server.clock.advance(hours)
    if (swept) await server.settle()
    const other = { ...request, EncryptedKeyMaterial: randomBytes(256).fill(0, 0, 1) }
    const told = await allOf(kms, KeyId)
    await refused(kms.importKeyMaterial(other), 'InvalidCiphertextException')
    await refused(
      kms.importKeyMaterial({ ...request, ImportType: 'NEW_KEY_MATERIAL' }),
      'IncorrectKeyMaterialException',
    )
    await refused(kms.importKeyMaterial(expiring), 'ValidationException', 'ValidTo must be in the future')
    assert.deepEqual(await allOf(kms, KeyId), told)
    const ValidTo = inAnHour()
    await kms.importKeyMaterial({ ...expiring, ValidTo })
    assert.deepEqual(await shown(KeyId), {
      KeyState: 'Enabled',
      Enabled: true,
      ExpirationModel: 'KEY_MATERIAL_EXPIRES',
      ValidTo,
      CurrentKeyMaterialId: KeyMaterialId,
    })
    await isDecrypted(CiphertextBlob)
    await server.settle()
    await isDecrypted(CiphertextBlob)
  })
}

test('is changed by importing the same material again, both ways', async () => {
  const first = inAnHour()
  const { KeyId, expiring, request, CiphertextBlob } = await keyUntil(first)
  await kms.importKeyMaterial(request)
  assert.deepEqual(await expiries(KeyId), [
    { ImportState: 'IMPORTED', ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE', ValidTo: undefined },
  ])
  server.clock.advance(hours)
  await server.settle()
  await isDecrypted(CiphertextBlob)
  const second = inAnHour()
  await kms.importKeyMaterial({ ...expiring, ValidTo: second })
  assert.deepEqual(await expiries(KeyId), [
    { ImportState: 'IMPORTED', ExpirationModel: 'KEY_MATERIAL_EXPIRES', ValidTo: second },
  ])
  const sooner = new Date(second.getTime() - 1)
  await kms.importKeyMaterial({ ...expiring, ValidTo: sooner })
  assert.deepEqual((await shown(KeyId)).ValidTo, sooner)
  server.clock.advance(hours - 1)
  assert.equal((await shown(KeyId)).KeyState, 'PendingImport')
})

test('is changed for a disabled key too, which stays disabled', async () => {
  const { KeyId, request } = await keyUntil(inAnHour())
  await kms.disableKey({ KeyId })
  await kms.importKeyMaterial(request)
  assert.deepEqual(await expiries(KeyId), [
    { ImportState: 'IMPORTED', ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE', ValidTo: undefined },
  ])
  assert.equal((await shown(KeyId)).KeyState, 'Disabled')
})

test('comes while the key waits for its deletion as well', async () => {
  const { KeyId, arn, request } = await keyUntil(inAnHour())
  await kms.scheduleKeyDeletion({ KeyId })
  server.clock.advance(hours)
  assert.equal((await shown(KeyId)).KeyState, 'PendingDeletion')
  await server.settle()
  assert.equal((await expiredOf(arn)).length, 1)
  await kms.cancelKeyDeletion({ KeyId })
  assert.equal((await shown(KeyId)).KeyState, 'PendingImport')
  await kms.importKeyMaterial(request)
  assert.equal((await shown(KeyId)).KeyState, 'Enabled')
})

test('is not undone by turning the clock back, nor by starting again then', async () => {
  const { KeyId, arn, CiphertextBlob } = await keyUntil(inAnHour())
  server.clock.advance(hours)
  const pending = `${arn} is pending import.`
  await refused(kms.decrypt({ CiphertextBlob }), 'KMSInvalidStateException', pending)
  server.clock.advance(-2 * hours)
  await refused(kms.decrypt({ CiphertextBlob }), 'KMSInvalidStateException', pending)
  await restart()
  await refused(kms.decrypt({ CiphertextBlob }), 'KMSInvalidStateException', pending)
  assert.equal((await shown(KeyId)).KeyState, 'PendingImport')
  server.clock.advance(2 * hours)
})

test('is not hastened by turning the clock forward: the running server erases nothing, and says so', async () => {
  const { KeyMaterialId, expiring, CiphertextBlob, KeyId } = await keyUntil(inAnHour())
  server.clock.advance(hours)
  assert.equal(await server.app.settle(), 0)
  assert.ok((await server.app.store.view().get('material', `us-east-1/${KeyMaterialId}`))?.sealed)
  assert.ok(server.logged.some(({ level, event }) => level === 'error' && event === 'clock jumped'))
  assert.equal((await shown(KeyId)).KeyState, 'PendingImport')
  await kms.importKeyMaterial({ ...expiring, ValidTo: inAnHour() })
  await isDecrypted(CiphertextBlob)
})
