import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ambiguous, type AccessRequest, type ContextValue, type Policies, type Trace } from '../../src/auth/access.ts'
import { compilePolicy } from '../../src/auth/compile.ts'
import { evaluate } from '../../src/auth/evaluate.ts'
import { statementText } from '../../src/auth/explain-text.ts'
import { explain } from '../../src/auth/explain.ts'
import type { Grant } from '../../src/auth/grants.ts'
import { Prng } from '../protocol/prng.ts'
import { compiled, requestOf } from './case.ts'
import { randomCase } from './generator.ts'

const account = '111122223333'
const other = '444455556666'
const alice = `arn:aws:iam::${account}:user/alice`
const key = `arn:aws:kms:us-east-1:${account}:key/1234`
const foreign = `arn:aws:kms:us-east-1:${other}:key/1234`

interface Given {
  action?: string
  resource?: string
  context?: Record<string, ContextValue>
  grantable?: AccessRequest['grantable']
  crossAccount?: boolean
  owner?: string
}

const asked = ({ action = 'kms:Decrypt', resource = key, context = {}, ...more }: Given = {}): AccessRequest => ({
  caller: { type: 'IAMUser', account, arn: alice },
  action,
  resource,
  account: more.owner ?? account,
  crossAccount: more.crossAccount ?? true,
  context: new Map(Object.entries(context)),
  ...(more.grantable && { grantable: more.grantable }),
})

const policy = (...Statement: object[]): string => JSON.stringify({ Version: '2012-10-17', Statement })
const identity = (...statements: object[]) =>
  compilePolicy('identity', policy(...statements), 'inline policy p of alice')
const keyPolicy = (...statements: object[]) => compilePolicy('key', policy(...statements), 'the key policy')
const limit = (name: string, ...statements: object[]) => compilePolicy('identity', policy(...statements), name)

const allow = (more: object = {}) => ({ Effect: 'Allow', Action: 'kms:Decrypt', Resource: '*', ...more })
const deny = (more: object = {}) => ({ ...allow(more), Effect: 'Deny' })
const delegating = keyPolicy(allow({ Sid: 'Enable', Principal: { AWS: account }, Action: 'kms:*' }))
const grant: Grant = {
  account,
  region: 'us-east-1',
  keyId: '1234',
  id: 'a'.repeat(64),
  createdAt: 0,
  issuingAccount: account,
  granteePrincipal: alice,
  operations: ['Decrypt'],
}
const context = (pairs: Record<string, string>) => ({
  grantable: { operation: 'Decrypt', encryptionContext: new Map(Object.entries(pairs)) } as const,
})

// Reasons

const reasons: [title: string, request: Given, policies: Policies, grants: Grant[], reason: string][] = [
  [
    'names what allows it',
    {},
    { identity: [identity(allow())], resource: delegating },
    [],
    'Statement Enable of the key policy and statement 1 of inline policy p of alice allow it.',
  ],
  [
    'names the grant that allows it',
    context({}),
    { identity: [], resource: delegating },
    [grant],
    `Grant ${'a'.repeat(64)} allows it.`,
  ],
  [
    'tells what has to be attached, or named',
    {},
    { identity: [], resource: delegating },
    [],
    `No identity policy of ${alice} allows kms:Decrypt on ${key}: one that does would have to be attached, or the key policy would have to name the principal itself.`,
  ],
  [
    'tells that the key policy leaves nothing to the account',
    {},
    {
      identity: [identity(allow())],
      resource: keyPolicy(allow({ Principal: { AWS: `arn:aws:iam::${account}:user/bob` } })),
    },
    [],
    `The key policy does not allow kms:Decrypt to ${alice}, nor leaves it to the account: a statement of it would have to.`,
  ],
  [
    'says that a grant would do',
    context({}),
    { identity: [], resource: keyPolicy(allow({ Principal: { AWS: `arn:aws:iam::${account}:user/bob` } })) },
    [],
    `The key policy does not allow kms:Decrypt to ${alice}, nor leaves it to the account: a statement of it, or a grant, would have to.`,
  ],
  [
    'names the statement that denies it',
    {},
    { identity: [identity(allow(), deny({ Sid: 'Never' }))], resource: delegating },
    [],
    'Statement Never of inline policy p of alice denies it: nothing can allow it as long as this statement applies.',
  ],
  [
    'tells that what cannot be judged counts for a denial',
    { context: { 'aws:sourceip': 'nowhere' } },
    {
      identity: [identity(allow(), deny({ Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }))],
      resource: delegating,
    },
    [],
    'Statement 2 of inline policy p of alice denies it, because IpAddress aws:SourceIp cannot be compared: the policy has "10.0.0.0/8", the request has "nowhere", which counts for a denial: nothing can allow it as long as this statement applies.',
  ],
  [
    'tells the condition that keeps the nearest statement from allowing it',
    {},
    {
      identity: [identity(allow({ Condition: { StringEquals: { 'kms:EncryptionContext:app': ['pay', 'bill'] } } }))],
      resource: delegating,
    },
    [],
    'Statement 1 of inline policy p of alice would allow it if its condition held: StringEquals kms:EncryptionContext:app wants "pay" or "bill", and the request has none.',
  ],
  [
    'tells the constraint that keeps a grant from allowing it',
    context({ app: 'pay' }),
    { identity: [], resource: delegating },
    [{ ...grant, constraints: { encryptionContextEquals: [['app', 'bill']] } }],
    `Grant ${'a'.repeat(64)} would allow it, but for this: Its EncryptionContextEquals constraint wants exactly {app=bill}, and the request has {app=pay}.`,
  ],
  [
    'tells that the boundary lacks it',
    {},
    { identity: [identity(allow())], resource: delegating, boundary: limit('b', allow({ Action: 'kms:Encrypt' })) },
    [],
    `The permissions boundary of ${alice} does not allow kms:Decrypt on ${key}: it would have to.`,
  ],
  [
    'tells that the session lacks it',
    {},
    { identity: [identity(allow())], resource: delegating, session: [limit('s', allow({ Action: 'kms:Encrypt' }))] },
    [],
    `No policy of the session allows kms:Decrypt on ${key}: it would have to be made with one that does, or with none.`,
  ],
]
for (const [title, request, policies, grants, reason] of reasons) {
  test(`a reason ${title}`, () => assert.equal(explain(asked(request), policies, grants).reason, reason))
}

