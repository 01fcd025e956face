import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import type { CreateGrantCommandInput, CreateKeyCommandInput, KMS } from '@aws-sdk/client-kms'
import { operations } from '../../src/operations/index.ts'
import { grantRow, keyRow, retirablePrefix, type Change } from '../../src/store/documents.ts'
import { constraint, membersOf, outcomeOf, refusalOf, refused } from '../support/answers.ts'
import { contentsOf, findIn } from '../support/disk.ts'
import { days, start } from '../support/server.ts'

/** The life of grants: making, listing, retiring and revoking them, and their tokens. */

const home = '000000000000'
const abroad = '111122223333'
const me = `arn:aws:iam::${home}:user/administrator`
const grantee = `arn:aws:iam::${home}:role/path/reader`
const retiree = `arn:aws:iam::${home}:user/janitor`
const service = 'sns.us-east-1.amazonaws.com'
const SourceArn = `arn:aws:sns:us-east-1:${home}:topic`
const minimal = { GranteePrincipal: grantee, Operations: ['Decrypt'] } satisfies Partial<CreateGrantCommandInput>

/** Tokens that were handed out, in this store. */
const issued: string[] = []

// Another account's key, with grants that concern us and one that does not.
const foreign = await start(['--account', abroad])
const foreigners = foreign.client()
const foreignKey = (await foreigners.createKey({})).KeyMetadata?.Arn ?? ''
const foreignGrant = async (input: Partial<CreateGrantCommandInput> = {}) => {
  const { GrantId = '', GrantToken = '' } = await foreigners.createGrant({ KeyId: foreignKey, ...minimal, ...input })
  issued.push(GrantToken)
  return { GrantId, GrantToken }
}
const forUs = await foreignGrant({ RetiringPrincipal: me })
const forUsByToken = await foreignGrant({ RetiringPrincipal: `arn:aws:iam::${home}:root` })
const retirableByGrantee = await foreignGrant({ GranteePrincipal: me, Operations: ['Decrypt', 'RetireGrant'] })
const retirableTwice = await foreignGrant({ GranteePrincipal: me, Operations: ['Encrypt', 'RetireGrant'] })
const notForUs = await foreignGrant({ GranteePrincipal: me })
const forTheService = await foreignGrant({ RetiringServicePrincipal: service })

const server = await foreign.restart({ flags: [] })
after(() => server.stop())
const kms = server.client()
const elsewhere = server.client({ region: 'eu-west-1' })

async function newKey(input: CreateKeyCommandInput = {}, client = kms): Promise<{ KeyId: string; Arn: string }> {
  const { KeyMetadata: { KeyId = '', Arn = '' } = {} } = await client.createKey(input)
  return { KeyId, Arn }
}
const { KeyId, Arn } = await newKey()

async function create(input: Partial<CreateGrantCommandInput> = {}, client: KMS = kms) {
  const { GrantId = '', GrantToken = '' } = await client.createGrant({ KeyId, ...minimal, ...input })
  issued.push(GrantToken)
  return { GrantId, GrantToken }
}

const idsOn = async (key: string): Promise<string[]> => {
  const { Grants = [], Truncated } = await kms.listGrants({ KeyId: key, Limit: 100 })
  assert.equal(Truncated, false)
  return Grants.map(grant => grant.GrantId ?? '')
}

const rowsOf = async (key: string) =>
  await server.app.store.view().page('grant', grantRow(home, 'us-east-1', key, ''), undefined, 10_000)
const countOf = async (key: string) =>
  (await server.app.store.view().get('key', keyRow(home, 'us-east-1', key)))?.grants
const indexSize = async (principal: string) =>
  (await server.app.store.view().page('retirable', retirablePrefix('us-east-1', principal), undefined, 10_000)).length

test('a grant is listed as it was asked for, with everything that was left out left out', async () => {
  const key = await newKey()
  const before = server.app.now()
  const { GrantId } = await create({ KeyId: key.KeyId })
  const { Grants = [], ...rest } = await membersOf(kms.listGrants({ KeyId: key.KeyId }))
  assert.deepEqual(rest, { Truncated: false })
  const [{ CreationDate, ...grant } = {}, ...others] = Grants
  assert.deepEqual(others, [])
  assert.ok((CreationDate?.getTime() ?? 0) >= before && (CreationDate?.getTime() ?? 0) <= server.app.now())
  assert.match(GrantId, /^[0-9a-f]{64}$/)
  assert.deepEqual(grant, {
    KeyId: key.Arn,
    GrantId,
    Name: '',
    GranteePrincipal: grantee,
    IssuingAccount: `arn:aws:iam::${home}:root`,
    Operations: ['Decrypt'],
  })
})

test('and with everything there is', async () => {
  const key = await newKey()
  const Constraints = {
    EncryptionContextSubset: { __proto__x: 'ö\u2028', constructor: '', z: 'x'.repeat(384) },
    EncryptionContextEquals: { a: '𝄞'.repeat(384) },
    SourceArn,
  }
  const Operations = ['GenerateDataKey', 'CreateGrant', 'Decrypt', 'Decrypt', 'RetireGrant'] as const
  const asked = { RetiringPrincipal: retiree, Operations: [...Operations], Constraints, Name: 'a:b/c_d-1' }
  const { GrantId } = await create({ KeyId: key.Arn, ...asked })
  const { Grants: [{ CreationDate: _, ...grant } = {}] = [] } = await kms.listGrants({ KeyId: key.Arn })
  assert.deepEqual(grant, {
    KeyId: key.Arn,
    GrantId,
    GranteePrincipal: grantee,
    IssuingAccount: `arn:aws:iam::${home}:root`,
    ...asked,
  })
  const services = { GranteeServicePrincipal: service, RetiringServicePrincipal: 'a.b.c', GranteePrincipal: undefined }
  const second = await create({ KeyId: key.Arn, ...services, Constraints: { SourceArn } })
  const { Grants: [{ CreationDate: __, ...other } = {}] = [] } = await kms.listGrants({ KeyId: key.Arn, ...second })
  assert.deepEqual(other, {
    KeyId: key.Arn,
    GrantId: second.GrantId,
    Name: '',
    GranteeServicePrincipal: service,
    RetiringServicePrincipal: 'a.b.c',
    IssuingAccount: `arn:aws:iam::${home}:root`,
    Operations: ['Decrypt'],
    Constraints: { SourceArn },
  })
})

