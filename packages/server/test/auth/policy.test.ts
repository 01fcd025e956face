import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compilePolicy } from '../../src/auth/compile.ts'
import { evaluate } from '../../src/auth/evaluate.ts'
import type { Caller } from '../../src/auth/caller.ts'
import { defaultKeyPolicy, parseKeyPolicy } from '../../src/auth/policy.ts'
import type { Principal } from '../../src/auth/principals.ts'
import type { KmsError } from '../../src/protocol/errors.ts'

const account = '111122223333'
const root = `arn:aws:iam::${account}:root`
const user = `arn:aws:iam::${account}:user/Alice`
const statement = { Effect: 'Allow', Principal: { AWS: root }, Action: 'kms:*', Resource: '*' }
const policy = (...statements: object[]): string => JSON.stringify({ Version: '2012-10-17', Statement: statements })
const withPrincipal = (Principal: unknown): string => policy({ ...statement, Principal })
const withCondition = (Condition: unknown): string => policy({ ...statement, Condition })
const without = (name: keyof typeof statement): object => {
  const { [name]: _, ...rest } = statement
  return rest
}

test('the default policy is byte for byte what the service prints', () => {
  // Recorded in the API reference, 2016-11-14: the answer of GetKeyPolicy is 326 bytes long.
  assert.equal(JSON.stringify({ Policy: defaultKeyPolicy('111122223333') }).length, 326)
  assert.deepEqual(JSON.parse(defaultKeyPolicy('111122223333')), {
    Version: '2012-10-17',
    Id: 'key-default-1',
    Statement: [
      {
        Sid: 'Enable IAM User Permissions',
        Effect: 'Allow',
        Principal: { AWS: 'arn:aws:iam::111122223333:root' },
        Action: 'kms:*',
        Resource: '*',
      },
    ],
  })
})

test('the default policy leaves all decisions to the account', () => {
  assert.deepEqual(parseKeyPolicy(defaultKeyPolicy(account)), {
    version: '2012-10-17',
    statements: [
      {
        sid: 'Enable IAM User Permissions',
        effect: 'Allow',
        principals: { not: false, items: [{ kind: 'account', account }] },
        actions: { not: false, items: ['kms:*'] },
        resources: { not: false, items: ['*'] },
        conditions: [],
      },
    ],
  })
})

test('every list may be a bare string, and one statement an object', () => {
  const bare = { Statement: { ...statement, Principal: '*', Condition: { Bool: { 'aws:SecureTransport': true } } } }
  assert.deepEqual(parseKeyPolicy(JSON.stringify(bare)), {
    version: '2008-10-17',
    statements: [
      {
        effect: 'Allow',
        principals: { not: false, items: [{ kind: 'everyone' }] },
        actions: { not: false, items: ['kms:*'] },
        resources: { not: false, items: ['*'] },
        conditions: [{ operator: 'Bool', ifExists: false, key: 'aws:SecureTransport', values: ['true'] }],
      },
    ],
  })
})

test('the Not forms are kept as such', () => {
  const text = policy({
    Effect: 'Deny',
    NotPrincipal: { AWS: [root, user] },
    NotAction: ['kms:Describe*', 'kms:List*'],
    NotResource: 'arn:aws:kms:us-east-1:111122223333:key/*',
  })
  const [parsed] = parseKeyPolicy(text).statements
  assert.deepEqual(parsed?.principals, {
    not: true,
    items: [
      { kind: 'account', account },
      { kind: 'identity', arn: user },
    ],
  })
  assert.deepEqual(parsed?.actions, { not: true, items: ['kms:Describe*', 'kms:List*'] })
  assert.deepEqual(parsed?.resources, { not: true, items: ['arn:aws:kms:us-east-1:111122223333:key/*'] })
})

test('a statement without Action or Resource is kept, though it has no effect', () => {
  assert.equal(parseKeyPolicy(policy(without('Action'))).statements[0]?.actions, undefined)
  assert.equal(parseKeyPolicy(policy(without('Resource'))).statements[0]?.resources, undefined)
})

test('unknown actions are accepted', () => {
  assert.deepEqual(parseKeyPolicy(policy({ ...statement, Action: ['kms:Frobnicate', '*'] })).statements[0]?.actions, {
    not: false,
    items: ['kms:Frobnicate', '*'],
  })
})

