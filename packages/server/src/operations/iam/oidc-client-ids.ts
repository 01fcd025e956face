import { noKeys, operation } from '../../operation.ts'
import { structure } from '../../protocol/shape.ts'
import { shown } from '../shown.ts'
import {
  clientId,
  onProvider,
  providerMember,
  putProvider,
  requireClientIds,
  requireProvider,
} from './oidc-providers.ts'

/** Adding one that is there, and removing one that is not, succeed. */
const clientIdOperation = (
  name: 'AddClientIDToOpenIDConnectProvider' | 'RemoveClientIDFromOpenIDConnectProvider',
  change: (clientIds: readonly string[], id: string) => string[],
) =>
  operation({
    name,
    service: 'iam',
    input: structure({ ...providerMember, ClientID: clientId }),
    output: null,
    needs: { action: `iam:${name}`, resource: onProvider, keys: noKeys },
    audit: { readOnly: false, parameters: input => shown(input, 'OpenIDConnectProviderArn', 'ClientID') },
    async handle(context, input) {
      const provider = await requireProvider(context, input)
      const clientIds = change(provider.clientIds, input.ClientID)
      return { output: undefined, changes: [putProvider({ ...provider, clientIds })] }
    },
  })

export const addClientIdToOpenIdConnectProvider = clientIdOperation(
  'AddClientIDToOpenIDConnectProvider',
  (clientIds, id) => requireClientIds([...clientIds, id]),
)

export const removeClientIdFromOpenIdConnectProvider = clientIdOperation(
  'RemoveClientIDFromOpenIDConnectProvider',
  (clientIds, id) => clientIds.filter(other => other !== id),
)
