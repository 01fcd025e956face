import { boolean, list, optional, string, structure } from '../protocol/shape.ts'
import { handOut, newAccessKey, newKeyFlags, newKeyHelp, requireRoom } from './access-key.ts'
import { callingVerb } from './calling-verb.ts'
import { call } from './client.ts'
import { say, UsageError, type Verb } from './verb.ts'

const made = structure({ AccessKey: newAccessKey })

export const accountCreate: Verb = callingVerb({
  name: 'account create',
  words: ['12 digits'],
  about: `Makes another account, with a user administrator who may do everything in it, and prints the access key of that one.
Only the first account of a server can make others.

${newKeyHelp}`,
  flags: { ...newKeyFlags, json: { help: 'Print it as JSON' } },
  async run({ client, words: { '12 digits': AccountId }, given }) {
    if (!/^\d{12}$/.test(AccountId)) throw new UsageError('An account is 12 digits.')
    requireRoom(given)
    const create = async () => (await call(client, 'CreateAccount', { AccountId }, made, 'keyreeve')).AccessKey
    const describe = (AccessKey: object) => ({ AccountId, AccessKey })
    await handOut(given, create, given.json ? describe : undefined)
  },
})

const page = structure({
  Accounts: list(structure({ AccountId: string() })),
  NextMarker: optional(string()),
  Truncated: boolean(),
})

export const accountList: Verb = callingVerb({
  name: 'account list',
  about: 'Lists the accounts that have users. Only the first account of a server knows of others.',
  flags: { json: { help: 'Print them as JSON' } },
  async run({ client, given }) {
    const found: { AccountId: string }[] = []
    let Marker: string | undefined
    do {
      const answer = await call(client, 'ListAccounts', { Marker }, page, 'keyreeve')
      found.push(...answer.Accounts)
      Marker = answer.NextMarker
    } while (Marker !== undefined)
    if (given.json) say(JSON.stringify(found, null, 2))
    else for (const { AccountId } of found) say(AccountId)
  },
})
