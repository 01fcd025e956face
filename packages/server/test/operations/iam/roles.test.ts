import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { constraint, membersOf, outcomeOf, refused } from '../../support/answers.ts'
import { document, ownAccount, textOf } from '../../support/identities.ts'
import { start } from '../../support/server.ts'

const server = await start()
after(() => server.stop())
server.clock.hold()
const iam = server.iam()

const trustOf = (AWS: string): string =>
  textOf(document({ Effect: 'Allow', Principal: { AWS }, Action: 'sts:AssumeRole' }))
const trust = trustOf(ownAccount)
const encoded = encodeURIComponent(trust)
const arn = (name: string): string => `arn:aws:iam::${ownAccount}:role${name}`
const noRole = (name: string): string => `The role with name ${name} cannot be found.`
const second = (): Date => new Date(Math.floor(server.clock.now() / 1000) * 1000)
const make = (RoleName: string, more: object = {}) =>
  iam.createRole({ RoleName, AssumeRolePolicyDocument: trust, ...more })

test('a role is answered as it was made, now and later', async () => {
  const { Policy } = await iam.createPolicy({
    PolicyName: 'Limit',
    PolicyDocument: textOf(document({ Effect: 'Allow', Action: '*', Resource: '*' })),
  })
  const limit = Policy!.Arn!
  const { Role } = await membersOf(
    make('Deployer', {
      Path: '/ops/ci/',
      Description: 'deploys (it\'s "the" one)\n',
      MaxSessionDuration: 7200,
      PermissionsBoundary: limit,
      Tags: [{ Key: 'Team', Value: 'a b' }],
    }),
  )
  const { RoleId, ...rest } = Role!
  assert.match(RoleId!, /^AROA[A-Z2-7]{16}$/)
  const listed = {
    Path: '/ops/ci/',
    RoleName: 'Deployer',
    Arn: arn('/ops/ci/Deployer'),
    CreateDate: second(),
    AssumeRolePolicyDocument: encoded,
    Description: 'deploys (it\'s "the" one)\n',
    MaxSessionDuration: 7200,
  }
  const whole = {
    ...listed,
    PermissionsBoundary: { PermissionsBoundaryType: 'Policy', PermissionsBoundaryArn: limit },
    Tags: [{ Key: 'Team', Value: 'a b' }],
  }
  assert.deepEqual(rest, whole)
  assert.deepEqual((await iam.getRole({ RoleName: 'Deployer' })).Role, { ...whole, RoleId })
  assert.deepEqual(await membersOf(iam.listRoles()), { Roles: [{ ...listed, RoleId }], IsTruncated: false })
  assert.deepEqual(await membersOf(iam.listRoles({ PathPrefix: '/dev/' })), { Roles: [], IsTruncated: false })
  assert.deepEqual(await membersOf(iam.listInstanceProfilesForRole({ RoleName: 'Deployer' })), {
    InstanceProfiles: [],
    IsTruncated: false,
  })
  assert.equal((await iam.getPolicy({ PolicyArn: limit })).Policy!.PermissionsBoundaryUsageCount, 1)
})

test('a role of which only the least was said', async () => {
  const { Role } = await make('Plain')
  assert.equal(Role!.Path, '/')
  assert.equal(Role!.MaxSessionDuration, 3600)
  for (const absent of ['Description', 'PermissionsBoundary', 'Tags'] as const) assert.equal(Role![absent], undefined)
})

test('documents are percent-encoded as RFC 3986 has it', async () => {
  const Condition = { StringLike: { 'aws:PrincipalTag/x': "it's *(!) \u00e9~-._" } }
  const text = textOf(
    document({ Effect: 'Allow', Principal: { AWS: ownAccount }, Action: 'sts:AssumeRole', Condition }),
  )
  const { Role } = await iam.createRole({ RoleName: 'Odd', AssumeRolePolicyDocument: text })
  assert.match(Role!.AssumeRolePolicyDocument!, /^[A-Za-z0-9._~%-]+$/)
  assert.ok(Role!.AssumeRolePolicyDocument!.includes('it%27s%20%2A%28%21%29%20%C3%A9~-._'))
  assert.equal(decodeURIComponent(Role!.AssumeRolePolicyDocument!), text)
})

test('names are unique without regard to case, and found with regard to it', async () => {
  await make('Unique')
  for (const RoleName of ['Unique', 'UNIQUE']) {
    await refused(make(RoleName), 'EntityAlreadyExistsException', `Role with name ${RoleName} already exists.`, 409)
  }
  await refused(iam.getRole({ RoleName: 'unique' }), 'NoSuchEntityException', noRole('unique'), 404)
})

