import assert from 'node:assert/strict'
import { after, mock, test } from 'node:test'
import type { KMS } from '@aws-sdk/client-kms'
import { keyRow } from '../../src/store/documents.ts'
import { outcomeOf, refused } from '../support/answers.ts'
import { parametersFor } from '../support/import.ts'
import { start } from '../support/server.ts'

/** AWS's request quotas, as an option. Only the tests turn the clock. */

const text = 'You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.'

const others = await start(['--account', '111122223333'])
const { accessKeyId, secretAccessKey } = others
const server = await others.restart({ flags: ['--quotas', 'aws'] })
server.clock.hold()
after(() => server.stop())
const kms = server.client()
const elsewhere = server.client({ region: 'eu-west-1' })
const stranger = server.client({ credentials: { accessKeyId, secretAccessKey } })

const createKey = async (client: KMS = kms): Promise<string> => await outcomeOf(client.createKey({}))

/** Of so many calls at once, how many are let through; the others are throttled. */
async function admitted(count: number, call: () => Promise<unknown>): Promise<number> {
  const outcomes = await Promise.all(Array.from({ length: count }, () => outcomeOf(call())))
  for (const outcome of outcomes) assert.match(outcome, /^(?:OK|ThrottlingException)$/)
  return outcomes.filter(outcome => outcome === 'OK').length
}

/** All quotas are full again. */
const pause = () => server.clock.advance(10_000)

test('CreateKey works five times a second, and again as time brings more', async () => {
  pause()
  assert.equal(await admitted(8, () => kms.createKey({})), 5)
  await refused(kms.createKey({}), 'ThrottlingException', text)
  server.clock.advance(199)
  assert.equal(await createKey(), 'ThrottlingException')
  server.clock.advance(1)
  assert.deepEqual([await createKey(), await createKey()], ['OK', 'ThrottlingException'])
  server.clock.advance(1000)
  assert.equal(await admitted(8, () => kms.createKey({})), 5)
})

test('other operations, Regions and accounts are not concerned', async () => {
  pause()
  const { KeyMetadata: { KeyId = '' } = {} } = await kms.createKey({})
  await admitted(8, () => kms.createKey({}))
  assert.equal(await createKey(), 'ThrottlingException')
  assert.equal(await admitted(50, () => kms.describeKey({ KeyId })), 50)
  assert.equal(await admitted(50, () => kms.encrypt({ KeyId, Plaintext: Buffer.from('x') })), 50)
  assert.deepEqual([await createKey(elsewhere), await createKey(stranger)], ['OK', 'OK'])
})

test('GetParametersForImport works once a second', async () => {
  pause()
  const { KeyMetadata: { KeyId = '' } = {} } = await kms.createKey({ Origin: 'EXTERNAL' })
  await parametersFor(kms, KeyId)
  await refused(parametersFor(kms, KeyId), 'ThrottlingException', text)
  server.clock.advance(999)
  await refused(parametersFor(kms, KeyId), 'ThrottlingException', text)
  server.clock.advance(1)
  await parametersFor(kms, KeyId)
})

test('data key pairs are counted by their spec', async () => {
  pause()
  const { KeyMetadata: { KeyId = '' } = {} } = await kms.createKey({})
  const pair = { KeyId, KeyPairSpec: 'ECC_NIST_P256' } as const
  assert.equal(await admitted(110, () => kms.generateDataKeyPairWithoutPlaintext(pair)), 100)
  assert.equal(await outcomeOf(kms.generateDataKeyPair(pair)), 'ThrottlingException')
  assert.equal(await outcomeOf(kms.generateDataKeyPair({ ...pair, KeyPairSpec: 'ECC_NIST_P384' })), 'OK')
})

test('what is throttled is recorded, changes nothing, and is not looked at further', async () => {
  pause()
  const { KeyMetadata: { KeyId = '' } = {} } = await kms.createKey({})
  assert.equal(await admitted(6, () => kms.updateKeyDescription({ KeyId, Description: 'before' })), 5)
  await refused(kms.updateKeyDescription({ KeyId, Description: 'after' }), 'ThrottlingException', text)
  const record = (await server.records()).at(-1) ?? {}
  assert.deepEqual(
    ['eventName', 'errorCode', 'errorMessage', 'requestParameters', 'resources'].map(name => record[name]),
    ['UpdateKeyDescription', 'ThrottlingException', text, { keyId: KeyId, description: 'after' }, []],
  )
  assert.equal((await kms.describeKey({ KeyId })).KeyMetadata?.Description, 'before')
  await refused(kms.updateKeyDescription({ KeyId: 'none', Description: '' }), 'ThrottlingException', text)
})

