import assert from 'node:assert/strict'
import { createSecretKey, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { CallerNames } from '../../src/auth/caller.ts'
import {
  grantOperations,
  isGrantable,
  mayRetire,
  namedGrantId,
  namesOf,
  requirePrincipal,
  type Grant,
} from '../../src/auth/grants.ts'
import { keySpecNames, keySpecs } from '../../src/keys/specs.ts'
import { Seal } from '../../src/seal/seal.ts'

const account = '000000000000'
const user = `arn:aws:iam::${account}:user/alice`
const root = `arn:aws:iam::${account}:root`

/** https://docs.aws.amazon.com/kms/latest/developerguide/grants.html#terms-grant-operations */
const documented: Record<string, string> = {
  symmetric:
    'Decrypt Encrypt GenerateDataKey GenerateDataKeyWithoutPlaintext ReEncryptFrom ReEncryptTo GenerateDataKeyPair GenerateDataKeyPairWithoutPlaintext',
  'asymmetric ENCRYPT_DECRYPT': 'Decrypt Encrypt ReEncryptFrom ReEncryptTo GetPublicKey',
  'asymmetric SIGN_VERIFY': 'Sign Verify GetPublicKey',
  'asymmetric KEY_AGREEMENT': 'DeriveSharedSecret GetPublicKey',
  'asymmetric ENCAPSULATE_DECAPSULATE': 'Encapsulate Decapsulate GetPublicKey',
  hmac: 'GenerateMac VerifyMac',
}

test('on a key of each spec and usage can be granted what such keys can do, and no more', () => {
  for (const spec of keySpecNames) {
    const { type, usages } = keySpecs[spec]
    for (const usage of usages) {
      const row = documented[type === 'asymmetric' ? `${type} ${usage}` : type] ?? ''
      const expected = [...row.split(' '), 'CreateGrant', 'DescribeKey', 'RetireGrant'].sort()
      const found = grantOperations.filter(name => isGrantable(name, type, usage))
      assert.deepEqual(found.toSorted(), expected, `${spec} ${usage}`)
    }
  }
})

test('every operation can be granted on some key', () => {
  const somewhere = grantOperations.filter(name =>
    Object.values(keySpecs).some(({ type, usages }) => usages.some(usage => isGrantable(name, type, usage))),
  )
  assert.deepEqual(somewhere, [...grantOperations])
})

test('accounts, users, roles, and sessions of roles and federated users can be named', () => {
  for (const arn of [
    root,
    user,
    `arn:aws:iam::${account}:user/division/team/bob`,
    `arn:aws:iam::${account}:role/service-role/x+=,.@-`,
    `arn:aws:sts::${account}:assumed-role/admin/session`,
    `arn:aws:sts::${account}:federated-user/bob`,
  ]) {
    assert.equal(requirePrincipal(arn), account, arn)
  }
})

test('nothing else can', () => {
  for (const text of [
    '',
    'x',
    '*',
    account,
    'arn:aws:iam',
    'arn:aws:iam::*:root',
    `arn:aws:iam::${account}:*`,
    `arn:aws:iam::${account}:user/*`,
    `arn:aws:iam::${account}:user/`,
    `arn:aws:iam::${account}:group/readers`,
    `arn:aws:iam::${account}:policy/p`,
    `arn:aws:iam::${account}:oidc-provider/example.com`,
    `arn:aws:iam::${account}:Root`,
    `arn:aws:iam::${account}:root/x`,
    `arn:aws:iam::${account}:user/${'x'.repeat(65)}`,
    `arn:aws:iam::12345:user/alice`,
    `arn:aws:iam:us-east-1:${account}:user/alice`,
    `arn:aws-cn:iam::${account}:user/alice`,
    `arn:aws:kms::${account}:user/alice`,
    `arn:aws:sts::${account}:user/alice`,
    `arn:aws:sts::${account}:assumed-role/admin`,
    `arn:aws:constructor::${account}:user/alice`,
    'sns.amazonaws.com',
    'AIDACKCEVSQ6C2EXAMPLE',
  ]) {
    const expected = { code: 'InvalidArnException', message: `ARN does not refer to a valid principal: ${text}` }
    assert.throws(() => requirePrincipal(text), expected, text)
  }
})

const grant: Grant = {
  account: '111122223333',
  region: 'us-east-1',
  keyId: '1234abcd-12ab-34cd-56ef-1234567890ab',
  id: '0'.repeat(64),
  createdAt: 0,
  issuingAccount: '444455556666',
  granteePrincipal: 'arn:aws:iam::777788889999:user/nobody',
  operations: ['Decrypt', 'DescribeKey'],
}
/** With whether its account's policies let it do what the account may. */
type Somebody = CallerNames & { forAccount: boolean }
const may = (changes: Partial<Grant>, { forAccount, ...caller }: Somebody): boolean =>
  mayRetire({ ...grant, ...changes }, caller, forAccount)

const alice: Somebody = { type: 'IAMUser', account, arn: user, forAccount: false }
const administrator: Somebody = {
  type: 'IAMUser',
  account,
  arn: `arn:aws:iam::${account}:user/administrator`,
  forAccount: true,
}
const rootUser: Somebody = { type: 'Root', account, arn: root, forAccount: true }
const session: Somebody = {
  type: 'AssumedRole',
  account,
  arn: `arn:aws:sts::${account}:assumed-role/admin/monday`,
  roleArn: `arn:aws:iam::${account}:role/path/admin`,
  forAccount: false,
}
const federated: Somebody = {
  type: 'IAMUser',
  account,
  arn: `arn:aws:sts::${account}:federated-user/bob`,
  forAccount: false,
}
const parties = { alice, administrator, rootUser, session, federated }

test('a grant that concerns nobody here can be retired by nobody here', () => {
  for (const [name, caller] of Object.entries(parties)) assert.ok(!may({}, caller), name)
  // Not by the account of the key either: that revokes.
  for (const caller of [administrator, rootUser]) {
    assert.ok(!may({}, { ...caller, account: grant.account }))
    assert.ok(!may({ account }, caller))
  }
})

test('the retiring principal may retire, be it a user, a role, a session or an account', () => {
  const named: [retiringPrincipal: string, who: (keyof typeof parties)[]][] = [
    [user, ['alice']],
    [administrator.arn, ['administrator']],
    [session.arn, ['session']],
    [session.roleArn ?? '', ['session']],
    [federated.arn, ['federated']],
    // The account says who of its own may.
    [root, ['administrator', 'rootUser']],
    [`arn:aws:sts::${account}:assumed-role/admin/tuesday`, []],
    [`arn:aws:iam::${account}:role/admin`, []],
    [user.toUpperCase(), []],
    [`${user}x`, []],
    [user.slice(0, -1), []],
    [user.replace(account, '111122223333'), []],
    ['arn:aws:iam::111122223333:root', []],
  ]
  for (const [retiringPrincipal, who] of named) {
    const found = Object.entries(parties).filter(([, caller]) => may({ retiringPrincipal }, caller))
    assert.deepEqual(
      found.map(([name]) => name),
      who,
      retiringPrincipal,
    )
  }
})

test('a service is no caller, whatever it is called', () => {
  const name = 'sns.us-east-1.amazonaws.com'
  const caller: Somebody = { type: 'IAMUser', account, arn: name, forAccount: false }
  assert.ok(
    !may({ retiringServicePrincipal: name, granteeServicePrincipal: name, operations: ['RetireGrant'] }, caller),
  )
})

test('the grantee may retire if that was granted', () => {
  for (const caller of [alice, session, federated]) {
    for (const granteePrincipal of namesOf(caller).filter(name => name !== root)) {
      assert.ok(!may({ granteePrincipal }, caller))
      assert.ok(may({ granteePrincipal, operations: ['Decrypt', 'RetireGrant'] }, caller))
    }
  }
  assert.ok(!may({ operations: ['RetireGrant'] }, alice))
  assert.ok(may({ granteePrincipal: root, operations: ['RetireGrant'] }, administrator))
  assert.ok(!may({ granteePrincipal: root, operations: ['RetireGrant'] }, alice))
})

test('constraints do not bind whoever retires', () => {
  const constraints = { encryptionContextEquals: [['a', 'b']] as [string, string][], sourceArn: user }
  assert.ok(may({ granteePrincipal: user, operations: ['RetireGrant'], constraints }, alice))
})

test('the account that issued the grant may retire it, through whom its policies let', () => {
  const issuing = Object.entries(parties).filter(([, caller]) => may({ issuingAccount: account }, caller))
  assert.deepEqual(
    issuing.map(([name]) => name),
    ['administrator', 'rootUser'],
  )
})

test('a caller is named by its ARN, by that of its role, and by its account', () => {
  assert.deepEqual(namesOf(alice), [user, root])
  assert.deepEqual(namesOf(session), [session.arn, session.roleArn, root])
  assert.deepEqual(namesOf(rootUser), [root])
})

const seal = new Seal('3f2504e0-4f89-41d3-9a0c-0305e82c3301', createSecretKey(randomBytes(32)))
const { id: _, createdAt: __, ...asked } = grant
const wanted = {
  ...asked,
  name: 'name',
  retiringPrincipal: user,
  operations: ['Decrypt', 'Encrypt'],
  constraints: {
    encryptionContextSubset: [
      ['a', 'b'],
      ['c', 'd'],
    ],
  },
} satisfies Parameters<typeof namedGrantId>[1]
type Wanted = Parameters<typeof namedGrantId>[1]
const idOf = (changes: Partial<Wanted>): string => namedGrantId(seal, { ...wanted, ...changes })

test('a grant with a name gets the same id for the same request, in whatever order it is put', () => {
  const expected = idOf({})
  assert.match(expected, /^[0-9a-f]{64}$/)
  assert.equal(idOf({ operations: ['Encrypt', 'Decrypt', 'Encrypt'] }), expected)
  const pairs: [string, string][] = [
    ['c', 'd'],
    ['a', 'b'],
  ]
  assert.equal(idOf({ constraints: { encryptionContextSubset: pairs } }), expected)
})

test('any difference gives another id, and so does another store', () => {
  const { retiringPrincipal: ___, ...unretirable } = wanted
  const { constraints: ____, ...unconstrained } = wanted
  const { granteePrincipal: _____, ...withoutGrantee } = wanted
  const subset = (...encryptionContextSubset: [string, string][]) => idOf({ constraints: { encryptionContextSubset } })
  const equals = (...encryptionContextEquals: [string, string][]) => idOf({ constraints: { encryptionContextEquals } })
  const name = 'sns.us-east-1.amazonaws.com'
  const ids = [
    idOf({}),
    idOf({ account: '111122223334' }),
    idOf({ region: 'us-east-2' }),
    idOf({ keyId: '1234abcd-12ab-34cd-56ef-1234567890ac' }),
    idOf({ issuingAccount: '444455556667' }),
    idOf({ name: 'Name' }),
    idOf({ granteePrincipal: user }),
    idOf({ retiringPrincipal: root }),
    namedGrantId(seal, unretirable),
    namedGrantId(seal, { ...unretirable, retiringServicePrincipal: name }),
    namedGrantId(seal, { ...withoutGrantee, granteeServicePrincipal: name }),
    namedGrantId(seal, unconstrained),
    idOf({ operations: ['Decrypt'] }),
    idOf({ operations: ['Decrypt', 'Encrypt', 'DescribeKey'] }),
    idOf({ constraints: { sourceArn: user } }),
    subset(),
    equals(),
    subset(['a', 'b']),
    subset(['a', 'b'], ['c', 'D']),
    subset(['a', 'bc'], ['d', '']),
    subset(['ab', 'c'], ['', 'd']),
    subset(['b', 'a'], ['c', 'd']),
    equals(['a', 'b'], ['c', 'd']),
    namedGrantId(new Seal(seal.storeId, createSecretKey(randomBytes(32))), wanted),
  ]
  assert.equal(new Set(ids).size, ids.length)
})