const principals: [written: unknown, read: Principal[]][] = [
  ['*', [{ kind: 'everyone' }]],
  [{ AWS: '*' }, [{ kind: 'everyone' }]],
  [{ AWS: account }, [{ kind: 'account', account }]],
  [{ AWS: [root] }, [{ kind: 'account', account }]],
  [{ AWS: user }, [{ kind: 'identity', arn: user }]],
  ...[
    `arn:aws:iam::${account}:user/division/team/Alice.B+c=d,e@f_g-h`,
    `arn:aws:iam::${account}:role/Admin`,
    `arn:aws:iam::${account}:role/aws-service-role/kms.amazonaws.com/Role`,
    `arn:aws:sts::${account}:assumed-role/Admin/session-1`,
    `arn:aws:sts::${account}:federated-user/Bob`,
  ].map((arn): [unknown, Principal[]] => [{ AWS: arn }, [{ kind: 'identity', arn }]]),
  [{ Service: 'logs.us-east-1.amazonaws.com' }, [{ kind: 'service', name: 'logs.us-east-1.amazonaws.com' }]],
  [
    { Federated: ['cognito-identity.amazonaws.com', `arn:aws:iam::${account}:saml-provider/Corp`] },
    [
      { kind: 'federated', provider: 'cognito-identity.amazonaws.com' },
      { kind: 'federated', provider: `arn:aws:iam::${account}:saml-provider/Corp` },
    ],
  ],
  [
    { AWS: [user, '444455556666'], Service: 's3.amazonaws.com' },
    [
      { kind: 'identity', arn: user },
      { kind: 'account', account: '444455556666' },
      { kind: 'service', name: 's3.amazonaws.com' },
    ],
  ],
]
for (const [written, read] of principals) {
  test(`accepts the principal ${JSON.stringify(written)}`, () => {
    assert.deepEqual(parseKeyPolicy(withPrincipal(written)).statements[0]?.principals, { not: false, items: read })
  })
}

test('conditions: prefix, suffix, several operators, keys and values', () => {
  const parsed = parseKeyPolicy(
    withCondition({
      'ForAnyValue:StringLikeIfExists': { 'kms:EncryptionContextKeys': ['App*', 'Ten?nt'] },
      NumericLessThanEquals: { 'kms:RotationPeriodInDays': 365, 'aws:EpochTime': ['1.5', 2] },
      Null: { 'kms:ViaService': false },
      'ForAllValues:StringEquals': { 'aws:TagKeys': 'team' },
    }),
  )
  assert.deepEqual(parsed.statements[0]?.conditions, [
    {
      operator: 'StringLike',
      quantifier: 'ForAnyValue',
      ifExists: true,
      key: 'kms:EncryptionContextKeys',
      values: ['App*', 'Ten?nt'],
    },
    { operator: 'NumericLessThanEquals', ifExists: false, key: 'kms:RotationPeriodInDays', values: ['365'] },
    { operator: 'NumericLessThanEquals', ifExists: false, key: 'aws:EpochTime', values: ['1.5', '2'] },
    { operator: 'Null', ifExists: false, key: 'kms:ViaService', values: ['false'] },
    { operator: 'StringEquals', quantifier: 'ForAllValues', ifExists: false, key: 'aws:TagKeys', values: ['team'] },
  ])
})

for (const operator of [
  'StringEquals',
  'StringNotEquals',
  'StringEqualsIgnoreCase',
  'StringNotEqualsIgnoreCase',
  'StringLike',
  'StringNotLike',
  'Bool',
  'BinaryEquals',
  'IpAddress',
  'NotIpAddress',
  'ArnEquals',
  'ArnNotEquals',
  'ArnLike',
  'ArnNotLike',
  ...['Numeric', 'Date'].flatMap(type =>
    ['Equals', 'NotEquals', 'LessThan', 'LessThanEquals', 'GreaterThan', 'GreaterThanEquals'].map(name => type + name),
  ),
]) {
  test(`knows ${operator}, also with IfExists`, () => {
    const block = { 'aws:userid': 'x' }
    const [plain, tolerant] =
      parseKeyPolicy(withCondition({ [operator]: block, [`${operator}IfExists`]: block })).statements[0]?.conditions ??
      []
    assert.deepEqual(
      [plain?.operator, plain?.ifExists, tolerant?.operator, tolerant?.ifExists],
      [operator, false, operator, true],
    )
  })
}

