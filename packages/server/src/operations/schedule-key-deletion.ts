import { isPrimary, notPendingDeletion } from '../keys/states.ts'
import { operation } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { kmsError } from '../protocol/errors.ts'
import { integer, optional, string, structure, timestamp } from '../protocol/shape.ts'
import { putKey } from './family.ts'
import { keyId } from './members.ts'
import { day } from './rotation.ts'
import { shown } from './shown.ts'

/**
 * Starts the waiting period of 7 to 30 days, after which a job erases the key. That of a primary key starts when its last
 * replica is gone; until then it only waits.
 */
export const scheduleKeyDeletion = operation({
  name: 'ScheduleKeyDeletion',
  input: structure({ KeyId: keyId, PendingWindowInDays: optional(integer(1, 365)) }),
  output: structure({
    KeyId: string(),
    DeletionDate: optional(timestamp()),
    KeyState: string(),
    PendingWindowInDays: integer(),
  }),
  needs: {
    action: 'kms:ScheduleKeyDeletion',
    // The model admits 1 to 365; the service narrows it.
    check(_, { PendingWindowInDays: window = 30 }) {
      if (window < 7 || window > 30) {
        throw kmsError('ValidationException', 'PendingWindowInDays must be between 7 and 30')
      }
    },
    keys: { key: { identifier: input => input.KeyId, aliases: false, states: notPendingDeletion } },
  },
  audit: {
    readOnly: false,
    parameters: input => ({ ...shown(input, 'KeyId'), pendingWindowInDays: input.PendingWindowInDays ?? 30 }),
  },
  handle({ keys: { key }, now }, { PendingWindowInDays: windowInDays = 30 }) {
    const waitsForReplicas = isPrimary(key) && (key.family?.replicas.length ?? 0) > 0
    const at = now + windowInDays * day
    const deletion = waitsForReplicas ? { windowInDays } : { at, windowInDays }
    const keyState = waitsForReplicas ? 'PendingReplicaDeletion' : 'PendingDeletion'
    const date = waitsForReplicas ? undefined : new Date(at)
    return {
      output: {
        KeyId: keyArn(key),
        ...(date && { DeletionDate: date }),
        KeyState: keyState,
        PendingWindowInDays: windowInDays,
      },
      changes: [putKey({ ...key, deletion })],
      recorded: {
        keyId: keyArn(key),
        keyState,
        ...(date ? { deletionDate: date } : { pendingWindowInDays: windowInDays }),
      },
    }
  },
})
