import { createRequire } from 'node:module'
import { isIPv4, isIPv6 } from 'node:net'
import { basename, join, normalize } from 'node:path'
import type * as Yaml from 'yaml'
import { logLevels } from './log.ts'

/** The configuration cannot be used; the message is a sentence for whoever wrote it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/** One option, in all its forms: a flag, a variable, a line of the file, a line of the help. */
export interface Option<T = unknown> {
  /** Value of the text, whichever place it comes from. Throws an Error that says what the text should have been. */
  readonly parse: (text: string) => T
  /** What the text should be, for the help. */
  readonly type: string
  /** Computed from the environment and the options above this one in the table. */
  readonly fallback: (environment: Environment, values: ReadonlyMap<string, unknown>) => T
  /** The default, for the help; empty if there is none. */
  readonly shown: string
  readonly help: string
  /**
   * `switch`: a flag without a value says yes. `list`: commas, or a YAML list. `secret`: comes from its variable or from a
   * file that its `File` twin names, for a flag would show it in the list of processes.
   */
  readonly form?: 'switch' | 'list' | 'secret'
}

type Environment = Readonly<Record<string, string | undefined>>
type ReadFile = (path: string) => Buffer
type Kind<T> = Pick<Option<T>, 'parse' | 'type' | 'form'>

function optional<T>(kind: Kind<T>, help: string): Option<T | undefined> {
  return { ...kind, fallback: () => undefined, shown: '', help }
}

function usually<T>(kind: Kind<T>, value: T, help: string): Option<T> {
  const shown = Array.isArray(value) ? value.join(',') : String(value)
  return { ...kind, fallback: () => value, shown, help }
}

const text: Kind<string> = matching('text', /^[^\0\n]+$/, 'text')
const path: Kind<string> = { ...text, type: 'path' }
const port = wholeNumber('port', 0, 65_535)
const hostName: Kind<string> = {
  type: 'host',
  parse(given) {
    if (!/^[a-z0-9._-]+$/i.test(given) && !isIPv6(given)) throw new Error('a host name or an IP address, without port')
    return given
  },
}
const region = matching('Region', /^[a-z]{2,}(-[a-z]+)+-\d$/, 'a Region, such as eu-central-1')

/** AWS's commercial Regions (partition `aws` of the AWS SDK for JavaScript, 2026-11). */
const commercialRegions =
  `us-east-1 us-east-2 us-west-1 us-west-2 af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3
  ap-south-1 ap-south-2 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6
  ap-southeast-7 ca-central-1 ca-west-1 eu-central-1 eu-central-2 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2
  eu-west-3 il-central-1 me-central-1 me-south-1 me-west-1 mx-central-1 sa-east-1 sa-west-1`.split(/\s+/)

