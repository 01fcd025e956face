import { kmsError } from './errors.ts'

/**
 * The constraints of the service's model, and the one ValidationException about all that a request breaks, in AWS's words.
 */

export interface Bounds {
  readonly min?: number
  readonly max?: number
}

export interface Rule<T> {
  readonly text: string
  holds(value: T): boolean
}

/** A predicate on strings, linear in their length, with the text that AWS prints for it. */
export interface Pattern {
  readonly text: string
  readonly test: (value: string) => boolean
}

export function bounds(min: number | undefined, max: number | undefined): Bounds {
  return { ...(min !== undefined && { min }), ...(max !== undefined && { max }) }
}

export function valueRules(limits: Bounds): Rule<number>[] {
  return boundRules('value', limits, value => value)
}

export function lengthRules<T extends { readonly length: number }>(limits: Bounds): Rule<T>[] {
  return boundRules('length', limits, ({ length }) => length)
}

/** The length of a text is its number of Unicode characters. */
export function characterRules(limits: Bounds): Rule<string>[] {
  return boundRules('length', limits, characters)
}

export function patternRule({ text, test }: Pattern): Rule<string> {
  return { text: `Member must satisfy regular expression pattern: ${text}`, holds: test }
}

export function enumRule(values: readonly string[]): Rule<string> {
  const known = new Set(values)
  return { text: `Member must satisfy enum value set: [${values.join(', ')}]`, holds: value => known.has(value) }
}

/** In the order in which AWS lists them. */
function boundRules<T>(what: 'length' | 'value', { min, max }: Bounds, measure: (value: T) => number): Rule<T>[] {
  const rules: Rule<T>[] = []
  if (max !== undefined) {
    rules.push({ text: `Member must have ${what} less than or equal to ${max}`, holds: value => measure(value) <= max })
  }
  if (min !== undefined) {
    rules.push({
      text: `Member must have ${what} greater than or equal to ${min}`,
      holds: value => measure(value) >= min,
    })
  }
  return rules
}

/** Of a well-formed string, in which each high surrogate shares its character with a low one. */
function characters(text: string): number {
  let count = text.length
  for (let i = 0; i < text.length; i++) if ((text.charCodeAt(i) & 0xfc00) === 0xd800) count--
  return count
}

/** AWS reports no more. */
const mostFaults = 10

/** The constraints that a request breaks. */
export class Faults {
  readonly #items: string[] = []

  get isFull(): boolean {
    return this.#items.length >= mostFaults
  }

  /** `shown` is the value as a text; undefined if it must not be quoted. */
  add(shown: string | undefined, at: string, constraint: string): void {
    this.#add(shown === undefined ? 'Value' : `Value '${shown}'`, at, constraint)
  }

  addMissing(at: string): void {
    this.#add('Value null', at, 'Member must not be null')
  }

  #add(subject: string, at: string, constraint: string): void {
    if (!this.isFull) this.#items.push(`${subject} at '${at}' failed to satisfy constraint: ${constraint}`)
  }

  /** @throws ValidationException */
  throwIfAny(): void {
    const { length } = this.#items
    if (length === 0) return
    const text = `${length} validation error${length === 1 ? '' : 's'} detected: ${this.#items.join('; ')}`
    throw kmsError('ValidationException', text)
  }
}
