import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { before, suite, test } from 'node:test'
import { algorithmsFor, ImportError, materialId, wrap } from '../src/index.ts'
import type { WrappingAlgorithm } from '../src/index.ts'
import { algorithms, generateWrappingKeys, openPkcs1, unwrappers } from './unwrap.ts'
import type { WrappingKey } from './unwrap.ts'

let keys: WrappingKey[]
let small: WrappingKey
before(async () => {
  keys = await generateWrappingKeys()
  small = keys[0]!
})

/** Largest material in bytes by algorithm, for wrapping keys of 2048, 3072 and 4096 bits. */
const capacities: Record<WrappingAlgorithm, number[]> = {
  RSAES_OAEP_SHA_256: [190, 318, 446],
  RSAES_OAEP_SHA_1: [214, 342, 470],
  RSAES_PKCS1_V1_5: [245, 373, 501],
  RSA_AES_KEY_WRAP_SHA_256: [5880, 5752, 5624],
  RSA_AES_KEY_WRAP_SHA_1: [5880, 5752, 5624],
}

suite('wrap', () => {
  for (const algorithm of algorithms) {
    test(`${algorithm} is undone by the private key, for every size of key and of material`, async () => {
      for (const [index, key] of keys.entries()) {
        const largest = capacities[algorithm][index]!
        for (const size of [1, 8, 9, 32, 138, largest]) {
          const material = randomBytes(size)
          const wrapped = await wrap(key.publicKey, algorithm, material)
          assert.ok(wrapped.length <= 6144)
          if (!algorithm.startsWith('RSA_AES')) assert.equal(wrapped.length, key.bits / 8)
          assert.deepEqual(unwrappers[algorithm](key, wrapped), material, `${key.bits} bits, ${size} bytes`)
        }
      }
    })

    test(`${algorithm} refuses one byte too many, and says what fits`, async () => {
      for (const [index, key] of keys.entries()) {
        const largest = capacities[algorithm][index]!
        const words = `${largest + 1} bytes of material: ${algorithm} with an RSA key of ${key.bits} bits takes at most ${largest}. `
        const advice = algorithm.startsWith('RSA_AES')
          ? 'No algorithm takes it: wrapped material has at most 6144 bytes.'
          : 'Use RSA_AES_KEY_WRAP_SHA_256, with parameters fetched for it.'
        await assert.rejects(
          wrap(key.publicKey, algorithm, new Uint8Array(largest + 1)),
          new ImportError(words + advice),
        )
      }
    })

    test(`${algorithm} never gives the same answer twice`, async () => {
      const material = randomBytes(32)
      const answers = await Promise.all([1, 2, 3].map(() => wrap(small.publicKey, algorithm, material)))
      assert.equal(new Set(answers.map(answer => Buffer.from(answer).toString('hex'))).size, 3)
    })

    test(`${algorithm} wraps what the material was at the call, and leaves the caller's buffer alone`, async () => {
      const material = randomBytes(32)
      const original = Buffer.from(material)
      const kept = await wrap(small.publicKey, algorithm, material)
      assert.deepEqual(material, original)
      const pending = wrap(small.publicKey, algorithm, material)
      material.fill(0)
      assert.deepEqual(unwrappers[algorithm](small, await pending), original)
      assert.deepEqual(unwrappers[algorithm](small, kept), original)
    })
  }

  test('wipes the copies and the AES key that it made', async t => {
    const importKey = t.mock.method(crypto.subtle, 'importKey')
    const encrypt = t.mock.method(crypto.subtle, 'encrypt')
    await wrap(small.publicKey, 'RSA_AES_KEY_WRAP_SHA_256', randomBytes(138))
    await wrap(small.publicKey, 'RSAES_OAEP_SHA_256', randomBytes(32))
    const secrets = [
      ...importKey.mock.calls.filter(call => call.arguments[0] === 'raw').map(call => call.arguments[1]),
      ...encrypt.mock.calls.filter(call => call.arguments[0] === 'RSA-OAEP').map(call => call.arguments[2]),
    ].map(bytes => bytes as Uint8Array)
    assert.deepEqual(
      secrets.map(secret => secret.length),
      [32, 32, 32],
    )
    assert.ok(secrets.every(secret => secret.every(byte => byte === 0)))
  })

  test('wipes them after a failure too', async t => {
    const secrets: Uint8Array[] = []
    t.mock.method(crypto.subtle, 'encrypt', (_: unknown, __: unknown, message: Uint8Array) => {
      secrets.push(message)
      return Promise.reject(new Error('out of order'))
    })
    await assert.rejects(wrap(small.publicKey, 'RSAES_OAEP_SHA_1', randomBytes(32)), /out of order/)
    await assert.rejects(wrap(small.publicKey, 'RSA_AES_KEY_WRAP_SHA_1', randomBytes(32)), /out of order/)
    assert.equal(secrets.length, 2)
    assert.ok(secrets.every(secret => secret.every(byte => byte === 0)))
  })

  test('RSAES_PKCS1_V1_5 draws zeros in its padding again', async t => {
    const getRandomValues = crypto.getRandomValues.bind(crypto)
    const blocks = new Set<ArrayBuffer>()
    let draws = 0
    // Every other byte of the first draw is zero, and the next few single bytes are.
    t.mock.method(crypto, 'getRandomValues', (bytes: Uint8Array<ArrayBuffer>) => {
      draws++
      blocks.add(bytes.buffer)
      if (draws > 1 && draws < 5) return bytes.fill(0)
      getRandomValues(bytes)
      if (draws === 1) for (let i = 0; i < bytes.length; i += 2) bytes[i] = 0
      return bytes
    })
    const largest = randomBytes(245)
    const tight = await wrap(small.publicKey, 'RSAES_PKCS1_V1_5', largest)
    t.mock.restoreAll()
    assert.ok(draws > 5)
    const opened = openPkcs1(small, tight)
    assert.equal(opened.padding.length, 8)
    assert.deepEqual(opened.message, largest)
    assert.equal(blocks.size, 1)
    for (const block of blocks) assert.deepEqual(Buffer.from(block), Buffer.alloc(256), 'the padded block is wiped')
  })

  test('RSAES_PKCS1_V1_5 pads with every value but zero', async () => {
    const seen = new Set<number>()
    for (let i = 0; i < 60; i++) {
      const { padding } = openPkcs1(small, await wrap(small.publicKey, 'RSAES_PKCS1_V1_5', randomBytes(32)))
      assert.equal(padding.length, 256 - 3 - 32)
      for (const byte of padding) seen.add(byte)
    }
    // 13,260 draws miss one of 255 values with a chance of about 10^-20.
    assert.equal(seen.size, 255)
  })

  test('refuses empty material', async () => {
    for (const algorithm of algorithms) {
      await assert.rejects(
        wrap(small.publicKey, algorithm, new Uint8Array()),
        new ImportError('The material is empty.'),
      )
    }
  })

  test('refuses an algorithm that it does not know', async () => {
    for (const name of ['SM2PKE', 'constructor', '']) {
      await assert.rejects(
        wrap(small.publicKey, name as WrappingAlgorithm, new Uint8Array(32)),
        new ImportError(
          `There is no wrapping algorithm ${name}, but RSAES_OAEP_SHA_256, RSA_AES_KEY_WRAP_SHA_256, RSAES_OAEP_SHA_1, RSA_AES_KEY_WRAP_SHA_1, RSAES_PKCS1_V1_5.`,
        ),
      )
    }
  })

  test('refuses a wrapping key that is none', async () => {
    await assert.rejects(wrap(randomBytes(294), 'RSAES_OAEP_SHA_256', new Uint8Array(32)), /Is it the import token\?/)
  })

  test('says what to do where a browser hides Web Crypto', async t => {
    t.mock.getter(crypto, 'subtle', () => undefined)
    const words = new ImportError('Web Crypto is missing. In a browser, open this page over https or from localhost.')
    await assert.rejects(wrap(small.publicKey, 'RSAES_PKCS1_V1_5', new Uint8Array(32)), words)
    await assert.rejects(materialId('1234abcd', new Uint8Array(32)), words)
  })
})

