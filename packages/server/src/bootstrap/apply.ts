import { timingSafeEqual } from 'node:crypto'
import type { App } from '../app.ts'
import { openSecret, policyArn, providerArn, type Permissions } from '../auth/identities.ts'
import type { Signer } from '../authenticate.ts'
import type { Key } from '../keys/key.ts'
import type { Operation, Service } from '../operation.ts'
import { operations } from '../operations/index.ts'
import { perform } from '../pipeline.ts'
import { KmsError } from '../protocol/errors.ts'
import { aliasRow, identityRow, keyRow, providerRow, type Documents } from '../store/documents.ts'
import type { AccountDeclaration, Declaration, KeyDeclaration } from './file.ts'
import { createKeyNamed, putAccessKey, putProviderKeys } from './operations.ts'

/** What is declared cannot be made, or cannot become so; the message is a sentence for whoever wrote the file. */
export class BootstrapError extends Error {
  override readonly name = 'BootstrapError'
}

export interface Applied {
  /** How many things were made. */
  made: number
  /** How many were there, and have been changed. */
  changed: number
  /** Ids of access keys whose secrets are short enough to be guessed. */
  weak: string[]
}

/**
 * Makes what a bootstrap file declares, and changes what is there and differs; what it does not declare is left alone. All of
 * it happens through the operations of the API, on behalf of the account: so it is checked, limited and recorded like calls.
 * Doing it again does nothing, and doing it after a crash does the rest.
 *
 * @param declaration whose secrets are wiped
 * @throws BootstrapError that names what cannot be done; what came before it is done
 */
export async function applyBootstrap(app: App, { accounts }: Declaration): Promise<Applied> {
  const applied: Applied = { made: 0, changed: 0, weak: [] }
  try {
    for (const { keys } of accounts.values()) for (const key of keys) requireServed(app, key)
    for (const [account, declared] of accounts) await new Applier(app, account, applied).apply(declared)
    return applied
  } finally {
    for (const { users } of accounts.values()) {
      for (const { accessKeys } of users) for (const { secret } of accessKeys) secret.fill(0)
    }
  }
}

/** @throws BootstrapError */
function requireServed({ regions }: App, key: KeyDeclaration): void {
  if (regions.has(key.region)) return
  throw new BootstrapError(`The ${nameOf(key)} cannot be made: this server does not serve that Region.`)
}

const nameOf = ({ aliases: [alias], region }: KeyDeclaration): string => `key ${alias} in ${region}`

/** A secret of fewer characters, in which there are less than 96 bits even at best, is weak. */
const fewestCharacters = 16

/** How operations of IAM name the kinds of identities. */
const nouns = { user: 'User', group: 'Group', role: 'Role' } as const
type IdentityKind = keyof typeof nouns

type Declared<K extends keyof AccountDeclaration> = AccountDeclaration[K][number]
type Rights = Pick<Declared<'groups'>, 'name' | 'policies' | 'inline'>
type Tags = Declared<'users'>['tags']

class Applier {
  readonly #app: App
  readonly #account: string
  readonly #applied: Applied
  /** What is at work, for complaints. */
  #thing = ''
  /** How many operations have been performed. */
  #performed = 0

  constructor(app: App, account: string, applied: Applied) {
    this.#app = app
    this.#account = account
    this.#applied = applied
  }

  /** In an order in which each thing finds those that it names. */
  async apply({ policies, oidcProviders, groups, users, roles, keys }: AccountDeclaration): Promise<void> {
    for (const policy of policies) await this.#policy(policy)
    for (const provider of oidcProviders) await this.#provider(provider)
    for (const group of groups) await this.#group(group)
    for (const user of users) {
      await this.#user(user)
      for (const accessKey of user.accessKeys) await this.#accessKey(user.name, accessKey)
    }
    for (const role of roles) await this.#role(role)
    for (const key of keys) await this.#key(key)
  }

  /** Counts a thing as made, or as changed once if anything had to be done for it. */
  async #count(thing: string, there: unknown, work: () => Promise<void>): Promise<void> {
    this.#thing = thing
    const before = this.#performed
    await work()
    if (this.#performed > before) this.#applied[there === undefined ? 'made' : 'changed']++
  }

