import assert from 'node:assert/strict'
import { constants, createDecipheriv, generateKeyPair, privateDecrypt } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import type { WrappingAlgorithm } from '../src/index.ts'

/** What a service holds: a wrapping key, public half as it is handed out. */
export interface WrappingKey {
  bits: number
  publicKey: Uint8Array
  privateKey: KeyObject
}

export async function generateWrappingKey(bits: number): Promise<WrappingKey> {
  const pair = await promisify(generateKeyPair)('rsa', { modulusLength: bits })
  return { bits, publicKey: pair.publicKey.export({ type: 'spki', format: 'der' }), privateKey: pair.privateKey }
}

/** All sizes that AWS has. */
export async function generateWrappingKeys(): Promise<WrappingKey[]> {
  return [await generateWrappingKey(2048), await generateWrappingKey(3072), await generateWrappingKey(4096)]
}

/** Undoes each algorithm with node:crypto, none of our own code. */
export const unwrappers: Record<WrappingAlgorithm, (key: WrappingKey, wrapped: Uint8Array) => Buffer> = {
  RSAES_OAEP_SHA_256: (key, wrapped) => openOaep(key, 'sha256', wrapped),
  RSAES_OAEP_SHA_1: (key, wrapped) => openOaep(key, 'sha1', wrapped),
  RSA_AES_KEY_WRAP_SHA_256: (key, wrapped) => openBoth(key, 'sha256', wrapped),
  RSA_AES_KEY_WRAP_SHA_1: (key, wrapped) => openBoth(key, 'sha1', wrapped),
  RSAES_PKCS1_V1_5: (key, wrapped) => openPkcs1(key, wrapped).message,
}

export const algorithms = Object.keys(unwrappers) as WrappingAlgorithm[]

function openOaep({ privateKey }: WrappingKey, oaepHash: string, block: Uint8Array): Buffer {
  return privateDecrypt({ key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash }, block)
}

function openBoth(key: WrappingKey, hash: string, wrapped: Uint8Array): Buffer {
  const block = key.bits / 8
  const aesKey = openOaep(key, hash, wrapped.subarray(0, block))
  assert.equal(aesKey.length, 32)
  return openKwp(aesKey, wrapped.subarray(block))
}

export function openKwp(key: Uint8Array, wrapped: Uint8Array): Buffer {
  const decipher = createDecipheriv(`id-aes${key.length * 8}-wrap-pad`, key, Buffer.from('a65959a6', 'hex'))
  return Buffer.concat([decipher.update(wrapped), decipher.final()])
}

/** By hand, as the padding itself is under test (RFC 8017 section 7.2.1). */
export function openPkcs1(key: WrappingKey, wrapped: Uint8Array): { padding: Buffer; message: Buffer } {
  const block = privateDecrypt({ key: key.privateKey, padding: constants.RSA_NO_PADDING }, wrapped)
  assert.equal(block.length, key.bits / 8)
  assert.deepEqual([...block.subarray(0, 2)], [0, 2])
  const end = block.indexOf(0, 2)
  assert.ok(end >= 10, `padding of ${end - 2} bytes`)
  return { padding: block.subarray(2, end), message: block.subarray(end + 1) }
}
