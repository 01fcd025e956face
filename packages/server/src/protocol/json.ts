import { isUtf8 } from 'node:buffer'
import { decodeBase64 } from './base64.ts'

/**
 * A strict reader of JSON (RFC 8259) for bytes from strangers. JSON.parse would let the last of two equal members win,
 * let lone surrogates through, read 1e999 as infinity, and make every value a string or object before anyone has looked
 * at it: one text must not mean different things to different readers, and a secret must not become a string, which
 * nobody can wipe.
 */

export type Json = null | boolean | number | JsonString | Json[] | Map<string, Json>

/** The same value in plain JavaScript; objects have no prototype, so `__proto__` is a member like any other. */
export type PlainJson = null | boolean | number | string | PlainJson[] | { [name: string]: PlainJson }

/** The text was refused. The message says why and at which byte; it quotes nothing, for the text may hold secrets. */
export class JsonError extends Error {
  override readonly name = 'JsonError'
}

/** Nested arrays and objects. */
const mostDepth = 16
/** Values and member names. */
const mostTokens = 20_000

/** A string that stays where it was received until asked for. Good as long as nobody has wiped the received bytes. */
export class JsonString {
  readonly #source: Buffer
  readonly #start: number
  readonly #end: number
  readonly #isEscaped: boolean

  /** Only for the reader, which has checked what lies between the quotes. */
  constructor(source: Buffer, start: number, end: number, isEscaped: boolean) {
    this.#source = source
    this.#start = start
    this.#end = end
    this.#isEscaped = isEscaped
  }

  /** One from outside of JSON. Half of a surrogate pair becomes U+FFFD. */
  static of(text: string): JsonString {
    const source = Buffer.from(text)
    return new JsonString(source, 0, source.length, false)
  }

  text(): string {
    return this.#isEscaped ? this.#unescape().toString() : this.#source.toString('utf8', this.#start, this.#end)
  }

  /**
   * The bytes of which this is the base64 text, in memory of their own; the caller wipes them.
   *
   * @throws EncodingError unless the text is canonical
   */
  base64(): Buffer {
    if (!this.#isEscaped) return decodeBase64(this.#source.subarray(this.#start, this.#end))
    const text = this.#unescape() // Some clients send `\/` or `\u002b`.
    try {
      return decodeBase64(text)
    } finally {
      text.fill(0)
    }
  }

  #unescape(): Buffer {
    return unescape(this.#source, this.#start, this.#end)
  }
}

/**
 * The value of a whole text in UTF-8: at most 16 levels deep, of at most 20,000 values and member names.
 *
 * @throws JsonError for anything that RFC 8259 does not allow, for a byte order mark, equal member names, lone surrogates,
 * and numbers beyond the range of a double
 */
export function parseJson(bytes: Uint8Array): Json {
  if (!isUtf8(bytes)) throw new JsonError('not UTF-8')
  return new Reader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)).document()
}

/** The same for a document that was a string in another one, such as a policy. */
export function parseJsonText(text: string): Json {
  if (!text.isWellFormed()) throw new JsonError('lone surrogate')
  return new Reader(Buffer.from(text)).document()
}

export function toPlain(json: Json): PlainJson {
  if (json instanceof JsonString) return json.text()
  if (Array.isArray(json)) return json.map(toPlain)
  if (!(json instanceof Map)) return json
  const object: { [name: string]: PlainJson } = Object.create(null)
  for (const [name, value] of json) object[name] = toPlain(value)
  return object
}

const quote = 0x22
const plus = 0x2b
const comma = 0x2c
const minus = 0x2d
const fullStop = 0x2e
const zero = 0x30
const colon = 0x3a
const openBracket = 0x5b
const backslash = 0x5c
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d
const letter = { a: 0x61, e: 0x65, f: 0x66, n: 0x6e, t: 0x74, u: 0x75 } as const
const end = -1