test('a revoked or retired grant is gone, and cannot be ended twice', async () => {
  const key = await newKey()
  const grants = [
    await create({ KeyId: key.KeyId, RetiringPrincipal: retiree }),
    await create({ KeyId: key.KeyId, RetiringPrincipal: retiree }),
    await create({ KeyId: key.KeyId, RetiringPrincipal: retiree }),
    await create({ KeyId: key.KeyId }),
  ] as const
  const [revoked, retired, retiredByToken, kept] = grants
  assert.equal(await countOf(key.KeyId), 4)
  const index = await indexSize(retiree)
  assert.deepEqual(await membersOf(kms.revokeGrant({ KeyId: key.KeyId, GrantId: revoked.GrantId })), {})
  assert.deepEqual(await membersOf(kms.retireGrant({ KeyId: key.Arn, GrantId: retired.GrantId })), {})
  assert.deepEqual(await membersOf(kms.retireGrant({ GrantToken: retiredByToken.GrantToken })), {})
  assert.deepEqual(await idsOn(key.KeyId), [kept.GrantId])
  assert.deepEqual(
    [await countOf(key.KeyId), (await rowsOf(key.KeyId)).length, await indexSize(retiree)],
    [1, 1, index - 3],
  )
  for (const { GrantId, GrantToken } of [revoked, retired, retiredByToken]) {
    const text = `Grant ID ${GrantId} not found`
    await refused(kms.revokeGrant({ KeyId: key.KeyId, GrantId }), 'NotFoundException', text)
    await refused(kms.retireGrant({ KeyId: key.KeyId, GrantId }), 'NotFoundException', text)
    await refused(kms.retireGrant({ GrantToken }), 'InvalidGrantTokenException')
    await refused(kms.listGrants({ KeyId: key.KeyId, GrantId }), 'InvalidGrantIdException')
  }
})

const both = 'You must specify either GranteePrincipal or GranteeServicePrincipal, but not both.'
const group = `arn:aws:iam::${home}:group/all`
const notAPrincipal = (text: string): string => `ARN does not refer to a valid principal: ${text}`
const pairs = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, 'v']))

const unacceptable: [what: string, input: Partial<CreateGrantCommandInput>, code: string, text: string][] = [
  ['no grantee', { GranteePrincipal: undefined }, 'ValidationException', both],
  ['two kinds of grantee', { GranteeServicePrincipal: service }, 'ValidationException', both],
  [
    'two kinds of retiring principal',
    { RetiringPrincipal: retiree, RetiringServicePrincipal: service },
    'ValidationException',
    'You can specify either RetiringPrincipal or RetiringServicePrincipal, but not both.',
  ],
  [
    'a service without a SourceArn',
    { GranteePrincipal: undefined, GranteeServicePrincipal: service, RetiringPrincipal: retiree, Constraints: {} },
    'ValidationException',
    'You must specify a SourceArn grant constraint with GranteeServicePrincipal.',
  ],
  [
    'a service that nobody can retire',
    { GranteePrincipal: undefined, GranteeServicePrincipal: service, Constraints: { SourceArn } },
    'ValidationException',
    'You must specify RetiringPrincipal or RetiringServicePrincipal with GranteeServicePrincipal.',
  ],
  ['a group', { GranteePrincipal: group }, 'InvalidArnException', notAPrincipal(group)],
  [
    'a service as a grantee of the other kind',
    { GranteePrincipal: service },
    'InvalidArnException',
    notAPrincipal(service),
  ],
  ['an account by its number', { GranteePrincipal: home }, 'InvalidArnException', notAPrincipal(home)],
  ['a group to retire it', { RetiringPrincipal: group }, 'InvalidArnException', notAPrincipal(group)],
  ['no operation', { Operations: [] }, 'ValidationException', 'You must specify at least one operation.'],
  [
    'nothing but CreateGrant',
    { Operations: ['CreateGrant', 'CreateGrant'] },
    'ValidationException',
    'Grants must not contain only the CreateGrant operation.',
  ],
  [
    'an operation that such a key does not have',
    { Operations: ['Decrypt', 'Sign', 'GenerateMac'] },
    'ValidationException',
    `The operation Sign cannot be granted on ${Arn}: its key spec is SYMMETRIC_DEFAULT and its key usage ENCRYPT_DECRYPT.`,
  ],
  ...(['EncryptionContextEquals', 'EncryptionContextSubset'] as const).flatMap(
    (name): [string, Partial<CreateGrantCommandInput>, string, string][] => [
      [
        `${name} of nine pairs`,
        { Constraints: { [name]: pairs(9) } },
        'ValidationException',
        `${name} can have at most 8 pairs.`,
      ],
      [
        `${name} with a value of 385 characters`,
        { Constraints: { [name]: { a: '', b: '𝄞'.repeat(385) } } },
        'ValidationException',
        `A value in ${name} can have at most 384 characters.`,
      ],
    ],
  ),
  [
    'a wildcard',
    { GranteePrincipal: '*' },
    'ValidationException',
    constraint('granteePrincipal', '*', 'satisfy regular expression pattern: ^[\\w+=,.@:/-]+$'),
  ],
  [
    'a service that is none',
    { RetiringServicePrincipal: 'amazonaws.com' },
    'ValidationException',
    constraint(
      'retiringServicePrincipal',
      'amazonaws.com',
      'satisfy regular expression pattern: ^([A-Za-z0-9\\-]+)\\.([A-Za-z0-9\\-]+)(\\.[A-Za-z0-9\\-]+)+$',
    ),
  ],
  [
    'a name with a space',
    { Name: 'a b' },
    'ValidationException',
    constraint('name', 'a b', 'satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$'),
  ],
  [
    'a SourceArn that is none',
    { Constraints: { SourceArn: 'arn:aws:sns:us-east-1:x' } },
    'ValidationException',
    constraint(
      'constraints.sourceArn',
      'arn:aws:sns:us-east-1:x',
      'satisfy regular expression pattern: ^arn:aws[a-z0-9-]*:[a-z0-9-]+:[a-z0-9-]*:[0-9]{12}:.+$',
    ),
  ],
]

for (const [what, input, code, text] of unacceptable) {
  test(`CreateGrant refuses ${what}`, async () => {
    const before = await rowsOf(KeyId)
    await refused(create(input), code, text)
    await refused(create({ ...input, DryRun: true }), code, text)
    assert.deepEqual(await rowsOf(KeyId), before)
  })
}

test('CreateGrant refuses operations that nobody can grant', async () => {
  const wrong = 'ScheduleKeyDeletion' as 'Decrypt'
  const error = await refusalOf(create({ Operations: [wrong] }))
  assert.equal(error.name, 'ValidationException')
  assert.match(error.message, /^1 validation error detected: Value '\[ScheduleKeyDeletion\]' at 'operations' failed/)
})

