import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, describe, test } from 'node:test'
import type { DecryptCommandInput, EncryptCommandInput } from '@aws-sdk/client-kms'
import { constraint, membersOf, noText, refusalOf, refused } from '../support/answers.ts'
import { days, start } from '../support/server.ts'

const foreign = await start(['--account', '111122223333'])
const foreignKey = (await foreign.client().createKey({})).KeyMetadata?.Arn
const foreignBlob = (await foreign.client().encrypt({ KeyId: foreignKey, Plaintext: Buffer.of(1) })).CiphertextBlob
let server = await foreign.restart({ flags: [] })
after(() => server.stop())
let kms = server.client()

const { KeyMetadata: { KeyId = '', Arn = '', CurrentKeyMaterialId } = {} } = await kms.createKey({})
await kms.createAlias({ AliasName: 'alias/secrets', TargetKeyId: KeyId })
const aliasArn = Arn.replace(/key\/.*/, 'alias/secrets')
const names = [KeyId, Arn, 'alias/secrets', aliasArn]
const { KeyMetadata: { KeyId: other = '' } = {} } = await kms.createKey({})
const symmetric = 'SYMMETRIC_DEFAULT'
const incorrectKey = 'The key ID in the request does not identify a CMK that can perform this operation.'

async function encrypted(Plaintext: Uint8Array, input: Partial<EncryptCommandInput> = {}): Promise<Uint8Array> {
  const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext, ...input })
  assert.ok(CiphertextBlob)
  return CiphertextBlob
}

async function decrypted(CiphertextBlob: Uint8Array, input: Partial<DecryptCommandInput> = {}): Promise<Buffer> {
  const { Plaintext } = await kms.decrypt({ CiphertextBlob, ...input })
  assert.ok(Plaintext)
  return Buffer.from(Plaintext)
}

/** Refused with one answer and no text, whatever was wrong. */
const unreadable = (input: DecryptCommandInput): Promise<void> =>
  refused(kms.decrypt(input), 'InvalidCiphertextException')

test('encrypts under a key by any of its names, and decrypts by any of them or none', async () => {
  for (const name of names) {
    const Plaintext = Buffer.from(name)
    const { CiphertextBlob, ...rest } = await membersOf(kms.encrypt({ KeyId: name, Plaintext }))
    assert.deepEqual(rest, { KeyId: Arn, EncryptionAlgorithm: symmetric })
    for (const KeyId of [undefined, ...names]) {
      const answer = await membersOf(kms.decrypt({ CiphertextBlob, KeyId }))
      assert.deepEqual(
        { ...answer, Plaintext: Buffer.from(answer.Plaintext ?? []) },
        { KeyId: Arn, Plaintext, EncryptionAlgorithm: symmetric, KeyMaterialId: CurrentKeyMaterialId },
      )
    }
  }
})

test('follows an alias to the key that it points to now', async () => {
  await kms.createAlias({ AliasName: 'alias/moving', TargetKeyId: KeyId })
  const CiphertextBlob = await encrypted(Buffer.from('before'), { KeyId: 'alias/moving' })
  await kms.updateAlias({ AliasName: 'alias/moving', TargetKeyId: other })
  await refused(kms.decrypt({ CiphertextBlob, KeyId: 'alias/moving' }), 'IncorrectKeyException', incorrectKey)
  assert.equal((await kms.decrypt({ CiphertextBlob })).KeyId, Arn)
})

for (const size of [1, 15, 16, 17, 4095, 4096]) {
  test(`takes ${size} bytes and gives them back; the ciphertext differs each time`, async () => {
    const plaintext = randomBytes(size)
    const blobs = [await encrypted(plaintext), await encrypted(plaintext)]
    for (const blob of blobs) {
      assert.equal(blob.length, size + 80)
      assert.deepEqual(await decrypted(blob), plaintext)
    }
    assert.notDeepEqual(blobs[0], blobs[1])
  })
}

test('decrypts after the server was started again', async () => {
  const CiphertextBlob = await encrypted(Buffer.from('from before'), { EncryptionContext: { a: 'b' } })
  server = await server.restart()
  kms = server.client()
  assert.deepEqual(await decrypted(CiphertextBlob, { EncryptionContext: { a: 'b' } }), Buffer.from('from before'))
})

