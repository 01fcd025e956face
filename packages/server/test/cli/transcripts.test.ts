import { IAM } from '@aws-sdk/client-iam'
import { KMS, type CreateKeyCommandInput } from '@aws-sdk/client-kms'
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { makeWorkplace, readCredentials, startProcess, type Workplace } from '../support/cli.ts'

/**
 * Each *.txt beside this file is what a user types and sees, in a folder of its own. `## ` begins a part, and its title;
 * `$ ` a command for the shell, and below it are its output and, unless 0, its `[exit status]`. What it exports lasts.
 *
 * If the transcript begins with the words `server:`, a server runs, on which the commands find some keys: EMPTY, OTHER, RSA,
 * EC and HMAC have origin EXTERNAL and no material, MADE has material of the server's own. There is a user alice, who may
 * decrypt for the app pay; her credentials are in the file alice.
 */
interface Step {
  command: string
  expected: string
}

interface Part {
  title: string
  steps: Step[]
}

function parse(transcript: string): Part[] {
  const [, ...parts] = transcript.split(/^## /m)
  return parts.map(part => {
    const [head = '', ...steps] = part.split(/^\$ /m)
    return {
      title: head.trim(),
      steps: steps.map(step => {
        const end = step.search(/(?<!\\)\n/)
        return { command: step.slice(0, end), expected: step.slice(end + 1).trim() }
      }),
    }
  })
}

/** What differs from run to run, as transcripts write it. */
function generalize(output: string, { folder }: Workplace, address: string): string {
  return output
    .replaceAll(folder, '<folder>')
    .replaceAll(address === '' ? folder : address, '<server>')
    .replaceAll(address.replace(/^.*:/, '') || folder, '<port>')
    .replace(/(?<=\(SHA-256\): |"PublicKeySha256": ")[0-9a-f]{64}\b/g, '<fingerprint>')
    .replace(/\b[0-9a-f]{64}\b/g, '<material id>')
    .replace(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(_\d{10})?\b/g, '<uuid>$2')
    .replace(/<uuid>_\d{10}/g, '<uuid>_<MMDDhhmmss>')
    .replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, '<time>')
    .replace(/\b(AKIA|ASIA)[A-Z2-7]{16}\b/g, '<access key>')
    .replace(/(?<=secret_access_key = |SecretAccessKey": "|SECRET_ACCESS_KEY=)[\w+/]{40}/gi, '<secret>')
    .replace(/(?<=SessionToken": "|SESSION_TOKEN=)[\w+/=-]{100,}/g, '<token>')
    .replace(/(?<=sign-in\/)[\w-]{43}/g, '<code>')
    .replace(/\(pid \d+\)/g, '(pid <pid>)')
    .trimEnd()
}

/** Runs a command in the place; what it exports is there for the next one. */
async function run(place: Workplace, command: string): Promise<{ output: string; status: number }> {
  const { folder, environment } = place
  const exported = join(folder, 'home', 'exported')
  const script = `[ ! -f '${exported}' ] || . '${exported}'\n${command}\nstatus=$?\nexport -p > '${exported}'\nexit $status`
  // Both outputs in one pipe, in the order in which a terminal would show them.
  const child = spawn('sh', ['-c', `exec 2>&1\n${script}`], { cwd: folder, env: environment })
  child.stdin.end()
  const [output, [status]] = await Promise.all([text(child.stdout), once(child, 'close')])
  return { output, status: Number(status) }
}

async function startServer(place: Workplace): Promise<string> {
  const { address } = await startProcess(place, ['--data', 'data', '--port', '0'])
  const credentials = readCredentials(join(place.folder, 'data', 'credentials'))
  const kms = new KMS({ region: 'us-east-1', endpoint: address, credentials })
  const create = async (input: CreateKeyCommandInput): Promise<string> => {
    const { KeyMetadata } = await kms.createKey(input)
    return KeyMetadata?.KeyId ?? ''
  }
  const Origin = 'EXTERNAL'
  Object.assign(place.environment, {
    EMPTY: await create({ Origin }),
    OTHER: await create({ Origin }),
    RSA: await create({ Origin, KeySpec: 'RSA_2048', KeyUsage: 'SIGN_VERIFY' }),
    EC: await create({ Origin, KeySpec: 'ECC_NIST_P256', KeyUsage: 'KEY_AGREEMENT' }),
    HMAC: await create({ Origin, KeySpec: 'HMAC_384', KeyUsage: 'GENERATE_VERIFY_MAC' }),
    MADE: await create({}),
    AWS_ENDPOINT_URL: address,
    AWS_SHARED_CREDENTIALS_FILE: join(place.folder, 'data', 'credentials'),
  })
  kms.destroy()
  await makeAlice(place, new IAM({ region: 'us-east-1', endpoint: address, credentials }))
  return address
}

async function makeAlice({ folder }: Workplace, iam: IAM): Promise<void> {
  const UserName = 'alice'
  await iam.createUser({ UserName })
  const Condition = { StringEquals: { 'kms:EncryptionContext:app': 'pay' } }
  const statements = [
    { Sid: 'Pay', Effect: 'Allow', Action: ['kms:Encrypt', 'kms:Decrypt'], Resource: '*', Condition },
    { Sid: 'Look', Effect: 'Allow', Action: 'kms:DescribeKey', Resource: '*' },
    { Effect: 'Deny', Action: 'kms:ScheduleKeyDeletion', Resource: '*' },
  ]
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: statements })
  await iam.putUserPolicy({ UserName, PolicyName: 'paying', PolicyDocument })
  const { AccessKey: { AccessKeyId, SecretAccessKey } = {} } = await iam.createAccessKey({ UserName })
  const lines = ['[default]', `aws_access_key_id = ${AccessKeyId}`, `aws_secret_access_key = ${SecretAccessKey}`, '']
  writeFileSync(join(folder, 'alice'), lines.join('\n'))
  iam.destroy()
}

/** Writes down what is seen instead of comparing; then the difference is to be read, line by line. */
const isUpdate = process.env['UPDATE_TRANSCRIPTS'] === 'yes'

const folder = fileURLToPath(new URL('.', import.meta.url))
const skip = process.platform === 'win32' && 'wants a POSIX shell'

for (const name of readdirSync(folder).filter(entry => entry.endsWith('.txt'))) {
  test(name, { skip }, async t => {
    const transcript = readFileSync(join(folder, name), 'utf8')
    const place = makeWorkplace(t)
    // Dozens of processes: even their first file need not be compiled each time.
    place.environment['NODE_COMPILE_CACHE'] = join(place.folder, 'home', 'compiled')
    const address = transcript.startsWith('server:') ? await startServer(place) : ''
    const parts = parse(transcript)
    let seen = transcript.slice(0, transcript.search(/^## /m))
    assert.ok(parts.length > 0)
    for (const { title, steps } of parts) {
      await t.test(title, async () => {
        seen += `## ${title}\n`
        assert.ok(steps.length > 0)
        for (const { command, expected } of steps) {
          const { output, status } = await run(place, command)
          const ending = status === 0 ? '' : `\n[exit ${status}]`
          const actual = (generalize(output, place, address) + ending).trim()
          seen += `$ ${command}\n${actual}${actual === '' ? '' : '\n'}`
          if (!isUpdate) assert.equal(actual, expected, `$ ${command}`)
        }
        seen += '\n'
      })
    }
    if (isUpdate) writeFileSync(join(folder, name), `${seen.trimEnd()}\n`)
  })
}
