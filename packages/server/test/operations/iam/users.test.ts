import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { constraint, membersOf, outcomeOf, refused } from '../../support/answers.ts'
import { allow, managedPolicy, ownAccount, roleWith, sessionOf, userWith } from '../../support/identities.ts'
import { start } from '../../support/server.ts'

const server = await start()
after(() => server.stop())
server.clock.hold()
const iam = server.iam()

const arnOf = (name: string, path = '/'): string => `arn:aws:iam::${ownAccount}:user${path}${name}`
const noUser = (name: string): string => `The user with name ${name} cannot be found.`
const exists = (name: string): string => `User with name ${name} already exists.`

/** As answers have it, without milliseconds. */
const now = (): Date => new Date(Math.floor(server.clock.now() / 1000) * 1000)

async function namesOf(asked: { PathPrefix?: string; MaxItems?: number } = {}): Promise<string[]> {
  const names: string[] = []
  let Marker: string | undefined
  do {
    const page = await iam.listUsers({ ...asked, ...(Marker !== undefined && { Marker }) })
    assert.ok(page.Users!.length <= (asked.MaxItems ?? 100))
    assert.equal(page.IsTruncated, page.Marker !== undefined)
    names.push(...page.Users!.map(({ UserName }) => UserName!))
    Marker = page.Marker
  } while (Marker !== undefined)
  return names
}

/** How a managed policy says that it is a boundary. */
async function boundaryUses(name: string): Promise<number | undefined> {
  return (await server.app.store.view().get('managed-policy', `${ownAccount}/${name}`))?.boundaryUses
}

test('a user is made with path, tags and boundary, and found again under its name', async () => {
  const boundary = await managedPolicy(server, 'ceiling', allow('kms:*'))
  const Tags = [
    { Key: 'Team', Value: 'crypto' },
    { Key: 'empty', Value: '' },
  ]
  const { User } = await iam.createUser({ UserName: 'ann', Path: '/eng/', PermissionsBoundary: boundary, Tags })
  const { UserId, ...rest } = User!
  assert.match(UserId!, /^AIDA[A-Z2-7]{16}$/)
  assert.deepEqual(rest, {
    Path: '/eng/',
    UserName: 'ann',
    Arn: arnOf('ann', '/eng/'),
    CreateDate: now(),
    PermissionsBoundary: { PermissionsBoundaryType: 'Policy', PermissionsBoundaryArn: boundary },
    Tags,
  })
  assert.deepEqual(await membersOf(iam.getUser({ UserName: 'ann' })), { User })
  assert.equal(await boundaryUses('ceiling'), 1)
  await iam.deleteUser({ UserName: 'ann' })
  assert.equal(await boundaryUses('ceiling'), 0)
  await refused(iam.getUser({ UserName: 'ann' }), 'NoSuchEntityException', noUser('ann'), 404)
})

test('a user without anything has the path /, and neither tags nor a boundary', async () => {
  const { User } = await iam.createUser({ UserName: 'plain' })
  assert.deepEqual(Object.keys(User!).sort(), ['Arn', 'CreateDate', 'Path', 'UserId', 'UserName'])
  assert.equal(User!.Arn, arnOf('plain'))
  await iam.deleteUser({ UserName: 'plain' })
})

test('a boundary of the service is taken, and counted nowhere', async () => {
  const PermissionsBoundary = 'arn:aws:iam::aws:policy/AdministratorAccess'
  const { User } = await iam.createUser({ UserName: 'high', PermissionsBoundary })
  assert.equal(User!.PermissionsBoundary!.PermissionsBoundaryArn, PermissionsBoundary)
  await iam.deleteUser({ UserName: 'high' })
})

test('refuses a boundary that is no policy of the account', async () => {
  await managedPolicy(server, { name: 'placed', path: '/limits/' }, allow('*'))
  await managedPolicy(server, { name: 'foreign', account: '111111111111' }, allow('*'))
  for (const PermissionsBoundary of [
    `arn:aws:iam::${ownAccount}:policy/none`,
    `arn:aws:iam::${ownAccount}:policy/placed`,
    `arn:aws:iam::${ownAccount}:policy/limits/Placed`,
    'arn:aws:iam::111111111111:policy/foreign',
    `arn:aws:iam::${ownAccount}:user/administrator`,
    'arn:aws:iam::aws:policy/NoSuchPolicy',
    'twenty characters at least',
  ]) {
    const text = `Scope ARN: ${PermissionsBoundary} does not exist or is not attachable.`
    await refused(iam.createUser({ UserName: 'bound', PermissionsBoundary }), 'NoSuchEntityException', text, 404)
  }
  await refused(iam.getUser({ UserName: 'bound' }), 'NoSuchEntityException', noUser('bound'), 404)
})

