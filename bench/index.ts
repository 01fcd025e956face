import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { load, oneByOne, type Load } from './load.ts'
import { operations as everything, prepare, signAll, type Operation } from './requests.ts'
import { poolSize, startBare, startKeyreeve, startNothing, type Server } from './servers.ts'

const help = `npm run bench -- [options]

Measures Keyreeve against a bare node:http server that answers the same requests with a fixed answer. The two take turns
within each round, and what counts is the ratio: a figure in requests per second says more of the machine than of us.

  --operation <names>    of these (default: all), with commas between them:
                         ${everything.join(' ')}
  --connections <list>   how many connections send at a time (default: 1,16,64)
  --rounds <n>           how often each case is measured (default: 7; fewer tell little)
  --seconds <n>          how long each server is loaded in each round (default: 1.5)
  --pin <cores>          keep servers and load on these cores, as taskset names them: on one and the same core, such as
                         0, wake-ups between idle cores do not count
  --quick                3 rounds of 0.7 seconds, without 16 connections
  --profile <folder>     write CPU profiles of Keyreeve's threads there
  --json <file>          write all figures there as well
  --help
`

const { values: flags } = parseArgs({
  options: {
    operation: { type: 'string' },
    connections: { type: 'string' },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    pin: { type: 'string' },
    quick: { type: 'boolean', default: false },
    profile: { type: 'string' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

if (flags.help) {
  process.stdout.write(help)
  process.exit()
}

const operations = flags.operation?.split(',') ?? everything
for (const name of operations) if (!everything.includes(name as Operation)) fail(`There is no operation ${name} here.`)
const connectionCounts = (flags.connections ?? (flags.quick ? '1,64' : '1,16,64')).split(',').map(positive)
const rounds = positive(flags.rounds ?? (flags.quick ? '3' : '7'))
const seconds = positive(flags.seconds ?? (flags.quick ? '0.7' : '1.5'))

/** Code is compiled while it runs: only after so many requests does one cost what it will cost from then on. */
const coldRequests = 25_000
/** After so many seconds the code of a slow operation is as fast as it gets, however few requests it has answered. */
const longestWarmUp = 5
/** Measured in ways of their own: what matters is what others feel of them. */
const disturbing: readonly Operation[] = ['GetParametersForImport', 'CreateKey-RSA_4096']

if (flags.pin !== undefined) {
  // What is started later inherits it.
  const pinned = spawnSync('taskset', ['-acp', flags.pin, String(process.pid)])
  if (pinned.status !== 0) fail(`taskset cannot pin to ${flags.pin}: ${pinned.error?.message ?? String(pinned.stderr)}`)
}

const [processor] = cpus()
const machine = {
  node: process.version,
  platform: `${process.platform} ${release()} ${process.arch}`,
  processor: processor?.model ?? '',
  cores: cpus().length,
  memory: totalmem(),
  pinned: flags.pin ?? null,
  load: loadavg(),
}
say(
  `Node ${machine.node}, ${machine.platform}, ${machine.cores} x ${machine.processor}, load ${machine.load[0]?.toFixed(1)}`,
)
if (flags.pin !== undefined) say(`Servers and load share the cores ${flags.pin}.`)
else say('Servers, their threads and the load share all cores: more of them, or fewer neighbours, change every figure.')
say(
  'Trust the ratios, and of these most the ones of CPU; other programs on this machine, and other guests, disturb all.\n',
)

const startUp = await measureStartUp(flags.quick ? 1 : 3)
const bare = await startBare()
const keyreeve = await startKeyreeve('start-0', flags.profile)
await keyreeve.poolFilled()
// Idle is when the threads that made the wrapping keys have ended too: after ten seconds without a task.
await wait(11_000)
const memory = { idle: keyreeve.memory(), loaded: 0, bareIdle: bare.memory(), bareLoaded: 0 }
const bodies = await prepare(keyreeve)
const cases = await measureCases()
const imports = operations.includes('GetParametersForImport') ? await measureImports() : undefined
const generation = operations.includes('CreateKey-RSA_4096') ? await measureGeneration() : undefined
memory.loaded = keyreeve.memory()
memory.bareLoaded = bare.memory()
await Promise.all([bare.stop(), keyreeve.stop()])
report()
if (flags.json !== undefined) {
  const figures = { machine, rounds, seconds, cases, imports, generation, startUp, memory }
  writeFileSync(flags.json, `${JSON.stringify(figures, undefined, 2)}\n`)
}

/** One server in one round. */
interface Figures {
  perSecond: number
  p50: number
  p99: number
  /** Microseconds of all threads for one request. */
  cpu: number
}

interface Case {
  operation: Operation
  connections: number
  /** Of each round. */
  keyreeve: Figures[]
  bare: Figures[]
}

async function measureCases(): Promise<Case[]> {
  const list: Case[] = everything
    .filter(operation => !disturbing.includes(operation) && operations.includes(operation))
    .flatMap(operation => connectionCounts.map(connections => ({ operation, connections, keyreeve: [], bare: [] })))
  await warmUp([...new Set(list.map(({ operation }) => operation))])
  for (let round = 0; round < rounds; round++) {
    for (const each of list) {
      const requests = signAll(keyreeve, each.operation, bodies[each.operation])
      const turns = [
        async () => void each.bare.push(await measure(bare, requests, each.connections)),
        async () => void each.keyreeve.push(await measure(keyreeve, requests, each.connections)),
      ]
      for (const turn of round % 2 === 0 ? turns : turns.reverse()) await turn()
    }
    process.stderr.write(`round ${round + 1} of ${rounds}\n`)
  }
  return list
}

async function warmUp(names: readonly Operation[]): Promise<void> {
  for (const operation of names) {
    const requests = signAll(keyreeve, operation, bodies[operation])
    for (const server of [bare, keyreeve]) {
      let answers = 0
      for (let time = 0; time < longestWarmUp && answers < coldRequests / names.length; time += 0.5) {
        answers += (await load(server.port, requests, { connections: 64, seconds: 0.5 })).answers
      }
    }
  }
}

async function measure(server: Server, requests: readonly Buffer[], connections: number): Promise<Figures> {
  const before = server.cpu()
  const done = await load(server.port, requests, { connections, seconds })
  return {
    perSecond: done.answers / done.seconds,
    p50: quantile(done, 0.5),
    p99: quantile(done, 0.99),
    cpu: ((server.cpu() - before) * 1000) / done.answers,
  }
}

interface Imports {
  /** Milliseconds of each request, from a full pool. */
  parameters: number[]
  /** The same of Encrypt, in between. */
  encrypt: number[]
  /** p99 of Encrypt over eight connections in each round, at rest and while wrapping keys are made. */
  quiet: number[]
  refilling: number[]
}

async function measureImports(): Promise<Imports> {
  const figures: Imports = { parameters: [], encrypt: [], quiet: [], refilling: [] }
  const eight = { connections: 8, seconds }
  for (let round = 0; round < Math.min(rounds, 7); round++) {
    await keyreeve.poolFilled()
    const encrypt = signAll(keyreeve, 'Encrypt', bodies.Encrypt)
    figures.quiet.push(quantile(await load(keyreeve.port, encrypt, eight), 0.99))
    for (let ready = poolSize; ready > 1; ready--) {
      figures.encrypt.push(...(await oneByOne(keyreeve.port, encrypt.slice(0, 20))))
      const parameters = signAll(keyreeve, 'GetParametersForImport', bodies.GetParametersForImport)
      figures.parameters.push(...(await oneByOne(keyreeve.port, parameters)))
    }
    figures.refilling.push(quantile(await load(keyreeve.port, encrypt, eight), 0.99))
  }
  return figures
}

interface Generation {
  /** p99 of Decrypt over eight connections in each round, at rest and while eight clients create RSA keys. */
  quiet: number[]
  disturbed: number[]
  /** Keys made in a second while Decrypt was measured too, and until the last client had its key. */
  keys: number[]
}

async function measureGeneration(): Promise<Generation> {
  const figures: Generation = { quiet: [], disturbed: [], keys: [] }
  const eight = { connections: 8, seconds }
  for (let round = 0; round < Math.min(rounds, 7); round++) {
    await keyreeve.poolFilled()
    const decrypt = signAll(keyreeve, 'Decrypt', bodies.Decrypt)
    const createKey = signAll(keyreeve, 'CreateKey-RSA_4096', bodies['CreateKey-RSA_4096'])
    figures.quiet.push(quantile(await load(keyreeve.port, decrypt, eight), 0.99))
    const created = load(keyreeve.port, createKey, eight)
    figures.disturbed.push(quantile(await load(keyreeve.port, decrypt, eight), 0.99))
    const { answers, seconds: elapsed } = await created
    figures.keys.push(answers / elapsed)
  }
  return figures
}

interface StartUp {
  /** Milliseconds to the first answer, with a new data folder, and later. */
  cold: number[]
  warm: number[]
  /** Milliseconds of processor time until then. */
  coldCpu: number[]
  warmCpu: number[]
  bare: number[]
  /** Until `node -e 0` has ended. */
  node: number[]
}

async function measureStartUp(times: number): Promise<StartUp> {
  const figures: StartUp = { cold: [], warm: [], coldCpu: [], warmCpu: [], bare: [], node: [] }
  for (let time = 0; time < times; time++) {
    figures.node.push(await startNothing())
    const other = await startBare()
    figures.bare.push(other.readyAfter)
    await other.stop()
    for (const kind of ['cold', 'warm'] as const) {
      const server = await startKeyreeve(`start-${time}`)
      figures[kind].push(server.readyAfter)
      figures[`${kind}Cpu`].push(server.readyCpu)
      await server.stop()
    }
  }
  return figures
}

function report(): void {
  const columns = ['operation', 'conn.', 'per s', 'bare', 'ratio', 'p50 ms', 'p99 ms', 'CPU us', 'bare', 'ratio']
  const rows = cases.map(each => {
    const of = (name: keyof Figures) => median(each.keyreeve.map(figures => figures[name]))
    const ofBare = (name: keyof Figures) => median(each.bare.map(figures => figures[name]))
    return [
      each.operation,
      String(each.connections),
      of('perSecond').toFixed(0),
      ofBare('perSecond').toFixed(0),
      ratio(each, 'perSecond').toFixed(2),
      of('p50').toFixed(2),
      of('p99').toFixed(2),
      of('cpu').toFixed(0),
      ofBare('cpu').toFixed(0),
      ratio(each, 'cpu').toFixed(2),
    ]
  })
  if (rows.length > 0) say(table([columns, ...rows]))
  if (imports) {
    const [parameters, encrypt] = [median(imports.parameters), median(imports.encrypt)]
    const [quiet, refilling] = [median(imports.quiet), median(imports.refilling)]
    say(
      `GetParametersForImport (RSA_4096, pool full), p50: ${parameters.toFixed(2)} ms, ` +
        `${(parameters / encrypt).toFixed(2)} of Encrypt over 1 connection (${encrypt.toFixed(2)} ms).`,
    )
    say(
      `Encrypt over 8 connections while wrapping keys are made, p99: ${refilling.toFixed(2)} ms, ` +
        `${(refilling / quiet).toFixed(2)} of p99 at rest (${quiet.toFixed(2)} ms).\n`,
    )
  }
  if (generation) {
    const [quiet, disturbed] = [median(generation.quiet), median(generation.disturbed)]
    say(
      `Decrypt over 8 connections while 8 clients create RSA_4096 keys (${median(generation.keys).toFixed(2)} a second), ` +
        `p99: ${disturbed.toFixed(2)} ms, ${(disturbed / quiet).toFixed(2)} of p99 at rest (${quiet.toFixed(2)} ms).\n`,
    )
  }
  const ms = (values: readonly number[]) => `${median(values).toFixed(0)} ms`
  say(
    `Start to first answer: ${ms(startUp.cold)} the first time (CPU ${ms(startUp.coldCpu)}), ` +
      `${ms(startUp.warm)} later (CPU ${ms(startUp.warmCpu)}); bare ${ms(startUp.bare)}; node -e 0 ${ms(startUp.node)}.`,
  )
  const mb = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`
  say(
    `Resident memory: ${mb(memory.idle)} idle, ${mb(memory.loaded)} after the load; ` +
      `bare ${mb(memory.bareIdle)} and ${mb(memory.bareLoaded)}.\n`,
  )
  const encrypt64 = cases.find(each => each.operation === 'Encrypt' && each.connections === 64)
  // The aim was set with the load on the servers' own core, where what it costs itself counts on both sides.
  const core = flags.pin === undefined ? ' (meant for --pin 0)' : ''
  if (encrypt64) aim(`Encrypt over 64 connections, of bare${core}`, ratio(encrypt64, 'perSecond'), 0.4, 'at least')
  if (generation) aim('Decrypt p99 while RSA_4096 keys are created, ms', median(generation.disturbed), 50, 'below')
  aim('start to first answer, ms', median(startUp.warm), 500, 'below')
  aim('resident memory idle, MB', memory.idle / 1e6, 120, 'below')
}

/** Of Keyreeve to the bare server that was measured beside it: the median over the rounds. */
function ratio({ keyreeve: ours, bare: theirs }: Case, name: keyof Figures): number {
  return median(ours.map((figures, round) => figures[name] / (theirs[round]?.[name] ?? Number.NaN)))
}

function aim(what: string, value: number, bound: number, kind: 'at least' | 'below'): void {
  const isMet = kind === 'below' ? value < bound : value >= bound
  say(`${isMet ? 'met   ' : 'MISSED'}  ${what}: ${value.toFixed(value < 10 ? 2 : 0)}, ${kind} ${bound}`)
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle) - 1] ?? Number.NaN)) / 2
}

function quantile({ latencies }: Load, share: number): number {
  return latencies[Math.floor(share * (latencies.length - 1))] ?? Number.NaN
}

function table(rows: readonly (readonly string[])[]): string {
  const width = (column: number) => Math.max(...rows.map(row => row[column]?.length ?? 0))
  return rows
    .map(row => row.map((cell, at) => (at === 0 ? cell.padEnd(width(at)) : cell.padStart(width(at)))).join('  '))
    .join('\n')
    .concat('\n')
}

function positive(text: string): number {
  const value = Number(text)
  if (!(value > 0)) fail(`${text} is no positive number.`)
  return value
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

function fail(text: string): never {
  process.stderr.write(`${text}\n`)
  process.exit(1)
}