suite('algorithmsFor', () => {
  const hybrid = ['RSA_AES_KEY_WRAP_SHA_256', 'RSA_AES_KEY_WRAP_SHA_1']
  const both = ['RSAES_OAEP_SHA_256', 'RSA_AES_KEY_WRAP_SHA_256', 'RSAES_OAEP_SHA_1', 'RSA_AES_KEY_WRAP_SHA_1']

  test('names every algorithm for secrets', () => {
    for (const spec of ['SYMMETRIC_DEFAULT', 'HMAC_224', 'HMAC_256', 'HMAC_384', 'HMAC_512']) {
      for (const bits of [2048, 3072, 4096] as const) {
        assert.deepEqual(algorithmsFor(spec, bits), [...both, 'RSAES_PKCS1_V1_5'], spec)
      }
    }
  })

  test('names RSA_AES_KEY_WRAP alone for RSA keys, whatever the wrapping key', () => {
    for (const spec of ['RSA_2048', 'RSA_3072', 'RSA_4096']) {
      for (const bits of [2048, 3072, 4096] as const) assert.deepEqual(algorithmsFor(spec, bits), hybrid, spec)
    }
  })

  test('names OAEP for keys on curves, but for P-521 under 2048 bits', () => {
    for (const spec of ['ECC_NIST_P256', 'ECC_NIST_P384', 'ECC_SECG_P256K1', 'ECC_NIST_EDWARDS25519']) {
      for (const bits of [2048, 3072, 4096] as const) assert.deepEqual(algorithmsFor(spec, bits), both, spec)
    }
    assert.deepEqual(algorithmsFor('ECC_NIST_P521', 2048), hybrid)
    assert.deepEqual(algorithmsFor('ECC_NIST_P521', 3072), both)
  })

  test('refuses key specs that cannot be imported', () => {
    for (const spec of ['ML_DSA_44', 'SM2', 'constructor', '']) {
      assert.throws(() => algorithmsFor(spec, 2048), { message: new RegExp(`^Key spec ${spec} cannot be imported\\.`) })
    }
  })
})

