import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import { makeCertificate } from './certificate.ts'

/** An OpenID Connect issuer over HTTPS, which shares no code with the server. */
export interface TestIssuer {
  /** `https://localhost:<port>/realm` */
  url: string
  /** Without `https://`. */
  name: string
  /** PEM file with the certificate of the issuer, which is its own authority. */
  ca: string
  /** Flags with which a server reaches this issuer. */
  flags: string[]
  /** What it publishes. */
  keys: SigningKey[]
  /** Paths that were asked for. */
  requests: string[]
  /** What happens instead of an answer, by the end of the path, until it is unset. */
  misbehave: ((path: string, response: ServerResponse) => boolean) | undefined
  configuration: Record<string, unknown>
  close: () => Promise<void>
}

/** @param folder where the certificate goes */
export async function startIssuer(folder: string): Promise<TestIssuer> {
  const { certificate, key } = makeCertificate('localhost')
  const ca = join(folder, 'oidc-ca.pem')
  writeFileSync(ca, certificate)
  const sockets = new Set<Socket>()
  const server = createServer({ cert: certificate, key })
  server.on('connection', socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>(resolve => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // Of a server that listens on a port.
  const name = `localhost:${port}/realm`
  const url = `https://${name}`
  const issuer: TestIssuer = {
    url,
    name,
    ca,
    flags: ['--oidc-ca', ca, '--oidc-allow-loopback'],
    keys: [],
    requests: [],
    misbehave: undefined,
    configuration: { issuer: url, jwks_uri: `${url}/keys`, response_types_supported: ['id_token'] },
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
  server.on('request', ({ url: path = '', method }, response) => {
    issuer.requests.push(path)
    if (issuer.misbehave?.(path, response)) return
    const answers: Record<string, unknown> = {
      '/realm/.well-known/openid-configuration': issuer.configuration,
      '/realm/keys': { keys: issuer.keys.map(({ jwk }) => jwk) },
    }
    const answer = method === 'GET' ? answers[path] : undefined
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answer ?? {}))
  })
  return issuer
}

export interface SigningKey {
  algorithm: Algorithm
  id: string | undefined
  privateKey: KeyObject
  publicKey: KeyObject
  jwk: Record<string, unknown>
}

export type Algorithm = keyof typeof makers

const rsa = () => generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = (namedCurve: string) => () => generateKeyPairSync('ec', { namedCurve })
const makers = {
  RS256: rsa,
  RS384: rsa,
  RS512: rsa,
  PS256: rsa,
  PS384: rsa,
  PS512: rsa,
  ES256: ec('P-256'),
  ES384: ec('P-384'),
  ES512: ec('P-521'),
  EdDSA: () => generateKeyPairSync('ed25519'),
} as const

export function makeSigningKey(algorithm: Algorithm, id?: string): SigningKey {
  const { privateKey, publicKey } = makers[algorithm]()
  const own = { alg: algorithm, use: 'sig', ...(id !== undefined && { kid: id }) }
  return { algorithm, id, privateKey, publicKey, jwk: { ...publicKey.export({ format: 'jwk' }), ...own } }
}

const encode = (part: unknown): string =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url')

/** Compact serialization (RFC 7515 section 7.1). `payload` may be text that is no JSON. */
export function signToken(key: SigningKey, payload: unknown, header: Record<string, unknown> = {}): string {
  const { algorithm, id, privateKey } = key
  const head = { alg: algorithm, typ: 'JWT', ...(id !== undefined && { kid: id }), ...header }
  const signed = `${encode(head)}.${encode(payload)}`
  return `${signed}.${signatureOf(algorithm, privateKey, Buffer.from(signed)).toString('base64url')}`
}

/** Any header, payload and signature. */
export const joinToken = (header: unknown, payload: unknown, signature: (signed: string) => Buffer): string => {
  const signed = `${encode(header)}.${encode(payload)}`
  return `${signed}.${signature(signed).toString('base64url')}`
}

function signatureOf(algorithm: Algorithm, key: KeyObject, data: Buffer): Buffer {
  if (algorithm === 'EdDSA') return sign(null, data, key)
  const digest = `sha${algorithm.slice(2)}`
  if (algorithm.startsWith('ES')) return sign(digest, data, { key, dsaEncoding: 'ieee-p1363' })
  if (algorithm.startsWith('RS')) return sign(digest, data, key)
  return sign(digest, data, { key, padding: 6 /* RSA_PKCS1_PSS_PADDING */, saltLength: Number(algorithm.slice(2)) / 8 })
}
