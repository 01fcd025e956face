import { timingSafeEqual } from 'node:crypto'
import type { App } from '../app.ts'
import { newUser, openSecret, policyArn, providerArn, sealAccessKey, type Permissions } from '../auth/identities.ts'
import type { Signer } from '../authenticate.ts'
import type { Key } from '../keys/key.ts'
import { noKeys, operation, type Operation, type Service } from '../operation.ts'
import { put, requireEntity, userName } from '../operations/iam/entities.ts'
import { operations } from '../operations/index.ts'
import { perform } from '../pipeline.ts'
import { kmsError, KmsError } from '../protocol/errors.ts'
import { blob, string, structure } from '../protocol/shape.ts'
import { aliasRow, identityRow, keyRow, providerRow, type Documents } from '../store/documents.ts'
import { BootstrapError, type AccountDeclaration, type Declaration, type KeyDeclaration } from './file.ts'

/** How many things were made, and how many were there and changed. */
export interface Applied {
  made: number
  changed: number
}

/**
 * Makes what a bootstrap file declares, and changes what is there and differs; what it does not declare is left alone. All of
 * it happens through the operations of the API, on behalf of the account: so it is checked, limited and recorded like calls,
 * and a key policy that does not let the account change it is not changed. Doing it again does nothing.
 *
 * @throws BootstrapError that names what could not be done
 */
export async function applyBootstrap(app: App, { accounts }: Declaration): Promise<Applied> {
  const applied = { made: 0, changed: 0 }
  for (const [account, declared] of accounts) await new Applier(app, account, applied).apply(declared)
  return applied
}

type IdentityKind = 'user' | 'group' | 'role'

/** How operations of IAM name the kinds of identities. */
const nouns = { user: 'User', group: 'Group', role: 'Role' } as const

type Rights = Pick<AccountDeclaration['users'][number], 'name' | 'policies' | 'inline'>

class Applier {
  readonly #app: App
  readonly #account: string
  readonly #applied: Applied

  constructor(app: App, account: string, applied: Applied) {
    this.#app = app
    this.#account = account
    this.#applied = applied
  }

  async apply(declared: AccountDeclaration): Promise<void> {
    for (const policy of declared.policies) await this.#policy(policy)
    for (const provider of declared.oidcProviders) await this.#provider(provider)
    for (const group of declared.groups) await this.#group(group)
    for (const role of declared.roles) await this.#role(role)
    for (const user of declared.users) await this.#user(user)
    for (const key of declared.keys) await this.#key(key)
  }