suite('materialId', () => {
  const keyId = '1234abcd-12ab-34cd-56ef-1234567890ab'
  const material = Uint8Array.from({ length: 32 }, (_, i) => i)

  test('gives the known answer', async () => {
    assert.equal(await materialId(keyId, material), '9d0f2b55a020177135bda0d172f6bbb3b4dcc7f87670f4e4a6add67b00173f01')
    assert.deepEqual([...material], [...Array(32).keys()])
  })

  test('differs for another key and for other material', async () => {
    const ids = await Promise.all([
      materialId(keyId, material),
      materialId(keyId.replace('1234abcd', '1234abce'), material),
      materialId(keyId, material.toReversed()),
      materialId(`mrk-${keyId.replaceAll('-', '')}`, material),
    ])
    assert.equal(new Set(ids).size, 4)
  })

  test('refuses an ARN, an alias and nothing', async () => {
    for (const id of [`arn:aws:kms:us-east-1:111122223333:key/${keyId}`, 'alias/mine', '', `${keyId}\n`]) {
      await assert.rejects(
        materialId(id, material),
        new ImportError('This is no key ID. An ARN ends in one, after "key/".'),
      )
    }
  })

  test('refuses empty material', async () => {
    await assert.rejects(materialId(keyId, new Uint8Array()), new ImportError('The material is empty.'))
  })
})
