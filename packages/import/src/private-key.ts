import { isSame, stripZeros, toBigInt } from './bytes.ts'
import type { Bytes } from './bytes.ts'
import { contentOf, encodeDer, misplaced, node, parseDer, parseElements, parseUnsigned, tag, unsigned } from './der.ts'
import type { Element, Node } from './der.ts'
import { count, ImportError } from './error.ts'
import { encrypted } from './text.ts'

export const rsaEncryption = Uint8Array.of(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01)
const ecPublicKey = Uint8Array.of(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01)
const ed25519 = Uint8Array.of(0x2b, 0x65, 0x70)

/** A curve: its key spec, its name in a JWK (RFC 7518, RFC 8812), its name in DER, bytes of a scalar, order. */
interface Curve {
  spec: string
  crv: string
  oid: Uint8Array
  size: number
  order: bigint
}

const curves: Curve[] = [
  {
    spec: 'ECC_NIST_P256',
    crv: 'P-256',
    oid: Uint8Array.of(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07),
    size: 32,
    order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  },
  {
    spec: 'ECC_NIST_P384',
    crv: 'P-384',
    oid: Uint8Array.of(0x2b, 0x81, 0x04, 0x00, 0x22),
    size: 48,
    order: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  },
  {
    spec: 'ECC_NIST_P521',
    crv: 'P-521',
    oid: Uint8Array.of(0x2b, 0x81, 0x04, 0x00, 0x23),
    size: 66,
    order:
      0x1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
  },
  {
    spec: 'ECC_SECG_P256K1',
    crv: 'secp256k1',
    oid: Uint8Array.of(0x2b, 0x81, 0x04, 0x00, 0x0a),
    size: 32,
    order: 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n,
  },
]

/** A checked private key. */
export interface PrivateKey {
  /** The key spec that a KMS key must have to take this key, e.g. RSA_3072; also where KMS has no such spec. */
  spec: string
  /** Version 0, no attributes, a scalar of full length: the same bytes whatever file the key came from. Secret. */
  pkcs8: Bytes
}

/**
 * Reads DER: PKCS#8 (RFC 5208, also version 2 of RFC 5958), PKCS#1 (RFC 8017 appendix A.1.2) or SEC1 (RFC 5915).
 *
 * @throws ImportError for anything else, saying what it is
 */
export function parsePrivateKey(der: Uint8Array): PrivateKey & { form: 'PKCS#8' | 'PKCS#1' | 'SEC1' } {
  const elements = parseElements(contentOf(parseDer(der), tag.sequence))
  const [first, second, third] = elements.map(element => element.tag)
  if (first === tag.integer && second === tag.integer) return { form: 'PKCS#1', ...parsePkcs1(elements) }
  if (first === tag.integer && second === tag.octetString) return { form: 'SEC1', ...parseSec1(elements) }
  if (first === tag.integer && second === tag.sequence && third === tag.octetString) {
    return { form: 'PKCS#8', ...parsePkcs8(elements) }
  }
  if (first === tag.integer && second === tag.sequence) throw new ImportError(pkcs12)
  if (first === tag.sequence && second === tag.octetString) throw new ImportError(encrypted)
  if (first === tag.sequence) throw new ImportError(notPrivate)
  throw new ImportError(notAKey)
}

export const notPrivate =
  'This is a public key or a certificate. Material is the private key that belongs to it: give the file that holds that.'
const notAKey = 'This DER is no private key that can be imported.'
const pkcs12 =
  'This is PKCS#12. Take the private key out first: openssl pkcs12 -nocerts -noenc -in key.p12, then openssl pkcs8 -topk8'

/** Attributes, and the public key of RFC 5958, are read over. */
function parsePkcs8([version, algorithm, inner, ...optional]: Element[]): PrivateKey {
  if (toBigInt(parseUnsigned(version)) > 1n) throw new ImportError('This PKCS#8 has a version that is not known.')
  takeOptional(optional, [tag.context0, tag.implicit1])
  const [oid, parameters] = parseElements(contentOf(algorithm, tag.sequence))
  const name = contentOf(oid, tag.oid)
  const key = parseDer(contentOf(inner, tag.octetString))
  if (isSame(name, rsaEncryption)) return parsePkcs1(parseElements(contentOf(key, tag.sequence)))
  if (isSame(name, ecPublicKey)) return parseSec1(parseElements(contentOf(key, tag.sequence)), parameters)
  if (isSame(name, ed25519)) return ed25519Key(contentOf(key, tag.octetString))
  throw new ImportError('This key is for an algorithm that cannot be imported: not plain RSA, EC or Ed25519.')
}

function parsePkcs1([version, ...numbers]: Element[]): PrivateKey {
  if (numbers.length === 1) throw new ImportError(notPrivate)
  if (toBigInt(parseUnsigned(version)) === 1n) throw new ImportError(multiPrime)
  if (numbers.length !== 8) throw new ImportError(notAKey)
  return rsaKey(numbers.map(parseUnsigned))
}

export const multiPrime =
  'This RSA key has more than two primes, which KMS does not import. openssl genpkey -algorithm rsa makes one of two.'

/** The curve stands in SEC1 itself or around it in PKCS#8; where both name it, they must agree. */
function parseSec1([version, scalar, ...optional]: Element[], outer?: Element): PrivateKey {
  if (toBigInt(parseUnsigned(version)) !== 1n) throw new ImportError('This EC key has a version that is not known.')
  const [inside, outside] = takeOptional(optional, [tag.context0, tag.context1])
  const names = [outer, inside && parseDer(inside.content)].filter(name => name !== undefined)
  const [curve, other = curve] = names.map(parseCurve)
  if (curve === undefined) throw new ImportError('This EC key does not say which curve it is on.')
  if (curve !== other) throw new ImportError('This EC key names two different curves.')
  const point = outside && contentOf(parseDer(outside.content), tag.bitString)
  if (point && point[0] !== 0) throw new ImportError(damagedPoint)
  return ecKey(curve, contentOf(scalar, tag.octetString), point?.subarray(1))
}

