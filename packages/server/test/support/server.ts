import { IAM } from '@aws-sdk/client-iam'
import { KMS } from '@aws-sdk/client-kms'
import { STS } from '@aws-sdk/client-sts'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '../../src/config.ts'
import { settleDue } from '../../src/jobs.ts'
import type { LogEvent } from '../../src/log.ts'
import { startServer, type RunningServer } from '../../src/main.ts'
import { isExpected } from './modelled-errors.ts'

/** A real server on a free port, over a data folder of its own, with a clock that the test turns. */
export interface TestServer extends RunningServer, Credentials {
  data: string
  /** What the server logged. */
  logged: LogEvent[]
  clock: Clock
  /** Official clients, whose clock follows the server's, also when that is turned. */
  client: (options?: ClientOptions) => KMS
  iam: (options?: ClientOptions) => IAM
  sts: (options?: ClientOptions) => STS
  /** Does what time has made due, though the clock has jumped. */
  settle: () => Promise<number>
  /** Every audit record so far, oldest first. */
  records: () => Promise<Record<string, unknown>[]>
  /** Stops the server and removes its data. */
  stop: () => Promise<void>
  /** Starts another server on a copy of what a crash would leave now. */
  afterCrash: () => Promise<TestServer>
  /** Stops the server, lets `meanwhile` at the data folder, and starts it again, with other flags if there are any. */
  restart: (options?: { meanwhile?: () => void; flags?: readonly string[] }) => Promise<TestServer>
}

export interface ClientOptions {
  region?: string
  /** Default: the administrator's. */
  credentials?: Credentials
}

export interface Credentials {
  accessKeyId: string
  secretAccessKey: string
  /** Of temporary ones. */
  sessionToken?: string
}

export interface Clock {
  /** Turns the clock forward (or back, with a negative number of milliseconds). */
  advance: (milliseconds: number) => void
  /** From now on only the test turns it. */
  hold: () => void
  now: () => number
}

const minute = 60_000

/** @param flags as on the command line of `keyreeve start` */
export async function start(
  flags: readonly string[] = [],
  previous?: { data: string; clock: TestClock },
): Promise<TestServer> {
  const folder = previous?.data ?? join(mkdtempSync(join(tmpdir(), 'keyreeve-')), 'data')
  const clock = previous?.clock ?? new TestClock()
  const logged: LogEvent[] = []
  // A pool would make RSA keys that most tests do not need.
  const usual = ['--data', folder, '--port', '0', '--wrapping-pool-size', '0']
  const config = loadConfig([...usual, ...flags], {}, path => readFileSync(path))
  const server = await startServer(
    config,
    event => void logged.push(event),
    () => clock.now(),
    () => clock.passed(),
  )
  watch(server)
  const text = readFileSync(server.app.credentials, 'latin1')
  const [, accessKeyId = '', secretAccessKey = ''] =
    /aws_access_key_id = (\S+)\naws_secret_access_key = (\S+)/.exec(text) ?? []
  const settings = ({ region = 'us-east-1', credentials = { accessKeyId, secretAccessKey } }: ClientOptions = {}) => ({
    region,
    endpoint: server.address,
    credentials,
    maxAttempts: 1,
  })
  const onClock = <C extends { config: object }>(client: C): C => {
    // Not to be set: the client would take the Date of an answer for the server's clock.
    const offset = { get: () => server.app.now() - Date.now(), set() {} }
    Object.defineProperty(client.config, 'systemClockOffset', offset)
    return client
  }
  return {
    ...server,
    data: folder,
    accessKeyId,
    secretAccessKey,
    logged,
    clock,
    client: options => onClock(new KMS(settings(options))),
    iam: options => onClock(new IAM(settings(options))),
    sts: options => onClock(new STS(settings(options))),
    settle: () => settleDue(server.app, server.app.now()),
    records: () => readRecords(server),
    async stop() {
      await server.close()
      rmSync(join(folder, '..'), { recursive: true })
    },
    async afterCrash() {
      const copy = join(mkdtempSync(join(tmpdir(), 'keyreeve-')), 'data')
      cpSync(folder, copy, { recursive: true })
      cpSync(`${folder}.root.key`, `${copy}.root.key`)
      return await start(flags, { data: copy, clock })
    },
    async restart({ meanwhile, flags: others = flags } = {}) {
      await server.close()
      meanwhile?.()
      return await start(others, { data: folder, clock })
    },
  }
}

/** What all servers of this process have answered. */
const answered = new Map<string, { operation: string; code: string }>()

function watch({ app }: RunningServer): void {
  const { observe } = app
  app.observe = (operation, code, seconds) => {
    answered.set(`${operation} ${code}`, { operation, code })
    observe(operation, code, seconds)
  }
}

// Not when a server stops: whatever else failed must be heard of first.
process.on('exit', () => {
  const unexpected = [...answered].filter(([, { operation, code }]) => !isExpected(operation, code))
  if (unexpected.length === 0) return
  process.exitCode = 1
  const pairs = unexpected.map(([pair]) => pair).sort()
  process.stderr.write(`Errors that no model names (modelled-errors.ts): ${pairs.join(', ')}\n`)
})

export class TestClock implements Clock {
  #offset = 0
  #forward = 0
  #held: number | undefined

  advance(milliseconds: number): void {
    this.#offset += milliseconds
    this.#forward += Math.max(0, milliseconds)
  }

  hold(): void {
    this.#held = Date.now()
  }

  now(): number {
    return (this.#held ?? Date.now()) + this.#offset
  }

  /** As `now`, but never turned back. */
  passed(): number {
    return (this.#held ?? Date.now()) + this.#forward
  }
}

async function readRecords({ app }: RunningServer): Promise<Record<string, unknown>[]> {
  const entries = await app.auditEntries(0, 100_000)
  return entries.map(entry => JSON.parse(entry.record) as Record<string, unknown>)
}

export const hours = 60 * minute
export const days = 24 * hours
