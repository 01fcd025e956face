import assert from 'node:assert/strict'
import { constants, createPublicKey, generateKeyPairSync, publicEncrypt } from 'node:crypto'
import { describe, test } from 'node:test'
import { generateKeyPair } from '../../src/crypto/key-pair.ts'
import { asBuffers, copied, perform } from '../../src/threads/work.ts'

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
const message = Buffer.from('a message')
const isWiped = (bytes: Uint8Array): boolean => bytes.every(byte => byte === 0)

describe('what a thread does', () => {
  test('gives the result in memory that can be moved, and wipes the task', async () => {
    const block = publicEncrypt(publicKey, message)
    const padding = { scheme: 'oaep', hash: 'sha1' } as const
    const task = [padding, privateKey, block, { minimum: 0, maximum: 100 }]
    const { value, memory } = await perform({ name: 'decrypt', task })
    assert.ok(value instanceof Uint8Array)
    assert.deepEqual(Buffer.from(value), message)
    assert.deepEqual(memory, [value.buffer])
    assert.equal(memory[0]?.byteLength, message.length)
    assert.ok(isWiped(block))
    assert.deepEqual(padding, { scheme: 'oaep', hash: 'sha1' })
  })

  test('wipes bytes that lie deeper', async () => {
    const bytes = Buffer.from(message)
    const { value } = await perform({
      name: 'sign',
      task: [{ scheme: 'pkcs1', hash: 'sha256' }, privateKey, { form: 'message', bytes }],
    })
    assert.ok(value instanceof Uint8Array && value.length === 128)
    assert.ok(isWiped(bytes))
  })

  test('moves both halves of a key pair', async () => {
    const { value, memory } = await perform({ name: 'generate', task: [{ kind: 'ed25519' }] })
    const pair = value as { publicKey: Uint8Array<ArrayBuffer>; privateKey: Uint8Array<ArrayBuffer> }
    assert.deepEqual(memory, [pair.publicKey.buffer, pair.privateKey.buffer])
  })

  test('wipes a private key that it has read, whatever comes of it', async () => {
    const pair = generateKeyPair({ kind: 'ed25519' })
    for (const [kind, isRead] of [
      [{ kind: 'ed25519' }, true],
      [{ kind: 'ecc', curve: 'prime256v1', size: 32 }, false],
    ] as const) {
      const encoded = Buffer.from(pair.privateKey)
      const { value } = await perform({ name: 'readPrivateKey', task: [kind, encoded] })
      assert.deepEqual(value !== undefined && asBuffers(value), isRead && pair)
      assert.ok(isWiped(encoded))
    }
  })

  test('wipes the task also if it throws', async () => {
    const bytes = Buffer.alloc(32, 1)
    const scheme = { scheme: 'ed25519' } as const
    await assert.rejects(perform({ name: 'sign', task: [scheme, privateKey, { form: 'digest', bytes }] }), RangeError)
    assert.ok(isWiped(bytes))
  })

  test('an answer without bytes moves nothing', async () => {
    const padding = { scheme: 'oaep', hash: 'sha1' } as const
    const task = [padding, privateKey, Buffer.alloc(128, 1), { minimum: 0, maximum: 100 }]
    assert.deepEqual(await perform({ name: 'decrypt', task }), { value: undefined, memory: [] })
  })
})

describe('a copy for another thread', () => {
  test('takes along those bytes alone, not what lies around them', () => {
    const around = Buffer.concat([Buffer.alloc(100, 7), message, Buffer.alloc(100, 7)])
    const given = { list: [around.subarray(100, 100 + message.length)], name: 'name' }
    const { value, memory } = copied(given)
    assert.deepEqual(asBuffers(value), { list: [message], name: 'name' })
    assert.deepEqual(
      memory.map(({ byteLength }) => byteLength),
      [message.length],
    )
    memory.map(buffer => new Uint8Array(buffer).fill(0))
    assert.deepEqual(given.list, [message])
  })

  test('shares keys as they are, private ones too', () => {
    const given = [privateKey, createPublicKey(privateKey), undefined, null, 1, true, constants] as const
    const { value, memory } = copied(given)
    assert.equal(value[0], privateKey)
    assert.equal(value[1], given[1])
    assert.deepEqual(value.slice(2, 6), [undefined, null, 1, true])
    assert.deepEqual(memory, [])
  })
})

test('bytes come back as Buffers over the memory that was moved', () => {
  const bytes = new Uint8Array(10).subarray(2, 5)
  const buffer = asBuffers<Uint8Array>(bytes)
  assert.ok(Buffer.isBuffer(buffer))
  buffer.fill(9)
  assert.deepEqual([...bytes], [9, 9, 9])
})
