import assert from 'node:assert/strict'
import {
  constants,
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  privateEncrypt,
  sign as nativeSign,
  type KeyObject,
} from 'node:crypto'
import { describe, test } from 'node:test'
import { der, derInteger, derSequence, tags } from '../../src/crypto/der.ts'
import * as prehashed from '../../src/crypto/prehashed.ts'
import type { Message, SignatureScheme } from '../../src/crypto/signature.ts'
import { isQuick, sign, verify } from '../../src/crypto/signatures.ts'

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')
const shake256 = (...parts: Uint8Array[]): Buffer =>
  createHash('shake256', { outputLength: 64 }).update(Buffer.concat(parts)).digest()

interface Pair {
  publicKey: KeyObject
  privateKey: KeyObject
}

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const rsa4096 = generateKeyPairSync('rsa', { modulusLength: 4096 })
const curve = (namedCurve: string): Pair => generateKeyPairSync('ec', { namedCurve })
const p256 = curve('P-256')
const p384 = curve('P-384')
const p521 = curve('P-521')
const k256 = curve('secp256k1')
const ed25519: Pair = generateKeyPairSync('ed25519')
const mlDsa44 = generateKeyPairSync('ml-dsa-44')

const text = Buffer.from('Attack at dawn, or perhaps at noon.')
const message: Message = { form: 'message', bytes: text }

const digestOf = (hash: string, bytes: Buffer): Message => ({
  form: 'digest',
  bytes: createHash(hash).update(bytes).digest(),
})

/** FIPS 204 algorithms 2 and 7, without context. */
const muOf = ({ publicKey }: Pair, bytes: Buffer): Message => ({
  form: 'mu',
  bytes: shake256(shake256(publicKey.export({ format: 'raw-public' })), Buffer.alloc(2), bytes),
})

interface Row {
  name: string
  scheme: SignatureScheme
  pair: Pair
  /** The forms of one message; the same signatures are good for all of them. */
  forms: (bytes: Buffer) => Message[]
  sizes: { minimum: number; maximum: number }
}

const exactly = (size: number) => ({ minimum: size, maximum: size })

function hashed(
  name: string,
  scheme: 'pkcs1' | 'pss' | 'ecdsa',
  hash: 'sha256' | 'sha384' | 'sha512',
  pair: Pair,
  sizes: { minimum: number; maximum: number },
): Row {
  const forms = (bytes: Buffer): Message[] => [{ form: 'message', bytes }, digestOf(hash, bytes)]
  return { name, scheme: { scheme, hash }, pair, forms, sizes }
}

const rows: Row[] = [
  ...(['pkcs1', 'pss'] as const).flatMap(scheme => [
    ...(['sha256', 'sha384', 'sha512'] as const).map(hash =>
      hashed(`${scheme} with ${hash}, 2048 bits`, scheme, hash, rsa, exactly(256)),
    ),
    hashed(`${scheme} with sha512, 4096 bits`, scheme, 'sha512', rsa4096, exactly(512)),
  ]),
  hashed('ECDSA on P-256', 'ecdsa', 'sha256', p256, { minimum: 60, maximum: 72 }),
  hashed('ECDSA on P-384', 'ecdsa', 'sha384', p384, { minimum: 92, maximum: 104 }),
  hashed('ECDSA on P-521', 'ecdsa', 'sha512', p521, { minimum: 127, maximum: 139 }),
  hashed('ECDSA on secp256k1', 'ecdsa', 'sha256', k256, { minimum: 60, maximum: 72 }),
  {
    name: 'Ed25519',
    scheme: { scheme: 'ed25519' },
    pair: ed25519,
    forms: bytes => [{ form: 'message', bytes }],
    sizes: exactly(64),
  },
  {
    name: 'Ed25519ph',
    scheme: { scheme: 'ed25519ph' },
    pair: ed25519,
    forms: bytes => [digestOf('sha512', bytes)],
    sizes: exactly(64),
  },
  ...([44, 65, 87] as const).map((level, index): Row => {
    const pair = level === 44 ? mlDsa44 : generateKeyPairSync(`ml-dsa-${level}`)
    return {
      name: `ML-DSA-${level}`,
      scheme: { scheme: 'ml-dsa' },
      pair,
      forms: bytes => [{ form: 'message', bytes }, muOf(pair, bytes)],
      sizes: exactly([2420, 3309, 4627][index] ?? 0),
    }
  }),
]

