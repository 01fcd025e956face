import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { oneByOne } from './load.ts'

/** A server in a process of its own, and what it costs. */
export interface Server {
  readonly port: number
  /** From the start of the process to the first answer, in milliseconds. */
  readonly readyAfter: number
  /** Processor time of all threads until then, in milliseconds. */
  readonly readyCpu: number
  /** Processor time of all threads so far, in milliseconds. NaN where there is no /proc. */
  cpu(): number
  /** Resident memory in bytes. NaN where there is no /proc. */
  memory(): number
  stop(): Promise<void>
}

export interface Keyreeve extends Server {
  readonly credentials: { accessKeyId: string; secret: Buffer }
  /** Waits until as many wrapping keys of each size are ready as are kept ready, and their maker is idle. */
  poolFilled(): Promise<void>
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** How many wrapping keys of each size Keyreeve keeps ready here; also its default. */
export const poolSize = 4

/** Everything that the servers write. */
export const folder = mkdtempSync(join(tmpdir(), 'keyreeve-bench-'))
/** Servers that run; none outlives the benchmark. */
const children = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

export async function startBare(): Promise<Server> {
  const port = await freePort()
  return await start([here('bare.ts'), String(port)], port, folder)
}

const hardening = ['--disable-sigusr1', '--disable-proto=delete', '--disallow-code-generation-from-strings']
const program = [here('../packages/server/src/cli/index.ts'), 'start']

/**
 * @param name of its home, compile cache included: a new one makes a first start
 * @param profile a folder for a CPU profile of each thread, written at the end
 */
export async function startKeyreeve(name: string, profile?: string): Promise<Keyreeve> {
  const [port, adminPort] = [await freePort(), await freePort()]
  const home = join(folder, name)
  const data = join(home, 'data')
  const profiling = profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profile]
  const ports = ['--port', String(port), '--admin-port', String(adminPort)]
  const flags = ['--data', data, ...ports, '--wrapping-pool-size', String(poolSize)]
  const server = await start([...hardening, ...profiling, ...program, ...flags], port, home)
  const text = readFileSync(join(data, 'credentials'), 'latin1')
  const [, accessKeyId = '', secret = ''] = /aws_access_key_id = (\S+)\naws_secret_access_key = (\S+)/.exec(text) ?? []
  return {
    ...server,
    credentials: { accessKeyId, secret: Buffer.from(secret) },
    async poolFilled() {
      for (;;) {
        const answer = await fetch(`http://127.0.0.1:${adminPort}/metrics`)
        const levels = (await answer.text()).matchAll(/^kms_wrapping_key_pool_size\{.*\} (\d+)$/gm)
        if (levels.every(([, level]) => Number(level) === poolSize)) return
        await wait(100)
      }
    },
  }
}

/** The time that Node itself takes to start and end, in milliseconds. */
export async function startNothing(): Promise<number> {
  const started = performance.now()
  await once(spawn(process.execPath, ['-e', '0']), 'exit')
  return performance.now() - started
}

async function start(argv: readonly string[], port: number, home: string): Promise<Server> {
  const started = performance.now()
  const child = spawn(process.execPath, argv, {
    env: { PATH: process.env['PATH'], HOME: home, TMPDIR: folder },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  children.add(child)
  child.once('exit', () => children.delete(child))
  let complaints = ''
  child.stderr.on('data', chunk => (complaints += String(chunk)))
  const ended = once(child, 'exit')
  const { pid } = child
  if (pid === undefined) throw new Error(`${process.execPath} cannot be run.`)
  while (!(await answers(port))) {
    if (child.exitCode !== null) throw new Error(`${argv.join(' ')} has ended:\n${complaints}`)
    await wait(2)
  }
  return {
    port,
    readyAfter: performance.now() - started,
    readyCpu: cpuOf(pid),
    cpu: () => cpuOf(pid),
    memory: () => memoryOf(pid),
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

const areYouReady = Buffer.from('GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n')

async function answers(port: number): Promise<boolean> {
  try {
    await oneByOne(port, [areYouReady])
    return true
  } catch {
    return false
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address ? address.port : 0
}

/** A tick of /proc is 10 ms wherever Node runs. */
const millisecondsPerTick = 10

function cpuOf(pid: number): number {
  if (process.platform !== 'linux') return Number.NaN
  // Fields 14 and 15 of proc_pid_stat(5); the name, field 2, may hold spaces.
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * millisecondsPerTick
}

function memoryOf(pid: number): number {
  if (process.platform !== 'linux') return Number.NaN
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) * 1024
}
