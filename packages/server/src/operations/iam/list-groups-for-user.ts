import { noKeys, operation } from '../../operation.ts'
import { list, structure } from '../../protocol/shape.ts'
import { identityRow } from '../../store/documents.ts'
import { shown } from '../shown.ts'
import { existingUserName, marker, maxItems, pageMembers, requireEntity } from './entities.ts'
import { describeGroup, groupMember } from './groups.ts'
import { pageOfNames } from './pages.ts'
import { onUser } from './users.ts'

/** The groups that a user is in. */
export const listGroupsForUser = operation({
  name: 'ListGroupsForUser',
  service: 'iam',
  input: structure({ UserName: existingUserName, Marker: marker, MaxItems: maxItems }),
  output: structure({ Groups: list(groupMember), ...pageMembers }),
  needs: { action: 'iam:ListGroupsForUser', resource: onUser, keys: noKeys },
  audit: { readOnly: true, parameters: input => shown(input, 'UserName', 'Marker', 'MaxItems') },
  async handle(context, input) {
    const { view, caller } = context
    const user = await requireEntity(view, 'user', caller.account, input.UserName)
    const { items, more } = pageOfNames(context, user.id, user.groups, input)
    const groups = await Promise.all(items.map(name => view.get('group', identityRow(user.account, name))))
    return { output: { Groups: groups.flatMap(group => (group ? [describeGroup(group)] : [])), ...more } }
  },
})
