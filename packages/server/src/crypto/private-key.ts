import { checkPrimeSync, createECDH, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import {
  bitStringOf,
  childrenOf,
  der,
  derBitString,
  derInteger,
  derNull,
  derOctetString,
  derOid,
  derSequence,
  DerError,
  octetStringOf,
  parseDer,
  tags,
  unsignedOf,
} from './der.ts'
import type { DerElement } from './der.ts'
import type { KeyPair, KeyPairKind } from './key-pair.ts'
import { curveOid, ecAlgorithm } from './public-key.ts'
import type { EllipticKind } from './public-key.ts'

/**
 * The key pair of a private key that somebody made elsewhere: PKCS #8 (RFC 5958), DER, not encrypted; undefined for
 * anything else, without saying why. Node checks almost nothing of this: it takes keys whose parts do not belong together,
 * and bytes behind them. What is kept is not what came in but one form, so that a key can be recognised when it comes
 * again in another:
 *
 * - RSA (RFC 8017): two primes, the larger one first, and the smallest private exponent.
 * - Elliptic curves (RFC 5915): the uncompressed public point is there, the curve is named once.
 * - Ed25519 (RFC 8410): the seed alone.
 *
 * Takes up to a second for 4096 bits of RSA, and not in constant time: for a thread of its own. The numbers of an RSA key
 * are BigInts on the way, which cannot be wiped; all bytes are. `encoded` stays the caller's.
 */
export function readPrivateKey(kind: KeyPairKind, encoded: Uint8Array): KeyPair | undefined {
  try {
    switch (kind.kind) {
      case 'rsa':
        return checkPair('sha256', rsaKey(kind.size, encoded))
      case 'ecc':
        return checkPair('sha256', ellipticKey(kind, encoded))
      case 'ed25519':
        return ed25519Pair(encoded)
      case 'ml-dsa':
      case 'ml-kem':
        return undefined // They cannot be imported.
    }
  } catch {
    // Not DER, or refused by OpenSSL.
    return undefined
  }
}

interface PrivateKeyInfo {
  /** A view of what was read. */
  readonly privateKey: Uint8Array
  readonly publicKey: Uint8Array | undefined
}

/** PrivateKeyInfo, OneAsymmetricKey of RFC 5958. Attributes may be there; nothing depends on them. */
function openPkcs8(encoded: Uint8Array, algorithm: Uint8Array): PrivateKeyInfo {
  const [version, identifier, privateKey, ...others] = childrenOf(parseDer(encoded))
  if (others[0]?.tag === tags.context(0)) childrenOf(others.shift(), tags.context(0))
  const [publicKey, ...rest] = others
  requireVersion(version, publicKey ? 1 : 0)
  // DER has one form, so equal bytes are the same algorithm with the same parameters.
  if (!identifier || Buffer.compare(identifier.bytes, algorithm) !== 0) throw new DerError('Another algorithm.')
  if (rest.length > 0) throw new DerError('There are elements too many.')
  return {
    privateKey: octetStringOf(privateKey),
    publicKey: publicKey && bitStringOf(publicKey, tags.contextPrimitive(1)),
  }
}

/** Wipes the private key, which it copies. */
function pkcs8(algorithm: Uint8Array, privateKey: Buffer): Buffer<ArrayBuffer> {
  const octets = derOctetString(privateKey)
  const info = derSequence(derInteger(Uint8Array.of(0)), algorithm, octets)
  octets.fill(0)
  privateKey.fill(0)
  return info
}

function requireVersion(element: DerElement | undefined, version: number): void {
  const bytes = unsignedOf(element)
  if (bytes.length !== 1 || bytes[0] !== version) throw new DerError('Another version.')
}

/** Keys on a curve, RFC 5915; the scalar has the full length, as section 3 wants. */
function ellipticKey(kind: EllipticKind, encoded: Uint8Array): Buffer<ArrayBuffer> | undefined {
  const algorithm = ecAlgorithm(kind)
  const info = openPkcs8(encoded, algorithm)
  if (info.publicKey) return undefined
  const [version, privateKey, ...others] = childrenOf(parseDer(info.privateKey))
  requireVersion(version, 1)
  const scalar = octetStringOf(privateKey)
  if (scalar.length !== kind.size) return undefined
  if (others[0]?.tag === tags.context(0)) {
    const [curve, ...more] = childrenOf(others.shift(), tags.context(0))
    if (!curve || more.length > 0 || !curveOid(kind).equals(curve.bytes)) return undefined
  }
  const [publicKey, ...rest] = others
  if (rest.length > 0) return undefined
  const ecdh = createECDH(kind.curve)
  // Throws unless the scalar is from 1 to the order of the curve less 1.
  ecdh.setPrivateKey(scalar)
  const point = ecdh.getPublicKey()
  if (publicKey) {
    const [bits, ...more] = childrenOf(publicKey, tags.context(1))
    const given = bitStringOf(bits)
    const isPoint = [point, ecdh.getPublicKey(null, 'compressed')].some(form => form.equals(given))
    if (!isPoint || more.length > 0) return undefined
  }
  const octets = derOctetString(scalar)
  const key = derSequence(derInteger(Uint8Array.of(1)), octets, der(tags.context(1), derBitString(point)))
  octets.fill(0)
  return pkcs8(algorithm, key)
}

/** RFC 8410 section 7. The public key may be there. */
function ed25519Pair(encoded: Uint8Array): KeyPair | undefined {
  const algorithm = derSequence(derOid('1.3.101.112'))
  const info = openPkcs8(encoded, algorithm)
  const seed = octetStringOf(parseDer(info.privateKey))
  if (seed.length !== 32) return undefined
  const pair = checkPair(null, pkcs8(algorithm, derOctetString(seed)))
  if (!pair || !info.publicKey || pair.publicKey.subarray(-32).equals(info.publicKey)) return pair
  pair.privateKey.fill(0)
  return undefined
}

/**
 * RSAPrivateKey of RFC 8017 appendix A.1.2, with all that FIPS 186-5 appendix A.1.1 asks of a key. The parameters of the
 * algorithm are NULL, which appendix A.1 demands. OpenSSL verifies nothing with a public exponent of more than 64 bits if
 * the modulus has more than 3072, so there such keys fail the last test.
 */
function rsaKey(size: number, encoded: Uint8Array): Buffer<ArrayBuffer> | undefined {
  const algorithm = derSequence(derOid('1.2.840.113549.1.1.1'), derNull())
  const info = openPkcs8(encoded, algorithm)
  if (info.publicKey) return undefined
  const [version, ...elements] = childrenOf(parseDer(info.privateKey))
  requireVersion(version, 0)
  const integers = elements.map(unsignedOf)
  if (integers.length !== 8 || integers.some(({ length }) => length > size)) return undefined
  const [n = 0n, e = 0n, d = 0n, p = 0n, q = 0n, dp, dq, qInverse = 0n] = integers.map(toNumber)
  const half = BigInt(size * 4)
  const hasBits = (number: bigint, bits: bigint) => number >> (bits - 1n) === 1n
  const distance = p > q ? p - q : q - p
  const arePrimesGood = p * q === n && hasBits(p, half) && hasBits(q, half) && distance >> (half - 100n) > 0n
  if (!hasBits(n, 2n * half) || !arePrimesGood) return undefined
  if (e % 2n === 0n || e >> 16n === 0n || e >> 256n !== 0n) return undefined
  const period = ((p - 1n) * (q - 1n)) / greatestDivisor(p - 1n, q - 1n)
  if ((d * e) % period !== 1n || d >= n) return undefined
  if (dp !== d % (p - 1n) || dq !== d % (q - 1n) || (q * qInverse) % p !== 1n || qInverse >= p) return undefined
  const exponent = d % period
  if (exponent >> half === 0n || !integers.slice(3, 5).every(prime => checkPrimeSync(prime))) return undefined
  const [larger, smaller] = p > q ? [p, q] : [q, p]
  const key = derNumbers(size, [
    0n,
    n,
    e,
    exponent,
    larger,
    smaller,
    exponent % (larger - 1n),
    exponent % (smaller - 1n),
    inverse(smaller, larger),
  ])
  return pkcs8(algorithm, key)
}

/** A SEQUENCE of numbers that fit in `size` bytes, a multiple of 8. */
function derNumbers(size: number, numbers: readonly bigint[]): Buffer<ArrayBuffer> {
  const bytes = Buffer.alloc(size)
  const integers = numbers.map(number => {
    for (let at = size - 8, rest = number; at >= 0; at -= 8, rest >>= 64n) {
      bytes.writeBigUInt64BE(BigInt.asUintN(64, rest), at)
    }
    return derInteger(bytes)
  })
  const sequence = derSequence(...integers)
  for (const buffer of [bytes, ...integers]) buffer.fill(0)
  return sequence
}

function toNumber(bytes: Uint8Array): bigint {
  return bytes.reduce((number, byte) => (number << 8n) | BigInt(byte), 0n)
}

function greatestDivisor(a: bigint, b: bigint): bigint {
  while (b !== 0n) [a, b] = [b, a % b]
  return a
}

/** Of a number below the modulus that has no divisor in common with it. */
function inverse(number: bigint, modulus: bigint): bigint {
  let [a, b] = [modulus, number]
  let [x, y] = [0n, 1n]
  while (b !== 0n) {
    const quotient = a / b
    ;[a, b] = [b, a - quotient * b]
    ;[x, y] = [y, x - quotient * y]
  }
  return x < 0n ? x + modulus : x
}

const message = Buffer.from('pairwise consistency')

/** The pair of a private key that passes its last test: what it signs, its public half verifies. Else wipes it. */
function checkPair(hash: string | null, privateKey: Buffer<ArrayBuffer> | undefined): KeyPair | undefined {
  if (!privateKey) return undefined
  try {
    const key = createPrivateKey({ key: privateKey, format: 'der', type: 'pkcs8' })
    const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' })
    const verifying = createPublicKey({ key: publicKey, format: 'der', type: 'spki' })
    if (verify(hash, message, verifying, sign(hash, message, key))) return { publicKey, privateKey }
  } catch (error) {
    privateKey.fill(0)
    throw error
  }
  privateKey.fill(0)
  return undefined
}
