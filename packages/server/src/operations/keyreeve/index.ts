import type { Operation } from '../../operation.ts'
import { createAccount } from './create-account.ts'
import { explainRequest } from './explain-request.ts'
import { listAccounts } from './list-accounts.ts'
import { simulateAccess } from './simulate-access.ts'

/** What the real services do not have. */
export const keyreeveOperations: readonly Operation[] = [createAccount, explainRequest, listAccounts, simulateAccess]
