import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import { constraint, membersOf, refused } from '../support/answers.ts'
import { allOf, externalKey, importOf, parametersFor } from '../support/import.ts'
import { start } from '../support/server.ts'

const server = await start()
after(() => server.stop())
const kms = server.client()

async function importedKey() {
  const { KeyId, arn } = await externalKey(kms)
  const request = importOf(KeyId, await parametersFor(kms, KeyId), randomBytes(32))
  const { KeyMaterialId } = await kms.importKeyMaterial({ ...request, KeyMaterialDescription: 'from the safe' })
  return { KeyId, arn, request, KeyMaterialId }
}

test('takes the material away at once; the same material brings everything back', async () => {
  const { KeyId, arn, request, KeyMaterialId } = await importedKey()
  const EncryptionContext = { of: 'the old days' }
  const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext: Buffer.from('old'), EncryptionContext })
  const before = await allOf(kms, KeyId)
  assert.deepEqual(await membersOf(kms.deleteImportedKeyMaterial({ KeyId })), { KeyId: arn, KeyMaterialId })
  const pending = `${arn} is pending import.`
  const call = kms.decrypt({ CiphertextBlob, EncryptionContext })
  await refused(call, 'KMSInvalidStateException', pending)
  await refused(kms.encrypt({ KeyId, Plaintext: Buffer.of(1) }), 'KMSInvalidStateException', pending)
  const { KeyMetadata } = await kms.describeKey({ KeyId })
  const { KeyState, Enabled, ExpirationModel, CurrentKeyMaterialId } = KeyMetadata ?? {}
  assert.deepEqual(
    { KeyState, Enabled, ExpirationModel, CurrentKeyMaterialId },
    { KeyState: 'PendingImport', Enabled: false, ExpirationModel: undefined, CurrentKeyMaterialId: KeyMaterialId },
  )
  assert.deepEqual((await kms.listKeyRotations({ KeyId, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' })).Rotations, [
    {
      KeyId: arn,
      KeyMaterialId,
      KeyMaterialDescription: 'from the safe',
      ImportState: 'PENDING_IMPORT',
      KeyMaterialState: 'CURRENT',
    },
  ])
  await kms.importKeyMaterial(request)
  assert.deepEqual(await allOf(kms, KeyId), before)
  const { Plaintext } = await kms.decrypt({ CiphertextBlob, EncryptionContext })
  assert.deepEqual(Buffer.from(Plaintext ?? []), Buffer.from('old'))
})

test('lets no other material in afterwards, as the first is binding', async () => {
  const { KeyId, request } = await importedKey()
  await kms.deleteImportedKeyMaterial({ KeyId })
  const before = await allOf(kms, KeyId)
  const parameters = await parametersFor(kms, KeyId)
  const other = kms.importKeyMaterial(importOf(KeyId, parameters, randomBytes(32)))
  await refused(other, 'IncorrectKeyMaterialException')
  const again = kms.importKeyMaterial({ ...request, ImportType: 'NEW_KEY_MATERIAL' })
  await refused(again, 'IncorrectKeyMaterialException')
  assert.deepEqual(await allOf(kms, KeyId), before)
})

test('succeeds where there is nothing to take away', async () => {
  const { KeyId, arn } = await externalKey(kms)
  const before = await allOf(kms, KeyId)
  assert.deepEqual(await membersOf(kms.deleteImportedKeyMaterial({ KeyId })), { KeyId: arn })
  assert.deepEqual(await allOf(kms, KeyId), before)
  const imported = await importedKey()
  await kms.deleteImportedKeyMaterial({ KeyId: imported.KeyId })
  const deleted = await allOf(kms, imported.KeyId)
  for (const input of [{}, { KeyMaterialId: imported.KeyMaterialId }]) {
    assert.deepEqual(await membersOf(kms.deleteImportedKeyMaterial({ KeyId: imported.KeyId, ...input })), {
      KeyId: imported.arn,
      KeyMaterialId: imported.KeyMaterialId,
    })
  }
  assert.deepEqual(await allOf(kms, imported.KeyId), deleted)
})

test('takes it away from a key that waits for its deletion, and that one goes on waiting', async () => {
  const { KeyId } = await importedKey()
  await kms.scheduleKeyDeletion({ KeyId })
  await kms.deleteImportedKeyMaterial({ KeyId })
  assert.equal((await kms.describeKey({ KeyId })).KeyMetadata?.KeyState, 'PendingDeletion')
  await kms.cancelKeyDeletion({ KeyId })
  assert.equal((await kms.describeKey({ KeyId })).KeyMetadata?.KeyState, 'PendingImport')
})

test('takes it away from a disabled key, which is pending import then', async () => {
  const { KeyId, request } = await importedKey()
  await kms.disableKey({ KeyId })
  await kms.deleteImportedKeyMaterial({ KeyId })
  assert.equal((await kms.describeKey({ KeyId })).KeyMetadata?.KeyState, 'PendingImport')
  await kms.importKeyMaterial(request)
  assert.equal((await kms.describeKey({ KeyId })).KeyMetadata?.KeyState, 'Enabled')
})

test('refuses a KeyMaterialId that is not of this key', async () => {
  const [{ KeyId, arn }, other] = [await importedKey(), await importedKey()]
  const before = [await allOf(kms, KeyId), await allOf(kms, other.KeyId)]
  for (const KeyMaterialId of [other.KeyMaterialId, '0'.repeat(64)]) {
    await refused(
      kms.deleteImportedKeyMaterial({ KeyId, KeyMaterialId }),
      'NotFoundException',
      `Key material ${KeyMaterialId} is not associated with ${arn}`,
    )
  }
  assert.deepEqual([await allOf(kms, KeyId), await allOf(kms, other.KeyId)], before)
})

test('refuses what cannot be a KeyMaterialId', async () => {
  const { KeyId } = await importedKey()
  const before = await allOf(kms, KeyId)
  for (const [KeyMaterialId, rule] of [
    ['a'.repeat(63), 'have length greater than or equal to 64'],
    ['a'.repeat(65), 'have length less than or equal to 64'],
    ['A'.repeat(64), 'satisfy regular expression pattern: ^[a-f0-9]+$'],
  ] as const) {
    const text = constraint('keyMaterialId', KeyMaterialId, rule)
    await refused(kms.deleteImportedKeyMaterial({ KeyId, KeyMaterialId }), 'ValidationException', text)
  }
  assert.deepEqual(await allOf(kms, KeyId), before)
})

test('refuses material that the service made', async () => {
  const { KeyMetadata } = await kms.createKey({})
  const { KeyId, Arn, CurrentKeyMaterialId } = KeyMetadata ?? {}
  for (const input of [{}, { KeyMaterialId: CurrentKeyMaterialId }]) {
    await refused(
      kms.deleteImportedKeyMaterial({ KeyId, ...input }),
      'UnsupportedOperationException',
      `${Arn} origin is AWS_KMS which is not valid for this operation.`,
    )
  }
  await kms.encrypt({ KeyId, Plaintext: Buffer.of(1) })
})
