import type { KeyStore, KeyStoreProxy } from '../keys/key-store.ts'
import { noKeys, operation, type Context } from '../operation.ts'
import { kmsError } from '../protocol/errors.ts'
import { optional, structure, type Infer } from '../protocol/shape.ts'
import {
  cloudHsmClusterId,
  customKeyStoreId,
  customKeyStoreName,
  keyStorePassword,
  proxyMembers,
  requireFreeAddress,
  requireFreeName,
  requireKnownVersion,
  shownOfProxy,
  toldOfCaller,
} from './custom-key-stores.ts'
import {
  askProxy,
  changeOfStore,
  refusalFor,
  requireStore,
  sealCredential,
  storesOf,
  wrongState,
} from './key-stores.ts'
import { shown } from './shown.ts'

const input = structure({
  CustomKeyStoreId: customKeyStoreId,
  NewCustomKeyStoreName: optional(customKeyStoreName),
  KeyStorePassword: keyStorePassword,
  CloudHsmClusterId: cloudHsmClusterId,
  ...proxyMembers,
})
type Input = Infer<typeof input>

/**
 * Changes a custom key store. Name, path and credential can change while it is connected, so that a proxy's credential can
 * be rotated without pause; all else needs it disconnected. The proxy must answer under the new settings.
 */
export const updateCustomKeyStore = operation({
  name: 'UpdateCustomKeyStore',
  input,
  output: structure({}),
  needs: { action: 'kms:UpdateCustomKeyStore', conditions: toldOfCaller, keys: noKeys },
  audit: {
    readOnly: false,
    parameters: given =>
      shown(given, 'CustomKeyStoreId', 'NewCustomKeyStoreName', 'CloudHsmClusterId', ...shownOfProxy),
  },
  async handle(context, given) {
    const { view, region, caller, externalKeys } = context
    const place = { account: caller.account, region }
    const { CustomKeyStoreId: id, NewCustomKeyStoreName: name } = given
    const store = await requireStore(view, place, id)
    requireUpdatable(store, given)
    const others = (await storesOf(view, place)).filter(other => other.id !== id)
    if (name !== undefined) requireFreeName(others, name)
    const proxy = changedProxy(context, store, given)
    if (proxy !== store.proxy) {
      requireFreeAddress(others, proxy)
      await askProxy(context, { ...place, id, proxy }, externalKeys.checkHealth).catch(refusalFor('store'))
    }
    const changed: KeyStore = { ...store, name: name ?? store.name, proxy }
    const isRotated = proxy.sealedSecret !== store.proxy.sealedSecret
    return {
      output: {},
      changes: [await changeOfStore(view, place, id, changed, isRotated)],
      additional: { customKeyStoreName: changed.name },
    }
  },
})

const ofConnected: readonly (keyof Input)[] = [
  'CustomKeyStoreId',
  'NewCustomKeyStoreName',
  'XksProxyUriPath',
  'XksProxyAuthenticationCredential',
]

/** @throws ValidationException, CustomKeyStoreInvalidStateException */
function requireUpdatable(store: KeyStore, given: Input): void {
  for (const member of ['KeyStorePassword', 'CloudHsmClusterId'] as const) {
    if (given[member] === undefined) continue
    throw kmsError('ValidationException', `${member} is not valid for a custom key store of the type ${store.type}.`)
  }
  const isDeep = Object.keys(given).some(member => !ofConnected.includes(member as keyof Input)) // The shape's members.
  if (store.state === 'FAILED' || (store.state === 'CONNECTED' && isDeep)) throw wrongState(store, 'DISCONNECTED')
}

/**
 * The store's own if nothing of it changes.
 *
 * @throws ValidationException
 */
function changedProxy(context: Context, { id, proxy }: KeyStore, given: Input): KeyStoreProxy {
  const { caller, region } = context
  const {
    XksProxyConnectivity: connectivity = proxy.connectivity,
    XksProxyUriEndpoint: uriEndpoint = proxy.uriEndpoint,
    XksProxyUriPath: uriPath = proxy.uriPath,
    XksProxyAuthenticationCredential: credential,
    XksProxyVpcEndpointServiceName: service,
    XksProxyVpcEndpointServiceOwner: owner,
  } = given
  const isMoved = connectivity !== proxy.connectivity
  const isPrivate = connectivity === 'VPC_ENDPOINT_SERVICE'
  if (isMoved && given.XksProxyUriEndpoint === undefined) {
    throw kmsError('ValidationException', 'XksProxyUriEndpoint must change together with XksProxyConnectivity.')
  }
  if (isMoved && isPrivate && service === undefined) {
    throw kmsError(
      'ValidationException',
      'XksProxyVpcEndpointServiceName is required for VPC_ENDPOINT_SERVICE connectivity.',
    )
  }
  if (!isPrivate && (service !== undefined || owner !== undefined)) {
    throw kmsError('ValidationException', 'PUBLIC_ENDPOINT connectivity has no VPC endpoint service.')
  }
  requireKnownVersion(uriPath)
  const names = [...shownOfProxy, 'XksProxyAuthenticationCredential'] as const
  if (names.every(member => given[member] === undefined)) return proxy
  const { accessKeyId, sealedSecret } = credential
    ? sealCredential(context, { account: caller.account, region }, id, credential)
    : proxy
  return {
    connectivity,
    uriEndpoint,
    uriPath,
    accessKeyId,
    sealedSecret,
    ...(isPrivate && {
      vpcEndpointServiceName: service ?? proxy.vpcEndpointServiceName ?? '',
      vpcEndpointServiceOwner: owner ?? proxy.vpcEndpointServiceOwner ?? caller.account,
    }),
  }
}