  async #policy({ name, path = '/', description, document }: AccountDeclaration['policies'][number]): Promise<void> {
    const what = `policy ${name}`
    const there = await this.#get('managed-policy', identityRow(this.#account, name))
    if (!there) {
      const input = { PolicyName: name, Path: path, PolicyDocument: document, ...some('Description', description) }
      return await this.#make(what, 'iam', 'CreatePolicy', input)
    }
    requireSame(what, 'path', there.path, path)
    if (there.versions.find(({ id }) => id === there.defaultVersion)?.document === document) return
    const PolicyArn = policyArn(there)
    const oldest = there.versions.find(({ id }) => id !== there.defaultVersion)
    if (there.versions.length >= 5 && oldest) {
      await this.#change(what, 'iam', 'DeletePolicyVersion', { PolicyArn, VersionId: oldest.id })
    }
    await this.#change(what, 'iam', 'CreatePolicyVersion', { PolicyArn, PolicyDocument: document, SetAsDefault: true })
  }

  async #provider({ url, clientIds, jwks }: AccountDeclaration['oidcProviders'][number]): Promise<void> {
    const what = `OIDC provider ${url}`
    const bare = url.replace(/^https:\/\//, '')
    const row = providerRow(this.#account, bare)
    const there = await this.#get('oidc-provider', row)
    if (!there) {
      await this.#make(what, 'iam', 'CreateOpenIDConnectProvider', { Url: `https://${bare}`, ClientIDList: clientIds })
    }
    const arn = { OpenIDConnectProviderArn: providerArn({ account: this.#account, url: bare }) }
    for (const ClientID of there ? clientIds.filter(id => !there.clientIds.includes(id)) : []) {
      await this.#change(what, 'iam', 'AddClientIDToOpenIDConnectProvider', { ...arn, ClientID })
    }
    if (jwks === undefined || there?.jwks === jwks) return
    await this.#perform(what, setProviderKeys, { url: bare, jwks })
    if (there) this.#applied.changed++
  }

  async #group(group: AccountDeclaration['groups'][number]): Promise<void> {
    const { name, path = '/' } = group
    const there = await this.#get('group', identityRow(this.#account, name))
    if (there) requireSame(`group ${name}`, 'path', there.path, path)
    else await this.#make(`group ${name}`, 'iam', 'CreateGroup', { GroupName: name, Path: path })
    await this.#rights('group', group, there)
  }

  async #user(user: AccountDeclaration['users'][number]): Promise<void> {
    const { name, path = '/', boundary, groups, tags, accessKeys } = user
    const what = `user ${name}`
    const UserName = name
    const there = await this.#get('user', identityRow(this.#account, name))
    if (there) {
      requireSame(what, 'path', there.path, path)
      await this.#boundary('user', name, there.boundary, boundary)
      await this.#tags('user', name, there.tags, tags)
    } else {
      const input = { UserName, Path: path, Tags: tagList(tags), ...some('PermissionsBoundary', boundary) }
      await this.#make(what, 'iam', 'CreateUser', input)
    }
    await this.#rights('user', user, there)
    for (const GroupName of groups.filter(group => !there?.groups.includes(group))) {
      await this.#change(what, 'iam', 'AddUserToGroup', { GroupName, UserName })
    }
    for (const { id, secret } of accessKeys) await this.#accessKey(name, id, secret)
  }

  async #accessKey(user: string, id: string, secret: Uint8Array): Promise<void> {
    const there = await this.#get('access-key', id)
    if (there && there.account === this.#account && there.userName === user && isSecretOf(this.#app, there, secret))
      return
    // The pipeline wipes what it gets.
    const SecretAccessKey = Uint8Array.from(secret)
    await this.#perform(`access key ${id} of user ${user}`, putAccessKey, {
      UserName: user,
      AccessKeyId: id,
      SecretAccessKey,
    })
    this.#applied[there ? 'changed' : 'made']++
  }

  async #role(role: AccountDeclaration['roles'][number]): Promise<void> {
    const { name, path = '/', description, trust, maxSession = 3600, boundary, tags } = role
    const what = `role ${name}`
    const RoleName = name
    const there = await this.#get('role', identityRow(this.#account, name))
    if (!there) {
      await this.#make(what, 'iam', 'CreateRole', {
        RoleName,
        Path: path,
        AssumeRolePolicyDocument: trust,
        MaxSessionDuration: maxSession,
        Tags: tagList(tags),
        ...some('Description', description),
        ...some('PermissionsBoundary', boundary),
      })
    } else {
      requireSame(what, 'path', there.path, path)
      if (there.trust !== trust) {
        await this.#change(what, 'iam', 'UpdateAssumeRolePolicy', { RoleName, PolicyDocument: trust })
      }
      if (there.maxSession !== maxSession || (description !== undefined && there.description !== description)) {
        const input = {
          RoleName,
          MaxSessionDuration: maxSession,
          ...some('Description', description ?? there.description),
        }
        await this.#change(what, 'iam', 'UpdateRole', input)
      }
      await this.#boundary('role', name, there.boundary, boundary)
      await this.#tags('role', name, there.tags, tags)
    }
    await this.#rights('role', role, there)
  }

  async #rights(
    kind: IdentityKind,
    { name, policies, inline }: Rights,
    there: Readonly<Permissions> | undefined,
  ): Promise<void> {
    const noun = nouns[kind]
    const named = { [`${noun}Name`]: name }
    for (const PolicyArn of policies.filter(arn => !there?.attached.includes(arn))) {
      await this.#change(`${kind} ${name}`, 'iam', `Attach${noun}Policy`, { ...named, PolicyArn })
    }
    const current = new Map(there?.inline)
    for (const [PolicyName, PolicyDocument] of inline.filter(([policy, text]) => current.get(policy) !== text)) {
      await this.#change(`${kind} ${name}`, 'iam', `Put${noun}Policy`, { ...named, PolicyName, PolicyDocument })
    }
  }

  async #boundary(
    kind: 'user' | 'role',
    name: string,
    there: string | undefined,
    wanted: string | undefined,
  ): Promise<void> {
    if (wanted === undefined || there === wanted) return
    const noun = nouns[kind]
    const input = { [`${noun}Name`]: name, PermissionsBoundary: wanted }
    await this.#change(`${kind} ${name}`, 'iam', `Put${noun}PermissionsBoundary`, input)
  }

  async #tags(
    kind: 'user' | 'role',
    name: string,
    there: readonly { key: string; value: string }[],
    wanted: AccountDeclaration['users'][number]['tags'],
  ): Promise<void> {
    const current = new Map(there.map(({ key, value }) => [key, value]))
    const missing = wanted.filter(([key, value]) => current.get(key) !== value)
    if (missing.length === 0) return
    const noun = nouns[kind]
    await this.#change(`${kind} ${name}`, 'iam', `Tag${noun}`, { [`${noun}Name`]: name, Tags: tagList(missing) })
  }

  async #key(declared: KeyDeclaration): Promise<void> {
    const { aliases, region, spec, usage, origin, multiRegion, description, policy, tags } = declared
    const [first] = aliases
    const what = `key ${first} in ${region}`
    let key = await this.#keyOf(region, first)
    if (key) {
      for (const [name, there, wanted] of [
        ['spec', key.spec, spec],
        ['usage', key.usage, usage],
        ['origin', key.origin, origin],
      ] as const) {
        requireSame(what, name, there, wanted ?? there)
      }
      await this.#existingKey(what, key, declared)
    } else {
      const made = await this.#perform<{ KeyMetadata: { KeyId: string } }>(
        what,
        find('kms', 'CreateKey'),
        {
          ...some('KeySpec', spec),
          ...some('KeyUsage', usage),
          ...some('Origin', origin),
          ...some('Description', description),
          ...some('Policy', policy),
          MultiRegion: multiRegion,
          // It may leave everything to others.
          BypassPolicyLockoutSafetyCheck: true,
          Tags: tags.map(([TagKey, TagValue]) => ({ TagKey, TagValue })),
        },
        region,
      )
      this.#applied.made++
      const { KeyId } = made.KeyMetadata
      await this.#perform(what, find('kms', 'CreateAlias'), { AliasName: first, TargetKeyId: KeyId }, region)
      key = await this.#keyOf(region, first)
    }
    const names = key?.aliases ?? []
    for (const AliasName of aliases.filter(alias => !names.includes(alias))) {
      await this.#change(what, 'kms', 'CreateAlias', { AliasName, TargetKeyId: key?.id ?? '' }, region)
    }
  }

  async #existingKey(what: string, key: Readonly<Key>, { description, policy, tags }: KeyDeclaration): Promise<void> {
    const KeyId = key.id
    if (description !== undefined && description !== key.description) {
      await this.#change(what, 'kms', 'UpdateKeyDescription', { KeyId, Description: description }, key.region)
    }
    if (policy !== undefined && policy !== key.policy) {
      const input = { KeyId, Policy: policy, BypassPolicyLockoutSafetyCheck: true }
      await this.#change(what, 'kms', 'PutKeyPolicy', input, key.region)
    }
    const current = new Map(key.tags)
    const missing = tags.filter(([name, value]) => current.get(name) !== value)
    if (missing.length > 0) {
      const Tags = missing.map(([TagKey, TagValue]) => ({ TagKey, TagValue }))
      await this.#change(what, 'kms', 'TagResource', { KeyId, Tags }, key.region)
    }
  }

  async #keyOf(region: string, alias: string): Promise<Readonly<Key> | undefined> {
    const found = await this.#get('alias', aliasRow(this.#account, region, alias))
    return found && (await this.#get('key', keyRow(this.#account, region, found.keyId)))
  }

  async #get<K extends keyof Documents>(kind: K, row: string): Promise<Readonly<Documents[K]> | undefined> {
    return await this.#app.store.view().get(kind, row)
  }

  async #make(what: string, service: Service, name: string, input: object): Promise<void> {
    await this.#perform(what, find(service, name), input)
    this.#applied.made++
  }

  async #change(what: string, service: Service, name: string, input: object, region?: string): Promise<void> {
    await this.#perform(what, find(service, name), input, region)
    this.#applied.changed++
  }

  /** @throws BootstrapError */
  async #perform<O>(what: string, asked: Operation, input: object, region?: string): Promise<O> {
    const where = region ?? this.#app.services.settings.regions[0] ?? ''
    if (!this.#app.regions.has(where))
      throw new BootstrapError(`The ${what} cannot be made: there is no Region ${where} here.`)
    try {
      return await perform<O>(this.#app, asked, input, { who: async () => accountItself(this.#account, where), agent })
    } catch (error) {
      if (!(error instanceof KmsError)) throw error
      throw new BootstrapError(
        `The bootstrap file's ${what} in account ${this.#account}: ${asked.name} says ${error.code}: ${error.message}`,
        { cause: error },
      )
    }
  }
}

