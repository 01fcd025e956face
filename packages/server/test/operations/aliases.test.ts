import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import type { KMS } from '@aws-sdk/client-kms'
import type { Key } from '../../src/keys/key.ts'
import { keySpecs, type KeySpecName } from '../../src/keys/specs.ts'
import { keyRow } from '../../src/store/documents.ts'
import { constraint, membersOf, outcomeOf, refused } from '../support/answers.ts'
import { hours, start } from '../support/server.ts'

const server = await start()
after(() => server.stop())
const home = 'arn:aws:kms:us-east-1:000000000000'

/** A client whose clock is the server's, however the test has turned it. */
let kms: KMS
/** Two keys of their own for every test. */
let one: string
let two: string
beforeEach(async () => {
  kms = server.client()
  one = await newKey()
  two = await newKey()
})

const newKey = async (): Promise<string> => (await kms.createKey({})).KeyMetadata?.KeyId ?? ''
const aliasesOf = async (KeyId: string) => (await kms.listAliases({ KeyId })).Aliases ?? []
const namesOf = async (KeyId: string) => (await aliasesOf(KeyId)).map(alias => alias.AliasName)
const keyOf = async (alias: string) => (await kms.describeKey({ KeyId: alias })).KeyMetadata?.KeyId

/** A key such as this release does not make yet, put into the store by hand. */
async function plant(spec: KeySpecName, usage: Key['usage']): Promise<string> {
  const view = server.app.store.view()
  const model = await view.get('key', keyRow('000000000000', 'us-east-1', one))
  assert.ok(model)
  const id = crypto.randomUUID()
  const row = keyRow(model.account, model.region, id)
  await view.get('key', row)
  const document = { ...model, id, spec, usage, aliases: [] }
  assert.equal(await server.app.store.commit(view, [{ put: 'key', id: row, document }], []), 'committed')
  return id
}

test('an alias leads to its key, and is listed with it', async () => {
  const AliasName = 'alias/Exactly_as-given/1'
  const asked = server.clock.now()
  assert.deepEqual(await membersOf(kms.createAlias({ AliasName, TargetKeyId: one })), {})
  assert.equal(await keyOf(AliasName), one)
  const [{ CreationDate, LastUpdatedDate, ...alias } = {}, ...others] = await aliasesOf(one)
  assert.deepEqual(alias, { AliasName, AliasArn: `${home}:${AliasName}`, TargetKeyId: one })
  assert.deepEqual(others, [])
  assert.ok(CreationDate && CreationDate.getTime() >= asked && CreationDate.getTime() <= server.clock.now())
  assert.deepEqual(LastUpdatedDate, CreationDate)
})

test('names are told apart by case, account-wide unique and free again after DeleteAlias', async () => {
  await kms.createAlias({ AliasName: 'alias/unique', TargetKeyId: one })
  await kms.createAlias({ AliasName: 'alias/Unique', TargetKeyId: two })
  const taken = `An alias with the name ${home}:alias/unique already exists`
  for (const TargetKeyId of [one, two, `${home}:key/${one}`]) {
    await refused(kms.createAlias({ AliasName: 'alias/unique', TargetKeyId }), 'AlreadyExistsException', taken)
  }
  assert.deepEqual(await membersOf(kms.deleteAlias({ AliasName: 'alias/unique' })), {})
  await kms.createAlias({ AliasName: 'alias/unique', TargetKeyId: two })
  assert.equal(await keyOf('alias/unique'), two)
  // Another Region is another place.
  const elsewhere = server.client({ region: 'eu-north-1' })
  const { KeyMetadata } = await elsewhere.createKey({})
  await elsewhere.createAlias({ AliasName: 'alias/unique', TargetKeyId: KeyMetadata?.KeyId })
  assert.equal((await elsewhere.describeKey({ KeyId: 'alias/unique' })).KeyMetadata?.KeyId, KeyMetadata?.KeyId)
})

