import { createRequire } from 'node:module'
import type * as Yaml from 'yaml'

/** The bootstrap file cannot be used; the message is a sentence for whoever wrote it. */
export class BootstrapError extends Error {
  override readonly name = 'BootstrapError'
}

/** What a bootstrap file declares: what shall be there, whatever else is. */
export interface Declaration {
  /** By account, 12 digits. */
  accounts: ReadonlyMap<string, AccountDeclaration>
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
  multiRegion: boolean
  description?: string
  policy?: string
  tags: Tags
}

type ReadFile = (path: string) => Buffer
type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads a bootstrap file (YAML; docs/bootstrap.md). Nothing unknown in it is let through. Secrets may stand in files or
 * variables that it names.
 *
 * @param file for complaints
 * @throws BootstrapError
 */
export function parseBootstrap(file: string, text: string, readFile: ReadFile, environment: Environment): Declaration {
  const { parseDocument } = createRequire(import.meta.url)('yaml') as typeof Yaml
  // Every scalar stays text: 000000000000 is an account, not zero.
  const document = parseDocument(text, { schema: 'failsafe', prettyErrors: true })
  const [problem] = [...document.errors, ...document.warnings]
  if (problem) throw new BootstrapError(`${file}: ${problem.message.split(/:?\n/, 1)[0]}.`)
  const reader = new Reader(file, readFile, environment)
  const root = reader.group(document.toJS() ?? {}, '', ['accounts'])
  const accounts = reader.named(root['accounts'] ?? {}, 'accounts').map(([account, value]) => {
    if (!/^\d{12}$/.test(account)) reader.fail(`accounts.${account}`, 'must be an account: 12 digits')
    return [account, reader.account(value, `accounts.${account}`)] as const
  })
  return { accounts: new Map(accounts) }
}

type Group<Name extends string> = Readonly<Partial<Record<Name, unknown>>>

class Reader {
  readonly #file: string
  readonly #readFile: ReadFile
  readonly #environment: Environment

  constructor(file: string, readFile: ReadFile, environment: Environment) {
    this.#file = file
    this.#readFile = readFile
    this.#environment = environment
  }

  fail(place: string, what: string): never {
    throw new BootstrapError(`${this.#file}: ${place === '' ? 'The file' : place} ${what}.`)
  }

  /** A group of members, of which none has another name. */
  group<Name extends string>(value: unknown, place: string, names: readonly Name[]): Group<Name> {
    const members = this.named(value, place)
    const unknown = members.find(([name]) => !names.some(known => known === name))
    if (unknown)
      this.fail(`${place === '' ? '' : `${place}.`}${unknown[0]}`, `is not known. Known are ${names.join(', ')}`)
    return Object.fromEntries(members) as Group<Name> // Names have just been checked.
  }

  /** Members of any name. */
  named(value: unknown, place: string): [name: string, value: unknown][] {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return this.fail(place, 'must be a group of names with values, indented below it')
    }
    return Object.entries(value)
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
    if (value === undefined) return []
    return this.named(value, place).map(([key, item]) =>
      typeof item === 'string' ? ([key, item] as const) : this.fail(`${place}.${key}`, 'must be text'),
    )
  }

  /** A policy: a group as in JSON, or the JSON itself as text. */
  #policy(value: unknown, place: string): string {
    if (typeof value === 'string' && value !== '') return value
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return JSON.stringify(value)
    return this.fail(place, 'must be a policy: its members, indented below it, or its JSON as text')
  }

  #rights(of: Group<'policies' | 'inline'>, place: string): Rights {
    const inline = of.inline === undefined ? [] : this.named(of.inline, `${place}.inline`)
    return {
      policies: this.texts(of.policies, `${place}.policies`),
      inline: inline.map(([name, document]) => [name, this.#policy(document, `${place}.inline.${name}`)]),
    }
  }

  account(value: unknown, place: string): AccountDeclaration {
    const names = ['policies', 'groups', 'users', 'roles', 'oidcProviders', 'keys'] as const
    const of = this.group(value === '' ? {} : value, place, names)
    const each = <T>(name: (typeof names)[number], read: (item: unknown, at: string) => T): T[] =>
      this.list(of[name], `${place}.${name}`).map(([item, at]) => read(item, at))
    return {
      policies: each('policies', (item, at) => this.#managedPolicy(item, at)),
      groups: each('groups', (item, at) => {
        const group = this.group(item, at, ['name', 'path', 'policies', 'inline'])
        return {
          name: this.text(group.name, `${at}.name`),
          ...this.#optional('path', group.path, at),
          ...this.#rights(group, at),
        }
      }),
      users: each('users', (item, at) => this.#user(item, at)),
      roles: each('roles', (item, at) => this.#role(item, at)),
      oidcProviders: each('oidcProviders', (item, at) => this.#provider(item, at)),
      keys: each('keys', (item, at) => this.#key(item, at)),
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
    if (source === 'secret') return Buffer.from(text)
    if (source === 'secretFile') return trimmed(this.#read(text, place))
    const value = this.#environment[text]
    return value ? Buffer.from(value) : this.fail(place, `names ${text}, which is not set`)
  }

  #read(path: string, place: string): Buffer {
    try {
      return this.#readFile(path)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      return this.fail(place, `names ${path}, which cannot be read: ${reason}`)
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
    const seconds = role.maxSession === undefined ? undefined : this.text(role.maxSession, `${at}.maxSession`)
    if (seconds !== undefined && !/^\d{4,5}$/.test(seconds))
      this.fail(`${at}.maxSession`, 'must be seconds, 3600 to 43200')
    return {
      name: this.text(role.name, `${at}.name`),
      ...this.#optional('path', role.path, at),
      ...this.#optional('description', role.description, at),
      trust: this.#policy(role.trust, `${at}.trust`),
      ...(seconds !== undefined && { maxSession: Number(seconds) }),
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
    const multiRegion = key.multiRegion ?? 'false'
    if (multiRegion !== 'true' && multiRegion !== 'false') this.fail(`${at}.multiRegion`, 'must be true or false')
    return {
      aliases: [first, ...others],
      region: this.text(key.region, `${at}.region`),
      ...this.#optional('spec', key.spec, at),
      ...this.#optional('usage', key.usage, at),
      ...this.#optional('origin', key.origin, at),
      multiRegion: multiRegion === 'true',
      ...this.#optional('description', key.description, at),
      ...(key.policy !== undefined && { policy: this.#policy(key.policy, `${at}.policy`) }),
      tags: this.#tags(key.tags, `${at}.tags`),
    }
  }
}

/** Without the newline at the end that editors add. */
function trimmed(bytes: Buffer): Buffer {
  const end = bytes.at(-1) === 0x0a ? (bytes.at(-2) === 0x0d ? -2 : -1) : bytes.length
  return bytes.subarray(0, end)
}
