import { trace } from '../operations/keyreeve/trace.ts'
import { structure } from '../protocol/shape.ts'
import { call, clientFlags, clientHelp, connect } from './client.ts'
import { painter, traceLines } from './trace.ts'
import { flagsHelp, readArguments, requireFlag, say, UsageError, type Verb } from './verb.ts'

const flags = {
  principal: { value: 'ARN or name', help: 'User, role or session of a role; or the name of a user' },
  action: { value: 'action', help: 'Such as kms:Decrypt, or Decrypt' },
  key: { value: 'key', help: 'The key: id, alias or ARN' },
  resource: { value: 'ARN', help: 'What it is on, if that is no key: an alias, a user, a role, ...' },
  context: { value: 'name=value', many: true, help: 'A pair of the encryption context; once for each' },
  tag: { value: 'name=value', many: true, help: 'A tag that the request would put; once for each' },
  condition: {
    value: 'key=value',
    many: true,
    help: 'A condition key, in place of what is known; again for each further value; without value it is absent',
  },
  json: { help: 'Print the decision and all that it is made from as JSON' },
  ...clientFlags,
} as const

const answer = structure({ Trace: trace })

/** Understood, and denied. */
const deniedStatus = 3

export const simulate: Verb = {
  help: () => `Usage: keyreeve simulate --principal <ARN or name> --action <action> [--key <key>] [options]

Tells whether a user, a role or a session of this account may do something, and why, without doing it: the decision, and
every policy and grant that it is made from. The server decides as if the request came now, over this connection; a role is
taken as a session of it without tags and session policies. What else a request says of itself, such as
kms:EncryptionAlgorithm, is absent unless --condition gives it. Of a key of another account, only what this one's policies
say is told. Whoever asks needs keyreeve:SimulateAccess.

  keyreeve simulate --principal alice --action Decrypt --key alias/pay --context app=pay
  keyreeve simulate --principal alice --action Decrypt --key alias/pay --condition aws:SourceIp=10.1.2.3

${flagsHelp(flags)}
${clientHelp}
The exit status is 0 if it is allowed, ${deniedStatus} if it is denied.
`,
  async run(argv) {
    const { given } = readArguments(argv, flags)
    const principal = requireFlag(given.principal, '--principal')
    const action = requireFlag(given.action, '--action')
    const { key, resource } = given
    if (key !== undefined && resource !== undefined) throw new UsageError('--key and --resource exclude each other.')
    const input = {
      PrincipalArn: principal,
      Action: action.includes(':') ? action : `kms:${action}`,
      KeyId: key,
      ResourceArn: resource,
      EncryptionContext: single(given.context, '--context'),
      RequestTags: single(given.tag, '--tag'),
      Conditions: several(given.condition),
    }
    const client = connect(given, key ?? resource ?? '', process.env)
    const { Trace } = await call(client, 'SimulateAccess', input, answer, 'keyreeve')
    say(
      given.json ? JSON.stringify(Trace, null, 2) : traceLines(Trace, painter(process.stdout, process.env)).join('\n'),
    )
    return Trace.Decision === 'allow' ? 0 : deniedStatus
  },
}

/** @throws UsageError */
function pairOf(text: string, flag: string): [name: string, value: string] {
  const mark = text.indexOf('=')
  if (mark < 1) throw new UsageError(`${flag} cannot be ${text}: it is a name, = and a value.`)
  return [text.slice(0, mark), text.slice(mark + 1)]
}

/** Undefined if there are none. */
function single(texts: readonly string[], flag: string): Record<string, string> | undefined {
  const pairs = new Map<string, string>()
  for (const text of texts) {
    const [name, value] = pairOf(text, flag)
    if (pairs.has(name)) throw new UsageError(`${flag} gives ${name} twice.`)
    pairs.set(name, value)
  }
  return pairs.size === 0 ? undefined : Object.fromEntries(pairs)
}

/** Undefined if there are none. */
function several(texts: readonly string[]): Record<string, string[]> | undefined {
  const lists = new Map<string, string[]>()
  for (const text of texts) {
    const [name, value] = pairOf(text, '--condition')
    lists.set(name, [...(lists.get(name) ?? []), ...(value === '' ? [] : [value])])
  }
  return lists.size === 0 ? undefined : Object.fromEntries(lists)
}
