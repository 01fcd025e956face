import type { RequestContext } from './access.ts'
import { addLiteral, anyOne, anyRun, fits, spend, stepsOf, type Step } from './wildcard.ts'

/**
 * Policy variables (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html): `${aws:username}`,
 * `${aws:PrincipalTag/team, 'none'}`, and `${*}`, `${?}`, `${$}` for these characters themselves. What is put in their place
 * stands for itself: no star in it is a wildcard.
 */
interface Variable {
  /** In lower case. */
  readonly key: string
  readonly fallback: string | undefined
}

/** A text of a policy; with parts, if there are variables among them. */
export type Template = { readonly steps: readonly Step[] } | { readonly parts: readonly (Step | Variable)[] }

/**
 * @param variables whether the policy is of a version that has them
 * @param from where they begin to count: in front of it, all stands for itself
 */
export function parseTemplate(text: string, variables: boolean, from = 0): Template {
  if (!variables || !text.includes('${', from)) return { steps: stepsOf(text) }
  const parts: (Step | Variable)[] = stepsOf(text.slice(0, from))
  let at = from
  while (at < text.length) {
    const start = text.indexOf('${', at)
    const end = start < 0 ? -1 : endOf(text, start)
    if (end < 0) break
    parts.push(...stepsOf(text.slice(at, start)), variable(text.slice(start + 2, end)))
    at = end + 1
  }
  parts.push(...stepsOf(text.slice(at)))
  const steps = parts.filter(part => typeof part !== 'object')
  return steps.length === parts.length ? { steps } : { parts }
}

/** Where the `}` of a variable is: one in its default does not count. */
function endOf(text: string, start: number): number {
  const withDefault = /^[^,}]*,\s*'[^']*'/.exec(text.slice(start))?.[0] ?? ''
  return text.indexOf('}', start + withDefault.length)
}

function variable(inside: string): Step | Variable {
  if (inside === '*' || inside === '?' || inside === '$') return inside.charCodeAt(0)
  const comma = inside.indexOf(',')
  const quoted = comma < 0 ? undefined : /^\s*'([^']*)'\s*$/.exec(inside.slice(comma + 1))?.[1]
  const name = quoted === undefined ? inside : inside.slice(0, comma)
  return { key: name.trim().toLowerCase(), fallback: quoted }
}

/** Of a character, in comparisons. */
const costToPut = 4

/**
 * Undefined if a variable has no value: only those that have one value count, or else a default.
 *
 * @throws TooMuchEffort
 */
export function resolve(template: Template, context: RequestContext): readonly Step[] | undefined {
  if ('steps' in template) return template.steps
  const steps: Step[] = []
  for (const part of template.parts) {
    if (typeof part !== 'object') {
      steps.push(part)
      continue
    }
    const value = context.get(part.key)
    const text = typeof value === 'string' ? value : part.fallback
    if (text === undefined) return undefined
    spend(context.effort, costToPut * (1 + text.length))
    addLiteral(steps, text)
  }
  return steps
}

/** What the steps say if there is no wildcard among them, or none is meant. */
export const textOf = (steps: readonly Step[]): string =>
  steps.map(step => (step === anyRun ? '*' : step === anyOne ? '?' : String.fromCodePoint(step))).join('')

/** Whether a text fits; undefined if a variable has no value. */
export type Matcher = (text: string, context: RequestContext) => boolean | undefined

export const matcherOf =
  (template: Template): Matcher =>
  (text, context) => {
    const steps = resolve(template, context)
    return steps && fits(steps, text, context.effort)
  }

/** Behind the fifth colon of an ARN; only from there variables count. Past the end if there are fewer. */
export function resourceStart(pattern: string): number {
  let at = -1
  for (let colons = 0; colons < 5; colons++) {
    at = pattern.indexOf(':', at + 1)
    if (at < 0) return pattern.length
  }
  return at + 1
}
