import type { Agent } from 'node:https'
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { isAllowed, lookupAllowed, readAuthorities } from './addresses.ts'
import { ProxyFailure, type FailureName } from './failures.ts'

/** How proxies are reached; the operator's choice. */
export interface ProxySettings {
  /** PEM file with the authorities that certificates must come from; without it, the public ones that Node trusts. */
  readonly ca: string | undefined
  readonly allowLoopback: boolean
  readonly port: number
  /** For a whole call, in milliseconds. */
  readonly timeout: number
}

export interface Post {
  readonly host: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

export interface Reply {
  readonly status: number
  readonly body: Buffer
}

/** A failed exchange, and for the operator's log the code that Node has for the reason. */
export class ExchangeFailure extends ProxyFailure {
  readonly reason: string

  constructor(failure: FailureName, reason: string) {
    super(failure)
    this.reason = reason
  }
}

/** The longest answer of the specification takes 13 KB. */
const mostBytes = 64 * 1024
/** To one proxy. What waits for a connection uses up its time. */
const mostConnections = 64
/** How long a connection waits for its next use, in milliseconds. */
const idle = 10_000

/** HTTP/1.1 over TLS 1.2 or 1.3, with connections that are used again. Redirects are answers like any other. */
export class Transport {
  readonly #settings: ProxySettings
  readonly #ca: Buffer | undefined
  #agent: Agent | undefined

  /** @throws Error, as a sentence for the operator, unless there is a certificate in the file of authorities */
  constructor(settings: ProxySettings) {
    this.#settings = settings
    this.#ca = settings.ca === undefined ? undefined : readAuthorities('xks.ca', settings.ca)
  }

  /** @throws ExchangeFailure */
  async post(post: Post): Promise<Reply> {
    const { timeout, allowLoopback } = this.#settings
    // Node looks up no name that is an address already.
    if (isIP(post.host) !== 0 && !isAllowed(post.host, allowLoopback)) {
      throw new ExchangeFailure('unreachable', 'no allowed address')
    }
    const signal = AbortSignal.timeout(timeout)
    try {
      return await this.#exchange(post, signal)
    } catch (error) {
      // The proxy closed an idle connection just when it was chosen: nobody has read the request.
      if (error instanceof StaleConnection) return await this.#exchange(post, signal)
      throw error
    }
  }

  close(): void {
    this.#agent?.destroy()
  }

  #exchange({ host, path, headers, body }: Post, signal: AbortSignal): Promise<Reply> {
    // Only now: most servers have no external key store, and TLS takes memory and time to load.
    const https = process.getBuiltinModule('node:https')
    const { port, allowLoopback } = this.#settings
    this.#agent ??= new https.Agent({
      keepAlive: true,
      maxSockets: mostConnections,
      timeout: idle,
      minVersion: 'TLSv1.2',
      rejectUnauthorized: true, // Whatever NODE_TLS_REJECT_UNAUTHORIZED says.
      lookup: lookupAllowed(allowLoopback),
      ...(this.#ca && { ca: this.#ca }),
    })
    const agent = this.#agent
    return new Promise((resolve, reject) => {
      let phase: 'connecting' | 'tls' | 'connected' = 'connecting'
      const request = https.request({ agent, host, port, path, method: 'POST', headers, signal })
      const fail = (error: NodeJS.ErrnoException): void => {
        const reason = error.code ?? error.message
        if (signal.aborted) reject(new ExchangeFailure(phase === 'connecting' ? 'unreachable' : 'late', 'timeout'))
        else if (request.reusedSocket && /^(ECONNRESET|EPIPE)$/.test(reason))
          reject(new StaleConnection('unreachable', reason))
        else if (reason.startsWith('HPE_')) reject(new ExchangeFailure('invalidResponse', reason)) // Is no HTTP.
        else reject(new ExchangeFailure(phase === 'tls' ? 'tls' : 'unreachable', reason))
      }
      request.on('socket', socket => {
        if (request.reusedSocket) return void (phase = 'connected')
        socket.once('connect', () => (phase = 'tls'))
        socket.once('secureConnect', () => (phase = 'connected'))
      })
      request.on('error', fail)
      request.on('response', response => {
        readReply(response).then(resolve, error => {
          request.destroy()
          if (error instanceof ExchangeFailure) reject(error)
          else fail(error as NodeJS.ErrnoException) // What streams of Node fail with.
        })
      })
      request.end(body)
    })
  }
}

class StaleConnection extends ExchangeFailure {}

async function readReply(response: IncomingMessage): Promise<Reply> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > mostBytes) throw new ExchangeFailure('invalidResponse', 'answer too long')
    chunks.push(chunk)
  }
  return { status: response.statusCode ?? 0, body: Buffer.concat(chunks) }
}