const flipped = (bytes: Uint8Array, bit: number): Buffer => {
  const copy = Buffer.from(bytes)
  copy[bit >> 3]! ^= 1 << (bit & 7)
  return copy
}

for (const { name, scheme, pair, forms, sizes } of rows) {
  describe(name, () => {
    test('what is signed in one form is good in every form, and for nothing else', async () => {
      // With messages of several lengths, so that digests, nonces and salts of many values go through.
      for (const bytes of [Buffer.alloc(1), text, Buffer.alloc(4096, 0xa5)]) {
        for (const signed of forms(bytes)) {
          const signature = await sign(scheme, pair.privateKey, signed)
          assert.ok(signature.length >= sizes.minimum && signature.length <= sizes.maximum, `${signature.length} bytes`)
          for (const form of forms(bytes)) assert.equal(await verify(scheme, pair.publicKey, form, signature), true)
          for (const form of forms(Buffer.concat([bytes, Buffer.alloc(1)]))) {
            assert.equal(await verify(scheme, pair.publicKey, form, signature), false)
          }
        }
      }
    })

    test('a signature with any byte changed, cut or lengthened is false', async () => {
      const [signed] = forms(text)
      assert.ok(signed)
      const signature = await sign(scheme, pair.privateKey, signed)
      const others = [
        Buffer.alloc(0),
        signature.subarray(1),
        signature.subarray(0, -1),
        signature.subarray(0, signature.length / 2),
        Buffer.concat([signature, Buffer.alloc(1)]),
        Buffer.concat([Buffer.alloc(1), signature]),
        Buffer.concat([signature, signature]),
        Buffer.alloc(signature.length),
        Buffer.alloc(signature.length, 0xff),
        Buffer.alloc(6144, 0x30),
        // Some bits from the whole length; all of them would take a minute for the slowest.
        ...Array.from({ length: 24 }, (_, at) =>
          flipped(signature, Math.floor((at * signature.length * 8) / 24) + (at & 7)),
        ),
      ]
      for (const form of forms(text)) {
        for (const other of others) {
          assert.equal(await verify(scheme, pair.publicKey, form, other), false, `${form.form}, ${other.length} bytes`)
        }
      }
    })

    test('a signature by another key of the kind is false', async () => {
      const { asymmetricKeyType: type, asymmetricKeyDetails: details } = pair.privateKey
      const other =
        type === 'rsa'
          ? generateKeyPairSync('rsa', { modulusLength: details?.modulusLength ?? 0 })
          : type === 'ec'
            ? curve(details?.namedCurve ?? '')
            : type === 'ed25519'
              ? generateKeyPairSync(type)
              : generateKeyPairSync(type as 'ml-dsa-44') // Of the kinds above there are no others.
      for (const form of forms(text)) {
        const signature = await sign(scheme, other.privateKey, form)
        assert.equal(await verify(scheme, pair.publicKey, form, signature), false)
      }
    })
  })
}

