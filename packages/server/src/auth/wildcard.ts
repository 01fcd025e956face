/** One step of a pattern: a character (a whole code point) that must be there, any one, or any run of them. */
export type Step = string | typeof anyOne | typeof anyRun
export const anyOne = Symbol('?')
export const anyRun = Symbol('*')

/** The steps of a pattern as policies write it. */
export function stepsOf(pattern: string): Step[] {
  return Array.from(pattern, character => (character === '*' ? anyRun : character === '?' ? anyOne : character))
}

/**
 * Compiles a pattern of policies: `*` stands for any run of characters, `?` for exactly one, everything else for itself.
 *
 * Patterns come from tenants, so matching must not be a way to burn time. All positions that the pattern can be at are
 * advanced together, 32 to a machine word (Baeza-Yates and Gonnet, "A New Approach to Text Searching", 1992): a match
 * takes text length x pattern length / 32 steps at most, whatever the stars.
 */
export function compileWildcard(pattern: string): (text: string) => boolean {
  const star = pattern.indexOf('*')
  if (!pattern.includes('?')) {
    if (star < 0) return text => text === pattern
    const prefix = pattern.slice(0, star)
    if (star === pattern.length - 1) return text => text.startsWith(prefix)
  }
  return compileSteps(stepsOf(pattern))
}

/** The same for a pattern of which some stars are no wildcards. */
export function compileSteps(symbols: readonly Step[]): (text: string) => boolean {
  const steps = symbols.filter(symbol => symbol !== anyRun).length
  const words = (steps >>> 5) + 1
  /** Positions that a star lets wait for a later character. */
  const waiting = new Uint32Array(words)
  /** Positions from which any character leads on. */
  const open = new Uint32Array(words)
  /** Positions from which this character (a code point) leads on; those from which any does among them. */
  const leading = new Map<number, Uint32Array>()
  let position = 0
  for (const symbol of symbols) {
    if (symbol === anyRun) {
      mark(waiting, position)
      continue
    }
    if (symbol === anyOne) mark(open, position)
    else mark(setFor(leading, symbol.codePointAt(0) ?? 0, words), position)
    position++
  }
  for (const set of leading.values()) open.forEach((bits, word) => (set[word] = at(set, word) | bits))
  return words === 1
    ? text => text.length >= steps && matchShort(text, steps, at(waiting, 0), at(open, 0), leading)
    : text => text.length >= steps && matchLong(text, steps, waiting, open, leading)
}

/** A pattern of at most 31 characters, as nearly all are. */
function matchShort(
  text: string,
  steps: number,
  waiting: number,
  open: number,
  leading: ReadonlyMap<number, Uint32Array>,
): boolean {
  let reached = 1
  for (let index = 0; index < text.length && reached !== 0; index++) {
    const code = text.codePointAt(index) ?? 0
    if (code > 0xffff) index++
    const set = leading.get(code)
    reached = ((reached & (set === undefined ? open : at(set, 0))) << 1) | (reached & waiting)
  }
  return (reached & (1 << steps)) !== 0
}

function matchLong(
  text: string,
  steps: number,
  waiting: Uint32Array,
  open: Uint32Array,
  leading: ReadonlyMap<number, Uint32Array>,
): boolean {
  const reached = new Uint32Array(waiting.length)
  mark(reached, 0)
  for (const symbol of text) {
    const set = leading.get(symbol.codePointAt(0) ?? 0) ?? open
    let carry = 0
    for (let word = 0; word < reached.length; word++) {
      const now = at(reached, word)
      const onward = now & at(set, word)
      reached[word] = (onward << 1) | carry | (now & at(waiting, word))
      carry = onward >>> 31
    }
  }
  return (at(reached, steps >>> 5) & (1 << (steps & 31))) !== 0
}

function setFor(sets: Map<number, Uint32Array>, code: number, words: number): Uint32Array {
  const known = sets.get(code)
  if (known) return known
  const made = new Uint32Array(words)
  sets.set(code, made)
  return made
}

/** One match; see `compileWildcard` for a pattern that is used more than once. */
export const matchWildcard = (pattern: string, text: string): boolean => compileWildcard(pattern)(text)

const at = (set: Uint32Array, word: number): number => set[word] ?? 0

function mark(set: Uint32Array, position: number): void {
  set[position >>> 5] = at(set, position >>> 5) | (1 << (position & 31))
}
