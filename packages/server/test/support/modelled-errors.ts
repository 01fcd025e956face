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
