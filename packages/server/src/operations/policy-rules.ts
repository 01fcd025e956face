import { compileParsed } from '../auth/compile.ts'
import type { BoundPrincipal } from '../auth/identities.ts'
import { parseKeyPolicy, type ParsedPolicy } from '../auth/policy.ts'
import type { Key } from '../keys/key.ts'
import type { Context } from '../operation.ts'
import { kmsError, type KmsError } from '../protocol/errors.ts'
import { bind, namedIn } from './bound-principals.ts'

/** Key policies: one per key, named `default`, stored as the text that was sent. */

/** A policy that a key may get. */
export interface NewPolicy {
  parsed: ParsedPolicy
  principals: BoundPrincipal[]
  /** The key with it. */
  key: Key
  /** Whether whoever sets it may replace it afterwards. */
  isSafe: () => Promise<boolean>
}

/** @throws MalformedPolicyDocumentException, InvalidArnException, LimitExceededException */
export async function readNewPolicy(
  key: Key,
  policy: string,
  { authority, view }: Pick<Context, 'authority' | 'view'>,
): Promise<NewPolicy> {
  const parsed = parseKeyPolicy(policy)
  const principals = await bind(view, namedIn(parsed))
  const { principals: _, ...kept } = key
  const changed: Key = { ...kept, policy, ...(principals.length > 0 && { principals }) }
  return {
    parsed,
    principals,
    key: changed,
    async isSafe() {
      const keyPolicy = compileParsed('key', parsed, 'the new key policy', principals)
      const question = { action: 'kms:PutKeyPolicy', key: changed, region: key.region, keyPolicy }
      return (await authority.decide(question)).allowed
    },
  }
}

/**
 * The key with another policy. Unless that is waived, whoever sets it must be allowed to replace it afterwards.
 *
 * @throws MalformedPolicyDocumentException, InvalidArnException, LimitExceededException
 */
export async function withPolicy(
  key: Key,
  policy: string,
  context: Pick<Context, 'authority' | 'view'>,
  bypass: boolean | undefined,
): Promise<Key> {
  const read = await readNewPolicy(key, policy, context)
  if (bypass === true || (await read.isSafe())) return read.key
  throw lockedOut()
}

export const lockedOut = (): KmsError =>
  kmsError(
    'MalformedPolicyDocumentException',
    'The new key policy will not allow you to update the key policy in the future.',
  )
