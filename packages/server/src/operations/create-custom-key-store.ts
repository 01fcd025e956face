import { random } from '../crypto/random.ts'
import type { KeyStore, KeyStoreProxy } from '../keys/key-store.ts'
import { noKeys, operation, type Context } from '../operation.ts'
import { encodeHex } from '../protocol/base64.ts'
import { kmsError } from '../protocol/errors.ts'
import { oneOf, optional, string, structure, type Infer } from '../protocol/shape.ts'
import {
  cloudHsmClusterId,
  customKeyStoreName,
  keyStorePassword,
  keyStoreTypes,
  proxyMembers,
  requireFreeAddress,
  requireFreeName,
  requireKnownVersion,
  shownOfProxy,
  toldOfCaller,
} from './custom-key-stores.ts'
import { askProxy, changeOfStore, refusalFor, sealCredential, storesOf } from './key-stores.ts'
import { shown } from './shown.ts'

const mostStores = 10

const input = structure({
  CustomKeyStoreName: customKeyStoreName,
  CloudHsmClusterId: cloudHsmClusterId,
  TrustAnchorCertificate: optional(string(1, 5000)),
  KeyStorePassword: keyStorePassword,
  CustomKeyStoreType: optional(oneOf(keyStoreTypes)),
  ...proxyMembers,
})
type Input = Infer<typeof input>

/**
 * Makes a custom key store, disconnected. An external one with a public endpoint must be reachable; one behind a VPC
 * endpoint service is first asked when it is connected. There are no CloudHSM clusters here.
 */
export const createCustomKeyStore = operation({
  name: 'CreateCustomKeyStore',
  input,
  output: structure({ CustomKeyStoreId: string() }),
  needs: { action: 'kms:CreateCustomKeyStore', conditions: toldOfCaller, keys: noKeys },
  audit: {
    readOnly: false,
    parameters: given => ({
      ...shown(given, 'CustomKeyStoreName', 'CloudHsmClusterId'),
      customKeyStoreType: given.CustomKeyStoreType ?? 'AWS_CLOUDHSM',
      ...shown(given, ...shownOfProxy),
    }),
  },
  async handle(context, given) {
    const { view, now, region, caller, externalKeys } = context
    const place = { account: caller.account, region }
    const id = `cks-${encodeHex(random(9)).slice(1)}`
    const proxy = requireProxy(context, id, given)
    const others = await storesOf(view, place)
    const { CustomKeyStoreName: name } = given
    requireFreeName(others, name)
    if (others.length >= mostStores) {
      throw kmsError('LimitExceededException', `There can be ${mostStores} custom key stores in an account and Region.`)
    }
    if (!proxy) {
      const text = `The CloudHSM cluster ${given.CloudHsmClusterId ?? ''} does not exist.`
      throw kmsError('CloudHsmClusterNotFoundException', text)
    }
    requireFreeAddress(others, proxy)
    if (proxy.connectivity === 'PUBLIC_ENDPOINT') {
      await askProxy(context, { ...place, id, proxy }, externalKeys.checkHealth).catch(refusalFor('store'))
    }
    const store: KeyStore = {
      id,
      name,
      type: 'EXTERNAL_KEY_STORE',
      createdAt: now,
      state: 'DISCONNECTED',
      keys: 0,
      proxy,
    }
    return {
      output: { CustomKeyStoreId: id },
      changes: [await changeOfStore(view, place, id, store)],
      recorded: { customKeyStoreId: id },
    }
  },
})

/**
 * Undefined for a CloudHSM key store.
 *
 * @throws ValidationException for members that are missing, or that belong to another kind of store
 */
function requireProxy(context: Context, id: string, given: Input): KeyStoreProxy | undefined {
  const { CustomKeyStoreType: type = 'AWS_CLOUDHSM', ...rest } = given
  const hsmMembers = ['CloudHsmClusterId', 'TrustAnchorCertificate', 'KeyStorePassword'] as const
  const {
    XksProxyUriEndpoint: uriEndpoint,
    XksProxyUriPath: uriPath,
    XksProxyVpcEndpointServiceName: vpcEndpointServiceName,
    XksProxyVpcEndpointServiceOwner: vpcEndpointServiceOwner = context.caller.account,
    XksProxyAuthenticationCredential: credential,
    XksProxyConnectivity: connectivity,
  } = given
  const refuse = (member: string, isRequired: boolean) =>
    kmsError(
      'ValidationException',
      `${member} is ${isRequired ? 'required' : 'not valid'} for a custom key store of the type ${type}${
        member.includes('Vpc') && connectivity ? ` with ${connectivity} connectivity` : ''
      }.`,
    )
  if (type === 'AWS_CLOUDHSM') {
    for (const member of hsmMembers) if (rest[member] === undefined) throw refuse(member, true)
    for (const member of [...shownOfProxy, 'XksProxyAuthenticationCredential'] as const) {
      if (rest[member] !== undefined) throw refuse(member, false)
    }
    return undefined
  }
  for (const member of hsmMembers) if (rest[member] !== undefined) throw refuse(member, false)
  if (connectivity === undefined) throw refuse('XksProxyConnectivity', true)
  if (credential === undefined) throw refuse('XksProxyAuthenticationCredential', true)
  if (uriEndpoint === undefined) throw refuse('XksProxyUriEndpoint', true)
  if (uriPath === undefined) throw refuse('XksProxyUriPath', true)
  requireKnownVersion(uriPath)
  const bare = {
    connectivity,
    uriEndpoint,
    uriPath,
    ...sealCredential(context, { account: context.caller.account, region: context.region }, id, credential),
  }
  if (connectivity === 'VPC_ENDPOINT_SERVICE') {
    if (vpcEndpointServiceName === undefined) throw refuse('XksProxyVpcEndpointServiceName', true)
    return { ...bare, vpcEndpointServiceName, vpcEndpointServiceOwner }
  }
  for (const member of ['XksProxyVpcEndpointServiceName', 'XksProxyVpcEndpointServiceOwner'] as const) {
    if (rest[member] !== undefined) throw refuse(member, false)
  }
  return bare
}
