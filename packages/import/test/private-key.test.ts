import assert from 'node:assert/strict'
import { createECDH, createPrivateKey, generateKeyPairSync, randomBytes, webcrypto } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { suite, test } from 'node:test'
import { encodeDer, node, parseDer, parseElements, tag, unsigned } from '../src/der.ts'
import type { Node } from '../src/der.ts'
import { ImportError, readMaterial } from '../src/index.ts'
import type { MaterialFormat } from '../src/index.ts'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const ed25519 = generateKeyPairSync('ed25519')

/** One private key for each spec but the slow ones; OpenSSL's PKCS#8 is the material that all their files must give. */
const keys: Record<string, KeyObject> = {
  RSA_2048: rsa.privateKey,
  RSA_3072: generateKeyPairSync('rsa', { modulusLength: 3072 }).privateKey,
  ECC_NIST_P256: p256.privateKey,
  ECC_NIST_P384: generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey,
  ECC_NIST_P521: generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey,
  ECC_SECG_P256K1: generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey,
  ECC_NIST_EDWARDS25519: ed25519.privateKey,
}
const ecCurves = {
  ECC_NIST_P256: 'prime256v1',
  ECC_NIST_P384: 'secp384r1',
  ECC_NIST_P521: 'secp521r1',
  ECC_SECG_P256K1: 'secp256k1',
}

const pkcs8 = (key: KeyObject): Buffer => key.export({ type: 'pkcs8', format: 'der' })
const pem = (key: KeyObject, type: 'pkcs8' | 'pkcs1' | 'sec1'): string => String(key.export({ type, format: 'pem' }))
const ascii = (text: string): Uint8Array => Buffer.from(text, 'latin1')
const json = (value: object): Uint8Array => Buffer.from(JSON.stringify(value))
/** The form that only RSA or EC keys have, besides PKCS#8. */
const ownForm = (spec: string): 'pkcs1' | 'sec1' | undefined =>
  spec.startsWith('RSA') ? 'pkcs1' : spec in ecCurves ? 'sec1' : undefined

function accepts(
  input: Uint8Array,
  keySpec: string,
  material: Uint8Array,
  notes: string[],
  format?: MaterialFormat,
): void {
  const before = Buffer.from(input)
  const read = readMaterial(input, format ? { keySpec, format } : { keySpec })
  assert.deepEqual(Buffer.from(read.material), Buffer.from(material))
  assert.deepEqual(read.notes, notes)
  assert.deepEqual(Buffer.from(input), before, 'the input is as it was')
}

function refuses(input: Uint8Array, keySpec: string, message: string, format?: MaterialFormat): void {
  assert.throws(() => readMaterial(input, format ? { keySpec, format } : { keySpec }), { name: 'ImportError', message })
}

const damaged = {
  rsa: 'This RSA key is damaged: its numbers do not belong together.',
  scalar: 'This EC key is damaged: its scalar is out of range.',
  point: 'This EC key is damaged: its public point has the wrong length.',
}
const notPrivate =
  'This is a public key or a certificate. Material is the private key that belongs to it: give the file that holds that.'
const encrypted =
  'This private key is encrypted with a passphrase. Decrypt it first: openssl pkcs8 -topk8 -nocrypt -in key.pem -outform der -out key.der'
const noKeyAtAll = 'This is no private key in DER, nor in PEM or a JSON Web Key. openssl genpkey makes one.'
const rewritten = 'PKCS#8 written anew in its plain form: version 0, only the key.'

