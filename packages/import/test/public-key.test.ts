import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { before, suite, test } from 'node:test'
import { ImportError, readPublicKey, wrap } from '../src/index.ts'
import { generateWrappingKey, generateWrappingKeys, unwrappers } from './unwrap.ts'
import type { WrappingKey } from './unwrap.ts'

let keys: WrappingKey[]
let key: WrappingKey
let der: Buffer
before(async () => {
  keys = await generateWrappingKeys()
  key = keys[0]!
  der = Buffer.from(key.publicKey)
})

const ascii = (text: string): Uint8Array => Buffer.from(text, 'latin1')

const notAPublicKey =
  'This is no RSA public key (DER SubjectPublicKeyInfo). Is it the import token? The wrapping key is the other one: ' +
  'PublicKey in the answer of GetParametersForImport, WrappingPublicKey.bin in the download of the console.'

/** An RSA public key of any numbers, sound or not. */
function rsaPublicKey(modulus: bigint, exponent: bigint): Buffer {
  const base64url = (value: bigint): string => {
    const digits = value.toString(16)
    return Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex').toString('base64url')
  }
  const made: KeyObject = createPublicKey({
    key: { kty: 'RSA', n: base64url(modulus), e: base64url(exponent) },
    format: 'jwk',
  })
  return made.export({ type: 'spki', format: 'der' })
}

