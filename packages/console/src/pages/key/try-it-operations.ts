import type { KmsName } from '../../api/types.ts'
import { kindOf, type Key } from './key.ts'

/** Members of inputs and outputs that are bytes. */
export const byteMembers = [
  'Plaintext',
  'CiphertextBlob',
  'Message',
  'Signature',
  'Mac',
  'PublicKey',
  'SharedSecret',
  'SharedSecretCiphertextBlob',
  'PrivateKeyPlaintext',
  'PrivateKeyCiphertextBlob',
] as const
export type ByteMember = (typeof byteMembers)[number]

/** What an operation is told beside bytes. */
type Choice = 'context' | 'EncryptionAlgorithm' | 'SigningAlgorithm' | 'MacAlgorithm' | 'size' | 'pair'

export interface Operation {
  readonly name: KmsName & TryName
  readonly inputs: readonly ByteMember[]
  readonly outputs: readonly ByteMember[]
  readonly choices: readonly Choice[]
  /** What else it is always told. */
  readonly fixed?: Readonly<Record<string, string>>
  /** The error that says no to what was asked: an answer, not a failure. */
  readonly no?: string
}

type TryName =
  | 'Encrypt'
  | 'Decrypt'
  | 'GenerateDataKey'
  | 'GenerateDataKeyPair'
  | 'Sign'
  | 'Verify'
  | 'GenerateMac'
  | 'VerifyMac'
  | 'DeriveSharedSecret'
  | 'Encapsulate'
  | 'Decapsulate'
  | 'GetPublicKey'

const getPublicKey: Operation = { name: 'GetPublicKey', inputs: [], outputs: ['PublicKey'], choices: [] }

const symmetric: readonly Operation[] = [
  { name: 'Encrypt', inputs: ['Plaintext'], outputs: ['CiphertextBlob'], choices: ['context'] },
  { name: 'Decrypt', inputs: ['CiphertextBlob'], outputs: ['Plaintext'], choices: ['context'] },
  { name: 'GenerateDataKey', inputs: [], outputs: ['Plaintext', 'CiphertextBlob'], choices: ['size', 'context'] },
  {
    name: 'GenerateDataKeyPair',
    inputs: [],
    outputs: ['PublicKey', 'PrivateKeyPlaintext', 'PrivateKeyCiphertextBlob'],
    choices: ['pair', 'context'],
  },
]

const byUsage: Readonly<Record<string, readonly Operation[]>> = {
  ENCRYPT_DECRYPT: [
    { name: 'Encrypt', inputs: ['Plaintext'], outputs: ['CiphertextBlob'], choices: ['EncryptionAlgorithm'] },
    { name: 'Decrypt', inputs: ['CiphertextBlob'], outputs: ['Plaintext'], choices: ['EncryptionAlgorithm'] },
    getPublicKey,
  ],
  SIGN_VERIFY: [
    { name: 'Sign', inputs: ['Message'], outputs: ['Signature'], choices: ['SigningAlgorithm'] },
    {
      name: 'Verify',
      inputs: ['Message', 'Signature'],
      outputs: [],
      choices: ['SigningAlgorithm'],
      no: 'KMSInvalidSignatureException',
    },
    getPublicKey,
  ],
  GENERATE_VERIFY_MAC: [
    { name: 'GenerateMac', inputs: ['Message'], outputs: ['Mac'], choices: ['MacAlgorithm'] },
    {
      name: 'VerifyMac',
      inputs: ['Message', 'Mac'],
      outputs: [],
      choices: ['MacAlgorithm'],
      no: 'KMSInvalidMacException',
    },
  ],
  KEY_AGREEMENT: [
    {
      name: 'DeriveSharedSecret',
      inputs: ['PublicKey'],
      outputs: ['SharedSecret'],
      choices: [],
      fixed: { KeyAgreementAlgorithm: 'ECDH' },
    },
    getPublicKey,
  ],
  ENCAPSULATE_DECAPSULATE: [
    {
      name: 'Encapsulate',
      inputs: [],
      outputs: ['SharedSecret', 'SharedSecretCiphertextBlob'],
      choices: [],
      fixed: { EncapsulationAlgorithm: 'ML_KEM' },
    },
    {
      name: 'Decapsulate',
      inputs: ['SharedSecretCiphertextBlob'],
      outputs: ['SharedSecret'],
      choices: [],
      fixed: { EncapsulationAlgorithm: 'ML_KEM' },
    },
    getPublicKey,
  ],
}

/** What such a key can do. */
export const operationsOf = (key: Key): readonly Operation[] =>
  kindOf(key) === 'symmetric' ? symmetric : (byUsage[key.KeyUsage] ?? [])

export type MessageType = 'RAW' | 'DIGEST' | 'EXTERNAL_MU'

/** What each algorithm signs (https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html). */
export function messageTypesOf(algorithm: string): readonly MessageType[] {
  if (algorithm.startsWith('ML_DSA')) return ['RAW', 'EXTERNAL_MU']
  if (algorithm === 'ED25519_SHA_512') return ['RAW']
  return algorithm === 'ED25519_PH_SHA_512' ? ['DIGEST'] : ['RAW', 'DIGEST']
}

/** By which the digest is made that such an algorithm signs. */
export function hashOf(algorithm: string): 'SHA-256' | 'SHA-384' | 'SHA-512' | undefined {
  const bits = /_SHA_(256|384|512)$/.exec(algorithm)?.[1] as '256' | '384' | '512' | undefined // As the pattern has them.
  return bits && `SHA-${bits}`
}

/** Bytes of a modulus, and what OAEP takes away from it (RFC 8017 section 7.1.1). */
function largestOaep(spec: string, algorithm: string): number {
  const modulus = Number(spec.slice('RSA_'.length)) / 8
  return modulus - (algorithm === 'RSAES_OAEP_SHA_1' ? 42 : 66)
}

/** The most bytes that may be given, as the API has it, or the key's own size. */
export function mostOf(member: ByteMember, key: Key, algorithm: string): number {
  if (member === 'Plaintext' && kindOf(key) === 'asymmetric') return largestOaep(key.KeySpec, algorithm)
  if (member === 'Plaintext' || member === 'Message') return 4096
  return member === 'PublicKey' ? 8192 : 6144
}
