import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, suite, test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { start } from '../../packages/server/test/support/server.ts'

/** What the clients are told of a server: what `keyreeve start` prints, and nothing else. */
export interface Target {
  address: string
  /** A shared credentials file. */
  credentials: string
  /** Variables beside these. */
  environment?: Readonly<Record<string, string>>
}

/** Something that must be on the machine, and how to get it. */
interface Tool {
  /** Prints the version. */
  command: readonly [string, ...string[]]
  /** Version that will do. */
  wanted: RegExp
  install: string
}

const tools = {
  bash: { command: ['bash', '--version'], wanted: /^GNU bash/, install: 'apt-get install bash' },
  openssl: {
    command: ['openssl', 'version'],
    wanted: /^OpenSSL [3-9]\./,
    install: 'version 3 or later, apt-get install openssl',
  },
  npm: { command: ['npm', '--version'], wanted: /^\d/, install: 'npm, which comes with Node' },
  terraform: { command: ['terraform', 'version'], wanted: /^Terraform v1\./, install: 'version 1, from hashicorp.com' },
  aws: { command: ['aws', '--version'], wanted: /^aws-cli\/[12]\./, install: 'pip install awscli' },
  boto3: python('boto3', 'boto3'),
  // Older ones do not know all operations.
  botocore: { ...python('botocore', 'botocore'), wanted: /^1\.(4[4-9]|[5-9]\d|\d{3,})\./ },
  'aws-encryption-sdk': python('aws_encryption_sdk', 'aws-encryption-sdk'),
} satisfies Record<string, Tool>

function python(module: string, distribution: string): Tool {
  const script = `import importlib.metadata, ${module}; print(importlib.metadata.version('${distribution}'))`
  return { command: ['python3', '-c', script], wanted: /^\d/, install: `pip install ${distribution}` }
}

export type ToolName = keyof typeof tools

/** The first line that the tool says of its version; undefined if it is not there or will not do. */
async function versionOf({ command: [program, ...args], wanted }: Tool): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(program, args)
    return wanted.test(stdout) ? stdout.split(/[\r\n]/, 1)[0] : undefined
  } catch {
    return undefined
  }
}

/** For a test's `skip`: false if all of these are there, otherwise which are not, and how to get them. */
export async function lacking(...names: readonly ToolName[]): Promise<string | false> {
  const versions = await Promise.all(names.map(name => versionOf(tools[name])))
  const absent = names.filter((_, at) => versions[at] === undefined)
  return absent.length > 0 && absent.map(name => `wants ${name}: ${tools[name].install}`).join('; ')
}

/** Says in the test's output which versions it ran with. */
export async function tellVersions(t: TestContext, ...names: readonly ToolName[]): Promise<void> {
  for (const name of names) t.diagnostic(`${name}: ${await versionOf(tools[name])}`)
}

/** A client that hangs is as broken as one that fails; milliseconds. */
const patience = 60_000

/** The environment of a program: nothing that this machine happens to be configured with. */
export const bareEnvironment = (home: string): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  HOME: home,
  TZ: 'UTC',
})

const variables = ({ address, credentials, environment }: Target): Record<string, string> => ({
  AWS_ENDPOINT_URL: address,
  AWS_REGION: 'us-east-1',
  // Version 1 of the AWS CLI and boto3 know the Region only by this name.
  AWS_DEFAULT_REGION: 'us-east-1',
  AWS_SHARED_CREDENTIALS_FILE: credentials,
  ...environment,
})

interface Ending {
  status: number | null
  stdout: string
  stderr: string
}

async function runIn(
  folder: string,
  target: Target | undefined,
  program: string,
  args: readonly string[],
  timeout = patience,
): Promise<Ending> {
  const child = spawn(program, args, {
    cwd: folder,
    env: { ...bareEnvironment(folder), ...(target && variables(target)) },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout,
  })
  const closed = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const [stdout, stderr, status] = await Promise.all([text(child.stdout), text(child.stderr), closed])
  return { status, stdout, stderr }
}