describe('forms', () => {
  const digest = (size: number): Message => ({ form: 'digest', bytes: Buffer.alloc(size) })
  const mu = (size: number): Message => ({ form: 'mu', bytes: Buffer.alloc(size) })
  const refused: [name: string, scheme: SignatureScheme, pair: Pair, message: Message][] = [
    ['a digest for Ed25519', { scheme: 'ed25519' }, ed25519, digest(64)],
    ['mu for Ed25519', { scheme: 'ed25519' }, ed25519, mu(64)],
    ['a message for Ed25519ph', { scheme: 'ed25519ph' }, ed25519, message],
    ['63 bytes for Ed25519ph', { scheme: 'ed25519ph' }, ed25519, digest(63)],
    ['a digest for ML-DSA', { scheme: 'ml-dsa' }, mlDsa44, digest(64)],
    ['65 bytes of mu', { scheme: 'ml-dsa' }, mlDsa44, mu(65)],
    ['mu for RSA', { scheme: 'pss', hash: 'sha512' }, rsa, mu(64)],
    ['mu for ECDSA', { scheme: 'ecdsa', hash: 'sha512' }, p521, mu(64)],
    ['a digest of SHA-256 for RSA with SHA-384', { scheme: 'pkcs1', hash: 'sha384' }, rsa, digest(32)],
    ['a digest of SHA-512 for PSS with SHA-256', { scheme: 'pss', hash: 'sha256' }, rsa, digest(64)],
    ['20 bytes for ECDSA with SHA-256', { scheme: 'ecdsa', hash: 'sha256' }, p256, digest(20)],
    ['an empty digest', { scheme: 'ecdsa', hash: 'sha256' }, k256, digest(0)],
  ]
  for (const [name, scheme, pair, form] of refused) {
    test(`${name}: an error of whoever asks, not a wrong signature`, () => {
      assert.throws(() => sign(scheme, pair.privateKey, form), RangeError)
      assert.throws(() => verify(scheme, pair.publicKey, form, Buffer.alloc(64)), RangeError)
    })
  }

  test('one hash is not taken for another', async () => {
    for (const scheme of ['pkcs1', 'pss', 'ecdsa'] as const) {
      const { privateKey, publicKey } = scheme === 'ecdsa' ? p521 : rsa
      const signature = await sign({ scheme, hash: 'sha512' }, privateKey, message)
      assert.equal(await verify({ scheme, hash: 'sha256' }, publicKey, message, signature), false)
      assert.equal(await verify({ scheme, hash: 'sha384' }, publicKey, digestOf('sha384', text), signature), false)
    }
  })

  test('the two paddings of RSA are not taken for each other', async () => {
    for (const [scheme, other] of [
      ['pkcs1', 'pss'],
      ['pss', 'pkcs1'],
    ] as const) {
      const signature = await sign({ scheme, hash: 'sha256' }, rsa.privateKey, message)
      for (const form of [message, digestOf('sha256', text)]) {
        assert.equal(await verify({ scheme: other, hash: 'sha256' }, rsa.publicKey, form, signature), false)
      }
    }
  })

  test('Ed25519 and Ed25519ph are not taken for each other', async () => {
    const form = digestOf('sha512', text)
    const asMessage: Message = { form: 'message', bytes: form.bytes }
    const hashedAgain: Message = { form: 'message', bytes: createHash('sha512').update(form.bytes).digest() }
    const prehashed = await sign({ scheme: 'ed25519ph' }, ed25519.privateKey, form)
    for (const pure of [asMessage, hashedAgain]) {
      assert.equal(await verify({ scheme: 'ed25519' }, ed25519.publicKey, pure, prehashed), false)
      const signature = await sign({ scheme: 'ed25519' }, ed25519.privateKey, pure)
      assert.equal(await verify({ scheme: 'ed25519ph' }, ed25519.publicKey, form, signature), false)
    }
  })

  test('mu is not taken for a message', async () => {
    const mu = muOf(mlDsa44, text)
    const signature = await sign({ scheme: 'ml-dsa' }, mlDsa44.privateKey, mu)
    const asMessage: Message = { form: 'message', bytes: mu.bytes }
    assert.equal(await verify({ scheme: 'ml-dsa' }, mlDsa44.publicKey, asMessage, signature), false)
  })

  test('what OpenSSL can do is done at once, the rest later', async () => {
    for (const { scheme, pair, forms } of rows) {
      for (const form of forms(text)) {
        const isNative = form.form === 'message' || scheme.scheme === 'pkcs1' || scheme.scheme === 'pss'
        const signature = sign(scheme, pair.privateKey, form)
        assert.equal(signature instanceof Promise, !isNative)
        const verdict = verify(scheme, pair.publicKey, form, await signature)
        assert.equal(verdict instanceof Promise, !isNative)
        assert.equal(await verdict, true)
      }
    }
  })
})

