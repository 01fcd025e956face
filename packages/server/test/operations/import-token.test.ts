import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import { outcomeOf, refused } from '../support/answers.ts'
import { allOf, externalKey, importOf, parametersFor, type Parameters } from '../support/import.ts'
import { hours, start, type TestServer } from '../support/server.ts'

/** How long, how often and for what an import token is good. */

const foreign = await start(['--account', '111122223333'])
const foreignKey = await externalKey(foreign.client())
const foreignParameters = await parametersFor(foreign.client(), foreignKey.KeyId)
let server = await foreign.restart({ flags: [] })
server.clock.hold()
after(() => server.stop())
let kms = server.client()
async function restart(): Promise<void> {
  server = await server.restart()
  kms = server.client()
}

const material = randomBytes(32)
const { KeyId } = await externalKey(kms)

/** What a blob is answered that does not open: it counts against its token. */
const failing = (KeyId: string, { token }: Parameters) => ({
  KeyId,
  ImportToken: token,
  EncryptedKeyMaterial: Buffer.alloc(256, 1),
  ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' as const,
})

async function fail(KeyId: string, parameters: Parameters, times: number): Promise<void> {
  for (let time = 0; time < times; time++) {
    await refused(kms.importKeyMaterial(failing(KeyId, parameters)), 'InvalidCiphertextException')
  }
}

/** How often the token has failed, as the server remembers it; 0 once it is forgotten. */
async function failuresOf({ app }: TestServer, { token }: Parameters): Promise<number> {
  const id = Buffer.from(token.subarray(5, 21)).toString('hex')
  return (await app.store.view().get('token-failures', id))?.count ?? 0
}

test('serves any number of imports, one after the other', async () => {
  const parameters = await parametersFor(kms, KeyId)
  for (let time = 0; time < 3; time++) await kms.importKeyMaterial(importOf(KeyId, parameters, material))
})

test('is not ended by another set for the same key, nor in the order in which they were fetched', async () => {
  const sets = [await parametersFor(kms, KeyId), await parametersFor(kms, KeyId, 'RSA_AES_KEY_WRAP_SHA_1')]
  for (const parameters of [...sets.toReversed(), ...sets]) {
    await kms.importKeyMaterial(importOf(KeyId, parameters, material))
  }
})

test('does not go with the wrapping key of another set', async () => {
  const [one, other] = [await parametersFor(kms, KeyId), await parametersFor(kms, KeyId)]
  const before = await allOf(kms, KeyId)
  const mixed = { ...importOf(KeyId, one, material), ImportToken: other.token }
  await refused(kms.importKeyMaterial(mixed), 'InvalidCiphertextException')
  assert.deepEqual(await allOf(kms, KeyId), before)
})

test('is refused for another key, in the same Region or another, of the same account or another', async () => {
  const elsewhere = server.client({ region: 'eu-central-1' })
  const [neighbour, distant] = [await externalKey(kms), await externalKey(elsewhere)]
  const strange = [
    await parametersFor(kms, neighbour.KeyId),
    await parametersFor(elsewhere, distant.KeyId),
    foreignParameters,
  ]
  const before = await allOf(kms, KeyId)
  for (const parameters of strange) {
    await refused(kms.importKeyMaterial(importOf(KeyId, parameters, material)), 'InvalidImportTokenException')
  }
  assert.deepEqual(await allOf(kms, KeyId), before)
  const own = importOf(distant.KeyId, await parametersFor(kms, KeyId), material)
  await refused(elsewhere.importKeyMaterial(own), 'InvalidImportTokenException')
})

test('does not come back from another account', async () => {
  await refused(
    kms.importKeyMaterial(importOf(foreignKey.arn, foreignParameters, material)),
    'AccessDeniedException',
    'User: arn:aws:iam::000000000000:user/administrator is not authorized to perform: kms:ImportKeyMaterial on this ' +
      'resource because the resource does not exist in this Region, no resource-based policies allow access, or a ' +
      'resource-based policy explicitly denies access',
  )
})

test('is refused with any byte changed', async () => {
  const parameters = await parametersFor(kms, KeyId)
  const request = importOf(KeyId, parameters, material)
  const before = await allOf(kms, KeyId)
  const { length } = parameters.token
  const today = Buffer.from(parameters.token).readUInt32BE(1)
  // All of the header; then the times, the codes, the hash and a few of the private key; the tag.
  const places = [...Array(50).keys(), 66, 78, 79, 80, 111, 112, 500, 1_000, ...[17, 16, 2, 1].map(end => length - end)]
  for (const place of places) {
    const token = Buffer.from(parameters.token)
    token[place] = (token[place] ?? 0) ^ 0x20
    // A token of an earlier day cannot be told from one whose day is over.
    const isOld = token.readUInt32BE(1) < today
    const code = isOld ? 'ExpiredImportTokenException' : 'InvalidImportTokenException'
    await refused(kms.importKeyMaterial({ ...request, ImportToken: token }), code)
  }
  assert.deepEqual(await allOf(kms, KeyId), before)
  assert.equal(await failuresOf(server, parameters), 0)
  await kms.importKeyMaterial(request)
})

test('is refused cut short, with something behind it, and in place of noise', async () => {
  const parameters = await parametersFor(kms, KeyId)
  const request = importOf(KeyId, parameters, material)
  const token = Buffer.from(parameters.token)
  const noise = Buffer.concat([Buffer.of(1), token.subarray(1, 5), randomBytes(token.length - 5)])
  for (const ImportToken of [
    token.subarray(0, 1),
    token.subarray(0, 33),
    token.subarray(0, 95),
    token.subarray(0, -1),
    Buffer.concat([token, Buffer.of(0)]),
    Buffer.from(token.toString('base64')),
    noise,
    Buffer.alloc(6144, 1),
  ]) {
    await refused(kms.importKeyMaterial({ ...request, ImportToken }), 'InvalidImportTokenException')
  }
})

