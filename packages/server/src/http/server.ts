import { randomUUID } from 'node:crypto'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { isIP, isIPv6, type AddressInfo, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Log } from '../log.ts'
import { followCertificate, readCertificate, type CertificateWatch } from './certificate.ts'

// An import would read every export of the module, and one of them loads all of fetch: 50 ms and 15 MB.
const { createServer, STATUS_CODES } = process.getBuiltinModule('node:http')

export interface HttpRequest {
  readonly method: string
  /** As received, one character a byte: what the client signed, so any base path is still in it. */
  readonly target: string
  /** Names and values in turn, as received, one character a byte. */
  readonly rawHeaders: readonly string[]
  /** Wiped as soon as the request is answered: whoever needs longer makes a copy. */
  readonly body: Buffer
  /** IP address of the other end of the connection; no header can change it. */
  readonly peer: string
  readonly tls: { readonly version: string; readonly cipher: string } | undefined
}

export interface HttpResponse {
  readonly status: number
  /** Names and values in turn, without Content-Length, Date and Connection. */
  readonly headers: readonly string[]
  /** A string is sent as UTF-8. */
  readonly body: Uint8Array | string
  /** Whether the bytes of the body are a secret that nobody else holds: they are wiped once they are sent. */
  readonly isSecret?: boolean
}

export interface Route {
  /** GET answers HEAD too. */
  readonly method: 'GET' | 'POST'
  /** Behind the base path. A query may follow with GET; a POST must have exactly this target. */
  readonly path: string
  readonly handle: (request: HttpRequest) => Promise<HttpResponse> | HttpResponse
}

export interface ListenOptions {
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  /** In front of every path: empty, or such as `/kms`. */
  readonly basePath?: string
  /** Names by which clients call this server, beside loopback names, `host` and IP addresses. */
  readonly hosts?: readonly string[]
  /** PEM files. HTTPS if both are given. */
  readonly tls?: { readonly certificate?: string | undefined; readonly key?: string | undefined }
  readonly log: Log
  readonly limits?: Partial<Limits>
}

/** Times in milliseconds, sizes in bytes. */
export interface Limits {
  /** From the opening of a connection, or the first byte of a further request, to the end of the headers. */
  readonly headers: number
  /** The same to the end of the body. */
  readonly request: number
  /** How often the two are looked at; they end that much late at most. */
  readonly check: number
  /** How long a connection is kept between requests: longer than the minute after which load balancers drop it. */
  readonly keepAlive: number
  /** After so long without a byte either way a connection is dropped, whatever it waits for. */
  readonly silence: number
  /** How long `close` waits for requests under way. */
  readonly drain: number
  readonly connections: number
  readonly headerBytes: number
  readonly headerCount: number
  readonly bodyBytes: number
}

const usual: Limits = {
  headers: 10_000,
  request: 15_000,
  check: 2_000,
  keepAlive: 75_000,
  silence: 120_000,
  drain: 10_000,
  connections: 2_048,
  headerBytes: 16 * 1024,
  headerCount: 100,
  bodyBytes: 256 * 1024,
}

export interface Listener {
  /** Such as `http://127.0.0.1:4599`. */
  readonly address: string
  readonly port: number
  /** Reads the certificate files again, for a SIGHUP; they are watched anyhow. */
  readonly reload: () => void
  /** Takes no more requests, lets those under way finish within the drain limit, then closes every connection. */
  readonly close: () => Promise<void>
}

/** TLS 1.2 only with forward secrecy and AEAD (RFC 9325 section 4.2); the TLS 1.3 suites are all good. */
const tlsSettings = {
  minVersion: 'TLSv1.2',
  ciphers: [
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'TLS_AES_128_GCM_SHA256',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-RSA-CHACHA20-POLY1305',
  ].join(':'),
} as const

/** One connection carries one request at a time. */
interface Connection {
  /** `done`: the last answer is out, and the connection is about to close. */
  phase: 'idle' | 'reading' | 'answering' | 'done'
  /** True when the answer under way is to be the last. */
  last: boolean
  readonly peer: string
  readonly tls: HttpRequest['tls']
}

interface Refusal {
  readonly refused: HttpResponse
  /** For the log. */
  readonly reason: string
}

/**
 * Listens, and hands requests to routes. Everything that makes a request doubtful is refused here, by its head alone and
 * before a byte of its body is kept, and ends the connection: nothing that follows a doubtful request is believed.
 *
 * @throws Error, as a sentence for the operator, when it cannot listen or the certificate cannot be used
 */
