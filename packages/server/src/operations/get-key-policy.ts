import { anyState } from '../keys/states.ts'
import { operation } from '../operation.ts'
import { kmsError } from '../protocol/errors.ts'
import { string, structure } from '../protocol/shape.ts'
import { shownPolicy } from './bound-principals.ts'
import { keyId, policyName } from './members.ts'
import { shown } from './shown.ts'

/** The text of the key policy, as it was put, but for principals that are gone since. */
export const getKeyPolicy = operation({
  name: 'GetKeyPolicy',
  input: structure({ KeyId: keyId, PolicyName: policyName }),
  output: structure({ Policy: string(), PolicyName: string() }),
  needs: {
    action: 'kms:GetKeyPolicy',
    keys: { key: { identifier: input => input.KeyId, aliases: false, states: anyState } },
  },
  audit: { readOnly: true, parameters: input => shown(input, 'KeyId', 'PolicyName') },
  async handle({ keys: { key }, view }, { PolicyName = 'default' }) {
    if (PolicyName !== 'default') throw kmsError('NotFoundException', 'No such policy exists')
    return { output: { Policy: await shownPolicy(view, key.policy, key.principals), PolicyName } }
  },
})
