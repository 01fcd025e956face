import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fillNonce, random } from '../../src/crypto/random.ts'

test('random bytes are as many as asked for, and lie in memory of their own', () => {
  for (const size of [0, 1, 12, 32, 1024, 5000]) {
    const bytes = random(size)
    assert.equal(bytes.length, size)
    assert.equal(bytes.buffer.byteLength, size)
  }
})

test('no two random keys are the same', () => {
  const seen = new Set(Array.from({ length: 1000 }, () => random(32).toString('hex')))
  assert.equal(seen.size, 1000)
})

test('no two nonces are the same, nor is any the end of one and the beginning of the next', () => {
  const seen = new Set<string>()
  let windows = 0
  let before = ''
  for (let i = 0; i < 2000; i++) {
    const nonce = new Uint8Array(28)
    fillNonce(nonce)
    const text = before + Buffer.from(nonce).toString('latin1')
    before = text.slice(-28)
    // Every run of 8 bytes: a slice of the pool that is handed out twice shows at whatever offset.
    for (let at = Math.max(0, text.length - 28 - 7); at + 8 <= text.length; at++) {
      seen.add(text.slice(at, at + 8))
      windows++
    }
  }
  assert.equal(seen.size, windows)
})

test('a nonce does not change when others are drawn', () => {
  const nonces = Array.from({ length: 500 }, () => {
    const nonce = new Uint8Array(12)
    fillNonce(nonce)
    return { nonce, copy: Buffer.from(nonce) }
  })
  for (const { nonce, copy } of nonces) assert.ok(copy.equals(nonce))
})

test('a nonce is filled to its end, whatever its size and place', () => {
  for (const size of [1, 4095, 4096, 4097, 10_000]) {
    const memory = Buffer.alloc(size + 2, 0x55)
    const target = memory.subarray(1, size + 1)
    // A fresh byte happens to be what was there before once in 256 draws, and eight times in a row never.
    const untouched = new Set(target.keys())
    for (let draw = 0; draw < 8; draw++) {
      fillNonce(target)
      for (const at of untouched) if (target[at] !== 0x55) untouched.delete(at)
    }
    assert.equal(untouched.size, 0)
    assert.deepEqual([memory[0], memory[size + 1]], [0x55, 0x55])
  }
})
