import { algorithmsOf, isKeyPair, keySpecNames, keyUsages } from '../keys/specs.ts'
import { usable } from '../keys/states.ts'
import { operation } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { decodeBase64 } from '../protocol/base64.ts'
import { kmsError } from '../protocol/errors.ts'
import { list, oneOf, optional, publicBlob, string, structure } from '../protocol/shape.ts'
import { grantTokens, keyId } from './members.ts'
import { shown } from './shown.ts'

/** The public half of an asymmetric key: SubjectPublicKeyInfo, DER. */
export const getPublicKey = operation({
  name: 'GetPublicKey',
  input: structure({ KeyId: keyId, GrantTokens: grantTokens }),
  output: structure({
    KeyId: string(),
    PublicKey: publicBlob(),
    CustomerMasterKeySpec: oneOf(keySpecNames),
    KeySpec: oneOf(keySpecNames),
    KeyUsage: oneOf(keyUsages),
    EncryptionAlgorithms: optional(list(string())),
    SigningAlgorithms: optional(list(string())),
    KeyAgreementAlgorithms: optional(list(string())),
    EncapsulationAlgorithms: optional(list(string())),
  }),
  needs: {
    action: 'kms:GetPublicKey',
    crossAccount: true,
    keys: { key: { identifier: input => input.KeyId, aliases: true, states: usable } },
  },
  audit: { readOnly: true, parameters: input => shown(input, 'KeyId') },
  handle({ keys: { key } }) {
    if (!isKeyPair(key.spec)) throw kmsError('UnsupportedOperationException')
    if (key.publicKey === undefined) throw new Error(`The usable key ${key.id} has no public key.`)
    const { MacAlgorithms: _, ...algorithms } = algorithmsOf(key.spec, key.usage)
    return {
      output: {
        KeyId: keyArn(key),
        PublicKey: decodeBase64(key.publicKey),
        CustomerMasterKeySpec: key.spec,
        KeySpec: key.spec,
        KeyUsage: key.usage,
        ...algorithms,
      },
    }
  },
})
