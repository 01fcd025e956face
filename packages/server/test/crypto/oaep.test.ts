import assert from 'node:assert/strict'
import { constants, createPrivateKey, createPublicKey, generateKeyPairSync, privateDecrypt } from 'node:crypto'
import { test } from 'node:test'
import { encryptOaep } from '../../src/crypto/oaep.ts'
import { decryptRsa } from '../../src/crypto/rsa.ts'
import { wycheproof } from '../support/wycheproof.ts'

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const anySize = { minimum: 0, maximum: 512 }

// Bytes by which a message is shorter than the modulus, at least (RFC 8017 section 7.1.1).
const overheads = { sha1: 42, sha256: 66 } as const
const hashes = ['sha1', 'sha256'] as const

for (const hash of hashes) {
  const largest = 256 - overheads[hash]
  const padding = { scheme: 'oaep', hash } as const

  test(`${hash}: what is encrypted comes back, from nothing to the most that fits`, () => {
    for (const size of [0, 1, 32, largest - 1, largest]) {
      const message = Buffer.alloc(size, 0x5a)
      const block = encryptOaep(publicKey, hash, message)
      assert.equal(block.length, 256)
      assert.deepEqual(decryptRsa(privateKey, padding, block, anySize), message)
    }
  })

  test(`${hash}: one byte more is an error`, () => {
    assert.throws(() => encryptOaep(publicKey, hash, Buffer.alloc(largest + 1)))
  })

  test(`${hash}: no two blocks of a message are the same`, () => {
    const message = Buffer.alloc(32)
    assert.notDeepEqual(encryptOaep(publicKey, hash, message), encryptOaep(publicKey, hash, message))
  })

  test(`${hash}: is no other hash, has no label, and is no PKCS #1 v1.5`, () => {
    const block = encryptOaep(publicKey, hash, Buffer.alloc(32, 1))
    const other = hash === 'sha1' ? 'sha256' : 'sha1'
    assert.equal(decryptRsa(privateKey, { scheme: 'oaep', hash: other }, block, anySize), undefined)
    assert.equal(decryptRsa(privateKey, { scheme: 'pkcs1' }, block, { minimum: 32, maximum: 32 }), undefined)
    const labelled = {
      key: privateKey,
      oaepHash: hash,
      oaepLabel: Buffer.of(1),
      padding: constants.RSA_PKCS1_OAEP_PADDING,
    }
    assert.throws(() => privateDecrypt(labelled, block))
  })
}

for (const [file, hash] of [
  ['rsa_oaep_2048_sha1_mgf1sha1_test', 'sha1'],
  ['rsa_oaep_2048_sha256_mgf1sha256_test', 'sha256'],
  ['rsa_oaep_4096_sha256_mgf1sha256_test', 'sha256'],
] as const) {
  // How they are decrypted is in rsa.test.ts; here the messages of the valid ones, encrypted again.
  test(`Wycheproof: ${file}, keys and messages`, t => {
    const vectors = wycheproof<{ privateKeyPkcs8: string }, { msg: string }>(t, file)
    for (const group of vectors?.testGroups ?? []) {
      const key = createPrivateKey({ key: Buffer.from(group.privateKeyPkcs8, 'hex'), format: 'der', type: 'pkcs8' })
      const messages = group.tests.filter(({ result }) => result === 'valid').map(({ msg }) => Buffer.from(msg, 'hex'))
      assert.ok(messages.length > 0)
      for (const message of messages) {
        const block = encryptOaep(createPublicKey(key), hash, message)
        assert.deepEqual(decryptRsa(key, { scheme: 'oaep', hash }, block, anySize), message)
      }
      t.diagnostic(`${file}: ${messages.length} messages`)
    }
  })
}
