import assert from 'node:assert/strict'
import { createECDH, createPrivateKey, createPublicKey, diffieHellman, ECDH, generateKeyPairSync } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { test } from 'node:test'
import { readPublicKey } from '../../src/crypto/public-key.ts'
import { random } from '../../src/crypto/random.ts'
import { bits, element, elementsOf, encode, explicitP256, octets, oid, sequence, twists } from '../support/der.ts'
import type { Element } from '../support/der.ts'
import { wycheproof } from '../support/wycheproof.ts'

const hex = (text: string): Buffer => Buffer.from(text, 'hex')
const spki = (key: KeyObject): Buffer => key.export({ format: 'der', type: 'spki' })
const ecPublicKey = oid('1.2.840.10045.2.1', '2a8648ce3d0201')

const curves = [
  { kind: { kind: 'ecc', curve: 'prime256v1', size: 32 }, curve: oid('1.2.840.10045.3.1.7', '2a8648ce3d030107') },
  { kind: { kind: 'ecc', curve: 'secp256k1', size: 32 }, curve: oid('1.3.132.0.10', '2b8104000a') },
  { kind: { kind: 'ecc', curve: 'secp384r1', size: 48 }, curve: oid('1.3.132.0.34', '2b81040022') },
  { kind: { kind: 'ecc', curve: 'secp521r1', size: 66 }, curve: oid('1.3.132.0.35', '2b81040023') },
] as const
const [p256] = curves

const treeOf = (curve: Element, point: Buffer): Element => sequence(sequence(ecPublicKey, curve), bits(point))

for (const { kind, curve } of curves) {
  const { curve: name, size } = kind
  const ecdh = createECDH(name)
  const point = ecdh.generateKeys()
  const compressed = ecdh.getPublicKey(null, 'compressed')
  const own = generateKeyPairSync('ec', { namedCurve: name })
  const read = (encoded: Uint8Array) => readPublicKey(kind, encoded)
  const readPoint = (given: Buffer) => read(encode(treeOf(curve, given)))
  const agreesWith = (publicKey: KeyObject | undefined) => {
    assert.ok(publicKey)
    const secret = diffieHellman({ privateKey: own.privateKey, publicKey })
    const ownPoint = spki(own.publicKey).subarray(-1 - 2 * size)
    assert.deepEqual(secret, ecdh.computeSecret(ownPoint))
  }

  test(`${name}: reads what OpenSSL writes, and what is built by hand`, () => {
    assert.deepEqual(spki(read(spki(own.publicKey))!), spki(own.publicKey))
    agreesWith(readPoint(point))
  })

  test(`${name}: reads a compressed point`, () => agreesWith(readPoint(compressed)))

  test(`${name}: refuses the hybrid form, infinity, other lengths and other forms`, () => {
    const wrong = [
      ecdh.getPublicKey(null, 'hybrid'),
      Buffer.alloc(0),
      Buffer.of(0),
      Buffer.alloc(1 + size),
      Buffer.alloc(1 + 2 * size),
      Buffer.of(2),
      Buffer.of(4),
      point.subarray(0, -1),
      point.subarray(1),
      point.subarray(0, 1 + size),
      Buffer.concat([point, Buffer.alloc(1)]),
      Buffer.concat([Buffer.of(4, 0), point.subarray(1)]),
      compressed.subarray(0, -1),
      Buffer.concat([compressed, Buffer.alloc(1)]),
      Buffer.concat([compressed, Buffer.alloc(size)]),
      ...[0, 1, 5, 6, 7, 8, 0x84, 0xff].map(form => Buffer.concat([Buffer.of(form), point.subarray(1)])),
      ...[0, 1, 4, 5, 6, 7].map(form => Buffer.concat([Buffer.of(form), compressed.subarray(1)])),
    ]
    for (const given of wrong) assert.equal(readPoint(given), undefined)
  })

  test(`${name}: refuses points beside the curve`, () => {
    const beside = Buffer.from(point)
    beside[beside.length - 1]! ^= 1
    const exchanged = Buffer.concat([point.subarray(0, 1), point.subarray(1 + size), point.subarray(1, 1 + size)])
    const zeros = Buffer.concat([Buffer.of(4), Buffer.alloc(2 * size)])
    const ones = Buffer.concat([Buffer.of(4), Buffer.alloc(2 * size, 0xff)])
    for (const given of [beside, exchanged, zeros, ones]) assert.equal(readPoint(given), undefined)
    assert.equal(readPoint(Buffer.concat([Buffer.of(2), Buffer.alloc(size, 0xff)])), undefined)
    // About half of all x have no point.
    const isOnCurve = (x: number) => {
      const given = Buffer.concat([Buffer.of(2), Buffer.alloc(size)])
      given.writeUInt8(x, size)
      return readPoint(given) !== undefined
    }
    const count = Array.from({ length: 32 }, (_, x) => isOnCurve(x)).filter(Boolean).length
    assert.ok(count > 4 && count < 28, `${count} of 32`)
  })

  test(`${name}: refuses keys of other curves`, () => {
    for (const other of curves) {
      if (other.kind === kind) continue
      assert.equal(readPublicKey(other.kind, spki(own.publicKey)), undefined)
      assert.equal(readPublicKey(kind, encode(treeOf(other.curve, point))), undefined)
      // A point of the one curve, said to be of the other.
      const foreign = createECDH(other.kind.curve).generateKeys()
      assert.equal(readPoint(foreign), undefined)
    }
  })

  test(`${name}: refuses a key that is cut anywhere, and any twist of any element`, () => {
    const tree = treeOf(curve, point)
    const encoded = encode(tree)
    for (let end = 0; end < encoded.length; end++) assert.equal(read(encoded.subarray(0, end)), undefined)
    for (const [place, at] of elementsOf(tree)) {
      for (const twist of Object.keys(twists)) {
        assert.equal(read(encode(tree, at, twist)), undefined, `${place}: ${twist}`)
      }
    }
  })
}