const agent = 'keyreeve bootstrap'

/** The account, as its root user. */
function accountItself(account: string, region: string): Signer {
  const arn = `arn:aws:iam::${account}:root`
  const caller = {
    type: 'Root',
    account,
    arn,
    principalId: account,
    accessKeyId: '',
    tags: new Map<string, string>(),
  } as const
  return { caller, identity: { subject: newUser(account, 'root', 0) }, region }
}

function find(service: Service, name: string): Operation {
  const found = operations.find(candidate => candidate.service === service && candidate.name === name)
  if (!found) throw new Error(`${service} has no operation ${name}`)
  return found
}

/** What cannot be changed once it is there. */
function requireSame(what: string, property: string, there: string, wanted: string): void {
  if (there === wanted) return
  throw new BootstrapError(
    `The ${what} is there with the ${property} ${there}, which cannot be changed into ${wanted}.`,
  )
}

const some = <N extends string>(name: N, value: string | undefined): { [K in N]?: string } =>
  (value === undefined ? {} : { [name]: value }) as { [K in N]?: string } // That name alone.

const tagList = (tags: readonly (readonly [string, string])[]) => tags.map(([Key, Value]) => ({ Key, Value }))

function isSecretOf({ seal }: App, accessKey: Readonly<Documents['access-key']>, secret: Uint8Array): boolean {
  const there = openSecret(seal, accessKey)
  try {
    return there.length === secret.length && timingSafeEqual(there, secret)
  } finally {
    there.fill(0)
  }
}

