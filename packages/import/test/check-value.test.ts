import assert from 'node:assert/strict'
import { createCipheriv, createECDH, generateKeyPairSync, hash, randomBytes } from 'node:crypto'
import { suite, test } from 'node:test'
import { checkValue, readMaterial } from '../src/index.ts'

const fingerprint = (key: { export: (options: { type: 'spki'; format: 'der' }) => Buffer }): string =>
  hash('sha256', key.export({ type: 'spki', format: 'der' }))

suite('check values', () => {
  test('that of 32 zeros is the one that HSMs show', async () => {
    assert.deepEqual(await checkValue('SYMMETRIC_DEFAULT', new Uint8Array(32)), { kind: 'kcv', value: 'dc95c0' })
  })

  test('symmetric material: three bytes of a block of zeros, encrypted with AES', async () => {
    const material = randomBytes(32)
    const zeros = createCipheriv('aes-256-ecb', material, null).update(new Uint8Array(16))
    const value = zeros.subarray(0, 3).toString('hex')
    assert.deepEqual(await checkValue('SYMMETRIC_DEFAULT', material), { kind: 'kcv', value })
  })

  test('HMAC secrets: SHA-256, and the material is left as it was', async () => {
    const material = randomBytes(64)
    const before = Buffer.from(material)
    assert.deepEqual(await checkValue('HMAC_512', material), { kind: 'secret', value: hash('sha256', before) })
    assert.deepEqual(material, before)
  })

  const pairs = {
    RSA_2048: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
    ECC_NIST_P256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    ECC_NIST_P384: () => generateKeyPairSync('ec', { namedCurve: 'P-384' }),
    ECC_NIST_P521: () => generateKeyPairSync('ec', { namedCurve: 'P-521' }),
    ECC_SECG_P256K1: () => generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
    ECC_NIST_EDWARDS25519: () => generateKeyPairSync('ed25519'),
  }
  for (const [keySpec, generate] of Object.entries(pairs)) {
    test(`${keySpec}: the fingerprint of the public half`, async () => {
      const { privateKey, publicKey } = generate()
      const pem = Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' }))
      const { material } = readMaterial(pem, { keySpec })
      assert.deepEqual(await checkValue(keySpec, material), { kind: 'public key', value: fingerprint(publicKey) })
    })
  }

  /** SEC1 without the point, as some tools write it. */
  const bare = (curve: string, size: number): { input: Buffer; point: Buffer } => {
    const pair = createECDH(curve)
    pair.generateKeys()
    const oid = { prime256v1: '2a8648ce3d030107', secp256k1: '2b8104000a' }[curve] ?? ''
    const name = `06${(oid.length / 2).toString(16).padStart(2, '0')}${oid}`
    const scalar = pair.getPrivateKey('hex').padStart(2 * size, '0')
    const body = `02010104${size.toString(16)}${scalar}a0${(name.length / 2).toString(16).padStart(2, '0')}${name}`
    return { input: Buffer.from(`30${(body.length / 2).toString(16)}${body}`, 'hex'), point: pair.getPublicKey() }
  }

  test('a public half that is missing is derived', async () => {
    const { input, point } = bare('prime256v1', 32)
    const { material } = readMaterial(input, { keySpec: 'ECC_NIST_P256' })
    const spki = Buffer.concat([Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex'), point])
    assert.equal((await checkValue('ECC_NIST_P256', material))?.value, hash('sha256', spki))
  })

  test('there is none for secp256k1 without its public half, which Web Crypto cannot derive', async () => {
    const { material } = readMaterial(bare('secp256k1', 32).input, { keySpec: 'ECC_SECG_P256K1' })
    assert.equal(await checkValue('ECC_SECG_P256K1', material), undefined)
  })

  test('a public half of another key is told', async () => {
    const [mine, other] = [0, 1].map(() =>
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'der' }),
    )
    const mixed = Buffer.concat([mine!.subarray(0, -64), other!.subarray(-64)])
    const { material } = readMaterial(mixed, { keySpec: 'ECC_NIST_P256' })
    await assert.rejects(checkValue('ECC_NIST_P256', material), { name: 'ImportError', message: /damaged/ })
  })

  test('a key spec that cannot be imported has none', async () => {
    await assert.rejects(checkValue('ML_DSA_44', randomBytes(32)), { name: 'ImportError' })
  })
})
