import { policyArn, uniqueId, type ManagedPolicy } from '../../auth/identities.ts'
import { noKeys, operation } from '../../operation.ts'
import { kmsError } from '../../protocol/errors.ts'
import { optional, string, structure } from '../../protocol/shape.ts'
import { identityRow } from '../../store/documents.ts'
import { shown } from '../shown.ts'
import { policyDocument, policyName, put, tags } from './entities.ts'
import { describePolicy, policyMember, policyPath, requirePolicyDocument } from './managed-policies.ts'
import { mayTag, mergeTags, pairsOf } from './tags.ts'

/** A managed policy of the account, with one version. */
export const createPolicy = operation({
  name: 'CreatePolicy',
  service: 'iam',
  input: structure({
    PolicyName: policyName,
    Path: optional(policyPath),
    PolicyDocument: policyDocument,
    Description: optional(string(undefined, 1000)),
    Tags: optional(tags),
  }),
  output: structure({ Policy: policyMember }),
  needs: {
    action: 'iam:CreatePolicy',
    resource: ({ PolicyName, Path }, { caller }) => ({ arn: arnOf(caller.account, PolicyName, Path) }),
    requestTags: ({ Tags }) => pairsOf(Tags),
    also: ({ caller }, { PolicyName, Path, Tags }) =>
      mayTag('iam:TagPolicy', arnOf(caller.account, PolicyName, Path), Tags),
    keys: noKeys,
  },
  audit: {
    readOnly: false,
    parameters: input => shown(input, 'PolicyName', 'Path', 'PolicyDocument', 'Description', 'Tags'),
  },
  async handle({ view, caller: { account }, now }, input) {
    const { PolicyName, Path = '/', PolicyDocument, Description, Tags = [] } = input
    requirePolicyDocument(PolicyDocument)
    if (await view.get('managed-policy', identityRow(account, PolicyName))) {
      const text = `A policy called ${PolicyName} already exists. Duplicate names are not allowed.`
      throw kmsError('EntityAlreadyExistsException', text)
    }
    const policy: ManagedPolicy = {
      account,
      name: PolicyName,
      path: Path,
      id: uniqueId('ANPA'),
      createdAt: now,
      updatedAt: now,
      versions: [{ id: 'v1', document: PolicyDocument, createdAt: now }],
      defaultVersion: 'v1',
      nextVersion: 2,
      attachments: 0,
      boundaryUses: 0,
      tags: mergeTags('managed-policy', [], Tags),
      ...(Description !== undefined && { description: Description }),
    }
    const output = { Policy: describePolicy(policy) }
    return { output, changes: [put('managed-policy', policy)], recorded: shown(output, 'Policy') }
  },
})

const arnOf = (account: string, name: string, path = '/'): string => policyArn({ account, path, name })
