import type { KeyStore } from '../keys/key-store.ts'
import { noKeys, operation } from '../operation.ts'
import { kmsError } from '../protocol/errors.ts'
import { boolean, list, oneOf, optional, string, structure, timestamp } from '../protocol/shape.ts'
import { customKeyStoreId, customKeyStoreName, keyStoreTypes, toldOfCaller } from './custom-key-stores.ts'
import { requireStore, storesOf } from './key-stores.ts'
import { limit, marker, nextMarker } from './members.ts'
import { pageOfList } from './paging.ts'
import { shown } from './shown.ts'

const entry = structure({
  CustomKeyStoreId: string(),
  CustomKeyStoreName: string(),
  ConnectionState: string(),
  ConnectionErrorCode: optional(string()),
  CreationDate: timestamp(),
  CustomKeyStoreType: oneOf(keyStoreTypes),
  XksProxyConfiguration: structure({
    Connectivity: oneOf(['PUBLIC_ENDPOINT', 'VPC_ENDPOINT_SERVICE']),
    AccessKeyId: string(),
    UriEndpoint: string(),
    UriPath: string(),
    VpcEndpointServiceName: optional(string()),
    VpcEndpointServiceOwner: optional(string()),
  }),
})

/** The custom key stores of the account in the Region, oldest first: all of them, or the one of an id or a name. */
export const describeCustomKeyStores = operation({
  name: 'DescribeCustomKeyStores',
  input: structure({
    CustomKeyStoreId: optional(customKeyStoreId),
    CustomKeyStoreName: optional(customKeyStoreName),
    Limit: limit,
    Marker: marker,
  }),
  output: structure({ CustomKeyStores: list(entry), NextMarker: nextMarker, Truncated: boolean() }),
  needs: { action: 'kms:DescribeCustomKeyStores', conditions: toldOfCaller, keys: noKeys },
  audit: {
    readOnly: true,
    parameters: input => shown(input, 'CustomKeyStoreId', 'CustomKeyStoreName', 'Limit', 'Marker'),
  },
  async handle(
    { view, seal, caller, region },
    { CustomKeyStoreId: id, CustomKeyStoreName: name, Limit = 100, Marker },
  ) {
    const place = { account: caller.account, region }
    if (id !== undefined && name !== undefined) {
      throw kmsError('ValidationException', 'Specify CustomKeyStoreId or CustomKeyStoreName, not both.')
    }
    if (id !== undefined) return one(await requireStore(view, place, id))
    const stores = await storesOf(view, place)
    if (name !== undefined) {
      const store = stores.find(candidate => candidate.name === name)
      if (store) return one(store)
      throw kmsError('CustomKeyStoreNotFoundException', `There is no custom key store named ${name}.`)
    }
    const pager = { list: `DescribeCustomKeyStores ${place.account} ${region}`, seal }
    const { items, truncated } = pageOfList(pager, stores, Marker, Limit, store => store.id)
    return { output: { CustomKeyStores: items.map(describe), ...truncated } }
  },
})

const one = (store: KeyStore) => ({ output: { CustomKeyStores: [describe(store)], Truncated: false } })

function describe({ id, name, type, createdAt, state, errorCode, proxy }: KeyStore) {
  return {
    CustomKeyStoreId: id,
    CustomKeyStoreName: name,
    ConnectionState: state,
    ...(errorCode !== undefined && { ConnectionErrorCode: errorCode }),
    CreationDate: new Date(createdAt),
    CustomKeyStoreType: type,
    XksProxyConfiguration: {
      Connectivity: proxy.connectivity,
      AccessKeyId: proxy.accessKeyId,
      UriEndpoint: proxy.uriEndpoint,
      UriPath: proxy.uriPath,
      ...(proxy.vpcEndpointServiceName !== undefined && { VpcEndpointServiceName: proxy.vpcEndpointServiceName }),
      ...(proxy.vpcEndpointServiceOwner !== undefined && { VpcEndpointServiceOwner: proxy.vpcEndpointServiceOwner }),
    },
  }
}