test('what is updated is that alone', async () => {
  await make('Changing', { Description: 'old', MaxSessionDuration: 4000 })
  const now = async () => {
    const { Role } = await iam.getRole({ RoleName: 'Changing' })
    return [Role!.Description, Role!.MaxSessionDuration, decodeURIComponent(Role!.AssumeRolePolicyDocument!)]
  }
  await iam.updateRole({ RoleName: 'Changing', MaxSessionDuration: 43_200 })
  assert.deepEqual(await now(), ['old', 43_200, trust])
  await iam.updateRole({ RoleName: 'Changing', Description: '' })
  assert.deepEqual(await now(), ['', 43_200, trust])
  const { Role } = await iam.updateRoleDescription({ RoleName: 'Changing', Description: 'new' })
  assert.equal(Role!.Description, 'new')
  await iam.updateAssumeRolePolicy({ RoleName: 'Changing', PolicyDocument: trustOf('111122223333') })
  assert.deepEqual(await now(), ['new', 43_200, trustOf('111122223333')])
})

test('refuses what no role can be', async () => {
  const pattern = 'satisfy regular expression pattern: (\\u002F)|(\\u002F[\\u0021-\\u007E]+\\u002F)'
  await refused(make('bad', { Path: 'ops/' }), 'ValidationError', constraint('path', 'ops/', pattern))
  for (const [seconds, rule] of [
    [3599, 'have value greater than or equal to 3600'],
    [43_201, 'have value less than or equal to 43200'],
  ] as const) {
    const text = constraint('maxSessionDuration', String(seconds), rule)
    await refused(make('bad', { MaxSessionDuration: seconds }), 'ValidationError', text)
    await refused(iam.updateRole({ RoleName: 'Plain', MaxSessionDuration: seconds }), 'ValidationError', text)
  }
  const missing = `arn:aws:iam::${ownAccount}:policy/none`
  const scope = `Scope ARN: ${missing} does not exist or is not attachable.`
  await refused(make('bad', { PermissionsBoundary: missing }), 'NoSuchEntityException', scope, 404)
  const tag = (Key: string) => ({ Key, Value: '' })
  const doubled = 'Duplicate tag keys found. Please note that Tag keys are case insensitive.'
  await refused(make('bad', { Tags: [tag('a'), tag('A')] }), 'InvalidInputException', doubled)
  await refused(iam.getRole({ RoleName: 'bad' }), 'NoSuchEntityException', noRole('bad'), 404)
})

test('refuses trust policies that nobody could keep', async () => {
  const refusals: [document: object, text: string][] = [
    [{ Effect: 'Allow', Action: 'sts:AssumeRole' }, 'Missing required field Principal'],
    [{ Effect: 'Allow', Principal: '*', Action: '*' }, 'AssumeRole policy may only specify STS AssumeRole actions.'],
    [{ Effect: 'Allow', Principal: '*', Action: 'sts:*', Resource: '*' }, 'Has prohibited field Resource'],
    [{ Effect: 'Allow', Principal: { AWS: 'me' }, Action: 'sts:*' }, 'Invalid principal in policy: "AWS":"me"'],
  ]
  for (const [statement, text] of refusals) {
    const bad = textOf(document(statement))
    const creation = iam.createRole({ RoleName: 'bad', AssumeRolePolicyDocument: bad })
    await refused(creation, 'MalformedPolicyDocumentException', text)
    const update = iam.updateAssumeRolePolicy({ RoleName: 'Plain', PolicyDocument: bad })
    await refused(update, 'MalformedPolicyDocumentException', text)
  }
})

test('a trust policy has 2,048 characters, white space not counted', async () => {
  const filled = (size: number): string => {
    const id = (length: number): string =>
      JSON.stringify({
        Version: '2012-10-17',
        Id: 'x'.repeat(length),
        Statement: [{ Effect: 'Allow', Principal: '*', Action: 'sts:*' }],
      })
    return id(size - id(0).length)
  }
  const full = filled(2048)
  await iam.updateAssumeRolePolicy({ RoleName: 'Plain', PolicyDocument: `${full}${' \n'.repeat(2000)}` })
  const over = 'Cannot exceed quota for ACLSizePerRole: 2048'
  await refused(
    iam.updateAssumeRolePolicy({ RoleName: 'Plain', PolicyDocument: filled(2049) }),
    'LimitExceededException',
    over,
    409,
  )
  await refused(
    iam.createRole({ RoleName: 'bad', AssumeRolePolicyDocument: filled(2049) }),
    'LimitExceededException',
    over,
    409,
  )
})