/** Every option there is. Dots group them in the file; flags and variables replace them. */
export const options = {
  config: optional(path, 'YAML file with further options'),
  host: usually(hostName, '127.0.0.1', 'Name or IP address to listen on'),
  port: usually(port, 4599, 'Port to listen on; 0 takes any free one'),
  allowPlainHttp: usually(yesOrNo(), false, 'Listen beyond this machine without TLS, for a proxy that adds it'),
  hosts: usually(listOf(hostName), [], 'Names by which clients call this server, beside localhost and IP addresses'),
  basePath: usually(basePath(), '', 'Path in front of all others, such as /kms'),
  'tls.certificate': optional(path, 'PEM file with the certificate chain; read again when it changes'),
  'tls.key': optional(path, 'PEM file with the private key of the certificate'),
  data: {
    ...path,
    fallback: dataFolder,
    shown: '$XDG_DATA_HOME/keyreeve or ~/.local/share/keyreeve',
    help: 'Folder of the database',
  },
  'root.keyFile': {
    ...path,
    fallback: (_environment, values) => `${String(values.get('data')).replace(/\/+$/, '')}.root.key`,
    shown: '<data>.root.key',
    help: 'File of the root key; never inside the data folder, or a copy of that is a copy of every key',
  },
  'root.passphrase': optional(secret(), 'Passphrase that protects the root key, in place of a key file'),
  account: usually(matching('account', /^\d{12}$/, '12 digits'), '000000000000', 'Account of the first administrator'),
  bootstrap: optional(
    path,
    'YAML file of accounts, users, roles and keys that are made at the start if they are missing',
  ),
  regions: {
    ...usually(listOf(region), commercialRegions, 'Regions that requests may be signed for'),
    shown: "AWS's commercial Regions",
  },
  'wrapping.pkcs1v15': usually(oneOf(['allow', 'refuse']), 'allow', 'RSAES_PKCS1_V1_5 for imports, a legacy algorithm'),
  'wrapping.poolSize': usually(wholeNumber('number', 0, 64), 4, 'Wrapping keys of each size kept ready'),
  'xks.ca': optional(path, 'PEM file with the authorities of external key store proxies; without it, the public ones'),
  'xks.port': usually(wholeNumber('port', 1, 65_535), 443, 'Port of external key store proxies'),
  'xks.timeout': usually(
    wholeNumber('milliseconds', 50, 3000),
    1000,
    'Time that an external key store proxy has for an answer',
  ),
  'xks.allowLoopback': usually(
    yesOrNo(),
    false,
    'Allow external key store proxies on this machine; link-local and metadata addresses are always refused, private networks never',
  ),
  'oidc.ca': optional(path, 'PEM file with the authorities of identity providers; without it, the public ones'),
  'oidc.allowLoopback': usually(
    yesOrNo(),
    false,
    'Allow identity providers on this machine; link-local and metadata addresses are always refused, private networks never',
  ),
  'attestation.roots': optional(
    path,
    'PEM file with the roots of attestation documents (AWS Nitro Enclaves); without it Recipient is refused',
  ),
  quotas: usually(
    oneOf(['off', 'aws']),
    'off',
    "AWS's default request quotas for each account and Region; what exceeds them is throttled",
  ),
  adminHost: usually(hostName, '127.0.0.1', 'Name or IP address to listen on for administration'),
  adminPort: optional(port, 'Port for administration: /metrics; none without it'),
  log: usually(oneOf(logLevels), 'info', 'What to log on stderr'),
} as const satisfies Record<string, Option<unknown>>

type Options = typeof options
type Value<O> = O extends Option<infer T> ? T : never
type Group<N> = N extends `${infer G}.${string}` ? G : never

/** One member for each option, by its name: `tls.key` is `config.tls.key`. */
export type Config = {
  readonly [N in keyof Options as N extends `${string}.${string}` ? never : N]: Value<Options[N]>
} & {
  readonly [G in Group<keyof Options>]: {
    readonly [N in keyof Options as N extends `${G}.${infer Rest}` ? Rest : never]: Value<Options[N]>
  }
}

/** As a flag, such as `--tls-certificate`. */
export const flagOf = (name: string): string => `--${name.replace('.', '-').replace(/[A-Z]/g, '-$&').toLowerCase()}`

/** As a variable of the environment, such as `KEYREEVE_TLS_CERTIFICATE`. */
export const variableOf = (name: string): string =>
  `KEYREEVE_${flagOf(name).slice(2).replaceAll('-', '_').toUpperCase()}`

/**
 * Gathers the options: a flag wins over a variable, a variable over the file, the file over the default.
 *
 * @param argv flags only, as `--port 4600`, `--port=4600` or, for a yes, `--allow-plain-http`
 * @throws ConfigError for whatever is unknown, misspelt, of the wrong form or contradictory
 */
export function loadConfig(argv: readonly string[], environment: Environment, readFile: ReadFile): Config {
  const given = [readFlags(argv), readVariables(environment)]
  const file = given.map(source => source.get('config')).find(Boolean)
  if (file) given.push(readYaml(file, readFile))
  const values = new Map<string, unknown>()
  for (const [name, option] of Object.entries<Option>(options)) {
    const found = given.map(source => source.get(name)).find(Boolean)
    values.set(name, found ? parse(option, found, readFile) : option.fallback(environment, values))
  }
  const config = group(values)
  check(config)
  return config
}

/** The text of an option, and where it stood, for complaints. For a secret, it may be in a file of that name instead. */
interface Given {
  readonly text: string
  readonly place: string
  readonly inFile?: boolean
}

type Source = Map<string, Given>

