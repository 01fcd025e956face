import { anyState } from '../keys/states.ts'
import { operation } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { kmsError } from '../protocol/errors.ts'
import { boolean, optional, structure } from '../protocol/shape.ts'
import { keyRow } from '../store/documents.ts'
import { keyId, policy, policyName } from './members.ts'
import { shown } from './shown.ts'
import { withPolicy } from './policy-rules.ts'

/** Replaces the key policy. */
export const putKeyPolicy = operation({
  name: 'PutKeyPolicy',
  input: structure({
    KeyId: keyId,
    PolicyName: policyName,
    Policy: policy,
    BypassPolicyLockoutSafetyCheck: optional(boolean()),
  }),
  output: null,
  needs: {
    action: 'kms:PutKeyPolicy',
    conditions: input => ({ 'kms:BypassPolicyLockoutSafetyCheck': input.BypassPolicyLockoutSafetyCheck }),
    keys: { key: { identifier: input => input.KeyId, aliases: false, states: anyState } },
  },
  audit: {
    readOnly: false,
    parameters: input => shown(input, 'KeyId', 'PolicyName', 'Policy', 'BypassPolicyLockoutSafetyCheck'),
  },
  async handle({ keys, authority, view }, { Policy, PolicyName = 'default', BypassPolicyLockoutSafetyCheck }) {
    if (PolicyName !== 'default') {
      throw kmsError('UnsupportedOperationException', 'The only policy that a key can have is named default.')
    }
    const key = await withPolicy(keys.key, Policy, { authority, view }, BypassPolicyLockoutSafetyCheck)
    return {
      output: undefined,
      changes: [{ put: 'key', id: keyRow(key.account, key.region, key.id), document: key }],
      recorded: { keyId: keyArn(key) },
    }
  },
})
