import assert from 'node:assert/strict'
import { createCipheriv, createDecipheriv, createHash, createHmac, createSecretKey } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { describe, test } from 'node:test'
import {
  dayKeyErasedAt,
  dayOf,
  isUsable,
  issueToken,
  maximumFailures,
  newDayKey,
  openToken,
  tokenDay,
  tokenLifetime,
} from '../../src/import/token.ts'
import type { NewToken } from '../../src/import/token.ts'

const now = Date.UTC(2026, 10, 20, 13, 14, 15, 678)
const binding = { account: '111122223333', region: 'us-west-2', keyId: '1234abcd-12ab-34cd-56ef-1234567890ab' }
const publicKey = Buffer.from('a SubjectPublicKeyInfo')
/** As long as PKCS #8 of 4096 bits gets; tokens do not look inside. */
const privateKey = Buffer.from(Uint8Array.from({ length: 2376 }, (_, index) => index * 31))
const rawDayKey = Buffer.alloc(32, 0x0d)
const dayKey = createSecretKey(rawDayKey)
const claims: NewToken = {
  ...binding,
  algorithm: 'RSA_AES_KEY_WRAP_SHA_256',
  wrappingKeySpec: 'RSA_4096',
  publicKey,
  createdAt: now,
  validTo: now + tokenLifetime,
}
const token = issueToken(dayKey, claims, privateKey)

test('a token opens for the key that it was issued for, and says what it was given', () => {
  assert.deepEqual(openToken(dayKey, token, binding), {
    id: token.toString('hex', 5, 21),
    algorithm: 'RSA_AES_KEY_WRAP_SHA_256',
    wrappingKeySpec: 'RSA_4096',
    createdAt: now,
    validTo: now + 86_400_000,
    publicKeyHash: createHash('sha256').update(publicKey).digest(),
    privateKey,
  })
})

test('a token opens again and again', () => {
  openToken(dayKey, token, binding)?.privateKey.fill(0)
  assert.deepEqual(openToken(dayKey, token, binding)?.privateKey, privateKey)
})

test('a token of the largest wrapping key fits the API', () => {
  assert.ok(token.length < 6144, `${token.length} bytes`)
  assert.equal(token.length, 33 + 46 + privateKey.length + 16)
})

test('no two tokens are alike, even for the same wrapping key', () => {
  const tokens = Array.from({ length: 100 }, () => issueToken(dayKey, claims, privateKey))
  assert.equal(new Set(tokens.map(one => openToken(dayKey, one, binding)?.id)).size, 100)
  assert.equal(new Set(tokens.map(one => one.toString('hex', 21, 80))).size, 100)
})

/** The documented format, from Node's primitives alone. */
function keyOf(header: Buffer): Buffer {
  const context = header.subarray(5, 21)
  return createHmac('sha256', rawDayKey)
    .update(Buffer.concat([Buffer.from('00000001', 'hex'), Buffer.from('import-token/v1\0'), context]))
    .update(Buffer.from('00000100', 'hex'))
    .digest()
}

function additionalData(header: Buffer): Buffer {
  const fields = ['import-token/v1', binding.account, binding.region, binding.keyId]
  return Buffer.concat([header, ...fields.flatMap(text => [Buffer.from([0, 0, 0, text.length]), Buffer.from(text)])])
}

test('the bytes of a token are the documented ones', () => {
  const header = token.subarray(0, 33)
  assert.equal(header.toString('hex', 0, 5), '01' + (20_777).toString(16).padStart(8, '0'))
  const decipher = createDecipheriv('aes-256-gcm', keyOf(header), header.subarray(21), { authTagLength: 16 })
  decipher.setAAD(additionalData(header))
  decipher.setAuthTag(token.subarray(-16))
  const sealed = Buffer.concat([decipher.update(token.subarray(33, -16)), decipher.final()])
  const head = Buffer.alloc(14)
  head.writeUIntBE(now, 0, 6)
  head.writeUIntBE(now + 86_400_000, 6, 6)
  head.set([5, 3], 12)
  assert.deepEqual(sealed, Buffer.concat([head, createHash('sha256').update(publicKey).digest(), privateKey]))
})

