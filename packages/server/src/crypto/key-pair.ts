import { generateKeyPairSync } from 'node:crypto'

/** What a key pair is; sizes are in bytes. */
export type KeyPairKind =
  /** The size is that of the modulus. */
  | { readonly kind: 'rsa'; readonly size: number }
  /** On the curve that OpenSSL knows by this name; the size is that of a coordinate. */
  | { readonly kind: 'ecc'; readonly curve: string; readonly size: number }
  | { readonly kind: 'ed25519' }
  | { readonly kind: 'ml-dsa'; readonly parameters: 'ml-dsa-44' | 'ml-dsa-65' | 'ml-dsa-87' }
  /** The size of what Encapsulate makes. */
  | {
      readonly kind: 'ml-kem'
      readonly parameters: 'ml-kem-512' | 'ml-kem-768' | 'ml-kem-1024'
      readonly ciphertext: number
    }

/** DER: SubjectPublicKeyInfo (RFC 5280) and PKCS #8 (RFC 5958). */
export interface KeyPair {
  readonly publicKey: Buffer<ArrayBuffer>
  /** The holder wipes it. */
  readonly privateKey: Buffer<ArrayBuffer>
}

const encodings = {
  publicKeyEncoding: { format: 'der', type: 'spki' },
  privateKeyEncoding: { format: 'der', type: 'pkcs8' },
} as const

/**
 * A fresh key pair, in memory of its own. The private key has the one form in which keys are kept (private-key.ts); those
 * of ML-KEM and ML-DSA are their seeds alone, of 64 and 32 bytes (FIPS 203 and 204). RSA, with the public exponent 65537,
 * takes up to seconds, so it belongs in a thread of its own; P-384 and P-521 take 1 and 2 ms, the others less.
 */
export function generateKeyPair(kind: KeyPairKind): KeyPair {
  switch (kind.kind) {
    case 'rsa':
      return generateKeyPairSync('rsa', { modulusLength: kind.size * 8, publicExponent: 65537, ...encodings })
    case 'ecc':
      return generateKeyPairSync('ec', { namedCurve: kind.curve, ...encodings })
    case 'ed25519':
      return generateKeyPairSync('ed25519', encodings)
    case 'ml-dsa':
      return generateKeyPairSync(kind.parameters, encodings)
    case 'ml-kem':
      return generateKeyPairSync(kind.parameters, encodings)
  }
}
