import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { suite, test } from 'node:test'
import { ImportError, readMaterial } from '../src/index.ts'
import type { MaterialFormat } from '../src/index.ts'

// Secrets: SYMMETRIC_DEFAULT and HMAC_*. Private keys are in private-key.test.ts.

const ascii = (text: string): Uint8Array => Buffer.from(text, 'latin1')

/** 32 bytes that are no text, with no newline at the end. */
const secret = Uint8Array.from({ length: 32 }, (_, i) => 0x80 + i)
const hex = Buffer.from(secret).toString('hex')
const base64 = Buffer.from(secret).toString('base64')

function accepts(
  input: Uint8Array,
  options: { keySpec?: string; format?: MaterialFormat },
  material: Uint8Array,
  notes: string[],
): void {
  const before = Buffer.from(input)
  const read = readMaterial(input, options)
  assert.deepEqual(Buffer.from(read.material), Buffer.from(material))
  assert.deepEqual(read.notes, notes)
  assert.deepEqual(Buffer.from(input), before, 'the input is as it was')
  assert.notEqual(read.material.buffer, input.buffer, 'the material is a copy')
}

function refuses(input: Uint8Array, options: { keySpec?: string; format?: MaterialFormat }, message: string): void {
  assert.throws(() => readMaterial(input, options), { name: 'ImportError', message })
}

suite('readMaterial guesses, for SYMMETRIC_DEFAULT', () => {
  test('32 bytes as they are', () => {
    accepts(secret, {}, secret, [])
    for (let i = 0; i < 50; i++) {
      const random = randomBytes(32)
      assert.deepEqual(Buffer.from(readMaterial(random).material), random)
    }
  })

  test('32 bytes as they are, whatever they start with', () => {
    for (const start of ['30', '3045', 'efbbbf', 'fffe', 'feff', '7b', '0d0a', '2020']) {
      const bytes = Uint8Array.from(secret)
      bytes.set(Buffer.from(start, 'hex'))
      accepts(bytes, {}, bytes, [])
    }
  })

  test('32 bytes with a newline for the last, which it mentions', () => {
    const bytes = Uint8Array.from(secret).fill(0x0a, 31)
    accepts(bytes, {}, bytes, ['The last byte is a newline (0a). It was kept, as it may well belong to the material.'])
  })

  test('32 characters as 32 bytes, which it mentions', () => {
    for (const [text, note] of [
      ['0123456789abcdef0123456789ABCDEF', '32 bytes of text, taken as they are, not as hex.'],
      ['AAECAwQFBgcICQoLDA0ODxAREhMUFRYX', '32 bytes of text, taken as they are, not as base64.'],
      ['correct horse battery staple 123', '32 bytes of text, taken as they are.'],
      ['{"kty":"oct","k":"AAECAwQFBgcI"}', '32 bytes of text, taken as they are, not as jwk.'],
      ['{ "this": "is no key, but text"}', '32 bytes of text, taken as they are, not as jwk.'],
      ['-----BEGIN but it does not end..', '32 bytes of text, taken as they are, not as pem.'],
    ] as const) {
      accepts(ascii(text), {}, ascii(text), [note])
    }
  })

  test('64 hexadecimal digits, with what people put around and between them', () => {
    const note = ['64 hexadecimal digits read as 32 bytes.']
    for (const text of [
      hex,
      hex.toUpperCase(),
      `${hex}\n`,
      `${hex}\r\n`,
      `  ${hex}\t\n\n`,
      `0x${hex}`,
      `0X${hex.toUpperCase()}\n`,
      `\u00ef\u00bb\u00bf${hex}\r\n`,
      hex.replaceAll(/../g, '$& '),
      hex.replaceAll(/..(?!$)/g, '$&:'),
      hex.replaceAll(/.{32}/g, '$&\n'),
      hex.replaceAll(/.{32}/g, '$&\r\n'),
    ]) {
      accepts(ascii(text), {}, secret, note)
    }
  })

  test('base64 of 32 bytes, in both alphabets, padded or not, in lines or not', () => {
    const note = ['Base64 read as 32 bytes.']
    for (const text of [
      base64,
      `${base64}\n`,
      `${base64}\r\n`,
      ` ${base64}\n\n`,
      base64.replace('=', ''),
      Buffer.from(secret).toString('base64url'),
      base64.replaceAll(/.{16}/g, '$&\n'),
      `\u00ef\u00bb\u00bf${base64}`,
    ]) {
      accepts(ascii(text), {}, secret, note)
    }
  })

  test('a JSON Web Key of 32 bytes', () => {
    const jwk = JSON.stringify({
      kty: 'oct',
      k: Buffer.from(secret).toString('base64url'),
      kid: 'mine',
      alg: 'A256GCM',
    })
    for (const text of [jwk, `${jwk}\n`, `\ufeff ${jwk}`]) {
      accepts(Buffer.from(text), {}, secret, ['JSON Web Key read as 32 bytes.'])
    }
  })
})

