import { providerArn, type OidcProvider } from '../../auth/identities.ts'
import type { Resource } from '../../authority.ts'
import type { Context } from '../../operation.ts'
import { kmsError } from '../../protocol/errors.ts'
import { list, string } from '../../protocol/shape.ts'
import { providerRow, type Change } from '../../store/documents.ts'
import { arn, noSuchEntity, overQuota } from './entities.ts'

/** OpenID Connect providers as requests name them, and what they may hold. */

export const clientId = string(1, 255)
export const thumbprints = list(string(40, 40))
/** A member of most operations. */
export const providerMember = { OpenIDConnectProviderArn: arn }
type Named = { OpenIDConnectProviderArn: string }

const mostClientIds = 100
const mostThumbprints = 5

/**
 * The URL without `https://`, as the ARN has it. It may have a port, which the service does not let it have: issuers at home
 * often do.
 *
 * @throws ValidationException for what no token can come from
 */
export function requireProviderUrl(url: string): string {
  const rest = /^https:\/\/([\w.-]+(?::\d{1,5})?(?:\/[\w+=,.@:/-]*)?)$/.exec(url)?.[1]
  if (rest === undefined || !URL.canParse(url))
    throw kmsError('ValidationException', 'Invalid Open ID Connect Provider URL')
  return rest
}

/** @throws LimitExceededException */
export function requireClientIds(clientIds: readonly string[]): string[] {
  const unique = [...new Set(clientIds)]
  if (unique.length > mostClientIds) throw overQuota('ClientIdsPerOpenIdConnectProvider', mostClientIds)
  return unique
}

/** They are kept for those who ask for them; certificates of issuers must come from an authority. */
export function requireThumbprints(given: readonly string[]): string[] {
  if (given.length <= mostThumbprints) return [...given]
  throw kmsError('InvalidInputException', `Thumbprint list must contain no more than ${mostThumbprints} entries.`)
}

const infix = ':oidc-provider/'

/** The provider with this ARN, if it is one of the caller's account. */
export async function findProvider(
  { view, caller: { account } }: Pick<Context, 'view' | 'caller'>,
  { OpenIDConnectProviderArn: text }: Named,
): Promise<Readonly<OidcProvider> | undefined> {
  const at = text.indexOf(infix)
  const url = text.slice(at + infix.length)
  if (at < 0 || providerArn({ account, url }) !== text) return undefined
  return await view.get('oidc-provider', providerRow(account, url))
}

/** @throws NoSuchEntityException */
export async function requireProvider(
  context: Pick<Context, 'view' | 'caller'>,
  named: Named,
): Promise<Readonly<OidcProvider>> {
  const provider = await findProvider(context, named)
  if (!provider) throw noSuchEntity(`OpenIDConnect Provider not found for arn ${named.OpenIDConnectProviderArn}`)
  return provider
}

/** What operations on it are authorised on. */
export async function onProvider(named: Named, context: Context): Promise<Resource> {
  const provider = await findProvider(context, named)
  const tags = provider?.tags.map(({ key, value }) => [key, value] as const)
  return { arn: named.OpenIDConnectProviderArn, ...(tags && { tags }) }
}

/** The change that stores it. */
export const putProvider = (document: OidcProvider): Change => ({
  put: 'oidc-provider',
  id: providerRow(document.account, document.url),
  document,
})
