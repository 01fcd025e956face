import { trace } from '../operations/keyreeve/trace.ts'
import { string, structure, timestamp } from '../protocol/shape.ts'
import { call, clientFlags, clientHelp, connect } from './client.ts'
import { painter, traceLines } from './trace.ts'
import { flagsHelp, readArguments, say, UsageError, type Verb } from './verb.ts'

const flags = {
  json: { help: 'Print the explanation as JSON' },
  ...clientFlags,
  region: { value: 'Region', help: 'Region to call (default: $AWS_REGION, else us-east-1)' },
} as const

const answer = structure({ RequestId: string(), Time: timestamp(), Operation: string(), Trace: trace })

export const explain: Verb = {
  help: () => `Usage: keyreeve explain <request id> [options]

Tells why a request was denied (AccessDeniedException): what would have to change, then every policy that was looked at,
statement by statement, and every grant. It is known for 7 days, to the account of the caller and, of its own policies, to
that of the key; whoever asks needs keyreeve:ExplainRequest.

Every answer has a request id, in the header x-amzn-RequestId:

  JavaScript  error.$metadata.requestId
  Python      error.response['ResponseMetadata']['RequestId']
  Java, Go    in the text of the exception
  AWS CLI     aws --debug ... 2>&1 | grep -i x-amzn-requestid
  audit log   requestID of the record

${flagsHelp(flags)}
${clientHelp}
The exit status is 0 if the request can be explained.
`,
  async run(argv) {
    const { given, words } = readArguments(argv, flags, 1)
    const [id] = words
    if (id === undefined) throw new UsageError('Say which request: keyreeve explain <request id>.')
    const client = connect(given, '', process.env)
    const { Time, ...found } = await call(client, 'ExplainRequest', { RequestId: id }, answer, 'keyreeve')
    const time = Time.toISOString()
    if (given.json) return say(JSON.stringify({ ...found, Time: time }, null, 2))
    const facts = [
      ['Operation', found.Operation],
      ['Time', time],
    ] as const
    say(traceLines(found.Trace, painter(process.stdout, process.env), facts).join('\n'))
  },
}
