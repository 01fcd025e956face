import type { Caller } from '../auth/caller.ts'
import { parseKeyPolicy, wouldLockOut } from '../auth/policy.ts'
import type { Key } from '../keys/key.ts'
import { keyArn } from '../protocol/arn.ts'
import { kmsError } from '../protocol/errors.ts'

/** Key policies: one per key, named `default`. Validated and stored as text; enforcement is the authorizer's. */

/** @throws MalformedPolicyDocumentException, InvalidArnException, LimitExceededException */
export function requireAcceptablePolicy(key: Key, caller: Caller, bypass: boolean | undefined): void {
  const parsed = parseKeyPolicy(key.policy)
  if (bypass !== true && wouldLockOut(parsed, caller, keyArn(key))) {
    throw kmsError(
      'MalformedPolicyDocumentException',
      'The new key policy will not allow you to update the key policy in the future.',
    )
  }
}
