import { hash } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { ivSize, openGcm, sealGcm, tagSize } from '../crypto/aead.ts'
import { kbkdf } from '../crypto/kdf.ts'
import { random } from '../crypto/random.ts'
import { encodeHex } from '../protocol/base64.ts'
import { wrappingAlgorithmNames, wrappingAlgorithms, wrappingKeySpecNames, wrappingKeySpecs } from './wrapping.ts'
import type { WrappingAlgorithmName, WrappingKeySpecName } from './wrapping.ts'

/**
 * An import token carries the private half of its wrapping key, so that nothing has to be stored for it:
 *
 *     0  1   version 01
 *     1  4   day: u32, days since 1970-01-01 UTC
 *     5  16  token ID
 *     21 12  IV
 *     33     AES-256-GCM ciphertext and tag of
 *            0  6   created: u48, epoch milliseconds
 *            6  6   valid to, likewise
 *            12 1   wrapping algorithm (codes in wrapping.ts)
 *            13 1   wrapping key spec
 *            14 32  SHA-256 of the public key (SubjectPublicKeyInfo)
 *            46     private key (PKCS #8)
 *
 * Numbers are big-endian. The key is KBKDF(day key, "import-token/v1", token ID). Authenticated beside the first 33 bytes
 * are the label, the account, the Region and the key ID that the token was issued for, each after its length as u32.
 *
 * Every day has its own random key, erased when no token of that day can be valid any more: from then on nothing opens
 * them, whatever else leaks. With RSA_4096 a token has about 2,470 bytes; the API allows 6,144.
 */
const version = 1
const dayAt = 1
const idAt = 5
const ivAt = 21
const headerSize = ivAt + ivSize
const createdAtAt = 0
const validToAt = 6
const algorithmAt = 12
const specAt = 13
const hashAt = 14
const privateKeyAt = 46

const label = 'import-token/v1'
const dayLength = 24 * 60 * 60 * 1000

/** Milliseconds. */
export const tokenLifetime = dayLength
/** After so many failed unwraps a token is dead, so that nobody can learn about a wrapping key by trying. */
export const maximumFailures = 16

/** The key that a token was issued for. With any other, it does not open. */
export interface TokenBinding {
  readonly account: string
  readonly region: string
  readonly keyId: string
}

interface Claims {
  readonly algorithm: WrappingAlgorithmName
  readonly wrappingKeySpec: WrappingKeySpecName
  /** Epoch milliseconds. */
  readonly createdAt: number
  /** Epoch milliseconds, and valid through that very one (`isUsable`). */
  readonly validTo: number
}

export interface NewToken extends TokenBinding, Claims {
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array
}

export interface ImportToken extends Claims {
  /** 32 lower-case hex digits, unique to the token. */
  readonly id: string
  /** SHA-256 of the public key that was handed out with the token. */
  readonly publicKeyHash: Buffer
  /** PKCS #8, DER; the caller wipes it. */
  readonly privateKey: Buffer
}

/** Days since the epoch, UTC, at `now` (epoch ms). */
export function dayOf(now: number): number {
  return Math.floor(now / dayLength)
}

/** 32 random bytes; the caller wipes them. */
export function newDayKey(): Buffer {
  return random(32)
}

/** When the key of a day must be gone, in epoch ms: two days after the day began, a moment after its last token expires. */
export function dayKeyErasedAt(day: number): number {
  return (day + 2) * dayLength
}

/** Seals a token under the key of the day in which it was created. `privateKey` (PKCS #8) stays the caller's to wipe. */
export function issueToken(dayKey: KeyObject, claims: NewToken, privateKey: Uint8Array): Buffer {
  const header = Buffer.alloc(headerSize)
  header.writeUInt8(version)
  header.writeUInt32BE(dayOf(claims.createdAt), dayAt)
  header.set(random(headerSize - idAt), idAt)
  const plaintext = Buffer.alloc(privateKeyAt + privateKey.length)
  const key = tokenKey(dayKey, header)
  try {
    plaintext.writeUIntBE(claims.createdAt, createdAtAt, 6)
    plaintext.writeUIntBE(claims.validTo, validToAt, 6)
    plaintext.writeUInt8(wrappingAlgorithms[claims.algorithm].code, algorithmAt)
    plaintext.writeUInt8(wrappingKeySpecs[claims.wrappingKeySpec].code, specAt)
    plaintext.set(hash('sha256', claims.publicKey, 'buffer'), hashAt)
    plaintext.set(privateKey, privateKeyAt)
    return Buffer.concat([header, sealGcm(key, header.subarray(ivAt), additionalData(header, claims), plaintext)])
  } finally {
    key.fill(0)
    plaintext.fill(0)
  }
}

/** The day whose key opens the token; undefined for what is no token. Not authenticated before `openToken`. */
export function tokenDay(token: Uint8Array): number | undefined {
  const bytes = asBuffer(token)
  if (bytes.length <= headerSize + privateKeyAt + tagSize || bytes.readUInt8() !== version) return undefined
  return bytes.readUInt32BE(dayAt)
}

/**
 * What a token says; undefined if it is not exactly as it was issued, for exactly this key, under this day key. Whether
 * its time is over is another question: `isUsable`.
 */
export function openToken(dayKey: KeyObject, token: Uint8Array, binding: TokenBinding): ImportToken | undefined {
  if (tokenDay(token) === undefined) return undefined
  const bytes = asBuffer(token)
  const header = bytes.subarray(0, headerSize)
  const key = tokenKey(dayKey, header)
  const claims = openGcm(key, header.subarray(ivAt), additionalData(header, binding), bytes.subarray(headerSize))
  key.fill(0)
  if (!claims) return undefined
  const algorithm = wrappingAlgorithmNames.find(name => wrappingAlgorithms[name].code === claims.readUInt8(algorithmAt))
  const wrappingKeySpec = wrappingKeySpecNames.find(name => wrappingKeySpecs[name].code === claims.readUInt8(specAt))
  const privateKey = claims.subarray(privateKeyAt)
  if (!algorithm || !wrappingKeySpec) {
    // Ours, but from a version that knew more.
    privateKey.fill(0)
    return undefined
  }
  return {
    id: encodeHex(header.subarray(idAt, ivAt)),
    algorithm,
    wrappingKeySpec,
    createdAt: claims.readUIntBE(createdAtAt, 6),
    validTo: claims.readUIntBE(validToAt, 6),
    publicKeyHash: claims.subarray(hashAt, privateKeyAt),
    privateKey,
  }
}

/**
 * Whether a token is still good at `now` (epoch ms): it lives 24 hours to the millisecond, the last one included, unless
 * it has failed too often before.
 */
export function isUsable({ validTo }: ImportToken, failures: number, now: number): boolean {
  return now <= validTo && failures < maximumFailures
}

function tokenKey(dayKey: KeyObject, header: Buffer): Buffer {
  return kbkdf(dayKey, label, header.subarray(idAt, ivAt), 256)
}

function additionalData(header: Buffer, { account, region, keyId }: TokenBinding): Buffer {
  const fields = [label, account, region, keyId].flatMap(text => {
    const bytes = Buffer.from(text)
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    return [length, bytes]
  })
  return Buffer.concat([header, ...fields])
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
