import { writeSync } from 'node:fs'
import { openSqlite } from '../../src/store/sqlite.ts'
import type { Engine } from '../../src/store/store.ts'
import { commit, entry, row } from './conformance.ts'

/**
 * A process of its own that writes until it is killed, the store fails, or each writer has made so many commits:
 * `node writer.ts <directory> [commits]`. On the standard output, a line for each event, written before the next one:
 * `ready`, `ack <writer> <count>`, `erased <number>`, `failed <message>`, `closed`.
 *
 * Each commit of a writer counts one further in three places, which must never disagree: a counter row, its twin, and an
 * audit entry. Between them one more writer makes rows with a secret in them, and removes them, erasing.
 */
export const writers = 8

/** The secret in the body of the row of that number. */
export const secretOf = (number: number): string => `<secret ${number} of the row that was removed>`

/** What the store holds of a writer: how far each of the three places has counted. */
export async function countsOf(engine: Engine, writer: number): Promise<{ counter: number; twin: number }> {
  const [counter, twin] = [await engine.get('counter', `${writer}`), await engine.get('twin', `${writer}`)]
  return { counter: Number(counter?.body ?? 0), twin: Number(twin?.body ?? 0) }
}

/** As a whole, before anything else happens; a reader that is slow is waited for. */
function say(line: string): void {
  let rest = Buffer.from(`${line}\n`)
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(1, rest))
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error
    }
  }
}

async function count(engine: Engine, writer: number, commits: number): Promise<void> {
  let { counter } = await countsOf(engine, writer)
  for (const end = counter + commits; counter < end;) {
    counter++
    // Long ones too, so that rows move between pages.
    const body = String(counter).padStart(1 + ((counter * 37) % 600), '0')
    const puts = [
      row({ kind: 'counter', id: `${writer}`, ref: `${counter % 3}`, due: counter, version: counter, body }),
      row({ kind: 'twin', id: `${writer}`, version: counter, body }),
    ]
    const result = await engine.commit(commit({ puts, entries: [entry(`${writer} ${counter}`, counter)] }))
    if (result !== 'committed') throw new Error(`writer ${writer} was refused: ${result}`)
    say(`ack ${writer} ${counter}`)
  }
}

async function erase(engine: Engine, commits: number): Promise<void> {
  let number = Number((await engine.get('secrets', 'made'))?.body ?? 0)
  for (const end = number + commits; number < end;) {
    number++
    const body = secretOf(number).repeat(1 + ((number * 11) % 90))
    await engine.commit(
      commit({
        puts: [
          row({ kind: 'secrets', id: 'made', version: number, body: String(number) }),
          row({ id: `${number}`, body }),
        ],
      }),
    )
    const removes = [{ kind: 'key', id: `${number}`, version: 1 }]
    const result = await engine.commit(commit({ removes, erase: true }))
    if (result !== 'committed') throw new Error(`erasing was refused: ${result}`)
    say(`erased ${number}`)
  }
}

if (import.meta.main) {
  const [directory = '', commits = 'Infinity'] = process.argv.slice(2)
  const engine = await openSqlite(directory, { compact: ['counter', 'twin'] })
  say('ready')
  try {
    const counting = Array.from({ length: writers }, (_, writer) => count(engine, writer, Number(commits)))
    await Promise.all([...counting, erase(engine, Math.ceil(Number(commits) / 10))])
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('The store has failed'))) throw error
    const failure = await engine.failed
    say(`failed ${failure.message}`)
    // Nothing more may be promised.
    const late = await engine.commit(commit({ entries: [entry('late')] })).catch(() => undefined)
    if (late !== undefined) throw new Error(`committed after the failure: ${late}`, { cause: error })
    process.exit(3)
  }
  await engine.close()
  say('closed')
}
