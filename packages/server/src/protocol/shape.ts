import { EncodingError } from './base64.ts'
import { bounds, characterRules, enumRule, Faults, lengthRules, patternRule, valueRules } from './constraints.ts'
import type { Bounds, Pattern, Rule } from './constraints.ts'
import { kmsError, type KmsError } from './errors.ts'
import { JsonError, JsonString, parseJson, type Json } from './json.ts'
import { JsonWriter } from './json-writer.ts'

/**
 * Shapes say what a request or an answer is made of. Each reads its JSON, checks its constraints, writes its JSON, and can
 * be looked at as plain data (`about`), for the documents and for comparison with the service's model.
 *
 * As at AWS a request is looked at twice: the first wrong JSON type is a SerializationException, and a request without any
 * gets a ValidationException about all the constraints that it breaks.
 */

export type Infer<S> = S extends Shape<infer T> ? T : never

/** A member that may be absent. Then there is no property: never null, never undefined. */
export interface Optional<T> {
  readonly optional: Shape<T>
}

export type Members = Readonly<Record<string, Shape<unknown> | Optional<unknown>>>

type Flat<T> = { [Name in keyof T]: T[Name] }

export type InferMembers<M extends Members> = Flat<
  { [Name in keyof M as M[Name] extends Optional<unknown> ? never : Name]: Infer<M[Name]> } & {
    [Name in keyof M as M[Name] extends Optional<unknown> ? Name : never]?: M[Name] extends Optional<infer T>
      ? T
      : never
  }
>

/** A shape as plain data. Lengths count Unicode characters of strings, decoded bytes of blobs, elements of lists. */
export type About =
  | ({ type: ScalarType; pattern?: string; values?: readonly string[]; secret?: true } & Bounds)
  | ({ type: 'list'; element: About } & Bounds)
  | { type: 'map'; key: About; value: About }
  | { type: 'structure'; members: Readonly<Record<string, { required: boolean; shape: About }>> }

type ScalarType = 'string' | 'integer' | 'blob' | 'boolean' | 'timestamp'
type ScalarAbout = Extract<About, { type: ScalarType }>

type PresentJson = Exclude<Json, null>

export interface Shape<T> {
  readonly about: About
  /** Whether a refusal may quote the value, and an answer with it be a string; never if there is a secret in it. */
  readonly isQuotable: boolean

  /**
   * The value, its constraints not looked at yet: a required member may be missing, an element may be null. Every decoded
   * blob goes into `noted`, to be wiped should the request be refused.
   *
   * @throws SerializationException if the JSON is of another type
   */
  read(json: PresentJson, noted: Buffer[]): T

  /** Adds to `faults` every constraint that the value breaks as the member `at`. */
  check(value: T, at: string, faults: Faults): void

  write(value: T, out: JsonWriter): void

  /** The value as a refusal quotes it. */
  show(value: T): string
}

/**
 * The members of a request's body.
 *
 * @throws SerializationException, without text, if the body is no JSON object
 */
export function parseObject(body: Uint8Array): Map<string, Json> {
  try {
    const json = parseJson(body)
    if (json instanceof Map) return json
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
  }
  throw kmsError('SerializationException')
}

/**
 * What those members mean, in memory of its own. Blobs that were decoded are wiped if the request is refused.
 *
 * @throws SerializationException, ValidationException
 */
export function decodeObject<T>(shape: Shape<T>, object: Map<string, Json>): T {
  const noted: Buffer[] = []
  const faults = new Faults()
  try {
    const value = shape.read(object, noted)
    shape.check(value, '', faults)
    faults.throwIfAny()
    return value
  } catch (error) {
    for (const blob of noted) blob.fill(0)
    throw error
  }
}

/**
 * The same constraints for values that did not come over the wire.
 *
 * @throws ValidationException
 */
export function requireFit<T>(shape: Shape<T>, value: T): void {
  const faults = new Faults()
  shape.check(value, '', faults)
  faults.throwIfAny()
}

/** Both at once. */
export function decode<T>(shape: Shape<T>, body: Uint8Array): T {
  return decodeObject(shape, parseObject(body))
}

const writer = new JsonWriter()

/** The body of an answer, in memory of its own, which is the caller's to wipe if it holds a secret. */
export function encode<T>(shape: Shape<T>, value: T): Buffer {
  try {
    shape.write(value, writer)
    return writer.written()
  } finally {
    writer.clear()
  }
}

/** The same as a string, for an answer without a secret. */
export function encodeText<T>(shape: Shape<T>, value: T): string {
  try {
    shape.write(value, writer)
    return writer.text()
  } finally {
    writer.clear()
  }
}

