import assert from 'node:assert/strict'
import { Agent } from 'node:http'
import { after, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { operations } from '../../src/operations/index.ts'
import { allow, document, setPolicies, textOf, userWith, type Policy } from '../support/identities.ts'
import { ask, makeThings, type Example } from '../support/requests.ts'
import { start } from '../support/server.ts'

/** Every action allows its own operation and no other, and no operation does with less than it needs. */

const server = await start()
const agent = new Agent({ keepAlive: true, maxSockets: 4 })
after(async () => {
  agent.destroy()
  await server.stop()
})
const { examples, symmetric, other, family, blob } = await makeThings(server)
// What takes a name away comes last: every refusal shall be of something that is there.
const names = Object.keys(examples)
  .filter(name => name !== 'DeleteAlias')
  .concat('DeleteAlias')
const exampleOf = (operation: string): Example => examples[operation] ?? assert.fail()

/** What must be allowed, where that is not one action of the operation's own name; in the order in which it is asked for. */
const several: Readonly<Record<string, readonly string[]>> = {
  ReEncrypt: ['kms:ReEncryptFrom', 'kms:ReEncryptTo'],
  ReplicateKey: ['kms:ReplicateKey', 'kms:CreateKey'],
}
const neededFor = (operation: string): readonly string[] => several[operation] ?? [`kms:${operation}`]

const lacking = (arn: string, action: string, resource: string): string =>
  `User: ${arn} is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`
const foreign = (arn: string, action: string): string =>
  `User: ${arn} is not authorized to perform: ${action} on this resource because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access`

test('the matrix has every operation', () => {
  const ofKms = operations.filter(({ service }) => service === 'kms').map(({ name }) => name)
  assert.equal(names.length, 56)
  assert.deepEqual(names.toSorted(), ofKms.toSorted())
})

/** What is told to somebody who may do some things, and asks for another. */
function refusalFor(arn: string, operation: string, may: readonly string[]): string {
  const action = neededFor(operation).find(needed => !may.includes(needed)) ?? assert.fail()
  // Grants decide, and whose they are is not told.
  if (operation === 'RetireGrant') return foreign(arn, action)
  return lacking(arn, action, action === 'kms:CreateKey' ? '*' : exampleOf(operation).on)
}

for (const permitted of names) {
  test(`who may ${permitted} may do nothing else`, async () => {
    const may = neededFor(permitted)
    const user = await userWith(server, 'one-action', allow(may))
    const wrong: unknown[] = []
    const askFor = async (operation: string): Promise<void> => {
      const { body, code: good } = exampleOf(operation)
      const answer = await ask(server, user, operation, body, { agent })
      const isAllowed = neededFor(operation).every(action => may.includes(action))
      const code = isAllowed ? good : 'AccessDeniedException'
      const text = isAllowed ? answer.text : refusalFor(user.arn, operation, may)
      if (answer.code !== code || answer.text !== text) wrong.push({ operation, answer, expected: { code, text } })
    }
    await Promise.all(names.filter(name => name !== permitted).map(askFor))
    await askFor(permitted)
    assert.deepEqual(wrong, [])
  })
}

// Operations that need more than one thing

/** What somebody with these policies is told. */
async function answerTo(operation: string, body: object, ...policies: Policy[]) {
  const user = await userWith(server, 'somebody', ...policies)
  const { code, text } = await ask(server, user, operation, body, { agent })
  return code === 'AccessDeniedException' ? text.replace(user.arn, 'X') : code
}

const on = (Action: string, ...Resource: string[]): Policy => allow(Action, { Resource })
const replica = family.replace('us-east-1', 'eu-west-1')
const alias = 'arn:aws:kms:us-east-1:000000000000:alias/third'
const Tags = [{ TagKey: 'a', TagValue: 'b' }]

test('ReEncrypt needs one action on the source and another on the destination', async () => {
  const body = { CiphertextBlob: blob, DestinationKeyId: other }
  const [from, to] = [on('kms:ReEncryptFrom', symmetric), on('kms:ReEncryptTo', other)]
  assert.equal(await answerTo('ReEncrypt', body, from, to), 'OK')
  assert.equal(await answerTo('ReEncrypt', body, from), lacking('X', 'kms:ReEncryptTo', other))
  assert.equal(
    await answerTo('ReEncrypt', body, to),
    lacking('X', 'kms:ReEncryptFrom', '').replace('resource: ', 'the resource associated with this ciphertext'),
  )
  const crossed = await answerTo('ReEncrypt', body, on('kms:ReEncryptFrom', other), on('kms:ReEncryptTo', symmetric))
  assert.match(crossed, /kms:ReEncryptFrom on the resource associated with this ciphertext because/)
})

test('tags of a new key need an action of their own', async () => {
  assert.equal(await answerTo('CreateKey', { Tags }, allow('kms:CreateKey')), lacking('X', 'kms:TagResource', '*'))
  assert.equal(await answerTo('CreateKey', { Tags: [] }, allow('kms:CreateKey')), 'OK')
  assert.equal(await answerTo('CreateKey', { Tags }, allow(['kms:CreateKey', 'kms:TagResource'])), 'OK')
})

test('a replica needs leave in its Region', async () => {
  const body = { KeyId: family, ReplicaRegion: 'eu-west-3' }
  const inRegion = (action: string, region: string): Policy =>
    allow(action, { Condition: { StringEquals: { 'aws:RequestedRegion': region } } })
  const replicate = on('kms:ReplicateKey', family)
  const create = inRegion('kms:CreateKey', 'eu-west-3')
  const elsewhere = [inRegion('kms:CreateKey', 'us-east-1'), inRegion('kms:TagResource', 'us-east-1')]
  const noCreation = lacking('X', 'kms:CreateKey', '*')
  assert.equal(await answerTo('ReplicateKey', body, replicate, ...elsewhere), noCreation)
  assert.equal(await answerTo('ReplicateKey', body, create), lacking('X', 'kms:ReplicateKey', family))
  const noTagging = lacking('X', 'kms:TagResource', '*')
  assert.equal(await answerTo('ReplicateKey', { ...body, Tags }, replicate, create, ...elsewhere), noTagging)
  const tag = inRegion('kms:TagResource', 'eu-west-3')
  assert.equal(await answerTo('ReplicateKey', { ...body, Tags }, replicate, create, tag), 'OK')
})

test('UpdatePrimaryRegion needs leave of both keys', async () => {
  const body = { KeyId: family, PrimaryRegion: 'eu-west-1' }
  const action = 'kms:UpdatePrimaryRegion'
  assert.equal(await answerTo('UpdatePrimaryRegion', body, on(action, family)), lacking('X', action, replica))
  assert.equal(await answerTo('UpdatePrimaryRegion', body, on(action, replica)), lacking('X', action, family))
  assert.equal(await answerTo('UpdatePrimaryRegion', body, on(action, family, replica)), 'OK')
})

test('an alias is made, moved and deleted by whoever may so on it and on each key', async () => {
  const AliasName = 'alias/third'
  /** Each in its turn is missing. */
  const needsAll = async (operation: string, body: object, resources: readonly string[]): Promise<void> => {
    const action = `kms:${operation}`
    for (const resource of resources) {
      const rest = resources.filter(one => one !== resource)
      assert.equal(await answerTo(operation, body, on(action, ...rest)), lacking('X', action, resource))
    }
    assert.equal(await answerTo(operation, body, on(action, ...resources)), 'OK')
  }
  await needsAll('CreateAlias', { AliasName, TargetKeyId: symmetric }, [alias, symmetric])
  await needsAll('UpdateAlias', { AliasName, TargetKeyId: other }, [alias, symmetric, other])
  await needsAll('DeleteAlias', { AliasName }, [alias, other])
})

test('aliases of the service belong to nobody', async () => {
  const AliasName = 'alias/aws/ebs'
  const code = 'NotAuthorizedException'
  assert.equal(await answerTo('CreateAlias', { AliasName, TargetKeyId: symmetric }, allow('*')), code)
  assert.equal(await answerTo('UpdateAlias', { AliasName, TargetKeyId: symmetric }, allow('*')), code)
  assert.equal(await answerTo('DeleteAlias', { AliasName }, allow('*')), code)
})

test('what is on no key is allowed on everything, or not at all', async () => {
  for (const operation of names.filter(name => exampleOf(name).on === '*')) {
    const action = `kms:${operation}`
    const { body } = exampleOf(operation)
    const elsewhere = on(action, symmetric, other, 'arn:aws:kms:*:*:key/*', 'arn:aws:kms:*:*:alias/*')
    assert.equal(await answerTo(operation, body, elsewhere), lacking('X', action, '*'))
  }
})

test('a ciphertext is decrypted by whoever may use the key that it names', async () => {
  const body = { CiphertextBlob: blob }
  assert.equal(await answerTo('Decrypt', body, on('kms:Decrypt', symmetric)), 'OK')
  const refusal = `User: X is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext because no identity-based policy allows the kms:Decrypt action`
  assert.equal(await answerTo('Decrypt', body, on('kms:Decrypt', other)), refusal)
})

test('an alias as a resource says nothing of the key behind it', async () => {
  const named = 'arn:aws:kms:us-east-1:000000000000:alias/first'
  for (const KeyId of ['alias/first', named, symmetric]) {
    const answer = await answerTo('DescribeKey', { KeyId }, on('kms:DescribeKey', named, 'arn:aws:kms:*:*:alias/*'))
    assert.equal(answer, lacking('X', 'kms:DescribeKey', symmetric))
    assert.equal(await answerTo('DescribeKey', { KeyId }, on('kms:DescribeKey', symmetric)), 'OK')
  }
})

// Other accounts

/** https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html, cross-account use. */
const acrossAccounts = [
  'CreateGrant',
  'Decapsulate',
  'Decrypt',
  'DeriveSharedSecret',
  'DescribeKey',
  'Encapsulate',
  'Encrypt',
  'GenerateDataKey',
  'GenerateDataKeyPair',
  'GenerateDataKeyPairWithoutPlaintext',
  'GenerateDataKeyWithoutPlaintext',
  'GenerateMac',
  'GetKeyRotationStatus',
  'GetPublicKey',
  'ListGrants',
  'ReEncrypt',
  'RetireGrant',
  'RevokeGrant',
  'Sign',
  'Verify',
  'VerifyMac',
]

test('the operations on keys of other accounts are those of the service', () => {
  const declared = operations.filter(({ service, needs }) => service === 'kms' && needs.crossAccount)
  assert.deepEqual(declared.map(({ name }) => name).toSorted(), acrossAccounts)
})

const isKeyArn = (value: unknown): value is string => typeof value === 'string' && /^arn:aws:kms:.*:key/.test(value)
const absentKey = symmetric.replace(/[^/]*$/, '00000000-0000-4000-8000-000000000000')

test('other accounts get these operations and no others from keys open to everybody, and cannot tell absent ones from them', async () => {
  const policy = document({ Effect: 'Allow', Principal: '*', Action: 'kms:*', Resource: '*' })
  const arns = Object.values(examples).flatMap(({ body }) => Object.values(body).filter(isKeyArn))
  for (const KeyId of new Set(arns)) await server.client().putKeyPolicy({ KeyId, Policy: textOf(policy) })
  const stranger = await userWith(server, { name: 'stranger', account: '111122223333' }, allow('*'))
  const { KeyMetadata } = await server.client({ credentials: stranger }).createKey({})
  const own = { AliasName: 'alias/moved', TargetKeyId: KeyMetadata?.KeyId }
  assert.equal((await ask(server, stranger, 'CreateAlias', own)).code, 'OK')
  const wrong: unknown[] = []
  for (const operation of names) {
    const { body } = exampleOf(operation)
    if (!Object.values(body).some(isKeyArn)) continue
    const action = neededFor(operation)[0] ?? assert.fail()
    const absent = Object.entries(body).map(([name, value]) => [name, isKeyArn(value) ? absentKey : value])
    const present = await ask(server, stranger, operation, body, { agent })
    const ofAbsent = await ask(server, stranger, operation, Object.fromEntries(absent), { agent })
    const denial = { code: 'AccessDeniedException', text: foreign(stranger.arn, action) }
    // Whose grant it is decides about RetireGrant.
    const isLet = acrossAccounts.includes(operation) && operation !== 'RetireGrant'
    const isRight = isLet ? present.code !== denial.code : isDeepStrictEqual(present, denial)
    if (!isRight || !isDeepStrictEqual(ofAbsent, denial)) wrong.push({ operation, present, ofAbsent })
  }
  assert.deepEqual(wrong, [])
})

test('a key of another account is named by its ARN, by that of an alias, or by a ciphertext', async () => {
  const stranger = await userWith(server, { name: 'stranger', account: '111122223333' }, allow('kms:*'))
  const describe = async (KeyId: string): Promise<string> =>
    (await ask(server, stranger, 'DescribeKey', { KeyId })).code
  assert.equal(await describe(symmetric), 'OK')
  assert.equal(await describe('arn:aws:kms:us-east-1:000000000000:alias/first'), 'OK')
  assert.equal(await describe('arn:aws:kms:us-east-1:000000000000:alias/none'), 'AccessDeniedException')
  assert.equal(await describe('alias/first'), 'NotFoundException')
  assert.equal(await describe(symmetric.slice(-36)), 'NotFoundException')
  assert.equal((await ask(server, stranger, 'Decrypt', { CiphertextBlob: blob })).code, 'OK')
  // Its id alone does where a ciphertext says the same.
  const decrypt = async (KeyId: string): Promise<string> =>
    (await ask(server, stranger, 'Decrypt', { CiphertextBlob: blob, KeyId })).code
  assert.equal(await decrypt(symmetric.slice(-36)), 'OK')
  assert.equal(await decrypt(other.slice(-36)), 'NotFoundException')
  assert.equal(await decrypt(symmetric.replace('000000000000', '111122223333')), 'NotFoundException')
  await setPolicies(server, stranger)
  assert.equal(await decrypt(symmetric.slice(-36)), 'AccessDeniedException')
})
