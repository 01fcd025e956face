import assert from 'node:assert/strict'
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  diffieHellman,
  generateKeyPairSync,
  publicEncrypt,
  randomBytes,
  verify,
  type KeyObject,
} from 'node:crypto'
import { after, describe, test } from 'node:test'
import type { KeySpec, KeyUsageType } from '@aws-sdk/client-kms'
import { dayOf, issueToken } from '../../src/import/token.ts'
import { noText, outcomeOf, refusalOf, refused } from '../support/answers.ts'
import { importOf, parametersFor, wrappingAlgorithms, wrapped, type WrappingAlgorithm } from '../support/import.ts'
import { days, hours, start } from '../support/server.ts'

/** Import of everything but symmetric keys: HMAC secrets, RSA, elliptic curve and Edwards curve keys. */

const server = await start()
after(() => server.stop())
const kms = server.client()

const aesKeyWrap = 'RSA_AES_KEY_WRAP_SHA_256'

async function externalKey(KeySpec: KeySpec, KeyUsage: KeyUsageType) {
  const { KeyMetadata: { KeyId = '', Arn = '' } = {} } = await kms.createKey({ KeySpec, KeyUsage, Origin: 'EXTERNAL' })
  return { KeyId, arn: Arn }
}

const pkcs8 = (key: KeyObject): Buffer => key.export({ format: 'der', type: 'pkcs8' })
const stateOf = async (KeyId: string) => (await kms.describeKey({ KeyId })).KeyMetadata?.KeyState

async function importInto(KeyId: string, material: Uint8Array, algorithm: WrappingAlgorithm = aesKeyWrap) {
  return await kms.importKeyMaterial(importOf(KeyId, await parametersFor(kms, KeyId, algorithm), material))
}

const make: Record<string, () => { publicKey: KeyObject; privateKey: KeyObject }> = {
  RSA_2048: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  RSA_3072: () => generateKeyPairSync('rsa', { modulusLength: 3072 }),
  RSA_4096: () => generateKeyPairSync('rsa', { modulusLength: 4096 }),
  ECC_NIST_P256: () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' }),
  ECC_NIST_P384: () => generateKeyPairSync('ec', { namedCurve: 'secp384r1' }),
  ECC_NIST_P521: () => generateKeyPairSync('ec', { namedCurve: 'secp521r1' }),
  ECC_SECG_P256K1: () => generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
  ECC_NIST_EDWARDS25519: () => generateKeyPairSync('ed25519'),
}
const pair = (spec: string) => make[spec]?.() ?? assert.fail(spec)

const kinds: [spec: KeySpec, usages: KeyUsageType[]][] = [
  ['RSA_2048', ['SIGN_VERIFY', 'ENCRYPT_DECRYPT']],
  ['RSA_3072', ['SIGN_VERIFY', 'ENCRYPT_DECRYPT']],
  ['RSA_4096', ['SIGN_VERIFY', 'ENCRYPT_DECRYPT']],
  ['ECC_NIST_P256', ['SIGN_VERIFY', 'KEY_AGREEMENT']],
  ['ECC_NIST_P384', ['SIGN_VERIFY', 'KEY_AGREEMENT']],
  ['ECC_NIST_P521', ['SIGN_VERIFY', 'KEY_AGREEMENT']],
  ['ECC_SECG_P256K1', ['SIGN_VERIFY']],
  ['ECC_NIST_EDWARDS25519', ['SIGN_VERIFY']],
]

