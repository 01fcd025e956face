import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { membersOf, outcomeOf, refused } from '../../support/answers.ts'
import { allow, document, ownAccount, textOf } from '../../support/identities.ts'
import { start } from '../../support/server.ts'

/** Managed policies that users, roles and groups have, and that limit them; made by the API alone, so that counts are right. */

const server = await start()
after(() => server.stop())
const iam = server.iam()

const PolicyDocument = textOf(allow('kms:*'))
const trust = textOf(document({ Effect: 'Allow', Principal: { AWS: ownAccount }, Action: 'sts:AssumeRole' }))
const policy = async (PolicyName: string, more: object = {}): Promise<string> =>
  (await iam.createPolicy({ PolicyName, PolicyDocument, ...more })).Policy!.Arn!
const ofService = (name: string): string => `arn:aws:iam::aws:policy/${name}`
const inUse = 'Cannot delete a policy attached to entities.'
const countsOf = async (PolicyArn: string) => {
  const { Policy } = await iam.getPolicy({ PolicyArn })
  return [Policy!.AttachmentCount, Policy!.PermissionsBoundaryUsageCount]
}

type Attached = {
  AttachedPolicies?: { PolicyName?: string | undefined; PolicyArn?: string | undefined }[] | undefined
  Marker?: string | undefined
  IsTruncated?: boolean | undefined
  $metadata: unknown
}
interface Side {
  kind: string
  quota: string
  make: (name: string) => Promise<unknown>
  attach: (name: string, PolicyArn: string) => Promise<unknown>
  detach: (name: string, PolicyArn: string) => Promise<unknown>
  list: (name: string, asked?: object) => Promise<Attached>
}
const sides: readonly Side[] = [
  {
    kind: 'user',
    quota: 'PoliciesPerUser',
    make: UserName => iam.createUser({ UserName }),
    attach: (UserName, PolicyArn) => iam.attachUserPolicy({ UserName, PolicyArn }),
    detach: (UserName, PolicyArn) => iam.detachUserPolicy({ UserName, PolicyArn }),
    list: (UserName, asked) => iam.listAttachedUserPolicies({ UserName, ...asked }),
  },
  {
    kind: 'role',
    quota: 'PoliciesPerRole',
    make: RoleName => iam.createRole({ RoleName, AssumeRolePolicyDocument: trust }),
    attach: (RoleName, PolicyArn) => iam.attachRolePolicy({ RoleName, PolicyArn }),
    detach: (RoleName, PolicyArn) => iam.detachRolePolicy({ RoleName, PolicyArn }),
    list: (RoleName, asked) => iam.listAttachedRolePolicies({ RoleName, ...asked }),
  },
  {
    kind: 'group',
    quota: 'PoliciesPerGroup',
    make: GroupName => iam.createGroup({ GroupName }),
    attach: (GroupName, PolicyArn) => iam.attachGroupPolicy({ GroupName, PolicyArn }),
    detach: (GroupName, PolicyArn) => iam.detachGroupPolicy({ GroupName, PolicyArn }),
    list: (GroupName, asked) => iam.listAttachedGroupPolicies({ GroupName, ...asked }),
  },
]

const many = await Promise.all(Array.from({ length: 11 }, (_, index) => policy(`many-${index}`)))

