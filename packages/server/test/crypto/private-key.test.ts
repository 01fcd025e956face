import assert from 'node:assert/strict'
import {
  createECDH,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto'
import { test } from 'node:test'
import { generateKeyPair } from '../../src/crypto/key-pair.ts'
import type { KeyPair } from '../../src/crypto/key-pair.ts'
import { readPrivateKey } from '../../src/crypto/private-key.ts'
import { random } from '../../src/crypto/random.ts'
import {
  bits,
  element,
  elementsOf,
  encode,
  explicitP256,
  integer,
  octets,
  oid,
  sequence,
  twists,
} from '../support/der.ts'
import type { Element } from '../support/der.ts'

const hex = (text: string): Buffer => Buffer.from(text, 'hex')
const der = (key: KeyObject): Buffer => key.export({ format: 'der', type: 'pkcs8' })
const spki = (key: KeyObject): Buffer => key.export({ format: 'der', type: 'spki' })
const ecPublicKey = oid('1.2.840.10045.2.1', '2a8648ce3d0201')
const ed25519 = oid('1.3.101.112', '2b6570')

/** Orders: SEC 2 version 2, section 2. */
const curves = [
  {
    kind: { kind: 'ecc', curve: 'prime256v1', size: 32 },
    curve: oid('1.2.840.10045.3.1.7', '2a8648ce3d030107'),
    order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
    length: 138,
  },
  {
    kind: { kind: 'ecc', curve: 'secp256k1', size: 32 },
    curve: oid('1.3.132.0.10', '2b8104000a'),
    order: 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n,
    length: 135,
  },
  {
    kind: { kind: 'ecc', curve: 'secp384r1', size: 48 },
    curve: oid('1.3.132.0.34', '2b81040022'),
    order: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
    length: 185,
  },
  {
    kind: { kind: 'ecc', curve: 'secp521r1', size: 66 },
    curve: oid('1.3.132.0.35', '2b81040023'),
    order:
      0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
    length: 241,
  },
] as const
type Curve = (typeof curves)[number]
const [p256, secp256k1] = curves

function scalarOf(value: bigint, size: number): Buffer {
  return hex(value.toString(16).padStart(2 * size, '0'))
}

/** The optional parts are left out where they are undefined. */
interface Parts {
  version?: bigint
  algorithm?: Element
  attributes?: Element
  outerPublicKey?: Element
  keyVersion?: bigint
  scalar?: Buffer
  curve?: Element | undefined
  point?: Buffer | undefined
  /** Behind all others, inside and outside. */
  innerRest?: Element[]
  outerRest?: Element[]
}

function pointOf({ kind }: Curve, scalar: Buffer, format: 'uncompressed' | 'compressed' | 'hybrid' = 'uncompressed') {
  const ecdh = createECDH(kind.curve)
  ecdh.setPrivateKey(scalar)
  return ecdh.getPublicKey(null, format)
}

/** PKCS #8 with RFC 5915, by hand: without parts that are optional, unless they are given. */
function treeOf(curve: Curve, scalar: Buffer, parts: Parts = {}): Element {
  const key = sequence(
    integer(parts.keyVersion ?? 1n),
    octets(parts.scalar ?? scalar),
    ...(parts.curve ? [element(0xa0, [parts.curve])] : []),
    ...(parts.point ? [element(0xa1, [bits(parts.point)])] : []),
    ...(parts.innerRest ?? []),
  )
  return sequence(
    integer(parts.version ?? 0n),
    parts.algorithm ?? sequence(ecPublicKey, curve.curve),
    octets([key]),
    ...(parts.attributes ? [parts.attributes] : []),
    ...(parts.outerPublicKey ? [parts.outerPublicKey] : []),
    ...(parts.outerRest ?? []),
  )
}

/** What the one signs, the other verifies. */
function works(pair: KeyPair): void {
  const privateKey = createPrivateKey({ key: pair.privateKey, format: 'der', type: 'pkcs8' })
  const publicKey = createPublicKey({ key: pair.publicKey, format: 'der', type: 'spki' })
  const hash = privateKey.asymmetricKeyType === 'ed25519' ? null : 'sha256'
  assert.ok(verify(hash, Buffer.from('a'), publicKey, sign(hash, Buffer.from('a'), privateKey)))
}

for (const curve of curves) {
  const { kind, order, length } = curve
  const { curve: name, size } = kind
  const read = (encoded: Uint8Array) => readPrivateKey(kind, encoded)
  const generated = generateKeyPairSync('ec', { namedCurve: name })
  const canonical = der(generated.privateKey)
  const scalar = Buffer.from(String(generated.privateKey.export({ format: 'jwk' }).d), 'base64url')
  const point = pointOf(curve, scalar)
  const accepts = (parts: Parts) => assert.deepEqual(read(encode(treeOf(curve, scalar, parts)))?.privateKey, canonical)
  const refuses = (parts: Parts) => assert.equal(read(encode(treeOf(curve, scalar, parts))), undefined)

  test(`${name}: reads what OpenSSL writes, in memory of its own`, () => {
    assert.equal(canonical.length, length)
    const before = Buffer.from(canonical)
    const pair = read(canonical)
    assert.ok(pair)
    assert.deepEqual(pair.privateKey, canonical)
    assert.deepEqual(pair.publicKey, spki(generated.publicKey))
    assert.ok(before.equals(canonical), 'what came in is as it was')
    pair.privateKey.fill(0)
    assert.ok(before.equals(canonical))
    assert.equal(pair.privateKey.buffer.byteLength, length)
  })

  test(`${name}: gives the same bytes for every way to write one key`, () => {
    for (const given of [undefined, point, pointOf(curve, scalar, 'compressed')]) {
      for (const named of [undefined, curve.curve]) accepts({ point: given, curve: named })
    }
    const usage = sequence(oid('2.5.29.15', '551d0f'), element(0x31, [element(0x03, '0780')]))
    accepts({ point, attributes: element(0xa0, [usage]) })
    accepts({ attributes: element(0xa0) })
  })

  test(`${name}: reads the scalars 1 and n - 1`, () => {
    for (const value of [1n, 2n, order - 1n]) {
      const pair = read(encode(treeOf(curve, scalarOf(value, size))))
      assert.equal(pair?.privateKey.length, length)
      works(pair)
      assert.deepEqual(pair.privateKey.subarray(-2 * size - 1), pointOf(curve, scalarOf(value, size)))
    }
  })

  test(`${name}: refuses the scalars 0, n, n + 1 and above`, () => {
    const largest = 2n ** BigInt(size * 8) - 1n
    for (const value of [0n, order, order + 1n, (order - 1n) * 2n, largest]) {
      if (value > largest) continue
      refuses({ scalar: scalarOf(value, size) })
      refuses({ scalar: scalarOf(value, size), point })
    }
  })

  test(`${name}: refuses scalars of other lengths, though their value is the same`, () => {
    refuses({ scalar: Buffer.concat([Buffer.alloc(1), scalar]) })
    refuses({ scalar: Buffer.concat([scalar, Buffer.alloc(1)]) })
    refuses({ scalar: scalar.subarray(1) })
    refuses({ scalar: Buffer.alloc(0) })
    refuses({ scalar: Buffer.of(1) })
  })

  test(`${name}: refuses a public key that is not the scalar's`, () => {
    const foreign = pointOf(curve, scalarOf(5n, size))
    const negative = Buffer.from(pointOf(curve, scalar, 'compressed'))
    negative[0]! ^= 1
    const beside = Buffer.from(point)
    beside[beside.length - 1]! ^= 1
    for (const given of [
      foreign,
      negative,
      beside,
      pointOf(curve, scalar, 'hybrid'),
      Buffer.of(0),
      Buffer.alloc(0),
      Buffer.alloc(point.length),
      point.subarray(0, -1),
      point.subarray(1),
      Buffer.concat([point, Buffer.alloc(1)]),
    ]) {
      refuses({ point: given })
    }
  })

  test(`${name}: refuses a public key whose bits are no bytes, and more than one`, () => {
    refuses({ innerRest: [element(0xa1, [element(0x03, Buffer.concat([Buffer.of(1), point]))])] })
    refuses({ innerRest: [element(0xa1, [bits(point), bits(point)])] })
    refuses({ innerRest: [element(0xa1)] })
    refuses({ innerRest: [element(0xa1, Buffer.concat([Buffer.alloc(1), point]))] })
    refuses({ innerRest: [element(0x81, Buffer.concat([Buffer.alloc(1), point]))] })
    refuses({ point, innerRest: [element(0xa1, [bits(point)])] })
  })

  test(`${name}: refuses other versions`, () => {
    for (const version of [1n, 2n, 256n]) refuses({ version })
    for (const keyVersion of [0n, 2n, 257n]) refuses({ keyVersion })
  })

  test(`${name}: refuses a public key in PKCS #8, which is for Ed25519`, () => {
    const outerPublicKey = element(0x81, Buffer.concat([Buffer.alloc(1), point]))
    for (const version of [0n, 1n]) refuses({ version, outerPublicKey })
  })

  test(`${name}: refuses other curves, outside and inside`, () => {
    for (const other of curves) {
      if (other === curve) continue
      refuses({ algorithm: sequence(ecPublicKey, other.curve) })
      refuses({ algorithm: sequence(ecPublicKey, other.curve), curve: other.curve })
      refuses({ curve: other.curve })
      refuses({ curve: other.curve, point })
      assert.equal(readPrivateKey(other.kind, canonical), undefined)
      assert.equal(readPrivateKey({ ...kind, size: other.kind.size + 1 }, canonical), undefined)
    }
  })

  test(`${name}: refuses other algorithms and parameters`, () => {
    const parameters = [curve.curve, element(0x05), sequence(), explicitP256()]
    const algorithms = [
      ...parameters.slice(1).map(parameter => sequence(ecPublicKey, parameter)),
      sequence(ecPublicKey),
      sequence(ecPublicKey, curve.curve, curve.curve),
      sequence(curve.curve),
      sequence(curve.curve, ecPublicKey),
      sequence(),
      // id-ecDH and id-ecMQV (RFC 5480 section 2.1.2), RSA, Ed25519.
      sequence(oid('1.3.132.1.12', '2b8104010c'), curve.curve),
      sequence(oid('1.3.132.1.13', '2b8104010d'), curve.curve),
      sequence(oid('1.2.840.113549.1.1.1', '2a864886f70d010101'), element(0x05)),
      sequence(ed25519),
      ecPublicKey,
    ]
    for (const algorithm of algorithms) refuses({ algorithm })
  })

  test(`${name}: refuses explicit parameters inside, and more than one curve`, () => {
    refuses({ curve: explicitP256() })
    refuses({ curve: element(0x05) })
    refuses({ innerRest: [element(0xa0, [curve.curve, curve.curve])] })
    refuses({ innerRest: [element(0xa0)] })
    refuses({ curve: curve.curve, innerRest: [element(0xa0, [curve.curve])] })
    // The curve comes before the key.
    refuses({ point, innerRest: [element(0xa0, [curve.curve])] })
  })

  test(`${name}: refuses elements behind all others`, () => {
    for (const rest of [[element(0x05)], [element(0xa2)], [octets(Buffer.alloc(0))], [integer(0n)]]) {
      refuses({ innerRest: rest })
      refuses({ point, innerRest: rest })
      refuses({ outerRest: rest })
      refuses({ attributes: element(0xa0), outerRest: rest })
    }
    refuses({ attributes: element(0xa0), outerRest: [element(0xa0)] })
    refuses({ attributes: element(0xa0, '3001') })
  })

  test(`${name}: refuses a key that is cut anywhere`, () => {
    for (let end = 0; end < canonical.length; end++) assert.equal(read(canonical.subarray(0, end)), undefined, `${end}`)
  })

  test(`${name}: refuses any twist of any element, unless nothing is lost`, () => {
    const tree = treeOf(curve, scalar, { point, curve: curve.curve })
    const accepted: string[] = []
    for (const [place, at] of elementsOf(tree)) {
      for (const twist of Object.keys(twists)) {
        const pair = read(encode(tree, at, twist))
        if (!pair) continue
        assert.deepEqual(pair.privateKey, canonical)
        accepted.push(`${place}: ${twist}`)
      }
    }
    // Curve and public key may be absent.
    assert.deepEqual(accepted, ['0.2.0.2: nothing at all', '0.2.0.3: nothing at all'])
  })

  test(`${name}: refuses SEC 1, encrypted PKCS #8, PEM text, JWK text and public keys`, () => {
    const { privateKey, publicKey } = generated
    const encryption = { cipher: 'aes-256-cbc', passphrase: 'correct horse battery' }
    for (const encoded of [
      privateKey.export({ format: 'der', type: 'sec1' }),
      privateKey.export({ format: 'der', type: 'pkcs8', ...encryption }),
      Buffer.from(privateKey.export({ format: 'pem', type: 'pkcs8' })),
      Buffer.from(privateKey.export({ format: 'pem', type: 'sec1' })),
      Buffer.from(canonical.toString('base64')),
      Buffer.from(JSON.stringify(privateKey.export({ format: 'jwk' }))),
      spki(publicKey),
      scalar,
    ]) {
      assert.equal(read(encoded), undefined)
    }
  })
}

test('refuses a P-256 key with any bit flipped', () => {
  const canonical = der(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)
  for (let bit = 0; bit < canonical.length * 8; bit++) {
    const flipped = Buffer.from(canonical)
    flipped[bit >> 3]! ^= 1 << (bit & 7)
    assert.equal(readPrivateKey(p256.kind, flipped), undefined, `bit ${bit}`)
  }
})

test('refuses explicit parameters of the very curve, as OpenSSL writes them', () => {
  for (const { kind } of curves) {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: kind.curve, paramEncoding: 'explicit' })
    assert.equal(readPrivateKey(kind, der(privateKey)), undefined)
  }
  const scalar = scalarOf(5n, 32)
  const algorithm = sequence(ecPublicKey, explicitP256())
  // Node takes it.
  createPrivateKey({ key: encode(treeOf(p256, scalar, { algorithm })), format: 'der', type: 'pkcs8' })
  assert.equal(readPrivateKey(p256.kind, encode(treeOf(p256, scalar, { algorithm }))), undefined)
})