/** What follows a backslash, and the byte that it stands for; `u` stands for itself. */
const escapes = new Uint8Array(256)
for (const [name, byte] of Object.entries({
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  u: 'u',
})) {
  escapes[name.charCodeAt(0)] = byte.charCodeAt(0)
}

function isDigit(byte: number): boolean {
  return byte >= zero && byte <= 0x39
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

class Reader {
  readonly #source: Buffer
  #at = 0
  #tokens = 0
  #isEscaped = false

  /** `source` must be UTF-8. */
  constructor(source: Buffer) {
    this.#source = source
  }

  document(): Json {
    const value = this.#value(0)
    if (this.#next() !== end) throw this.#refuse('something after the value')
    return value
  }

  #refuse(problem: string): JsonError {
    return new JsonError(`${problem} at byte ${this.#at}`)
  }

  /** The first byte that is no white space, where the reader then stands. */
  #next(): number {
    const source = this.#source
    let at = this.#at
    let byte = source[at] ?? end
    while (isSpace(byte)) byte = source[++at] ?? end
    this.#at = at
    return byte
  }

  /** A value inside of `depth` others. */
  #value(depth: number): Json {
    const first = this.#next()
    this.#countToken()
    if (first === quote) return this.#string()
    if (first === openBrace) return this.#object(depth + 1)
    if (first === openBracket) return this.#array(depth + 1)
    if (first === letter.t) return this.#literal('true', true)
    if (first === letter.f) return this.#literal('false', false)
    if (first === letter.n) return this.#literal('null', null)
    if (first === minus || isDigit(first)) return this.#number()
    throw this.#refuse('no value')
  }

  #countToken(): void {
    if (++this.#tokens > mostTokens) throw this.#refuse('too many values')
  }

  #object(depth: number): Map<string, Json> {
    if (depth > mostDepth) throw this.#refuse('nested too deep')
    const members = new Map<string, Json>()
    this.#at++
    if (this.#next() === closeBrace) {
      this.#at++
      return members
    }
    for (;;) {
      if (this.#next() !== quote) throw this.#refuse('no member name')
      this.#countToken()
      const name = this.#name()
      if (this.#next() !== colon) throw this.#refuse('no colon')
      this.#at++
      const before = members.size
      members.set(name, this.#value(depth))
      if (members.size === before) throw this.#refuse('equal member names')
      const after = this.#next()
      this.#at++
      if (after === closeBrace) return members
      if (after !== comma) throw this.#refuse('no comma')
    }
  }

  #array(depth: number): Json[] {
    if (depth > mostDepth) throw this.#refuse('nested too deep')
    const items: Json[] = []
    this.#at++
    if (this.#next() === closeBracket) {
      this.#at++
      return items
    }
    for (;;) {
      items.push(this.#value(depth))
      const after = this.#next()
      this.#at++
      if (after === closeBracket) return items
      if (after !== comma) throw this.#refuse('no comma')
    }
  }

  #literal<T>(word: string, value: T): T {
    for (let i = 0; i < word.length; i++) {
      if (this.#source[this.#at + i] !== word.charCodeAt(i)) throw this.#refuse('no value')
    }
    this.#at += word.length
    return value
  }

  #number(): number {
    const start = this.#at
    if (this.#source[this.#at] === minus) this.#at++
    if (this.#source[this.#at] === zero) this.#at++
    else this.#digits()
    if (this.#source[this.#at] === fullStop) {
      this.#at++
      this.#digits()
    }
    const exponent = this.#source[this.#at]
    if (exponent !== undefined && (exponent | 0x20) === letter.e) {
      const sign = this.#source[++this.#at]
      if (sign === plus || sign === minus) this.#at++
      this.#digits()
    }
    const value = Number(this.#source.toString('latin1', start, this.#at))
    if (!Number.isFinite(value)) throw this.#refuse('number out of range')
    return value
  }

  #digits(): void {
    if (!isDigit(this.#source[this.#at] ?? end)) throw this.#refuse('no digit')
    do this.#at++
    while (isDigit(this.#source[this.#at] ?? end))
  }

  #string(): JsonString {
    const start = this.#at + 1
    const stop = this.#skipString()
    return new JsonString(this.#source, start, stop, this.#isEscaped)
  }

  #name(): string {
    return this.#string().text()
  }

  /** Checks a string and goes behind it; returns where its closing quote is, and notes whether it has escapes. */
  #skipString(): number {
    const source = this.#source
    let at = this.#at + 1
    this.#isEscaped = false
    for (;;) {
      const byte = source[at] ?? end
      if (byte === quote) {
        this.#at = at + 1
        return at
      }
      if (byte === backslash) {
        this.#isEscaped = true
        this.#at = at
        at = this.#afterEscape(at)
      } else if (byte < 0x20) {
        this.#at = at
        throw this.#refuse(byte === end ? 'no closing quote' : 'control character')
      } else {
        at++
      }
    }
  }

  /** Where the escape at `at` ends; a high surrogate takes its low one with it. */
  #afterEscape(at: number): number {
    const source = this.#source
    const name = source[at + 1] ?? 0
    if (escapes[name] === 0) throw this.#refuse('bad escape')
    if (name !== letter.u) return at + 2
    const unit = hexUnit(source, at + 2)
    if (unit < 0) throw this.#refuse('bad escape')
    if (!isSurrogate(unit)) return at + 6
    const low = source[at + 6] === backslash && source[at + 7] === letter.u ? hexUnit(source, at + 8) : -1
    if (unit >= 0xdc00 || low < 0xdc00 || low > 0xdfff) throw this.#refuse('lone surrogate')
    return at + 12
  }
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff
}

/** The number of four hex digits; negative if they are not that. */
function hexUnit(source: Buffer, at: number): number {
  let unit = 0
  for (let i = at; i < at + 4; i++) {
    const byte = source[i] ?? 0
    const lower = byte | 0x20
    if (isDigit(byte)) unit = unit * 16 + byte - zero
    else if (lower >= letter.a && lower <= letter.f) unit = unit * 16 + lower - letter.a + 10
    else return -1
  }
  return unit
}

/** The UTF-8 bytes that a checked string means, in memory of their own. Every escape is longer than what it means. */
function unescape(source: Buffer, start: number, stop: number): Buffer {
  const target = Buffer.allocUnsafeSlow(stop - start)
  let to = 0
  let at = start
  while (at < stop) {
    const byte = source[at] ?? 0
    if (byte !== backslash) {
      target[to++] = byte
      at++
      continue
    }
    const name = source[at + 1] ?? 0
    if (name !== letter.u) {
      target[to++] = escapes[name] ?? 0
      at += 2
      continue
    }
    let point = hexUnit(source, at + 2)
    at += 6
    if (isSurrogate(point)) {
      point = 0x10000 + ((point - 0xd800) << 10) + hexUnit(source, at + 2) - 0xdc00
      at += 6
    }
    to = writeUtf8(point, target, to)
  }
  return target.subarray(0, to)
}

/** Writes one Unicode scalar value (RFC 3629 section 3); returns where it ends. */
export function writeUtf8(point: number, target: Uint8Array, at: number): number {
  let to = at
  if (point < 0x80) {
    target[to++] = point
    return to
  }
  if (point < 0x800) {
    target[to++] = 0xc0 | (point >> 6)
  } else {
    if (point < 0x10000) {
      target[to++] = 0xe0 | (point >> 12)
    } else {
      target[to++] = 0xf0 | (point >> 18)
      target[to++] = 0x80 | ((point >> 12) & 63)
    }
    target[to++] = 0x80 | ((point >> 6) & 63)
  }
  target[to++] = 0x80 | (point & 63)
  return to
}
