import { compileParsed } from '../auth/compile.ts'
import { parseKeyPolicy } from '../auth/policy.ts'
import type { Key } from '../keys/key.ts'
import type { Context } from '../operation.ts'
import { kmsError } from '../protocol/errors.ts'

/** Key policies: one per key, named `default`, stored as the text that was sent. */

/**
 * Unless that is waived, whoever sets a policy must be allowed to replace it afterwards.
 *
 * @throws MalformedPolicyDocumentException, InvalidArnException, LimitExceededException
 */
export async function requireAcceptablePolicy(
  key: Key,
  { authority }: Pick<Context, 'authority'>,
  bypass: boolean | undefined,
): Promise<void> {
  const resourcePolicy = compileParsed('key', parseKeyPolicy(key.policy), 'the new key policy')
  if (bypass === true) return
  const { allowed } = await authority.decide({ action: 'kms:PutKeyPolicy', key, region: key.region, resourcePolicy })
  if (allowed) return
  throw kmsError(
    'MalformedPolicyDocumentException',
    'The new key policy will not allow you to update the key policy in the future.',
  )
}
