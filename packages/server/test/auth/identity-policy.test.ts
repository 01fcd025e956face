import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compilePolicy } from '../../src/auth/compile.ts'
import { serviceManagedPolicies } from '../../src/auth/managed-policies.ts'
import type { PolicyKind } from '../../src/auth/dialects.ts'
import { parsePolicy, readPolicy } from '../../src/auth/policy.ts'
import type { Principal } from '../../src/auth/principals.ts'
import type { KmsError } from '../../src/protocol/errors.ts'

/** Policies of IAM, as they are accepted to be kept: those of identities, and those that say who may assume a role. */

const account = '111122223333'
const allowed = { Effect: 'Allow', Action: 'kms:Decrypt', Resource: '*' }
const trusted = { Effect: 'Allow', Principal: { AWS: account }, Action: 'sts:AssumeRole' }
const policy = (...Statement: object[]): string => JSON.stringify({ Version: '2012-10-17', Statement })

const accepted: readonly (readonly [what: string, kind: PolicyKind, text: string])[] = [
  ['any action of any service', 'identity', policy({ ...allowed, Action: '*' })],
  [
    'actions of services that are not here',
    'identity',
    policy({ ...allowed, Action: ['s3:GetObject', 'foo-bar.x:*'] }),
  ],
  ['an action of every service', 'identity', policy({ ...allowed, Action: '*:Describe*' })],
  [
    'NotAction and NotResource',
    'identity',
    policy({ Effect: 'Deny', NotAction: 'iam:*', NotResource: 'arn:aws:kms:*' }),
  ],
  ['a resource of few fields', 'identity', policy({ ...allowed, Resource: 'arn:aws:kms:*' })],
  ['a resource with variables', 'identity', policy({ ...allowed, Resource: 'arn:aws:iam::*:user/${aws:username}' })],
  ['one statement that is in no list', 'identity', JSON.stringify({ Version: '2012-10-17', Statement: allowed })],
  ['no Version', 'identity', JSON.stringify({ Statement: [allowed] })],
  ['the older Version', 'identity', JSON.stringify({ Version: '2008-10-17', Id: 'x', Statement: [allowed] })],
  ['an empty Condition', 'identity', policy({ ...allowed, Condition: {} })],
  ['several statements without Sid', 'identity', policy({ ...allowed, Sid: '' }, { ...allowed, Sid: '' }, allowed)],
  [
    'ForAllValues on a tag of the request, which key policies must not have',
    'identity',
    policy({ ...allowed, Condition: { 'ForAllValues:StringEquals': { 'aws:RequestTag/team': 'a' } } }),
  ],
  [
    'dates of both forms',
    'identity',
    policy({ ...allowed, Condition: { DateLessThan: { 'aws:CurrentTime': ['2026-11-24T10:00:00Z', '1795514400'] } } }),
  ],
  ['an account', 'trust', policy(trusted)],
  ['everyone', 'trust', policy({ ...trusted, Principal: '*' })],
  ['everyone as an AWS principal', 'trust', policy({ ...trusted, Principal: { AWS: '*' } })],
  [
    'a user of another account',
    'trust',
    policy({ ...trusted, Principal: { AWS: 'arn:aws:iam::444455556666:user/a/b' } }),
  ],
  ['a service', 'trust', policy({ ...trusted, Principal: { Service: 'ec2.amazonaws.com' } })],
  [
    'a provider of web identities',
    'trust',
    policy({
      ...trusted,
      Principal: { Federated: `arn:aws:iam::${account}:oidc-provider/login.example:8443/realms/a` },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: { StringEquals: { 'login.example:8443/realms/a:aud': 'keys' } },
    }),
  ],
  ['all that STS has', 'trust', policy({ ...trusted, Action: ['sts:*', 'STS:TagSession', 'sts:SetSourceIdentity'] })],
  [
    'a Deny',
    'trust',
    policy(trusted, { ...trusted, Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': false } } }),
  ],
]
for (const [what, kind, text] of accepted) {
  test(`${kind} policies: accepts ${what}`, () => {
    assert.deepEqual(parsePolicy(kind, text), readPolicy(kind, text))
    assert.ok(compilePolicy(kind, text, 'it').statements.length > 0)
  })
}

test('trust policies: principals are read for what they are', () => {
  const Principal = {
    AWS: [account, `arn:aws:iam::${account}:root`, `arn:aws:iam::${account}:role/Deployer`],
    Service: 'ec2.amazonaws.com',
    Federated: `arn:aws:iam::${account}:oidc-provider/login.example`,
  }
  const expected: Principal[] = [
    { kind: 'account', account },
    { kind: 'account', account },
    { kind: 'identity', arn: `arn:aws:iam::${account}:role/Deployer` },
    { kind: 'service', name: 'ec2.amazonaws.com' },
    { kind: 'federated', provider: `arn:aws:iam::${account}:oidc-provider/login.example` },
  ]
  const [statement] = parsePolicy('trust', policy({ ...trusted, Principal })).statements
  assert.deepEqual(statement?.principals, { not: false, items: expected })
})

const prefaced = 'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.'
const legacy = 'The policy failed legacy parsing'
const actions = (Action: unknown): string => policy({ ...allowed, Action })
const resources = (Resource: unknown): string => policy({ ...allowed, Resource })
const dates = (value: string): string =>
  policy({ ...allowed, Condition: { DateGreaterThan: { 'aws:CurrentTime': value } } })
const principals = (Principal: unknown): string => policy({ ...trusted, Principal })
const syntax = (detail: string): string => `Syntax errors in policy. ${detail}`

const refusals: readonly (readonly [what: string, kind: PolicyKind, text: string, message: string])[] = [
  ['no JSON', 'identity', 'This is not a json document', 'Syntax errors in policy. '],
  ['a member that is there twice', 'identity', '{"Statement":[],"Statement":[]}', 'Syntax errors in policy. '],
  ['no JSON', 'trust', '{', 'This policy contains invalid Json: '],
  ['a list', 'identity', '[]', syntax('Policy must be an object.')],
  ['no Statement', 'identity', policy(), syntax('Policy: there must be at least one Statement.')],
  ['an unknown Version', 'identity', '{"Version":"2013-10-17","Statement":[]}', syntax('Policy: Version must be')],
  ['an Id that is a list', 'identity', '{"Id":[],"Statement":[]}', syntax('Policy: Id must be a string.')],
  ['a statement that is text', 'identity', '{"Statement":["a"]}', syntax('Statement 1 must be an object.')],
  ['an unknown element', 'identity', policy({ ...allowed, Resources: '*' }), syntax('Statement 1: "Resources" is not')],
  [
    'an unknown member',
    'identity',
    JSON.stringify({ Statement: [allowed], Conditions: {} }),
    syntax('Policy: "Conditions"'),
  ],
  ['no Effect', 'identity', policy({ Action: 'kms:*', Resource: '*' }), syntax('Statement 1: Effect must be')],
  [
    'an Effect in another case',
    'identity',
    policy({ ...allowed, Effect: 'denY' }),
    syntax('Statement 1: Effect must be'),
  ],
  ['Action and NotAction', 'identity', policy({ ...allowed, NotAction: 'iam:*' }), syntax('Statement 1: both Action')],
  [
    'an empty NotAction',
    'identity',
    policy({ Effect: 'Allow', NotAction: [], Resource: '*' }),
    syntax('Statement 1: NotAction'),
  ],
  ['an empty Resource', 'identity', resources([]), syntax('Statement 1: Resource must not be empty.')],
  ['a Sid that is a list', 'identity', policy({ ...allowed, Sid: [] }), syntax('Statement 1: Sid must be a string.')],
  [
    'an unknown operator',
    'identity',
    policy({ ...allowed, Condition: { Equals: { a: 'b' } } }),
    syntax('Statement 1: Condition'),
  ],
  ['no actions', 'identity', policy({ Effect: 'Allow', Resource: '*' }), 'Policy statement must contain actions.'],
  ['no resources', 'identity', policy({ Effect: 'Allow', Action: '*' }), 'Policy statement must contain resources.'],
  [
    'a principal',
    'identity',
    policy({ ...allowed, Principal: '*' }),
    'Policy document should not specify a principal.',
  ],
  [
    'a NotPrincipal',
    'identity',
    policy({ ...allowed, NotPrincipal: '*' }),
    'Policy document should not specify a principal.',
  ],
  ['a Sid with a space', 'identity', policy({ ...allowed, Sid: 'a b' }), 'Statement IDs (SID) must be alpha-numeric.'],
  [
    'one Sid twice',
    'identity',
    policy({ ...allowed, Sid: 'a' }, { ...allowed, Sid: 'a' }),
    'Statement IDs (SID) in a single policy',
  ],
  ['an action of no service', 'identity', actions('Decrypt'), prefaced],
  ['one such action among others', 'identity', actions(['kms:Encrypt', 'Decrypt']), prefaced],
  ['an action with two colons', 'identity', actions('kms:De:crypt'), 'Actions/Condition can contain only one colon.'],
  ['a service with a space', 'identity', actions('k ms:Decrypt'), 'Vendor k ms is not valid'],
  ['part of a service', 'identity', actions('k*:Decrypt'), 'Vendor k* is not valid'],
  ['a key id', 'identity', resources('1234abcd'), 'Resource 1234abcd must be in ARN format or "*".'],
  ['an alias name', 'identity', resources(['*', 'alias/a']), 'Resource alias/a must be in ARN format or "*".'],
  [
    'another partition',
    'identity',
    resources('arn:aws-cn:kms:::x'),
    'Partition "aws-cn" is not valid for resource "arn:aws-cn:kms:::x".',
  ],
  ['any partition', 'identity', resources('arn:*:kms:::x'), 'Partition "*" is not valid for resource "arn:*:kms:::x".'],
  ['an ARN without service', 'identity', resources('arn:aws'), 'Resource vendor must be fully qualified'],
  ['an ARN of any service', 'identity', resources('arn:aws:*:*:*:*'), 'Resource vendor must be fully qualified'],
  ['an ARN with an empty service', 'identity', resources('arn:aws::::x'), legacy],
  ['an ARN that lacks a field', 'identity', resources('arn:aws:kms::key/a'), legacy],
  [
    'an ARN of IAM with a Region',
    'identity',
    resources('arn:aws:iam:us-east-1::x'),
    'IAM resource arn:aws:iam:us-east-1::x cannot',
  ],
  ['a date that is none', 'identity', dates('soon'), legacy],
  ['a date that does not exist', 'identity', dates('2026-02-30T00:00:00Z'), legacy],
  ['no principal', 'trust', policy({ Effect: 'Allow', Action: 'sts:AssumeRole' }), 'Missing required field Principal'],
  [
    'no one among the principals',
    'trust',
    principals({ AWS: [] }),
    'Missing required field Principal cannot be empty!',
  ],
  [
    'a group',
    'trust',
    principals({ AWS: `arn:aws:iam::${account}:group/g` }),
    `Invalid principal in policy: "AWS":"arn:aws:iam::${account}:group/g"`,
  ],
  [
    'a broken ARN',
    'trust',
    principals({ AWS: 'arn:aws:iam::1:user/u' }),
    'Invalid principal in policy: "AWS":"arn:aws:iam::1:user/u"',
  ],
  [
    'a pattern of users',
    'trust',
    principals({ AWS: `arn:aws:iam::${account}:user/*` }),
    'Invalid principal in policy: "AWS":',
  ],
  ['a service without a dot', 'trust', principals({ Service: 'ec2' }), 'Invalid principal in policy: "Service":"ec2"'],
  [
    'a broken provider',
    'trust',
    principals({ Federated: 'oidc-provider/x' }),
    'Federated principals must be valid domain names',
  ],
  [
    'an unknown kind of principal',
    'trust',
    principals({ CanonicalUser: 'a' }),
    syntax('Statement 1: Principal: "CanonicalUser"'),
  ],
  [
    'NotPrincipal with Deny',
    'trust',
    policy({ Effect: 'Deny', NotPrincipal: { AWS: account }, Action: 'sts:*' }),
    'AssumeRole policy must not contain NotPrincipal',
  ],
  [
    'NotPrincipal with Allow',
    'trust',
    policy({ Effect: 'Allow', NotPrincipal: { AWS: account }, Action: 'sts:*' }),
    'Statement 1: NotPrincipal must not',
  ],
  ['no action', 'trust', policy({ Effect: 'Allow', Principal: '*' }), 'Missing required field Action'],
  [
    'all actions',
    'trust',
    policy({ ...trusted, Action: '*' }),
    'AssumeRole policy may only specify STS AssumeRole actions.',
  ],
  [
    'an action of KMS',
    'trust',
    policy({ ...trusted, Action: ['sts:AssumeRole', 'kms:Decrypt'] }),
    'AssumeRole policy may only specify',
  ],
  ['a Resource', 'trust', policy({ ...trusted, Resource: '*' }), 'Has prohibited field Resource'],
  [
    'one Sid twice',
    'trust',
    policy({ ...trusted, Sid: 'a' }, { ...trusted, Sid: 'a' }),
    'The Statement Ids in the policy are not unique',
  ],
  [
    'text that has no place in it',
    'identity',
    policy({ ...allowed, Sid: '\u20ac' }),
    syntax('Policy contains a character'),
  ],
]
for (const [what, kind, text, message] of refusals) {
  test(`${kind} policies: refuses ${what}`, () => {
    assert.throws(
      () => parsePolicy(kind, text),
      (error: KmsError) => {
        assert.equal(error.code, 'MalformedPolicyDocumentException')
        assert.equal(error.message.slice(0, message.length), message)
        return true
      },
    )
  })
}

test('what was kept before is still read, whatever is refused now', () => {
  const text = policy({ ...allowed, Sid: 'a b', Action: 'k*:Decrypt', Resource: 'arn:aws*:kms:*' })
  assert.throws(() => parsePolicy('identity', text), { code: 'MalformedPolicyDocumentException' })
  assert.equal(compilePolicy('identity', text, 'it').statements[0]?.name, 'a b')
})

for (const [arn, { document }] of serviceManagedPolicies) {
  test(`the service's own ${arn} is a policy`, () => {
    assert.equal(parsePolicy('identity', document).version, '2012-10-17')
  })
}
