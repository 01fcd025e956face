import { IAM } from '@aws-sdk/client-iam'
import { KMS } from '@aws-sdk/client-kms'
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { makeCertificate } from '../support/certificate.ts'
import {
  finish,
  keyreeve,
  makeWorkplace,
  readCredentials,
  spawnKeyreeve,
  startProcess,
  whenReady,
  type ServerProcess,
} from '../support/cli.ts'
import { RawConnection } from '../support/raw-http.ts'

const isLinux = process.platform === 'linux'
const skip = process.platform === 'win32' && 'wants POSIX signals and modes'

test('prints where things lie and what to paste, and then that it is ready', { skip }, async t => {
  const place = makeWorkplace(t)
  const data = join(place.folder, 'data')
  const { address, port, greeting } = await startProcess(place, ['--data', data, '--port', '0'])
  assert.notEqual(port, 0)
  assert.equal(
    greeting,
    `A root key was made in ${data}.root.key. Whoever has this file and the data folder has every key; without it the ` +
      `data is lost. Back it up, apart from the data.

Address:     http://127.0.0.1:${port}
Console:     http://127.0.0.1:${port}/console/#/sign-in/${codeIn(greeting)}
             (works once, for 10 minutes; keyreeve console makes another)
Credentials: ${data}/credentials

To use it with the AWS CLI and SDKs:

  export AWS_SHARED_CREDENTIALS_FILE=${data}/credentials
  export AWS_REGION=us-east-1
  export AWS_DEFAULT_REGION=us-east-1
  export AWS_ENDPOINT_URL=${address}
  aws kms list-keys

Ready.
`,
  )
  const page = await fetch(`${address}/console/`)
  assert.equal(page.status, 200)
})

const codeIn = (text: string): string => /\/console\/#\/sign-in\/([\w-]{43})$/m.exec(text)?.[1] ?? assert.fail(text)

/** Opens a link as the console does. */
async function redeem(address: string, Code: string): Promise<{ status: number; answer: Record<string, unknown> }> {
  const answer = await fetch(`${address}/`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'Keyreeve.RedeemConsoleLink' },
    body: JSON.stringify({ Code }),
  })
  return { status: answer.status, answer: (await answer.json()) as Record<string, unknown> } // An object, whatever it is.
}

test(
  'each start prints a link that signs in as the administrator, and keyreeve console makes another',
  { skip },
  async t => {
    const place = makeWorkplace(t)
    const args = ['--data', 'data', '--port', '0', '--log', 'debug']
    const first = await startProcess(place, args)
    const code = codeIn(first.greeting)
    first.child.kill('SIGTERM')
    const ended = await first.finished
    assert.equal(ended.stdout, '')
    // What was printed before is good after a restart.
    const second = await startProcess(place, args)
    assert.notEqual(codeIn(second.greeting), code)
    const signedIn = await redeem(second.address, code)
    assert.deepEqual([signedIn.status, signedIn.answer['UserName']], [200, 'administrator'])
    assert.equal((await redeem(second.address, code)).answer['__type'], 'AccessDeniedException')
    assert.equal((await redeem(second.address, codeIn(second.greeting))).status, 200)
    const environment = { AWS_SHARED_CREDENTIALS_FILE: join('data', 'credentials') }
    const asked = await keyreeve(place, ['console', '--endpoint', second.address], environment)
    assert.equal(asked.stdout, `${second.address}/console/#/sign-in/${codeIn(asked.stdout)}\n`)
    assert.equal((await redeem(second.address, codeIn(asked.stdout))).status, 200)
    second.child.kill('SIGTERM')
    const { stderr } = await second.finished
    assert.match(stderr, /"event":"refused"/)
    for (const used of [code, codeIn(second.greeting), codeIn(asked.stdout)]) {
      assert.ok(!ended.stderr.includes(used) && !stderr.includes(used))
    }
  },
)

