import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import { after, describe, test } from 'node:test'
import type { CreateKeyCommandInput, ImportKeyMaterialCommandInput, KMS } from '@aws-sdk/client-kms'
import { materialRow } from '../../src/store/documents.ts'
import { outcomeOf, refused } from '../support/answers.ts'
import { importOf, materialIdOf, parametersFor, wrapped, type WrappingAlgorithm } from '../support/import.ts'
import { days, hours, start } from '../support/server.ts'

/** Imported keys in several Regions: each Region has its material, its expiry and its state; rotation is for all of them. */

const server = await start()
server.clock.hold()
after(() => server.stop())

const [home, west, south] = ['us-east-1', 'eu-west-1', 'ap-southeast-2'] as const
const regions = [home, west, south] as const
type Region = (typeof regions)[number]
const clients: Record<Region, KMS> = {
  [home]: server.client({ region: home }),
  [west]: server.client({ region: west }),
  [south]: server.client({ region: south }),
}
const kms = clients[home]
const arnOf = (KeyId: string, region: Region): string => `arn:aws:kms:${region}:000000000000:key/${KeyId}`

const NEW = { ImportType: 'NEW_KEY_MATERIAL' } as const
const waits = 'PENDING_ROTATION'
const isAwaited = 'PENDING_MULTI_REGION_IMPORT_AND_ROTATION'

type Put = (region: Region, material: Uint8Array, input?: Partial<ImportKeyMaterialCommandInput>) => Promise<string>

/** A way to import into any Region of a key, each with parameters of its own. */
function importer(KeyId: string, algorithm?: WrappingAlgorithm): Put {
  const parameters: Partial<Record<Region, ReturnType<typeof parametersFor>>> = {}
  return async (region, material, input = {}) => {
    const mine = (parameters[region] ??= parametersFor(clients[region], KeyId, algorithm))
    const request = importOf(KeyId, await mine, material)
    return (await clients[region].importKeyMaterial({ ...request, ...input })).KeyMaterialId ?? ''
  }
}

/** A primary key with its first material, and replicas that have it too, unless they are to be empty. */
async function family({ replicas = [west], empty = false }: { replicas?: Region[]; empty?: boolean } = {}) {
  const { KeyMetadata } = await kms.createKey({ Origin: 'EXTERNAL', MultiRegion: true })
  const KeyId = KeyMetadata?.KeyId ?? ''
  const put = importer(KeyId)
  const material = randomBytes(32)
  const first = await put(home, material)
  for (const ReplicaRegion of replicas) {
    await kms.replicateKey({ KeyId, ReplicaRegion })
    if (!empty) await put(ReplicaRegion, material)
  }
  return { KeyId, put, material, first }
}

const describeIn = async (region: Region, KeyId: string) => (await clients[region].describeKey({ KeyId })).KeyMetadata
const stateIn = async (region: Region, KeyId: string) => (await describeIn(region, KeyId))?.KeyState
const statesOf = (KeyId: string, places: readonly Region[] = [home, west]) =>
  Promise.all(places.map(async region => await stateIn(region, KeyId)))

