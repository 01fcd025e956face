import type { AuditObject } from '../../audit/record.ts'
import type { Resource } from '../../authority.ts'
import type { Context } from '../../operation.ts'
import { structure, type InferMembers, type Members, type Shape } from '../../protocol/shape.ts'
import type { Documents } from '../../store/documents.ts'
import { shown } from '../shown.ts'
import { existingUserName, groupName, requireEntity, resourceOf, roleName, userName } from './entities.ts'
import type { HolderKind } from './policy-uses.ts'

/** What an operation is on, where the same one is there for several kinds. */
export interface Naming {
  /** In names of operations and quotas: `PutUserPolicy`, `PoliciesPerUser`. */
  noun: string
  /** Which names it in requests. */
  member: string
  name: Shape<string>
}

/** Who can have policies: the same operations are there for users, roles and groups, and differ in what this table says. */
export interface HolderSpec<Kind extends HolderKind = HolderKind> extends Naming {
  kind: Kind
  /** What its inline policies may say together, in characters. */
  inlineSize: number
}

export type BoundarySpec = HolderSpec<'user' | 'role'>

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
export const userSpec = {
  kind: 'user',
  noun: 'User',
  member: 'UserName',
  name: existingUserName,
  inlineSize: 2048,
} as const
export const roleSpec = { kind: 'role', noun: 'Role', member: 'RoleName', name: roleName, inlineSize: 10_240 } as const
export const groupSpec = {
  kind: 'group',
  noun: 'Group',
  member: 'GroupName',
  name: groupName,
  inlineSize: 5120,
} as const

export const holderSpecs: readonly HolderSpec[] = [userSpec, roleSpec, groupSpec]
/** The model has shorter names of users where managed policies are attached to them. */
const userAttached = { ...userSpec, name: userName } as const
/** Who can have managed policies. */
export const attachmentSpecs: readonly HolderSpec[] = [userAttached, roleSpec, groupSpec]
/** Who can have a permissions boundary. */
export const boundarySpecs: readonly BoundarySpec[] = [userAttached, roleSpec]

/** Members of a request or an answer, and the one that names what it is on, which `nameIn` reads. */
export function naming<M extends Members>({ member, name }: Naming, members: M): Shape<InferMembers<M>> {
  const shape: Shape<unknown> = structure({ [member]: name, ...members })
  return shape as Shape<InferMembers<M>> // With one member more, whose name no type knows.
}

export const nameIn = ({ member }: Naming, input: object): string => (input as Record<string, string>)[member] ?? '' // It is required.

/** As `shown`, that name first. */
export const shownNamed = <I extends object>(on: Naming, input: I, ...names: (keyof I & string)[]): AuditObject => ({
  ...shown({ [on.member]: nameIn(on, input) }, on.member),
  ...shown(input, ...names),
})

/** As `needs.resource` has it. */
export const onHolder =
  (holder: HolderSpec) =>
  (input: object, context: Context): Promise<Resource> =>
    resourceOf(holder.kind, nameIn(holder, input), context)

/** @throws NoSuchEntityException */
export const requireHolder = <K extends HolderKind>(
  holder: HolderSpec<K>,
  { view, caller }: Pick<Context, 'view' | 'caller'>,
  input: object,
): Promise<Readonly<Documents[K]>> => requireEntity(view, holder.kind, caller.account, nameIn(holder, input))
