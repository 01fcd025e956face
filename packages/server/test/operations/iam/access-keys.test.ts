import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { constraint, membersOf, outcomeOf, refusalOf, refused } from '../../support/answers.ts'
import { allow, ownAccount, userWith } from '../../support/identities.ts'
import { start, type Credentials } from '../../support/server.ts'

const server = await start()
after(() => server.stop())
server.clock.hold()
const iam = server.iam()
const minute = 60_000

const noKey = (id: string): string => `The Access Key with id ${id} cannot be found.`
const overQuota = 'Cannot exceed quota for AccessKeysPerUser: 2'
const noUser = 'The user with name nobody cannot be found.'

async function keyOf(UserName: string): Promise<Credentials> {
  const { AccessKey } = await iam.createAccessKey({ UserName })
  return { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! }
}

const identityOf = (credentials: Credentials) => server.sts({ credentials }).getCallerIdentity({})
const invalid = (credentials: Credentials) =>
  refused(
    identityOf(credentials),
    'InvalidClientTokenId',
    'The security token included in the request is invalid.',
    403,
  )

async function idsOf(UserName: string): Promise<string[]> {
  return (await iam.listAccessKeys({ UserName })).AccessKeyMetadata!.map(({ AccessKeyId }) => AccessKeyId!)
}

test('an access key signs as soon as it is answered, and its secret is told once', async () => {
  await iam.createUser({ UserName: 'ann' })
  const { AccessKey } = await iam.createAccessKey({ UserName: 'ann' })
  const { SecretAccessKey, AccessKeyId, ...rest } = AccessKey!
  assert.match(AccessKeyId!, /^AKIA[A-Z2-7]{16}$/)
  assert.match(SecretAccessKey!, /^[A-Za-z0-9+/]{40}$/)
  const CreateDate = new Date(Math.floor(server.clock.now() / 1000) * 1000)
  assert.deepEqual(rest, { UserName: 'ann', Status: 'Active', CreateDate })
  const { Arn } = await identityOf({ accessKeyId: AccessKeyId!, secretAccessKey: SecretAccessKey! })
  assert.equal(Arn, `arn:aws:iam::${ownAccount}:user/ann`)
  assert.deepEqual(await membersOf(iam.listAccessKeys({ UserName: 'ann' })), {
    AccessKeyMetadata: [{ UserName: 'ann', AccessKeyId, Status: 'Active', CreateDate }],
    IsTruncated: false,
  })
  const text = JSON.stringify(await server.records())
  assert.ok(text.includes(AccessKeyId!))
  assert.ok(!text.includes(SecretAccessKey!))
  for (const file of ['keyreeve.db', 'keyreeve.db-wal']) {
    assert.ok(!read(file).includes(SecretAccessKey!), file)
  }
})

function read(file: string): string {
  try {
    return readFileSync(join(server.data, file), 'latin1')
  } catch {
    return ''
  }
}

test('a user has two access keys at most, however many ask at once', async () => {
  await iam.createUser({ UserName: 'two' })
  for (let round = 0; round < 5; round++) {
    const calls = Array.from({ length: 6 }, () => outcomeOf(iam.createAccessKey({ UserName: 'two' })))
    assert.deepEqual((await Promise.all(calls)).sort(), [
      ...Array<string>(4).fill('LimitExceededException'),
      'OK',
      'OK',
    ])
    const ids = await idsOf('two')
    assert.equal(ids.length, 2)
    await refused(iam.createAccessKey({ UserName: 'two' }), 'LimitExceededException', overQuota, 409)
    for (const AccessKeyId of ids) await iam.deleteAccessKey({ UserName: 'two', AccessKeyId })
  }
})

test('an inactive access key counts, and does not sign', async () => {
  await iam.createUser({ UserName: 'idle' })
  const first = await keyOf('idle')
  const second = await keyOf('idle')
  const of = { UserName: 'idle', AccessKeyId: first.accessKeyId }
  await iam.updateAccessKey({ ...of, Status: 'Inactive' })
  await invalid(first)
  await identityOf(second)
  await refused(iam.createAccessKey({ UserName: 'idle' }), 'LimitExceededException', overQuota, 409)
  const { AccessKeyMetadata } = await iam.listAccessKeys({ UserName: 'idle' })
  assert.deepEqual(Object.fromEntries(AccessKeyMetadata!.map(({ AccessKeyId, Status }) => [AccessKeyId, Status])), {
    [first.accessKeyId]: 'Inactive',
    [second.accessKeyId]: 'Active',
  })
  await iam.updateAccessKey({ ...of, Status: 'Active' })
  await identityOf(first)
})