describe('randomness', () => {
  test('the same digest is never signed the same way, but for PKCS #1 v1.5 and Ed25519ph', async () => {
    for (const { name, scheme, pair, forms } of rows) {
      for (const form of forms(text)) {
        const first = await sign(scheme, pair.privateKey, form)
        const isSame = first.equals(await sign(scheme, pair.privateKey, form))
        assert.equal(isSame, ['pkcs1', 'ed25519', 'ed25519ph'].includes(scheme.scheme), `${name}, ${form.form}`)
      }
    }
  })

  test('by message and by digest PKCS #1 v1.5 gives one signature', async () => {
    for (const hash of ['sha256', 'sha384', 'sha512'] as const) {
      const scheme = { scheme: 'pkcs1', hash } as const
      assert.deepEqual(
        await sign(scheme, rsa.privateKey, digestOf(hash, text)),
        await sign(scheme, rsa.privateKey, message),
      )
    }
  })
})

// RFC 8032 section 7.3.
test('Ed25519ph signs as in RFC 8032', () => {
  const seed = hex('833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42')
  const privateKey = createPrivateKey({ key: seed, format: 'raw-private', asymmetricKeyType: 'ed25519' })
  const publicKey = createPublicKey(privateKey)
  assert.deepEqual(
    publicKey.export({ format: 'raw-public' }),
    hex('ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf'),
  )
  const signature = hex(
    '98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae41' +
      '31f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406',
  )
  const abc = Buffer.from('abc')
  assert.deepEqual(prehashed.sign(privateKey, abc), signature)
  assert.equal(prehashed.verify(publicKey, abc, signature), true)
  assert.equal(prehashed.verify(publicKey, Buffer.from('abd'), signature), false)
})

// usnistgov/ACVP-Server, gen-val/json-files/EDDSA-SigGen-1.0/internalProjection.json, tcId 1 and 2. Its Ed25519ph has contexts,
// which the service has not.
test('Ed25519 signs as in the vectors of NIST', async () => {
  const seed = hex('294849A3E89029C6028EED4B87CF6A1535533AA0BCF9341B5350B27E5BA6076A')
  const privateKey = createPrivateKey({ key: seed, format: 'raw-private', asymmetricKeyType: 'ed25519' })
  const publicKey = createPublicKey(privateKey)
  assert.deepEqual(
    publicKey.export({ format: 'raw-public' }),
    hex('7A4F761E8E2A8279890E6BA8049DFD556766597A5CDDB806A147DA1352366CA5'),
  )
  const known = [
    {
      message:
        '47892E46D6F61A472510AB302A6DCECD08692DAA772E02ECCEE1FBA3809EC6976C2D8FF130DDD45738ECBC618930E32AC493E9A9772285D77B5E23AA4D5333E1' +
        '7135610E979360F212A5CDFD057E4BF18B48F7B47F38CDCD3C278591D0E7FC05E9C2DFD5226F73BB4869E244F0C2FE01F0F4924A591DA3510A847E0A4FA85CF5',
      signature:
        '8384DE330500C799AFD928D21926C3FC435C2B55A28F95F838E6BCB37C6610A17C5C1BF6660A9B20A7C77DAA26EB1BCD62EC13F2D5320A788E66C139C9B19C04',
    },
    {
      message:
        'E9BDBF047F3BE61E9350D1238AD752BB31D4392CDCE6C3A9C65F10088E060C1A8D6D1C437D30D52A206F301DC66AB11A8D0C105BC2E96206013D345565068DC4' +
        '6E988D3CF2E0C84230FC163FEDC4E6FBB5750F1BCA7AB21BA90F234572052636AE1EE2AD6566909D28DAD675050B162483A75B8C3D3CE25045F3A2827DF01D06',
      signature:
        'D2A3B26974AD18CDDA123B1DFD45B4C47EAE9A0B85122731DA33EBC7969710E2124EC4BD8B45959575884ACC7EC05798E286FB1687074308F6C750814EFF700B',
    },
  ]
  for (const { message, signature } of known) {
    const form: Message = { form: 'message', bytes: hex(message) }
    assert.deepEqual(await sign({ scheme: 'ed25519' }, privateKey, form), hex(signature))
    assert.equal(await verify({ scheme: 'ed25519' }, publicKey, form, hex(signature)), true)
  }
})

