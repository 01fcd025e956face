import { administratorAccess } from '../auth/managed-policies.ts'
import { list, optional, string, structure, timestamp } from '../protocol/shape.ts'
import { accessKeysOf, createAccessKey, handOut, newKeyFlags, newKeyHelp, requireRoom } from './access-key.ts'
import { callingVerb } from './calling-verb.ts'
import { query } from './client.ts'
import { attachPolicy, listAll, nothing, policyArns, rightsOf, sayList, stripRights } from './iam-calls.ts'
import { facts, remark, say, type Verb } from './verb.ts'

const userMembers = { UserName: string(), Arn: string(), CreateDate: timestamp() }
const made = structure({ User: structure(userMembers) })
const groupName = structure({ GroupName: string() })

export const userCreate: Verb = callingVerb({
  name: 'user create',
  words: ['name'],
  about: `Makes a user, and gives it policies, groups and an access key. ${newKeyHelp}`,
  flags: {
    administrator: { help: 'Attach AdministratorAccess, which allows everything in the account' },
    policy: { value: 'ARN or name', many: true, help: 'Attach this managed policy; may be there several times' },
    group: { value: 'name', many: true, help: 'Add it to this group; may be there several times' },
    path: { value: 'path', help: 'Such as /ci/ (default: /)' },
    'access-key': { help: 'Make an access key and print it' },
    ...newKeyFlags,
    json: { help: 'Print what was made as JSON' },
  },
  async run({ client, words: { name: UserName }, given }) {
    const wantsKey = given['access-key'] || given.write !== undefined
    requireRoom(given)
    const wanted = [...(given.administrator ? [administratorAccess] : []), ...given.policy]
    const policies = await policyArns(client, wanted)
    // Step by step, so that it is known what there is if one fails; stdout may be for something else.
    const isApart = given.json || (wantsKey && given.write === undefined)
    const tell = (text: string): void => (isApart ? remark('note', text) : say(text))
    const { User } = await query(client, 'iam', 'CreateUser', { UserName, Path: given.path }, made)
    tell(`Made ${User.Arn}`)
    for (const arn of policies) {
      await attachPolicy(client, 'User', UserName, arn)
      tell(`Attached ${arn}`)
    }
    for (const GroupName of given.group) {
      await query(client, 'iam', 'AddUserToGroup', { GroupName, UserName }, nothing)
      tell(`Added to the group ${GroupName}`)
    }
    if (wantsKey) {
      const describe = (AccessKey: object) => ({ User, AccessKey })
      await handOut(given, () => createAccessKey(client, UserName), given.json ? describe : undefined)
    } else if (given.json) say(JSON.stringify({ User }, null, 2))
  },
})

export const userList: Verb = callingVerb({
  name: 'user list',
  about: 'Lists the users of the account.',
  flags: { json: { help: 'Print them as JSON' } },
  async run({ client, given }) {
    sayList(await listAll(client, 'ListUsers', {}, 'Users', structure(userMembers)), {
      ...given,
      heads: ['NAME', 'ARN', 'MADE'],
      row: ({ UserName, Arn, CreateDate }) => [UserName, Arn, CreateDate.toISOString()],
      none: 'There are no users.',
    })
  },
})

const shown = structure({
  User: structure({
    ...userMembers,
    PermissionsBoundary: optional(structure({ PermissionsBoundaryArn: string() })),
    Tags: optional(list(structure({ Key: string(), Value: string() }))),
  }),
})

export const userShow: Verb = callingVerb({
  name: 'user show',
  words: ['name'],
  about: 'Shows a user: its policies, groups and access keys.',
  flags: { json: { help: 'Print it as JSON' } },
  async run({ client, words: { name: UserName }, given }) {
    const { User } = await query(client, 'iam', 'GetUser', { UserName }, shown)
    const rights = await rightsOf(client, 'User', UserName)
    const groups = await listAll(client, 'ListGroupsForUser', { UserName }, 'Groups', groupName)
    const Groups = groups.map(({ GroupName }) => GroupName)
    const AccessKeys = await accessKeysOf(client, UserName)
    if (given.json) return say(JSON.stringify({ User, ...rights, Groups, AccessKeys }, null, 2))
    say(
      facts([
        ['User', [User.UserName]],
        ['ARN', [User.Arn]],
        ['Made', [User.CreateDate.toISOString()]],
        ['Tags', (User.Tags ?? []).map(({ Key, Value }) => `${Key}=${Value}`)],
        ['Boundary', User.PermissionsBoundary ? [User.PermissionsBoundary.PermissionsBoundaryArn] : []],
        ['Policies', rights.AttachedPolicies.map(({ PolicyArn }) => PolicyArn)],
        ['Inline policies', rights.InlinePolicies],
        ['Groups', Groups],
        [
          'Access keys',
          AccessKeys.map(
            ({ AccessKeyId, Status, LastUsedDate }) =>
              `${AccessKeyId} ${Status}, ${LastUsedDate ? `last used ${LastUsedDate.toISOString()}` : 'never used'}`,
          ),
        ],
      ]),
    )
  },
})

export const userDelete: Verb = callingVerb({
  name: 'user delete',
  words: ['name'],
  about: 'Deletes a user. Without --force, only one that has neither policies nor groups nor access keys.',
  flags: { force: { help: 'First take all of that from it' } },
  async run({ client, words: { name: UserName }, given }) {
    if (given.force) {
      // First, since with them it could undo the rest.
      for (const { AccessKeyId } of await accessKeysOf(client, UserName)) {
        await query(client, 'iam', 'DeleteAccessKey', { UserName, AccessKeyId }, nothing)
        say(`Deleted the access key ${AccessKeyId}`)
      }
      await stripRights(client, 'User', UserName)
      for (const { GroupName } of await listAll(client, 'ListGroupsForUser', { UserName }, 'Groups', groupName)) {
        await query(client, 'iam', 'RemoveUserFromGroup', { GroupName, UserName }, nothing)
        say(`Removed from the group ${GroupName}`)
      }
    }
    await query(client, 'iam', 'DeleteUser', { UserName }, nothing)
    say(`Deleted the user ${UserName}`)
  },
})
