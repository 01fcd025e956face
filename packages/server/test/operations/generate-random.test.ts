import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { constraint, membersOf, refused } from '../support/answers.ts'
import { start } from '../support/server.ts'

const server = await start()
after(() => server.stop())
const kms = server.client()

for (const NumberOfBytes of [1, 32, 1024]) {
  test(`gives ${NumberOfBytes} bytes, and nothing else`, async () => {
    const { Plaintext, ...rest } = await membersOf(kms.generateRandom({ NumberOfBytes }))
    assert.equal(Plaintext?.length, NumberOfBytes)
    assert.deepEqual(rest, {})
  })
}

test('gives other bytes each time, and all values', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => kms.generateRandom({ NumberOfBytes: 1024 })))
  const texts = answers.map(({ Plaintext }) => Buffer.from(Plaintext ?? []))
  assert.equal(new Set(texts.map(text => text.toString('hex'))).size, 20)
  assert.equal(new Set(Buffer.concat(texts)).size, 256)
})

const recipient = 'Recipient (attestation documents) is not supported.'
const refusals: [what: string, input: object, code: string, text: string][] = [
  ['no size, though the model has it optional', {}, 'ValidationException', 'NumberOfBytes is required.'],
  [
    '0 bytes',
    { NumberOfBytes: 0 },
    'ValidationException',
    constraint('numberOfBytes', '0', 'have value greater than or equal to 1'),
  ],
  [
    'a negative number of bytes',
    { NumberOfBytes: -1 },
    'ValidationException',
    constraint('numberOfBytes', '-1', 'have value greater than or equal to 1'),
  ],
  [
    '1025 bytes',
    { NumberOfBytes: 1025 },
    'ValidationException',
    constraint('numberOfBytes', '1025', 'have value less than or equal to 1024'),
  ],
  [
    'a size as text',
    { NumberOfBytes: '32' },
    'SerializationException',
    'class java.lang.String can not be converted to an Integer',
  ],
  [
    'a custom key store, as there are none',
    { NumberOfBytes: 32, CustomKeyStoreId: 'cks-1234567890abcdef0' },
    'CustomKeyStoreNotFoundException',
    'Custom key store cks-1234567890abcdef0 does not exist.',
  ],
  [
    'an attestation document, rather than answer in the clear',
    { NumberOfBytes: 32, Recipient: { AttestationDocument: Buffer.of(1) } },
    'UnsupportedOperationException',
    recipient,
  ],
  ['an empty Recipient likewise', { NumberOfBytes: 32, Recipient: {} }, 'UnsupportedOperationException', recipient],
]
for (const [what, input, code, text] of refusals) {
  test(`refuses ${what}`, () => refused(kms.generateRandom(input), code, text))
}
