import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { ConfigError, parseYaml } from '../config.ts'
import { isAccount } from '../protocol/arn.ts'

/** What a bootstrap file declares: what shall be there, whatever else is. */
export interface Declaration {
  /** By account, 12 digits. */
  accounts: ReadonlyMap<string, AccountDeclaration>
  /** Files that secrets of access keys were read from, as they were named. */
  secretFiles: readonly string[]
}

export interface AccountDeclaration {
  policies: readonly { name: string; path?: string; description?: string; document: string }[]
  groups: readonly ({ name: string; path?: string } & Rights)[]
  users: readonly ({
    name: string
    path?: string
    boundary?: string
    groups: readonly string[]
    tags: Tags
    /** Whoever has used them wipes the secrets. */
    accessKeys: readonly { id: string; secret: Uint8Array }[]
  } & Rights)[]
  roles: readonly ({
    name: string
    path?: string
    description?: string
    trust: string
    maxSession?: number
    boundary?: string
    tags: Tags
  } & Rights)[]
  oidcProviders: readonly { url: string; clientIds: readonly string[]; jwks?: string }[]
  keys: readonly KeyDeclaration[]
}

interface Rights {
  /** ARNs of managed policies. */
  policies: readonly string[]
  /** Inline policies. */
  inline: readonly (readonly [name: string, document: string])[]
}

type Tags = readonly (readonly [key: string, value: string])[]

/** A key is known by its first alias: one that there is not yet is made. */
export interface KeyDeclaration {
  /** With the prefix `alias/`. */
  aliases: readonly [string, ...string[]]
  region: string
  spec?: string
  usage?: string
  origin?: string
  multiRegion?: boolean
  description?: string
  policy?: string
  tags: Tags
}

type ReadFile = (path: string) => Buffer
type Environment = Readonly<Record<string, string | undefined>>

/**
 * @returns what is declared, and files that others can read though there are secrets in them
 * @throws ConfigError
 */
export function readBootstrap(file: string, environment: Environment): Declaration & { exposed: string[] } {
  const pathOf = (path: string): string => resolve(dirname(file), path)
  const read = (path: string): Buffer => readFileSync(pathOf(path))
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigError(`bootstrap names ${file}, which cannot be read: ${messageOf(error)}`, { cause: error })
  }
  const declaration = parseBootstrap(file, text, read, environment)
  const paths = declaration.secretFiles.map(path => (path === file ? file : pathOf(path)))
  return { ...declaration, exposed: paths.filter(isExposed) }
}

/** Windows has no such modes. */
const isExposed = (path: string): boolean => process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/**
 * Reads a bootstrap file (YAML; docs/access.md). Nothing unknown in it is let through. Secrets may stand in files or variables
 * that it names.
 *
 * @param file for complaints
 * @throws ConfigError
 */
export function parseBootstrap(file: string, text: string, readFile: ReadFile, environment: Environment): Declaration {
  const reader = new Reader(file, readFile, environment)
  const root = reader.group(parseYaml(file, text), '', ['accounts'])
  const accounts = reader.named(root['accounts'], 'accounts').map(([account, value]) => {
    if (!isAccount(account)) reader.fail(`accounts.${account}`, 'must be an account: 12 digits')
    return [account, reader.account(value, `accounts.${account}`)] as const
  })
  return { accounts: new Map(accounts), secretFiles: [...reader.secretFiles] }
}

type Group<Name extends string> = Readonly<Partial<Record<Name, unknown>>>

class Reader {
  readonly #file: string
  readonly #readFile: ReadFile
  readonly #environment: Environment
  /** The bootstrap file itself, or files that it names. */
  readonly secretFiles = new Set<string>()
  /** What has been declared so far, and must not be again. */
  readonly #declared = new Set<string>()

  constructor(file: string, readFile: ReadFile, environment: Environment) {
    this.#file = file
    this.#readFile = readFile
    this.#environment = environment
  }

  fail(place: string, what: string): never {
    throw new ConfigError(`${this.#file}: ${place === '' ? 'The file' : place} ${what}.`)
  }

  /** So that the second does not undo at every start what the first has done. */
  #once(what: string, place: string): void {
    if (this.#declared.has(what)) this.fail(place, 'declares what another one declares already')
    this.#declared.add(what)
  }

  /** A group of members, of which none has another name. */
  group<Name extends string>(value: unknown, place: string, names: readonly Name[]): Group<Name> {
    const members = this.named(value, place)
    const unknown = members.find(([name]) => !names.some(known => known === name))
    if (unknown)
      this.fail(`${place === '' ? '' : `${place}.`}${unknown[0]}`, `is not known. Known are ${names.join(', ')}`)
    return Object.fromEntries(members) as Group<Name> // They are of these names.
  }

