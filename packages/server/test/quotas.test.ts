import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DataKeyPairSpec } from '@aws-sdk/client-kms'
import type { Key } from '../src/keys/key.ts'
import { keySpecs, type KeySpecName } from '../src/keys/specs.ts'
import { operations } from '../src/operations/index.ts'
import { KmsError } from '../src/protocol/errors.ts'
import { Buckets, quotas, RequestQuotas, type Asked } from '../src/quotas.ts'

const now = Date.UTC(2026, 10, 24)

/** How many single requests a bucket of that rate lets through at a time, one after the other. */
function countAt(buckets: Buckets, rate: number, at: number, bucket = 'a'): number {
  for (let count = 0; ; count++) if (!buckets.take([{ bucket, rate, requests: 1 }], at)) return count
}

for (const [rate, burst] of [
  [5, 5],
  [2000, 2000],
  [100_000, 100_000],
  [1, 1],
  [0.5, 1],
  [0.25, 1],
] as const) {
  test(`a bucket of ${rate} a second lets ${burst} through at once, and then exactly its rate`, () => {
    const buckets = new Buckets()
    const each = 1000 / rate
    assert.equal(countAt(buckets, rate, now), burst)
    assert.equal(countAt(buckets, rate, now), 0)
    if (each > 1) {
      assert.equal(countAt(buckets, rate, now + each - 1), 0)
      assert.equal(countAt(buckets, rate, now + each), 1)
    } else {
      assert.equal(countAt(buckets, rate, now + 1), 1 / each)
    }
    let later = 0
    for (let at = now + 2 * Math.max(each, 1); at < now + 100_000; at += Math.max(each, 1))
      later += countAt(buckets, rate, at)
    assert.ok(Math.abs(later - rate * 100) <= 2 * rate + 2, String(later))
    assert.equal(countAt(buckets, rate, now + 1_000_000_000), burst)
  })
}

test('a bucket of 15 a second lets 15 through each second, though no millisecond brings a whole one', () => {
  const buckets = new Buckets()
  for (let second = 0; second < 1000; second++) assert.equal(countAt(buckets, 15, now + second * 1000), 15)
  let count = 0
  for (let at = now + 1_000_000; at < now + 1_010_000; at++) count += countAt(buckets, 15, at)
  assert.equal(count, 164)
})

test('a request that comes with an older time gets nothing for it', () => {
  const buckets = new Buckets()
  assert.equal(countAt(buckets, 5, now), 5)
  assert.equal(countAt(buckets, 5, now - 10_000), 0)
  assert.equal(countAt(buckets, 5, now + 199), 0)
  assert.equal(countAt(buckets, 5, now + 200), 1)
})

test('takes from all buckets, or from none', () => {
  const buckets = new Buckets()
  const both = [
    { bucket: 'a', rate: 10, requests: 1 },
    { bucket: 'b', rate: 5, requests: 2 },
  ]
  assert.deepEqual([buckets.take(both, now), buckets.take(both, now), buckets.take(both, now)], [true, true, false])
  assert.equal(countAt(buckets, 10, now, 'a'), 8)
  assert.equal(countAt(buckets, 5, now, 'b'), 1)
})

test('forgets buckets that are full again, and no other', () => {
  const buckets = new Buckets()
  assert.equal(countAt(buckets, 0.25, now, 'slow'), 1)
  let most = 0
  for (let at = 0; at < 100_000; at++) {
    assert.ok(buckets.take([{ bucket: String(at), rate: 1000, requests: 1 }], now + Math.floor(at / 100)))
    most = Math.max(most, buckets.size)
  }
  assert.ok(most <= 1024, String(most))
  assert.equal(countAt(buckets, 0.25, now + 1000, 'slow'), 0)
})

test('of 5,000 buckets that are not full, none is forgotten', () => {
  const buckets = new Buckets()
  for (let at = 0; at < 5_000; at++) assert.equal(countAt(buckets, 1, now, String(at)), 1)
  for (let at = 0; at < 5_000; at++) assert.equal(countAt(buckets, 1, now + 999, String(at)), 0)
})

