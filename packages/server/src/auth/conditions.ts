import { ambiguous, type RequestContext, type ContextValue } from './access.ts'
import type { Condition } from './policy.ts'
import { matcherOf, parseTemplate, resolve, textOf } from './template.ts'
import { isIn, parseAddress, parseBinary, parseBoolean, parseDate, parseNetwork, parseNumber } from './values.ts'
import { fits, spend, type Effort, type Step } from './wildcard.ts'

/**
 * Whether a condition holds. Undefined if that cannot be said, since a value is not what the operator compares: then
 * nothing is allowed by it, and what it could deny is denied. So conditions are combined by Kleene's three-valued logic.
 */
export type Verdict = boolean | undefined

export interface CompiledCondition {
  readonly condition: Condition
  /** In lower case. */
  readonly key: string
  readonly judge: (context: RequestContext) => Verdict
}

/** Whether a value of the request is like one of those in the policy. */
type Comparison = (actual: string, context: RequestContext) => Verdict

interface Operator {
  compile: (values: readonly string[], variables: boolean) => Comparison
  negated: boolean
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html */
const operators = {
  ...both(
    'StringEquals',
    'StringNotEquals',
    textual(text => text),
  ),
  ...both(
    'StringEqualsIgnoreCase',
    'StringNotEqualsIgnoreCase',
    textual(text => text.toLowerCase()),
  ),
  ...both('StringLike', 'StringNotLike', patterns),
  ...both(
    'NumericEquals',
    'NumericNotEquals',
    ordered(parseNumber, (actual, value) => actual === value),
  ),
  NumericLessThan: { negated: false, compile: ordered(parseNumber, (actual, value) => actual < value) },
  NumericLessThanEquals: { negated: false, compile: ordered(parseNumber, (actual, value) => actual <= value) },
  NumericGreaterThan: { negated: false, compile: ordered(parseNumber, (actual, value) => actual > value) },
  NumericGreaterThanEquals: { negated: false, compile: ordered(parseNumber, (actual, value) => actual >= value) },
  ...both(
    'DateEquals',
    'DateNotEquals',
    ordered(parseDate, (actual, value) => actual === value),
  ),
  DateLessThan: { negated: false, compile: ordered(parseDate, (actual, value) => actual < value) },
  DateLessThanEquals: { negated: false, compile: ordered(parseDate, (actual, value) => actual <= value) },
  DateGreaterThan: { negated: false, compile: ordered(parseDate, (actual, value) => actual > value) },
  DateGreaterThanEquals: { negated: false, compile: ordered(parseDate, (actual, value) => actual >= value) },
  Bool: { negated: false, compile: ordered(parseBoolean, (actual, value) => actual === value) },
  BinaryEquals: { negated: false, compile: ordered(parseBinary, (actual, value) => actual === value) },
  ...both(
    'IpAddress',
    'NotIpAddress',
    typed(parseAddress, parseNetwork, (actual, network) => isIn(network, actual)),
  ),
  ...both('ArnEquals', 'ArnNotEquals', arns),
  ...both('ArnLike', 'ArnNotLike', arns),
} satisfies Readonly<Record<string, Operator>>

export type ConditionOperator = keyof typeof operators | 'Null'

export const isOperator = (name: string): name is ConditionOperator => name === 'Null' || Object.hasOwn(operators, name)

/** An operator and its opposite. */
function both<P extends string, N extends string>(
  positive: P,
  negative: N,
  compile: Operator['compile'],
): Record<P | N, Operator> {
  const pair = { [positive]: { compile, negated: false }, [negative]: { compile, negated: true } }
  return pair as Record<P | N, Operator> // These two.
}

/** @param variables whether the policy is of a version that has them */
export function compileCondition(condition: Condition, variables: boolean): CompiledCondition {
  const key = condition.key.toLowerCase()
  const { operator, values } = condition
  if (operator === 'Null') {
    const wanted = values.map(parseBoolean)
    return {
      condition,
      key,
      judge: context => {
        const isAbsent = listOf(context.get(key))?.length === 0
        return or(wanted, value => (value === undefined ? undefined : value === isAbsent))
      },
    }
  }
  const { compile, negated } = operators[operator]
  const compareFree = compile(values, variables)
  const compare: Comparison = (actual, context) => {
    spend(context.effort, 1 + actual.length)
    return compareFree(actual, context)
  }
  return { condition, key, judge: context => judge(condition, negated, compare, context, context.get(key)) }
}

function judge(
  { quantifier, ifExists }: Condition,
  negated: boolean,
  compare: Comparison,
  context: RequestContext,
  value: ContextValue | undefined,
): Verdict {
  if (typeof value === 'string') {
    const verdict = compare(value, context)
    return negated ? not(verdict) : verdict
  }
  const list = listOf(value)
  if (!list) return undefined
  if (list.length === 0) return ifExists || quantifier === 'ForAllValues' || (negated && quantifier === undefined)
  if (quantifier === undefined) {
    const any = or(list, actual => compare(actual, context))
    return negated ? not(any) : any
  }
  const each = (actual: string): Verdict => (negated ? not(compare(actual, context)) : compare(actual, context))
  return quantifier === 'ForAnyValue' ? or(list, each) : not(or(list, actual => not(each(actual))))
}

/** All values, none for an absent key; undefined for an ambiguous one. */
function listOf(value: ContextValue | undefined): readonly string[] | undefined {
  if (value === ambiguous) return undefined
  return value === undefined ? [] : typeof value === 'string' ? [value] : value
}

const not = (verdict: Verdict): Verdict => (verdict === undefined ? undefined : !verdict)

/** True if any is, else undefined if any is. */
function or<T>(items: readonly T[], judgeOne: (item: T) => Verdict): Verdict {
  let result: Verdict = false
  for (const item of items) {
    const verdict = judgeOne(item)
    if (verdict === true) return true
    if (verdict === undefined) result = undefined
  }
  return result
}

// Comparisons

/** Values of a type; those in a policy that are none make what they are compared with undecidable. */
function typed<Actual, Value>(
  readActual: (text: string) => Actual | undefined,
  readValue: (text: string) => Value | undefined,
  isLike: (actual: Actual, value: Value) => boolean,
): Operator['compile'] {
  return values => {
    const wanted = values.map(readValue)
    return (text, { effort }) => {
      const actual = readActual(text)
      if (actual === undefined) return undefined
      spend(effort, wanted.length)
      return or(wanted, value => (value === undefined ? undefined : isLike(actual, value)))
    }
  }
}

function ordered<T>(read: (text: string) => T | undefined, holds: (actual: T, value: T) => boolean) {
  return typed(read, read, holds)
}

/** Whole texts; a variable without value makes a text that nothing equals. */
function textual(fold: (text: string) => string): Operator['compile'] {
  return (values, variables) => {
    const templates = values.map(value => parseTemplate(value, variables))
    const plain = new Set(templates.flatMap(template => ('steps' in template ? [fold(textOf(template.steps))] : [])))
    const others = templates.filter(template => 'parts' in template)
    return (actual, context) => {
      const folded = fold(actual)
      if (plain.has(folded)) return true
      return others.some(template => {
        const steps = resolve(template, context)
        return steps !== undefined && fold(textOf(steps)) === folded
      })
    }
  }
}

function patterns(values: readonly string[], variables: boolean): Comparison {
  const matchers = values.map(value => matcherOf(parseTemplate(value, variables)))
  return (actual, context) => matchers.some(matches => matches(actual, context) === true)
}

/** Field by field, so that no wildcard reaches over a colon; the last field is the rest. */
function arns(values: readonly string[], variables: boolean): Comparison {
  const matchers = values.map(value => {
    const template = parseTemplate(value, variables)
    if ('parts' in template)
      return (fields: readonly string[], context: RequestContext) => {
        const steps = resolve(template, context)
        return steps !== undefined && fitFields(fieldsIn(steps), fields, context.effort)
      }
    const patterns = fieldsIn(template.steps)
    return (fields: readonly string[], { effort }: RequestContext) => fitFields(patterns, fields, effort)
  })
  return (actual, context) => {
    const parts = actual.split(':')
    const fields = [...parts.slice(0, fieldCount - 1), parts.slice(fieldCount - 1).join(':')]
    return parts.length >= fieldCount && matchers.some(matches => matches(fields, context))
  }
}

const fieldCount = 6
const colon = 0x3a

function fitFields(
  patterns: readonly (readonly Step[])[],
  fields: readonly string[],
  effort: Effort | undefined,
): boolean {
  spend(effort, 1)
  return patterns.length === fieldCount && patterns.every((steps, index) => fits(steps, fields[index] ?? '', effort))
}

/** Six at most. */
function fieldsIn(steps: readonly Step[]): Step[][] {
  const fields: Step[][] = [[]]
  for (const step of steps) {
    if (step === colon && fields.length < fieldCount) fields.push([])
    else fields.at(-1)?.push(step)
  }
  return fields
}