async function materialsIn(region: Region, KeyId: string) {
  const answer = await clients[region].listKeyRotations({ KeyId, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' })
  return (answer.Rotations ?? []).map(({ KeyMaterialId, KeyMaterialState, ImportState }) => [
    KeyMaterialId,
    KeyMaterialState,
    ImportState,
  ])
}

const encrypted = async (region: Region, KeyId: string, text: string) =>
  (await clients[region].encrypt({ KeyId, Plaintext: Buffer.from(text) })).CiphertextBlob
async function opened(region: Region, CiphertextBlob: Uint8Array | undefined) {
  const { Plaintext, KeyMaterialId } = await clients[region].decrypt({ CiphertextBlob })
  return [Buffer.from(Plaintext ?? []).toString(), KeyMaterialId]
}

const pendingImport = (KeyId: string, region: Region): string => `${arnOf(KeyId, region)} is pending import.`

describe('a replica of an imported key', () => {
  test('starts without material, and takes none but that of the primary key', async () => {
    const { KeyId, put, material, first } = await family({ replicas: [] })
    const { ReplicaKeyMetadata } = await kms.replicateKey({ KeyId, ReplicaRegion: west })
    assert.deepEqual(
      [ReplicaKeyMetadata?.KeyState, ReplicaKeyMetadata?.ExpirationModel, ReplicaKeyMetadata?.CurrentKeyMaterialId],
      ['Creating', undefined, first],
    )
    const metadata = await describeIn(west, KeyId)
    assert.deepEqual(
      [metadata?.KeyState, metadata?.Enabled, metadata?.Origin, metadata?.ExpirationModel, metadata?.ValidTo],
      ['PendingImport', false, 'EXTERNAL', undefined, undefined],
    )
    assert.deepEqual(await materialsIn(west, KeyId), [[first, 'CURRENT', 'PENDING_IMPORT']])
    // What the primary key wrote is known to be the replica's, which cannot read it yet.
    const blob = await encrypted(home, KeyId, 'text')
    await refused(opened(west, blob), 'KMSInvalidStateException', pendingImport(KeyId, west))
    await assert.rejects(put(west, randomBytes(32)), { name: 'IncorrectKeyMaterialException' })
    await assert.rejects(put(west, material, NEW), {
      name: 'UnsupportedOperationException',
      message: `${arnOf(KeyId, west)} is not a multi-region primary key.`,
    })
    assert.equal(await stateIn(west, KeyId), 'PendingImport')
    assert.equal(await put(west, material), first)
    assert.equal(await stateIn(west, KeyId), 'Enabled')
    assert.deepEqual(await opened(west, blob), ['text', first])
    assert.deepEqual(await opened(home, await encrypted(west, KeyId, 'back')), ['back', first])
  })

  test('takes no token of another Region', async () => {
    const { KeyId, material } = await family({ empty: true })
    const foreign = importOf(KeyId, await parametersFor(kms, KeyId), material)
    await refused(clients[west].importKeyMaterial(foreign), 'InvalidImportTokenException')
    assert.equal(await stateIn(west, KeyId), 'PendingImport')
  })

  test('has an expiry of its own', async () => {
    const { KeyId, put, material, first } = await family()
    const ValidTo = new Date(server.clock.now() + days)
    await put(west, material, { ExpirationModel: 'KEY_MATERIAL_EXPIRES', ValidTo, KeyMaterialDescription: 'west' })
    assert.deepEqual((await describeIn(west, KeyId))?.ValidTo, ValidTo)
    assert.equal((await describeIn(home, KeyId))?.ExpirationModel, 'KEY_MATERIAL_DOES_NOT_EXPIRE')
    const [mine] = (await kms.listKeyRotations({ KeyId, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' })).Rotations ?? []
    assert.equal(mine?.KeyMaterialDescription, undefined)
    const blob = await encrypted(home, KeyId, 'text')
    server.clock.advance(days)
    for (const settle of [async () => 0, server.settle]) {
      await settle()
      assert.deepEqual(await statesOf(KeyId), ['Enabled', 'PendingImport'])
    }
    assert.equal((await opened(home, blob))[0], 'text')
    await put(west, material)
    assert.deepEqual(await opened(west, blob), ['text', first])
  })

  test('loses its material alone, and does not lose that of the primary key', async () => {
    const { KeyId, put, material, first } = await family()
    await clients[west].deleteImportedKeyMaterial({ KeyId })
    assert.deepEqual(await statesOf(KeyId), ['Enabled', 'PendingImport'])
    await put(west, material)
    await kms.deleteImportedKeyMaterial({ KeyId, KeyMaterialId: first })
    assert.deepEqual(await statesOf(KeyId), ['PendingImport', 'Enabled'])
    // A primary key that is not enabled is not replicated.
    await refused(
      kms.replicateKey({ KeyId, ReplicaRegion: south }),
      'KMSInvalidStateException',
      pendingImport(KeyId, home),
    )
    // But a replica that waits for its material cannot take its place either.
    await clients[west].deleteImportedKeyMaterial({ KeyId })
    await put(home, material)
    await refused(
      kms.updatePrimaryRegion({ KeyId, PrimaryRegion: west }),
      'KMSInvalidStateException',
      pendingImport(KeyId, west),
    )
  })

  for (const [KeySpec, KeyUsage, pair] of [
    ['ECC_NIST_P256', 'SIGN_VERIFY', () => generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ['RSA_2048', 'SIGN_VERIFY', () => generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ] as const) {
    test(`waits for the same private key: ${KeySpec}`, async () => {
      const input: CreateKeyCommandInput = { Origin: 'EXTERNAL', MultiRegion: true, KeySpec, KeyUsage }
      const { KeyMetadata: { KeyId = '' } = {} } = await kms.createKey(input)
      const put = importer(KeyId, 'RSA_AES_KEY_WRAP_SHA_256')
      const der = () => {
        const { privateKey } = pair()
        return { bytes: privateKey.export({ format: 'der', type: 'pkcs8' }), publicKey: createPublicKey(privateKey) }
      }
      const mine = der()
      await put(home, mine.bytes)
      await kms.replicateKey({ KeyId, ReplicaRegion: west })
      assert.deepEqual(await statesOf(KeyId), ['Enabled', 'PendingImport'])
      await assert.rejects(put(west, der().bytes), { name: 'IncorrectKeyMaterialException' })
      await put(west, mine.bytes)
      const { PublicKey } = await clients[west].getPublicKey({ KeyId })
      assert.deepEqual(Buffer.from(PublicKey ?? []), mine.publicKey.export({ format: 'der', type: 'spki' }))
      const SigningAlgorithm = KeySpec === 'RSA_2048' ? 'RSASSA_PSS_SHA_256' : 'ECDSA_SHA_256'
      const Message = Buffer.from('message')
      const { Signature } = await clients[west].sign({ KeyId, Message, SigningAlgorithm })
      assert.equal((await kms.verify({ KeyId, Message, Signature, SigningAlgorithm })).SignatureValid, true)
    })
  }

  test('waits for the same secret: HMAC_256', async () => {
    const spec = { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' } as const
    const { KeyMetadata: { KeyId = '' } = {} } = await kms.createKey({ Origin: 'EXTERNAL', MultiRegion: true, ...spec })
    const put = importer(KeyId)
    const material = randomBytes(32)
    await put(home, material)
    await kms.replicateKey({ KeyId, ReplicaRegion: west })
    await assert.rejects(put(west, randomBytes(32)), { name: 'IncorrectKeyMaterialException' })
    await put(west, material)
    const request = { KeyId, Message: Buffer.from('message'), MacAlgorithm: 'HMAC_SHA_256' } as const
    const { Mac } = await kms.generateMac(request)
    assert.equal((await clients[west].verifyMac({ ...request, Mac })).MacValid, true)
  })
})

describe('new material', () => {
  test('waits in the primary key until every replica has it, then for its rotation, then is current in all', async () => {
    const { KeyId, put, material, first } = await family({ replicas: [west, south] })
    const old = await encrypted(west, KeyId, 'old')
    const newer = randomBytes(32)
    const second = await put(home, newer, { ...NEW, KeyMaterialDescription: 'the next' })
    assert.equal(second, materialIdOf(KeyId, newer))
    const nothing = {
      name: 'KMSInvalidStateException',
      message: `No available key material pending rotation for the key: ${arnOf(KeyId, home)}.`,
    }
    const expected = async (held: Region[], state: string) => {
      for (const region of regions) {
        assert.deepEqual(await materialsIn(region, KeyId), [
          [first, 'CURRENT', 'IMPORTED'],
          [second, state, held.includes(region) ? 'IMPORTED' : 'PENDING_IMPORT'],
        ])
      }
      assert.deepEqual(await statesOf(KeyId, regions), ['Enabled', 'Enabled', 'Enabled'])
    }
    await expected([home], isAwaited)
    await assert.rejects(kms.rotateKeyOnDemand({ KeyId }), nothing)
    await put(south, newer)
    await expected([home, south], isAwaited)
    await assert.rejects(kms.rotateKeyOnDemand({ KeyId }), nothing)
    // That it is EXISTING material, which goes without saying, may be said.
    await put(west, newer, { ImportType: 'EXISTING_KEY_MATERIAL', KeyMaterialId: second })
    await expected([...regions], waits)
    for (const region of regions) assert.equal((await describeIn(region, KeyId))?.CurrentKeyMaterialId, first)
    const before = (await server.records()).length
    await kms.rotateKeyOnDemand({ KeyId })
    assert.deepEqual(
      (await server.records()).slice(before).map(({ eventName }) => eventName),
      ['RotateKeyOnDemand', 'RotateKey', 'SynchronizeMultiRegionKey'],
    )
    for (const region of regions) {
      assert.deepEqual(await materialsIn(region, KeyId), [
        [first, 'NON_CURRENT', 'IMPORTED'],
        [second, 'CURRENT', 'IMPORTED'],
      ])
      assert.deepEqual(await opened(region, old), ['old', first])
      const { Rotations = [] } = await clients[region].listKeyRotations({ KeyId })
      assert.deepEqual(
        Rotations.map(entry => [entry.KeyId, entry.RotationType, entry.RotationDate, entry.KeyMaterialDescription]),
        [[arnOf(KeyId, region), 'ON_DEMAND', new Date(server.clock.now()), region === home ? 'the next' : undefined]],
      )
    }
    const text = await encrypted(south, KeyId, 'new')
    for (const region of regions) assert.deepEqual(await opened(region, text), ['new', second])
    // A replica that loses what is not current any more is pending import nevertheless, and it alone.
    await clients[west].deleteImportedKeyMaterial({ KeyId, KeyMaterialId: first })
    assert.deepEqual(await statesOf(KeyId, regions), ['Enabled', 'PendingImport', 'Enabled'])
    await put(west, material)
    assert.deepEqual(await opened(west, old), ['old', first])
  })

  test('needs no other Region while the key has no replicas', async () => {
    const { KeyId, put, first } = await family({ replicas: [] })
    const second = await put(home, randomBytes(32), NEW)
    assert.deepEqual(await materialsIn(home, KeyId), [
      [first, 'CURRENT', 'IMPORTED'],
      [second, waits, 'IMPORTED'],
    ])
    await kms.rotateKeyOnDemand({ KeyId })
  })

  test('waits for a replica that is made after it', async () => {
    const { KeyId, put, material, first } = await family({ replicas: [] })
    const newer = randomBytes(32)
    const second = await put(home, newer, NEW)
    await kms.replicateKey({ KeyId, ReplicaRegion: west })
    assert.deepEqual(await materialsIn(home, KeyId), [
      [first, 'CURRENT', 'IMPORTED'],
      [second, isAwaited, 'IMPORTED'],
    ])
    assert.deepEqual(await materialsIn(west, KeyId), [
      [first, 'CURRENT', 'PENDING_IMPORT'],
      [second, isAwaited, 'PENDING_IMPORT'],
    ])
    // What waits is not needed for the key to work.
    await put(west, material)
    assert.equal(await stateIn(west, KeyId), 'Enabled')
    await put(west, newer)
    await kms.rotateKeyOnDemand({ KeyId })
    assert.equal((await describeIn(west, KeyId))?.CurrentKeyMaterialId, second)
  })

  test('is ready once the only replica without it is gone', async () => {
    const { KeyId, put, first } = await family()
    const second = await put(home, randomBytes(32), NEW)
    await clients[west].scheduleKeyDeletion({ KeyId, PendingWindowInDays: 7 })
    server.clock.advance(7 * days)
    await server.settle()
    assert.deepEqual(await materialsIn(home, KeyId), [
      [first, 'CURRENT', 'IMPORTED'],
      [second, waits, 'IMPORTED'],
    ])
    await kms.rotateKeyOnDemand({ KeyId })
  })

  test('is one at a time, wherever it is', async () => {
    const { KeyId, put } = await family()
    const newer = randomBytes(32)
    const second = await put(home, newer, NEW)
    const third = randomBytes(32)
    const text = (region: Region) =>
      `New key material (id: ${materialIdOf(KeyId, third)}) cannot be imported into KMS key ${arnOf(KeyId, region)}, because another key material (id: ${second}) is pending rotation.`
    await assert.rejects(put(home, third, NEW), { name: 'KMSInvalidStateException', message: text(home) })
    await assert.rejects(put(west, third), { name: 'IncorrectKeyMaterialException' })
    await assert.rejects(put(home, newer, NEW), { name: 'IncorrectKeyMaterialException' })
    // A new primary key inherits what waits, though it does not have it yet.
    await kms.updatePrimaryRegion({ KeyId, PrimaryRegion: west })
    await assert.rejects(put(west, third, NEW), { name: 'KMSInvalidStateException', message: text(west) })
    await assert.rejects(put(home, third, NEW), { name: 'UnsupportedOperationException' })
    await put(west, newer)
    await clients[west].rotateKeyOnDemand({ KeyId })
    assert.equal((await describeIn(home, KeyId))?.CurrentKeyMaterialId, second)
  })

  test('goes from all Regions when it is deleted from the primary key', async () => {
    const { KeyId, put, first } = await family({ replicas: [west, south] })
    const newer = randomBytes(32)
    const second = await put(home, newer, NEW)
    await put(west, newer)
    await kms.deleteImportedKeyMaterial({ KeyId, KeyMaterialId: second })
    for (const region of regions) {
      assert.equal(await server.app.store.view().get('material', materialRow(region, second)), undefined)
      assert.deepEqual(await materialsIn(region, KeyId), [[first, 'CURRENT', 'IMPORTED']])
      await refused(
        clients[region].deleteImportedKeyMaterial({ KeyId, KeyMaterialId: second }),
        'NotFoundException',
        `Key material ${second} is not associated with ${arnOf(KeyId, region)}`,
      )
    }
    assert.deepEqual(await statesOf(KeyId, regions), ['Enabled', 'Enabled', 'Enabled'])
    await assert.rejects(put(west, newer), { name: 'IncorrectKeyMaterialException' })
    await put(home, randomBytes(32), NEW)
  })

  test('goes from one Region when it is deleted from a replica', async () => {
    const { KeyId, put, first } = await family()
    const newer = randomBytes(32)
    const second = await put(home, newer, NEW)
    await put(west, newer)
    await clients[west].deleteImportedKeyMaterial({ KeyId, KeyMaterialId: second })
    assert.deepEqual(await materialsIn(home, KeyId), [
      [first, 'CURRENT', 'IMPORTED'],
      [second, isAwaited, 'IMPORTED'],
    ])
    assert.deepEqual(await materialsIn(west, KeyId), [
      [first, 'CURRENT', 'IMPORTED'],
      [second, isAwaited, 'PENDING_IMPORT'],
    ])
    assert.deepEqual(await statesOf(KeyId), ['Enabled', 'Enabled'])
    assert.equal(await outcomeOf(kms.rotateKeyOnDemand({ KeyId })), 'KMSInvalidStateException')
    // Once more changes nothing.
    await clients[west].deleteImportedKeyMaterial({ KeyId, KeyMaterialId: second })
    await put(west, newer)
    await kms.rotateKeyOnDemand({ KeyId })
  })

  for (const swept of [false, true]) {
    test(`expires in one Region at a time, and is forgotten with the last, ${swept ? 'after' : 'before'} a job has swept`, async () => {
      const { KeyId, put, first } = await family()
      const newer = randomBytes(32)
      const settle = async () => (swept ? await server.settle() : 0)
      const until = (time: number) =>
        ({ ExpirationModel: 'KEY_MATERIAL_EXPIRES', ValidTo: new Date(server.clock.now() + time) }) as const
      const second = await put(home, newer, { ...NEW, ...until(hours) })
      await put(west, newer, until(2 * hours))
      server.clock.advance(hours)
      await settle()
      assert.deepEqual(await materialsIn(home, KeyId), [
        [first, 'CURRENT', 'IMPORTED'],
        [second, isAwaited, 'PENDING_IMPORT'],
      ])
      assert.deepEqual(await materialsIn(west, KeyId), [
        [first, 'CURRENT', 'IMPORTED'],
        [second, isAwaited, 'IMPORTED'],
      ])
      assert.equal(await outcomeOf(kms.rotateKeyOnDemand({ KeyId })), 'KMSInvalidStateException')
      assert.equal(
        await put(home, newer, until(hours)),
        second,
        'what is still in one Region may come back to the other',
      )
      server.clock.advance(hours)
      await settle()
      for (const region of [home, west] as const) {
        assert.deepEqual(await materialsIn(region, KeyId), [[first, 'CURRENT', 'IMPORTED']])
        await assert.rejects(put(region, newer), { name: 'IncorrectKeyMaterialException' })
      }
      assert.deepEqual(await statesOf(KeyId), ['Enabled', 'Enabled'])
      // The very same may come anew, and then a job that is late must not take it away.
      assert.equal(await put(home, newer, NEW), second)
      await server.settle()
      await put(west, newer)
      await server.settle()
      await kms.rotateKeyOnDemand({ KeyId })
      for (const region of [home, west] as const) {
        assert.deepEqual(await materialsIn(region, KeyId), [
          [first, 'NON_CURRENT', 'IMPORTED'],
          [second, 'CURRENT', 'IMPORTED'],
        ])
      }
    })
  }

  test('is forgotten by a replica when the primary key, which alone had it, lets it expire', async () => {
    const { KeyId, put, first } = await family()
    const ValidTo = new Date(server.clock.now() + hours)
    await put(home, randomBytes(32), { ...NEW, ExpirationModel: 'KEY_MATERIAL_EXPIRES', ValidTo })
    server.clock.advance(hours)
    for (const settle of [async () => 0, server.settle]) {
      await settle()
      for (const region of [home, west] as const) {
        assert.deepEqual(await materialsIn(region, KeyId), [[first, 'CURRENT', 'IMPORTED']])
      }
    }
  })

  test('is looked at once for all: rotations and deletions in other Regions at once leave the members agreed', async () => {
    for (let race = 0; race < 8; race++) {
      const { KeyId, put, first } = await family()
      const newer = randomBytes(32)
      const second = await put(home, newer, NEW)
      await put(west, newer)
      const [rotated, deleted] = await Promise.all([
        outcomeOf(kms.rotateKeyOnDemand({ KeyId })),
        outcomeOf(clients[west].deleteImportedKeyMaterial({ KeyId, KeyMaterialId: second })),
      ])
      assert.equal(deleted, 'OK')
      assert.match(rotated, /^(?:OK|KMSInvalidStateException)$/)
      const current = rotated === 'OK' ? second : first
      assert.equal((await describeIn(home, KeyId))?.CurrentKeyMaterialId, current)
      assert.equal((await describeIn(west, KeyId))?.CurrentKeyMaterialId, current)
      // Deleted after the rotation, it was needed; before, it was not.
      assert.deepEqual(await statesOf(KeyId), ['Enabled', rotated === 'OK' ? 'PendingImport' : 'Enabled'])
    }
  })

  test('under PKCS #1 v1.5 tells no more of itself in a replica than elsewhere', async () => {
    const { KeyId } = await family()
    const parameters = await parametersFor(clients[west], KeyId, 'RSAES_PKCS1_V1_5')
    for (const bytes of [randomBytes(32), randomBytes(31)]) {
      const request = { ...importOf(KeyId, parameters, bytes), EncryptedKeyMaterial: wrapped(parameters, bytes) }
      await refused(clients[west].importKeyMaterial(request), 'InvalidCiphertextException')
    }
  })
})
