import { providerArn } from '../../auth/identities.ts'
import { noKeys, operation } from '../../operation.ts'
import { kmsError } from '../../protocol/errors.ts'
import { list, optional, string, structure } from '../../protocol/shape.ts'
import { providerRow } from '../../store/documents.ts'
import { shown } from '../shown.ts'
import { describeTags, overQuota, tags } from './entities.ts'
import {
  clientId,
  putProvider,
  requireClientIds,
  requireProviderUrl,
  requireThumbprints,
  thumbprints,
} from './oidc-providers.ts'
import { mayTag, mergeTags, pairsOf } from './tags.ts'

const mostProviders = 100

/** Lets roles of the account trust those whom an issuer vouches for. Nothing is fetched before the first token. */
export const createOpenIdConnectProvider = operation({
  name: 'CreateOpenIDConnectProvider',
  service: 'iam',
  input: structure({
    Url: string(1, 255),
    ClientIDList: optional(list(clientId)),
    ThumbprintList: optional(thumbprints),
    Tags: optional(tags),
  }),
  output: structure({ OpenIDConnectProviderArn: string(), Tags: optional(tags) }),
  needs: {
    action: 'iam:CreateOpenIDConnectProvider',
    resource: ({ Url }, { caller }) => ({ arn: arnOf(caller.account, Url) }),
    requestTags: ({ Tags }) => pairsOf(Tags),
    also: ({ caller }, { Url, Tags }) => mayTag('iam:TagOpenIDConnectProvider', arnOf(caller.account, Url), Tags),
    keys: noKeys,
  },
  audit: { readOnly: false, parameters: input => shown(input, 'Url', 'ClientIDList', 'ThumbprintList', 'Tags') },
  async handle({ view, caller: { account }, now }, { Url, ClientIDList = [], ThumbprintList = [], Tags = [] }) {
    const url = requireProviderUrl(Url)
    if (await view.get('oidc-provider', providerRow(account, url))) {
      throw kmsError('EntityAlreadyExistsException', `Provider with url ${Url} already exists.`)
    }
    // Who races for the last place may get one more.
    const others = await view.page('oidc-provider', providerRow(account, ''), undefined, mostProviders)
    if (others.length >= mostProviders) throw overQuota('OpenIdConnectProvidersPerAccount', mostProviders)
    const provider = {
      account,
      url,
      clientIds: requireClientIds(ClientIDList),
      thumbprints: requireThumbprints(ThumbprintList),
      tags: mergeTags('oidc-provider', [], Tags),
      createdAt: now,
    }
    const output = {
      OpenIDConnectProviderArn: providerArn(provider),
      ...(Tags.length > 0 && { Tags: describeTags(provider.tags) }),
    }
    return { output, changes: [putProvider(provider)], recorded: shown(output, 'OpenIDConnectProviderArn') }
  },
})

const arnOf = (account: string, url: string): string => providerArn({ account, url: url.replace(/^https:\/\//, '') })