  /** Members of any name. */
  named(value: unknown, place: string): [name: string, value: unknown][] {
    if (value === undefined || value === '') return []
    if (!(value instanceof Map)) return this.fail(place, 'must be a group of names with values, indented below it')
    return Array.from(value, ([name, item]) => [String(name), item])
  }

  list(value: unknown, place: string): [value: unknown, place: string][] {
    if (value === undefined || value === '') return []
    if (!Array.isArray(value)) return this.fail(place, 'must be a list')
    return value.map((item, index) => [item, `${place}[${index}]`])
  }

  text(value: unknown, place: string): string {
    return typeof value === 'string' && value !== '' ? value : this.fail(place, 'must be text')
  }

  texts(value: unknown, place: string): string[] {
    return this.list(value, place).map(([item, at]) => this.text(item, at))
  }

  #optional<N extends string>(name: N, value: unknown, place: string): { [K in N]?: string } {
    const found = value === undefined ? {} : { [name]: this.text(value, `${place}.${name}`) }
    return found as { [K in N]?: string } // That name alone.
  }

  #tags(value: unknown, place: string): Tags {
    return this.named(value, place).map(([key, item]) =>
      typeof item === 'string' ? ([key, item] as const) : this.fail(`${place}.${key}`, 'must be text'),
    )
  }

  /** A policy: a group as in JSON, or the JSON itself as text. */
  #policy(value: unknown, place: string): string {
    if (typeof value === 'string' && value !== '') return value
    if (value instanceof Map) {
      return JSON.stringify(value, (_, item: unknown) => (item instanceof Map ? Object.fromEntries(item) : item))
    }
    return this.fail(place, 'must be a policy: its members, indented below it, or its JSON as text')
  }

  #rights(of: Group<'policies' | 'inline'>, place: string): Rights {
    return {
      policies: this.texts(of.policies, `${place}.policies`),
      inline: this.named(of.inline, `${place}.inline`).map(([name, document]) => [
        name,
        this.#policy(document, `${place}.inline.${name}`),
      ]),
    }
  }

  account(value: unknown, place: string): AccountDeclaration {
    const names = ['policies', 'groups', 'users', 'roles', 'oidcProviders', 'keys'] as const
    const of = this.group(value, place, names)
    const each = <T>(
      member: (typeof names)[number],
      read: (item: unknown, at: string) => T,
      ids: (item: T) => readonly string[],
    ): T[] =>
      this.list(of[member], `${place}.${member}`).map(([item, at]) => {
        const found = read(item, at)
        for (const id of ids(found)) this.#once(`${place}.${member} ${id}`, at)
        return found
      })
    const byName = ({ name }: { name: string }) => [name.toLowerCase()]
    return {
      policies: each('policies', (item, at) => this.#managedPolicy(item, at), byName),
      groups: each('groups', (item, at) => this.#group(item, at), byName),
      users: each('users', (item, at) => this.#user(item, at), byName),
      roles: each('roles', (item, at) => this.#role(item, at), byName),
      oidcProviders: each(
        'oidcProviders',
        (item, at) => this.#provider(item, at),
        ({ url }) => [url],
      ),
      keys: each(
        'keys',
        (item, at) => this.#key(item, at),
        ({ region, aliases }) => aliases.map(alias => `${region} ${alias}`),
      ),
    }
  }

  #group(item: unknown, at: string): AccountDeclaration['groups'][number] {
    const group = this.group(item, at, ['name', 'path', 'policies', 'inline'])
    return {
      name: this.text(group.name, `${at}.name`),
      ...this.#optional('path', group.path, at),
      ...this.#rights(group, at),
    }
  }

  #managedPolicy(item: unknown, at: string) {
    const policy = this.group(item, at, ['name', 'path', 'description', 'document'])
    return {
      name: this.text(policy.name, `${at}.name`),
      ...this.#optional('path', policy.path, at),
      ...this.#optional('description', policy.description, at),
      document: this.#policy(policy.document, `${at}.document`),
    }
  }

  #user(item: unknown, at: string): AccountDeclaration['users'][number] {
    const names = ['name', 'path', 'policies', 'inline', 'boundary', 'groups', 'tags', 'accessKeys'] as const
    const user = this.group(item, at, names)
    return {
      name: this.text(user.name, `${at}.name`),
      ...this.#optional('path', user.path, at),
      ...this.#rights(user, at),
      ...this.#optional('boundary', user.boundary, at),
      groups: this.texts(user.groups, `${at}.groups`),
      tags: this.#tags(user.tags, `${at}.tags`),
      accessKeys: this.list(user.accessKeys, `${at}.accessKeys`).map(([key, place]) => this.#accessKey(key, place)),
    }
  }

  #accessKey(item: unknown, at: string): { id: string; secret: Uint8Array } {
    const key = this.group(item, at, ['id', 'secret', 'secretFile', 'secretVariable'])
    const id = this.text(key.id, `${at}.id`)
    // Those that begin with ASIA are of sessions. Clients of emulators use all sorts of others.
    if (!/^(?!ASIA)\w{3,128}$/.test(id)) {
      this.fail(`${at}.id`, 'must have 3 to 128 letters and digits, and not begin with ASIA')
    }
    this.#once(`access key ${id}`, at)
    const given = (['secret', 'secretFile', 'secretVariable'] as const).filter(name => key[name] !== undefined)
    const [source] = given
    if (source === undefined || given.length > 1) {
      return this.fail(at, 'must have one of secret, secretFile, secretVariable')
    }
    const secret = this.#secret(source, this.text(key[source], `${at}.${source}`), `${at}.${source}`)
    if (!secret.every(byte => byte > 0x20 && byte < 0x7f) || secret.length === 0 || secret.length > 128) {
      this.fail(`${at}.${source}`, 'must be 1 to 128 characters of ASCII without blanks')
    }
    return { id, secret }
  }

  #secret(source: 'secret' | 'secretFile' | 'secretVariable', text: string, place: string): Uint8Array {
    if (source !== 'secretVariable') this.secretFiles.add(source === 'secret' ? this.#file : text)
    if (source === 'secret') return Buffer.from(text)
    if (source === 'secretFile') return trimmed(this.#read(text, place))
    const value = this.#environment[text]
    return value ? Buffer.from(value) : this.fail(place, `names ${text}, which is not set`)
  }

  #read(path: string, place: string): Buffer {
    try {
      return this.#readFile(path)
    } catch (error) {
      return this.fail(place, `names ${path}, which cannot be read: ${messageOf(error)}`)
    }
  }

  #role(item: unknown, at: string): AccountDeclaration['roles'][number] {
    const names = [
      'name',
      'path',
      'description',
      'trust',
      'maxSession',
      'policies',
      'inline',
      'boundary',
      'tags',
    ] as const
    const role = this.group(item, at, names)
    const maxSession = role.maxSession === undefined ? undefined : this.text(role.maxSession, `${at}.maxSession`)
    if (maxSession !== undefined && !(/^\d{4,5}$/.test(maxSession) && isSessionLength(Number(maxSession)))) {
      this.fail(`${at}.maxSession`, 'must be seconds, 3600 to 43200')
    }
    return {
      name: this.text(role.name, `${at}.name`),
      ...this.#optional('path', role.path, at),
      ...this.#optional('description', role.description, at),
      trust: this.#policy(role.trust, `${at}.trust`),
      ...(maxSession !== undefined && { maxSession: Number(maxSession) }),
      ...this.#rights(role, at),
      ...this.#optional('boundary', role.boundary, at),
      tags: this.#tags(role.tags, `${at}.tags`),
    }
  }

  #provider(item: unknown, at: string): AccountDeclaration['oidcProviders'][number] {
    const provider = this.group(item, at, ['url', 'clientIds', 'jwksFile'])
    const file = provider.jwksFile === undefined ? undefined : this.text(provider.jwksFile, `${at}.jwksFile`)
    return {
      url: this.text(provider.url, `${at}.url`),
      clientIds: this.texts(provider.clientIds, `${at}.clientIds`),
      ...(file !== undefined && { jwks: this.#read(file, `${at}.jwksFile`).toString('utf8') }),
    }
  }

  #key(item: unknown, at: string): KeyDeclaration {
    const names = [
      'alias',
      'aliases',
      'region',
      'spec',
      'usage',
      'origin',
      'multiRegion',
      'description',
      'policy',
      'tags',
    ] as const
    const key = this.group(item, at, names)
    const [first, ...others] = [
      ...(key.alias === undefined ? [] : [this.text(key.alias, `${at}.alias`)]),
      ...this.texts(key.aliases, `${at}.aliases`),
    ]
    if (first === undefined) return this.fail(at, 'must have an alias, by which the key is known')
    const { multiRegion } = key
    if (multiRegion !== undefined && multiRegion !== 'true' && multiRegion !== 'false') {
      this.fail(`${at}.multiRegion`, 'must be true or false')
    }
    return {
      aliases: [first, ...others],
      region: this.text(key.region, `${at}.region`),
      ...this.#optional('spec', key.spec, at),
      ...this.#optional('usage', key.usage, at),
      ...this.#optional('origin', key.origin, at),
      ...(multiRegion !== undefined && { multiRegion: multiRegion === 'true' }),
      ...this.#optional('description', key.description, at),
      ...(key.policy !== undefined && { policy: this.#policy(key.policy, `${at}.policy`) }),
      tags: this.#tags(key.tags, `${at}.tags`),
    }
  }
}

const isSessionLength = (seconds: number): boolean => seconds >= 3600 && seconds <= 43_200

/** Without the newline at the end that editors add. */
function trimmed(bytes: Buffer): Buffer {
  const end = bytes.at(-1) === 0x0a ? (bytes.at(-2) === 0x0d ? -2 : -1) : bytes.length
  return bytes.subarray(0, end)
}
