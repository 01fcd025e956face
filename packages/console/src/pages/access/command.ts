import { endpointText } from '../../api/client.ts'
import type { KeyreeveOperations } from '../../api/types.ts'
import { quote } from '../key/shell.ts'

export type SimulateInput = KeyreeveOperations['SimulateAccess'][0]

/**
 * The same question for a terminal. Undefined for what the command cannot be asked: it takes a name to end at the first `=`.
 */
export function simulateCommand(input: SimulateInput, region: string): string | undefined {
  const { PrincipalArn, Action, KeyId, ResourceArn, EncryptionContext = {}, Conditions = {}, RequestTags = {} } = input
  const names = [EncryptionContext, Conditions, RequestTags].flatMap(Object.keys)
  if (names.some(name => name.includes('='))) return undefined
  const flags: [flag: string, value: string | undefined][] = [
    ['principal', PrincipalArn],
    ['action', Action],
    ['key', KeyId],
    ['resource', ResourceArn],
    ...Object.entries(EncryptionContext).map(([name, value]): [string, string] => ['context', `${name}=${value}`]),
    ...Object.entries(RequestTags).map(([name, value]): [string, string] => ['tag', `${name}=${value}`]),
    ...Object.entries(Conditions).flatMap(([name, values]) =>
      (values.length === 0 ? [''] : values).map((value): [string, string] => ['condition', `${name}=${value}`]),
    ),
    ['region', region],
    ['endpoint', endpointText],
  ]
  const words = flags.flatMap(([flag, value]) => (value === undefined ? [] : [`--${flag} ${quote(value)}`]))
  return ['keyreeve simulate', ...words].join(' \\\n  ')
}
