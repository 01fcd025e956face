import assert from 'node:assert/strict'
import { createECDH } from 'node:crypto'
import { after, before, test } from 'node:test'
import { KeyLastUsageTrackingOperation, type CreateKeyCommandInput, type KMS } from '@aws-sdk/client-kms'
import { keyRow } from '../../src/store/documents.ts'
import { membersOf, outcomeOf, refused } from '../support/answers.ts'
import { days, start } from '../support/server.ts'

/** When keys were last used. Only the tests turn the clock, so nothing is flushed unless they want it. */

let server = await start()
server.clock.hold()
after(() => server.stop())
let kms = server.client()

const Plaintext = Buffer.from('plaintext')
const context = { EncryptionContext: { eventName: 'Sign', requestID: 'x', resources: '[{"ARN":"x"}]' } }

const newKey = async (input: CreateKeyCommandInput = {}): Promise<string> =>
  (await kms.createKey(input)).KeyMetadata?.KeyId ?? ''
const usageOf = async (KeyId: string) => (await kms.getKeyLastUsage({ KeyId })).KeyLastUsage

/** What the newest audit record says of itself, as GetKeyLastUsage says it. */
async function newestRecord() {
  const entries = await server.app.auditEntries(0, 100_000)
  const { at, record = '{}' } = entries.at(-1) ?? {}
  const { eventName, eventID, requestID } = JSON.parse(record) as Record<string, string>
  return { Operation: eventName, Timestamp: new Date(at ?? 0), CloudTrailEventId: eventID, KmsRequestId: requestID }
}

const symmetric = await newKey()
const other = await newKey()
const rsa = await newKey({ KeySpec: 'RSA_2048', KeyUsage: 'SIGN_VERIFY' })
const hmac = await newKey({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' })
const agreement = await newKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'KEY_AGREEMENT' })
const kem = await newKey({ KeySpec: 'ML_KEM_512', KeyUsage: 'ENCAPSULATE_DECAPSULATE' })

const Message = Buffer.from('message')
const signing = { KeyId: rsa, Message, SigningAlgorithm: 'RSASSA_PSS_SHA_256' } as const
const mac = { KeyId: hmac, Message, MacAlgorithm: 'HMAC_SHA_256' } as const
const pair = { KeyId: symmetric, KeyPairSpec: 'ECC_NIST_P256' } as const

/** A point of P-256 in a SubjectPublicKeyInfo. */
function publicKey(): Buffer {
  const head = '3059301306072a8648ce3d020106082a8648ce3d030107034200'
  return Buffer.concat([Buffer.from(head, 'hex'), createECDH('prime256v1').generateKeys()])
}

let CiphertextBlob: Uint8Array | undefined
let Signature: Uint8Array | undefined
let Mac: Uint8Array | undefined
let encapsulated: Uint8Array | undefined
before(async () => {
  CiphertextBlob = (await kms.encrypt({ KeyId: symmetric, Plaintext })).CiphertextBlob
  Signature = (await kms.sign(signing)).Signature
  Mac = (await kms.generateMac(mac)).Mac
  encapsulated = (await kms.encapsulate({ KeyId: kem, EncapsulationAlgorithm: 'ML_KEM' })).SharedSecretCiphertextBlob
})

/** Each operation that counts, and the keys that it uses. */
const calls: Record<KeyLastUsageTrackingOperation, [keys: string[], call: () => Promise<unknown>]> = {
  Decapsulate: [
    [kem],
    () => kms.decapsulate({ KeyId: kem, SharedSecretCiphertextBlob: encapsulated, EncapsulationAlgorithm: 'ML_KEM' }),
  ],
  Decrypt: [[symmetric], () => kms.decrypt({ CiphertextBlob })],
  DeriveSharedSecret: [
    [agreement],
    () => kms.deriveSharedSecret({ KeyId: agreement, KeyAgreementAlgorithm: 'ECDH', PublicKey: publicKey() }),
  ],
  Encapsulate: [[kem], () => kms.encapsulate({ KeyId: kem, EncapsulationAlgorithm: 'ML_KEM' })],
  Encrypt: [[symmetric], () => kms.encrypt({ KeyId: symmetric, Plaintext, ...context })],
  GenerateDataKey: [[symmetric], () => kms.generateDataKey({ KeyId: symmetric, NumberOfBytes: 1 })],
  GenerateDataKeyPair: [[symmetric], () => kms.generateDataKeyPair(pair)],
  GenerateDataKeyPairWithoutPlaintext: [[symmetric], () => kms.generateDataKeyPairWithoutPlaintext(pair)],
  GenerateDataKeyWithoutPlaintext: [
    [symmetric],
    () => kms.generateDataKeyWithoutPlaintext({ KeyId: symmetric, NumberOfBytes: 1 }),
  ],
  GenerateMac: [[hmac], () => kms.generateMac(mac)],
  ReEncrypt: [[symmetric, other], () => kms.reEncrypt({ CiphertextBlob, DestinationKeyId: other })],
  Sign: [[rsa], () => kms.sign(signing)],
  Verify: [[rsa], () => kms.verify({ ...signing, Signature })],
  VerifyMac: [[hmac], () => kms.verifyMac({ ...mac, Mac })],
}

