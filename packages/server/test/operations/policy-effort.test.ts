import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { refusalOf, refused } from '../support/answers.ts'
import { allow, document, ownAccount, textOf, userWith } from '../support/identities.ts'
import { answered, callKeyreeve, type WireExplanation } from '../support/keyreeve.ts'
import { start } from '../support/server.ts'

/** C10: policies and requests of tenants are large, and must not keep others waiting. */

const server = await start()
after(() => server.stop())
const administrator = server.client()
const user = await userWith(server, 'tenant', allow('kms:*'))
const kms = server.client({ credentials: user })
const Plaintext = Buffer.from('x')

const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))

/** Lets the administrator do everything, and everybody else what the condition lets. */
async function key(Condition: object): Promise<string> {
  const statement = { Effect: 'Allow', Action: 'kms:*', Resource: '*' }
  const owner = { ...statement, Principal: { AWS: `arn:aws:iam::${ownAccount}:user/administrator` } }
  const Policy = textOf(document(owner, { ...statement, Principal: '*', Condition }))
  const { KeyMetadata } = await administrator.createKey({ Policy })
  return KeyMetadata?.Arn ?? ''
}

const costly: Record<string, { condition: object; context: Record<string, string> }> = {
  'thousands of patterns and a long value': {
    condition: { StringLike: { 'kms:EncryptionContext:x': times(4500, index => `*${index % 10}*`) } },
    context: { x: 'a'.repeat(100_000) },
  },
  'one pattern, and a variable a thousand times in it': {
    condition: { StringLike: { 'kms:EncryptionContext:y': [`${'${kms:EncryptionContext:x}'.repeat(1000)}b*`] } },
    context: { x: 'a'.repeat(100_000), y: 'a'.repeat(1000) },
  },
  'a variable in each of many values': {
    condition: { StringEquals: { 'kms:EncryptionContext:y': times(900, () => '${kms:EncryptionContext:x}') } },
    context: { x: 'a'.repeat(100_000), y: 'b' },
  },
  'a pattern as long as the policy': {
    condition: { StringLike: { 'kms:EncryptionContext:x': [`*${'a'.repeat(30_000)}b`] } },
    context: { x: 'a'.repeat(100_000) },
  },
  'many conditions, and many pairs in the encryption context': {
    condition: { StringEquals: Object.fromEntries(times(600, index => [`kms:EncryptionContext:n${index}`, 'x'])) },
    context: Object.fromEntries(times(5000, index => [`n${index}`, 'x'])),
  },
}
const tooMuch = 'its values, and the policies and grants that concern it, are too many, or too long, to judge it'
const dear = costly['a pattern as long as the policy'] ?? assert.fail()

for (const [name, { condition, context }] of Object.entries(costly)) {
  test(`C10: ${name}: refused before it takes long`, async () => {
    const KeyId = await key(condition)
    // Compiles the policy, and finds nothing to compare.
    await assert.rejects(kms.encrypt({ KeyId, Plaintext }), { name: 'AccessDeniedException' })
    const before = process.cpuUsage()
    const call = kms.encrypt({ KeyId, Plaintext, EncryptionContext: context })
    await refused(
      call,
      'AccessDeniedException',
      `User: ${user.arn} is not authorized to perform: kms:Encrypt on resource: ${KeyId} because ${tooMuch}`,
    )
    const { user: spent } = process.cpuUsage(before)
    assert.ok(spent < 1_500_000, `${spent} us of processor time, that of the client included`)
  })
}

test('what could not be judged was denied, and is said to be', async () => {
  const KeyId = await key(dear.condition)
  const error = await refusalOf(kms.encrypt({ KeyId, Plaintext, EncryptionContext: dear.context }))
  const { Trace } = await answered<WireExplanation>(
    callKeyreeve(server, 'ExplainRequest', { RequestId: error.$metadata.requestId }),
  )
  assert.deepEqual([Trace.Decision, Trace.Reason], ['explicit deny', `The request is denied because ${tooMuch}.`])
  await kms.encrypt({ KeyId, Plaintext, EncryptionContext: { x: `${'a'.repeat(30_000)}b` } })
})

test('neither a statement that names the caller nor a grant beats what could not be judged', async () => {
  const KeyId = await key(dear.condition)
  await administrator.createGrant({ KeyId, GranteePrincipal: user.arn, Operations: ['Encrypt'] })
  await kms.encrypt({ KeyId, Plaintext, EncryptionContext: { x: 'b' } })
  await assert.rejects(kms.encrypt({ KeyId, Plaintext, EncryptionContext: dear.context }), {
    name: 'AccessDeniedException',
  })
})

test('another account does not learn by that whether there is a key', async () => {
  const stranger = await userWith(server, { name: 'stranger', account: '111122223333' }, allow('kms:*'))
  const foreign = server.client({ credentials: stranger })
  const there = await key(dear.condition)
  const gone = there.replace(/[0-9a-f]{12}$/, '000000000000')
  const texts = new Set<string>()
  for (const KeyId of [there, gone]) {
    const error = await refusalOf(foreign.encrypt({ KeyId, Plaintext, EncryptionContext: dear.context }))
    assert.equal(error.name, 'AccessDeniedException')
    texts.add(error.message)
  }
  assert.equal(texts.size, 1)
})
