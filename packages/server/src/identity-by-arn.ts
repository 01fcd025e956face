import { identityArn } from './auth/identities.ts'
import { splitArn } from './protocol/arn.ts'
import { identityRow, type Documents, type View } from './store/documents.ts'

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
