/**
 * Every error that can leave this server, with its HTTP status.
 *
 * AWS KMS answers every client fault with 400, whatever status its SDK model names; only faults of the service differ
 * (https://docs.aws.amazon.com/kms/latest/APIReference/CommonErrors.html; recorded answers of the real service).
 */
export const errorStatus = {
  AccessDeniedException: 400,
  AlreadyExistsException: 400,
  CloudHsmClusterNotFoundException: 400,
  ConflictException: 400,
  CustomKeyStoreHasCMKsException: 400,
  CustomKeyStoreInvalidStateException: 400,
  CustomKeyStoreNameInUseException: 400,
  CustomKeyStoreNotFoundException: 400,
  DeleteConflictException: 409,
  DependencyTimeoutException: 503,
  DisabledException: 400,
  DryRunOperationException: 400,
  EntityAlreadyExistsException: 409,
  ExpiredImportTokenException: 400,
  ExpiredTokenException: 400,
  ExpiredWebIdentityTokenException: 400,
  IDPCommunicationErrorException: 400,
  IDPRejectedClaimException: 403,
  IncompleteSignatureException: 400,
  IncorrectKeyException: 400,
  IncorrectKeyMaterialException: 400,
  InvalidArnException: 400,
  InvalidCiphertextException: 400,
  InvalidGrantIdException: 400,
  InvalidGrantTokenException: 400,
  InvalidIdentityTokenException: 400,
  InvalidImportTokenException: 400,
  InvalidInputException: 400,
  InvalidKeyUsageException: 400,
  InvalidMarkerException: 400,
  InvalidParameterValueException: 400,
  InvalidSignatureException: 400,
  KeyUnavailableException: 500,
  KMSInternalException: 500,
  KMSInvalidMacException: 400,
  KMSInvalidSignatureException: 400,
  KMSInvalidStateException: 400,
  LimitExceededException: 400,
  MalformedInputException: 400,
  MalformedPolicyDocumentException: 400,
  MissingActionException: 400,
  MissingAuthenticationTokenException: 400,
  NoSuchEntityException: 404,
  NotAuthorizedException: 400,
  NotFoundException: 400,
  PackedPolicyTooLargeException: 400,
  SerializationException: 400,
  TagException: 400,
  ThrottlingException: 400,
  UnknownOperationException: 400,
  UnrecognizedClientException: 400,
  UnsupportedOperationException: 400,
  ValidationException: 400,
  XksKeyAlreadyInUseException: 400,
  XksKeyInvalidConfigurationException: 400,
  XksKeyNotFoundException: 400,
  XksProxyIncorrectAuthenticationCredentialException: 400,
  XksProxyInvalidConfigurationException: 400,
  XksProxyInvalidResponseException: 400,
  XksProxyUriEndpointInUseException: 400,
  XksProxyUriInUseException: 400,
  XksProxyUriUnreachableException: 400,
  XksProxyVpcEndpointServiceInUseException: 400,
} as const

export type ErrorCode = keyof typeof errorStatus

/** An error meant for the caller. Its message is sent as it stands, so it must never quote secret bytes. */
export class KmsError extends Error {
  readonly code: ErrorCode
  /** False when AWS sends no text: the member is then left out of the body, not sent empty. */
  readonly hasMessage: boolean

  constructor(code: ErrorCode, message?: string) {
    super(message ?? code)
    this.name = code
    this.code = code
    this.hasMessage = message !== undefined
  }

  get status(): number {
    return errorStatus[this.code]
  }
}

/** `throw kmsError('NotFoundException', ...)`; without a text where AWS sends none. */
export function kmsError(code: ErrorCode, message?: string): KmsError {
  return new KmsError(code, message)
}

/** For whoever asks for more than its share, of requests or of work that waits. */
export const throttled = (): KmsError =>
  kmsError(
    'ThrottlingException',
    'You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.',
  )
