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
  console: {
    about: 'Make a link that signs a browser in to the console',
    load: async () => (await import('./console.ts')).consoleLink,
  },
  'user create': {
    about: 'Make a user, with policies and an access key if wanted',
    load: async () => (await import('./user.ts')).userCreate,
  },
  'user list': { about: 'List the users', load: async () => (await import('./user.ts')).userList },
  'user show': {
    about: 'Show policies, groups and access keys of a user',
    load: async () => (await import('./user.ts')).userShow,
  },
  'user delete': { about: 'Delete a user', load: async () => (await import('./user.ts')).userDelete },
  'access-key create': {
    about: 'Make an access key for a user',
    load: async () => (await import('./access-key.ts')).accessKeyCreate,
  },
  'access-key list': {
    about: 'List the access keys of a user',
    load: async () => (await import('./access-key.ts')).accessKeyList,
  },
  'access-key deactivate': {
    about: 'Refuse what is signed with an access key',
    load: async () => (await import('./access-key.ts')).accessKeyDeactivate,
  },
  'access-key activate': {
    about: 'Take it into use again',
    load: async () => (await import('./access-key.ts')).accessKeyActivate,
  },
  'access-key delete': {
    about: 'Delete an access key',
    load: async () => (await import('./access-key.ts')).accessKeyDelete,
  },
  'role create': {
    about: 'Make a role, and say who may assume it',
    load: async () => (await import('./role.ts')).roleCreate,
  },
  'role list': { about: 'List the roles', load: async () => (await import('./role.ts')).roleList },
  'role show': {
    about: 'Show policies of a role, and who may assume it',
    load: async () => (await import('./role.ts')).roleShow,
  },
  'role delete': { about: 'Delete a role', load: async () => (await import('./role.ts')).roleDelete },
  'role assume': {
    about: 'Start a session of a role, and print what makes tools use it',
    load: async () => (await import('./role.ts')).roleAssume,
  },
  'policy create': {
    about: 'Make a managed policy of a file',
    load: async () => (await import('./policy.ts')).policyCreate,
  },
  'policy list': { about: 'List the managed policies', load: async () => (await import('./policy.ts')).policyList },
  'policy attach': {
    about: 'Give a managed policy to a user, a role or a group',
    load: async () => (await import('./policy.ts')).policyAttach,
  },
  'policy detach': { about: 'Take it away again', load: async () => (await import('./policy.ts')).policyDetach },
  'account create': {
    about: 'Make another account, with an administrator',
    load: async () => (await import('./account.ts')).accountCreate,
  },
  'account list': { about: 'List the accounts', load: async () => (await import('./account.ts')).accountList },
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
    const asked = first === 'help' ? rest : argv
    const group = asked.slice(1).every(word => word.startsWith('-')) ? groupOf(asked[0]) : []
    process.stdout.write(group.length > 0 ? await overview(group) : (await find(asked)).verb.help())
  } else {
    const { verb, words } = await find(argv)
    return (await verb.run(words)) ?? 0
  }
  return 0
}

/** Verbs of two words of which this is the first, and none by itself. */
const groupOf = (word = ''): string[] =>
  Object.hasOwn(verbs, word) ? [] : Object.keys(verbs).filter(name => name.startsWith(`${word} `))

/** The longest verb that the words begin with, and what follows it. */
async function find(argv: readonly string[]): Promise<{ verb: Verb; words: readonly string[] }> {
  for (const length of [2, 1]) {
    const name = argv.slice(0, length).join(' ')
    const row = Object.hasOwn(verbs, name) ? verbs[name] : undefined
    if (row) return { verb: await row.load(), words: argv.slice(length) }
  }
  const { UsageError, hint } = await import('./verb.ts')
  const [first, second] = argv
  if (first === undefined) throw new UsageError('Say what to do: keyreeve --help lists the verbs.')
  if (first.startsWith('-')) throw new UsageError(`There is no option ${first}${hint(first, ['--help', '--version'])}`)
  const group = groupOf(first)
  if (group.length > 0) {
    const isMisspelt = second !== undefined && !second.startsWith('-')
    const seconds = group.map(name => name.slice(first.length + 1))
    if (isMisspelt) throw new UsageError(`There is no verb ${first} ${second}${hint(second, seconds)}`)
    throw new UsageError(`Say what to do: keyreeve ${group.join(', ')}.`)
  }
  const known = Object.keys(verbs).flatMap(name => [name, name.replace(/ .*/, '')])
  throw new UsageError(`There is no verb ${first}${hint(first, known)} keyreeve --help lists all.`)
}

/** @param only these verbs */
async function overview(only = Object.keys(verbs)): Promise<string> {
  const { table } = await import('./verb.ts')
  return [
    'Keyreeve, a key management service that is compatible with AWS KMS.\n',
    'Usage: keyreeve <verb> [options]\n',
    table(only.map(name => [name, verbs[name]?.about ?? ''])),
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
