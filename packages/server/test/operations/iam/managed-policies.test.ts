import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { constraint, membersOf, outcomeOf, refused } from '../../support/answers.ts'
import { allow, deny, ownAccount, textOf, userWith } from '../../support/identities.ts'
import { start } from '../../support/server.ts'

const server = await start()
after(() => server.stop())
server.clock.hold()
const iam = server.iam()

const text = textOf(allow('kms:Decrypt'))
const arnOf = (name: string): string => `arn:aws:iam::${ownAccount}:policy/${name}`
const ofService = (name: string): string => `arn:aws:iam::aws:policy/${name}`
const second = (): Date => new Date(Math.floor(server.clock.now() / 1000) * 1000)
const notFound = (arn: string): string => `Policy ${arn} was not found.`
const noVersion = (arn: string, id: string): string =>
  `Policy ${arn} version ${id} does not exist or is not attachable.`
async function make(PolicyName: string, more: object = {}): Promise<string> {
  return (await iam.createPolicy({ PolicyName, PolicyDocument: text, ...more })).Policy!.Arn!
}
const documentOf = async (PolicyArn: string, VersionId: string): Promise<string> =>
  decodeURIComponent((await iam.getPolicyVersion({ PolicyArn, VersionId })).PolicyVersion!.Document!)

test('a policy is answered as it was made, now and later', async () => {
  const { Policy } = await iam.createPolicy({
    PolicyName: 'Readers',
    Path: '/keys/a.b/',
    PolicyDocument: text,
    Description: 'who reads',
    Tags: [{ Key: 'a', Value: 'b' }],
  })
  const { PolicyId, ...rest } = Policy!
  assert.match(PolicyId!, /^ANPA[A-Z2-7]{16}$/)
  const listed = {
    PolicyName: 'Readers',
    Arn: arnOf('keys/a.b/Readers'),
    Path: '/keys/a.b/',
    DefaultVersionId: 'v1',
    AttachmentCount: 0,
    PermissionsBoundaryUsageCount: 0,
    IsAttachable: true,
    CreateDate: second(),
    UpdateDate: second(),
  }
  const whole = { ...listed, Description: 'who reads', Tags: [{ Key: 'a', Value: 'b' }] }
  assert.deepEqual(rest, whole)
  assert.deepEqual((await iam.getPolicy({ PolicyArn: listed.Arn })).Policy, { ...whole, PolicyId })
  const { Policies } = await iam.listPolicies({ Scope: 'Local' })
  assert.deepEqual(Policies, [{ ...listed, PolicyId }])
  assert.deepEqual((await iam.getPolicyVersion({ PolicyArn: listed.Arn, VersionId: 'v1' })).PolicyVersion, {
    Document: encodeURIComponent(text).replaceAll('*', '%2A'),
    VersionId: 'v1',
    IsDefaultVersion: true,
    CreateDate: second(),
  })
})

test('names are unique without regard to case, whatever the path', async () => {
  await make('Unique', { Path: '/a/' })
  for (const PolicyName of ['Unique', 'unique']) {
    const told = `A policy called ${PolicyName} already exists. Duplicate names are not allowed.`
    await refused(make(PolicyName, { Path: '/b/' }), 'EntityAlreadyExistsException', told, 409)
  }
})

test('refuses what no policy can be', async () => {
  const path = 'satisfy regular expression pattern: ((/[A-Za-z0-9\\.,\\+@=_-]+)*)/'
  await refused(make('bad', { Path: '/a b/' }), 'ValidationError', constraint('path', '/a b/', path))
  const malformed = (PolicyDocument: string, told: string) =>
    refused(make('bad', { PolicyDocument }), 'MalformedPolicyDocumentException', told)
  await malformed(
    textOf(allow('Decrypt')),
    'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.',
  )
  const old = 'Policy document must be version 2012-10-17 or greater.'
  await malformed(text.replace('2012-10-17', '2008-10-17'), old)
  await malformed(text.replace('"Version":"2012-10-17",', ''), old)
  const doubled = [
    { Key: 'a', Value: '' },
    { Key: 'a', Value: '' },
  ]
  await refused(make('bad', { Tags: doubled }), 'InvalidInputException', 'Duplicate tag keys found.')
  const filled = (size: number): string =>
    text.replace('"Version"', `"Id":"${'x'.repeat(size - text.length - 8)}","Version"`)
  await make('full', { PolicyDocument: `${filled(6144)}${'\n'.repeat(1000)}` })
  const over = 'Cannot exceed quota for PolicySize: 6144'
  await refused(make('bad', { PolicyDocument: filled(6145) }), 'LimitExceededException', over, 409)
  const version = iam.createPolicyVersion({ PolicyArn: arnOf('full'), PolicyDocument: filled(6145) })
  await refused(version, 'LimitExceededException', over, 409)
})

