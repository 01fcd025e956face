import { providerArn } from '../../auth/identities.ts'
import { noKeys, operation } from '../../operation.ts'
import { list, structure } from '../../protocol/shape.ts'
import { shown } from '../shown.ts'
import { marker, maxItems, pageMembers, tagKey, tags } from './entities.ts'
import { onProvider, providerMember, putProvider, requireProvider } from './oidc-providers.ts'
import { pageOfTags } from './pages.ts'
import { mergeTags, pairsOf, withoutTags } from './tags.ts'

export const tagOpenIdConnectProvider = operation({
  name: 'TagOpenIDConnectProvider',
  service: 'iam',
  input: structure({ ...providerMember, Tags: tags }),
  output: null,
  needs: {
    action: 'iam:TagOpenIDConnectProvider',
    resource: onProvider,
    requestTags: ({ Tags }) => pairsOf(Tags),
    keys: noKeys,
  },
  audit: { readOnly: false, parameters: input => shown(input, 'OpenIDConnectProviderArn', 'Tags') },
  async handle(context, input) {
    const provider = await requireProvider(context, input)
    const merged = mergeTags(provider.tags, input.Tags, { quota: 'TagsPerOpenIdConnectProvider', tagCase: 'exact' })
    return { output: undefined, changes: [putProvider({ ...provider, tags: merged })] }
  },
})

export const untagOpenIdConnectProvider = operation({
  name: 'UntagOpenIDConnectProvider',
  service: 'iam',
  input: structure({ ...providerMember, TagKeys: list(tagKey, 0, 50) }),
  output: null,
  needs: {
    action: 'iam:UntagOpenIDConnectProvider',
    resource: onProvider,
    requestTags: ({ TagKeys }) => TagKeys.map(key => [key] as const),
    keys: noKeys,
  },
  audit: { readOnly: false, parameters: input => shown(input, 'OpenIDConnectProviderArn', 'TagKeys') },
  async handle(context, input) {
    const provider = await requireProvider(context, input)
    const left = withoutTags(provider.tags, input.TagKeys, 'exact')
    return { output: undefined, changes: [putProvider({ ...provider, tags: left })] }
  },
})

export const listOpenIdConnectProviderTags = operation({
  name: 'ListOpenIDConnectProviderTags',
  service: 'iam',
  input: structure({ ...providerMember, Marker: marker, MaxItems: maxItems }),
  output: structure({ Tags: tags, ...pageMembers }),
  needs: { action: 'iam:ListOpenIDConnectProviderTags', resource: onProvider, keys: noKeys },
  audit: { readOnly: true, parameters: input => shown(input, 'OpenIDConnectProviderArn', 'Marker', 'MaxItems') },
  async handle(context, input) {
    const provider = await requireProvider(context, input)
    const { items, more } = pageOfTags(context, providerArn(provider), provider.tags, input)
    return { output: { Tags: items, ...more } }
  },
})