function readFlags(argv: readonly string[]): Source {
  const byFlag = new Map(Object.keys(options).map(name => [flagOf(name), name]))
  const source: Source = new Map()
  for (let at = 0; at < argv.length; at++) {
    const argument = argv[at] ?? ''
    if (!argument.startsWith('--')) throw new ConfigError(`Unexpected argument ${argument}: options start with --.`)
    const mark = argument.indexOf('=')
    const flag = mark < 0 ? argument : argument.slice(0, mark)
    const name = byFlag.get(flag)
    if (name === undefined) throw new ConfigError(`There is no option ${flag}${hint(flag, byFlag.keys())}`)
    const option = optionOf(name)
    if (option.form === 'secret') {
      const variable = variableOf(name)
      throw new ConfigError(`${flag} would show it to every user of this machine; set ${variable} or ${variable}_FILE.`)
    }
    if (source.has(name)) throw new ConfigError(`${flag} is there twice.`)
    let value = mark < 0 ? undefined : argument.slice(mark + 1)
    if (value === undefined && option.form === 'switch') value = 'yes'
    value ??= argv[++at]
    if (value === undefined || (mark < 0 && value.startsWith('--'))) throw new ConfigError(`${flag} needs a value.`)
    source.set(name, { text: value, place: flag })
  }
  return source
}

function readVariables(environment: Environment): Source {
  const byVariable = new Map<string, { name: string; inFile: boolean }>()
  for (const [name, option] of Object.entries<Option>(options)) {
    byVariable.set(variableOf(name), { name, inFile: false })
    if (option.form === 'secret') byVariable.set(`${variableOf(name)}_FILE`, { name, inFile: true })
  }
  const source: Source = new Map()
  for (const [variable, value] of Object.entries(environment)) {
    if (!/^keyreeve_/i.test(variable) || value === undefined || isForeign(variable, value)) continue
    const known = byVariable.get(variable)
    if (!known)
      throw new ConfigError(`There is no variable ${variable}${hint(variable.toUpperCase(), byVariable.keys())}`)
    if (value === '') continue // As compose files leave a variable that is not set.
    const other = source.get(known.name)
    if (other) throw new ConfigError(`Set ${other.place} or ${variable}, not both.`)
    source.set(known.name, { text: value, place: variable, inFile: known.inFile })
  }
  return source
}

/**
 * Not meant for us: test vectors, the server that the command line calls, and what Kubernetes sets in every pod beside a
 * Service named keyreeve (https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables).
 */
