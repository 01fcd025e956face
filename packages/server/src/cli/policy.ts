import { string, structure } from '../protocol/shape.ts'
import { callingVerb } from './calling-verb.ts'
import { query } from './client.ts'
import { readInput } from './files.ts'
import { listPolicies, nothing, policyArns, sayList, type Holder } from './iam-calls.ts'
import { say, UsageError, type Given, type Verb } from './verb.ts'

const holderFlags = {
  user: { value: 'name', help: 'Of this user' },
  role: { value: 'name', help: 'Of this role' },
  group: { value: 'name', help: 'Of this group' },
} as const

/** @throws UsageError */
function requireHolder({ user, role, group }: Given<typeof holderFlags>): { holder: Holder; name: string } {
  const [only, ...others] = (
    [
      ['User', user],
      ['Role', role],
      ['Group', group],
    ] as const
  ).flatMap(([holder, name]) => (name === undefined ? [] : [{ holder, name }]))
  if (only && others.length === 0) return only
  throw new UsageError('Say with one of --user, --role and --group whose policy it is.')
}

const exchange = (verb: 'Attach' | 'Detach', about: string, done: string): Verb =>
  callingVerb({
    name: `policy ${verb.toLowerCase()}`,
    words: ['ARN or name'],
    needs: '(--user | --role | --group) <name>',
    about: `${about} A name means a policy of the account, or else one of the service.`,
    flags: holderFlags,
    async run({ client, words: { 'ARN or name': policy }, given }) {
      const { holder, name } = requireHolder(given)
      const [PolicyArn] = await policyArns(client, [policy])
      await query(client, 'iam', `${verb}${holder}Policy`, { [`${holder}Name`]: name, PolicyArn }, nothing)
      say(`${done} ${PolicyArn}`)
    },
  })

export const policyAttach = exchange('Attach', 'Gives a managed policy to a user, a role or a group.', 'Attached')
export const policyDetach = exchange('Detach', 'Takes a managed policy from a user, a role or a group.', 'Detached')

const made = structure({ Policy: structure({ PolicyName: string(), Arn: string() }) })

export const policyCreate: Verb = callingVerb({
  name: 'policy create',
  words: ['name', 'file'],
  about: 'Makes a managed policy of a file, or with - of what stdin gives.',
  flags: {
    path: { value: 'path', help: 'Such as /ci/ (default: /)' },
    json: { help: 'Print what was made as JSON' },
  },
  async run({ client, words: { name: PolicyName, file }, given }) {
    const PolicyDocument = (await readInput(file, false)).toString()
    const input = { PolicyName, PolicyDocument, Path: given.path }
    const { Policy } = await query(client, 'iam', 'CreatePolicy', input, made)
    say(given.json ? JSON.stringify({ Policy }, null, 2) : `Made ${Policy.Arn}`)
  },
})

export const policyList: Verb = callingVerb({
  name: 'policy list',
  about: 'Lists the managed policies: those of the account, and those of the service, which every account has.',
  flags: { json: { help: 'Print them as JSON' } },
  async run({ client, given }) {
    sayList(await listPolicies(client), {
      ...given,
      heads: ['NAME', 'ATTACHED', 'ARN'],
      row: ({ PolicyName, AttachmentCount, Arn }) => [PolicyName, String(AttachmentCount), Arn],
      none: 'There are no policies.',
    })
  },
})
