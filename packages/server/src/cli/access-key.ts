import { profileOf } from '../credentials.ts'
import { optional, string, structure, timestamp, type Infer } from '../protocol/shape.ts'
import { callingVerb } from './calling-verb.ts'
import { query, type Client } from './client.ts'
import { requireAbsent, writeFresh } from './files.ts'
import { listAll, nothing, sayList } from './iam-calls.ts'
import { say, type Given, type Verb } from './verb.ts'

export const newKeyFlags = {
  write: { value: 'file', help: 'Write the access key to this file, for its owner alone, instead of printing it' },
} as const

export const newKeyHelp = `The secret is told once. It is printed as a profile of a credentials file of AWS's tools, or written to such a file, which
keyreeve takes with --credentials, and AWS's tools from $AWS_SHARED_CREDENTIALS_FILE.`

export const newAccessKey = structure({ AccessKeyId: string(), SecretAccessKey: string() })
type NewAccessKey = Infer<typeof newAccessKey>

const advice = 'Name another file with --write.'

/** @throws Failure if the file is there already */
export function requireRoom({ write }: Given<typeof newKeyFlags>): void {
  if (write !== undefined) requireAbsent(write, advice)
}

/**
 * Has an access key made, and hands it out as a profile, to the file or to stdout.
 *
 * @param json for JSON in place of the profile: what it tells of the access key
 */
export async function handOut(
  { write }: Given<typeof newKeyFlags>,
  make: () => Promise<NewAccessKey>,
  json?: (accessKey: object) => object,
): Promise<void> {
  const profile = ({ AccessKeyId: accessKeyId, SecretAccessKey: secret }: NewAccessKey): string =>
    profileOf({ accessKeyId, secret })
  if (write === undefined) {
    const made = await make()
    return say(json ? JSON.stringify(json(made), null, 2) : profile(made).trimEnd())
  }
  let id = ''
  await writeFresh(write, advice, async () => {
    const made = await make()
    id = made.AccessKeyId
    return profile(made)
  })
  if (json) say(JSON.stringify(json({ AccessKeyId: id, File: write }), null, 2))
  else say(`Wrote the access key ${id} to ${write}`)
}

const created = structure({ AccessKey: newAccessKey })

export async function createAccessKey(client: Client, UserName: string): Promise<NewAccessKey> {
  return (await query(client, 'iam', 'CreateAccessKey', { UserName }, created)).AccessKey
}

export const accessKeyCreate: Verb = callingVerb({
  name: 'access-key create',
  words: ['user'],
  about: `Makes an access key for a user, of which each can have two.\n\n${newKeyHelp}`,
  flags: { ...newKeyFlags, json: { help: 'Print it as JSON' } },
  async run({ client, words: { user }, given }) {
    const describe = (accessKey: object) => ({ UserName: user, ...accessKey })
    await handOut(given, () => createAccessKey(client, user), given.json ? describe : undefined)
  },
})

const listed = structure({ AccessKeyId: string(), Status: string(), CreateDate: timestamp() })
const owner = structure({
  UserName: string(),
  AccessKeyLastUsed: structure({ LastUsedDate: optional(timestamp()) }),
})

/** The access keys of a user, the oldest first, and when each was last used. */
export async function accessKeysOf(client: Client, UserName: string) {
  const keys = await listAll(client, 'ListAccessKeys', { UserName }, 'AccessKeyMetadata', listed)
  const oldestFirst = keys.toSorted((a, b) => a.CreateDate.getTime() - b.CreateDate.getTime())
  return await Promise.all(
    oldestFirst.map(async key => {
      const { AccessKeyId } = key
      const { AccessKeyLastUsed } = await query(client, 'iam', 'GetAccessKeyLastUsed', { AccessKeyId }, owner)
      return { ...key, ...AccessKeyLastUsed }
    }),
  )
}

export const accessKeyList: Verb = callingVerb({
  name: 'access-key list',
  words: ['user'],
  about: 'Lists the access keys of a user, and when they were last used.',
  flags: { json: { help: 'Print them as JSON' } },
  async run({ client, words: { user }, given }) {
    sayList(await accessKeysOf(client, user), {
      ...given,
      heads: ['ACCESS KEY', 'STATUS', 'MADE', 'LAST USED'],
      row: ({ AccessKeyId, Status, CreateDate, LastUsedDate }) => [
        AccessKeyId,
        Status,
        CreateDate.toISOString(),
        LastUsedDate?.toISOString() ?? 'never',
      ],
      none: `${user} has no access keys.`,
    })
  },
})

/** @param done what is said of the access key then, with its user behind it */
const change = (verb: string, about: string, action: string, to: Record<string, string>, done: string): Verb =>
  callingVerb({
    name: `access-key ${verb}`,
    words: ['access key id'],
    about,
    flags: {},
    async run({ client, words: { 'access key id': AccessKeyId } }) {
      // IAM would look for it among those of the caller.
      const { UserName } = await query(client, 'iam', 'GetAccessKeyLastUsed', { AccessKeyId }, owner)
      await query(client, 'iam', action, { UserName, AccessKeyId, ...to }, nothing)
      say(`${AccessKeyId} of ${UserName} is ${done}`)
    },
  })

export const accessKeyDeactivate = change(
  'deactivate',
  'Refuses, from now on, whatever is signed with an access key. It can be activated again.',
  'UpdateAccessKey',
  { Status: 'Inactive' },
  'inactive',
)
export const accessKeyActivate = change(
  'activate',
  'Takes a deactivated access key into use again.',
  'UpdateAccessKey',
  { Status: 'Active' },
  'active',
)
export const accessKeyDelete = change('delete', 'Deletes an access key, for good.', 'DeleteAccessKey', {}, 'deleted')