for (const { kind, quota, make, attach, detach, list } of sides) {
  test(`a ${kind}'s policies: attached, counted, listed, detached`, async () => {
    await make(`${kind}-holder`)
    const arn = await policy(`For${kind}`, { Path: '/special/' })
    const namesake = await policy('IAMFullAccess', { Path: `/${kind}/` })
    for (const each of [arn, namesake, ofService('IAMFullAccess')]) await attach(`${kind}-holder`, each)
    // Again.
    await attach(`${kind}-holder`, arn)
    assert.deepEqual(await countsOf(arn), [1, 0])
    assert.deepEqual(await countsOf(ofService('IAMFullAccess')), [1, 0])
    assert.deepEqual(await membersOf(list(`${kind}-holder`)), {
      AttachedPolicies: [
        { PolicyName: `For${kind}`, PolicyArn: arn },
        { PolicyName: 'IAMFullAccess', PolicyArn: namesake },
        { PolicyName: 'IAMFullAccess', PolicyArn: ofService('IAMFullAccess') },
      ],
      IsTruncated: false,
    })
    const paged: string[] = []
    let Marker: string | undefined
    do {
      const page = await list(`${kind}-holder`, { MaxItems: 1, ...(Marker !== undefined && { Marker }) })
      paged.push(...page.AttachedPolicies!.map(({ PolicyArn }) => PolicyArn!))
      Marker = page.Marker
    } while (Marker !== undefined)
    assert.deepEqual(paged, [arn, namesake, ofService('IAMFullAccess')])
    const special = await list(`${kind}-holder`, { PathPrefix: '/special/' })
    assert.deepEqual(special.AttachedPolicies, [{ PolicyName: `For${kind}`, PolicyArn: arn }])
    await refused(iam.deletePolicy({ PolicyArn: arn }), 'DeleteConflictException', inUse, 409)
    for (const each of paged) await detach(`${kind}-holder`, each)
    assert.deepEqual(await countsOf(ofService('IAMFullAccess')), [0, 0])
    const gone = `Policy ${arn} was not found.`
    await refused(detach(`${kind}-holder`, arn), 'NoSuchEntityException', gone, 404)
    for (const PolicyArn of [arn, namesake]) await iam.deletePolicy({ PolicyArn })
  })

  test(`a ${kind} has ten managed policies at most, however many come at once`, async () => {
    await make(`${kind}-full`)
    const outcomes = await Promise.all(many.map(arn => outcomeOf(attach(`${kind}-full`, arn))))
    assert.deepEqual(outcomes.toSorted(), ['LimitExceededException', ...Array<string>(10).fill('OK')])
    const left = many[outcomes.indexOf('LimitExceededException')]!
    await refused(attach(`${kind}-full`, left), 'LimitExceededException', `Cannot exceed quota for ${quota}: 10`, 409)
    // One that is there is not one more.
    await attach(`${kind}-full`, many[outcomes.indexOf('OK')]!)
    const { AttachedPolicies } = await list(`${kind}-full`)
    assert.equal(AttachedPolicies!.length, 10)
    assert.deepEqual(await countsOf(left), [0, 0])
    for (const { PolicyArn } of AttachedPolicies!) await detach(`${kind}-full`, PolicyArn!)
    for (const arn of many) assert.deepEqual(await countsOf(arn), [0, 0])
  })

  test(`a ${kind} cannot have what is no policy`, async () => {
    const attached = (arn: string, code: string, text: string, status: number) =>
      refused(attach(`${kind}-holder`, arn), code, text, status)
    for (const arn of [
      `arn:aws:iam::${ownAccount}:policy/none`,
      `arn:aws:iam::${ownAccount}:policy/wrong/many-0`,
      'arn:aws:iam::111122223333:policy/theirs',
      ofService('Nothing'),
    ]) {
      await attached(arn, 'NoSuchEntityException', `Policy ${arn} does not exist or is not attachable.`, 404)
    }
    const bucket = 'arn:aws:s3:::some-bucket'
    await attached(bucket, 'InvalidInputException', `ARN ${bucket} is not valid.`, 400)
    const none = `The ${kind} with name none cannot be found.`
    await refused(attach('none', many[0]!), 'NoSuchEntityException', none, 404)
    await refused(detach('none', many[0]!), 'NoSuchEntityException', none, 404)
    await refused(list('none'), 'NoSuchEntityException', none, 404)
  })
}