suite('readMaterial reads private keys', () => {
  for (const [spec, key] of Object.entries(keys)) {
    const der = pkcs8(key)
    const form = ownForm(spec)
    const formName = form === 'pkcs1' ? 'PKCS#1' : 'SEC1'
    const label = form === 'pkcs1' ? 'RSA PRIVATE KEY' : 'EC PRIVATE KEY'

    test(`${spec} as PKCS#8: DER, PEM, base64, hex`, () => {
      accepts(der, spec, der, [])
      accepts(der, spec, der, [], 'der')
      accepts(der, spec, der, [], 'raw')
      const text = pem(key, 'pkcs8')
      for (const file of [text, text.replaceAll('\n', '\r\n'), `Comment\n\n${text}\ntrailer`, text.trimEnd()]) {
        accepts(ascii(file), spec, der, ['PEM (PRIVATE KEY) read as DER.'])
        accepts(ascii(file), spec, der, ['PEM (PRIVATE KEY) read as DER.'], 'pem')
      }
      for (const format of [undefined, 'base64'] as const) {
        accepts(ascii(der.toString('base64')), spec, der, ['Base64 read as DER.'], format)
        accepts(ascii(der.toString('base64').replaceAll(/.{76}/g, '$&\n')), spec, der, ['Base64 read as DER.'], format)
      }
      accepts(ascii(der.toString('hex')), spec, der, ['Hexadecimal digits read as DER.'])
      accepts(ascii(der.toString('hex')), spec, der, ['Hexadecimal digits read as DER.'], 'hex')
    })

    if (form) {
      test(`${spec} as ${formName}: DER and PEM`, () => {
        const converted = `${formName} converted to PKCS#8.`
        accepts(key.export({ type: form, format: 'der' }), spec, der, [converted])
        accepts(ascii(pem(key, form)), spec, der, [`PEM (${label}) read as DER.`, converted])
        // What openssl ecparam -genkey writes has the curve before the key.
        const parameters = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n'
        accepts(ascii(parameters + pem(key, form)), spec, der, [`PEM (${label}) read as DER.`, converted])
      })
    }

    test(`${spec} as a JSON Web Key`, () => {
      const jwk = key.export({ format: 'jwk' })
      const notes = [`JSON Web Key (${jwk.kty}) converted to PKCS#8.`]
      const { material } = readMaterial(json(jwk), { keySpec: spec })
      if (jwk.kty !== 'RSA') assert.deepEqual(Buffer.from(material), der)
      accepts(json(jwk), spec, der, notes)
      accepts(json({ ...jwk, kid: '1', use: 'sig', alg: 'ES256', key_ops: ['sign'] }), spec, der, notes, 'jwk')
    })

    test(`${spec} is refused for every other spec`, () => {
      for (const other of [...Object.keys(keys), 'RSA_4096'].filter(name => name !== spec)) {
        const words = `This is a private key for ${spec}, but the KMS key is ${other}. Create a KMS key with key spec ${spec} for it.`
        refuses(der, other, words)
      }
      const text = pem(key, 'pkcs8')
      refuses(
        ascii(text),
        'SYMMETRIC_DEFAULT',
        `The input has ${text.length} bytes. PEM holds a private key, not a secret. SYMMETRIC_DEFAULT wants 32 bytes.`,
      )
    })
  }

  test('the material is what OpenSSL and Web Crypto read', async () => {
    for (const [spec, key] of Object.entries(keys)) {
      const { material } = readMaterial(json(key.export({ format: 'jwk' })), { keySpec: spec })
      assert.ok(createPrivateKey({ key: Buffer.from(material), format: 'der', type: 'pkcs8' }).equals(key))
    }
    const { material } = readMaterial(ascii(pem(p256.privateKey, 'sec1')), { keySpec: 'ECC_NIST_P256' })
    await webcrypto.subtle.importKey('pkcs8', material, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
  })

  test('one key beside certificates and public keys in the same PEM', () => {
    const certificate = '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n'
    const publicPem = String(p256.publicKey.export({ type: 'spki', format: 'pem' }))
    accepts(ascii(certificate + pem(p256.privateKey, 'pkcs8') + publicPem), 'ECC_NIST_P256', pkcs8(p256.privateKey), [
      'PEM (PRIVATE KEY) read as DER.',
    ])
  })
})

suite('readMaterial refuses files that hold no plain private key', () => {
  const text = pem(p256.privateKey, 'pkcs8')

  test('other bytes', () => {
    for (const input of [randomBytes(32).fill(0, 0, 1), Uint8Array.of(0x80), ascii('no key, really')]) {
      refuses(input, 'ECC_NIST_P256', noKeyAtAll)
      refuses(input, 'RSA_2048', noKeyAtAll, 'der')
    }
    refuses(ascii('ab'.repeat(32)), 'ECC_NIST_P256', noKeyAtAll)
    refuses(ascii('not+base+64='), 'ECC_NIST_P256', noKeyAtAll)
    refuses(ascii(' '), 'ECC_NIST_P256', noKeyAtAll)
  })

  test('an encrypted key, in every form', () => {
    const cipher = { cipher: 'aes-256-cbc', passphrase: 'secret' }
    for (const file of [
      p256.privateKey.export({ type: 'pkcs8', format: 'pem', ...cipher }),
      p256.privateKey.export({ type: 'sec1', format: 'pem', ...cipher }),
      p256.privateKey.export({ type: 'pkcs8', format: 'der', ...cipher }),
    ]) {
      refuses(Buffer.from(file), 'ECC_NIST_P256', encrypted)
    }
    refuses(Buffer.from(rsa.privateKey.export({ type: 'pkcs1', format: 'pem', ...cipher })), 'RSA_2048', encrypted)
  })

  test('a public key or a certificate', () => {
    refuses(p256.publicKey.export({ type: 'spki', format: 'der' }), 'ECC_NIST_P256', notPrivate)
    refuses(rsa.publicKey.export({ type: 'pkcs1', format: 'der' }), 'RSA_2048', notPrivate)
    refuses(Buffer.from(rsa.publicKey.export({ type: 'pkcs1', format: 'pem' })), 'RSA_2048', notPrivate)
    refuses(Buffer.from(p256.publicKey.export({ type: 'spki', format: 'pem' })), 'ECC_NIST_P256', notPrivate)
    refuses(json(p256.publicKey.export({ format: 'jwk' })), 'ECC_NIST_P256', notPrivate)
    refuses(json(rsa.publicKey.export({ format: 'jwk' })), 'RSA_2048', notPrivate)
    const certificate = encodeDer(
      node(tag.sequence, node(tag.sequence), node(tag.sequence), node(tag.bitString, Uint8Array.of(0))),
    )
    refuses(certificate, 'RSA_2048', notPrivate)
  })

  test('PKCS#12', () => {
    const pkcs12 = encodeDer(node(tag.sequence, unsigned(Uint8Array.of(3)), node(tag.sequence), node(tag.sequence)))
    refuses(
      pkcs12,
      'RSA_2048',
      'This is PKCS#12. Take the private key out first: openssl pkcs12 -nocerts -noenc -in key.p12, then openssl pkcs8 -topk8',
    )
  })

  test('OpenSSH and old DSA files', () => {
    const file = (label: string): Uint8Array => ascii(`-----BEGIN ${label}-----\nMAA=\n-----END ${label}-----\n`)
    refuses(
      file('OPENSSH PRIVATE KEY'),
      'ECC_NIST_EDWARDS25519',
      'This is OpenSSH\'s own format. Convert a copy of the file: ssh-keygen -p -N "" -m PKCS8 -f copy. That leaves Ed25519 keys as they are, so make such a key with openssl: openssl genpkey -algorithm ed25519',
    )
    const other = 'This PEM holds a private key of a type that cannot be imported.'
    refuses(file('DSA PRIVATE KEY'), 'RSA_2048', other)
    refuses(file('MY PRIVATE KEY'), 'RSA_2048', other)
  })

  test('PEM that is cut short, damaged or none', () => {
    const cut = 'The PEM is cut short: a line -----END ...----- is missing.'
    const lines = text.trimEnd().split('\n')
    refuses(ascii(lines.slice(0, -1).join('\n')), 'ECC_NIST_P256', cut)
    refuses(ascii('-----BEGIN '), 'ECC_NIST_P256', cut, 'pem')
    refuses(ascii('-----BEGIN PRIVATE KEY'), 'ECC_NIST_P256', cut)
    refuses(ascii(`-----BEGIN ${'A'.repeat(80)}-----\n-----END ${'A'.repeat(80)}-----`), 'ECC_NIST_P256', cut)
    refuses(ascii(text.replace('END PRIVATE', 'END PUBLIC')), 'ECC_NIST_P256', cut)
    refuses(ascii(text.replace('\nM', '\n?M')), 'ECC_NIST_P256', 'Not base64: character 1 is none of its digits.')
    refuses(ascii(lines.toSpliced(2, 1).join('\n')), 'ECC_NIST_P256', 'The DER is cut short.')
    refuses(ascii('nothing'), 'ECC_NIST_P256', 'This is not PEM: there is no line -----BEGIN ...-----.', 'pem')
  })

  test('more than one key', () => {
    refuses(ascii(text + text), 'ECC_NIST_P256', 'This PEM holds 2 private keys. Give one of them.')
    const set = { keys: [p256.privateKey.export({ format: 'jwk' })] }
    refuses(json(set), 'ECC_NIST_P256', 'This JSON is not one JSON Web Key: its member kty is not oct, RSA, EC or OKP.')
  })

  test('a secret', () => {
    refuses(
      json({ kty: 'oct', k: 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8' }),
      'RSA_2048',
      'This JSON Web Key is a secret (kty "oct"), not a private key.',
    )
  })

  test('UTF-16', () => {
    const utf16 = Buffer.from(`\ufeff${text}`, 'utf16le')
    const words = 'This is UTF-16 text, as PowerShell writes it with ">". Save it as ASCII or as plain bytes.'
    refuses(utf16, 'ECC_NIST_P256', words)
  })

  test('algorithms that cannot be imported', () => {
    const words = 'This key is for an algorithm that cannot be imported: not plain RSA, EC or Ed25519.'
    const pss = generateKeyPairSync('rsa-pss', { modulusLength: 1024 }).privateKey
    for (const key of [pss, generateKeyPairSync('x25519').privateKey, generateKeyPairSync('ed448').privateKey]) {
      refuses(pkcs8(key), 'RSA_2048', words)
    }
    const curve = 'This JSON Web Key is on a curve that KMS does not have. Of these keys (OKP), use Ed25519.'
    refuses(json(generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' })), 'ECC_NIST_EDWARDS25519', curve)
  })

  test('DER of something else', () => {
    refuses(encodeDer(node(tag.sequence)), 'RSA_2048', 'This DER is no private key that can be imported.')
    refuses(
      encodeDer(node(tag.sequence, ...[0, 1, 2, 3, 4, 5].map(n => unsigned(Uint8Array.of(n))))),
      'RSA_2048',
      'This DER is no private key that can be imported.',
    )
  })
})

suite('readMaterial refuses damaged DER', () => {
  const der = pkcs8(p256.privateKey)
  const odd =
    /^(The DER|This DER|This is BER|This is no private key|This is a p|This PKCS#8|This EC key|This key|This is PKCS#12)/

  test('cut anywhere', () => {
    for (let length = 1; length < der.length; length++) {
      refuses(der.subarray(0, length), 'ECC_NIST_P256', 'The DER is cut short.', 'der')
    }
  })

  test('with bytes after its end', () => {
    refuses(Buffer.concat([der, ascii('\n')]), 'ECC_NIST_P256', 'The DER ends 1 byte before the input does.')
    refuses(Buffer.concat([der, der]), 'ECC_NIST_P256', `The DER ends ${der.length} bytes before the input does.`)
  })

  test('written as BER', () => {
    const ber =
      'This is BER, not DER: a length is open or not in its shortest form. Write it anew: openssl pkcs8 -topk8 -nocrypt -inform der -in key.ber -outform der -out key.der'
    const content = der.subarray(3)
    for (const header of ['3080', '308200', '30830000', '3085000000']) {
      const length = header === '3080' ? '' : content.length.toString(16).padStart(header.length === 10 ? 4 : 2, '0')
      refuses(Buffer.concat([Buffer.from(header + length, 'hex'), content]), 'ECC_NIST_P256', ber)
    }
  })

  test('with any byte changed: refused in words, or still a key of that spec', () => {
    let refused = 0
    for (let at = 0; at < der.length; at++) {
      for (const change of [0x01, 0x02, 0x10, 0x80, 0xff]) {
        const changed = Buffer.from(der)
        changed[at]! ^= change
        try {
          assert.equal(readMaterial(changed, { keySpec: 'ECC_NIST_P256', format: 'der' }).material.length, der.length)
        } catch (error) {
          assert.ok(error instanceof ImportError, String(error))
          assert.match(error.message, odd)
          refused++
        }
      }
    }
    // The 32 bytes of the scalar and the 64 of the point carry no redundancy that is checked here.
    assert.ok(refused >= 5 * (der.length - 97) - 5, String(refused))
  })
})

suite('readMaterial checks RSA keys', () => {
  const numbers = ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'] as const
  const jwk = rsa.privateKey.export({ format: 'jwk' })
  const der = pkcs8(rsa.privateKey)
  const number = (name: (typeof numbers)[number]): bigint =>
    BigInt(`0x${Buffer.from(jwk[name] ?? '', 'base64url').toString('hex')}`)
  const member = (value: bigint): string =>
    Buffer.from(value.toString(16).padStart(520, '0'), 'hex').toString('base64url')

  test('each number must belong to the others', () => {
    for (const name of numbers) {
      const bytes = Buffer.from(jwk[name] ?? '', 'base64url')
      bytes[bytes.length - 1]! ^= 2
      refuses(json({ ...jwk, [name]: bytes.toString('base64url') }), 'RSA_2048', damaged.rsa)
    }
    refuses(json({ ...jwk, p: jwk.q, q: jwk.p }), 'RSA_2048', damaged.rsa)
    refuses(json({ ...jwk, p: 'AQ', q: jwk.n }), 'RSA_2048', damaged.rsa)
    refuses(json({ ...jwk, p: 'AA' }), 'RSA_2048', damaged.rsa)
    const period = (number('p') - 1n) * (number('q') - 1n)
    refuses(json({ ...jwk, d: member(number('d') + period * 2n) }), 'RSA_2048', damaged.rsa)
    refuses(json({ ...jwk, qi: member(number('qi') + number('p')) }), 'RSA_2048', damaged.rsa)
  })

  test('primes of different lengths, which services refuse', () => {
    const inverse = (value: bigint, modulus: bigint): bigint => {
      let [a, b, x, y] = [modulus, value, 0n, 1n]
      while (b > 1n) [a, b, x, y] = [b, a % b, y, x - (a / b) * y]
      return ((y % modulus) + modulus) % modulus
    }
    // Both are prime (Mersenne).
    const [p, q, e] = [2n ** 61n - 1n, 2n ** 31n - 1n, 65537n]
    const d = inverse(e, (p - 1n) * (q - 1n))
    const values = { n: p * q, e, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) }
    const members = Object.entries(values).map(([name, value]) => [name, member(value)])
    const words = 'The primes of this RSA key are not half as long as its modulus. openssl genpkey makes such a key.'
    refuses(json({ kty: 'RSA', ...Object.fromEntries(members) }), 'RSA_2048', words)
  })

  test('leading zeros in a JSON Web Key do no harm', () => {
    const padded = Object.fromEntries(
      numbers.map(name => [
        name,
        Buffer.concat([Buffer.alloc(2), Buffer.from(jwk[name] ?? '', 'base64url')]).toString('base64url'),
      ]),
    )
    accepts(json({ ...jwk, ...padded }), 'RSA_2048', der, ['JSON Web Key (RSA) converted to PKCS#8.'])
  })

  test('every number must be there', () => {
    for (const name of numbers.filter(name => name !== 'd')) {
      const words = `The member ${name} of this JSON Web Key is missing or not base64url.`
      refuses(json({ ...jwk, [name]: undefined }), 'RSA_2048', words)
      refuses(json({ ...jwk, [name]: `${jwk[name]}=` }), 'RSA_2048', words)
    }
  })

  test('small and even exponents', () => {
    const words = 'The public exponent of this RSA key is even, below 65537 or too large. Make a key with 65537.'
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024, publicExponent: 3 })
    refuses(pkcs8(privateKey), 'RSA_2048', words)
    refuses(json({ ...jwk, e: 'AQAC' }), 'RSA_2048', words)
    refuses(json({ ...jwk, e: 'AAAA' }), 'RSA_2048', words)
    refuses(json({ ...jwk, e: Buffer.alloc(33, 1).toString('base64url') }), 'RSA_2048', words)
  })

  test('more than two primes', () => {
    const words =
      'This RSA key has more than two primes, which KMS does not import. openssl genpkey -algorithm rsa makes one of two.'
    refuses(json({ ...jwk, oth: [{ r: 'AQAB', d: 'AQAB', t: 'AQAB' }] }), 'RSA_2048', words)
    const [, ...others] = parseElements(parseDer(rsa.privateKey.export({ type: 'pkcs1', format: 'der' })).content)
    const multi = node(
      tag.sequence,
      unsigned(Uint8Array.of(1)),
      ...others.map(({ content }) => node(tag.integer, content)),
      node(tag.sequence),
    )
    refuses(encodeDer(multi), 'RSA_2048', words)
  })

  test('a modulus of another length', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
    const words =
      'This is a private key for RSA_1024, but the KMS key is RSA_2048. RSA keys can be imported if they have 2048, 3072 or 4096 bits.'
    refuses(pkcs8(privateKey), 'RSA_2048', words)
  })

  test('numbers that are negative or not in their shortest form', () => {
    const words = 'The DER holds a number that is negative or not in its shortest form.'
    const [version, ...others] = parseElements(
      parseDer(rsa.privateKey.export({ type: 'pkcs1', format: 'der' })).content,
    )
    const withNumber = (index: number, content: Uint8Array): Uint8Array =>
      encodeDer(
        node(
          tag.sequence,
          node(tag.integer, version!.content),
          ...others.map((element, i) => node(tag.integer, i === index ? content : element.content)),
        ),
      )
    for (let index = 0; index < others.length; index++) {
      refuses(withNumber(index, Uint8Array.of(0x80, 1)), 'RSA_2048', words)
      refuses(withNumber(index, Uint8Array.of(0, 1)), 'RSA_2048', words)
      refuses(withNumber(index, new Uint8Array()), 'RSA_2048', words)
    }
  })
})

suite('readMaterial checks EC keys', () => {
  const oids = {
    ecPublicKey: Buffer.from('2a8648ce3d0201', 'hex'),
    p256: Buffer.from('2a8648ce3d030107', 'hex'),
    p384: Buffer.from('2b81040022', 'hex'),
    brainpoolP256r1: Buffer.from('2b2403030208010107', 'hex'),
  }
  const ecdh = createECDH('prime256v1')
  ecdh.generateKeys()
  const scalar = Uint8Array.from(Buffer.concat([Buffer.alloc(32), ecdh.getPrivateKey()]).subarray(-32))
  const point = ecdh.getPublicKey()

  const curve = (oid: Uint8Array): Node => node(tag.context0, node(tag.oid, oid))
  const bits = (bytes: Uint8Array): Node => node(tag.context1, node(tag.bitString, Uint8Array.of(0), bytes))
  const sec1 = (secret: Uint8Array, ...optional: Node[]): Node =>
    node(tag.sequence, unsigned(Uint8Array.of(1)), node(tag.octetString, secret), ...optional)
  const wrapped = (oid: Uint8Array, key: Node, version = 0, ...optional: Node[]): Uint8Array =>
    encodeDer(
      node(
        tag.sequence,
        unsigned(Uint8Array.of(version)),
        node(tag.sequence, node(tag.oid, oids.ecPublicKey), node(tag.oid, oid)),
        node(tag.octetString, key),
        ...optional,
      ),
    )
  const plain = wrapped(oids.p256, sec1(scalar, bits(point)))

  test('a public point may be uncompressed, compressed or absent, and stays as it is', () => {
    const compressed = ecdh.getPublicKey(null, 'compressed')
    for (const key of [sec1(scalar, bits(point)), sec1(scalar, bits(compressed)), sec1(scalar)]) {
      accepts(wrapped(oids.p256, key), 'ECC_NIST_P256', wrapped(oids.p256, key), [])
      assert.ok(createPrivateKey({ key: Buffer.from(wrapped(oids.p256, key)), format: 'der', type: 'pkcs8' }))
    }
  })

  test('attributes, version 2 and a second name of the curve are left out, with a note', () => {
    const attributes = node(tag.context0, node(tag.sequence))
    const publicKey = node(0x81, Uint8Array.of(0), point)
    accepts(wrapped(oids.p256, sec1(scalar, bits(point)), 0, attributes), 'ECC_NIST_P256', plain, [rewritten])
    accepts(wrapped(oids.p256, sec1(scalar, bits(point)), 1, attributes, publicKey), 'ECC_NIST_P256', plain, [
      rewritten,
    ])
    accepts(wrapped(oids.p256, sec1(scalar, curve(oids.p256), bits(point))), 'ECC_NIST_P256', plain, [rewritten])
  })

  test('a scalar that is too short or has a zero too many is written in full', () => {
    const small = Uint8Array.of(7)
    const full = Uint8Array.of(...new Uint8Array(31), 7)
    const whole = wrapped(oids.p256, sec1(full))
    accepts(whole, 'ECC_NIST_P256', whole, [])
    accepts(wrapped(oids.p256, sec1(small)), 'ECC_NIST_P256', whole, [rewritten])
    accepts(wrapped(oids.p256, sec1(Uint8Array.of(0, ...full))), 'ECC_NIST_P256', whole, [rewritten])
  })

  test('the scalar must be from 1 to the order of the curve less 1, as OpenSSL has it', () => {
    for (const [spec, name] of Object.entries(ecCurves)) {
      const jwk = keys[spec]!.export({ format: 'jwk' })
      const size = Buffer.from(jwk.d ?? '', 'base64url').length
      const reference = createECDH(name)
      // The order, bit by bit: the largest scalar that OpenSSL takes is one less.
      let largest = 0n
      const bytesOf = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(2 * size, '0'), 'hex')
      for (let bit = 1n << BigInt(8 * size - 1); bit > 0n; bit >>= 1n) {
        try {
          reference.setPrivateKey(bytesOf(largest | bit))
          largest |= bit
        } catch {
          // Out of range.
        }
      }
      const withScalar = (value: bigint): Uint8Array => json({ ...jwk, d: bytesOf(value).toString('base64url') })
      for (const value of [0n, largest + 1n, (1n << BigInt(8 * size)) - 1n])
        refuses(withScalar(value), spec, damaged.scalar)
      for (const value of [1n, largest]) assert.ok(readMaterial(withScalar(value), { keySpec: spec }).material)
    }
  })

  test('the public point must have a length of the curve', () => {
    for (const wrong of [
      new Uint8Array(),
      point.subarray(0, 64),
      Buffer.concat([point, point]),
      Buffer.from(point).fill(5, 0, 1),
    ]) {
      refuses(wrapped(oids.p256, sec1(scalar, bits(wrong))), 'ECC_NIST_P256', damaged.point)
    }
    const unused = node(tag.context1, node(tag.bitString, Uint8Array.of(1), point))
    refuses(wrapped(oids.p256, sec1(scalar, unused)), 'ECC_NIST_P256', damaged.point)
    const jwk = p256.privateKey.export({ format: 'jwk' })
    refuses(json({ ...jwk, x: 'AAAA' }), 'ECC_NIST_P256', damaged.point)
    refuses(json({ ...jwk, x: 'AAAA', y: 'AAAA' }), 'ECC_NIST_P256', damaged.point)
    refuses(
      json({ ...jwk, y: undefined }),
      'ECC_NIST_P256',
      'The member y of this JSON Web Key is missing or not base64url.',
    )
  })

  test('the curve must be named, once, and be one that KMS has', () => {
    const unnamed = 'This EC key does not say which curve it is on.'
    refuses(encodeDer(sec1(scalar, bits(point))), 'ECC_NIST_P256', unnamed)
    refuses(
      wrapped(oids.p256, sec1(scalar, curve(oids.p384))),
      'ECC_NIST_P256',
      'This EC key names two different curves.',
    )
    const foreign = 'This EC key is on a curve that KMS does not have. Use P-256, P-384, P-521 or secp256k1.'
    refuses(wrapped(oids.brainpoolP256r1, sec1(scalar)), 'ECC_NIST_P256', foreign)
    refuses(json({ ...p256.privateKey.export({ format: 'jwk' }), crv: 'P-257' }), 'ECC_NIST_P256', foreign)
    const explicit = generateKeyPairSync('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' }).privateKey
    const spelled =
      'This EC key spells its curve out, where KMS wants its name: openssl ec -param_enc named_curve -in key.pem'
    refuses(pkcs8(explicit), 'ECC_NIST_P256', spelled)
    refuses(ascii(pem(explicit, 'sec1')), 'ECC_NIST_P256', spelled)
  })

  test('versions must be known', () => {
    const strange = node(tag.sequence, unsigned(Uint8Array.of(2)), node(tag.octetString, scalar))
    refuses(wrapped(oids.p256, strange), 'ECC_NIST_P256', 'This EC key has a version that is not known.')
    refuses(wrapped(oids.p256, sec1(scalar), 2), 'ECC_NIST_P256', 'This PKCS#8 has a version that is not known.')
  })

  test('parts of the wrong type', () => {
    const words = 'The DER holds something else than a key has in this place.'
    refuses(wrapped(oids.p256, node(tag.octetString, scalar)), 'ECC_NIST_P256', words)
    refuses(wrapped(oids.p256, sec1(scalar, bits(point), bits(point))), 'ECC_NIST_P256', words)
    refuses(wrapped(oids.p256, sec1(scalar, bits(point), curve(oids.p256))), 'ECC_NIST_P256', words)
    refuses(wrapped(oids.p256, sec1(scalar), 0, node(0xa2)), 'ECC_NIST_P256', words)
    refuses(encodeDer(node(tag.octetString, scalar)), 'ECC_NIST_P256', noKeyAtAll)
    refuses(Buffer.from('30041f000000', 'hex'), 'ECC_NIST_P256', 'The DER holds a tag that no key has.')
  })
})

