import { noKeys, operation } from '../../operation.ts'
import { list, structure } from '../../protocol/shape.ts'
import { shown } from '../shown.ts'
import { arn, marker, maxItems, pageMembers } from './entities.ts'
import {
  describeListedVersion,
  readsPolicy,
  requirePolicy,
  requirePolicyArn,
  versionMember,
} from './managed-policies.ts'
import { pageOfItems } from './pages.ts'

/** The versions that there are of a policy, newest first. */
export const listPolicyVersions = operation({
  name: 'ListPolicyVersions',
  service: 'iam',
  input: structure({ PolicyArn: arn, Marker: marker, MaxItems: maxItems }),
  output: structure({ Versions: list(versionMember), ...pageMembers }),
  needs: { action: 'iam:ListPolicyVersions', resource: readsPolicy, precheck: requirePolicyArn, keys: noKeys },
  audit: { readOnly: true, parameters: input => shown(input, 'PolicyArn', 'Marker', 'MaxItems') },
  async handle(context, input) {
    const policy = await requirePolicy(context, input.PolicyArn)
    const { items, more } = pageOfItems(context, policy.id, policy.versions, input, newestFirst)
    return { output: { Versions: items.map(version => describeListedVersion(policy, version)), ...more } }
  },
})

/** Of equal length for all, so that texts are ordered as numbers are. */
const newestFirst = ({ id }: { id: string }): string => String(Number.MAX_SAFE_INTEGER - Number(id.slice(1)))
