/** The custom key stores of an account in a Region: at most ten, and one row, so that names and endpoints stay unique. */
export interface KeyStores {
  stores: KeyStore[]
}

/** https://docs.aws.amazon.com/kms/latest/developerguide/keystore-external.html */
export interface KeyStore {
  /** `cks-` and 17 hex digits. */
  id: string
  name: string
  type: 'EXTERNAL_KEY_STORE'
  /** Epoch milliseconds. */
  createdAt: number
  state: 'CONNECTED' | 'DISCONNECTED' | 'FAILED'
  /** Why it is FAILED: a ConnectionErrorCode of the API. */
  errorCode?: string
  /** How many KMS keys are in it, those that wait for deletion included. */
  keys: number
  proxy: KeyStoreProxy
}

/** How the external key store proxy is reached. */
export interface KeyStoreProxy {
  connectivity: 'PUBLIC_ENDPOINT' | 'VPC_ENDPOINT_SERVICE'
  /** `https://` and a host, without path. */
  uriEndpoint: string
  /** Ends in `/kms/xks/v1`. */
  uriPath: string
  vpcEndpointServiceName?: string
  vpcEndpointServiceOwner?: string
  accessKeyId: string
  /** base64 of the sealed secret access key. */
  sealedSecret: string
}