test('the table has every operation of the service, and every spec of data key pairs', () => {
  const counted = new Set(Object.values(quotas).flatMap(quota => quota.operations))
  const all = operations.filter(({ service }) => service === 'kms').map(({ name }) => name)
  assert.deepEqual([...counted].sort(), all.toSorted())
  const pairs = Object.values(quotas).flatMap(({ pair }) => pair ?? [])
  assert.deepEqual(pairs.sort(), Object.values(DataKeyPairSpec).sort())
})

test('whatever kind of key an operation works with, one quota is for it', () => {
  const kinds = new Map<string, string[]>()
  for (const { operations: names, kinds: some = [] } of Object.values(quotas)) {
    for (const name of names) kinds.set(name, [...(kinds.get(name) ?? []), ...some])
  }
  const usages = {
    ENCRYPT_DECRYPT: ['Encrypt', 'Decrypt', 'ReEncrypt'],
    SIGN_VERIFY: ['Sign', 'Verify'],
    GENERATE_VERIFY_MAC: ['GenerateMac', 'VerifyMac'],
    KEY_AGREEMENT: ['DeriveSharedSecret'],
    ENCAPSULATE_DECAPSULATE: ['Encapsulate', 'Decapsulate'],
  } as const
  for (const [name, { kind, usages: all }] of Object.entries(keySpecs)) {
    for (const operation of all.flatMap(usage => usages[usage])) {
      const found = kinds.get(operation)?.filter(other => other === kind)
      assert.deepEqual(found, [kind], `${operation} with ${name}`)
    }
  }
})

const account = '111122223333'

// A quota looks at no more of a key than this.
const keyOf = (spec: KeySpecName, keyStore?: string, owner = account) =>
  ({ account: owner, region: 'us-east-1', spec, ...(keyStore && { keyStore: { id: keyStore } }) }) as unknown as Key

/** How many such requests are admitted at once, of at most `most`. */
function countOf(limits: RequestQuotas, ask: Partial<Asked> & { keys?: Key[] }, most = 200_000): number {
  const { keys, ...rest } = ask
  for (let count = 0; count < most; count++) {
    const asked = { request: {}, operation: 'X', account, region: 'us-east-1', now, input: {}, ...rest }
    try {
      limits.admit(asked)
      limits.admit(asked, keys ?? [])
    } catch (error) {
      assert.ok(error instanceof KmsError)
      assert.equal(error.code, 'ThrottlingException')
      return count
    }
  }
  return most
}

test('symmetric cryptographic operations share a quota that depends on the Region, and on nothing of the key', () => {
  for (const [region, rate] of [
    ['us-east-1', 100_000],
    ['us-west-2', 100_000],
    ['eu-west-1', 100_000],
    ['us-east-2', 20_000],
    ['eu-central-1', 20_000],
    ['eu-north-1', 10_000],
  ] as const) {
    const limits = new RequestQuotas()
    const keys = [keyOf('SYMMETRIC_DEFAULT')]
    assert.equal(countOf(limits, { operation: 'Encrypt', region, keys }, 1000), 1000)
    assert.equal(countOf(limits, { operation: 'GenerateMac', region, keys: [keyOf('HMAC_256')] }, 1000), 1000)
    assert.equal(countOf(limits, { operation: 'GenerateRandom', region }), rate - 2000)
    assert.equal(countOf(limits, { operation: 'Decrypt', region, keys }), 0)
    assert.equal(countOf(limits, { operation: 'Decrypt', region, keys: [keyOf('RSA_2048')] }), 1000)
    assert.equal(countOf(limits, { operation: 'Verify', region, keys: [keyOf('RSA_4096')] }), 0)
    assert.equal(countOf(limits, { operation: 'Sign', region, keys: [keyOf('ECC_NIST_P256')] }), 1000)
    assert.equal(countOf(limits, { operation: 'Sign', region, keys: [keyOf('ECC_NIST_EDWARDS25519')] }), 0)
    assert.equal(countOf(limits, { operation: 'Sign', region, keys: [keyOf('ML_DSA_44')] }), 1000)
  }
})

