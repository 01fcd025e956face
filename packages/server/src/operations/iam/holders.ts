import type { AuditObject } from '../../audit/record.ts'
import type { Context, Resource } from '../../operation.ts'
import { structure, type InferMembers, type Members, type Shape } from '../../protocol/shape.ts'
import { shown } from '../shown.ts'
import { existingUserName, groupName, resourceOf, roleName, userName } from './entities.ts'
import type { HolderKind } from './policy-uses.ts'

/** Who can have policies: the same operations are there for users, roles and groups, and differ in what this table says. */
export interface HolderSpec<Kind extends HolderKind = HolderKind> {
  kind: Kind
  /** In names of operations and quotas: `PutUserPolicy`, `PoliciesPerUser`. */
  noun: string
  /** Which names it in requests. */
  member: string
  name: Shape<string>
  /** What its inline policies may say together, in characters. */
  inlineSize: number
}

export type BoundarySpec = HolderSpec<'user' | 'role'>

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const user = { kind: 'user', noun: 'User', member: 'UserName', name: existingUserName, inlineSize: 2048 } as const
const role = { kind: 'role', noun: 'Role', member: 'RoleName', name: roleName, inlineSize: 10_240 } as const
const group = { kind: 'group', noun: 'Group', member: 'GroupName', name: groupName, inlineSize: 5120 } as const

export const holderSpecs: readonly HolderSpec[] = [user, role, group]
/** The model has shorter names of users where managed policies are attached to them. */
const userAttached = { ...user, name: userName } as const
/** Who can have managed policies. */
export const attachmentSpecs: readonly HolderSpec[] = [userAttached, role, group]
/** Who can have a permissions boundary. */
export const boundarySpecs: readonly BoundarySpec[] = [userAttached, role]

/** Members of a request or an answer, and the one that names the holder, which `nameIn` reads. */
export function naming<M extends Members>({ member, name }: HolderSpec, members: M): Shape<InferMembers<M>> {
  const shape: Shape<unknown> = structure({ [member]: name, ...members })
  return shape as Shape<InferMembers<M>> // With one member more, whose name no type knows.
}

export const nameIn = ({ member }: HolderSpec, input: object): string => (input as Record<string, string>)[member] ?? '' // It is required.

/** The same for audit records. */
export const shownName = (holder: HolderSpec, input: object): AuditObject =>
  shown({ [holder.member]: nameIn(holder, input) }, holder.member)

/** As `needs.resource` has it. */
export const onHolder =
  (holder: HolderSpec) =>
  (input: object, context: Context): Promise<Resource> =>
    resourceOf(holder.kind, nameIn(holder, input), context)
