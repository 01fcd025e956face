import type { RsaPadding, SizeRange } from '../crypto/rsa.ts'
import { keySpecs, type KeySpec, type KeySpecName } from '../keys/specs.ts'
import { kmsError } from '../protocol/errors.ts'

/**
 * What wrapping algorithms and wrapping keys are made of, in the order of the service's model
 * (https://docs.aws.amazon.com/kms/latest/APIReference/API_GetParametersForImport.html). `code` stands for the row in
 * import tokens, so it never changes and is never given twice.
 */

export type WrappingAlgorithm =
  /** With `kwp`, the RSA block holds an AES-256 key, and the material follows it wrapped by AES-KWP (RFC 5649). */
  { readonly available: true; readonly code: number; readonly padding: RsaPadding; readonly kwp: boolean } | Unavailable

export type WrappingKeySpec =
  | { readonly available: true; readonly code: number; readonly modulusBits: number }
  | Unavailable

/** In the model, but not here: the SM algorithms exist in China Regions only. */
interface Unavailable {
  readonly available: false
  readonly code: number
}

const sha1: RsaPadding = { scheme: 'oaep', hash: 'sha1' }
const sha256: RsaPadding = { scheme: 'oaep', hash: 'sha256' }

export const wrappingAlgorithms = {
  RSAES_PKCS1_V1_5: { available: true, code: 1, padding: { scheme: 'pkcs1' }, kwp: false },
  RSAES_OAEP_SHA_1: { available: true, code: 2, padding: sha1, kwp: false },
  RSAES_OAEP_SHA_256: { available: true, code: 3, padding: sha256, kwp: false },
  RSA_AES_KEY_WRAP_SHA_1: { available: true, code: 4, padding: sha1, kwp: true },
  RSA_AES_KEY_WRAP_SHA_256: { available: true, code: 5, padding: sha256, kwp: true },
  SM2PKE: { available: false, code: 6 },
} satisfies Record<string, WrappingAlgorithm>
export type WrappingAlgorithmName = keyof typeof wrappingAlgorithms
export const wrappingAlgorithmNames = namesOf(wrappingAlgorithms)

export const wrappingKeySpecs = {
  RSA_2048: { available: true, code: 1, modulusBits: 2048 },
  RSA_3072: { available: true, code: 2, modulusBits: 3072 },
  RSA_4096: { available: true, code: 3, modulusBits: 4096 },
  SM2: { available: false, code: 4 },
} satisfies Record<string, WrappingKeySpec>
export type WrappingKeySpecName = keyof typeof wrappingKeySpecs
export const wrappingKeySpecNames = namesOf(wrappingKeySpecs)

function namesOf<N extends string>(table: Readonly<Record<N, unknown>>): readonly N[] {
  return Object.keys(table) as N[] // The tables have no others.
}

/** @throws UnsupportedOperationException */
export function requireAvailable<R extends WrappingAlgorithm | WrappingKeySpec>(
  row: R,
): Extract<R, { available: true }> {
  if (!row.available) throw kmsError('UnsupportedOperationException')
  return row as Extract<R, { available: true }> // As was just checked; TypeScript does not narrow type parameters.
}

/**
 * How large the material of a key is, in bytes (https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys-conceptual.html,
 * "key material requirements"). Private keys have formats of their own beyond a size, and one key has encodings of many.
 */
export function materialSize(spec: KeySpec): SizeRange {
  if (spec.kind === 'symmetric') return { minimum: spec.size, maximum: spec.size }
  if (spec.kind === 'hmac') return { minimum: spec.size, maximum: spec.largest }
  return { minimum: 1, maximum: 6144 }
}

/** What PKCS #8 has around the scalar and the two coordinates of the point, at most. */
const eccEncoding = 45

/**
 * Refuses pairs that could never wrap the material of such a key
 * (https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys-get-public-key-and-token.html): an RSA private
 * key needs RSA_AES_KEY_WRAP_*, and one on P-521 does not fit into RSA_2048 as OAEP. RSAES_PKCS1_V1_5 is for secrets:
 * how long a private key is looked at would tell good padding from bad.
 *
 * @throws UnsupportedOperationException
 */
export function requireFit(
  name: KeySpecName,
  algorithm: WrappingAlgorithmName,
  wrappingKey: WrappingKeySpecName,
): void {
  const spec: KeySpec = keySpecs[name]
  const { padding, kwp } = requireAvailable(wrappingAlgorithms[algorithm])
  const block = requireAvailable(wrappingKeySpecs[wrappingKey]).modulusBits / 8
  if (kwp || spec.type !== 'asymmetric') return
  const capacity = padding.scheme === 'pkcs1' ? 0 : block - (padding.hash === 'sha1' ? 42 : 66)
  const isSmall = spec.kind === 'ed25519' || (spec.kind === 'ecc' && 3 * spec.size + eccEncoding <= capacity)
  if (isSmall && capacity > 0) return
  throw kmsError(
    'UnsupportedOperationException',
    `${algorithm} with ${wrappingKey} cannot wrap material for ${name} keys.`,
  )
}