suite('readMaterial refuses, for SYMMETRIC_DEFAULT', () => {
  const hint = ' Is there a newline at the end, as echo and editors add it? Write the file without it.'

  test('nothing', () => {
    refuses(new Uint8Array(), {}, 'The input is empty.')
    refuses(new Uint8Array(), { format: 'raw' }, 'The input is empty.')
  })

  test('any other number of bytes', () => {
    refuses(Uint8Array.of(0x80), {}, 'The input has 1 byte. SYMMETRIC_DEFAULT wants 32 bytes.')
    for (const size of [2, 16, 24, 31, 33, 34, 48, 64, 128, 4096]) {
      const words = `The input has ${size} bytes. SYMMETRIC_DEFAULT wants 32 bytes.`
      refuses(new Uint8Array(size).fill(0x80), {}, words)
      refuses(new Uint8Array(size).fill(0x80), { format: 'raw' }, words)
    }
  })

  test('32 bytes and a newline: no byte is dropped', () => {
    const words = (size: number): string => `The input has ${size} bytes. SYMMETRIC_DEFAULT wants 32 bytes.${hint}`
    refuses(Buffer.concat([secret, ascii('\n')]), {}, words(33))
    refuses(Buffer.concat([secret, ascii('\r\n')]), {}, words(34))
    refuses(Buffer.concat([secret, ascii('\n')]), { format: 'raw' }, words(33))
  })

  test('32 characters and a newline, whatever they might mean', () => {
    refuses(
      ascii('0123456789abcdef0123456789abcdef\n'),
      {},
      `The input has 33 bytes. 32 hexadecimal digits read as 16 bytes. SYMMETRIC_DEFAULT wants 32 bytes.${hint}`,
    )
    refuses(
      ascii('AAECAwQFBgcICQoLDA0ODxAREhMUFRYX\n'),
      {},
      `The input has 33 bytes. Base64 read as 24 bytes. SYMMETRIC_DEFAULT wants 32 bytes.${hint}`,
    )
    refuses(
      ascii('correct horse battery staple 123\n'),
      {},
      `The input has 33 bytes. SYMMETRIC_DEFAULT wants 32 bytes.${hint}`,
    )
  })

  test('32 bytes of text with the newline counted in', () => {
    refuses(
      ascii('correct horse battery staple 12\n'),
      {},
      'These 32 bytes are text that ends in a newline. Write the file without it, or say format "raw" to keep it.',
    )
    accepts(
      ascii('correct horse battery staple 12\n'),
      { format: 'raw' },
      ascii('correct horse battery staple 12\n'),
      [],
    )
  })

  test('hexadecimal digits that are too many, too few, odd or torn apart', () => {
    const odd = 'These are 63 hexadecimal digits, an odd number.'
    refuses(
      ascii(hex.slice(0, 62)),
      {},
      'The input has 62 bytes. 62 hexadecimal digits read as 31 bytes. SYMMETRIC_DEFAULT wants 32 bytes.',
    )
    refuses(
      ascii(`${hex}00`),
      {},
      'The input has 66 bytes. 66 hexadecimal digits read as 33 bytes. SYMMETRIC_DEFAULT wants 32 bytes.',
    )
    refuses(ascii(hex.slice(1)), {}, `The input has 63 bytes. ${odd} SYMMETRIC_DEFAULT wants 32 bytes.`)
    refuses(ascii(hex.slice(1)), { format: 'hex' }, `${odd} SYMMETRIC_DEFAULT wants 32 bytes.`)
    const torn = `${hex.slice(0, 3)} ${hex.slice(3)}`
    refuses(
      ascii(torn),
      {},
      'The input has 65 bytes. A hexadecimal digit stands alone. SYMMETRIC_DEFAULT wants 32 bytes.',
    )
  })

  test('base64 that is too long, too short or damaged', () => {
    const sized = (size: number): string => Buffer.alloc(size, 0xff).toString('base64')
    refuses(ascii(sized(31)), {}, 'The input has 44 bytes. Base64 read as 31 bytes. SYMMETRIC_DEFAULT wants 32 bytes.')
    refuses(ascii(sized(33)), {}, 'The input has 44 bytes. Base64 read as 33 bytes. SYMMETRIC_DEFAULT wants 32 bytes.')
    const broken = 'that no bytes give. Is it cut short? SYMMETRIC_DEFAULT wants 32 bytes.'
    for (const [text, digits] of [
      [base64.slice(0, 41), 41],
      [`${base64.slice(0, 42)}9=`, 43],
      [base64.slice(0, 41) + '==', 41],
      [`${base64}=`, 43],
      [`${base64.slice(0, 42)}=`, 42],
    ] as const) {
      refuses(ascii(text), {}, `The input has ${text.length} bytes. Not base64: ${digits} digits ${broken}`)
    }
    refuses(
      ascii(`${base64.slice(0, 20)}=${base64.slice(20)}`),
      {},
      'The input has 45 bytes. Not base64: character 21 is none of its digits. SYMMETRIC_DEFAULT wants 32 bytes.',
    )
  })

  test('a passphrase', () => {
    refuses(ascii('hunter12'), {}, 'The input has 8 bytes. Base64 read as 6 bytes. SYMMETRIC_DEFAULT wants 32 bytes.')
    refuses(
      ascii('abcdefghi jklmnopqr stuvwxyzA BCDEFGHIJ KLMNOPQ'),
      {},
      'The input has 47 bytes. SYMMETRIC_DEFAULT wants 32 bytes.',
    )
  })

  test('UTF-16', () => {
    const words = 'This is UTF-16 text, as PowerShell writes it with ">". Save it as ASCII or as plain bytes.'
    const little = Buffer.from(`\ufeff${hex}\r\n`, 'utf16le')
    refuses(little, {}, words)
    refuses(Buffer.from(little).swap16(), {}, words)
  })

  test('JSON Web Keys that hold something else', () => {
    const refused = (jwk: object, words: string): void => {
      const text = Buffer.from(JSON.stringify(jwk, null, 2))
      refuses(text, {}, `The input has ${text.length} bytes. ${words} SYMMETRIC_DEFAULT wants 32 bytes.`)
      refuses(text, { format: 'jwk' }, `${words} SYMMETRIC_DEFAULT wants 32 bytes.`)
    }
    const member = 'The member k of this JSON Web Key is missing or not base64url.'
    refused({ kty: 'oct', k: 'AAECAw' }, 'JSON Web Key read as 4 bytes.')
    refused({ kty: 'oct' }, member)
    refused({ kty: 'oct', k: '' }, member)
    refused({ kty: 'oct', k: 32 }, member)
    refused({ kty: 'oct', k: [...secret] }, member)
    refused({ kty: 'oct', k: base64 }, member)
    refused({ kty: 'oct', k: `${base64.slice(0, 43)}\u00e9` }, member)
    refused({ kty: 'oct', k: base64.slice(0, 41) }, member)
    const kty = 'This JSON is not one JSON Web Key: its member kty is not oct, RSA, EC or OKP.'
    refused({ kty: 'AKP', k: 'AAECAw' }, kty)
    refused({ kty: 'constructor' }, kty)
    refused({ keys: [{ kty: 'oct', k: 'AAECAw' }] }, kty)
    refused({}, kty)
    refused(
      { kty: 'OKP', crv: 'Ed25519', d: Buffer.from(secret).toString('base64url'), x: 'AA' },
      'This JSON Web Key is a private key, not a secret.',
    )
  })

  test('JSON that is none, without quoting it', () => {
    const text = `{"kty":"oct","k":${hex}}`
    assert.throws(
      () => readMaterial(ascii(text), { format: 'jwk' }),
      (error: Error) => {
        assert.equal(error.message, 'This is not well-formed JSON. SYMMETRIC_DEFAULT wants 32 bytes.')
        assert.equal(error.cause, undefined)
        return true
      },
    )
    refuses(
      ascii('[1]'),
      { format: 'jwk' },
      'This JSON is not one JSON Web Key: its member kty is not oct, RSA, EC or OKP. SYMMETRIC_DEFAULT wants 32 bytes.',
    )
    refuses(ascii('null'), { format: 'jwk' }, 'This is not well-formed JSON. SYMMETRIC_DEFAULT wants 32 bytes.')
    refuses(
      Uint8Array.of(0x7b, 0xff, 0x7d),
      { format: 'jwk' },
      'This is not well-formed JSON. SYMMETRIC_DEFAULT wants 32 bytes.',
    )
  })

  test('PEM and DER', () => {
    const pem = '-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n'
    refuses(
      ascii(pem),
      {},
      `The input has ${pem.length} bytes. PEM holds a private key, not a secret. SYMMETRIC_DEFAULT wants 32 bytes.`,
    )
    refuses(ascii(pem), { format: 'pem' }, 'PEM holds a private key, not a secret. SYMMETRIC_DEFAULT wants 32 bytes.')
    refuses(secret, { format: 'der' }, 'DER holds a private key, not a secret. SYMMETRIC_DEFAULT wants 32 bytes.')
  })

  test('key specs that cannot be imported', () => {
    const list =
      'SYMMETRIC_DEFAULT, HMAC_224, HMAC_256, HMAC_384, HMAC_512, RSA_2048, RSA_3072, RSA_4096, ' +
      'ECC_NIST_P256, ECC_NIST_P384, ECC_NIST_P521, ECC_SECG_P256K1, ECC_NIST_EDWARDS25519.'
    for (const keySpec of ['ML_DSA_65', 'ML_KEM_768', 'SM2', 'constructor', '__proto__', '', 'symmetric_default']) {
      refuses(secret, { keySpec }, `Key spec ${keySpec} cannot be imported. These can: ${list}`)
    }
  })

  test('formats that do not exist', () => {
    for (const format of ['xml', 'toString', '']) {
      const words = `There is no format ${format}, but auto, raw, base64, hex, pem, der, jwk.`
      refuses(secret, { format: format as MaterialFormat }, words)
      refuses(secret, { format: format as MaterialFormat, keySpec: 'RSA_2048' }, words)
    }
  })

  test('never with a word of the input in the message', () => {
    const needle = 'c0ffee5ec7e7'
    const around = ['', '\n', '==', '{"k":"', '-----BEGIN PRIVATE KEY-----\n', '0x', '-----BEGIN ', ':z', '{"kty":"']
    const formats = ['auto', 'raw', 'base64', 'hex', 'pem', 'der', 'jwk'] as const
    let refusals = 0
    for (const format of formats) {
      for (const keySpec of ['SYMMETRIC_DEFAULT', 'HMAC_512', 'RSA_2048', 'ECC_NIST_P256']) {
        for (const before of around) {
          for (const after of ['', ...around, '"}', '\n-----END PRIVATE KEY-----']) {
            try {
              readMaterial(ascii(`${before}${needle}${after}`), { format, keySpec })
            } catch (error) {
              assert.ok(error instanceof ImportError)
              assert.ok(!error.message.includes(needle), error.message)
              assert.equal(error.cause, undefined)
              refusals++
            }
          }
        }
      }
    }
    // A few make 32 bytes, which are material.
    assert.ok(refusals > 2900, String(refusals))
  })
})

