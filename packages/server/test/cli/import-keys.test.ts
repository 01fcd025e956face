import assert from 'node:assert/strict'
import {
  createECDH,
  createHmac,
  diffieHellman,
  generateKeyPairSync,
  publicEncrypt,
  randomBytes,
  verify,
  type KeyObject,
} from 'node:crypto'
import { after, suite, test } from 'node:test'
import type { ImportKeyMaterialCommandOutput, KeyUsageType, SigningAlgorithmSpec } from '@aws-sdk/client-kms'
import { algorithmsFor, materialId, readMaterial, wrap, type WrappingAlgorithm } from 'keyreeve-import'
import { fingerprintOf, publicFingerprint } from '../../src/cli/material.ts'
import {
  requireFit,
  wrappingAlgorithms,
  wrappingKeySpecs,
  type WrappingAlgorithmName,
  type WrappingKeySpecName,
} from '../../src/import/wrapping.ts'
import { keySpecNames, keySpecs, type KeySpecName } from '../../src/keys/specs.ts'
import { bits, element, encode, integer, octets, oid, sequence } from '../support/der.ts'
import { parametersFor } from '../support/import.ts'
import { start } from '../support/server.ts'

// What an owner has, through keyreeve-import into a real server: every importable key spec, in every file that people keep
// such keys in, by every algorithm that fits. A key takes back only the material that it had first (or answers
// IncorrectKeyMaterialException), so each import after the first one proves that the server got the same key again.

const server = await start()
after(() => server.stop())
const kms = server.client()

const importable = keySpecNames.filter(name => keySpecs[name].importable && keySpecs[name].available)

test('the owner is offered an algorithm exactly where the server hands out parameters', () => {
  const algorithms = Object.entries(wrappingAlgorithms).flatMap(([name, row]) => (row.available ? [name] : []))
  for (const spec of importable) {
    for (const [wrappingKey, row] of Object.entries(wrappingKeySpecs)) {
      if (!row.available) continue
      const accepted = algorithms.filter(name => {
        try {
          // Both are names of these tables.
          requireFit(spec, name as WrappingAlgorithmName, wrappingKey as WrappingKeySpecName)
          return true
        } catch {
          return false
        }
      })
      const offered = algorithmsFor(spec, row.modulusBits)
      assert.deepEqual(offered.toSorted(), accepted.toSorted(), `${spec} under ${wrappingKey}`)
    }
  }
  for (const spec of keySpecNames.filter(name => !importable.includes(name))) {
    assert.throws(() => algorithmsFor(spec, 4096), { name: 'ImportError' })
  }
})

/** An import key, and how to fill it by any algorithm; each wrapping key is fetched once, as a token may come again. */
async function emptyKey(
  KeySpec: KeySpecName,
  KeyUsage: KeyUsageType,
  wrappingKey: 'RSA_2048' | 'RSA_3072' = 'RSA_2048',
) {
  const created = await kms.createKey({ KeySpec, KeyUsage, Origin: 'EXTERNAL' })
  const { KeyId = '' } = created.KeyMetadata ?? {}
  const fetched = new Map<WrappingAlgorithm, Awaited<ReturnType<typeof parametersFor>>>()
  return {
    KeyId,
    fill: async (algorithm: WrappingAlgorithm, material: Uint8Array): Promise<ImportKeyMaterialCommandOutput> => {
      const parameters = fetched.get(algorithm) ?? (await parametersFor(kms, KeyId, algorithm, wrappingKey))
      fetched.set(algorithm, parameters)
      return await kms.importKeyMaterial({
        KeyId,
        ImportToken: parameters.token,
        EncryptedKeyMaterial: await wrap(parameters.publicKey, algorithm, material),
        ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE',
      })
    },
  }
}

const ascii = (text: string): Uint8Array => Buffer.from(text, 'latin1')

/** Every file that holds these bytes. */
function filesOf(secret: Buffer): [file: Uint8Array, format: 'raw' | 'hex' | 'base64' | 'jwk'][] {
  const k = secret.toString('base64url')
  return [
    [secret, 'raw'],
    [ascii(secret.toString('hex')), 'hex'],
    [ascii(`0x${secret.toString('hex').toUpperCase()}\n`), 'hex'],
    [ascii(secret.toString('base64')), 'base64'],
    [ascii(k), 'base64'],
    [ascii(JSON.stringify({ kty: 'oct', k })), 'jwk'],
  ]
}

