import { anyState } from '../keys/states.ts'
import { trackedOperations } from '../last-usage.ts'
import { operation } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { oneOf, optional, string, structure, timestamp } from '../protocol/shape.ts'
import { keyId } from './members.ts'
import { shown } from './shown.ts'

/** When a key was last used, and by which call. Uses are counted from the key's creation on. */
export const getKeyLastUsage = operation({
  name: 'GetKeyLastUsage',
  input: structure({ KeyId: keyId }),
  output: structure({
    KeyId: string(),
    KeyLastUsage: structure({
      Operation: optional(oneOf(trackedOperations)),
      Timestamp: optional(timestamp()),
      CloudTrailEventId: optional(string()),
      KmsRequestId: optional(string()),
    }),
    TrackingStartDate: timestamp(),
    KeyCreationDate: timestamp(),
  }),
  needs: {
    action: 'kms:GetKeyLastUsage',
    keys: { key: { identifier: input => input.KeyId, aliases: false, states: anyState } },
  },
  audit: { readOnly: true, parameters: input => shown(input, 'KeyId') },
  async handle({ keys: { key }, lastUsage, view }) {
    const use = await lastUsage.of(view, key)
    const created = new Date(key.createdAt)
    return {
      output: {
        KeyId: keyArn(key),
        KeyLastUsage: use
          ? {
              Operation: use.operation,
              Timestamp: new Date(use.at),
              CloudTrailEventId: use.eventId,
              KmsRequestId: use.requestId,
            }
          : {},
        TrackingStartDate: created,
        KeyCreationDate: created,
      },
    }
  },
})
