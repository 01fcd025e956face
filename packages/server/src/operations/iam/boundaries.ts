import { policyArn } from '../../auth/identities.ts'
import { serviceManagedPolicies } from '../../auth/managed-policies.ts'
import type { Context } from '../../operation.ts'
import { optional, string, structure } from '../../protocol/shape.ts'
import { identityRow, type Change } from '../../store/documents.ts'
import { noSuchEntity, ownPolicyName, put } from './entities.ts'

/** Permissions boundaries of users and roles: managed policies, which count for how many they are one. */

/** As answers show the boundary of a user or a role. */
export const boundaryMember = optional(
  structure({ PermissionsBoundaryType: string(), PermissionsBoundaryArn: string() }),
)
export const describeBoundary = (arn: string | undefined) =>
  arn === undefined ? {} : { PermissionsBoundary: { PermissionsBoundaryType: 'Policy', PermissionsBoundaryArn: arn } }

/**
 * What changes when the boundary of one user or role becomes another; undefined is none. Policies of the service count
 * nothing, since nobody can delete them.
 *
 * @throws NoSuchEntityException if there is no such policy
 */
export async function exchangeBoundary(
  { view, caller }: Pick<Context, 'view' | 'caller'>,
  before: string | undefined,
  after: string | undefined,
): Promise<Change[]> {
  if (before === after) return []
  const changes: Change[] = []
  for (const [arn, difference] of [[before, -1] as const, [after, 1] as const]) {
    if (arn === undefined || serviceManagedPolicies.has(arn)) continue
    const name = ownPolicyName(arn, caller)
    const policy = name === undefined ? undefined : await view.get('managed-policy', identityRow(caller.account, name))
    if (policy && policyArn(policy) === arn) {
      changes.push(put('managed-policy', { ...policy, boundaryUses: policy.boundaryUses + difference }))
    } else if (difference > 0) {
      throw noSuchEntity(`Scope ARN: ${arn} does not exist or is not attachable.`)
    }
  }
  return changes
}