test('refusals and dry runs count as well', async () => {
  pause()
  for (let call = 0; call < 5; call++) {
    assert.equal(await outcomeOf(kms.disableKey({ KeyId: 'none' })), 'NotFoundException')
  }
  assert.equal(await outcomeOf(kms.disableKey({ KeyId: 'none' })), 'ThrottlingException')
  const { KeyMetadata: { KeyId = '' } = {} } = await kms.createKey({})
  const pair = { KeyId, KeyPairSpec: 'RSA_4096', DryRun: true } as const
  assert.equal(await outcomeOf(kms.generateDataKeyPair(pair)), 'DryRunOperationException')
  assert.equal(await outcomeOf(kms.generateDataKeyPair(pair)), 'ThrottlingException')
})

test('requests for keys that there are not count for every kind of key', async () => {
  pause()
  const digest = { Message: Buffer.alloc(32), MessageType: 'DIGEST', SigningAlgorithm: 'ECDSA_SHA_256' } as const
  const sign = () => kms.sign({ KeyId: 'none', ...digest })
  const outcomes = await Promise.all(Array.from({ length: 1001 }, () => outcomeOf(sign())))
  assert.deepEqual(
    ['NotFoundException', 'ThrottlingException'].map(code => outcomes.filter(outcome => outcome === code).length),
    [1000, 1],
  )
  await refused(sign(), 'ThrottlingException', text)
})

test('a stranger uses up no quota of a key store that is not for it', async () => {
  pause()
  const { KeyMetadata: { KeyId = '', Arn = '' } = {} } = await kms.createKey({})
  const { store } = server.app
  const view = store.view()
  const id = keyRow('000000000000', 'us-east-1', KeyId)
  const document = { ...((await view.get('key', id)) ?? assert.fail('no key')), keyStore: { id: 'cks-0' } }
  assert.equal(await store.commit(view, [{ put: 'key', id, document }], []), 'committed')
  const encrypt = (client: KMS) => outcomeOf(client.encrypt({ KeyId: Arn, Plaintext: Buffer.of(0) }))
  const denials = await Promise.all(Array.from({ length: 1000 }, () => encrypt(stranger)))
  assert.deepEqual(new Set(denials), new Set(['AccessDeniedException']))
  const rate = 1800
  const outcomes = await Promise.all(Array.from({ length: rate + 1 }, () => encrypt(kms)))
  assert.equal(outcomes.filter(outcome => outcome === 'KMSInvalidStateException').length, rate)
  assert.equal(outcomes.filter(outcome => outcome === 'ThrottlingException').length, 1)
})

test('time passes for quotas while the clock of the machine is turned back', async () => {
  pause()
  assert.equal(await admitted(8, () => kms.createKey({})), 5)
  server.clock.advance(-60_000)
  assert.equal(await createKey(), 'ThrottlingException')
  server.clock.advance(1000)
  assert.equal(await admitted(8, () => kms.createKey({})), 5)
  server.clock.advance(60_000)
})

test('a request that loses races is counted once', async () => {
  pause()
  const { store } = server.app
  const commit = store.commit.bind(store)
  let races = 0
  mock.method(store, 'commit', async (...args: Parameters<typeof commit>) =>
    races++ % 4 < 3 ? 'conflict' : await commit(...args),
  )
  for (let call = 0; call < 5; call++) assert.equal(await createKey(), 'OK')
  assert.equal(races, 20)
  mock.restoreAll()
  assert.equal(await createKey(), 'ThrottlingException')
})

test('who is not known is not counted', async () => {
  pause()
  const forged = server.client({ credentials: { accessKeyId: server.accessKeyId, secretAccessKey: 'x' } })
  for (let call = 0; call < 10; call++) assert.equal(await createKey(forged), 'InvalidSignatureException')
  assert.equal(await createKey(), 'OK')
})

test('without the option there is no limit', async () => {
  const unlimited = await start()
  unlimited.clock.hold()
  try {
    const client = unlimited.client()
    assert.equal(await admitted(50, () => client.createKey({})), 50)
  } finally {
    await unlimited.stop()
  }
})
