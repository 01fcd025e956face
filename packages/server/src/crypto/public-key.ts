import { createPublicKey } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { bitStringOf, childrenOf, derOid, derSequence, parseDer } from './der.ts'
import type { KeyPairKind } from './key-pair.ts'

export type EllipticKind = Extract<KeyPairKind, { kind: 'ecc' }>

/** Named curves by OpenSSL's names (RFC 5480 section 2.1.1.1, SEC 2). */
const curves: Readonly<Record<string, string>> = {
  prime256v1: '1.2.840.10045.3.1.7',
  secp256k1: '1.3.132.0.10',
  secp384r1: '1.3.132.0.34',
  secp521r1: '1.3.132.0.35',
}

/** The object identifier of a curve, in DER. */
export function curveOid({ curve }: EllipticKind): Buffer<ArrayBuffer> {
  const oid = Object.hasOwn(curves, curve) ? curves[curve] : undefined
  if (oid === undefined) throw new RangeError('No such curve.')
  return derOid(oid)
}

/** AlgorithmIdentifier of keys on a named curve (RFC 5480 section 2.1.1). Its DER has one form, so equal bytes are it. */
export function ecAlgorithm(kind: EllipticKind): Buffer<ArrayBuffer> {
  return derSequence(derOid('1.2.840.10045.2.1'), curveOid(kind))
}

/**
 * The key that a SubjectPublicKeyInfo (RFC 5480) holds, for key agreement; undefined if it is anything but a point of the
 * curve, without saying what. Node alone would take explicit curves, even wrong ones, and bytes behind the key.
 *
 * The point may be compressed, as in OpenSSL (RFC 5480 section 2.2 lets us); the hybrid form and infinity are refused. The
 * curves have no small subgroups, so that every other point is good.
 */
export function readPublicKey(kind: EllipticKind, spki: Uint8Array): KeyObject | undefined {
  try {
    const [algorithm, key, ...rest] = childrenOf(parseDer(spki))
    if (!algorithm || rest.length > 0 || !ecAlgorithm(kind).equals(algorithm.bytes)) return undefined
    const point = bitStringOf(key)
    const [form] = point
    const size = form === 4 ? 2 * kind.size : kind.size
    if ((form !== 2 && form !== 3 && form !== 4) || point.length !== 1 + size) return undefined
    // OpenSSL refuses coordinates that are not below the prime, and points beside the curve.
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
  } catch {
    return undefined
  }
}