describe('the encryption context', () => {
  const plaintext = Buffer.from('in context')
  const same: [what: string, made: Context, given: Context][] = [
    ['in another order', { a: '1', b: '2', c: '3' }, { c: '3', a: '1', b: '2' }],
    ['of none', undefined, undefined],
    ['of none, given as an empty one', undefined, {}],
    ['of an empty one, left out', {}, undefined],
    ['with empty texts', { '': 'a', b: '' }, { b: '', '': 'a' }],
    ['beyond ASCII', { schlüssel: 'wért', 鍵: '🔑\u0000\u001f' }, { 鍵: '🔑\u0000\u001f', schlüssel: 'wért' }],
    ['that sorts differently in UTF-16', { '\u{10000}': 'a', '\uffff': 'b' }, { '\uffff': 'b', '\u{10000}': 'a' }],
    ['with names that JavaScript knows', special('x'), special('x')],
    ['of 4 KB', { large: 'x'.repeat(4096) }, { large: 'x'.repeat(4096) }],
  ]
  for (const [what, made, given] of same) {
    test(`opens with the same one: ${what}`, async () => {
      const CiphertextBlob = await encrypted(plaintext, withContext(made))
      assert.deepEqual(await decrypted(CiphertextBlob, withContext(given)), plaintext)
    })
  }

  const different: [what: string, made: Context, given: Context][] = [
    ['none', { a: 'b' }, undefined],
    ['an empty one', { a: 'b' }, {}],
    ['one where there was none', undefined, { a: 'b' }],
    ['a part of it', { a: '1', b: '2' }, { a: '1' }],
    ['more than it', { a: '1' }, { a: '1', b: '2' }],
    ['another value', { a: 'b' }, { a: 'c' }],
    ['another name', { a: 'b' }, { c: 'b' }],
    ['a value in capitals', { a: 'b' }, { a: 'B' }],
    ['a name in capitals', { a: 'b' }, { A: 'b' }],
    ['name and value exchanged', { a: 'b' }, { b: 'a' }],
    ['values exchanged', { a: '1', b: '2' }, { a: '2', b: '1' }],
    ['the same characters, cut elsewhere', { ab: 'c' }, { a: 'bc' }],
    ['two pairs run together', { a: 'b', c: 'd' }, { a: 'bcd' }],
    ['a space more', { a: 'b' }, { a: 'b ' }],
    ['a zero byte more', { a: 'b' }, { a: 'b\0' }],
    ['the same letters, composed', { a: 'e\u0301' }, { a: '\u00e9' }],
    ['a pair of empty texts', undefined, { '': '' }],
    ['another value under a name that JavaScript knows', special('x'), special('y')],
  ]
  for (const [what, made, given] of different) {
    test(`does not open with ${what}`, async () => {
      const CiphertextBlob = await encrypted(plaintext, withContext(made))
      await unreadable({ CiphertextBlob, ...withContext(given) })
      await unreadable({ CiphertextBlob, KeyId, ...withContext(given) })
      assert.deepEqual(await decrypted(CiphertextBlob, withContext(made)), plaintext)
    })
  }

  test('is refused if a value is no text', async () => {
    const EncryptionContext = { a: 1 as never }
    for (const call of [
      kms.encrypt({ KeyId, Plaintext: plaintext, EncryptionContext }),
      kms.decrypt({ CiphertextBlob: plaintext, EncryptionContext }),
    ]) {
      assert.equal((await refusalOf(call)).name, 'SerializationException')
    }
  })
})

type Context = Record<string, string> | undefined
const withContext = (EncryptionContext: Context) => (EncryptionContext ? { EncryptionContext } : {})
function special(value: string): Record<string, string> {
  const pairs: Record<string, string> = Object.create(null)
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) pairs[name] = value
  return pairs
}