suite('readPublicKey', () => {
  test('reads DER of 2048, 3072 and 4096 bits', () => {
    for (const { bits, publicKey } of keys) {
      const { n = '', e = '' } = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' }).export({
        format: 'jwk',
      })
      const read = readPublicKey(publicKey)
      assert.equal(read.bits, bits)
      assert.deepEqual(Buffer.from(read.spki), Buffer.from(publicKey))
      assert.equal(read.modulus, BigInt(`0x${Buffer.from(n, 'base64url').toString('hex')}`))
      assert.equal(read.exponent, BigInt(`0x${Buffer.from(e, 'base64url').toString('hex')}`))
    }
  })

  test('reads base64 as command line tools print it, and PEM', () => {
    const lines = der.toString('base64').replaceAll(/.{64}/g, '$&\r\n')
    const pem = createPublicKey({ key: der, format: 'der', type: 'spki' }).export({ type: 'spki', format: 'pem' })
    for (const text of [
      der.toString('base64'),
      `${der.toString('base64')}\n`,
      `${lines}\r\n`,
      `\u00ef\u00bb\u00bf${der.toString('base64')}`,
      String(pem),
      String(pem).replaceAll('\n', '\r\n'),
    ]) {
      assert.deepEqual(Buffer.from(readPublicKey(ascii(text)).spki), der)
    }
  })

  test('gives a key that wrap takes in each of these forms', async () => {
    const material = randomBytes(32)
    const pem = createPublicKey({ key: der, format: 'der', type: 'spki' }).export({ type: 'spki', format: 'pem' })
    for (const input of [der, ascii(der.toString('base64')), ascii(String(pem))]) {
      const wrapped = await wrap(input, 'RSAES_OAEP_SHA_256', material)
      assert.deepEqual(unwrappers.RSAES_OAEP_SHA_256(key, wrapped), material)
    }
  })

  test('keeps a copy that the caller cannot change', () => {
    const input = Uint8Array.from(der)
    const { spki } = readPublicKey(input)
    input.fill(0)
    assert.deepEqual(Buffer.from(spki), der)
  })

  test('asks whether it is the import token', () => {
    const token = randomBytes(1800)
    for (const input of [
      token,
      ascii(token.toString('base64')),
      Uint8Array.of(0x30),
      new Uint8Array(),
      ascii('deadbeef'),
    ]) {
      assert.throws(() => readPublicKey(input), { name: 'ImportError', message: notAPublicKey })
    }
  })

  test('refuses every cut, any byte after the end, and bytes before the start', () => {
    for (let length = 0; length < der.length; length++) {
      assert.throws(() => readPublicKey(der.subarray(0, length)), { message: notAPublicKey }, `${length} bytes`)
    }
    assert.throws(() => readPublicKey(Buffer.concat([der, Uint8Array.of(0)])), { message: notAPublicKey })
    assert.throws(() => readPublicKey(Buffer.concat([Uint8Array.of(0), der])), { message: notAPublicKey })
  })

  test('refuses any other byte in the headers', () => {
    // SEQUENCE, AlgorithmIdentifier, BIT STRING, SEQUENCE, INTEGER and the first byte of the modulus.
    for (let at = 0; at < 33; at++) {
      for (const change of [1, 0x80, 0xff]) {
        const changed = Buffer.from(der)
        changed[at]! ^= change
        assert.throws(() => readPublicKey(changed), ImportError, `byte ${at} ^ ${change}`)
      }
    }
  })

  test('refuses other kinds of key', () => {
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 })
    const certificate = '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n'
    for (const { publicKey } of [ec, pss]) {
      const spki = publicKey.export({ type: 'spki', format: 'der' })
      assert.throws(() => readPublicKey(spki), { message: notAPublicKey })
    }
    const pkcs1 = createPublicKey({ key: der, format: 'der', type: 'spki' })
    assert.throws(() => readPublicKey(pkcs1.export({ type: 'pkcs1', format: 'der' })), { message: notAPublicKey })
    const message = 'This PEM holds something else than one PUBLIC KEY, which the wrapping key must be.'
    for (const pem of [
      certificate,
      String(pkcs1.export({ type: 'pkcs1', format: 'pem' })),
      String(key.privateKey.export({ type: 'pkcs8', format: 'pem' })),
      String(pkcs1.export({ type: 'spki', format: 'pem' })).repeat(2),
    ]) {
      assert.throws(() => readPublicKey(ascii(pem)), { name: 'ImportError', message })
    }
  })

  test('refuses the whole answer of a command line tool', () => {
    const answer = JSON.stringify({ KeyId: 'arn', ImportToken: 'AAAA', PublicKey: der.toString('base64') }, null, 4)
    assert.throws(() => readPublicKey(ascii(`${answer}\n`)), {
      name: 'ImportError',
      message: 'This is JSON. Give only the value of its member PublicKey, base64 or decoded.',
    })
  })

  test('refuses UTF-16', () => {
    const utf16 = Buffer.from(`\ufeff${der.toString('base64')}`, 'utf16le')
    assert.throws(() => readPublicKey(utf16), {
      name: 'ImportError',
      message: 'This is UTF-16 text, as PowerShell writes it with ">". Save it as ASCII or as plain bytes.',
    })
  })

  test('refuses other lengths of modulus', async () => {
    const { publicKey } = await generateWrappingKey(1024)
    const message = (bits: number): string => `This RSA key has ${bits} bits. A wrapping key has 2048, 3072 or 4096.`
    assert.throws(() => readPublicKey(publicKey), { name: 'ImportError', message: message(1024) })
    for (const bits of [2047, 2049, 2560, 4095, 4097, 8192]) {
      const spki = rsaPublicKey(2n ** BigInt(bits) - 1n, 65537n)
      assert.throws(() => readPublicKey(spki), { name: 'ImportError', message: message(bits) })
    }
  })

  test('refuses an even modulus, and exponents that are even, too small or too large', () => {
    const message = 'This is no sound RSA key: its modulus or its exponent is even, or the exponent out of range.'
    const modulus = 2n ** 2048n - 1n
    for (const exponent of [3n, 17n, 65537n, 2n ** 32n - 1n]) {
      assert.equal(readPublicKey(rsaPublicKey(modulus, exponent)).exponent, exponent)
    }
    for (const exponent of [1n, 2n, 4n, 65536n, 2n ** 32n + 1n, modulus]) {
      assert.throws(() => readPublicKey(rsaPublicKey(modulus, exponent)), { name: 'ImportError', message })
    }
    assert.throws(() => readPublicKey(rsaPublicKey(modulus - 1n, 65537n)), { name: 'ImportError', message })
  })
})