test('a policy may be 32768 bytes long', () => {
  const text = defaultKeyPolicy(account)
  assert.ok(parseKeyPolicy(text + ' '.repeat(32_768 - text.length)))
})

const overlyPermissive =
  'OverlyPermissiveCondition: Using the ForAllValues set operator with a single-valued condition key matches requests without the specified [encryption context or tag] or with an unspecified [encryption context or tag]. To fix, remove ForAllValues.'
const noPrincipal = 'Policy contains a statement with no principal.'
const invalidPrincipal = 'Policy contains a statement with one or more invalid principals.'
const brokenArn = 'An ARN in the specified key policy is invalid.'

const malformed: [what: string, text: string, message: string][] = [
  ['nothing', '', 'Policy is not valid JSON: '],
  ['no JSON', '{"Statement":', 'Policy is not valid JSON: '],
  ['two values', `${policy(statement)} {}`, 'Policy is not valid JSON: '],
  ['a duplicate key', '{"Statement":[],"Statement":[]}', 'Policy is not valid JSON: '],
  [
    'a duplicate key deep inside',
    '{"Statement":{"Effect":"Allow","Principal":"*","Condition":{"Bool":{"a:b":true,"a:b":false}}}}',
    'Policy is not valid JSON: ',
  ],
  ['a character above U+00FF', withPrincipal('\u0100'), 'Policy contains a character that is neither'],
  ['a control character', `${policy(statement)}\u000b`, 'Policy contains a character that is neither'],
  ['a string', '"x"', 'Policy must be an object.'],
  ['a list', '[]', 'Policy must be an object.'],
  ['null', 'null', 'Policy must be an object.'],
  ['an unknown element', '{"statement":[]}', 'Policy: "statement" is not an element that is known here.'],
  ['__proto__', '{"__proto__":{}}', 'Policy: "__proto__" is not an element that is known here.'],
  [
    'another version',
    '{"Version":"2012-10-18","Statement":[]}',
    'Policy: Version must be "2012-10-17" or "2008-10-17".',
  ],
  ['a version that is a date of no string', '{"Version":2012}', 'Policy: Version must be'],
  ['an Id that is no string', '{"Id":1,"Statement":[]}', 'Policy: Id must be a string.'],
  ['no statement', '{"Version":"2012-10-17"}', 'Policy: there must be at least one Statement.'],
  ['an empty list of statements', '{"Statement":[]}', 'Policy: there must be at least one Statement.'],
  ['a statement that is a string', '{"Statement":"Allow"}', 'Statement 1 must be an object.'],
  [
    'an unknown element of a statement',
    policy(statement, { ...statement, Conditions: {} }),
    'Statement 2: "Conditions" is not an element that is known here.',
  ],
  ['a Sid that is no string', policy({ ...statement, Sid: 7 }), 'Statement 1: Sid must be a string.'],
  ['no Effect', policy(without('Effect')), 'Statement 1: Effect must be "Allow" or "Deny".'],
  [
    'an Effect in lower case',
    policy({ ...statement, Sid: 'Let Alice in', Effect: 'allow' }),
    'Statement "Let Alice in": Effect must be "Allow" or "Deny".',
  ],
  ['no principal', policy(without('Principal')), noPrincipal],
  ['an empty principal', withPrincipal({}), noPrincipal],
  ['an empty list of principals', withPrincipal({ AWS: [] }), noPrincipal],
  ['a principal without its kind', withPrincipal(user), 'Statement 1: Principal must be an object.'],
  ['a principal that is null', withPrincipal(null), 'Statement 1: Principal must be an object.'],
  [
    'a kind of principal that does not exist',
    withPrincipal({ aws: user }),
    'Statement 1: Principal: "aws" is not an element that is known here.',
  ],
  [
    'a principal that is a number',
    withPrincipal({ AWS: [111122223333] }),
    'Statement 1: Principal.AWS must be a string or a list of strings.',
  ],
  [
    'Principal and NotPrincipal',
    policy({ ...statement, NotPrincipal: '*' }),
    'Statement 1: both Principal and NotPrincipal are there.',
  ],
  [
    'NotPrincipal with Allow',
    policy({ ...without('Principal'), NotPrincipal: { AWS: user } }),
    'Statement 1: NotPrincipal must not be used with Allow.',
  ],
  [
    'Action and NotAction',
    policy({ ...statement, NotAction: 'kms:*' }),
    'Statement 1: both Action and NotAction are there.',
  ],
  ['an empty list of actions', policy({ ...statement, Action: [] }), 'Statement 1: Action must not be empty.'],
  [
    'an empty NotAction, which would mean everything',
    policy({ ...without('Action'), NotAction: [] }),
    'Statement 1: NotAction must not be empty.',
  ],
  [
    'an action that is an object',
    policy({ ...statement, Action: {} }),
    'Statement 1: Action must be a string or a list of strings.',
  ],
  [
    'an empty action',
    policy({ ...statement, Action: [''] }),
    'Statement 1: Action must be a string or a list of strings.',
  ],
  [
    'Resource and NotResource',
    policy({ ...statement, NotResource: '*' }),
    'Statement 1: both Resource and NotResource are there.',
  ],
  [
    'a resource that is null',
    policy({ ...statement, Resource: null }),
    'Statement 1: Resource must be a string or a list of strings.',
  ],
  ['a condition that is a list', withCondition([]), 'Statement 1: Condition must be an object.'],
  [
    'an unknown operator',
    withCondition({ StringMatches: { 'aws:userid': 'x' } }),
    'Statement 1: Condition: StringMatches is not a condition operator.',
  ],
  [
    'an operator in another case',
    withCondition({ stringEquals: { 'aws:userid': 'x' } }),
    'Statement 1: Condition: stringEquals is not a condition operator.',
  ],
  [
    'an operator from the prototype',
    '{"Statement":{"Effect":"Allow","Principal":"*","Condition":{"constructor":{}}}}',
    'Statement 1: Condition: constructor is not a condition operator.',
  ],
  [
    'NullIfExists',
    withCondition({ NullIfExists: { 'aws:userid': true } }),
    'Statement 1: Condition: NullIfExists is not a condition operator.',
  ],
  [
    'ForAllValues:Null',
    withCondition({ 'ForAllValues:Null': { 'aws:userid': true } }),
    'Statement 1: Condition: ForAllValues:Null is not a condition operator.',
  ],
  [
    'an unknown prefix',
    withCondition({ 'ForEachValue:Bool': { 'aws:userid': true } }),
    'Statement 1: Condition: ForEachValue:Bool is not a condition operator.',
  ],
  ['an operator without keys', withCondition({ Bool: true }), 'Statement 1: Condition.Bool must be an object.'],
  [
    'an empty list of values',
    withCondition({ StringNotEquals: { 'aws:userid': [] } }),
    'Statement 1: Condition.StringNotEquals.aws:userid must not be empty.',
  ],
  [
    'a value that is null',
    withCondition({ Bool: { 'aws:userid': null } }),
    'Statement 1: Condition.Bool.aws:userid must be a string, a number, a boolean or a list of these.',
  ],
  [
    'ForAllValues on one pair of the encryption context',
    withCondition({ 'ForAllValues:StringEquals': { 'kms:EncryptionContext:App': 'x' } }),
    overlyPermissive,
  ],
  [
    'ForAllValues on one request tag, in another case',
    withCondition({ 'ForAllValues:StringLikeIfExists': { 'AWS:requestTAG/team': 'x' } }),
    overlyPermissive,
  ],
]
for (const [what, text, message] of malformed) {
  test(`refuses ${what}`, () => {
    assert.throws(
      () => parseKeyPolicy(text),
      (error: KmsError) => error.code === 'MalformedPolicyDocumentException' && error.message.startsWith(message),
    )
  })
}

