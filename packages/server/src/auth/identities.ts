import { random } from '../crypto/random.ts'
import { decodeBase64, encodeBase64 } from '../protocol/base64.ts'
import type { Seal } from '../seal/seal.ts'
import { administratorAccess } from './managed-policies.ts'

/** What every identity is. Names are unique in their account without regard to case, and looked up with regard to it. */
interface Entity {
  /** 12 digits. */
  account: string
  name: string
  /** `/`, or `/engineering/crypto/`. */
  path: string
  /** Never used again: a prefix of 4 letters that tells the kind, and 16 capital letters or digits. */
  id: string
  /** Epoch milliseconds. */
  createdAt: number
}

/** What gives an identity its rights. */
export interface Permissions {
  /** Inline policies: name and document. */
  inline: [name: string, document: string][]
  /** ARNs of managed policies. */
  attached: string[]
}

export interface IdentityTag {
  key: string
  value: string
}

/** A user or role that a policy or a grant names, and its unique id (`AIDA...`, `AROA...`) when that was made. */
export type BoundPrincipal = [arn: string, id: string]

/** A user of an account; `AIDA...`. */
export interface User extends Entity, Permissions {
  tags: IdentityTag[]
  /** ARN of the managed policy that limits its rights. */
  boundary?: string
  /** Names. */
  groups: string[]
  /** Ids of its access keys, so that the row that all requests for another one write tells how many there are. */
  accessKeys: string[]
}

/** Users who share rights; `AGPA...`. It is no principal. */
export interface Group extends Entity, Permissions {
  /** Names of users. */
  members: string[]
}

/** Rights without credentials, for whoever its trust policy lets assume them; `AROA...`. */
export interface Role extends Entity, Permissions {
  tags: IdentityTag[]
  boundary?: string
  description?: string
  /** The trust policy. */
  trust: string
  /** Those that it names, if they were known when it was put. */
  trusted?: BoundPrincipal[]
  /** How long a session may last, in seconds. */
  maxSession: number
}

/** A policy of its own, to be attached to identities; `ANPA...`. */
export interface ManagedPolicy extends Entity {
  description?: string
  /** At most five. */
  versions: { id: string; document: string; createdAt: number }[]
  /** Id of the version that counts, such as `v1`. */
  defaultVersion: string
  /** Number that the next version gets. */
  nextVersion: number
  /** To how many users, groups and roles it is attached; written with each of them, so that none is left with nothing. */
  attachments: number
  /** For how many users and roles it is the boundary. */
  boundaryUses: number
  tags: IdentityTag[]
  /** Epoch milliseconds. */
  updatedAt: number
}

/** Who vouches for web identities (OpenID Connect) in an account. */
export interface OidcProvider {
  account: string
  /** Without `https://`, as in its ARN. */
  url: string
  /** Audiences that tokens may be for. */
  clientIds: string[]
  thumbprints: string[]
  tags: IdentityTag[]
  createdAt: number
  /** Its keys (a JSON Web Key Set), if they are not to be fetched from the issuer. */
  jwks?: string
}

/** A long-term credential of a user. */
export interface AccessKey {
  /** `AKIA` and 16 capital letters or digits. */
  id: string
  account: string
  userName: string
  status: 'Active' | 'Inactive'
  /** base64 of the sealed secret access key. */
  sealedSecret: string
  createdAt: number
}

/** When an access key was last used, to a minute or so. */
export interface AccessKeyUsage {
  /** Epoch milliseconds. */
  at: number
  service: string
  region: string
}

type IdPrefix = 'AIDA' | 'AGPA' | 'AROA' | 'ANPA' | 'AKIA' | 'ASIA'

/** Ids as IAM makes them: a prefix that tells the kind, then base32 (RFC 4648) of 80 random bits. */
export function uniqueId(prefix: IdPrefix): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  return prefix + Array.from(random(16), byte => alphabet.charAt(byte & 31)).join('')
}

export function newUser(account: string, name: string, now: number, path = '/'): User {
  return {
    account,
    name,
    path,
    id: uniqueId('AIDA'),
    createdAt: now,
    inline: [],
    attached: [],
    tags: [],
    groups: [],
    accessKeys: [],
  }
}

const arnOf =
  (type: string) =>
  ({ account, path, name }: Pick<Entity, 'account' | 'path' | 'name'>): string =>
    `arn:aws:iam::${account}:${type}${path}${name}`

/** `arn:aws:iam::<account>:user/<path><name>`, and so on. */
export const userArn = arnOf('user')
export const groupArn = arnOf('group')
export const roleArn = arnOf('role')
export const policyArn = arnOf('policy')

const arns = { user: userArn, group: groupArn, role: roleArn, 'managed-policy': policyArn } as const
/** The same by kind of row. */
export const identityArn = (kind: keyof typeof arns, of: Pick<Entity, 'account' | 'path' | 'name'>): string =>
  arns[kind](of)

/** `arn:aws:sts::<account>:assumed-role/<role>/<session>`, without the path of the role. */
export const sessionArn = ({ account, name }: Pick<Role, 'account' | 'name'>, sessionName: string): string =>
  `arn:aws:sts::${account}:assumed-role/${name}/${sessionName}`
export const providerArn = ({ account, url }: Pick<OidcProvider, 'account' | 'url'>): string =>
  `arn:aws:iam::${account}:oidc-provider/${url}`

/** A fresh access key and its secret (40 characters), which is sealed in the document and shown nowhere else. */
export function newAccessKey(
  seal: Seal,
  user: Pick<User, 'account' | 'name'>,
  now: number,
): { accessKey: AccessKey; secret: string } {
  const id = uniqueId('AKIA')
  const secret = encodeBase64(random(30))
  const accessKey = sealAccessKey(
    seal,
    { id, account: user.account, userName: user.name, now },
    Buffer.from(secret, 'latin1'),
  )
  return { accessKey, secret }
}

/** The user with which an account begins. */
export const administratorName = 'administrator'

/** One that may do everything in its account, with an access key. */
export function newAdministrator(
  seal: Seal,
  account: string,
  now: number,
): { user: User; accessKey: AccessKey; secret: string } {
  const user = newUser(account, administratorName, now)
  const { accessKey, secret } = newAccessKey(seal, user, now)
  return { user: { ...user, attached: [administratorAccess], accessKeys: [accessKey.id] }, accessKey, secret }
}

/** An access key with a given id and secret (ASCII), for credentials that were agreed on beforehand. */
export function sealAccessKey(
  seal: Seal,
  { id, account, userName, now }: { id: string; account: string; userName: string; now: number },
  secret: Uint8Array,
): AccessKey {
  const sealed = seal.seal(secretContext(account, userName, id), secret)
  return { id, account, userName, status: 'Active', sealedSecret: encodeBase64(sealed), createdAt: now }
}

/** The secret's bytes; the caller wipes them. */
export function openSecret(seal: Seal, key: AccessKey): Buffer {
  return seal.open(secretContext(key.account, key.userName, key.id), decodeBase64(key.sealedSecret))
}

/** The same access key when its user has another name: the secret is sealed for that name, and no other. */
export function renameAccessKey(seal: Seal, key: AccessKey, userName: string): AccessKey {
  const secret = openSecret(seal, key)
  try {
    const sealed = seal.seal(secretContext(key.account, userName, key.id), secret)
    return { ...key, userName, sealedSecret: encodeBase64(sealed) }
  } finally {
    secret.fill(0)
  }
}

const secretContext = (account: string, userName: string, id: string) =>
  ({ purpose: 'access-key-secret/v1', fields: [account, userName, id] }) as const
