import { clientFlags, clientHelp, connect, type Client } from './client.ts'
import { flagsHelp, readArguments, UsageError, type Flags, type Given, type Verb } from './verb.ts'

const callFlags = {
  ...clientFlags,
  region: { value: 'Region', help: 'Region to sign for (default: $AWS_REGION, else us-east-1)' },
} as const

/** What a verb has before it calls a server. */
interface Asked<W extends string, F extends Flags> {
  client: Client
  words: Readonly<Record<W, string>>
  given: Given<F>
}

/**
 * A verb that calls a server.
 *
 * @param words what must follow the verb, such as `name`
 * @param needs flags that must be there, for the help
 */
export function callingVerb<const W extends string = never, const F extends Flags = Record<never, never>>({
  name,
  words = [],
  needs,
  about,
  flags,
  run,
}: {
  name: string
  words?: readonly W[]
  needs?: string
  about: string
  flags: F
  run: (asked: Asked<W, F>) => Promise<void>
}): Verb {
  const usage = ['keyreeve', name, ...words.map(word => `<${word}>`), ...(needs ? [needs] : []), '[options]'].join(' ')
  const all: Flags = { ...flags, ...callFlags }
  return {
    help: () => `Usage: ${usage}\n\n${about}\n\n${flagsHelp(all)}\n${clientHelp}`,
    async run(argv) {
      const { given, words: found } = readArguments(argv, all, words.length)
      const missing = words[found.length]
      if (missing !== undefined) throw new UsageError(`<${missing}> is missing: ${usage}`)
      await run({
        client: connect(given as Given<typeof callFlags>, '', process.env), // They are among them all.
        words: Object.fromEntries(words.map((word, at) => [word, found[at]])) as Record<W, string>, // None is missing.
        given: given as Given<F>, // So are these.
      })
    },
  }
}
