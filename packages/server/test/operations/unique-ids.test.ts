import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { outcomeOf } from '../support/answers.ts'
import { allow, ownAccount, type Identity } from '../support/identities.ts'
import { start } from '../support/server.ts'

/**
 * Who is named in a policy or a grant is meant by its unique id: not somebody else who gets the same name later. After
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids.
 */
const server = await start()
after(() => server.stop())
const kms = server.client()
const iam = server.iam()
const sts = server.sts()
const root = { Effect: 'Allow', Principal: { AWS: ownAccount }, Action: 'kms:*', Resource: '*' }
const policyFor = (AWS: string, action = 'kms:*') =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [root, { Effect: 'Allow', Principal: { AWS }, Action: action, Resource: '*' }],
  })

async function newUser(UserName: string): Promise<Identity> {
  const { User } = await iam.createUser({ UserName })
  const { AccessKey } = await iam.createAccessKey({ UserName })
  const { AccessKeyId: accessKeyId = '', SecretAccessKey: secretAccessKey = '' } = AccessKey ?? {}
  return { accessKeyId, secretAccessKey, arn: User?.Arn ?? '', account: ownAccount, id: User?.UserId ?? '' }
}

async function removeUser(UserName: string, { accessKeyId }: Identity): Promise<void> {
  await iam.deleteAccessKey({ UserName, AccessKeyId: accessKeyId })
  await iam.deleteUser({ UserName })
}

const newKey = async (Policy?: string): Promise<string> =>
  (await kms.createKey(Policy === undefined ? {} : { Policy })).KeyMetadata?.KeyId ?? ''

const encrypts = (credentials: Identity, KeyId: string) =>
  outcomeOf(server.client({ credentials }).encrypt({ KeyId, Plaintext: Buffer.alloc(1) }))

test('a key policy means the user that was there, and shows the id of one that is gone', async () => {
  const first = await newUser('alice')
  const [KeyId, later] = [await newKey(policyFor(first.arn)), await newKey()]
  assert.equal(await encrypts(first, KeyId), 'OK')
  assert.equal((await kms.getKeyPolicy({ KeyId })).Policy, policyFor(first.arn))
  await removeUser('alice', first)
  assert.equal((await kms.getKeyPolicy({ KeyId })).Policy, policyFor(first.id))
  const second = await newUser('alice')
  assert.equal(second.arn, first.arn)
  assert.equal(await encrypts(second, KeyId), 'AccessDeniedException')
  assert.equal((await kms.getKeyPolicy({ KeyId })).Policy, policyFor(first.id))
  await kms.putKeyPolicy({ KeyId: later, Policy: policyFor(second.arn) })
  assert.equal(await encrypts(second, later), 'OK')
})

test('a denial means the user that was there as well, under whatever name', async () => {
  const user = await newUser('mallory')
  await iam.putUserPolicy({ UserName: 'mallory', PolicyName: 'p', PolicyDocument: JSON.stringify(allow('kms:*')) })
  const deny = { Effect: 'Deny', Principal: { AWS: user.arn }, Action: 'kms:Encrypt', Resource: '*' }
  const KeyId = await newKey(JSON.stringify({ Version: '2012-10-17', Statement: [root, deny] }))
  assert.equal(await encrypts(user, KeyId), 'AccessDeniedException')
  await iam.updateUser({ UserName: 'mallory', NewUserName: 'innocent' })
  assert.equal(await encrypts(user, KeyId), 'AccessDeniedException')
})

test('a grant means the grantee that was there', async () => {
  const first = await newUser('grantee')
  const KeyId = await newKey()
  const grant = {
    KeyId,
    GranteePrincipal: first.arn,
    Operations: ['Encrypt' as const, 'RetireGrant' as const],
    Name: 'n',
  }
  const { GrantId, GrantToken } = await kms.createGrant(grant)
  assert.equal(await encrypts(first, KeyId), 'OK')
  await removeUser('grantee', first)
  const second = await newUser('grantee')
  assert.equal(await encrypts(second, KeyId), 'AccessDeniedException')
  const client = server.client({ credentials: second })
  assert.equal(
    await outcomeOf(client.encrypt({ KeyId, Plaintext: Buffer.alloc(1), GrantTokens: [GrantToken ?? ''] })),
    'AccessDeniedException',
  )
  assert.equal(await outcomeOf(client.retireGrant({ KeyId, GrantId })), 'AccessDeniedException')
  // The same request made again is for somebody else, so it is another grant.
  assert.notEqual((await kms.createGrant(grant)).GrantId, GrantId)
  assert.equal(await encrypts(second, KeyId), 'OK')
})

test('a trust policy means the user that was there', async () => {
  const first = await newUser('operator')
  const trust = JSON.stringify({
    Version: '2012-10-17',
    Statement: { Effect: 'Allow', Principal: { AWS: first.arn }, Action: 'sts:AssumeRole' },
  })
  const { Role } = await iam.createRole({ RoleName: 'ops', AssumeRolePolicyDocument: trust })
  const assume = (credentials: Identity) =>
    outcomeOf(server.sts({ credentials }).assumeRole({ RoleArn: Role?.Arn, RoleSessionName: 'session' }))
  assert.equal(await assume(first), 'OK')
  await removeUser('operator', first)
  const second = await newUser('operator')
  assert.equal(await assume(second), 'AccessDenied')
  await iam.updateAssumeRolePolicy({ RoleName: 'ops', PolicyDocument: trust })
  assert.equal(await assume(second), 'OK')
})

test('a key policy means the role that was there', async () => {
  const trust = JSON.stringify({
    Version: '2012-10-17',
    Statement: { Effect: 'Allow', Principal: { AWS: ownAccount }, Action: 'sts:AssumeRole' },
  })
  const make = async (): Promise<Identity> => {
    const { Role } = await iam.createRole({ RoleName: 'app', AssumeRolePolicyDocument: trust })
    const { Credentials } = await sts.assumeRole({ RoleArn: Role?.Arn, RoleSessionName: 'session' })
    const {
      AccessKeyId: accessKeyId = '',
      SecretAccessKey: secretAccessKey = '',
      SessionToken = '',
    } = Credentials ?? {}
    return {
      accessKeyId,
      secretAccessKey,
      sessionToken: SessionToken,
      arn: Role?.Arn ?? '',
      account: ownAccount,
      id: '',
    }
  }
  const first = await make()
  const KeyId = await newKey(policyFor(first.arn))
  assert.equal(await encrypts(first, KeyId), 'OK')
  await iam.deleteRole({ RoleName: 'app' })
  const second = await make()
  assert.equal(await encrypts(second, KeyId), 'AccessDeniedException')
  // Its own sessions are over.
  assert.equal(await encrypts(first, KeyId), 'UnrecognizedClientException')
})
