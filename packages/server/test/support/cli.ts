import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('../../src/cli/index.ts', import.meta.url))
const nodeFlags = ['--disable-sigusr1', '--disable-proto=delete', '--disallow-code-generation-from-strings']

export type Environment = Record<string, string>

/** A folder with a home of its own, in which commands run as processes. */
export interface Workplace {
  folder: string
  /** What commands see of the environment: nothing of this machine's AWS_ and KEYREEVE_ variables. */
  environment: Environment
  /** What writes here until it is told to end. */
  servers: { child: ChildProcess; closed: Promise<unknown> }[]
}

export interface Finished {
  /** Null if a signal ended it. */
  status: number | null
  stdout: string
  stderr: string
}

/** @param t kills in the end what still runs in the folder, and then removes it: what is written into meanwhile stays */
export function makeWorkplace(t: TestContext): Workplace {
  // The real path, as programs print it: on macOS the temporary folder is a link.
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'keyreeve-cli-')))
  const servers: Workplace['servers'] = []
  t.after(async () => {
    for (const { child } of servers) child.kill('SIGKILL')
    await Promise.all(servers.map(({ closed }) => closed))
    rmSync(folder, { recursive: true })
  })
  const [bin, home] = [join(folder, 'bin'), join(folder, 'home')]
  mkdirSync(bin)
  mkdirSync(home)
  const command = [process.execPath, ...nodeFlags, script].map(word => `'${word}'`).join(' ')
  writeFileSync(join(bin, 'keyreeve'), `#!/bin/sh\nexec ${command} "$@"\n`)
  chmodSync(join(bin, 'keyreeve'), 0o755)
  return { folder, environment: { PATH: `${bin}:${process.env['PATH'] ?? ''}`, HOME: home }, servers }
}

/** Runs `keyreeve` with these words. */
export function spawnKeyreeve(
  { folder, environment }: Workplace,
  args: readonly string[],
  more: Environment = {},
  flags: readonly string[] = nodeFlags,
): ChildProcess {
  return spawn(process.execPath, [...flags, script, ...args], {
    cwd: folder,
    env: { ...environment, ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** What a process says until its end. */
export async function finish(child: ChildProcess): Promise<Finished> {
  const [stdout, stderr, [status]] = await Promise.all([text(child.stdout!), text(child.stderr!), once(child, 'close')])
  return { status: status as number | null, stdout, stderr }
}

export async function keyreeve(place: Workplace, args: readonly string[], more?: Environment): Promise<Finished> {
  return await finish(spawnKeyreeve(place, args, more))
}

/** A server in a process of its own, which has said that it is ready. */
export interface ServerProcess {
  child: ChildProcess
  /** Such as `http://127.0.0.1:4599`. */
  address: string
  port: number
  /** All of stdout up to the line `Ready.` */
  greeting: string
  /** How it ended; stdout is what came after the greeting. */
  finished: Promise<Finished>
}

export async function startProcess(
  place: Workplace,
  args: readonly string[] = [],
  more?: Environment,
): Promise<ServerProcess> {
  // RSA keys are made when asked for: a pool would keep a processor busy that the tests need.
  return await whenReady(place, spawnKeyreeve(place, ['start', '--wrapping-pool-size', '0', ...args], more))
}

export async function whenReady(place: Workplace, child: ChildProcess): Promise<ServerProcess> {
  let stdout = ''
  child.stdout!.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk))
  const stderr = text(child.stderr!)
  const closed = once(child, 'close')
  place.servers.push({ child, closed })
  const ready = async (): Promise<void> => {
    while (!/^Ready\.\n/m.test(stdout)) await once(child.stdout!, 'data')
  }
  await Promise.race([
    ready(),
    closed.then(async () => {
      throw new Error(`ended before it was ready: ${stdout}${await stderr}`)
    }),
  ])
  const greeting = stdout
  const [, address = '', port] = /^Address: +(\S+?:(\d+)\S*)$/m.exec(greeting) ?? []
  return {
    child,
    address,
    port: Number(port),
    greeting,
    finished: closed.then(async ([status]) => ({
      status: status as number | null,
      stdout: stdout.slice(greeting.length),
      stderr: await stderr,
    })),
  }
}

export interface AccessKey {
  accessKeyId: string
  secretAccessKey: string
}

/** What `keyreeve` has written for AWS's tools. */
export function readCredentials(path: string): AccessKey {
  const [, accessKeyId = '', secretAccessKey = ''] =
    /^\[default\]\naws_access_key_id = (\S+)\naws_secret_access_key = (\S+)\n$/.exec(readFileSync(path, 'latin1')) ?? []
  return { accessKeyId, secretAccessKey }
}
