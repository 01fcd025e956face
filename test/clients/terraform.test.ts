import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { resolve } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { materialId } from 'keyreeve-import'
import { outcomeOf } from '../../packages/server/test/support/answers.ts'
import { days, start, type TestServer } from '../../packages/server/test/support/server.ts'
import { lacking, openShell } from './support.ts'

/** A mirror that has Terraform's AWS provider, which is most of a gigabyte: too much to fetch for every run. */
const mirror = process.env['TERRAFORM_PROVIDER_MIRROR']

const skip =
  (await lacking('bash', 'terraform')) ||
  (mirror === undefined &&
    'wants TERRAFORM_PROVIDER_MIRROR: what `terraform -chdir=test/clients/terraform providers mirror <folder>` makes')

/** Terraform does not believe a change before it has read it several times, seconds apart; milliseconds. */
const patience = 300_000

/** What may differ when the configuration in the folder `terraform` is applied again. */
interface Variables {
  purpose: string
  bounded: boolean
}

/** Its outputs. */
interface Outputs {
  account: string
  aliased: string[]
  ciphertext: string
  clerk: { arn: string; access_key_id: string; secret_access_key: string }
  keys: Record<'everywhere' | 'europe' | 'imported' | 'orders' | 'signing', string>
  password: string
  policy: { arn: string; document: string }
  public_key: string
  role: string
}

interface Terraform {
  apply: (variables: Variables) => Promise<Outputs>
  /** Asserts that what the server has is what the configuration says. */
  findNoDifference: (variables: Variables) => Promise<void>
  destroy: (variables: Variables) => Promise<void>
}

/** @param validTo when the server is to forget the material that is imported */
async function openTerraform(t: TestContext, server: TestServer, material: Buffer, validTo: Date): Promise<Terraform> {
  const sh = await openShell(t, undefined, patience)
  const source = fileURLToPath(new URL('terraform/', import.meta.url))
  await sh.run(`cp '${source}'*.tf .`)
  await sh.write(
    'terraform.rc',
    `provider_installation {\n  filesystem_mirror {\n    path = "${resolve(mirror ?? '')}"\n  }\n}\n`,
  )
  const environment = [
    `AWS_SHARED_CREDENTIALS_FILE='${server.app.credentials}'`,
    'CHECKPOINT_DISABLE=1',
    // The provider's list of resources takes most of the time, and collecting its garbage a third of that.
    'GOGC=400',
    'TF_CLI_CONFIG_FILE=terraform.rc',
    'TF_IN_AUTOMATION=1',
    `TF_VAR_endpoint=${server.address}`,
    `TF_VAR_material=${material.toString('base64')}`,
    `TF_VAR_valid_to=${validTo.toISOString().replace('.000Z', 'Z')}`,
  ].join(' ')
  const terraform = (command: string): Promise<string> => sh.run(`exec env ${environment} terraform ${command}`)
  // If it fails, its errors are not all that one wants to read.
  const given = ({ purpose, bounded }: Variables): string =>
    `-input=false -no-color -var purpose=${purpose} -var bounded=${bounded} >&2`

  await terraform('init -input=false -no-color')
  t.diagnostic((await terraform('version')).replaceAll('\n', ' '))
  return {
    async apply(variables) {
      await terraform(`apply -auto-approve ${given(variables)}`)
      const outputs = JSON.parse(await terraform('output -json')) as Record<string, { value: unknown }> // So it says.
      const values = Object.entries(outputs).map(([name, { value }]) => [name, value])
      return Object.fromEntries(values) as Outputs // The configuration's.
    },
    async findNoDifference(variables) {
      await terraform(`plan -detailed-exitcode ${given(variables)}`)
    },
    async destroy(variables) {
      await terraform(`destroy -auto-approve ${given(variables)}`)
    },
  }
}

test('Terraform makes keys, users, roles and policies, finds them, changes and destroys them', { skip }, async t => {
  const server = await start()
  t.after(() => server.stop())
  const material = randomBytes(32)
  const validTo = new Date(Math.floor(server.app.now() / 1000) * 1000 + 30 * days)
  const terraform = await openTerraform(t, server, material, validTo)

  const first = { purpose: 'Test', bounded: true }
  const made = await terraform.apply(first)
  await terraform.findNoDifference(first)
  await hasKeys(server, made, material, validTo)
  await hasIdentities(server, made)
  await clerkMayWhatPoliciesSay(server, made)

  const second = { purpose: 'Production', bounded: false }
  assert.deepEqual((await terraform.apply(second)).keys, made.keys, 'all is changed in place')
  await terraform.findNoDifference(second)
  await hasChangedKeys(server, made)
  await hasChangedIdentities(server, made)

  // Of which Terraform knows nothing.
  await server.iam().createAccessKey({ UserName: 'clerk' })
  await terraform.destroy(second)
  await hasNothingLeft(server, made)
})

const tagsOf = (tags: readonly { Key?: string | undefined; Value?: string | undefined }[] | undefined): unknown =>
  Object.fromEntries((tags ?? []).map(({ Key, Value }) => [Key, Value]))

