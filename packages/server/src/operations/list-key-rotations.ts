import type { Key, Material } from '../keys/key.ts'
import { keySpecs } from '../keys/specs.ts'
import { anyState, isPresent } from '../keys/states.ts'
import { operation } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { kmsError } from '../protocol/errors.ts'
import { boolean, list, oneOf, optional, string, structure, timestamp } from '../protocol/shape.ts'
import { expirationModel, keyId, limit, marker, nextMarker } from './members.ts'
import { shown } from './shown.ts'
import { pageOfList } from './paging.ts'

/** Finished rotations, oldest first; on request also first and pending material. */
export const listKeyRotations = operation({
  name: 'ListKeyRotations',
  input: structure({
    KeyId: keyId,
    IncludeKeyMaterial: optional(oneOf(['ALL_KEY_MATERIAL', 'ROTATIONS_ONLY'])),
    Limit: limit,
    Marker: marker,
  }),
  output: structure({
    Rotations: list(
      structure({
        KeyId: string(),
        KeyMaterialId: string(),
        KeyMaterialDescription: optional(string()),
        ImportState: optional(oneOf(['IMPORTED', 'PENDING_IMPORT'])),
        KeyMaterialState: oneOf([
          'NON_CURRENT',
          'CURRENT',
          'PENDING_ROTATION',
          'PENDING_MULTI_REGION_IMPORT_AND_ROTATION',
        ]),
        ExpirationModel: optional(expirationModel),
        ValidTo: optional(timestamp()),
        RotationDate: optional(timestamp()),
        RotationType: optional(oneOf(['AUTOMATIC', 'ON_DEMAND'])),
      }),
    ),
    NextMarker: nextMarker,
    Truncated: boolean(),
  }),
  needs: {
    action: 'kms:ListKeyRotations',
    keys: { key: { identifier: input => input.KeyId, aliases: false, states: anyState } },
  },
  audit: { readOnly: true, parameters: input => shown(input, 'KeyId', 'IncludeKeyMaterial', 'Limit', 'Marker') },
  handle({ keys: { key }, now, seal }, { IncludeKeyMaterial = 'ROTATIONS_ONLY', Limit = 100, Marker }) {
    if (keySpecs[key.spec].kind !== 'symmetric') throw kmsError('UnsupportedOperationException')
    const wanted = key.materials.filter(
      // Pending material that expired unused is no part of the key any more, swept or not.
      material => material.state !== 'PENDING_ROTATION' || isPresent(material, now),
    )
    const listed = IncludeKeyMaterial === 'ALL_KEY_MATERIAL' ? wanted : wanted.filter(material => material.rotatedAt)
    const pager = { list: `ListKeyRotations ${keyArn(key)} ${IncludeKeyMaterial}`, seal }
    const { items, truncated } = pageOfList(pager, listed, Marker, Limit, material => material.id)
    return { output: { Rotations: items.map(material => describeMaterial(key, material, now)), ...truncated } }
  },
})

function describeMaterial(key: Key, material: Material, now: number) {
  const present = isPresent(material, now)
  return {
    KeyId: keyArn(key),
    KeyMaterialId: material.id,
    KeyMaterialState: material.state,
    ...(key.origin === 'EXTERNAL' && {
      ...(material.description !== undefined && { KeyMaterialDescription: material.description }),
      ImportState: present ? ('IMPORTED' as const) : ('PENDING_IMPORT' as const),
      ...(present && material.expirationModel && { ExpirationModel: material.expirationModel }),
      ...(present && material.validTo !== undefined && { ValidTo: new Date(material.validTo) }),
    }),
    ...(material.rotatedAt !== undefined && { RotationDate: new Date(material.rotatedAt) }),
    ...(material.rotationType && { RotationType: material.rotationType }),
  }
}