test('prints no link without credentials that sign', { skip }, async t => {
  const place = makeWorkplace(t)
  assert.equal((await keyreeve(place, ['init', '--data', 'data'])).status, 0)
  const file = join(place.folder, 'data', 'credentials')
  const [text, own] = [readFileSync(file), readCredentials(file)]
  /** Whether it prints a link; then the server does what it is asked to, and ends. */
  const hasLink = async (contents: string | Buffer | undefined, use?: (iam: IAM) => Promise<unknown>) => {
    rmSync(file)
    if (contents !== undefined) writeFileSync(file, contents, { mode: 0o600 })
    const server = await startProcess(place, ['--data', 'data', '--port', '0'])
    const iam = new IAM({ region: 'us-east-1', endpoint: server.address, credentials: { ...own } })
    await use?.(iam)
    iam.destroy()
    server.child.kill('SIGTERM')
    assert.equal((await server.finished).status, 0)
    if (contents === undefined) writeFileSync(file, '')
    return !/^Console: +http:\/\/127\.0\.0\.1:\d+\/console\/\nCredentials:/m.test(server.greeting)
  }
  assert.equal(await hasLink(undefined), false)
  assert.equal(await hasLink('[default]\n'), false)
  const unknown = '[default]\naws_access_key_id = AKIAAAAAAAAAAAAAAAAA\naws_secret_access_key = x\n'
  assert.equal(await hasLink(unknown), false)
  const withdraw = (iam: IAM) => iam.updateAccessKey({ AccessKeyId: own.accessKeyId, Status: 'Inactive' })
  assert.equal(await hasLink(text, withdraw), true)
  assert.equal(await hasLink(text), false)
})

test('is configured by variables, with one endpoint, base path and metrics', { skip }, async t => {
  const place = makeWorkplace(t)
  const { address, greeting } = await startProcess(place, [], {
    KEYREEVE_PORT: '0',
    KEYREEVE_DATA: 'mine',
    KEYREEVE_BASE_PATH: '/kms',
    KEYREEVE_ADMIN_PORT: '0',
    KEYREEVE_REGIONS: 'eu-west-1,eu-central-1',
    KEYREEVE_ENDPOINT: 'http://127.0.0.1:1',
  })
  assert.match(address, /^http:\/\/127\.0\.0\.1:\d+\/kms$/)
  assert.ok(greeting.includes(`${place.folder}/mine/credentials\n`))
  assert.ok(greeting.includes('export AWS_REGION=eu-west-1\n'))
  assert.ok(existsSync(join(place.folder, 'mine', 'keyreeve.db')))
  const [, metrics = ''] = /^Metrics: +(\S+)$/m.exec(greeting) ?? []
  const answer = await fetch(metrics)
  assert.match(await answer.text(), /^kms_wrapping_key_pool_size/m)
  const health = await keyreeve(place, ['health', '--endpoint', address])
  assert.deepEqual(health, { status: 0, stdout: 'alive\nready\n', stderr: '' })
  assert.ok(greeting.includes(` ${address}/console/#/sign-in/${codeIn(greeting)}\n`))
  const link = ['console', '--endpoint', address, '--credentials', join('mine', 'credentials'), '--region', 'eu-west-1']
  const { stdout } = await keyreeve(place, link)
  assert.equal(stdout, `${address}/console/#/sign-in/${codeIn(stdout)}\n`)
})

test('writes no address that is none when it listens on all', { skip }, async t => {
  const place = makeWorkplace(t)
  const args = ['--data', 'data', '--port', '0', '--host', '0.0.0.0', '--allow-plain-http']
  const { address } = await startProcess(place, args)
  assert.match(address, /^http:\/\/127\.0\.0\.1:\d+$/)
})

test('writes credentials that the official SDK reads, for their owner alone', { skip }, async t => {
  const place = makeWorkplace(t)
  const { address } = await startProcess(place, ['--data', 'data', '--port', '0'])
  const file = join(place.folder, 'data', 'credentials')
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.equal(statSync(join(place.folder, 'data')).mode & 0o777, 0o700)
  assert.equal(statSync(join(place.folder, 'data.root.key')).mode & 0o777, 0o600)
  // In a process of its own, which gets what is to be pasted and nothing else.
  const script = `import { KMS } from '@aws-sdk/client-kms'
const { KeyMetadata } = await new KMS().createKey({ Description: 'made by the SDK' })
process.stdout.write(KeyMetadata.Description)`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    env: {
      HOME: join(place.folder, 'home'),
      AWS_SHARED_CREDENTIALS_FILE: file,
      AWS_REGION: 'us-east-1',
      AWS_ENDPOINT_URL: address,
    },
  })
  assert.equal(stdout, 'made by the SDK')
})

/** A connection with a request under way, and what finishes it. */
async function beginRequest({ port }: ServerProcess): Promise<{ connection: RawConnection; end: () => void }> {
  const connection = await RawConnection.open(port)
  // That the server asks for the body shows that the request is under way.
  connection.send(
    'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-amz-json-1.1\r\nX-Amz-Target: TrentService.ListKeys\r\n' +
      'Content-Length: 2\r\nExpect: 100-continue\r\n\r\n',
  )
  await once(connection.socket, 'data')
  return { connection, end: () => connection.send('{}') }
}

