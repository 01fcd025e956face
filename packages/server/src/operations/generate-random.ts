import { random } from '../crypto/random.ts'
import { noKeys, operation } from '../operation.ts'
import { kmsError } from '../protocol/errors.ts'
import { blob, integer, optional, string, structure } from '../protocol/shape.ts'
import { requireStore } from './key-stores.ts'
import { recipient, refuseRecipient } from './members.ts'

/** Random bytes from the operating system's generator. */
export const generateRandom = operation({
  name: 'GenerateRandom',
  input: structure({
    NumberOfBytes: optional(integer(1, 1024)),
    CustomKeyStoreId: optional(string(1, 64)),
    Recipient: recipient,
  }),
  output: structure({ Plaintext: blob() }),
  needs: {
    action: 'kms:GenerateRandom',
    precheck(input) {
      // Optional in the model, yet required by the service.
      if (input.NumberOfBytes === undefined) throw kmsError('ValidationException', 'NumberOfBytes is required.')
      refuseRecipient(input)
    },
    keys: noKeys,
  },
  audit: { readOnly: true, parameters: () => null },
  async handle({ view, caller: { account }, region }, { NumberOfBytes, CustomKeyStoreId: id }) {
    if (id !== undefined) {
      const { type } = await requireStore(view, { account, region }, id)
      throw kmsError('UnsupportedOperationException', `Custom key stores of the type ${type} make no random bytes.`)
    }
    return { output: { Plaintext: random(NumberOfBytes ?? 0) } }
  },
})
