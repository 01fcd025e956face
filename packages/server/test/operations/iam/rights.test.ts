import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { IAM } from '@aws-sdk/client-iam'
import { outcomeOf, refused } from '../../support/answers.ts'
import { allow, document, groupWith, managedPolicy, ownAccount, userWith } from '../../support/identities.ts'
import { start } from '../../support/server.ts'

/** Who may what with users, access keys and groups. */

const server = await start()
after(() => server.stop())
const iam = server.iam()

const account = `arn:aws:iam::${ownAccount}`
await iam.createUser({ UserName: 'other', Path: '/team/' })
const { AccessKey } = await iam.createAccessKey({ UserName: 'other' })
const AccessKeyId = AccessKey!.AccessKeyId!
await iam.createGroup({ GroupName: 'crew', Path: '/team/' })
await iam.addUserToGroup({ GroupName: 'crew', UserName: 'other' })

const user = `${account}:user/team/other`
const group = `${account}:group/team/crew`
const other = { UserName: 'other' }
const crew = { GroupName: 'crew' }
const key = { ...other, AccessKeyId }

/** Each operation, and on what it must be allowed. */
const calls: readonly [action: string, resource: string, call: (client: IAM) => Promise<unknown>][] = [
  ['AddUserToGroup', group, client => client.addUserToGroup({ ...crew, ...other })],
  ['CreateAccessKey', user, client => client.createAccessKey(other)],
  ['CreateGroup', `${account}:group/p/g`, client => client.createGroup({ GroupName: 'g', Path: '/p/' })],
  ['CreateUser', `${account}:user/p/u`, client => client.createUser({ UserName: 'u', Path: '/p/' })],
  ['DeleteAccessKey', user, client => client.deleteAccessKey(key)],
  ['DeleteGroup', group, client => client.deleteGroup(crew)],
  ['DeleteUser', user, client => client.deleteUser(other)],
  ['GetAccessKeyLastUsed', user, client => client.getAccessKeyLastUsed({ AccessKeyId })],
  ['GetGroup', group, client => client.getGroup(crew)],
  ['GetUser', user, client => client.getUser(other)],
  ['ListAccessKeys', user, client => client.listAccessKeys(other)],
  ['ListGroups', `${account}:group/`, client => client.listGroups()],
  ['ListGroups', `${account}:group/team/`, client => client.listGroups({ PathPrefix: '/team/' })],
  ['ListGroupsForUser', user, client => client.listGroupsForUser(other)],
  ['ListUsers', `${account}:user/`, client => client.listUsers()],
  ['ListUsers', `${account}:user/team/`, client => client.listUsers({ PathPrefix: '/team/' })],
  ['ListUserTags', user, client => client.listUserTags(other)],
  ['RemoveUserFromGroup', group, client => client.removeUserFromGroup({ ...crew, ...other })],
  ['TagUser', user, client => client.tagUser({ ...other, Tags: [{ Key: 'a', Value: 'b' }] })],
  ['UntagUser', user, client => client.untagUser({ ...other, TagKeys: ['a'] })],
  ['UpdateAccessKey', user, client => client.updateAccessKey({ ...key, Status: 'Inactive' })],
  ['UpdateGroup', group, client => client.updateGroup({ ...crew, NewGroupName: 'mine' })],
  ['UpdateUser', user, client => client.updateUser({ ...other, NewUserName: 'mine' })],
]

const denial = (arn: string, action: string, resource: string): string =>
  `User: ${arn} is not authorized to perform: iam:${action} on resource: ${resource} because no identity-based policy allows the iam:${action} action`

const missing = (arn: string, action: string, name: string): string => denial(arn, action, `${account}:user/${name}`)

test('a user without rights in IAM is refused everything, and learns no path', async () => {
  const nobody = await userWith(server, 'nobody', allow('kms:*'))
  const client = server.iam({ credentials: nobody })
  for (const [action, resource, call] of calls) {
    await refused(call(client), 'AccessDenied', denial(nobody.arn, action, resource), 403)
  }
  // Not even itself, and not whether somebody is there.
  await refused(client.getUser(), 'AccessDenied', denial(nobody.arn, 'GetUser', nobody.arn), 403)
  for (const UserName of ['none', 'OTHER']) {
    await refused(client.getUser({ UserName }), 'AccessDenied', missing(nobody.arn, 'GetUser', UserName), 403)
  }
  const { AccessKeyMetadata } = await iam.listAccessKeys(other)
  assert.deepEqual(
    AccessKeyMetadata!.map(({ Status }) => Status),
    ['Active'],
  )
})

for (const [action, resource, call] of calls) {
  test(`iam:${action} on anything but ${resource} does not help, nor does anything but iam:${action} on it`, async () => {
    const elsewhere = await userWith(
      server,
      'elsewhere',
      document(
        { Effect: 'Allow', Action: `iam:${action}`, NotResource: resource },
        { Effect: 'Allow', NotAction: `iam:${action}`, Resource: '*' },
      ),
    )
    const client = server.iam({ credentials: elsewhere })
    await refused(call(client), 'AccessDenied', denial(elsewhere.arn, action, resource), 403)
  })
}

