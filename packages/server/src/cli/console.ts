import { string, structure, timestamp } from '../protocol/shape.ts'
import { callingVerb } from './calling-verb.ts'
import { call } from './client.ts'
import { consoleAddress } from './sign-in.ts'
import { remark, say, type Verb } from './verb.ts'

const made = structure({ Code: string(), Expiration: timestamp() })

export const consoleLink: Verb = callingVerb({
  name: 'console',
  about: `Makes a link that signs a browser in to the console, as the user whose access key this is, and prints it. It works once,
within 10 minutes: whoever has it by then is that user. Temporary credentials can make none.`,
  flags: { json: { help: 'Print it as JSON, with the time at which it expires' } },
  async run({ client, given }) {
    const { Code, Expiration } = await call(client, 'CreateConsoleLink', {}, made, 'keyreeve')
    const Link = consoleAddress(client.endpoint.href, Code)
    if (given.json) return say(JSON.stringify({ Link, Expiration }, null, 2))
    say(Link)
    remark('note', 'It works once, for 10 minutes.')
  },
})