// Scalars

function serializationError(text: string): KmsError {
  return kmsError('SerializationException', text)
}

/** A collection where none belongs; undefined for anything else. */
function misplacedCollection(json: PresentJson): KmsError | undefined {
  if (Array.isArray(json)) return serializationError('Start of list found where not expected')
  if (json instanceof Map) return serializationError('Start of structure or map found where not expected.')
  return undefined
}

/** The service is written in Java, and tells. */
function javaClass(json: PresentJson): string {
  if (json instanceof JsonString) return 'java.lang.String'
  if (typeof json === 'boolean') return 'java.lang.Boolean'
  return 'com.amazon.coral.value.json.numbers.TruncatingBigNumber'
}

interface Kind<T> {
  /** What AWS says a value could not be converted to. */
  readonly target: string
  /** Undefined if the JSON cannot be that. */
  read(json: PresentJson, noted: Buffer[]): T | undefined
  write(value: T, out: JsonWriter): void
}

const strings: Kind<string> = {
  target: 'an String',
  read: json => (json instanceof JsonString ? json.text() : undefined),
  write: (value, out) => out.string(value),
}

/** AWS cuts fractions off; here they are refused, since nobody means them. `5.0` and `5e0` are integers. */
const integers: Kind<number> = {
  target: 'an Integer',
  read: json => (typeof json === 'number' && Number.isSafeInteger(json) ? json : undefined),
  write: (value, out) => out.number(value),
}

const yes = Buffer.from('true')
const no = Buffer.from('false')

const booleans: Kind<boolean> = {
  target: 'an Boolean',
  read: json => (typeof json === 'boolean' ? json : undefined),
  write: (value, out) => out.raw(value ? yes : no),
}

/** On the wire seconds since 1970, with a fraction; read to the millisecond. */
const timestamps: Kind<Date> = {
  target: 'milliseconds since epoch',
  read(json) {
    if (typeof json !== 'number') return undefined
    const date = new Date(Math.round(json * 1000))
    return Number.isNaN(date.getTime()) ? undefined : date
  },
  write: (value, out) => out.number(value.getTime() / 1000),
}

const blobs: Kind<Uint8Array> = {
  target: 'a Blob',
  read(json, noted) {
    if (!(json instanceof JsonString)) return undefined
    try {
      const bytes = json.base64()
      noted.push(bytes)
      return bytes
    } catch (error) {
      if (!(error instanceof EncodingError)) throw error
      // AWS quotes the value in front of this, which may be a secret.
      throw serializationError(`Value can not be converted to a Blob: ${error.message}`)
    }
  },
  write: (value, out) => out.base64(value),
}

class Scalar<T> implements Shape<T> {
  readonly about: ScalarAbout
  readonly isQuotable: boolean
  readonly kind: Kind<T>
  readonly rules: readonly Rule<T>[]

  constructor(about: ScalarAbout, kind: Kind<T>, rules: readonly Rule<T>[], isQuotable = true) {
    this.about = about
    this.kind = kind
    this.rules = rules
    this.isQuotable = isQuotable
  }

  read(json: PresentJson, noted: Buffer[]): T {
    const value = this.kind.read(json, noted)
    if (value !== undefined) return value
    throw (
      misplacedCollection(json) ??
      serializationError(`class ${javaClass(json)} can not be converted to ${this.kind.target}`)
    )
  }

  check(value: T, at: string, faults: Faults): void {
    for (const rule of this.rules) {
      if (!rule.holds(value)) faults.add(this.isQuotable ? this.show(value) : undefined, at, rule.text)
    }
  }

  isSatisfiedBy(value: T): boolean {
    return this.rules.every(rule => rule.holds(value))
  }

  write(value: T, out: JsonWriter): void {
    this.kind.write(value, out)
  }

  show(value: T): string {
    return String(value)
  }
}

/** Text of `min` to `max` characters, both inclusive. */
export function string(min?: number, max?: number, pattern?: Pattern): Scalar<string> {
  const limits = bounds(min, max)
  const rules = characterRules(limits)
  if (!pattern) return new Scalar({ type: 'string', ...limits }, strings, rules)
  return new Scalar({ type: 'string', ...limits, pattern: pattern.text }, strings, [...rules, patternRule(pattern)])
}

/** The same scalar, which no refusal quotes. */
export function secret<T>(scalar: Scalar<T>): Scalar<T> {
  return new Scalar({ ...scalar.about, secret: true }, scalar.kind, scalar.rules, false)
}

