import { kmsError } from './errors.ts'

/** The six fields of an ARN; the resource is the rest and may hold colons. None has been checked. */
export interface Arn {
  partition: string
  service: string
  region: string
  account: string
  resource: string
}

/** Account and Region that a key or an alias belongs to. */
export interface Place {
  /** 12 digits. */
  account: string
  region: string
}

/** A key by its id, or an alias by its name (with the prefix `alias/`), and where to look for it. */
export type KeyIdentifier = Place & ({ keyId: string } | { aliasName: string })

export const keyArn = ({ account, region, id }: Place & { id: string }): string =>
  `arn:aws:kms:${region}:${account}:key/${id}`

/** `name` begins with `alias/`. */
export const aliasArn = ({ account, region, name }: Place & { name: string }): string =>
  `arn:aws:kms:${region}:${account}:${name}`

/** Cuts an ARN into its fields (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html). */
export function splitArn(text: string): Arn | undefined {
  const [prefix, partition, service, region, account, ...rest] = text.split(':')
  if (prefix !== 'arn' || !partition || !service || region === undefined || account === undefined) return undefined
  const resource = rest.join(':')
  return resource === '' ? undefined : { partition, service, region, account, resource }
}

export const isAccount = (text: string): boolean => /^\d{12}$/.test(text)

/** The service prints ids in lower case, and identifiers are compared byte by byte. */
const isKeyId = (text: string): boolean =>
  /^(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$/.test(text)

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html, less the colon, which is refused there. */
const isAliasName = (text: string): boolean => /^alias\/[a-zA-Z0-9/_-]{1,250}$/.test(text)

/**
 * Reads a KeyId parameter: a key id, a key ARN and, where `aliases` allows, an alias name or an alias ARN. Ids and names
 * without ARN belong to the caller's account and to the Region that was called. Whether the key exists is not asked
 * here; an alias that no key can have is refused as one that does not exist.
 *
 * @throws NotFoundException for what names no key of this Region, InvalidArnException for a broken ARN and for an alias
 * where none is accepted; the texts are the service's
 */
export function requireKeyIdentifier(text: string, asked: Place & { aliases: boolean }): KeyIdentifier {
  if (text.startsWith('arn:')) return requireKeyArn(text, asked)
  const { account, region } = asked
  if (text.startsWith('alias/')) return { account, region, aliasName: requireAliasName(text, asked) }
  if (!isKeyId(text)) throw kmsError('NotFoundException', `Invalid keyId '${text}'`)
  return { account, region, keyId: text }
}

function requireKeyArn(text: string, asked: Place & { aliases: boolean }): KeyIdentifier {
  const arn = splitArn(text)
  if (!arn || arn.partition !== 'aws' || arn.service !== 'kms' || arn.region === '' || !isAccount(arn.account)) {
    throw brokenArn(text)
  }
  const { account, region, resource } = arn
  if (region !== asked.region) throw kmsError('NotFoundException', `Invalid arn ${region}`)
  if (resource.startsWith('alias/')) {
    return { account, region, aliasName: requireAliasName(resource, { ...asked, account }) }
  }
  if (!resource.startsWith('key/')) throw brokenArn(text)
  const keyId = resource.slice('key/'.length)
  if (!isKeyId(keyId)) throw kmsError('NotFoundException', `Invalid keyId ${keyId}`)
  return { account, region, keyId }
}

function requireAliasName(name: string, { account, region, aliases }: Place & { aliases: boolean }): string {
  // Raw answers of CreateGrant (2015) and GetKeyPolicy (2026).
  if (!aliases) throw kmsError('InvalidArnException', 'Key Aliases are not supported for this operation.')
  if (isAliasName(name)) return name
  throw kmsError('NotFoundException', `Alias ${aliasArn({ account, region, name })} is not found.`)
}

const brokenArn = (text: string) => kmsError('InvalidArnException', `${text} is not a valid ARN`)