test('ReEncrypt counts once for each type of key that it uses', () => {
  const region = 'eu-north-1'
  const [symmetric, rsa] = [keyOf('SYMMETRIC_DEFAULT'), keyOf('RSA_2048')]
  const same = new RequestQuotas()
  assert.equal(countOf(same, { operation: 'ReEncrypt', region, keys: [symmetric, symmetric] }), 10_000)
  const mixed = new RequestQuotas()
  assert.equal(countOf(mixed, { operation: 'ReEncrypt', region, keys: [symmetric, rsa] }), 1000)
  assert.equal(countOf(mixed, { operation: 'Encrypt', region, keys: [symmetric] }), 9000)
})

test('a custom key store has a quota for all who use it, and nobody else can use it up', () => {
  const limits = new RequestQuotas()
  const [mine, foreign] = [keyOf('SYMMETRIC_DEFAULT', 'cks-1'), keyOf('SYMMETRIC_DEFAULT', 'cks-1', '444455556666')]
  const CustomKeyStoreId = 'cks-1'
  assert.equal(
    countOf(limits, { operation: 'GenerateRandom', account: '444455556666', input: { CustomKeyStoreId } }),
    1800,
  )
  assert.equal(countOf(limits, { operation: 'Encrypt', keys: [mine] }, 1000), 1000)
  assert.equal(countOf(limits, { operation: 'Decrypt', account: '777788889999', keys: [mine] }), 800)
  assert.equal(countOf(limits, { operation: 'GenerateRandom', input: { CustomKeyStoreId } }), 0)
  assert.equal(countOf(limits, { operation: 'Encrypt', keys: [foreign] }), 0)
  assert.equal(countOf(limits, { operation: 'Encrypt', keys: [keyOf('SYMMETRIC_DEFAULT', 'cks-2')] }), 1800)
  assert.equal(countOf(limits, { operation: 'Encrypt', keys: [keyOf('SYMMETRIC_DEFAULT')] }, 1000), 1000)
})

test('data key pairs have a quota for each spec, that both operations share, and use no other', () => {
  const limits = new RequestQuotas()
  const keys = [keyOf('SYMMETRIC_DEFAULT')]
  const pairs = (operation: string, KeyPairSpec: string) => countOf(limits, { operation, keys, input: { KeyPairSpec } })
  assert.equal(pairs('GenerateDataKeyPair', 'RSA_3072'), 4)
  assert.equal(pairs('GenerateDataKeyPairWithoutPlaintext', 'RSA_3072'), 0)
  assert.equal(pairs('GenerateDataKeyPairWithoutPlaintext', 'RSA_4096'), 1)
  assert.equal(pairs('GenerateDataKeyPair', 'ECC_NIST_P256'), 100)
  assert.equal(countOf(limits, { operation: 'Encrypt', keys }), 100_000)
})

test('ReplicateKey counts as two of CreateKey where the replica is made', () => {
  const limits = new RequestQuotas()
  const replicate = (ReplicaRegion: string) => countOf(limits, { operation: 'ReplicateKey', input: { ReplicaRegion } })
  assert.equal(replicate('eu-west-1'), 2)
  assert.equal(countOf(limits, { operation: 'CreateKey', region: 'eu-west-1' }), 1)
  assert.equal(countOf(limits, { operation: 'CreateKey' }), 5)
  assert.equal(replicate('eu-west-2'), 2)
  assert.equal(replicate('eu-west-3'), 1)
})

test('UpdatePrimaryRegion counts in both Regions', () => {
  const limits = new RequestQuotas()
  const update = (region: string, PrimaryRegion: string) =>
    countOf(limits, { operation: 'UpdatePrimaryRegion', region, input: { PrimaryRegion } })
  assert.equal(update('us-east-1', 'eu-west-1'), 5)
  assert.equal(update('eu-west-1', 'eu-west-2'), 0)
  assert.equal(update('eu-west-2', 'eu-west-3'), 5)
})

test('a request that is decided again is counted once, and what the service does not limit, never', () => {
  const limits = new RequestQuotas()
  const asked = { request: {}, operation: 'CreateKey', account, region: 'us-east-1', now, input: {} }
  for (let attempt = 0; attempt < 20; attempt++) limits.admit(asked)
  assert.equal(countOf(limits, { operation: 'CreateKey' }), 4)
  assert.equal(countOf(limits, { operation: 'GetCallerIdentity' }), 200_000)
})