test('refuses coordinates that are not below the prime', () => {
  // x = 5 has a point on P-256.
  const prime = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n
  const x = (value: bigint) => hex(value.toString(16).padStart(64, '0'))
  const compressed = Buffer.concat([Buffer.of(2), x(5n)])
  const point = ECDH.convertKey(compressed, 'prime256v1', undefined, undefined, 'uncompressed')
  assert.ok(Buffer.isBuffer(point))
  const read = (given: Buffer) => readPublicKey(p256.kind, encode(treeOf(p256.curve, given)))
  assert.ok(read(point) && read(compressed))
  assert.equal(read(Buffer.concat([Buffer.of(4), x(5n + prime), point.subarray(33)])), undefined)
  assert.equal(read(Buffer.concat([Buffer.of(2), x(5n + prime)])), undefined)
})

test('refuses any bit flipped in a P-256 key', () => {
  const encoded = spki(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey)
  for (let bit = 0; bit < encoded.length * 8; bit++) {
    const flipped = Buffer.from(encoded)
    flipped[bit >> 3]! ^= 1 << (bit & 7)
    assert.equal(readPublicKey(p256.kind, flipped), undefined, `bit ${bit}`)
  }
})

test('refuses explicit parameters, of the very curve and of a wrong one, both of which Node takes', () => {
  const point = createECDH('prime256v1').generateKeys()
  for (const cofactor of [1n, 2n]) {
    const encoded = encode(treeOf(explicitP256(cofactor), point))
    createPublicKey({ key: encoded, format: 'der', type: 'spki' })
    assert.equal(readPublicKey(p256.kind, encoded), undefined)
  }
  for (const { kind } of curves) {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: kind.curve, paramEncoding: 'explicit' })
    assert.equal(readPublicKey(kind, spki(publicKey)), undefined)
  }
})

