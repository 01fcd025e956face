import { createPrivateKey, createPublicKey, createSecretKey, hash, timingSafeEqual } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { decodeBase64, decodeHex, encodeBase64 } from '../protocol/base64.ts'
import type { Seal, SealContext } from '../seal/seal.ts'
import { materialId } from './ciphertext.ts'
import type { Key } from './key.ts'
import { isKeyPair, keySpecs } from './specs.ts'

/** One version of a key's material, as it is stored. */
export interface MaterialDocument {
  account: string
  region: string
  keyId: string
  materialId: string
  /** base64 of the sealed record; null once the material is erased. */
  sealed: string | null
  /** Epoch milliseconds; null for material that does not expire. */
  validTo: number | null
}

/**
 * What names the material of a key. Of symmetric keys it is what their ciphertexts say (ciphertext.ts). Material of other
 * lengths is hashed first: HMAC takes a secret, the same with zeros behind it, and the hash of a long one, for equal.
 */
export function materialIdOf({ id, spec }: Pick<Key, 'id' | 'spec'>, material: Uint8Array): string {
  if (keySpecs[spec].kind === 'symmetric') return materialId(id, material)
  const digest = hash('sha256', material, 'buffer')
  try {
    return materialId(id, digest)
  } finally {
    digest.fill(0)
  }
}

/** Seals material for its row. `secret` is the caller's to wipe; `id` is its `materialIdOf` this key. */
export function sealMaterial(
  seal: Seal,
  key: Key,
  id: string,
  validTo: number | null,
  secret: Uint8Array,
): MaterialDocument {
  const { account, region, id: keyId } = key
  const sealed = encodeBase64(seal.seal(contextOf(key, { materialId: id, validTo }), secret))
  return { account, region, keyId, materialId: id, sealed, validTo }
}

/** The row without the secret, by which ciphertexts still find their key. */
export function erasedMaterial(document: Readonly<MaterialDocument>): MaterialDocument {
  return { ...document, sealed: null, validTo: null }
}

/**
 * Opened material, for as long as the document that it came from is in use: one that is replaced, or dropped from a cache,
 * takes its secret with it.
 */
const opened = new WeakMap<Readonly<MaterialDocument>, KeyObject>()

/**
 * The material of a key: a secret key, or the private half of a pair.
 *
 * @throws SealError if the record is not this material of this key
 */
export function openMaterial(seal: Seal, key: Key, document: Readonly<MaterialDocument>): KeyObject {
  if (document.account !== key.account || document.region !== key.region || document.keyId !== key.id) {
    throw new Error(`material ${document.materialId} is not of key ${key.id}`)
  }
  const known = opened.get(document)
  if (known) return known
  const secret = openSecret(seal, key, document)
  try {
    const material = isKeyPair(key.spec)
      ? createPrivateKey({ key: secret, format: 'der', type: 'pkcs8' })
      : createSecretKey(secret)
    opened.set(document, material)
    return material
  } finally {
    secret.fill(0)
  }
}

/**
 * The same material for a related key in another Region: sealed anew, since a seal is bound to its Region.
 *
 * @throws SealError if the record is not this material of this key
 */
export function resealMaterial(
  seal: Seal,
  key: Key,
  document: Readonly<MaterialDocument>,
  relative: Key,
): MaterialDocument {
  const secret = openSecret(seal, key, document)
  try {
    return sealMaterial(seal, relative, document.materialId, document.validTo, secret)
  } finally {
    secret.fill(0)
  }
}

/** The bytes, for the caller to wipe. The id in a ciphertext stands for the material, so they must be what it commits to. */
function openSecret(seal: Seal, key: Key, document: Readonly<MaterialDocument>): Buffer {
  if (document.sealed === null) throw new Error(`material ${document.materialId} is erased`)
  const commitment = decodeHex(document.materialId)
  return seal.open(contextOf(key, document), decodeBase64(document.sealed), plaintext =>
    timingSafeEqual(decodeHex(materialIdOf(key, plaintext)), commitment),
  )
}

const published = new WeakMap<Key, KeyObject>()

/** The public half of an asymmetric key that has had material; the row of the key vouches for it. */
export function publicKeyOf(key: Key): KeyObject {
  const known = published.get(key)
  if (known) return known
  if (key.publicKey === undefined) throw new Error(`key ${key.id} has no public key`)
  const publicKey = createPublicKey({ key: decodeBase64(key.publicKey), format: 'der', type: 'spki' })
  published.set(key, publicKey)
  return publicKey
}

function contextOf(key: Key, material: Pick<MaterialDocument, 'materialId' | 'validTo'>): SealContext {
  const { account, region, id, spec, usage, origin, createdAt } = key
  const { materialId, validTo } = material
  const expiry = validTo === null ? 'never' : String(validTo)
  return {
    purpose: 'key-material/v1',
    fields: [account, region, id, spec, usage, origin, materialId, String(createdAt), expiry],
  }
}
