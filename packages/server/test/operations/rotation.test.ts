import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, describe, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import type { ImportKeyMaterialCommandInput } from '@aws-sdk/client-kms'
import { constraint, membersOf, refused } from '../support/answers.ts'
import { allOf, externalKey, importOf, materialIdOf, parametersFor } from '../support/import.ts'
import { days, hours, start } from '../support/server.ts'

/** RotateKeyOnDemand and ListKeyRotations, for keys of either origin. */

const server = await start()
server.clock.hold()
after(() => server.stop())
const kms = server.client()

const ImportType = 'NEW_KEY_MATERIAL'

/** A key with its first material, and a way to import more of it. */
async function importedKey() {
  const { KeyId, arn } = await externalKey(kms)
  const parameters = await parametersFor(kms, KeyId)
  const put = async (material: Uint8Array, input: Partial<ImportKeyMaterialCommandInput> = {}): Promise<string> => {
    const { KeyMaterialId } = await kms.importKeyMaterial({ ...importOf(KeyId, parameters, material), ...input })
    assert.ok(KeyMaterialId)
    return KeyMaterialId
  }
  const material = randomBytes(32)
  return { KeyId, arn, put, material, first: await put(material) }
}

/** The same after a rotation. */
async function rotatedKey() {
  const key = await importedKey()
  const { CiphertextBlob: old } = await kms.encrypt({ KeyId: key.KeyId, Plaintext: Buffer.from('old') })
  const newer = randomBytes(32)
  const second = await key.put(newer, { ImportType })
  await kms.rotateKeyOnDemand({ KeyId: key.KeyId })
  return { ...key, newer, second, old }
}

async function stateOf(KeyId: string) {
  const { KeyMetadata } = await kms.describeKey({ KeyId })
  return [KeyMetadata?.KeyState, KeyMetadata?.CurrentKeyMaterialId]
}

