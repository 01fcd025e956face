import { noKeys, operation } from '../../operation.ts'
import { structure } from '../../protocol/shape.ts'
import { shown } from '../shown.ts'
import { arn, put } from './entities.ts'
import { changesPolicy, requireOwnPolicy, requirePolicyArn, requireVersion, versionId } from './managed-policies.ts'

/** That version counts from now on, for everybody who has the policy. */
export const setDefaultPolicyVersion = operation({
  name: 'SetDefaultPolicyVersion',
  service: 'iam',
  input: structure({ PolicyArn: arn, VersionId: versionId }),
  output: null,
  needs: {
    action: 'iam:SetDefaultPolicyVersion',
    resource: changesPolicy,
    precheck: requirePolicyArn,
    keys: noKeys,
  },
  audit: { readOnly: false, parameters: input => shown(input, 'PolicyArn', 'VersionId') },
  async handle(context, { PolicyArn, VersionId }) {
    const policy = await requireOwnPolicy(context, PolicyArn)
    const { id } = requireVersion(policy, VersionId)
    const changed = { ...policy, defaultVersion: id, updatedAt: context.now }
    return { output: undefined, changes: [put('managed-policy', changed)] }
  },
})