test('the twin of a curve by size is another curve', () => {
  assert.equal(readPrivateKey(p256.kind, generateKeyPair(secp256k1.kind).privateKey), undefined)
  assert.equal(readPrivateKey(secp256k1.kind, generateKeyPair(p256.kind).privateKey), undefined)
})

test('refuses curves that are none of ours', () => {
  for (const [curve, size] of [
    ['brainpoolP256r1', 32],
    ['prime192v1', 24],
    ['secp224r1', 28],
    ['toString', 32],
  ] as const) {
    const name = curve === 'toString' ? 'prime256v1' : curve
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: name })
    assert.equal(readPrivateKey({ kind: 'ecc', curve, size }, der(privateKey)), undefined)
  }
})

test('agrees on the secret that the scalar gives', () => {
  const peer = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const pair = readPrivateKey(p256.kind, der(own.privateKey))
  assert.ok(pair)
  const privateKey = createPrivateKey({ key: pair.privateKey, format: 'der', type: 'pkcs8' })
  assert.deepEqual(
    diffieHellman({ privateKey, publicKey: peer.publicKey }),
    diffieHellman({ privateKey: peer.privateKey, publicKey: own.publicKey }),
  )
})

// RFC 8410 section 10.3: one key, with and without its public half and an attribute.
const seed = hex('d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842')
const publicBits = hex('19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1')
const edCanonical = hex(`302e020100300506032b657004220420${seed.toString('hex')}`)
const edKind = { kind: 'ed25519' } as const
const edAttribute = element(0xa0, [
  sequence(oid('1.2.840.113549.1.9.9.20', '2a864886f70d01090914'), element(0x31, [element(0x0c, hex('4375726465'))])),
])
const edPublic = element(0x81, Buffer.concat([Buffer.alloc(1), publicBits]))
const edTree = (version: bigint, ...others: Element[]) =>
  sequence(integer(version), sequence(ed25519), octets([octets(seed)]), ...others)
