import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePolicy } from '../../src/auth/policy.ts'
import { kmsConditionKeys, lintKeyPolicy, mostFindings, rules, type LintFacts } from '../../src/auth/policy-lint.ts'
import { knownActions } from '../../src/operations/keyreeve/actions.ts'
import { operations } from '../../src/operations/index.ts'
import { conditionKeysOf, ofKeys } from '../support/modelled-conditions.ts'

const account = '000000000000'
const other = '111122223333'
const keyArn = `arn:aws:kms:us-east-1:${account}:key/1234abcd-12ab-34cd-56ef-1234567890ab`
const arn = (name: string, of = account): string => `arn:aws:iam::${of}:${name}`
const facts: LintFacts = {
  account,
  keyArn,
  actions: await knownActions(),
  absent: new Set([arn('user/gone'), `arn:aws:sts::${account}:assumed-role/gone/job`]),
  denied: new Map(),
}

const root = {
  Sid: 'Root',
  Effect: 'Allow',
  Principal: { AWS: arn('root') },
  Action: 'kms:*',
  Resource: '*',
}
const alice = { AWS: arn('user/alice') }
const use = { Sid: 'Use', Effect: 'Allow', Principal: alice, Action: 'kms:Decrypt', Resource: '*' }

const lint = (statements: object[], more: Partial<LintFacts> = {}, Version: string | undefined = '2012-10-17') =>
  lintKeyPolicy(parsePolicy('key', JSON.stringify({ ...(Version && { Version }), Statement: statements })), {
    ...facts,
    ...more,
  })
/** Beside the account's. */
const lintOne = (statement: object, more?: Partial<LintFacts>, version?: string) =>
  lint([root, { ...use, ...statement }], more, version)

const condition = (operator: string, key: string, value: unknown) => ({ Condition: { [operator]: { [key]: value } } })

