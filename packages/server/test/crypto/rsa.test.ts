import assert from 'node:assert/strict'
import { constants, createPrivateKey, generateKeyPairSync, publicEncrypt } from 'node:crypto'
import { describe, test } from 'node:test'
import { decryptRsa, unpadPkcs1 } from '../../src/crypto/rsa.ts'
import type { RsaPadding, SizeRange } from '../../src/crypto/rsa.ts'
import { wycheproof } from '../support/wycheproof.ts'

const hex = (text: string): Buffer => Buffer.from(text, 'hex')
const exactly = (size: number): SizeRange => ({ minimum: size, maximum: size })
const anySize: SizeRange = { minimum: 0, maximum: 512 }

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pkcs1: RsaPadding = { scheme: 'pkcs1' }
const sha1: RsaPadding = { scheme: 'oaep', hash: 'sha1' }
const sha256: RsaPadding = { scheme: 'oaep', hash: 'sha256' }

const secret = Buffer.from(Uint8Array.from({ length: 32 }, (_, index) => index))

/** A block as RFC 8017 section 7.2.1 has it, with parts to replace. */
function padded({ size = 256, first = 0, type = 2, padding = 0xff, separator = 0, message = secret } = {}): Buffer {
  const block = Buffer.alloc(size, padding)
  block.writeUInt8(first, 0)
  block.writeUInt8(type, 1)
  block.writeUInt8(separator, size - message.length - 1)
  message.copy(block, size - message.length)
  return block
}

describe('PKCS #1 v1.5 unpadding', () => {
  test('gives messages of every size, down to none and up to 8 bytes of padding', () => {
    for (let size = 0; size <= 245; size++) {
      const message = Buffer.alloc(size, 0x41)
      assert.deepEqual(unpadPkcs1(padded({ message }), anySize), message)
      assert.deepEqual(unpadPkcs1(padded({ message }), exactly(size)), message)
    }
  })

  test('ends the padding at the first zero, whatever the message holds', () => {
    for (const message of [Buffer.alloc(32), Buffer.concat([Buffer.alloc(3), Buffer.alloc(29, 1)])]) {
      assert.deepEqual(unpadPkcs1(padded({ message }), exactly(32)), message)
    }
  })

  test('accepts any padding that is not zero', () => {
    for (let padding = 1; padding <= 255; padding++) {
      assert.deepEqual(unpadPkcs1(padded({ padding }), exactly(32)), secret)
    }
  })

  test('the message is in memory of its own', () => {
    const block = padded()
    const message = unpadPkcs1(block, exactly(32))
    block.fill(0)
    assert.deepEqual(message, secret)
    assert.equal(message?.buffer.byteLength, 32)
  })

  test('refuses any other first byte than 0, and any other block type than 2', () => {
    for (let value = 0; value <= 255; value++) {
      if (value !== 0) assert.equal(unpadPkcs1(padded({ first: value }), anySize), undefined, `first ${value}`)
      if (value !== 2) assert.equal(unpadPkcs1(padded({ type: value }), anySize), undefined, `type ${value}`)
    }
  })

  test('refuses less than 8 bytes of padding', () => {
    for (let count = 0; count <= 7; count++) {
      const message = Buffer.alloc(256 - 3 - count, 0x41)
      assert.equal(unpadPkcs1(padded({ message }), anySize), undefined, `${count} bytes`)
    }
  })

  test('refuses a zero among the first 8 bytes of padding, though a proper one follows', () => {
    for (let index = 2; index < 10; index++) {
      const block = padded()
      block.writeUInt8(0, index)
      assert.equal(unpadPkcs1(block, anySize), undefined, `at ${index}`)
    }
  })

  test('refuses a zero anywhere else in the padding when the size is known', () => {
    for (let index = 10; index < 256 - 33; index++) {
      const block = padded()
      block.writeUInt8(0, index)
      assert.equal(unpadPkcs1(block, exactly(32)), undefined, `at ${index}`)
    }
  })

  test('refuses a block without separator, and one of zeros', () => {
    assert.equal(unpadPkcs1(padded({ separator: 7, message: Buffer.alloc(32, 7) }), anySize), undefined)
    assert.equal(unpadPkcs1(Buffer.alloc(256), anySize), undefined)
  })

  for (const size of [0, 31, 33, 245]) {
    test(`refuses a message of ${size} bytes where 32 are due`, () => {
      assert.equal(unpadPkcs1(padded({ message: Buffer.alloc(size, 1) }), exactly(32)), undefined)
    })
  }

  test('both ends of a range belong to it', () => {
    const range = { minimum: 28, maximum: 128 }
    for (const [size, fits] of [
      [27, false],
      [28, true],
      [128, true],
      [129, false],
    ] as const) {
      const message = Buffer.alloc(size, 1)
      assert.deepEqual(unpadPkcs1(padded({ message }), range), fits ? message : undefined)
    }
  })
})

