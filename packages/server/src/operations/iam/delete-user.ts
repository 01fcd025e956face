import { noKeys, operation } from '../../operation.ts'
import { kmsError } from '../../protocol/errors.ts'
import type { Documents } from '../../store/documents.ts'
import { identityRow } from '../../store/documents.ts'
import { exchangeBoundary } from './boundaries.ts'
import {
  groupSpec,
  naming,
  onHolder,
  requireHolder,
  roleSpec,
  shownNamed,
  userSpec,
  type HolderSpec,
} from './holders.ts'
import type { HolderKind } from './policy-uses.ts'

type Entity = Readonly<Documents[HolderKind]>

/** Only of what has nothing any more: no policies, no access keys, no members. Sessions end with their user or role. */
const deletion = (holder: HolderSpec) =>
  operation({
    name: `Delete${holder.noun}`,
    service: 'iam',
    input: naming(holder, {}),
    output: null,
    needs: { action: `iam:Delete${holder.noun}`, resource: onHolder(holder), keys: noKeys },
    audit: { readOnly: false, parameters: input => shownNamed(holder, input) },
    async handle(context, input) {
      const entity: Entity = await requireHolder(holder, context, input)
      const obstacle = obstacleOf(entity)
      if (obstacle) throw kmsError('DeleteConflictException', `Cannot delete entity, must ${obstacle} first.`)
      return {
        output: undefined,
        changes: [
          { remove: holder.kind, id: identityRow(entity.account, entity.name) },
          ...('boundary' in entity ? await exchangeBoundary(context, entity.boundary, undefined) : []),
        ],
      }
    },
  })

function obstacleOf(entity: Entity): string | undefined {
  if ('members' in entity && entity.members.length > 0) return 'remove users from group'
  if (entity.attached.length > 0) return 'detach all policies'
  if (entity.inline.length > 0) return 'delete policies'
  if ('accessKeys' in entity && entity.accessKeys.length > 0) return 'delete access keys'
  return 'groups' in entity && entity.groups.length > 0 ? 'remove users from group' : undefined
}

export const deleteUser = deletion(userSpec)
export const deleteRole = deletion(roleSpec)
export const deleteGroup = deletion(groupSpec)
