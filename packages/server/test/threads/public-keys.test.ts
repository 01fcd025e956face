import assert from 'node:assert/strict'
import {
  constants,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  publicEncrypt,
  sign,
  verify,
} from 'node:crypto'
import type { KeyObject, SigningOptions } from 'node:crypto'
import { after, beforeEach, describe, test } from 'node:test'
import { generateKeyPair } from '../../src/crypto/key-pair.ts'
import type { KeyPair, KeyPairKind } from '../../src/crypto/key-pair.ts'
import type { Message, SignatureScheme } from '../../src/crypto/signature.ts'
import { startPublicKeys } from '../../src/threads/threads.ts'
import type { PublicKeyThreads } from '../../src/threads/threads.ts'
import { formOf, makeChain, makeDocument, moduleId } from '../support/attestation.ts'

// The threads do not keep a process alive.
const alive = setInterval(() => {}, 60_000)
let threads: PublicKeyThreads = startPublicKeys(1)
beforeEach(async () => {
  await threads.close()
  threads = startPublicKeys(1)
})
after(async () => {
  clearInterval(alive)
  await threads.close()
})

const account = '111122223333'
const text = Buffer.from('what is signed')

const ecc = (curve: string, size: number): KeyPairKind => ({ kind: 'ecc', curve, size })
const kinds = {
  'RSA 2048': { kind: 'rsa', size: 256 },
  'P-256': ecc('prime256v1', 32),
  'P-384': ecc('secp384r1', 48),
  'P-521': ecc('secp521r1', 66),
  secp256k1: ecc('secp256k1', 32),
  Ed25519: { kind: 'ed25519' },
  'ML-DSA-44': { kind: 'ml-dsa', parameters: 'ml-dsa-44' },
  'ML-DSA-65': { kind: 'ml-dsa', parameters: 'ml-dsa-65' },
  'ML-DSA-87': { kind: 'ml-dsa', parameters: 'ml-dsa-87' },
  'ML-KEM-512': { kind: 'ml-kem', parameters: 'ml-kem-512', ciphertext: 768 },
  'ML-KEM-768': { kind: 'ml-kem', parameters: 'ml-kem-768', ciphertext: 1088 },
  'ML-KEM-1024': { kind: 'ml-kem', parameters: 'ml-kem-1024', ciphertext: 1568 },
} as const satisfies Record<string, KeyPairKind>
type Name = keyof typeof kinds
const names = Object.keys(kinds) as Name[]

const pairs = new Map(names.map(name => [name, generateKeyPair(kinds[name])]))
const pairOf = (name: Name): KeyPair => pairs.get(name)!
const privateKeyOf = ({ privateKey }: KeyPair): KeyObject =>
  createPrivateKey({ key: privateKey, format: 'der', type: 'pkcs8' })
const publicKeyOf = ({ publicKey }: KeyPair): KeyObject =>
  createPublicKey({ key: publicKey, format: 'der', type: 'spki' })

/** How many threads a piece of work starts. */
type Where = 'at once' | 'in a thread'
const assertWhere = (where: Where): void => assert.equal(threads.running(), where === 'at once' ? 0 : 1)

describe('makes', () => {
  const slow: readonly Name[] = ['RSA 2048', 'P-384', 'P-521', 'secp256k1']
  for (const name of names) {
    const where = slow.includes(name) ? 'in a thread' : 'at once'
    test(`${name} ${where}`, async () => {
      const made = await threads.publicKeys.generate(account, kinds[name])
      assertWhere(where)
      const details = (pair: KeyPair) => {
        const key = privateKeyOf(pair)
        return [key.asymmetricKeyType, key.asymmetricKeyDetails]
      }
      assert.deepEqual(details(made), details(pairOf(name)))
      assert.ok(createPublicKey(privateKeyOf(made)).equals(publicKeyOf(made)))
      assert.notDeepEqual(made, pairOf(name))
      assert.ok(Buffer.isBuffer(made.publicKey) && Buffer.isBuffer(made.privateKey))
    })
  }
})

