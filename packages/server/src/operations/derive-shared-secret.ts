import { readPublicKey } from '../crypto/public-key.ts'
import { pairOf } from '../keys/specs.ts'
import { usable } from '../keys/states.ts'
import { operation } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { kmsError } from '../protocol/errors.ts'
import { blob, oneOf, optional, string, structure } from '../protocol/shape.ts'
import { onlyMaterialOf, requireAlgorithm } from './key-pairs.ts'
import { origins } from './key-metadata.ts'
import { dryRun, grantTokens, keyId } from './members.ts'
import { ciphertextForRecipient, recipient, recipientOf, toldOfRecipient } from './recipient.ts'
import { shown } from './shown.ts'

/** The raw shared secret of ECDH with somebody's public key: the x-coordinate, to be put through a KDF. */
export const deriveSharedSecret = operation({
  name: 'DeriveSharedSecret',
  input: structure({
    KeyId: keyId,
    KeyAgreementAlgorithm: oneOf(['ECDH']),
    PublicKey: blob(1, 8192),
    GrantTokens: grantTokens,
    DryRun: dryRun,
    Recipient: recipient,
  }),
  output: structure({
    KeyId: string(),
    SharedSecret: optional(blob()),
    KeyAgreementAlgorithm: string(),
    KeyOrigin: oneOf(origins),
    CiphertextForRecipient: ciphertextForRecipient,
  }),
  needs: {
    action: 'kms:DeriveSharedSecret',
    crossAccount: true,
    conditions: async (input, context) => ({
      'kms:KeyAgreementAlgorithm': input.KeyAgreementAlgorithm,
      ...(await toldOfRecipient(input, context)),
    }),
    keys: { key: { identifier: input => input.KeyId, aliases: true, usage: 'KEY_AGREEMENT', states: usable } },
  },
  audit: { readOnly: true, parameters: input => shown(input, 'KeyId', 'KeyAgreementAlgorithm') },
  async handle(context, input) {
    const { key } = context.keys
    const { answer, recorded } = await recipientOf(context, input)
    requireAlgorithm(key, input.KeyAgreementAlgorithm)
    const kind = pairOf(key.spec)
    if (kind?.kind !== 'ecc') throw new Error(`${key.spec} agrees on nothing`)
    const peer = readPublicKey(kind, input.PublicKey)
    if (!peer) throw kmsError('ValidationException')
    const secret = await context.publicKeys.agree(context.caller.account, await onlyMaterialOf(context, key), peer)
    return {
      output: {
        KeyId: keyArn(key),
        ...answer('SharedSecret', secret),
        KeyAgreementAlgorithm: input.KeyAgreementAlgorithm,
        KeyOrigin: key.origin,
      },
      ...recorded(),
    }
  },
})
