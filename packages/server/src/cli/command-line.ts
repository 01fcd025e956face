import { createRequire } from 'node:module'
import type { Verb } from './verb.ts'

/** Every verb, in the order of the help. Each is loaded when it is named, and not before. */
const verbs: Readonly<Record<string, { about: string; load: () => Promise<Verb> }>> = {
  start: { about: 'Start the server', load: async () => (await import('./start.ts')).start },
  init: {
    about: 'Make data folder, root key and administrator, without starting',
    load: async () => (await import('./init.ts')).init,
  },
  credentials: {
    about: 'Show how clients sign in, or make a new access key',
    load: async () => (await import('./credentials.ts')).credentials,
  },
  import: {
    about: 'Import key material into a KMS key, all in one go',
    load: async () => (await import('./import.ts')).importAtOnce,
  },
  'import parameters': {
    about: 'Fetch a wrapping key and its import token into a zip file',
    load: async () => (await import('./import-parameters.ts')).importParameters,
  },
  wrap: {
    about: 'Wrap key material with that zip file, on a machine without network',
    load: async () => (await import('./wrap.ts')).wrapMaterial,
  },
  'import upload': {
    about: 'Upload the wrapped key material',
    load: async () => (await import('./import-upload.ts')).importUpload,
  },
  explain: {
    about: 'Tell why a request was denied',
    load: async () => (await import('./explain.ts')).explain,
  },
  simulate: {
    about: 'Tell what a user or role may do, and why, without doing it',
    load: async () => (await import('./simulate.ts')).simulate,
  },
  health: {
    about: 'Ask whether a server is alive and ready',
    load: async () => (await import('./health.ts')).health,
  },
}

/**
 * Runs what the user typed behind `keyreeve`.
 *
 * @returns the exit status: 0, 1 for what failed, 2 for what was not understood, of which stderr tells; or one that the verb
 * documents
 */
export async function runCommandLine(argv: readonly string[]): Promise<number> {
  // Whoever stops reading, as `head` does, wants no complaint.
  process.stdout.on('error', () => {})
  try {
    return await run(argv)
  } catch (error) {
    return report(error)
  }
}

async function run(argv: readonly string[]): Promise<number> {
  const [first, ...rest] = argv
  const wantsHelp = argv.includes('--help') || argv.includes('-h')
  if (first === '--version') {
    const manifest = createRequire(import.meta.url)('../../package.json') as { version: string } // It is our own.
    process.stdout.write(`${manifest.version}\n`)
  } else if (first === 'help' ? rest.length === 0 : wantsHelp && first?.startsWith('-')) {
    process.stdout.write(await overview())
  } else if (first === 'help' || wantsHelp) {
    const { verb } = await find(first === 'help' ? rest : argv)
    process.stdout.write(verb.help())
  } else {
    const { verb, words } = await find(argv)
    return (await verb.run(words)) ?? 0
  }
  return 0
}

/** The longest verb that the words begin with, and what follows it. */
async function find(argv: readonly string[]): Promise<{ verb: Verb; words: readonly string[] }> {
  for (const length of [2, 1]) {
    const name = argv.slice(0, length).join(' ')
    const row = Object.hasOwn(verbs, name) ? verbs[name] : undefined
    if (row) return { verb: await row.load(), words: argv.slice(length) }
  }
  const { UsageError, hint } = await import('./verb.ts')
  const [first] = argv
  if (first === undefined) throw new UsageError('Say what to do: keyreeve --help lists the verbs.')
  if (first.startsWith('-')) throw new UsageError(`There is no option ${first}${hint(first, ['--help', '--version'])}`)
  throw new UsageError(`There is no verb ${first}${hint(first, Object.keys(verbs))} keyreeve --help lists all.`)
}

async function overview(): Promise<string> {
  const { table } = await import('./verb.ts')
  return [
    'Keyreeve, a key management service that is compatible with AWS KMS.\n',
    'Usage: keyreeve <verb> [options]\n',
    table(Object.entries(verbs).map(([name, { about }]) => [name, about])),
    'keyreeve help <verb> tells how to use a verb, keyreeve --version which version this is.',
    'Not affiliated with Amazon Web Services.\n',
  ].join('\n')
}

/** What the language itself throws: for these, nobody has written a sentence. */
const faults = [TypeError, RangeError, ReferenceError, SyntaxError]

function report(error: unknown): number {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error))
  if (faults.some(fault => error instanceof fault)) {
    process.stderr.write(`keyreeve: This is a fault of keyreeve; please report it.\n${stack ?? message}\n`)
    return 1
  }
  process.stderr.write(`keyreeve: ${message}\n`)
  return name === 'UsageError' || name === 'ConfigError' ? 2 : 1
}
