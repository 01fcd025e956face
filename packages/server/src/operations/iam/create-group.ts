import { groupArn, uniqueId, type Group } from '../../auth/identities.ts'
import { noKeys, operation } from '../../operation.ts'
import { optional, structure } from '../../protocol/shape.ts'
import { shown } from '../shown.ts'
import { groupName, path, put, requireFreeName } from './entities.ts'
import { describeGroup, groupMember } from './groups.ts'

/** A group, which has neither members nor rights yet. */
export const createGroup = operation({
  name: 'CreateGroup',
  service: 'iam',
  input: structure({ Path: optional(path), GroupName: groupName }),
  output: structure({ Group: groupMember }),
  needs: {
    action: 'iam:CreateGroup',
    resource: ({ GroupName, Path = '/' }, { caller }) => ({
      arn: groupArn({ account: caller.account, path: Path, name: GroupName }),
    }),
    keys: noKeys,
  },
  audit: { readOnly: false, parameters: input => shown(input, 'Path', 'GroupName') },
  async handle({ view, caller: { account }, now }, { GroupName, Path = '/' }) {
    await requireFreeName(view, 'group', account, GroupName)
    const group: Group = {
      account,
      name: GroupName,
      path: Path,
      id: uniqueId('AGPA'),
      createdAt: now,
      inline: [],
      attached: [],
      members: [],
    }
    const output = { Group: describeGroup(group) }
    return { output, changes: [put('group', group)], recorded: shown(output, 'Group') }
  },
})
