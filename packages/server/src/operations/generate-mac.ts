import { isSameMac, mac } from '../crypto/mac.ts'
import { macAlgorithms, type MacAlgorithmName } from '../keys/algorithms.ts'
import type { Key } from '../keys/key.ts'
import { usable } from '../keys/states.ts'
import { operation, type Context } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { kmsError } from '../protocol/errors.ts'
import { blob, boolean, oneOf, string, structure } from '../protocol/shape.ts'
import { onlyMaterialOf, requireAlgorithm } from './key-pairs.ts'
import { dryRun, grantTokens, keyId } from './members.ts'
import { shown } from './shown.ts'

const macAlgorithm = oneOf(Object.keys(macAlgorithms) as MacAlgorithmName[]) // The table has no others.

interface Wish {
  KeyId: string
  Message: Uint8Array
  MacAlgorithm: MacAlgorithmName
}

const keys = {
  key: { identifier: (input: Wish) => input.KeyId, aliases: true, usage: 'GENERATE_VERIFY_MAC', states: usable },
} as const

const conditions = ({ MacAlgorithm }: Wish) => ({ 'kms:MacAlgorithm': MacAlgorithm })

const parameters = (input: Wish) => shown(input, 'KeyId', 'MacAlgorithm')

/** The HMAC of a message. It may serve as a secret, so it is treated as one. */
export const generateMac = operation({
  name: 'GenerateMac',
  input: structure({
    Message: blob(1, 4096),
    KeyId: keyId,
    MacAlgorithm: macAlgorithm,
    GrantTokens: grantTokens,
    DryRun: dryRun,
  }),
  output: structure({ Mac: blob(), MacAlgorithm: string(), KeyId: string() }),
  needs: { action: 'kms:GenerateMac', crossAccount: true, conditions, keys },
  audit: { readOnly: true, parameters },
  async handle(context, input) {
    const { key } = context.keys
    const made = await macOf(context, key, input)
    return { output: { Mac: made, MacAlgorithm: input.MacAlgorithm, KeyId: keyArn(key) } }
  },
})

/** Says that a MAC is the one of this message, or refuses. */
export const verifyMac = operation({
  name: 'VerifyMac',
  input: structure({
    Message: blob(1, 4096),
    KeyId: keyId,
    MacAlgorithm: macAlgorithm,
    Mac: blob(1, 6144),
    GrantTokens: grantTokens,
    DryRun: dryRun,
  }),
  output: structure({ KeyId: string(), MacValid: boolean(), MacAlgorithm: string() }),
  needs: { action: 'kms:VerifyMac', crossAccount: true, conditions, keys },
  audit: { readOnly: true, parameters },
  async handle(context, input) {
    const { key } = context.keys
    const expected = await macOf(context, key, input)
    try {
      if (!isSameMac(input.Mac, expected)) throw kmsError('KMSInvalidMacException')
    } finally {
      expected.fill(0)
    }
    return { output: { KeyId: keyArn(key), MacValid: true, MacAlgorithm: input.MacAlgorithm } }
  },
})

/** @throws InvalidKeyUsageException for an algorithm of other keys */
async function macOf(context: Context, key: Key, { MacAlgorithm, Message }: Wish): Promise<Buffer> {
  requireAlgorithm(key, MacAlgorithm)
  return mac(macAlgorithms[MacAlgorithm], await onlyMaterialOf(context, key), Message)
}