test('is good for 24 hours to the millisecond, the last one included, and no longer', async () => {
  const { KeyId } = await externalKey(kms)
  const parameters = await parametersFor(kms, KeyId)
  server.clock.advance(24 * hours)
  await kms.importKeyMaterial(importOf(KeyId, parameters, material))
  server.clock.advance(1)
  const before = await allOf(kms, KeyId)
  await refused(kms.importKeyMaterial(importOf(KeyId, parameters, material)), 'ExpiredImportTokenException')
  await refused(kms.importKeyMaterial(failing(KeyId, parameters)), 'ExpiredImportTokenException')
  assert.deepEqual(await allOf(kms, KeyId), before)
  assert.equal(await failuresOf(server, parameters), 0)
})

test('is good after the server was started again', async () => {
  const parameters = await parametersFor(kms, KeyId)
  server.clock.advance(23 * hours)
  await restart()
  await kms.importKeyMaterial(importOf(KeyId, parameters, material))
})

test('is beyond recovery once the key of its day is erased', async () => {
  const { KeyId } = await externalKey(kms)
  const parameters = await parametersFor(kms, KeyId)
  const day = String(Buffer.from(parameters.token).readUInt32BE(1))
  const dayKey = () => server.app.store.view().get('day-key', day)
  server.clock.advance((Number(day) + 2) * 24 * hours - 1 - server.clock.now())
  await server.settle()
  assert.ok(await dayKey())
  await refused(kms.importKeyMaterial(importOf(KeyId, parameters, material)), 'ExpiredImportTokenException')
  server.clock.advance(1)
  await server.settle()
  assert.equal(await dayKey(), undefined)
  await refused(kms.importKeyMaterial(importOf(KeyId, parameters, material)), 'ExpiredImportTokenException')
  await kms.importKeyMaterial(importOf(KeyId, await parametersFor(kms, KeyId), material))
})

test('is dead after 16 blobs that did not open, whatever came in between, and that token alone', async () => {
  const [parameters, other] = [await parametersFor(kms, KeyId), await parametersFor(kms, KeyId)]
  const good = importOf(KeyId, parameters, material)
  await fail(KeyId, parameters, 15)
  await kms.importKeyMaterial(good)
  await fail(KeyId, parameters, 1)
  const before = await allOf(kms, KeyId)
  await refused(kms.importKeyMaterial(good), 'ExpiredImportTokenException')
  await refused(kms.importKeyMaterial(failing(KeyId, parameters)), 'ExpiredImportTokenException')
  assert.deepEqual(await allOf(kms, KeyId), before)
  assert.equal(await failuresOf(server, parameters), 16)
  await kms.importKeyMaterial(importOf(KeyId, other, material))
})

test('is not worn by what was refused without the wrapping key, nor by material that opened', async () => {
  const parameters = await parametersFor(kms, KeyId)
  const good = importOf(KeyId, parameters, material)
  for (let time = 0; time < 17; time++) {
    const short = kms.importKeyMaterial({ ...good, EncryptedKeyMaterial: Buffer.alloc(255) })
    await refused(short, 'ValidationException', 'Invalid encrypted key size.')
    const other = kms.importKeyMaterial(importOf(KeyId, parameters, randomBytes(32)))
    await refused(other, 'IncorrectKeyMaterialException')
  }
  assert.equal(await failuresOf(server, parameters), 0)
  await kms.importKeyMaterial(good)
})

test('is worn under RSAES_PKCS1_V1_5 by other material too', async () => {
  const parameters = await parametersFor(kms, KeyId, 'RSAES_PKCS1_V1_5')
  for (let time = 0; time < 16; time++) {
    const other = kms.importKeyMaterial(importOf(KeyId, parameters, randomBytes(32)))
    await refused(other, 'InvalidCiphertextException')
  }
  await refused(kms.importKeyMaterial(importOf(KeyId, parameters, material)), 'ExpiredImportTokenException')
})

test('loses no failure of many at once: 16 are told so, and no more', async () => {
  const parameters = await parametersFor(kms, KeyId)
  const outcomes = await Promise.all(
    Array.from({ length: 28 }, () => outcomeOf(kms.importKeyMaterial(failing(KeyId, parameters)))),
  )
  const count = (code: string): number => outcomes.filter(outcome => outcome === code).length
  assert.deepEqual(
    [count('InvalidCiphertextException'), count('ExpiredImportTokenException'), outcomes.length],
    [16, 12, 28],
  )
  await refused(kms.importKeyMaterial(importOf(KeyId, parameters, material)), 'ExpiredImportTokenException')
})

test('stays dead when the server was started again, and to the end of its last millisecond', async () => {
  const parameters = await parametersFor(kms, KeyId)
  const good = importOf(KeyId, parameters, material)
  await fail(KeyId, parameters, 10)
  await restart()
  await fail(KeyId, parameters, 6)
  await restart()
  await refused(kms.importKeyMaterial(good), 'ExpiredImportTokenException')
  server.clock.advance(24 * hours)
  await server.settle()
  await refused(kms.importKeyMaterial(good), 'ExpiredImportTokenException')
  assert.equal(await failuresOf(server, parameters), 16)
  server.clock.advance(1)
  await server.settle()
  assert.equal(await failuresOf(server, parameters), 0)
  await refused(kms.importKeyMaterial(good), 'ExpiredImportTokenException')
})
