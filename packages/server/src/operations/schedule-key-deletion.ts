import { isPrimary, notPendingDeletion } from '../keys/states.ts'
import { operation, type KeyedContext } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { kmsError } from '../protocol/errors.ts'
import { integer, optional, string, structure, timestamp } from '../protocol/shape.ts'
import { putKey } from './family.ts'
import { keyId } from './members.ts'
import { day } from './rotation.ts'
import { shown } from './shown.ts'

/** Days; the longest is the default. */
const shortestWindow = 7
const longestWindow = 30

/** For policies that keep what is in use from those who would put an end to it. */
export const toldOfUsage = async ({ keys: { key }, lastUsage, view, now }: KeyedContext<'key'>) => ({
  'kms:TrailingDaysWithoutKeyUsage': await lastUsage.daysWithoutUse(view, key, now),
})

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
    conditions: input => ({
      'kms:ScheduleKeyDeletionPendingWindowInDays': input.PendingWindowInDays ?? longestWindow,
    }),
    keyConditions: toldOfUsage,
    // The model admits 1 to 365; the service narrows it.
    check(_, { PendingWindowInDays: window = longestWindow }) {
      if (window < shortestWindow || window > longestWindow) {
        const text = `PendingWindowInDays must be between ${shortestWindow} and ${longestWindow}`
        throw kmsError('ValidationException', text)
      }
    },
    keys: { key: { identifier: input => input.KeyId, aliases: false, states: notPendingDeletion } },
  },
  audit: {
    readOnly: false,
    parameters: input => ({
      ...shown(input, 'KeyId'),
      pendingWindowInDays: input.PendingWindowInDays ?? longestWindow,
    }),
  },
  handle({ keys: { key }, now }, { PendingWindowInDays: windowInDays = longestWindow }) {
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
