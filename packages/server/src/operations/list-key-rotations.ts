import type { Key, Material } from '../keys/key.ts'
import { keySpecs } from '../keys/specs.ts'
import { anyState, isPermanent, isPresent } from '../keys/states.ts'
import { operation } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { kmsError } from '../protocol/errors.ts'
import { boolean, list, oneOf, optional, string, structure, timestamp } from '../protocol/shape.ts'
import { relativesOf } from './family.ts'
import { waitingMaterial } from './imported-material.ts'
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
  async handle({ keys: { key }, now, view, seal }, { IncludeKeyMaterial = 'ROTATIONS_ONLY', Limit = 100, Marker }) {
    if (keySpecs[key.spec].kind !== 'symmetric') throw kmsError('UnsupportedOperationException')
    const hasAll = key.materials.every(isPermanent)
    const waiting = hasAll ? undefined : waitingMaterial(key, await relativesOf(view, key), now)
    const wanted = key.materials.filter(material => isPermanent(material) || material === waiting?.material)
    const listed = IncludeKeyMaterial === 'ALL_KEY_MATERIAL' ? wanted : wanted.filter(material => material.rotatedAt)
    const pager = { list: `ListKeyRotations ${keyArn(key)} ${IncludeKeyMaterial}`, seal }
    const { items, truncated } = pageOfList(pager, listed, Marker, Limit, material => material.id)
    return {
      output: {
        Rotations: items.map(item => describeMaterial(key, item, now, waiting?.ready === false)),
        ...truncated,
      },
    }
  },
})

function describeMaterial(key: Key, material: Material, now: number, isMissingElsewhere: boolean) {
  const present = isPresent(material, now)
  return {
    KeyId: keyArn(key),
    KeyMaterialId: material.id,
    KeyMaterialState:
      material.state === 'PENDING_ROTATION' && isMissingElsewhere
        ? ('PENDING_MULTI_REGION_IMPORT_AND_ROTATION' as const)
        : material.state,
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
