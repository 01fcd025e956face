import type { KeyObject } from 'node:crypto'
import type { Key } from '../keys/key.ts'
import { openMaterial } from '../keys/material.ts'
import { keySpecs, type KeySpec } from '../keys/specs.ts'
import type { Context } from '../operation.ts'
import { kmsError } from '../protocol/errors.ts'
import { materialRow, TamperedRow } from '../store/documents.ts'

/** What operations on HMAC and asymmetric keys share. */

/** @throws InvalidKeyUsageException if a key of this spec and usage has no such algorithm */
export function requireAlgorithm(key: Key, algorithm: string): void {
  const spec: KeySpec = keySpecs[key.spec]
  if (spec.algorithms[key.usage]?.includes(algorithm)) return
  throw kmsError('InvalidKeyUsageException', `Algorithm ${algorithm} is incompatible with key spec ${key.spec}.`)
}

/**
 * The material of a usable key that is not symmetric: it has one for ever.
 *
 * @throws TamperedRow, SealError if the material is not what the key vouches for
 */
export async function onlyMaterialOf({ view, seal }: Context, key: Key): Promise<KeyObject> {
  const row = materialRow(key.region, key.materials[0]?.id ?? '')
  const document = await view.get('material', row)
  if (!document?.sealed) throw new TamperedRow('material', row)
  return openMaterial(seal, key, document)
}
