import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import { constraint, membersOf, refused } from '../support/answers.ts'
import { start } from '../support/server.ts'

const server = await start()
after(() => server.stop())
const kms = server.client()

const rows = [
  ['HMAC_224', 'HMAC_SHA_224', 28],
  ['HMAC_256', 'HMAC_SHA_256', 32],
  ['HMAC_384', 'HMAC_SHA_384', 48],
  ['HMAC_512', 'HMAC_SHA_512', 64],
] as const

for (const [KeySpec, MacAlgorithm, size] of rows) {
  test(`${KeySpec} makes MACs of ${size} bytes, and knows them again`, async () => {
    const { KeyMetadata } = await kms.createKey({ KeySpec, KeyUsage: 'GENERATE_VERIFY_MAC' })
    const { KeyId, Arn, CurrentKeyMaterialId, MacAlgorithms } = KeyMetadata ?? {}
    assert.deepEqual([CurrentKeyMaterialId, MacAlgorithms], [undefined, [MacAlgorithm]])
    for (const length of [1, 64, 65, 4096]) {
      const Message = randomBytes(length)
      const { Mac, ...rest } = await membersOf(kms.generateMac({ KeyId, Message, MacAlgorithm }))
      assert.deepEqual(rest, { KeyId: Arn, MacAlgorithm })
      assert.equal(Mac?.length, size)
      assert.deepEqual((await kms.generateMac({ KeyId, Message, MacAlgorithm })).Mac, Mac)
      assert.deepEqual(await membersOf(kms.verifyMac({ KeyId, Message, MacAlgorithm, Mac })), {
        KeyId: Arn,
        MacValid: true,
        MacAlgorithm,
      })
    }
  })

  test(`${KeySpec} refuses MACs of other messages and keys, and any that were altered`, async () => {
    const [mine, other] = await Promise.all(
      [1, 2].map(async () => (await kms.createKey({ KeySpec, KeyUsage: 'GENERATE_VERIFY_MAC' })).KeyMetadata?.KeyId),
    )
    const Message = randomBytes(20)
    const { Mac = new Uint8Array() } = await kms.generateMac({ KeyId: mine, Message, MacAlgorithm })
    for (let bit = 0; bit < Mac.length * 8; bit += 7) {
      const altered = Buffer.from(Mac)
      altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      await refused(kms.verifyMac({ KeyId: mine, Message, MacAlgorithm, Mac: altered }), 'KMSInvalidMacException')
    }
    for (const wrong of [Mac.subarray(1), Mac.subarray(0, -1), Buffer.concat([Mac, Mac]), Buffer.of(0)]) {
      await refused(kms.verifyMac({ KeyId: mine, Message, MacAlgorithm, Mac: wrong }), 'KMSInvalidMacException')
    }
    const longer = Buffer.concat([Message, Buffer.of(0)])
    await refused(kms.verifyMac({ KeyId: mine, Message: longer, MacAlgorithm, Mac }), 'KMSInvalidMacException')
    await refused(kms.verifyMac({ KeyId: other, Message, MacAlgorithm, Mac }), 'KMSInvalidMacException')
  })

  test(`${KeySpec} refuses the algorithms of the others`, async () => {
    const { KeyMetadata: { KeyId } = {} } = await kms.createKey({ KeySpec, KeyUsage: 'GENERATE_VERIFY_MAC' })
    for (const [, other] of rows) {
      if (other === MacAlgorithm) continue
      const call = { KeyId, Message: Buffer.of(1), MacAlgorithm: other }
      const text = `Algorithm ${other} is incompatible with key spec ${KeySpec}.`
      await refused(kms.generateMac(call), 'InvalidKeyUsageException', text)
      await refused(kms.verifyMac({ ...call, Mac: Buffer.of(1) }), 'InvalidKeyUsageException', text)
    }
  })
}

const { KeyMetadata: { KeyId = '', Arn = '' } = {} } = await kms.createKey({
  KeySpec: 'HMAC_256',
  KeyUsage: 'GENERATE_VERIFY_MAC',
})
const input = { KeyId, Message: Buffer.from('message'), MacAlgorithm: 'HMAC_SHA_256' } as const

test('does not tell the key: a MAC is no plain digest', async () => {
  const { Mac } = await kms.generateMac(input)
  assert.notDeepEqual(Buffer.from(Mac ?? []), createHash('sha256').update(input.Message).digest())
})

test('refuses messages and MACs of a length that the model does not have', async () => {
  const long = Buffer.alloc(4097)
  const text = constraint('message', undefined, 'have length less than or equal to 4096')
  await refused(kms.generateMac({ ...input, Message: long }), 'ValidationException', text)
  await refused(
    kms.verifyMac({ ...input, Mac: Buffer.alloc(6145) }),
    'ValidationException',
    constraint('mac', undefined, 'have length less than or equal to 6144'),
  )
})

test('answers a dry run as the call would be answered', async () => {
  const text = 'The request would have succeeded, but the DryRun option is set.'
  await refused(kms.generateMac({ ...input, DryRun: true }), 'DryRunOperationException', text)
  const { Mac } = await kms.generateMac(input)
  await refused(kms.verifyMac({ ...input, Mac, DryRun: true }), 'DryRunOperationException', text)
  await refused(kms.verifyMac({ ...input, Mac: Buffer.of(1), DryRun: true }), 'KMSInvalidMacException')
})

test('HMAC keys have no public half, no rotation, and no other use', async () => {
  await refused(kms.getPublicKey({ KeyId }), 'UnsupportedOperationException')
  await refused(kms.rotateKeyOnDemand({ KeyId }), 'UnsupportedOperationException')
  await refused(
    kms.encrypt({ KeyId, Plaintext: Buffer.of(1) }),
    'InvalidKeyUsageException',
    `${Arn} key usage is GENERATE_VERIFY_MAC which is not valid for Encrypt.`,
  )
})