for (const written of [
  'Alice',
  '11112222333',
  '1111222233334',
  'AIDAALICEALICEALICEA',
  'user/Alice',
  root.toUpperCase(),
  `arn:aws:iam::${account}:*`,
  `arn:aws:iam::${account}:user/*`,
  'arn:aws:iam::*:root',
  '**',
  'arn:*',
  `arn:aws:iam::${account}:user/`,
  `arn:aws:iam::${account}:user/a b`,
  `arn:aws:iam::${account}:user`,
  `arn:aws:iam::${account}:user/${'a'.repeat(65)}`,
  `arn:aws:iam::${account}:user/a/`,
  `arn:aws:iam::${account}:Root`,
  `arn:aws:iam::${account}:group/Admins`,
  `arn:aws:iam::${account}:policy/P`,
  `arn:aws:iam::${account}:root/x`,
  `arn:aws:sts::${account}:assumed-role/Admin`,
  `arn:aws:sts::${account}:assumed-role/path/Admin/session`,
  `arn:aws:sts::${account}:user/Alice`,
  `arn:aws:iam::${account}:assumed-role/Admin/session`,
  `arn:aws:iam:us-east-1:${account}:user/Alice`,
  `arn:aws-cn:iam::${account}:root`,
  `arn:aws:s3::${account}:user/Alice`,
  `arn:aws:constructor::${account}:user/Alice`,
]) {
  test(`refuses the principal ${written.slice(0, 60)}`, () => {
    for (const principal of [{ AWS: written }, { AWS: [root, written] }]) {
      assert.throws(
        () => parseKeyPolicy(withPrincipal(principal)),
        (error: KmsError) => error.code === 'MalformedPolicyDocumentException' && error.message === invalidPrincipal,
      )
    }
  })
}