/** Waits until nobody listens there any more. */
async function closed(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    const event = await Promise.race([
      once(socket, 'connect').then(() => 'connected'),
      new Promise(resolve => socket.once('error', () => resolve('refused'))),
    ])
    socket.on('error', () => {}).destroy()
    if (event === 'refused') return
  }
}

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  test(`${signal} lets a request under way finish, and ends with status 0`, { skip }, async t => {
    const place = makeWorkplace(t)
    const server = await startProcess(place, ['--data', 'data', '--port', '0'])
    const { connection, end } = await beginRequest(server)
    server.child.kill(signal)
    await closed(server.port)
    server.child.kill(signal) // As npm sends it a second time, at once.
    end()
    const rest = await connection.ended()
    assert.match(rest, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 400 /)
    assert.match(rest, /MissingAuthenticationTokenException/)
    const { status, stdout } = await server.finished
    assert.equal(status, 0)
    assert.equal(stdout, '')
    assert.ok(!existsSync(join(place.folder, 'data', 'lock.pid')))
  })
}

test('a second signal, some time later, stops at once', { skip }, async t => {
  const server = await startProcess(makeWorkplace(t), ['--data', 'data', '--port', '0'])
  const { connection } = await beginRequest(server)
  server.child.kill('SIGTERM')
  await closed(server.port)
  const insist = setInterval(() => server.child.kill('SIGTERM'), 100)
  const { status } = await server.finished
  clearInterval(insist)
  assert.equal(status, 128 + 15)
  await connection.ended()
})

