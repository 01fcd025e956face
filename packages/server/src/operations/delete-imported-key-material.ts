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
  async handle({ keys: { key }, view }, { KeyMaterialId = key.currentMaterialId }) {
    const material = key.materials.find(({ id }) => id === KeyMaterialId)
    if (!material && KeyMaterialId !== undefined) {
      throw kmsError('NotFoundException', `Key material ${KeyMaterialId} is not associated with ${keyArn(key)}`)
    }
    const names = { KeyId: keyArn(key), ...(material && { KeyMaterialId: material.id }) }
    return {
      output: names,
      changes: material ? await withoutMaterial(view, key, material, isPrimary(key)) : [],
      recorded: { keyId: keyArn(key), ...(material && { keyMaterialId: material.id }) },
    }
  },
})
