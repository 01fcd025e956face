import { usable } from '../keys/states.ts'
import { dryRunSucceeded, operation } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { blob, optional, string, structure } from '../protocol/shape.ts'
import {
  dryRun,
  dryRunModifiers,
  encryptionAlgorithm,
  encryptionContext,
  grantTokens,
  keyId,
  recipient,
  refuseRecipient,
} from './members.ts'
import { shown } from './shown.ts'
import {
  ciphertextOf,
  decryptUnder,
  requireKeyOfCiphertext,
  requireSource,
  requireSymmetricAlgorithm,
} from './symmetric.ts'

/** Decrypts what Encrypt, GenerateDataKey or ReEncrypt made; the ciphertext itself says under which key. */
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
    Plaintext: blob(),
    EncryptionAlgorithm: string(),
    KeyMaterialId: string(),
  }),
  needs: {
    action: 'kms:Decrypt',
    precheck(input) {
      refuseRecipient(input)
      requireSource(input, ['KeyId', input.KeyId], input.EncryptionAlgorithm)
    },
    keys: {
      key: {
        identifier: input => input.KeyId,
        ciphertext: ciphertextOf,
        aliases: true,
        usage: 'ENCRYPT_DECRYPT',
        states: usable,
      },
    },
    check: (context, input) => requireKeyOfCiphertext(context, context.keys.key, ciphertextOf(input)),
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
    requireSymmetricAlgorithm(key, input.EncryptionAlgorithm)
    const ciphertext = ciphertextOf(input)
    if (!ciphertext) return { refusal: dryRunSucceeded() }
    const { plaintext, materialId } = await decryptUnder(context, key, ciphertext, input.EncryptionContext)
    return {
      output: {
        KeyId: keyArn(key),
        Plaintext: plaintext,
        EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
        KeyMaterialId: materialId,
      },
      additional: { keyMaterialId: materialId },
    }
  },
})
