import type { Operation } from '../../operation.ts'
import { createAccount } from './create-account.ts'
import { createConsoleLink } from './create-console-link.ts'
import { createConsoleSession } from './create-console-session.ts'
import { describeConsole } from './describe-console.ts'
import { explainRequest } from './explain-request.ts'
import { listAccounts } from './list-accounts.ts'
import { listKeyAccess } from './list-key-access.ts'
import { listKeySummaries } from './list-key-summaries.ts'
import { lookupEvents } from './lookup-events.ts'
import { redeemConsoleLink } from './redeem-console-link.ts'
import { simulateAccess } from './simulate-access.ts'
import { validateKeyPolicy } from './validate-key-policy.ts'

/** What the real services do not have. */
export const keyreeveOperations: readonly Operation[] = [
  createAccount,
  createConsoleLink,
  createConsoleSession,
  describeConsole,
  explainRequest,
  listAccounts,
  listKeyAccess,
  listKeySummaries,
  lookupEvents,
  redeemConsoleLink,
  simulateAccess,
  validateKeyPolicy,
]
