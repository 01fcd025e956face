import { kmsError, type ErrorCode, type KmsError } from '../protocol/errors.ts'

/** What an external key store proxy was wanted for: to set up a store, to make a key in it, or to use one. */
export type Purpose = 'store' | 'key' | 'use'

interface Failure {
  readonly text: string
  /** Of CreateCustomKeyStore and UpdateCustomKeyStore. */
  readonly store: ErrorCode
  /** The ConnectionErrorCode of a store that could not be connected. */
  readonly connection: string
  /** Of CreateKey, if it is about the external key; else the store is in a state that it cannot make keys in. */
  readonly key?: ErrorCode
}

const invalidResponse: Failure = {
  text: 'KMS cannot interpret the response from the external key store proxy. If you see this error repeatedly, report it to your external key store proxy administrator.',
  store: 'XksProxyInvalidResponseException',
  connection: 'XKS_PROXY_INVALID_RESPONSE',
}

/**
 * Every way in which a proxy can fail, and what comes of it (XKS Proxy API Specification 1.0, section "Error codes"; "Fix
 * connection errors" in https://docs.aws.amazon.com/kms/latest/developerguide/xks-troubleshooting.html). A cryptographic
 * operation has one code for all of them, KMSInvalidStateException, and the texts to tell them apart.
 */
const failures = {
  // As the proxy names them.
  ValidationException: invalidResponse,
  InvalidStateException: {
    text: 'The external key associated with this KMS key in an external key store is not enabled in the external key manager. Enable the external key in the external key manager and retry the request.',
    store: 'XksProxyInvalidConfigurationException',
    connection: 'XKS_PROXY_INVALID_CONFIGURATION',
    key: 'XksKeyInvalidConfigurationException',
  },
  InvalidCiphertextException: {
    ...invalidResponse,
    text: 'The external key store proxy rejected the request because the specified ciphertext or encryption context is corrupted, missing, or otherwise invalid.',
  },
  InvalidKeyUsageException: {
    ...invalidResponse,
    text: 'The external key associated with this KMS key in an external key store does not support the requested operation. Enable the operation on the key in your external key manager, and try the request again.',
    key: 'XksKeyInvalidConfigurationException',
  },
  AuthenticationFailedException: {
    text: 'The external key store proxy rejected the request because it could not authenticate KMS. Verify the XKS proxy authentication credentials for your external key store and update if necessary.',
    store: 'XksProxyIncorrectAuthenticationCredentialException',
    connection: 'INVALID_CREDENTIALS',
  },
  AccessDeniedException: {
    text: 'The external key store proxy denied access to the operation. Verify that the user and the external key are both authorized for this operation, and try the request again.',
    store: 'XksProxyIncorrectAuthenticationCredentialException',
    connection: 'XKS_PROXY_ACCESS_DENIED',
  },
  KeyNotFoundException: {
    ...invalidResponse,
    text: 'The external key associated with this KMS key in an external key store was not found in its external key manager. If the external key ID associated with this KMS key is incorrect, create a new KMS key with the correct external key ID.',
    key: 'XksKeyNotFoundException',
  },
  InvalidUriPathException: {
    text: 'The external key store proxy rejected the request because of an invalid URI path. Verify the URI path for your external key store and update if necessary.',
    store: 'XksProxyInvalidConfigurationException',
    connection: 'XKS_PROXY_INVALID_CONFIGURATION',
  },
  ThrottlingException: {
    text: 'The external key store proxy rejected the request due to a very high request rate. Reduce the frequency of your calls using KMS keys in this external key store.',
    store: 'XksProxyUriUnreachableException',
    connection: 'XKS_PROXY_NOT_REACHABLE',
  },
  UnsupportedOperationException: {
    ...invalidResponse,
    text: 'The external key store proxy rejected the request because it does not support the requested operation. If you see this error repeatedly, report it to your external key store proxy administrator.',
  },
  DependencyTimeoutException: {
    text: 'The external key store proxy did not respond to the request in the time allotted. Retry the request. If you see this error repeatedly, report it to your external key store proxy administrator.',
    store: 'XksProxyUriUnreachableException',
    connection: 'XKS_PROXY_TIMED_OUT',
  },
  InternalException: {
    text: 'The external key store proxy rejected the request because it cannot communicate with the external key manager. Verify that the external key store proxy configuration is correct and that the external key manager is available.',
    store: 'XksProxyInvalidResponseException',
    connection: 'XKS_PROXY_NOT_REACHABLE',
  },
  // As seen from here.
  unreachable: {
    text: 'KMS cannot communicate with the external key store proxy. This might be a transient network issue. If you see this error repeatedly, verify that your external key store proxy is active and is connected to the network, and that its endpoint URI is correct in your external key store.',
    store: 'XksProxyUriUnreachableException',
    connection: 'XKS_PROXY_NOT_REACHABLE',
  },
  tls: {
    text: 'KMS cannot establish a TLS connection to the external key store proxy. Verify the TLS configuration, including its certificate.',
    store: 'XksProxyInvalidConfigurationException',
    connection: 'XKS_PROXY_INVALID_TLS_CONFIGURATION',
  },
  late: {
    text: 'KMS rejected the request because the external key store proxy did not respond in time. Retry the request. If you see this error repeatedly, report it to your external key store proxy administrator.',
    store: 'XksProxyUriUnreachableException',
    connection: 'XKS_PROXY_TIMED_OUT',
  },
  invalidResponse,
  unhealthy: {
    text: 'The external key store proxy is in an unhealthy state. If you see this message repeatedly, notify your external key store proxy administrator.',
    store: 'XksProxyUriUnreachableException',
    connection: 'XKS_PROXY_NOT_REACHABLE',
  },
  wrongPlaintext: {
    ...invalidResponse,
    text: 'The ciphertext that the external key store proxy submitted for decryption, or the encryption context, is corrupted, missing, or otherwise invalid.',
  },
} satisfies Record<string, Failure>
export type FailureName = keyof typeof failures

/** The failure that an answer's `errorName` means; one that the specification does not know is no answer. */
export function failureNamed(errorName: string): FailureName {
  const isKnown = errorName.endsWith('Exception') && Object.hasOwn(failures, errorName)
  return isKnown ? (errorName as FailureName) : 'invalidResponse' // A key of the table.
}

/** A proxy did not do what it was asked for. Holds nothing that it sent. */
export class ProxyFailure extends Error {
  readonly failure: FailureName

  constructor(failure: FailureName) {
    super(failure)
    this.name = 'ProxyFailure'
    this.failure = failure
  }

  /** A ConnectionErrorCode of the API. */
  get connectionErrorCode(): string {
    return failures[this.failure].connection
  }

  toKmsError(purpose: Purpose): KmsError {
    const failure: Failure = failures[this.failure]
    const codes = {
      store: failure.store,
      key: failure.key ?? 'CustomKeyStoreInvalidStateException',
      use: 'KMSInvalidStateException',
    } as const
    return kmsError(codes[purpose], failure.text)
  }
}
