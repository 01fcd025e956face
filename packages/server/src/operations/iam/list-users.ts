import { userArn } from '../../auth/identities.ts'
import { noKeys, operation } from '../../operation.ts'
import { list, optional, structure } from '../../protocol/shape.ts'
import { shown } from '../shown.ts'
import { marker, maxItems, pageMembers, pathPrefix } from './entities.ts'
import { pageOfEntities } from './pages.ts'
import { describeListed, userMember } from './users.ts'

/** The users of the account, or those whose path begins so, ordered by name. */
export const listUsers = operation({
  name: 'ListUsers',
  service: 'iam',
  input: structure({ PathPrefix: optional(pathPrefix), Marker: marker, MaxItems: maxItems }),
  output: structure({ Users: list(userMember), ...pageMembers }),
  needs: {
    action: 'iam:ListUsers',
    // What the service's own refusals name: `arn:aws:iam::<account>:user/`.
    resource: ({ PathPrefix = '/' }, { caller }) => ({
      arn: userArn({ account: caller.account, path: PathPrefix, name: '' }),
    }),
    keys: noKeys,
  },
  audit: { readOnly: true, parameters: input => shown(input, 'PathPrefix', 'Marker', 'MaxItems') },
  async handle(context, input) {
    const { items, more } = await pageOfEntities(context, 'user', input)
    return { output: { Users: items.map(describeListed), ...more } }
  },
})