suite('readMaterial takes a format at its word', () => {
  test('raw: text stays text', () => {
    for (const text of [
      '0123456789abcdef0123456789ABCDEF',
      'AAECAwQFBgcICQoLDA0ODxAREhMUFRY=',
      '{"kty":"oct"}'.padEnd(32),
    ]) {
      accepts(ascii(text), { format: 'raw' }, ascii(text), [])
    }
  })

  test('hex and base64: the same digits mean different bytes', () => {
    const digits = 'ab'.repeat(32)
    accepts(ascii(digits), { format: 'hex' }, Buffer.alloc(32, 0xab), ['64 hexadecimal digits read as 32 bytes.'])
    accepts(ascii(digits), { format: 'base64', keySpec: 'HMAC_384' }, Buffer.from(digits, 'base64'), [
      'Base64 read as 48 bytes.',
    ])
  })

  test('hex: refuses what is none', () => {
    refuses(
      ascii(base64.replace('=', '')),
      { format: 'hex' },
      'These are 43 hexadecimal digits, an odd number. SYMMETRIC_DEFAULT wants 32 bytes.',
    )
    refuses(
      ascii(`${hex.slice(0, 10)}zz${hex.slice(12)}`),
      { format: 'hex' },
      'Not hexadecimal: digit 11 is none. SYMMETRIC_DEFAULT wants 32 bytes.',
    )
    refuses(secret, { format: 'hex' }, 'Not hexadecimal: digit 1 is none. SYMMETRIC_DEFAULT wants 32 bytes.')
    refuses(ascii('0x'), { format: 'hex' }, '0 hexadecimal digits read as 0 bytes. SYMMETRIC_DEFAULT wants 32 bytes.')
  })

  test('base64: refuses what is none', () => {
    refuses(
      secret,
      { format: 'base64' },
      'Not base64: character 1 is none of its digits. SYMMETRIC_DEFAULT wants 32 bytes.',
    )
    refuses(ascii('\n'), { format: 'base64' }, 'Base64 read as 0 bytes. SYMMETRIC_DEFAULT wants 32 bytes.')
    refuses(
      ascii(`${base64.slice(0, 20)} ${base64.slice(20)}`),
      { format: 'base64' },
      'Not base64: character 21 is none of its digits. SYMMETRIC_DEFAULT wants 32 bytes.',
    )
  })

  test('base64: reads every length', () => {
    for (let size = 28; size <= 128; size++) {
      const bytes = randomBytes(size)
      for (const text of [bytes.toString('base64'), bytes.toString('base64url')]) {
        const read = readMaterial(ascii(text), { keySpec: 'HMAC_224', format: 'base64' })
        assert.deepEqual(Buffer.from(read.material), bytes)
      }
    }
  })
})

