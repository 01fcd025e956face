import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, mock, test } from 'node:test'
import type { RecipientInfo } from '@aws-sdk/client-kms'
import { recipientOf } from '../../src/operations/recipient.ts'
import { constraint, membersOf, refusalOf, refused } from '../support/answers.ts'
import {
  formOf,
  makeChain,
  makeDocument,
  moduleId,
  none,
  openEnvelope,
  p384,
  pem,
  registers,
  type DocumentForm,
} from '../support/attestation.ts'
import { allow, userWith } from '../support/identities.ts'
import { hours, start } from '../support/server.ts'

const folder = mkdtempSync(join(tmpdir(), 'keyreeve-roots-'))
const rootsFile = join(folder, 'roots.pem')
const chain = makeChain(Date.now())
const otherChain = makeChain(Date.now(), { root: { key: p384() } })
const [root = assert.fail()] = chain.authorities
const [anotherRoot = assert.fail()] = makeChain(Date.now(), { root: { key: p384() } }).authorities
writeFileSync(rootsFile, `Roots for tests\n${pem(anotherRoot)}${pem(root)}`)

const server = await start(['--attestation-roots', rootsFile])
after(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})
const kms = server.client()

const enclave = generateKeyPairSync('rsa', { modulusLength: 2048 })

function recipientWith(change: (form: DocumentForm) => unknown = () => {}, from = chain): RecipientInfo {
  const form = formOf(from, enclave.publicKey, Date.now())
  change(form)
  return { KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_256', AttestationDocument: makeDocument(form) }
}
const Recipient = recipientWith()
const opened = (envelope: Uint8Array = new Uint8Array()): Buffer => openEnvelope(envelope, enclave.privateKey)

let symmetric = ''
let agreement = ''
let rsa = ''
before(async () => {
  const made = await Promise.all([
    kms.createKey({}),
    kms.createKey({ KeySpec: 'ECC_NIST_P384', KeyUsage: 'KEY_AGREEMENT' }),
    kms.createKey({ KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' }),
  ])
  ;[symmetric = '', agreement = '', rsa = ''] = made.map(({ KeyMetadata }) => KeyMetadata?.Arn)
})

/** The last audit record's `additionalEventData`. */
async function recorded(): Promise<unknown> {
  const records = await server.records()
  return records.at(-1)?.['additionalEventData']
}
const recordedEnclave = {
  attestationDocumentModuleId: moduleId,
  attestationDocumentEnclaveImageDigest: registers[0]?.toString('hex'),
}

test('GenerateRandom answers for an enclave only', async () => {
  for (const NumberOfBytes of [1, 32, 1024]) {
    const { CiphertextForRecipient, ...rest } = await membersOf(kms.generateRandom({ NumberOfBytes, Recipient }))
    assert.deepEqual(rest, {})
    assert.equal(opened(CiphertextForRecipient).length, NumberOfBytes)
  }
  assert.deepEqual(await recorded(), { recipient: recordedEnclave })
})

test('GenerateDataKey answers for an enclave only, and Decrypt the same', async () => {
  const context = { EncryptionContext: { Purpose: 'Enclave' } }
  const wish = { KeyId: symmetric, KeySpec: 'AES_256', Recipient, ...context } as const
  const { CiphertextForRecipient, CiphertextBlob, ...rest } = await membersOf(kms.generateDataKey(wish))
  const dataKey = opened(CiphertextForRecipient)
  assert.equal(dataKey.length, 32)
  assert.deepEqual(Object.keys(rest).toSorted(), ['KeyId', 'KeyMaterialId'])
  assert.deepEqual(await recorded(), { keyMaterialId: rest.KeyMaterialId, recipient: recordedEnclave })

  const { CiphertextForRecipient: again, ...others } = await membersOf(
    kms.decrypt({ CiphertextBlob, Recipient, ...context }),
  )
  assert.deepEqual(opened(again), dataKey)
  assert.deepEqual(others, { ...rest, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' })
  assert.deepEqual(await recorded(), { keyMaterialId: rest.KeyMaterialId, recipient: recordedEnclave })

  const { Plaintext, CiphertextForRecipient: nothing } = await kms.decrypt({ CiphertextBlob, ...context })
  assert.deepEqual(Buffer.from(Plaintext ?? []), dataKey)
  assert.equal(nothing, undefined)
  assert.deepEqual(await recorded(), { keyMaterialId: rest.KeyMaterialId })
})

test('Decrypt under an RSA key answers for an enclave only', async () => {
  const EncryptionAlgorithm = 'RSAES_OAEP_SHA_256'
  const Plaintext = randomBytes(100)
  const { CiphertextBlob } = await kms.encrypt({ KeyId: rsa, EncryptionAlgorithm, Plaintext })
  const answer = await membersOf(kms.decrypt({ KeyId: rsa, EncryptionAlgorithm, CiphertextBlob, Recipient }))
  const { CiphertextForRecipient, ...rest } = answer
  assert.deepEqual(opened(CiphertextForRecipient), Plaintext)
  assert.deepEqual(rest, { KeyId: rsa, EncryptionAlgorithm })
  assert.deepEqual(await recorded(), { recipient: recordedEnclave })
})

test('GenerateDataKeyPair answers the private key for an enclave only', async () => {
  const wish = { KeyId: symmetric, KeyPairSpec: 'RSA_4096', Recipient } as const
  const { CiphertextForRecipient, ...rest } = await membersOf(kms.generateDataKeyPair(wish))
  const privateKey = createPrivateKey({ key: opened(CiphertextForRecipient), format: 'der', type: 'pkcs8' })
  assert.deepEqual(
    createPublicKey(privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()).export({
      format: 'der',
      type: 'spki',
    }),
    Buffer.from(rest.PublicKey ?? []),
  )
  assert.deepEqual(Object.keys(rest).toSorted(), [
    'KeyId',
    'KeyMaterialId',
    'KeyPairSpec',
    'PrivateKeyCiphertextBlob',
    'PublicKey',
  ])
  assert.deepEqual(await recorded(), { keyMaterialId: rest.KeyMaterialId, recipient: recordedEnclave })
})

test('DeriveSharedSecret answers for an enclave only', async () => {
  const mine = generateKeyPairSync('ec', { namedCurve: 'P-384' })
  const PublicKey = mine.publicKey.export({ format: 'der', type: 'spki' })
  const wish = { KeyId: agreement, KeyAgreementAlgorithm: 'ECDH', PublicKey, Recipient } as const
  const { CiphertextForRecipient, ...rest } = await membersOf(kms.deriveSharedSecret(wish))
  const { PublicKey: theirs = new Uint8Array() } = await kms.getPublicKey({ KeyId: agreement })
  const publicKey = createPublicKey({ key: Buffer.from(theirs), format: 'der', type: 'spki' })
  assert.deepEqual(opened(CiphertextForRecipient), diffieHellman({ privateKey: mine.privateKey, publicKey }))
  assert.deepEqual(rest, { KeyId: agreement, KeyAgreementAlgorithm: 'ECDH', KeyOrigin: 'AWS_KMS' })
})

test('takes a document with tag 18', async () => {
  const tagged = recipientWith(form => (form.prefix = Buffer.of(0xd2)))
  const { CiphertextForRecipient } = await kms.generateRandom({ NumberOfBytes: 8, Recipient: tagged })
  assert.equal(opened(CiphertextForRecipient).length, 8)
})

// Refusals

/** Every operation that takes a Recipient, with a request that is otherwise good. */
const operations = (wrong: RecipientInfo): [name: string, call: () => Promise<object>][] => [
  ['GenerateRandom', () => kms.generateRandom({ NumberOfBytes: 32, Recipient: wrong })],
  ['GenerateDataKey', () => kms.generateDataKey({ KeyId: symmetric, NumberOfBytes: 32, Recipient: wrong })],
  [
    'GenerateDataKeyPair',
    () => kms.generateDataKeyPair({ KeyId: symmetric, KeyPairSpec: 'ECC_NIST_P256', Recipient: wrong }),
  ],
  [
    'DeriveSharedSecret',
    () => {
      const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' })
      const PublicKey = publicKey.export({ format: 'der', type: 'spki' })
      return kms.deriveSharedSecret({ KeyId: agreement, KeyAgreementAlgorithm: 'ECDH', PublicKey, Recipient: wrong })
    },
  ],
  [
    'Decrypt',
    async () => {
      const { CiphertextBlob } = await kms.encrypt({ KeyId: symmetric, Plaintext: Buffer.from('secret') })
      return await kms.decrypt({ CiphertextBlob, Recipient: wrong })
    },
  ],
]

const incomplete = 'Recipient must have KeyEncryptionAlgorithm and AttestationDocument.'
const untrusted = (why: string): string => `The attestation document cannot be trusted. ${why}`
const { AttestationDocument: good = new Uint8Array() } = Recipient
const wrongBit = Buffer.from(good)
wrongBit[wrongBit.length - 1] = (wrongBit.at(-1) ?? 0) ^ 1

const refusals: [what: string, recipient: RecipientInfo, text: string][] = [
  ['an empty Recipient', {}, incomplete],
  ['a Recipient without document', { KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_256' }, incomplete],
  ['a Recipient without algorithm', { AttestationDocument: good }, incomplete],
  [
    'a document that is none',
    { ...Recipient, AttestationDocument: Buffer.from('document') },
    untrusted('It is malformed: it is not the CBOR that it should be.'),
  ],
  [
    'a document with a wrong signature',
    { ...Recipient, AttestationDocument: wrongBit },
    untrusted('The signature is wrong.'),
  ],
  [
    'a document of another root',
    recipientWith(() => {}, otherChain),
    untrusted('The root certificate is not known here.'),
  ],
  [
    'a document without key',
    recipientWith(form => form.members.set('public_key', none)),
    untrusted('There is no public_key in it.'),
  ],
  [
    'a document of an enclave that is gone',
    recipientWith(() => {}, { ...chain, leaf: makeChain(Date.now() - 4 * hours).leaf }),
    untrusted('A certificate is not valid at this time.'),
  ],
]
for (const [what, wrong, text] of refusals) {
  describe(`refuses ${what}`, () => {
    for (const [name, call] of operations(wrong)) {
      test(name, async () => {
        await refused(call(), 'ValidationException', text)
        assert.equal(await recorded(), undefined)
      })
    }
  })
}

describe('refuses what the model rules out', () => {
  const model: [what: string, recipient: object, text: string][] = [
    [
      'another algorithm',
      { ...Recipient, KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_1' },
      constraint(
        'recipient.keyEncryptionAlgorithm',
        'RSAES_OAEP_SHA_1',
        'satisfy enum value set: [RSAES_OAEP_SHA_256]',
      ),
    ],
    [
      'a document of no bytes',
      { ...Recipient, AttestationDocument: Buffer.alloc(0) },
      constraint('recipient.attestationDocument', undefined, 'have length greater than or equal to 1'),
    ],
  ]
  for (const [what, wrong, text] of model) {
    test(what, () => refused(kms.generateRandom({ NumberOfBytes: 32, Recipient: wrong }), 'ValidationException', text))
  }

  test('a document of 262145 bytes', async () => {
    // As base64 it is larger than any request may be.
    const AttestationDocument = Buffer.alloc(262_145)
    const call = kms.generateRandom({ NumberOfBytes: 32, Recipient: { ...Recipient, AttestationDocument } })
    assert.equal((await refusalOf(call)).$metadata.httpStatusCode, 413)
  })
})

test('looks at the document before it uses a key, and at authorization and key before the document', async () => {
  const { KeyMetadata } = await kms.createKey({})
  const KeyId = KeyMetadata?.KeyId ?? ''
  await kms.disableKey({ KeyId })
  const wrong = { ...Recipient, AttestationDocument: wrongBit }
  assert.equal(
    (await refusalOf(kms.generateDataKey({ KeyId, NumberOfBytes: 32, Recipient: wrong }))).name,
    'DisabledException',
  )
  const junk = { CiphertextBlob: Buffer.alloc(150), KeyId: symmetric, Recipient: wrong }
  assert.equal((await refusalOf(kms.decrypt(junk))).name, 'InvalidCiphertextException')
})

test('a dry run judges the document too', async () => {
  const wish = { KeyId: symmetric, NumberOfBytes: 32, DryRun: true }
  const wrong = { ...Recipient, AttestationDocument: wrongBit }
  await refused(
    kms.generateDataKey({ ...wish, Recipient: wrong }),
    'ValidationException',
    untrusted('The signature is wrong.'),
  )
  assert.equal((await refusalOf(kms.generateDataKey({ ...wish, Recipient }))).name, 'DryRunOperationException')
})

test('no record shows the document', async () => {
  const text = JSON.stringify(await server.records())
  assert.ok(!text.includes(Buffer.from(good).toString('base64').slice(0, 40)))
  assert.ok(!text.includes('AttestationDocument"') && !text.includes('attestationDocument"'))
})

test('C12: a plaintext that went into an envelope is wiped', async () => {
  const { settings, publicKeys } = server.app.services
  const account = '000000000000'
  const caller = {
    type: 'Root',
    account,
    arn: `arn:aws:iam::${account}:root`,
    principalId: account,
    accessKeyId: 'AKIAEXAMPLE',
    tags: new Map<string, string>(),
  } as const
  const { KeyEncryptionAlgorithm = '', AttestationDocument = new Uint8Array() } = Recipient
  const { answer } = await recipientOf(
    { settings, publicKeys, caller, now: Date.now() },
    { Recipient: { KeyEncryptionAlgorithm, AttestationDocument } },
  )
  const plaintext = Buffer.from('a secret of an enclave')
  const { CiphertextForRecipient, Plaintext } = answer('Plaintext', plaintext)
  assert.equal(opened(CiphertextForRecipient).toString(), 'a secret of an enclave')
  assert.equal(Plaintext, undefined)
  assert.deepEqual(plaintext, Buffer.alloc(22))
})

test('the clock of the server decides', async () => {
  const other = await start(['--attestation-roots', rootsFile])
  try {
    const client = other.client()
    assert.equal((await client.generateRandom({ NumberOfBytes: 32, Recipient })).Plaintext, undefined)
    other.clock.advance(2 * hours + 1000)
    await refused(
      client.generateRandom({ NumberOfBytes: 32, Recipient }),
      'ValidationException',
      untrusted('A certificate is not valid at this time.'),
    )
  } finally {
    await other.stop()
  }
})

test('without roots a Recipient is refused, not ignored', async () => {
  const other = await start()
  try {
    for (const given of [Recipient, {}]) {
      await refused(
        other.client().generateRandom({ NumberOfBytes: 32, Recipient: given }),
        'UnsupportedOperationException',
        'Recipient (attestation documents) is not supported.',
      )
    }
  } finally {
    await other.stop()
  }
})

const wrongFiles: [what: string, content: string | undefined, reason: RegExp][] = [
  ['is not there', undefined, /ENOENT/],
  ['is empty', '', /There is no certificate in it\.$/],
  [
    'holds a key',
    enclave.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    /There is no certificate in it\.$/,
  ],
  ['holds a certificate that may not issue others', pem(chain.leaf), /not one that may issue others\.$/],
]
for (const [what, content, reason] of wrongFiles) {
  test(`does not start when the file of roots ${what}`, async () => {
    const file = join(folder, 'wrong.pem')
    if (content === undefined) rmSync(file, { force: true })
    else writeFileSync(file, content)
    await assert.rejects(start(['--attestation-roots', file]), (error: Error) => {
      assert.match(error.message, reason)
      assert.ok(error.message.startsWith(`attestation.roots names ${file}, which cannot be used: `))
      return true
    })
  })
}

test('a document is verified once, for policies and for the answer', async () => {
  const attest = mock.method(server.app.services.publicKeys, 'attest')
  const verified = (): number => attest.mock.callCount()
  const isEnclave = {
    StringEquals: { 'kms:RecipientAttestation:ImageSha384': recordedEnclave.attestationDocumentEnclaveImageDigest },
  }
  const credentials = await userWith(server, 'enclave', allow('kms:GenerateRandom', { Condition: isEnclave }))
  const client = server.client({ credentials })
  const NumberOfBytes = 8
  try {
    assert.equal((await client.generateRandom({ NumberOfBytes, Recipient })).Plaintext, undefined)
    assert.equal(verified(), 1)
    const denial =
      `User: ${credentials.arn} is not authorized to perform: kms:GenerateRandom on resource: * because no ` +
      'identity-based policy allows the kms:GenerateRandom action'
    // One that cannot be trusted is none, and who may not ask is told nothing of it.
    const forged = recipientWith(() => {}, otherChain)
    await refused(client.generateRandom({ NumberOfBytes, Recipient: forged }), 'AccessDeniedException', denial)
    assert.equal(verified(), 2)
    await refused(client.generateRandom({ NumberOfBytes }), 'AccessDeniedException', denial)
    assert.equal(verified(), 2)
  } finally {
    attest.mock.restore()
  }
})
