import type { Key } from './keys/key.ts'
import { keySpecs, type KeySpec } from './keys/specs.ts'
import { throttled } from './protocol/errors.ts'

interface Quota {
  /** Requests per second. */
  rate: number
  /** In Regions that have another rate. */
  regional?: Readonly<Record<string, number>>
  operations: readonly string[]
  /** Counts only requests on keys of these kinds, or on none. */
  kinds?: readonly KeySpec['kind'][]
  /** Counts only requests for data key pairs of this spec. */
  pair?: string
  /** Counted for each custom key store, whoever uses it, in place of each account. */
  perStore?: true
}

/**
 * AWS's default request quotas, by their names there
 * (https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html, as of 2026-11). The page does not have
 * ML-KEM: its keys are counted as those of ML-DSA are, its data key pairs as those of elliptic curves.
 */
export const quotas: Readonly<Record<string, Quota>> = {
  'Cryptographic operations (symmetric) request rate': {
    rate: 10_000,
    regional: {
      ...inRegions(20_000, 'us-east-2 ap-southeast-1 ap-southeast-2 ap-northeast-1 eu-central-1 eu-west-2'),
      ...inRegions(100_000, 'us-east-1 us-west-2 eu-west-1'),
    },
    operations: [
      'Decrypt',
      'Encrypt',
      'GenerateDataKey',
      'GenerateDataKeyWithoutPlaintext',
      'GenerateMac',
      'GenerateRandom',
      'ReEncrypt',
      'VerifyMac',
    ],
    kinds: ['symmetric', 'hmac'],
  },
  'Cryptographic operations (RSA) request rate': {
    rate: 1000,
    operations: ['Decrypt', 'Encrypt', 'ReEncrypt', 'Sign', 'Verify'],
    kinds: ['rsa'],
  },
  'Cryptographic operations (ML-DSA) request rate': {
    rate: 1000,
    operations: ['Sign', 'Verify'],
    kinds: ['ml-dsa'],
  },
  'Cryptographic operations (ML-KEM) request rate': {
    rate: 1000,
    operations: ['Encapsulate', 'Decapsulate'],
    kinds: ['ml-kem'],
  },
  'Cryptographic operations (ECC and SM2) request rate': {
    rate: 1000,
    operations: ['Decrypt', 'DeriveSharedSecret', 'Encrypt', 'ReEncrypt', 'Sign', 'Verify'],
    kinds: ['ecc', 'ed25519', 'sm2'],
  },
  'Custom key store request quotas': {
    rate: 1800,
    operations: [
      'Decrypt',
      'DeriveSharedSecret',
      'Encrypt',
      'GenerateDataKey',
      'GenerateDataKeyWithoutPlaintext',
      'GenerateRandom',
      'ReEncrypt',
    ],
    perStore: true,
  },
  ...ofPairs({
    ECC_NIST_P256: 100,
    ECC_NIST_P384: 100,
    ECC_NIST_P521: 100,
    ECC_SECG_P256K1: 100,
    ECC_NIST_EDWARDS25519: 100,
    ML_KEM_512: 100,
    ML_KEM_768: 100,
    ML_KEM_1024: 100,
    RSA_2048: 20,
    RSA_3072: 4,
    RSA_4096: 1,
    SM2: 25,
  }),
  ...ofOperations({
    CancelKeyDeletion: 5,
    ConnectCustomKeyStore: 5,
    CreateAlias: 5,
    CreateCustomKeyStore: 5,
    CreateGrant: 50,
    CreateKey: 5,
    DeleteAlias: 15,
    DeleteCustomKeyStore: 5,
    DeleteImportedKeyMaterial: 15,
    DescribeCustomKeyStores: 5,
    DescribeKey: 2000,
    DisableKey: 5,
    DisableKeyRotation: 5,
    DisconnectCustomKeyStore: 5,
    EnableKey: 5,
    EnableKeyRotation: 15,
    GetKeyLastUsage: 5,
    GetKeyPolicy: 1000,
    GetKeyRotationStatus: 1000,
    GetParametersForImport: 1,
    GetPublicKey: 2000,
    ImportKeyMaterial: 15,
    ListAliases: 500,
    ListGrants: 100,
    ListKeyPolicies: 100,
    ListKeyRotations: 100,
    ListKeys: 500,
    ListResourceTags: 2000,
    ListRetirableGrants: 100,
    PutKeyPolicy: 15,
    ReplicateKey: 5,
    RetireGrant: 50,
    RevokeGrant: 50,
    RotateKeyOnDemand: 5,
    ScheduleKeyDeletion: 15,
    TagResource: 10,
    UntagResource: 5,
    UpdateAlias: 5,
    UpdateCustomKeyStore: 5,
    UpdateKeyDescription: 5,
    UpdatePrimaryRegion: 5,
  }),
}

function inRegions(rate: number, regions: string): Record<string, number> {
  return Object.fromEntries(regions.split(' ').map(region => [region, rate]))
}

function ofOperations(rates: Readonly<Record<string, number>>): Record<string, Quota> {
  return Object.fromEntries(
    Object.entries(rates).map(([name, rate]) => [`${name} request rate`, { rate, operations: [name] }]),
  )
}

function ofPairs(rates: Readonly<Record<string, number>>): Record<string, Quota> {
  const operations = ['GenerateDataKeyPair', 'GenerateDataKeyPairWithoutPlaintext']
  return Object.fromEntries(
    Object.entries(rates).map(([pair, rate]) => [
      `GenerateDataKeyPair (${pair}) request rate`,
      { rate, operations, pair },
    ]),
  )
}