/** Proof that the service holds the owner's private key. */
const proofs: Record<string, (KeyId: string, owner: ReturnType<typeof pair>, spec: string) => Promise<void>> = {
  async SIGN_VERIFY(KeyId, { publicKey }) {
    const { SigningAlgorithms: [SigningAlgorithm] = [] } = await kms.getPublicKey({ KeyId })
    assert.ok(SigningAlgorithm)
    const Message = randomBytes(40)
    const { Signature = new Uint8Array() } = await kms.sign({ KeyId, Message, SigningAlgorithm })
    const hash = publicKey.asymmetricKeyType === 'ed25519' ? null : `sha${SigningAlgorithm.slice(-3)}`
    assert.ok(verify(hash, Message, publicKey, Signature))
  },
  async ENCRYPT_DECRYPT(KeyId, { publicKey }) {
    const plaintext = randomBytes(16)
    const CiphertextBlob = publicEncrypt({ key: publicKey, oaepHash: 'sha256' }, plaintext)
    const { Plaintext } = await kms.decrypt({ KeyId, CiphertextBlob, EncryptionAlgorithm: 'RSAES_OAEP_SHA_256' })
    assert.deepEqual(Buffer.from(Plaintext ?? []), plaintext)
  },
  async KEY_AGREEMENT(KeyId, { publicKey }, spec) {
    const peer = pair(spec)
    const PublicKey = peer.publicKey.export({ format: 'der', type: 'spki' })
    const { SharedSecret } = await kms.deriveSharedSecret({ KeyId, KeyAgreementAlgorithm: 'ECDH', PublicKey })
    assert.deepEqual(Buffer.from(SharedSecret ?? []), diffieHellman({ privateKey: peer.privateKey, publicKey }))
  },
}

for (const [spec, usages] of kinds) {
  for (const usage of usages) {
    test(`a ${spec} key for ${usage} is imported, works, and shows the owner's public key`, async () => {
      const owner = pair(spec)
      const { KeyId, arn } = await externalKey(spec, usage)
      assert.equal(await stateOf(KeyId), 'PendingImport')
      await refused(kms.getPublicKey({ KeyId }), 'KMSInvalidStateException', `${arn} is pending import.`)
      const { $metadata: _, ...answer } = await importInto(KeyId, pkcs8(owner.privateKey))
      assert.deepEqual(answer, { KeyId: arn })
      const { KeyMetadata } = await kms.describeKey({ KeyId })
      assert.deepEqual(
        [KeyMetadata?.KeyState, KeyMetadata?.ExpirationModel, KeyMetadata?.CurrentKeyMaterialId],
        ['Enabled', 'KEY_MATERIAL_DOES_NOT_EXPIRE', undefined],
      )
      const { PublicKey } = await kms.getPublicKey({ KeyId })
      assert.deepEqual(Buffer.from(PublicKey ?? []), owner.publicKey.export({ format: 'der', type: 'spki' }))
      await proofs[usage]?.(KeyId, owner, spec)
    })
  }

  test(`a ${spec} key takes only itself back, in whatever encoding`, async () => {
    const owner = pair(spec)
    const { KeyId, arn } = await externalKey(spec, 'SIGN_VERIFY')
    await importInto(KeyId, pkcs8(owner.privateKey))
    await refused(importInto(KeyId, pkcs8(pair(spec).privateKey)), 'IncorrectKeyMaterialException')
    await kms.deleteImportedKeyMaterial({ KeyId })
    assert.equal(await stateOf(KeyId), 'PendingImport')
    await refused(
      kms.sign({ KeyId, Message: Buffer.of(1), SigningAlgorithm: 'ECDSA_SHA_256' }),
      'KMSInvalidStateException',
      `${arn} is pending import.`,
    )
    await refused(importInto(KeyId, pkcs8(pair(spec).privateKey)), 'IncorrectKeyMaterialException')
    const again = pkcs8(createPrivateKey({ key: owner.privateKey.export({ format: 'jwk' }), format: 'jwk' }))
    await importInto(KeyId, again)
    assert.equal(await stateOf(KeyId), 'Enabled')
    await proofs['SIGN_VERIFY']?.(KeyId, owner, spec)
  })

  test(`a ${spec} key does not take a key of another kind or size`, async () => {
    const { KeyId } = await externalKey(spec, 'SIGN_VERIFY')
    const others = spec.startsWith('RSA') ? ['RSA_2048', 'RSA_3072', 'ECC_NIST_P256'] : Object.keys(make).slice(3)
    const parameters = await parametersFor(kms, KeyId, aesKeyWrap)
    for (const other of others) {
      if (other === spec) continue
      const { privateKey } = pair(other)
      await refused(kms.importKeyMaterial(importOf(KeyId, parameters, pkcs8(privateKey))), 'InvalidCiphertextException')
    }
    assert.equal(await stateOf(KeyId), 'PendingImport')
  })
}

