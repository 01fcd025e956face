import { noKeys, operation } from '../../operation.ts'
import { list, structure } from '../../protocol/shape.ts'
import { shown } from '../shown.ts'
import { arn, marker, maxItems, pageMembers, put, tagKey, tags } from './entities.ts'
import { changesPolicy, readsPolicy, requireOwnPolicy, requirePolicy, requirePolicyArn } from './managed-policies.ts'
import { pageOfTags } from './pages.ts'
import { mergeTags, pairsOf, withoutTags } from './tags.ts'

export const tagPolicy = operation({
  name: 'TagPolicy',
  service: 'iam',
  input: structure({ PolicyArn: arn, Tags: tags }),
  output: null,
  needs: {
    action: 'iam:TagPolicy',
    resource: changesPolicy,
    requestTags: ({ Tags }) => pairsOf(Tags),
    precheck: requirePolicyArn,
    keys: noKeys,
  },
  audit: { readOnly: false, parameters: input => shown(input, 'PolicyArn', 'Tags') },
  async handle(context, { PolicyArn, Tags }) {
    const policy = await requireOwnPolicy(context, PolicyArn)
    const merged = mergeTags(policy.tags, Tags, { quota: 'TagsPerPolicy', tagCase: 'exact' })
    return { output: undefined, changes: [put('managed-policy', { ...policy, tags: merged })] }
  },
})

export const untagPolicy = operation({
  name: 'UntagPolicy',
  service: 'iam',
  input: structure({ PolicyArn: arn, TagKeys: list(tagKey, 0, 50) }),
  output: null,
  needs: {
    action: 'iam:UntagPolicy',
    resource: changesPolicy,
    requestTags: ({ TagKeys }) => TagKeys.map(key => [key] as const),
    precheck: requirePolicyArn,
    keys: noKeys,
  },
  audit: { readOnly: false, parameters: input => shown(input, 'PolicyArn', 'TagKeys') },
  async handle(context, { PolicyArn, TagKeys }) {
    const policy = await requireOwnPolicy(context, PolicyArn)
    const left = withoutTags(policy.tags, TagKeys, 'exact')
    return { output: undefined, changes: [put('managed-policy', { ...policy, tags: left })] }
  },
})

export const listPolicyTags = operation({
  name: 'ListPolicyTags',
  service: 'iam',
  input: structure({ PolicyArn: arn, Marker: marker, MaxItems: maxItems }),
  output: structure({ Tags: tags, ...pageMembers }),
  needs: { action: 'iam:ListPolicyTags', resource: readsPolicy, precheck: requirePolicyArn, keys: noKeys },
  audit: { readOnly: true, parameters: input => shown(input, 'PolicyArn', 'Marker', 'MaxItems') },
  async handle(context, input) {
    const policy = await requirePolicy(context, input.PolicyArn)
    const { items, more } = pageOfTags(context, policy.id, policy.tags, input)
    return { output: { Tags: items, ...more } }
  },
})
