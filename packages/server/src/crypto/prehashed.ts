import type { KeyObject } from 'node:crypto'
import type { ECDSA } from '@noble/curves/abstract/weierstrass.js'
import { ed25519ph } from '@noble/curves/ed25519.js'
import { p256, p384, p521 } from '@noble/curves/nist.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { ml_dsa44, ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js'

/**
 * Signatures of what was hashed elsewhere, which OpenSSL does not offer through Node: ECDSA of a digest, Ed25519ph, ML-DSA of
 * mu. They are those that OpenSSL makes and takes. Each takes milliseconds, and the numbers that it computes with cannot
 * be wiped as bytes can.
 */

interface Signer {
  /** How OpenSSL hands out the secret: as the scalar or as what it grows from. */
  readonly secret: 'raw-private' | 'raw-seed'
  readonly sign: (message: Uint8Array, secret: Uint8Array) => Uint8Array
  readonly verify: (signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array) => boolean
}

const ecdsa = (curve: ECDSA): Signer => {
  // Signatures with a high s are as good as others; OpenSSL makes half of its own so.
  const form = { prehash: false, lowS: false, format: 'der' } as const
  return {
    secret: 'raw-private',
    // RFC 6979 with randomness mixed in (section 3.6): neither a bad generator nor a disturbed computation tells the key.
    sign: (digest, scalar) => curve.sign(digest, scalar, { ...form, extraEntropy: true }),
    verify: (signature, digest, point) => curve.verify(signature, digest, point, form),
  }
}

const mlDsa = ({ keygen, internal }: typeof ml_dsa44): Signer => ({
  secret: 'raw-seed',
  sign(mu, seed) {
    const { secretKey } = keygen(seed)
    try {
      return internal.sign(mu, secretKey, { externalMu: true })
    } finally {
      secretKey.fill(0)
    }
  },
  verify: (signature, mu, publicKey) => internal.verify(signature, mu, publicKey, { externalMu: true }),
})

/** By OpenSSL's name of the curve, or of the kind of key if that is all there is to say. */
const signers: Readonly<Record<string, Signer>> = {
  prime256v1: ecdsa(p256),
  secp384r1: ecdsa(p384),
  secp521r1: ecdsa(p521),
  secp256k1: ecdsa(secp256k1),
  ed25519: {
    secret: 'raw-private',
    sign: (message, seed) => ed25519ph.sign(message, seed),
    verify: (signature, message, publicKey) =>
      signature.length === 64 && ed25519ph.verify(signature, message, publicKey, { zip215: false }),
  },
  'ml-dsa-44': mlDsa(ml_dsa44),
  'ml-dsa-65': mlDsa(ml_dsa65),
  'ml-dsa-87': mlDsa(ml_dsa87),
}

function signerOf(key: KeyObject): Signer {
  const name = key.asymmetricKeyDetails?.namedCurve ?? key.asymmetricKeyType ?? 'secret'
  const signer = signers[name]
  if (!signer) throw new TypeError(`A ${name} key signs nothing that was hashed elsewhere.`)
  return signer
}

/** @param message the digest, the 64 bytes of Ed25519ph, or mu */
export function sign(privateKey: KeyObject, message: Uint8Array): Buffer {
  const signer = signerOf(privateKey)
  const secret = privateKey.export({ format: signer.secret })
  try {
    const signature = signer.sign(message, secret)
    return Buffer.from(signature.buffer, signature.byteOffset, signature.byteLength)
  } finally {
    secret.fill(0)
  }
}

/** @param message as for sign; a signature that is none is false. */
export function verify(publicKey: KeyObject, message: Uint8Array, signature: Uint8Array): boolean {
  return signerOf(publicKey).verify(signature, message, publicKey.export({ format: 'raw-public' }))
}
