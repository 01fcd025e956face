import { noKeys, operation } from '../../operation.ts'
import { kmsError } from '../../protocol/errors.ts'
import { structure } from '../../protocol/shape.ts'
import { shown } from '../shown.ts'
import { arn, put } from './entities.ts'
import { changesPolicy, requireOwnPolicy, requirePolicyArn, requireVersion, versionId } from './managed-policies.ts'

/** The number of a version is not used again. */
export const deletePolicyVersion = operation({
  name: 'DeletePolicyVersion',
  service: 'iam',
  input: structure({ PolicyArn: arn, VersionId: versionId }),
  output: null,
  needs: { action: 'iam:DeletePolicyVersion', resource: changesPolicy, precheck: requirePolicyArn, keys: noKeys },
  audit: { readOnly: false, parameters: input => shown(input, 'PolicyArn', 'VersionId') },
  async handle(context, { PolicyArn, VersionId }) {
    const policy = await requireOwnPolicy(context, PolicyArn)
    requireVersion(policy, VersionId)
    if (VersionId === policy.defaultVersion) {
      throw kmsError('DeleteConflictException', 'Cannot delete the default version of a policy.')
    }
    const versions = policy.versions.filter(({ id }) => id !== VersionId)
    return { output: undefined, changes: [put('managed-policy', { ...policy, versions })] }
  },
})
