import { compileParsed } from '../auth/compile.ts'
import { parseKeyPolicy } from '../auth/policy.ts'
import type { Key } from '../keys/key.ts'
import type { Context } from '../operation.ts'
import { kmsError } from '../protocol/errors.ts'
import { bind, namedIn } from './bound-principals.ts'

/** Key policies: one per key, named `default`, stored as the text that was sent. */

/**
 * The key with another policy. Unless that is waived, whoever sets it must be allowed to replace it afterwards.
 *
 * @throws MalformedPolicyDocumentException, InvalidArnException, LimitExceededException
 */
export async function withPolicy(
  key: Key,
  policy: string,
  { authority, view }: Pick<Context, 'authority' | 'view'>,
  bypass: boolean | undefined,
): Promise<Key> {
  const parsed = parseKeyPolicy(policy)
  const principals = await bind(view, namedIn(parsed))
  const { principals: _, ...kept } = key
  const changed: Key = { ...kept, policy, ...(principals.length > 0 && { principals }) }
  if (bypass === true) return changed
  const keyPolicy = compileParsed('key', parsed, 'the new key policy', principals)
  const { allowed } = await authority.decide({
    action: 'kms:PutKeyPolicy',
    key: changed,
    region: key.region,
    keyPolicy,
  })
  if (allowed) return changed
  throw kmsError(
    'MalformedPolicyDocumentException',
    'The new key policy will not allow you to update the key policy in the future.',
  )
}