test('names are taken without regard to case, and found with regard to it', async () => {
  await iam.createUser({ UserName: 'Bob' })
  for (const UserName of ['Bob', 'bob', 'BOB']) {
    await refused(iam.createUser({ UserName }), 'EntityAlreadyExistsException', exists(UserName), 409)
  }
  await refused(iam.getUser({ UserName: 'bob' }), 'NoSuchEntityException', noUser('bob'), 404)
  await refused(iam.deleteUser({ UserName: 'bob' }), 'NoSuchEntityException', noUser('bob'), 404)
  await refused(iam.updateUser({ UserName: 'bob', NewPath: '/x/' }), 'NoSuchEntityException', noUser('bob'), 404)
  await iam.deleteUser({ UserName: 'Bob' })
})

test('of many who make one user at once, one does', async () => {
  const UserName = 'contended'
  const calls = Array.from({ length: 8 }, (_, i) => outcomeOf(iam.createUser({ UserName, Path: `/${i}/` })))
  const outcomes = await Promise.all(calls)
  assert.deepEqual(outcomes.sort(), [...Array<string>(7).fill('EntityAlreadyExistsException'), 'OK'])
  await iam.deleteUser({ UserName })
})

test('a name that is used again is another user', async () => {
  const { User: first } = await iam.createUser({ UserName: 'again' })
  await iam.deleteUser({ UserName: 'again' })
  const { User: second } = await iam.createUser({ UserName: 'again' })
  assert.notEqual(first!.UserId, second!.UserId)
  await iam.deleteUser({ UserName: 'again' })
})

test('without a name the caller itself is meant', async () => {
  const { User } = await iam.getUser()
  assert.equal(User!.UserName, 'administrator')
  const role = await roleWith(server, 'visitor', allow('*'))
  const visitor = server.iam({ credentials: sessionOf(server, role, 'me') })
  const text = 'Must specify userName when calling with non-User credentials'
  await refused(visitor.getUser(), 'ValidationError', text)
  await refused(visitor.listAccessKeys(), 'ValidationError', text)
  await refused(visitor.createAccessKey(), 'ValidationError', text)
})

test('refuses names, paths and markers that no user or page has', async () => {
  const name = (value: string) => constraint('userName', value, 'satisfy regular expression pattern: [\\w+=,.@-]+')
  for (const UserName of ['a b', 'a/b', 'a:b', '*', 'ü', 'a\n']) {
    await refused(iam.createUser({ UserName }), 'ValidationError', name(UserName))
  }
  await refused(
    iam.createUser({ UserName: 'a'.repeat(65) }),
    'ValidationError',
    constraint('userName', 'a'.repeat(65), 'have length less than or equal to 64'),
  )
  const pattern = 'satisfy regular expression pattern: (\\u002F)|(\\u002F[\\u0021-\\u007E]+\\u002F)'
  for (const Path of ['eng/', '/eng', '/e g/']) {
    await refused(iam.createUser({ UserName: 'a', Path }), 'ValidationError', constraint('path', Path, pattern))
  }
  await refused(
    iam.listUsers({ MaxItems: 0 }),
    'ValidationError',
    constraint('maxItems', '0', 'have value greater than or equal to 1'),
  )
  await refused(iam.listUsers({ Marker: 'AAAA' }), 'ValidationError', 'Invalid Marker.')
  await iam.createUser({ UserName: 'a' })
  const { Marker: ofUsers } = await iam.listUsers({ MaxItems: 1 })
  await refused(iam.listGroups({ Marker: ofUsers! }), 'ValidationError', 'Invalid Marker.')
  await iam.deleteUser({ UserName: 'a' })
})

test('lists are ordered by name and come in pages, also of those with a path', async () => {
  const before = await namesOf()
  const made = Array.from({ length: 12 }, (_, i) => ({
    UserName: `${i % 2 ? 'L' : 'l'}ist-${String(i).padStart(2, '0')}`,
  }))
  for (const [i, user] of made.entries()) {
    await iam.createUser({ ...user, Path: i % 3 ? '/other/' : '/third/one/', Tags: [{ Key: 'k', Value: 'v' }] })
  }
  const thirds = made.filter((_, i) => i % 3 === 0).map(({ UserName }) => UserName)
  const all = [...before, ...made.map(({ UserName }) => UserName)]
  const order = (names: string[]) => names.toSorted((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1))
  for (const MaxItems of [1, 3, 1000]) {
    assert.deepEqual(await namesOf({ MaxItems }), order(all))
    assert.deepEqual(await namesOf({ MaxItems, PathPrefix: '/third/' }), thirds)
    assert.deepEqual(await namesOf({ MaxItems, PathPrefix: '/th' }), thirds)
  }
  assert.deepEqual(await namesOf({ PathPrefix: '/none/' }), [])
  const { Users } = await iam.listUsers({ PathPrefix: '/third/' })
  assert.deepEqual(Object.keys(Users![0]!).sort(), ['Arn', 'CreateDate', 'Path', 'UserId', 'UserName'])
  for (const user of made) await iam.deleteUser(user)
})