// Statements

const texts: [title: string, statement: object, context: Record<string, ContextValue>, text: string][] = [
  ['applies', allow(), {}, 'allows it'],
  ['denies', deny(), {}, 'denies it'],
  [
    'is about another action',
    allow({ Action: ['kms:Encrypt', 'kms:Sign'] }),
    {},
    'does not apply: its Action lists "kms:Encrypt" and "kms:Sign"',
  ],
  [
    'excepts the action',
    { Effect: 'Allow', NotAction: 'kms:De*', Resource: '*' },
    {},
    'does not apply: its NotAction excepts "kms:De*"',
  ],
  [
    'is about another resource',
    allow({ Resource: 'arn:aws:kms:*:*:key/5*' }),
    {},
    'does not apply: its Resource lists "arn:aws:kms:*:*:key/5*"',
  ],
  [
    'excepts the resource',
    { Effect: 'Allow', Action: '*', NotResource: key },
    {},
    `does not apply: its NotResource excepts "${key}"`,
  ],
  [
    'has a variable in its resource',
    allow({ Resource: 'arn:aws:kms:us-east-1:111122223333:key/${aws:username}' }),
    { 'aws:username': 'alice' },
    'does not apply: its Resource lists "arn:aws:kms:us-east-1:111122223333:key/${aws:username}" (here "arn:aws:kms:us-east-1:111122223333:key/alice")',
  ],
  [
    'has a variable without value',
    allow({ Resource: 'arn:aws:kms:us-east-1:111122223333:key/${aws:username}' }),
    {},
    'does not apply: its Resource lists "arn:aws:kms:us-east-1:111122223333:key/${aws:username}" (here "arn:aws:kms:us-east-1:111122223333:key/${aws:username} (a variable in it has no value)")',
  ],
  [
    'wants another value',
    allow({ Condition: { StringLike: { 'aws:username': 'b${*}b' } } }),
    { 'aws:username': 'alice' },
    'does not apply: StringLike aws:username wants "b${*}b" (here "b*b"), and the request has "alice"',
  ],
  [
    'wants anything but the value',
    allow({ Condition: { StringNotEquals: { 'aws:username': ['alice', 'bob'] } } }),
    { 'aws:username': 'alice' },
    'does not apply: StringNotEquals aws:username wants nothing of "alice" and "bob", and the request has "alice"',
  ],
  [
    'wants all of many values to fit',
    allow({ Condition: { 'ForAllValues:StringEquals': { 'aws:TagKeys': 'team' } } }),
    { 'aws:tagkeys': ['team', 'cost'] },
    'does not apply: ForAllValues:StringEquals aws:TagKeys wants "team", and the request has "team" and "cost"',
  ],
  [
    'wants the key to be there',
    allow({ Condition: { Null: { 'aws:username': false } } }),
    {},
    'does not apply: Null aws:username wants it to be present, and the request has none',
  ],
  [
    'wants the key to be absent',
    allow({ Condition: { Null: { 'aws:username': 'true' } } }),
    { 'aws:username': 'alice' },
    'does not apply: Null aws:username wants it to be absent, and the request has "alice"',
  ],
  [
    'cannot be compared, by the fault of the policy',
    allow({ Condition: { NumericLessThanIfExists: { 'aws:MultiFactorAuthAge': 'ten' } } }),
    { 'aws:multifactorauthage': '9' },
    'does not apply: NumericLessThanIfExists aws:MultiFactorAuthAge cannot be compared: the policy has "ten", the request has "9"',
  ],
  [
    'cannot be compared, since the request is ambiguous',
    deny({ Condition: { StringEquals: { 'kms:EncryptionContext:app': 'x' } } }),
    { 'kms:encryptioncontext:app': ambiguous },
    'denies it, since what cannot be judged counts: StringEquals kms:EncryptionContext:app cannot be compared: the request has several that differ in case only',
  ],
  [
    'has several conditions that do not hold',
    allow({
      Condition: { StringEquals: { 'aws:username': 'bob' }, Bool: { 'aws:SecureTransport': true, 'aws:x': true } },
    }),
    { 'aws:username': 'alice', 'aws:securetransport': 'false', 'aws:x': 'true' },
    'does not apply: StringEquals aws:username wants "bob", and the request has "alice"; Bool aws:SecureTransport wants "true", and the request has "false"',
  ],
]
for (const [title, statement, values, text] of texts) {
  test(`a statement says that it ${title}`, () => {
    const { policies } = explain(asked({ context: values }), { identity: [identity(statement)] }, [])
    const [found] = policies[0]?.statements ?? []
    assert.ok(found)
    assert.equal(statementText(found), text)
  })
}

