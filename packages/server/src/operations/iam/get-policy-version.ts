import { noKeys, operation } from '../../operation.ts'
import { structure } from '../../protocol/shape.ts'
import { shown } from '../shown.ts'
import { arn } from './entities.ts'
import {
  describeVersion,
  readsPolicy,
  requirePolicy,
  requirePolicyArn,
  requireVersion,
  versionId,
  versionMember,
} from './managed-policies.ts'

/** What a version of a managed policy says. Of the service's own there is only the version that counts. */
export const getPolicyVersion = operation({
  name: 'GetPolicyVersion',
  service: 'iam',
  input: structure({ PolicyArn: arn, VersionId: versionId }),
  output: structure({ PolicyVersion: versionMember }),
  needs: { action: 'iam:GetPolicyVersion', resource: readsPolicy, precheck: requirePolicyArn, keys: noKeys },
  audit: { readOnly: true, parameters: input => shown(input, 'PolicyArn', 'VersionId') },
  async handle(context, { PolicyArn, VersionId }) {
    const policy = await requirePolicy(context, PolicyArn)
    return { output: { PolicyVersion: describeVersion(policy, requireVersion(policy, VersionId)) } }
  },
})