/** A token that only whoever has the day key could make. */
function forged(plaintext: Buffer): Buffer {
  const header = token.subarray(0, 33)
  const cipher = createCipheriv('aes-256-gcm', keyOf(header), header.subarray(21), { authTagLength: 16 })
  cipher.setAAD(additionalData(header))
  return Buffer.concat([header, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
}

describe('refuses a token', () => {
  const refuses = (what: string, changed: Uint8Array, key: KeyObject = dayKey, bound = binding): void => {
    assert.ok(openToken(key, changed, bound) === undefined, what)
  }

  test('with any byte changed', () => {
    for (let index = 0; index < token.length; index++) {
      const changed = Buffer.from(token)
      changed[index]! ^= 1 << (index % 8)
      refuses(`byte ${index}`, changed)
    }
  })

  test('with any bit of the part in clear changed', () => {
    for (let bit = 0; bit < 33 * 8; bit++) {
      const changed = Buffer.from(token)
      changed[bit >> 3]! ^= 1 << (bit & 7)
      refuses(`bit ${bit}`, changed)
    }
  })

  test('cut short anywhere, or lengthened', () => {
    for (let size = 0; size < token.length; size++) refuses(`${size} bytes`, token.subarray(0, size))
    refuses('lengthened', Buffer.concat([token, Buffer.alloc(1)]))
    refuses('preceded', Buffer.concat([Buffer.alloc(1), token]))
    refuses('twice', Buffer.concat([token, token]))
  })

  test('of another account, Region or key', () => {
    refuses('account', token, dayKey, { ...binding, account: '111122223334' })
    refuses('Region', token, dayKey, { ...binding, region: 'us-west-1' })
    refuses('key', token, dayKey, { ...binding, keyId: '1234abcd-12ab-34cd-56ef-1234567890ac' })
  })

  test('for names that only together spell the same', () => {
    const { account, region, keyId } = binding
    refuses('shifted left', token, dayKey, { account: account + region.slice(0, 1), region: region.slice(1), keyId })
    refuses('shifted right', token, dayKey, { account, region: region + keyId.slice(0, 1), keyId: keyId.slice(1) })
    refuses('joined', token, dayKey, { account: account + region + keyId, region: '', keyId: '' })
  })

  test('under the key of another day', () => {
    refuses('another key', token, createSecretKey(newDayKey()))
  })

  test('put together from two', () => {
    const other = issueToken(dayKey, { ...claims, algorithm: 'RSAES_PKCS1_V1_5' }, privateKey)
    for (const at of [13, 21, 33, token.length - 16]) {
      refuses(`at ${at}`, Buffer.concat([token.subarray(0, at), other.subarray(at)]))
    }
  })

  test('with codes that this version does not know', () => {
    const plaintext = Buffer.alloc(100, 1)
    assert.ok(openToken(dayKey, forged(plaintext), binding))
    for (const [at, code] of [
      [12, 0],
      [12, 7],
      [13, 0],
      [13, 5],
    ] as const) {
      const changed = Buffer.from(plaintext)
      changed[at] = code
      refuses(`code ${code} at ${at}`, forged(changed))
    }
  })

  test('without a private key', () => {
    refuses('nothing after the claims', forged(Buffer.alloc(46, 1)))
  })
})

describe('time', () => {
  test('the day is found without the key', () => {
    assert.equal(tokenDay(token), dayOf(now))
    assert.equal(dayOf(now), 20_777)
  })

  test('days turn at midnight UTC', () => {
    const midnight = Date.UTC(2026, 10, 21)
    assert.equal(dayOf(midnight - 1), 20_777)
    assert.equal(dayOf(midnight), 20_778)
  })

  test('what is no token has no day', () => {
    const otherVersion = Buffer.from(token)
    otherVersion[0] = 2
    for (const bytes of [Buffer.alloc(0), Buffer.alloc(6144), token.subarray(0, 95), otherVersion]) {
      assert.equal(tokenDay(bytes), undefined)
    }
  })

  test('a token lives for 24 hours to the millisecond, and is expired one later', () => {
    const opened = openToken(dayKey, token, binding)!
    assert.ok(isUsable(opened, 0, now))
    assert.ok(isUsable(opened, 0, now + 24 * 60 * 60 * 1000))
    assert.ok(!isUsable(opened, 0, now + 24 * 60 * 60 * 1000 + 1))
  })

  test('a token is dead after 16 failures', () => {
    const opened = openToken(dayKey, token, binding)!
    assert.equal(maximumFailures, 16)
    assert.ok(isUsable(opened, 15, now))
    for (const failures of [16, 17, 1000]) assert.ok(!isUsable(opened, failures, now))
  })

  test('the key of a day outlives its last token by a millisecond, and is gone 48 hours after it was made', () => {
    const day = dayOf(now)
    const [first, last] = [Date.UTC(2026, 10, 20), Date.UTC(2026, 10, 21) - 1]
    assert.equal(dayKeyErasedAt(day), last + tokenLifetime + 1)
    assert.equal(dayKeyErasedAt(day), first + 48 * 60 * 60 * 1000)
  })

  test('day keys are 32 random bytes', () => {
    const keys = Array.from({ length: 50 }, newDayKey)
    assert.equal(new Set(keys.map(key => key.toString('hex'))).size, 50)
    for (const key of keys) assert.equal(key.length, 32)
  })
})

test('private keys are wiped by whoever holds them: issuing leaves it, opening gives a copy of its own', () => {
  const mine = Buffer.from(privateKey)
  const own = issueToken(dayKey, claims, mine)
  assert.deepEqual(mine, privateKey)
  const opened = openToken(dayKey, own, binding)!
  opened.privateKey.fill(0)
  assert.deepEqual(openToken(dayKey, own, binding)!.privateKey, privateKey)
  assert.notEqual(opened.privateKey.buffer, own.buffer)
})
