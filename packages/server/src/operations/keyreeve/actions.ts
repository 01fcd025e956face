import type { Operation } from '../../operation.ts'
import { kmsError } from '../../protocol/errors.ts'
import { string } from '../../protocol/shape.ts'
import { kmsOperations } from '../kms.ts'

/** What can be known of an action without a request. */
export interface ActionFacts {
  /** As policies spell it, such as `kms:Decrypt`. */
  name: string
  isOnKeys: boolean
  isOnAliases: boolean
  crossAccount: boolean
  /** What policies are told of the one key that it is on. */
  keyConditions?: Operation['needs']['keyConditions']
}

let known: ReadonlyMap<string, ActionFacts> | undefined

/** All actions of the real services, by name in lower case. Loads their operations when it is asked for the first time. */
export async function knownActions(): Promise<ReadonlyMap<string, ActionFacts>> {
  if (known) return known
  const { stsOperations } = await import('../sts/index.ts')
  const { iamOperations } = await import('../iam/index.ts')
  return (known = actionsOf([...kmsOperations, ...stsOperations, ...iamOperations]))
}

/** With or without the prefix `kms:`. */
export const actionName = string(1, 128, {
  text: '([\\w-]+:)?\\w+',
  test: value => /^(?:[\w-]+:)?\w+$/.test(value),
})

/**
 * An action on keys that policies or grants can allow, in any case.
 *
 * @throws ValidationException
 */
export function requireKeyAction(actions: ReadonlyMap<string, ActionFacts>, text: string): ActionFacts {
  const name = text.includes(':') ? text : `kms:${text}`
  const action = actions.get(name.toLowerCase())
  if (action?.isOnKeys && action.name !== 'kms:RetireGrant') return action
  throw kmsError(
    'ValidationException',
    action ? `${action.name} is not decided by a key.` : `There is no action ${name}.`,
  )
}

/** All actions that operations are authorised by, by name in lower case. */
function actionsOf(operations: readonly Operation[]): ReadonlyMap<string, ActionFacts> {
  const found = new Map<string, ActionFacts>()
  for (const { needs } of operations) {
    const crossAccount = needs.crossAccount === true
    const { key, ...others } = needs.keys
    const isOnOne = key !== undefined && Object.keys(others).length === 0
    const onKeys = Object.values(needs.keys).map(({ action = needs.action }) => action)
    for (const name of [...onKeys, needs.action]) {
      // What stands for several actions is none itself.
      if (name === null || name.includes('*')) continue
      const known = found.get(name.toLowerCase())
      found.set(name.toLowerCase(), {
        name,
        isOnKeys: known?.isOnKeys === true || onKeys.includes(name),
        isOnAliases: needs.alias !== undefined,
        crossAccount: crossAccount || known?.crossAccount === true,
        ...(isOnOne && needs.keyConditions && { keyConditions: needs.keyConditions }),
      })
    }
  }
  return found
}