describe('reads', () => {
  for (const name of ['RSA 2048', 'P-256', 'P-384', 'P-521', 'secp256k1', 'Ed25519'] as const) {
    test(`a private key of ${name} in a thread, and leaves what was passed in`, async () => {
      const encoded = Buffer.from(pairOf(name).privateKey)
      assert.deepEqual(await threads.publicKeys.readPrivateKey(account, kinds[name], encoded), pairOf(name))
      assert.deepEqual(encoded, pairOf(name).privateKey)
      assertWhere('in a thread')
    })
  }

  test('no private key of another kind, nor what is none', async () => {
    const { publicKeys } = threads
    const { privateKey } = pairOf('P-384')
    assert.equal(await publicKeys.readPrivateKey(account, kinds['P-256'], privateKey), undefined)
    assert.equal(await publicKeys.readPrivateKey(account, kinds['RSA 2048'], privateKey), undefined)
    assert.equal(await publicKeys.readPrivateKey(account, kinds['P-384'], privateKey.subarray(1)), undefined)
  })
})

interface Case {
  name: Name
  scheme: SignatureScheme
  /** As node:crypto has it. */
  hash: string | null
  options: SigningOptions
  form: Message['form']
  signs: Where
  verifies: Where
}

const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 48 }
const rsa = { hash: 'sha384', signs: 'in a thread', verifies: 'at once' } as const
const cases: Case[] = [
  ...(['message', 'digest'] as const).flatMap((form): Case[] => [
    { ...rsa, name: 'RSA 2048', scheme: { scheme: 'pkcs1', hash: 'sha384' }, options: {}, form },
    { ...rsa, name: 'RSA 2048', scheme: { scheme: 'pss', hash: 'sha384' }, options: pss, form },
  ]),
  ...(['P-256', 'P-384', 'P-521', 'secp256k1'] as const).flatMap((name): Case[] => {
    const common = { name, scheme: { scheme: 'ecdsa', hash: 'sha256' }, hash: 'sha256', options: {} } as const
    const where = name === 'P-256' ? 'at once' : 'in a thread'
    return [
      { ...common, form: 'message', signs: where, verifies: where },
      { ...common, form: 'digest', signs: 'in a thread', verifies: 'in a thread' },
    ]
  }),
  {
    name: 'Ed25519',
    scheme: { scheme: 'ed25519' },
    hash: null,
    options: {},
    form: 'message',
    signs: 'at once',
    verifies: 'at once',
  },
  ...(['ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87'] as const).map((name): Case => {
    const scheme = { scheme: 'ml-dsa' } as const
    return { name, scheme, hash: null, options: {}, form: 'message', signs: 'in a thread', verifies: 'at once' }
  }),
]

describe('signatures', () => {
  for (const { name, scheme, hash, options, form, signs, verifies } of cases) {
    const title = `${name}, ${scheme.scheme} of a ${form}`
    const bytes =
      form === 'digest'
        ? createHash(hash ?? '')
            .update(text)
            .digest()
        : text
    const message: Message = { form, bytes }
    const pair = pairOf(name)

    test(`${title}: made ${signs}, and good for node:crypto`, async () => {
      const signature = await threads.publicKeys.sign(account, scheme, privateKeyOf(pair), message)
      assertWhere(signs)
      assert.ok(Buffer.isBuffer(signature))
      assert.ok(verify(hash, text, { key: publicKeyOf(pair), ...options }, signature))
    })

    test(`${title}: those of node:crypto are good, others are not, as is found ${verifies}`, async () => {
      const good = sign(hash, text, { key: privateKeyOf(pair), ...options })
      const bad = Buffer.from(good)
      bad[bad.length - 1]! ^= 1
      for (const [signature, expected] of [
        [good, true],
        [bad, false],
        [good.subarray(1), false],
        [Buffer.alloc(0), false],
      ] as const) {
        const answer = await threads.publicKeys.verify(account, scheme, publicKeyOf(pair), message, signature)
        assert.equal(answer, expected)
      }
      assertWhere(verifies)
    })
  }

  test('Ed25519ph and mu of ML-DSA in a thread, each good for itself alone', async () => {
    const { publicKeys } = threads
    const bytes = Buffer.alloc(64, 1)
    for (const [name, scheme, form] of [
      ['Ed25519', 'ed25519ph', 'digest'],
      ['ML-DSA-65', 'ml-dsa', 'mu'],
    ] as const) {
      const pair = pairOf(name)
      const signature = await publicKeys.sign(account, { scheme }, privateKeyOf(pair), { form, bytes })
      for (const [other, expected] of [
        [bytes, true],
        [Buffer.alloc(64, 2), false],
      ] as const) {
        const message = { form, bytes: other }
        assert.equal(await publicKeys.verify(account, { scheme }, publicKeyOf(pair), message, signature), expected)
      }
      assert.ok(!verify(null, bytes, publicKeyOf(pair), signature))
    }
    assertWhere('in a thread')
  })
})