for (const principal of [
  ...['*', 'logs', 'logs.amazonaws.com*', 'LOGS.amazonaws.com', 'logs..com', user].map(Service => ({ Service })),
  ...['*', 'google', 'arn:aws:iam::1:saml-provider/x', user].map(Federated => ({ Federated })),
]) {
  test(`refuses the principal ${JSON.stringify(principal)}`, () => {
    assert.throws(
      () => parseKeyPolicy(withPrincipal(principal)),
      (error: KmsError) => error.code === 'MalformedPolicyDocumentException' && error.message === invalidPrincipal,
    )
  })
}

for (const written of [
  'arn:aws:iam::root',
  'arn:aws:iam:::root',
  'arn:aws:iam::11112222333:root',
  'arn:aws:iam::111122223333',
  'arn:',
  'arn:aws:iam::cloudfront:user/Origin',
  'arn::iam::111122223333:root',
  'arn:aws:iam::111122223333:',
]) {
  test(`refuses the broken ARN ${written}`, () => {
    assert.throws(
      () => parseKeyPolicy(withPrincipal({ AWS: written })),
      (error: KmsError) => error.code === 'InvalidArnException' && error.message === brokenArn,
    )
  })
}

for (const [what, text] of [
  ['32769 bytes', defaultKeyPolicy(account).padEnd(32_769)],
  ['fewer characters, but more bytes', JSON.stringify({ Id: '\u00e9'.repeat(16_384), Statement: statement })],
  ['that is no JSON either', '{'.repeat(40_000)],
] as const) {
  test(`refuses a policy of ${what} as too large`, () => {
    assert.throws(
      () => parseKeyPolicy(text),
      (error: KmsError) => error.code === 'LimitExceededException' && error.hasMessage,
    )
  })
}

const alice: Caller = {
  type: 'IAMUser',
  account,
  arn: user,
  principalId: 'AIDAALICEALICEALICEA',
  userName: 'Alice',
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  tags: new Map(),
}
const owner: Caller = { ...alice, type: 'Root', arn: root, principalId: account }
const keyArn = `arn:aws:kms:us-east-1:${account}:key/1234abcd-12ab-34cd-56ef-1234567890ab`
const otherKey = `arn:aws:kms:us-east-1:${account}:key/00000000-12ab-34cd-56ef-1234567890ab`
const bob = `arn:aws:iam::${account}:user/Bob`
const allow = { ...statement, Principal: { AWS: user } }
const deny = { ...allow, Effect: 'Deny' }
const condition = { Bool: { 'aws:SecureTransport': true } }
const notPrincipal = (...AWS: string[]) => ({ Effect: 'Deny', NotPrincipal: { AWS }, Action: '*', Resource: '*' })

