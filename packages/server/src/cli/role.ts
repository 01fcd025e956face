import { integer, list, optional, string, structure, timestamp } from '../protocol/shape.ts'
import { callingVerb } from './calling-verb.ts'
import { query, type Client } from './client.ts'
import { readInput } from './files.ts'
import { attachPolicy, listAll, nothing, policyArns, rightsOf, sayList, stripRights } from './iam-calls.ts'
import { signInLines } from './sign-in.ts'
import { facts, remark, say, UsageError, type Given, type Verb } from './verb.ts'

const roleMembers = { RoleName: string(), Arn: string(), CreateDate: timestamp() }
const made = structure({ Role: structure(roleMembers) })

const trustFlags = {
  trust: { value: 'file', help: 'Its trust policy: who may assume it' },
  'trust-account': { value: '12 digits', help: 'Everybody of this account may, whom its own policies let' },
  'trust-principal': { value: 'ARN', help: 'This user or role may' },
} as const

/** @throws UsageError, Failure */
async function trustPolicy(given: Given<typeof trustFlags>): Promise<string> {
  const { trust, 'trust-account': account, 'trust-principal': principal } = given
  if ([trust, account, principal].filter(value => value !== undefined).length !== 1) {
    throw new UsageError('Say with one of --trust, --trust-account and --trust-principal who may assume the role.')
  }
  if (trust !== undefined) return (await readInput(trust, false)).toString()
  if (account !== undefined && !/^\d{12}$/.test(account)) throw new UsageError('--trust-account must be 12 digits.')
  const AWS = principal ?? `arn:aws:iam::${account}:root`
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS }, Action: 'sts:AssumeRole' }],
  })
}

export const roleCreate: Verb = callingVerb({
  name: 'role create',
  words: ['name'],
  needs: '(--trust <file> | --trust-account <12 digits> | --trust-principal <ARN>)',
  about: 'Makes a role, says who may assume it, and gives it policies.',
  flags: {
    ...trustFlags,
    policy: { value: 'ARN or name', many: true, help: 'Attach this managed policy; may be there several times' },
    path: { value: 'path', help: 'Such as /ci/ (default: /)' },
    json: { help: 'Print what was made as JSON' },
  },
  async run({ client, words: { name: RoleName }, given }) {
    const AssumeRolePolicyDocument = await trustPolicy(given)
    const policies = await policyArns(client, given.policy)
    const tell = (text: string): void => (given.json ? remark('note', text) : say(text))
    const input = { RoleName, Path: given.path, AssumeRolePolicyDocument }
    const { Role } = await query(client, 'iam', 'CreateRole', input, made)
    tell(`Made ${Role.Arn}`)
    for (const arn of policies) {
      await attachPolicy(client, 'Role', RoleName, arn)
      tell(`Attached ${arn}`)
    }
    if (given.json) say(JSON.stringify({ Role }, null, 2))
  },
})

export const roleList: Verb = callingVerb({
  name: 'role list',
  about: 'Lists the roles of the account.',
  flags: { json: { help: 'Print them as JSON' } },
  async run({ client, given }) {
    sayList(await listAll(client, 'ListRoles', {}, 'Roles', structure(roleMembers)), {
      ...given,
      heads: ['NAME', 'ARN', 'MADE'],
      row: ({ RoleName, Arn, CreateDate }) => [RoleName, Arn, CreateDate.toISOString()],
      none: 'There are no roles.',
    })
  },
})

const shown = structure({
  Role: structure({
    ...roleMembers,
    Description: optional(string()),
    MaxSessionDuration: integer(),
    AssumeRolePolicyDocument: string(),
    PermissionsBoundary: optional(structure({ PermissionsBoundaryArn: string() })),
    Tags: optional(list(structure({ Key: string(), Value: string() }))),
  }),
})