test('ends when npm is ended, whose shell passes no signal on', { skip }, async t => {
  const place = makeWorkplace(t)
  const command = 'keyreeve start --data data --port 0 --wrapping-pool-size 0; exit'
  const env = { ...place.environment, npm_lifecycle_event: 'start' }
  const shell = spawn('sh', ['-c', command], { cwd: place.folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const server = await whenReady(place, shell)
  shell.kill('SIGTERM')
  await server.finished // Not before the server, too, has closed its end of the pipes.
  await closed(server.port)
  assert.ok(!existsSync(join(place.folder, 'data', 'lock.pid')))
})

test('starts again after it was killed, with the same keys and credentials', { skip }, async t => {
  const place = makeWorkplace(t)
  const first = await startProcess(place, ['--data', 'data', '--port', '0'])
  const file = join(place.folder, 'data', 'credentials')
  const credentials = readCredentials(file)
  // A copy: the SDK marks what it is given.
  const kms = new KMS({ region: 'us-east-1', endpoint: first.address, credentials: { ...credentials } })
  const { KeyMetadata } = await kms.createKey({})
  first.child.kill('SIGKILL')
  await first.finished
  const second = await startProcess(place, ['--data', 'data', '--port', '0'])
  assert.deepEqual(readCredentials(file), credentials)
  assert.ok(!second.greeting.includes('A root key was made'))
  const again = new KMS({ region: 'us-east-1', endpoint: second.address, credentials })
  const { Keys } = await again.listKeys({})
  assert.deepEqual(
    Keys?.map(key => key.KeyId),
    [KeyMetadata?.KeyId],
  )
  kms.destroy()
  again.destroy()
})

test('an access key that was replaced signs no more, the new one does', { skip }, async t => {
  const place = makeWorkplace(t)
  const file = join(place.folder, 'data', 'credentials')
  assert.equal((await keyreeve(place, ['init', '--data', 'data'])).status, 0)
  const old = readCredentials(file)
  assert.equal((await keyreeve(place, ['credentials', '--new', '--data', 'data'])).status, 0)
  const fresh = readCredentials(file)
  assert.notEqual(fresh.accessKeyId, old.accessKeyId)
  const { address } = await startProcess(place, ['--data', 'data', '--port', '0'])
  const region = 'us-east-1'
  const former = new KMS({ region, endpoint: address, credentials: old, maxAttempts: 1 })
  const owner = new KMS({ region, endpoint: address, credentials: fresh })
  await assert.rejects(former.listKeys({}), { name: 'UnrecognizedClientException' })
  assert.deepEqual((await owner.listKeys({})).Keys, [])
  former.destroy()
  owner.destroy()
})

test(
  'serves TLS, to a client that trusts its authority alone, and reads the certificate again on SIGHUP',
  { skip },
  async t => {
    const place = makeWorkplace(t)
    const path = (name: string): string => join(place.folder, name)
    const store = ({ certificate, key }: { certificate: string; key: string }): void => {
      writeFileSync(path('cert.pem'), certificate)
      writeFileSync(path('key.pem'), key)
    }
    const first = makeCertificate('first')
    store(first)
    const tls = ['--tls-certificate', 'cert.pem', '--tls-key', 'key.pem']
    const server = await startProcess(place, ['--data', 'data', '--port', '0', ...tls])
    const health = ['health', '--endpoint', server.address]
    assert.match(server.address, /^https:/)
    const stranger = await keyreeve(place, health)
    assert.equal(stranger.status, 1)
    assert.match(stranger.stderr, /unknown authority\. Set AWS_CA_BUNDLE to the PEM file/)
    writeFileSync(path('first.pem'), first.certificate)
    assert.equal((await keyreeve(place, health, { AWS_CA_BUNDLE: 'first.pem' })).status, 0)
    const plain = await keyreeve(place, ['health', '--endpoint', server.address.replace('https', 'http')])
    assert.equal(plain.status, 1)
    assert.match(plain.stderr, /Cannot reach http:/)

    const second = makeCertificate('second')
    store(second)
    server.child.kill('SIGHUP')
    // Signals come in no time that a test could know, so it asks until they have.
    let status: number | null
    do status = (await keyreeve(place, health, { AWS_CA_BUNDLE: 'cert.pem' })).status
    while (status !== 0)
    assert.equal((await keyreeve(place, health, { AWS_CA_BUNDLE: 'first.pem' })).status, 1)
    server.child.kill('SIGTERM')
    const { stderr } = await server.finished
    assert.match(stderr, /"event":"certificate replaced"/)
  },
)

test(
  'calls no server whose certificate is for another name',
  { skip: isLinux ? false : 'wants 127.0.0.2' },
  async t => {
    const place = makeWorkplace(t)
    const { certificate, key } = makeCertificate('mine')
    writeFileSync(join(place.folder, 'cert.pem'), certificate)
    writeFileSync(join(place.folder, 'key.pem'), key)
    const tls = ['--tls-certificate', 'cert.pem', '--tls-key', 'key.pem']
    const { port } = await startProcess(place, ['--data', 'data', '--port', '0', '--host', '127.0.0.2', ...tls])
    const endpoint = `https://127.0.0.2:${port}`
    const { status, stderr } = await keyreeve(place, ['health', '--endpoint', endpoint], { AWS_CA_BUNDLE: 'cert.pem' })
    assert.equal(status, 1)
    assert.match(stderr, /Its certificate is for another name\. Check --endpoint\.\n$/)
  },
)

test('refuses to start with the inspector, before it touches anything', { skip }, async t => {
  const place = makeWorkplace(t)
  for (const verb of ['start', 'init']) {
    const child = spawnKeyreeve(place, [verb, '--data', 'data'], {}, ['--inspect-publish-uid=http'])
    const { status, stderr } = await finish(child)
    assert.equal(status, 1)
    assert.equal(
      stderr,
      'keyreeve: Whoever reaches the inspector can read every key. Start Node without --inspect-publish-uid=http.\n',
    )
  }
  assert.ok(!existsSync(join(place.folder, 'data')))
})

test('a store that cannot write any more ends the process with status 1, and the log says so', { skip }, async t => {
  const place = makeWorkplace(t)
  assert.equal((await keyreeve(place, ['init', '--data', 'data'])).status, 0)
  // No file may grow beyond 150 KB, and whoever tries gets an error in place of the signal that kills.
  const command = "trap '' XFSZ; ulimit -f 300; exec keyreeve start --data data --port 0 --wrapping-pool-size 0"
  const { folder: cwd, environment: env } = place
  const server = await whenReady(place, spawn('sh', ['-c', command], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] }))
  const credentials = readCredentials(join(place.folder, 'data', 'credentials'))
  const kms = new KMS({ region: 'us-east-1', endpoint: server.address, credentials, maxAttempts: 1 })
  await assert.rejects(async () => {
    for (let i = 0; i < 1000; i++) await kms.createKey({})
  })
  kms.destroy()
  const { status, stderr } = await server.finished
  assert.equal(status, 1)
  assert.match(stderr, /"event":"store failed"/)
})

test('keeps what it compiles in a folder of this user, for the next start', { skip }, async t => {
  const place = makeWorkplace(t)
  const server = await startProcess(place, ['--data', 'data', '--port', '0'])
  server.child.kill('SIGTERM')
  await server.finished
  assert.ok(existsSync(join(place.folder, 'home', '.cache', 'keyreeve')))
  const elsewhere = join(place.folder, 'elsewhere')
  mkdirSync(elsewhere)
  assert.equal((await keyreeve(place, ['--version'], { XDG_CACHE_HOME: elsewhere })).status, 0)
  assert.ok(existsSync(join(elsewhere, 'keyreeve')))
  rmSync(join(place.folder, 'home'), { recursive: true })
  assert.equal((await keyreeve(place, ['--version'], { HOME: '' })).stdout, `${version()}\n`)
})

const version = (): string =>
  (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }).version
