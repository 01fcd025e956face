import { concat } from './bytes.ts'
import type { Bytes } from './bytes.ts'
import { count, ImportError } from './error.ts'
import { wrapKwp } from './kwp.ts'
import { requireKeySpec } from './material.ts'
import { readPublicKey } from './public-key.ts'
import type { PublicKey } from './public-key.ts'
import { encryptOaep, encryptPkcs1 } from './rsa.ts'

export { ImportError } from './error.ts'
export { checkValue } from './check-value.ts'
export type { CheckValue } from './check-value.ts'
export { readMaterial, requireKeySpec } from './material.ts'
export type { KeyMaterial, MaterialFormat, Wanted } from './material.ts'
export {
  encryptedFile,
  keyIdOf,
  largestParameter,
  materialFile,
  opensslLines,
  parameterFiles,
  parameterNames,
  readParameters,
  zipTime,
} from './parameters.ts'
export type { ImportParameters, PackedParameters, ParameterNames } from './parameters.ts'
export { readPublicKey } from './public-key.ts'
export type { PublicKey } from './public-key.ts'

/** The hash for OAEP and MGF1 (none: PKCS #1 v1.5), what RSA padding takes away in bytes, and whether AES does the bulk. */
interface Algorithm {
  hash?: 'SHA-1' | 'SHA-256'
  overhead: number
  kwp: boolean
}

const oaep = (hash: 'SHA-1' | 'SHA-256', digest: number, kwp: boolean): Algorithm => ({
  hash,
  overhead: 2 * digest + 2,
  kwp,
})

export type WrappingAlgorithm =
  | 'RSAES_OAEP_SHA_256'
  | 'RSA_AES_KEY_WRAP_SHA_256'
  | 'RSAES_OAEP_SHA_1'
  | 'RSA_AES_KEY_WRAP_SHA_1'
  | 'RSAES_PKCS1_V1_5'

/** Best first (https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys-get-public-key-and-token.html). */
const algorithms: Record<WrappingAlgorithm, Algorithm> = {
  RSAES_OAEP_SHA_256: oaep('SHA-256', 32, false),
  RSA_AES_KEY_WRAP_SHA_256: oaep('SHA-256', 32, true),
  RSAES_OAEP_SHA_1: oaep('SHA-1', 20, false),
  RSA_AES_KEY_WRAP_SHA_1: oaep('SHA-1', 20, true),
  RSAES_PKCS1_V1_5: { overhead: 11, kwp: false },
}

const names = Object.keys(algorithms) as WrappingAlgorithm[] // The record has no others.

/** The most that ImportKeyMaterial takes as EncryptedKeyMaterial, in bytes. */
const largestWrapped = 6144

/**
 * Wraps key material for ImportKeyMaterial.
 *
 * The material is copied at the call, and the copy wiped at the end; the caller may wipe its own at once.
 *
 * @param publicKey PublicKey of GetParametersForImport, in any form that `readPublicKey` takes
 * @param algorithm the WrappingAlgorithm that was named to GetParametersForImport
 * @param material 32 bytes for SYMMETRIC_DEFAULT, PKCS#8 for private keys: what `readMaterial` gives
 * @returns EncryptedKeyMaterial: one RSA block; with RSA_AES_KEY_WRAP_*, it holds a fresh AES-256 key, and the material
 *   follows, wrapped under that key (RFC 5649)
 * @throws ImportError if the key is no RSA wrapping key, the algorithm is not known or the material does not fit
 */
export async function wrap(
  publicKey: Uint8Array,
  algorithm: WrappingAlgorithm,
  material: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const key = readPublicKey(publicKey)
  const row = requireAlgorithm(algorithm)
  requireSize(material.length, algorithm, key)
  requireWebCrypto()
  const copy = new Uint8Array(material)
  try {
    return row.kwp ? await wrapUnderAes(key, row, copy) : await encrypt(key, row, copy)
  } finally {
    copy.fill(0)
  }
}

/**
 * The algorithms by which any material of a key spec can be wrapped, best first: those that GetParametersForImport takes.
 * RSAES_PKCS1_V1_5 is for secrets alone.
 *
 * @param bits of the wrapping key
 * @throws ImportError if keys of this spec cannot be imported
 */
export function algorithmsFor(keySpec: string, bits: number): WrappingAlgorithm[] {
  const { kind, max } = requireKeySpec(keySpec)
  return names.filter(name => {
    const row = algorithms[name]
    return max <= capacity(row, bits) && (row.hash !== undefined || kind === 'secret')
  })
}

/**
 * The KeyMaterialId that a Keyreeve server gives to symmetric material: HMAC-SHA256 under the material of
 * `kms-material-id/v1`, a zero byte and the key ID. It shows which material a key holds without giving it away.
 * AWS KMS does not publish how it makes its own.
 *
 * @param keyId the key ID, not an ARN or alias
 * @returns 64 lower-case hexadecimal digits
 */
export async function materialId(keyId: string, material: Uint8Array): Promise<string> {
  if (!/^[\w-]+$/.test(keyId)) throw new ImportError('This is no key ID. An ARN ends in one, after "key/".')
  if (material.length === 0) throw new ImportError('The material is empty.')
  requireWebCrypto()
  const copy = new Uint8Array(material)
  try {
    const key = await crypto.subtle.importKey('raw', copy, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
    const id = await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(`kms-material-id/v1\0${keyId}`))
    return Array.from(new Uint8Array(id), byte => byte.toString(16).padStart(2, '0')).join('')
  } finally {
    copy.fill(0)
  }
}

async function wrapUnderAes(key: PublicKey, row: Algorithm, material: Bytes): Promise<Bytes> {
  const aesKey = crypto.getRandomValues(new Uint8Array(32))
  try {
    return concat(await encrypt(key, row, aesKey), await wrapKwp(aesKey, material))
  } finally {
    aesKey.fill(0)
  }
}

async function encrypt(key: PublicKey, { hash }: Algorithm, message: Bytes): Promise<Bytes> {
  return hash ? encryptOaep(key, hash, message) : encryptPkcs1(key, message)
}

/** In bytes of material. KWP adds 8 to the next multiple of 8. */
function capacity({ kwp, overhead }: Algorithm, bits: number): number {
  const block = bits / 8
  return kwp ? Math.floor((largestWrapped - block) / 8) * 8 - 8 : block - overhead
}

function requireAlgorithm(name: WrappingAlgorithm): Algorithm {
  if (Object.hasOwn(algorithms, name)) return algorithms[name]
  throw new ImportError(`There is no wrapping algorithm ${name}, but ${names.join(', ')}.`)
}

function requireSize(size: number, algorithm: WrappingAlgorithm, key: PublicKey): void {
  if (size === 0) throw new ImportError('The material is empty.')
  const most = capacity(algorithms[algorithm], key.bits)
  if (size <= most) return
  const advice =
    size <= capacity(algorithms.RSA_AES_KEY_WRAP_SHA_256, key.bits)
      ? 'Use RSA_AES_KEY_WRAP_SHA_256, with parameters fetched for it.'
      : `No algorithm takes it: wrapped material has at most ${largestWrapped} bytes.`
  throw new ImportError(
    `${count(size)} of material: ${algorithm} with an RSA key of ${key.bits} bits takes at most ${most}. ${advice}`,
  )
}

/** Browsers hide it on pages from plain http, other than from localhost. */
function requireWebCrypto(): void {
  const { subtle }: { subtle?: SubtleCrypto } = globalThis.crypto
  if (subtle) return
  throw new ImportError('Web Crypto is missing. In a browser, open this page over https or from localhost.')
}
