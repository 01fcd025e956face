import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { test } from 'node:test'
import { materialId } from '../../src/keys/ciphertext.ts'
import type { Key } from '../../src/keys/key.ts'
import { erasedMaterial, openMaterial, sealMaterial, type MaterialDocument } from '../../src/keys/material.ts'
import { Seal, SealError } from '../../src/seal/seal.ts'

const key: Key = {
  account: '111122223333',
  region: 'us-east-1',
  id: '1234abcd-12ab-34cd-56ef-1234567890ab',
  createdAt: 1_800_000_000_000,
  description: '',
  spec: 'SYMMETRIC_DEFAULT',
  usage: 'ENCRYPT_DECRYPT',
  origin: 'EXTERNAL',
  enabled: true,
  policy: '{}',
  tags: [],
  aliases: [],
  materials: [],
  onDemandRotations: 0,
  grants: 0,
}
const seal = new Seal('3a7d9c52-0f5e-4a66-9d0b-6f0f7f3c1f11', createSecretKey(Buffer.alloc(32, 1)))
const secret = Buffer.from('0123456789abcdef0123456789ABCDEF')
const id = materialId(key.id, secret)
const validTo = 1_800_000_086_400_000
const document = sealMaterial(seal, key, id, validTo, secret)

const isSealError = (error: unknown): boolean =>
  error instanceof SealError &&
  !error.message.includes(secret.toString()) &&
  !error.message.includes(secret.toString('hex'))

test('opens what was sealed', () => {
  assert.deepEqual(openMaterial(seal, key, document).export(), secret)
  const lasting = sealMaterial(seal, key, id, null, secret)
  assert.equal(lasting.validTo, null)
  assert.deepEqual(openMaterial(seal, key, lasting).export(), secret)
})

test('the row says where it belongs, and nothing of the secret', () => {
  const { sealed, ...rest } = document
  assert.deepEqual(rest, { account: key.account, region: key.region, keyId: key.id, materialId: id, validTo })
  assert.ok(sealed && !Buffer.from(sealed, 'base64').includes(secret))
})

test('the key may change in all that is not sealed', () => {
  const changed: Key = {
    ...key,
    description: 'x',
    enabled: false,
    policy: '',
    tags: [['a', 'b']],
    aliases: ['alias/a'],
  }
  assert.deepEqual(openMaterial(seal, changed, { ...document }).export(), secret)
})

for (const [what, changed] of Object.entries({
  spec: { ...key, spec: 'HMAC_256' },
  usage: { ...key, usage: 'GENERATE_VERIFY_MAC' },
  origin: { ...key, origin: 'AWS_KMS' },
  'time of creation': { ...key, createdAt: key.createdAt + 1 },
} satisfies Record<string, Key>)) {
  test(`refuses material for a key of another ${what}`, () => {
    assert.throws(() => openMaterial(seal, changed, { ...document }), isSealError)
  })
}

for (const [what, changed] of Object.entries({
  'a later expiry': { ...document, validTo: validTo + 1 },
  'no expiry': { ...document, validTo: null },
  'another material ID': { ...document, materialId: materialId(key.id, Buffer.alloc(32)) },
  'a record that was altered': { ...document, sealed: `B${document.sealed?.slice(1)}` },
  'an empty record': { ...document, sealed: '' },
} satisfies Record<string, MaterialDocument>)) {
  test(`refuses a row with ${what}`, () => assert.throws(() => openMaterial(seal, key, changed), isSealError))
}

for (const [what, elsewhere] of Object.entries({
  account: { account: '444455556666' },
  Region: { region: 'eu-west-1' },
  key: { id: 'ffffffff-12ab-34cd-56ef-1234567890ab' },
})) {
  test(`refuses a row that is moved to another ${what}, though its record is unchanged`, () => {
    const other = { ...key, ...elsewhere }
    const moved = { ...document, account: other.account, region: other.region, keyId: other.id }
    assert.throws(() => openMaterial(seal, other, moved), isSealError)
  })

  test(`never opens the row of another ${what}, opened before or not`, () => {
    assert.deepEqual(openMaterial(seal, key, document).export(), secret)
    const other = { ...key, ...elsewhere }
    assert.throws(() => openMaterial(seal, other, document), /is not of key/)
    assert.throws(() => openMaterial(seal, other, { ...document }), /is not of key/)
  })
}

test('refuses a genuine record of other bytes than its material ID commits to', () => {
  const wrong = sealMaterial(seal, key, id, validTo, Buffer.alloc(32, 9))
  assert.throws(() => openMaterial(seal, key, wrong), isSealError)
})

test('refuses a record of another store', () => {
  const other = new Seal(seal.storeId, createSecretKey(Buffer.alloc(32, 2)))
  assert.throws(() => openMaterial(other, key, { ...document }), isSealError)
})

test('material stays opened with its document, and is opened anew from a later one', () => {
  const first = openMaterial(seal, key, document)
  assert.equal(openMaterial(seal, key, document), first)
  assert.notEqual(openMaterial(seal, key, { ...document }), first)
})

test('erased material leaves a row without secret, which does not open', () => {
  openMaterial(seal, key, document)
  const erased = erasedMaterial(document)
  assert.deepEqual(erased, { ...document, sealed: null, validTo: null })
  assert.throws(() => openMaterial(seal, key, erased), /is erased/)
})