/** Whether a caller whose own policies allow everything could not replace the key policy, whatever else the request says. */
function isLockedOut(text: string, caller: Caller): boolean {
  const everything = JSON.stringify({
    Version: '2012-10-17',
    Statement: { Effect: 'Allow', Action: '*', Resource: '*' },
  })
  const policies = {
    identity: [compilePolicy('identity', everything, 'everything')],
    resource: compilePolicy('key', text, 'the key policy'),
  }
  const request = {
    caller,
    action: 'kms:PutKeyPolicy',
    resource: keyArn,
    account,
    crossAccount: false,
    context: new Map(),
  }
  return !evaluate(request, policies, []).allowed
}

const safe: [what: string, text: string][] = [
  ['the default policy', defaultKeyPolicy(account)],
  ['everything allowed to the caller', policy(allow)],
  ['everything allowed to the account by number', policy({ ...allow, Principal: { AWS: account } })],
  ['everything allowed to everyone', policy({ ...allow, Principal: '*' })],
  ['kms:PutKeyPolicy in any case', policy({ ...allow, Action: 'KMS:putkeypolicy' })],
  ['a wildcard that covers it', policy({ ...allow, Action: ['kms:Get*', 'kms:Put???Policy'] })],
  ['a NotAction that leaves it', policy({ ...without('Action'), NotAction: 'kms:Encrypt' })],
  ['this key by its ARN', policy({ ...allow, Resource: keyArn })],
  ['a pattern that this key matches', policy({ ...allow, Resource: 'arn:aws:kms:*:key/*' })],
  ['a denial of something else', policy(allow, { ...deny, Action: 'kms:Schedule*' })],
  ['a denial to somebody else', policy(allow, { ...deny, Principal: { AWS: bob } })],
  ['a denial for another key', policy(allow, { ...deny, Resource: otherKey })],
  ['a denial under a condition', policy(allow, { ...deny, Condition: condition })],
  ['a denial to all but the caller and its account', policy(allow, notPrincipal(user, root))],
  ['a denial that never applies, for want of an action', policy(allow, { ...without('Action'), Effect: 'Deny' })],
]
for (const [what, text] of safe) {
  test(`does not lock the caller out: ${what}`, () => {
    assert.equal(isLockedOut(text, alice), false)
  })
}

const unsafe: [what: string, text: string][] = [
  ['somebody else', policy({ ...allow, Principal: { AWS: bob } })],
  ['another account', policy({ ...allow, Principal: { AWS: '444455556666' } })],
  [
    'a user of the same name elsewhere',
    policy({ ...allow, Principal: { AWS: 'arn:aws:iam::444455556666:user/Alice' } }),
  ],
  ['a service', policy({ ...allow, Principal: { Service: 'logs.amazonaws.com' } })],
  ['other actions only', policy({ ...allow, Action: ['kms:Encrypt', 'kms:PutKeyPolic', 's3:*'] })],
  ['all actions but this', policy({ ...without('Action'), NotAction: 'kms:Put*' })],
  ['no action', policy(without('Action'))],
  ['no resource', policy(without('Resource'))],
  ['another key', policy({ ...allow, Resource: otherKey })],
  ['a bare key id, which matches nothing', policy({ ...allow, Resource: '1234abcd-12ab-34cd-56ef-1234567890ab' })],
  ['all but this key', policy({ ...without('Resource'), NotResource: keyArn })],
  ['under a condition', policy({ ...allow, Condition: condition })],
  ['the caller, who is also denied', policy(allow, deny)],
  ['the account, but the caller is denied', policy(statement, deny)],
  ['the caller, but the account is denied', policy(allow, { ...deny, Principal: { AWS: root } })],
  ['the caller, but everyone is denied', policy(allow, { ...deny, Principal: '*' })],
  [
    'the caller, but all except the caller are denied, which takes its account along',
    policy(allow, notPrincipal(user)),
  ],
  ['the caller, but all except the account are denied, which takes its users along', policy(allow, notPrincipal(root))],
  ['the caller, but all except another are denied', policy(allow, notPrincipal(bob, root))],
]
for (const [what, text] of unsafe) {
  test(`would lock the caller out: only allows ${what}`, () => {
    assert.equal(isLockedOut(text, alice), true)
  })
}

test('a denial to all but the account spares its root user', () => {
  assert.equal(isLockedOut(policy(statement, notPrincipal(root)), owner), false)
})
