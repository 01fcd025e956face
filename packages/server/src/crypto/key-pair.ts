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
