import { createPrivateKey, createPublicKey, createSecretKey, timingSafeEqual } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { decodeBase64, decodeHex, encodeBase64 } from '../protocol/base64.ts'
import type { Seal, SealContext } from '../seal/seal.ts'
import { materialId } from './ciphertext.ts'
import type { Key } from './key.ts'
import { isKeyPair } from './specs.ts'

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

/** Seals material for its row. `secret` is the caller's to wipe; `id` is its `materialId` under this key. */
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
  if (document.sealed === null) throw new Error(`material ${document.materialId} is erased`)
  const commitment = decodeHex(document.materialId)
  // The id in a ciphertext stands for the material, so what was opened must be what the id commits to.
  const secret = seal.open(contextOf(key, document), decodeBase64(document.sealed), plaintext =>
    timingSafeEqual(decodeHex(materialId(key.id, plaintext)), commitment),
  )
  const material = isKeyPair(key.spec)
    ? createPrivateKey({ key: secret, format: 'der', type: 'pkcs8' })
    : createSecretKey(secret)
  secret.fill(0)
  opened.set(document, material)
  return material
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