async function tagsOfKey(server: TestServer, key: string): Promise<unknown> {
  const { Tags = [] } = await server.client().listResourceTags({ KeyId: key })
  return tagsOf(Tags.map(({ TagKey, TagValue }) => ({ Key: TagKey, Value: TagValue })))
}

const sidsOf = (policy = ''): (string | undefined)[] =>
  (JSON.parse(policy) as { Statement: { Sid?: string }[] }).Statement.map(({ Sid }) => Sid) // A policy is like that.

async function sidsOfKey(server: TestServer, key: string): Promise<unknown> {
  return sidsOf((await server.client().getKeyPolicy({ KeyId: key })).Policy)
}

async function hasKeys(server: TestServer, made: Outputs, material: Buffer, validTo: Date): Promise<void> {
  const kms = server.client()
  const { keys } = made
  assert.deepEqual(made.aliased, [keys.orders, keys.orders])
  const { KeyMetadata: orders } = await kms.describeKey({ KeyId: 'alias/orders' })
  assert.equal(orders?.Arn, keys.orders)
  assert.equal(orders.Description, 'Test')
  assert.equal((await kms.getKeyRotationStatus({ KeyId: keys.orders })).RotationPeriodInDays, 180)
  assert.deepEqual(await tagsOfKey(server, keys.orders), { Purpose: 'Test', Stack: 'orders' })
  assert.deepEqual(await sidsOfKey(server, keys.orders), ['Account', 'Test'])
  const { Grants: [grant, ...others] = [] } = await kms.listGrants({ KeyId: keys.orders })
  assert.deepEqual(others, [])
  assert.equal(grant?.GranteePrincipal, made.role)
  assert.deepEqual(grant.Constraints?.EncryptionContextSubset, { table: 'orders' })

  const { KeyMetadata: imported } = await kms.describeKey({ KeyId: keys.imported })
  assert.equal(imported?.KeyState, 'Enabled')
  assert.equal(imported.ValidTo?.getTime(), validTo.getTime())
  assert.equal(imported.CurrentKeyMaterialId, await materialId(imported.KeyId ?? '', material))
  assert.deepEqual(await sidsOfKey(server, keys.imported), ['Account', 'Test'])

  const { KeyMetadata: europe } = await server.client({ region: 'eu-west-1' }).describeKey({ KeyId: keys.europe })
  assert.equal(europe?.KeyState, 'Enabled')
  assert.equal(europe.MultiRegionConfiguration?.PrimaryKey?.Arn, keys.everywhere)

  const { PublicKey = new Uint8Array() } = await kms.getPublicKey({ KeyId: keys.signing })
  assert.equal(made.public_key, Buffer.from(PublicKey).toString('base64'))
  assert.equal(made.password, 'correct horse battery staple')
}

async function hasIdentities(server: TestServer, made: Outputs): Promise<void> {
  const iam = server.iam()
  assert.equal(made.account, '000000000000')
  const boundary = `arn:aws:iam::${made.account}:policy/boundaries/boundary`
  const { User: user } = await iam.getUser({ UserName: 'clerk' })
  assert.equal(user?.Arn, made.clerk.arn)
  assert.equal(user.PermissionsBoundary?.PermissionsBoundaryArn, boundary)
  const { Role: role } = await iam.getRole({ RoleName: 'orders' })
  assert.equal(role?.Arn, made.role)
  assert.equal(role.PermissionsBoundary?.PermissionsBoundaryArn, boundary)
  assert.equal(role.MaxSessionDuration, 7200)
  for (const { Tags } of [user, role]) assert.deepEqual(tagsOf(Tags), { Purpose: 'Test', Stack: 'orders' })
  assert.deepEqual(sidsOf(made.policy.document), ['Test'])
  const { PolicyGroups, PolicyRoles, PolicyUsers } = await iam.listEntitiesForPolicy({ PolicyArn: made.policy.arn })
  assert.deepEqual(
    [PolicyGroups?.[0]?.GroupName, PolicyRoles?.[0]?.RoleName, PolicyUsers?.[0]?.UserName],
    ['clerks', 'orders', 'clerk'],
  )
  const { Group, Users } = await iam.getGroup({ GroupName: 'clerks' })
  assert.equal(Group?.Path, '/orders/')
  assert.deepEqual(
    Users?.map(({ UserName }) => UserName),
    ['clerk'],
  )
}