test('keys of other kinds sign nothing that was hashed elsewhere', () => {
  for (const pair of [rsa, generateKeyPairSync('x25519'), generateKeyPairSync('ed448')]) {
    assert.throws(() => prehashed.sign(pair.privateKey, Buffer.alloc(64)), TypeError)
    assert.throws(() => prehashed.verify(pair.publicKey, Buffer.alloc(64), Buffer.alloc(64)), TypeError)
  }
})

describe('ECDSA', () => {
  // Orders of the groups: FIPS 186-5, SEC 2.
  const curves: [name: string, pair: Pair, hash: 'sha256' | 'sha384' | 'sha512', order: bigint][] = [
    ['P-256', p256, 'sha256', 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n],
    [
      'P-384',
      p384,
      'sha384',
      0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
    ],
    [
      'P-521',
      p521,
      'sha512',
      0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
    ],
    ['secp256k1', k256, 'sha256', 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n],
  ]

  const bytesOf = (value: bigint): Buffer => {
    const digits = value.toString(16)
    return hex(digits.padStart(digits.length + (digits.length & 1), '0'))
  }
  const encode = (r: bigint, s: bigint): Buffer => derSequence(derInteger(bytesOf(r)), derInteger(bytesOf(s)))

  for (const [name, pair, hash, order] of curves) {
    const scheme = { scheme: 'ecdsa', hash } as const
    const forms = [message, digestOf(hash, text)]
    const size = Math.ceil(order.toString(16).length / 2)

    const numbersOf = (form: Message): { r: bigint; s: bigint } => {
      const key = { key: pair.privateKey, dsaEncoding: 'ieee-p1363' } as const
      const raw = nativeSign(hash, form.bytes, key).toString('hex')
      return { r: BigInt(`0x${raw.slice(0, 2 * size)}`), s: BigInt(`0x${raw.slice(2 * size)}`) }
    }

    test(`${name}: s may be in either half of its range`, async () => {
      const { r, s } = numbersOf(message)
      for (const form of forms) {
        assert.equal(await verify(scheme, pair.publicKey, form, encode(r, s)), true)
        assert.equal(await verify(scheme, pair.publicKey, form, encode(r, order - s)), true)
      }
    })

    test(`${name}: r and s that are not between 1 and the order are false`, async () => {
      const { r, s } = numbersOf(message)
      const wrong: [bigint, bigint][] = [
        [0n, s],
        [r, 0n],
        [0n, 0n],
        [r + order, s],
        [r, s + order],
        [order, s],
        [r, order],
        [order - r, s],
        [s, r],
        [r, s + 1n],
        [r, 1n << 2000n],
      ]
      for (const form of forms) {
        for (const [r, s] of wrong) assert.equal(await verify(scheme, pair.publicKey, form, encode(r, s)), false)
      }
    })

    test(`${name}: any encoding but the DER of two integers is false`, async () => {
      const { r, s } = numbersOf(message)
      const [first, second] = [derInteger(bytesOf(r)), derInteger(bytesOf(s))]
      const body = Buffer.concat([first, second])
      // An integer as it must not be: with a zero too many, or without the one that it needs.
      const integer = (content: Buffer): Buffer => der(tags.integer, content)
      const padded = (element: Buffer): Buffer => integer(Buffer.concat([Buffer.alloc(1), element.subarray(2)]))
      const { length } = body
      const longer = length < 0x80 ? [0x81, length] : [0x82, 0, length]
      const wrong: Record<string, Buffer> = {
        'raw numbers': Buffer.concat([bytesOf(r), bytesOf(s)]),
        'a length in more bytes': Buffer.concat([Buffer.of(0x30, ...longer), body]),
        'an indefinite length': Buffer.concat([Buffer.of(0x30, 0x80), body, Buffer.alloc(2)]),
        'a zero before r': derSequence(padded(first), second),
        'a zero before s': derSequence(first, padded(second)),
        'negative r': derSequence(integer(Buffer.concat([Buffer.of(0xff), first.subarray(2)])), second),
        'one integer': derSequence(first),
        'three integers': derSequence(first, second, second),
        'an empty integer': derSequence(first, integer(Buffer.alloc(0))),
        'an empty sequence': derSequence(),
        'a set': der(tags.set, first, second),
        'octet strings': derSequence(der(tags.octetString, first.subarray(2)), second),
        'bytes behind': Buffer.concat([derSequence(first, second), Buffer.alloc(2)]),
        'a sequence in a sequence': derSequence(derSequence(first, second)),
      }
      for (const form of forms) {
        assert.equal(await verify(scheme, pair.publicKey, form, derSequence(first, second)), true)
        for (const [what, signature] of Object.entries(wrong)) {
          assert.equal(await verify(scheme, pair.publicKey, form, signature), false, what)
        }
      }
    })

    test(`${name}: a digest is signed with high s as often as with low s`, async () => {
      const seen = new Set<boolean>()
      // One run in 2^39 fails for no reason.
      for (let round = 0; round < 40 && seen.size < 2; round++) {
        const signature = await sign(scheme, pair.privateKey, digestOf(hash, text))
        // Both integers follow heads of two bytes: these signatures are not long enough for others.
        const start = signature[1]! < 0x80 ? 2 : 3
        const s = signature.subarray(start + 4 + signature[start + 1]!)
        seen.add(BigInt(`0x${s.toString('hex')}`) > order / 2n)
      }
      assert.equal(seen.size, 2)
    })
  }

  test('a digest of zeros is signed and verified like any other', async () => {
    for (const [, pair, hash] of curves) {
      const scheme = { scheme: 'ecdsa', hash } as const
      const form: Message = { form: 'digest', bytes: Buffer.alloc({ sha256: 32, sha384: 48, sha512: 64 }[hash]) }
      const signature = await sign(scheme, pair.privateKey, form)
      assert.equal(await verify(scheme, pair.publicKey, form, signature), true)
    }
  })
})

