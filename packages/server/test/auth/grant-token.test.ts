import assert from 'node:assert/strict'
import { createSecretKey, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { makeGrantToken, readGrantToken } from '../../src/auth/grant-token.ts'
import { mac } from '../../src/crypto/mac.ts'
import { Seal } from '../../src/seal/seal.ts'

const storeId = '3f2504e0-4f89-41d3-9a0c-0305e82c3301'
const seal = new Seal(storeId, createSecretKey(randomBytes(32)))
const grant = {
  account: '000000000000',
  region: 'us-east-1',
  keyId: 'mrk-1234abcd12ab34cd56ef1234567890ab',
  id: randomBytes(32).toString('hex'),
  createdAt: 1_795_507_200_000,
}
const token = makeGrantToken(seal, grant)
const bytes = Buffer.from(token, 'base64')
const read = (altered: Uint8Array) => readGrantToken(seal, Buffer.from(altered).toString('base64'))

test('a token names the grant that it was made for, and no two are equal', () => {
  assert.deepEqual(readGrantToken(seal, token), grant)
  const others = Array.from({ length: 100 }, () => makeGrantToken(seal, grant))
  for (const other of others) assert.deepEqual(readGrantToken(seal, other), grant)
  assert.equal(new Set([token, ...others]).size, 101)
})

test('tokens are base64 of far less than the 8192 characters that the service takes', () => {
  assert.match(token, /^[A-Za-z0-9+/]+={0,2}$/)
  assert.ok(token.length < 250)
})

test('a token with any bit of any byte changed names nothing', () => {
  for (const at of bytes.keys()) {
    for (let bit = 1; bit < 256; bit <<= 1) {
      const altered = Buffer.from(bytes)
      altered[at] = (altered[at] ?? 0) ^ bit
      assert.equal(read(altered), undefined, `byte ${at}`)
    }
  }
})

test('nor does one that is cut off anywhere, or has more at its end', () => {
  for (const at of bytes.keys()) assert.equal(read(bytes.subarray(0, at)), undefined, `after ${at} bytes`)
  for (const at of bytes.keys()) if (at > 0) assert.equal(read(bytes.subarray(at)), undefined, `from byte ${at}`)
  assert.equal(read(Buffer.concat([bytes, Buffer.of(0)])), undefined)
})

test('nor does any other text', () => {
  const odd = ['', 'x', '====', 'token', 'ö', '\u0000', 'A'.repeat(8192), ` ${token}`, `${token}\n`, `${token}=`]
  for (const text of [...odd, token.replaceAll(/[+/=]/g, '-'), bytes.toString('hex'), grant.id]) {
    assert.equal(readGrantToken(seal, text), undefined, JSON.stringify(text))
  }
})

test('nor does a token of another store', () => {
  const other = new Seal(storeId, createSecretKey(randomBytes(32)))
  assert.equal(readGrantToken(seal, makeGrantToken(other, grant)), undefined)
})

test('a token of a later version is not guessed at, nor a MAC of another purpose taken', () => {
  const named = bytes.subarray(0, -32)
  const later = Buffer.from(named)
  later[0] = 2
  assert.equal(read(Buffer.concat([later, mac('sha256', seal.derive('grant-token/v1'), later)])), undefined)
  assert.equal(read(Buffer.concat([named, mac('sha256', seal.derive('grant-id/v1'), named)])), undefined)
  assert.deepEqual(read(Buffer.concat([named, mac('sha256', seal.derive('grant-token/v1'), named)])), grant)
})