async function materialsOf(KeyId: string) {
  const { Rotations = [] } = await kms.listKeyRotations({ KeyId, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' })
  return Rotations.map(({ KeyMaterialId, KeyMaterialState, ImportState }) => [
    KeyMaterialId,
    KeyMaterialState,
    ImportState,
  ])
}

const nothingPending = (arn: string): string => `No available key material pending rotation for the key: ${arn}.`

describe('new material', () => {
  test('waits for its rotation, and changes nothing until then', async () => {
    const { KeyId, arn, put, first } = await importedKey()
    const before = await kms.describeKey({ KeyId })
    const second = await put(randomBytes(32), { ImportType, KeyMaterialDescription: 'the next' })
    assert.deepEqual((await kms.describeKey({ KeyId })).KeyMetadata, before.KeyMetadata)
    const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext: Buffer.from('still') })
    assert.equal((await kms.decrypt({ CiphertextBlob })).KeyMaterialId, first)
    const unlimited = { ImportState: 'IMPORTED', ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' }
    assert.deepEqual(await membersOf(kms.listKeyRotations({ KeyId, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' })), {
      Rotations: [
        { KeyId: arn, KeyMaterialId: first, KeyMaterialState: 'CURRENT', ...unlimited },
        {
          KeyId: arn,
          KeyMaterialId: second,
          KeyMaterialDescription: 'the next',
          KeyMaterialState: 'PENDING_ROTATION',
          ...unlimited,
        },
      ],
      Truncated: false,
    })
    assert.deepEqual(await membersOf(kms.listKeyRotations({ KeyId })), { Rotations: [], Truncated: false })
  })

  test('is refused while other material waits, naming both', async () => {
    const { KeyId, arn, put } = await importedKey()
    const pending = await put(randomBytes(32), { ImportType })
    const wanted = randomBytes(32)
    const before = await allOf(kms, KeyId)
    await assert.rejects(put(wanted, { ImportType }), {
      name: 'KMSInvalidStateException',
      message: `New key material (id: ${materialIdOf(KeyId, wanted)}) cannot be imported into KMS key ${arn}, because another key material (id: ${pending}) is pending rotation.`,
    })
    assert.deepEqual(await allOf(kms, KeyId), before)
  })

  test('may be imported again while it waits, with another expiry', async () => {
    const { KeyId, put } = await importedKey()
    const newer = randomBytes(32)
    const ValidTo = new Date(server.clock.now() + hours)
    const pending = await put(newer, { ImportType, ExpirationModel: 'KEY_MATERIAL_EXPIRES', ValidTo })
    // It is no part of the key yet, so the key does not expire with it.
    assert.equal((await kms.describeKey({ KeyId })).KeyMetadata?.ValidTo, undefined)
    assert.equal(await put(newer), pending)
    await assert.rejects(put(newer, { ImportType }), { name: 'IncorrectKeyMaterialException' })
    server.clock.advance(hours)
    await kms.rotateKeyOnDemand({ KeyId })
    assert.deepEqual(await stateOf(KeyId), ['Enabled', pending])
  })

  test('is forgotten when it is deleted, and its place is free', async () => {
    const { KeyId, arn, put, first } = await importedKey()
    const newer = randomBytes(32)
    const pending = await put(newer, { ImportType })
    await kms.deleteImportedKeyMaterial({ KeyId, KeyMaterialId: pending })
    await refused(
      kms.deleteImportedKeyMaterial({ KeyId, KeyMaterialId: pending }),
      'NotFoundException',
      `Key material ${pending} is not associated with ${arn}`,
    )
    assert.deepEqual(await stateOf(KeyId), ['Enabled', first])
    assert.deepEqual(await materialsOf(KeyId), [[first, 'CURRENT', 'IMPORTED']])
    await assert.rejects(put(newer), { name: 'IncorrectKeyMaterialException' })
    await put(randomBytes(32), { ImportType })
  })

  for (const swept of [false, true]) {
    test(`is forgotten when it expires, ${swept ? 'after' : 'before'} a job has swept`, async () => {
      const { KeyId, arn, put, first } = await importedKey()
      const newer = randomBytes(32)
      const ValidTo = new Date(server.clock.now() + hours)
      const expiring = { ExpirationModel: 'KEY_MATERIAL_EXPIRES', KeyMaterialDescription: 'unused', ValidTo } as const
      const lapsed = await put(newer, { ImportType, ...expiring })
      server.clock.advance(hours)
      if (swept) await server.settle()
      assert.deepEqual(await stateOf(KeyId), ['Enabled', first])
      assert.deepEqual(await materialsOf(KeyId), [[first, 'CURRENT', 'IMPORTED']])
      await refused(kms.rotateKeyOnDemand({ KeyId }), 'KMSInvalidStateException', nothingPending(arn))
      await assert.rejects(put(newer), { name: 'IncorrectKeyMaterialException' })
      await assert.rejects(put(newer, { KeyMaterialId: lapsed }), { name: 'IncorrectKeyMaterialException' })
      const other = await put(randomBytes(32), { ImportType })
      await server.settle()
      assert.deepEqual(await materialsOf(KeyId), [
        [first, 'CURRENT', 'IMPORTED'],
        [other, 'PENDING_ROTATION', 'IMPORTED'],
      ])
      const expiries = (await server.records()).filter(({ serviceEventDetails: details }) =>
        isDeepStrictEqual(details, { keyId: arn, keyMaterialId: lapsed }),
      )
      assert.equal(expiries.length, 1)
      await kms.deleteImportedKeyMaterial({ KeyId, KeyMaterialId: other })
      assert.equal(await put(newer, { ImportType }), lapsed)
      const { Rotations } = await kms.listKeyRotations({ KeyId, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' })
      assert.equal(Rotations?.at(-1)?.KeyMaterialDescription, undefined)
    })
  }

  test('goes into a disabled key, which stays disabled, and into one that lacks other material, which stays so', async () => {
    const { KeyId, put, material, first } = await importedKey()
    await kms.disableKey({ KeyId })
    const pending = await put(randomBytes(32), { ImportType })
    assert.deepEqual(await stateOf(KeyId), ['Disabled', first])
    await kms.deleteImportedKeyMaterial({ KeyId, KeyMaterialId: pending })
    await kms.deleteImportedKeyMaterial({ KeyId })
    const next = await put(randomBytes(32), { ImportType })
    assert.deepEqual(await materialsOf(KeyId), [
      [first, 'CURRENT', 'PENDING_IMPORT'],
      [next, 'PENDING_ROTATION', 'IMPORTED'],
    ])
    assert.deepEqual(await stateOf(KeyId), ['PendingImport', first])
    await put(material)
    assert.deepEqual(await stateOf(KeyId), ['Enabled', first])
  })
})

describe('a rotation', () => {
  test('makes waiting material current at once; what was current before still decrypts', async () => {
    const { KeyId, arn, put, first } = await importedKey()
    const { CiphertextBlob: old } = await kms.encrypt({ KeyId, Plaintext: Buffer.from('old') })
    const second = await put(randomBytes(32), { ImportType })
    assert.deepEqual(await membersOf(kms.rotateKeyOnDemand({ KeyId })), { KeyId: arn })
    assert.deepEqual(await stateOf(KeyId), ['Enabled', second])
    const { CiphertextBlob: fresh } = await kms.encrypt({ KeyId, Plaintext: Buffer.from('new') })
    for (const [CiphertextBlob, id, text] of [
      [old, first, 'old'],
      [fresh, second, 'new'],
    ] as const) {
      const { KeyMaterialId, Plaintext, KeyId: KeyArn } = await kms.decrypt({ CiphertextBlob, KeyId })
      assert.deepEqual([KeyMaterialId, Buffer.from(Plaintext ?? []).toString(), KeyArn], [id, text, arn])
    }
    const { SourceKeyMaterialId, DestinationKeyMaterialId } = await kms.reEncrypt({
      CiphertextBlob: old,
      DestinationKeyId: KeyId,
    })
    assert.deepEqual([SourceKeyMaterialId, DestinationKeyMaterialId], [first, second])
    assert.equal((await kms.generateDataKey({ KeyId, KeySpec: 'AES_256' })).KeyMaterialId, second)
    const unlimited = { ImportState: 'IMPORTED', ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' }
    const rotation = {
      KeyId: arn,
      KeyMaterialId: second,
      KeyMaterialState: 'CURRENT',
      RotationDate: new Date(server.clock.now()),
      RotationType: 'ON_DEMAND',
      ...unlimited,
    }
    assert.deepEqual(await membersOf(kms.listKeyRotations({ KeyId })), { Rotations: [rotation], Truncated: false })
    assert.deepEqual((await kms.listKeyRotations({ KeyId, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' })).Rotations, [
      { KeyId: arn, KeyMaterialId: first, KeyMaterialState: 'NON_CURRENT', ...unlimited },
      rotation,
    ])
  })

  test('is refused if no material waits', async () => {
    const { KeyId, arn } = await rotatedKey()
    const before = await allOf(kms, KeyId)
    await refused(kms.rotateKeyOnDemand({ KeyId }), 'KMSInvalidStateException', nothingPending(arn))
    assert.deepEqual(await allOf(kms, KeyId), before)
  })

  test('is refused in every state but enabled', async () => {
    const { KeyId, arn, put } = await importedKey()
    await put(randomBytes(32), { ImportType })
    await kms.disableKey({ KeyId })
    await refused(kms.rotateKeyOnDemand({ KeyId }), 'DisabledException', `${arn} is disabled.`)
    await kms.deleteImportedKeyMaterial({ KeyId })
    const pending = `${arn} is pending import.`
    await refused(kms.rotateKeyOnDemand({ KeyId }), 'KMSInvalidStateException', pending)
    await kms.scheduleKeyDeletion({ KeyId })
    await refused(kms.rotateKeyOnDemand({ KeyId }), 'KMSInvalidStateException', `${arn} is pending deletion.`)
  })

  test('cannot be undone by importing older material as new', async () => {
    const { KeyId, put, material, newer } = await rotatedKey()
    const before = await allOf(kms, KeyId)
    for (const known of [material, newer]) {
      await assert.rejects(put(known, { ImportType }), { name: 'IncorrectKeyMaterialException' })
    }
    assert.deepEqual(await allOf(kms, KeyId), before)
  })

  test('happens once of many at once', async () => {
    const { KeyId, arn, put } = await importedKey()
    await put(randomBytes(32), { ImportType })
    const calls = await Promise.allSettled(Array.from({ length: 8 }, () => kms.rotateKeyOnDemand({ KeyId })))
    const failed = calls.flatMap(call => (call.status === 'rejected' ? [String(call.reason)] : []))
    assert.deepEqual(failed, Array(7).fill(`KMSInvalidStateException: ${nothingPending(arn)}`))
    assert.equal((await kms.listKeyRotations({ KeyId })).Rotations?.length, 1)
  })
})

describe('a key with older material', () => {
  test('is pending import while any of it is missing, and needs all of it back', async () => {
    const { KeyId, arn, put, material, newer, first, second, old } = await rotatedKey()
    await kms.deleteImportedKeyMaterial({ KeyId, KeyMaterialId: first })
    assert.deepEqual(await stateOf(KeyId), ['PendingImport', second])
    assert.deepEqual(await materialsOf(KeyId), [
      [first, 'NON_CURRENT', 'PENDING_IMPORT'],
      [second, 'CURRENT', 'IMPORTED'],
    ])
    const pending = `${arn} is pending import.`
    await refused(kms.encrypt({ KeyId, Plaintext: Buffer.of(1) }), 'KMSInvalidStateException', pending)
    await refused(kms.decrypt({ CiphertextBlob: old }), 'KMSInvalidStateException', pending)
    await kms.deleteImportedKeyMaterial({ KeyId })
    assert.deepEqual(await materialsOf(KeyId), [
      [first, 'NON_CURRENT', 'PENDING_IMPORT'],
      [second, 'CURRENT', 'PENDING_IMPORT'],
    ])
    assert.equal(await put(newer), second)
    assert.deepEqual(await stateOf(KeyId), ['PendingImport', second])
    assert.equal(await put(material, { ImportType: 'EXISTING_KEY_MATERIAL', KeyMaterialId: first }), first)
    assert.deepEqual(await stateOf(KeyId), ['Enabled', second])
    assert.equal((await kms.decrypt({ CiphertextBlob: old })).KeyMaterialId, first)
    // Nothing of the history is lost.
    const rotations = (await kms.listKeyRotations({ KeyId })).Rotations ?? []
    assert.deepEqual(
      rotations.map(({ KeyMaterialId, RotationType }) => [KeyMaterialId, RotationType]),
      [[second, 'ON_DEMAND']],
    )
  })

  test('refuses each of its materials under the id of another', async () => {
    const { KeyId, put, material, newer, first, second } = await rotatedKey()
    const before = await allOf(kms, KeyId)
    for (const [bytes, KeyMaterialId] of [
      [material, second],
      [newer, first],
      [randomBytes(32), first],
    ] as const) {
      await assert.rejects(put(bytes, { KeyMaterialId }), { name: 'IncorrectKeyMaterialException' })
    }
    assert.deepEqual(await allOf(kms, KeyId), before)
  })

  test('expires with the first of them', async () => {
    const { KeyId, arn, put, material, newer, first, second } = await rotatedKey()
    const ExpirationModel = 'KEY_MATERIAL_EXPIRES'
    const [sooner, later] = [new Date(server.clock.now() + hours), new Date(server.clock.now() + days)]
    await put(newer, { ExpirationModel, ValidTo: later })
    await put(material, { ExpirationModel, ValidTo: sooner })
    const { KeyMetadata } = await kms.describeKey({ KeyId })
    assert.deepEqual([KeyMetadata?.ExpirationModel, KeyMetadata?.ValidTo], [ExpirationModel, sooner])
    server.clock.advance(hours)
    for (const settle of [async () => 0, server.settle]) {
      await settle()
      assert.deepEqual(await stateOf(KeyId), ['PendingImport', second])
      assert.deepEqual(await materialsOf(KeyId), [
        [first, 'NON_CURRENT', 'PENDING_IMPORT'],
        [second, 'CURRENT', 'IMPORTED'],
      ])
    }
    await put(material)
    assert.deepEqual((await kms.describeKey({ KeyId })).KeyMetadata?.ValidTo, later)
    server.clock.advance(days - hours)
    const call = kms.encrypt({ KeyId, Plaintext: Buffer.of(1) })
    await refused(call, 'KMSInvalidStateException', `${arn} is pending import.`)
  })
})

describe('a key of 25 rotations', async () => {
  const { KeyMetadata } = await kms.createKey({})
  const { KeyId = '', Arn: arn = '', CurrentKeyMaterialId: first } = KeyMetadata ?? {}
  const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext: Buffer.from('the oldest') })
  const times: Date[] = []
  for (let rotation = 0; rotation < 25; rotation++) {
    server.clock.advance(hours)
    times.push(new Date(server.clock.now()))
    await kms.rotateKeyOnDemand({ KeyId })
  }
  const limit = `The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be performed for this key: ${arn}`

  test('takes no more of them', async () => {
    const before = await allOf(kms, KeyId)
    await refused(kms.rotateKeyOnDemand({ KeyId }), 'LimitExceededException', limit)
    assert.deepEqual(await allOf(kms, KeyId), before)
    const { Plaintext, KeyMaterialId } = await kms.decrypt({ CiphertextBlob })
    assert.deepEqual([Buffer.from(Plaintext ?? []).toString(), KeyMaterialId], ['the oldest', first])
  })

  test('counts those of imported material as well, once material waits', async () => {
    const key = await importedKey()
    for (let rotation = 0; rotation < 25; rotation++) {
      await key.put(randomBytes(32), { ImportType })
      await kms.rotateKeyOnDemand({ KeyId: key.KeyId })
    }
    const again = () => kms.rotateKeyOnDemand({ KeyId: key.KeyId })
    await refused(again(), 'KMSInvalidStateException', nothingPending(key.arn))
    await key.put(randomBytes(32), { ImportType })
    await refused(again(), 'LimitExceededException', limit.replace(arn, key.arn))
  })

  test('lists them oldest first, without what only imported material has', async () => {
    const { Rotations = [], ...rest } = await membersOf(kms.listKeyRotations({ KeyId }))
    assert.deepEqual(rest, { Truncated: false })
    const ids = Rotations.map(({ KeyMaterialId }) => KeyMaterialId)
    assert.equal(new Set([first, ...ids]).size, 26)
    assert.deepEqual(
      Rotations,
      times.map((RotationDate, index) => ({
        KeyId: arn,
        KeyMaterialId: ids[index],
        KeyMaterialState: index === 24 ? 'CURRENT' : 'NON_CURRENT',
        RotationDate,
        RotationType: 'ON_DEMAND',
      })),
    )
    const all = (await kms.listKeyRotations({ KeyId: arn, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' })).Rotations
    assert.deepEqual(all, [{ KeyId: arn, KeyMaterialId: first, KeyMaterialState: 'NON_CURRENT' }, ...Rotations])
    const only = (await kms.listKeyRotations({ KeyId, IncludeKeyMaterial: 'ROTATIONS_ONLY' })).Rotations
    assert.deepEqual(only, Rotations)
  })

  for (const [IncludeKeyMaterial, sizes] of [
    ['ROTATIONS_ONLY', [10, 10, 5]],
    ['ALL_KEY_MATERIAL', [10, 10, 6]],
  ] as const) {
    test(`lists them page by page: ${IncludeKeyMaterial}`, async () => {
      const everything = (await kms.listKeyRotations({ KeyId, IncludeKeyMaterial })).Rotations
      const pages = []
      let Marker: string | undefined
      do {
        const page = await kms.listKeyRotations({ KeyId, IncludeKeyMaterial, Limit: 10, ...(Marker && { Marker }) })
        pages.push(page.Rotations ?? [])
        Marker = page.NextMarker
        assert.equal(page.Truncated, Marker !== undefined)
      } while (Marker)
      assert.deepEqual(
        pages.map(({ length }) => length),
        sizes,
      )
      assert.deepEqual(pages.flat(), everything)
    })
  }

  test('refuses markers of other lists and of nobody', async () => {
    const { NextMarker: Marker = '' } = await kms.listKeyRotations({ KeyId, Limit: 1 })
    const { KeyMetadata: other } = await kms.createKey({})
    for (const call of [
      kms.listKeyRotations({ KeyId: other?.KeyId, Marker }),
      kms.listKeyRotations({ KeyId, Marker, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' }),
      kms.listKeyRotations({ KeyId, Marker: `${Marker}A` }),
      kms.listKeyRotations({ KeyId, Marker: Marker.toLowerCase() }),
      kms.listKeyRotations({ KeyId, Marker: 'x' }),
    ]) {
      await refused(call, 'InvalidMarkerException')
    }
    // The marker holds for the key, however it is named.
    assert.equal((await kms.listKeyRotations({ KeyId: arn, Marker })).Rotations?.length, 24)
  })

  test('refuses an unknown selection', async () => {
    await refused(
      kms.listKeyRotations({ KeyId, IncludeKeyMaterial: 'ALL' as 'ALL_KEY_MATERIAL' }),
      'ValidationException',
      constraint('includeKeyMaterial', 'ALL', 'satisfy enum value set: [ALL_KEY_MATERIAL, ROTATIONS_ONLY]'),
    )
  })
})

test('ListKeyRotations answers in every state of the key', async () => {
  const { KeyId } = await externalKey(kms)
  const list = () => membersOf(kms.listKeyRotations({ KeyId, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' }))
  assert.deepEqual(await list(), { Rotations: [], Truncated: false })
  await kms.scheduleKeyDeletion({ KeyId })
  assert.deepEqual(await list(), { Rotations: [], Truncated: false })
  const imported = await importedKey()
  await kms.disableKey({ KeyId: imported.KeyId })
  assert.deepEqual(await materialsOf(imported.KeyId), [[imported.first, 'CURRENT', 'IMPORTED']])
})
