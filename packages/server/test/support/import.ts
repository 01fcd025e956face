import assert from 'node:assert/strict'
import { constants, createCipheriv, createHmac, createPublicKey, publicEncrypt, randomBytes } from 'node:crypto'
import type { ImportKeyMaterialCommandInput, KMS } from '@aws-sdk/client-kms'

export const wrappingAlgorithms = [
  'RSAES_PKCS1_V1_5',
  'RSAES_OAEP_SHA_1',
  'RSAES_OAEP_SHA_256',
  'RSA_AES_KEY_WRAP_SHA_1',
  'RSA_AES_KEY_WRAP_SHA_256',
] as const
export type WrappingAlgorithm = (typeof wrappingAlgorithms)[number]

/** A wrapping key and its token, as GetParametersForImport hands them out. */
export interface Parameters {
  readonly algorithm: WrappingAlgorithm
  readonly publicKey: Uint8Array
  readonly token: Uint8Array
}

/** A key of origin EXTERNAL, still without material. */
export async function externalKey(kms: KMS): Promise<{ KeyId: string; arn: string }> {
  const { KeyMetadata } = await kms.createKey({ Origin: 'EXTERNAL' })
  assert.ok(KeyMetadata?.KeyId !== undefined && KeyMetadata.Arn !== undefined)
  return { KeyId: KeyMetadata.KeyId, arn: KeyMetadata.Arn }
}

export async function parametersFor(
  kms: KMS,
  KeyId: string,
  algorithm: WrappingAlgorithm = 'RSAES_OAEP_SHA_256',
  spec: 'RSA_2048' | 'RSA_3072' | 'RSA_4096' = 'RSA_2048',
): Promise<Parameters> {
  const answer = await kms.getParametersForImport({ KeyId, WrappingAlgorithm: algorithm, WrappingKeySpec: spec })
  assert.ok(answer.PublicKey && answer.ImportToken)
  return { algorithm, publicKey: answer.PublicKey, token: answer.ImportToken }
}

/** Wraps as the guide's openssl commands do, and as nothing of ours does. */
export function wrapped({ algorithm, publicKey }: Parameters, material: Uint8Array): Buffer {
  const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' })
  if (algorithm === 'RSAES_PKCS1_V1_5') return publicEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, material)
  const oaepHash = algorithm.endsWith('SHA_1') ? 'sha1' : 'sha256'
  const oaep = (bytes: Uint8Array): Buffer =>
    publicEncrypt({ key, oaepHash, padding: constants.RSA_PKCS1_OAEP_PADDING }, bytes)
  if (algorithm.startsWith('RSAES_OAEP')) return oaep(material)
  const aesKey = randomBytes(32)
  const kwp = createCipheriv('id-aes256-wrap-pad', aesKey, Buffer.from('A65959A6', 'hex'))
  return Buffer.concat([oaep(aesKey), kwp.update(material), kwp.final()])
}

/** What ImportKeyMaterial needs to put this material into that key, without expiry. */
export function importOf(KeyId: string, parameters: Parameters, material: Uint8Array): ImportKeyMaterialCommandInput {
  return {
    KeyId,
    ImportToken: parameters.token,
    EncryptedKeyMaterial: wrapped(parameters, material),
    ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE',
  }
}

/** As docs/formats.md has it: the only proof from outside that a key holds these bytes. */
export function materialIdOf(KeyId: string, material: Uint8Array): string {
  return createHmac('sha256', material).update(`kms-material-id/v1\0${KeyId}`).digest('hex')
}

/** What a failed import must leave as it was: all that the service says of the key. */
export async function allOf(kms: KMS, KeyId: string): Promise<unknown> {
  const { KeyMetadata } = await kms.describeKey({ KeyId })
  const { Rotations } = await kms.listKeyRotations({ KeyId, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' })
  return { KeyMetadata, Rotations }
}