test('refuses other algorithms and parameters', () => {
  const point = createECDH('prime256v1').generateKeys()
  const { curve } = p256
  for (const algorithm of [
    sequence(ecPublicKey),
    sequence(ecPublicKey, element(0x05)),
    sequence(ecPublicKey, curve, curve),
    sequence(curve, ecPublicKey),
    sequence(curve),
    sequence(),
    sequence(oid('1.3.132.1.12', '2b8104010c'), curve),
    sequence(oid('1.2.840.113549.1.1.1', '2a864886f70d010101'), element(0x05)),
    ecPublicKey,
  ]) {
    assert.equal(readPublicKey(p256.kind, encode(sequence(algorithm, bits(point)))), undefined)
  }
  assert.equal(readPublicKey(p256.kind, encode(sequence(sequence(ecPublicKey, curve), octets(point)))), undefined)
  assert.equal(readPublicKey(p256.kind, encode(sequence(sequence(ecPublicKey, curve)))), undefined)
})

test('refuses private keys, PEM text, raw points, other kinds of keys, random bytes and nothing', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  for (const encoded of [
    privateKey.export({ format: 'der', type: 'pkcs8' }),
    privateKey.export({ format: 'der', type: 'sec1' }),
    Buffer.from(publicKey.export({ format: 'pem', type: 'spki' })),
    Buffer.from(spki(publicKey).toString('base64')),
    spki(publicKey).subarray(-65),
    spki(generateKeyPairSync('ed25519').publicKey),
    spki(generateKeyPairSync('x25519').publicKey),
    spki(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey),
    Buffer.alloc(0),
    Buffer.alloc(91),
    random(91),
    random(5000),
  ]) {
    assert.equal(readPublicKey(p256.kind, encoded), undefined)
  }
})

test('refuses curves that are none of ours', () => {
  for (const curve of ['brainpoolP256r1', 'toString', '__proto__', 'constructor']) {
    const name = curve === 'brainpoolP256r1' ? curve : 'prime256v1'
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: name })
    assert.equal(readPublicKey({ kind: 'ecc', curve, size: 32 }, spki(publicKey)), undefined)
  }
})

interface Agreement {
  /** SubjectPublicKeyInfo, and a scalar with or without leading zeros. */
  public: string
  private: string
  shared: string
  flags: string[]
}

for (const [name, { kind, curve }] of [
  ['ecdh_secp256r1_test', curves[0]],
  ['ecdh_secp521r1_test', curves[3]],
] as const) {
  test(`Wycheproof ${name}`, t => {
    const file = wycheproof<object, Agreement>(t, name)
    if (!file) return
    // They are few, and OpenSSL takes its time to find their public halves.
    const privateKeys = new Map<string, KeyObject>()
    const privateKeyOf = (digits: string) => {
      const known = privateKeys.get(digits)
      if (known) return known
      const scalar = digits.replace(/^00/, '').padStart(2 * kind.size, '0')
      const key = sequence(element(0x02, '01'), octets(scalar))
      const pkcs8 = encode(sequence(element(0x02, '00'), sequence(ecPublicKey, curve), octets([key])))
      const made = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
      privateKeys.set(digits, made)
      return made
    }
    const counts = { valid: 0, compressed: 0, 'refused as invalid': 0, 'refused though acceptable': 0 }
    for (const { tcId, comment, result, flags, ...vector } of file.testGroups.flatMap(({ tests }) => tests)) {
      const publicKey = readPublicKey(kind, hex(vector.public))
      // Of what the vectors leave open, we take compressed points, but no explicit curves and nothing but DER.
      const isCompressed = flags.includes('CompressedPoint')
      if (result === 'invalid' || (result === 'acceptable' && !isCompressed)) {
        assert.equal(publicKey, undefined, `${tcId}: ${comment}`)
        counts[result === 'invalid' ? 'refused as invalid' : 'refused though acceptable']++
        continue
      }
      assert.ok(publicKey, `${tcId}: ${comment}`)
      const privateKey = privateKeyOf(vector.private)
      assert.deepEqual(diffieHellman({ privateKey, publicKey }), hex(vector.shared), `${tcId}: ${comment}`)
      counts[isCompressed ? 'compressed' : 'valid']++
    }
    for (const [what, count] of Object.entries(counts)) {
      assert.ok(count > 0, what)
      t.diagnostic(`${count} ${what}`)
    }
  })
}
