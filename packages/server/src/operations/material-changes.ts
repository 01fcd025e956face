import type { Key } from '../keys/key.ts'
import { erasedMaterial, materialIdOf, sealMaterial } from '../keys/material.ts'
import type { Seal } from '../seal/seal.ts'
import { materialRow, type Change, type View } from '../store/documents.ts'

/** The rows that hold material itself, as changes that go with a change of the key. */

export interface Sources {
  view: View
  seal: Seal
}

/**
 * Seals material into its row, and wipes the bytes that were handed in. `validTo` (epoch ms) is bound into the seal.
 */
export async function freshMaterial(
  sources: Sources,
  key: Key,
  secret: Buffer,
  validTo?: number,
): Promise<{ id: string; changes: Change[] }> {
  try {
    return await storedMaterial(sources, key, secret, validTo)
  } finally {
    secret.fill(0)
  }
}

/** The same, for bytes that more Regions get: they are the caller's to wipe. */
export async function storedMaterial(
  { view, seal }: Sources,
  key: Key,
  secret: Uint8Array,
  validTo?: number,
): Promise<{ id: string; changes: Change[] }> {
  const id = materialIdOf(key, secret)
  const row = materialRow(key.region, id)
  await view.get('material', row)
  const document = sealMaterial(seal, key, id, validTo ?? null, secret)
  return { id, changes: [{ put: 'material', id: row, document }] }
}

/** Erases material but keeps its row, by which ciphertexts still find their key. */
export async function erasure(view: View, key: Key, id: string): Promise<Change[]> {
  const row = materialRow(key.region, id)
  const document = await view.get('material', row)
  if (!document) return []
  return [{ put: 'material', id: row, document: erasedMaterial(document), erase: true }]
}

/** Erases material and forgets that it ever was. */
export async function removal(view: View, key: Key, id: string): Promise<Change[]> {
  const row = materialRow(key.region, id)
  return (await view.get('material', row)) ? [{ remove: 'material', id: row, erase: true }] : []
}
