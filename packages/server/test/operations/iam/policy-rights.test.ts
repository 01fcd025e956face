import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { IAM } from '@aws-sdk/client-iam'
import { outcomeOf, refused } from '../../support/answers.ts'
import { allow, document, ownAccount, textOf, userWith, type Policy } from '../../support/identities.ts'
import { start } from '../../support/server.ts'

/** Who may what with roles and policies. */

const server = await start()
after(() => server.stop())
const admin = server.iam()

const account = `arn:aws:iam::${ownAccount}`
const PolicyDocument = textOf(allow('kms:*'))
const AssumeRolePolicyDocument = textOf(
  document({ Effect: 'Allow', Principal: { AWS: ownAccount }, Action: 'sts:AssumeRole' }),
)
const make = async (PolicyName: string): Promise<string> =>
  (await admin.createPolicy({ PolicyName, Path: '/team/', PolicyDocument })).Policy!.Arn!

const PolicyArn = await make('theirs')
const PermissionsBoundary = await make('limit')
const u = { UserName: 'u' }
const r = { RoleName: 'r' }
const g = { GroupName: 'g' }
await admin.createUser({ ...u, Path: '/team/' })
await admin.createRole({ ...r, Path: '/team/', AssumeRolePolicyDocument })
await admin.createGroup({ ...g, Path: '/team/' })
const user = `${account}:user/team/u`
const role = `${account}:role/team/r`
const group = `${account}:group/team/g`
const inline = { PolicyName: 'p' }

