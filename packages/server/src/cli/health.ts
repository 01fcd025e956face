import { connectionHelp, endpointFlags, endpointOf, exchange } from './client.ts'
import { Failure, flagsHelp, readArguments, say, type Verb } from './verb.ts'

export const health: Verb = {
  help: () => `Usage: keyreeve health [options]

Asks a server whether it is alive (/healthz) and answers requests (/readyz). The exit status is 0 if both are so.

${flagsHelp(endpointFlags)}
${connectionHelp}`,
  async run(argv) {
    const { given } = readArguments(argv, endpointFlags)
    const endpoint = endpointOf(given, process.env)
    for (const path of ['/healthz', '/readyz']) {
      const target = endpoint.pathname.replace(/\/$/, '') + path
      const { status, body } = await exchange(endpoint, { method: 'GET', target, headers: {}, body: Buffer.alloc(0) })
      if (status === 503) throw new Failure(`${endpoint.href} is not ready.`)
      if (status !== 200)
        throw new Failure(`${endpoint.href} is no Keyreeve server, or not all of its address: check --endpoint.`)
      say(body.toString('latin1').trim())
    }
  },
}
