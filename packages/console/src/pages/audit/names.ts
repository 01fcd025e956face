import { kmsActions } from '../access/actions.ts'

/** Of events: operations of KMS, what the server does by itself, and those of the other services that matter most. */
export const eventNames: readonly string[] = [
  ...kmsActions.map(action => action.slice('kms:'.length)).filter(name => !name.startsWith('ReEncrypt')),
  'ReEncrypt',
  'RetireGrant',
  'RotateKey',
  'DeleteKey',
  'DeleteExpiredKeyMaterial',
  'SynchronizeMultiRegionKey',
  'AssumeRole',
  'AssumeRoleWithWebIdentity',
  'CreateConsoleSession',
  'CreateAccessKey',
  'CreateUser',
  'DeleteUser',
  'AttachUserPolicy',
  'PutUserPolicy',
  'CreateRole',
  'DeleteRole',
  'PutRolePolicy',
  'UpdateAssumeRolePolicy',
  'ExplainRequest',
  'LookupEvents',
  'SimulateAccess',
].toSorted()

/** `*` stands for any error, `none` for none. */
export const errorCodes: readonly string[] = [
  '*',
  'none',
  'AccessDenied',
  'AccessDeniedException',
  'AlreadyExistsException',
  'DisabledException',
  'ExpiredImportTokenException',
  'IncorrectKeyException',
  'IncorrectKeyMaterialException',
  'InvalidCiphertextException',
  'InvalidImportTokenException',
  'KMSInvalidStateException',
  'LimitExceededException',
  'NotFoundException',
  'ThrottlingException',
  'ValidationException',
]
