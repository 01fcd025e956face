import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { contentsOf, findIn, formsOf, type Wanted } from '../support/disk.ts'
import { externalKey, importOf, materialIdOf, parametersFor } from '../support/import.ts'
import { days, hours, start } from '../support/server.ts'

/** Erased means erased: nothing of it is in any file of the data folder, at once and after the next start. */

let server = await start()
server.clock.hold()
after(() => server.stop())
let kms = server.client()
// Neighbours, so that rows and pages are many.
const neighbours = await Promise.all(Array.from({ length: 20 }, () => kms.createKey({})))

const onDisk = (wanted: Wanted): string[] => findIn(contentsOf(server.data), wanted)

/** The sealed record of a row, as it stands now. */
async function sealedOf(kind: 'material' | 'day-key', id: string): Promise<Buffer> {
  const sealed = (await server.app.store.view().get(kind, id))?.sealed
  assert.ok(sealed)
  return Buffer.from(sealed, 'base64')
}
const sealedMaterial = (id = ''): Promise<Buffer> => sealedOf('material', `us-east-1/${id}`)

const ImportType = 'NEW_KEY_MATERIAL'
const ExpirationModel = 'KEY_MATERIAL_EXPIRES'
const inAnHour = () => new Date(server.clock.now() + hours)

async function importer() {
  const { KeyId } = await externalKey(kms)
  const parameters = await parametersFor(kms, KeyId)
  return { KeyId, put: (material: Buffer) => importOf(KeyId, parameters, material) }
}

/** What was there, and what makes it go. */
interface Case {
  plain: Wanted
  sealed: Wanted
  /** Sealed records of the same, which others have replaced. */
  earlier?: Wanted
  erase: () => Promise<unknown>
}

const cases: Record<string, () => Promise<Case>> = {
  async 'material that is deleted, after it was imported three times'() {
    const { KeyId, put } = await importer()
    const material = randomBytes(32)
    const id = materialIdOf(KeyId, material)
    await kms.importKeyMaterial(put(material))
    const first = await sealedMaterial(id)
    await kms.importKeyMaterial({ ...put(material), ExpirationModel, ValidTo: inAnHour() })
    const second = await sealedMaterial(id)
    await kms.importKeyMaterial(put(material))
    const sealed = { third: await sealedMaterial(id) }
    const erase = () => kms.deleteImportedKeyMaterial({ KeyId })
    return { plain: { material }, sealed, earlier: { first, second }, erase }
  },
  async 'material that expires'() {
    const { KeyId, put } = await importer()
    const material = randomBytes(32)
    await kms.importKeyMaterial({ ...put(material), ExpirationModel, ValidTo: inAnHour() })
    const erase = async () => {
      server.clock.advance(hours)
      await server.settle()
    }
    return { plain: { material }, sealed: { sealed: await sealedMaterial(materialIdOf(KeyId, material)) }, erase }
  },
  async 'material that is deleted while it waits for its rotation'() {
    const { KeyId, put } = await importer()
    const material = randomBytes(32)
    await kms.importKeyMaterial(put(randomBytes(32)))
    const { KeyMaterialId } = await kms.importKeyMaterial({ ...put(material), ImportType })
    const erase = () => kms.deleteImportedKeyMaterial({ KeyId, KeyMaterialId })
    return { plain: { material }, sealed: { sealed: await sealedMaterial(KeyMaterialId) }, erase }
  },
  async 'material that expires while it waits for its rotation'() {
    const { put } = await importer()
    const material = randomBytes(32)
    await kms.importKeyMaterial(put(randomBytes(32)))
    const pending = { ...put(material), ImportType, ExpirationModel, ValidTo: inAnHour() } as const
    const { KeyMaterialId } = await kms.importKeyMaterial(pending)
    const erase = async () => {
      server.clock.advance(hours)
      await server.settle()
    }
    return { plain: { material }, sealed: { sealed: await sealedMaterial(KeyMaterialId) }, erase }
  },
  async 'all material of an imported key whose waiting period ends'() {
    const { KeyId, put } = await importer()
    const [first, second] = [randomBytes(32), randomBytes(32)]
    await kms.importKeyMaterial(put(first))
    await kms.importKeyMaterial({ ...put(second), ImportType })
    await kms.rotateKeyOnDemand({ KeyId })
    const sealed = {
      first: await sealedMaterial(materialIdOf(KeyId, first)),
      second: await sealedMaterial(materialIdOf(KeyId, second)),
    }
    return { plain: { first, second }, sealed, erase: () => endOf(KeyId) }
  },
  async 'all material of a key of our own whose waiting period ends'() {
    const { KeyMetadata } = await kms.createKey({})
    const { KeyId = '', CurrentKeyMaterialId } = KeyMetadata ?? {}
    const first = await sealedMaterial(CurrentKeyMaterialId)
    await kms.rotateKeyOnDemand({ KeyId })
    const second = await sealedMaterial((await kms.describeKey({ KeyId })).KeyMetadata?.CurrentKeyMaterialId)
    return { plain: {}, sealed: { first, second }, erase: () => endOf(KeyId) }
  },
  async 'the key of a day whose tokens are over'() {
    const { KeyId } = await externalKey(kms)
    const { token } = await parametersFor(kms, KeyId)
    const erase = async () => {
      server.clock.advance(2 * days)
      await server.settle()
    }
    const day = String(Buffer.from(token).readUInt32BE(1))
    return { plain: {}, sealed: { sealed: await sealedOf('day-key', day) }, erase }
  },
}

async function endOf(KeyId: string): Promise<void> {
  await kms.scheduleKeyDeletion({ KeyId, PendingWindowInDays: 7 })
  server.clock.advance(7 * days)
  await server.settle()
}

for (const [what, make] of Object.entries(cases)) {
  test(`leaves nothing of ${what}`, async () => {
    const { plain, sealed, earlier, erase } = await make()
    assert.deepEqual(onDisk(plain), [], 'material itself is never on the disk')
    const found = onDisk(sealed)
    for (const name of Object.keys(sealed)) {
      assert.ok(found.includes(`${name}, Base64 but for 0`), 'what is sealed must be there to be found')
    }
    await erase()
    const all = { ...plain, ...sealed, ...earlier }
    assert.deepEqual(onDisk(all), [])
    server = await server.restart({ meanwhile: () => assert.deepEqual(onDisk(all), []) })
    kms = server.client()
    assert.deepEqual(onDisk(all), [])
  })
}

test('leaves alone what others still need', async () => {
  for (const { KeyMetadata } of neighbours) {
    await kms.encrypt({ KeyId: KeyMetadata?.KeyId, Plaintext: Buffer.of(1) })
    const sealed = await sealedMaterial(KeyMetadata?.CurrentKeyMaterialId)
    assert.ok(onDisk({ sealed }).includes('sealed, Base64 but for 0'))
  }
})

test('would have found every form', () => {
  const wanted = randomBytes(32)
  const path = join(server.data, 'planted')
  for (const [form, text] of formsOf(wanted)) {
    writeFileSync(path, Buffer.concat([randomBytes(1_000), text, randomBytes(1_000)]))
    assert.ok(onDisk({ wanted }).includes(`wanted, ${form}`))
  }
  rmSync(path)
  assert.deepEqual(onDisk({ wanted }), [])
})