test('an alias is moved to another key, and its dates tell', async () => {
  await kms.createAlias({ AliasName: 'alias/moving', TargetKeyId: one })
  const [first] = await aliasesOf(one)
  server.clock.advance(hours)
  kms = server.client()
  assert.deepEqual(await membersOf(kms.updateAlias({ AliasName: 'alias/moving', TargetKeyId: two })), {})
  assert.equal(await keyOf('alias/moving'), two)
  assert.deepEqual(await aliasesOf(one), [])
  const [second] = await aliasesOf(two)
  assert.deepEqual(second?.CreationDate, first?.CreationDate)
  const moved = (second?.LastUpdatedDate?.getTime() ?? 0) - (first?.LastUpdatedDate?.getTime() ?? 0)
  assert.ok(moved >= hours)
  // To where it points already: nothing but the date changes.
  await kms.updateAlias({ AliasName: 'alias/moving', TargetKeyId: `${home}:key/${two}` })
  assert.deepEqual(await namesOf(two), ['alias/moving'])
})

test('DeleteAlias does not touch the key', async () => {
  await kms.createAlias({ AliasName: 'alias/gone', TargetKeyId: one })
  const { KeyMetadata } = await kms.describeKey({ KeyId: one })
  await kms.deleteAlias({ AliasName: 'alias/gone' })
  assert.deepEqual((await kms.describeKey({ KeyId: one })).KeyMetadata, KeyMetadata)
  await refused(kms.describeKey({ KeyId: 'alias/gone' }), 'NotFoundException', `Alias ${home}:alias/gone is not found.`)
})

test('refuses to update or delete an alias that there is not', async () => {
  const text = `Alias ${home}:alias/none is not found.`
  await refused(kms.updateAlias({ AliasName: 'alias/none', TargetKeyId: one }), 'NotFoundException', text)
  await refused(kms.deleteAlias({ AliasName: 'alias/none' }), 'NotFoundException', text)
})

test('refuses a fifty-first alias of a key, and a move to a key that is full', async () => {
  const full = 'Aliases per key quota for this account in this region is 50, current usage is 50.'
  for (let count = 0; count < 50; count++) await kms.createAlias({ AliasName: `alias/full/${count}`, TargetKeyId: one })
  await refused(kms.createAlias({ AliasName: 'alias/full/50', TargetKeyId: one }), 'LimitExceededException', full)
  await kms.createAlias({ AliasName: 'alias/full/50', TargetKeyId: two })
  await refused(kms.updateAlias({ AliasName: 'alias/full/50', TargetKeyId: one }), 'LimitExceededException', full)
  // One that is there already is no fifty-first.
  await kms.updateAlias({ AliasName: 'alias/full/0', TargetKeyId: one })
  await kms.deleteAlias({ AliasName: 'alias/full/0' })
  await kms.updateAlias({ AliasName: 'alias/full/50', TargetKeyId: one })
  assert.equal((await aliasesOf(one)).length, 50)
  assert.deepEqual(await aliasesOf(two), [])
})

test('an alias moves only between keys of one type', async () => {
  const moves: [from: KeySpecName, to: KeySpecName, allowed: boolean][] = [
    ['RSA_2048', 'ECC_NIST_P256', true],
    ['ECC_SECG_P256K1', 'ML_DSA_65', true],
    ['HMAC_224', 'HMAC_512', true],
    ['SYMMETRIC_DEFAULT', 'RSA_4096', false],
    ['RSA_4096', 'SYMMETRIC_DEFAULT', false],
    ['SYMMETRIC_DEFAULT', 'HMAC_256', false],
    ['HMAC_256', 'ECC_NIST_P256', false],
  ]
  for (const [index, [from, to, allowed]] of moves.entries()) {
    const usageOf = (spec: KeySpecName) => keySpecs[spec].usages[0] ?? 'ENCRYPT_DECRYPT'
    const [source, target] = [await plant(from, usageOf(from)), await plant(to, usageOf(to))]
    const AliasName = `alias/type/${index}`
    await kms.createAlias({ AliasName, TargetKeyId: source })
    const update = kms.updateAlias({ AliasName, TargetKeyId: target })
    if (allowed) await update
    else {
      const [left, right] = [keySpecs[from].type, keySpecs[to].type]
      await refused(
        update,
        'ValidationException',
        `Alias ${AliasName} cannot be changed from a CMK with key type ${left} to a CMK with key type ${right}. ` +
          'The key type of the current CMK and the new CMK must be the same.',
      )
    }
    assert.equal(await keyOf(AliasName), allowed ? target : source)
  }
})

