import { usable } from '../keys/states.ts'
import { operation } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { blob, optional, publicBlob, string, structure } from '../protocol/shape.ts'
import { encryptWith, toldOfEncryption } from './encryption.ts'
import { dryRun, encryptionAlgorithm, encryptionContext, grantTokens, keyId } from './members.ts'
import { shown } from './shown.ts'

/** Encrypts up to 4096 bytes; under an RSA key, what fits into its modulus. */
export const encrypt = operation({
  name: 'Encrypt',
  input: structure({
    KeyId: keyId,
    Plaintext: blob(1, 4096),
    EncryptionContext: encryptionContext,
    GrantTokens: grantTokens,
    EncryptionAlgorithm: optional(encryptionAlgorithm),
    DryRun: dryRun,
  }),
  output: structure({ CiphertextBlob: publicBlob(), KeyId: string(), EncryptionAlgorithm: string() }),
  needs: {
    action: 'kms:Encrypt',
    crossAccount: true,
    ...toldOfEncryption,
    keys: { key: { identifier: input => input.KeyId, aliases: true, usage: 'ENCRYPT_DECRYPT', states: usable } },
  },
  audit: {
    readOnly: true,
    parameters: input => ({
      ...shown(input, 'KeyId', 'EncryptionContext'),
      encryptionAlgorithm: input.EncryptionAlgorithm ?? 'SYMMETRIC_DEFAULT',
    }),
  },
  async handle(context, { Plaintext, EncryptionContext, EncryptionAlgorithm: algorithm = 'SYMMETRIC_DEFAULT' }) {
    const { key } = context.keys
    const wish = { algorithm, encryptionContext: EncryptionContext }
    const { blob, materialId } = await encryptWith(context, key, Plaintext, wish)
    return {
      output: { CiphertextBlob: blob, KeyId: keyArn(key), EncryptionAlgorithm: algorithm },
      ...(materialId !== undefined && { additional: { keyMaterialId: materialId } }),
    }
  },
})
