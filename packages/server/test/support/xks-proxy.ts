import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import { makeCertificate } from './certificate.ts'

/**
 * An external key store proxy as AWS specifies it (https://github.com/aws/aws-kms-xksproxy-api-spec, version 1.0), with a
 * key manager of its own behind it. Shares no code with the server: signatures are verified, and additional data are bound,
 * as the specification says.
 */
export interface TestProxy {
  port: number
  /** PEM file with the certificate of the proxy, which is its own authority. */
  ca: string
  /** Flags with which a server reaches this proxy. */
  flags: string[]
  credential: { AccessKeyId: string; RawSecretAccessKey: string }
  /** What is accepted; a store that was told another credential fails. */
  accepts: { AccessKeyId: string; RawSecretAccessKey: string }[]
  keys: Map<string, ExternalKey>
  /** Every request whose signature was right. */
  requests: ProxyRequest[]
  /** Connections accepted so far. */
  connections: () => number
  /** For the next requests, until it is unset: what happens instead of, or to, the answer. */
  misbehave: ((request: ProxyRequest, answer: Record<string, unknown>) => Misbehaviour) | undefined
  /** Health as reported, one for each key manager. */
  health: string[]
  /** Closes connections that wait for a request. */
  dropIdle: () => void
  close: () => Promise<void>
}

export interface ExternalKey {
  bytes: Buffer
  keySpec: string
  keyUsage: string[]
  keyStatus: string
  /** Sent with each ciphertext, and bound into it. */
  metadata?: Buffer
  ivSize?: number
}

export interface ProxyRequest {
  /** After `/kms/xks/v1`. */
  path: string
  prefix: string
  headers: Record<string, string | string[] | undefined>
  body: Record<string, unknown>
  metadata: Record<string, unknown>
}

/** An answer, or what is done in place of one. */
export type Misbehaviour =
  | { status: number; body: string | Buffer; headers?: Record<string, string> }
  | 'reset'
  | 'hang'

export const failing = (status: number, errorName: string): (() => Misbehaviour) => {
  const body = JSON.stringify({ errorName, errorMessage: 'a message that callers must not see' })
  return () => ({ status, body })
}

const aes = { keySpec: 'AES_256', keyUsage: ['ENCRYPT', 'DECRYPT', 'WRAP'], keyStatus: 'ENABLED' }
export const externalKey = (changes: Partial<ExternalKey> = {}): ExternalKey => ({
  bytes: randomBytes(32),
  ...aes,
  ...changes,
})

/** @param folder where the certificate goes */
export async function startProxy(folder: string): Promise<TestProxy> {
  const { certificate, key } = makeCertificate('localhost')
  const ca = join(folder, 'xks-ca.pem')
  writeFileSync(ca, certificate)
  const server = createServer({ cert: certificate, key, keepAlive: true })
  const sockets = new Set<Socket>()
  let count = 0
  server.on('connection', socket => {
    count++
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>(resolve => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // Of a server that listens on a port.
  const credential = newCredential()
  const proxy: TestProxy = {
    port,
    ca,
    flags: ['--xks-ca', ca, '--xks-port', String(port), '--xks-allow-loopback'],
    credential,
    accepts: [credential],
    keys: new Map(),
    requests: [],
    connections: () => count,
    misbehave: undefined,
    health: ['ACTIVE'],
    dropIdle: () => server.closeIdleConnections(),
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    handle(proxy, request, response).catch((error: unknown) => response.destroy(error as Error))
  })
  return proxy
}

export function newCredential(): TestProxy['credential'] {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  return {
    AccessKeyId: Array.from(randomBytes(24), byte => alphabet.charAt(byte & 31)).join(''),
    RawSecretAccessKey: randomBytes(33).toString('base64'),
  }
}

async function handle(proxy: TestProxy, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  const bytes = Buffer.concat(chunks)
  const send = (status: number, body: string | Buffer, headers: Record<string, string> = {}): void => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)
  }
  const refuse = (status: number, errorName: string): void => send(status, JSON.stringify({ errorName }))
  if (request.method !== 'POST') return send(405, '')
  if (!isSigned(proxy, request, bytes)) return refuse(401, 'AuthenticationFailedException')
  const [, prefix = '', path = ''] = /^(.*)\/kms\/xks\/v1(\/.*)$/.exec(request.url ?? '') ?? []
  const body = JSON.parse(bytes.toString()) as Record<string, unknown>
  const metadata = body['requestMetadata'] as Record<string, unknown>
  const known: ProxyRequest = { path, prefix, headers: request.headers, body, metadata }
  proxy.requests.push(known)
  const [status, answer] = prefix.includes('nowhere')
    ? [404, { errorName: 'InvalidUriPathException' }]
    : answerTo(proxy, path, body)
  const misbehaviour = proxy.misbehave?.(known, answer)
  if (misbehaviour === undefined) return send(status, JSON.stringify(answer))
  if (misbehaviour === 'reset') return void request.socket.resetAndDestroy()
  if (misbehaviour !== 'hang') send(misbehaviour.status, misbehaviour.body, misbehaviour.headers)
}