/** A folder that is removed after the test. */
export async function makeFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'keyreeve-clients-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

/** A shell in a folder of its own, where the commands of AWS's documentation run as they stand. */
export interface Shell {
  /** Runs a script that must succeed; gives its output without the last line break. */
  run: (script: string) => Promise<string>
  /** Runs a script that must succeed, and reads its output as JSON. */
  json: <T = Record<string, unknown>>(script: string) => Promise<T>
  /** Runs a command that the server must refuse with `code`; gives the refusal's text. */
  refusal: (code: string, command: string) => Promise<string>
  write: (name: string, content: string | Uint8Array) => Promise<void>
}

/** AWS's pages pipe keys through xxd, which not every machine has. */
const prelude = `
set -euo pipefail
command -v xxd >/dev/null || xxd() { od -An -v -tx1 | tr -d ' '; }
`

/**
 * @param target for the AWS CLI; without it the scripts must say
 * @param timeout of a script, in milliseconds
 */
export async function openShell(t: TestContext, target?: Target, timeout?: number): Promise<Shell> {
  const folder = await makeFolder(t)
  const bash = (script: string): Promise<Ending> => runIn(folder, target, 'bash', ['-c', prelude + script], timeout)
  const run = async (script: string): Promise<string> => {
    const { status, stdout, stderr } = await bash(script)
    assert.equal(status, 0, `${script}\nended with ${status}:\n${stderr}`)
    return stdout.trimEnd()
  }
  return {
    run,
    json: async <T>(script: string) => JSON.parse(await run(script)) as T, // The test says what the command prints.
    async refusal(code, command) {
      const { status, stdout, stderr } = await bash(command)
      const [, given, said] = /An error occurred \((\w+)\) when calling the \w+ operation:(.*)/s.exec(stderr) ?? []
      assert.equal(given, code, `${command}\nended with ${status}:\n${stdout}${stderr}`)
      // What a client error is: 255 to version 1 of the CLI, 254 to version 2.
      assert.ok(status === 254 || status === 255, `${command}\nended with ${status}`)
      return said?.trim() ?? ''
    },
    write: (name, content) => writeFile(join(folder, name), content),
  }
}

/** What a Python script writes. */
export async function pythonPrints(path: string): Promise<string> {
  const { stdout } = await promisify(execFile)('python3', [path], { timeout: patience, maxBuffer: 16 * 1024 * 1024 })
  return stdout
}

/** What the checks of a suite share. */
export interface Stage {
  target: Target
  close: () => Promise<void>
}

async function openStage(): Promise<Stage> {
  const server = await start()
  return { target: { address: server.address, credentials: server.app.credentials }, close: () => server.stop() }
}

/**
 * A suite of a Python script in this folder: every function `check_...` is a test, titled by its docstring, of a server
 * that they share. The script runs the one that its argument names.
 *
 * @param needs what the script imports
 */
export async function suiteOfPython(
  title: string,
  script: string,
  needs: readonly ToolName[],
  open: () => Promise<Stage> = openStage,
): Promise<void> {
  const path = fileURLToPath(new URL(script, import.meta.url))
  const checks = [...(await readFile(path, 'utf8')).matchAll(/^def (check_\w+)\(\):\n {4}"""(.+)"""$/gm)]
  assert.ok(checks.length > 0, `${script} has no checks`)
  const skip = await lacking(...needs)
  void suite(title, { skip, concurrency: 2 }, () => {
    let stage: Stage
    before(async () => {
      stage = await open()
    })
    after(() => stage.close())

    for (const [at, [, name = '', about = '']] of checks.entries()) {
      test(about, async t => {
        if (at === 0) await tellVersions(t, ...needs)
        const { status, stderr } = await runIn(await makeFolder(t), stage.target, 'python3', [path, name])
        // As Automake's tests say that they cannot run here.
        if (status === 77) return t.skip(stderr.trim())
        assert.equal(status, 0, `${name} of ${script} ended with ${status}:\n${stderr}`)
      })
    }
  })
}
