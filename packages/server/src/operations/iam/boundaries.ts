import type { Conditions } from '../../auth/request-context.ts'
import type { Context } from '../../operation.ts'
import { optional, string, structure } from '../../protocol/shape.ts'
import { identityRow, type Change } from '../../store/documents.ts'
import { countUse } from './managed-policies.ts'
import type { HolderKind } from './policy-uses.ts'

/** Permissions boundaries of users and roles: managed policies, which count for how many they are one. */

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
