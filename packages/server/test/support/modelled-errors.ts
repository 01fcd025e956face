import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Service } from '../../src/operation.ts'
import { operations } from '../../src/operations/index.ts'

const packages = { iam: '@aws-sdk/client-iam', kms: '@aws-sdk/client-kms', sts: '@aws-sdk/client-sts' }
export type ModelledService = keyof typeof packages

/** The errors that the service's model names for an operation, as the official client documents them. */
export function modelledErrors(service: ModelledService, operation: string): string[] {
  const entry = createRequire(import.meta.url).resolve(packages[service])
  const source = readFileSync(join(entry, `../../dist-types/commands/${operation}Command.d.ts`), 'utf8')
  const named = Array.from(source.matchAll(/@throws \{@link (\w+)\}/g), ([, name = '']) => name)
  return named.filter(name => !name.endsWith('ServiceException')).sort()
}

/** Errors of which a model need not tell, since any operation may answer them. */
export const commonErrors = [
  'AccessDeniedException',
  'KMSInternalException',
  // A row is not what this server stored. The model has it for cryptographic operations, but all read rows.
  'KeyUnavailableException',
  'SerializationException',
  'ThrottlingException',
  'ValidationException',
]

/** The same for what comes as a form. */
const commonQueryErrors = ['MalformedInputException']

/** What operations of our own answer, which have no model. */
const ownErrors: Readonly<Record<string, readonly string[]>> = {
  CreateAccount: ['EntityAlreadyExistsException'],
  ExplainRequest: ['NotFoundException'],
  ListAccounts: ['InvalidMarkerException'],
  ListKeyAccess: ['InvalidArnException', 'InvalidMarkerException', 'NotFoundException'],
  ListKeySummaries: ['InvalidMarkerException'],
  LookupEvents: ['InvalidArnException', 'InvalidMarkerException', 'NotFoundException'],
  SimulateAccess: ['InvalidArnException', 'NotFoundException'],
  ValidateKeyPolicy: ['InvalidArnException', 'NotFoundException'],
}

/** By code. */
type Exceptions<Any extends 'any' = never> = Readonly<
  Record<string, { operations: readonly string[] | Any; reason: string }>
>

/** What operations answer that their model does not name, and why. */
export const beyondTheModel: Exceptions = {
  InvalidArnException: {
    operations: [
      'CreateAlias',
      'Decapsulate',
      'Decrypt',
      'DeriveSharedSecret',
      'Encapsulate',
      'Encrypt',
      'GenerateDataKey',
      'GenerateDataKeyPair',
      'GenerateDataKeyPairWithoutPlaintext',
      'GenerateDataKeyWithoutPlaintext',
      'GenerateMac',
      'ReEncrypt',
      'Sign',
      'UpdateAlias',
      'Verify',
      'VerifyMac',
    ],
    reason: 'a text that begins like an ARN and is none: all operations read identifiers alike',
  },
  InvalidGrantTokenException: {
    operations: ['DescribeKey'],
    reason: 'it takes grant tokens as others do, of which the model names this',
  },
  InvalidMarkerException: {
    operations: ['ListKeyPolicies'],
    reason: 'it takes markers as the other lists do, of which the model names this',
  },
  InvalidParameterValueException: {
    operations: ['AssumeRole'],
    reason: 'session tags that cannot be: the service answers it all the same',
  },
  NoSuchEntityException: {
    operations: ['CreateRole', 'GetAccessKeyLastUsed'],
    reason: 'a boundary (public reports of the service have it), an access key that is not there',
  },
  NotAuthorizedException: {
    operations: ['CreateAlias', 'DeleteAlias', 'UpdateAlias'],
    reason: 'names of the service: other implementations report it',
  },
  UnsupportedOperationException: {
    operations: ['Decrypt', 'DeriveSharedSecret', 'GenerateDataKey'],
    reason: 'a Recipient where no attestation document can be trusted',
  },
}

const quotaOfAnother = 'what has a quota is made by other operations'
const noClusters = 'there are no CloudHSM clusters'
const notLookedUp = 'VPC endpoint services are not looked up'

