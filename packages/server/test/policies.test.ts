import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { keyPolicyOf } from '../src/policies.ts'
import { keyRow } from '../src/store/documents.ts'
import { ownAccount } from './support/identities.ts'
import { start } from './support/server.ts'

const server = await start()
after(() => server.stop())
const kms = server.client()

const policyFor = (account: string, padding = ''): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Id: padding,
    Statement: { Effect: 'Allow', Principal: { AWS: account }, Action: 'kms:*', Resource: '*' },
  })

test('a key policy is compiled once for each version of the key, and anew when it is put', async () => {
  // Too long to be shared by text with that of another key.
  const { KeyMetadata } = await kms.createKey({ Policy: policyFor(ownAccount, 'x'.repeat(5000)) })
  const KeyId = KeyMetadata?.KeyId ?? ''
  const compiled = async () => {
    const key = await server.app.store.view().get('key', keyRow(ownAccount, 'us-east-1', KeyId))
    assert.ok(key)
    return keyPolicyOf(key)
  }
  const first = await compiled()
  await kms.encrypt({ KeyId, Plaintext: Buffer.alloc(1) })
  assert.equal(await compiled(), first)
  await kms.putKeyPolicy({ KeyId, Policy: policyFor(ownAccount, 'y'.repeat(5000)) })
  const second = await compiled()
  assert.notEqual(second, first)
  assert.equal(await compiled(), second)
})