export function oneOf<const Values extends readonly string[]>(values: Values): Shape<Values[number]> {
  const shape: Shape<string> = new Scalar({ type: 'string', values }, strings, [enumRule(values)])
  return shape as Shape<Values[number]> // `check` refuses all others before anyone sees them.
}

export function integer(min?: number, max?: number): Scalar<number> {
  const limits = bounds(min, max)
  return new Scalar({ type: 'integer', ...limits }, integers, valueRules(limits))
}

export function boolean(): Scalar<boolean> {
  return new Scalar({ type: 'boolean' }, booleans, [])
}

export function timestamp(): Scalar<Date> {
  return new Scalar({ type: 'timestamp' }, timestamps, [])
}

/** `min` to `max` bytes, which no refusal quotes. */
export function blob(min?: number, max?: number): Scalar<Uint8Array> {
  const limits = bounds(min, max)
  return new Scalar({ type: 'blob', ...limits }, blobs, lengthRules(limits), false)
}

/** Bytes in an answer that are no secret, such as a ciphertext. */
export function publicBlob(): Scalar<Uint8Array> {
  return new Scalar({ type: 'blob' }, blobs, [])
}

// Collections

const openBrace = Buffer.from('{')
const closeBrace = Buffer.from('}')
const openBracket = Buffer.from('[')
const closeBracket = Buffer.from(']')
const colon = Buffer.from(':')
const comma = Buffer.from(',')
const nothing = Buffer.alloc(0)

class List<T> implements Shape<readonly T[]> {
  readonly about: About
  readonly isQuotable: boolean
  readonly #element: Shape<T>
  readonly #rules: readonly Rule<readonly T[]>[]

  constructor(element: Shape<T>, limits: Bounds) {
    this.about = { type: 'list', ...limits, element: element.about }
    this.isQuotable = element.isQuotable
    this.#element = element
    this.#rules = lengthRules(limits)
  }