const unsupported = 'UnsupportedOperationException'
const cannot = (spec: string, algorithm: string, wrappingKey: string) =>
  `${algorithm} with ${wrappingKey} cannot wrap material for ${spec} keys.`

for (const spec of ['RSA_2048', 'RSA_3072', 'RSA_4096'] as const) {
  test(`parameters for an ${spec} key are handed out for RSA_AES_KEY_WRAP_* alone: nothing else could hold it`, async () => {
    const { KeyId } = await externalKey(spec, 'SIGN_VERIFY')
    for (const algorithm of wrappingAlgorithms) {
      for (const wrappingKey of ['RSA_2048', 'RSA_4096'] as const) {
        const call = parametersFor(kms, KeyId, algorithm, wrappingKey)
        if (algorithm.startsWith('RSA_AES')) await call
        else await refused(call, unsupported, cannot(spec, algorithm, wrappingKey))
      }
    }
  })
}

for (const [spec] of kinds.slice(3)) {
  test(`a ${spec} key comes under every algorithm that holds it`, async () => {
    const owner = pair(spec)
    const { KeyId } = await externalKey(spec, 'SIGN_VERIFY')
    for (const algorithm of wrappingAlgorithms) {
      for (const wrappingKey of ['RSA_2048', 'RSA_3072'] as const) {
        const call = parametersFor(kms, KeyId, algorithm, wrappingKey)
        const isTooSmall = spec === 'ECC_NIST_P521' && wrappingKey === 'RSA_2048' && algorithm.startsWith('RSAES')
        if (algorithm === 'RSAES_PKCS1_V1_5' || isTooSmall) {
          await refused(call, unsupported, cannot(spec, algorithm, wrappingKey))
        } else {
          await kms.importKeyMaterial(importOf(KeyId, await call, pkcs8(owner.privateKey)))
        }
      }
    }
    await proofs['SIGN_VERIFY']?.(KeyId, owner, spec)
  })
}

describe('HMAC keys', () => {
  const rows = [
    ['HMAC_224', 'HMAC_SHA_224', 28],
    ['HMAC_256', 'HMAC_SHA_256', 32],
    ['HMAC_384', 'HMAC_SHA_384', 48],
    ['HMAC_512', 'HMAC_SHA_512', 64],
  ] as const
  for (const [spec, MacAlgorithm, size] of rows) {
    const Message = Buffer.from('message')
    const expected = (secret: Uint8Array): Buffer =>
      createHmac(MacAlgorithm.replace('HMAC_SHA_', 'sha'), createSecretKey(secret)).update(Message).digest()

    test(`${spec}: secrets of ${size} to 128 bytes are imported under every algorithm, and make the owner's MACs`, async () => {
      for (const [index, algorithm] of wrappingAlgorithms.entries()) {
        const { KeyId, arn } = await externalKey(spec, 'GENERATE_VERIFY_MAC')
        const secret = randomBytes([size, size + 1, 65, 127, 128][index] ?? size)
        const { $metadata: _, ...answer } = await importInto(KeyId, secret, algorithm)
        assert.deepEqual(answer, { KeyId: arn })
        const { Mac } = await kms.generateMac({ KeyId, Message, MacAlgorithm })
        assert.deepEqual(Buffer.from(Mac ?? []), expected(secret))
      }
    })

    test(`${spec}: refuses secrets of another length`, async () => {
      const { KeyId } = await externalKey(spec, 'GENERATE_VERIFY_MAC')
      for (const algorithm of ['RSAES_OAEP_SHA_256', aesKeyWrap] as const) {
        const parameters = await parametersFor(kms, KeyId, algorithm)
        for (const wrong of [1, size - 1, 129]) {
          await refused(
            kms.importKeyMaterial(importOf(KeyId, parameters, randomBytes(wrong))),
            'InvalidCiphertextException',
          )
        }
      }
      assert.equal(await stateOf(KeyId), 'PendingImport')
    })
  }

  test('a secret is not the same as one that HMAC cannot tell from it', async () => {
    const { KeyId } = await externalKey('HMAC_256', 'GENERATE_VERIFY_MAC')
    const secret = randomBytes(40)
    await importInto(KeyId, secret)
    await refused(importInto(KeyId, Buffer.concat([secret, Buffer.of(0)])), 'IncorrectKeyMaterialException')
    await importInto(KeyId, secret)
  })
})

