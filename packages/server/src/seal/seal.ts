import { createSecretKey, randomUUID } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { ivSize, openGcm, sealGcm, tagSize } from '../crypto/aead.ts'
import { kbkdf } from '../crypto/kdf.ts'
import { fillNonce, random } from '../crypto/random.ts'
import { decodeBase64, encodeBase64 } from '../protocol/base64.ts'

/** What protects the domain key and never enters the store: a key file, a passphrase, a hardware token. */
export interface RootKey {
  /** One word without spaces, stored beside what the root key wrapped. */
  readonly kind: string
  /** For the operator, such as `key file /etc/keyreeve/root.key`. */
  readonly name: string
  /** @throws SealError for a root key that is not good enough to begin with */
  wrap(secret: Uint8Array): Promise<Uint8Array>
  /**
   * The secret, in memory of its own for the caller to wipe; undefined if another root key wrapped it, or if it was
   * altered.
   *
   * @throws SealError if it is not even tried
   */
  unwrap(wrapped: Uint8Array): Promise<Uint8Array | undefined>
}

/** What is sealed stays sealed. The message is for the operator and holds nothing secret. */
export class SealError extends Error {
  override readonly name = 'SealError'
}

/** The store-wide values of a store (store.ts). */
export interface Meta {
  meta(name: string): Promise<string | undefined>
  initMeta(name: string, value: string): Promise<boolean>
}

/** There is one domain key yet. Records name its generation, so that a later one can replace it record by record. */
const generation = 1
const metaName = `domain-key/${generation}`
const metaVersion = 'keyreeve-domain-key-v1'
const domainKeySize = 32

/**
 * Opens the seal of a store; a store without one gets it. The store keeps it in a single value, written once:
 *
 *     keyreeve-domain-key-v1 <store id> <kind of root key> <base64 of what the root key wrapped>
 *
 * Wrapped are the domain key (32 random bytes), its generation (u32) and the store id (36 characters), so the value of
 * another store or generation is recognised wherever it is put.
 *
 * @throws SealError if `root` is not the root key that this store was made with
 */
export async function openSeal(store: Meta, root: RootKey): Promise<Seal> {
  const stored = await store.meta(metaName)
  if (stored !== undefined) return await unwrapDomainKey(stored, root)
  const made = await wrapDomainKey(root)
  // Opened before it is stored: nothing may come to depend on a root key that does not give back what it wrapped.
  const seal = await unwrapDomainKey(made, root)
  if (await store.initMeta(metaName, made)) return seal
  // Another process came first: its domain key counts.
  const winner = await store.meta(metaName)
  if (winner === undefined) throw new Error(`${metaName} can neither be read nor set`)
  return await unwrapDomainKey(winner, root)
}

async function wrapDomainKey(root: RootKey): Promise<string> {
  const storeId = randomUUID()
  const place = placeOf(storeId)
  const secret = random(domainKeySize + place.length)
  try {
    secret.set(place, domainKeySize)
    return [metaVersion, storeId, root.kind, encodeBase64(await root.wrap(secret))].join(' ')
  } finally {
    secret.fill(0)
  }
}

async function unwrapDomainKey(stored: string, root: RootKey): Promise<Seal> {
  const { storeId, kind, wrapped } = parseMeta(stored)
  if (kind !== root.kind) {
    throw new SealError(
      `The store ${storeId} was made with a root key of another kind (${kind}) than the ${root.name}. Configure the one it was made with.`,
    )
  }
  const secret = await root.unwrap(wrapped)
  if (!secret) {
    throw new SealError(
      `The ${root.name} does not open the store ${storeId}. Either the store was made with another one, or the domain key in it was altered. Configure the root key that the store was made with: without it nothing in the store can be decrypted.`,
    )
  }
  try {
    if (!placeOf(storeId).equals(secret.subarray(domainKeySize))) {
      throw new SealError(
        `The domain key in this store was put there from another one: it does not belong to the store ${storeId}, generation ${generation}. Restore the store from a backup.`,
      )
    }
    return new Seal(storeId, createSecretKey(secret.subarray(0, domainKeySize)))
  } finally {
    secret.fill(0)
  }
}

/** @throws SealError */
function parseMeta(stored: string): { storeId: string; kind: string; wrapped: Uint8Array } {
  const [version, storeId, kind, wrapped, ...rest] = stored.split(' ')
  try {
    if (version === metaVersion && storeId && kind && wrapped && rest.length === 0) {
      return { storeId, kind, wrapped: decodeBase64(wrapped) }
    }
  } catch {
    // Not base64.
  }
  throw new SealError('The domain key in this store has a form that this version of Keyreeve does not know.')
}

/** Where a domain key belongs. */
function placeOf(storeId: string): Buffer {
  const place = Buffer.alloc(4 + Buffer.byteLength(storeId))
  place.writeUInt32BE(generation)
  place.write(storeId, 4)
  return place
}

