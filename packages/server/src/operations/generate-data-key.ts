import { random } from '../crypto/random.ts'
import type { Key } from '../keys/key.ts'
import { keySpecs } from '../keys/specs.ts'
import { usable } from '../keys/states.ts'
import { operation, type KeyedContext } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { kmsError } from '../protocol/errors.ts'
import { blob, integer, oneOf, optional, publicBlob, string, structure } from '../protocol/shape.ts'
import { toldOfEncryption } from './encryption.ts'
import { dryRun, encryptionContext, grantTokens, keyId } from './members.ts'
import { ciphertextForRecipient, recipient, recipientOf, toldOfRecipient } from './recipient.ts'
import { shown } from './shown.ts'
import { encryptOrWipe } from './symmetric.ts'

const dataKeySizes = { AES_256: 32, AES_128: 16 } as const

const members = {
  KeyId: keyId,
  EncryptionContext: encryptionContext,
  NumberOfBytes: optional(integer(1, 1024)),
  KeySpec: optional(oneOf(['AES_256', 'AES_128'])),
  GrantTokens: grantTokens,
  DryRun: dryRun,
} as const

interface Wish {
  KeyId: string
  EncryptionContext?: ReadonlyMap<string, string>
  NumberOfBytes?: number
  KeySpec?: keyof typeof dataKeySizes
}

const keys = {
  key: {
    identifier: (input: Wish) => input.KeyId,
    aliases: true,
    usage: 'ENCRYPT_DECRYPT',
    states: usable,
  },
} as const

function requireOneSize({ KeySpec, NumberOfBytes }: Wish): void {
  if ((KeySpec === undefined) === (NumberOfBytes === undefined)) {
    throw kmsError('ValidationException', 'Please specify either number of bytes or key spec.')
  }
}

/** @throws InvalidKeyUsageException for an asymmetric key, whatever it may encrypt */
export function requireDataKeyKey(key: Key): void {
  if (keySpecs[key.spec].kind === 'symmetric') return
  throw kmsError('InvalidKeyUsageException', 'You cannot generate a data key with an asymmetric CMK')
}

const parameters = (input: Wish) => shown(input, 'KeyId', 'KeySpec', 'NumberOfBytes', 'EncryptionContext')

/** The data key, and the same encrypted under the KMS key as Encrypt would. */
async function makeDataKey(context: KeyedContext<'key'>, wish: Wish) {
  const { key } = context.keys
  requireDataKeyKey(key)
  const size = wish.KeySpec === undefined ? wish.NumberOfBytes : dataKeySizes[wish.KeySpec]
  const plaintext = random(size ?? 0)
  const { blob, materialId } = await encryptOrWipe(context, key, plaintext, wish.EncryptionContext)
  return { plaintext, output: { CiphertextBlob: blob, KeyId: keyArn(key), KeyMaterialId: materialId } }
}

/** A fresh data key, in the clear and encrypted. */
export const generateDataKey = operation({
  name: 'GenerateDataKey',
  input: structure({ ...members, Recipient: recipient }),
  output: structure({
    CiphertextBlob: blob(),
    Plaintext: optional(blob()),
    KeyId: string(),
    KeyMaterialId: string(),
    CiphertextForRecipient: ciphertextForRecipient,
  }),
  needs: {
    action: 'kms:GenerateDataKey',
    crossAccount: true,
    conditions: async (input, context) => ({
      ...toldOfEncryption.conditions(input),
      ...(await toldOfRecipient(input, context)),
    }),
    encryptionContext: toldOfEncryption.encryptionContext,
    keys,
    check: (_, input) => requireOneSize(input),
  },
  audit: { readOnly: true, parameters },
  async handle(context, input) {
    const { answer, recorded } = await recipientOf(context, input)
    const { plaintext, output } = await makeDataKey(context, input)
    return {
      output: { ...output, ...answer('Plaintext', plaintext) },
      ...recorded({ keyMaterialId: output.KeyMaterialId }),
    }
  },
})

/** A fresh data key, encrypted only. */
export const generateDataKeyWithoutPlaintext = operation({
  name: 'GenerateDataKeyWithoutPlaintext',
  input: structure(members),
  output: structure({ CiphertextBlob: publicBlob(), KeyId: string(), KeyMaterialId: string() }),
  needs: {
    action: 'kms:GenerateDataKeyWithoutPlaintext',
    crossAccount: true,
    ...toldOfEncryption,
    keys,
    check: (_, input) => requireOneSize(input),
  },
  audit: { readOnly: true, parameters },
  async handle(context, input) {
    const { plaintext, output } = await makeDataKey(context, input)
    plaintext.fill(0)
    return { output, additional: { keyMaterialId: output.KeyMaterialId } }
  },
})