test('a user to whom something still belongs is not deleted', async () => {
  const UserName = 'laden'
  const conflict = (what: string) =>
    refused(iam.deleteUser({ UserName }), 'DeleteConflictException', `Cannot delete entity, must ${what} first.`, 409)
  await userWith(server, { name: UserName, attached: ['arn:aws:iam::aws:policy/AdministratorAccess'] })
  await conflict('detach all policies')
  await userWith(server, UserName, allow('kms:*'))
  await conflict('delete policies')
  const { accessKeyId: AccessKeyId } = await userWith(server, UserName)
  await conflict('delete access keys')
  await iam.deleteAccessKey({ UserName, AccessKeyId })
  await iam.createGroup({ GroupName: 'load' })
  await iam.addUserToGroup({ UserName, GroupName: 'load' })
  await conflict('remove users from group')
  await iam.removeUserFromGroup({ UserName, GroupName: 'load' })
  await iam.deleteUser({ UserName })
  await iam.deleteGroup({ GroupName: 'load' })
  await refused(iam.deleteUser({ UserName }), 'NoSuchEntityException', noUser(UserName), 404)
})

test('a user who is renamed stays the same, with its access keys, groups, tags and rights', async () => {
  const carl = await userWith(server, { name: 'carl', tags: { a: 'b' } }, allow('iam:GetUser'))
  const credentials = { accessKeyId: carl.accessKeyId, secretAccessKey: carl.secretAccessKey }
  await iam.createGroup({ GroupName: 'crew' })
  await iam.addUserToGroup({ UserName: 'carl', GroupName: 'crew' })
  const self = server.iam({ credentials })
  assert.equal((await self.getUser()).User!.UserName, 'carl')

  await iam.updateUser({ UserName: 'carl', NewUserName: 'charles', NewPath: '/new/' })
  await refused(iam.getUser({ UserName: 'carl' }), 'NoSuchEntityException', noUser('carl'), 404)
  const { User } = await self.getUser()
  assert.deepEqual(
    { id: User!.UserId, arn: User!.Arn, tags: User!.Tags },
    { id: carl.id, arn: arnOf('charles', '/new/'), tags: [{ Key: 'a', Value: 'b' }] },
  )
  assert.equal((await self.getUser({ UserName: 'charles' })).User!.UserName, 'charles')
  assert.deepEqual(
    (await iam.listAccessKeys({ UserName: 'charles' })).AccessKeyMetadata!.map(key => [key.UserName, key.AccessKeyId]),
    [['charles', carl.accessKeyId]],
  )
  assert.deepEqual(
    (await iam.getGroup({ GroupName: 'crew' })).Users!.map(user => user.UserName),
    ['charles'],
  )
  assert.deepEqual(
    (await iam.listGroupsForUser({ UserName: 'charles' })).Groups!.map(group => group.GroupName),
    ['crew'],
  )

  // Whoever has the old name now is somebody else.
  await iam.createUser({ UserName: 'carl' })
  assert.deepEqual((await iam.listAccessKeys({ UserName: 'carl' })).AccessKeyMetadata, [])
  await refused(
    iam.updateUser({ UserName: 'carl', NewUserName: 'Charles' }),
    'EntityAlreadyExistsException',
    exists('Charles'),
    409,
  )
  await iam.updateUser({ UserName: 'charles', NewUserName: 'Charles' })
  assert.equal((await self.getUser()).User!.Arn, arnOf('Charles', '/new/'))
  assert.deepEqual(
    (await iam.getGroup({ GroupName: 'crew' })).Users!.map(user => user.UserName),
    ['Charles'],
  )
  await iam.updateUser({ UserName: 'Charles' })
  await iam.deleteUser({ UserName: 'carl' })
})

