import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { loadConfig, optionsHelp } from '../config.ts'
import { openLog } from '../log.ts'
import { requireSafeRuntime, thisRuntime } from './runtime.ts'
import { shellWord } from './sign-in.ts'
import { say, type Verb } from './verb.ts'

export const init: Verb = {
  help: () => `Usage: keyreeve init [options]

Makes what a server needs before its first start: the data folder, the root key, and an administrator with an access key.
What is there already stays as it is, so it may run twice. Say where the root key and the data lie with the options of
keyreeve start:

${optionsHelp()}`,
  async run(argv) {
    requireSafeRuntime(thisRuntime())
    const config = loadConfig(argv, process.env, path => readFileSync(path))
    const hasPassphrase = config.root.passphrase !== undefined
    const data = resolve(config.data)
    const keyFile = resolve(config.root.keyFile)
    const credentials = resolve(data, 'credentials')
    const [hadData, hadKey, hadCredentials] = [resolve(data, 'keyreeve.db'), keyFile, credentials].map(existsSync)
    const { openApp } = await import('../app.ts')
    const app = await openApp(config, openLog(config.log))
    await app.close()
    const state = (had: boolean | undefined): string => (had ? 'there already' : 'made now')
    say(`Data folder: ${data} (${state(hadData)})`)
    say(`Root key:    ${hasPassphrase ? 'protected by the passphrase' : `${keyFile} (${state(hadKey)})`}`)
    if (existsSync(credentials)) say(`Credentials: ${credentials} (${state(hadCredentials)})`)
    else say('Credentials: none; keyreeve credentials --new makes new ones')
    for (const notice of app.notices) say(`\n${notice}`)
    say(`\nTo start the server: ${['keyreeve', 'start', ...argv].map(shellWord).join(' ')}`)
  },
}
