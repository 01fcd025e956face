import { identityArn, type AccessKey, type User } from './auth/identities.ts'
import type { Key } from './keys/key.ts'
import { aliasArn, keyArn, splitArn, type KeyIdentifier } from './protocol/arn.ts'
import { aliasRow, identityRow, keyRow, TamperedRow, type Documents, type View } from './store/documents.ts'

/** What requests and policies name, if it is there. */

/** The user, group, role or managed policy with exactly this ARN, of whichever account; its name is behind the last slash. */
export async function identityByArn<K extends 'user' | 'group' | 'role' | 'managed-policy'>(
  view: View,
  kind: K,
  arn: string,
): Promise<Readonly<Documents[K]> | undefined> {
  const { account = '', resource = '' } = splitArn(arn) ?? {}
  const found = await view.get(kind, identityRow(account, resource.slice(resource.lastIndexOf('/') + 1)))
  return found && identityArn(kind, found) === arn ? found : undefined
}

/** An access key that can sign, and the user for whom it does. */
export async function accessKeyInUse(
  view: View,
  id: string,
): Promise<{ accessKey: Readonly<AccessKey>; user: Readonly<User> } | undefined> {
  const accessKey = await view.get('access-key', id)
  const user = accessKey && (await view.get('user', identityRow(accessKey.account, accessKey.userName)))
  // A user of the same name that came later does not list it.
  return user?.accessKeys.includes(id) && accessKey?.status === 'Active' ? { accessKey, user } : undefined
}

/** @throws TamperedRow if the key does not vouch for the alias: then an old row of it was put back */
export async function keyByIdentifier(view: View, named: KeyIdentifier): Promise<Key | undefined> {
  const { account, region } = named
  if ('keyId' in named) return await view.get('key', keyRow(account, region, named.keyId))
  const row = aliasRow(account, region, named.aliasName)
  const alias = await view.get('alias', row)
  const key = alias && (await view.get('key', keyRow(account, region, alias.keyId)))
  if (alias && !key?.aliases.includes(alias.name)) throw new TamperedRow('alias', row)
  return key
}

/** What is said of a key that is not there. */
export const absenceOf = (named: KeyIdentifier): string =>
  'keyId' in named
    ? `Key '${keyArn({ ...named, id: named.keyId })}' does not exist`
    : `Alias ${aliasArn({ ...named, name: named.aliasName })} is not found.`
