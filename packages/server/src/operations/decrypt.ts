import { usable } from '../keys/states.ts'
import { operation } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { kmsError } from '../protocol/errors.ts'
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
import { decryptUnder, requireKeyOfCiphertext, requireSymmetricAlgorithm } from './symmetric.ts'

/** Decrypts what Encrypt, GenerateDataKey or ReEncrypt made; the ciphertext itself says under which key. */
export const decrypt = operation({
  name: 'Decrypt',
  input: structure({
    CiphertextBlob: blob(1, 6144),
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
      if (input.KeyId === undefined && (input.EncryptionAlgorithm ?? 'SYMMETRIC_DEFAULT') !== 'SYMMETRIC_DEFAULT') {
        throw kmsError('ValidationException', 'KeyId must not be null')
      }
    },
    keys: {
      key: {
        identifier: input => input.KeyId,
        ciphertext: input => input.CiphertextBlob,
        aliases: true,
        usage: 'ENCRYPT_DECRYPT',
        states: usable,
      },
    },
    check: (context, input) => requireKeyOfCiphertext(context, context.keys.key, input.CiphertextBlob),
  },
  audit: {
    readOnly: true,
    parameters: input => ({
      ...shown(input, 'KeyId', 'EncryptionContext'),
      encryptionAlgorithm: input.EncryptionAlgorithm ?? 'SYMMETRIC_DEFAULT',
    }),
  },
  async handle(context, { CiphertextBlob, EncryptionContext, EncryptionAlgorithm }) {
    const { key } = context.keys
    requireSymmetricAlgorithm(key, EncryptionAlgorithm)
    const { plaintext, materialId } = await decryptUnder(context, key, CiphertextBlob, EncryptionContext)
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
