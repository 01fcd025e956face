import { parseArgs } from 'node:util'
import { nearest } from '../config.ts'

/** A word behind `keyreeve`, and what it does. */
export interface Verb {
  /** For `--help`. */
  help: () => string
  /**
   * @param argv what follows the verb
   * @returns the exit status, if it has one of its own
   * @throws UsageError, or any Error whose message is a sentence for the user
   */
  run: (argv: readonly string[]) => Promise<number | void>
}

/** The command was not understood: exit status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The command was understood and cannot be done, or says no: exit status 1. */
export class Failure extends Error {
  override readonly name = 'Failure'
}

/** A flag. Without `value`, which stands for its value in the help, it is a switch; with `many` it may be there often. */
export interface Flag {
  readonly value?: string
  readonly many?: true
  readonly help: string
}

export type Flags = Readonly<Record<string, Flag>>

/** What was given for each flag: text, undefined if the flag is missing; for a switch, whether it is there. */
export type Given<F extends Flags> = {
  readonly [N in keyof F]: F[N] extends { readonly many: true }
    ? readonly string[]
    : F[N] extends { readonly value: string }
      ? string | undefined
      : boolean
}

/**
 * Reads `--name value`, `--name=value` and `--switch`, in any order and mixed with other words.
 *
 * @param most how many other words there may be
 * @throws UsageError
 */
export function readArguments<const F extends Flags>(
  argv: readonly string[],
  flags: F,
  most = 0,
): { given: Given<F>; words: string[] } {
  const options = Object.fromEntries(
    Object.entries<Flag>(flags).map(([name, { value }]) => [
      name,
      { type: value === undefined ? ('boolean' as const) : ('string' as const) },
    ]),
  )
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true })
  const found = new Map<string, string[]>()
  const words: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value)
    if (token.kind !== 'option') continue
    const { name, rawName, value, inlineValue } = token
    const flag = rawName.startsWith('--') && Object.hasOwn(flags, name) ? flags[name] : undefined
    if (!flag) throw new UsageError(`There is no option ${rawName}${hint(rawName, Object.keys(flags).map(dashed))}`)
    const before = found.get(name)
    if (before && !flag.many) throw new UsageError(`${rawName} is there twice.`)
    if (flag.value === undefined) {
      if (value !== undefined) throw new UsageError(`${rawName} takes no value.`)
      found.set(name, [])
    } else {
      if (!value || (!inlineValue && value.startsWith('--'))) throw new UsageError(`${rawName} needs a value.`)
      found.set(name, [...(before ?? []), value])
    }
  }
  const [excess] = words.slice(most)
  if (excess !== undefined) throw new UsageError(`What is "${excess}" for? Options start with --.`)
  const given = Object.fromEntries(
    Object.entries<Flag>(flags).map(([name, { value, many }]) => {
      const values = found.get(name)
      return [name, many ? (values ?? []) : value === undefined ? values !== undefined : values?.[0]]
    }),
  )
  return { given: given as Given<F>, words } // Every flag is there, as what its row says.
}

/** `--name` for a flag's name. */
const dashed = (name: string): string => `--${name}`

/** Ends a sentence about an unknown word. */
export function hint(word: string, known: Iterable<string>): string {
  const best = nearest(word, known)
  return best === undefined ? '.' : `. Did you mean ${best}?`
}

/** @throws UsageError if the flag is missing */
export function requireFlag(value: string | undefined, flag: string): string {
  if (value === undefined) throw new UsageError(`${flag} is missing.`)
  return value
}

/** @throws UsageError unless `value` is one of `choices` */
export function requireChoice<T extends string>(value: string, flag: string, choices: readonly T[]): T {
  const choice = choices.find(candidate => candidate === value)
  if (choice !== undefined) return choice
  const best = nearest(value, choices)
  throw new UsageError(
    `${flag} cannot be ${value}. ${best === undefined ? `It is one of ${choices.join(', ')}.` : `Did you mean ${best}?`}`,
  )
}

/** Two columns. */
export function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}\n`).join('')
}

/** As many columns as there are heads. */
export function columns(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [heads, ...rows]
  const widths = heads.map((_, at) => Math.max(...all.map(row => row[at]?.length ?? 0)))
  return all
    .map(row =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** Names and what is known of them, one below the other. */
export function facts(rows: readonly (readonly [name: string, values: readonly string[]])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length))
  const lines = rows.flatMap(([name, values]) =>
    (values.length === 0 ? ['none'] : values).map(
      (value, at) => `${(at === 0 ? `${name}:` : '').padEnd(width + 2)}${value}`,
    ),
  )
  return lines.join('\n')
}

/** Flags as lines for the help. */
export function flagsHelp(flags: Flags): string {
  return table(
    Object.entries(flags).map(([name, { value, help }]) => [
      value === undefined ? dashed(name) : `${dashed(name)} <${value}>`,
      help,
    ]),
  )
}

export function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** To stderr, beside what the command answers. */
export function remark(kind: 'note' | 'warning', text: string): void {
  process.stderr.write(`${kind}: ${text}\n`)
}
