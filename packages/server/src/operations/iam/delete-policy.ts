import { noKeys, operation } from '../../operation.ts'
import { kmsError } from '../../protocol/errors.ts'
import { structure } from '../../protocol/shape.ts'
import { identityRow } from '../../store/documents.ts'
import { shown } from '../shown.ts'
import { arn } from './entities.ts'
import { changesPolicy, requireOwnPolicy, requirePolicyArn } from './managed-policies.ts'

/** Only of a policy that is attached nowhere, and of which one version is left. */
export const deletePolicy = operation({
  name: 'DeletePolicy',
  service: 'iam',
  input: structure({ PolicyArn: arn }),
  output: null,
  needs: { action: 'iam:DeletePolicy', resource: changesPolicy, precheck: requirePolicyArn, keys: noKeys },
  audit: { readOnly: false, parameters: input => shown(input, 'PolicyArn') },
  async handle(context, { PolicyArn }) {
    const policy = await requireOwnPolicy(context, PolicyArn)
    if (policy.attachments > 0 || policy.boundaryUses > 0) {
      throw kmsError('DeleteConflictException', 'Cannot delete a policy attached to entities.')
    }
    if (policy.versions.length > 1) {
      throw kmsError(
        'DeleteConflictException',
        "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
      )
    }
    return {
      output: undefined,
      changes: [{ remove: 'managed-policy', id: identityRow(policy.account, policy.name) }],
    }
  },
})
