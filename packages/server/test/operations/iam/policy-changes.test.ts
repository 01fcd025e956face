import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { outcomeOf } from '../../support/answers.ts'
import { allow, deny, document, ownAccount, textOf } from '../../support/identities.ts'
import { start, type Credentials } from '../../support/server.ts'

/** Whatever changes of users, groups, roles and policies, the next answer of KMS follows it. */

const server = await start()
after(() => server.stop())
const iam = server.iam()
const { KeyMetadata } = await server.client().createKey({})
const KeyId = KeyMetadata!.KeyId!

const reads = textOf(allow('kms:DescribeKey'))
const nothing = textOf(allow('kms:ListKeys'))
const trustOf = (AWS: string) => textOf(document({ Effect: 'Allow', Principal: { AWS }, Action: 'sts:AssumeRole' }))

/** `OK`, or the code of the refusal: of DescribeKey, by somebody. */
const asks = (credentials: Credentials) => {
  const client = server.client({ credentials })
  return () => outcomeOf(client.describeKey({ KeyId }))
}

/** A user made by the API, and what becomes of its requests. */
async function userNamed(UserName: string) {
  await iam.createUser({ UserName })
  const { AccessKey } = await iam.createAccessKey({ UserName })
  const credentials = { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! }
  return { credentials, describes: asks(credentials) }
}

async function sessionOf(RoleName: string, credentials?: Credentials) {
  const sts = server.sts(credentials && { credentials })
  const RoleArn = `arn:aws:iam::${ownAccount}:role/${RoleName}`
  const { Credentials: given } = await sts.assumeRole({ RoleArn, RoleSessionName: 'session' })
  return asks({
    accessKeyId: given!.AccessKeyId!,
    secretAccessKey: given!.SecretAccessKey!,
    sessionToken: given!.SessionToken!,
  })
}

test('a user’s inline policy: put, replaced by one that denies, and deleted', async () => {
  const { describes } = await userNamed('inline')
  const named = { UserName: 'inline', PolicyName: 'p' }
  assert.equal(await describes(), 'AccessDeniedException')
  await iam.putUserPolicy({ ...named, PolicyDocument: reads })
  assert.equal(await describes(), 'OK')
  await iam.putUserPolicy({ ...named, PolicyName: 'q', PolicyDocument: textOf(deny('kms:*')) })
  assert.equal(await describes(), 'AccessDeniedException')
  await iam.deleteUserPolicy({ ...named, PolicyName: 'q' })
  assert.equal(await describes(), 'OK')
  await iam.putUserPolicy({ ...named, PolicyDocument: nothing })
  assert.equal(await describes(), 'AccessDeniedException')
  await iam.putUserPolicy({ ...named, PolicyDocument: reads })
  await iam.deleteUserPolicy(named)
  assert.equal(await describes(), 'AccessDeniedException')
})

test('a group’s policies, for who is in it, as long as it is', async () => {
  const { describes } = await userNamed('member')
  await iam.createGroup({ GroupName: 'crew' })
  await iam.putGroupPolicy({ GroupName: 'crew', PolicyName: 'p', PolicyDocument: reads })
  assert.equal(await describes(), 'AccessDeniedException')
  await iam.addUserToGroup({ GroupName: 'crew', UserName: 'member' })
  assert.equal(await describes(), 'OK')
  await iam.deleteGroupPolicy({ GroupName: 'crew', PolicyName: 'p' })
  assert.equal(await describes(), 'AccessDeniedException')
  const { Policy } = await iam.createPolicy({ PolicyName: 'for-crew', PolicyDocument: reads })
  await iam.attachGroupPolicy({ GroupName: 'crew', PolicyArn: Policy!.Arn! })
  assert.equal(await describes(), 'OK')
  await iam.detachGroupPolicy({ GroupName: 'crew', PolicyArn: Policy!.Arn! })
  assert.equal(await describes(), 'AccessDeniedException')
  await iam.putGroupPolicy({ GroupName: 'crew', PolicyName: 'p', PolicyDocument: reads })
  assert.equal(await describes(), 'OK')
  await iam.removeUserFromGroup({ GroupName: 'crew', UserName: 'member' })
  assert.equal(await describes(), 'AccessDeniedException')
})

test('a managed policy: attached, its other version made the default, detached', async () => {
  const { describes } = await userNamed('attached')
  const { Policy } = await iam.createPolicy({ PolicyName: 'versions', PolicyDocument: nothing })
  const PolicyArn = Policy!.Arn!
  await iam.attachUserPolicy({ UserName: 'attached', PolicyArn })
  assert.equal(await describes(), 'AccessDeniedException')
  await iam.createPolicyVersion({ PolicyArn, PolicyDocument: reads })
  assert.equal(await describes(), 'AccessDeniedException')
  await iam.setDefaultPolicyVersion({ PolicyArn, VersionId: 'v2' })
  assert.equal(await describes(), 'OK')
  await iam.createPolicyVersion({ PolicyArn, PolicyDocument: nothing, SetAsDefault: true })
  assert.equal(await describes(), 'AccessDeniedException')
  await iam.setDefaultPolicyVersion({ PolicyArn, VersionId: 'v2' })
  assert.equal(await describes(), 'OK')
  await iam.detachUserPolicy({ UserName: 'attached', PolicyArn })
  assert.equal(await describes(), 'AccessDeniedException')
  await iam.attachUserPolicy({
    UserName: 'attached',
    PolicyArn: 'arn:aws:iam::aws:policy/AWSKeyManagementServicePowerUser',
  })
  assert.equal(await describes(), 'OK')
})

