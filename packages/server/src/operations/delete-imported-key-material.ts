import type { Key, Material } from '../keys/key.ts'
import { isSymmetric } from '../keys/specs.ts'
import { anyState, isPrimary } from '../keys/states.ts'
import { operation } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { kmsError } from '../protocol/errors.ts'
import { optional, string, structure } from '../protocol/shape.ts'
import { withoutMaterial } from './imported-material.ts'
import { keyId, keyMaterialId } from './members.ts'
import { shown } from './shown.ts'

/**
 * Erases imported material at once; the key keeps everything else, and takes only the same material back. Each Region of a
 * key is on its own, but what waits for its rotation goes from all of them when the primary key loses it.
 */
export const deleteImportedKeyMaterial = operation({
  name: 'DeleteImportedKeyMaterial',
  input: structure({ KeyId: keyId, KeyMaterialId: optional(keyMaterialId) }),
  output: structure({ KeyId: string(), KeyMaterialId: optional(string()) }),
  needs: {
    action: 'kms:DeleteImportedKeyMaterial',
    keys: { key: { identifier: input => input.KeyId, aliases: false, origin: 'EXTERNAL', states: anyState } },
  },
  audit: { readOnly: false, parameters: input => shown(input, 'KeyId', 'KeyMaterialId') },
  async handle({ keys: { key }, view }, { KeyMaterialId }) {
    const material = requireMaterial(key, KeyMaterialId)
    const named = material && isSymmetric(key.spec)
    return {
      output: { KeyId: keyArn(key), ...(named && { KeyMaterialId: material.id }) },
      changes: material ? await withoutMaterial(view, key, material, isPrimary(key)) : [],
      recorded: { keyId: keyArn(key), ...(named && { keyMaterialId: material.id }) },
    }
  },
})

/**
 * What is to be erased: the current material unless another is named. Keys that are not symmetric have one, without name.
 *
 * @throws UnsupportedOperationException, NotFoundException
 */
function requireMaterial(key: Key, name: string | undefined): Material | undefined {
  if (!isSymmetric(key.spec)) {
    if (name === undefined) return key.materials[0]
    throw kmsError('UnsupportedOperationException', 'KeyMaterialId is for symmetric encryption keys only.')
  }
  const material = key.materials.find(({ id }) => id === (name ?? key.currentMaterialId))
  if (material || name === undefined) return material
  throw kmsError('NotFoundException', `Key material ${name} is not associated with ${keyArn(key)}`)
}
