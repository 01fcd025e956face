import { roleArn } from '../../auth/identities.ts'
import { noKeys, operation } from '../../operation.ts'
import { list, optional, structure } from '../../protocol/shape.ts'
import { shown } from '../shown.ts'
import { marker, maxItems, pageMembers, pathPrefix } from './entities.ts'
import { pageOfEntities } from './pages.ts'
import { describeListedRole, roleMember } from './roles.ts'

/** The roles of the account, or those whose path begins so, ordered by name. */
export const listRoles = operation({
  name: 'ListRoles',
  service: 'iam',
  input: structure({ PathPrefix: optional(pathPrefix), Marker: marker, MaxItems: maxItems }),
  output: structure({ Roles: list(roleMember), ...pageMembers }),
  needs: {
    action: 'iam:ListRoles',
    // What the service's own refusals name: `arn:aws:iam::<account>:role/`.
    resource: ({ PathPrefix = '/' }, { caller }) => ({
      arn: roleArn({ account: caller.account, path: PathPrefix, name: '' }),
    }),
    keys: noKeys,
  },
  audit: { readOnly: true, parameters: input => shown(input, 'PathPrefix', 'Marker', 'MaxItems') },
  async handle(context, input) {
    const { items, more } = await pageOfEntities(context, 'role', input)
    return { output: { Roles: items.map(describeListedRole), ...more } }
  },
})