suite('secrets', () => {
  test('SYMMETRIC_DEFAULT, in every encoding and by every algorithm: the ID is the one computed outside', async () => {
    const secret = randomBytes(32)
    const { KeyId, fill } = await emptyKey('SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT')
    for (const algorithm of algorithmsFor('SYMMETRIC_DEFAULT', 2048)) {
      for (const [file, format] of filesOf(secret)) {
        const { material } = readMaterial(file, { keySpec: 'SYMMETRIC_DEFAULT', format })
        const { KeyMaterialId } = await fill(algorithm, material)
        assert.equal(KeyMaterialId, await materialId(KeyId, secret), `${format}, ${algorithm}`)
      }
    }
    const Plaintext = randomBytes(40)
    const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext })
    const opened = await kms.decrypt({ CiphertextBlob })
    assert.deepEqual(Buffer.from(opened.Plaintext ?? []), Plaintext)
  })

  for (const [spec, shortest] of [
    ['HMAC_224', 28],
    ['HMAC_256', 32],
    ['HMAC_384', 48],
    ['HMAC_512', 64],
  ] as const) {
    const digest = spec.slice(-3)
    const macsAre = async (KeyId: string, secret: Uint8Array): Promise<void> => {
      const Message = randomBytes(40)
      const { Mac } = await kms.generateMac({ KeyId, Message, MacAlgorithm: `HMAC_SHA_${digest}` as 'HMAC_SHA_256' })
      assert.deepEqual(Buffer.from(Mac ?? []), createHmac(`sha${digest}`, secret).update(Message).digest())
    }

    test(`${spec}, in every encoding and by every algorithm: its MACs are those of the secret`, async () => {
      const secret = randomBytes(shortest)
      const { KeyId, fill } = await emptyKey(spec, 'GENERATE_VERIFY_MAC')
      for (const algorithm of algorithmsFor(spec, 2048)) {
        for (const [file, format] of filesOf(secret)) {
          const { material } = readMaterial(file, { keySpec: spec, format })
          assert.equal((await fill(algorithm, material)).KeyMaterialId, undefined)
        }
      }
      await macsAre(KeyId, secret)
    })

    test(`${spec} with the longest secret there is`, async () => {
      const secret = randomBytes(128)
      const { KeyId, fill } = await emptyKey(spec, 'GENERATE_VERIFY_MAC')
      const { material } = readMaterial(secret, { keySpec: spec, format: 'raw' })
      await fill('RSAES_OAEP_SHA_256', material)
      await macsAre(KeyId, secret)
    })
  }
})

/** What the owner has. */
interface Pair {
  publicKey: KeyObject
  privateKey: KeyObject
}

const pkcs8 = (key: KeyObject): Buffer => key.export({ type: 'pkcs8', format: 'der' })
const spki = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' })
const pem = (label: string, der: Buffer): Buffer =>
  Buffer.from(
    `-----BEGIN ${label}-----\n${der.toString('base64').replaceAll(/.{64}/g, '$&\n')}\n-----END ${label}-----\n`,
  )

/** The files that every private key can be in. */
function filesOfAny({ privateKey }: Pair): Buffer[] {
  const der = pkcs8(privateKey)
  const jwk = Buffer.from(JSON.stringify(privateKey.export({ format: 'jwk' })))
  return [der, pem('PRIVATE KEY', der), Buffer.from(der.toString('base64')), Buffer.from(der.toString('hex')), jwk]
}

function rsaFiles(pair: Pair): Buffer[] {
  const pkcs1 = pair.privateKey.export({ type: 'pkcs1', format: 'der' })
  return [...filesOfAny(pair), pkcs1, pem('RSA PRIVATE KEY', pkcs1)]
}

/**
 * The public point may be there, compressed, or left out; PKCS #8 may name the curve inside too, and a PEM file of SEC1
 * before the key.
 */
