/** One step of a pattern: a character that must be there (its code point), any one, or any run of them. */
export type Step = number
export const anyOne = -1
export const anyRun = -2

/** The steps of a pattern as policies write it. */
export function stepsOf(pattern: string): Step[] {
  return Array.from(pattern, character =>
    character === '*' ? anyRun : character === '?' ? anyOne : pointOf(character),
  )
}

const pointOf = (character: string): number => character.codePointAt(0) ?? 0

/** Adds the steps of a text in which no character is a wildcard. */
export function addLiteral(steps: Step[], text: string): void {
  for (let at = 0; at < text.length; at++) {
    const point = text.codePointAt(at) ?? 0
    if (point > 0xffff) at++
    steps.push(point)
  }
}

/**
 * What judging one request may still cost, in comparisons of characters. Patterns come from tenants, and so do the texts that
 * they are matched against: thousands of the ones and kilobytes of the others would keep everybody else waiting.
 */
export interface Effort {
  left: number
}

/** About 40 ms. The most policies that somebody can have take a third of it, with what requests usually hold. */
export const mostEffort = 4_000_000

/** The request costs more than it may: nobody knows what its policies say. */
export class TooMuchEffort extends Error {
  override readonly name = 'TooMuchEffort'
}

/** @throws TooMuchEffort */
export function spend(effort: Effort | undefined, cost: number): void {
  if (effort && (effort.left -= cost) < 0) throw new TooMuchEffort()
}

/**
 * Compiles a pattern of policies: `*` stands for any run of characters, `?` for exactly one, everything else for itself.
 *
 * @throws TooMuchEffort what it returns
 */
export function compileWildcard(pattern: string): (text: string, effort?: Effort) => boolean {
  const star = pattern.indexOf('*')
  if (!pattern.includes('?')) {
    if (star < 0) return text => text === pattern
    const prefix = pattern.slice(0, star)
    if (star === pattern.length - 1) return text => text.startsWith(prefix)
  }
  const steps = stepsOf(pattern)
  return (text, effort) => fits(steps, text, effort)
}

/**
 * Whether a text fits a pattern of which some stars may be no wildcards. A star takes as little as it can; where that leads
 * nowhere, the last one takes a character more. So it takes text length x pattern length comparisons at most, and the pattern
 * needs no memory but its own.
 *
 * @throws TooMuchEffort
 */
export function fits(steps: readonly Step[], text: string, effort?: Effort): boolean {
  let step = 0
  let at = 0
  /** Behind the last star, and the end of what it takes. */
  let resume = -1
  let taken = 0
  while (at < text.length) {
    spend(effort, 1)
    const point = text.codePointAt(at) ?? 0
    const wanted = steps[step]
    if (wanted === anyRun) {
      resume = ++step
      taken = at
      if (resume === steps.length) return true
    } else if (wanted === point || wanted === anyOne) {
      step++
      at += point > 0xffff ? 2 : 1
    } else if (resume < 0) {
      return false
    } else {
      taken += (text.codePointAt(taken) ?? 0) > 0xffff ? 2 : 1
      at = taken
      step = resume
    }
  }
  while (steps[step] === anyRun) step++
  return step === steps.length
}