describe('a ciphertext', async () => {
  const EncryptionContext = { purpose: 'tampering' }
  const blob = Buffer.from(await encrypted(Buffer.from('x'), { EncryptionContext }))
  const KeyIds = [undefined, KeyId]

  test('is refused with any one of its bits changed, wherever', async () => {
    for (let at = 0; at < blob.length; at++) {
      const CiphertextBlob = Buffer.from(blob)
      CiphertextBlob[at] = (blob[at] ?? 0) ^ (1 << (at % 8))
      await unreadable({ CiphertextBlob, EncryptionContext, KeyId: KeyIds[at % 2] })
    }
  })

  test('is refused cut short anywhere, and with anything behind it', async () => {
    for (let size = 1; size < blob.length; size++) {
      await unreadable({ CiphertextBlob: blob.subarray(0, size), EncryptionContext, KeyId: KeyIds[size % 2] })
    }
    for (const more of [1, 16, 6_000]) {
      await unreadable({ CiphertextBlob: Buffer.concat([blob, Buffer.alloc(more)]), EncryptionContext })
    }
  })

  test('is refused if it is none of ours', async () => {
    for (const CiphertextBlob of [
      randomBytes(200),
      Buffer.alloc(6144),
      Buffer.from(blob.toString('base64')),
      Buffer.from('AQICAHh0', 'base64'),
      blob.subarray(1),
    ]) {
      await unreadable({ CiphertextBlob })
      await unreadable({ CiphertextBlob, KeyId })
    }
  })

  test('is refused if it is made of two', async () => {
    const another = Buffer.from(await encrypted(Buffer.from('y'), { EncryptionContext }))
    for (const cut of [4, 36, 52, 64, 65]) {
      const CiphertextBlob = Buffer.concat([blob.subarray(0, cut), another.subarray(cut)])
      // Up to the end of the material id they are the same.
      if (cut <= 36) assert.deepEqual(await decrypted(CiphertextBlob, { EncryptionContext }), Buffer.from('y'))
      else await unreadable({ CiphertextBlob, EncryptionContext })
    }
  })

  test('is refused under another key than its own, which is asked before the state of that', async () => {
    await refused(
      kms.decrypt({ CiphertextBlob: blob, EncryptionContext, KeyId: other }),
      'IncorrectKeyException',
      incorrectKey,
    )
    await kms.disableKey({ KeyId: other })
    const wrong = kms.decrypt({ CiphertextBlob: blob, EncryptionContext: {}, KeyId: other })
    await refused(wrong, 'IncorrectKeyException', incorrectKey)
    await kms.enableKey({ KeyId: other })
  })

  test('says nothing in another Region', async () => {
    const elsewhere = server.client({ region: 'eu-west-1' })
    const { KeyMetadata } = await elsewhere.createKey({})
    for (const KeyId of [undefined, KeyMetadata?.KeyId]) {
      const call = elsewhere.decrypt({ CiphertextBlob: blob, EncryptionContext, KeyId })
      await refused(call, 'InvalidCiphertextException')
    }
    const named = elsewhere.decrypt({ CiphertextBlob: blob, EncryptionContext, KeyId: Arn })
    await refused(named, 'NotFoundException', 'Invalid arn us-east-1')
  })

  test('of another account is denied, with its key and without; under one of ours it is the wrong one', async () => {
    const denied = (place: string): string =>
      `User: arn:aws:iam::000000000000:user/administrator is not authorized to perform: kms:Decrypt on ${place} because ` +
      'the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy ' +
      'explicitly denies access'
    await refused(
      kms.decrypt({ CiphertextBlob: foreignBlob }),
      'AccessDeniedException',
      denied('the resource associated with this ciphertext'),
    )
    await refused(
      kms.decrypt({ CiphertextBlob: foreignBlob, KeyId: foreignKey }),
      'AccessDeniedException',
      denied('this resource'),
    )
    await refused(kms.decrypt({ CiphertextBlob: foreignBlob, KeyId }), 'IncorrectKeyException', incorrectKey)
  })

  test('is beyond recovery once its key is gone', async () => {
    const { KeyMetadata } = await kms.createKey({})
    const { KeyId, Arn } = KeyMetadata ?? {}
    const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext: Buffer.of(1) })
    await kms.scheduleKeyDeletion({ KeyId, PendingWindowInDays: 7 })
    server.clock.advance(7 * days)
    const pending = `${Arn} is pending deletion.`
    await refused(kms.decrypt({ CiphertextBlob }), 'KMSInvalidStateException', pending)
    await server.settle()
    await unreadable({ CiphertextBlob })
    const gone = `Key '${Arn}' does not exist`
    await refused(kms.decrypt({ CiphertextBlob, KeyId }), 'NotFoundException', gone)
    await refused(kms.encrypt({ KeyId, Plaintext: Buffer.of(1) }), 'NotFoundException', gone)
  })
})

