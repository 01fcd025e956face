import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test, type TestContext } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { listen, type HttpRequest, type ListenOptions, type Listener, type Route } from '../../src/http/server.ts'
import type { LogEvent } from '../../src/log.ts'
import { RawConnection, type Answer } from '../support/raw-http.ts'

interface Started extends Listener {
  /** What reached the handler. */
  requests: HttpRequest[]
  logged: LogEvent[]
}

type Handle = Route['handle']

const echo: Handle = ({ body }) => ({ status: 200, headers: ['X-Own', 'yes'], body: Buffer.from(body) })

async function start(t: TestContext, options: Partial<ListenOptions> = {}, handle: Handle = echo): Promise<Started> {
  const requests: HttpRequest[] = []
  const logged: LogEvent[] = []
  const listener = await listen({ host: '127.0.0.1', port: 0, log: event => void logged.push(event), ...options }, [
    {
      method: 'POST',
      path: '/',
      handle: request => {
        requests.push(request)
        return handle(request)
      },
    },
    { method: 'GET', path: '/page', handle: () => ({ status: 200, headers: [], body: 'päge' }) },
  ])
  t.after(() => listener.close())
  return { ...listener, requests, logged }
}

async function exchange(port: number, text: string): Promise<Answer> {
  const connection = await RawConnection.open(port)
  connection.send(text)
  const answer = await connection.answer()
  connection.socket.destroy()
  return answer
}

const post = (headers: string, body = '', target = '/'): string =>
  `POST ${target} HTTP/1.1\r\nHost: localhost\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`

/** A promise, and what settles it. */
function gate(): { opened: Promise<void>; open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { opened: promise, open: resolve }
}

test('C1: passes on a request as it was received', async t => {
  const { port, requests } = await start(t)
  const answer = await exchange(
    port,
    post('X-Amz-Target: A\r\nx-LATIN:  \xe9 \r\nX-Forwarded-For: 8.8.8.8\r\n', 'b\xfcdy'),
  )
  assert.equal(answer.status, 200)
  assert.equal(answer.body, 'b\xfcdy')
  assert.equal(answer.headers.get('x-own'), 'yes')
  assert.match(answer.headers.get('date') ?? '', /GMT$/)
  const [request] = requests
  assert.equal(request?.method, 'POST')
  assert.equal(request?.target, '/')
  assert.equal(request?.peer, '127.0.0.1')
  assert.equal(request?.tls, undefined)
  const headers = [
    'Host: localhost',
    'X-Amz-Target: A',
    'x-LATIN: \xe9',
    'X-Forwarded-For: 8.8.8.8',
    'Content-Length: 4',
  ]
  assert.deepEqual(
    request?.rawHeaders,
    headers.flatMap(header => header.split(': ')),
  )
})

test('answers several requests on one connection, one after the other', async t => {
  const { port, requests } = await start(t)
  const connection = await RawConnection.open(port)
  for (const body of ['one', '', 'three']) {
    connection.send(post('', body))
    assert.equal((await connection.answer()).body, body)
  }
  assert.equal(requests.length, 3)
  connection.socket.destroy()
})

test('sends text as UTF-8, and its length in bytes', async t => {
  const { port } = await start(t)
  const answer = await exchange(port, 'GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n')
  assert.equal(answer.headers.get('content-length'), '5')
  assert.equal(Buffer.from(answer.body, 'latin1').toString(), 'päge')
})

test('answers HEAD like GET, without the body', async t => {
  const { port } = await start(t)
  const connection = await RawConnection.open(port)
  connection.send('HEAD /page?v=1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
  const answer = await connection.answer({ bodiless: true })
  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('content-length'), '5')
  assert.equal(await connection.ended(), '')
})

/** Lines of a request up to its body, each ended by CRLF. */
const lines = (...text: string[]): string => text.map(line => `${line}\r\n`).join('')
const first = 'POST / HTTP/1.1'
const host = 'Host: localhost'