const resourceTexts: [title: string, statement: object, text: string][] = [
  [
    'whom it lists',
    allow({ Principal: { AWS: ['arn:aws:iam::111122223333:user/bob', other] } }),
    `does not apply: its Principal lists "arn:aws:iam::111122223333:user/bob" and "${other}"`,
  ],
  [
    'whom it spares',
    { ...deny(), NotPrincipal: { AWS: [alice, account] } },
    `does not apply: its NotPrincipal excepts "${alice}" and "${account}"`,
  ],
  [
    'that the account decides',
    allow({ Principal: { AWS: account } }),
    'allows it to the account, whose own policies decide',
  ],
  ['that it has no action', { Effect: 'Allow', Principal: '*', Resource: '*' }, 'does not apply: it has no Action'],
]
for (const [title, statement, text] of resourceTexts) {
  test(`a statement of a key policy says ${title}`, () => {
    const { policies } = explain(asked(), { identity: [], resource: keyPolicy(statement) }, [])
    const [found] = policies.find(({ layer }) => layer === 'resource')?.statements ?? []
    assert.ok(found)
    assert.equal(statementText(found), text)
  })
}

test('a key policy is shown no tags of the key, since it sees none', () => {
  const resource = keyPolicy(allow({ Principal: '*', Condition: { StringEquals: { 'aws:ResourceTag/team': 'x' } } }))
  const { reason } = explain(asked({ context: { 'aws:resourcetag/team': 'x' } }), { identity: [], resource }, [])
  assert.match(reason, /wants "x", and the request has none\.$/)
})

test('each grant says why it does not allow the request', () => {
  const grants: Grant[] = [
    { ...grant, id: '1', operations: ['Encrypt'] },
    { ...grant, id: '2', granteePrincipal: `arn:aws:iam::${account}:user/bob` },
    { ...grant, id: '3', granteePrincipal: `arn:aws:iam::${account}:root` },
    { ...grant, id: '4', constraints: { encryptionContextSubset: [['app', 'pay']] } },
  ]
  const trace = explain(asked(context({ app: 'bill', n: '1' })), { identity: [], resource: delegating }, grants)
  assert.deepEqual(Object.fromEntries(trace.grants.map(({ grantId, failed }) => [grantId, failed])), {
    1: 'Decrypt is not among its operations.',
    2: 'The caller is not its grantee.',
    3: "It is for the caller's account, whose policies do not allow it.",
    4: 'Its EncryptionContextSubset constraint wants at least {app=pay}, and the request has {app=bill, n=1}.',
  })
})

// Sides

