import { usable } from '../keys/states.ts'
import { dryRunSucceeded, operation } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { blob, optional, string, structure } from '../protocol/shape.ts'
import { decryptWith, requireEncryptionAlgorithm, toldOfEncryption } from './encryption.ts'
import { dryRun, dryRunModifiers, encryptionAlgorithm, encryptionContext, grantTokens, keyId } from './members.ts'
import { ciphertextForRecipient, recipient, recipientOf, toldOfRecipient } from './recipient.ts'
import { shown } from './shown.ts'
import { ciphertextOf, requireKeyOfCiphertext, requireSource } from './symmetric.ts'

/**
 * Decrypts what Encrypt, GenerateDataKey or ReEncrypt made; the ciphertext of a symmetric key itself says under which.
 */
export const decrypt = operation({
  name: 'Decrypt',
  input: structure({
    CiphertextBlob: optional(blob(1, 6144)),
    EncryptionContext: encryptionContext,
    GrantTokens: grantTokens,
    KeyId: optional(keyId),
    EncryptionAlgorithm: optional(encryptionAlgorithm),
    Recipient: recipient,
    DryRun: dryRun,
    DryRunModifiers: dryRunModifiers,
  }),
  output: structure({
    KeyId: string(),
    Plaintext: optional(blob()),
    EncryptionAlgorithm: string(),
    KeyMaterialId: optional(string()),
    CiphertextForRecipient: ciphertextForRecipient,
  }),
  needs: {
    action: 'kms:Decrypt',
    crossAccount: true,
    conditions: async (input, context) => ({
      ...toldOfEncryption.conditions(input),
      ...(await toldOfRecipient(input, context)),
    }),
    encryptionContext: toldOfEncryption.encryptionContext,
    precheck: input => requireSource(input, ['KeyId', input.KeyId], input.EncryptionAlgorithm),
    keys: {
      key: {
        identifier: input => input.KeyId,
        ciphertext: ciphertextOf,
        aliases: true,
        usage: 'ENCRYPT_DECRYPT',
        states: usable,
      },
    },
    check: (context, input) =>
      requireKeyOfCiphertext(context, context.keys.key, ciphertextOf(input), input.EncryptionAlgorithm),
  },
  audit: {
    readOnly: true,
    parameters: input => ({
      ...shown(input, 'KeyId', 'EncryptionContext'),
      encryptionAlgorithm: input.EncryptionAlgorithm ?? 'SYMMETRIC_DEFAULT',
    }),
  },
  async handle(context, input) {
    const { key } = context.keys
    const { EncryptionAlgorithm: algorithm = 'SYMMETRIC_DEFAULT', EncryptionContext } = input
    const { answer, recorded } = await recipientOf(context, input)
    const ciphertext = ciphertextOf(input)
    if (!ciphertext) {
      requireEncryptionAlgorithm(key, algorithm)
      return { refusal: dryRunSucceeded() }
    }
    const wish = { algorithm, encryptionContext: EncryptionContext }
    const { plaintext, materialId } = await decryptWith(context, key, ciphertext, wish)
    const material = materialId !== undefined
    return {
      output: {
        KeyId: keyArn(key),
        ...answer('Plaintext', plaintext),
        EncryptionAlgorithm: algorithm,
        ...(material && { KeyMaterialId: materialId }),
      },
      ...recorded(material ? { keyMaterialId: materialId } : undefined),
    }
  },
})
