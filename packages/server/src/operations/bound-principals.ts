import type { BoundPrincipal } from '../auth/identities.ts'
import type { ParsedPolicy } from '../auth/policy.ts'
import { identityByArn } from '../by-name.ts'
import { splitArn } from '../protocol/arn.ts'
import type { View } from '../store/documents.ts'

/**
 * Who is named in a policy or a grant is looked up when it is made, and bound to its unique id: somebody else of the same name
 * who comes later is not meant
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids). Names of principals that
 * are not here are just names.
 */
export async function bind(view: View, arns: Iterable<string>): Promise<BoundPrincipal[]> {
  const bound: BoundPrincipal[] = []
  for (const arn of new Set(arns)) {
    const id = await idOf(view, arn)
    if (id !== undefined) bound.push([arn, id])
  }
  return bound
}

/** The users, roles and sessions that a policy names. */
export const namedIn = ({ statements }: ParsedPolicy): string[] =>
  statements.flatMap(({ principals }) =>
    (principals?.items ?? []).flatMap(item => (item.kind === 'identity' ? [item.arn] : [])),
  )

/** The unique id of a user or role that is here, under exactly this ARN. */
async function idOf(view: View, arn: string): Promise<string | undefined> {
  const { service, resource = '' } = splitArn(arn) ?? {}
  const [kind] = resource.split('/', 1)
  if (service !== 'iam' || (kind !== 'user' && kind !== 'role')) return undefined
  return (await identityByArn(view, kind, arn))?.id
}

/** A policy as it is shown: whoever is gone, with its id in place of its name. */
export async function shownPolicy(view: View, text: string, bound: readonly BoundPrincipal[] = []): Promise<string> {
  let shown = text
  for (const [arn, id] of bound) {
    if ((await idOf(view, arn)) !== id) shown = shown.replaceAll(JSON.stringify(arn), JSON.stringify(id))
  }
  return shown
}
