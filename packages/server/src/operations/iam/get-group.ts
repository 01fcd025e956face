import { noKeys, operation } from '../../operation.ts'
import { list, structure } from '../../protocol/shape.ts'
import { identityRow } from '../../store/documents.ts'
import { shown } from '../shown.ts'
import { groupName, marker, maxItems, pageMembers, requireEntity } from './entities.ts'
import { describeGroup, groupMember, onGroup } from './groups.ts'
import { pageOfNames } from './pages.ts'
import { describeListedUser, userMember } from './users.ts'

/** A group and its members, ordered by name. */
export const getGroup = operation({
  name: 'GetGroup',
  service: 'iam',
  input: structure({ GroupName: groupName, Marker: marker, MaxItems: maxItems }),
  output: structure({ Group: groupMember, Users: list(userMember), ...pageMembers }),
  needs: { action: 'iam:GetGroup', resource: onGroup, keys: noKeys },
  audit: { readOnly: true, parameters: input => shown(input, 'GroupName', 'Marker', 'MaxItems') },
  async handle(context, input) {
    const { view, caller } = context
    const group = await requireEntity(view, 'group', caller.account, input.GroupName)
    const { items, more } = pageOfNames(context, group.id, group.members, input)
    const users = await Promise.all(items.map(name => view.get('user', identityRow(group.account, name))))
    return {
      output: {
        Group: describeGroup(group),
        Users: users.flatMap(user => (user ? [describeListedUser(user)] : [])),
        ...more,
      },
    }
  },
})