test('of at most five versions one counts, numbers are not used again, and the newest is listed first', async () => {
  const PolicyArn = await make('versions')
  const other = textOf(deny('kms:Decrypt'))
  const { PolicyVersion } = await iam.createPolicyVersion({ PolicyArn, PolicyDocument: other })
  assert.deepEqual(PolicyVersion, { VersionId: 'v2', IsDefaultVersion: false, CreateDate: second() })
  assert.deepEqual([await documentOf(PolicyArn, 'v1'), await documentOf(PolicyArn, 'v2')], [text, other])
  await iam.createPolicyVersion({ PolicyArn, PolicyDocument: text, SetAsDefault: true })
  await iam.createPolicyVersion({ PolicyArn, PolicyDocument: text })
  await iam.createPolicyVersion({ PolicyArn, PolicyDocument: text })
  const more = () => iam.createPolicyVersion({ PolicyArn, PolicyDocument: text })
  const full =
    'A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.'
  await refused(more(), 'LimitExceededException', full, 409)
  assert.equal((await iam.getPolicy({ PolicyArn })).Policy!.DefaultVersionId, 'v3')
  const standard = 'Cannot delete the default version of a policy.'
  await refused(iam.deletePolicyVersion({ PolicyArn, VersionId: 'v3' }), 'DeleteConflictException', standard, 409)
  await iam.deletePolicyVersion({ PolicyArn, VersionId: 'v5' })
  assert.equal((await more()).PolicyVersion!.VersionId, 'v6')
  for (const VersionId of ['v1', 'v2', 'v4', 'v6']) await iam.deletePolicyVersion({ PolicyArn, VersionId })
  for (let n = 7; n <= 10; n++) await more()
  const idsOf = async (asked: object) => {
    const page = await iam.listPolicyVersions({ PolicyArn, ...asked })
    return { ids: page.Versions!.map(({ VersionId }) => VersionId), Marker: page.Marker }
  }
  const { ids, Marker } = await idsOf({ MaxItems: 2 })
  assert.deepEqual(ids, ['v10', 'v9'])
  assert.deepEqual((await idsOf({ Marker })).ids, ['v8', 'v7', 'v3'])
  const gone = noVersion(PolicyArn, 'v1')
  await refused(iam.getPolicyVersion({ PolicyArn, VersionId: 'v1' }), 'NoSuchEntityException', gone, 404)
  await refused(iam.deletePolicyVersion({ PolicyArn, VersionId: 'v1' }), 'NoSuchEntityException', gone, 404)
  await refused(iam.setDefaultPolicyVersion({ PolicyArn, VersionId: 'v1' }), 'NoSuchEntityException', gone, 404)
  server.clock.advance(60_000)
  await iam.setDefaultPolicyVersion({ PolicyArn, VersionId: 'v8' })
  const { Policy } = await iam.getPolicy({ PolicyArn })
  assert.deepEqual([Policy!.DefaultVersionId, Policy!.UpdateDate], ['v8', second()])
  const several =
    "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy."
  await refused(iam.deletePolicy({ PolicyArn }), 'DeleteConflictException', several, 409)
  for (const VersionId of ['v3', 'v7', 'v9', 'v10']) await iam.deletePolicyVersion({ PolicyArn, VersionId })
  await iam.deletePolicy({ PolicyArn })
  await refused(iam.getPolicy({ PolicyArn }), 'NoSuchEntityException', notFound(PolicyArn), 404)
})

test('of versions that are made at once, five stay', async () => {
  const PolicyArn = await make('race')
  const making = Array.from({ length: 7 }, () =>
    outcomeOf(iam.createPolicyVersion({ PolicyArn, PolicyDocument: text })),
  )
  const outcomes = await Promise.all(making)
  assert.equal(outcomes.filter(outcome => outcome === 'OK').length, 4)
  assert.equal(outcomes.filter(outcome => outcome === 'LimitExceededException').length, 3)
  const { Versions } = await iam.listPolicyVersions({ PolicyArn })
  assert.deepEqual(
    Versions!.map(({ VersionId }) => VersionId),
    ['v5', 'v4', 'v3', 'v2', 'v1'],
  )
})

test('tags of policies differ by case', async () => {
  const PolicyArn = await make('tagged')
  await iam.tagPolicy({
    PolicyArn,
    Tags: [
      { Key: 'b', Value: '1' },
      { Key: 'B', Value: '2' },
    ],
  })
  await iam.untagPolicy({ PolicyArn, TagKeys: ['b'] })
  const { Tags, IsTruncated } = await iam.listPolicyTags({ PolicyArn })
  assert.deepEqual([Tags, IsTruncated], [[{ Key: 'B', Value: '2' }], false])
})

