import type { Denial } from './auth/denial.ts'
import { readGrantToken } from './auth/grant-token.ts'
import type { Grant } from './auth/grants.ts'
import { absenceOf, keyByIdentifier } from './by-name.ts'
import type { Key } from './keys/key.ts'
import { readHeader } from './keys/ciphertext.ts'
import { requireState } from './keys/states.ts'
import type { KeyNeed, Operation } from './operation.ts'
import { isReachable } from './operations/key-stores.ts'
import { keyArn, requireKeyIdentifier } from './protocol/arn.ts'
import { kmsError } from './protocol/errors.ts'
import type { Sources } from './operations/material-changes.ts'
import { grantRow, keyRow, materialRow, TamperedRow, type View } from './store/documents.ts'

/** Where an id or a name without ARN is looked up: in the caller's account, and in the Region that was called. */
interface Lookup {
  account: string
  region: string
  /** For a key of another account that is not there: the same as if the caller might not use it. */
  foreign: (account: string) => Denial
}

/**
 * The one version of the one key that the request means; everything after decides about this one. Undefined only if the
 * need is optional and the request names none.
 *
 * @throws NotFoundException, InvalidArnException, InvalidCiphertextException, InvalidGrantTokenException,
 * AccessDeniedException
 */
export async function locate<I>(
  sources: Sources,
  need: KeyNeed<I>,
  input: I,
  lookup: Lookup,
): Promise<Key | undefined> {
  const { view } = sources
  const identifier = need.identifier(input)
  const blob = need.ciphertext?.(input)
  if (identifier !== undefined) return await byIdentifier(view, { identifier, aliases: need.aliases, blob }, lookup)
  const token = need.grantToken?.(input)
  if (token !== undefined) return await byGrantToken(sources, token, lookup)
  if (!blob && need.optional) return undefined
  const key = blob && (await keyOfCiphertext(view, blob, lookup))
  if (!key) throw kmsError('InvalidCiphertextException')
  return key
}

/** Undefined if the ciphertext names none, as those under asymmetric keys. */
async function keyOfCiphertext(view: View, blob: Uint8Array, { region }: Lookup): Promise<Key | undefined> {
  const header = readHeader(blob)
  const material = header && (await view.get('material', materialRow(region, header.materialId)))
  return material && (await view.get('key', keyRow(material.account, material.region, material.keyId)))
}

async function byIdentifier(
  view: View,
  { identifier, aliases, blob }: { identifier: string; aliases: boolean; blob: Uint8Array | undefined },
  lookup: Lookup,
): Promise<Key> {
  const named = requireKeyIdentifier(identifier, { account: lookup.account, region: lookup.region, aliases })
  const key = await keyByIdentifier(view, named)
  if (key) return key
  // An id does for a key of another account if the ciphertext says the same, as the documentation of Decrypt has it.
  const other =
    blob && 'keyId' in named && identifier === named.keyId ? await keyOfCiphertext(view, blob, lookup) : undefined
  if (other?.id === identifier) return other
  throw named.account === lookup.account
    ? kmsError('NotFoundException', absenceOf(named))
    : lookup.foreign(named.account)
}

/**
 * The grant that a token names, if there still is one in this Region.
 *
 * @throws InvalidGrantTokenException
 */
export async function requireGrant({ view, seal }: Sources, token: string, region: string): Promise<Readonly<Grant>> {
  const named = readGrantToken(seal, token)
  if (named?.region !== region) throw kmsError('InvalidGrantTokenException')
  const grant = await view.get('grant', grantRow(named.account, region, named.keyId, named.id))
  if (grant?.createdAt !== named.createdAt) throw kmsError('InvalidGrantTokenException')
  return grant
}

async function byGrantToken(sources: Sources, token: string, { region }: Lookup): Promise<Key> {
  const { account, keyId, id } = await requireGrant(sources, token, region)
  const key = await sources.view.get('key', keyRow(account, region, keyId))
  if (!key) throw new TamperedRow('grant', grantRow(account, region, keyId, id))
  return key
}

/**
 * What each key must be: of the right usage, of the right origin, in the right state.
 *
 * @throws InvalidKeyUsageException, UnsupportedOperationException, DisabledException, KMSInvalidStateException
 */
export async function requireFitness(
  { name: operation, needs }: Operation,
  keys: Readonly<Record<string, Key>>,
  view: View,
  now: number,
): Promise<void> {
  for (const [name, key] of Object.entries(keys)) {
    const need = needs.keys[name]
    if (need?.usage !== undefined && key.usage !== need.usage) {
      throw kmsError(
        'InvalidKeyUsageException',
        `${keyArn(key)} key usage is ${key.usage} which is not valid for ${operation}.`,
      )
    }
    if (need?.origin !== undefined && key.origin !== need.origin) {
      throw kmsError(
        'UnsupportedOperationException',
        `${keyArn(key)} origin is ${key.origin} which is not valid for this operation.`,
      )
    }
    if (need) requireState(key, need.states, now, await isReachable(view, key))
  }
}