describe('a dry run', async () => {
  const CiphertextBlob = await encrypted(Buffer.from('dry'))
  const DryRun = true
  const DryRunModifiers = ['IGNORE_CIPHERTEXT'] as 'IGNORE_CIPHERTEXT'[]
  const success = 'The request would have succeeded, but the DryRun option is set.'

  test('says what would have succeeded', async () => {
    for (const call of [
      kms.encrypt({ KeyId, Plaintext: Buffer.of(1), DryRun }),
      kms.decrypt({ CiphertextBlob, DryRun }),
      kms.decrypt({ CiphertextBlob, KeyId, DryRun }),
      kms.decrypt({ KeyId, DryRun, DryRunModifiers }),
      kms.decrypt({ KeyId, CiphertextBlob: Buffer.from('ignored'), DryRun, DryRunModifiers }),
    ]) {
      await refused(call, 'DryRunOperationException', success)
    }
    assert.deepEqual(await decrypted(CiphertextBlob, { DryRun: false }), Buffer.from('dry'))
  })

  test('says what would not have', async () => {
    const EncryptionContext = { a: 'b' }
    await unreadable({ CiphertextBlob, EncryptionContext, DryRun })
    const wrongKey = kms.decrypt({ CiphertextBlob, KeyId: other, DryRun })
    await refused(wrongKey, 'IncorrectKeyException', incorrectKey)
    const algorithm = { DryRun, EncryptionAlgorithm: 'RSAES_OAEP_SHA_1' } as const
    const unfit = 'Algorithm RSAES_OAEP_SHA_1 is incompatible with key spec SYMMETRIC_DEFAULT.'
    const encryption = kms.encrypt({ KeyId, Plaintext: Buffer.of(1), ...algorithm })
    await refused(encryption, 'InvalidKeyUsageException', unfit)
    await refused(kms.decrypt({ KeyId, DryRunModifiers, ...algorithm }), 'InvalidKeyUsageException', unfit)
    await kms.disableKey({ KeyId: other })
    const disabled = `${Arn.replace(KeyId, other)} is disabled.`
    await refused(kms.encrypt({ KeyId: other, Plaintext: Buffer.of(1), DryRun }), 'DisabledException', disabled)
    await refused(kms.decrypt({ KeyId: other, DryRun, DryRunModifiers }), 'DisabledException', disabled)
    await kms.enableKey({ KeyId: other })
  })

  test('needs a ciphertext or a key', async () => {
    const missing = constraint('ciphertextBlob', null, 'not be null')
    await refused(kms.decrypt({ KeyId, CiphertextBlob: undefined }), 'ValidationException', missing)
    await refused(kms.decrypt({ KeyId, DryRun }), 'ValidationException', missing)
    await refused(kms.decrypt({ KeyId, DryRunModifiers }), 'ValidationException', missing)
    await refused(kms.decrypt({ KeyId, DryRun: false, DryRunModifiers }), 'ValidationException', missing)
    const nameless = kms.decrypt({ CiphertextBlob, DryRun, DryRunModifiers })
    await refused(nameless, 'ValidationException', 'KeyId must not be null')
  })
})

const algorithms = '[SYMMETRIC_DEFAULT, RSAES_OAEP_SHA_1, RSAES_OAEP_SHA_256, SM2PKE]'
const unknownAlgorithm = constraint('encryptionAlgorithm', 'AES_256', `satisfy enum value set: ${algorithms}`)