test('a boundary limits from when it is put until it is removed, and follows its policy', async () => {
  const { describes } = await userNamed('bound')
  const UserName = 'bound'
  await iam.putUserPolicy({ UserName, PolicyName: 'p', PolicyDocument: reads })
  const { Policy } = await iam.createPolicy({ PolicyName: 'boundary', PolicyDocument: nothing })
  const PermissionsBoundary = Policy!.Arn!
  assert.equal(await describes(), 'OK')
  await iam.putUserPermissionsBoundary({ UserName, PermissionsBoundary })
  assert.equal(await describes(), 'AccessDeniedException')
  await iam.createPolicyVersion({ PolicyArn: PermissionsBoundary, PolicyDocument: reads, SetAsDefault: true })
  assert.equal(await describes(), 'OK')
  await iam.putUserPermissionsBoundary({ UserName, PermissionsBoundary: 'arn:aws:iam::aws:policy/IAMFullAccess' })
  assert.equal(await describes(), 'AccessDeniedException')
  await iam.deleteUserPermissionsBoundary({ UserName })
  assert.equal(await describes(), 'OK')
})

test('sessions that there are follow the policies of their role, and end with it', async () => {
  const RoleName = 'living'
  await iam.createRole({ RoleName, AssumeRolePolicyDocument: trustOf(ownAccount) })
  const describes = await sessionOf(RoleName)
  assert.equal(await describes(), 'AccessDeniedException')
  await iam.putRolePolicy({ RoleName, PolicyName: 'p', PolicyDocument: reads })
  assert.equal(await describes(), 'OK')
  await iam.putRolePermissionsBoundary({ RoleName, PermissionsBoundary: 'arn:aws:iam::aws:policy/IAMFullAccess' })
  assert.equal(await describes(), 'AccessDeniedException')
  await iam.deleteRolePermissionsBoundary({ RoleName })
  assert.equal(await describes(), 'OK')
  // Who may assume it does not matter to who has.
  await iam.updateAssumeRolePolicy({ RoleName, PolicyDocument: trustOf('111122223333') })
  assert.equal(await describes(), 'OK')
  await iam.deleteRolePolicy({ RoleName, PolicyName: 'p' })
  await iam.deleteRole({ RoleName })
  assert.equal(await describes(), 'UnrecognizedClientException')
  // One of the same name is another one.
  await iam.createRole({ RoleName, AssumeRolePolicyDocument: trustOf(ownAccount) })
  await iam.putRolePolicy({ RoleName, PolicyName: 'p', PolicyDocument: reads })
  assert.equal(await describes(), 'UnrecognizedClientException')
})

test('who may assume a role, its trust policy says at once', async () => {
  const RoleName = 'trusting'
  const { credentials } = await userNamed('assumer')
  const me = `arn:aws:iam::${ownAccount}:user/assumer`
  const assumes = () => outcomeOf(sessionOf(RoleName, credentials))
  await iam.createRole({ RoleName, AssumeRolePolicyDocument: trustOf(me) })
  assert.equal(await assumes(), 'OK')
  await iam.updateAssumeRolePolicy({ RoleName, PolicyDocument: trustOf('111122223333') })
  assert.equal(await assumes(), 'AccessDenied')
  // The account leaves it to its own policies.
  await iam.updateAssumeRolePolicy({ RoleName, PolicyDocument: trustOf(ownAccount) })
  assert.equal(await assumes(), 'AccessDenied')
  await iam.putUserPolicy({ UserName: 'assumer', PolicyName: 'p', PolicyDocument: textOf(allow('sts:AssumeRole')) })
  assert.equal(await assumes(), 'OK')
  await iam.deleteRole({ RoleName })
  assert.equal(await assumes(), 'AccessDenied')
})

test('tags of a user and of a role that policies ask for', async () => {
  const { describes } = await userNamed('tagged')
  const Condition = { StringEquals: { 'aws:PrincipalTag/team': 'keys' } }
  await iam.putUserPolicy({
    UserName: 'tagged',
    PolicyName: 'p',
    PolicyDocument: textOf(allow('kms:*', { Condition })),
  })
  assert.equal(await describes(), 'AccessDeniedException')
  await iam.tagUser({ UserName: 'tagged', Tags: [{ Key: 'team', Value: 'keys' }] })
  assert.equal(await describes(), 'OK')
  const RoleName = 'tagged'
  await iam.createRole({ RoleName, AssumeRolePolicyDocument: trustOf(ownAccount) })
  await iam.putRolePolicy({ RoleName, PolicyName: 'p', PolicyDocument: textOf(allow('kms:*', { Condition })) })
  const session = await sessionOf(RoleName)
  assert.equal(await session(), 'AccessDeniedException')
  await iam.tagRole({ RoleName, Tags: [{ Key: 'team', Value: 'keys' }] })
  assert.equal(await session(), 'OK')
  await iam.untagRole({ RoleName, TagKeys: ['team'] })
  assert.equal(await session(), 'AccessDeniedException')
})

test('an administrator of keys who loses a policy in mid-flight has either used it before, or not at all', async () => {
  const { describes } = await userNamed('flying')
  const named = { UserName: 'flying', PolicyName: 'p' }
  for (let round = 0; round < 5; round++) {
    await iam.putUserPolicy({ ...named, PolicyDocument: reads })
    const before = (await server.records()).length
    const flying = Promise.all(Array.from({ length: 8 }, () => describes()))
    await iam.deleteUserPolicy(named)
    await flying
    const names = (await server.records())
      .slice(before)
      .map(record => [record['eventName'], record['errorCode'] ?? 'OK'].join(' '))
    const deletion = names.indexOf('DeleteUserPolicy OK')
    assert.ok(deletion >= 0)
    assert.ok(!names.slice(deletion).includes('DescribeKey OK'), names.join(', '))
  }
})
