import type { Operation } from '../../operation.ts'
import { createOpenIdConnectProvider } from './create-open-id-connect-provider.ts'
import { deleteOpenIdConnectProvider } from './delete-open-id-connect-provider.ts'
import { getOpenIdConnectProvider } from './get-open-id-connect-provider.ts'
import { listOpenIdConnectProviders } from './list-open-id-connect-providers.ts'
import { addClientIdToOpenIdConnectProvider, removeClientIdFromOpenIdConnectProvider } from './oidc-client-ids.ts'
import {
  listOpenIdConnectProviderTags,
  tagOpenIdConnectProvider,
  untagOpenIdConnectProvider,
} from './oidc-provider-tags.ts'
import { updateOpenIdConnectProviderThumbprint } from './update-open-id-connect-provider-thumbprint.ts'

/** Who vouches for web identities. */
export const oidcOperations: readonly Operation[] = [
  addClientIdToOpenIdConnectProvider,
  createOpenIdConnectProvider,
  deleteOpenIdConnectProvider,
  getOpenIdConnectProvider,
  listOpenIdConnectProviders,
  listOpenIdConnectProviderTags,
  removeClientIdFromOpenIdConnectProvider,
  tagOpenIdConnectProvider,
  untagOpenIdConnectProvider,
  updateOpenIdConnectProviderThumbprint,
]
