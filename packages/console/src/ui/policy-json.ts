/** JSON as people write it: what it says, and where it goes wrong. */

export type Json = string | number | boolean | null | Json[] | { [name: string]: Json }

export interface JsonProblem {
  /** Each has a text, `policy.json.<kind>`. */
  kind:
    | 'empty'
    | 'end'
    | 'value'
    | 'number'
    | 'string'
    | 'escape'
    | 'name'
    | 'colon'
    | 'separator'
    | 'double'
    | 'after'
    | 'deep'
  /** In UTF-16 units from 0. */
  offset: number
  /** From 1. */
  line: number
  column: number
  /** What is there. */
  found: string
}

export type ReadJson =
  | {
      value: Json
      /** Where each statement of a policy is: offsets of its first and behind its last character. */ statements: readonly (readonly [
        number,
        number,
      ])[]
    }
  | { problem: JsonProblem }

class Stop extends Error {
  readonly kind: JsonProblem['kind']
  readonly offset: number

  constructor(kind: JsonProblem['kind'], offset: number) {
    super(kind)
    this.kind = kind
    this.offset = offset
  }
}

const deepest = 64
const closed = { '{': '}', '[': ']' } as const

/**
 * Reads JSON (RFC 8259). A name that an object has twice is a mistake here, as it is for the server: of two conditions, one
 * would be lost.
 */
export function readJson(text: string): ReadJson {
  const statements: [number, number][] = []
  let at = 0

  const take = (pattern: RegExp): string => {
    pattern.lastIndex = at
    const [taken = ''] = pattern.exec(text) ?? []
    at += taken.length
    return taken
  }
  const space = (): string => take(/[ \t\r\n]*/y)
  const stop = (kind: JsonProblem['kind'], offset = at): Stop => new Stop(at < text.length ? kind : 'end', offset)

  const string = (): string => {
    const start = at
    const token = take(/"(?:[^"\\\n]|\\.)*"/y)
    if (token === '') throw stop('string', start)
    try {
      return JSON.parse(token) as string // As the token begins and ends.
    } catch {
      throw new Stop('escape', start)
    }
  }
  const scalar = (): Json => {
    const start = at
    const token = take(/[\w.+-]+/y)
    if (token === 'true') return true
    if (token === 'false') return false
    if (token === 'null') return null
    if (/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(token)) return Number(token)
    at = start
    throw stop(/^[-\d]/.test(token) ? 'number' : 'value')
  }
  // What is between the brackets, item by item.
  const items = (open: '{' | '[', item: () => void): void => {
    at += 1
    space()
    if (text.charAt(at) === closed[open]) {
      at += 1
      return
    }
    for (;;) {
      item()
      space()
      const mark = text.charAt(at)
      if (mark !== ',' && mark !== closed[open]) throw stop('separator')
      at += 1
      if (mark === closed[open]) return
      space()
    }
  }
  const value = (depth: number, spans?: [number, number][]): Json => {
    space()
    if (depth > deepest) throw stop('deep')
    const mark = text.charAt(at)
    if (mark === '"') return string()
    if (mark === '[') {
      const list: Json[] = []
      items('[', () => {
        const start = at
        list.push(value(depth + 1))
        spans?.push([start, at])
      })
      return list
    }
    if (mark !== '{') return scalar()
    const start = at
    const members = new Map<string, Json>()
    items('{', () => {
      const nameAt = at
      if (text.charAt(at) !== '"') throw stop('name')
      const name = string()
      if (members.has(name)) throw stop('double', nameAt)
      space()
      if (text.charAt(at) !== ':') throw stop('colon')
      at += 1
      members.set(name, value(depth + 1, depth === 0 && name === 'Statement' ? statements : undefined))
    })
    spans?.push([start, at])
    return Object.fromEntries(members)
  }

  try {
    if (text.trim() === '') throw new Stop('empty', 0)
    const read = value(0)
    space()
    if (at < text.length) throw stop('after')
    return { value: read, statements }
  } catch (error) {
    if (!(error instanceof Stop)) throw error
    const before = text.slice(0, error.offset).split('\n')
    const column = (before.at(-1) ?? '').length + 1
    const found = String.fromCodePoint(text.codePointAt(error.offset) ?? 0x20)
    return { problem: { kind: error.kind, offset: error.offset, line: before.length, column, found } }
  }
}

/** As AWS's console writes it. */
export const writeJson = (value: unknown): string => JSON.stringify(value, undefined, 2)

export const isObject = (value: Json | undefined): value is { [name: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What is a list or its only item. */
export const listOf = (value: Json | undefined): Json[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value]

/** The statements of a policy; whatever is none is left out. */
export const statementsOf = (policy: Json): { [name: string]: Json }[] =>
  isObject(policy) ? listOf(policy['Statement']).filter(isObject) : []
