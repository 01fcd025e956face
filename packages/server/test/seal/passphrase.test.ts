import assert from 'node:assert/strict'
import { argon2Sync } from 'node:crypto'
import { before, test } from 'node:test'
import { unwrapKwp } from '../../src/crypto/kwp.ts'
import { openPassphrase } from '../../src/seal/passphrase.ts'
import { SealError } from '../../src/seal/seal.ts'

const passphrase = Buffer.from('correct horse battery staple')
const secret = Buffer.from('a domain key, and where it belongs')
const root = openPassphrase(passphrase)
let wrapped: Buffer
before(async () => {
  wrapped = Buffer.from(await root.wrap(secret))
})

/** The wrapped bytes with another u32 at an offset. */
const altered = (at: number, value: number): Buffer => {
  const copy = Buffer.from(wrapped)
  copy.writeUInt32BE(value, at)
  return copy
}

test('the runtime computes Argon2id as RFC 9106, section 5.3, does', () => {
  const tag = argon2Sync('argon2id', {
    message: Buffer.alloc(32, 1),
    nonce: Buffer.alloc(16, 2),
    secret: Buffer.alloc(8, 3),
    associatedData: Buffer.alloc(12, 4),
    passes: 3,
    memory: 32,
    parallelism: 4,
    tagLength: 32,
  })
  assert.equal(tag.toString('hex'), '0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659')
})

test('unwraps what it wrapped, in a later process too', async () => {
  assert.deepEqual(await openPassphrase(Buffer.from(passphrase)).unwrap(wrapped), secret)
})

test('what it wraps has the documented form', () => {
  assert.equal(wrapped.toString('hex', 0, 13), '01' + '00000003' + '00010000' + '00000004')
  const nonce = wrapped.subarray(13, 29)
  const kek = argon2Sync('argon2id', {
    message: passphrase,
    nonce,
    passes: 3,
    memory: 65_536,
    parallelism: 4,
    tagLength: 32,
  })
  assert.deepEqual(unwrapKwp(kek, wrapped.subarray(29)), secret)
})

test('the passphrase is copied: the buffer it came in can be wiped', async () => {
  const given = Buffer.from(passphrase)
  const copied = openPassphrase(given)
  given.fill(0)
  assert.deepEqual(await copied.unwrap(wrapped), secret)
})

test('each wrapping has a salt of its own', async () => {
  const again = Buffer.from(await root.wrap(secret))
  assert.notDeepEqual(again.subarray(13, 29), wrapped.subarray(13, 29))
  assert.notDeepEqual(again.subarray(29), wrapped.subarray(29))
})

for (const wrong of [
  'correct horse battery stapl',
  'Correct horse battery staple',
  'correct horse battery staple\n',
  '',
]) {
  test(`another passphrase does not unwrap: ${JSON.stringify(wrong)}`, async () => {
    assert.equal(await openPassphrase(Buffer.from(wrong)).unwrap(wrapped), undefined)
  })
}

for (const at of [13, 28, 29, 60]) {
  test(`what was altered does not unwrap: byte ${at}`, async () => {
    const copy = Buffer.from(wrapped)
    copy[at]! ^= 1
    assert.equal(await root.unwrap(copy), undefined)
  })
}

test('what was cut, or has another version, does not unwrap', async () => {
  for (const size of [0, 1, 13, 28, 29, wrapped.length - 1]) {
    assert.equal(await root.unwrap(wrapped.subarray(0, size)), undefined, `${size} bytes`)
  }
  assert.equal(await root.unwrap(Buffer.concat([Buffer.of(2), wrapped.subarray(1)])), undefined)
})

test('a stronger stretching than ours is followed: other passes, other key', async () => {
  assert.equal(await root.unwrap(altered(1, 4)), undefined)
})

for (const [what, at, values] of [
  ['passes', 1, [0, 1, 2, 65, 0xffff_ffff]],
  ['memory', 5, [0, 8, 65_535, 4 * 1024 * 1024 + 1, 0xffff_ffff]],
  ['lanes', 9, [0, 1, 3, 65, 0xffff_ffff]],
] as const) {
  for (const value of values) {
    test(`refuses a store that wants ${value} ${what}, without trying`, async () => {
      await assert.rejects(root.unwrap(altered(at, value)), error => {
        assert.ok(error instanceof SealError)
        assert.match(error.message, new RegExp(`with ${what} ${value}, which is (less|more) than`))
        return true
      })
    })
  }
}

for (const short of ['', 'eleven char', 'é'.repeat(11), '😀'.repeat(11)]) {
  test(`seals nothing new under ${JSON.stringify(short)}`, async () => {
    await assert.rejects(openPassphrase(Buffer.from(short)).wrap(secret), error => {
      assert.ok(error instanceof SealError)
      assert.match(error.message, new RegExp(`has ${Array.from(short).length} characters, and needs 12 or more`))
      assert.ok(short === '' || !error.message.includes(short))
      return true
    })
  })
}

test('twelve characters are enough, whatever their size', async () => {
  const root = openPassphrase(Buffer.from('😀'.repeat(12)))
  assert.deepEqual(await root.unwrap(await root.wrap(secret)), secret)
})
