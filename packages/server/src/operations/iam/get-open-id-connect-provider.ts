import { noKeys, operation } from '../../operation.ts'
import { list, optional, string, structure, timestamp } from '../../protocol/shape.ts'
import { shown } from '../shown.ts'
import { describeTags, tags } from './entities.ts'
import { onProvider, providerMember, requireProvider } from './oidc-providers.ts'

export const getOpenIdConnectProvider = operation({
  name: 'GetOpenIDConnectProvider',
  service: 'iam',
  input: structure(providerMember),
  output: structure({
    Url: string(),
    ClientIDList: list(string()),
    ThumbprintList: list(string()),
    CreateDate: timestamp(),
    Tags: optional(tags),
  }),
  needs: { action: 'iam:GetOpenIDConnectProvider', resource: onProvider, keys: noKeys },
  audit: { readOnly: true, parameters: input => shown(input, 'OpenIDConnectProviderArn') },
  async handle(context, input) {
    const provider = await requireProvider(context, input)
    return {
      output: {
        Url: provider.url,
        ClientIDList: provider.clientIds,
        ThumbprintList: provider.thumbprints,
        CreateDate: new Date(provider.createdAt),
        ...(provider.tags.length > 0 && { Tags: describeTags(provider.tags) }),
      },
    }
  },
})