describe('decryption', () => {
  for (const padding of [pkcs1, sha1, sha256]) {
    const name = padding.scheme === 'oaep' ? `OAEP with ${padding.hash}` : 'PKCS #1 v1.5'
    const encrypt = (message: Buffer): Buffer =>
      padding.scheme === 'oaep'
        ? publicEncrypt({ key: publicKey, oaepHash: padding.hash }, message)
        : publicEncrypt({ key: publicKey, padding: constants.RSA_PKCS1_PADDING }, message)

    test(`${name}: gives back what was encrypted`, () => {
      for (const size of [0, 1, 32, 190]) {
        const message = Buffer.alloc(size, 0x5a)
        assert.deepEqual(decryptRsa(privateKey, padding, encrypt(message), exactly(size)), message)
      }
    })

    test(`${name}: refuses a message of another size`, () => {
      const block = encrypt(secret)
      for (const range of [exactly(31), exactly(33), { minimum: 33, maximum: 64 }, { minimum: 0, maximum: 31 }]) {
        assert.equal(decryptRsa(privateKey, padding, block, range), undefined)
      }
    })

    test(`${name}: refuses a block that is tampered with, time after time`, () => {
      const block = encrypt(secret)
      for (let index = 0; index < block.length; index += 9) {
        const tampered = Buffer.from(block)
        tampered[index]! ^= 1
        assert.equal(decryptRsa(privateKey, padding, tampered, exactly(32)), undefined)
      }
    })

    test(`${name}: refuses blocks that are shorter or longer than the modulus`, () => {
      const block = encrypt(secret)
      for (const other of [
        Buffer.alloc(0),
        block.subarray(1),
        block.subarray(0, 255),
        Buffer.concat([Buffer.alloc(1), block]),
        Buffer.concat([block, Buffer.alloc(1)]),
        Buffer.concat([block, block]),
      ]) {
        assert.equal(decryptRsa(privateKey, padding, other, anySize), undefined)
      }
    })

    test(`${name}: refuses a block whose leading zero is missing, though the number is the same`, () => {
      let block = encrypt(secret)
      while (block[0] !== 0) block = encrypt(secret)
      assert.deepEqual(decryptRsa(privateKey, padding, block, exactly(32)), secret)
      assert.equal(decryptRsa(privateKey, padding, block.subarray(1), exactly(32)), undefined)
    })

    test(`${name}: refuses a number not below the modulus`, () => {
      assert.equal(decryptRsa(privateKey, padding, Buffer.alloc(256, 0xff), anySize), undefined)
    })

    test(`${name}: refuses what was encrypted to another key`, () => {
      const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
      assert.equal(decryptRsa(other, padding, encrypt(secret), exactly(32)), undefined)
    })
  }

  for (const [name, padding, oaepHash] of [
    ['SHA-1', sha1, 'sha256'],
    ['SHA-256', sha256, 'sha1'],
  ] as const) {
    test(`OAEP with ${name} refuses another hash, a label, and PKCS #1 v1.5`, () => {
      for (const block of [
        publicEncrypt({ key: publicKey, oaepHash }, secret),
        publicEncrypt({ key: publicKey, oaepHash: padding.hash, oaepLabel: Buffer.from('label') }, secret),
        publicEncrypt({ key: publicKey, padding: constants.RSA_PKCS1_PADDING }, secret),
      ]) {
        assert.equal(decryptRsa(privateKey, padding, block, anySize), undefined)
      }
    })
  }

  test('PKCS #1 v1.5 refuses OAEP, where OpenSSL would make up a message', () => {
    for (const oaepHash of ['sha1', 'sha256']) {
      assert.equal(
        decryptRsa(privateKey, pkcs1, publicEncrypt({ key: publicKey, oaepHash }, secret), exactly(32)),
        undefined,
      )
    }
  })

  test('PKCS #1 v1.5 refuses every wrong block that the public key can make', () => {
    for (const block of [
      padded({ first: 1 }),
      padded({ type: 1 }),
      padded({ separator: 1 }),
      padded({ message: Buffer.alloc(31, 1) }),
      padded({ message: Buffer.alloc(33, 1) }),
      padded({ message: Buffer.alloc(246, 1) }),
      Buffer.alloc(256),
    ]) {
      const encrypted = publicEncrypt({ key: publicKey, padding: constants.RSA_NO_PADDING }, block)
      assert.equal(decryptRsa(privateKey, pkcs1, encrypted, exactly(32)), undefined)
    }
  })
})

interface Group {
  privateKeyPkcs8: string
  sha?: string
}

interface Case {
  msg: string
  ct: string
  label?: string
}

const keyOf = (group: Group) => createPrivateKey({ key: hex(group.privateKeyPkcs8), format: 'der', type: 'pkcs8' })

// Here alone: the service unwraps imported material so, but under wrapping keys of its own only.
for (const file of ['rsa_pkcs1_2048_test', 'rsa_pkcs1_4096_test']) {
  test(`Wycheproof: ${file}`, t => {
    for (const group of wycheproof<Group, Case>(t, file)?.testGroups ?? []) {
      const key = keyOf(group)
      for (const { tcId, msg, ct, result } of group.tests) {
        const message = hex(msg)
        const expected = result === 'valid' ? message : undefined
        assert.deepEqual(decryptRsa(key, pkcs1, hex(ct), anySize), expected, `case ${tcId}`)
        assert.deepEqual(decryptRsa(key, pkcs1, hex(ct), exactly(message.length)), expected, `case ${tcId}`)
        assert.equal(decryptRsa(key, pkcs1, hex(ct), exactly(message.length + 1)), undefined, `case ${tcId}`)
      }
    }
  })
}

for (const file of [
  'rsa_oaep_2048_sha1_mgf1sha1_test',
  'rsa_oaep_2048_sha256_mgf1sha256_test',
  'rsa_oaep_4096_sha256_mgf1sha256_test',
]) {
  test(`Wycheproof: ${file}, labels refused`, t => {
    for (const group of wycheproof<Group, Case>(t, file)?.testGroups ?? []) {
      const key = keyOf(group)
      const padding: RsaPadding = group.sha === 'SHA-1' ? sha1 : sha256
      for (const { tcId, msg, ct, label, result } of group.tests) {
        const expected = result === 'valid' && !label ? hex(msg) : undefined
        assert.deepEqual(decryptRsa(key, padding, hex(ct), anySize), expected, `case ${tcId}`)
      }
    }
  })
}
