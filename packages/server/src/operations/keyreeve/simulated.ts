import { roleCaller, userCaller, type Caller } from '../../auth/caller.ts'
import { grantOperations, type GrantOperation } from '../../auth/grants.ts'
import type { Role, User } from '../../auth/identities.ts'
import type { Question } from '../../authority.ts'
import type { Key } from '../../keys/key.ts'
import type { Context } from '../../operation.ts'
import type { Identity } from '../../policies.ts'
import type { ActionFacts } from './actions.ts'

/** Decisions about requests that nobody has sent. */

/** As whom one is asked about, with credentials made just now. */
export interface Subject {
  identity: Identity
  caller: Caller
}

export const asUser = (user: Readonly<User>): Subject => ({ identity: { entity: user }, caller: userCaller(user) })

/** A session without tags and session policies. */
export function asRole(role: Readonly<Role>, now: number, sessionName = 'simulation'): Subject {
  const session = { issuedAt: now, expiresAt: now, tags: [], transitiveTags: [] }
  return { identity: { entity: role }, caller: roleCaller(role, session, sessionName, '') }
}

/** What grants can allow of an action. */
export const granted = ({ name }: ActionFacts): GrantOperation | undefined =>
  grantOperations.find(operation => name === `kms:${operation}`)

/** An action on a key, named by its id, in a request that says nothing else. */
export async function onKey(context: Context, action: ActionFacts, key: Readonly<Key>): Promise<Question> {
  const { name, crossAccount, keyConditions } = action
  const operation = granted(action)
  return {
    action: name,
    key,
    ...(crossAccount && { crossAccount }),
    ...(keyConditions && { keyConditions: await keyConditions({ ...context, keys: { key } }) }),
    ...(operation && { grantable: { operation } }),
  }
}