test('pages of access keys', async () => {
  const first = await iam.listAccessKeys({ UserName: 'idle', MaxItems: 1 })
  const second = await iam.listAccessKeys({ UserName: 'idle', MaxItems: 1, Marker: first.Marker! })
  assert.deepEqual([first.IsTruncated, second.IsTruncated, second.Marker], [true, false, undefined])
  const ids = [...first.AccessKeyMetadata!, ...second.AccessKeyMetadata!].map(({ AccessKeyId }) => AccessKeyId!)
  assert.deepEqual(ids, (await idsOf('idle')).toSorted())
  await refused(iam.listAccessKeys({ UserName: 'two', Marker: first.Marker! }), 'ValidationError', 'Invalid Marker.')
})

test('a deleted access key signs nothing more, and its sealed secret is gone', async () => {
  await iam.createUser({ UserName: 'gone' })
  const key = await keyOf('gone')
  await identityOf(key)
  const sealed = (await server.app.store.view().get('access-key', key.accessKeyId))!.sealedSecret
  assert.ok(['keyreeve.db', 'keyreeve.db-wal'].some(file => read(file).includes(sealed)))
  await iam.deleteAccessKey({ UserName: 'gone', AccessKeyId: key.accessKeyId })
  await invalid(key)
  for (const file of ['keyreeve.db', 'keyreeve.db-wal']) assert.ok(!read(file).includes(sealed), file)
  await refused(
    iam.deleteAccessKey({ UserName: 'gone', AccessKeyId: key.accessKeyId }),
    'NoSuchEntityException',
    noKey(key.accessKeyId),
    404,
  )
  await iam.deleteUser({ UserName: 'gone' })
})

test('a user who may can change its own access keys without naming itself', async () => {
  const Resource = `arn:aws:iam::${ownAccount}:user/\${aws:username}`
  const user = await userWith(server, 'self', allow('iam:*AccessKey*', { Resource }))
  const own = server.iam({ credentials: user })
  const { AccessKey } = await own.createAccessKey({})
  const AccessKeyId = AccessKey!.AccessKeyId!
  assert.equal(AccessKey!.UserName, 'self')
  assert.equal((await own.listAccessKeys({})).AccessKeyMetadata!.length, 2)
  await own.updateAccessKey({ AccessKeyId, Status: 'Inactive' })
  await own.deleteAccessKey({ AccessKeyId })
  const denied = (action: string) =>
    `User: ${user.arn} is not authorized to perform: iam:${action} on resource: arn:aws:iam::${ownAccount}:user/ann because no identity-based policy allows the iam:${action} action`
  const ofAnn = { UserName: 'ann' }
  await refused(own.createAccessKey(ofAnn), 'AccessDenied', denied('CreateAccessKey'), 403)
  await refused(own.listAccessKeys(ofAnn), 'AccessDenied', denied('ListAccessKeys'), 403)
  const [annsKey = ''] = await idsOf('ann')
  const other = { ...ofAnn, AccessKeyId: annsKey }
  await refused(own.deleteAccessKey(other), 'AccessDenied', denied('DeleteAccessKey'), 403)
  await refused(own.updateAccessKey({ ...other, Status: 'Inactive' }), 'AccessDenied', denied('UpdateAccessKey'), 403)
  // Of another user it is none of its own.
  await refused(own.deleteAccessKey({ AccessKeyId: annsKey }), 'NoSuchEntityException', noKey(annsKey), 404)
  await refused(
    own.updateAccessKey({ AccessKeyId: annsKey, Status: 'Inactive' }),
    'NoSuchEntityException',
    noKey(annsKey),
    404,
  )
  // And it can take away its last one: with the next answer it is a stranger.
  await own.deleteAccessKey({ AccessKeyId: user.accessKeyId })
  await invalid(user)
})

test('refuses access keys of nobody, and what is none', async () => {
  const id = `AKIA${'A'.repeat(16)}`
  for (const call of [
    () => iam.createAccessKey({ UserName: 'nobody' }),
    () => iam.listAccessKeys({ UserName: 'nobody' }),
    () => iam.updateAccessKey({ UserName: 'nobody', AccessKeyId: id, Status: 'Active' }),
    () => iam.deleteAccessKey({ UserName: 'nobody', AccessKeyId: id }),
  ]) {
    await refused(call(), 'NoSuchEntityException', noUser, 404)
  }
  await refused(iam.deleteAccessKey({ UserName: 'ann', AccessKeyId: id }), 'NoSuchEntityException', noKey(id), 404)
  await refused(
    iam.updateAccessKey({ UserName: 'ann', AccessKeyId: id, Status: 'Active' }),
    'NoSuchEntityException',
    noKey(id),
    404,
  )
  await refused(iam.getAccessKeyLastUsed({ AccessKeyId: id }), 'NoSuchEntityException', noKey(id), 404)
  await refused(
    iam.deleteAccessKey({ AccessKeyId: 'AKIA' }),
    'ValidationError',
    constraint('accessKeyId', 'AKIA', 'have length greater than or equal to 16'),
  )
  const [AccessKeyId = ''] = await idsOf('ann')
  await refused(
    iam.updateAccessKey({ UserName: 'ann', AccessKeyId, Status: 'Expired' }),
    'InvalidInputException',
    'The status of an access key can be set to Active or Inactive only.',
  )
  const unknown = await refusalOf(
    iam.updateAccessKey({ UserName: 'ann', AccessKeyId, Status: 'Off' as 'Inactive' }), // No status at all.
  )
  assert.equal(unknown.name, 'ValidationError')
})

