import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect as connectPlain } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { listen, type HttpRequest, type Listener } from '../../src/http/server.ts'
import type { LogEvent } from '../../src/log.ts'
import { makeCertificate } from '../support/certificate.ts'
import { RawConnection } from '../support/raw-http.ts'

const one = makeCertificate('one')
const two = makeCertificate('two')

interface Started extends Listener {
  folder: string
  requests: HttpRequest[]
  logged: LogEvent[]
  /** The next thing logged. */
  next: () => Promise<LogEvent>
}

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'keyreeve-tls-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

function write(folder: string, { certificate, key }: { certificate?: string; key?: string }): void {
  if (certificate !== undefined) writeFileSync(join(folder, 'certificate.pem'), certificate)
  if (key !== undefined) writeFileSync(join(folder, 'key.pem'), key)
}

async function start(t: TestContext, folder = folderOf(t), files = one): Promise<Started> {
  write(folder, files)
  const requests: HttpRequest[] = []
  const logged: LogEvent[] = []
  let wake = (_event: LogEvent): void => {}
  const tls = { certificate: join(folder, 'certificate.pem'), key: join(folder, 'key.pem') }
  const listener = await listen(
    {
      host: '127.0.0.1',
      port: 0,
      tls,
      log: event => {
        logged.push(event)
        wake(event)
      },
    },
    [
      {
        method: 'POST',
        path: '/',
        handle: request => {
          requests.push(request)
          return { status: 200, headers: [], body: 'sealed' }
        },
      },
    ],
  )
  t.after(() => listener.close())
  return { ...listener, folder, requests, logged, next: () => new Promise(resolve => (wake = resolve)) }
}

async function open(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({
    port,
    host: '127.0.0.1',
    servername: 'localhost',
    ca: [one, two].map(p => p.certificate),
    ...options,
  })
  await once(socket, 'secureConnect')
  return socket
}

/** Whose certificate a new connection gets. */
async function served(port: number): Promise<unknown> {
  const socket = await open(port)
  const name = socket.getPeerCertificate().subject.CN
  socket.destroy()
  return name
}

test('serves over TLS, and tells handlers how', async t => {
  const { port, address, requests } = await start(t)
  assert.equal(address, `https://127.0.0.1:${port}`)
  for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
    const connection = new RawConnection(await open(port, { maxVersion, ALPNProtocols: ['h2', 'http/1.1'] }))
    connection.send('POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
    assert.equal((await connection.answer()).body, 'sealed')
    await connection.ended()
  }
  assert.equal(requests[0]?.tls?.version, 'TLSv1.3')
  assert.match(requests[0]?.tls?.cipher ?? '', /^TLS_AES_/)
  assert.equal(requests[1]?.tls?.version, 'TLSv1.2')
  assert.match(requests[1]?.tls?.cipher ?? '', /^ECDHE-ECDSA-AES/)
  assert.equal(requests[1]?.peer, '127.0.0.1')
})