function ellipticFiles(pair: Pair, curve: string, curveHex: string): Buffer[] {
  const ecdh = createECDH(curve)
  ecdh.setPrivateKey(String(pair.privateKey.export({ format: 'jwk' }).d), 'base64url')
  const named = oid(curve, curveHex)
  const parameters = [element(0xa0, [named])]
  const scalar = octets(Buffer.from(String(pair.privateKey.export({ format: 'jwk' }).d), 'base64url'))
  const files = filesOfAny(pair)
  for (const point of [ecdh.getPublicKey(), ecdh.getPublicKey(null, 'compressed'), undefined]) {
    const publicKey = point ? [element(0xa1, [bits(point)])] : []
    const sec1 = sequence(integer(1n), scalar, ...parameters, ...publicKey)
    const bare = sequence(integer(1n), scalar, ...publicKey)
    const algorithm = sequence(oid('ecPublicKey', '2a8648ce3d0201'), named)
    const [plain, doubled] = [bare, sec1].map(key => encode(sequence(integer(0n), algorithm, octets([key]))))
    assert.ok(plain && doubled)
    const text = pem('EC PRIVATE KEY', encode(sec1))
    files.push(plain, doubled, pem('PRIVATE KEY', plain), encode(sec1), text)
    files.push(Buffer.concat([pem('EC PARAMETERS', encode(named)), text]))
  }
  return files
}

/** RFC 8410; version 2 of the form has the public key beside it. */
function edwardsFiles(pair: Pair): Buffer[] {
  const { d = '', x = '' } = pair.privateKey.export({ format: 'jwk' })
  const seed = octets([octets(Buffer.from(d, 'base64url'))])
  const publicKey = element(0x81, Buffer.concat([Buffer.alloc(1), Buffer.from(x, 'base64url')]))
  const both = encode(sequence(integer(1n), sequence(oid('Ed25519', '2b6570')), seed, publicKey))
  return [...filesOfAny(pair), both, pem('PRIVATE KEY', both)]
}

interface Kind {
  make: () => Pair
  files: (pair: Pair) => Buffer[]
  /** How many encodings of the key there are once read: points are kept as they come. */
  materials: number
  usages: KeyUsageType[]
  signing: SigningAlgorithmSpec
}

const rsa = (modulusLength: number): Kind => ({
  make: () => generateKeyPairSync('rsa', { modulusLength }),
  files: rsaFiles,
  materials: 1,
  usages: ['SIGN_VERIFY', 'ENCRYPT_DECRYPT'],
  signing: 'RSASSA_PKCS1_V1_5_SHA_256',
})

const elliptic = (curve: string, hex: string, signing: SigningAlgorithmSpec, usages: KeyUsageType[]): Kind => ({
  make: () => generateKeyPairSync('ec', { namedCurve: curve }),
  files: pair => ellipticFiles(pair, curve, hex),
  materials: 3,
  usages,
  signing,
})

const nist: KeyUsageType[] = ['SIGN_VERIFY', 'KEY_AGREEMENT']
const kinds: Record<string, Kind> = {
  RSA_2048: rsa(2048),
  RSA_3072: rsa(3072),
  RSA_4096: rsa(4096),
  ECC_NIST_P256: elliptic('prime256v1', '2a8648ce3d030107', 'ECDSA_SHA_256', nist),
  ECC_NIST_P384: elliptic('secp384r1', '2b81040022', 'ECDSA_SHA_384', nist),
  ECC_NIST_P521: elliptic('secp521r1', '2b81040023', 'ECDSA_SHA_512', nist),
  ECC_SECG_P256K1: elliptic('secp256k1', '2b8104000a', 'ECDSA_SHA_256', ['SIGN_VERIFY']),
  ECC_NIST_EDWARDS25519: {
    make: () => generateKeyPairSync('ed25519'),
    files: edwardsFiles,
    materials: 1,
    usages: ['SIGN_VERIFY'],
    signing: 'ED25519_SHA_512',
  },
}

