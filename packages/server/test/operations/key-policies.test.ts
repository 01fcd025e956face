import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import type { PutKeyPolicyCommandInput } from '@aws-sdk/client-kms'
import { keyRow } from '../../src/store/documents.ts'
import { constraint, membersOf, refused } from '../support/answers.ts'
import { start } from '../support/server.ts'

const server = await start()
after(() => server.stop())
const kms = server.client()

let KeyId: string
beforeEach(async () => {
  KeyId = (await kms.createKey({})).KeyMetadata?.KeyId ?? ''
})

const put = (Policy: string, options: Partial<PutKeyPolicyCommandInput> = {}) =>
  kms.putKeyPolicy({ KeyId, Policy, ...options })
const policy = async () => (await kms.getKeyPolicy({ KeyId })).Policy

const root = { AWS: 'arn:aws:iam::000000000000:root' }
const allow = { Effect: 'Allow', Principal: root, Action: 'kms:*', Resource: '*' }
const policyOf = (...Statement: object[]): string => JSON.stringify({ Version: '2012-10-17', Statement })
const good = policyOf(allow)

test('a key has the default policy, as the service prints it', async () => {
  assert.deepEqual(await membersOf(kms.getKeyPolicy({ KeyId, PolicyName: 'default' })), {
    Policy: `{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "arn:aws:iam::000000000000:root"
    },
    "Action" : "kms:*",
    "Resource" : "*"
  } ]
}`,
    PolicyName: 'default',
  })
})

test('a policy comes back to the byte as it was put', async () => {
  for (const text of [good, `\t${good.replaceAll(',', ' ,\r\n')}\n`, policyOf({ ...allow, Sid: 'ÿ é' })]) {
    assert.deepEqual(await membersOf(put(text)), {})
    assert.equal(await policy(), text)
  }
  await put(good, { PolicyName: 'default', BypassPolicyLockoutSafetyCheck: false })
  assert.equal(await policy(), good)
})

test('the only policy is named default', async () => {
  await refused(kms.getKeyPolicy({ KeyId, PolicyName: 'other' }), 'NotFoundException', 'No such policy exists')
  await refused(
    put(good, { PolicyName: 'Default' }),
    'UnsupportedOperationException',
    'The only policy that a key can have is named default.',
  )
  const bad = 'satisfy regular expression pattern: [\\w]+'
  for (const PolicyName of ['a-b', 'a b', 'é', 'default\n']) {
    const text = constraint('policyName', PolicyName, bad)
    await refused(kms.getKeyPolicy({ KeyId, PolicyName }), 'ValidationException', text)
    await refused(put(good, { PolicyName }), 'ValidationException', text)
  }
  const long = 'x'.repeat(129)
  await refused(
    kms.getKeyPolicy({ KeyId, PolicyName: long }),
    'ValidationException',
    constraint('policyName', long, 'have length less than or equal to 128'),
  )
})

test('a key pending deletion still shows and takes a policy', async () => {
  await kms.scheduleKeyDeletion({ KeyId })
  await put(good)
  assert.equal(await policy(), good)
})

const noJson = 'Policy is not valid JSON'
/** What is stored; a policy that locks everybody out lets nobody ask for it. */
const storedPolicy = async (): Promise<string | undefined> =>
  (await server.app.store.view().get('key', keyRow('000000000000', 'us-east-1', KeyId)))?.policy
const lockOut = 'The new key policy will not allow you to update the key policy in the future.'
const invalidPrincipal = 'Policy contains a statement with one or more invalid principals.'
const somebodyElse = { AWS: 'arn:aws:iam::111122223333:user/x' }

