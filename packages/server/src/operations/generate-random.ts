import { random } from '../crypto/random.ts'
import { noKeys, operation } from '../operation.ts'
import { kmsError } from '../protocol/errors.ts'
import { blob, integer, optional, string, structure } from '../protocol/shape.ts'
import { requireStore } from './key-stores.ts'
import { ciphertextForRecipient, recipient, recipientOf, toldOfRecipient } from './recipient.ts'

/** Random bytes from the operating system's generator. */
export const generateRandom = operation({
  name: 'GenerateRandom',
  input: structure({
    NumberOfBytes: optional(integer(1, 1024)),
    CustomKeyStoreId: optional(string(1, 64)),
    Recipient: recipient,
  }),
  output: structure({ Plaintext: optional(blob()), CiphertextForRecipient: ciphertextForRecipient }),
  needs: {
    action: 'kms:GenerateRandom',
    precheck(input) {
      // Optional in the model, yet required by the service.
      if (input.NumberOfBytes === undefined) throw kmsError('ValidationException', 'NumberOfBytes is required.')
    },
    conditions: toldOfRecipient,
    keys: noKeys,
  },
  audit: { readOnly: true, parameters: () => null },
  async handle(context, input) {
    const { answer, recorded } = await recipientOf(context, input)
    if (input.CustomKeyStoreId !== undefined) {
      const { view, caller, region } = context
      const { type } = await requireStore(view, { account: caller.account, region }, input.CustomKeyStoreId)
      throw kmsError('UnsupportedOperationException', `Custom key stores of the type ${type} make no random bytes.`)
    }
    const output = answer('Plaintext', random(input.NumberOfBytes ?? 0))
    return { output, ...recorded() }
  },
})
