import { providerArn } from '../../auth/identities.ts'
import { noKeys, operation } from '../../operation.ts'
import { list, string, structure } from '../../protocol/shape.ts'
import { providerRow } from '../../store/documents.ts'

/** More than there can be, but for who raced for the last place. */
const all = 1000

/** All of the account, in one answer. */
export const listOpenIdConnectProviders = operation({
  name: 'ListOpenIDConnectProviders',
  service: 'iam',
  input: structure({}),
  output: structure({ OpenIDConnectProviderList: list(structure({ Arn: string() })) }),
  needs: {
    action: 'iam:ListOpenIDConnectProviders',
    resource: (_, { caller: { account } }) => ({ arn: providerArn({ account, url: '*' }) }),
    keys: noKeys,
  },
  audit: { readOnly: true, parameters: () => null },
  async handle({ view, caller }) {
    const providers = await view.page('oidc-provider', providerRow(caller.account, ''), undefined, all)
    return { output: { OpenIDConnectProviderList: providers.map(provider => ({ Arn: providerArn(provider) })) } }
  },
})