test('who has a policy, and for whom it is the boundary, is found in pages and by filters', async () => {
  const PolicyArn = await policy('Shared')
  const other = await policy('Other')
  for (const name of ['u1', 'u2', 'u3']) await iam.createUser({ UserName: name, Path: name === 'u3' ? '/deep/' : '/' })
  await iam.createRole({ RoleName: 'r1', AssumeRolePolicyDocument: trust, PermissionsBoundary: PolicyArn })
  await iam.createGroup({ GroupName: 'g1' })
  await iam.attachUserPolicy({ UserName: 'u1', PolicyArn })
  await iam.attachUserPolicy({ UserName: 'u2', PolicyArn: other })
  await iam.attachUserPolicy({ UserName: 'u3', PolicyArn })
  await iam.putUserPermissionsBoundary({ UserName: 'u1', PermissionsBoundary: PolicyArn })
  await iam.attachGroupPolicy({ GroupName: 'g1', PolicyArn })
  assert.deepEqual(await countsOf(PolicyArn), [3, 2])
  const found = async (asked: object = {}) => {
    const page = await iam.listEntitiesForPolicy({ PolicyArn, ...asked })
    const names = [
      ...page.PolicyGroups!.map(({ GroupName }) => GroupName),
      ...page.PolicyRoles!.map(({ RoleName }) => RoleName),
      ...page.PolicyUsers!.map(({ UserName }) => UserName),
    ]
    return { names, page }
  }
  const all = await found()
  assert.deepEqual(all.names, ['g1', 'r1', 'u1', 'u3'])
  const { User } = await iam.getUser({ UserName: 'u1' })
  assert.deepEqual(all.page.PolicyUsers![0], { UserName: 'u1', UserId: User!.UserId })
  assert.match(all.page.PolicyGroups![0]!.GroupId!, /^AGPA/)
  assert.match(all.page.PolicyRoles![0]!.RoleId!, /^AROA/)
  for (const [asked, names] of [
    [{ EntityFilter: 'User' }, ['u1', 'u3']],
    [{ EntityFilter: 'Role' }, ['r1']],
    [{ EntityFilter: 'Group' }, ['g1']],
    [{ EntityFilter: 'AWSManagedPolicy' }, []],
    [{ PolicyUsageFilter: 'PermissionsPolicy' }, ['g1', 'u1', 'u3']],
    [{ PolicyUsageFilter: 'PermissionsBoundary' }, ['r1', 'u1']],
    [{ PolicyUsageFilter: 'PermissionsBoundary', EntityFilter: 'Role' }, ['r1']],
    [{ PathPrefix: '/deep/' }, ['u3']],
  ] as const) {
    assert.deepEqual((await found(asked)).names, names, JSON.stringify(asked))
  }
  const paged: unknown[] = []
  let Marker: string | undefined
  do {
    const { names, page } = await found({ MaxItems: 1, ...(Marker !== undefined && { Marker }) })
    paged.push(...names)
    Marker = page.Marker
  } while (Marker !== undefined)
  assert.deepEqual(paged, all.names)
  const administrators = await iam.listEntitiesForPolicy({ PolicyArn: ofService('AdministratorAccess') })
  assert.deepEqual(
    administrators.PolicyUsers!.map(({ UserName }) => UserName),
    ['administrator'],
  )
  const none = `arn:aws:iam::${ownAccount}:policy/none`
  const absent = iam.listEntitiesForPolicy({ PolicyArn: none })
  await refused(absent, 'NoSuchEntityException', `Policy ${none} was not found.`, 404)
})

test('all of many are found', async () => {
  const PolicyArn = await policy('Wide')
  const names = Array.from({ length: 260 }, (_, index) => `wide-${String(index).padStart(3, '0')}`)
  await Promise.all(names.map(UserName => iam.createUser({ UserName })))
  for (const UserName of [names[0]!, names[249]!, names[250]!, names[259]!])
    await iam.attachUserPolicy({ UserName, PolicyArn })
  const { PolicyUsers } = await iam.listEntitiesForPolicy({ PolicyArn })
  assert.deepEqual(
    PolicyUsers!.map(({ UserName }) => UserName),
    [names[0], names[249], names[250], names[259]],
  )
})

