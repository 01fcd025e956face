import type { SignatureScheme } from '../crypto/signature.ts'

/**
 * What the algorithms of the API are made of, in the order of the service's model. Which key spec has which is in specs.ts.
 * Sizes are in bytes.
 */

export const messageTypes = ['RAW', 'DIGEST', 'EXTERNAL_MU'] as const
export type MessageType = (typeof messageTypes)[number]

export interface SigningAlgorithm {
  readonly scheme: SignatureScheme
  /** The message types that it takes, and how long what is signed must be; without a size, 1 to 4096. */
  readonly takes: Readonly<Partial<Record<MessageType, { readonly size?: number }>>>
}

const digest = { sha256: 32, sha384: 48, sha512: 64 } as const

const hashed = (scheme: 'pkcs1' | 'pss' | 'ecdsa', hash: keyof typeof digest): SigningAlgorithm => ({
  scheme: { scheme, hash },
  takes: { RAW: {}, DIGEST: { size: digest[hash] } },
})

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html */
export const signingAlgorithms = {
  RSASSA_PSS_SHA_256: hashed('pss', 'sha256'),
  RSASSA_PSS_SHA_384: hashed('pss', 'sha384'),
  RSASSA_PSS_SHA_512: hashed('pss', 'sha512'),
  RSASSA_PKCS1_V1_5_SHA_256: hashed('pkcs1', 'sha256'),
  RSASSA_PKCS1_V1_5_SHA_384: hashed('pkcs1', 'sha384'),
  RSASSA_PKCS1_V1_5_SHA_512: hashed('pkcs1', 'sha512'),
  ECDSA_SHA_256: hashed('ecdsa', 'sha256'),
  ECDSA_SHA_384: hashed('ecdsa', 'sha384'),
  ECDSA_SHA_512: hashed('ecdsa', 'sha512'),
  /** No key of these Regions has it. */
  SM2DSA: undefined,
  ML_DSA_SHAKE_256: { scheme: { scheme: 'ml-dsa' }, takes: { RAW: {}, EXTERNAL_MU: { size: 64 } } },
  ED25519_SHA_512: { scheme: { scheme: 'ed25519' }, takes: { RAW: {} } },
  /** What is called the digest is the message of Ed25519ph, which hashes it once more (RFC 8032 section 5.1). */
  ED25519_PH_SHA_512: { scheme: { scheme: 'ed25519ph' }, takes: { DIGEST: { size: 64 } } },
} satisfies Record<string, SigningAlgorithm | undefined>
export type SigningAlgorithmName = keyof typeof signingAlgorithms

/** RSAES-OAEP with MGF1 of the same hash and an empty label. `overhead`: what a plaintext is shorter than the modulus. */
export interface OaepAlgorithm {
  readonly hash: 'sha1' | 'sha256'
  readonly overhead: number
}

/** Undefined: nothing of RSA. */
export const encryptionAlgorithms = {
  SYMMETRIC_DEFAULT: undefined,
  RSAES_OAEP_SHA_1: { hash: 'sha1', overhead: 42 },
  RSAES_OAEP_SHA_256: { hash: 'sha256', overhead: 66 },
  /** No key of these Regions has it. */
  SM2PKE: undefined,
} satisfies Record<string, OaepAlgorithm | undefined>
export type EncryptionAlgorithmName = keyof typeof encryptionAlgorithms

/** HMAC (RFC 2104) by OpenSSL's name of the hash. */
export const macAlgorithms = {
  HMAC_SHA_224: 'sha224',
  HMAC_SHA_256: 'sha256',
  HMAC_SHA_384: 'sha384',
  HMAC_SHA_512: 'sha512',
} as const
export type MacAlgorithmName = keyof typeof macAlgorithms