/** What is added to a statement that is as it should be, and what is said of that: code and a part of the text. */
const cases: [title: string, statement: object, code: string, text: RegExp, more?: Partial<LintFacts>][] = [
  ['everybody', { Principal: '*' }, 'EVERYONE_ALLOWED', /allows everybody.*name the principals/],
  ['everybody in a list', { Principal: { AWS: [arn('user/alice'), '*'] } }, 'EVERYONE_ALLOWED', /everybody/],
  [
    'everything to another account',
    { Principal: { AWS: other }, Action: 'kms:*' },
    'FULL_ACCESS_ABROAD',
    /arn:aws:iam::111122223333:root, of another account/,
  ],
  [
    'everything to a role of another account',
    { Principal: { AWS: arn('role/x', other) }, Action: ['kms:Decrypt', '*'] },
    'FULL_ACCESS_ABROAD',
    /role\/x/,
  ],
  [
    'a user that is not there',
    { Principal: { AWS: arn('user/gone') } },
    'PRINCIPAL_NOT_FOUND',
    /There is no .*user\/gone/,
  ],
  [
    'a session of no role',
    { Principal: { AWS: `arn:aws:sts::${account}:assumed-role/gone/job` } },
    'PRINCIPAL_NOT_FOUND',
    /assumed-role\/gone\/job/,
  ],
  [
    'a misspelt action',
    { Action: 'kms:Encrpyt' },
    'UNKNOWN_ACTION',
    /no action kms:Encrpyt: did you mean kms:Encrypt\?$/,
  ],
  [
    'an action that is nothing like any',
    { Action: 'kms:Frobnicate' },
    'UNKNOWN_ACTION',
    /kms:Frobnicate: remove it\.$/,
  ],
  ['a pattern of no action', { Action: 'kms:Encrpt*' }, 'UNKNOWN_ACTION', /kms:Encrpt\*/],
  [
    'a misspelt exception',
    { Action: undefined, NotAction: 'kms:Decypt' },
    'UNKNOWN_ACTION',
    /did you mean kms:Decrypt\?/,
  ],
  ['an action of another service', { Action: 's3:GetObject' }, 'FOREIGN_ACTION', /s3:GetObject is no action of KMS/],
  ['an action of our own service', { Action: 'keyreeve:LookupEvents' }, 'FOREIGN_ACTION', /keyreeve:LookupEvents/],
  [
    'an action on no key',
    { Action: 'kms:listkeys' },
    'ACTION_NOT_ON_KEYS',
    /kms:ListKeys is on no key.*allow it in an identity/,
  ],
  ['another key', { Resource: `${keyArn}0` }, 'RESOURCE_WITHOUT_EFFECT', /write "Resource": "\*"/],
  ['a pattern of other keys', { Resource: 'arn:aws:kms:eu-*' }, 'RESOURCE_WITHOUT_EFFECT', /arn:aws:kms:eu-\*/],
  ['no resource', { Resource: undefined }, 'STATEMENT_WITHOUT_EFFECT', /no Resource/],
  ['no action', { Action: undefined }, 'STATEMENT_WITHOUT_EFFECT', /no Action/],
  [
    'a misspelt condition key',
    condition('StringEquals', 'kms:KeySpecs', 'RSA_2048'),
    'UNKNOWN_CONDITION_KEY',
    /kms:KeySpecs: did you mean kms:KeySpec\?/,
  ],
  [
    'a condition key of nobody',
    condition('StringEquals', 'kms:Moon', 'full'),
    'UNKNOWN_CONDITION_KEY',
    /kms:Moon: remove it/,
  ],
  [
    'a condition key of another service',
    condition('StringEquals', 's3:prefix', 'x'),
    'ABSENT_CONDITION_KEY',
    /No request to this server has s3:prefix/,
  ],
  [
    'a condition key of networks that are not here',
    condition('StringEquals', 'aws:SourceVpce', 'x'),
    'ABSENT_CONDITION_KEY',
    /aws:SourceVpce/,
  ],
  [
    'a tag of the key',
    condition('StringEquals', 'aws:ResourceTag/team', 'red'),
    'INVISIBLE_CONDITION_KEY',
    /aws:ResourceTag\/team is always absent/,
  ],
  [
    'an alias of the key',
    condition('StringEquals', 'kms:ResourceAliases', 'alias/x'),
    'INVISIBLE_CONDITION_KEY',
    /Aliases/,
  ],
  [
    'a service that calls',
    condition('StringEquals', 'kms:ViaService', 's3.amazonaws.com'),
    'VIA_SERVICE',
    /on AWS only/,
  ],
  [
    'grants for services',
    { Action: 'kms:CreateGrant', ...condition('Bool', 'kms:GrantIsForAWSResource', true) },
    'GRANTS_FOR_SERVICES',
    /allows nothing/,
  ],
  ['grants without limit', { Action: 'kms:CreateGrant' }, 'UNLIMITED_GRANTS', /kms:GrantOperations/],
  ['no Sid', { Sid: undefined }, 'MISSING_SID', /no Sid/],
  ['an empty Sid', { Sid: '' }, 'MISSING_SID', /no Sid/],
  ['a Sid twice', { Sid: 'Root' }, 'DUPLICATE_SID', /Sid Root too/],
  [
    'all but some',
    { Effect: 'Deny', Principal: undefined, NotPrincipal: alice },
    'NOT_PRINCIPAL',
    /a condition on aws:PrincipalArn is safer/,
  ],
  [
    'what the caller needs',
    { Effect: 'Deny', Principal: '*', Action: 'kms:*' },
    'DENIES_CALLER',
    /^It denies you kms:A, kms:B, kms:C, and 2 more: /,
    { denied: new Map([[1, ['kms:A', 'kms:B', 'kms:C', 'kms:D', 'kms:E']]]) },
  ],
]

for (const [title, statement, code, text, more] of cases) {
  test(`a key policy that names ${title} is remarked on`, () => {
    const found = lintOne(statement, more)
    assert.deepEqual(
      found.map(finding => [finding.code, finding.statement]),
      [[code, 1]],
    )
    assert.match(found[0]?.message ?? '', text)
  })
}

test('a variable in a policy of the old version is remarked on', () => {
  const statement = { Sid: 'Use', ...condition('StringEquals', 'aws:username', '${aws:PrincipalTag/name}') }
  const [finding] = lint([root, { ...use, ...statement }], {}, '')
  assert.equal(finding?.code, 'VARIABLE_OF_OLD_VERSION')
  assert.deepEqual(lintOne(statement), [])
})

