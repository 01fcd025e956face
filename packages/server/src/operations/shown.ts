import type { AuditObject, AuditValue } from '../audit/record.ts'

/** The named members of an input as an audit record shows them: an allow-list, under CloudTrail's names. */
export function shown<I extends object>(input: I, ...names: (keyof I & string)[]): AuditObject {
  const parameters: Record<string, AuditValue> = {}
  for (const name of names) {
    if (input[name] !== undefined) parameters[camel(name)] = auditable(input[name])
  }
  return parameters
}

/** Members of structures in lower camel case, maps as objects. Bytes stay what they are: the record refuses them. */
export function auditable(value: unknown): AuditValue {
  if (value instanceof Map) {
    const pairs: Record<string, AuditValue> = Object.create(null)
    for (const [name, item] of value) pairs[String(name)] = auditable(item)
    return pairs
  }
  if (Array.isArray(value)) return value.map(auditable)
  if (isStructure(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [camel(name), auditable(item)]))
  }
  return value as AuditValue // Checked again where the record is rendered.
}

const isStructure = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !(value instanceof Date) && !ArrayBuffer.isView(value)

/** `AWSAccountId` becomes `aWSAccountId`, as CloudTrail has it. */
const camel = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1)