test('an alias moves only between keys of one usage', async () => {
  const [signing, encrypting] = [await plant('RSA_2048', 'SIGN_VERIFY'), await plant('RSA_2048', 'ENCRYPT_DECRYPT')]
  await kms.createAlias({ AliasName: 'alias/usage', TargetKeyId: signing })
  await refused(
    kms.updateAlias({ AliasName: 'alias/usage', TargetKeyId: encrypting }),
    'ValidationException',
    'Alias alias/usage cannot be changed from a CMK with key usage SIGN_VERIFY to a CMK with key usage ENCRYPT_DECRYPT. ' +
      'The key usage of the current CMK and the new CMK must be the same.',
  )
})

test('an alias leaves a key that is pending deletion, but moves to none', async () => {
  await kms.createAlias({ AliasName: 'alias/leaving', TargetKeyId: one })
  await kms.createAlias({ AliasName: 'alias/staying', TargetKeyId: two })
  await kms.scheduleKeyDeletion({ KeyId: one })
  const text = `${home}:key/${one} is pending deletion.`
  const calls = [
    kms.createAlias({ AliasName: 'alias/late', TargetKeyId: one }),
    kms.updateAlias({ AliasName: 'alias/staying', TargetKeyId: one }),
    kms.updateAlias({ AliasName: 'alias/leaving', TargetKeyId: one }),
  ]
  await Promise.all(calls.map(call => refused(call, 'KMSInvalidStateException', text)))
  await kms.updateAlias({ AliasName: 'alias/leaving', TargetKeyId: two })
  assert.deepEqual(await namesOf(two), ['alias/leaving', 'alias/staying'])
})

const prefix =
  'Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html'
const pattern = 'satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$'
const long = `alias/${'x'.repeat(251)}`
const badNames: [name: string, code: string, text?: string][] = [
  ['name', 'ValidationException', prefix],
  ['Alias/name', 'ValidationException', prefix],
  ['alias', 'ValidationException', prefix],
  ['alias/', 'ValidationException', prefix],
  ['/alias/name', 'ValidationException', prefix],
  [`${home}:alias/name`, 'ValidationException', prefix],
  ['alias/aws', 'NotAuthorizedException'],
  ['alias/aws/', 'NotAuthorizedException'],
  ['alias/aws/s3', 'NotAuthorizedException'],
  ['alias/aws/with:colon', 'NotAuthorizedException'],
  ['alias/a:b', 'ValidationException', 'alias/a:b contains invalid characters for an alias'],
  ['alias/a b', 'ValidationException', constraint('aliasName', 'alias/a b', pattern)],
  ['alias/é', 'ValidationException', constraint('aliasName', 'alias/é', pattern)],
  ['alias/a\n', 'ValidationException', constraint('aliasName', 'alias/a\n', pattern)],
  [long, 'ValidationException', constraint('aliasName', long, 'have length less than or equal to 256')],
]

for (const [AliasName, code, text] of badNames) {
  test(`no alias is named ${JSON.stringify(AliasName.slice(0, 60))}`, async () => {
    const calls = [
      kms.createAlias({ AliasName, TargetKeyId: one }),
      kms.updateAlias({ AliasName, TargetKeyId: one }),
      kms.deleteAlias({ AliasName }),
    ]
    await Promise.all(calls.map(call => refused(call, code, text)))
  })
}

test('an empty alias name breaks two constraints', async () => {
  const item = (rule: string) => `Value '' at 'aliasName' failed to satisfy constraint: Member must ${rule}`
  await refused(
    kms.deleteAlias({ AliasName: '' }),
    'ValidationException',
    `2 validation errors detected: ${item('have length greater than or equal to 1')}; ${item(pattern)}`,
  )
})

