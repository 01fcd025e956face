import { parsePolicy } from '../../auth/policy.ts'
import { noKeys, operation, type Operation } from '../../operation.ts'
import { kmsError } from '../../protocol/errors.ts'
import { list, string, structure } from '../../protocol/shape.ts'
import { presentBoundary } from './boundaries.ts'
import { encodeDocument, sizeOf } from './documents.ts'
import { marker, maxItems, noSuchEntity, pageMembers, policyDocument, policyName, put } from './entities.ts'
import { holderSpecs, nameIn, naming, onHolder, requireHolder, shownNamed, type HolderSpec } from './holders.ts'
import { pageOfItems } from './pages.ts'

/** Policies that are part of a user, a role or a group. Their names differ by case. */

const putPolicy = (holder: HolderSpec) =>
  operation({
    name: `Put${holder.noun}Policy`,
    service: 'iam',
    input: naming(holder, { PolicyName: policyName, PolicyDocument: policyDocument }),
    output: null,
    needs: {
      action: `iam:Put${holder.noun}Policy`,
      resource: onHolder(holder),
      conditions: (input, context) => presentBoundary(holder.kind, nameIn(holder, input), context),
      keys: noKeys,
    },
    audit: { readOnly: false, parameters: input => shownNamed(holder, input, 'PolicyName', 'PolicyDocument') },
    async handle(context, input) {
      const entity = await requireHolder(holder, context, input)
      parsePolicy('identity', input.PolicyDocument)
      const policy: [string, string] = [input.PolicyName, input.PolicyDocument]
      const isThere = entity.inline.some(([other]) => other === input.PolicyName)
      const inline = isThere
        ? entity.inline.map(other => (other[0] === input.PolicyName ? policy : other))
        : [...entity.inline, policy]
      const size = inline.reduce((sum, [, document]) => sum + sizeOf(document), 0)
      if (size > holder.inlineSize) {
        const text = `Maximum policy size of ${holder.inlineSize} bytes exceeded for ${holder.kind} ${entity.name}`
        throw kmsError('LimitExceededException', text)
      }
      return { output: undefined, changes: [put(holder.kind, { ...entity, inline })] }
    },
  })

const getPolicy = (holder: HolderSpec) =>
  operation({
    name: `Get${holder.noun}Policy`,
    service: 'iam',
    input: naming(holder, { PolicyName: policyName }),
    output: structure({ [holder.member]: string(), PolicyName: string(), PolicyDocument: string() }),
    needs: { action: `iam:Get${holder.noun}Policy`, resource: onHolder(holder), keys: noKeys },
    audit: { readOnly: true, parameters: input => shownNamed(holder, input, 'PolicyName') },
    async handle(context, input) {
      const entity = await requireHolder(holder, context, input)
      const policy = entity.inline.find(([name]) => name === input.PolicyName)
      if (!policy) throw noSuchPolicy(holder, input.PolicyName)
      const [PolicyName, document] = policy
      return {
        output: { [holder.member]: entity.name, PolicyName, PolicyDocument: encodeDocument(document) },
      }
    },
  })

const deletePolicy = (holder: HolderSpec) =>
  operation({
    name: `Delete${holder.noun}Policy`,
    service: 'iam',
    input: naming(holder, { PolicyName: policyName }),
    output: null,
    needs: {
      action: `iam:Delete${holder.noun}Policy`,
      resource: onHolder(holder),
      conditions: (input, context) => presentBoundary(holder.kind, nameIn(holder, input), context),
      keys: noKeys,
    },
    audit: { readOnly: false, parameters: input => shownNamed(holder, input, 'PolicyName') },
    async handle(context, input) {
      const entity = await requireHolder(holder, context, input)
      const inline = entity.inline.filter(([name]) => name !== input.PolicyName)
      if (inline.length === entity.inline.length) throw noSuchPolicy(holder, input.PolicyName)
      return { output: undefined, changes: [put(holder.kind, { ...entity, inline })] }
    },
  })

const listPolicies = (holder: HolderSpec) =>
  operation({
    name: `List${holder.noun}Policies`,
    service: 'iam',
    input: naming(holder, { Marker: marker, MaxItems: maxItems }),
    output: structure({ PolicyNames: list(string()), ...pageMembers }),
    needs: { action: `iam:List${holder.noun}Policies`, resource: onHolder(holder), keys: noKeys },
    audit: { readOnly: true, parameters: input => shownNamed(holder, input, 'Marker', 'MaxItems') },
    async handle(context, input) {
      const entity = await requireHolder(holder, context, input)
      const names = entity.inline.map(([name]) => name)
      const { items, more } = pageOfItems(context, entity.id, names, input, name => name)
      return { output: { PolicyNames: items, ...more } }
    },
  })

const noSuchPolicy = ({ kind }: HolderSpec, name: string) =>
  noSuchEntity(`The ${kind} policy with name ${name} cannot be found.`)

export const inlinePolicyOperations: readonly Operation[] = holderSpecs.flatMap(holder => [
  putPolicy(holder),
  getPolicy(holder),
  deletePolicy(holder),
  listPolicies(holder),
])
