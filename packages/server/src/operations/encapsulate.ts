import { decapsulate as open, encapsulate as make } from '../crypto/kem.ts'
import { publicKeyOf } from '../keys/material.ts'
import { pairOf } from '../keys/specs.ts'
import { usable } from '../keys/states.ts'
import { operation } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { kmsError } from '../protocol/errors.ts'
import { blob, oneOf, publicBlob, string, structure } from '../protocol/shape.ts'
import { onlyMaterialOf, requireAlgorithm } from './key-pairs.ts'
import { dryRun, grantTokens, keyId } from './members.ts'
import { shown } from './shown.ts'

interface Wish {
  KeyId: string
  EncapsulationAlgorithm: 'ML_KEM'
}

const keys = {
  key: { identifier: (input: Wish) => input.KeyId, aliases: true, usage: 'ENCAPSULATE_DECAPSULATE', states: usable },
} as const

const parameters = (input: Wish) => shown(input, 'KeyId', 'EncapsulationAlgorithm')

/** A fresh secret of 32 bytes, and what lets the holder of the private key find it (ML-KEM, FIPS 203). */
export const encapsulate = operation({
  name: 'Encapsulate',
  input: structure({
    KeyId: keyId,
    EncapsulationAlgorithm: oneOf(['ML_KEM']),
    GrantTokens: grantTokens,
    DryRun: dryRun,
  }),
  output: structure({
    KeyId: string(),
    SharedSecret: blob(),
    SharedSecretCiphertextBlob: publicBlob(),
    EncapsulationAlgorithm: string(),
  }),
  needs: { action: 'kms:Encapsulate', crossAccount: true, keys },
  audit: { readOnly: true, parameters },
  handle({ keys: { key } }, { EncapsulationAlgorithm }) {
    requireAlgorithm(key, EncapsulationAlgorithm)
    const { sharedSecret, ciphertext } = make(publicKeyOf(key))
    return {
      output: {
        KeyId: keyArn(key),
        SharedSecret: sharedSecret,
        SharedSecretCiphertextBlob: ciphertext,
        EncapsulationAlgorithm,
      },
    }
  },
})

/**
 * The secret that an encapsulation holds. A wrong one of the right length gives a secret that nobody has (implicit
 * rejection, FIPS 203 section 6.3), not a refusal.
 */
export const decapsulate = operation({
  name: 'Decapsulate',
  input: structure({
    KeyId: keyId,
    SharedSecretCiphertextBlob: blob(1, 6144),
    EncapsulationAlgorithm: oneOf(['ML_KEM']),
    GrantTokens: grantTokens,
    DryRun: dryRun,
  }),
  output: structure({ KeyId: string(), SharedSecret: blob(), EncapsulationAlgorithm: string() }),
  needs: { action: 'kms:Decapsulate', crossAccount: true, keys },
  audit: { readOnly: true, parameters },
  async handle(context, { SharedSecretCiphertextBlob: ciphertext, EncapsulationAlgorithm }) {
    const { key } = context.keys
    requireAlgorithm(key, EncapsulationAlgorithm)
    const kind = pairOf(key.spec)
    if (kind?.kind !== 'ml-kem' || ciphertext.length !== kind.ciphertext) throw kmsError('InvalidCiphertextException')
    const secret = open(await onlyMaterialOf(context, key), ciphertext)
    return { output: { KeyId: keyArn(key), SharedSecret: secret, EncapsulationAlgorithm } }
  },
})