test('a key that was never used has an empty usage, tracked since its creation', async () => {
  const { KeyMetadata: { KeyId, Arn, CreationDate } = {} } = await kms.createKey({})
  const expected = { KeyId: Arn, KeyLastUsage: {}, TrackingStartDate: CreationDate, KeyCreationDate: CreationDate }
  assert.deepEqual(await membersOf(kms.getKeyLastUsage({ KeyId })), expected)
  assert.deepEqual(await membersOf(kms.getKeyLastUsage({ KeyId: Arn })), expected)
})

test('every operation that the API counts is here', () => {
  assert.deepEqual(Object.keys(calls).sort(), Object.values(KeyLastUsageTrackingOperation).sort())
})

for (const [name, [keys, call]] of Object.entries(calls)) {
  test(`${name} is the last use of its key, under the ids of its audit record`, async () => {
    server.clock.advance(1)
    await call()
    const expected = await newestRecord()
    assert.equal(expected.Operation, name)
    for (const key of keys) assert.deepEqual(await usageOf(key), expected)
  })
}

for (const [name, [keys, call]] of Object.entries(calls)) {
  test(`a crash right after ${name} does not make it forgotten`, async () => {
    server.clock.advance(1)
    await call()
    const expected = await newestRecord()
    const survivor = await server.afterCrash()
    try {
      for (const KeyId of keys) {
        assert.deepEqual((await survivor.client().getKeyLastUsage({ KeyId })).KeyLastUsage, expected)
      }
    } finally {
      await survivor.stop()
    }
  })
}

test('refusals, dry runs and whatever else is done to a key do not count', async () => {
  const key = await newKey()
  await kms.encrypt({ KeyId: key, Plaintext })
  const [used, macked, signed] = [await usageOf(key), await usageOf(hmac), await usageOf(rsa)]
  server.clock.advance(1000)
  const foreign = (await kms.encrypt({ KeyId: other, Plaintext })).CiphertextBlob
  const broken = Buffer.from(Signature ?? [])
  broken[0]! ^= 1
  const others: [call: () => Promise<unknown>, outcome: string][] = [
    [() => kms.encrypt({ KeyId: key, Plaintext, DryRun: true }), 'DryRunOperationException'],
    [() => kms.generateDataKey({ KeyId: key, NumberOfBytes: 1, DryRun: true }), 'DryRunOperationException'],
    [() => kms.reEncrypt({ CiphertextBlob: foreign, DestinationKeyId: key, DryRun: true }), 'DryRunOperationException'],
    [() => kms.decrypt({ KeyId: key, CiphertextBlob: foreign }), 'IncorrectKeyException'],
    [() => kms.encrypt({ KeyId: key, Plaintext, EncryptionAlgorithm: 'SM2PKE' }), 'InvalidKeyUsageException'],
    [() => kms.generateDataKey({ KeyId: key }), 'ValidationException'],
    [() => kms.verify({ ...signing, Signature: broken }), 'KMSInvalidSignatureException'],
    [() => kms.verifyMac({ ...mac, Mac: Buffer.alloc(32) }), 'KMSInvalidMacException'],
    [() => kms.describeKey({ KeyId: key }), 'OK'],
    [() => kms.getKeyLastUsage({ KeyId: key }), 'OK'],
    [() => kms.getPublicKey({ KeyId: rsa }), 'OK'],
    [() => kms.disableKey({ KeyId: key }), 'OK'],
    [() => kms.encrypt({ KeyId: key, Plaintext }), 'DisabledException'],
    [() => kms.enableKey({ KeyId: key }), 'OK'],
  ]
  for (const [call, outcome] of others) assert.equal(await outcomeOf(call()), outcome, String(call))
  assert.deepEqual([await usageOf(key), await usageOf(hmac), await usageOf(rsa)], [used, macked, signed])
})

