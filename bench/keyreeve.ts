import { readFileSync } from 'node:fs'
import { loadConfig } from '../packages/server/src/config.ts'
import { startServer } from '../packages/server/src/main.ts'

/** Keyreeve without its command line. Takes the flags of `keyreeve start`. */

const config = loadConfig(process.argv.slice(2), {}, path => readFileSync(path))
const server = await startServer(config, event => void process.stderr.write(`${JSON.stringify(event)}\n`))
process.once('SIGTERM', () => void server.close().then(() => process.exit()))