describe('hostile private keys', () => {
  const p256 = pkcs8(pair('ECC_NIST_P256').privateKey)
  const order = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex')
  /** A P-256 key whose scalar, at offset 36, is another. */
  const withScalar = (scalar: Uint8Array): Buffer =>
    Buffer.concat([p256.subarray(0, 36), scalar, p256.subarray(36 + 32)])
  const rsa = pair('RSA_2048')
  const other = pair('RSA_2048')
  const part = (key: KeyObject) => key.export({ format: 'jwk' }) as Record<string, string>
  const number = (key: KeyObject, name: string): Buffer => Buffer.from(part(key)[name] ?? '', 'base64url')

  const der = (tag: number, ...contents: Uint8Array[]): Buffer => {
    const content = Buffer.concat(contents)
    const { length } = content
    const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
    return Buffer.concat([Buffer.of(tag, ...head), content])
  }
  const integer = (bytes: Uint8Array): Buffer => {
    let first = 0
    while (first < bytes.length - 1 && bytes[first] === 0) first++
    const short = bytes.subarray(first)
    return der(2, (short[0] ?? 0) >= 128 ? Buffer.concat([Buffer.of(0), short]) : short)
  }
  const rsaAlgorithm = Buffer.from('300d06092a864886f70d0101010500', 'hex')
  /** An RSA key with some of its numbers replaced. */
  function rsaKey(numbers: Record<string, Uint8Array> = {}): Buffer {
    const all = ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'].map(name => numbers[name] ?? number(rsa.privateKey, name))
    const key = der(0x30, integer(Buffer.of(0)), ...all.map(integer))
    return der(0x30, integer(Buffer.of(0)), rsaAlgorithm, der(4, key))
  }
  const explicit = generateKeyPairSync('ec', { namedCurve: 'prime256v1', paramEncoding: 'explicit' })

  const hostile: [what: string, spec: KeySpec, material: Buffer][] = [
    ['an RSA key with the modulus of another', 'RSA_2048', rsaKey({ n: number(other.privateKey, 'n') })],
    ['an RSA key with the private exponent of another', 'RSA_2048', rsaKey({ d: number(other.privateKey, 'd') })],
    ['an RSA key with the public exponent 1', 'RSA_2048', rsaKey({ e: Buffer.of(1) })],
    ['an RSA key with the public exponent 3', 'RSA_2048', rsaKey({ e: Buffer.of(3) })],
    ['an RSA key with an even public exponent', 'RSA_2048', rsaKey({ e: Buffer.of(1, 0, 2) })],
    ['an RSA key with a foreign prime', 'RSA_2048', rsaKey({ p: number(other.privateKey, 'p') })],
    ['an RSA key with a foreign dp', 'RSA_2048', rsaKey({ dp: number(other.privateKey, 'dp') })],
    [
      'an RSA key whose modulus is 1 times itself',
      'RSA_2048',
      rsaKey({ p: number(rsa.privateKey, 'n'), q: Buffer.of(1) }),
    ],
    ['a P-256 key with the scalar 0', 'ECC_NIST_P256', withScalar(Buffer.alloc(32))],
    ['a P-256 key with the order of the curve for a scalar', 'ECC_NIST_P256', withScalar(order)],
    ['a P-256 key with a scalar above the order', 'ECC_NIST_P256', withScalar(Buffer.alloc(32, 255))],
    ['a P-256 key with the public key of another', 'ECC_NIST_P256', withScalar(randomBytes(32).fill(1, 0, 1))],
    ['a P-256 key with explicit curve parameters', 'ECC_NIST_P256', pkcs8(explicit.privateKey)],
    ['a key with a byte behind it', 'ECC_NIST_P256', Buffer.concat([p256, Buffer.of(0)])],
    ['a key that is cut', 'ECC_NIST_P256', p256.subarray(0, -1)],
    ['a key in PEM', 'ECC_NIST_P256', Buffer.from(`-----BEGIN PRIVATE KEY-----\n${p256.toString('base64')}\n`)],
    ['a key in SEC1', 'ECC_NIST_P256', pair('ECC_NIST_P256').privateKey.export({ format: 'der', type: 'sec1' })],
    ['a key in PKCS #1', 'RSA_2048', rsa.privateKey.export({ format: 'der', type: 'pkcs1' })],
    ['a public key', 'ECC_NIST_P256', pair('ECC_NIST_P256').publicKey.export({ format: 'der', type: 'spki' })],
    [
      'an encrypted key',
      'ECC_NIST_P256',
      pair('ECC_NIST_P256').privateKey.export({
        format: 'der',
        type: 'pkcs8',
        cipher: 'aes-256-cbc',
        passphrase: 'secret',
      }),
    ],
    ['a secret', 'ECC_NIST_P256', randomBytes(32)],
    ['an X25519 key', 'ECC_NIST_EDWARDS25519', pkcs8(generateKeyPairSync('x25519').privateKey)],
  ]

  test('an RSA key put together from its numbers is taken: what follows is refused for what it says', async () => {
    const { KeyId } = await externalKey('RSA_2048', 'SIGN_VERIFY')
    await importInto(KeyId, rsaKey())
    assert.equal(await stateOf(KeyId), 'Enabled')
  })

  for (const [what, spec, material] of hostile) {
    test(`${what} is refused, without saying why, and changes nothing`, async () => {
      const { KeyId } = await externalKey(spec, 'SIGN_VERIFY')
      const before = (await kms.describeKey({ KeyId })).KeyMetadata
      const refusal = await refusalOf(importInto(KeyId, material))
      assert.deepEqual([refusal.name, refusal.message], ['InvalidCiphertextException', noText])
      assert.deepEqual((await kms.describeKey({ KeyId })).KeyMetadata, before)
    })
  }

  test('a token dies of sixteen such keys, as of any blob that cannot be unwrapped', async () => {
    const { KeyId } = await externalKey('ECC_NIST_P256', 'SIGN_VERIFY')
    const parameters = await parametersFor(kms, KeyId, aesKeyWrap)
    const call = (material: Uint8Array) => kms.importKeyMaterial(importOf(KeyId, parameters, material))
    for (let count = 0; count < 16; count++) await refused(call(withScalar(order)), 'InvalidCiphertextException')
    await refused(call(p256), 'ExpiredImportTokenException')
  })
})

