import { noKeys, operation } from '../../operation.ts'
import { list, oneOf, optional, string, structure } from '../../protocol/shape.ts'
import { shown } from '../shown.ts'
import { arn, marker, maxItems, pageMembers, path } from './entities.ts'
import { readsPolicy, requirePolicy, requirePolicyArn } from './managed-policies.ts'
import { pageOfStream } from './pages.ts'
import { holderKey, holderKinds, holdersOf, type Holder, type HolderKind } from './policy-uses.ts'

/**
 * Who has a managed policy, or has it for a boundary: groups, then roles, then users. All of the account are looked at, since
 * that is what decides; nothing else says so.
 */
export const listEntitiesForPolicy = operation({
  name: 'ListEntitiesForPolicy',
  service: 'iam',
  input: structure({
    PolicyArn: arn,
    EntityFilter: optional(oneOf(['User', 'Role', 'Group', 'LocalManagedPolicy', 'AWSManagedPolicy'])),
    PathPrefix: optional(path),
    PolicyUsageFilter: optional(oneOf(['PermissionsPolicy', 'PermissionsBoundary'])),
    Marker: marker,
    MaxItems: maxItems,
  }),
  output: structure({
    PolicyGroups: list(structure({ GroupName: string(), GroupId: string() })),
    PolicyUsers: list(structure({ UserName: string(), UserId: string() })),
    PolicyRoles: list(structure({ RoleName: string(), RoleId: string() })),
    ...pageMembers,
  }),
  needs: { action: 'iam:ListEntitiesForPolicy', resource: readsPolicy, precheck: requirePolicyArn, keys: noKeys },
  audit: {
    readOnly: true,
    parameters: input =>
      shown(input, 'PolicyArn', 'EntityFilter', 'PathPrefix', 'PolicyUsageFilter', 'Marker', 'MaxItems'),
  },
  async handle(context, input) {
    const { PolicyArn, EntityFilter, PathPrefix = '/', PolicyUsageFilter } = input
    await requirePolicy(context, PolicyArn)
    const kinds =
      EntityFilter === undefined ? holderKinds : holderKinds.filter(kind => kind === EntityFilter.toLowerCase())
    const uses = ({ entity }: Holder): boolean =>
      (PolicyUsageFilter !== 'PermissionsBoundary' && entity.attached.includes(PolicyArn)) ||
      (PolicyUsageFilter !== 'PermissionsPolicy' && 'boundary' in entity && entity.boundary === PolicyArn)
    async function* read(after: string | undefined): AsyncGenerator<Holder> {
      for await (const holder of holdersOf(context.view, context.caller.account, kinds, after)) {
        if (holder.entity.path.startsWith(PathPrefix) && uses(holder)) yield holder
      }
    }
    const { items, more } = await pageOfStream(context, PolicyArn, input, read, holderKey)
    const of = (kind: HolderKind) => items.filter(item => item.kind === kind).map(item => item.entity)
    return {
      output: {
        PolicyGroups: of('group').map(({ name, id }) => ({ GroupName: name, GroupId: id })),
        PolicyUsers: of('user').map(({ name, id }) => ({ UserName: name, UserId: id })),
        PolicyRoles: of('role').map(({ name, id }) => ({ RoleName: name, RoleId: id })),
        ...more,
      },
    }
  },
})
