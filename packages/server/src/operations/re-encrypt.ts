import { usable } from '../keys/states.ts'
import { dryRunSucceeded, operation } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { blob, optional, publicBlob, string, structure } from '../protocol/shape.ts'
import { decryptWith, encryptWith, requireEncryptionAlgorithm, toldOfAlgorithm } from './encryption.ts'
import { dryRun, dryRunModifiers, encryptionAlgorithm, encryptionContext, grantTokens, keyId } from './members.ts'
import { shown } from './shown.ts'
import { ciphertextOf, requireKeyOfCiphertext, requireSource } from './symmetric.ts'

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
    SourceKeyMaterialId: optional(string()),
    DestinationKeyMaterialId: optional(string()),
  }),
  needs: {
    action: 'kms:ReEncrypt*',
    crossAccount: true,
    keyConditions: ({ keys: { source, destination } }) => ({
      'kms:ReEncryptOnSameKey': keyArn(source) === keyArn(destination),
    }),
    precheck: input => requireSource(input, ['SourceKeyId', input.SourceKeyId], input.SourceEncryptionAlgorithm),
    keys: {
      source: {
        action: 'kms:ReEncryptFrom',
        conditions: input => toldOfAlgorithm(input.SourceEncryptionAlgorithm),
        encryptionContext: input => input.SourceEncryptionContext,
        identifier: input => input.SourceKeyId,
        ciphertext: ciphertextOf,
        aliases: true,
        usage: 'ENCRYPT_DECRYPT',
        states: usable,
      },
      destination: {
        action: 'kms:ReEncryptTo',
        conditions: input => toldOfAlgorithm(input.DestinationEncryptionAlgorithm),
        encryptionContext: input => input.DestinationEncryptionContext,
        identifier: input => input.DestinationKeyId,
        aliases: true,
        usage: 'ENCRYPT_DECRYPT',
        states: usable,
      },
    },
    check: (context, input) =>
      requireKeyOfCiphertext(context, context.keys.source, ciphertextOf(input), input.SourceEncryptionAlgorithm),
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
    const from = {
      algorithm: input.SourceEncryptionAlgorithm ?? 'SYMMETRIC_DEFAULT',
      encryptionContext: input.SourceEncryptionContext,
    } as const
    const to = {
      algorithm: input.DestinationEncryptionAlgorithm ?? 'SYMMETRIC_DEFAULT',
      encryptionContext: input.DestinationEncryptionContext,
    } as const
    requireEncryptionAlgorithm(source, from.algorithm)
    requireEncryptionAlgorithm(destination, to.algorithm)
    const ciphertext = ciphertextOf(input)
    if (!ciphertext) return { refusal: dryRunSucceeded() }
    const opened = await decryptWith(context, source, ciphertext, from)
    try {
      const made = await encryptWith(context, destination, opened.plaintext, to)
      return {
        output: {
          CiphertextBlob: made.blob,
          SourceKeyId: keyArn(source),
          KeyId: keyArn(destination),
          SourceEncryptionAlgorithm: from.algorithm,
          DestinationEncryptionAlgorithm: to.algorithm,
          ...(opened.materialId !== undefined && { SourceKeyMaterialId: opened.materialId }),
          ...(made.materialId !== undefined && { DestinationKeyMaterialId: made.materialId }),
        },
        additional: {
          ...(opened.materialId !== undefined && { sourceKeyMaterialId: opened.materialId }),
          ...(made.materialId !== undefined && { destinationKeyMaterialId: made.materialId }),
        },
      }
    } finally {
      opened.plaintext.fill(0)
    }
  },
})