const sides: [title: string, given: Given, policies: Policies, caller: string, owner: string][] = [
  [
    'of which the caller allows',
    {},
    { identity: [identity(allow())], resource: keyPolicy(allow({ Principal: { AWS: other } })) },
    `Statement 1 of inline policy p of alice allows it, but the owner of ${foreign} does not, or there is no such resource: its own policy or a grant would have to allow it to ${alice}, too.`,
    `The key policy does not allow kms:Decrypt to ${alice}: a statement of it would have to.`,
  ],
  [
    'of which the owner allows',
    {},
    { identity: [], resource: keyPolicy(allow({ Principal: { AWS: account } })) },
    `No identity policy of ${alice} allows kms:Decrypt on ${foreign}: one that does would have to be attached.`,
    `Statement 1 of the key policy allows it to ${alice}, but the policies of its own account ${account} do not: they would have to allow it, too.`,
  ],
  [
    'of which the caller allows nothing that could be granted',
    context({}),
    { identity: [], resource: keyPolicy(allow({ Principal: { AWS: other } })) },
    `No identity policy of ${alice} allows kms:Decrypt on ${foreign}: one that does would have to be attached, or a grant of the owner would have to be for the principal itself.`,
    `The key policy does not allow kms:Decrypt to ${alice}: a statement of it, or a grant, would have to.`,
  ],
  [
    'of which none can',
    { crossAccount: false },
    { identity: [identity(allow())], resource: keyPolicy(allow({ Principal: '*' })) },
    `kms:Decrypt cannot be done on what belongs to another account: a principal of account ${other} would have to do it.`,
    `kms:Decrypt cannot be done on what belongs to another account: a principal of account ${other} would have to do it.`,
  ],
]
for (const [title, given, policies, caller, owner] of sides) {
  test(`two accounts, ${title}, see each their own policies`, () => {
    const request = asked({ ...given, resource: foreign, owner: other })
    const seen = (side: 'caller' | 'owner'): Trace => explain(request, policies, [], { side, isDenied: true })
    assert.deepEqual([seen('caller').reason, seen('owner').reason], [caller, owner])
    assert.deepEqual([seen('caller').decision, seen('owner').decision], ['implicit deny', 'implicit deny'])
    assert.ok(seen('caller').policies.every(({ layer }) => layer === 'identity'))
    assert.ok(seen('owner').policies.every(({ layer }) => layer === 'resource'))
  })
}

// Laws

test('explains what was decided, and of two accounts one denies if the whole is denied', () => {
  const prng = new Prng(7)
  let split = 0
  for (let left = 5000; left > 0; left--) {
    const question = randomCase(prng)
    const [request, policies, grants] = [requestOf(question), compiled(question.policies), question.grants]
    const decision = evaluate(request, policies, grants)
    const expected = decision.allowed ? 'allow' : decision.explicit ? 'explicit deny' : 'implicit deny'
    const trace = explain(request, policies, grants)
    assert.equal(trace.decision, expected)
    assert.ok(trace.reason.endsWith('.') || trace.reason.endsWith('...'), trace.reason)
    for (const { statements } of trace.policies) {
      for (const { failed, conditions, applies } of statements) assert.ok(applies || failed || conditions)
    }
    // Without a policy of the resource nothing is decided by its owner.
    if (request.caller.account === request.account || !policies.resource) continue
    split++
    const caller = explain(request, policies, grants, { side: 'caller' })
    const owner = explain(request, policies, grants, { side: 'owner' })
    const [byCaller, byOwner] = [caller.decision === 'allow', owner.decision === 'allow']
    // A grant to the principal itself needs no policy of its account.
    if (decision.allowed) assert.ok(byOwner && (byCaller || decision.grant))
    else assert.ok(!byOwner || !byCaller)
    // What one side shows does not depend on the other.
    assert.deepEqual(explain(request, { ...policies, resource: delegating }, [], { side: 'caller' }), caller)
    assert.deepEqual(explain(request, { identity: [], resource: policies.resource }, grants, { side: 'owner' }), owner)
  }
  assert.ok(split > 500, String(split))
})

test('is never large: what is about other actions is left out first, and that is said', () => {
  const wide = Array.from({ length: 400 }, (_, n) => allow({ Sid: `S${n}`, Action: `kms:Other${'x'.repeat(n)}` }))
  const close = allow({
    Condition: { StringEquals: { 'aws:username': Array.from({ length: 90 }, (_, n) => `u${n}`) } },
  })
  const policies = { identity: [identity(...wide, close)], resource: delegating }
  const grants = Array.from({ length: 50_000 }, (_, n) => ({
    ...grant,
    id: String(n),
    operations: ['Encrypt' as const],
  }))
  const request = asked({ context: { 'aws:username': 'y'.repeat(200_000) }, ...context({ app: 'z'.repeat(200_000) }) })
  const trace = explain(request, policies, grants)
  assert.ok(JSON.stringify(trace).length < 36 * 1024)
  const names = trace.policies.flatMap(({ statements }) => statements.map(({ statement }) => statement))
  assert.ok(names.includes('Enable') && names.includes('401'))
  const left = names.length + trace.grants.length
  assert.equal(trace.omitted, 402 + 50_000 - left)
})