/** Each operation, and on what it must be allowed. */
const calls: readonly [action: string, resource: string, call: (client: IAM) => Promise<unknown>][] = [
  ['CreateRole', `${account}:role/p/n`, c => c.createRole({ RoleName: 'n', Path: '/p/', AssumeRolePolicyDocument })],
  ['GetRole', role, c => c.getRole(r)],
  ['ListRoles', `${account}:role/`, c => c.listRoles()],
  ['ListRoles', `${account}:role/team/`, c => c.listRoles({ PathPrefix: '/team/' })],
  ['UpdateRole', role, c => c.updateRole(r)],
  ['UpdateRoleDescription', role, c => c.updateRoleDescription({ ...r, Description: '' })],
  ['UpdateAssumeRolePolicy', role, c => c.updateAssumeRolePolicy({ ...r, PolicyDocument: AssumeRolePolicyDocument })],
  ['DeleteRole', role, c => c.deleteRole(r)],
  ['TagRole', role, c => c.tagRole({ ...r, Tags: [] })],
  ['UntagRole', role, c => c.untagRole({ ...r, TagKeys: ['a'] })],
  ['ListRoleTags', role, c => c.listRoleTags(r)],
  ['ListInstanceProfilesForRole', role, c => c.listInstanceProfilesForRole(r)],
  ['PutUserPolicy', user, c => c.putUserPolicy({ ...u, ...inline, PolicyDocument })],
  ['PutRolePolicy', role, c => c.putRolePolicy({ ...r, ...inline, PolicyDocument })],
  ['PutGroupPolicy', group, c => c.putGroupPolicy({ ...g, ...inline, PolicyDocument })],
  ['GetUserPolicy', user, c => c.getUserPolicy({ ...u, ...inline })],
  ['GetRolePolicy', role, c => c.getRolePolicy({ ...r, ...inline })],
  ['GetGroupPolicy', group, c => c.getGroupPolicy({ ...g, ...inline })],
  ['DeleteUserPolicy', user, c => c.deleteUserPolicy({ ...u, ...inline })],
  ['DeleteRolePolicy', role, c => c.deleteRolePolicy({ ...r, ...inline })],
  ['DeleteGroupPolicy', group, c => c.deleteGroupPolicy({ ...g, ...inline })],
  ['ListUserPolicies', user, c => c.listUserPolicies(u)],
  ['ListRolePolicies', role, c => c.listRolePolicies(r)],
  ['ListGroupPolicies', group, c => c.listGroupPolicies(g)],
  ['AttachUserPolicy', user, c => c.attachUserPolicy({ ...u, PolicyArn })],
  ['AttachRolePolicy', role, c => c.attachRolePolicy({ ...r, PolicyArn })],
  ['AttachGroupPolicy', group, c => c.attachGroupPolicy({ ...g, PolicyArn })],
  ['DetachUserPolicy', user, c => c.detachUserPolicy({ ...u, PolicyArn })],
  ['DetachRolePolicy', role, c => c.detachRolePolicy({ ...r, PolicyArn })],
  ['DetachGroupPolicy', group, c => c.detachGroupPolicy({ ...g, PolicyArn })],
  ['ListAttachedUserPolicies', user, c => c.listAttachedUserPolicies(u)],
  ['ListAttachedRolePolicies', role, c => c.listAttachedRolePolicies(r)],
  ['ListAttachedGroupPolicies', group, c => c.listAttachedGroupPolicies(g)],
  ['PutUserPermissionsBoundary', user, c => c.putUserPermissionsBoundary({ ...u, PermissionsBoundary })],
  ['PutRolePermissionsBoundary', role, c => c.putRolePermissionsBoundary({ ...r, PermissionsBoundary })],
  ['DeleteUserPermissionsBoundary', user, c => c.deleteUserPermissionsBoundary(u)],
  ['DeleteRolePermissionsBoundary', role, c => c.deleteRolePermissionsBoundary(r)],
  ['CreatePolicy', `${account}:policy/p/n`, c => c.createPolicy({ PolicyName: 'n', Path: '/p/', PolicyDocument })],
  ['GetPolicy', PolicyArn, c => c.getPolicy({ PolicyArn })],
  ['ListPolicies', '*', c => c.listPolicies()],
  ['CreatePolicyVersion', PolicyArn, c => c.createPolicyVersion({ PolicyArn, PolicyDocument })],
  ['GetPolicyVersion', PolicyArn, c => c.getPolicyVersion({ PolicyArn, VersionId: 'v1' })],
  ['ListPolicyVersions', PolicyArn, c => c.listPolicyVersions({ PolicyArn })],
  ['SetDefaultPolicyVersion', PolicyArn, c => c.setDefaultPolicyVersion({ PolicyArn, VersionId: 'v1' })],
  ['DeletePolicyVersion', PolicyArn, c => c.deletePolicyVersion({ PolicyArn, VersionId: 'v1' })],
  ['DeletePolicy', PolicyArn, c => c.deletePolicy({ PolicyArn })],
  ['TagPolicy', PolicyArn, c => c.tagPolicy({ PolicyArn, Tags: [] })],
  ['UntagPolicy', PolicyArn, c => c.untagPolicy({ PolicyArn, TagKeys: ['a'] })],
  ['ListPolicyTags', PolicyArn, c => c.listPolicyTags({ PolicyArn })],
  ['ListEntitiesForPolicy', PolicyArn, c => c.listEntitiesForPolicy({ PolicyArn })],
  ['ListAccountAliases', '*', c => c.listAccountAliases()],
]

const denial = (arn: string, action: string, resource: string): string =>
  `User: ${arn} is not authorized to perform: iam:${action} on resource: ${resource} because no identity-based policy allows the iam:${action} action`

let count = 0
async function clientWith(...policies: Policy[]): Promise<IAM> {
  return server.iam({ credentials: await userWith(server, `caller-${count++}`, ...policies) })
}

test('a user without rights in IAM is refused everything, on the right resource', async () => {
  const nobody = await userWith(server, 'nobody', allow('kms:*'))
  const client = server.iam({ credentials: nobody })
  for (const [action, resource, call] of calls) {
    await refused(call(client), 'AccessDenied', denial(nobody.arn, action, resource), 403)
  }
  // Not even whether somebody is there.
  const text = denial(nobody.arn, 'GetRole', `${account}:role/none`)
  await refused(client.getRole({ RoleName: 'none' }), 'AccessDenied', text, 403)
})

for (const [action, resource, call] of calls) {
  test(`iam:${action} on ${resource} is what it takes, and no other action`, async () => {
    const others = await clientWith(
      document(
        { Effect: 'Allow', NotAction: `iam:${action}`, Resource: '*' },
        ...(resource === '*' ? [] : [{ Effect: 'Allow', Action: '*', NotResource: resource }]),
      ),
    )
    assert.equal(await outcomeOf(call(others)), 'AccessDenied')
    const only = await clientWith(allow(`iam:${action}`, { Resource: resource }))
    assert.notEqual(await outcomeOf(call(only)), 'AccessDenied')
    await restore()
  })
}

