import { usable } from '../keys/states.ts'
import { operation } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { kmsError } from '../protocol/errors.ts'
import { blob, optional, string, structure } from '../protocol/shape.ts'
import { dryRun, dryRunModifiers, encryptionAlgorithm, encryptionContext, grantTokens, keyId } from './members.ts'
import { shown } from './shown.ts'
import { decryptUnder, encryptUnder, requireKeyOfCiphertext, requireSymmetricAlgorithm } from './symmetric.ts'

/** Decrypts under one key and encrypts under another; the plaintext never leaves. */
export const reEncrypt = operation({
  name: 'ReEncrypt',
  input: structure({
    CiphertextBlob: blob(1, 6144),
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
    CiphertextBlob: blob(),
    SourceKeyId: string(),
    KeyId: string(),
    SourceEncryptionAlgorithm: string(),
    DestinationEncryptionAlgorithm: string(),
    SourceKeyMaterialId: string(),
    DestinationKeyMaterialId: string(),
  }),
  needs: {
    action: 'kms:ReEncrypt*',
    precheck(input) {
      const algorithm = input.SourceEncryptionAlgorithm ?? 'SYMMETRIC_DEFAULT'
      if (input.SourceKeyId === undefined && algorithm !== 'SYMMETRIC_DEFAULT') {
        throw kmsError('ValidationException', 'SourceKeyId must not be null')
      }
    },
    keys: {
      source: {
        action: 'kms:ReEncryptFrom',
        identifier: input => input.SourceKeyId,
        ciphertext: input => input.CiphertextBlob,
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
    check: (context, input) => requireKeyOfCiphertext(context, context.keys.source, input.CiphertextBlob),
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
    const opened = await decryptUnder(context, source, input.CiphertextBlob, input.SourceEncryptionContext)
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
