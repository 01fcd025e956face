import type { KeyPairKind } from '../crypto/key-pair.ts'

/** What a key may be for (https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html). */
export const keyUsages = [
  'SIGN_VERIFY',
  'ENCRYPT_DECRYPT',
  'GENERATE_VERIFY_MAC',
  'KEY_AGREEMENT',
  'ENCAPSULATE_DECAPSULATE',
] as const
export type KeyUsage = (typeof keyUsages)[number]

/** What the material is; sizes are in bytes. */
type Kind =
  /** Raw bytes of this size. */
  | { readonly kind: 'symmetric'; readonly size: number }
  /** Raw bytes of this size, which is the MAC's too; imported ones may be longer, up to `largest`. */
  | { readonly kind: 'hmac'; readonly size: number; readonly largest: number }
  /** A private key in PKCS #8; its public half is public. */
  | KeyPairKind
  | { readonly kind: 'sm2' }

export type KeySpec = Kind & {
  /** An alias can only move between keys of one type (API_UpdateAlias). */
  readonly type: 'symmetric' | 'hmac' | 'asymmetric'
  readonly usages: readonly KeyUsage[]
  /** For each of the usages. */
  readonly algorithms: Readonly<Partial<Record<KeyUsage, readonly string[]>>>
  /** Whether such a key can have the origin EXTERNAL. */
  readonly importable: boolean
  /** False for what exists in China Regions only: their partition is not served here. */
  readonly available: boolean
}

/**
 * Every key spec of the API, in its order. Usages and algorithms: the developer guide's key spec reference
 * (https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html). The import of Ed25519 keys is
 * not documented; they count as elliptic curve keys here.
 */
export const keySpecs = {
  RSA_2048: rsa(256),
  RSA_3072: rsa(384),
  RSA_4096: rsa(512),
  ECC_NIST_P256: ecc('prime256v1', 32, 'ECDSA_SHA_256', ['ECDH']),
  ECC_NIST_P384: ecc('secp384r1', 48, 'ECDSA_SHA_384', ['ECDH']),
  ECC_NIST_P521: ecc('secp521r1', 66, 'ECDSA_SHA_512', ['ECDH']),
  ECC_SECG_P256K1: ecc('secp256k1', 32, 'ECDSA_SHA_256'),
  SYMMETRIC_DEFAULT: row({ kind: 'symmetric', size: 32 }, { ENCRYPT_DECRYPT: ['SYMMETRIC_DEFAULT'] }),
  HMAC_224: hmac(28, 'HMAC_SHA_224'),
  HMAC_256: hmac(32, 'HMAC_SHA_256'),
  HMAC_384: hmac(48, 'HMAC_SHA_384'),
  HMAC_512: hmac(64, 'HMAC_SHA_512'),
  SM2: row({ kind: 'sm2' }, { SIGN_VERIFY: ['SM2DSA'], ENCRYPT_DECRYPT: ['SM2PKE'], KEY_AGREEMENT: ['ECDH'] }),
  ML_DSA_44: mlDsa('ml-dsa-44'),
  ML_DSA_65: mlDsa('ml-dsa-65'),
  ML_DSA_87: mlDsa('ml-dsa-87'),
  ECC_NIST_EDWARDS25519: row({ kind: 'ed25519' }, { SIGN_VERIFY: ['ED25519_SHA_512', 'ED25519_PH_SHA_512'] }),
  ML_KEM_512: mlKem('ml-kem-512', 768),
  ML_KEM_768: mlKem('ml-kem-768', 1088),
  ML_KEM_1024: mlKem('ml-kem-1024', 1568),
} satisfies Record<string, KeySpec>
export type KeySpecName = keyof typeof keySpecs
export const keySpecNames = Object.keys(keySpecs) as KeySpecName[] // The table has no others.

/** What the material of such keys is a pair of; undefined for secret keys. */
export function pairOf(spec: KeySpecName): KeyPairKind | undefined {
  const row: KeySpec = keySpecs[spec]
  return row.type === 'asymmetric' && row.kind !== 'sm2' ? (row as KeySpec & KeyPairKind) : undefined // The kinds left.
}

export const isSymmetric = (spec: KeySpecName): boolean => keySpecs[spec].kind === 'symmetric'
export const isKeyPair = (spec: KeySpecName): boolean => pairOf(spec) !== undefined

function row(kind: Kind, algorithms: KeySpec['algorithms'], importable = true): KeySpec {
  const { kind: name } = kind
  return {
    ...kind,
    type: name === 'symmetric' || name === 'hmac' ? name : 'asymmetric',
    usages: keyUsages.filter(usage => Object.hasOwn(algorithms, usage)),
    algorithms,
    importable,
    available: name !== 'sm2',
  }
}

function rsa(size: number) {
  return row(
    { kind: 'rsa', size },
    {
      SIGN_VERIFY: [
        'RSASSA_PKCS1_V1_5_SHA_256',
        'RSASSA_PKCS1_V1_5_SHA_384',
        'RSASSA_PKCS1_V1_5_SHA_512',
        'RSASSA_PSS_SHA_256',
        'RSASSA_PSS_SHA_384',
        'RSASSA_PSS_SHA_512',
      ],
      ENCRYPT_DECRYPT: ['RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256'],
    },
  )
}

function ecc(curve: string, size: number, signature: string, agreement?: string[]) {
  return row({ kind: 'ecc', curve, size }, { SIGN_VERIFY: [signature], ...(agreement && { KEY_AGREEMENT: agreement }) })
}

function hmac(size: number, algorithm: string) {
  return row({ kind: 'hmac', size, largest: 128 }, { GENERATE_VERIFY_MAC: [algorithm] })
}

function mlDsa(parameters: 'ml-dsa-44' | 'ml-dsa-65' | 'ml-dsa-87') {
  return row({ kind: 'ml-dsa', parameters }, { SIGN_VERIFY: ['ML_DSA_SHAKE_256'] }, false)
}

function mlKem(parameters: 'ml-kem-512' | 'ml-kem-768' | 'ml-kem-1024', ciphertext: number) {
  return row({ kind: 'ml-kem', parameters, ciphertext }, { ENCAPSULATE_DECAPSULATE: ['ML_KEM'] }, false)
}

const algorithmMembers = {
  SIGN_VERIFY: 'SigningAlgorithms',
  ENCRYPT_DECRYPT: 'EncryptionAlgorithms',
  GENERATE_VERIFY_MAC: 'MacAlgorithms',
  KEY_AGREEMENT: 'KeyAgreementAlgorithms',
  ENCAPSULATE_DECAPSULATE: 'EncapsulationAlgorithms',
} as const satisfies Record<KeyUsage, string>
type AlgorithmMember = (typeof algorithmMembers)[KeyUsage]

/** The one member of KeyMetadata that lists the algorithms of such a key; empty if the spec has no such usage. */
export function algorithmsOf(spec: KeySpecName, usage: KeyUsage): { [M in AlgorithmMember]?: string[] } {
  const names = keySpecs[spec].algorithms[usage]
  return names ? { [algorithmMembers[usage]]: [...names] } : {}
}
