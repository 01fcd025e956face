import { noKeys, operation, type Operation } from '../../operation.ts'
import { splitArn } from '../../protocol/arn.ts'
import { list, optional, string, structure } from '../../protocol/shape.ts'
import { shown } from '../shown.ts'
import { presentBoundary } from './boundaries.ts'
import { arn, marker, maxItems, noSuchEntity, overQuota, pageMembers, put, requireEntity } from './entities.ts'
import { attachmentSpecs, nameIn, naming, onHolder, shownName, type HolderSpec } from './holders.ts'
import { countUse, policyPath, requirePolicyArn } from './managed-policies.ts'
import { pageOfItems } from './pages.ts'

/** Managed policies that users, roles and groups have. The policy counts them, so that it is not deleted as long as it is had. */

const mostAttached = 10

/** What policies on these operations can ask for: which policy it is, and which boundary limits it. */
const told =
  (holder: HolderSpec) => async (input: { PolicyArn: string }, context: Parameters<typeof presentBoundary>[2]) => ({
    'iam:PolicyARN': input.PolicyArn,
    ...(await presentBoundary(holder.kind, nameIn(holder, input), context)),
  })

/** Attaching a policy again succeeds. */
const attachPolicy = (holder: HolderSpec) =>
  operation({
    name: `Attach${holder.noun}Policy`,
    service: 'iam',
    input: naming(holder, { PolicyArn: arn }),
    output: null,
    needs: {
      action: `iam:Attach${holder.noun}Policy`,
      resource: onHolder(holder),
      conditions: told(holder),
      precheck: requirePolicyArn,
      keys: noKeys,
    },
    audit: { readOnly: false, parameters: input => ({ ...shownName(holder, input), ...shown(input, 'PolicyArn') }) },
    async handle(context, input) {
      const entity = await requireEntity(context.view, holder.kind, context.caller.account, nameIn(holder, input))
      const counted = await countUse(context, input.PolicyArn, 'attachments', 1)
      if (entity.attached.includes(input.PolicyArn)) return { output: undefined }
      if (entity.attached.length >= mostAttached) throw overQuota(`PoliciesPer${holder.noun}`, mostAttached)
      const attached = [...entity.attached, input.PolicyArn]
      return { output: undefined, changes: [put(holder.kind, { ...entity, attached }), ...counted] }
    },
  })

const detachPolicy = (holder: HolderSpec) =>
  operation({
    name: `Detach${holder.noun}Policy`,
    service: 'iam',
    input: naming(holder, { PolicyArn: arn }),
    output: null,
    needs: {
      action: `iam:Detach${holder.noun}Policy`,
      resource: onHolder(holder),
      conditions: told(holder),
      precheck: requirePolicyArn,
      keys: noKeys,
    },
    audit: { readOnly: false, parameters: input => ({ ...shownName(holder, input), ...shown(input, 'PolicyArn') }) },
    async handle(context, input) {
      const entity = await requireEntity(context.view, holder.kind, context.caller.account, nameIn(holder, input))
      const attached = entity.attached.filter(other => other !== input.PolicyArn)
      if (attached.length === entity.attached.length) throw noSuchEntity(`Policy ${input.PolicyArn} was not found.`)
      const counted = await countUse(context, input.PolicyArn, 'attachments', -1)
      return { output: undefined, changes: [put(holder.kind, { ...entity, attached }), ...counted] }
    },
  })

const listAttachedPolicies = (holder: HolderSpec) =>
  operation({
    name: `ListAttached${holder.noun}Policies`,
    service: 'iam',
    input: naming(holder, { PathPrefix: optional(policyPath), Marker: marker, MaxItems: maxItems }),
    output: structure({
      AttachedPolicies: list(structure({ PolicyName: string(), PolicyArn: string() })),
      ...pageMembers,
    }),
    needs: { action: `iam:ListAttached${holder.noun}Policies`, resource: onHolder(holder), keys: noKeys },
    audit: {
      readOnly: true,
      parameters: input => ({ ...shownName(holder, input), ...shown(input, 'PathPrefix', 'Marker', 'MaxItems') }),
    },
    async handle(context, input) {
      const entity = await requireEntity(context.view, holder.kind, context.caller.account, nameIn(holder, input))
      const { PathPrefix = '/' } = input
      const policies = entity.attached.map(attachedPolicy).filter(({ path }) => path.startsWith(PathPrefix))
      // Its account as well, since the service may have a policy of the same name.
      const { items, more } = pageOfItems(
        context,
        entity.id,
        policies,
        input,
        ({ name, account }) => `${name} ${account}`,
      )
      return {
        output: {
          AttachedPolicies: items.map(policy => ({ PolicyName: policy.name, PolicyArn: policy.arn })),
          ...more,
        },
      }
    },
  })

/** What the ARN of a managed policy says: `arn:aws:iam::<account>:policy/<path><name>`. */
function attachedPolicy(policy: string) {
  const { account = '', resource = '' } = splitArn(policy) ?? {}
  const path = resource.slice('policy'.length, resource.lastIndexOf('/') + 1)
  return { arn: policy, account, path, name: resource.slice(resource.lastIndexOf('/') + 1) }
}

export const attachmentOperations: readonly Operation[] = attachmentSpecs.flatMap(holder => [
  attachPolicy(holder),
  detachPolicy(holder),
  listAttachedPolicies(holder),
])