  read(json: PresentJson, noted: Buffer[]): readonly T[] {
    if (!Array.isArray(json)) throw misplacedCollection(json) ?? serializationError('Expected list or null')
    return json.map(item => readElement(this.#element, item, noted))
  }

  check(value: readonly T[], at: string, faults: Faults): void {
    const shown = (): string | undefined => (this.isQuotable ? this.show(value) : undefined)
    for (const rule of this.#rules) if (!rule.holds(value)) faults.add(shown(), at, rule.text)
    checkScalars(this.#element, value, 'Member', shown, at, faults)
    checkEach(this.#element, value.entries(), index => `${at}.${index + 1}.member`, faults)
  }

  write(value: readonly T[], out: JsonWriter): void {
    out.raw(openBracket)
    let separator = nothing
    for (const item of value) {
      out.raw(separator)
      this.#element.write(item, out)
      separator = comma
    }
    out.raw(closeBracket)
  }

  show(value: readonly T[]): string {
    return `[${value.map(item => showElement(this.#element, item)).join(', ')}]`
  }
}

/** A list of `min` to `max` elements. */
export function list<T>(element: Shape<T>, min?: number, max?: number): Shape<readonly T[]> {
  return new List(element, bounds(min, max))
}

class StringMap<T> implements Shape<ReadonlyMap<string, T>> {
  readonly about: About
  readonly isQuotable: boolean
  readonly #key: Shape<string>
  readonly #value: Shape<T>

  constructor(key: Shape<string>, value: Shape<T>) {
    this.about = { type: 'map', key: key.about, value: value.about }
    this.isQuotable = key.isQuotable && value.isQuotable
    this.#key = key
    this.#value = value
  }

  read(json: PresentJson, noted: Buffer[]): ReadonlyMap<string, T> {
    if (!(json instanceof Map)) throw misplacedCollection(json) ?? serializationError('Expected map or null')
    const map = new Map<string, T>()
    for (const [key, item] of json) map.set(key, readElement(this.#value, item, noted))
    return map
  }

  check(value: ReadonlyMap<string, T>, at: string, faults: Faults): void {
    const shown = (): string | undefined => (this.isQuotable ? this.show(value) : undefined)
    checkScalars(this.#key, value.keys(), 'Map keys', shown, at, faults)
    checkScalars(this.#value, value.values(), 'Map value', shown, at, faults)
    checkEach(this.#value, value, key => (this.#key.isQuotable ? `${at}.${key}.member` : at), faults)
  }

  write(value: ReadonlyMap<string, T>, out: JsonWriter): void {
    out.raw(openBrace)
    let separator = nothing
    for (const [key, item] of value) {
      out.raw(separator)
      out.string(key)
      out.raw(colon)
      this.#value.write(item, out)
      separator = comma
    }
    out.raw(closeBrace)
  }

  show(value: ReadonlyMap<string, T>): string {
    return `{${Array.from(value, ([key, item]) => `${key}=${showElement(this.#value, item)}`).join(', ')}}`
  }
}

/** Names of the caller's own choice, in the order sent. */
export function map<T>(key: Shape<string>, value: Shape<T>): Shape<ReadonlyMap<string, T>> {
  return new StringMap(key, value)
}

function readElement<T>(element: Shape<T>, json: Json, noted: Buffer[]): T {
  return json === null ? (null as T) : element.read(json, noted) // `checkEach` refuses null before anyone sees it.
}

/** What elements that are scalars must satisfy: AWS reports the collection, once, and all of it. */
function checkScalars<T>(
  element: Shape<T>,
  values: Iterable<T>,
  subject: 'Member' | 'Map keys' | 'Map value',
  shown: () => string | undefined,
  at: string,
  faults: Faults,
): void {
  if (!(element instanceof Scalar) || element.rules.length === 0) return
  for (const value of values) {
    if (value === null || element.isSatisfiedBy(value)) continue
    const texts = element.rules.map(rule => rule.text).join(', ')
    return faults.add(shown(), at, `${subject} must satisfy constraint: [${texts}]`)
  }
}

/** Nulls among the elements, and elements that are collections, reported one by one. */
function checkEach<Key, T>(
  element: Shape<T>,
  entries: Iterable<readonly [Key, T]>,
  place: (key: Key) => string,
  faults: Faults,
): void {
  for (const [key, value] of entries) {
    if (faults.isFull) return
    if (value === null) faults.addMissing(place(key))
    else if (!(element instanceof Scalar)) element.check(value, place(key), faults)
  }
}

function showElement<T>(element: Shape<T>, value: T): string {
  return value === null ? 'null' : element.show(value)
}

// Structures

interface Member {
  readonly name: string
  /** As refusals spell it. */
  readonly path: string
  readonly shape: Shape<unknown>
  readonly isRequired: boolean
  /** Name and colon in JSON. */
  readonly label: Buffer
}

type Values = Record<string, unknown>

class Structure implements Shape<Values> {
  readonly about: About
  readonly isQuotable: boolean
  readonly #members: readonly Member[]

  constructor(members: Members) {
    this.#members = Object.entries(members).map(([name, member]) => {
      const isRequired = !('optional' in member)
      return {
        name,
        path: name.charAt(0).toLowerCase() + name.slice(1),
        shape: isRequired ? member : member.optional,
        isRequired,
        label: Buffer.from(`${JSON.stringify(name)}:`),
      }
    })
    const about = this.#members.map(({ name, isRequired, shape }) => [
      name,
      { required: isRequired, shape: shape.about },
    ])
    this.about = { type: 'structure', members: Object.fromEntries(about) }
    this.isQuotable = this.#members.every(({ shape }) => shape.isQuotable)
  }

  read(json: PresentJson, noted: Buffer[]): Values {
    if (!(json instanceof Map)) throw misplacedCollection(json) ?? serializationError('Expected null')
    const values: Values = {}
    for (const { name, shape } of this.#members) {
      const item = json.get(name)
      if (item !== undefined && item !== null) values[name] = shape.read(item, noted)
    }
    return values
  }

  check(values: Values, at: string, faults: Faults): void {
    for (const { name, path, shape, isRequired } of this.#members) {
      const value = values[name]
      const place = at === '' ? path : `${at}.${path}`
      if (value !== undefined) shape.check(value, place, faults)
      else if (isRequired) faults.addMissing(place)
    }
  }

  write(values: Values, out: JsonWriter): void {
    out.raw(openBrace)
    let separator = nothing
    for (const { name, label, shape } of this.#members) {
      const value = values[name]
      if (value === undefined) continue
      out.raw(separator)
      out.raw(label)
      shape.write(value, out)
      separator = comma
    }
    out.raw(closeBrace)
  }

  show(values: Values): string {
    const present = this.#members.filter(({ name }) => values[name] !== undefined)
    return `{${present.map(({ name, path, shape }) => `${path}=${shape.show(values[name])}`).join(', ')}}`
  }
}

/** Members are required unless `optional`. Members of other names are ignored. */
export function structure<M extends Members>(members: M): Shape<InferMembers<M>> {
  const shape: Shape<Values> = new Structure(members)
  return shape as Shape<InferMembers<M>> // The members' own shapes read, check and write them.
}

export function optional<T>(shape: Shape<T>): Optional<T> {
  return { optional: shape }
}
