import type { Key } from '../keys/key.ts'
import { anyState, notPendingDeletion } from '../keys/states.ts'
import { kmsError } from '../protocol/errors.ts'
import { keyRow, type Change } from '../store/documents.ts'

/**
 * Aliases: names for keys, unique in account and Region. The key lists the names that point to it, so that its row
 * vouches for them, and two requests cannot both take the last place.
 */

const mostAliases = 50

/** @throws ValidationException, NotAuthorizedException */
export function requireAliasName(name: string): void {
  if (!name.startsWith('alias/') || name === 'alias/') {
    throw kmsError(
      'ValidationException',
      'Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html',
    )
  }
  if (name === 'alias/aws' || name.startsWith('alias/aws/')) throw kmsError('NotAuthorizedException')
  // The model's pattern admits a colon; the service does not.
  if (name.includes(':')) {
    throw kmsError('ValidationException', `${name} contains invalid characters for an alias`)
  }
}

export function requireKeyTarget(target: string): void {
  if (target.startsWith('alias/') || target.includes(':alias/')) {
    throw kmsError('ValidationException', 'Aliases must refer to keys. Not aliases')
  }
}

/** The key that an alias shall point to. */
export const target = {
  identifier: (input: { TargetKeyId: string }) => input.TargetKeyId,
  aliases: false,
  states: notPendingDeletion,
} as const
/** The key that it points to now. */
export const current = {
  identifier: (input: { AliasName: string }) => input.AliasName,
  aliases: true,
  states: anyState,
} as const

export const without = (key: Key, name: string): Key => ({
  ...key,
  aliases: key.aliases.filter(other => other !== name),
})

/** @throws LimitExceededException */
export function withAlias(key: Key, name: string): Key {
  if (key.aliases.length >= mostAliases) {
    throw kmsError(
      'LimitExceededException',
      `Aliases per key quota for this account in this region is ${mostAliases}, current usage is ${key.aliases.length}.`,
    )
  }
  return { ...key, aliases: [...key.aliases, name].toSorted() }
}

export const putKey = (key: Key): Change => ({ put: 'key', id: keyRow(key.account, key.region, key.id), document: key })
