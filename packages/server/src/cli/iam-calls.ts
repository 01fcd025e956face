import { boolean, integer, list, optional, string, structure, type Infer, type Shape } from '../protocol/shape.ts'
import { query, type Client } from './client.ts'
import { columns, Failure, hint, remark, say } from './verb.ts'

/** What verbs about users, roles and policies share. */

/** Of operations that answer nothing, or nothing that is wanted. */
export const nothing = structure({})

/** All pages of a list of IAM. */
export async function listAll<T>(
  client: Client,
  action: string,
  of: Readonly<Record<string, string>>,
  member: string,
  element: Shape<T>,
): Promise<T[]> {
  const page = structure({ [member]: list(element), IsTruncated: boolean(), Marker: optional(string()) })
  const found: T[] = []
  let Marker: string | undefined
  do {
    const answer = await query(client, 'iam', action, { ...of, Marker }, page)
    found.push(...(answer[member] as T[])) // By its shape.
    Marker = answer.IsTruncated ? answer.Marker : undefined
  } while (Marker !== undefined)
  return found
}

/** For people a table, or what takes its place if there is nothing; for scripts the items as they are. */
export function sayList<T>(
  items: readonly T[],
  { json, heads, row, none }: { json: boolean; heads: readonly string[]; row: (item: T) => string[]; none: string },
): void {
  if (json) say(JSON.stringify(items, null, 2))
  else if (items.length > 0) say(columns(heads, items.map(row)))
  else remark('note', none)
}

// Policies of a user, a role or a group

/** As IAM calls who can have policies. */
export type Holder = 'User' | 'Role' | 'Group'

const attachedPolicy = structure({ PolicyName: string(), PolicyArn: string() })

interface Rights {
  AttachedPolicies: readonly Infer<typeof attachedPolicy>[]
  InlinePolicies: readonly string[]
}

export async function rightsOf(client: Client, holder: Holder, name: string): Promise<Rights> {
  const named = { [`${holder}Name`]: name }
  return {
    AttachedPolicies: await listAll(client, `ListAttached${holder}Policies`, named, 'AttachedPolicies', attachedPolicy),
    InlinePolicies: await listAll(client, `List${holder}Policies`, named, 'PolicyNames', string()),
  }
}

/** Takes all policies away, and says so. */
export async function stripRights(client: Client, holder: Holder, name: string): Promise<void> {
  const named = { [`${holder}Name`]: name }
  const { AttachedPolicies, InlinePolicies } = await rightsOf(client, holder, name)
  for (const { PolicyArn } of AttachedPolicies) {
    await query(client, 'iam', `Detach${holder}Policy`, { ...named, PolicyArn }, nothing)
    say(`Detached ${PolicyArn}`)
  }
  for (const PolicyName of InlinePolicies) {
    await query(client, 'iam', `Delete${holder}Policy`, { ...named, PolicyName }, nothing)
    say(`Deleted the inline policy ${PolicyName}`)
  }
}

export async function attachPolicy(client: Client, holder: Holder, name: string, PolicyArn: string): Promise<void> {
  await query(client, 'iam', `Attach${holder}Policy`, { [`${holder}Name`]: name, PolicyArn }, nothing)
}

const listedPolicy = structure({ PolicyName: string(), Arn: string(), AttachmentCount: integer() })

export const listPolicies = async (client: Client) =>
  await listAll(client, 'ListPolicies', {}, 'Policies', listedPolicy)

/**
 * The ARNs of managed policies of which some are named: one of the account, else one of the service.
 *
 * @throws Failure if there is none
 */
export async function policyArns(client: Client, policies: readonly string[]): Promise<string[]> {
  const isArn = (text: string): boolean => text.startsWith('arn:')
  if (policies.every(isArn)) return [...policies]
  const all = await listPolicies(client)
  return policies.map(text => {
    if (isArn(text)) return text
    const found = all.filter(({ PolicyName }) => PolicyName === text)
    const own = found.find(({ Arn }) => !Arn.startsWith('arn:aws:iam::aws:')) ?? found[0]
    if (own) return own.Arn
    throw new Failure(
      `There is no policy ${text}${hint(
        text,
        all.map(({ PolicyName }) => PolicyName),
      )}`,
    )
  })
}
