import { noKeys, operation, type Context, type Operation } from '../../operation.ts'
import { splitArn } from '../../protocol/arn.ts'
import { list, optional, string, structure } from '../../protocol/shape.ts'
import type { Change } from '../../store/documents.ts'
import { presentBoundary } from './boundaries.ts'
import { arn, marker, maxItems, noSuchEntity, overQuota, pageMembers, put } from './entities.ts'
import { attachmentSpecs, nameIn, naming, onHolder, requireHolder, shownNamed, type HolderSpec } from './holders.ts'
import { countUse, policyPath, requirePolicyArn } from './managed-policies.ts'
import { pageOfItems } from './pages.ts'

/** Managed policies that users, roles and groups have. The policy counts them, so that it is not deleted as long as it is had. */

const mostAttached = 10

type Verb = 'Attach' | 'Detach'
/** What changes, of what there is. */
type Decide = (holder: HolderSpec, context: Context, input: { PolicyArn: string }) => Promise<Change[]>

const changeOf = (verb: Verb, decide: Decide) => (holder: HolderSpec) =>
  operation({
    name: `${verb}${holder.noun}Policy`,
    service: 'iam',
    input: naming(holder, { PolicyArn: arn }),
    output: null,
    needs: {
      action: `iam:${verb}${holder.noun}Policy`,
      resource: onHolder(holder),
      // Which policy it is, and which boundary limits the holder.
      conditions: async (input, context) => ({
        'iam:PolicyARN': input.PolicyArn,
        ...(await presentBoundary(holder.kind, nameIn(holder, input), context)),
      }),
      precheck: requirePolicyArn,
      keys: noKeys,
    },
    audit: { readOnly: false, parameters: input => shownNamed(holder, input, 'PolicyArn') },
    handle: async (context, input) => ({ output: undefined, changes: await decide(holder, context, input) }),
  })

/** Attaching a policy again succeeds. */
const attachPolicy = changeOf('Attach', async (holder, context, input) => {
  const { PolicyArn } = input
  const entity = await requireHolder(holder, context, input)
  const counted = await countUse(context, PolicyArn, 'attachments', 1)
  if (entity.attached.includes(PolicyArn)) return []
  if (entity.attached.length >= mostAttached) throw overQuota(`PoliciesPer${holder.noun}`, mostAttached)
  return [put(holder.kind, { ...entity, attached: [...entity.attached, PolicyArn] }), ...counted]
})

const detachPolicy = changeOf('Detach', async (holder, context, input) => {
  const { PolicyArn } = input
  const entity = await requireHolder(holder, context, input)
  const attached = entity.attached.filter(other => other !== PolicyArn)
  if (attached.length === entity.attached.length) throw noSuchEntity(`Policy ${PolicyArn} was not found.`)
  const counted = await countUse(context, PolicyArn, 'attachments', -1)
  return [put(holder.kind, { ...entity, attached }), ...counted]
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
    audit: { readOnly: true, parameters: input => shownNamed(holder, input, 'PathPrefix', 'Marker', 'MaxItems') },
    async handle(context, input) {
      const entity = await requireHolder(holder, context, input)
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
