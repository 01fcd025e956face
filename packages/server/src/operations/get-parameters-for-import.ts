import { createSecretKey } from 'node:crypto'
import { dayKeyErasedAt, dayOf, issueToken, newDayKey, tokenLifetime } from '../import/token.ts'
import { requireFit, wrappingAlgorithmNames, wrappingKeySpecNames } from '../import/wrapping.ts'
import { notPendingDeletion } from '../keys/states.ts'
import { operation, type Context } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { decodeBase64, encodeBase64 } from '../protocol/base64.ts'
import { kmsError } from '../protocol/errors.ts'
import { blob, oneOf, string, structure, timestamp } from '../protocol/shape.ts'
import type { Change } from '../store/documents.ts'
import type { KeyObject } from 'node:crypto'
import { keyId } from './members.ts'
import { shown } from './shown.ts'

/** Hands out a fresh wrapping key, and the token that must come back with the wrapped material. */
export const getParametersForImport = operation({
  name: 'GetParametersForImport',
  input: structure({
    KeyId: keyId,
    WrappingAlgorithm: oneOf(wrappingAlgorithmNames),
    WrappingKeySpec: oneOf(wrappingKeySpecNames),
  }),
  output: structure({ KeyId: string(), ImportToken: blob(), PublicKey: blob(), ParametersValidTo: timestamp() }),
  needs: {
    action: 'kms:GetParametersForImport',
    conditions: ({ WrappingAlgorithm, WrappingKeySpec }) => ({
      'kms:WrappingAlgorithm': WrappingAlgorithm,
      'kms:WrappingKeySpec': WrappingKeySpec,
    }),
    keys: {
      key: { identifier: input => input.KeyId, aliases: false, origin: 'EXTERNAL', states: notPendingDeletion },
    },
  },
  audit: { readOnly: true, parameters: input => shown(input, 'KeyId', 'WrappingAlgorithm', 'WrappingKeySpec') },
  // Nothing is stored of the set: the token carries the private key, sealed and bound to this key and algorithm.
  async handle(context, { WrappingAlgorithm, WrappingKeySpec }) {
    const { keys, now, caller, wrappingKeys, settings } = context
    const { key } = keys
    const refused = WrappingAlgorithm === 'RSAES_PKCS1_V1_5' && settings.pkcs1v15 === 'refuse'
    if (refused) throw kmsError('UnsupportedOperationException')
    requireFit(key.spec, WrappingAlgorithm, WrappingKeySpec)
    const { dayKey, changes } = await dayKeyFor(context, dayOf(now))
    const { publicKey, privateKey } = await wrappingKeys.take(caller.account, WrappingKeySpec)
    try {
      const validTo = now + tokenLifetime
      const token = issueToken(
        dayKey,
        {
          account: key.account,
          region: key.region,
          keyId: key.id,
          algorithm: WrappingAlgorithm,
          wrappingKeySpec: WrappingKeySpec,
          publicKey,
          createdAt: now,
          validTo,
        },
        privateKey,
      )
      return {
        output: { KeyId: keyArn(key), ImportToken: token, PublicKey: publicKey, ParametersValidTo: new Date(validTo) },
        changes,
      }
    } finally {
      privateKey.fill(0)
    }
  },
})

/** The key that seals tokens of this day (days since the epoch, UTC); the first token of a day makes it. */
async function dayKeyFor({ view, seal }: Context, day: number): Promise<{ dayKey: KeyObject; changes: Change[] }> {
  const id = String(day)
  const context = { purpose: 'day-key/v1', fields: [id] } as const
  const stored = await view.get('day-key', id)
  const bytes = stored ? seal.open(context, decodeBase64(stored.sealed)) : newDayKey()
  try {
    const dayKey = createSecretKey(bytes)
    if (stored) return { dayKey, changes: [] }
    const document = { sealed: encodeBase64(seal.seal(context, bytes)), erasedAt: dayKeyErasedAt(day) }
    return { dayKey, changes: [{ put: 'day-key', id, document }] }
  } finally {
    bytes.fill(0)
  }
}