const weak: [title: string, options: ConnectionOptions][] = [
  ['TLS 1.1', { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }],
  ['a suite without AEAD', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256' }],
  ['nothing but HTTP/2', { ALPNProtocols: ['h2'] }],
]
for (const [title, options] of weak) {
  test(`refuses a client that offers ${title}`, async t => {
    const { port } = await start(t)
    await assert.rejects(open(port, options))
    assert.equal(await served(port), 'one', 'others are still served')
  })
}

test('closes a connection that does not speak TLS, without a word', async t => {
  const { port, requests } = await start(t)
  const connection = new RawConnection(connectPlain(port, '127.0.0.1'))
  connection.send('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n')
  assert.equal(await connection.ended(), '')
  assert.equal(requests.length, 0)
})

test('refuses over TLS what it refuses without', async t => {
  const { port } = await start(t)
  const connection = new RawConnection(await open(port))
  connection.send('POST / HTTP/1.1\r\nHost: evil.example\r\n\r\n')
  assert.equal((await connection.answer()).status, 421)
  await connection.ended()
  const garbled = new RawConnection(await open(port))
  garbled.send('POST / HTTP/1.1\r\nHost : localhost\r\n\r\n')
  assert.equal((await garbled.answer()).status, 400)
  await garbled.ended()
})

test('serves a new certificate once both its files are there, and keeps open connections', async t => {
  const { port, folder, next, logged } = await start(t)
  const before = new RawConnection(await open(port))
  let event = next()
  write(folder, { certificate: two.certificate })
  assert.match(String((await event).event), /^certificate not replaced, the old one stays$/)
  assert.equal(await served(port), 'one')
  event = next()
  write(folder, { key: two.key })
  const { event: what, subject, validTo } = await event
  assert.deepEqual([what, subject], ['certificate replaced', 'CN=two'])
  assert.match(String(validTo), /9999/)
  assert.equal(await served(port), 'two')
  before.send('POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
  assert.equal((await before.answer()).body, 'sealed')
  await before.ended()
  assert.doesNotMatch(JSON.stringify(logged), /PRIVATE|BEGIN/)
})

test('sees a certificate that is replaced through a link, as Kubernetes does', async t => {
  const outer = folderOf(t)
  const [old, young] = [folderOf(t), folderOf(t)]
  write(old, one)
  write(young, two)
  symlinkSync(old, join(outer, '..data'))
  symlinkSync(join('..data', 'certificate.pem'), join(outer, 'certificate.pem'))
  symlinkSync(join('..data', 'key.pem'), join(outer, 'key.pem'))
  const { port, next } = await start(t, outer, {} as typeof one) // The files are there already.
  assert.equal(await served(port), 'one')
  const event = next()
  symlinkSync(young, join(outer, '..data_tmp'))
  renameSync(join(outer, '..data_tmp'), join(outer, '..data'))
  assert.equal((await event).event, 'certificate replaced')
  assert.equal(await served(port), 'two')
})

const broken: [title: string, files: { certificate?: string; key?: string }][] = [
  ['a key of another certificate', { key: two.key }],
  ['a certificate of another key', { certificate: two.certificate }],
  ['an empty certificate', { certificate: '' }],
  ['an empty key', { key: '' }],
  ['a certificate cut short', { certificate: two.certificate.slice(0, 200) }],
  ['text', { certificate: 'hello', key: 'hello' }],
]
for (const [title, files] of broken) {
  test(`keeps the old certificate rather than take ${title}`, async t => {
    const { port, folder, reload, logged } = await start(t)
    write(folder, files)
    reload()
    assert.equal(logged.at(-1)?.level, 'error')
    assert.equal(logged.at(-1)?.event, 'certificate not replaced, the old one stays')
    assert.match(String(logged.at(-1)?.reason), /certificate\.pem and key .*key\.pem cannot be used/)
    assert.equal(await served(port), 'one')
  })
  test(`does not start with ${title}`, async t => {
    await assert.rejects(start(t, folderOf(t), { ...one, ...files }), /^Error: The certificate .* cannot be used: /)
  })
}

test('keeps the old certificate when its files are gone', async t => {
  const { port, folder, reload, logged } = await start(t)
  rmSync(join(folder, 'key.pem'))
  reload()
  assert.match(String(logged.at(-1)?.reason), /ENOENT/)
  assert.equal(await served(port), 'one')
})

test('a reload without change changes nothing and says nothing', async t => {
  const { reload, logged } = await start(t)
  reload()
  assert.deepEqual(logged, [])
})

test('a reload without TLS does nothing', async t => {
  const listener = await listen({ host: '127.0.0.1', port: 0, log: () => {} }, [])
  t.after(() => listener.close())
  listener.reload()
})

test('closes connections whose handshake never ends', async t => {
  const folder = folderOf(t)
  write(folder, one)
  const tls = { certificate: join(folder, 'certificate.pem'), key: join(folder, 'key.pem') }
  const options = { host: '127.0.0.1', port: 0, tls, log: () => {}, limits: { headers: 30 } }
  const listener = await listen(options, [])
  const silent = new RawConnection(connectPlain(listener.port, '127.0.0.1'))
  assert.equal(await silent.ended(), '')
  await listener.close()
})