test('who is deleted or loses an access key is not answered any more, whatever was under way', async () => {
  for (let round = 0; round < 5; round++) {
    await iam.createUser({ UserName: 'raced' })
    const key = await keyOf('raced')
    const early = Array.from({ length: 16 }, () => outcomeOf(identityOf(key)))
    await iam.deleteAccessKey({ UserName: 'raced', AccessKeyId: key.accessKeyId })
    const late = await Promise.all(Array.from({ length: 4 }, () => outcomeOf(identityOf(key))))
    assert.deepEqual(late, Array<string>(4).fill('InvalidClientTokenId'))
    for (const outcome of await Promise.all(early)) assert.match(outcome, /^(?:OK|InvalidClientTokenId)$/)
    await iam.deleteUser({ UserName: 'raced' })
  }
})

test('no access key is left behind when a user is deleted while it gets one', async () => {
  for (let round = 0; round < 10; round++) {
    await iam.createUser({ UserName: 'racer' })
    const made = iam.createAccessKey({ UserName: 'racer' })
    const [create, remove] = await Promise.all([outcomeOf(made), outcomeOf(iam.deleteUser({ UserName: 'racer' }))])
    assert.ok(
      ['OK DeleteConflictException', 'NoSuchEntityException OK'].includes(`${create} ${remove}`),
      `${create} ${remove}`,
    )
    if (remove === 'OK') continue
    for (const AccessKeyId of await idsOf('racer')) await iam.deleteAccessKey({ UserName: 'racer', AccessKeyId })
    await iam.deleteUser({ UserName: 'racer' })
  }
})

test('tells when an access key was last used: of the service, in the Region', async () => {
  await iam.createUser({ UserName: 'used' })
  const key = await keyOf('used')
  const AccessKeyId = key.accessKeyId
  const told = async (on = server) => (await on.iam().getAccessKeyLastUsed({ AccessKeyId })).AccessKeyLastUsed
  assert.deepEqual(await membersOf(iam.getAccessKeyLastUsed({ AccessKeyId })), {
    UserName: 'used',
    AccessKeyLastUsed: { ServiceName: 'N/A', Region: 'N/A' },
  })
  const at = () => new Date(Math.floor(server.clock.now() / 1000) * 1000)
  await identityOf(key)
  const first = { LastUsedDate: at(), ServiceName: 'sts', Region: 'us-east-1' }
  assert.deepEqual(await told(), first)
  server.clock.advance(5 * minute)
  assert.deepEqual(await told(), first)
  // It signed, though it may nothing.
  await refusalOf(server.client({ credentials: key }).listKeys())
  const last = { LastUsedDate: at(), ServiceName: 'kms', Region: 'us-east-1' }
  assert.deepEqual(await told(), last)
  // A signature that is none counts for nothing.
  server.clock.advance(minute)
  await refusalOf(identityOf({ ...key, secretAccessKey: 'x'.repeat(40) }))
  assert.deepEqual(await told(), last)

  await server.app.flush()
  const crashed = await server.afterCrash()
  assert.deepEqual(await told(crashed), last)
  await crashed.stop()

  await iam.updateUser({ UserName: 'used', NewUserName: 'renamed' })
  assert.deepEqual(await membersOf(iam.getAccessKeyLastUsed({ AccessKeyId })), {
    UserName: 'renamed',
    AccessKeyLastUsed: last,
  })
  await iam.deleteAccessKey({ UserName: 'renamed', AccessKeyId })
  assert.equal(await server.app.store.view().get('access-key-usage', AccessKeyId), undefined)
})

test('tells nobody of an access key of another account', async () => {
  const stranger = await userWith(server, { name: 'stranger', account: '111111111111' }, allow('*'))
  const [AccessKeyId = ''] = await idsOf('ann')
  await refused(
    server.iam({ credentials: stranger }).getAccessKeyLastUsed({ AccessKeyId }),
    'NoSuchEntityException',
    noKey(AccessKeyId),
    404,
  )
  // Nor of one of its own to a user who may look at some users only.
  const Resource = `arn:aws:iam::${ownAccount}:user/ann`
  const looker = server.iam({ credentials: await userWith(server, 'looker', allow('iam:*', { Resource })) })
  await looker.getAccessKeyLastUsed({ AccessKeyId })
  for (const id of [(await idsOf('looker'))[0]!, stranger.accessKeyId, `AKIA${'A'.repeat(16)}`]) {
    assert.equal((await refusalOf(looker.getAccessKeyLastUsed({ AccessKeyId: id }))).name, 'AccessDenied')
  }
})