test('names that only look reserved are free', async () => {
  for (const AliasName of ['alias/awsome', 'alias/AWS/s3', 'alias/my/aws/', 'alias//', `alias/${'x'.repeat(250)}`]) {
    await kms.createAlias({ AliasName, TargetKeyId: one })
    assert.equal(await keyOf(AliasName), one)
  }
})

/** What the rows of keys say of their aliases, and what the rows of aliases say of their keys. */
async function bothViews(
  ids: readonly string[],
): Promise<[byKey: Record<string, string>, byAlias: Record<string, string>]> {
  const view = server.app.store.view()
  const byKey: Record<string, string> = {}
  for (const id of ids) {
    const key = await view.get('key', keyRow('000000000000', 'us-east-1', id))
    for (const name of key?.aliases ?? []) {
      assert.ok(!(name in byKey), `${name} is listed twice`)
      byKey[name] = id
    }
  }
  const rows = await view.page('alias', keyRow('000000000000', 'us-east-1', 'alias/race/'), undefined, 1000)
  return [byKey, Object.fromEntries(rows.map(row => [row.name, row.keyId]))]
}

test('of many who want one name, one gets it', async () => {
  const ids = [one, two, await newKey(), await newKey()]
  for (let round = 0; round < 5; round++) {
    const AliasName = `alias/race/${round}`
    const wishes = Array.from({ length: 12 }, (_, index) =>
      outcomeOf(kms.createAlias({ AliasName, TargetKeyId: ids[index % ids.length] ?? '' })),
    )
    const outcomes = (await Promise.all(wishes)).sort()
    assert.deepEqual(outcomes, [...Array<string>(11).fill('AlreadyExistsException'), 'OK'])
    const [byKey, byAlias] = await bothViews(ids)
    assert.deepEqual(byKey, byAlias)
    assert.equal(await keyOf(AliasName), byAlias[AliasName])
  }
})

test('of many who want the last place of a key, one gets it', async () => {
  for (let count = 0; count < 49; count++) await kms.createAlias({ AliasName: `alias/last/${count}`, TargetKeyId: one })
  const wishes = Array.from({ length: 10 }, (_, index) =>
    outcomeOf(kms.createAlias({ AliasName: `alias/last/${50 + index}`, TargetKeyId: one })),
  )
  assert.deepEqual((await Promise.all(wishes)).sort(), [...Array<string>(9).fill('LimitExceededException'), 'OK'])
  assert.equal((await aliasesOf(one)).length, 50)
})

test('aliases and keys agree, whatever is created, moved and deleted at once', async () => {
  const ids = [one, two, await newKey()]
  const names = ['a', 'b', 'c', 'd'].map(letter => `alias/race/${letter}`)
  const expected = new Set(['OK', 'AlreadyExistsException', 'NotFoundException'])
  for (let round = 0; round < 4; round++) {
    const calls = Array.from({ length: 60 }, (_, index) => {
      const AliasName = names[(index * 7 + round) % names.length] ?? ''
      const TargetKeyId = ids[(index * 5 + round) % ids.length] ?? ''
      if (index % 3 === 0) return kms.createAlias({ AliasName, TargetKeyId })
      return index % 3 === 1 ? kms.deleteAlias({ AliasName }) : kms.updateAlias({ AliasName, TargetKeyId })
    })
    for (const outcome of await Promise.all(calls.map(outcomeOf))) assert.ok(expected.has(outcome), outcome)
    const [byKey, byAlias] = await bothViews(ids)
    const ours = Object.fromEntries(Object.entries(byAlias).filter(([name]) => names.includes(name)))
    assert.deepEqual(byKey, ours)
    for (const id of ids) {
      assert.deepEqual(
        await namesOf(id),
        Object.keys(ours)
          .filter(name => ours[name] === id)
          .sort(),
      )
    }
  }
  const alarms = server.logged.filter(event => event.event === 'tampered row' || event.event === 'internal error')
  assert.deepEqual(alarms, [])
})