test('a policy that nobody could ever change is remarked on', () => {
  const codes = (...statements: object[]) => lint(statements).map(({ code, statement }) => [code, statement])
  const manage = { ...use, Action: 'kms:Put*' }
  const nobody = [['NOBODY_ADMINISTERS', undefined]]
  assert.deepEqual(codes(use), nobody)
  assert.deepEqual(codes({ ...manage, Principal: { AWS: other } }), nobody)
  assert.deepEqual(codes(use, { ...manage, Sid: 'No', Effect: 'Deny' }), nobody)
  assert.deepEqual(codes({ ...use, Action: undefined, NotAction: 'kms:Put*' }), nobody)
  assert.deepEqual(codes({ ...manage, Principal: { AWS: arn('user/gone') } }).slice(0, 1), nobody)
  assert.deepEqual(codes(manage), [])
  assert.deepEqual(codes({ ...use, Action: undefined, NotAction: 'kms:Decrypt' }), [])
})

const fine: [title: string, statement: object][] = [
  ['a use', {}],
  ['everybody with a condition', { Principal: '*', ...condition('StringEquals', 'aws:PrincipalAccount', account) }],
  ['everybody who is denied', { Principal: '*', Effect: 'Deny' }],
  ['this key by its ARN', { Resource: keyArn }],
  ['keys by a pattern', { Resource: 'arn:aws:kms:*:000000000000:key/*' }],
  ['every key', { Resource: 'arn:aws:kms:us-east-1:000000000000:key/*' }],
  ['patterns of actions', { Action: ['kms:Describe*', 'kms:Get*', 'kms:List*', 'KMS:reencrypt*', 'kms:Tag?esource'] }],
  ['some rights of another account', { Principal: { AWS: other }, Action: ['kms:Decrypt', 'kms:DescribeKey'] }],
  ['everything to a user of the own account', { Action: 'kms:*' }],
  [
    'limited grants',
    { Action: 'kms:CreateGrant', ...condition('StringEquals', 'kms:GranteePrincipal', arn('role/x')) },
  ],
  ['grants to the account', { Principal: { AWS: account }, Action: 'kms:CreateGrant' }],
  ['grants that are denied', { Effect: 'Deny', Action: 'kms:CreateGrant' }],
  ['an encryption context', condition('StringEquals', 'kms:EncryptionContext:app', 'pay')],
  ['tags of the principal', condition('StringLike', 'AWS:PrincipalTag/Team', 'Red')],
  ['grants that are not for services', condition('Bool', 'kms:GrantIsForAWSResource', 'false')],
]
for (const [title, statement] of fine) {
  test(`nothing is said of a key policy with ${title}`, () => {
    assert.deepEqual(lintOne(statement), [])
  })
}

test('every rule has a case', () => {
  const covered = new Set([...cases.map(([, , code]) => code), 'VARIABLE_OF_OLD_VERSION', 'NOBODY_ADMINISTERS'])
  assert.deepEqual([...covered].sort(), Object.keys(rules).sort())
})

test('warnings come before suggestions', () => {
  const severities = Object.values(rules).map(({ severity }) => severity)
  assert.deepEqual(severities, severities.toSorted().reverse())
})

test('the condition keys are those of the operations', () => {
  const kms = operations.filter(({ service }) => service === 'kms')
  const modelled = new Set([...ofKeys, ...kms.flatMap(({ name }) => conditionKeysOf(name).own)])
  const names = [...modelled].filter(name => name.startsWith('kms:'))
  const shortened = names.map(name => name.replace(/(?<=:(?:EncryptionContext|RecipientAttestation):).*/, ''))
  assert.deepEqual(kmsConditionKeys.toSorted(), [...new Set(shortened)].sort())
})

test('of a policy that is wrong all over, no more is said than anybody reads', () => {
  const started = process.cpuUsage().user
  const found = lint([root, { ...use, Action: Array.from({ length: 1_500 }, (_, n) => `kms:Encrpyt${n}`) }])
  assert.equal(found.length, mostFindings)
  assert.ok(process.cpuUsage().user - started < 1_000_000)
})
