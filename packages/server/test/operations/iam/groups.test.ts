import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { membersOf, outcomeOf, refusalOf, refused } from '../../support/answers.ts'
import { allow, deny, groupWith, ownAccount, userWith } from '../../support/identities.ts'
import { start } from '../../support/server.ts'

const server = await start()
after(() => server.stop())
server.clock.hold()
const iam = server.iam()

const noGroup = (name: string): string => `The group with name ${name} cannot be found.`
const noUser = (name: string): string => `The user with name ${name} cannot be found.`

async function membersNamed(GroupName: string, MaxItems = 1000): Promise<string[]> {
  const names: string[] = []
  let Marker: string | undefined
  do {
    const page = await iam.getGroup({ GroupName, MaxItems, ...(Marker !== undefined && { Marker }) })
    names.push(...page.Users!.map(({ UserName }) => UserName!))
    Marker = page.Marker
  } while (Marker !== undefined)
  return names
}

const groupsOf = async (UserName: string): Promise<string[]> =>
  (await iam.listGroupsForUser({ UserName })).Groups!.map(({ GroupName }) => GroupName!)

test('a group is made, listed with its path, and found under its name', async () => {
  const { Group } = await iam.createGroup({ GroupName: 'ops', Path: '/it/' })
  const { GroupId, ...rest } = Group!
  assert.match(GroupId!, /^AGPA[A-Z2-7]{16}$/)
  assert.deepEqual(rest, {
    Path: '/it/',
    GroupName: 'ops',
    Arn: `arn:aws:iam::${ownAccount}:group/it/ops`,
    CreateDate: new Date(Math.floor(server.clock.now() / 1000) * 1000),
  })
  assert.deepEqual(await membersOf(iam.getGroup({ GroupName: 'ops' })), { Group, Users: [], IsTruncated: false })
  await iam.createGroup({ GroupName: 'Dev' })
  assert.deepEqual(
    (await iam.listGroups()).Groups!.map(group => group.GroupName),
    ['Dev', 'ops'],
  )
  assert.deepEqual(await membersOf(iam.listGroups({ PathPrefix: '/it' })), { Groups: [Group], IsTruncated: false })
  const first = await iam.listGroups({ MaxItems: 1 })
  const second = await iam.listGroups({ MaxItems: 1, Marker: first.Marker! })
  assert.deepEqual(
    [first.Groups![0]!.GroupName, second.Groups![0]!.GroupName, second.IsTruncated],
    ['Dev', 'ops', false],
  )
})

test('refuses a group that is there, in any case, and one that is not', async () => {
  for (const GroupName of ['ops', 'OPS']) {
    const text = `Group with name ${GroupName} already exists.`
    await refused(iam.createGroup({ GroupName }), 'EntityAlreadyExistsException', text, 409)
  }
  const text = 'Group with name OPS already exists.'
  await refused(iam.updateGroup({ GroupName: 'Dev', NewGroupName: 'OPS' }), 'EntityAlreadyExistsException', text, 409)
  for (const call of [
    () => iam.getGroup({ GroupName: 'dev' }),
    () => iam.updateGroup({ GroupName: 'dev', NewPath: '/x/' }),
    () => iam.deleteGroup({ GroupName: 'dev' }),
    () => iam.addUserToGroup({ GroupName: 'dev', UserName: 'administrator' }),
    () => iam.removeUserFromGroup({ GroupName: 'dev', UserName: 'administrator' }),
  ]) {
    await refused(call(), 'NoSuchEntityException', noGroup('dev'), 404)
  }
  for (const call of [
    () => iam.addUserToGroup({ GroupName: 'Dev', UserName: 'Administrator' }),
    () => iam.removeUserFromGroup({ GroupName: 'Dev', UserName: 'Administrator' }),
    () => iam.listGroupsForUser({ UserName: 'Administrator' }),
  ]) {
    await refused(call(), 'NoSuchEntityException', noUser('Administrator'), 404)
  }
})

test('members come and go; who comes twice or was never there is no error', async () => {
  for (const UserName of ['m2', 'M1', 'm3']) await iam.createUser({ UserName, Path: '/m/' })
  for (const UserName of ['m3', 'M1', 'm2', 'm2']) await iam.addUserToGroup({ GroupName: 'ops', UserName })
  assert.deepEqual(await membersNamed('ops'), ['M1', 'm2', 'm3'])
  assert.deepEqual(await membersNamed('ops', 1), ['M1', 'm2', 'm3'])
  await iam.addUserToGroup({ GroupName: 'Dev', UserName: 'm2' })
  assert.deepEqual(await groupsOf('m2'), ['Dev', 'ops'])
  await iam.removeUserFromGroup({ GroupName: 'ops', UserName: 'm2' })
  await iam.removeUserFromGroup({ GroupName: 'ops', UserName: 'm2' })
  assert.deepEqual([await membersNamed('ops'), await groupsOf('m2')], [['M1', 'm3'], ['Dev']])
})