test('what can be granted depends on the key', async () => {
  const hmac = await newKey({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' })
  const signer = await newKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' })
  const agreer = await newKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'KEY_AGREEMENT' })
  const kem = await newKey({ KeySpec: 'ML_KEM_512', KeyUsage: 'ENCAPSULATE_DECAPSULATE' })
  const rsa = await newKey({ KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' })
  const always = ['CreateGrant', 'DescribeKey', 'RetireGrant'] as const
  await create({ KeyId: hmac.KeyId, Operations: ['GenerateMac', 'VerifyMac', ...always] })
  await create({ KeyId: signer.KeyId, Operations: ['Sign', 'Verify', 'GetPublicKey', ...always] })
  await create({ KeyId: agreer.KeyId, Operations: ['DeriveSharedSecret', 'GetPublicKey', ...always] })
  await create({ KeyId: kem.KeyId, Operations: ['Encapsulate', 'Decapsulate', 'GetPublicKey', ...always] })
  await create({ KeyId: rsa.KeyId, Operations: ['Encrypt', 'ReEncryptFrom', 'GetPublicKey', ...always] })
  for (const [key, operation, spec, usage] of [
    [hmac, 'GetPublicKey', 'HMAC_256', 'GENERATE_VERIFY_MAC'],
    [signer, 'Encrypt', 'ECC_NIST_P256', 'SIGN_VERIFY'],
    [agreer, 'Sign', 'ECC_NIST_P256', 'KEY_AGREEMENT'],
    [kem, 'Decrypt', 'ML_KEM_512', 'ENCAPSULATE_DECAPSULATE'],
    [rsa, 'GenerateDataKey', 'RSA_2048', 'ENCRYPT_DECRYPT'],
  ] as const) {
    await refused(
      create({ KeyId: key.KeyId, Operations: ['DescribeKey', operation] }),
      'ValidationException',
      `The operation ${operation} cannot be granted on ${key.Arn}: its key spec is ${spec} and its key usage ${usage}.`,
    )
    await refused(
      create({ KeyId: key.KeyId, Operations: ['DescribeKey'], Constraints: { EncryptionContextSubset: { a: 'b' } } }),
      'ValidationException',
      `EncryptionContextSubset is supported only for symmetric encryption keys; the key spec of ${key.Arn} is ${spec}.`,
    )
    await create({ KeyId: key.KeyId, Operations: ['DescribeKey'], Constraints: { SourceArn } })
  }
})

test('the state of the key is looked at before the request', async () => {
  const key = await newKey()
  await kms.disableKey({ KeyId: key.KeyId })
  await refused(create({ KeyId: key.KeyId, Operations: ['Sign'] }), 'DisabledException', `${key.Arn} is disabled.`)
})

test('the same request with the same name finds the same grant, and gets another token', async () => {
  const key = await newKey()
  const input: Partial<CreateGrantCommandInput> = {
    KeyId: key.KeyId,
    Name: 'named',
    RetiringPrincipal: retiree,
    Operations: ['Decrypt', 'Encrypt'],
    Constraints: { EncryptionContextSubset: { a: '1', b: '2' } },
  }
  const first = await create(input)
  server.clock.advance(1000)
  const again = await create({ ...input, KeyId: key.Arn })
  const reordered = await create({
    ...input,
    Operations: ['Encrypt', 'Decrypt', 'Encrypt'],
    Constraints: { EncryptionContextSubset: { b: '2', a: '1' } },
  })
  assert.deepEqual([again.GrantId, reordered.GrantId], [first.GrantId, first.GrantId])
  assert.equal(new Set([first, again, reordered].map(({ GrantToken }) => GrantToken)).size, 3)
  assert.deepEqual(await idsOn(key.KeyId), [first.GrantId])
  assert.equal(await countOf(key.KeyId), 1)
  const { Grants: [grant] = [] } = await kms.listGrants({ KeyId: key.KeyId })
  assert.deepEqual(grant?.Operations, ['Decrypt', 'Encrypt'])
  // Any of the tokens names it.
  await kms.describeKey({ KeyId, GrantTokens: [first.GrantToken, again.GrantToken, reordered.GrantToken] })
  await kms.retireGrant({ GrantToken: again.GrantToken })
  assert.deepEqual(await idsOn(key.KeyId), [])
})

test('the same name with anything else different is another grant; without a name, every request is', async () => {
  const key = await newKey()
  const base = { KeyId: key.KeyId, Name: 'named', RetiringPrincipal: retiree }
  const { Name: _, ...nameless } = base
  const { GrantId } = await create(base)
  const others = [
    await create({ ...base, Name: 'other' }),
    await create({ ...base, GranteePrincipal: me }),
    await create({ ...base, RetiringPrincipal: me }),
    await create({ ...base, Operations: ['Decrypt', 'Encrypt'] }),
    await create({ ...base, Constraints: { EncryptionContextEquals: {} } }),
    await create({ ...base, Constraints: { EncryptionContextSubset: {} } }),
    await create({ ...base, KeyId }),
    await create(nameless),
    await create(nameless),
  ]
  assert.equal(new Set([GrantId, ...others.map(other => other.GrantId)]).size, 10)
  assert.equal((await create({ ...base, Constraints: {} })).GrantId, GrantId)
  assert.equal(await countOf(key.KeyId), 9)
})

test('twenty equal requests at once make one grant; twenty different ones make twenty', async () => {
  const key = await newKey()
  const ids = (requests: readonly Partial<CreateGrantCommandInput>[]) =>
    Promise.all(requests.map(async request => (await create({ KeyId: key.KeyId, ...request })).GrantId))
  const equal = await ids(Array.from({ length: 20 }, () => ({ Name: 'retried', RetiringPrincipal: retiree })))
  assert.equal(new Set(equal).size, 1)
  assert.deepEqual([await countOf(key.KeyId), (await rowsOf(key.KeyId)).length], [1, 1])
  const different = await ids(Array.from({ length: 20 }, () => ({})))
  assert.equal(new Set(different).size, 20)
  assert.deepEqual([await countOf(key.KeyId), (await rowsOf(key.KeyId)).length], [21, 21])
})

test('grants that are made and ended at the same time are counted right, and each is ended once', async () => {
  const key = await newKey()
  const there = await Promise.all(Array.from({ length: 12 }, () => create({ KeyId: key.KeyId })))
  const named = { KeyId: key.KeyId, Name: 'contested', RetiringPrincipal: retiree }
  const { GrantId: contested } = await create(named)
  const results = await Promise.all([
    ...there.flatMap(({ GrantId, GrantToken }) => [
      outcomeOf(kms.revokeGrant({ KeyId: key.KeyId, GrantId })),
      outcomeOf(kms.retireGrant({ GrantToken })),
    ]),
    ...Array.from({ length: 12 }, (_, n) =>
      n % 2 ? outcomeOf(create(named)) : outcomeOf(kms.revokeGrant({ KeyId: key.KeyId, GrantId: contested })),
    ),
  ])
  const ended = results.slice(0, 24)
  for (let at = 0; at < ended.length; at += 2) {
    const pair = ended.slice(at, at + 2).sort()
    assert.ok(/^(?:InvalidGrantToken|NotFound)Exception,OK$/.test(pair.join()), pair.join())
  }
  for (const result of results.slice(24)) assert.match(result, /^(?:OK|NotFoundException)$/)
  const rows = await rowsOf(key.KeyId)
  assert.equal(await countOf(key.KeyId), rows.length)
  assert.deepEqual(
    await idsOn(key.KeyId),
    rows.map(({ id }) => id),
  )
  assert.ok(rows.every(({ id }) => id === contested))
})

test('a key has at most 50,000 grants', async () => {
  const key = await newKey()
  const named = { KeyId: key.KeyId, Name: 'first' }
  const { GrantId } = await create(named)
  const { store } = server.app
  const view = store.view()
  const id = keyRow(home, 'us-east-1', key.KeyId)
  const document = await view.get('key', id)
  assert.ok(document)
  await store.commit(view, [{ put: 'key', id, document: { ...document, grants: 50_000 } }], [])
  const text = `A key can have 50000 grants, and ${key.Arn} has them.`
  await refused(create({ KeyId: key.KeyId }), 'LimitExceededException', text)
  await refused(create({ KeyId: key.KeyId, DryRun: true }), 'LimitExceededException', text)
  assert.equal((await create(named)).GrantId, GrantId)
  await kms.revokeGrant({ KeyId: key.KeyId, GrantId })
  const results = await Promise.all(Array.from({ length: 5 }, () => outcomeOf(create({ KeyId: key.KeyId }))))
  assert.deepEqual(results.sort(), [...Array<string>(4).fill('LimitExceededException'), 'OK'])
  assert.equal(await countOf(key.KeyId), 50_000)
})

test('a key from before there were grants can have them, and they are counted', async () => {
  const key = await newKey()
  const { store } = server.app
  const view = store.view()
  const id = keyRow(home, 'us-east-1', key.KeyId)
  const { grants: _, ...document } = (await view.get('key', id)) ?? assert.fail('no key')
  assert.equal(await store.commit(view, [{ put: 'key', id, document }], []), 'committed')
  assert.equal(await countOf(key.KeyId), undefined)
  const { GrantId } = await create({ KeyId: key.KeyId })
  await create({ KeyId: key.KeyId })
  assert.equal(await countOf(key.KeyId), 2)
  await kms.revokeGrant({ KeyId: key.KeyId, GrantId })
  assert.equal(await countOf(key.KeyId), 1)
})

test('DryRun says what would happen, and nothing does', async () => {
  const key = await newKey()
  const { GrantId, GrantToken } = await create({ KeyId: key.KeyId, Name: 'named', RetiringPrincipal: retiree })
  const before = [await rowsOf(key.KeyId), await countOf(key.KeyId), await indexSize(retiree)]
  const DryRun = true
  const text = 'The request would have succeeded, but the DryRun option is set.'
  for (const call of [
    () => create({ KeyId: key.KeyId, DryRun, RetiringPrincipal: retiree }),
    () => create({ KeyId: key.KeyId, DryRun, Name: 'named', RetiringPrincipal: retiree }),
    () => kms.retireGrant({ GrantToken, DryRun }),
    () => kms.retireGrant({ KeyId: key.KeyId, GrantId, DryRun }),
    () => kms.revokeGrant({ KeyId: key.KeyId, GrantId, DryRun }),
  ]) {
    await refused(call(), 'DryRunOperationException', text)
  }
  const absent = '0'.repeat(64)
  const notFound = `Grant ID ${absent} not found`
  await refused(kms.revokeGrant({ KeyId, GrantId: absent, DryRun }), 'NotFoundException', notFound)
  await refused(kms.retireGrant({ KeyId, GrantId: absent, DryRun }), 'NotFoundException', notFound)
  await refused(kms.retireGrant({ GrantToken: 'x', DryRun }), 'InvalidGrantTokenException')
  assert.deepEqual([await rowsOf(key.KeyId), await countOf(key.KeyId), await indexSize(retiree)], before)
})

test('a grant belongs to its key', async () => {
  const key = await newKey()
  const { GrantId } = await create()
  const text = `Grant ID ${GrantId} not found`
  await refused(kms.revokeGrant({ KeyId: key.KeyId, GrantId }), 'NotFoundException', text)
  await refused(kms.retireGrant({ KeyId: key.KeyId, GrantId }), 'NotFoundException', text)
  await refused(kms.listGrants({ KeyId: key.KeyId, GrantId }), 'InvalidGrantIdException')
})

test('what no grant can be called is refused as such', async () => {
  const { GrantId } = await create()
  const wrong = ['x', GrantId.toUpperCase(), GrantId.slice(1), `${GrantId}0`, '../'.repeat(20), 'x'.repeat(128)]
  for (const id of wrong) {
    await refused(kms.revokeGrant({ KeyId, GrantId: id }), 'InvalidGrantIdException')
    await refused(kms.retireGrant({ KeyId, GrantId: id }), 'InvalidGrantIdException')
    await refused(kms.listGrants({ KeyId, GrantId: id }), 'InvalidGrantIdException')
  }
  const long = 'x'.repeat(129)
  const text = constraint('grantId', long, 'have length less than or equal to 128')
  await refused(kms.revokeGrant({ KeyId, GrantId: long }), 'ValidationException', text)
})

test('RetireGrant wants a token, or a key and an id', async () => {
  const { GrantId, GrantToken } = await create()
  const text = 'You must specify either GrantToken, or both KeyId and GrantId.'
  const wrong = [
    {},
    { KeyId },
    { GrantId },
    { GrantToken, KeyId },
    { GrantToken, GrantId },
    { GrantToken, KeyId, GrantId },
  ]
  for (const input of wrong) await refused(kms.retireGrant(input), 'ValidationException', text)
  const long = constraint('grantToken', undefined, 'have length less than or equal to 8192')
  await refused(kms.retireGrant({ GrantToken: 'x'.repeat(8193) }), 'ValidationException', long)
  await kms.retireGrant({ KeyId, GrantId })
})

// Tokens

const Plaintext = Buffer.from('plaintext')
const { CiphertextBlob } = await kms.encrypt({ KeyId, Plaintext })
const mac = await newKey({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' })
const signer = await newKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' })
const agreer = await newKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'KEY_AGREEMENT' })
const kem = await newKey({ KeySpec: 'ML_KEM_512', KeyUsage: 'ENCAPSULATE_DECAPSULATE' })
const toMac = { KeyId: mac.KeyId, Message: Plaintext, MacAlgorithm: 'HMAC_SHA_256' } as const
const toSign = { KeyId: signer.KeyId, Message: Plaintext, SigningAlgorithm: 'ECDSA_SHA_256' } as const
const toEncapsulate = { KeyId: kem.KeyId, EncapsulationAlgorithm: 'ML_KEM' } as const
const { Mac } = await kms.generateMac(toMac)
const { Signature } = await kms.sign(toSign)
const { SharedSecretCiphertextBlob } = await kms.encapsulate(toEncapsulate)
const { PublicKey } = await kms.getPublicKey({ KeyId: agreer.KeyId })
const withTokens: Record<string, (GrantTokens: string[]) => Promise<unknown>> = {
  CreateGrant: GrantTokens => create({ Name: 'x', GrantTokens }),
  Decapsulate: GrantTokens => kms.decapsulate({ ...toEncapsulate, SharedSecretCiphertextBlob, GrantTokens }),
  Decrypt: GrantTokens => kms.decrypt({ CiphertextBlob, GrantTokens }),
  DeriveSharedSecret: GrantTokens =>
    kms.deriveSharedSecret({ KeyId: agreer.KeyId, KeyAgreementAlgorithm: 'ECDH', PublicKey, GrantTokens }),
  DescribeKey: GrantTokens => kms.describeKey({ KeyId, GrantTokens }),
  Encapsulate: GrantTokens => kms.encapsulate({ ...toEncapsulate, GrantTokens }),
  Encrypt: GrantTokens => kms.encrypt({ KeyId, Plaintext, GrantTokens }),
  GenerateDataKey: GrantTokens => kms.generateDataKey({ KeyId, KeySpec: 'AES_256', GrantTokens }),
  GenerateDataKeyPair: GrantTokens => kms.generateDataKeyPair({ KeyId, KeyPairSpec: 'ECC_NIST_P256', GrantTokens }),
  GenerateDataKeyPairWithoutPlaintext: GrantTokens =>
    kms.generateDataKeyPairWithoutPlaintext({ KeyId, KeyPairSpec: 'ECC_NIST_P256', GrantTokens }),
  GenerateDataKeyWithoutPlaintext: GrantTokens =>
    kms.generateDataKeyWithoutPlaintext({ KeyId, KeySpec: 'AES_256', GrantTokens }),
  GenerateMac: GrantTokens => kms.generateMac({ ...toMac, GrantTokens }),
  GetPublicKey: GrantTokens => kms.getPublicKey({ KeyId: signer.KeyId, GrantTokens }),
  ReEncrypt: GrantTokens => kms.reEncrypt({ CiphertextBlob, DestinationKeyId: KeyId, GrantTokens }),
  Sign: GrantTokens => kms.sign({ ...toSign, GrantTokens }),
  Verify: GrantTokens => kms.verify({ ...toSign, Signature, GrantTokens }),
  VerifyMac: GrantTokens => kms.verifyMac({ ...toMac, Mac, GrantTokens }),
}

test('every operation that takes grant tokens is here', () => {
  const takers = operations.filter(
    ({ input }) => input.about.type === 'structure' && 'GrantTokens' in input.about.members,
  )
  assert.deepEqual(Object.keys(withTokens), takers.map(({ name }) => name).sort())
})

for (const [name, call] of Object.entries(withTokens)) {
  test(`${name} takes tokens of grants that there are, and no others`, async () => {
    const { GrantToken } = await create()
    const another = await create({ KeyId: mac.KeyId, Operations: ['GenerateMac'] })
    await call([])
    await call([GrantToken])
    await call(Array.from({ length: 10 }, (_, n) => (n % 2 ? GrantToken : another.GrantToken)))
    await refused(call(['x']), 'InvalidGrantTokenException')
    await refused(call([GrantToken, 'x']), 'InvalidGrantTokenException')
    await kms.retireGrant({ GrantToken })
    await refused(call([GrantToken]), 'InvalidGrantTokenException')
    await refused(call([another.GrantToken, GrantToken]), 'InvalidGrantTokenException')
    await call([another.GrantToken])
    const eleven = Array<string>(11).fill(another.GrantToken)
    const text = constraint('grantTokens', undefined, 'have length less than or equal to 10')
    await refused(call(eleven), 'ValidationException', text)
  })
}

test('a token with any byte changed is none, nor is one cut off', async () => {
  const { GrantToken } = await create()
  const bytes = Buffer.from(GrantToken, 'base64')
  const altered = Array.from(bytes.keys(), at => {
    const copy = Buffer.from(bytes)
    copy[at] = (copy[at] ?? 0) ^ 1
    return copy.toString('base64')
  })
  const cut = [1, 55, 87, bytes.length - 1].map(length => bytes.subarray(0, length).toString('base64'))
  for (const token of [...altered, ...cut, `${GrantToken} `, GrantToken.slice(0, -4)]) {
    await refused(kms.describeKey({ KeyId, GrantTokens: [token] }), 'InvalidGrantTokenException')
  }
  for (const token of [altered[0], altered[60], altered.at(-1), ...cut]) {
    await refused(kms.retireGrant({ GrantToken: token }), 'InvalidGrantTokenException')
  }
  await kms.retireGrant({ GrantToken })
})

test('a token is one of its Region', async () => {
  const { GrantToken } = await create()
  const other = await newKey({}, elsewhere)
  await refused(elsewhere.describeKey({ KeyId: other.KeyId, GrantTokens: [GrantToken] }), 'InvalidGrantTokenException')
  await refused(elsewhere.retireGrant({ GrantToken }), 'InvalidGrantTokenException')
  const there = await create({ KeyId: other.KeyId }, elsewhere)
  await refused(
    kms.retireGrant(there),
    'ValidationException',
    'You must specify either GrantToken, or both KeyId and GrantId.',
  )
  await refused(kms.retireGrant({ GrantToken: there.GrantToken }), 'InvalidGrantTokenException')
  await elsewhere.retireGrant({ GrantToken: there.GrantToken })
  await kms.retireGrant({ GrantToken })
})

test('a token of a grant that ended names none, also when the grant is made again under its id', async () => {
  const key = await newKey()
  const input = { KeyId: key.KeyId, Name: 'again' }
  const old = await create(input)
  await kms.revokeGrant({ KeyId: key.KeyId, GrantId: old.GrantId })
  server.clock.advance(1)
  const made = await create(input)
  assert.equal(made.GrantId, old.GrantId)
  await refused(kms.describeKey({ KeyId, GrantTokens: [old.GrantToken] }), 'InvalidGrantTokenException')
  await refused(kms.retireGrant({ GrantToken: old.GrantToken }), 'InvalidGrantTokenException')
  await kms.retireGrant({ GrantToken: made.GrantToken })
})

// Other accounts

const denial = (action: string): string =>
  `User: ${me} is not authorized to perform: kms:${action} on this resource because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access`
const absentKey = foreignKey.replace(/[^/]*$/, '00000000-0000-4000-8000-000000000000')

test('of a key of another account nothing is told, with or without tokens and grants', async () => {
  const absent = '0'.repeat(64)
  const { GrantToken } = await create()
  for (const key of [foreignKey, absentKey]) {
    for (const GrantTokens of [['x'], [GrantToken], [forUs.GrantToken]]) {
      const wish = { KeyId: key, NumberOfBytes: 16, GrantTokens }
      await refused(kms.generateDataKey(wish), 'AccessDeniedException', denial('GenerateDataKey'))
      await refused(create({ KeyId: key, GrantTokens }), 'AccessDeniedException', denial('CreateGrant'))
    }
    await refused(kms.listGrants({ KeyId: key, GrantId: 'x' }), 'AccessDeniedException', denial('ListGrants'))
    for (const GrantId of [absent, notForUs.GrantId, forTheService.GrantId]) {
      await refused(kms.retireGrant({ KeyId: key, GrantId }), 'AccessDeniedException', denial('RetireGrant'))
    }
    for (const GrantId of [absent, forUs.GrantId]) {
      await refused(kms.revokeGrant({ KeyId: key, GrantId }), 'AccessDeniedException', denial('RevokeGrant'))
    }
    await refused(kms.retireGrant({ KeyId: key, GrantId: 'x' }), 'InvalidGrantIdException')
  }
  // Tokens give no right.
  const { GrantToken: token } = notForUs
  await refused(kms.retireGrant({ GrantToken: token }), 'AccessDeniedException', denial('RetireGrant'))
  // But any that names a grant will do.
  await kms.encrypt({ KeyId, Plaintext, GrantTokens: [token] })
})

test('grants on keys of other accounts are retired by whom they say, and found by the one that they name', async () => {
  const found = async (RetiringPrincipal: string) => {
    const { Grants = [] } = await kms.listRetirableGrants({ RetiringPrincipal })
    return Grants.filter(({ KeyId: key }) => key === foreignKey)
  }
  const [grant, ...others] = await found(me)
  assert.deepEqual(others, [])
  assert.deepEqual(
    [grant?.GrantId, grant?.IssuingAccount, grant?.RetiringPrincipal],
    [forUs.GrantId, `arn:aws:iam::${abroad}:root`, me],
  )
  await refused(
    kms.retireGrant({ KeyId: foreignKey, GrantId: forUs.GrantId, DryRun: true }),
    'DryRunOperationException',
    'The request would have succeeded, but the DryRun option is set.',
  )
  await kms.retireGrant({ KeyId: foreignKey, GrantId: forUs.GrantId })
  await kms.retireGrant({ GrantToken: forUsByToken.GrantToken })
  await kms.retireGrant({ KeyId: foreignKey, GrantId: retirableByGrantee.GrantId })
  assert.deepEqual(await found(me), [])
  // Gone, which is told by token only.
  const { GrantId, GrantToken } = forUs
  await refused(kms.retireGrant({ GrantToken }), 'InvalidGrantTokenException')
  await refused(kms.retireGrant({ KeyId: foreignKey, GrantId }), 'AccessDeniedException', denial('RetireGrant'))
  const left = await server.app.store.view().get('key', keyRow(abroad, 'us-east-1', foreignKey.slice(-36)))
  assert.equal(left?.grants, 3)
})

test('who retires a grant of another account is recorded for both, who is denied only for the caller', async () => {
  const { GrantId } = retirableTwice
  const before = (await server.records()).length
  await outcomeOf(kms.retireGrant({ KeyId: foreignKey, GrantId, DryRun: true }))
  await kms.retireGrant({ KeyId: foreignKey, GrantId })
  for (const key of [foreignKey, absentKey]) {
    await outcomeOf(kms.retireGrant({ KeyId: key, GrantId: notForUs.GrantId }))
    await outcomeOf(kms.encrypt({ KeyId: key, Plaintext }))
  }
  const records = (await server.records()).slice(before)
  const resources = [{ accountId: abroad, type: 'AWS::KMS::Key', ARN: foreignKey }]
  const dryRun = 'DryRunOperationException'
  const denied = 'AccessDeniedException'
  assert.deepEqual(
    records.map(record => [record['recipientAccountId'], record['errorCode'], record['resources']]),
    [
      [home, dryRun, resources],
      [abroad, dryRun, resources],
      [home, undefined, resources],
      [abroad, undefined, resources],
      // Whether there is such a key, a record tells no more than the answer did.
      ...Array.from({ length: 4 }, () => [home, denied, []]),
    ],
  )
  for (const at of [0, 2]) {
    const [ours, theirs] = records.slice(at, at + 2)
    assert.equal(ours?.['requestID'], theirs?.['requestID'])
    assert.ok(ours?.['sharedEventID'] !== undefined && ours['sharedEventID'] === theirs?.['sharedEventID'])
    assert.notEqual(ours['eventID'], theirs['eventID'])
    assert.equal((ours['userIdentity'] as { arn?: string }).arn, me)
    const identity = theirs['userIdentity'] as Record<string, unknown>
    assert.deepEqual([Object.keys(identity), identity['accountId']], [['type', 'principalId', 'accountId'], home])
  }
  assert.deepEqual(records[3]?.['additionalEventData'], { grantId: GrantId })
})

// Lists

interface Listed {
  GrantId?: string | undefined
}
type List = (options: { Limit?: number; Marker?: string }) => Promise<{
  Grants?: Listed[] | undefined
  Truncated?: boolean | undefined
  NextMarker?: string | undefined
}>

async function walk(list: List, Limit?: number): Promise<{ sizes: number[]; ids: string[] }> {
  const sizes: number[] = []
  const ids: string[] = []
  let marker: string | undefined
  do {
    const page = await list({ ...(Limit !== undefined && { Limit }), ...(marker !== undefined && { Marker: marker }) })
    assert.equal(page.Truncated, page.NextMarker !== undefined)
    sizes.push(page.Grants?.length ?? -1)
    ids.push(...(page.Grants ?? []).map(({ GrantId }) => GrantId ?? ''))
    marker = page.NextMarker
  } while (marker !== undefined)
  return { sizes, ids }
}

const crowded = await newKey()
const lister = `arn:aws:iam::${home}:user/lister`
const made: Record<'all' | 'ours' | 'served', string[]> = { all: [], ours: [], served: [] }
for (let count = 0; count < 120; count++) {
  const input = { KeyId: crowded.KeyId, RetiringPrincipal: lister }
  const forOurs = count % 2 === 0
  const { GrantId } = await create({ ...input, ...(forOurs && { GranteePrincipal: me }) })
  made.all.push(GrantId)
  if (forOurs) made.ours.push(GrantId)
}
for (let count = 0; count < 3; count++) {
  const services = { GranteePrincipal: undefined, GranteeServicePrincipal: service, RetiringServicePrincipal: service }
  const { GrantId } = await create({ KeyId: crowded.KeyId, ...services, Constraints: { SourceArn } })
  made.all.push(GrantId)
  made.served.push(GrantId)
}
for (const ids of Object.values(made)) ids.sort()
const ofCrowded = { KeyId: crowded.KeyId }

test('grants are listed by id, 50 on a page or up to 100', async () => {
  const list: List = options => kms.listGrants({ ...ofCrowded, ...options })
  assert.deepEqual(await walk(list), { sizes: [50, 50, 23], ids: made.all })
  assert.deepEqual(await walk(list, 1000), { sizes: [100, 23], ids: made.all })
  assert.deepEqual(await walk(list, 41), { sizes: [41, 41, 41], ids: made.all })
})

test('and so are those for one principal or service, or with one id', async () => {
  const ours: List = options => kms.listGrants({ ...ofCrowded, GranteePrincipal: me, ...options })
  assert.deepEqual(await walk(ours, 25), { sizes: [25, 25, 10], ids: made.ours })
  const served: List = options => kms.listGrants({ ...ofCrowded, GranteeServicePrincipal: service, ...options })
  assert.deepEqual(await walk(served, 2), { sizes: [2, 1], ids: made.served })
  const nobody: List = options => kms.listGrants({ ...ofCrowded, GranteePrincipal: retiree, ...options })
  assert.deepEqual(await walk(nobody), { sizes: [0], ids: [] })
  const [GrantId = ''] = made.ours
  const one: List = options => kms.listGrants({ ...ofCrowded, GrantId, ...options })
  assert.deepEqual(await walk(one, 1), { sizes: [1], ids: [GrantId] })
  const oneOfOurs: List = options => kms.listGrants({ ...ofCrowded, GrantId, GranteePrincipal: me, ...options })
  assert.deepEqual(await walk(oneOfOurs), { sizes: [1], ids: [GrantId] })
  const oneOfNobody: List = options => kms.listGrants({ ...ofCrowded, GrantId, GranteePrincipal: retiree, ...options })
  assert.deepEqual(await walk(oneOfNobody), { sizes: [0], ids: [] })
})

test('grants are found by who may retire them, whatever the key', async () => {
  const ofLister: List = options => kms.listRetirableGrants({ RetiringPrincipal: lister, ...options })
  const expected = made.all.filter(id => !made.served.includes(id))
  assert.deepEqual(await walk(ofLister), { sizes: [50, 50, 20], ids: expected })
  assert.deepEqual(await walk(ofLister, 1000), { sizes: [100, 20], ids: expected })
  // Of other accounts a service finds them; here, nobody is one.
  const ofService: List = options => kms.listRetirableGrants({ RetiringServicePrincipal: service, ...options })
  assert.deepEqual(await walk(ofService, 2), { sizes: [2, 1], ids: made.served })
  const nobody: List = options => kms.listRetirableGrants({ RetiringPrincipal: `${lister}x`, ...options })
  assert.deepEqual(await walk(nobody), { sizes: [0], ids: [] })
  assert.deepEqual((await elsewhere.listRetirableGrants({ RetiringPrincipal: lister })).Grants, [])
})

test('lists go on after what has gone in between', async () => {
  const key = await newKey()
  const janitor = `arn:aws:iam::${home}:user/${randomBytes(4).toString('hex')}`
  const there: string[] = []
  for (let count = 0; count < 6; count++)
    there.push((await create({ KeyId: key.KeyId, RetiringPrincipal: janitor })).GrantId)
  there.sort()
  const lists: List[] = [
    options => kms.listGrants({ KeyId: key.KeyId, ...options }),
    options => kms.listGrants({ KeyId: key.KeyId, GranteePrincipal: grantee, ...options }),
    options => kms.listRetirableGrants({ RetiringPrincipal: janitor, ...options }),
  ]
  const markers = await Promise.all(lists.map(async list => (await list({ Limit: 2 })).NextMarker ?? ''))
  for (const GrantId of there.slice(1, 3)) await kms.revokeGrant({ KeyId: key.KeyId, GrantId })
  for (const [index, list] of lists.entries()) {
    const { Grants = [] } = await list({ Limit: 2, Marker: markers[index] ?? '' })
    assert.deepEqual(
      Grants.map(({ GrantId }) => GrantId),
      there.slice(3, 5),
    )
  }
})

test('lists take no marker but their own', async () => {
  const lists: Record<string, List> = {
    grants: options => kms.listGrants({ ...ofCrowded, ...options }),
    'grants for one': options => kms.listGrants({ ...ofCrowded, GranteePrincipal: me, ...options }),
    'grants for a service': options => kms.listGrants({ ...ofCrowded, GranteeServicePrincipal: service, ...options }),
    retirable: options => kms.listRetirableGrants({ RetiringPrincipal: lister, ...options }),
    'retirable by a service': options => kms.listRetirableGrants({ RetiringServicePrincipal: service, ...options }),
  }
  const markers = Object.fromEntries(
    await Promise.all(
      Object.entries(lists).map(async ([name, list]) => [name, (await list({ Limit: 1 })).NextMarker ?? ''] as const),
    ),
  )
  const others: Record<string, List> = {
    'grants on another key': options => kms.listGrants({ KeyId, ...options }),
    'a grant': options => kms.listGrants({ ...ofCrowded, GrantId: made.all[0], ...options }),
    'retirable elsewhere': options => elsewhere.listRetirableGrants({ RetiringPrincipal: lister, ...options }),
    'retirable by another': options => kms.listRetirableGrants({ RetiringPrincipal: me, ...options }),
  }
  for (const [name, list] of Object.entries({ ...lists, ...others })) {
    for (const [maker, Marker] of Object.entries(markers)) {
      assert.notEqual(Marker, '')
      if (maker !== name) await refused(list({ Marker }), 'InvalidMarkerException')
    }
    const own = Buffer.from(markers[name] ?? '', 'base64')
    for (const at of own.length === 0 ? [] : [0, 15, 16, own.length - 1]) {
      own[at] = (own[at] ?? 0) ^ 1
      await refused(list({ Marker: own.toString('base64') }), 'InvalidMarkerException')
      own[at] = (own[at] ?? 0) ^ 1
    }
    const tooSmall = constraint('limit', '0', 'have value greater than or equal to 1')
    await refused(list({ Limit: 0 }), 'ValidationException', tooSmall)
    const tooLarge = constraint('limit', '1001', 'have value less than or equal to 1000')
    await refused(list({ Limit: 1001 }), 'ValidationException', tooLarge)
  }
})

test('lists refuse what they cannot be asked for', async () => {
  await refused(
    kms.listGrants({ KeyId, GranteePrincipal: me, GranteeServicePrincipal: service }),
    'ValidationException',
    'You can specify either GranteePrincipal or GranteeServicePrincipal, but not both.',
  )
  await refused(kms.listGrants({ KeyId, GranteePrincipal: group }), 'InvalidArnException', notAPrincipal(group))
  await refused(kms.listRetirableGrants({ RetiringPrincipal: group }), 'InvalidArnException', notAPrincipal(group))
  const text = 'You must specify either RetiringPrincipal or RetiringServicePrincipal, but not both.'
  const two = { RetiringPrincipal: me, RetiringServicePrincipal: service }
  await refused(kms.listRetirableGrants({} as typeof two), 'ValidationException', text)
  await refused(kms.listRetirableGrants(two), 'ValidationException', text)
  for (const RetiringPrincipal of [`arn:aws:iam::${abroad}:root`, `arn:aws:iam::${abroad}:user/administrator`]) {
    const denied = denial('ListRetirableGrants')
    await refused(kms.listRetirableGrants({ RetiringPrincipal }), 'AccessDeniedException', denied)
  }
})

// The end of keys

test('the grants of a key go with it, some hundred rows at a time, and the key last', async () => {
  const [key, other] = [await newKey(), await newKey()]
  const input = { RetiringPrincipal: `arn:aws:iam::${home}:user/undertaker` }
  const tokens: string[] = []
  for (let count = 0; count < 450; count++) tokens.push((await create({ KeyId: key.KeyId, ...input })).GrantToken)
  const kept = await create({ KeyId: other.KeyId, ...input })
  const index = await indexSize(input.RetiringPrincipal)
  await kms.scheduleKeyDeletion({ KeyId: key.KeyId, PendingWindowInDays: 7 })
  assert.equal(await countOf(key.KeyId), 450)

  const about: (readonly Change[])[] = []
  const { store } = server.app
  const commit = store.commit.bind(store)
  store.commit = async (view, changes, entries) => {
    const result = await commit(view, changes, entries)
    if (!changes.some(change => change.id.includes(key.KeyId))) return result
    // With the first of the grants gone, the key must not come back.
    const text = `${key.Arn} is being deleted.`
    if (about.push(changes) === 1) {
      await refused(kms.cancelKeyDeletion({ KeyId: key.KeyId }), 'KMSInvalidStateException', text)
    }
    return result
  }
  server.clock.advance(7 * days)
  await server.settle()
  store.commit = commit

  assert.ok(about.every(changes => changes.length <= 400))
  const removesKey = about.map(changes => changes.some(change => 'remove' in change && change.remove === 'key'))
  assert.deepEqual(removesKey, [false, false, false, false, true])
  assert.deepEqual(await rowsOf(key.KeyId), [])
  assert.equal(await countOf(key.KeyId), undefined)
  assert.equal(await indexSize(input.RetiringPrincipal), index - 450)
  assert.deepEqual(await idsOn(other.KeyId), [kept.GrantId])
  const later = server.client()
  const { Grants = [] } = await later.listRetirableGrants(input)
  assert.deepEqual(
    Grants.map(({ GrantId }) => GrantId),
    [kept.GrantId],
  )
  await refused(later.retireGrant({ GrantToken: tokens[0] }), 'InvalidGrantTokenException')
  const deletions = (await server.records()).filter(
    record => record['eventName'] === 'DeleteKey' && JSON.stringify(record).includes(key.KeyId),
  )
  assert.equal(deletions.length, 1)
})

test('a replica of a key has none of its grants', async () => {
  const key = await newKey({ MultiRegion: true })
  await create({ KeyId: key.KeyId })
  await kms.replicateKey({ KeyId: key.KeyId, ReplicaRegion: 'eu-west-1' })
  assert.deepEqual((await elsewhere.listGrants({ KeyId: key.KeyId })).Grants, [])
  const { GrantId } = await create({ KeyId: key.KeyId }, elsewhere)
  await elsewhere.revokeGrant({ KeyId: key.KeyId, GrantId })
  assert.equal((await idsOn(key.KeyId)).length, 1)
})

// The audit log

test('records show who was given what, and which grant ended', async () => {
  const key = await newKey()
  const constraints = { encryptionContextSubset: { tenant: '7' }, sourceArn: SourceArn }
  const Constraints = { EncryptionContextSubset: { tenant: '7' }, SourceArn }
  const input = { RetiringPrincipal: retiree, Operations: ['Decrypt', 'RetireGrant'] as ('Decrypt' | 'RetireGrant')[] }
  const last = async () => {
    const { eventName, readOnly, requestParameters, responseElements, additionalEventData, resources, errorCode } =
      (await server.records()).at(-1) ?? {}
    return { eventName, readOnly, requestParameters, responseElements, additionalEventData, resources, errorCode }
  }
  const base = {
    readOnly: false,
    additionalEventData: undefined,
    resources: [{ accountId: home, type: 'AWS::KMS::Key', ARN: key.Arn }],
    errorCode: undefined,
  }
  const shown = {
    keyId: key.KeyId,
    granteePrincipal: grantee,
    retiringPrincipal: retiree,
    operations: ['Decrypt', 'RetireGrant'],
    constraints,
    name: 'audited',
  }
  const granted = { ...base, eventName: 'CreateGrant', requestParameters: shown }
  const first = await create({ KeyId: key.KeyId, ...input, Constraints, Name: 'audited' })
  const responseElements = { grantId: first.GrantId, keyId: key.Arn }
  assert.deepEqual(await last(), { ...granted, responseElements })
  await create({ KeyId: key.KeyId, ...input, Constraints, Name: 'audited', GrantTokens: [first.GrantToken] })
  assert.deepEqual(await last(), { ...granted, responseElements })
  await outcomeOf(create({ KeyId: key.KeyId, ...input, Constraints, Name: 'audited', DryRun: true }))
  assert.deepEqual(await last(), { ...granted, responseElements: null, errorCode: 'DryRunOperationException' })

  const { GrantId } = first
  await kms.listGrants({ KeyId: key.KeyId, GrantId, GranteePrincipal: grantee, Limit: 5 })
  assert.deepEqual(await last(), {
    ...base,
    eventName: 'ListGrants',
    readOnly: true,
    requestParameters: { keyId: key.KeyId, grantId: GrantId, granteePrincipal: grantee, limit: 5 },
    responseElements: null,
  })
  await kms.listRetirableGrants({ RetiringPrincipal: retiree, Limit: 5 })
  assert.deepEqual(await last(), {
    ...base,
    eventName: 'ListRetirableGrants',
    readOnly: true,
    requestParameters: { retiringPrincipal: retiree, limit: 5 },
    responseElements: null,
    resources: [],
  })
  const retired = { ...base, eventName: 'RetireGrant', requestParameters: null, responseElements: null }
  await kms.retireGrant({ GrantToken: first.GrantToken })
  assert.deepEqual(await last(), { ...retired, additionalEventData: { grantId: GrantId } })
  await outcomeOf(kms.retireGrant({ GrantToken: first.GrantToken }))
  assert.deepEqual(await last(), { ...retired, resources: [], errorCode: 'InvalidGrantTokenException' })
  await outcomeOf(kms.retireGrant({ KeyId: key.KeyId, GrantId }))
  assert.deepEqual(await last(), { ...retired, errorCode: 'NotFoundException' })

  const second = await create({ KeyId: key.KeyId })
  const revoked = { eventName: 'RevokeGrant', requestParameters: { keyId: key.Arn, grantId: second.GrantId } }
  await kms.revokeGrant({ KeyId: key.Arn, GrantId: second.GrantId })
  assert.deepEqual(await last(), { ...base, ...revoked, responseElements: { keyId: key.Arn } })
  await outcomeOf(kms.revokeGrant({ KeyId: key.Arn, GrantId: second.GrantId }))
  assert.deepEqual(await last(), { ...base, ...revoked, responseElements: null, errorCode: 'NotFoundException' })
})

test('no token is in any record, in the log or in the data folder', async () => {
  const sample = issued.filter((token, index) => token !== '' && (index < 20 || index % 25 === 0))
  assert.ok(sample.length > 30)
  const wanted = Object.fromEntries(
    sample.flatMap((token, index) => [
      [`token ${index}`, Buffer.from(token)],
      [`bytes of token ${index}`, Buffer.from(token, 'base64')],
      [`MAC of token ${index}`, Buffer.from(token, 'base64').subarray(-32)],
    ]),
  )
  assert.deepEqual(findIn(Buffer.from(JSON.stringify([await server.records(), server.logged])), wanted), [])
  assert.deepEqual(findIn(contentsOf(server.data), wanted), [])
})
