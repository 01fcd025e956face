import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { membersOf, refused } from '../../support/answers.ts'
import { allow, deny, groupWith, roleWith, textOf, userWith } from '../../support/identities.ts'
import { start } from '../../support/server.ts'

const server = await start()
after(() => server.stop())
const iam = server.iam()

interface Asked {
  PolicyName: string
}
type Page = { PolicyNames: string[] | undefined; IsTruncated?: boolean | undefined; Marker?: string | undefined }

/** The same for users, roles and groups. */
interface Side {
  kind: string
  most: number
  named: (name: string) => Record<string, string>
  make: (name: string) => Promise<unknown>
  put: (name: string, asked: Asked & { PolicyDocument: string }) => Promise<unknown>
  get: (name: string, asked: Asked) => Promise<{ PolicyDocument: string | undefined; $metadata: unknown }>
  remove: (name: string, asked: Asked) => Promise<unknown>
  list: (name: string, asked?: object) => Promise<Page>
}
const sides: readonly Side[] = [
  {
    kind: 'user',
    most: 2048,
    named: UserName => ({ UserName }),
    make: name => userWith(server, name),
    put: (UserName, asked) => iam.putUserPolicy({ UserName, ...asked }),
    get: (UserName, asked) => iam.getUserPolicy({ UserName, ...asked }),
    remove: (UserName, asked) => iam.deleteUserPolicy({ UserName, ...asked }),
    list: (UserName, asked) => iam.listUserPolicies({ UserName, ...asked }),
  },
  {
    kind: 'role',
    most: 10_240,
    named: RoleName => ({ RoleName }),
    make: name => roleWith(server, name),
    put: (RoleName, asked) => iam.putRolePolicy({ RoleName, ...asked }),
    get: (RoleName, asked) => iam.getRolePolicy({ RoleName, ...asked }),
    remove: (RoleName, asked) => iam.deleteRolePolicy({ RoleName, ...asked }),
    list: (RoleName, asked) => iam.listRolePolicies({ RoleName, ...asked }),
  },
  {
    kind: 'group',
    most: 5120,
    named: GroupName => ({ GroupName }),
    make: name => groupWith(server, name),
    put: (GroupName, asked) => iam.putGroupPolicy({ GroupName, ...asked }),
    get: (GroupName, asked) => iam.getGroupPolicy({ GroupName, ...asked }),
    remove: (GroupName, asked) => iam.deleteGroupPolicy({ GroupName, ...asked }),
    list: (GroupName, asked) => iam.listGroupPolicies({ GroupName, ...asked }),
  },
]

const text = textOf(allow('kms:*'))
const other = textOf(deny('kms:Decrypt'))
const sized = (size: number): string =>
  text.replace('"Version"', `"Id":"${'x'.repeat(size - text.length - 8)}","Version"`)

for (const { kind, most, named, make, put, get, remove, list } of sides) {
  test(`a ${kind}'s policies: put, answered percent-encoded, replaced, listed, deleted`, async () => {
    await make('holder')
    for (const PolicyName of ['b', 'a', 'B']) await put('holder', { PolicyName, PolicyDocument: text })
    await put('holder', { PolicyName: 'b', PolicyDocument: other })
    assert.deepEqual(await membersOf(get('holder', { PolicyName: 'b' })), {
      ...named('holder'),
      PolicyName: 'b',
      PolicyDocument: encodeURIComponent(other).replaceAll('*', '%2A'),
    })
    const { PolicyDocument } = await get('holder', { PolicyName: 'B' })
    assert.equal(decodeURIComponent(PolicyDocument!), text)
    const names: string[] = []
    let Marker: string | undefined
    do {
      const page = await list('holder', { MaxItems: 1, ...(Marker !== undefined && { Marker }) })
      names.push(...page.PolicyNames!)
      Marker = page.Marker
    } while (Marker !== undefined)
    assert.deepEqual(names, ['B', 'a', 'b'])
    await remove('holder', { PolicyName: 'a' })
    assert.deepEqual((await list('holder')).PolicyNames, ['B', 'b'])
    const gone = `The ${kind} policy with name a cannot be found.`
    await refused(get('holder', { PolicyName: 'a' }), 'NoSuchEntityException', gone, 404)
    await refused(remove('holder', { PolicyName: 'a' }), 'NoSuchEntityException', gone, 404)
  })

  test(`a ${kind}'s policies have ${most} characters together, white space not counted`, async () => {
    await make('full')
    const half = sized(most / 2)
    await put('full', { PolicyName: 'one', PolicyDocument: half.replace('{', `{${' '.repeat(most)}`) })
    await put('full', { PolicyName: 'two', PolicyDocument: half })
    const over = `Maximum policy size of ${most} bytes exceeded for ${kind} full`
    for (const PolicyName of ['one', 'three']) {
      const more = put('full', { PolicyName, PolicyDocument: sized(most / 2 + 1) })
      await refused(more, 'LimitExceededException', over, 409)
    }
    assert.deepEqual((await list('full')).PolicyNames, ['one', 'two'])
  })

  test(`refuses policies that no ${kind} can have`, async () => {
    const malformed = (PolicyDocument: string, told: string) =>
      refused(put('holder', { PolicyName: 'bad', PolicyDocument }), 'MalformedPolicyDocumentException', told)
    await malformed(textOf(allow('kms:*', { Principal: '*' })), 'Policy document should not specify a principal.')
    await malformed(textOf(allow('kms:*', { Resource: 'key/x' })), 'Resource key/x must be in ARN format or "*".')
    await refused(
      get('holder', { PolicyName: 'bad' }),
      'NoSuchEntityException',
      `The ${kind} policy with name bad cannot be found.`,
      404,
    )
    // Which managed policies cannot be.
    await put('holder', { PolicyName: 'old', PolicyDocument: text.replace('2012', '2008') })
  })

  test(`a ${kind} that is not there has no policies`, async () => {
    const none = `The ${kind} with name none cannot be found.`
    const calls: (() => Promise<unknown>)[] = [
      () => put('none', { PolicyName: 'a', PolicyDocument: text }),
      () => get('none', { PolicyName: 'a' }),
      () => remove('none', { PolicyName: 'a' }),
      () => list('none'),
    ]
    for (const call of calls) await refused(call(), 'NoSuchEntityException', none, 404)
  })
}

test('of policies that are put at once each stays', async () => {
  await userWith(server, 'race')
  const names = Array.from({ length: 8 }, (_, index) => `p${index}`)
  await Promise.all(names.map(PolicyName => iam.putUserPolicy({ UserName: 'race', PolicyName, PolicyDocument: text })))
  assert.deepEqual((await iam.listUserPolicies({ UserName: 'race' })).PolicyNames, names)
})

test('records show whose policy it is, and what it says', async () => {
  await iam.putGroupPolicy({ GroupName: 'holder', PolicyName: 'recorded', PolicyDocument: text })
  const record = (await server.records()).at(-1)!
  assert.deepEqual(
    [record['eventName'], record['requestParameters']],
    ['PutGroupPolicy', { groupName: 'holder', policyName: 'recorded', policyDocument: text }],
  )
})