test('whoever may everything with what has one path may nothing with the rest', async () => {
  const Resource = [`${account}:user/own/*`, `${account}:group/own/*`]
  const lead = await userWith(server, 'lead', allow('iam:*', { Resource }))
  const client = server.iam({ credentials: lead })
  for (const [action, resource, call] of calls) {
    await refused(call(client), 'AccessDenied', denial(lead.arn, action, resource), 403)
  }
  const UserName = 'mine'
  const made = `${account}:user/${UserName}`
  await refused(client.createUser({ UserName }), 'AccessDenied', denial(lead.arn, 'CreateUser', made), 403)
  await client.createUser({ UserName, Path: '/own/', Tags: [{ Key: 'a', Value: 'b' }] })
  await client.createGroup({ GroupName: 'ours', Path: '/own/' })
  await client.addUserToGroup({ GroupName: 'ours', UserName })
  await client.createAccessKey({ UserName })
  assert.equal((await client.listUsers({ PathPrefix: '/own/' })).Users!.length, 1)
  await refused(
    client.updateUser({ UserName, NewPath: '/' }),
    'AccessDenied',
    denial(lead.arn, 'UpdateUser', made),
    403,
  )
  await refused(
    client.updateGroup({ GroupName: 'ours', NewPath: '/team/' }),
    'AccessDenied',
    denial(lead.arn, 'UpdateGroup', `${account}:group/team/ours`),
    403,
  )
})

test('tags on a new user need the right to tag, and say which', async () => {
  const Condition = {
    StringEquals: { 'aws:RequestTag/team': 'a' },
    'ForAllValues:StringEquals': { 'aws:TagKeys': 'team' },
  }
  const maker = await userWith(server, 'maker', allow('iam:CreateUser'), allow('iam:TagUser', { Condition }))
  const client = server.iam({ credentials: maker })
  const make = (UserName: string, ...tags: [Key: string, Value: string][]) =>
    client.createUser({ UserName, Tags: tags.map(([Key, Value]) => ({ Key, Value })) })
  for (const tags of [
    [['team', 'b']],
    [
      ['team', 'a'],
      ['more', 'x'],
    ],
    [['other', 'a']],
  ] as [string, string][][]) {
    await refused(make('made', ...tags), 'AccessDenied', denial(maker.arn, 'TagUser', `${account}:user/made`), 403)
  }
  await make('made', ['team', 'a'])
  await make('bare')
  const tag = (Value: string) => client.tagUser({ UserName: 'bare', Tags: [{ Key: 'team', Value }] })
  assert.equal(await outcomeOf(tag('b')), 'AccessDenied')
  assert.equal(await outcomeOf(tag('a')), 'OK')
})

test('a user can be made with the boundary that a policy demands, and with no other', async () => {
  const ceiling = await managedPolicy(server, 'ceiling', allow('kms:*'))
  const Condition = { StringEquals: { 'iam:PermissionsBoundary': ceiling } }
  const maker = await userWith(server, 'bounded-maker', allow('iam:CreateUser', { Condition }))
  const client = server.iam({ credentials: maker })
  const UserName = 'bounded'
  const text = denial(maker.arn, 'CreateUser', `${account}:user/bounded`)
  await refused(client.createUser({ UserName }), 'AccessDenied', text, 403)
  const PermissionsBoundary = 'arn:aws:iam::aws:policy/AdministratorAccess'
  await refused(client.createUser({ UserName, PermissionsBoundary }), 'AccessDenied', text, 403)
  await client.createUser({ UserName, PermissionsBoundary: ceiling })
})

for (const name of ['aws', 'iam']) {
  test(`tags of a user decide who may change it (${name}:ResourceTag)`, async () => {
    const Condition = { StringEquals: { [`${name}:ResourceTag/Owner`]: '${aws:username}' } }
    const owner = await userWith(server, 'owner', allow('iam:*', { Condition }))
    const client = server.iam({ credentials: owner })
    await iam.createUser({ UserName: 'owned', Tags: [{ Key: 'owner', Value: 'owner' }] })
    await client.getUser({ UserName: 'owned' })
    await client.updateUser({ UserName: 'owned', NewUserName: 'held' })
    assert.equal(await outcomeOf(client.getUser(other)), 'AccessDenied')
    assert.equal(await outcomeOf(client.getUser({ UserName: 'owned' })), 'AccessDenied')
    await client.deleteUser({ UserName: 'held' })
  })
}

test('a right that is taken away is gone with the next answer', async () => {
  await groupWith(server, 'readers', allow('iam:ListUsers'))
  const reader = server.iam({ credentials: await userWith(server, 'reader') })
  const names = { GroupName: 'readers', UserName: 'reader' }
  for (let round = 0; round < 5; round++) {
    await iam.addUserToGroup(names)
    assert.equal(await outcomeOf(reader.listUsers()), 'OK')
    const early = Array.from({ length: 8 }, () => outcomeOf(reader.listUsers()))
    await iam.removeUserFromGroup(names)
    assert.equal(await outcomeOf(reader.listUsers()), 'AccessDenied')
    for (const outcome of await Promise.all(early)) assert.match(outcome, /^(?:OK|AccessDenied)$/)
  }
})

test('other accounts are neither seen nor touched', async () => {
  const stranger = await userWith(server, { name: 'stranger', account: '111111111111' }, allow('*'))
  const client = server.iam({ credentials: stranger })
  assert.deepEqual(
    (await client.listUsers()).Users!.map(({ UserName }) => UserName),
    ['stranger'],
  )
  assert.deepEqual((await client.listGroups()).Groups, [])
  for (const [action, , call] of calls.filter(([, resource]) => resource === user || resource === group)) {
    assert.equal(await outcomeOf(call(client)), 'NoSuchEntityException', action)
  }
  // The same name in another account is another user.
  await client.createUser({ UserName: 'other' })
  await client.deleteUser({ UserName: 'other' })
  await iam.getUser(other)
})