const readEd = (tree: Element | Buffer) => readPrivateKey(edKind, Buffer.isBuffer(tree) ? tree : encode(tree))

test('Ed25519: reads the key of RFC 8410 in all its forms, and gives one', () => {
  for (const tree of [
    edTree(0n),
    edTree(0n, edAttribute),
    edTree(1n, edPublic),
    edTree(1n, edAttribute, edPublic),
    edTree(0n, element(0xa0)),
  ]) {
    const pair = readEd(tree)
    assert.ok(pair)
    assert.deepEqual(pair.privateKey, edCanonical)
    assert.deepEqual(pair.publicKey, hex(`302a300506032b6570032100${publicBits.toString('hex')}`))
    assert.equal(pair.privateKey.buffer.byteLength, 48)
    works(pair)
  }
})

const otherHalf = Buffer.from(publicBits)
otherHalf[31]! ^= 0x80
const edRefused: Readonly<Record<string, Element>> = {
  'version 1 without a public key': edTree(1n),
  'version 0 with a public key': edTree(0n, edPublic),
  'version 2': edTree(2n),
  'version 2 with a public key': edTree(2n, edPublic),
  'the public key of another seed': edTree(1n, element(0x81, Buffer.concat([Buffer.alloc(1), otherHalf]))),
  'an empty public key': edTree(1n, element(0x81, '00')),
  'a public key without its first byte': edTree(1n, element(0x81, publicBits)),
  'a public key that is cut': edTree(1n, element(0x81, Buffer.concat([Buffer.alloc(1), publicBits.subarray(1)]))),
  'a public key that is longer': edTree(1n, element(0x81, Buffer.concat([Buffer.alloc(2), publicBits]))),
  'a public key with an explicit tag': edTree(1n, element(0xa1, [bits(publicBits)])),
  'two public keys': edTree(1n, edPublic, edPublic),
  'attributes behind the public key': edTree(1n, edPublic, edAttribute),
  'attributes twice': edTree(0n, edAttribute, edAttribute),
  'attributes that are no DER': edTree(0n, element(0xa0, '3080')),
  'an element behind': edTree(0n, element(0x05)),
  'an element behind the public key': edTree(1n, edPublic, element(0x05)),
  'a seed that is not wrapped': sequence(integer(0n), sequence(ed25519), octets(seed)),
  'a seed of 31 bytes': sequence(integer(0n), sequence(ed25519), octets([octets(seed.subarray(1))])),
  'a seed of 33 bytes': sequence(
    integer(0n),
    sequence(ed25519),
    octets([octets(Buffer.concat([seed, seed.subarray(31)]))]),
  ),
  'seed and public key in one': sequence(
    integer(0n),
    sequence(ed25519),
    octets([octets(Buffer.concat([seed, publicBits]))]),
  ),
  'something behind the seed': sequence(integer(0n), sequence(ed25519), octets([octets(seed), element(0x05)])),
  'parameters of NULL': sequence(integer(0n), sequence(ed25519, element(0x05)), octets([octets(seed)])),
  'the algorithm X25519': sequence(integer(0n), sequence(oid('1.3.101.110', '2b656e')), octets([octets(seed)])),
  'the algorithm Ed448': sequence(integer(0n), sequence(oid('1.3.101.113', '2b6571')), octets([octets(seed)])),
}
for (const [what, tree] of Object.entries(edRefused)) {
  test(`Ed25519: refuses ${what}`, () => assert.equal(readEd(tree), undefined))
}