describe('Ed25519', () => {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n

  test('S that is not below the order is false, though the equation holds', async () => {
    for (const scheme of ['ed25519', 'ed25519ph'] as const) {
      const form = scheme === 'ed25519' ? message : digestOf('sha512', text)
      const signature = await sign({ scheme }, ed25519.privateKey, form)
      const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`)
      const tail = hex((s + order).toString(16).padStart(64, '0')).reverse()
      const malleable = Buffer.concat([signature.subarray(0, 32), tail])
      assert.equal(await verify({ scheme }, ed25519.publicKey, form, malleable), false)
    }
  })
})

describe('RSA paddings', () => {
  const size = 256
  const info = (head: string, digest: Uint8Array): Buffer => Buffer.concat([hex(head), digest])
  const sha256Head = '3031300d060960864801650304020105000420'

  /** The private operation on whatever is given, which is below the modulus. */
  const raw = (encoded: Buffer): Buffer =>
    privateEncrypt({ key: rsa.privateKey, padding: constants.RSA_NO_PADDING }, encoded)

  const digest = digestOf('sha256', text)

  test('PKCS #1 v1.5: the one encoding is good, all others are false', async () => {
    const scheme = { scheme: 'pkcs1', hash: 'sha256' } as const
    const encode = (
      tail: Buffer,
      { type = 1, padding = 0xff, separator = 0, fill = size - tail.length - 3 } = {},
    ): Buffer =>
      Buffer.concat([
        Buffer.of(0, type),
        Buffer.alloc(fill, padding),
        Buffer.of(separator),
        tail,
        Buffer.alloc(size - tail.length - fill - 3),
      ])
    const good = info(sha256Head, digest.bytes)
    const wrong: Record<string, Buffer> = {
      'no NULL': encode(info('302f300b0609608648016503040201' + '0420', digest.bytes)),
      'a length in more bytes': encode(info('308131300d060960864801650304020105000420', digest.bytes)),
      'another hash': encode(info('3031300d060960864801650304020305000420', digest.bytes)),
      'SHA-1 of the same length': encode(info('3029300906052b0e03021a05000420', digest.bytes)),
      'the digest alone': encode(Buffer.from(digest.bytes)),
      'block type 0': encode(good, { type: 0, padding: 0 }),
      'block type 2': encode(good, { type: 2 }),
      'other padding': encode(good, { padding: 0xfe }),
      'no separator': encode(good, { separator: 0xff }),
      // Whoever reads from the left to the end of the padding would be content (CVE-2006-4339).
      'short padding and bytes behind': encode(good, { fill: 8 }),
      'a byte behind': encode(good, { fill: size - good.length - 4 }),
      'another digest': encode(info(sha256Head, flipped(digest.bytes, 255))),
      zeros: Buffer.alloc(size),
    }
    for (const form of [message, digest]) {
      assert.equal(await verify(scheme, rsa.publicKey, form, raw(encode(good))), true)
      for (const [what, encoded] of Object.entries(wrong)) {
        assert.equal(await verify(scheme, rsa.publicKey, form, raw(encoded)), false, what)
      }
    }
  })

  test('PSS: any salt but one as long as the hash is false', async () => {
    const scheme = { scheme: 'pss', hash: 'sha256' } as const
    for (const saltLength of [0, 1, 20, 31, 32, 33, 64, 256 - 32 - 2]) {
      const padding = constants.RSA_PKCS1_PSS_PADDING
      const signature = nativeSign('sha256', text, { key: rsa.privateKey, padding, saltLength })
      for (const form of [message, digest]) {
        assert.equal(await verify(scheme, rsa.publicKey, form, signature), saltLength === 32, `${saltLength} bytes`)
      }
    }
  })

  test('PSS: another hash in the mask is false', async () => {
    // Made by hand, as Node has no name for it: MGF1 with SHA-1 over a seal by SHA-256.
    const salt = Buffer.alloc(32, 7)
    const seal = createHash('sha256')
      .update(Buffer.concat([Buffer.alloc(8), digest.bytes, salt]))
      .digest()
    const encodeWith = (hash: string): Buffer => {
      const data = Buffer.concat([Buffer.alloc(size - 66), Buffer.of(1), salt])
      const blocks = Array.from({ length: 16 }, (_, counter) =>
        createHash(hash)
          .update(Buffer.concat([seal, Buffer.of(0, 0, 0, counter)]))
          .digest(),
      )
      const mask = Buffer.concat(blocks)
      for (let at = 0; at < data.length; at++) data[at]! ^= mask[at]!
      data[0]! &= 0x7f
      return Buffer.concat([data, seal, Buffer.of(0xbc)])
    }
    const scheme = { scheme: 'pss', hash: 'sha256' } as const
    const good = encodeWith('sha256')
    const wrong: Record<string, Buffer> = {
      'the mask of SHA-1': encodeWith('sha1'),
      'the mask of SHA-512': encodeWith('sha512'),
      'another trailer': Buffer.concat([good.subarray(0, -1), Buffer.of(0xbd)]),
      'the trailer of X9.31': Buffer.concat([good.subarray(0, -1), Buffer.of(0xcc)]),
      'a bit of the seal': flipped(good, (size - 2) * 8),
      'a bit of the salt': flipped(good, (size - 34) * 8),
      'a bit of the separator': flipped(good, (size - 66) * 8),
      'a bit of the padding': flipped(good, 8 * 8),
    }
    for (const form of [message, digest]) {
      assert.equal(await verify(scheme, rsa.publicKey, form, raw(good)), true)
      for (const [what, encoded] of Object.entries(wrong)) {
        assert.equal(await verify(scheme, rsa.publicKey, form, raw(encoded)), false, what)
      }
    }
  })

  test('a number that is not below the modulus is false, though its remainder would be good', async () => {
    const modulus = BigInt(
      `0x${Buffer.from(rsa.publicKey.export({ format: 'jwk' }).n ?? '', 'base64url').toString('hex')}`,
    )
    for (const scheme of ['pkcs1', 'pss'] as const) {
      // A signature small enough that modulus and signature together fit is found at once with PSS; not at all otherwise.
      for (let round = 0; round < 40; round++) {
        const bytes = Buffer.concat([text, Buffer.of(round)])
        const form = digestOf('sha256', bytes)
        const signature = await sign({ scheme, hash: 'sha256' }, rsa.privateKey, form)
        const larger = (BigInt(`0x${signature.toString('hex')}`) + modulus).toString(16)
        if (larger.length > 2 * size) continue
        for (const same of [form, { form: 'message', bytes } as const]) {
          assert.equal(await verify({ scheme, hash: 'sha256' }, rsa.publicKey, same, hex(larger)), false)
        }
      }
    }
  })

  test('a key with a modulus of no whole bytes signs no digest', () => {
    const odd = generateKeyPairSync('rsa', { modulusLength: 1025 })
    assert.throws(() => sign({ scheme: 'pss', hash: 'sha256' }, odd.privateKey, digest), TypeError)
  })
})

describe('what is quick', () => {
  const slowExponent = generateKeyPairSync('rsa', { modulusLength: 1024, publicExponent: 2 ** 32 - 1 })
  const quick = new Set(
    rows.flatMap(({ name, scheme, pair, forms }) =>
      (['sign', 'verify'] as const).flatMap(work =>
        forms(text)
          .filter(form => isQuick(work, scheme, work === 'sign' ? pair.privateKey : pair.publicKey, form))
          .map(({ form }) => `${work} ${form}: ${name}`),
      ),
    ),
  )

  test('is what takes OpenSSL a tenth of a millisecond', () => {
    assert.deepEqual(
      [...quick].toSorted(),
      [
        ...['message', 'digest'].flatMap(form =>
          ['pkcs1', 'pss'].flatMap(scheme => [
            `verify ${form}: ${scheme} with sha256, 2048 bits`,
            `verify ${form}: ${scheme} with sha384, 2048 bits`,
            `verify ${form}: ${scheme} with sha512, 2048 bits`,
            `verify ${form}: ${scheme} with sha512, 4096 bits`,
          ]),
        ),
        'sign message: ECDSA on P-256',
        'verify message: ECDSA on P-256',
        'sign message: Ed25519',
        'verify message: Ed25519',
        'verify message: ML-DSA-44',
        'verify message: ML-DSA-65',
        'verify message: ML-DSA-87',
      ].toSorted(),
    )
  })

  test('is not RSA with a large exponent', () => {
    const scheme = { scheme: 'pkcs1', hash: 'sha256' } as const
    assert.equal(isQuick('verify', scheme, slowExponent.publicKey, message), true)
    const { n = '' } = rsa.publicKey.export({ format: 'jwk' })
    const e = Buffer.from((2n ** 32n + 15n).toString(16).padStart(10, '0'), 'hex').toString('base64url')
    const large = createPublicKey({ key: { kty: 'RSA', n, e }, format: 'jwk' })
    assert.equal(isQuick('verify', scheme, large, message), false)
    assert.equal(isQuick('verify', { scheme: 'pss', hash: 'sha512' }, large, digestOf('sha512', text)), false)
  })
})