test('boundaries are counted: put, exchanged, put again, removed, and gone with whom they limit', async () => {
  const [one, two] = [await policy('one'), await policy('two')]
  await iam.createUser({ UserName: 'bound', PermissionsBoundary: one })
  await iam.createRole({ RoleName: 'bound', AssumeRolePolicyDocument: trust })
  const put = async (PermissionsBoundary: string) => {
    await iam.putUserPermissionsBoundary({ UserName: 'bound', PermissionsBoundary })
    await iam.putRolePermissionsBoundary({ RoleName: 'bound', PermissionsBoundary })
  }
  await put(two)
  await put(two)
  assert.deepEqual(
    [await countsOf(one), await countsOf(two)],
    [
      [0, 0],
      [0, 2],
    ],
  )
  const { Role } = await iam.getRole({ RoleName: 'bound' })
  assert.equal(Role!.PermissionsBoundary!.PermissionsBoundaryArn, two)
  await refused(iam.deletePolicy({ PolicyArn: two }), 'DeleteConflictException', inUse, 409)
  await iam.deleteUserPermissionsBoundary({ UserName: 'bound' })
  await iam.deleteUserPermissionsBoundary({ UserName: 'bound' })
  assert.equal((await iam.getUser({ UserName: 'bound' })).User!.PermissionsBoundary, undefined)
  assert.deepEqual(await countsOf(two), [0, 1])
  await iam.deleteRole({ RoleName: 'bound' })
  await iam.deletePolicy({ PolicyArn: two })
  await iam.putUserPermissionsBoundary({ UserName: 'bound', PermissionsBoundary: ofService('PowerUserAccess') })
  assert.deepEqual(await countsOf(ofService('PowerUserAccess')), [0, 1])
  const scope = `Scope ARN: ${two} does not exist or is not attachable.`
  const gone = iam.putUserPermissionsBoundary({ UserName: 'bound', PermissionsBoundary: two })
  await refused(gone, 'NoSuchEntityException', scope, 404)
  const broken = iam.putUserPermissionsBoundary({ UserName: 'bound', PermissionsBoundary: 'arn:aws:iam::aws:role/x' })
  await refused(broken, 'InvalidInputException', 'ARN arn:aws:iam::aws:role/x is not valid.')
})

test('a policy that is deleted while it is attached is either not deleted, or not attached', async () => {
  for (let round = 0; round < 8; round++) {
    const PolicyArn = await policy(`fleeting-${round}`)
    const UserName = `fleeting-${round}`
    await iam.createUser({ UserName })
    const [deleted, attached, bound] = await Promise.all([
      outcomeOf(iam.deletePolicy({ PolicyArn })),
      outcomeOf(iam.attachUserPolicy({ UserName, PolicyArn })),
      outcomeOf(iam.putUserPermissionsBoundary({ UserName, PermissionsBoundary: PolicyArn })),
    ])
    const { AttachedPolicies } = await iam.listAttachedUserPolicies({ UserName })
    assert.equal(AttachedPolicies!.length, attached === 'OK' ? 1 : 0)
    if (deleted === 'OK') {
      assert.deepEqual([attached, bound], ['NoSuchEntityException', 'NoSuchEntityException'])
    } else {
      assert.deepEqual([deleted, await countsOf(PolicyArn)], ['DeleteConflictException', [1, 1]])
    }
  }
})

test('records show who was given which policy', async () => {
  await iam.attachUserPolicy({ UserName: 'u2', PolicyArn: many[3]! })
  const record = (await server.records()).at(-1)!
  assert.deepEqual(
    [record['eventName'], record['requestParameters']],
    ['AttachUserPolicy', { userName: 'u2', policyArn: many[3] }],
  )
})
