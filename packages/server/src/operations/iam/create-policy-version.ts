import { noKeys, operation } from '../../operation.ts'
import { kmsError } from '../../protocol/errors.ts'
import { boolean, optional, structure } from '../../protocol/shape.ts'
import { shown } from '../shown.ts'
import { arn, policyDocument, put } from './entities.ts'
import {
  changesPolicy,
  describeListedVersion,
  requireOwnPolicy,
  requirePolicyArn,
  requirePolicyDocument,
  versionMember,
} from './managed-policies.ts'

const mostVersions = 5

/** Another version of a policy, which counts only once it is the default. */
export const createPolicyVersion = operation({
  name: 'CreatePolicyVersion',
  service: 'iam',
  input: structure({ PolicyArn: arn, PolicyDocument: policyDocument, SetAsDefault: optional(boolean()) }),
  output: structure({ PolicyVersion: versionMember }),
  needs: { action: 'iam:CreatePolicyVersion', resource: changesPolicy, precheck: requirePolicyArn, keys: noKeys },
  audit: { readOnly: false, parameters: input => shown(input, 'PolicyArn', 'PolicyDocument', 'SetAsDefault') },
  async handle(context, { PolicyArn, PolicyDocument, SetAsDefault = false }) {
    const policy = await requireOwnPolicy(context, PolicyArn)
    requirePolicyDocument(PolicyDocument)
    if (policy.versions.length >= mostVersions) {
      const text = `A managed policy can have up to ${mostVersions} versions. Before you create a new version, you must delete an existing version.`
      throw kmsError('LimitExceededException', text)
    }
    const version = { id: `v${policy.nextVersion}`, document: PolicyDocument, createdAt: context.now }
    const changed = {
      ...policy,
      versions: [...policy.versions, version],
      nextVersion: policy.nextVersion + 1,
      updatedAt: context.now,
      ...(SetAsDefault && { defaultVersion: version.id }),
    }
    const output = { PolicyVersion: describeListedVersion(changed, version) }
    return { output, changes: [put('managed-policy', changed)], recorded: shown(output, 'PolicyVersion') }
  },
})