function answerTo(proxy: TestProxy, path: string, body: Record<string, unknown>): [number, Record<string, unknown>] {
  if (path === '/health') {
    const ekmFleetDetails = proxy.health.map((healthStatus, index) => ({
      id: `${index}`,
      model: 'Test 1',
      healthStatus,
    }))
    const names = { xksProxyVendor: 'Test', xksProxyModel: 'Test 1.0', ekmVendor: 'Test' }
    return [200, { xksProxyFleetSize: 1, ...names, ekmFleetDetails }]
  }
  const [, id = '', call] = /^\/keys\/([A-Za-z0-9._-]+)\/(metadata|encrypt|decrypt)$/.exec(path) ?? []
  if (call === undefined) return [404, { errorName: 'InvalidUriPathException' }]
  const key = proxy.keys.get(id)
  if (!key) return [404, { errorName: 'KeyNotFoundException' }]
  const { keySpec, keyUsage, keyStatus } = key
  if (call === 'metadata') return [200, { keySpec, keyUsage, keyStatus }]
  if (keyStatus !== 'ENABLED') return [400, { errorName: 'InvalidStateException' }]
  if (body['encryptionAlgorithm'] !== 'AES_GCM') return [400, { errorName: 'ValidationException' }]
  return call === 'encrypt' ? encrypt(key, body) : decrypt(key, body)
}

function bytesOf(body: Record<string, unknown>, name: string): Buffer {
  const text = body[name] ?? ''
  if (typeof text !== 'string') throw new TypeError(`${name} is no text`)
  return Buffer.from(text, 'base64')
}

/** The specification's binding of additional data and metadata. */
function aadOf(additional: Buffer, metadata: Buffer): Buffer {
  const lengths = [Buffer.alloc(2), Buffer.alloc(1)] as const
  lengths[0].writeUInt16BE(additional.length)
  lengths[1].writeUInt8(metadata.length)
  return Buffer.concat([lengths[0], additional, lengths[1], metadata])
}

export function encrypt(key: ExternalKey, body: Record<string, unknown>): [number, Record<string, unknown>] {
  const plaintext = bytesOf(body, 'plaintext')
  const additional = bytesOf(body, 'additionalAuthenticatedData')
  if (plaintext.length > 4300 || additional.length > 8192) return [400, { errorName: 'ValidationException' }]
  const metadata = key.metadata ?? Buffer.alloc(0)
  const iv = randomBytes(key.ivSize ?? 12)
  const cipher = createCipheriv('aes-256-gcm', key.bytes, iv, { authTagLength: 16 })
  cipher.setAAD(aadOf(additional, metadata))
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()])
  const tag = cipher.getAuthTag()
  return [200, encryptAnswer({ iv, tag, metadata, ciphertext, additional })]
}

/** Also for tests that alter a part and keep the check value right. */
export function encryptAnswer(parts: Record<'iv' | 'tag' | 'metadata' | 'ciphertext' | 'additional', Buffer>) {
  const { iv, tag, metadata, ciphertext, additional } = parts
  const check = createHash('sha256')
    .update(Buffer.concat([additional, metadata, iv, ciphertext, tag]))
    .digest('base64')
  return {
    ciphertext: ciphertext.toString('base64'),
    ...(metadata.length > 0 && { ciphertextMetadata: metadata.toString('base64') }),
    initializationVector: iv.toString('base64'),
    authenticationTag: tag.toString('base64'),
    ciphertextDataIntegrityValue: check,
  }
}

function decrypt(key: ExternalKey, body: Record<string, unknown>): [number, Record<string, unknown>] {
  const iv = bytesOf(body, 'initializationVector')
  const tag = bytesOf(body, 'authenticationTag')
  try {
    const decipher = createDecipheriv('aes-256-gcm', key.bytes, iv, { authTagLength: 16 })
    decipher.setAAD(aadOf(bytesOf(body, 'additionalAuthenticatedData'), bytesOf(body, 'ciphertextMetadata')))
    decipher.setAuthTag(tag)
    const plaintext = Buffer.concat([decipher.update(bytesOf(body, 'ciphertext')), decipher.final()])
    return [200, { plaintext: plaintext.toString('base64') }]
  } catch {
    return [400, { errorName: 'InvalidCiphertextException' }]
  }
}

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex')
const hmac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest()

/** Signature Version 4 as appendix A of the specification has it. */
function isSigned(proxy: TestProxy, { headers, url = '' }: IncomingMessage, body: Buffer): boolean {
  const pattern =
    /^AWS4-HMAC-SHA256 Credential=([A-Z2-7]+)\/(\d{8})\/([a-z0-9-]+)\/kms-xks-proxy\/aws4_request, SignedHeaders=host;x-amz-date, Signature=([0-9a-f]{64})$/
  const [, id, date = '', region = '', signature = ''] = pattern.exec(headers.authorization ?? '') ?? []
  const secret = proxy.accepts.find(({ AccessKeyId }) => AccessKeyId === id)?.RawSecretAccessKey
  const timestamp = String(headers['x-amz-date'])
  if (secret === undefined || !timestamp.startsWith(date)) return false
  const canonical = `POST\n${url}\n\nhost:${headers.host}\nx-amz-date:${timestamp}\n\nhost;x-amz-date\n${sha256(body)}`
  const scope = `${date}/${region}/kms-xks-proxy/aws4_request`
  const key = [date, region, 'kms-xks-proxy', 'aws4_request'].reduce(hmac, Buffer.from(`AWS4${secret}`))
  const expected = hmac(key, `AWS4-HMAC-SHA256\n${timestamp}\n${scope}\n${sha256(canonical)}`)
  return timingSafeEqual(expected, Buffer.from(signature, 'hex'))
}
