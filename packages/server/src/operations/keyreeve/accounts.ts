import type { Context } from '../../operation.ts'
import { isAccount } from '../../protocol/arn.ts'
import { kmsError } from '../../protocol/errors.ts'
import { string } from '../../protocol/shape.ts'
import type { View } from '../../store/documents.ts'

/** Accounts: there is one as long as there is something in it. */

export const accountId = string(12, 12, { text: '\\d{12}', test: isAccount })

/**
 * What concerns all accounts is for those who keep the server, whatever policies other accounts have.
 *
 * @throws AccessDeniedException
 */
export function requireFirstAccount({ caller, operation, settings }: Context): void {
  if (caller.account === settings.account) return
  const text = `User: ${caller.arn} is not authorized to perform: keyreeve:${operation} because it is not of the server's first account`
  throw kmsError('AccessDeniedException', text)
}

const kinds = ['user', 'group', 'role', 'managed-policy', 'oidc-provider', 'key'] as const

/** Whether there is something in an account: even keys alone must not fall to whoever asks for their account. */
export async function isInUse(view: View, account: string): Promise<boolean> {
  for (const kind of kinds) if ((await view.page(kind, `${account}/`, undefined, 1)).length > 0) return true
  return false
}
