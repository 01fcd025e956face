import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import {
  contextTag,
  contextTags,
  parentTags,
  type Grant,
  type GrantConstraints,
  type GrantOperation,
} from '../src/auth/grants.ts'
import { putKey } from '../src/operations/family.ts'
import { withGrant } from '../src/operations/grants.ts'
import { keyRow } from '../src/store/documents.ts'
import { refused } from './support/answers.ts'
import { ownAccount, userWith } from './support/identities.ts'
import { start } from './support/server.ts'

const server = await start()
after(() => server.stop())
const kms = server.client()

/** Puts grants into the store as CreateGrant does, a thousand at a time. */
async function withGrants(
  KeyId: string,
  granteePrincipal: string,
  all: readonly GrantConstraints[],
  operations: GrantOperation[] = ['Encrypt', 'Decrypt'],
): Promise<void> {
  const { store } = server.app
  for (let start = 0; start < all.length; start += 1000) {
    const view = store.view()
    const key = await view.get('key', keyRow(ownAccount, 'us-east-1', KeyId))
    assert.ok(key)
    const some = all.slice(start, start + 1000)
    const changes = []
    for (const [index, constraints] of some.entries()) {
      const id = String(start + index).padStart(64, '0')
      const grant: Grant = {
        account: ownAccount,
        region: 'us-east-1',
        keyId: KeyId,
        id,
        createdAt: 0,
        issuingAccount: ownAccount,
        granteePrincipal,
        operations,
        constraints,
      }
      await view.get('grant', `${keyRow(ownAccount, 'us-east-1', KeyId)}/${id}`)
      changes.push(...(await withGrant(view, key, grant)).slice(1))
    }
    const counted = putKey({ ...key, grants: (key.grants ?? 0) + some.length })
    assert.equal(await store.commit(view, [counted, ...changes], []), 'committed')
  }
}

const newKey = async (): Promise<string> => (await kms.createKey({})).KeyMetadata?.KeyId ?? ''

test('one of 10,000 grants for the same principal is found at once by its encryption context', async () => {
  const grantee = await userWith(server, 'grantee')
  const client = server.client({ credentials: grantee })
  const [KeyId, Plaintext] = [await newKey(), Buffer.alloc(16)]
  const contexts = Array.from({ length: 10_000 }, (_, index): [string, string][] => [['volume', String(index)]])
  await withGrants(
    KeyId,
    grantee.arn,
    contexts.map((pairs, index) =>
      index % 2 ? { encryptionContextEquals: pairs } : { encryptionContextSubset: pairs },
    ),
  )
  const reads = countReads()
  await client.encrypt({ KeyId, Plaintext, EncryptionContext: { volume: '9999' } })
  await client.encrypt({ KeyId, Plaintext, EncryptionContext: { other: 'x', volume: '9998' } })
  await refused(
    client.encrypt({ KeyId, Plaintext, EncryptionContext: { volume: '10000' } }),
    'AccessDeniedException',
    `User: ${grantee.arn} is not authorized to perform: kms:Encrypt on resource: arn:aws:kms:us-east-1:${ownAccount}:key/${KeyId} because no identity-based policy allows the kms:Encrypt action`,
  )
  await assert.rejects(client.encrypt({ KeyId, Plaintext, EncryptionContext: { other: 'x', volume: '9999' } }))
  // A denial looks at no more than it explains.
  assert.ok(reads() < 5000, `${reads()} rows were read`)
})

test('one of 10,000 grants that let grants be made is found by what the new one is for', async () => {
  const grantee = await userWith(server, 'parent')
  const client = server.client({ credentials: grantee })
  const KeyId = await newKey()
  const contexts = Array.from({ length: 10_000 }, (_, index): [string, string][] => [['volume', String(index)]])
  await withGrants(
    KeyId,
    grantee.arn,
    contexts.map((pairs, index) =>
      index % 2 ? { encryptionContextEquals: pairs } : { encryptionContextSubset: pairs },
    ),
    ['Decrypt', 'CreateGrant'],
  )
  const child = { KeyId, GranteePrincipal: grantee.arn, Operations: ['Decrypt' as const] }
  const equals = (pairs: Record<string, string>) => ({ ...child, Constraints: { EncryptionContextEquals: pairs } })
  const subset = (pairs: Record<string, string>) => ({ ...child, Constraints: { EncryptionContextSubset: pairs } })
  await client.createGrant(equals({ volume: '9999' }))
  await client.createGrant(equals({ other: 'x', volume: '9998' }))
  await client.createGrant(subset({ other: 'x', volume: '9998' }))
  for (const wider of [
    child,
    subset({ volume: '9999' }),
    equals({ other: 'x', volume: '9999' }),
    subset({ volume: 'x' }),
  ]) {
    await assert.rejects(client.createGrant(wider), { name: 'AccessDeniedException' })
  }
})