function isForeign(variable: string, value: string): boolean {
  if (variable === 'KEYREEVE_PORT') return /^(tcp|udp|sctp):\/\//.test(value)
  return /^KEYREEVE_(VECTORS|ENDPOINT|SERVICE_(HOST|PORT)(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/.test(
    variable,
  )
}

function readYaml(given: Given, readFile: ReadFile): Source {
  const file = given.text
  const tree = parseYaml(file, read(given, readFile).toString('utf8')) ?? new Map()
  const names = new Map(
    Object.entries<Option>(options)
      .filter(([name]) => name !== 'config')
      .map(([name, option]) => [option.form === 'secret' ? `${name}File` : name, name]),
  )
  const source: Source = new Map()
  const visit = (tree: Map<unknown, unknown>, prefix: string): void => {
    for (const [member, value] of tree) {
      const key = `${prefix}${String(member)}`
      const name = names.get(key)
      if (name !== undefined) {
        source.set(name, {
          text: scalar(value, name, `${file}: ${key}`),
          place: `${key} in ${file}`,
          inFile: key !== name,
        })
      } else if ([...names.keys()].some(known => known.startsWith(`${key}.`))) {
        if (!(value instanceof Map)) throw new ConfigError(`${file}: ${key} is a group of options, indented below it.`)
        visit(value, `${key}.`)
      } else {
        throw new ConfigError(`${file}: there is no option ${key}${hint(key, names.keys())}`)
      }
    }
  }
  if (!(tree instanceof Map))
    throw new ConfigError(`${file} must hold options with their values, such as "port: 4599".`)
  visit(tree, '')
  return source
}

/**
 * What a YAML file holds: text, for every scalar stays that (000000000000 is an account, not zero), arrays and Maps.
 *
 * @param file for complaints
 * @returns undefined if there is nothing in it
 * @throws ConfigError, which quotes nothing: there may be a secret in the wrong place
 */
export function parseYaml(file: string, text: string): unknown {
  // Only now: most starts have no file, and loading the parser takes longer than all else here.
  const { parseDocument } = createRequire(import.meta.url)('yaml') as typeof Yaml
  const document = parseDocument(text, { schema: 'failsafe', prettyErrors: true })
  const [problem] = [...document.errors, ...document.warnings]
  if (problem) {
    const { line = 0, col = 0 } = problem.linePos?.[0] ?? {}
    const [said = ''] = problem.message.split(/:? at line |:?\n/, 1)
    const reason = problem.code === 'TAG_RESOLVE_FAILED' ? 'Unresolved tag' : said.replace(/: (?!between|in\b).*$/, '')
    throw new ConfigError(`${file}: ${reason} at line ${line}, column ${col}.`)
  }
  if (document.contents === null) return undefined
  try {
    return document.toJS({ mapAsMap: true }) as unknown
  } catch {
    throw new ConfigError(
      `${file}: There is an alias (*name) without its anchor (&name) before it, or there are too many.`,
    )
  }
}

function scalar(value: unknown, name: string, place: string): string {
  if (typeof value === 'string') return value
  const isList = Array.isArray(value) && value.every(item => typeof item === 'string' && !item.includes(','))
  if (isList && optionOf(name).form === 'list') return value.join(',')
  throw new ConfigError(`${place} must be ${optionOf(name).type}.`)
}

function parse(option: Option, given: Given, readFile: ReadFile): unknown {
  const { text, place, inFile } = given
  if (inFile) return readSecret(given, readFile)
  try {
    return option.parse(text)
  } catch (error) {
    const wanted = error instanceof Error ? error.message : String(error)
    throw new ConfigError(`${place} must be ${wanted}${option.form === 'secret' ? '' : `, not "${text}"`}.`)
  }
}

/** The file's bytes without the newline at the end that editors add. */
function readSecret(given: Given, readFile: ReadFile): Buffer {
  const bytes = read(given, readFile)
  const end = bytes.at(-1) === 0x0a ? (bytes.at(-2) === 0x0d ? -2 : -1) : bytes.length
  const secretBytes = bytes.subarray(0, end)
  if (secretBytes.length === 0) throw new ConfigError(`${given.place} names ${given.text}, which is empty.`)
  return secretBytes
}

function read({ text: file, place }: Given, readFile: ReadFile): Buffer {
  try {
    return readFile(file)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ConfigError(`${place} names ${file}, which cannot be read: ${reason}`)
  }
}

function group(values: ReadonlyMap<string, unknown>): Config {
  const config: Record<string, unknown> = {}
  for (const [name, value] of values) {
    const [head = '', rest] = name.split('.')
    if (rest === undefined) config[head] = value
    else config[head] = { ...(config[head] as object | undefined), [rest]: value }
  }
  for (const value of Object.values(config)) if (!Buffer.isBuffer(value)) Object.freeze(value)
  return Object.freeze(config) as Config // Each value is what its option's parser or fallback gave.
}

/** What no option can see alone. */
function check({ host, allowPlainHttp, tls, data, root }: Config): void {
  if ((tls.certificate === undefined) !== (tls.key === undefined)) {
    throw new ConfigError('tls.certificate and tls.key go together: one is missing.')
  }
  if (tls.certificate === undefined && !isLoopback(host) && !allowPlainHttp) {
    throw new ConfigError(
      `On ${host} others could read requests and the keys in them. Set tls.certificate and tls.key or, behind a proxy that adds TLS, allowPlainHttp.`,
    )
  }
  if (['', '.', '..'].includes(basename(normalize(data)))) throw new ConfigError('data must name a folder of its own.')
  if (normalize(root.keyFile).startsWith(join(data, '/'))) {
    throw new ConfigError('root.keyFile must not lie inside data: a backup of the database would hold the key to it.')
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}

function dataFolder({ XDG_DATA_HOME: xdg, HOME: home }: Environment): string {
  if (xdg?.startsWith('/')) return join(xdg, 'keyreeve') // The XDG specification says to ignore a relative one.
  if (home) return join(home, '.local', 'share', 'keyreeve')
  throw new ConfigError('Set data: without HOME there is no default for it.')
}

function matching(type: string, pattern: RegExp, wanted: string): Kind<string> {
  return {
    type,
    parse(given) {
      if (!pattern.test(given)) throw new Error(wanted)
      return given
    },
  }
}

function wholeNumber(type: string, least: number, most: number): Kind<number> {
  return {
    type,
    parse(given) {
      const value = Number(given)
      if (!/^\d{1,9}$/.test(given) || value < least || value > most)
        throw new Error(`a number from ${least} to ${most}`)
      return value
    },
  }
}

function oneOf<const T extends string>(words: readonly T[]): Kind<T> {
  return {
    type: words.join(' or '),
    parse(given) {
      const word = words.find(candidate => candidate === given)
      if (word === undefined) throw new Error(words.join(' or '))
      return word
    },
  }
}

function yesOrNo(): Kind<boolean> {
  const words: Readonly<Record<string, boolean>> = { yes: true, no: false, true: true, false: false }
  return {
    type: 'yes or no',
    form: 'switch',
    parse(given) {
      const value = Object.hasOwn(words, given) ? words[given] : undefined
      if (value === undefined) throw new Error('yes or no')
      return value
    },
  }
}

function listOf<T>(item: Kind<T>): Kind<readonly T[]> {
  return {
    type: `list of ${item.type}`,
    form: 'list',
    parse: given => [...new Set(given.split(',').map(part => item.parse(part.trim())))],
  }
}

function basePath(): Kind<string> {
  return {
    type: 'path of a URL',
    parse(given) {
      if (given === '/' || given === '') return ''
      if (!/^(\/[a-z0-9_~-][a-z0-9._~-]*)+$/i.test(given)) throw new Error('such as /kms, without a slash at its end')
      return given
    },
  }
}

/** Bytes, for their owner to wipe. */
function secret(): Kind<Buffer> {
  return {
    type: 'secret',
    form: 'secret',
    parse(given) {
      if (given === '') throw new Error('something')
      return Buffer.from(given, 'utf8')
    },
  }
}

const optionOf = (name: string): Option => (options as Record<string, Option>)[name] as Option // Names are keys of it.

const hint = (word: string, known: Iterable<string>): string => {
  const best = nearest(word, known)
  return best === undefined ? '.' : `. Did you mean ${best}?`
}

/** The known word that begins with `word`, or else differs from it least, if by no more than a third of its letters. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  const [best] = [...known]
    .map(candidate => {
      const [a, b] = [word.toLowerCase(), candidate.toLowerCase()]
      return { candidate, distance: b.startsWith(a) ? 0 : distance(a, b) }
    })
    .sort((a, b) => a.distance - b.distance)
  return best && best.distance <= Math.max(1, best.candidate.length / 3) ? best.candidate : undefined
}

/** Letters to add, drop, change or swap with their neighbour to make `b` of `a` (optimal string alignment). */
function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, at) => at)]
  const cell = (i: number, j: number): number => rows[i]?.[j] ?? 0
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    rows.push(row)
    for (let j = 1; j <= b.length; j++) {
      const changed = cell(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      row.push(Math.min(changed, cell(i - 1, j) + 1, cell(i, j - 1) + 1, isSwap ? cell(i - 2, j - 2) + 1 : Infinity))
    }
  }
  return cell(a.length, b.length)
}

/** The options as lines for `--help`. */
export function optionsHelp(): string {
  const rows = Object.entries<Option>(options).map(([name, { type, form, shown, help }]) => {
    const usage =
      form === 'secret' ? `${variableOf(name)}_FILE` : flagOf(name) + (form === 'switch' ? '' : ` <${type}>`)
    return { usage, text: shown === '' ? help : `${help} (default: ${shown})` }
  })
  const width = Math.max(...rows.map(({ usage }) => usage.length))
  return rows.map(({ usage, text: said }) => `  ${usage.padEnd(width)}  ${said}\n`).join('')
}