suite('readMaterial, for HMAC keys', () => {
  const limits = { HMAC_224: 28, HMAC_256: 32, HMAC_384: 48, HMAC_512: 64 }

  for (const [keySpec, min] of Object.entries(limits)) {
    test(`${keySpec} takes ${min} to 128 bytes`, () => {
      for (const size of [min, min + 1, 127, 128]) {
        const bytes = new Uint8Array(size).fill(0x80)
        accepts(bytes, { keySpec }, bytes, [])
      }
      for (const size of [1, min - 1, 129, 4096]) {
        const length = size === 1 ? '1 byte' : `${size} bytes`
        refuses(
          new Uint8Array(size).fill(0x80),
          { keySpec },
          `The input has ${length}. ${keySpec} wants ${min} to 128 bytes.`,
        )
      }
    })
  }

  test('text that could be either is refused until somebody says which', () => {
    refuses(
      ascii(hex),
      { keySpec: 'HMAC_256' },
      '64 hexadecimal digits read as 32 bytes. But HMAC_256 takes the 64 bytes of the text itself too. Say which is meant: format "hex" or "raw".',
    )
    refuses(
      ascii(`${base64}\n`),
      { keySpec: 'HMAC_256' },
      'Base64 read as 32 bytes. But HMAC_256 takes the 45 bytes of the text itself too. Say which is meant: format "base64" or "raw".',
    )
    const jwk = JSON.stringify({ kty: 'oct', k: Buffer.from(secret).toString('base64url') })
    refuses(
      ascii(jwk),
      { keySpec: 'HMAC_256' },
      `JSON Web Key read as 32 bytes. But HMAC_256 takes the ${jwk.length} bytes of the text itself too. Say which is meant: format "jwk" or "raw".`,
    )
    accepts(ascii(hex), { keySpec: 'HMAC_256', format: 'hex' }, secret, ['64 hexadecimal digits read as 32 bytes.'])
    accepts(ascii(hex), { keySpec: 'HMAC_256', format: 'raw' }, ascii(hex), [])
    accepts(ascii(`${base64}\n`), { keySpec: 'HMAC_256', format: 'base64' }, secret, ['Base64 read as 32 bytes.'])
    accepts(ascii(jwk), { keySpec: 'HMAC_256', format: 'jwk' }, secret, ['JSON Web Key read as 32 bytes.'])
  })

  test('text that could only be itself is taken, and mentioned', () => {
    accepts(ascii(hex), { keySpec: 'HMAC_512' }, ascii(hex), ['64 bytes of text, taken as they are, not as hex.'])
    accepts(
      ascii('s3cr3t, and long enough for this'),
      { keySpec: 'HMAC_256' },
      ascii('s3cr3t, and long enough for this'),
      ['32 bytes of text, taken as they are.'],
    )
  })

  test('text that could only be digits is decoded', () => {
    const bytes = Uint8Array.from({ length: 100 }, (_, i) => i)
    accepts(ascii(Buffer.from(bytes).toString('hex')), { keySpec: 'HMAC_512' }, bytes, [
      '200 hexadecimal digits read as 100 bytes.',
    ])
    accepts(ascii(Buffer.from(bytes).toString('base64')), { keySpec: 'HMAC_512' }, bytes, ['Base64 read as 100 bytes.'])
  })

  test('a newline at the end is neither dropped nor taken in silence', () => {
    refuses(
      ascii('s3cr3t, and long enough for this\n'),
      { keySpec: 'HMAC_256' },
      'These 33 bytes are text that ends in a newline. Write the file without it, or say format "raw" to keep it.',
    )
    const binary = Buffer.concat([secret, ascii('\n')])
    accepts(binary, { keySpec: 'HMAC_256' }, binary, [
      'The last byte is a newline (0a). It was kept, as it may well belong to the material.',
    ])
    refuses(
      Buffer.concat([Buffer.alloc(128, 0x80), ascii('\r\n')]),
      { keySpec: 'HMAC_256' },
      'The input has 130 bytes. HMAC_256 wants 32 to 128 bytes. Is there a newline at the end, as echo and editors add it? Write the file without it.',
    )
  })
})
