import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const packages = { kms: '@aws-sdk/client-kms', sts: '@aws-sdk/client-sts' }

/** The errors that the service's model names for an operation, as the official client documents them. */
export function modelledErrors(service: 'kms' | 'sts', operation: string): string[] {
  const entry = createRequire(import.meta.url).resolve(packages[service])
  const source = readFileSync(join(entry, `../../dist-types/commands/${operation}Command.d.ts`), 'utf8')
  const named = Array.from(source.matchAll(/@throws \{@link (\w+)\}/g), ([, name = '']) => name)
  return named.filter(name => !name.endsWith('ServiceException')).sort()
}

/** Errors that any operation may answer, though no model names them (AWS's "Common Errors"; errors.ts has them all). */
export const commonErrors = [
  'AccessDeniedException',
  'NotAuthorizedException',
  'SerializationException',
  'ThrottlingException',
  'ValidationException',
]

/** What operations answer that their model does not name, and why. */
export const beyondTheModel: Readonly<Record<string, { operations: readonly string[] | 'any'; reason: string }>> = {
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
    reason: 'it takes grant tokens as the others do, of which the model names this',
  },
  InvalidMarkerException: {
    operations: ['ListKeyPolicies'],
    reason: 'it takes markers as the other lists do, of which the model names this',
  },
  KeyUnavailableException: {
    operations: 'any',
    reason:
      'a row is not what this server stored: the model has it for cryptographic operations, all others read rows too',
  },
  UnsupportedOperationException: {
    operations: ['Decrypt', 'DeriveSharedSecret', 'GenerateDataKey'],
    reason: 'a Recipient where no attestation document can be trusted',
  },
}

/** Whether the service might answer that (or `OK`): the model names it, all operations have it, or there is a reason. */
export function isExpected(operation: string, code: string): boolean {
  const exception = Object.hasOwn(beyondTheModel, code) ? beyondTheModel[code] : undefined
  return (
    code === 'OK' ||
    commonErrors.includes(code) ||
    exception?.operations === 'any' ||
    exception?.operations.includes(operation) === true ||
    modelledErrors(operation === 'GetCallerIdentity' ? 'sts' : 'kms', operation).includes(code)
  )
}
