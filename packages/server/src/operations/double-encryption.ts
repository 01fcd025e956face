import type { KeyObject } from 'node:crypto'
import {
  decryptSymmetric,
  encryptSymmetric,
  joinInner,
  joinOuter,
  splitInner,
  splitOuter,
  type EncryptionContext,
} from '../keys/ciphertext.ts'
import type { Key } from '../keys/key.ts'
import type { Context } from '../operation.ts'
import { kmsError } from '../protocol/errors.ts'
import { mostAdditional } from '../xks/external-keys.ts'
import { ProxyFailure } from '../xks/failures.ts'
import { useExternalKey } from './key-stores.ts'

/**
 * Double encryption, for keys in external key stores: first under material of ours, then by the external key manager, so
 * that neither can decrypt without the other
 * (https://docs.aws.amazon.com/kms/latest/developerguide/keystore-external.html#concept-double-encryption).
 */

/** @throws ValidationException for an encryption context that is too large for a proxy, KMSInvalidStateException */
export async function encryptTwice(
  context: Context,
  key: Key,
  material: { id: string; key: KeyObject },
  plaintext: Uint8Array,
  encryptionContext: EncryptionContext,
): Promise<Buffer> {
  const blob = encryptSymmetric(material.key, material.id, plaintext, encryptionContext, { suite: 'double' })
  const { inner, additional } = splitInner(blob, encryptionContext)
  requireFit(additional)
  const { externalKeys } = context
  const layer = await useExternalKey(context, key, (call, xksKeyId) =>
    externalKeys.encrypt(call, xksKeyId, inner, additional),
  )
  return joinOuter(blob, layer)
}

/**
 * The plaintext, for the caller to wipe.
 *
 * @throws InvalidCiphertextException for what has not the form of such a blob, KMSInvalidStateException for all else
 */
export async function decryptTwice(
  context: Context,
  key: Key,
  material: KeyObject,
  blob: Uint8Array,
  encryptionContext: EncryptionContext,
): Promise<Buffer> {
  const layer = splitOuter(blob)
  if (!layer) throw kmsError('InvalidCiphertextException')
  const { additional } = splitInner(blob, encryptionContext)
  requireFit(additional)
  const { externalKeys } = context
  const inner = await useExternalKey(context, key, (call, xksKeyId) =>
    externalKeys.decrypt(call, xksKeyId, layer, additional),
  )
  const plaintext = decryptSymmetric(material, joinInner(blob, inner), encryptionContext)
  if (!plaintext) throw new ProxyFailure('wrongPlaintext').toKmsError('use')
  return plaintext
}

function requireFit(additional: Uint8Array): void {
  if (additional.length <= mostAdditional) return
  throw kmsError('ValidationException', 'The encryption context is too large for a key in an external key store.')
}