export const roleShow: Verb = callingVerb({
  name: 'role show',
  words: ['name'],
  about: 'Shows a role: who may assume it, and its policies.',
  flags: { json: { help: 'Print it as JSON' } },
  async run({ client, words: { name: RoleName }, given }) {
    const { Role } = await query(client, 'iam', 'GetRole', { RoleName }, shown)
    const rights = await rightsOf(client, 'Role', RoleName)
    const trust = decodeURIComponent(Role.AssumeRolePolicyDocument)
    if (given.json) {
      return say(JSON.stringify({ Role: { ...Role, AssumeRolePolicyDocument: trust }, ...rights }, null, 2))
    }
    say(
      facts([
        ['Role', [Role.RoleName]],
        ['ARN', [Role.Arn]],
        ['Made', [Role.CreateDate.toISOString()]],
        ...(Role.Description === undefined ? [] : ([['Description', [Role.Description]]] as const)),
        ['Sessions last', [`${Role.MaxSessionDuration} seconds at most`]],
        ['Tags', (Role.Tags ?? []).map(({ Key, Value }) => `${Key}=${Value}`)],
        ['Boundary', Role.PermissionsBoundary ? [Role.PermissionsBoundary.PermissionsBoundaryArn] : []],
        ['Policies', rights.AttachedPolicies.map(({ PolicyArn }) => PolicyArn)],
        ['Inline policies', rights.InlinePolicies],
        ['Trust policy', trust.trim().split(/\r?\n/)],
      ]),
    )
  },
})

export const roleDelete: Verb = callingVerb({
  name: 'role delete',
  words: ['name'],
  about: 'Deletes a role, which ends its sessions. Without --force, only one that has no policies.',
  flags: { force: { help: 'First take those from it' } },
  async run({ client, words: { name: RoleName }, given }) {
    if (given.force) await stripRights(client, 'Role', RoleName)
    await query(client, 'iam', 'DeleteRole', { RoleName }, nothing)
    say(`Deleted the role ${RoleName}`)
  },
})

const identity = structure({ Account: string(), Arn: string() })
const assumed = structure({
  Credentials: structure({
    AccessKeyId: string(),
    SecretAccessKey: string(),
    SessionToken: string(),
    Expiration: timestamp(),
  }),
  AssumedRoleUser: structure({ Arn: string() }),
})

/** What the session is called: as the caller, so that the audit log tells whose it was. */
const sessionNameOf = (arn: string): string => {
  const name = arn.slice(arn.lastIndexOf('/') + 1)
  return /^[\w+=,.@-]{2,64}$/.test(name) ? name : 'keyreeve'
}

/** @throws UsageError */
function requireDuration(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^\d{3,5}$/.test(text)) return Number(text)
  throw new UsageError('--duration must be seconds, 900 to 43200.')
}

export const roleAssume: Verb = callingVerb({
  name: 'role assume',
  words: ['ARN or name'],
  about: `Starts a session of a role, and prints the lines that make AWS's tools and keyreeve use it. Have the shell read them:
eval "$(keyreeve role assume <name>)". A name is that of a role of the same account, with its path if it has one.

With --json it is what AWS's tools want of a credential_process.`,
  flags: {
    'session-name': { value: 'name', help: 'What the audit log shows (default: the name of the caller)' },
    duration: { value: 'seconds', help: 'How long it lasts (default: 3600)' },
    json: { help: 'Print the credentials as JSON' },
  },
  async run({ client, words: { 'ARN or name': role }, given }) {
    const { 'session-name': session, duration, json } = given
    const DurationSeconds = requireDuration(duration)
    const { RoleArn, RoleSessionName } = await target(client, role, session)
    const input = { RoleArn, RoleSessionName, DurationSeconds }
    const { Credentials, AssumedRoleUser } = await query(client, 'sts', 'AssumeRole', input, assumed)
    if (json) return say(JSON.stringify({ Version: 1, ...Credentials }, null, 2))
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = Credentials
    const variables = {
      AWS_ACCESS_KEY_ID: AccessKeyId,
      AWS_SECRET_ACCESS_KEY: SecretAccessKey,
      AWS_SESSION_TOKEN: SessionToken,
    }
    // Of what could stand in the way, these three are replaced.
    for (const line of signInLines(variables, { AWS_PROFILE: process.env['AWS_PROFILE'] })) say(line)
    remark('note', `${AssumedRoleUser.Arn} until ${Expiration.toISOString()}`)
  },
})

/** What the server must be asked for is what was not said. */
async function target(
  client: Client,
  role: string,
  session: string | undefined,
): Promise<{ RoleArn: string; RoleSessionName: string }> {
  const isArn = role.startsWith('arn:')
  if (isArn && session !== undefined) return { RoleArn: role, RoleSessionName: session }
  const { Account, Arn } = await query(client, 'sts', 'GetCallerIdentity', {}, identity)
  return {
    RoleArn: isArn ? role : `arn:aws:iam::${Account}:role/${role.replace(/^\//, '')}`,
    RoleSessionName: session ?? sessionNameOf(Arn),
  }
}