async function clerkMayWhatPoliciesSay(server: TestServer, { clerk, keys, role, ...made }: Outputs): Promise<void> {
  const credentials = { accessKeyId: clerk.access_key_id, secretAccessKey: clerk.secret_access_key }
  const kms = server.client({ credentials })
  const CiphertextBlob = Buffer.from(made.ciphertext, 'base64')
  const { Plaintext = new Uint8Array() } = await kms.decrypt({ CiphertextBlob, EncryptionContext: { table: 'orders' } })
  assert.equal(Buffer.from(Plaintext).toString(), made.password)
  await kms.encrypt({ KeyId: keys.everywhere, Plaintext })
  await kms.listKeys()
  const denied = 'AccessDeniedException'
  assert.equal(await outcomeOf(kms.decrypt({ CiphertextBlob, EncryptionContext: { table: 'others' } })), denied)
  assert.equal(await outcomeOf(kms.generateDataKey({ KeyId: keys.everywhere, KeySpec: 'AES_256' })), denied)
  assert.equal(await outcomeOf(kms.createKey()), denied)
  assert.equal(await outcomeOf(server.iam({ credentials }).createAccessKey()), 'AccessDenied')

  const { Credentials } = await server
    .sts({ credentials })
    .assumeRole({ RoleArn: role, RoleSessionName: 'test', DurationSeconds: 7200 })
  const session = server.client({
    credentials: {
      accessKeyId: Credentials?.AccessKeyId ?? '',
      secretAccessKey: Credentials?.SecretAccessKey ?? '',
      sessionToken: Credentials?.SessionToken ?? '',
    },
  })
  // What the grant allows, and what nothing does.
  await session.encrypt({ KeyId: keys.orders, Plaintext, EncryptionContext: { table: 'orders' } })
  assert.equal(await outcomeOf(session.scheduleKeyDeletion({ KeyId: keys.orders })), denied)
}

async function hasChangedKeys(server: TestServer, { keys }: Outputs): Promise<void> {
  const kms = server.client()
  const { KeyMetadata: orders } = await kms.describeKey({ KeyId: keys.orders })
  assert.equal(orders?.Description, 'Production')
  assert.equal((await kms.getKeyRotationStatus({ KeyId: keys.orders })).RotationPeriodInDays, 365)
  assert.deepEqual(await tagsOfKey(server, keys.orders), { Purpose: 'Production', Stack: 'orders' })
  for (const key of [keys.orders, keys.imported]) {
    assert.deepEqual(await sidsOfKey(server, key), ['Account', 'Production'])
  }
  assert.equal((await kms.describeKey({ KeyId: keys.imported })).KeyMetadata?.KeyState, 'Disabled')
}

async function hasChangedIdentities(server: TestServer, { account, clerk, policy }: Outputs): Promise<void> {
  const iam = server.iam()
  const { User } = await iam.getUser({ UserName: 'clerk' })
  const { Role } = await iam.getRole({ RoleName: 'orders' })
  for (const holder of [User, Role]) {
    assert.equal(holder?.PermissionsBoundary, undefined)
    assert.deepEqual(tagsOf(holder?.Tags), { Purpose: 'Production', Stack: 'orders' })
  }
  assert.equal(Role?.Description, 'Production')
  assert.equal(Role.MaxSessionDuration, 3600)
  assert.deepEqual(sidsOf(decodeURIComponent(Role.AssumeRolePolicyDocument ?? '')), ['Production', undefined])
  const { Versions } = await iam.listPolicyVersions({ PolicyArn: policy.arn })
  assert.deepEqual(
    Versions?.map(({ VersionId, IsDefaultVersion }) => [VersionId, IsDefaultVersion]),
    [
      ['v2', true],
      ['v1', false],
    ],
  )
  assert.equal((await iam.getGroup({ GroupName: 'clerks' })).Group?.Path, '/')
  const OpenIDConnectProviderArn = `arn:aws:iam::${account}:oidc-provider/builds.example.com/path`
  const provider = await iam.getOpenIDConnectProvider({ OpenIDConnectProviderArn })
  assert.deepEqual(provider.ClientIDList?.toSorted(), ['orders-production', 'sts.amazonaws.com'])
  assert.deepEqual(provider.ThumbprintList, [createHash('sha1').update('Production').digest('hex')])
  const credentials = { accessKeyId: clerk.access_key_id, secretAccessKey: clerk.secret_access_key }
  assert.equal(await outcomeOf(server.client({ credentials }).listKeys()), 'UnrecognizedClientException')
}

async function hasNothingLeft(server: TestServer, { keys: { europe, everywhere, ...others } }: Outputs): Promise<void> {
  const stateOf = async (key: string, region: string): Promise<string | undefined> =>
    (await server.client({ region }).describeKey({ KeyId: key })).KeyMetadata?.KeyState
  for (const key of Object.values(others)) assert.equal(await stateOf(key, 'us-east-1'), 'PendingDeletion')
  assert.equal(await stateOf(everywhere, 'us-east-1'), 'PendingReplicaDeletion')
  assert.equal(await stateOf(europe, 'eu-west-1'), 'PendingDeletion')
  const iam = server.iam()
  assert.deepEqual(
    (await iam.listUsers()).Users?.map(({ UserName }) => UserName),
    ['administrator'],
  )
  assert.deepEqual((await iam.listGroups()).Groups, [])
  assert.deepEqual((await iam.listRoles()).Roles, [])
  assert.deepEqual((await iam.listOpenIDConnectProviders()).OpenIDConnectProviderList, [])
  assert.deepEqual((await iam.listPolicies({ Scope: 'Local' })).Policies, [])
  assert.deepEqual((await server.client().listAliases()).Aliases, [])
}