/** What the calls have changed or removed. */
async function restore(): Promise<void> {
  const attempts = [
    () => admin.createRole({ ...r, Path: '/team/', AssumeRolePolicyDocument }),
    () => admin.deleteUserPermissionsBoundary(u),
    () => admin.deleteRolePermissionsBoundary(r),
    () => admin.detachUserPolicy({ ...u, PolicyArn }),
    () => admin.detachRolePolicy({ ...r, PolicyArn }),
    () => admin.detachGroupPolicy({ ...g, PolicyArn }),
    () => admin.deleteUserPolicy({ ...u, ...inline }),
    () => admin.deleteRolePolicy({ ...r, ...inline }),
    () => admin.deleteGroupPolicy({ ...g, ...inline }),
    () => admin.createPolicy({ PolicyName: 'theirs', Path: '/team/', PolicyDocument }),
  ]
  for (const attempt of attempts) await outcomeOf(attempt())
}

test('iam:PolicyARN tells which policy may be attached and detached', async () => {
  const Condition = { ArnEquals: { 'iam:PolicyARN': PolicyArn } }
  const client = await clientWith(allow(['iam:Attach*', 'iam:Detach*'], { Condition }))
  const other = { PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' }
  for (const [attach, detach] of [
    [
      (arn: typeof other) => client.attachUserPolicy({ ...u, ...arn }),
      (arn: typeof other) => client.detachUserPolicy({ ...u, ...arn }),
    ],
    [
      (arn: typeof other) => client.attachRolePolicy({ ...r, ...arn }),
      (arn: typeof other) => client.detachRolePolicy({ ...r, ...arn }),
    ],
    [
      (arn: typeof other) => client.attachGroupPolicy({ ...g, ...arn }),
      (arn: typeof other) => client.detachGroupPolicy({ ...g, ...arn }),
    ],
  ] as const) {
    assert.equal(await outcomeOf(attach(other)), 'AccessDenied')
    assert.equal(await outcomeOf(attach({ PolicyArn })), 'OK')
    assert.equal(await outcomeOf(detach(other)), 'AccessDenied')
    assert.equal(await outcomeOf(detach({ PolicyArn })), 'OK')
  }
})

test('iam:PermissionsBoundary: who may make and change only who is limited, cannot lift the limit', async () => {
  const Condition = { StringEquals: { 'iam:PermissionsBoundary': PermissionsBoundary } }
  const delegate = await clientWith(
    allow(['iam:Create*', 'iam:Put*', 'iam:Attach*', 'iam:Detach*', 'iam:DeleteRolePolicy', 'iam:DeleteUserPolicy'], {
      Condition,
    }),
  )
  const role2 = { RoleName: 'delegated' }
  const user2 = { UserName: 'delegated' }
  const attach = { PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' }
  const put = { ...inline, PolicyDocument }
  const outcomes = async (...made: (() => Promise<unknown>)[]) => {
    const found: string[] = []
    for (const call of made) found.push(await outcomeOf(call()))
    return found
  }
  const denied = (length: number) => Array<string>(length).fill('AccessDenied')
  assert.deepEqual(
    await outcomes(
      () => delegate.createRole({ ...role2, AssumeRolePolicyDocument }),
      () => delegate.createUser(user2),
      () => delegate.createRole({ ...role2, AssumeRolePolicyDocument, PermissionsBoundary: PolicyArn }),
      () => delegate.attachRolePolicy({ ...r, ...attach }),
      () => delegate.putUserPolicy({ ...u, ...put }),
    ),
    denied(5),
  )
  assert.deepEqual(
    await outcomes(
      () => delegate.createRole({ ...role2, AssumeRolePolicyDocument, PermissionsBoundary }),
      () => delegate.createUser({ ...user2, PermissionsBoundary }),
      () => delegate.attachRolePolicy({ ...role2, ...attach }),
      () => delegate.detachRolePolicy({ ...role2, ...attach }),
      () => delegate.putUserPolicy({ ...user2, ...put }),
      () => delegate.deleteUserPolicy({ ...user2, ...inline }),
      () => delegate.putRolePermissionsBoundary({ ...r, PermissionsBoundary }),
    ),
    Array<string>(7).fill('OK'),
  )
  assert.deepEqual(
    await outcomes(
      () => delegate.putRolePermissionsBoundary({ ...role2, PermissionsBoundary: PolicyArn }),
      () => delegate.deleteRolePermissionsBoundary(role2),
      () => delegate.deleteUserPermissionsBoundary(user2),
    ),
    denied(3),
  )
})

test('tags: of the request, and of what it is about', async () => {
  const team = { Key: 'team', Value: 'keys' }
  const asked = {
    StringEquals: { 'aws:RequestTag/team': 'keys' },
    'ForAllValues:StringEquals': { 'aws:TagKeys': ['team'] },
  }
  const tagger = await clientWith(
    allow(['iam:CreateRole', 'iam:TagRole', 'iam:CreatePolicy', 'iam:TagPolicy'], { Condition: asked }),
  )
  const create = (RoleName: string, ...Tags: { Key: string; Value: string }[]) =>
    outcomeOf(tagger.createRole({ RoleName, AssumeRolePolicyDocument, Tags }))
  assert.equal(await create('no-tag'), 'AccessDenied')
  assert.equal(await create('other-tag', { ...team, Value: 'other' }), 'AccessDenied')
  assert.equal(await create('more-tags', team, { Key: 'a', Value: '' }), 'AccessDenied')
  assert.equal(await create('right-tag', team), 'OK')
  const policy = { PolicyName: 'right-tag', PolicyDocument }
  assert.equal(await outcomeOf(tagger.createPolicy(policy)), 'AccessDenied')
  assert.equal(await outcomeOf(tagger.createPolicy({ ...policy, Tags: [team] })), 'OK')
  const owner = await clientWith(allow('iam:*', { Condition: { StringEquals: { 'aws:ResourceTag/team': 'keys' } } }))
  assert.equal(await outcomeOf(owner.getRole({ RoleName: 'right-tag' })), 'OK')
  assert.equal(await outcomeOf(owner.getRole(r)), 'AccessDenied')
  assert.equal(await outcomeOf(owner.putRolePolicy({ RoleName: 'right-tag', ...inline, PolicyDocument })), 'OK')
  assert.equal(await outcomeOf(owner.getPolicy({ PolicyArn: `${account}:policy/right-tag` })), 'OK')
  assert.equal(await outcomeOf(owner.deletePolicy({ PolicyArn })), 'AccessDenied')
})

test('who makes something with tags must be allowed to tag it', async () => {
  const Tags = [{ Key: 'a', Value: 'b' }]
  const maker = await clientWith(allow(['iam:CreateRole', 'iam:CreatePolicy']))
  const role2 = { RoleName: 'untagged', AssumeRolePolicyDocument }
  const policy = { PolicyName: 'untagged', PolicyDocument }
  assert.equal(await outcomeOf(maker.createRole({ ...role2, Tags })), 'AccessDenied')
  assert.equal(await outcomeOf(maker.createPolicy({ ...policy, Tags })), 'AccessDenied')
  assert.equal(await outcomeOf(maker.createRole(role2)), 'OK')
  assert.equal(await outcomeOf(maker.createPolicy(policy)), 'OK')
})

test("what is another account's is not there", async () => {
  const stranger = await userWith(server, { name: 'stranger', account: '111122223333' }, allow('*'))
  const client = server.iam({ credentials: stranger })
  const gone = 'The role with name r cannot be found.'
  await refused(client.getRole(r), 'NoSuchEntityException', gone, 404)
  assert.equal(await outcomeOf(client.getPolicy({ PolicyArn })), 'AccessDenied')
  assert.equal(await outcomeOf(client.createPolicyVersion({ PolicyArn, PolicyDocument })), 'AccessDenied')
  const self = { UserName: 'stranger' }
  assert.equal(await outcomeOf(client.attachUserPolicy({ ...self, PolicyArn })), 'NoSuchEntityException')
  assert.equal(
    await outcomeOf(client.putUserPermissionsBoundary({ ...self, PermissionsBoundary })),
    'NoSuchEntityException',
  )
  assert.deepEqual((await client.listRoles()).Roles, [])
  assert.deepEqual((await client.listPolicies({ Scope: 'Local' })).Policies, [])
})