describe('decryption', () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const size = { minimum: 1, maximum: 100 }
  for (const hash of ['sha1', 'sha256'] as const) {
    test(`opens OAEP with ${hash} in a thread, and answers all else with nothing`, async () => {
      const decrypt = (block: Buffer, wanted = size) =>
        threads.publicKeys.decrypt(account, { scheme: 'oaep', hash }, privateKey, block, wanted)
      const block = publicEncrypt({ key: publicKey, oaepHash: hash }, text)
      assert.deepEqual(await decrypt(block), text)
      const other = publicEncrypt({ key: publicKey, oaepHash: 'sha384' }, text)
      for (const wrong of [other, Buffer.alloc(256, 1), block.subarray(1), Buffer.alloc(0)]) {
        assert.equal(await decrypt(wrong), undefined)
      }
      assert.equal(await decrypt(block, { minimum: 32, maximum: 32 }), undefined)
      assertWhere('in a thread')
    })
  }
})

describe('agreement', () => {
  for (const [name, where] of [
    ['P-256', 'at once'],
    ['P-384', 'in a thread'],
    ['P-521', 'in a thread'],
    ['secp256k1', 'in a thread'],
  ] as const) {
    test(`on ${name} ${where}, the same on both sides`, async () => {
      const [own, peer] = [pairOf(name), generateKeyPair(kinds[name])]
      const secret = await threads.publicKeys.agree(account, privateKeyOf(own), publicKeyOf(peer))
      assertWhere(where)
      assert.deepEqual(secret, diffieHellman({ privateKey: privateKeyOf(peer), publicKey: publicKeyOf(own) }))
    })
  }

  test('of keys on different curves is refused', async () => {
    const own = privateKeyOf(pairOf('P-256'))
    await assert.rejects(threads.publicKeys.agree(account, own, publicKeyOf(pairOf('P-384'))))
  })
})

describe('attestation', () => {
  const now = Date.now()
  const chain = makeChain(now)
  const document = makeDocument(formOf(chain, publicKeyOf(pairOf('RSA 2048')), now))
  const attest = (given: Buffer) => threads.publicKeys.attest(account, given, chain.authorities, now)

  test('in a thread gives the key that the document vouches for', async () => {
    const attested = await attest(document)
    assertWhere('in a thread')
    assert.ok('publicKey' in attested && attested.publicKey.equals(publicKeyOf(pairOf('RSA 2048'))))
    assert.equal(attested.moduleId, moduleId)
    assert.equal(attested.pcrs.get(0), attested.imageSha384)
  })

  test('of a document that cannot be trusted says why, and leaves the thread alive', async () => {
    for (const [wrong, refusal] of [
      [Buffer.alloc(10), 'It is malformed: it is not the CBOR that it should be.'],
      [Buffer.concat([document.subarray(0, -1), Buffer.of(document.at(-1)! ^ 1)]), 'The signature is wrong.'],
    ] as const) {
      assert.deepEqual(await attest(wrong), { refusal })
      assertWhere('in a thread')
    }
  })
})