  async #policy({ name, path, description, document }: Declared<'policies'>): Promise<void> {
    const there = await this.#identity('managed-policy', name)
    await this.#count(`policy ${name}`, there, async () => {
      if (!there) {
        const input = { PolicyName: name, PolicyDocument: document, ...some({ Path: path, Description: description }) }
        return await this.#perform('iam', 'CreatePolicy', input)
      }
      this.#requireSame('path', there.path, path)
      this.#requireSame('description', there.description ?? '', description)
      const PolicyArn = policyArn(there)
      const current = there.versions.find(({ id }) => id === there.defaultVersion)
      if (current?.document === document) return
      const former = there.versions.find(version => version.document === document)
      if (former) return await this.#perform('iam', 'SetDefaultPolicyVersion', { PolicyArn, VersionId: former.id })
      const oldest = there.versions.find(version => version !== current)
      if (there.versions.length >= 5 && oldest) {
        await this.#perform('iam', 'DeletePolicyVersion', { PolicyArn, VersionId: oldest.id })
      }
      const input = { PolicyArn, PolicyDocument: document, SetAsDefault: true }
      await this.#perform('iam', 'CreatePolicyVersion', input)
    })
  }

  async #provider({ url, clientIds, jwks }: Declared<'oidcProviders'>): Promise<void> {
    const bare = url.replace(/^https:\/\//, '')
    const there = await this.#get('oidc-provider', providerRow(this.#account, bare))
    const named = { OpenIDConnectProviderArn: providerArn({ account: this.#account, url: bare }) }
    await this.#count(`OIDC provider ${url}`, there, async () => {
      if (!there) {
        const input = { Url: `https://${bare}`, ClientIDList: clientIds }
        await this.#perform('iam', 'CreateOpenIDConnectProvider', input)
      }
      for (const ClientID of there ? clientIds.filter(id => !there.clientIds.includes(id)) : []) {
        await this.#perform('iam', 'AddClientIDToOpenIDConnectProvider', { ...named, ClientID })
      }
      if (jwks === undefined || jwks === there?.jwks) return
      await this.#carryOut(putProviderKeys, { ...named, Keys: jwks })
    })
  }

  async #group(group: Declared<'groups'>): Promise<void> {
    const { name, path } = group
    const there = await this.#identity('group', name)
    await this.#count(`group ${name}`, there, async () => {
      if (!there) await this.#perform('iam', 'CreateGroup', { GroupName: name, ...some({ Path: path }) })
      else if (path !== undefined && path !== there.path) {
        await this.#perform('iam', 'UpdateGroup', { GroupName: name, NewPath: path })
      }
      await this.#rights('group', group, there)
    })
  }

  async #user(user: Declared<'users'>): Promise<void> {
    const { name: UserName, path, boundary, groups, tags } = user
    const there = await this.#identity('user', UserName)
    await this.#count(`user ${UserName}`, there, async () => {
      if (!there) {
        const input = { UserName, Tags: tagList(tags), ...some({ Path: path, PermissionsBoundary: boundary }) }
        await this.#perform('iam', 'CreateUser', input)
      } else {
        if (path !== undefined && path !== there.path) {
          await this.#perform('iam', 'UpdateUser', { UserName, NewPath: path })
        }
        await this.#limits('user', user, there)
      }
      await this.#rights('user', user, there)
      for (const GroupName of groups.filter(group => !there?.groups.includes(group))) {
        await this.#perform('iam', 'AddUserToGroup', { GroupName, UserName })
      }
    })
  }

  /** One that is inactive stays so. */
  async #accessKey(userName: string, { id, secret }: Declared<'users'>['accessKeys'][number]): Promise<void> {
    if (secret.length < fewestCharacters) this.#applied.weak.push(id)
    const there = await this.#get('access-key', id)
    const isOurs = there?.account === this.#account && there.userName === userName
    await this.#count(`access key ${id} of user ${userName}`, there, async () => {
      if (isOurs && isSecretOf(this.#app, there, secret)) return
      await this.#carryOut(putAccessKey, { UserName: userName, AccessKeyId: id, SecretAccessKey: secret })
    })
  }

  async #role(role: Declared<'roles'>): Promise<void> {
    const { name: RoleName, path, description, trust, maxSession, boundary, tags } = role
    const there = await this.#identity('role', RoleName)
    await this.#count(`role ${RoleName}`, there, async () => {
      if (!there) {
        await this.#perform('iam', 'CreateRole', {
          RoleName,
          AssumeRolePolicyDocument: trust,
          Tags: tagList(tags),
          ...some({ Path: path, Description: description, PermissionsBoundary: boundary }),
          ...some({ MaxSessionDuration: maxSession }),
        })
      } else {
        this.#requireSame('path', there.path, path)
        if (trust !== there.trust) {
          await this.#perform('iam', 'UpdateAssumeRolePolicy', { RoleName, PolicyDocument: trust })
        }
        const changed = {
          ...(description !== there.description && some({ Description: description })),
          ...(maxSession !== there.maxSession && some({ MaxSessionDuration: maxSession })),
        }
        if (Object.keys(changed).length > 0) await this.#perform('iam', 'UpdateRole', { RoleName, ...changed })
        await this.#limits('role', role, there)
      }
      await this.#rights('role', role, there)
    })
  }

  /** Managed and inline policies. */
  async #rights(
    kind: IdentityKind,
    { name, policies, inline }: Rights,
    there: Readonly<Permissions> | undefined,
  ): Promise<void> {
    const noun = nouns[kind]
    const named = { [`${noun}Name`]: name }
    for (const PolicyArn of policies.filter(arn => !there?.attached.includes(arn))) {
      await this.#perform('iam', `Attach${noun}Policy`, { ...named, PolicyArn })
    }
    const current = new Map(there?.inline)
    for (const [PolicyName, PolicyDocument] of inline.filter(([policy, text]) => current.get(policy) !== text)) {
      await this.#perform('iam', `Put${noun}Policy`, { ...named, PolicyName, PolicyDocument })
    }
  }

  /** The boundary and the tags of what is there. */
  async #limits(
    kind: 'user' | 'role',
    { name, boundary, tags }: { name: string; boundary?: string; tags: Tags },
    there: Readonly<Documents['user'] | Documents['role']>,
  ): Promise<void> {
    const noun = nouns[kind]
    const named = { [`${noun}Name`]: name }
    if (boundary !== undefined && boundary !== there.boundary) {
      await this.#perform('iam', `Put${noun}PermissionsBoundary`, { ...named, PermissionsBoundary: boundary })
    }
    const current = new Map(there.tags.map(({ key, value }) => [key, value]))
    const missing = tags.filter(([key, value]) => current.get(key) !== value)
    if (missing.length > 0) await this.#perform('iam', `Tag${noun}`, { ...named, Tags: tagList(missing) })
  }

  async #key(declared: KeyDeclaration): Promise<void> {
    const { aliases, region, spec, usage, origin, multiRegion, description, policy, tags } = declared
    const there = await this.#keyOf(region, aliases[0])
    await this.#count(nameOf(declared), there, async () => {
      if (there) return await this.#changeKey(there, declared)
      const input = {
        ...some({ KeySpec: spec, KeyUsage: usage, Origin: origin, Description: description, Policy: policy }),
        ...some({ MultiRegion: multiRegion }),
        // The policy may leave everything to others.
        BypassPolicyLockoutSafetyCheck: true,
        Tags: keyTags(tags),
      }
      await this.#carryOut(createKeyNamed(aliases), input, region)
    })
  }

  async #changeKey(key: Readonly<Key>, declared: KeyDeclaration): Promise<void> {
    const { aliases, region, spec, usage, origin, multiRegion, description, policy, tags } = declared
    this.#requireSame('spec', key.spec, spec)
    this.#requireSame('usage', key.usage, usage)
    this.#requireSame('origin', key.origin, origin)
    this.#requireSame('multiRegion', key.family !== undefined, multiRegion)
    const KeyId = key.id
    if (description !== undefined && description !== key.description) {
      await this.#perform('kms', 'UpdateKeyDescription', { KeyId, Description: description }, region)
    }
    if (policy !== undefined && policy !== key.policy) {
      const input = { KeyId, Policy: policy, BypassPolicyLockoutSafetyCheck: true }
      await this.#perform('kms', 'PutKeyPolicy', input, region)
    }
    const current = new Map(key.tags)
    const missing = tags.filter(([name, value]) => current.get(name) !== value)
    if (missing.length > 0) await this.#perform('kms', 'TagResource', { KeyId, Tags: keyTags(missing) }, region)
    for (const AliasName of aliases.filter(alias => !key.aliases.includes(alias))) {
      await this.#perform('kms', 'CreateAlias', { AliasName, TargetKeyId: KeyId }, region)
    }
  }

  async #keyOf(region: string, alias: string): Promise<Readonly<Key> | undefined> {
    const found = await this.#get('alias', aliasRow(this.#account, region, alias))
    return found && (await this.#get('key', keyRow(this.#account, region, found.keyId)))
  }

  /** Not one whose name differs in case: that is in the way, which the operation that makes this one says. */
  async #identity<K extends IdentityKind | 'managed-policy'>(
    kind: K,
    name: string,
  ): Promise<Readonly<Documents[K]> | undefined> {
    const found = await this.#get(kind, identityRow(this.#account, name))
    return found?.name === name ? found : undefined
  }

  async #get<K extends keyof Documents>(kind: K, row: string): Promise<Readonly<Documents[K]> | undefined> {
    return await this.#app.store.view().get(kind, row)
  }

  /** @throws BootstrapError for what cannot be changed once it is there */
  #requireSame<T extends string | boolean>(property: string, there: T, wanted: T | undefined): void {
    if (wanted === undefined || wanted === there) return
    const shown = there === '' ? '(none)' : String(there)
    this.#fail(`is there with the ${property} ${shown}, which cannot be changed into ${String(wanted)}`)
  }

  /** @throws BootstrapError */
  async #perform(service: Service, name: string, input: object, region?: string): Promise<void> {
    const found = operations.find(candidate => candidate.service === service && candidate.name === name)
    if (!found) throw new Error(`${service} has no operation ${name}`)
    await this.#carryOut(found, input, region)
  }

  /** @throws BootstrapError */
  async #carryOut(asked: Operation, input: object, region?: string): Promise<void> {
    const signer = accountItself(this.#account, region ?? this.#app.services.settings.regions[0] ?? '')
    try {
      await perform(this.#app, asked, input, { who: async () => signer, agent: 'keyreeve bootstrap' })
      this.#performed++
    } catch (error) {
      if (!(error instanceof KmsError)) throw error
      this.#fail(`cannot be made so: ${asked.name} answers ${error.code}: ${error.message}`, error)
    }
  }

  #fail(what: string, cause?: KmsError): never {
    const text = `The ${this.#thing} of account ${this.#account} ${what.replace(/\.$/, '')}.`
    throw new BootstrapError(text, { cause })
  }
}

/** The account, as its root user, whom no policies limit. */
function accountItself(account: string, region: string): Signer {
  const arn = `arn:aws:iam::${account}:root`
  const caller = { type: 'Root', account, arn, principalId: account, tags: new Map<string, string>() } as const
  return { caller, identity: undefined, region }
}

/** Those members that have a value. */
const some = <T extends object>(members: T): { [N in keyof T]?: Exclude<T[N], undefined> } =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [N in keyof T]?: Exclude<T[N], undefined>
  } // Of their names, and without undefined.

const tagList = (tags: Tags) => tags.map(([Key, Value]) => ({ Key, Value }))
const keyTags = (tags: Tags) => tags.map(([TagKey, TagValue]) => ({ TagKey, TagValue }))

function isSecretOf({ seal }: App, accessKey: Readonly<Documents['access-key']>, secret: Uint8Array): boolean {
  const there = openSecret(seal, accessKey)
  try {
    return there.length === secret.length && timingSafeEqual(there, secret)
  } finally {
    there.fill(0)
  }
}
