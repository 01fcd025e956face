import { usable } from '../keys/states.ts'
import { dryRunSucceeded, operation } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { blob, optional, publicBlob, string, structure } from '../protocol/shape.ts'
import { dryRun, dryRunModifiers, encryptionAlgorithm, encryptionContext, grantTokens, keyId } from './members.ts'
import { shown } from './shown.ts'
import {
  ciphertextOf,
  decryptUnder,
  encryptUnder,
  requireKeyOfCiphertext,
  requireSource,
  requireSymmetricAlgorithm,
} from './symmetric.ts'

/** Decrypts under one key and encrypts under another; the plaintext never leaves. */
export const reEncrypt = operation({
  name: 'ReEncrypt',
  input: structure({
    CiphertextBlob: optional(blob(1, 6144)),
    SourceEncryptionContext: encryptionContext,
    SourceKeyId: optional(keyId),
    DestinationKeyId: keyId,
    DestinationEncryptionContext: encryptionContext,
    SourceEncryptionAlgorithm: optional(encryptionAlgorithm),
    DestinationEncryptionAlgorithm: optional(encryptionAlgorithm),
    GrantTokens: grantTokens,
    DryRun: dryRun,
    DryRunModifiers: dryRunModifiers,
  }),
  output: structure({
    CiphertextBlob: publicBlob(),
    SourceKeyId: string(),
    KeyId: string(),
    SourceEncryptionAlgorithm: string(),
    DestinationEncryptionAlgorithm: string(),
    SourceKeyMaterialId: string(),
    DestinationKeyMaterialId: string(),
  }),
  needs: {
    action: 'kms:ReEncrypt*',
    precheck: input => requireSource(input, ['SourceKeyId', input.SourceKeyId], input.SourceEncryptionAlgorithm),
    keys: {
      source: {
        action: 'kms:ReEncryptFrom',
        identifier: input => input.SourceKeyId,
        ciphertext: ciphertextOf,
        aliases: true,
        usage: 'ENCRYPT_DECRYPT',
        states: usable,
      },
      destination: {
        action: 'kms:ReEncryptTo',
        identifier: input => input.DestinationKeyId,
        aliases: true,
        usage: 'ENCRYPT_DECRYPT',
        states: usable,
      },
    },
    check: (context, input) => requireKeyOfCiphertext(context, context.keys.source, ciphertextOf(input)),
  },
  audit: {
    readOnly: true,
    parameters: input => ({
      ...shown(input, 'SourceEncryptionContext', 'SourceKeyId', 'DestinationEncryptionContext', 'DestinationKeyId'),
      sourceEncryptionAlgorithm: input.SourceEncryptionAlgorithm ?? 'SYMMETRIC_DEFAULT',
      destinationEncryptionAlgorithm: input.DestinationEncryptionAlgorithm ?? 'SYMMETRIC_DEFAULT',
    }),
  },
  async handle(context, input) {
    const { source, destination } = context.keys
    requireSymmetricAlgorithm(source, input.SourceEncryptionAlgorithm)
    requireSymmetricAlgorithm(destination, input.DestinationEncryptionAlgorithm)
    const ciphertext = ciphertextOf(input)
    if (!ciphertext) return { refusal: dryRunSucceeded() }
    const opened = await decryptUnder(context, source, ciphertext, input.SourceEncryptionContext)
    try {
      const made = await encryptUnder(context, destination, opened.plaintext, input.DestinationEncryptionContext)
      return {
        output: {
          CiphertextBlob: made.blob,
          SourceKeyId: keyArn(source),
          KeyId: keyArn(destination),
          SourceEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
          DestinationEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
          SourceKeyMaterialId: opened.materialId,
          DestinationKeyMaterialId: made.materialId,
        },
        additional: { sourceKeyMaterialId: opened.materialId, destinationKeyMaterialId: made.materialId },
      }
    } finally {
      opened.plaintext.fill(0)
    }
  },
})