/** Each of the tags once or not, in this order, and nothing else. */
function takeOptional(elements: Element[], tags: number[]): (Element | undefined)[] {
  const rest = [...elements]
  const taken = tags.map(wanted => (rest[0]?.tag === wanted ? rest.shift() : undefined))
  if (rest.length > 0) throw new ImportError(misplaced)
  return taken
}

export const damagedPoint = 'This EC key is damaged: its public point has the wrong length.'

function parseCurve(name: Element): Curve {
  if (name.tag === tag.sequence) {
    throw new ImportError(
      'This EC key spells its curve out, where KMS wants its name: openssl ec -param_enc named_curve -in key.pem',
    )
  }
  const oid = contentOf(name, tag.oid)
  return requireCurve(curves.find(curve => isSame(curve.oid, oid)))
}

export function curveOf(crv: unknown): Curve {
  return requireCurve(curves.find(curve => curve.crv === crv))
}

function requireCurve(curve: Curve | undefined): Curve {
  if (curve) return curve
  throw new ImportError('This EC key is on a curve that KMS does not have. Use P-256, P-384, P-521 or secp256k1.')
}

/**
 * @param numbers n, e, d, p, q, d mod p-1, d mod q-1, 1/q mod p (RFC 8017 appendix A.1.2), without leading zeros
 * @throws ImportError unless they belong together as FIPS 186-5 section A.1.1 has it; whether p and q are prime is left to
 *   the service
 */
export function rsaKey(numbers: Uint8Array[]): PrivateKey {
  // Copies that cannot be wiped, only dropped. The check is worth them: the service answers a damaged key with no reason.
  const [n = 0n, e = 0n, d = 0n, p = 0n, q = 0n, dp = 0n, dq = 0n, qi = 0n] = numbers.map(toBigInt)
  if (e % 2n === 0n || e < 65537n || e >= 2n ** 256n) {
    throw new ImportError(
      'The public exponent of this RSA key is even, below 65537 or too large. Make a key with 65537.',
    )
  }
  const belong =
    p > 2n &&
    q > 2n &&
    p * q === n &&
    [p, q].every(prime => (d * e) % (prime - 1n) === 1n) &&
    d < n &&
    d % (p - 1n) === dp &&
    d % (q - 1n) === dq &&
    qi < p &&
    (qi * q) % p === 1n
  if (!belong) throw new ImportError('This RSA key is damaged: its numbers do not belong together.')
  const bits = n.toString(2).length
  // Without a text of the primes, which would stay in memory longer than they do.
  const isHalfAsLong = (prime: bigint): boolean => bits % 2 === 0 && prime >> BigInt(bits / 2 - 1) === 1n
  if (![p, q].every(isHalfAsLong)) {
    throw new ImportError(
      'The primes of this RSA key are not half as long as its modulus. openssl genpkey makes such a key.',
    )
  }
  const key = node(tag.sequence, unsigned(Uint8Array.of(0)), ...numbers.map(unsigned))
  return { spec: `RSA_${bits}`, pkcs8: encodePkcs8(rsaAlgorithm(), key) }
}

/**
 * Whether the point belongs to the scalar is left to the service, which derives the point itself.
 *
 * @param point SEC1 encoding, compressed or not
 * @throws ImportError unless the scalar is in the range of the curve and the point has the right length
 */
export function ecKey(curve: Curve, scalar: Uint8Array, point: Uint8Array | undefined): PrivateKey {
  const digits = stripZeros(scalar)
  const value = toBigInt(digits)
  if (value === 0n || value >= curve.order) {
    throw new ImportError('This EC key is damaged: its scalar is out of range.')
  }
  const [head, ...coordinates] = point ?? []
  const lengths: Record<number, number> = { 2: curve.size, 3: curve.size, 4: 2 * curve.size }
  if (point && (head === undefined || coordinates.length !== lengths[head])) throw new ImportError(damagedPoint)
  const key = node(
    tag.sequence,
    unsigned(Uint8Array.of(1)),
    node(tag.octetString, new Uint8Array(curve.size - digits.length), digits),
    ...(point ? [node(tag.context1, node(tag.bitString, Uint8Array.of(0), point))] : []),
  )
  return { spec: curve.spec, pkcs8: encodePkcs8(ecAlgorithm(curve), key) }
}

/** The AlgorithmIdentifier of both halves of a key. */
export const rsaAlgorithm = (): Node => node(tag.sequence, node(tag.oid, rsaEncryption), node(tag.null))
export const ecAlgorithm = ({ oid }: Curve): Node => node(tag.sequence, node(tag.oid, ecPublicKey), node(tag.oid, oid))

/** @param seed 32 bytes (RFC 8410 section 7) */
export function ed25519Key(seed: Uint8Array): PrivateKey {
  if (seed.length !== 32) throw new ImportError(`This Ed25519 key is damaged: ${count(seed.length)} instead of 32.`)
  const algorithm = node(tag.sequence, node(tag.oid, ed25519))
  return { spec: 'ECC_NIST_EDWARDS25519', pkcs8: encodePkcs8(algorithm, node(tag.octetString, seed)) }
}

function encodePkcs8(algorithm: Node, key: Node): Bytes {
  return encodeDer(node(tag.sequence, unsigned(Uint8Array.of(0)), algorithm, node(tag.octetString, key)))
}