/** For what else a request counts, in the Region that it names; from the same page. */
const elsewhere: Readonly<Record<string, { quota: string; requests: number; member: string }>> = {
  // One of the two is a dry run, AWS says.
  ReplicateKey: { quota: 'CreateKey request rate', requests: 2, member: 'ReplicaRegion' },
  UpdatePrimaryRegion: { quota: 'UpdatePrimaryRegion request rate', requests: 1, member: 'PrimaryRegion' },
}

/** A request, as far as quotas look at it. */
export interface Asked {
  /** The same object however often the request is decided: it is counted once. */
  request: object
  operation: string
  /** Of the caller: who uses a key of another account pays for it. */
  account: string
  region: string
  /** Milliseconds since any moment; the same one for all. */
  now: number
  input: unknown
}

/** So many requests, in one bucket. */
interface Charge {
  bucket: string
  rate: number
  requests: number
}

/** Holds each account to the quotas, in each Region. */
export class RequestQuotas {
  readonly #buckets = new Buckets()
  readonly #counted = new WeakSet<object>()

  /**
   * Counts the request, or refuses it and counts nothing. Before its keys are known, only what does not depend on them is
   * counted; with them, only what does.
   *
   * @throws ThrottlingException
   */
  admit(asked: Asked, keys?: readonly Key[]): void {
    if (this.#counted.has(asked.request)) return
    const rows = byOperation.get(asked.operation)
    if (!rows || rows.dependOnKeys !== (keys !== undefined)) return
    if (!this.#buckets.take(chargesOf(rows.quotas, asked, keys ?? []), asked.now)) throw throttled()
    this.#counted.add(asked.request)
  }
}

const byOperation = new Map<string, { quotas: [name: string, quota: Quota][]; dependOnKeys: boolean }>()
for (const [name, quota] of Object.entries(quotas)) {
  for (const operation of quota.operations) {
    const rows = byOperation.get(operation) ?? { quotas: [], dependOnKeys: false }
    rows.quotas.push([name, quota])
    rows.dependOnKeys ||= quota.kinds !== undefined
    byOperation.set(operation, rows)
  }
}

function chargesOf(rows: readonly [string, Quota][], asked: Asked, keys: readonly Key[]): Charge[] {
  const { account, region } = asked
  const input = asked.input as { KeyPairSpec?: string; CustomKeyStoreId?: string; [member: string]: unknown } // Any operation's.
  const charges: Charge[] = []
  const charge = (name: string, { rate, regional }: Quota, owner: string, where: string, requests = 1) =>
    charges.push({ bucket: `${owner} ${where} ${name}`, rate: regional?.[where] ?? rate, requests })
  for (const [name, quota] of rows) {
    if (quota.pair !== undefined && quota.pair !== input.KeyPairSpec) continue
    if (quota.perStore) {
      for (const store of storesOf(account, input.CustomKeyStoreId, keys)) charge(name, quota, store, region)
    } else if (!quota.kinds || keys.length === 0 || keys.some(key => quota.kinds?.includes(keySpecs[key.spec].kind))) {
      charge(name, quota, account, region)
    }
  }
  const other = elsewhere[asked.operation]
  const where = other && String(input[other.member])
  const quota = other && quotas[other.quota]
  if (quota && where !== undefined && where !== region) charge(other.quota, quota, account, where, other.requests)
  return charges
}

/** The custom key stores in use, each once. Their ids are their owner's: nobody can use up another's by its name. */
function storesOf(account: string, named: string | undefined, keys: readonly Key[]): Set<string> {
  const stores = keys.flatMap(key => (key.keyStore ? [`${key.account}/${key.keyStore.id}`] : []))
  return new Set(named === undefined ? stores : [...stores, `${account}/${named}`])
}

interface Bucket {
  /** Thousandths of requests per millisecond. */
  rate: number
  /** How many thousandths of a request it has left; whole numbers for whole rates, so that nothing is lost to rounding. */
  level: number
  /** As of when. */
  at: number
}

/** Buckets are looked through for full ones when there are so many, or twice as many as the last look left. */
const fewBuckets = 1024

/**
 * Token buckets that hold what one second brings, or one request if that is less. A full bucket is as good as none, so
 * there are only as many as were used within seconds.
 */
export class Buckets {
  readonly #buckets = new Map<string, Bucket>()
  #most = fewBuckets

  get size(): number {
    return this.#buckets.size
  }

  /** Takes from all of the buckets, or, if one of them holds too little, from none. */
  take(charges: readonly Charge[], now: number): boolean {
    for (const { bucket, rate, requests } of charges) {
      if (this.#refilled(bucket, rate, now).level < requests * 1000) return false
    }
    for (const { bucket, rate, requests } of charges) this.#refilled(bucket, rate, now).level -= requests * 1000
    return true
  }

  #refilled(name: string, rate: number, now: number): Bucket {
    const known = this.#buckets.get(name)
    if (known) {
      refill(known, now)
      return known
    }
    if (this.#buckets.size >= this.#most) this.#dropFull(now)
    const fresh = { rate, level: capacity(rate), at: now }
    this.#buckets.set(name, fresh)
    return fresh
  }

  #dropFull(now: number): void {
    for (const [name, bucket] of this.#buckets) {
      refill(bucket, now)
      if (bucket.level === capacity(bucket.rate)) this.#buckets.delete(name)
    }
    this.#most = Math.max(fewBuckets, 2 * this.#buckets.size)
  }
}

const capacity = (rate: number): number => Math.max(1, rate) * 1000

/** Requests that have waited for something else may come with an older time. */
function refill(bucket: Bucket, now: number): void {
  if (now <= bucket.at) return
  bucket.level = Math.min(capacity(bucket.rate), bucket.level + (now - bucket.at) * bucket.rate)
  bucket.at = now
}