test('C7: RSAES_PKCS1_V1_5 is refused for a private key also when a token says so', async () => {
  const { KeyId } = await externalKey('ECC_NIST_P256', 'SIGN_VERIFY')
  await parametersFor(kms, KeyId, aesKeyWrap) // Now the key of the day is there.
  const { seal, store } = server.app
  const createdAt = server.app.now()
  const day = String(dayOf(createdAt))
  const { sealed = '' } = (await store.view().get('day-key', day)) ?? {}
  const dayKey = createSecretKey(seal.open({ purpose: 'day-key/v1', fields: [day] }, Buffer.from(sealed, 'base64')))
  const wrapping = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const publicKey = wrapping.publicKey.export({ format: 'der', type: 'spki' })
  for (const [algorithm, outcome] of [
    ['RSAES_PKCS1_V1_5', 'UnsupportedOperationException'],
    ['RSAES_OAEP_SHA_256', 'OK'],
  ] as const) {
    const claims = { algorithm, wrappingKeySpec: 'RSA_2048', createdAt, validTo: createdAt + hours, publicKey } as const
    const binding = { account: '000000000000', region: 'us-east-1', keyId: KeyId }
    const token = issueToken(dayKey, { ...binding, ...claims }, pkcs8(wrapping.privateKey))
    const material = pkcs8(pair('ECC_NIST_P256').privateKey)
    const call = kms.importKeyMaterial(importOf(KeyId, { algorithm, publicKey, token }, material))
    assert.equal(await outcomeOf(call), outcome)
  }
})

