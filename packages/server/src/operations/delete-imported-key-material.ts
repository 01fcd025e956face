import type { Key, Material } from '../keys/key.ts'
import { anyState } from '../keys/states.ts'
import { operation } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { kmsError } from '../protocol/errors.ts'
import { optional, string, structure } from '../protocol/shape.ts'
import { keyRow, type Change, type View } from '../store/documents.ts'
import { erasure, removal } from './material-changes.ts'
import { keyId, keyMaterialId } from './members.ts'
import { shown } from './shown.ts'

/** Erases imported material at once; the key keeps everything else, and takes only the same material back. */
export const deleteImportedKeyMaterial = operation({
  name: 'DeleteImportedKeyMaterial',
  input: structure({ KeyId: keyId, KeyMaterialId: optional(keyMaterialId) }),
  output: structure({ KeyId: string(), KeyMaterialId: optional(string()) }),
  needs: {
    action: 'kms:DeleteImportedKeyMaterial',
    keys: { key: { identifier: input => input.KeyId, aliases: false, origin: 'EXTERNAL', states: anyState } },
  },
  audit: { readOnly: false, parameters: input => shown(input, 'KeyId', 'KeyMaterialId') },
  async handle({ keys: { key }, view }, { KeyMaterialId = key.currentMaterialId }) {
    const material = key.materials.find(({ id }) => id === KeyMaterialId)
    if (!material && KeyMaterialId !== undefined) {
      throw kmsError('NotFoundException', `Key material ${KeyMaterialId} is not associated with ${keyArn(key)}`)
    }
    const names = { KeyId: keyArn(key), ...(material && { KeyMaterialId: material.id }) }
    return {
      output: names,
      changes: material ? await withoutMaterial(view, key, material) : [],
      recorded: { keyId: keyArn(key), ...(material && { keyMaterialId: material.id }) },
    }
  },
})

/**
 * The changes that erase material. One that waited for rotation is forgotten; any other stays associated with the key,
 * which is then pending import.
 */
export async function withoutMaterial(view: View, key: Key, material: Material): Promise<Change[]> {
  const forgotten = material.state === 'PENDING_ROTATION'
  const { expirationModel: _, validTo: __, ...kept } = material
  const materials = forgotten
    ? key.materials.filter(other => other !== material)
    : key.materials.map(other => (other === material ? { ...kept, present: false } : other))
  return [
    { put: 'key', id: keyRow(key.account, key.region, key.id), document: { ...key, materials } },
    ...(forgotten ? await removal(view, key, material.id) : await erasure(view, key, material.id)),
  ]
}