test('C10: neither thousands of grants that do not fit nor of pairs to look up keep others waiting', async () => {
  const grantee = await userWith(server, 'flood')
  const client = server.client({ credentials: grantee })
  const tooMuch = (KeyId: string, action: string) =>
    `User: ${grantee.arn} is not authorized to perform: kms:${action} on resource: arn:aws:kms:us-east-1:${ownAccount}:key/${KeyId} because its values, and the policies and grants that concern it, are too many, or too long, to judge it`
  const [many, one] = [await newKey(), await newKey()]
  await withGrants(
    many,
    grantee.arn,
    Array.from({ length: 10_000 }, () => ({})),
  )
  await withGrants(one, grantee.arn, [{}])
  const reads = countReads()
  await refused(client.describeKey({ KeyId: many }), 'AccessDeniedException', tooMuch(many, 'DescribeKey'))
  await refused(
    client.generateDataKey({ KeyId: many, KeySpec: 'AES_256' }),
    'AccessDeniedException',
    tooMuch(many, 'GenerateDataKey'),
  )
  // What was judged, and what is explained.
  assert.ok(reads() < 7000, `${reads()} rows were read`)
  const EncryptionContext = Object.fromEntries(Array.from({ length: 3000 }, (_, index) => [`name-${index}`, 'x']))
  await refused(
    client.generateDataKey({ KeyId: one, KeySpec: 'AES_256', EncryptionContext }),
    'AccessDeniedException',
    tooMuch(one, 'GenerateDataKey'),
  )
  // The first that fits is enough.
  await client.encrypt({ KeyId: many, Plaintext: Buffer.alloc(16) })
  await client.encrypt({ KeyId: one, Plaintext: Buffer.alloc(16), EncryptionContext })
})

/** How many documents are read from now on. */
function countReads(): () => number {
  const { store } = server.app
  const [page, byRef] = [store.page.bind(store), store.byRef.bind(store)]
  let count = 0
  const counted =
    <A extends unknown[], T>(read: (...args: A) => Promise<T[]>) =>
    async (...args: A): Promise<T[]> => {
      const found = await read(...args)
      count += found.length
      return found
    }
  store.page = counted(page) as typeof page // The same function, watched.
  store.byRef = counted(byRef) as typeof byRef
  return () => count
}

test('whatever meets the constraint of a grant has its tag', () => {
  const pairs: [string, string][] = [
    ['b', '2'],
    ['a', '1'],
  ]
  const subset = (...some: [string, string][]) => contextTag({ constraints: { encryptionContextSubset: some } })
  const equals = (...some: [string, string][]) => contextTag({ constraints: { encryptionContextEquals: some } })
  const tags = contextTags(new Map(pairs))
  for (const tag of [
    contextTag({}),
    subset(),
    subset(...pairs),
    subset(['a', '1']),
    equals(...pairs),
    equals(...pairs.toReversed()),
  ]) {
    assert.ok(tags.includes(tag))
  }
  for (const tag of [
    equals(),
    equals(['a', '1']),
    subset(['a', '2']),
    subset(['A', '1']),
    equals(['a', '1'], ['b', '2'], ['c', '3']),
  ]) {
    assert.ok(!tags.includes(tag))
  }
  assert.ok(contextTags().includes(equals()))
  // No two texts run into each other.
  assert.notEqual(subset(['a', 'b']), subset(['ab', '']))
  assert.notEqual(equals(['a', 'b'], ['c', 'd']), equals(['a', 'b,c'], ['d', '']))
})

test('whatever lets a grant be made has one of its tags', () => {
  const a: [string, string] = ['a', '1']
  const b: [string, string] = ['b', '2']
  const tag = (constraints: GrantConstraints) => contextTag({ constraints })
  for (const [child, parents, others] of [
    [{}, [{}], [{ encryptionContextEquals: [] }, { encryptionContextSubset: [a] }]],
    [
      { encryptionContextEquals: [b, a] },
      [{}, { encryptionContextEquals: [a, b] }, { encryptionContextSubset: [b] }, { encryptionContextSubset: [a, b] }],
      [{ encryptionContextEquals: [a] }],
    ],
    [
      { encryptionContextSubset: [a] },
      [{}, { encryptionContextSubset: [a] }],
      [{ encryptionContextEquals: [a] }, { encryptionContextSubset: [b] }],
    ],
    [
      { encryptionContextEquals: [a], encryptionContextSubset: [b] },
      [{ encryptionContextEquals: [a] }, { encryptionContextSubset: [a] }, { encryptionContextSubset: [b] }],
      [{ encryptionContextEquals: [a, b] }],
    ],
  ] satisfies [GrantConstraints, GrantConstraints[], GrantConstraints[]][]) {
    const tags = parentTags(child)
    for (const parent of parents) assert.ok(tags.includes(tag(parent)))
    for (const other of others) assert.ok(!tags.includes(tag(other)))
  }
})