suite('readMaterial checks Ed25519 keys', () => {
  const seed = randomBytes(32)
  const wrapped = (version: number, secret: Uint8Array, ...optional: Node[]): Uint8Array =>
    encodeDer(
      node(
        tag.sequence,
        unsigned(Uint8Array.of(version)),
        node(tag.sequence, node(tag.oid, Uint8Array.of(0x2b, 0x65, 0x70))),
        node(tag.octetString, node(tag.octetString, secret)),
        ...optional,
      ),
    )

  test('48 bytes, the public key of version 2 left out with a note', () => {
    const plain = wrapped(0, seed)
    assert.equal(plain.length, 48)
    accepts(plain, 'ECC_NIST_EDWARDS25519', plain, [])
    accepts(wrapped(1, seed, node(0x81, Uint8Array.of(0), seed)), 'ECC_NIST_EDWARDS25519', plain, [rewritten])
  })

  test('a seed of another length', () => {
    const words = (size: string): string => `This Ed25519 key is damaged: ${size} instead of 32.`
    refuses(wrapped(0, seed.subarray(1)), 'ECC_NIST_EDWARDS25519', words('31 bytes'))
    refuses(json({ kty: 'OKP', crv: 'Ed25519', d: 'AA' }), 'ECC_NIST_EDWARDS25519', words('1 byte'))
  })
})