test('whoever moves a user needs the right on what it is, and on what it becomes', async () => {
  const Resource = [arnOf('*', '/from/'), arnOf('*', '/to/')]
  const mover = await userWith(server, 'mover', allow('iam:UpdateUser', { Resource }))
  const moves = server.iam({ credentials: mover })
  await iam.createUser({ UserName: 'moved', Path: '/from/' })
  const denied = (resource: string): string =>
    `User: ${mover.arn} is not authorized to perform: iam:UpdateUser on resource: ${resource} because no identity-based policy allows the iam:UpdateUser action`
  await refused(
    moves.updateUser({ UserName: 'moved', NewPath: '/top/' }),
    'AccessDenied',
    denied(arnOf('moved', '/top/')),
    403,
  )
  await moves.updateUser({ UserName: 'moved', NewPath: '/to/' })
  await refused(
    moves.updateUser({ UserName: 'administrator', NewPath: '/to/' }),
    'AccessDenied',
    denied(arnOf('administrator')),
    403,
  )
  // Of one that is not there, or not by that spelling, no path is told.
  await refused(moves.updateUser({ UserName: 'Moved' }), 'AccessDenied', denied(arnOf('Moved')), 403)
  await iam.deleteUser({ UserName: 'moved' })
})

test('tags take the place of their namesakes without regard to case', async () => {
  const UserName = 'tagged'
  await iam.createUser({ UserName, Tags: [{ Key: 'Team', Value: 'one' }] })
  await iam.tagUser({
    UserName,
    Tags: [
      { Key: 'team', Value: 'two' },
      { Key: 'B', Value: 'b' },
    ],
  })
  const tagsOf = async () => (await iam.listUserTags({ UserName })).Tags!.map(({ Key, Value }) => `${Key}=${Value}`)
  assert.deepEqual(await tagsOf(), ['B=b', 'team=two'])
  await iam.untagUser({ UserName, TagKeys: ['TEAM', 'none'] })
  assert.deepEqual(await tagsOf(), ['B=b'])
  await iam.deleteUser({ UserName })
})

test('refuses tags that are doubled, reserved or too many', async () => {
  const UserName = 'tags'
  const doubled = [
    { Key: 'a', Value: '1' },
    { Key: 'A', Value: '2' },
  ]
  const doubledText = 'Duplicate tag keys found. Please note that Tag keys are case insensitive.'
  await refused(iam.createUser({ UserName, Tags: doubled }), 'InvalidInputException', doubledText)
  await iam.createUser({ UserName })
  await refused(iam.tagUser({ UserName, Tags: doubled }), 'InvalidInputException', doubledText)
  for (const Key of ['aws:x', 'AWS:x']) {
    const text = 'aws: prefixed tag key names are not allowed for external use.'
    await refused(iam.tagUser({ UserName, Tags: [{ Key, Value: '' }] }), 'InvalidInputException', text)
  }
  const many = Array.from({ length: 50 }, (_, i) => ({ Key: `k${String(i).padStart(2, '0')}`, Value: 'v' }))
  await iam.tagUser({ UserName, Tags: many })
  await refused(
    iam.tagUser({ UserName, Tags: [{ Key: 'k50', Value: '' }] }),
    'LimitExceededException',
    'Cannot exceed quota for TagsPerUser: 50',
    409,
  )
  const pages: string[] = []
  let Marker: string | undefined
  do {
    const page = await iam.listUserTags({ UserName, MaxItems: 20, ...(Marker !== undefined && { Marker }) })
    pages.push(page.Tags!.map(({ Key }) => Key).join())
    Marker = page.Marker
  } while (Marker !== undefined)
  assert.equal(pages.length, 3)
  assert.equal(pages.join(), many.map(({ Key }) => Key).join())
  await refused(iam.tagUser({ UserName: 'nobody', Tags: many }), 'NoSuchEntityException', noUser('nobody'), 404)
  await refused(iam.untagUser({ UserName: 'nobody', TagKeys: ['a'] }), 'NoSuchEntityException', noUser('nobody'), 404)
  await refused(iam.listUserTags({ UserName: 'nobody' }), 'NoSuchEntityException', noUser('nobody'), 404)
  await iam.deleteUser({ UserName })
})

test('records show who was made, and by whom', async () => {
  const { User } = await iam.createUser({ UserName: 'seen', Tags: [{ Key: 'a', Value: 'b' }] })
  const record = (await server.records()).at(-1)!
  assert.equal(record.eventSource, 'iam.amazonaws.com')
  assert.deepEqual(record.requestParameters, { userName: 'seen', tags: [{ key: 'a', value: 'b' }] })
  const { user } = record.responseElements as { user: Record<string, unknown> }
  assert.deepEqual([user.userId, user.arn], [User!.UserId, User!.Arn])
  await iam.deleteUser({ UserName: 'seen' })
  const last = (await server.records()).at(-1)!
  assert.deepEqual(
    [last.eventName, last.readOnly, last.requestParameters, last.responseElements],
    ['DeleteUser', false, { userName: 'seen' }, null],
  )
})
