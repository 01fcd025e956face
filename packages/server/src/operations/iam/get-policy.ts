import { noKeys, operation } from '../../operation.ts'
import { structure } from '../../protocol/shape.ts'
import { shown } from '../shown.ts'
import { arn } from './entities.ts'
import { describePolicy, policyMember, readsPolicy, requirePolicy, requirePolicyArn } from './managed-policies.ts'

/** All there is to know of a managed policy, but for what it says: GetPolicyVersion tells that. */
export const getPolicy = operation({
  name: 'GetPolicy',
  service: 'iam',
  input: structure({ PolicyArn: arn }),
  output: structure({ Policy: policyMember }),
  needs: { action: 'iam:GetPolicy', resource: readsPolicy, precheck: requirePolicyArn, keys: noKeys },
  audit: { readOnly: true, parameters: input => shown(input, 'PolicyArn') },
  async handle(context, { PolicyArn }) {
    return { output: { Policy: describePolicy(await requirePolicy(context, PolicyArn, true)) } }
  },
})
