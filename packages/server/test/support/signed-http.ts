import { request as httpRequest, type Agent } from 'node:http'
import { sign, type Credentials } from '../../src/protocol/sigv4.ts'
import type { TestServer } from './server.ts'

/** A request byte for byte, signed as an official client would unless it says otherwise. */
export interface RawRequest {
  /** X-Amz-Target becomes `TrentService.<operation>`. */
  operation?: string
  /** Text or bytes as they are; anything else as JSON. Default: `{}`. */
  body?: unknown
  /** Beside Host, Content-Type and X-Amz-Target, or in place of them; undefined leaves one out. */
  headers?: Readonly<Record<string, string | undefined>>
  region?: string
  service?: string
  credentials?: Credentials
  /** When it says it was signed, in epoch milliseconds. */
  at?: number
  /** Sent in place of the body that was signed. */
  sent?: string
  /** Changes what was signed, such as the signature itself. */
  forge?: (headers: Record<string, string>) => void
  unsigned?: true
}

export interface RawAnswer {
  status: number
  /** By lower-case name, every value that came. */
  headers: ReadonlyMap<string, readonly string[]>
  body: string
}

/** Sends a request over a connection of its own. */
export async function post(server: TestServer, request: RawRequest): Promise<RawAnswer> {
  return await prepare(server, request, false)()
}

/** Signs a request, to be sent as often as wanted within five minutes. */
export function prepare(server: TestServer, request: RawRequest, agent: Agent | false): () => Promise<RawAnswer> {
  const body = bytesOf(request.body ?? {})
  const headers = signedHeaders(server, request, body)
  return () =>
    new Promise((resolve, reject) => {
      const sent = httpRequest(server.address, { method: 'POST', headers, agent }, response => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          resolve({
            status: response.statusCode ?? 0,
            headers: grouped(response.rawHeaders),
            body: Buffer.concat(chunks).toString(),
          })
        })
      })
      sent.on('error', reject)
      sent.end(request.sent ?? body)
    })
}

function bytesOf(body: unknown): Buffer {
  if (body instanceof Uint8Array) return Buffer.from(body)
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}

function signedHeaders(server: TestServer, request: RawRequest, body: Buffer): Record<string, string> {
  const wanted: Record<string, string | undefined> = {
    host: new URL(server.address).host,
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': request.operation && `TrentService.${request.operation}`,
    ...request.headers,
  }
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(wanted)) if (value !== undefined) headers[name] = value
  if (!request.unsigned) {
    const { region = 'us-east-1', service = 'kms', at = server.clock.now() } = request
    const own = { accessKeyId: server.accessKeyId, secret: Buffer.from(server.secretAccessKey) }
    const rawHeaders = Object.entries(headers).flat()
    const signable = { method: 'POST', target: '/', rawHeaders, body }
    Object.assign(headers, sign(signable, request.credentials ?? own, { now: new Date(at), region, service }))
  }
  request.forge?.(headers)
  return headers
}

function grouped(rawHeaders: readonly string[]): Map<string, string[]> {
  const headers = new Map<string, string[]>()
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]?.toLowerCase() ?? ''
    headers.set(name, [...(headers.get(name) ?? []), rawHeaders[at + 1] ?? ''])
  }
  return headers
}
