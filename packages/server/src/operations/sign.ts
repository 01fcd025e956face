import {
  messageTypes,
  signingAlgorithms,
  type MessageType,
  type SigningAlgorithmName,
  type SigningAlgorithm,
} from '../keys/algorithms.ts'
import type { Message } from '../crypto/signature.ts'
import type { Key } from '../keys/key.ts'
import { publicKeyOf } from '../keys/material.ts'
import { usable } from '../keys/states.ts'
import { operation } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { kmsError } from '../protocol/errors.ts'
import { blob, boolean, oneOf, optional, publicBlob, string, structure } from '../protocol/shape.ts'
import { onlyMaterialOf, requireAlgorithm } from './key-pairs.ts'
import { dryRun, grantTokens, keyId } from './members.ts'
import { shown } from './shown.ts'

const signingAlgorithm = oneOf(Object.keys(signingAlgorithms) as SigningAlgorithmName[]) // The table has no others.

interface Wish {
  KeyId: string
  Message: Uint8Array
  MessageType?: MessageType
  SigningAlgorithm: SigningAlgorithmName
}

const keys = {
  key: { identifier: (input: Wish) => input.KeyId, aliases: true, usage: 'SIGN_VERIFY', states: usable },
} as const

const conditions = ({ MessageType = 'RAW', SigningAlgorithm }: Wish) => ({
  'kms:MessageType': MessageType,
  'kms:SigningAlgorithm': SigningAlgorithm,
})

const parameters = (input: Wish) => ({
  ...shown(input, 'KeyId'),
  messageType: input.MessageType ?? 'RAW',
  ...shown(input, 'SigningAlgorithm'),
})

/** Signs a message, its digest, or what stands for it. */
export const sign = operation({
  name: 'Sign',
  input: structure({
    KeyId: keyId,
    Message: blob(1, 4096),
    MessageType: optional(oneOf(messageTypes)),
    GrantTokens: grantTokens,
    SigningAlgorithm: signingAlgorithm,
    DryRun: dryRun,
  }),
  output: structure({ KeyId: string(), Signature: publicBlob(), SigningAlgorithm: string() }),
  needs: { action: 'kms:Sign', crossAccount: true, conditions, keys },
  audit: { readOnly: true, parameters },
  async handle(context, input) {
    const { key } = context.keys
    const { scheme, message } = requireMessage(key, input)
    const privateKey = await onlyMaterialOf(context, key)
    const signature = await context.publicKeys.sign(context.caller.account, scheme, privateKey, message)
    return { output: { KeyId: keyArn(key), Signature: signature, SigningAlgorithm: input.SigningAlgorithm } }
  },
})

/** Says that a signature is one of this key for this message, or refuses. */
export const verify = operation({
  name: 'Verify',
  input: structure({
    KeyId: keyId,
    Message: blob(1, 4096),
    MessageType: optional(oneOf(messageTypes)),
    Signature: blob(1, 6144),
    SigningAlgorithm: signingAlgorithm,
    GrantTokens: grantTokens,
    DryRun: dryRun,
  }),
  output: structure({ KeyId: string(), SignatureValid: boolean(), SigningAlgorithm: string() }),
  needs: { action: 'kms:Verify', crossAccount: true, conditions, keys },
  audit: { readOnly: true, parameters },
  async handle({ publicKeys, caller, keys: { key } }, input) {
    const { scheme, message } = requireMessage(key, input)
    if (!(await publicKeys.verify(caller.account, scheme, publicKeyOf(key), message, input.Signature))) {
      throw kmsError('KMSInvalidSignatureException')
    }
    return { output: { KeyId: keyArn(key), SignatureValid: true, SigningAlgorithm: input.SigningAlgorithm } }
  },
})

const forms = { RAW: 'message', DIGEST: 'digest', EXTERNAL_MU: 'mu' } as const

/** @throws InvalidKeyUsageException for an algorithm of other keys, ValidationException for a message it cannot take */
function requireMessage(key: Key, { Message, MessageType = 'RAW', SigningAlgorithm: name }: Wish) {
  requireAlgorithm(key, name)
  const algorithm: SigningAlgorithm | undefined = signingAlgorithms[name]
  const taken = algorithm?.takes[MessageType]
  if (!algorithm || !taken) {
    throw kmsError('ValidationException', `MessageType ${MessageType} is not valid for algorithm ${name}.`)
  }
  if (taken.size !== undefined && Message.length !== taken.size) {
    throw kmsError(
      'ValidationException',
      MessageType === 'DIGEST'
        ? `Digest is invalid length for algorithm ${name}.`
        : `${MessageType} is invalid length for algorithm ${name}.`,
    )
  }
  const message: Message = { form: forms[MessageType], bytes: Message }
  return { scheme: algorithm.scheme, message }
}