test("the service's own policies can be read by everybody, and changed by nobody", async () => {
  const PolicyArn = ofService('AWSKeyManagementServicePowerUser')
  const { Policy } = await iam.getPolicy({ PolicyArn })
  assert.deepEqual([Policy!.Arn, Policy!.DefaultVersionId], [PolicyArn, 'v2'])
  assert.match(await documentOf(PolicyArn, 'v2'), /"kms:GenerateRandom"/)
  const gone = noVersion(PolicyArn, 'v1')
  await refused(iam.getPolicyVersion({ PolicyArn, VersionId: 'v1' }), 'NoSuchEntityException', gone, 404)
  assert.deepEqual((await iam.listPolicyTags({ PolicyArn })).Tags, [])
  const changes: Promise<unknown>[] = [
    iam.deletePolicy({ PolicyArn }),
    iam.createPolicyVersion({ PolicyArn, PolicyDocument: text }),
    iam.deletePolicyVersion({ PolicyArn, VersionId: 'v1' }),
    iam.setDefaultPolicyVersion({ PolicyArn, VersionId: 'v2' }),
    iam.tagPolicy({ PolicyArn, Tags: [] }),
    iam.untagPolicy({ PolicyArn, TagKeys: ['a'] }),
  ]
  assert.deepEqual(await Promise.all(changes.map(outcomeOf)), Array(6).fill('AccessDenied'))
  const none = ofService('Nothing')
  await refused(iam.getPolicy({ PolicyArn: none }), 'NoSuchEntityException', notFound(none), 404)
})

test('policies of other accounts cannot be seen, and ARNs of other things are none', async () => {
  const PolicyArn = 'arn:aws:iam::111122223333:policy/theirs'
  const calls = [
    outcomeOf(iam.getPolicy({ PolicyArn })),
    outcomeOf(iam.deletePolicy({ PolicyArn })),
    outcomeOf(iam.listEntitiesForPolicy({ PolicyArn })),
  ]
  assert.deepEqual(await Promise.all(calls), Array(3).fill('AccessDenied'))
  for (const arn of [
    `arn:aws:iam::${ownAccount}:user/someone`,
    `arn:aws:kms::${ownAccount}:policy/someone`,
    `arn:aws-cn:iam::${ownAccount}:policy/x`,
    'this is not an arn at all',
    `${arnOf('x')} `,
  ]) {
    await refused(iam.getPolicy({ PolicyArn: arn }), 'InvalidInputException', `ARN ${arn} is not valid.`)
  }
  // Right but for its path.
  const PolicyName = 'pathless'
  await make(PolicyName)
  const elsewhere = arnOf(`a/${PolicyName}`)
  await refused(iam.getPolicy({ PolicyArn: elsewhere }), 'NoSuchEntityException', notFound(elsewhere), 404)
})

test('lists: by scope, path and use, in pages that mix the policies of account and service by name', async () => {
  await userWith(server, 'someone')
  const used = await make('iam-used', { Path: '/lists/' })
  const boundary = await make('iam-boundary', { Path: '/lists/' })
  const namesake = await make('PowerUserAccess', { Path: '/lists/' })
  await iam.attachUserPolicy({ UserName: 'someone', PolicyArn: used })
  await iam.putUserPermissionsBoundary({ UserName: 'someone', PermissionsBoundary: boundary })
  const list = async (asked: object) => (await iam.listPolicies(asked)).Policies!.map(({ Arn }) => Arn!)
  const all = await list({})
  const services = await list({ Scope: 'AWS' })
  const locals = await list({ Scope: 'Local' })
  assert.equal(services.length, 5)
  assert.ok(services.every(arn => arn.startsWith('arn:aws:iam::aws:')))
  assert.ok(locals.every(arn => arn.startsWith(`arn:aws:iam::${ownAccount}:`)))
  assert.deepEqual(all.toSorted(), [...services, ...locals].toSorted())
  assert.equal(all.indexOf(ofService('PowerUserAccess')), all.indexOf(namesake) + 1)
  for (const Scope of ['All', 'AWS', 'Local'] as const) {
    const paged: string[] = []
    let Marker: string | undefined
    do {
      const page = await iam.listPolicies({ Scope, MaxItems: 1, ...(Marker !== undefined && { Marker }) })
      paged.push(...page.Policies!.map(({ Arn }) => Arn!))
      Marker = page.Marker
    } while (Marker !== undefined)
    assert.deepEqual(paged, await list({ Scope }))
  }
  assert.deepEqual(await list({ PathPrefix: '/lists/' }), [boundary, used, namesake])
  // The administrator's.
  assert.deepEqual(await list({ OnlyAttached: true }), [ofService('AdministratorAccess'), used])
  assert.deepEqual(await list({ OnlyAttached: true, Scope: 'AWS' }), [ofService('AdministratorAccess')])
  assert.deepEqual(await list({ PolicyUsageFilter: 'PermissionsPolicy', Scope: 'Local' }), [used])
  assert.deepEqual(await list({ PolicyUsageFilter: 'PermissionsBoundary' }), [boundary])
})

test('records name the policy and show what was asked for', async () => {
  const members = await membersOf(iam.createPolicy({ PolicyName: 'recorded', PolicyDocument: text }))
  assert.equal(members.Policy!.PolicyName, 'recorded')
  const record = (await server.records()).at(-1)!
  assert.deepEqual(record['requestParameters'], { policyName: 'recorded', policyDocument: text })
  assert.deepEqual((record['responseElements'] as { policy: { arn: string } }).policy.arn, arnOf('recorded'))
})