test('it is told in every state, until the key is gone', async () => {
  const { KeyMetadata: { KeyId = '', Arn } = {} } = await kms.createKey({})
  await kms.encrypt({ KeyId, Plaintext })
  const used = await usageOf(KeyId)
  await kms.disableKey({ KeyId })
  assert.deepEqual(await usageOf(KeyId), used)
  await kms.scheduleKeyDeletion({ KeyId, PendingWindowInDays: 7 })
  assert.deepEqual(await usageOf(KeyId), used)
  await server.app.services.lastUsage.flush()
  const row = keyRow('000000000000', 'us-east-1', KeyId)
  assert.equal((await server.app.store.view().get('key-usage', row))?.operation, 'Encrypt')
  server.clock.advance(7 * days)
  assert.equal(await server.settle(), 1)
  assert.equal(await server.app.store.view().get('key-usage', row), undefined)
  await refused(kms.getKeyLastUsage({ KeyId }), 'NotFoundException', `Key '${Arn}' does not exist`)
})

test('a deletion is not undone by a flush that comes after it', async () => {
  const KeyId = await newKey()
  await kms.encrypt({ KeyId, Plaintext })
  await kms.scheduleKeyDeletion({ KeyId, PendingWindowInDays: 7 })
  server.clock.advance(7 * days)
  await server.settle()
  assert.equal(await server.app.services.lastUsage.flush(), true)
  const row = keyRow('000000000000', 'us-east-1', KeyId)
  assert.equal(await server.app.store.view().get('key-usage', row), undefined)
})

test('keys of two Regions are tracked apart', async () => {
  const there = server.client({ region: 'eu-west-1' })
  const { KeyMetadata: { KeyId = '' } = {} } = await there.createKey({})
  await there.encrypt({ KeyId, Plaintext })
  const { Operation } = (await there.getKeyLastUsage({ KeyId })).KeyLastUsage ?? {}
  assert.equal(Operation, 'Encrypt')
  assert.equal(await outcomeOf(kms.getKeyLastUsage({ KeyId })), 'NotFoundException')
})

const uses = async (client: KMS, keys: readonly string[]) =>
  await Promise.all(keys.map(async KeyId => (await client.getKeyLastUsage({ KeyId })).KeyLastUsage))

test('of 260 keys none is forgotten by a crash in between, nor by a restart', async () => {
  const keys = await Promise.all(Array.from({ length: 260 }, () => newKey()))
  await Promise.all(keys.slice(0, 255).map(KeyId => kms.encrypt({ KeyId, Plaintext })))
  assert.equal(await server.app.services.lastUsage.flush(), true)
  server.clock.advance(1)
  await Promise.all(keys.slice(5, 258).map(KeyId => kms.generateDataKey({ KeyId, NumberOfBytes: 1 })))
  const expected = await uses(kms, keys)
  const names = expected.map(use => use?.Operation)
  assert.deepEqual(names.slice(0, 5), Array(5).fill('Encrypt'))
  assert.deepEqual(names.slice(5, 258), Array(253).fill('GenerateDataKey'))
  assert.deepEqual(expected.slice(258), Array(2).fill({}))
  const survivor = await server.afterCrash()
  assert.deepEqual(await uses(survivor.client(), keys), expected)
  await survivor.stop()
  server = await server.restart()
  kms = server.client()
  assert.deepEqual(await uses(kms, keys), expected)
})

test('it is recorded by the id of its key', async () => {
  const KeyId = await newKey()
  await kms.getKeyLastUsage({ KeyId })
  const record = (await server.records()).at(-1) ?? {}
  assert.deepEqual(
    [record['eventName'], record['requestParameters'], record['responseElements'], record['readOnly']],
    ['GetKeyLastUsage', { keyId: KeyId }, null, true],
  )
})