/** What no operation answers though its model names it, and why. */
export const unanswered: Exceptions<'any'> = {
  CloudHsmClusterInUseException: { operations: 'any', reason: noClusters },
  CloudHsmClusterInvalidConfigurationException: { operations: 'any', reason: noClusters },
  CloudHsmClusterNotActiveException: { operations: 'any', reason: noClusters },
  CloudHsmClusterNotFoundException: { operations: ['UpdateCustomKeyStore'], reason: noClusters },
  CloudHsmClusterNotRelatedException: { operations: 'any', reason: noClusters },
  ConcurrentModificationException: { operations: 'any', reason: 'who loses a race has another turn' },
  CustomKeyStoreInvalidStateException: {
    operations: ['GenerateRandom'],
    reason: 'external key stores make no random bytes, connected or not',
  },
  DependencyTimeoutException: {
    operations: 'any',
    reason: 'the only dependencies are proxies, with errors of their own',
  },
  EntityTemporarilyUnmodifiableException: {
    operations: 'any',
    reason: 'what was changed can be changed again at once',
  },
  IncorrectTrustAnchorException: { operations: 'any', reason: noClusters },
  InvalidAliasNameException: { operations: 'any', reason: 'the service too answers ValidationException' },
  InvalidInputException: {
    operations: [
      'AddClientIDToOpenIDConnectProvider',
      'DeleteOpenIDConnectProvider',
      'GetOpenIDConnectProvider',
      'ListOpenIDConnectProviderTags',
      'RemoveClientIDFromOpenIDConnectProvider',
      'UntagOpenIDConnectProvider',
    ],
    reason: 'what has no provider has none, whatever it looks like',
  },
  InvalidKeyUsageException: { operations: ['GetPublicKey'], reason: 'keys of every usage show their public half' },
  KMSInvalidStateException: {
    operations: [
      'DeleteAlias',
      'DeleteImportedKeyMaterial',
      'GetKeyPolicy',
      'GetKeyRotationStatus',
      'ListGrants',
      'ListKeyPolicies',
      'ListKeyRotations',
      'PutKeyPolicy',
      'RetireGrant',
      'RevokeGrant',
    ],
    reason: 'they work in every state',
  },
  LimitExceededException: {
    operations: [
      'CreateGroup',
      'DeleteAccessKey',
      'DeleteGroup',
      'DeleteGroupPolicy',
      'DeletePolicy',
      'DeletePolicyVersion',
      'DeleteRole',
      'DeleteRolePolicy',
      'DeleteUser',
      'DeleteUserPolicy',
      'DetachGroupPolicy',
      'DetachRolePolicy',
      'DetachUserPolicy',
      'EnableKey',
      'RemoveUserFromGroup',
      'SetDefaultPolicyVersion',
      'TagResource',
      'UpdateAccessKey',
      'UpdateGroup',
      'UpdateUser',
    ],
    reason: `${quotaOfAnother}; too many tags of a key are a TagException, and keys can be enabled without limit`,
  },
  NoSuchEntityException: {
    operations: ['CreateGroup', 'DeleteOpenIDConnectProvider'],
    reason: 'it looks for nothing by name, or is content if there is nothing',
  },
  NotFoundException: { operations: ['ListRetirableGrants'], reason: 'it looks for nothing by name' },
  OpenIdIdpCommunicationErrorException: { operations: 'any', reason: 'issuers are called once there is a token' },
  PolicyNotAttachableException: { operations: 'any', reason: 'all policies can be attached' },
  RegionDisabledException: { operations: 'any', reason: 'Regions are configured for all accounts' },
  ServiceFailureException: { operations: 'any', reason: 'what IAM calls an internal error, which any operation has' },
  TagException: { operations: ['UntagResource'], reason: 'a tag that is not there is removed already' },
  UnmodifiableEntityException: { operations: 'any', reason: 'there are no roles of services' },
  XksProxyVpcEndpointServiceInvalidConfigurationException: { operations: 'any', reason: notLookedUp },
  XksProxyVpcEndpointServiceNotFoundException: { operations: 'any', reason: notLookedUp },
}

/** What the operation answers beside the common errors, in alphabetical order. */
export function errorsOf(service: Service, operation: string): string[] {
  if (service === 'keyreeve') return [...(ownErrors[operation] ?? [])].sort()
  const applies = (exceptions: Exceptions<'any'>, code: string): boolean => {
    const named = Object.hasOwn(exceptions, code) ? exceptions[code]?.operations : undefined
    return named === 'any' || named?.includes(operation) === true
  }
  const modelled = modelledErrors(service, operation).filter(code => !applies(unanswered, code))
  const beyond = Object.keys(beyondTheModel).filter(code => applies(beyondTheModel, code))
  return [...modelled, ...beyond].filter(code => !commonErrors.includes(code)).sort()
}

const services = new Map(operations.map(({ name, service }) => [name, service]))

/** Whether an operation may answer that (or `OK`). */
export function isExpected(operation: string, code: string): boolean {
  const service = services.get(operation)
  if (!service) return false
  const isForm = service === 'iam' || service === 'sts'
  // Inside the server it is told apart from an expired session token.
  const name = code === 'ExpiredWebIdentityTokenException' ? 'ExpiredTokenException' : code
  return ['OK', ...commonErrors, ...(isForm ? commonQueryErrors : []), ...errorsOf(service, operation)].includes(name)
}
