import { readFileSync } from 'node:fs'
import module from 'node:module'
import { constants } from 'node:os'
import { resolve } from 'node:path'
import type { OpenApp } from '../app.ts'
import { loadConfig, optionsHelp } from '../config.ts'
import { openLog } from '../log.ts'
import type { RunningServer } from '../main.ts'
import { findCredentials } from './caller.ts'
import type { View } from '../store/documents.ts'
import { requireSafeRuntime, thisRuntime } from './runtime.ts'
import { callableAddress, consoleAddress, signInLines, signInVariables } from './sign-in.ts'
import { Failure, remark, say, type Verb } from './verb.ts'

/** Listens until a signal comes. Scripts may wait for the line `Ready.` on stdout. */
export const start: Verb = {
  help: () => `Usage: keyreeve start [options]

Starts the server. A data folder that is missing is made, with a root key and an administrator. When requests are
answered, stdout ends in the line "Ready."; the log goes to stderr, one JSON object a line.

Options win over variables of the environment (KEYREEVE_PORT for --port), variables over the file of --config:

${optionsHelp()}
SIGTERM and SIGINT let requests under way finish; a second one stops at once. SIGHUP reads the certificate again, or
without TLS stops like SIGTERM.
`,
  async run(argv) {
    const warning = requireSafeRuntime(thisRuntime())
    const config = loadConfig(argv, process.env, path => readFileSync(path))
    if (warning !== undefined) remark('warning', warning)
    const log = openLog(config.log)
    const { startServer } = await import('../main.ts')
    const server = await startServer(config, log)
    followSignals(server, config.tls.certificate !== undefined)
    void server.app.failed.then(error => {
      log({ level: 'error', event: 'store failed', detail: error.message })
      process.exit(1)
    })
    const address = callableAddress(server.address)
    const credentials = resolve(server.app.credentials)
    for (const notice of server.app.notices) say(`${notice}\n`)
    say(`Address:     ${address}`)
    if (server.adminAddress !== undefined) say(`Metrics:     ${server.adminAddress}/metrics`)
    const code = await consoleCode(server.app, credentials)
    say(`Console:     ${consoleAddress(address, code)}`)
    if (code !== undefined) say('             (works once, for 10 minutes; keyreeve console makes another)')
    say(`Credentials: ${credentials}\n`)
    say('To use it with the AWS CLI and SDKs:\n')
    const lines = signInLines(signInVariables(config, credentials, address), process.env)
    for (const line of [...lines, 'aws kms list-keys']) say(`  ${line}`)
    say('\nReady.')
    // Not left to the exit, which may come by force. Only the next start has use for it, so it waits until idle.
    setImmediate(() => module.flushCompileCache?.())
  },
}

/**
 * For a link that signs in as whom the credentials file is for, made like any other, with its record; undefined if the file is
 * gone, or its access key signs no more.
 */
async function consoleCode(app: OpenApp, file: string): Promise<string | undefined> {
  const { createConsoleLink } = await import('../operations/keyreeve/create-console-link.ts')
  const { signerOf } = await import('../authenticate.ts')
  const { perform } = await import('../pipeline.ts')
  const { KmsError } = await import('../protocol/errors.ts')
  try {
    const { accessKeyId, secret } = findCredentials({ credentials: file, profile: undefined }, {}).credentials
    secret.fill(0)
    const [region = ''] = app.services.settings.regions
    const by = { who: (view: View) => signerOf(view, accessKeyId, region), agent: 'keyreeve start' }
    return (await perform<{ Code: string }>(app, createConsoleLink, {}, by)).Code
  } catch (error) {
    if (error instanceof Failure || error instanceof KmsError) return undefined
    throw error
  }
}

/** npm passes a Ctrl-C on, which the terminal has sent to us already: within so many milliseconds, two are one. */
const echo = 500

function followSignals(server: RunningServer, hasCertificate: boolean): void {
  let stoppedAt: number | undefined
  const stop = (signal: 'SIGHUP' | 'SIGINT' | 'SIGTERM'): void => {
    if (stoppedAt === undefined) {
      stoppedAt = performance.now()
      void server.close().then(
        () => process.exit(0),
        (error: unknown) => {
          server.app.log({ level: 'error', event: 'stop failed', detail: String(error) })
          process.exit(1)
        },
      )
    } else if (performance.now() - stoppedAt > echo) {
      process.exit(128 + constants.signals[signal])
    }
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  process.on('SIGHUP', hasCertificate ? () => server.reloadCertificate() : stop)
  stopWithNpm(() => stop('SIGTERM'))
}

/** The shell in which npm runs a script dies of a SIGTERM to npm without passing it on. */
function stopWithNpm(stop: () => void): void {
  if (process.env['npm_lifecycle_event'] === undefined) return
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    stop()
  }, 500)
}