export async function listen(options: ListenOptions, routes: readonly Route[]): Promise<Listener> {
  const { host, port, basePath = '', log } = options
  const limits = { ...usual, ...options.limits }
  const table = new Map<string, Route>()
  for (const route of routes) {
    table.set(`${route.method} ${basePath}${route.path}`, route)
    // Clients disagree on whether an endpoint with a path ends in a slash.
    if (route.path === '/' && basePath !== '') table.set(`${route.method} ${basePath}`, route)
  }
  const names = new Set(['localhost', host.toLowerCase(), ...(options.hosts ?? []).map(name => name.toLowerCase())])
  const connections = new Map<Socket, Connection>()
  const { server, certificate } = create(options, limits)
  let draining = false

  function onConnection(socket: Socket): void {
    connections.set(socket, {
      phase: 'idle',
      last: false,
      peer: (socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/, ''),
      tls: certificate && tlsOf(socket as TLSSocket), // A secureConnection is one.
    })
    socket.once('close', () => connections.delete(socket))
  }

  function onRequest(request: IncomingMessage, response: ServerResponse, expects?: 'continue' | 'unknown'): void {
    const connection = connections.get(request.socket)
    if (!connection || connection.phase !== 'idle') {
      // Sent without waiting for the answer before it. No client of ours does that, and smugglers do: it is not served.
      if (connection) connection.last = true
      return
    }
    connection.phase = 'reading'
    const head = readHead(request.rawHeaders)
    const verdict = expects === 'unknown' ? refuse(417, 'unknown expectation') : judge(request, head)
    if ('refused' in verdict) {
      log({ level: 'debug', event: 'request refused', peer: connection.peer, reason: verdict.reason })
      const answer = (): void => send(connection, response, verdict.refused, true)
      // A body on its way is read and thrown away first: closing on unread bytes resets the connection, and then the
      // client never sees why. But not without end.
      if (expects || head.length > 8 * limits.bodyBytes) answer()
      else request.resume().once('end', () => connection.phase === 'reading' && answer())
      return
    }
    if (expects) response.writeContinue()
    readBody(request, head.length, body => {
      if (connection.phase !== 'reading') body.fill(0)
      else void serve(connection, verdict, request, response, body)
    })
  }

  /** The route, unless the head of the request tells against it. */
  function judge(request: IncomingMessage, { marked, repeats, length }: Head): Route | Refusal {
    if (request.httpVersion !== '1.1') return refuse(505, 'not HTTP/1.1')
    if (request.rawHeaders.length > 2 * limits.headerCount) return refuse(431, 'too many headers')
    if (repeats) return refuse(400, 'repeated header')
    if (marked.has('upgrade')) return refuse(400, 'upgrade')
    // Every SDK announces the length of its body; without chunks one kind of smuggling has no place to start
    // (RFC 9112 section 6.3 lets a server ask for it).
    if (marked.has('transfer-encoding')) return refuse(411, 'transfer encoding')
    const hostHeader = marked.get('host')
    const name = hostHeader === undefined ? undefined : hostName(hostHeader)
    if (name === undefined) return refuse(400, 'no good Host')
    if (!names.has(name) && isIP(name) === 0) {
      return refuse(
        421,
        'foreign Host',
        'This server does not answer to that Host name; its option hosts can allow it.',
      )
    }
    const origin = marked.get('origin')
    if (origin !== undefined && /^https?:\/\/(.*)$/.exec(origin)?.[1] !== hostHeader) {
      return refuse(403, 'foreign Origin', 'Pages of another origin may not call this server.')
    }
    if (length > limits.bodyBytes) return refuse(413, 'body too large')
    const { method = '', url: target = '' } = request
    const route =
      method === 'GET' || method === 'HEAD'
        ? table.get(`GET ${target.includes('?') ? target.slice(0, target.indexOf('?')) : target}`)
        : table.get(`${method} ${target}`)
    return route ?? { refused: method === 'POST' ? unknownOperation() : unknownService(), reason: 'no such route' }
  }

  async function serve(
    connection: Connection,
    route: Route,
    { method = '', url: target = '', rawHeaders }: IncomingMessage,
    response: ServerResponse,
    body: Buffer,
  ): Promise<void> {
    connection.phase = 'answering'
    try {
      await turnEnd()
      const { peer, tls } = connection
      const answer = await route.handle({ method, target, rawHeaders, body, peer, tls })
      send(connection, response, answer, draining || connection.last)
    } catch (error) {
      // The message stays out of the log: it is from code that did not expect it, and may quote anything.
      const { name, stack = '' } = error instanceof Error ? error : new Error()
      log({ level: 'error', event: 'handler failed', error: name, at: stack.match(/^ {4}at .*$/gm) ?? [] })
      send(connection, response, kmsAnswer(500, '{"__type":"KMSInternalException"}'), draining || connection.last)
    } finally {
      body.fill(0)
    }
  }

  /** Bytes that are no request, or that took too long. */
  function onClientError(error: NodeJS.ErrnoException, socket: Socket): void {
    const connection = connections.get(socket)
    const status = clientErrorStatus(error.code)
    if (connection?.phase === 'answering') {
      connection.last = true // What was asked properly is answered first, and never by a complaint about what came after.
    } else if (connection?.phase === 'done') {
      // The answer is out; the rest of it is of no interest.
    } else if (connection && status !== undefined && socket.writable) {
      connection.phase = 'done'
      log({ level: 'debug', event: 'request refused', peer: connection.peer, reason: error.code })
      const head = [
        `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
        `Date: ${new Date().toUTCString()}`,
        `x-amzn-RequestId: ${randomUUID()}`,
        'Connection: close',
        'Content-Length: 0',
      ]
      socket.write(`${head.join('\r\n')}\r\n\r\n`, 'latin1')
      socket.destroySoon()
    } else {
      socket.destroy()
    }
  }

  server.on(certificate ? 'secureConnection' : 'connection', onConnection)
  server.on('request', onRequest)
  server.on('checkContinue', (request, response) => onRequest(request, response, 'continue'))
  server.on('checkExpectation', (request, response) => onRequest(request, response, 'unknown'))
  server.on('clientError', onClientError)
  server.on('drop', () => log({ level: 'error', event: 'connection dropped', most: limits.connections }))
  await new Promise<void>((resolve, reject) => {
    server.once('error', error => reject(listenError(error, host, port)))
    server.listen(port, host, resolve)
  }).catch(error => {
    certificate?.close()
    throw error
  })
  server.removeAllListeners('error')
  server.on('error', error => log({ level: 'error', event: 'listener failed', reason: error.message }))

  const bound = server.address() as AddressInfo // It listens on a port, not on a pipe.
  return {
    address: `${certificate ? 'https' : 'http'}://${isIPv6(host) ? `[${host}]` : host}:${bound.port}`,
    port: bound.port,
    reload: () => certificate?.reload(),
    async close() {
      draining = true
      certificate?.close()
      const deadline = setTimeout(() => server.closeAllConnections(), limits.drain)
      await new Promise<void>(resolve => {
        server.close(() => resolve())
        // Not every version of Node closes those that were opened ahead of need, as browsers do, and carry nothing yet.
        for (const [socket, { phase }] of connections) if (phase === 'idle') socket.destroy()
      })
      clearTimeout(deadline)
    },
  }
}

/** An answer made here: with a request id of its own, and kept by no cache unless it says so itself. */
export function reply(
  status: number,
  type: string,
  body: HttpResponse['body'],
  headers: readonly string[] = [],
): HttpResponse {
  const own = ['x-amzn-RequestId', randomUUID(), 'X-Content-Type-Options', 'nosniff']
  if (!headers.includes('Cache-Control')) own.push('Cache-Control', 'no-store')
  return { status, headers: [...own, ...(type === '' ? [] : ['Content-Type', type]), ...headers], body }
}

const kmsAnswer = (status: number, json: string): HttpResponse => reply(status, 'application/x-amz-json-1.1', json)

function refuse(status: number, reason: string, message?: string): Refusal {
  if (message === undefined) return { refused: reply(status, '', ''), reason }
  return { refused: kmsAnswer(status, `{"__type":"AccessDeniedException","Message":"${message}"}`), reason }
}

/** What the front end of AWS says to a request that it cannot hand to any service; measured on its JSON 1.1 services. */
export const unknownService = (): HttpResponse =>
  reply(
    403,
    'application/xml',
    '<AccessDeniedException>\n  <Message>Unable to determine service/operation name to be authorized</Message>\n</AccessDeniedException>\n',
  )

export const unknownOperation = (): HttpResponse => reply(404, 'application/xml', '<UnknownOperationException/>\n')

function create(
  { tls, log }: ListenOptions,
  limits: Limits,
): { server: Server; certificate: CertificateWatch | undefined } {
  const settings = {
    insecureHTTPParser: false,
    requireHostHeader: false, // We ask for it ourselves: every answer must carry a request id.
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headers,
    requestTimeout: limits.request,
    connectionsCheckingInterval: limits.check,
    keepAliveTimeout: limits.keepAlive,
  }
  let server: Server
  let certificate: CertificateWatch | undefined
  if (tls?.certificate !== undefined && tls.key !== undefined) {
    const files = { certificate: tls.certificate, key: tls.key }
    const pair = readCertificate(files)
    // Loaded only when needed: 15 ms and 6 MB.
    const secure = process.getBuiltinModule('node:https').createServer({
      ...settings,
      ...tlsSettings,
      ...pair,
      ALPNProtocols: ['http/1.1'],
      handshakeTimeout: limits.headers,
    })
    certificate = followCertificate(secure, files, pair, tlsSettings, log)
    server = secure
  } else {
    server = createServer(settings)
  }
  server.maxConnections = limits.connections
  // Some versions of Node drop headers beyond their own limit without a word; ours answers.
  server.maxHeadersCount = 0
  server.timeout = limits.silence
  return { server, certificate }
}

/** Collects a body of known length; whatever else held a part of it is wiped, and so is the part if no more comes. */
function readBody(request: IncomingMessage, length: number, done: (body: Buffer) => void): void {
  let body: Buffer = empty
  let filled = 0
  let ended = false
  request.on('data', (chunk: Buffer) => {
    if (chunk.length === length) {
      body = chunk // As nearly always: it came in one piece, of which we are the only owner.
    } else {
      if (body.length === 0) body = Buffer.allocUnsafeSlow(length)
      chunk.copy(body, filled)
      chunk.fill(0)
    }
    filled += chunk.length
  })
  request.on('end', () => {
    ended = true
    done(body)
  })
  request.on('close', () => {
    if (!ended) body.fill(0)
  })
}

const empty = Buffer.alloc(0)

let ending: Promise<void> | undefined

/**
 * The end of this turn of the event loop. Requests that come in one turn go on from it together, one step of all of them
 * before the next step of any, so that a step's code is still in the processor's caches: under load this halves the time
 * that a request takes. A request that comes alone goes on at once.
 */
function turnEnd(): Promise<void> {
  ending ??= new Promise(resolve => {
    setImmediate(() => {
      ending = undefined
      resolve()
    })
  })
  return ending
}

function send(connection: Connection, response: ServerResponse, answer: HttpResponse, last: boolean): void {
  connection.phase = last ? 'done' : 'idle'
  const { status, headers, body, isSecret = false } = answer
  // Sent, or never to be: until then the socket may still read them.
  if (isSecret && typeof body !== 'string') response.once('close', () => body.fill(0))
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length
  response.writeHead(status, [...headers, 'Content-Length', String(length), ...(last ? ['Connection', 'close'] : [])])
  // Head and body leave in one write, and text without a character beyond ASCII as the cheaper latin1.
  response.end(body, length === body.length ? 'latin1' : 'utf8')
}

/** Of these a second makes a request mean one thing to us and another to whoever forwarded it. */
const single = new Set([
  'authorization',
  'content-length',
  'content-type',
  'host',
  'origin',
  'transfer-encoding',
  'upgrade',
])

interface Head {
  /** The headers that must not repeat, by lower-case name. */
  readonly marked: ReadonlyMap<string, string>
  readonly repeats: boolean
  /** Of the body, in bytes; infinite if not announced. */
  readonly length: number
}

function readHead(rawHeaders: readonly string[]): Head {
  const marked = new Map<string, string>()
  let repeats = false
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase()
    if (!single.has(name) && !name.startsWith('x-amz-')) continue
    repeats ||= marked.has(name)
    marked.set(name, rawHeaders[at + 1] ?? '')
  }
  // The parser has seen to it that the length is a number, and there once.
  const length = marked.has('transfer-encoding') ? Infinity : Number(marked.get('content-length') ?? 0)
  return { marked, repeats, length }
}

/**
 * The name in a Host header, lower-case, without port; undefined if it is none. The port does not matter: the check is
 * against DNS rebinding, where a page keeps its own name while that name comes to point at us. An IP address cannot be
 * made to point elsewhere, so any is good.
 */
function hostName(header: string): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::[0-9]{1,5})?$/.exec(header.toLowerCase())
  return match?.[1] ?? match?.[2]
}

function clientErrorStatus(code: string | undefined): number | undefined {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 408
  if (code === 'HPE_HEADER_OVERFLOW') return 431
  return code?.startsWith('HPE_') ? 400 : undefined // The rest is trouble of the connection or of TLS.
}

function tlsOf(socket: TLSSocket): HttpRequest['tls'] {
  return { version: socket.getProtocol() ?? '', cipher: socket.getCipher().name }
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const reasons: Record<string, string> = {
    EADDRINUSE: 'another process uses it',
    EADDRNOTAVAIL: 'this machine has no such address',
    EACCES: 'this user may not',
    ENOTFOUND: 'the name is unknown',
  }
  return new Error(`Cannot listen on ${host} port ${port}: ${reasons[error.code ?? ''] ?? error.message}`, {
    cause: error,
  })
}