// What no operation of the API does

/** An access key that was agreed on beforehand. */
const putAccessKey = operation({
  name: 'CreateAccessKey',
  service: 'iam',
  input: structure({ UserName: userName, AccessKeyId: string(3, 128), SecretAccessKey: blob(1, 128) }),
  output: structure({}),
  needs: { action: null, keys: noKeys },
  audit: {
    readOnly: false,
    parameters: ({ UserName, AccessKeyId }) => ({ userName: UserName, accessKeyId: AccessKeyId }),
  },
  async handle({ view, seal, now, caller: { account } }, { UserName, AccessKeyId: id, SecretAccessKey }) {
    const user = await requireEntity(view, 'user', account, UserName)
    const there = await view.get('access-key', id)
    if (there && (there.account !== account || there.userName !== UserName)) {
      throw kmsError('EntityAlreadyExistsException', `There is an access key ${id} of somebody else.`)
    }
    const accessKeys = [...new Set([...user.accessKeys, id])]
    if (accessKeys.length > 2) throw kmsError('LimitExceededException', 'Cannot exceed quota for AccessKeysPerUser: 2')
    const accessKey = sealAccessKey(seal, { id, account, userName: UserName, now }, SecretAccessKey)
    return {
      output: {},
      changes: [{ put: 'access-key', id, document: accessKey, erase: true }, put('user', { ...user, accessKeys })],
    }
  },
})

/** The keys of an identity provider that cannot be asked for them. */
const setProviderKeys = operation({
  name: 'UpdateOpenIDConnectProviderKeys',
  service: 'iam',
  input: structure({ url: string(1, 255), jwks: string(2, 65_536) }),
  output: structure({}),
  needs: { action: null, keys: noKeys },
  audit: { readOnly: false, parameters: ({ url }) => ({ url }) },
  async handle({ view, caller: { account } }, { url, jwks }) {
    const row = providerRow(account, url)
    const provider = await view.get('oidc-provider', row)
    if (!provider) throw kmsError('NoSuchEntityException', `There is no OIDC provider ${url}.`)
    return { output: {}, changes: [{ put: 'oidc-provider', id: row, document: { ...provider, jwks } }] }
  },
})
