import assert from 'node:assert/strict'
import { createDecipheriv, createHmac, createSecretKey } from 'node:crypto'
import { test } from 'node:test'
import { unwrapKwp, wrapKwp } from '../../src/crypto/kwp.ts'
import { openSeal, Seal, SealError, type Meta, type RootKey, type SealContext } from '../../src/seal/seal.ts'

class MemoryMeta implements Meta {
  readonly values = new Map<string, string>()

  meta(name: string): Promise<string | undefined> {
    return Promise.resolve(this.values.get(name))
  }

  initMeta(name: string, value: string): Promise<boolean> {
    if (this.values.has(name)) return Promise.resolve(false)
    this.values.set(name, value)
    return Promise.resolve(true)
  }
}

/** A root key that keeps what passes through it, to see what becomes of it. */
class TestRoot implements RootKey {
  readonly kind: string
  readonly name: string
  readonly seen: Uint8Array[] = []
  readonly #kek: Buffer

  constructor(fill: number, kind = 'test', name = `test root ${fill}`) {
    this.#kek = Buffer.alloc(32, fill)
    this.kind = kind
    this.name = name
  }

  wrap(secret: Uint8Array): Promise<Uint8Array> {
    this.seen.push(secret)
    return Promise.resolve(wrapKwp(this.#kek, secret))
  }

  unwrap(wrapped: Uint8Array): Promise<Uint8Array | undefined> {
    const secret = unwrapKwp(this.#kek, wrapped)
    if (secret) this.seen.push(secret)
    return Promise.resolve(secret)
  }
}

const day = (name: string): SealContext => ({ purpose: 'day-key/v1', fields: [name] })
const says = (pattern: RegExp) => (error: unknown) => error instanceof SealError && pattern.test(error.message)
const metaName = 'domain-key/1'

test('a new store gets an id and a domain key, and opens again with the same', async () => {
  const store = new MemoryMeta()
  const first = await openSeal(store, new TestRoot(1))
  assert.match(first.storeId, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  const sealed = first.seal(day('1'), Buffer.from('secret'))
  const again = await openSeal(store, new TestRoot(1))
  assert.equal(again.storeId, first.storeId)
  assert.equal(again.open(day('1'), sealed).toString(), 'secret')
  assert.ok(again.derive('row-mac/v1').equals(first.derive('row-mac/v1')))
})

test('all that a store keeps of it is one value, in the documented form', async () => {
  const store = new MemoryMeta()
  const seal = await openSeal(store, new TestRoot(1))
  assert.deepEqual([...store.values.keys()], [metaName])
  const [version, storeId, kind, wrapped, ...rest] = store.values.get(metaName)!.split(' ')
  assert.deepEqual([version, storeId, kind, rest], ['keyreeve-domain-key-v1', seal.storeId, 'test', []])
  const secret = unwrapKwp(Buffer.alloc(32, 1), Buffer.from(wrapped!, 'base64'))!
  assert.equal(secret.length, 72)
  assert.equal(secret.toString('hex', 32, 36), '00000001')
  assert.equal(secret.toString('latin1', 36), seal.storeId)
  const sealed = seal.seal(day('1'), Buffer.from('secret'))
  const rebuilt = new Seal(seal.storeId, createSecretKey(secret.subarray(0, 32)))
  assert.equal(rebuilt.open(day('1'), sealed).toString(), 'secret')
})

test('two stores have nothing in common', async () => {
  const root = new TestRoot(1)
  const [a, b] = [await openSeal(new MemoryMeta(), root), await openSeal(new MemoryMeta(), root)]
  assert.notEqual(a.storeId, b.storeId)
  assert.ok(!a.derive('row-mac/v1').equals(b.derive('row-mac/v1')))
  const sealed = a.seal(day('1'), Buffer.from('secret'))
  assert.throws(() => b.open(day('1'), sealed), says(/was altered, or belongs elsewhere/))
})

test('refuses another root key, and names the one that was tried', async () => {
  const store = new MemoryMeta()
  const { storeId } = await openSeal(store, new TestRoot(1))
  await assert.rejects(openSeal(store, new TestRoot(2)), error => {
    assert.ok(error instanceof SealError)
    assert.match(error.message, new RegExp(`^The test root 2 does not open the store ${storeId}\\.`))
    assert.match(error.message, /Configure the root key that the store was made with/)
    return true
  })
})

test('refuses a root key of another kind before it is tried', async () => {
  const store = new MemoryMeta()
  await openSeal(store, new TestRoot(1))
  const passphrase = new TestRoot(1, 'passphrase', 'passphrase')
  await assert.rejects(openSeal(store, passphrase), says(/another kind \(test\) than the passphrase/))
  assert.equal(passphrase.seen.length, 0)
})

test('an error of the root key passes, and nothing is stored', async () => {
  const store = new MemoryMeta()
  const weak = Object.assign(new TestRoot(1), { wrap: () => Promise.reject(new SealError('too weak')) })
  await assert.rejects(openSeal(store, weak), says(/^too weak$/))
  assert.equal(store.values.size, 0)
})

test('nothing is stored that the root key does not open again', async () => {
  const store = new MemoryMeta()
  const broken = Object.assign(new TestRoot(1), { unwrap: () => Promise.resolve(undefined) })
  await assert.rejects(openSeal(store, broken), says(/does not open the store/))
  assert.equal(store.values.size, 0)
})

/** A store in which another process sets the value just before we do. */
class RacedMeta extends MemoryMeta {
  readonly #winner: string

  constructor(winner: string) {
    super()
    this.#winner = winner
  }

  override initMeta(name: string, value: string): Promise<boolean> {
    this.values.set(name, this.#winner)
    return super.initMeta(name, value)
  }
}

test('of two processes that make the seal at once, both use that of the winner', async () => {
  const winner = new MemoryMeta()
  const theirs = await openSeal(winner, new TestRoot(1))
  const ours = await openSeal(new RacedMeta(winner.values.get(metaName)!), new TestRoot(1))
  assert.equal(ours.storeId, theirs.storeId)
  assert.equal(ours.open(day('1'), theirs.seal(day('1'), Buffer.from('x'))).toString(), 'x')
})

test('the loser of that race is refused if its root key is another', async () => {
  const winner = new MemoryMeta()
  await openSeal(winner, new TestRoot(1))
  const raced = new RacedMeta(winner.values.get(metaName)!)
  await assert.rejects(openSeal(raced, new TestRoot(2)), says(/test root 2 does not open/))
})

test('refuses the domain key of another store under the same root key', async () => {
  const [store, other] = [new MemoryMeta(), new MemoryMeta()]
  const { storeId } = await openSeal(store, new TestRoot(1))
  const { storeId: otherId } = await openSeal(other, new TestRoot(1))
  store.values.set(metaName, other.values.get(metaName)!.replace(otherId, storeId))
  await assert.rejects(openSeal(store, new TestRoot(1)), says(/put there from another one/))
})

test('refuses a domain key of another generation', async () => {
  const store = new MemoryMeta()
  const { storeId } = await openSeal(store, new TestRoot(1))
  const secret = Buffer.concat([Buffer.alloc(32), Buffer.of(0, 0, 0, 2), Buffer.from(storeId)])
  const wrapped = wrapKwp(Buffer.alloc(32, 1), secret).toString('base64')
  store.values.set(metaName, `keyreeve-domain-key-v1 ${storeId} test ${wrapped}`)
  await assert.rejects(openSeal(store, new TestRoot(1)), says(/does not belong to the store .*, generation 1/))
})

test('refuses a wrapped secret of another size', async () => {
  for (const size of [1, 31, 71]) {
    const store = new MemoryMeta()
    const wrapped = wrapKwp(Buffer.alloc(32, 1), Buffer.alloc(size)).toString('base64')
    store.values.set(metaName, `keyreeve-domain-key-v1 3a7d9c52-0f5e-4a66-9d0b-6f0f7f3c1f11 test ${wrapped}`)
    await assert.rejects(openSeal(store, new TestRoot(1)), SealError)
  }
})

test('refuses the stored value with any character changed, left out or doubled', async () => {
  const store = new MemoryMeta()
  await openSeal(store, new TestRoot(1))
  const value = store.values.get(metaName)!
  for (let at = 0; at < value.length; at++) {
    for (const instead of [value[at] === 'A' ? 'B' : 'A', '', `${value[at]}${value[at]}`]) {
      store.values.set(metaName, value.slice(0, at) + instead + value.slice(at + 1))
      await assert.rejects(openSeal(store, new TestRoot(1)), SealError, `'${instead}' at ${at}`)
    }
  }
})

test('wipes the domain key once it is wrapped or opened', async () => {
  const store = new MemoryMeta()
  const root = new TestRoot(1)
  await openSeal(store, root)
  await openSeal(store, root)
  assert.equal(root.seen.length, 3)
  for (const bytes of root.seen) assert.ok(bytes.length === 72 && bytes.every(byte => byte === 0))
})

const domainKey = Buffer.alloc(32, 3)
const seal = new Seal('3a7d9c52-0f5e-4a66-9d0b-6f0f7f3c1f11', createSecretKey(domainKey))
const material: SealContext = {
  purpose: 'key-material/v1',
  fields: [
    '111122223333',
    'us-east-1',
    '1234abcd-12ab-34cd-56ef-1234567890ab',
    'SYMMETRIC_DEFAULT',
    'ENCRYPT_DECRYPT',
    'EXTERNAL',
    '9d0f2b55a020177135bda0d172f6bbb3b4dcc7f87670f4e4a6add67b00173f01',
    '1800000000000',
    'never',
  ],
}

test('a sealed record has the documented form', () => {
  const plaintext = Buffer.from('a key of 32 bytes, as it happens')
  const sealed = seal.seal({ purpose: 'access-key-secret/v1', fields: ['111122223333', 'ana', 'AKIAX'] }, plaintext)
  assert.equal(sealed.length, 1 + 4 + 16 + 12 + plaintext.length + 16)
  assert.equal(sealed.toString('hex', 0, 5), '0100000001')
  const salt = sealed.subarray(5, 21)
  const kdf = Buffer.concat([Buffer.from('\0\0\0\x01record/v1\0', 'latin1'), salt, Buffer.from('00000100', 'hex')])
  const key = createHmac('sha256', domainKey).update(kdf).digest()
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(21, 33))
  decipher.setAuthTag(sealed.subarray(-16))
  decipher.setAAD(
    Buffer.from('\0\0\0\x14access-key-secret/v1\0\0\0\x0c111122223333\0\0\0\x03ana\0\0\0\x05AKIAX', 'latin1'),
  )
  assert.deepEqual(Buffer.concat([decipher.update(sealed.subarray(33, -16)), decipher.final()]), plaintext)
})

test('a derived key has the documented form', () => {
  const input = Buffer.from('\0\0\0\x01row-mac/v1\0\0\0\x01\0', 'latin1')
  assert.deepEqual(seal.derive('row-mac/v1').export(), createHmac('sha256', domainKey).update(input).digest())
})

test('keys for different purposes differ', () => {
  const labels = ['row-mac/v1', 'page-marker/v1', 'record/v1', 'row-mac/v2']
  const keys = labels.map(label => seal.derive(label).export().toString('hex'))
  assert.equal(new Set(keys).size, labels.length)
  assert.equal(seal.derive('row-mac/v1'), seal.derive('row-mac/v1'))
})

test('the same plaintext is never sealed the same way twice', () => {
  const records = Array.from({ length: 500 }, () => seal.seal(day('1'), Buffer.alloc(32)))
  for (const [from, to] of [
    [5, 21],
    [21, 33],
    [33, 81],
  ]) {
    assert.equal(new Set(records.map(record => record.toString('hex', from, to))).size, records.length)
  }
})

test('refuses a sealed record with any one bit changed, cut, or lengthened', () => {
  const sealed = seal.seal(material, Buffer.alloc(32, 4))
  assert.deepEqual(seal.open(material, sealed), Buffer.alloc(32, 4))
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const altered = Buffer.from(sealed)
    altered[bit >> 3]! ^= 1 << (bit & 7)
    assert.throws(() => seal.open(material, altered), SealError, `bit ${bit}`)
  }
  for (let size = 0; size < sealed.length; size++) {
    assert.throws(() => seal.open(material, sealed.subarray(0, size)), SealError, `${size} bytes`)
  }
  assert.throws(() => seal.open(material, Buffer.concat([sealed, Buffer.alloc(1)])), SealError)
})

test('refuses a sealed record if any field of its context is another', () => {
  const sealed = seal.seal(material, Buffer.alloc(32, 4))
  for (const [at, field] of material.fields.entries()) {
    for (const instead of [`${field}0`, field.slice(1), '']) {
      // A changed copy of the same length.
      const fields = material.fields.with(at, instead) as unknown as typeof material.fields
      assert.throws(
        () => seal.open({ ...material, fields } as SealContext, sealed),
        SealError,
        `field ${at}: ${instead}`,
      )
    }
  }
})

test('refuses a sealed record under another purpose with the same fields', () => {
  const sealed = seal.seal(day('1'), Buffer.alloc(32, 4))
  // What the types forbid.
  const other = { purpose: 'access-key-secret/v1', fields: ['1'] } as unknown as SealContext
  assert.throws(() => seal.open(other, sealed), says(/^A sealed record \(access-key-secret\/v1\)/))
})

test('refuses a sealed record if its fields are cut at other places', () => {
  const context = (...fields: [string, string, string]): SealContext => ({ purpose: 'access-key-secret/v1', fields })
  const sealed = seal.seal(context('ab', 'c', 'd'), Buffer.alloc(32, 4))
  for (const other of [
    context('a', 'bc', 'd'),
    context('abc', '', 'd'),
    context('ab', 'cd', ''),
    context('c', 'ab', 'd'),
  ]) {
    assert.throws(() => seal.open(other, sealed), SealError)
  }
})

test('refuses, and wipes, a plaintext that does not fit', () => {
  const sealed = seal.seal(day('1'), Buffer.from('secret'))
  let seen: Buffer | undefined
  const refuse = (plaintext: Buffer): boolean => {
    seen = plaintext
    assert.equal(plaintext.toString(), 'secret')
    return false
  }
  assert.throws(() => seal.open(day('1'), sealed, refuse), SealError)
  assert.deepEqual(seen, Buffer.alloc(6))
  assert.equal(seal.open(day('1'), sealed, () => true).toString(), 'secret')
})

test('an opened plaintext lies in memory of its own, so that wiping it leaves no copy', () => {
  assert.equal(seal.open(day('1'), seal.seal(day('1'), Buffer.alloc(32))).buffer.byteLength, 32)
})
