import { noKeys, operation, type Operation } from '../../operation.ts'
import { structure } from '../../protocol/shape.ts'
import { shown } from '../shown.ts'
import { exchangeBoundary, presentBoundary } from './boundaries.ts'
import { arn, put, requireEntity } from './entities.ts'
import { boundarySpecs, nameIn, naming, onHolder, shownName, type BoundarySpec } from './holders.ts'
import { requirePolicyArn } from './managed-policies.ts'

/** Managed policies that limit what a user or a role may do, whatever else allows it. */

const putBoundary = (holder: BoundarySpec) =>
  operation({
    name: `Put${holder.noun}PermissionsBoundary`,
    service: 'iam',
    input: naming(holder, { PermissionsBoundary: arn }),
    output: null,
    needs: {
      action: `iam:Put${holder.noun}PermissionsBoundary`,
      resource: onHolder(holder),
      conditions: ({ PermissionsBoundary }) => ({ 'iam:PermissionsBoundary': PermissionsBoundary }),
      precheck: ({ PermissionsBoundary }) => requirePolicyArn({ PolicyArn: PermissionsBoundary }),
      keys: noKeys,
    },
    audit: {
      readOnly: false,
      parameters: input => ({ ...shownName(holder, input), ...shown(input, 'PermissionsBoundary') }),
    },
    async handle(context, input) {
      const { PermissionsBoundary: boundary } = input
      const entity = await requireEntity(context.view, holder.kind, context.caller.account, nameIn(holder, input))
      const counted = await exchangeBoundary(context, entity.boundary, boundary)
      return { output: undefined, changes: [put(holder.kind, { ...entity, boundary }), ...counted] }
    },
  })

/** Removing none succeeds. */
const deleteBoundary = (holder: BoundarySpec) =>
  operation({
    name: `Delete${holder.noun}PermissionsBoundary`,
    service: 'iam',
    input: structure({ [holder.member]: holder.name }),
    output: null,
    needs: {
      action: `iam:Delete${holder.noun}PermissionsBoundary`,
      resource: onHolder(holder),
      conditions: (input, context) => presentBoundary(holder.kind, nameIn(holder, input), context),
      keys: noKeys,
    },
    audit: { readOnly: false, parameters: input => shownName(holder, input) },
    async handle(context, input) {
      const entity = await requireEntity(context.view, holder.kind, context.caller.account, nameIn(holder, input))
      const { boundary, ...free } = entity
      const counted = await exchangeBoundary(context, boundary, undefined)
      return { output: undefined, changes: [put(holder.kind, free), ...counted] }
    },
  })

export const boundaryOperations: readonly Operation[] = boundarySpecs.flatMap(holder => [
  putBoundary(holder),
  deleteBoundary(holder),
])