test('members for symmetric keys are refused for all others, before the token is looked at', async () => {
  for (const [spec, usage] of [
    ['HMAC_256', 'GENERATE_VERIFY_MAC'],
    ['ECC_NIST_P256', 'SIGN_VERIFY'],
  ] as const) {
    const { KeyId } = await externalKey(spec, usage)
    const text = 'ImportType, KeyMaterialId and KeyMaterialDescription are for symmetric encryption keys only.'
    const call = {
      KeyId,
      ImportToken: Buffer.of(1),
      EncryptedKeyMaterial: Buffer.of(1),
      ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE',
    } as const
    for (const member of [
      { ImportType: 'NEW_KEY_MATERIAL' },
      { ImportType: 'EXISTING_KEY_MATERIAL' },
      { KeyMaterialDescription: 'x' },
      { KeyMaterialId: '0'.repeat(64) },
    ] as const) {
      await refused(kms.importKeyMaterial({ ...call, ...member }), unsupported, text)
    }
    await refused(
      kms.deleteImportedKeyMaterial({ KeyId, KeyMaterialId: '0'.repeat(64) }),
      unsupported,
      'KeyMaterialId is for symmetric encryption keys only.',
    )
    await refused(kms.listKeyRotations({ KeyId }), unsupported)
  }
})

test('a private key expires, and comes back', async () => {
  const own = await start()
  const client = own.client()
  const owner = pair('ECC_NIST_P384')
  const { KeyMetadata: { KeyId = '', Arn } = {} } = await client.createKey({
    KeySpec: 'ECC_NIST_P384',
    KeyUsage: 'SIGN_VERIFY',
    Origin: 'EXTERNAL',
  })
  const parameters = await parametersFor(client, KeyId, aesKeyWrap)
  const ValidTo = new Date(Math.floor(own.clock.now() / 1000) * 1000 + 2 * hours)
  await client.importKeyMaterial({
    KeyId,
    ImportToken: parameters.token,
    EncryptedKeyMaterial: wrapped(parameters, pkcs8(owner.privateKey)),
    ValidTo,
  })
  assert.deepEqual((await client.describeKey({ KeyId })).KeyMetadata?.ValidTo, ValidTo)
  own.clock.advance(3 * hours)
  await own.settle()
  await refused(client.getPublicKey({ KeyId }), 'KMSInvalidStateException', `${Arn} is pending import.`)
  await client.importKeyMaterial(importOf(KeyId, parameters, pkcs8(owner.privateKey)))
  own.clock.advance(400 * days)
  await own.settle()
  const { PublicKey = new Uint8Array() } = await client.getPublicKey({ KeyId })
  const shown = createPublicKey({ key: Buffer.from(PublicKey), format: 'der', type: 'spki' })
  assert.ok(shown.equals(owner.publicKey))
  await own.stop()
})

for (const KeySpec of ['ML_DSA_44', 'ML_DSA_65', 'ML_DSA_87', 'ML_KEM_512', 'ML_KEM_768', 'ML_KEM_1024'] as const) {
  test(`${KeySpec} keys cannot have imported material`, async () => {
    await refused(
      kms.createKey({
        KeySpec,
        KeyUsage: KeySpec.startsWith('ML_DSA') ? 'SIGN_VERIFY' : 'ENCAPSULATE_DECAPSULATE',
        Origin: 'EXTERNAL',
      }),
      'ValidationException',
      `KeySpec ${KeySpec} is not supported for Origin EXTERNAL`,
    )
  })
}
