import type { PropertyFilterProps } from '@cloudscape-design/components/property-filter'
import type { KeySummary } from '../../api/types.ts'
import { aliasText, regionalityOf } from './values.ts'

/** Which keys a filter lets through. */

type Texts = (key: KeySummary) => readonly (string | undefined)[]

/** The texts of a key that a property is about. */
const textsOf: Readonly<Record<string, Texts>> = {
  alias: ({ Aliases = [] }) => Aliases.flatMap(name => [aliasText(name), name]),
  keyId: ({ KeyId, Arn }) => [KeyId, Arn],
  state: ({ KeyState }) => [KeyState],
  spec: ({ KeySpec }) => [KeySpec],
  usage: ({ KeyUsage }) => [KeyUsage],
  origin: ({ Origin }) => [Origin],
  regionality: key => [regionalityOf(key)],
  description: ({ Description }) => [Description],
  keyStore: ({ CustomKeyStoreId }) => [CustomKeyStoreId],
  tagKey: ({ Tags = [] }) => Tags.map(({ TagKey }) => TagKey),
  tagValue: ({ Tags = [] }) => Tags.map(({ TagValue }) => TagValue),
}

/** The values of one tag have a property of their own. */
const tagPrefix = 'tag:'
export const tagProperty = (tagKey: string): string => tagPrefix + tagKey

function textsOfProperty(property: string): Texts | undefined {
  if (property.startsWith(tagPrefix)) {
    const tagKey = property.slice(tagPrefix.length)
    return ({ Tags = [] }) => Tags.filter(({ TagKey }) => TagKey === tagKey).map(({ TagValue }) => TagValue)
  }
  return Object.hasOwn(textsOf, property) ? textsOf[property] : undefined
}

const anywhere: Texts = key => [
  key.KeyId,
  ...(key.Aliases ?? []),
  key.Description,
  key.KeySpec,
  key.CustomKeyStoreId,
  ...(key.Tags ?? []).flatMap(({ TagKey, TagValue }) => [TagKey, TagValue]),
]

const comparisons: Readonly<Record<string, (text: string, wanted: string) => boolean>> = {
  ':': (text, wanted) => text.includes(wanted),
  '=': (text, wanted) => text === wanted,
  '^': (text, wanted) => text.startsWith(wanted),
}

type Matches = (key: KeySummary) => boolean

function matchesToken({ propertyKey, operator, value }: PropertyFilterProps.Token): Matches {
  if (propertyKey === 'created') return matchesDay(operator, String(value ?? ''))
  const wanted = String(value ?? '').toLowerCase()
  // An ARN names its account and Region too, in which all keys of the list are: only who has one means it.
  const freeText: Texts = wanted.startsWith('arn:') ? key => [key.Arn] : anywhere
  const texts = propertyKey === undefined ? freeText : textsOfProperty(propertyKey)
  const isNegated = operator.startsWith('!')
  const comparison = comparisons[isNegated ? operator.slice(1) : operator]
  if (!texts || !comparison) return () => false
  return key => texts(key).some(text => text !== undefined && comparison(text.toLowerCase(), wanted)) !== isNegated
}

/** Of a day as the browser's time zone has it; while it is being typed, all match. */
function matchesDay(operator: string, day: string): Matches {
  const start = new Date(`${day}T00:00:00`)
  if (Number.isNaN(start.getTime())) return () => true
  const end = new Date(start)
  end.setDate(end.getDate() + 1)
  const [from, to] = [start.getTime() / 1000, end.getTime() / 1000]
  const tests: Readonly<Record<string, (at: number) => boolean>> = {
    '=': at => at >= from && at < to,
    '!=': at => at < from || at >= to,
    '<': at => at < from,
    '<=': at => at < to,
    '>': at => at >= to,
    '>=': at => at >= from,
  }
  const test = tests[operator]
  return ({ CreationDate }) => CreationDate !== undefined && test?.(CreationDate) === true
}

/** Undefined if all keys match. */
export function matcher({ tokens, operation }: PropertyFilterProps.Query): Matches | undefined {
  const tests = tokens.map(matchesToken)
  if (tests.length === 0) return undefined
  return operation === 'and' ? key => tests.every(test => test(key)) : key => tests.some(test => test(key))
}