const refusals: [title: string, status: number, request: string][] = [
  // Which of two headers counts?
  ...[
    ['Authorization: a', 'Authorization: a'],
    ['Authorization: a', 'AUTHORIZATION: b'],
    ['Host: localhost'],
    ['host: 127.0.0.1'],
    ['Content-Type: a', 'content-type: a'],
    ['Content-Length: 0', 'Content-Length: 0'],
    ['Content-Length: 0', 'Content-Length: 1'],
    ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'],
    ['Origin: http://localhost', 'Origin: http://localhost'],
    ['X-Amz-Target: a', 'X-Amz-Target: a'],
    ['X-Amz-Date: a', 'x-amz-date: b'],
    ['X-Amz-Of-Tomorrow: a', 'X-Amz-Of-Tomorrow: b'],
  ].map((headers): [string, number, string] => [
    `a repeated header: ${headers.join(' and ')}`,
    400,
    `${lines(first, host, ...headers)}\r\n`,
  ]),
  [
    'a repeated header far behind the first',
    400,
    `${lines(first, host, 'X-Amz-Date: a', ...Array.from({ length: 90 }, (_, n) => `X-${n}: a`), 'X-Amz-Date: b')}\r\n`,
  ],
  // Where does the body end?
  ['a length and chunks', 400, `${lines(first, host, 'Content-Length: 5', 'Transfer-Encoding: chunked')}\r\n0\r\n\r\n`],
  ['chunks and a length', 400, `${lines(first, host, 'Transfer-Encoding: chunked', 'Content-Length: 5')}\r\n0\r\n\r\n`],
  ['chunks', 411, `${lines(first, host, 'Transfer-Encoding: chunked')}\r\n3\r\nabc\r\n0\r\n\r\n`],
  ['compressed chunks', 411, `${lines(first, host, 'Transfer-Encoding: gzip, chunked')}\r\n0\r\n\r\n`],
  ['chunks that are not the last coding', 400, `${lines(first, host, 'Transfer-Encoding: chunked, gzip')}\r\n`],
  ['a coding with a vertical tab', 400, `${lines(first, host, 'Transfer-Encoding: \vchunked')}\r\n`],
  ['an unknown coding', 411, `${lines(first, host, 'Transfer-Encoding: xchunked')}\r\n`],
  ['a list of lengths', 400, `${lines(first, host, 'Content-Length: 1, 1')}\r\na`],
  ['a signed length', 400, `${lines(first, host, 'Content-Length: +1')}\r\na`],
  ['a negative length', 400, `${lines(first, host, 'Content-Length: -1')}\r\n`],
  ['a length in hexadecimal', 400, `${lines(first, host, 'Content-Length: 0x1')}\r\na`],
  ['an empty length', 400, `${lines(first, host, 'Content-Length:')}\r\n`],
  ['a length beyond 64 bits', 400, `${lines(first, host, 'Content-Length: 99999999999999999999')}\r\n`],
  // Where does a header end?
  ['a folded header', 400, `${lines(first, host, 'X-A: a', ' b', 'Content-Length: 0')}\r\n`],
  ['a folded length', 400, `${lines(first, host, 'Content-Length:', ' 0')}\r\n`],
  ['a space before the first header', 400, `${lines(first, ` ${host}`)}\r\n`],
  ['a space before the colon', 400, `${lines(first, host, 'Content-Length : 0')}\r\n`],
  ['a tab before the colon', 400, `${lines(first, host, 'Content-Length\t: 0')}\r\n`],
  ['a bare line feed after a header', 400, `${first}\r\n${host}\nContent-Length: 0\r\n\r\n`],
  ['a bare line feed after the request line', 400, `${first}\n${host}\r\n\r\n`],
  ['a bare line feed at the end', 400, `${first}\r\n${host}\r\n\n`],
  ['a bare carriage return', 400, `${first}\r\n${host}\rX-A: b\r\n\r\n`],
  ['a NUL in a header', 400, `${lines(first, host, 'X-A: a\0b')}\r\n`],
  ['a control character in a header', 400, `${lines(first, host, 'X-A: a\x01b')}\r\n`],
  ['a header without name', 400, `${lines(first, host, ': a')}\r\n`],
  // Which server is meant?
  ['no Host', 400, `${lines(first)}\r\n`],
  ['an empty Host', 400, `${lines(first, 'Host:')}\r\n`],
  ['a foreign Host', 421, `${lines(first, 'Host: kms.evil.example')}\r\n`],
  ['a foreign Host with our port', 421, `${lines(first, 'Host: evil.example:4599')}\r\n`],
  ['a Host that begins like ours', 421, `${lines(first, 'Host: localhost.evil.example')}\r\n`],
  ['a Host that ends like ours', 421, `${lines(first, 'Host: evil.localhost')}\r\n`],
  ['a Host that only looks like an address', 421, `${lines(first, 'Host: 127.0.0.1.evil.example')}\r\n`],
  ['an address in another base', 421, `${lines(first, 'Host: 0x7f.1')}\r\n`],
  ['a Host with user name', 400, `${lines(first, 'Host: localhost@evil.example')}\r\n`],
  ['a Host with path', 400, `${lines(first, 'Host: localhost/evil.example')}\r\n`],
  ['two Hosts in one', 400, `${lines(first, 'Host: localhost, evil.example')}\r\n`],
  ['a Host with two ports', 400, `${lines(first, 'Host: localhost:1:2')}\r\n`],
  ['a page of another origin', 403, `${lines(first, host, 'Origin: https://evil.example')}\r\n`],
  ['a page of another port', 403, `${lines(first, host, 'Origin: http://localhost:3000')}\r\n`],
  ['a page that hides its origin', 403, `${lines(first, host, 'Origin: null')}\r\n`],
  ['a file that claims to be a page', 403, `${lines(first, host, 'Origin: file://localhost')}\r\n`],
  // Another protocol.
  ['HTTP/1.0', 505, `${lines('POST / HTTP/1.0', host)}\r\n`],
  ['HTTP/0.9', 505, 'GET /\r\n\r\n'],
  ['HTTP/2 that is none', 505, `${lines('POST / HTTP/2.0', host)}\r\n`],
  ['HTTP/1.2', 400, `${lines('POST / HTTP/1.2', host)}\r\n`],
  ['the preface of HTTP/2', 400, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['an upgrade to HTTP/2', 400, `${lines(first, host, 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c')}\r\n`],
  ['a web socket', 400, `${lines('GET / HTTP/1.1', host, 'Connection: Upgrade', 'Upgrade: websocket')}\r\n`],
  ['a TLS handshake', 400, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ['a method in lower case', 400, `${lines('post / HTTP/1.1', host)}\r\n`],
  ['an unknown expectation', 417, `${lines(first, host, 'Expect: miracles', 'Content-Length: 0')}\r\n`],
  // Another target.
  ['a query', 404, `${lines('POST /?a=b HTTP/1.1', host)}\r\n`],
  ['an empty query', 404, `${lines('POST /? HTTP/1.1', host)}\r\n`],
  ['a fragment', 404, `${lines('POST /#a HTTP/1.1', host)}\r\n`],
  ['a path', 404, `${lines('POST /a HTTP/1.1', host)}\r\n`],
  ['two slashes', 404, `${lines('POST // HTTP/1.1', host)}\r\n`],
  ['a path that leads back', 404, `${lines('POST /a/.. HTTP/1.1', host)}\r\n`],
  ['a whole URL', 404, `${lines('POST http://localhost/ HTTP/1.1', host)}\r\n`],
  ['bytes beyond ASCII in the target', 400, `${lines('POST /\xff HTTP/1.1', host)}\r\n`],
  ['GET of the API', 403, `${lines('GET / HTTP/1.1', host)}\r\n`],
  ['POST of a page', 404, `${lines('POST /page HTTP/1.1', host)}\r\n`],
  ['PUT', 403, `${lines('PUT / HTTP/1.1', host)}\r\n`],
  ['DELETE', 403, `${lines('DELETE / HTTP/1.1', host)}\r\n`],
  ['TRACE', 403, `${lines('TRACE / HTTP/1.1', host)}\r\n`],
  ['a preflight', 403, `${lines('OPTIONS / HTTP/1.1', host)}\r\n`],
  ['OPTIONS of everything', 403, `${lines('OPTIONS * HTTP/1.1', host)}\r\n`],
  // Too much.
  ['a huge header', 431, `${lines(first, host, `X-A: ${'a'.repeat(17_000)}`)}\r\n`],
  ['a huge target', 431, `${lines(`POST /${'a'.repeat(17_000)} HTTP/1.1`, host)}\r\n`],
  [
    'a hundred and one headers',
    431,
    `${lines(first, host, ...Array.from({ length: 100 }, (_, n) => `X-${n}: a`))}\r\n`,
  ],
  ['a body announced beyond 256 KiB', 413, `${lines(first, host, 'Content-Length: 10000000000')}\r\n`],
  ['a body beyond 256 KiB', 413, post('', 'a'.repeat(256 * 1024 + 1))],
]
for (const [title, status, request] of refusals) {
  test(`C1: refuses ${title}`, async t => {
    const { port, requests, logged } = await start(t)
    const connection = await RawConnection.open(port)
    connection.send(request)
    const answer = await connection.answer()
    assert.equal(answer.status, status)
    assert.equal(answer.headers.get('connection'), 'close')
    assert.match(answer.headers.get('x-amzn-requestid') ?? '', /^[0-9a-f-]{36}$/)
    assert.match(answer.headers.get('date') ?? '', /GMT$/)
    assert.equal(await connection.ended(), '', 'nothing follows the answer')
    assert.equal(requests.length, 0, 'no handler saw it')
    assert.deepEqual(
      logged.map(({ level, event }) => ({ level, event })),
      [{ level: 'debug', event: 'request refused' }],
    )
  })
}

const bodies: [status: number, type: string | undefined, body: string, request: string][] = [
  [413, undefined, '', post('', 'a'.repeat(256 * 1024 + 1))],
  [404, 'application/xml', '<UnknownOperationException/>\n', post('', '', '/a')],
  [
    403,
    'application/xml',
    '<AccessDeniedException>\n  <Message>Unable to determine service/operation name to be authorized</Message>\n</AccessDeniedException>\n',
    `${lines('PUT / HTTP/1.1', host)}\r\n`,
  ],
  [
    421,
    'application/x-amz-json-1.1',
    '{"__type":"AccessDeniedException","Message":"This server does not answer to that Host name; its option hosts can allow it."}',
    `${lines(first, 'Host: evil.example')}\r\n`,
  ],
]
for (const [status, type, body, request] of bodies) {
  test(`says in a ${status} what clients expect`, async t => {
    const { port } = await start(t)
    const answer = await exchange(port, request)
    assert.deepEqual([answer.status, answer.headers.get('content-type'), answer.body], [status, type, body])
  })
}

test('C1: closes a tunnel without a word', async t => {
  const { port } = await start(t)
  const connection = await RawConnection.open(port)
  connection.send(`${lines('CONNECT evil.example:443 HTTP/1.1', host)}\r\n`)
  assert.equal(await connection.ended(), '')
})

const hosts: [header: string, options: Partial<ListenOptions>][] = [
  ['localhost', {}],
  ['LOCALHOST:4599', {}],
  ['127.0.0.1:1', {}],
  ['[::1]:4599', {}],
  ['10.1.2.3', {}],
  ['kms.example', { hosts: ['KMS.example'] }],
  ['Kms.Example:443', { hosts: ['kms.example'] }],
]
for (const [header, options] of hosts) {
  test(`C1: answers to Host ${header}${options.hosts ? ' if configured' : ''}`, async t => {
    const { port } = await start(t, options)
    assert.equal((await exchange(port, `${lines(first, `Host: ${header}`)}\r\n`)).status, 200)
  })
}

test('C13: takes requests from pages of its own origin', async t => {
  const { port } = await start(t)
  const request = lines(first, `Host: localhost:${port}`, `Origin: http://localhost:${port}`)
  assert.equal((await exchange(port, `${request}\r\n`)).status, 200)
})

test('takes a body of exactly 256 KiB, in however many pieces it comes', async t => {
  const { port } = await start(t)
  const body = Array.from({ length: 1 << 14 }, (_, n) => n.toString(16).padStart(16, '0')).join('')
  const answer = await exchange(port, post('', body))
  assert.equal(answer.status, 200)
  assert.equal(answer.body, body)
})

for (const [title, size] of [
  ['in one piece', 1_000],
  ['in many pieces', 200_000],
] as const) {
  test(`C12: wipes a body that came ${title}, once it is answered`, async t => {
    const { port, requests } = await start(t)
    const answer = await exchange(port, post('', 's'.repeat(size)))
    assert.equal(answer.body.length, size)
    assert.ok(requests[0]?.body.length === size && requests[0].body.every(byte => byte === 0))
  })
}

test('C12: wipes the bytes of a secret answer, once they are sent', { timeout: 20_000 }, async t => {
  // More than a socket takes at once, so that they are not sent when the handler is done.
  const body = Buffer.alloc(4_000_000, 's')
  const { port } = await start(t, {}, () => ({ status: 200, headers: [], body, isSecret: true }))
  const answer = await exchange(port, post(''))
  assert.ok(answer.body.length === body.length && !/[^s]/.test(answer.body))
  while (body.some(byte => byte !== 0)) await setImmediate()
})

test('C12: wipes the bytes of a secret answer though the client is gone', { timeout: 20_000 }, async t => {
  const body = Buffer.alloc(4_000_000, 's')
  const { port } = await start(t, {}, () => ({ status: 200, headers: [], body, isSecret: true }))
  const client = await RawConnection.open(port)
  client.send(post(''))
  await once(client.socket, 'data')
  client.socket.destroy()
  while (body.some(byte => byte !== 0)) await setImmediate()
})

test('leaves the bytes of any other answer, which may be sent again', async t => {
  const body = Buffer.alloc(1_000, 'p')
  const { port } = await start(t, {}, () => ({ status: 200, headers: [], body }))
  for (let round = 0; round < 2; round++) assert.equal((await exchange(port, post(''))).body, 'p'.repeat(1_000))
})

test('C12: wipes a body though its handler fails, and does not log why', async t => {
  const failing = (): never => {
    throw new TypeError('the secret is s3cr3t')
  }
  const { port, requests, logged } = await start(t, {}, failing)
  const answer = await exchange(port, post('', 's3cr3t'))
  assert.equal(answer.status, 500)
  assert.equal(answer.body, '{"__type":"KMSInternalException"}')
  assert.deepEqual(requests[0]?.body, Buffer.alloc(6))
  assert.deepEqual([logged.length, logged[0]?.event, logged[0]?.error], [1, 'handler failed', 'TypeError'])
  assert.match(JSON.stringify(logged), /server\.test\.ts/)
  assert.doesNotMatch(JSON.stringify(logged), /s3cr3t/)
})

test('goes on after a handler gave what cannot be sent', async t => {
  const { port } = await start(t, {}, () => ({ status: 200, headers: ['X-A', 'a\r\nX-B: b'], body: '' }))
  const answer = await exchange(port, post(''))
  assert.equal(answer.status, 500)
  assert.equal(answer.headers.has('x-b'), false)
})

test('never calls a handler for a body that breaks off, and goes on', async t => {
  const { port, requests } = await start(t)
  const broken = await RawConnection.open(port)
  broken.send(`${lines(first, host, 'Content-Length: 10')}\r\nabc`)
  broken.socket.end()
  await broken.ended()
  assert.equal((await exchange(port, post('', 'abc'))).status, 200)
  assert.equal(requests.length, 1)
})

test('lets a client ask before it sends a body', async t => {
  const { port } = await start(t)
  const connection = await RawConnection.open(port)
  connection.send(`${lines(first, host, 'Expect: 100-continue', 'Content-Length: 3')}\r\n`)
  assert.equal((await connection.answer()).status, 100)
  connection.send('abc')
  assert.equal((await connection.answer()).body, 'abc')
  connection.socket.destroy()
})

test('refuses before the body when asked about one too large', async t => {
  const { port } = await start(t)
  const connection = await RawConnection.open(port)
  connection.send(`${lines(first, host, 'Expect: 100-continue', 'Content-Length: 262145')}\r\n`)
  assert.equal((await connection.answer()).status, 413)
  assert.equal(await connection.ended(), '')
})

test('C1: does not serve what was sent without waiting for the answer before it', async t => {
  const { port, requests } = await start(t)
  const connection = await RawConnection.open(port)
  connection.send(post('', 'one') + post('', 'two'))
  const answer = await connection.answer()
  assert.deepEqual([answer.status, answer.body, answer.headers.get('connection')], [200, 'one', 'close'])
  assert.equal(await connection.ended(), '')
  assert.equal(requests.length, 1)
})

test('C1: does not serve what follows a refused request', async t => {
  const { port, requests } = await start(t)
  const connection = await RawConnection.open(port)
  connection.send(post('', 'body', '/a') + post('', 'smuggled'))
  assert.equal((await connection.answer()).status, 404)
  assert.equal(await connection.ended(), '')
  assert.equal(requests.length, 0)
})

test('C1: serves nothing from a connection on which a request runs into something else', async t => {
  const { port, requests } = await start(t)
  const connection = await RawConnection.open(port)
  connection.send(`${post('', 'one')}smuggled\r\n\r\n`)
  assert.equal((await connection.answer()).status, 400)
  assert.equal(await connection.ended(), '')
  assert.equal(requests.length, 0)
})

test('C1: never answers a good request with a complaint about the bytes after it', async t => {
  const arrived = gate()
  const leave = gate()
  const { port } = await start(t, {}, async request => {
    arrived.open()
    await leave.opened
    return echo(request)
  })
  const connection = await RawConnection.open(port)
  connection.send(post('', 'one'))
  await arrived.opened
  connection.send('smuggled\r\n\r\n')
  // A further connection's answer shows that the server has read what came before it.
  assert.equal((await exchange(port, 'GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n')).status, 200)
  leave.open()
  const answer = await connection.answer()
  assert.deepEqual([answer.status, answer.body, answer.headers.get('connection')], [200, 'one', 'close'])
  assert.equal(await connection.ended(), '')
})

const slow: [title: string, text: string][] = [
  ['says nothing', ''],
  ['never ends its headers', `${first}\r\n${host}\r\nX-A: `],
  ['never ends its body', `${lines(first, host, 'Content-Length: 10')}\r\nabc`],
  ['never ends a body that is refused', `${lines('POST /a HTTP/1.1', host, 'Content-Length: 10')}\r\nabc`],
]
for (const [title, text] of slow) {
  test(`C1: gives up on a client that ${title}`, async t => {
    const { port, requests } = await start(t, { limits: { headers: 50, request: 50, check: 10 } })
    const connection = await RawConnection.open(port)
    connection.send(text)
    const answer = await connection.answer()
    assert.equal(answer.status, 408)
    assert.match(answer.headers.get('x-amzn-requestid') ?? '', /^[0-9a-f-]{36}$/)
    assert.equal(await connection.ended(), '')
    assert.equal(requests.length, 0)
  })
}

test('C1: closes a connection that is kept but not used', async t => {
  const { port } = await start(t, { limits: { keepAlive: 20 } })
  const connection = await RawConnection.open(port)
  connection.send(post('', 'one'))
  assert.equal((await connection.answer()).status, 200)
  assert.equal(await connection.ended(), '')
})

test('C1: takes no more connections than its limit', async t => {
  const { port, logged } = await start(t, { limits: { connections: 1 } })
  const one = await RawConnection.open(port)
  one.send(post('', 'one'))
  await one.answer()
  const two = new RawConnection(connect(port, '127.0.0.1'))
  two.send(post('', 'two'))
  assert.equal(await two.ended(), '')
  assert.equal(logged[0]?.event, 'connection dropped')
  one.send(post('', 'one again'))
  assert.equal((await one.answer()).body, 'one again')
  one.socket.destroy()
})

test('finishes a request under way before it closes, and takes no other', async t => {
  const arrived = gate()
  const leave = gate()
  const { port, close } = await start(t, {}, async request => {
    arrived.open()
    await leave.opened
    return echo(request)
  })
  const connection = await RawConnection.open(port)
  connection.send(post('', 'one'))
  await arrived.opened
  const closed = close()
  await assert.rejects(RawConnection.open(port), { code: 'ECONNREFUSED' })
  leave.open()
  const answer = await connection.answer()
  assert.deepEqual([answer.status, answer.body, answer.headers.get('connection')], [200, 'one', 'close'])
  assert.equal(await connection.ended(), '')
  await closed
})

test('closes at once when no request is under way', async t => {
  const { port, close } = await start(t, { limits: { drain: 600_000 } })
  const unused = await RawConnection.open(port)
  const used = await RawConnection.open(port)
  used.send(post('', 'one'))
  await used.answer()
  await close()
  assert.equal(await unused.ended(), '')
  assert.equal(await used.ended(), '')
})

test('does not wait for a request beyond its deadline', async t => {
  const arrived = gate()
  const { port, close } = await start(t, { limits: { drain: 20 } }, () => {
    arrived.open()
    return new Promise(() => {})
  })
  const connection = await RawConnection.open(port)
  connection.send(post('', 'one'))
  await arrived.opened
  await close()
  assert.equal(await connection.ended(), '')
})

test('listens behind a base path, and passes it on as it was signed', async t => {
  const { port, requests } = await start(t, { basePath: '/kms' })
  for (const target of ['/kms', '/kms/']) assert.equal((await exchange(port, post('', '', target))).status, 200)
  assert.deepEqual(
    requests.map(({ target }) => target),
    ['/kms', '/kms/'],
  )
  assert.equal((await exchange(port, 'GET /kms/page HTTP/1.1\r\nHost: localhost\r\n\r\n')).status, 200)
  for (const target of ['/', '/kmsx', '/kms/?', '/kms//', '/KMS/', '/kms/kms/']) {
    assert.equal((await exchange(port, post('', '', target))).status, 404, target)
  }
  assert.equal((await exchange(port, 'GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n')).status, 403)
})

test('tells where it listens', async t => {
  const listener = await start(t)
  assert.equal(listener.address, `http://127.0.0.1:${listener.port}`)
})

test('says in a sentence why it cannot listen', async t => {
  const { port } = await start(t)
  await assert.rejects(start(t, { port }), {
    message: `Cannot listen on 127.0.0.1 port ${port}: another process uses it`,
  })
  await assert.rejects(start(t, { host: '192.0.2.1' }), {
    message: 'Cannot listen on 192.0.2.1 port 0: this machine has no such address',
  })
})

test('survives a client that leaves before its answer', async t => {
  const arrived = gate()
  const leave = gate()
  const { port } = await start(t, {}, async request => {
    arrived.open()
    await leave.opened
    return echo(request)
  })
  const connection = await RawConnection.open(port)
  connection.send(post('', 'one'))
  await arrived.opened
  connection.socket.destroy()
  await once(connection.socket, 'close')
  leave.open()
  assert.equal((await exchange(port, post('', 'two'))).status, 200)
})
