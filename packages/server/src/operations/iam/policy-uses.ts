import type { Group, ManagedPolicy, Role, User } from '../../auth/identities.ts'
import type { Context } from '../../operation.ts'
import { identityRow, type View } from '../../store/documents.ts'

/** Which entities have which managed policies, as the entities themselves say. */

/** In the order of pages. */
export const holderKinds = ['group', 'role', 'user'] as const
export type HolderKind = (typeof holderKinds)[number]

export interface Holder {
  kind: HolderKind
  entity: Readonly<User | Role | Group>
}

/** Where a holder is among all of its account. */
export const holderKey = ({ kind, entity }: Holder): string => `${kind}/${entity.name.toLowerCase()}`

/** So many rows are read at once. */
const chunk = 250

/** The groups, then the roles, then the users of an account, or of these kinds, each by name: those behind `after`, a key. */
export async function* holdersOf(
  view: View,
  account: string,
  kinds: readonly HolderKind[] = holderKinds,
  after = '',
): AsyncGenerator<Holder> {
  const prefix = identityRow(account, '')
  for (const kind of kinds) {
    let last = after.startsWith(`${kind}/`) ? after.slice(kind.length + 1) : undefined
    if (last === undefined && after > `${kind}/`) continue
    let rows: Readonly<User | Role | Group>[]
    do {
      rows = await view.page(kind, prefix, last && prefix + last, chunk)
      for (const entity of rows) yield { kind, entity }
      last = rows.at(-1)?.name.toLowerCase()
    } while (rows.length === chunk)
  }
}

/** How a managed policy counts who has it. */
export type Uses = Pick<ManagedPolicy, 'attachments' | 'boundaryUses'>
export const noUses: Uses = { attachments: 0, boundaryUses: 0 }

/** By ARN. Policies of the account have counters of their own; those of the service are counted when somebody asks. */
export async function countUses({
  view,
  caller,
}: Pick<Context, 'view' | 'caller'>): Promise<ReadonlyMap<string, Uses>> {
  const counts = new Map<string, Uses>()
  const count = (arn: string, use: keyof Uses): void => {
    const uses = counts.get(arn) ?? noUses
    counts.set(arn, { ...uses, [use]: uses[use] + 1 })
  }
  for await (const { entity } of holdersOf(view, caller.account)) {
    for (const arn of entity.attached) count(arn, 'attachments')
    if ('boundary' in entity && entity.boundary !== undefined) count(entity.boundary, 'boundaryUses')
  }
  return counts
}