interface ContextOf<Purpose extends string, Fields extends readonly string[]> {
  readonly purpose: Purpose
  readonly fields: Readonly<Fields>
}

/**
 * What a sealed record is, and where it belongs: everything sealed anywhere has its purpose here, and no record opens
 * under another purpose or other fields.
 *
 * Key material is sealed for one Region, though the keys of a multi-Region family share id and material: each has an
 * expiry of its own, which must not be dodged with a record from another Region.
 */
export type SealContext =
  | ContextOf<
      'key-material/v1',
      [
        account: string,
        region: string,
        keyId: string,
        spec: string,
        usage: string,
        origin: string,
        materialId: string,
        createdAt: string,
        validTo: string,
      ]
    >
  | ContextOf<'access-key-secret/v1', [account: string, userName: string, accessKeyId: string]>
  | ContextOf<'session-token/v1', [accessKeyId: string]>
  | ContextOf<'day-key/v1', [day: string]>
  | ContextOf<'hidden-marker/v1', [list: string]>
  | ContextOf<'key-store-credential/v1', [account: string, region: string, keyStoreId: string, accessKeyId: string]>

const recordVersion = 0x01
const saltAt = 5
const ivAt = saltAt + 16
const headerSize = ivAt + ivSize

/**
 * The seal of a store. A sealed record is `01 || u32 generation || 16 bytes of salt || 12 of IV || ciphertext || 16 of tag`:
 * AES-256-GCM under KBKDF(domain key, "record/v1", salt), its additional data the context, each field and first the purpose
 * as u32 length and UTF-8.
 */
export class Seal {
  /** A UUID, for as long as the store lives. */
  readonly storeId: string
  readonly #domainKey: KeyObject
  readonly #derived = new Map<string, KeyObject>()

  constructor(storeId: string, domainKey: KeyObject) {
    this.storeId = storeId
    this.#domainKey = domainKey
  }

  /** 49 bytes longer than the plaintext, which is the caller's to wipe. */
  seal(context: SealContext, plaintext: Uint8Array): Buffer {
    const header = Buffer.alloc(headerSize)
    header[0] = recordVersion
    header.writeUInt32BE(generation, 1)
    fillNonce(header.subarray(saltAt))
    const key = this.#recordKey(header)
    try {
      return Buffer.concat([header, sealGcm(key, header.subarray(ivAt), encode(context), plaintext)])
    } finally {
      key.fill(0)
    }
  }

  /**
   * The plaintext, for the caller to wipe.
   *
   * @param fits refuses a plaintext that is not the one which something else vouches for
   * @throws SealError if this seal did not make the record, or not in this context
   */
  open(context: SealContext, sealed: Uint8Array, fits?: (plaintext: Buffer) => boolean): Buffer {
    const plaintext = this.openIfOurs(context, sealed)
    if (plaintext && (!fits || fits(plaintext))) return plaintext
    plaintext?.fill(0)
    throw new SealError(
      `A sealed record (${context.purpose}) of the store ${this.storeId} does not open: it was altered, or belongs elsewhere.`,
    )
  }

  /** The same for what strangers send: undefined if this seal did not make it, or not in this context. */
  openIfOurs(context: SealContext, sealed: Uint8Array): Buffer | undefined {
    return this.#open(context, Buffer.from(sealed.buffer, sealed.byteOffset, sealed.length))
  }

  /** The key (32 bytes) for one purpose other than sealing, such as `row-mac/v1`: KBKDF(domain key, label, nothing). */
  derive(label: string): KeyObject {
    const known = this.#derived.get(label)
    if (known) return known
    const bytes = kbkdf(this.#domainKey, label, new Uint8Array(), 256)
    const key = createSecretKey(bytes)
    bytes.fill(0)
    this.#derived.set(label, key)
    return key
  }

  #open(context: SealContext, sealed: Buffer): Buffer | undefined {
    if (sealed.length < headerSize + tagSize) return undefined
    if (sealed[0] !== recordVersion || sealed.readUInt32BE(1) !== generation) return undefined
    const key = this.#recordKey(sealed)
    try {
      return openGcm(key, sealed.subarray(ivAt, headerSize), encode(context), sealed.subarray(headerSize))
    } finally {
      key.fill(0)
    }
  }

  #recordKey(header: Uint8Array): Buffer {
    return kbkdf(this.#domainKey, 'record/v1', header.subarray(saltAt, ivAt), 256)
  }
}

function encode({ purpose, fields }: SealContext): Buffer {
  return Buffer.concat(
    [purpose, ...fields].flatMap(text => {
      const bytes = Buffer.from(text)
      const length = Buffer.alloc(4)
      length.writeUInt32BE(bytes.length)
      return [length, bytes]
    }),
  )
}