test('a group with members or policies is not deleted', async () => {
  const conflict = (GroupName: string, what: string) =>
    refused(iam.deleteGroup({ GroupName }), 'DeleteConflictException', `Cannot delete entity, must ${what} first.`, 409)
  await conflict('ops', 'remove users from group')
  await groupWith(server, { name: 'attached', attached: ['arn:aws:iam::aws:policy/AdministratorAccess'] })
  await conflict('attached', 'detach all policies')
  await groupWith(server, 'inline', allow('kms:*'))
  await conflict('inline', 'delete policies')
})

test('a user is in ten groups at most, however many take it in at once', async () => {
  await iam.createUser({ UserName: 'joiner' })
  const names = Array.from({ length: 14 }, (_, i) => `g${String(i).padStart(2, '0')}`)
  for (const GroupName of names) await iam.createGroup({ GroupName })
  const calls = names.map(GroupName => outcomeOf(iam.addUserToGroup({ GroupName, UserName: 'joiner' })))
  const outcomes = await Promise.all(calls)
  assert.equal(outcomes.filter(outcome => outcome === 'OK').length, 10)
  const [joined, left] = [true, false].map(isIn => names.filter((_, i) => (outcomes[i] === 'OK') === isIn))
  assert.deepEqual(await groupsOf('joiner'), joined)
  await refused(
    iam.addUserToGroup({ GroupName: left![0]!, UserName: 'joiner' }),
    'LimitExceededException',
    'Cannot exceed quota for GroupsPerUser: 10',
    409,
  )
  await iam.addUserToGroup({ GroupName: joined![0]!, UserName: 'joiner' })
  for (const GroupName of joined!) await iam.removeUserFromGroup({ GroupName, UserName: 'joiner' })
  for (const GroupName of names) await iam.deleteGroup({ GroupName })
})

test('no member is lost when a group is renamed, and none gains a right by it', async () => {
  await groupWith(server, 'rights', allow('iam:GetUser'))
  const user = await userWith(server, 'righted')
  const member = server.iam({ credentials: user })
  assert.equal((await refusalOf(member.getUser())).name, 'AccessDenied')
  await iam.addUserToGroup({ GroupName: 'rights', UserName: 'righted' })
  await member.getUser()
  const { Group: before } = await iam.getGroup({ GroupName: 'rights' })
  await iam.updateGroup({ GroupName: 'rights', NewGroupName: 'duties', NewPath: '/d/' })
  await member.getUser()
  const { Group: after, Users } = await iam.getGroup({ GroupName: 'duties' })
  assert.deepEqual([after!.GroupId, after!.Path, Users!.length], [before!.GroupId, '/d/', 1])
  assert.deepEqual(await groupsOf('righted'), ['duties'])
  await refused(iam.getGroup({ GroupName: 'rights' }), 'NoSuchEntityException', noGroup('rights'), 404)
  await iam.updateGroup({ GroupName: 'duties', NewGroupName: 'Duties' })
  assert.deepEqual(await groupsOf('righted'), ['Duties'])
  // One that has the old name now gives the member nothing, and takes nothing from it.
  await groupWith(server, 'rights', deny('*'))
  await member.getUser()
  await iam.removeUserFromGroup({ GroupName: 'Duties', UserName: 'righted' })
  assert.equal((await refusalOf(member.getUser())).name, 'AccessDenied')
})

test('a member who joins while the group or the user is renamed is in the group it joined', async () => {
  for (let round = 0; round < 8; round++) {
    await iam.createGroup({ GroupName: 'old' })
    await iam.createUser({ UserName: 'was' })
    const [join] = await Promise.all([
      outcomeOf(iam.addUserToGroup({ GroupName: 'old', UserName: 'was' })),
      iam.updateGroup({ GroupName: 'old', NewGroupName: 'new' }),
      iam.updateUser({ UserName: 'was', NewUserName: 'is' }),
    ])
    const isIn = join === 'OK'
    if (!isIn) assert.equal(join, 'NoSuchEntityException')
    assert.deepEqual([await membersNamed('new'), await groupsOf('is')], isIn ? [['is'], ['new']] : [[], []])
    await iam.removeUserFromGroup({ GroupName: 'new', UserName: 'is' })
    await iam.deleteGroup({ GroupName: 'new' })
    await iam.deleteUser({ UserName: 'is' })
  }
})

test('no user and no group is deleted while one joins the other', async () => {
  for (let round = 0; round < 8; round++) {
    const names = { GroupName: 'brief', UserName: 'short' }
    await iam.createGroup(names)
    await iam.createUser(names)
    const [join, ...removals] = await Promise.all([
      outcomeOf(iam.addUserToGroup(names)),
      outcomeOf(iam.deleteUser(names)),
      outcomeOf(iam.deleteGroup(names)),
    ])
    assert.deepEqual(removals, Array<string>(2).fill(join === 'OK' ? 'DeleteConflictException' : 'OK'))
    if (join === 'OK') await iam.removeUserFromGroup(names)
    await outcomeOf(iam.deleteUser(names))
    await outcomeOf(iam.deleteGroup(names))
  }
})
