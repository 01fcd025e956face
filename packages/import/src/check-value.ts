import type { Bytes } from './bytes.ts'
import { contentOf, encodeDer, node, parseDer, parseElements, parseUnsigned, tag, unsigned } from './der.ts'
import type { Node } from './der.ts'
import { ImportError } from './error.ts'
import { requireKeySpec } from './material.ts'
import { curveOf, damagedPoint, ecAlgorithm, rsaAlgorithm } from './private-key.ts'

/** By what two people, or a person and an HSM, tell that they have the same material. */
export interface CheckValue {
  /**
   * `kcv`: the first three bytes of a block of zeros, encrypted with AES under the material, as HSMs show it (PKCS #11,
   * CKA_CHECK_VALUE; ANSI X9.24-1 annex A). `public key`: SHA-256 of the public half (DER SubjectPublicKeyInfo).
   * `secret`: SHA-256 of the material.
   */
  kind: 'kcv' | 'public key' | 'secret'
  /** Lower-case hexadecimal digits. */
  value: string
}

/**
 * Computes what identifies material without giving it away: a key check value for SYMMETRIC_DEFAULT, the fingerprint of
 * the public half for private keys, and one of the material itself for HMAC secrets, which must be random therefore.
 *
 * @param material what `readMaterial` gives for a key of this spec
 * @returns undefined where the public half is not in the material, and Web Crypto does not have the curve
 * @throws ImportError if a private key is damaged
 */
export async function checkValue(keySpec: string, material: Uint8Array): Promise<CheckValue | undefined> {
  const copy = new Uint8Array(material)
  try {
    if (keySpec === 'SYMMETRIC_DEFAULT') return { kind: 'kcv', value: await zeroBlock(copy) }
    if (requireKeySpec(keySpec).kind === 'secret') return { kind: 'secret', value: await sha256(copy) }
    const spki = keySpec.startsWith('RSA_') ? rsaSpki(copy) : await ellipticSpki(keySpec, copy)
    return spki && { kind: 'public key', value: await sha256(spki) }
  } finally {
    copy.fill(0)
  }
}

/** ECB of one block is CBC with an IV of zeros; a block of padding follows. */
async function zeroBlock(material: Bytes): Promise<string> {
  const key = await crypto.subtle.importKey('raw', material, 'AES-CBC', false, ['encrypt'])
  const zeros = new Uint8Array(16)
  const encrypted = await crypto.subtle.encrypt({ name: 'AES-CBC', iv: zeros }, key, zeros)
  return hex(new Uint8Array(encrypted, 0, 3))
}

const sha256 = async (bytes: Bytes): Promise<string> =>
  hex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)))

const hex = (bytes: Uint8Array): string => Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')

/** The part of PKCS#8 that holds the key itself, of the form that `readMaterial` writes. */
function innerOf(pkcs8: Uint8Array): Uint8Array {
  const [, , inner] = parseElements(contentOf(parseDer(pkcs8), tag.sequence))
  return contentOf(inner, tag.octetString)
}

/** Read from the DER, as a JSON Web Key would put secret numbers into strings. */
function rsaSpki(pkcs8: Bytes): Bytes {
  const [, n, e] = parseElements(contentOf(parseDer(innerOf(pkcs8)), tag.sequence))
  const numbers = [n, e].map(number => unsigned(parseUnsigned(number)))
  return encodeSpki(rsaAlgorithm(), encodeDer(node(tag.sequence, ...numbers)))
}

const webCryptoNames: Readonly<Record<string, EcKeyImportParams | { name: 'Ed25519' }>> = {
  ECC_NIST_P256: { name: 'ECDSA', namedCurve: 'P-256' },
  ECC_NIST_P384: { name: 'ECDSA', namedCurve: 'P-384' },
  ECC_NIST_P521: { name: 'ECDSA', namedCurve: 'P-521' },
  ECC_NIST_EDWARDS25519: { name: 'Ed25519' },
}

/** Web Crypto derives the public half, which may be missing, and refuses one that is not of this private half. */
async function ellipticSpki(keySpec: string, pkcs8: Bytes): Promise<Bytes | undefined> {
  const name = webCryptoNames[keySpec]
  if (!name) return embeddedSpki(pkcs8)
  try {
    const privateKey = await crypto.subtle.importKey('pkcs8', pkcs8, name, true, ['sign'])
    // The scalar goes through a string here, which cannot be wiped: there is no other way to the public half.
    const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', privateKey)
    const jwk = { kty, crv, x, ...(y !== undefined && { y }) } as JsonWebKey // All that a public one has.
    const publicKey = await crypto.subtle.importKey('jwk', jwk, name, true, ['verify'])
    return new Uint8Array(await crypto.subtle.exportKey('spki', publicKey))
  } catch (error) {
    if (error instanceof Error && error.name === 'NotSupportedError') return undefined
    throw new ImportError('This private key is damaged: its public half does not belong to it.', { cause: error })
  }
}

/** For secp256k1, which Web Crypto does not have: from the point that stands in the key, if it stands there in full. */
function embeddedSpki(pkcs8: Bytes): Bytes | undefined {
  const elements = parseElements(contentOf(parseDer(innerOf(pkcs8)), tag.sequence))
  const outside = elements.find(element => element.tag === tag.context1)
  if (!outside) return undefined
  const point = contentOf(parseDer(outside.content), tag.bitString).subarray(1)
  if (point.length === 0) throw new ImportError(damagedPoint)
  return point[0] === 4 ? encodeSpki(ecAlgorithm(curveOf('secp256k1')), point) : undefined
}

const encodeSpki = (algorithm: Node, key: Uint8Array): Bytes =>
  encodeDer(node(tag.sequence, algorithm, node(tag.bitString, Uint8Array.of(0), key)))