/** Proofs that the service holds the private key of this public one. */
const proofs: Partial<Record<KeyUsageType, (KeyId: string, owner: Pair, kind: Kind) => Promise<void>>> = {
  async SIGN_VERIFY(KeyId, { publicKey }, { signing }) {
    const Message = randomBytes(40)
    const { Signature } = await kms.sign({ KeyId, Message, SigningAlgorithm: signing })
    const digest = signing === 'ED25519_SHA_512' ? null : `sha${signing.slice(-3)}`
    assert.ok(verify(digest, Message, publicKey, Signature ?? Buffer.alloc(0)))
  },
  async ENCRYPT_DECRYPT(KeyId, { publicKey }) {
    const secret = randomBytes(40)
    const CiphertextBlob = publicEncrypt({ key: publicKey, oaepHash: 'sha256' }, secret)
    const { Plaintext } = await kms.decrypt({ KeyId, CiphertextBlob, EncryptionAlgorithm: 'RSAES_OAEP_SHA_256' })
    assert.deepEqual(Buffer.from(Plaintext ?? []), secret)
  },
  async KEY_AGREEMENT(KeyId, { publicKey }, { make }) {
    const peer = make()
    const input = { KeyId, KeyAgreementAlgorithm: 'ECDH', PublicKey: spki(peer.publicKey) } as const
    const { SharedSecret } = await kms.deriveSharedSecret(input)
    assert.deepEqual(Buffer.from(SharedSecret ?? []), diffieHellman({ privateKey: peer.privateKey, publicKey }))
  },
}

suite('private keys', () => {
  test('all that are importable are here', () => {
    const secrets = ['SYMMETRIC_DEFAULT', 'HMAC_224', 'HMAC_256', 'HMAC_384', 'HMAC_512']
    assert.deepEqual([...Object.keys(kinds), ...secrets].toSorted(), importable.toSorted())
  })

  for (const [spec, kind] of Object.entries(kinds)) {
    const KeySpec = spec as KeySpecName // As the test above shows.

    test(`${spec}, from every file and by every algorithm, for each usage`, async () => {
      const owner = kind.make()
      const materials = new Map<string, Uint8Array>()
      for (const file of kind.files(owner)) {
        const { material } = readMaterial(file, { keySpec: spec })
        assert.equal(fingerprintOf(spec, material), publicFingerprint(spki(owner.publicKey)))
        materials.set(Buffer.from(material).toString('hex'), material)
      }
      assert.equal(materials.size, kind.materials)
      const algorithms = algorithmsFor(spec, 2048)
      for (const [index, usage] of kind.usages.entries()) {
        const { KeyId, fill } = await emptyKey(KeySpec, usage)
        // The usage has no part in the import, so that all ways are gone only once.
        for (const algorithm of index === 0 ? algorithms : algorithms.slice(0, 1)) {
          for (const material of materials.values()) {
            assert.equal((await fill(algorithm, material)).KeyMaterialId, undefined)
          }
        }
        const { PublicKey } = await kms.getPublicKey({ KeyId })
        assert.deepEqual(Buffer.from(PublicKey ?? []), spki(owner.publicKey))
        await proofs[usage]?.(KeyId, owner, kind)
      }
    })
  }

  test('P-521 by OAEP, under a wrapping key that is large enough for it', async () => {
    const owner = generateKeyPairSync('ec', { namedCurve: 'secp521r1' })
    const { KeyId, fill } = await emptyKey('ECC_NIST_P521', 'SIGN_VERIFY', 'RSA_3072')
    const { material } = readMaterial(pkcs8(owner.privateKey), { keySpec: 'ECC_NIST_P521' })
    for (const algorithm of ['RSAES_OAEP_SHA_256', 'RSAES_OAEP_SHA_1'] as const) await fill(algorithm, material)
    await proofs.SIGN_VERIFY?.(KeyId, owner, kinds['ECC_NIST_P521'] ?? assert.fail())
  })

  test('what does not fit is refused before anything is sent, with the algorithm to fetch parameters for', async () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const tooLarge: [spec: string, privateKey: KeyObject][] = [
      ['ECC_NIST_P521', generateKeyPairSync('ec', { namedCurve: 'secp521r1' }).privateKey],
      ['RSA_2048', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey],
    ]
    for (const [keySpec, privateKey] of tooLarge) {
      const { material } = readMaterial(pkcs8(privateKey), { keySpec })
      for (const algorithm of ['RSAES_OAEP_SHA_256', 'RSAES_OAEP_SHA_1'] as const) {
        await assert.rejects(wrap(spki(publicKey), algorithm, material), {
          name: 'ImportError',
          message: /^\d+ bytes of material: .* Use RSA_AES_KEY_WRAP_SHA_256, with parameters fetched for it\.$/,
        })
      }
    }
  })
})