test('a role is deleted only when it has no policies', async () => {
  await make('Leaving', { PermissionsBoundary: 'arn:aws:iam::aws:policy/PowerUserAccess' })
  const Leaving = { RoleName: 'Leaving' }
  const PolicyArn = 'arn:aws:iam::aws:policy/IAMReadOnlyAccess'
  const PolicyDocument = textOf(document({ Effect: 'Deny', Action: '*', Resource: '*' }))
  await iam.attachRolePolicy({ ...Leaving, PolicyArn })
  await iam.putRolePolicy({ ...Leaving, PolicyName: 'none', PolicyDocument })
  const must = (what: string) =>
    refused(iam.deleteRole(Leaving), 'DeleteConflictException', `Cannot delete entity, must ${what} first.`, 409)
  await must('detach all policies')
  await iam.detachRolePolicy({ ...Leaving, PolicyArn })
  await must('delete policies')
  await iam.deleteRolePolicy({ ...Leaving, PolicyName: 'none' })
  await iam.deleteRole(Leaving)
  await refused(iam.deleteRole(Leaving), 'NoSuchEntityException', noRole('Leaving'), 404)
})

test('what is not there cannot be changed, or asked about', async () => {
  const none = { RoleName: 'none' }
  const calls: (() => Promise<unknown>)[] = [
    () => iam.updateRole(none),
    () => iam.updateRoleDescription({ ...none, Description: '' }),
    () => iam.updateAssumeRolePolicy({ ...none, PolicyDocument: trust }),
    () => iam.tagRole({ ...none, Tags: [] }),
    () => iam.untagRole({ ...none, TagKeys: ['a'] }),
    () => iam.listRoleTags(none),
    () => iam.listInstanceProfilesForRole(none),
    () => iam.putRolePermissionsBoundary({ ...none, PermissionsBoundary: 'arn:aws:iam::aws:policy/PowerUserAccess' }),
    () => iam.deleteRolePermissionsBoundary(none),
    () => iam.listRolePolicies(none),
    () => iam.listAttachedRolePolicies(none),
  ]
  for (const call of calls) await refused(call(), 'NoSuchEntityException', noRole('none'), 404)
})

test('tags: put, overwritten in another case, listed in pages, removed', async () => {
  await make('Tagged', { Tags: [{ Key: 'b', Value: '1' }] })
  const Tagged = { RoleName: 'Tagged' }
  await iam.tagRole({
    ...Tagged,
    Tags: [
      { Key: 'B', Value: '2' },
      { Key: 'a', Value: '' },
    ],
  })
  const first = await iam.listRoleTags({ ...Tagged, MaxItems: 1 })
  assert.deepEqual([first.Tags, first.IsTruncated], [[{ Key: 'B', Value: '2' }], true])
  const rest = await membersOf(iam.listRoleTags({ ...Tagged, Marker: first.Marker! }))
  assert.deepEqual(rest, { Tags: [{ Key: 'a', Value: '' }], IsTruncated: false })
  await iam.untagRole({ ...Tagged, TagKeys: ['b', 'none'] })
  assert.deepEqual((await iam.getRole(Tagged)).Role!.Tags, [{ Key: 'a', Value: '' }])
  const many = Array.from({ length: 50 }, (_, index) => ({ Key: `k${index}`, Value: '' }))
  const over = 'Cannot exceed quota for TagsPerRole: 50'
  await refused(iam.tagRole({ ...Tagged, Tags: many }), 'LimitExceededException', over, 409)
})

test('roles come in pages, each exactly once', async () => {
  const names: string[] = []
  let Marker: string | undefined
  do {
    const page = await iam.listRoles({ MaxItems: 2, ...(Marker !== undefined && { Marker }) })
    assert.ok(page.Roles!.length <= 2)
    names.push(...page.Roles!.map(({ RoleName }) => RoleName!))
    Marker = page.Marker
  } while (Marker !== undefined)
  const all = (await iam.listRoles()).Roles!.map(({ RoleName }) => RoleName!)
  assert.deepEqual(names, all)
  assert.deepEqual(
    all,
    all.toSorted((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)),
  )
  await refused(iam.listRoles({ Marker: 'AAAA' }), 'ValidationError', 'Invalid Marker.')
})

test('of two that make one role at once, one does', async () => {
  const outcomes = await Promise.all(['Race', 'race', 'RACE'].map(name => outcomeOf(make(name))))
  assert.deepEqual(outcomes.toSorted(), ['EntityAlreadyExistsException', 'EntityAlreadyExistsException', 'OK'])
})

test('accounts have no aliases', async () => {
  assert.deepEqual(await membersOf(iam.listAccountAliases()), { AccountAliases: [], IsTruncated: false })
})

test('records show what was asked for, and what came of it', async () => {
  await make('Recorded', { Tags: [{ Key: 'a', Value: 'b' }] })
  const record = (await server.records()).at(-1)!
  assert.equal(record['eventSource'], 'iam.amazonaws.com')
  assert.equal(record['eventName'], 'CreateRole')
  assert.deepEqual(record['requestParameters'], {
    roleName: 'Recorded',
    assumeRolePolicyDocument: trust,
    tags: [{ key: 'a', value: 'b' }],
  })
  const { role } = record['responseElements'] as { role: Record<string, unknown> }
  assert.equal(role['arn'], arn('/Recorded'))
})
