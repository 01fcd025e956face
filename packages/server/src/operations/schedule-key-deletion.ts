import { notPendingDeletion } from '../keys/states.ts'
import { operation } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { kmsError } from '../protocol/errors.ts'
import { integer, optional, string, structure, timestamp } from '../protocol/shape.ts'
import { keyRow } from '../store/documents.ts'
import { keyId } from './members.ts'
import { shown } from './shown.ts'

const day = 24 * 60 * 60 * 1000

/** Starts the waiting period of 7 to 30 days, after which a job erases the key. */
export const scheduleKeyDeletion = operation({
  name: 'ScheduleKeyDeletion',
  input: structure({ KeyId: keyId, PendingWindowInDays: optional(integer(1, 365)) }),
  output: structure({ KeyId: string(), DeletionDate: timestamp(), KeyState: string(), PendingWindowInDays: integer() }),
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
    const deletion = { at: now + windowInDays * day, windowInDays }
    const deletionDate = new Date(deletion.at)
    return {
      output: {
        KeyId: keyArn(key),
        DeletionDate: deletionDate,
        KeyState: 'PendingDeletion',
        PendingWindowInDays: windowInDays,
      },
      changes: [{ put: 'key', id: keyRow(key.account, key.region, key.id), document: { ...key, deletion } }],
      recorded: { keyId: keyArn(key), keyState: 'PendingDeletion', deletionDate },
    }
  },
})