describe('Encrypt', () => {
  const refusals: [what: string, input: object, code: string, text: string][] = [
    ['no plaintext', { Plaintext: undefined }, 'ValidationException', constraint('plaintext', null, 'not be null')],
    [
      'an empty plaintext',
      { Plaintext: Buffer.alloc(0) },
      'ValidationException',
      constraint('plaintext', undefined, 'have length greater than or equal to 1'),
    ],
    [
      '4097 bytes',
      { Plaintext: Buffer.alloc(4097) },
      'ValidationException',
      constraint('plaintext', undefined, 'have length less than or equal to 4096'),
    ],
    ['an unknown algorithm', { EncryptionAlgorithm: 'AES_256' }, 'ValidationException', unknownAlgorithm],
    [
      'an algorithm of RSA keys',
      { EncryptionAlgorithm: 'RSAES_OAEP_SHA_256' },
      'InvalidKeyUsageException',
      'Algorithm RSAES_OAEP_SHA_256 is incompatible with key spec SYMMETRIC_DEFAULT.',
    ],
    [
      'an algorithm of SM2 keys',
      { EncryptionAlgorithm: 'SM2PKE' },
      'InvalidKeyUsageException',
      'Algorithm SM2PKE is incompatible with key spec SYMMETRIC_DEFAULT.',
    ],
    ['a grant token, as there are no grants', { GrantTokens: ['token'] }, 'InvalidGrantTokenException', noText],
    [
      '11 grant tokens, quoting none',
      { GrantTokens: Array(11).fill('token') },
      'ValidationException',
      constraint('grantTokens', undefined, 'have length less than or equal to 10'),
    ],
    [
      'an empty grant token',
      { GrantTokens: [''] },
      'ValidationException',
      constraint(
        'grantTokens',
        undefined,
        'satisfy constraint: [Member must have length less than or equal to 8192, Member must have length greater than or equal to 1]',
      ),
    ],
  ]
  for (const [what, input, code, text] of refusals) {
    test(`refuses ${what}`, () => refused(kms.encrypt({ KeyId, Plaintext: Buffer.of(1), ...input }), code, text))
  }

  test('takes the algorithm of its key, and a list of no grant tokens', async () => {
    const blob = await encrypted(Buffer.of(1), { EncryptionAlgorithm: symmetric, GrantTokens: [] })
    assert.deepEqual(await decrypted(blob, { EncryptionAlgorithm: symmetric, GrantTokens: [] }), Buffer.of(1))
  })
})

describe('Decrypt', async () => {
  const CiphertextBlob = await encrypted(Buffer.from('x'))
  const refusals: [what: string, input: object, code: string, text: string][] = [
    [
      'an empty ciphertext',
      { CiphertextBlob: Buffer.alloc(0) },
      'ValidationException',
      constraint('ciphertextBlob', undefined, 'have length greater than or equal to 1'),
    ],
    [
      'a ciphertext of 6145 bytes',
      { CiphertextBlob: Buffer.alloc(6145) },
      'ValidationException',
      constraint('ciphertextBlob', undefined, 'have length less than or equal to 6144'),
    ],
    ['an unknown algorithm', { EncryptionAlgorithm: 'AES_256' }, 'ValidationException', unknownAlgorithm],
    [
      'an algorithm of RSA keys without a key',
      { EncryptionAlgorithm: 'RSAES_OAEP_SHA_256' },
      'ValidationException',
      'KeyId must not be null',
    ],
    [
      'an algorithm of RSA keys',
      { KeyId, EncryptionAlgorithm: 'RSAES_OAEP_SHA_256' },
      'InvalidKeyUsageException',
      'Algorithm RSAES_OAEP_SHA_256 is incompatible with key spec SYMMETRIC_DEFAULT.',
    ],
    [
      'an attestation document, rather than answer in the clear',
      { Recipient: { KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_256', AttestationDocument: Buffer.of(1) } },
      'UnsupportedOperationException',
      'Recipient (attestation documents) is not supported.',
    ],
    [
      'an empty Recipient likewise',
      { Recipient: {} },
      'UnsupportedOperationException',
      'Recipient (attestation documents) is not supported.',
    ],
    [
      'an unknown modifier of dry runs',
      { DryRun: true, DryRunModifiers: ['IGNORE_POLICY'] },
      'ValidationException',
      constraint(
        'dryRunModifiers',
        '[IGNORE_POLICY]',
        'satisfy constraint: [Member must satisfy enum value set: [IGNORE_CIPHERTEXT]]',
      ),
    ],
    ['a grant token, as there are no grants', { GrantTokens: ['token'] }, 'InvalidGrantTokenException', noText],
  ]
  for (const [what, input, code, text] of refusals) {
    test(`refuses ${what}`, () => refused(kms.decrypt({ CiphertextBlob, ...input }), code, text))
  }
})

test('serves many callers at once, each its own', async () => {
  const plaintexts = Array.from({ length: 100 }, (_, index) => Buffer.from(`caller ${index}`))
  const opened = await Promise.all(
    plaintexts.map(async plaintext => {
      const EncryptionContext = { caller: plaintext.toString() }
      return await decrypted(await encrypted(plaintext, { EncryptionContext }), { EncryptionContext })
    }),
  )
  assert.deepEqual(opened, plaintexts)
})
