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
  /** Positions from which this character leads on. */
  const bySymbol = new Map<string, Uint32Array>()
  const none = new Uint32Array(words)
  let position = 0
  for (const symbol of symbols) {
    if (symbol === anyRun) {
      mark(waiting, position)
      continue
    }
    let positions: Uint32Array = open
    if (symbol !== anyOne) {
      positions = bySymbol.get(symbol) ?? new Uint32Array(words)
      bySymbol.set(symbol, positions)
    }
    mark(positions, position++)
  }

  return text => {
    if (text.length < steps) return false
    const reached = new Uint32Array(words)
    mark(reached, 0)
    for (const symbol of text) {
      const leading = bySymbol.get(symbol) ?? none
      let carry = 0
      for (let word = 0; word < words; word++) {
        const now = at(reached, word)
        const onward = now & (at(leading, word) | at(open, word))
        reached[word] = (onward << 1) | carry | (now & at(waiting, word))
        carry = onward >>> 31
      }
    }
    return (at(reached, steps >>> 5) & (1 << (steps & 31))) !== 0
  }
}

/** One match; see `compileWildcard` for a pattern that is used more than once. */
export const matchWildcard = (pattern: string, text: string): boolean => compileWildcard(pattern)(text)

const at = (set: Uint32Array, word: number): number => set[word] ?? 0

function mark(set: Uint32Array, position: number): void {
  set[position >>> 5] = at(set, position >>> 5) | (1 << (position & 31))
}
