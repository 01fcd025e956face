import { noKeys, operation } from '../../operation.ts'
import { structure } from '../../protocol/shape.ts'
import { providerRow } from '../../store/documents.ts'
import { shown } from '../shown.ts'
import { findProvider, onProvider, providerMember } from './oidc-providers.ts'

/** Sessions that came of its tokens stay. Removing one that is not there succeeds. */
export const deleteOpenIdConnectProvider = operation({
  name: 'DeleteOpenIDConnectProvider',
  service: 'iam',
  input: structure(providerMember),
  output: null,
  needs: { action: 'iam:DeleteOpenIDConnectProvider', resource: onProvider, keys: noKeys },
  audit: { readOnly: false, parameters: input => shown(input, 'OpenIDConnectProviderArn') },
  async handle(context, input) {
    const provider = await findProvider(context, input)
    if (!provider) return { output: undefined }
    return {
      output: undefined,
      changes: [{ remove: 'oidc-provider', id: providerRow(provider.account, provider.url) }],
    }
  },
})
