import type { KeyStore, KeyStoreProxy } from '../keys/key-store.ts'
import type { Context } from '../operation.ts'
import { kmsError } from '../protocol/errors.ts'
import { oneOf, optional, secret, string, structure } from '../protocol/shape.ts'

/** Members of the operations on custom key stores, with the constraints of the service's model, and what they share. */

/** What policies are told of each of them. */
export const toldOfCaller = (_: unknown, { caller }: Pick<Context, 'caller'>) => ({
  'kms:CallerAccount': caller.account,
})

export const customKeyStoreId = string(1, 64)
export const customKeyStoreName = string(1, 256)
export const keyStoreTypes = ['AWS_CLOUDHSM', 'EXTERNAL_KEY_STORE'] as const
export const cloudHsmClusterId = optional(
  string(19, 24, {
    text: 'cluster-[2-7a-zA-Z]{11,16}',
    test: value => /^cluster-[2-7a-zA-Z]{11,16}$/.test(value),
  }),
)
export const keyStorePassword = optional(secret(string(7, 32)))

/** How a proxy is reached; CreateCustomKeyStore and UpdateCustomKeyStore have the same members. */
export const proxyMembers = {
  XksProxyUriEndpoint: optional(
    string(10, 128, {
      text: '^https://[a-zA-Z0-9.-]+$',
      test: value => /^https:\/\/[a-zA-Z0-9.-]+$/.test(value),
    }),
  ),
  XksProxyUriPath: optional(
    string(10, 128, {
      text: '^(/[a-zA-Z0-9\\/_-]+/kms/xks/v\\d{1,2})$|^(/kms/xks/v\\d{1,2})$',
      test: value => /^(\/[a-zA-Z0-9/_-]+)?\/kms\/xks\/v\d{1,2}$/.test(value),
    }),
  ),
  XksProxyVpcEndpointServiceName: optional(
    string(20, 64, {
      text: '^(com|eu)\\.amazonaws\\.vpce\\.([a-z]+-){2,3}\\d+\\.vpce-svc-[0-9a-z]+$',
      test: value => /^(com|eu)\.amazonaws\.vpce\.([a-z]+-){2,3}\d+\.vpce-svc-[0-9a-z]+$/.test(value),
    }),
  ),
  XksProxyVpcEndpointServiceOwner: optional(
    string(12, 12, { text: '[0-9]{12}', test: value => /^[0-9]{12}$/.test(value) }),
  ),
  XksProxyAuthenticationCredential: optional(
    structure({
      AccessKeyId: secret(string(20, 30, { text: '^[A-Z2-7]+$', test: value => /^[A-Z2-7]+$/.test(value) })),
      RawSecretAccessKey: secret(
        string(43, 64, { text: '^[a-zA-Z0-9\\/+=]+$', test: value => /^[a-zA-Z0-9/+=]+$/.test(value) }),
      ),
    }),
  ),
  XksProxyConnectivity: optional(oneOf(['PUBLIC_ENDPOINT', 'VPC_ENDPOINT_SERVICE'])),
}

/** What an audit record shows of them: all but the credential. */
export const shownOfProxy = [
  'XksProxyUriEndpoint',
  'XksProxyUriPath',
  'XksProxyVpcEndpointServiceName',
  'XksProxyVpcEndpointServiceOwner',
  'XksProxyConnectivity',
] as const

/** @throws CustomKeyStoreNameInUseException */
export function requireFreeName(others: readonly KeyStore[], name: string): void {
  if (!others.some(store => store.name === name)) return
  throw kmsError('CustomKeyStoreNameInUseException', `There is a custom key store named ${name} already.`)
}

/** @throws ValidationException */
export function requireKnownVersion(path: string): void {
  if (path.endsWith('/v1')) return
  throw kmsError('ValidationException', 'XksProxyUriPath must end with /kms/xks/v1.')
}

/**
 * Each store has an address of its own (API_CreateCustomKeyStore, "Uniqueness requirements"). Host names are compared
 * without case, as DNS compares them.
 *
 * @throws XksProxyUriInUseException, XksProxyUriEndpointInUseException, XksProxyVpcEndpointServiceInUseException
 */
export function requireFreeAddress(others: readonly KeyStore[], proxy: KeyStoreProxy): void {
  for (const { id, proxy: other } of others) {
    const sameHost = hostOf(proxy) === hostOf(other)
    const isPrivate = [proxy, other].some(({ connectivity }) => connectivity === 'VPC_ENDPOINT_SERVICE')
    if (sameHost && proxy.uriPath === other.uriPath) {
      throw kmsError('XksProxyUriInUseException', `The custom key store ${id} has this endpoint and path already.`)
    }
    if (sameHost && isPrivate) {
      throw kmsError(
        'XksProxyUriEndpointInUseException',
        `The custom key store ${id} has this endpoint, and one with VPC_ENDPOINT_SERVICE connectivity shares it with no other.`,
      )
    }
    const { vpcEndpointServiceName: service } = proxy
    if (service !== undefined && service === other.vpcEndpointServiceName) {
      throw kmsError(
        'XksProxyVpcEndpointServiceInUseException',
        `The custom key store ${id} has the VPC endpoint service ${service} already.`,
      )
    }
  }
}

const hostOf = ({ uriEndpoint }: KeyStoreProxy): string => uriEndpoint.toLowerCase().replace(/\.$/, '')
