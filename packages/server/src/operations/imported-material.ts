import type { Key, Material } from '../keys/key.ts'
import { isPermanent, isPresent } from '../keys/states.ts'
import type { Change, View } from '../store/documents.ts'
import { putKey, relativesOf } from './family.ts'
import { erasure, removal } from './material-changes.ts'

/**
 * What becomes of imported material in the Regions of a key. Every Region says which material the key has; whether it is
 * there, and until when, each says for itself, since material is imported, expires and is deleted in one at a time.
 */

/**
 * The material that waits to become current. It is part of the key while there is a Region that has it: what expired unused
 * is no part of it any more, swept or not. Once every Region has it, it can be rotated to.
 *
 * @param now epoch milliseconds
 */
export function waitingMaterial(
  key: Key,
  relatives: readonly Key[],
  now: number,
): { material: Material; ready: boolean } | undefined {
  for (const material of key.materials) {
    if (isPermanent(material)) continue
    const holders = [key, ...relatives].filter(member => holds(member, material.id, now)).length
    if (holders > 0) return { material, ready: holders === relatives.length + 1 }
  }
  return undefined
}

const holds = (key: Key, id: string, now: number): boolean =>
  key.materials.some(material => material.id === id && isPresent(material, now))

/** The keys that change when `material` has come into `key`: the others learn that they can have it too. */
export function withMaterial(key: Key, relatives: readonly Key[], material: Material): Key[] {
  const { id, state } = material
  const isKnownTo = (member: Key): boolean => member.materials.some(other => other.id === id)
  const here: Key = {
    ...key,
    materials: isKnownTo(key)
      ? key.materials.map(other => (other.id === id ? material : other))
      : [...key.materials, material],
  }
  const elsewhere = relatives
    .filter(relative => !isKnownTo(relative))
    .map(relative => ({ ...relative, materials: [...relative.materials, { id, state, present: false }] }))
  return [here, ...elsewhere]
}

/**
 * The changes that erase material in the Region of `key`. It stays associated with the key, which is then pending import.
 * Only what waits for its rotation is forgotten, if no other Region has it, or if it shall be gone `everywhere`.
 */
export async function withoutMaterial(
  view: View,
  key: Key,
  material: Material,
  everywhere: boolean,
): Promise<Change[]> {
  const { id } = material
  const relatives = isPermanent(material) ? [] : await relativesOf(view, key)
  const isHeld = relatives.some(({ materials }) => materials.some(other => other.id === id && other.present))
  if (isPermanent(material) || (isHeld && !everywhere)) {
    const { expirationModel: _, validTo: __, ...kept } = material
    const materials = key.materials.map(other => (other === material ? { ...kept, present: false } : other))
    return [putKey({ ...key, materials }), ...(await erasure(view, key, id))]
  }
  const changes: Change[] = []
  for (const member of [key, ...relatives]) {
    changes.push(putKey({ ...member, materials: member.materials.filter(other => other.id !== id) }))
    changes.push(...(await removal(view, member, id)))
  }
  return changes
}
