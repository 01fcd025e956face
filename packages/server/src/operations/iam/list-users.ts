import { identityArn } from '../../auth/identities.ts'
import { noKeys, operation } from '../../operation.ts'
import { list, optional, structure, type Shape } from '../../protocol/shape.ts'
import type { Documents } from '../../store/documents.ts'
import { shown } from '../shown.ts'
import { marker, maxItems, pageMembers, pathPrefix } from './entities.ts'
import { describeGroup, groupMember } from './groups.ts'
import { groupSpec, roleSpec, userSpec, type HolderSpec } from './holders.ts'
import { pageOfEntities } from './pages.ts'
import type { HolderKind } from './policy-uses.ts'
import { describeListedRole, roleMember } from './roles.ts'
import { describeListedUser, userMember } from './users.ts'

/** Those of the account, or whose path begins so, ordered by name. */
const listOf = <K extends HolderKind>(
  { kind, noun }: HolderSpec<K>,
  member: Shape<unknown>,
  describe: (entity: Documents[K]) => object,
) =>
  operation({
    name: `List${noun}s`,
    service: 'iam',
    input: structure({ PathPrefix: optional(pathPrefix), Marker: marker, MaxItems: maxItems }),
    output: structure({ [`${noun}s`]: list(member), ...pageMembers }),
    needs: {
      action: `iam:List${noun}s`,
      // What the service's own refusals name: `arn:aws:iam::<account>:user/`.
      resource: ({ PathPrefix = '/' }, { caller: { account } }) => ({
        arn: identityArn(kind, { account, path: PathPrefix, name: '' }),
      }),
      keys: noKeys,
    },
    audit: { readOnly: true, parameters: input => shown(input, 'PathPrefix', 'Marker', 'MaxItems') },
    async handle(context, input) {
      const { items, more } = await pageOfEntities(context, kind, input)
      return { output: { [`${noun}s`]: items.map(describe), ...more } }
    },
  })

export const listUsers = listOf(userSpec, userMember, describeListedUser)
export const listRoles = listOf(roleSpec, roleMember, describeListedRole)
export const listGroups = listOf(groupSpec, groupMember, describeGroup)
