import type { Call } from './audit-event.ts'
import type { Denial } from './auth/denial.ts'
import { grantOperations, type GrantOperation } from './auth/grants.ts'
import type { Conditions } from './auth/request-context.ts'
import type { Question } from './authority.ts'
import type { Context, KeyNeed, Operation } from './operation.ts'
import type { Key } from './keys/key.ts'
import { aliasArn } from './protocol/arn.ts'

/** What the needs of an operation ask the authority of a request. */

export type CallContext = Context & { keys: Record<string, Key> }

/**
 * The operation's own action on each of its resources, and whatever else it needs; all must be allowed.
 *
 * @param keyConditions left out where nothing of the keys may be told
 * @throws Denial
 */
export async function authorize(call: Call, context: CallContext, keyConditions?: Conditions): Promise<void> {
  const { operation, caller, region, input } = call
  const { needs } = operation
  const { action, alias } = needs
  if (action === null) return
  const { keys, authority } = context
  // No condition can be put on an alias.
  if (alias)
    await authority.require({
      action,
      resource: { arn: aliasArn({ account: caller.account, region, name: alias(input) }) },
    })
  const asked = { ...(await told(call, context)), ...(keyConditions && { keyConditions }) }
  let isOnKeys = alias !== undefined
  for (const [name, key] of Object.entries(keys)) {
    const need = needs.keys[name]
    if (!need || need.action === null) {
      if (key.account !== caller.account) {
        throw authority.refuse(action, () => ({ ...asked, ...(need && onKey(operation, need, input, asked)), key }))
      }
      continue
    }
    isOnKeys = true
    await authority.require({ ...asked, ...onKey(operation, need, input, asked), action: need.action ?? action, key })
  }
  if (!isOnKeys) {
    const resource = (await needs.resource?.(input, context)) ?? { arn: '*' }
    await authority.require({ ...asked, action, resource })
  }
  for (const question of (await needs.also?.(context, input)) ?? []) await authority.require(question)
}

/**
 * For a key of another account that is not there: the same as if the caller might not use it. What the caller's account may know
 * of a key that is there, it is told of one that is not.
 */
export function absent(call: Call, context: CallContext, need: KeyNeed<unknown>, account: string): Denial {
  const { operation, input } = call
  const action = need.action ?? operation.needs.action ?? `kms:${operation.name}`
  return context.authority.refuse(action, async () => {
    const asked = await told(call, context)
    const { named, ...question } = { ...asked, ...onKey(operation, need, input, asked) }
    return { ...question, resource: { arn: named ?? '*', account } }
  })
}

/** What policies are told of the request, whatever key it is on. */
async function told({ operation: { needs }, input }: Call, context: CallContext): Promise<Partial<Question>> {
  const conditions = await needs.conditions?.(input, context)
  const requestTags = needs.requestTags?.(input)
  return {
    ...(needs.crossAccount && { crossAccount: true }),
    ...(conditions && { conditions }),
    ...(requestTags && { requestTags }),
  }
}

/** What policies and grants are told of the use of a key. */
function onKey(
  { needs }: Operation,
  need: KeyNeed<unknown>,
  input: unknown,
  { conditions }: Partial<Question>,
): Partial<Question> {
  const identifier = need.identifier(input)
  const encryptionContext = (need.encryptionContext ?? needs.encryptionContext)?.(input)
  const grantOperation = grantable.get(need.action ?? needs.action ?? '')
  const child = needs.child?.(input)
  const named = needs.alias === undefined && need.aliases ? aliasIn(identifier) : undefined
  return {
    ...(need.conditions && { conditions: { ...conditions, ...need.conditions(input) } }),
    ...(encryptionContext && { encryptionContext }),
    ...(named !== undefined && { requestAlias: named }),
    ...(grantOperation && {
      grantable: {
        operation: grantOperation,
        ...(encryptionContext && { encryptionContext }),
        ...(child && { child }),
      },
    }),
    isHidden: need.ciphertext !== undefined && identifier === undefined,
    ...(identifier !== undefined && { named: identifier }),
  }
}

/** By action. */
const grantable: ReadonlyMap<string, GrantOperation> = new Map(grantOperations.map(name => [`kms:${name}`, name]))

/** The alias by which a request names a key, if it does. */
function aliasIn(identifier = ''): string | undefined {
  const at = identifier.startsWith('alias/') ? 0 : identifier.indexOf(':alias/') + 1
  return identifier.startsWith('alias/', at) ? identifier.slice(at) : undefined
}
