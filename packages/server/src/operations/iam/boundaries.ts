import type { Conditions } from '../../auth/request-context.ts'
import { noKeys, operation, type Context, type Operation } from '../../operation.ts'
import { optional, string, structure } from '../../protocol/shape.ts'
import { identityRow, type Change } from '../../store/documents.ts'
import { arn, put } from './entities.ts'
import { boundarySpecs, nameIn, naming, onHolder, requireHolder, shownNamed, type BoundarySpec } from './holders.ts'
import { countUse, requirePolicyArn } from './managed-policies.ts'
import type { HolderKind } from './policy-uses.ts'

/**
 * Permissions boundaries: managed policies that limit what a user or a role may do, whatever else allows it. They count for
 * how many they are one.
 */

/** As answers show the boundary of a user or a role. */
export const boundaryMember = optional(
  structure({ PermissionsBoundaryType: string(), PermissionsBoundaryArn: string() }),
)
export const describeBoundary = (arn: string | undefined) =>
  arn === undefined ? {} : { PermissionsBoundary: { PermissionsBoundaryType: 'Policy', PermissionsBoundaryArn: arn } }

/**
 * What changes when the boundary of one user or role becomes another; undefined is none.
 *
 * @throws NoSuchEntityException if there is no such policy
 */
export async function exchangeBoundary(
  context: Pick<Context, 'view' | 'caller'>,
  before: string | undefined,
  after: string | undefined,
): Promise<Change[]> {
  if (before === after) return []
  return [
    ...(before === undefined ? [] : await countUse(context, before, 'boundaryUses', -1)),
    ...(after === undefined ? [] : await countUse(context, after, 'boundaryUses', 1)),
  ]
}

/** Which boundary an entity has, for policies on what may be done with it; groups have none. */
export async function presentBoundary(
  kind: HolderKind,
  name: string,
  { view, caller }: Pick<Context, 'view' | 'caller'>,
): Promise<Conditions> {
  const entity = await view.get(kind, identityRow(caller.account, name))
  return { 'iam:PermissionsBoundary': entity && 'boundary' in entity ? entity.boundary : undefined }
}

const putBoundary = (holder: BoundarySpec) =>
  operation({
    name: `Put${holder.noun}PermissionsBoundary`,
    service: 'iam',
    input: naming(holder, { PermissionsBoundary: arn }),
    output: null,
    needs: {
      action: `iam:Put${holder.noun}PermissionsBoundary`,
      resource: onHolder(holder),
      conditions: ({ PermissionsBoundary }) => ({ 'iam:PermissionsBoundary': PermissionsBoundary }),
      precheck: ({ PermissionsBoundary }) => requirePolicyArn({ PolicyArn: PermissionsBoundary }),
      keys: noKeys,
    },
    audit: { readOnly: false, parameters: input => shownNamed(holder, input, 'PermissionsBoundary') },
    async handle(context, input) {
      const { PermissionsBoundary: boundary } = input
      const entity = await requireHolder(holder, context, input)
      const counted = await exchangeBoundary(context, entity.boundary, boundary)
      return { output: undefined, changes: [put(holder.kind, { ...entity, boundary }), ...counted] }
    },
  })

/** Removing none succeeds. */
const deleteBoundary = (holder: BoundarySpec) =>
  operation({
    name: `Delete${holder.noun}PermissionsBoundary`,
    service: 'iam',
    input: naming(holder, {}),
    output: null,
    needs: {
      action: `iam:Delete${holder.noun}PermissionsBoundary`,
      resource: onHolder(holder),
      conditions: (input, context) => presentBoundary(holder.kind, nameIn(holder, input), context),
      keys: noKeys,
    },
    audit: { readOnly: false, parameters: input => shownNamed(holder, input) },
    async handle(context, input) {
      const { boundary, ...free } = await requireHolder(holder, context, input)
      const counted = await exchangeBoundary(context, boundary, undefined)
      return { output: undefined, changes: [put(holder.kind, free), ...counted] }
    },
  })

export const boundaryOperations: readonly Operation[] = boundarySpecs.flatMap(holder => [
  putBoundary(holder),
  deleteBoundary(holder),
])