test('Ed25519: refuses any twist of any element, unless nothing is lost', () => {
  const tree = edTree(1n, edPublic)
  for (const [place, at] of elementsOf(tree)) {
    for (const twist of Object.keys(twists))
      assert.equal(readEd(encode(tree, at, twist)), undefined, `${place}: ${twist}`)
  }
})

test('Ed25519: refuses a key that is cut anywhere, or has a bit outside of its seed flipped', () => {
  for (let end = 0; end < 48; end++) assert.equal(readEd(edCanonical.subarray(0, end)), undefined)
  for (let bit = 0; bit < 16 * 8; bit++) {
    const flipped = Buffer.from(edCanonical)
    flipped[bit >> 3]! ^= 1 << (bit & 7)
    assert.equal(readEd(flipped), undefined, `bit ${bit}`)
  }
})

const kinds = [
  { kind: 'rsa', size: 256 },
  ...curves.map(({ kind }) => kind),
  edKind,
  { kind: 'ml-dsa', parameters: 'ml-dsa-44' },
  { kind: 'ml-kem', parameters: 'ml-kem-768', ciphertext: 1088 },
] as const

test('no kind reads the key of another, and none is read that cannot be imported', () => {
  const pairs = kinds.map(kind => generateKeyPair(kind))
  for (const [column, kind] of kinds.entries()) {
    for (const [row, { privateKey, publicKey }] of pairs.entries()) {
      const isReadable = row === column && kind.kind !== 'ml-dsa' && kind.kind !== 'ml-kem'
      assert.equal(readPrivateKey(kind, privateKey) !== undefined, isReadable, `${row} as ${column}`)
      assert.equal(readPrivateKey(kind, publicKey), undefined)
    }
  }
})

test('refuses random bytes, zeros and nothing', () => {
  for (const kind of kinds) {
    for (const size of [0, 1, 2, 32, 48, 138, 1216]) {
      for (const bytes of [Buffer.alloc(size), Buffer.alloc(size, 0x30), random(size)]) {
        assert.equal(readPrivateKey(kind, bytes), undefined)
      }
    }
  }
})

test('refuses sequences in sequences to any depth', () => {
  let deep: Buffer = Buffer.alloc(0)
  for (let depth = 0; depth < 2000; depth++) deep = encode(element(0x30, deep))
  for (const kind of kinds) assert.equal(readPrivateKey(kind, deep), undefined)
})
