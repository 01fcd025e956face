import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { OpenApp } from '../app.ts'
import { flagOf, loadConfig, options, optionsHelp } from '../config.ts'
import { openLog } from '../log.ts'
import { requireSafeRuntime, thisRuntime } from './runtime.ts'
import { configuredAddress, signInLines, signInVariables } from './sign-in.ts'
import { Failure, hint, say, table, UsageError, type Verb } from './verb.ts'

export const credentials: Verb = {
  help: () => `Usage: keyreeve credentials [--json] [--new] [options]

Prints the lines that make the AWS CLI and SDKs call this server as its administrator. Paste them, or have the shell read
them: eval "$(keyreeve credentials)"

${table([
  ['--json', 'Print them as JSON'],
  [
    '--new',
    'First make a new access key for the administrator and write it to the credentials file. The keys that the\n' +
      `${' '.repeat(10)}administrator had are removed. Stop the server before`,
  ],
])}
With the options of keyreeve start they are about another server than the default one:

${optionsHelp()}`,
  async run(argv) {
    requireKnown(argv)
    const config = loadConfig(
      argv.filter(word => !ownFlags.includes(word)),
      process.env,
      path => readFileSync(path),
    )
    const data = resolve(config.data)
    const file = resolve(data, 'credentials')
    if (!existsSync(resolve(data, 'keyreeve.db'))) {
      throw new Failure(`There is no data in ${data}. Make it with keyreeve init, or name another with --data.`)
    }
    if (argv.includes('--new')) {
      requireSafeRuntime(thisRuntime())
      const { openApp } = await import('../app.ts')
      // What a bootstrap file says must not keep anybody out.
      const app = await openApp({ ...config, bootstrap: undefined }, openLog(config.log))
      try {
        await renewAccessKey(app, config.account)
      } finally {
        await app.close()
      }
    } else if (!existsSync(file)) {
      throw new Failure(`${file} is gone. Stop the server and make a new access key with keyreeve credentials --new.`)
    }
    const variables = signInVariables(config, file, configuredAddress(config))
    if (argv.includes('--json')) say(JSON.stringify(variables, null, 2))
    else for (const line of signInLines(variables, process.env)) say(line)
  },
}

const ownFlags = ['--json', '--new']

/** The configuration would know nothing of the flags of this verb. @throws UsageError */
function requireKnown(argv: readonly string[]): void {
  const known = [...ownFlags, ...Object.keys(options).map(flagOf)]
  const flags = argv.filter(word => word.startsWith('--')).map(word => word.split('=', 1).join(''))
  const unknown = flags.find(flag => !known.includes(flag))
  if (unknown !== undefined) throw new UsageError(`There is no option ${unknown}${hint(unknown, known)}`)
}

/**
 * Gives the administrator one new access key in place of all that it has, and all rights if they were taken from it. Written
 * down before it is valid, as the first one was: after a crash in between, doing it again helps.
 */
async function renewAccessKey({ store, seal, now, credentials: file }: OpenApp, account: string): Promise<void> {
  const { administratorName, newAccessKey } = await import('../auth/identities.ts')
  const { writeCredentials } = await import('../credentials.ts')
  const { administratorAccess } = await import('../auth/managed-policies.ts')
  const { identityRow } = await import('../store/documents.ts')
  const view = store.view()
  const row = identityRow(account, administratorName)
  const user = await view.get('user', row)
  if (!user) throw new Failure(`Account ${account} has no administrator.`) // Opening has just made sure of it.
  const old = user.accessKeys
  for (const id of old) await view.get('access-key', id)
  const { accessKey, secret } = newAccessKey(seal, user, now())
  await view.get('access-key', accessKey.id)
  await writeCredentials(file, { accessKeyId: accessKey.id, secret })
  const attached = [...new Set([...user.attached, administratorAccess])]
  const result = await store.commit(
    view,
    [
      ...old.map(id => ({ remove: 'access-key', id, erase: true }) as const),
      { put: 'access-key', id: accessKey.id, document: accessKey },
      { put: 'user', id: row, document: { ...user, attached, accessKeys: [accessKey.id] } },
    ],
    [],
  )
  if (result !== 'committed') throw new Failure('The access keys have changed meanwhile. Try again.')
}
