import { noKeys, operation } from '../../operation.ts'
import { boolean, list, oneOf, optional, structure } from '../../protocol/shape.ts'
import { shown } from '../shown.ts'
import { marker, maxItems, pageMembers } from './entities.ts'
import { describeListedPolicy, policyMember, policyPath, servicePolicies } from './managed-policies.ts'
import { pageOfEntities, pageOfItems } from './pages.ts'
import type { Uses } from './policy-uses.ts'

/** The managed policies of the account, of the service, or of both, ordered by name. */
export const listPolicies = operation({
  name: 'ListPolicies',
  service: 'iam',
  input: structure({
    Scope: optional(oneOf(['All', 'AWS', 'Local'])),
    OnlyAttached: optional(boolean()),
    PathPrefix: optional(policyPath),
    PolicyUsageFilter: optional(oneOf(['PermissionsPolicy', 'PermissionsBoundary'])),
    Marker: marker,
    MaxItems: maxItems,
  }),
  output: structure({ Policies: list(policyMember), ...pageMembers }),
  needs: { action: 'iam:ListPolicies', keys: noKeys },
  audit: {
    readOnly: true,
    parameters: input => shown(input, 'Scope', 'OnlyAttached', 'PathPrefix', 'PolicyUsageFilter', 'Marker', 'MaxItems'),
  },
  async handle(context, input) {
    const { Scope = 'All', OnlyAttached = false, PathPrefix = '/', PolicyUsageFilter } = input
    const use = PolicyUsageFilter === 'PermissionsBoundary' ? 'boundaryUses' : 'attachments'
    const isAny = !OnlyAttached && PolicyUsageFilter === undefined
    const matches = (policy: Uses): boolean => isAny || policy[use] > 0
    const ofService = Scope === 'Local' ? [] : await servicePolicies(context)
    const fitting = ofService.filter(policy => policy.path.startsWith(PathPrefix) && matches(policy))
    const { items, more } =
      Scope === 'AWS'
        ? pageOfItems(context, 'service', fitting, input, ({ name }) => name)
        : await pageOfEntities(context, 'managed-policy', input, matches, fitting)
    return { output: { Policies: items.map(describeListedPolicy), ...more } }
  },
})
