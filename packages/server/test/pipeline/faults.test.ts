import assert from 'node:assert/strict'
import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { after, afterEach, beforeEach, mock, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { SealError } from '../../src/seal/seal.ts'
import { keyRow, TamperedRow, type DocumentStore, type View } from '../../src/store/documents.ts'
import { membersOf, outcomeOf, refused } from '../support/answers.ts'
import { start } from '../support/server.ts'
import { post } from '../support/signed-http.ts'

/** What callers see when the store fails, is slow, or is used by many at once. */

const server = await start()
after(() => server.stop())
const kms = server.client()
const { store, seal } = server.app
const commit = store.commit.bind(store)
const secret = Buffer.from('correct horse battery staple')

let KeyId: string
let ciphertext: Uint8Array | undefined
beforeEach(async () => {
  KeyId = (await kms.createKey({})).KeyMetadata?.KeyId ?? ''
  ciphertext = (await kms.encrypt({ KeyId, Plaintext: secret })).CiphertextBlob
  server.logged.length = 0
})
afterEach(() => {
  mock.restoreAll()
  syncBuiltinESMExports()
})

const describe = async () => (await kms.describeKey({ KeyId })).KeyMetadata
const recordsOf = async (eventName: string) =>
  (await server.records()).filter(
    record => record['eventName'] === eventName && JSON.stringify(record['resources']).includes(KeyId),
  )
const alarms = () => server.logged.map(({ level, event }) => `${level} ${event}`)

/** Nothing is written, and whether it was is not known. */
const lose = () =>
  mock.method(store, 'commit', async () => Promise.reject(new Error(`disk full of ${secret.toString()}`)))
/** Everything is written, and it is not known either. */
const keepAndFail = () =>
  mock.method(store, 'commit', async (...args: Parameters<DocumentStore['commit']>) => {
    await commit(...args)
    throw new Error('connection lost')
  })

const operations: Record<string, () => Promise<unknown>> = {
  Encrypt: () => kms.encrypt({ KeyId, Plaintext: secret }),
  Decrypt: () => kms.decrypt({ CiphertextBlob: ciphertext }),
  GenerateDataKey: () => kms.generateDataKey({ KeyId, NumberOfBytes: 32 }),
  CreateKey: () => kms.createKey({}),
  CreateAlias: () => kms.createAlias({ AliasName: `alias/${KeyId}`, TargetKeyId: KeyId }),
  DescribeKey: () => kms.describeKey({ KeyId }),
  DisableKey: () => kms.disableKey({ KeyId }),
  ListKeys: () => kms.listKeys({}),
  'DescribeKey of none': () => kms.describeKey({ KeyId: 'x' }),
  'Decrypt of nothing': () => kms.decrypt({ CiphertextBlob: secret }),
  'TagResource with too many tags': () =>
    kms.tagResource({ KeyId, Tags: Array.from({ length: 51 }, (_, at) => ({ TagKey: `${at}`, TagValue: '' })) }),
}

for (const [name, call] of Object.entries(operations)) {
  test(`C16: ${name} neither succeeds nor is refused when nothing can be recorded`, async () => {
    const before = await describe()
    const recorded = (await server.records()).length
    lose()
    await refused(call(), 'KMSInternalException', undefined, 500)
    assert.deepEqual(alarms(), ['error internal error'])
    assert.equal((await server.records()).length, recorded)
    mock.restoreAll()
    assert.deepEqual(await describe(), before)
  })
}

test('C16: the answer has no word of what has failed, nor of the plaintext', async () => {
  lose()
  for (const [operation, body] of [
    ['Decrypt', { CiphertextBlob: Buffer.from(ciphertext ?? []).toString('base64') }],
    ['DescribeKey', { KeyId: 'x' }],
  ] as const) {
    const answer = await post(server, { operation, body })
    assert.deepEqual([answer.status, answer.body], [500, '{"__type":"KMSInternalException"}'])
    const id = answer.headers.get('x-amzn-requestid')?.[0]
    assert.ok(server.logged.some(event => event['requestId'] === id && event['operation'] === operation))
  }
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const identity = { service: 'sts', headers: form, body: 'Action=GetCallerIdentity&Version=2011-06-15' }
  const answer = await post(server, identity)
  assert.equal(answer.status, 500)
  assert.match(answer.body, /<Type>Receiver<\/Type><Code>InternalFailure<\/Code><\/Error>/)
})

test('C16: what was done although it was reported as failed is there, with its record, and may be asked for again', async () => {
  keepAndFail()
  const tag = () => kms.tagResource({ KeyId, Tags: [{ TagKey: 'a', TagValue: 'b' }] })
  await refused(tag(), 'KMSInternalException', undefined, 500)
  await refused(kms.scheduleKeyDeletion({ KeyId }), 'KMSInternalException', undefined, 500)
  mock.restoreAll()
  assert.equal((await describe())?.KeyState, 'PendingDeletion')
  assert.equal((await recordsOf('TagResource')).length, 1)
  assert.equal((await recordsOf('ScheduleKeyDeletion')).length, 1)
  await kms.cancelKeyDeletion({ KeyId })
  await tag()
  assert.deepEqual((await kms.listResourceTags({ KeyId })).Tags, [{ TagKey: 'a', TagValue: 'b' }])
})

test('C11: no answer leaves before its record is durable', async () => {
  let reached = (): void => {}
  const isCommitting = new Promise<void>(resolve => (reached = resolve))
  let release = (): void => {}
  const isDurable = new Promise<void>(resolve => (release = resolve))
  mock.method(store, 'commit', async (...args: Parameters<DocumentStore['commit']>) => {
    reached()
    await isDurable
    return await commit(...args)
  })
  let answered = false
  const call = kms.decrypt({ CiphertextBlob: ciphertext }).then(output => {
    answered = true
    return output
  })
  await isCommitting
  for (let turns = 0; turns < 50; turns++) await turn()
  assert.equal(answered, false)
  assert.equal((await recordsOf('Decrypt')).length, 0)
  release()
  assert.deepEqual(Buffer.from((await call).Plaintext ?? []), secret)
  assert.equal((await recordsOf('Decrypt')).length, 1)
})

/** Before the next commit something else happens that takes no part in it. */
function comeBetween(act: () => Promise<unknown>): void {
  mock.method(store, 'commit', async (...args: Parameters<DocumentStore['commit']>) => {
    mock.restoreAll()
    await act()
    return await commit(...args)
  })
}

test('C17: what was decided on a key that has changed meanwhile is decided again', async () => {
  comeBetween(() => kms.disableKey({ KeyId }))
  const arn = (await membersOf(kms.describeKey({ KeyId }))).KeyMetadata?.Arn
  assert.equal((await describe())?.KeyState, 'Disabled')
  await kms.enableKey({ KeyId })
  comeBetween(() => kms.disableKey({ KeyId }))
  await refused(kms.decrypt({ CiphertextBlob: ciphertext }), 'DisabledException', `${arn} is disabled.`)
  comeBetween(() => kms.enableKey({ KeyId }))
  // A refusal is a decision too.
  assert.deepEqual(Buffer.from((await kms.decrypt({ CiphertextBlob: ciphertext })).Plaintext ?? []), secret)
  assert.deepEqual(
    (await recordsOf('Decrypt')).map(record => record['errorCode']),
    ['DisabledException', undefined],
  )
})

test('C17: an access key that was withdrawn meanwhile signs nothing any more', async () => {
  comeBetween(async () => {
    const view = store.view()
    const accessKey = await view.get('access-key', server.accessKeyId)
    assert.ok(accessKey)
    const document = { ...accessKey, status: 'Inactive' as const }
    await commit(view, [{ put: 'access-key', id: accessKey.id, document }], [])
  })
  await refused(
    kms.decrypt({ CiphertextBlob: ciphertext }),
    'UnrecognizedClientException',
    'The security token included in the request is invalid.',
  )
  assert.equal((await recordsOf('Decrypt')).length, 0)
  const view = store.view()
  const accessKey = await view.get('access-key', server.accessKeyId)
  assert.ok(accessKey)
  await commit(view, [{ put: 'access-key', id: accessKey.id, document: { ...accessKey, status: 'Active' } }], [])
})

test('a request that loses every race gives up as an internal error', async () => {
  const conflicts = mock.method(store, 'commit', async () => 'conflict' as const)
  await refused(kms.enableKey({ KeyId }), 'KMSInternalException', undefined, 500)
  const attempts = conflicts.mock.callCount()
  assert.ok(attempts > 10 && attempts <= 1000, String(attempts))
  assert.deepEqual(alarms(), ['error internal error'])
})

const readFailures: [title: string, error: Error, code: string, alarm: string][] = [
  ['a bug', new TypeError(`Cannot read ${secret.toString()}`), 'KMSInternalException', 'error internal error'],
  ['a row that was tampered with', new TamperedRow('key', 'x'), 'KeyUnavailableException', 'error tampered row'],
  ['a record that does not open', new SealError('does not open'), 'KeyUnavailableException', 'error tampered row'],
]

/** Reads of keys fail from now on. */
function failReads(error: Error): void {
  const open = store.view.bind(store)
  mock.method(store, 'view', () => {
    const view = open()
    const get = view.get.bind(view)
    mock.method(view, 'get', (...args: Parameters<View['get']>) =>
      args[0] === 'key' ? Promise.reject(error) : get(...args),
    )
    return view
  })
}

for (const [title, error, code, alarm] of readFailures) {
  test(`${title} is answered with ${code}, logged, and recorded without detail`, async () => {
    failReads(error)
    const recorded = (await server.records()).length
    const answer = await post(server, { operation: 'DescribeKey', body: { KeyId } })
    assert.deepEqual([answer.status, answer.body], [500, `{"__type":"${code}"}`])
    assert.deepEqual(alarms(), [alarm])
    const records = (await server.records()).slice(recorded)
    assert.deepEqual(
      records.map(({ errorCode, errorMessage }) => [errorCode, errorMessage]),
      [[code, undefined]],
    )
    assert.ok(!JSON.stringify(records).includes(secret.toString()))
  })

  test(`${title} that came of a race is no alarm: it is decided again`, async () => {
    failReads(error)
    mock.method(store, 'commit', async () => {
      mock.restoreAll()
      return 'conflict' as const
    })
    assert.equal((await describe())?.KeyId, KeyId)
    assert.deepEqual(alarms(), [])
  })
}

test('material whose seal is broken makes its key unavailable, and no other', async () => {
  const other = (await kms.createKey({})).KeyMetadata?.KeyId ?? ''
  mock.method(seal, 'open', () => {
    throw new SealError('A sealed record does not open.')
  })
  await refused(kms.encrypt({ KeyId: other, Plaintext: secret }), 'KeyUnavailableException', undefined, 500)
  await kms.encrypt({ KeyId, Plaintext: secret })
  mock.restoreAll()
  await kms.encrypt({ KeyId: other, Plaintext: secret })
  assert.deepEqual(alarms(), ['error tampered row'])
})

test('C17: of 64 descriptions put at once, all are recorded, and the last record is what is there', async () => {
  const puts = Array.from({ length: 64 }, (_, at) => kms.updateKeyDescription({ KeyId, Description: `number ${at}` }))
  await Promise.all(puts)
  const descriptions = (await recordsOf('UpdateKeyDescription')).map(
    record => (record['requestParameters'] as { description: string }).description,
  )
  assert.equal(new Set(descriptions).size, 64)
  assert.equal((await describe())?.Description, descriptions.at(-1))
})

test('C10: 300 changes of one key at once all happen, and none is decided more than a few times', async () => {
  const { KeyMetadata: { KeyId: contested = '' } = {} } = await kms.createKey({})
  const commit = mock.method(store, 'commit').mock
  const outcomes = await Promise.all(
    Array.from({ length: 300 }, (_, at) =>
      outcomeOf(
        at % 2
          ? kms.updateKeyDescription({ KeyId: contested, Description: `number ${at}` })
          : kms.createGrant({
              KeyId: contested,
              GranteePrincipal: `arn:aws:iam::${'0'.repeat(12)}:root`,
              Operations: ['Encrypt'],
            }),
      ),
    ),
  )
  assert.deepEqual(new Set(outcomes), new Set(['OK']))
  assert.ok(commit.callCount() < 300 * 4, `${commit.callCount()} decisions`)
  mock.restoreAll()
})

test('C17: changes of different kinds at once lose nothing of each other', async () => {
  const policy = (await kms.getKeyPolicy({ KeyId })).Policy ?? ''
  const calls = Array.from({ length: 12 }, (_, at) => [
    kms.tagResource({ KeyId, Tags: [{ TagKey: `t${at}`, TagValue: '' }] }),
    kms.createAlias({ AliasName: `alias/${KeyId}/${at}`, TargetKeyId: KeyId }),
    kms.updateKeyDescription({ KeyId, Description: 'described' }),
    kms.putKeyPolicy({ KeyId, Policy: `${policy}\n` }),
    kms.encrypt({ KeyId, Plaintext: secret }),
    kms.disableKey({ KeyId: KeyId.toUpperCase() }),
  ])
  const outcomes = await Promise.all(calls.flat().map(call => outcomeOf(call)))
  assert.deepEqual(new Set(outcomes), new Set(['OK', 'NotFoundException']))
  assert.equal((await kms.listResourceTags({ KeyId })).Tags?.length, 12)
  assert.equal((await kms.listAliases({ KeyId })).Aliases?.length, 12)
  assert.equal((await describe())?.Description, 'described')
  assert.equal((await kms.getKeyPolicy({ KeyId })).Policy, `${policy}\n`)
  const view = store.view()
  assert.equal((await view.get('key', keyRow('000000000000', 'us-east-1', KeyId)))?.aliases.length, 12)
})

test('C12: the blobs of a request and of its answer are wiped when it is answered, be it as a failure', async () => {
  const { KeyMetadata } = await kms.createKey({ Origin: 'EXTERNAL' })
  const { services } = server.app
  const blobs: Uint8Array[] = []
  const take = services.wrappingKeys.take.bind(services.wrappingKeys)
  const decrypt = services.publicKeys.decrypt.bind(services.publicKeys)
  const observe = () => {
    mock.method(services.wrappingKeys, 'take', async (...args: Parameters<typeof take>) => {
      const pair = await take(...args)
      blobs.push(pair.publicKey)
      return pair
    })
    mock.method(services.publicKeys, 'decrypt', async (...args: Parameters<typeof decrypt>) => {
      blobs.push(args[3])
      return await decrypt(...args)
    })
  }
  observe()
  const external = { KeyId: KeyMetadata?.KeyId, WrappingKeySpec: 'RSA_2048' } as const
  const wanted = await kms.getParametersForImport({ ...external, WrappingAlgorithm: 'RSAES_OAEP_SHA_256' })
  const garbage = {
    KeyId: KeyMetadata?.KeyId,
    ImportToken: wanted.ImportToken,
    EncryptedKeyMaterial: Buffer.alloc(256, 1),
    ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE',
  } as const
  await refused(kms.importKeyMaterial(garbage), 'InvalidCiphertextException')
  lose()
  await refused(kms.importKeyMaterial(garbage), 'KMSInternalException', undefined, 500)
  assert.deepEqual(
    blobs.map(blob => blob.length),
    [294, 256, 256],
  )
  for (const blob of blobs) assert.ok(blob.every(byte => byte === 0))
})

test('C12: a secret that was made is wiped when it does not leave: after a dry run, or if it cannot be encrypted', async () => {
  const made: Uint8Array[] = []
  const fill = crypto.randomFillSync.bind(crypto)
  mock.method(crypto, 'randomFillSync', (bytes: Buffer) => {
    if (bytes.length === 777) made.push(bytes)
    return fill(bytes)
  })
  syncBuiltinESMExports()
  const { publicKeys } = server.app.services
  const generate = publicKeys.generate.bind(publicKeys)
  mock.method(publicKeys, 'generate', async (...args: Parameters<typeof generate>) => {
    const pair = await generate(...args)
    made.push(pair.privateKey)
    return pair
  })
  const dataKey = { KeyId, NumberOfBytes: 777 }
  const dataKeyPair = { KeyId, KeyPairSpec: 'ECC_NIST_P256' } as const
  const tooLarge = { EncryptionContext: { a: 'x'.repeat(70_000) } }
  for (const [wish, code] of [
    [{ DryRun: true }, 'DryRunOperationException'],
    [tooLarge, 'ValidationException'],
  ] as const) {
    assert.equal(await outcomeOf(kms.generateDataKey({ ...dataKey, ...wish })), code)
    assert.equal(await outcomeOf(kms.generateDataKeyPair({ ...dataKeyPair, ...wish })), code)
  }
  assert.deepEqual(
    made.map(({ length }) => length),
    [777, 138, 777, 138],
  )
  for (const bytes of made) assert.ok(bytes.every(byte => byte === 0))
})
