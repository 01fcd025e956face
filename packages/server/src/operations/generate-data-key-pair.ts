import { pairOf } from '../keys/specs.ts'
import { usable } from '../keys/states.ts'
import { operation, type KeyedContext } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { kmsError } from '../protocol/errors.ts'
import { blob, oneOf, optional, publicBlob, string, structure } from '../protocol/shape.ts'
import { toldOfEncryption } from './encryption.ts'
import { dryRun, encryptionContext, grantTokens, keyId } from './members.ts'
import { requireDataKeyKey } from './generate-data-key.ts'
import { ciphertextForRecipient, recipient, recipientOf, toldOfRecipient } from './recipient.ts'
import { shown } from './shown.ts'
import { encryptOrWipe } from './symmetric.ts'

const keyPairSpecs = [
  'RSA_2048',
  'RSA_3072',
  'RSA_4096',
  'ECC_NIST_P256',
  'ECC_NIST_P384',
  'ECC_NIST_P521',
  'ECC_SECG_P256K1',
  'SM2',
  'ECC_NIST_EDWARDS25519',
  'ML_KEM_512',
  'ML_KEM_768',
  'ML_KEM_1024',
] as const

const members = {
  EncryptionContext: encryptionContext,
  KeyId: keyId,
  KeyPairSpec: oneOf(keyPairSpecs),
  GrantTokens: grantTokens,
  DryRun: dryRun,
} as const

interface Wish {
  KeyId: string
  KeyPairSpec: (typeof keyPairSpecs)[number]
  EncryptionContext?: ReadonlyMap<string, string>
}

const keys = {
  key: { identifier: (input: Wish) => input.KeyId, aliases: true, usage: 'ENCRYPT_DECRYPT', states: usable },
} as const

const conditions = (input: Wish) => ({
  ...toldOfEncryption.conditions(input),
  'kms:DataKeyPairSpec': input.KeyPairSpec,
})

const parameters = (input: Wish) => shown(input, 'KeyId', 'KeyPairSpec', 'EncryptionContext')

/** The pair, and its private half encrypted under the KMS key as Encrypt would. */
async function makeDataKeyPair(context: KeyedContext<'key'>, wish: Wish) {
  const { key } = context.keys
  requireDataKeyKey(key)
  if (key.keyStore) {
    throw kmsError(
      'UnsupportedOperationException',
      `${keyArn(key)} origin is ${key.origin} which is not valid for this operation.`,
    )
  }
  const kind = pairOf(wish.KeyPairSpec)
  if (!kind)
    throw kmsError('UnsupportedOperationException', `KeyPairSpec ${wish.KeyPairSpec} exists in China Regions only.`)
  const { publicKey, privateKey } = await context.publicKeys.generate(context.caller.account, kind)
  const { blob, materialId } = await encryptOrWipe(context, key, privateKey, wish.EncryptionContext)
  return {
    privateKey,
    output: {
      PrivateKeyCiphertextBlob: blob,
      PublicKey: publicKey,
      KeyId: keyArn(key),
      KeyPairSpec: wish.KeyPairSpec,
      KeyMaterialId: materialId,
    },
  }
}

/** A fresh key pair; its private half in the clear and encrypted. */
export const generateDataKeyPair = operation({
  name: 'GenerateDataKeyPair',
  input: structure({ ...members, Recipient: recipient }),
  output: structure({
    PrivateKeyCiphertextBlob: publicBlob(),
    PrivateKeyPlaintext: optional(blob()),
    PublicKey: publicBlob(),
    KeyId: string(),
    KeyPairSpec: oneOf(keyPairSpecs),
    KeyMaterialId: string(),
    CiphertextForRecipient: ciphertextForRecipient,
  }),
  needs: {
    action: 'kms:GenerateDataKeyPair',
    crossAccount: true,
    conditions: async (input, context) => ({ ...conditions(input), ...(await toldOfRecipient(input, context)) }),
    encryptionContext: toldOfEncryption.encryptionContext,
    keys,
  },
  audit: { readOnly: true, parameters },
  async handle(context, input) {
    const { answer, recorded } = await recipientOf(context, input)
    const { privateKey, output } = await makeDataKeyPair(context, input)
    return {
      output: { ...output, ...answer('PrivateKeyPlaintext', privateKey) },
      ...recorded({ keyMaterialId: output.KeyMaterialId }),
    }
  },
})

/** A fresh key pair; its private half encrypted only. */
export const generateDataKeyPairWithoutPlaintext = operation({
  name: 'GenerateDataKeyPairWithoutPlaintext',
  input: structure(members),
  output: structure({
    PrivateKeyCiphertextBlob: publicBlob(),
    PublicKey: publicBlob(),
    KeyId: string(),
    KeyPairSpec: oneOf(keyPairSpecs),
    KeyMaterialId: string(),
  }),
  needs: {
    action: 'kms:GenerateDataKeyPairWithoutPlaintext',
    crossAccount: true,
    conditions,
    encryptionContext: toldOfEncryption.encryptionContext,
    keys,
  },
  audit: { readOnly: true, parameters },
  async handle(context, input) {
    const { privateKey, output } = await makeDataKeyPair(context, input)
    privateKey.fill(0)
    return { output, additional: { keyMaterialId: output.KeyMaterialId } }
  },
})