const refusals: [title: string, text: string, code: string, message: string | RegExp][] = [
  ['no JSON', '{', 'MalformedPolicyDocumentException', new RegExp(`^${noJson}: .+\\.$`)],
  [
    'a name twice',
    '{"Statement":[],"Statement":[]}',
    'MalformedPolicyDocumentException',
    new RegExp(`^${noJson}: .+\\.$`),
  ],
  ['a list', '[]', 'MalformedPolicyDocumentException', 'Policy must be an object.'],
  ['no statement', policyOf(), 'MalformedPolicyDocumentException', 'Policy: there must be at least one Statement.'],
  [
    'a version of its own',
    JSON.stringify({ Version: '2024-01-01', Statement: allow }),
    'MalformedPolicyDocumentException',
    'Policy: Version must be "2012-10-17" or "2008-10-17".',
  ],
  [
    'a misspelt element',
    policyOf({ ...allow, Conditions: {} }),
    'MalformedPolicyDocumentException',
    'Statement 1: "Conditions" is not an element that is known here.',
  ],
  [
    'an effect in lower case',
    policyOf({ ...allow, Effect: 'allow', Sid: 's' }),
    'MalformedPolicyDocumentException',
    'Statement "s": Effect must be "Allow" or "Deny".',
  ],
  [
    'no principal',
    policyOf({ ...allow, Principal: undefined }),
    'MalformedPolicyDocumentException',
    'Policy contains a statement with no principal.',
  ],
  ...['arn:aws:iam::000000000000:group/g', 'arn:aws:iam::000000000000:user/*', 'nobody'].map(
    (AWS): [string, string, string, string] => [
      `the principal ${AWS}`,
      policyOf(allow, { ...allow, Principal: { AWS } }),
      'MalformedPolicyDocumentException',
      invalidPrincipal,
    ],
  ),
  [
    'an ARN that is broken',
    policyOf(allow, { ...allow, Principal: { AWS: 'arn:aws:iam::12:user/x' } }),
    'InvalidArnException',
    'An ARN in the specified key policy is invalid.',
  ],
  [
    'more than 32 KiB',
    policyOf({ ...allow, Sid: 'x'.repeat(32_768) }),
    'LimitExceededException',
    'The key policy is larger than 32768 bytes.',
  ],
  [
    'nothing for the caller',
    policyOf({ ...allow, Principal: somebodyElse }),
    'MalformedPolicyDocumentException',
    lockOut,
  ],
  [
    'everything but PutKeyPolicy',
    policyOf({ ...allow, Action: ['kms:Get*', 'kms:PutKey'] }),
    'MalformedPolicyDocumentException',
    lockOut,
  ],
  [
    'everything under a condition',
    policyOf({ ...allow, Condition: { Bool: { 'aws:SecureTransport': 'true' } } }),
    'MalformedPolicyDocumentException',
    lockOut,
  ],
  [
    'everything, and a denial of it',
    policyOf(allow, { ...allow, Effect: 'Deny', Action: 'kms:PutKeyPolicy' }),
    'MalformedPolicyDocumentException',
    lockOut,
  ],
]

for (const [title, text, code, message] of refusals) {
  test(`refuses a policy of ${title}`, async () => {
    const before = await policy()
    const check = (call: Promise<unknown>): Promise<void> =>
      typeof message === 'string' ? refused(call, code, message) : assert.rejects(call, { name: code, message })
    await Promise.all([put(text), kms.createKey({ Policy: text })].map(check))
    if (message === lockOut) {
      await put(text, { BypassPolicyLockoutSafetyCheck: true })
      assert.equal(await storedPolicy(), text)
      const { KeyMetadata } = await kms.createKey({ Policy: text, BypassPolicyLockoutSafetyCheck: true })
      assert.equal(KeyMetadata?.KeyState, 'Enabled')
    } else {
      const bypass = { BypassPolicyLockoutSafetyCheck: true }
      await assert.rejects(put(text, bypass), { name: code })
      assert.equal(await policy(), before)
    }
  })
}

test('a policy of exactly 32 KiB is taken', async () => {
  const padding = 'x'.repeat(32_768 - policyOf({ ...allow, Sid: '' }).length)
  const text = policyOf({ ...allow, Sid: padding })
  assert.equal(Buffer.byteLength(text), 32_768)
  await put(text)
  assert.equal(await policy(), text)
  // Bytes are counted, not characters.
  const wide = policyOf({ ...allow, Sid: padding.replace('x', 'é') })
  await refused(put(wide), 'LimitExceededException', 'The key policy is larger than 32768 bytes.')
})

test('the model lets 131,072 characters up to U+00FF through', async () => {
  const long = ' '.repeat(131_073)
  await refused(put(''), 'ValidationException', twoFaults)
  await refused(
    put(long),
    'ValidationException',
    constraint('policy', long, 'have length less than or equal to 131072'),
  )
  for (const text of [good.replace('kms', '€'), `${good}\u0000`, `${good}\u000b`]) {
    const rule = 'satisfy regular expression pattern: [\\u0009\\u000A\\u000D\\u0020-\\u00FF]+'
    await refused(put(text), 'ValidationException', constraint('policy', text, rule))
  }
})

const twoFaults =
  "2 validation errors detected: Value '' at 'policy' failed to satisfy constraint: Member must have length greater than " +
  "or equal to 1; Value '' at 'policy' failed to satisfy constraint: Member must satisfy regular expression pattern: " +
  '[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+'
