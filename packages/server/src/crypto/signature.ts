/**
 * How something is signed. `hash` is OpenSSL's name; it is used for MGF1 as well, and the salt of PSS is as long as it
 * (RFC 8017). ECDSA signatures are DER (RFC 3279).
 */
export type SignatureScheme =
  | RsaSignatureScheme
  | { readonly scheme: 'ecdsa'; readonly hash: 'sha256' | 'sha384' | 'sha512' }
  | { readonly scheme: 'ed25519' | 'ed25519ph' | 'ml-dsa' }

export interface RsaSignatureScheme {
  readonly scheme: 'pkcs1' | 'pss'
  readonly hash: 'sha256' | 'sha384' | 'sha512'
}

/** What is signed: a message, the digest of one by the hash of the scheme, or mu of FIPS 204 algorithm 7 (64 bytes). */
export interface Message {
  readonly form: 'message' | 'digest' | 'mu'
  readonly bytes: Uint8Array
}
