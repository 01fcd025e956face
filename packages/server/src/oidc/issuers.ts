import type { ClientRequest, IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { JsonError, parseJson, toPlain, type PlainJson } from '../protocol/json.ts'
import { isAllowed, lookupAllowed, readAuthorities } from '../xks/addresses.ts'
import { KeySetError, parseKeySet, type KeySet } from './key-set.ts'

/** Who issues web identity tokens, and with which keys (OpenID Connect Discovery 1.0 section 4). */
export interface Issuers {
  /**
   * The keys of an issuer, fetched if they are not known, or are too old, or lack the one that is asked for. They may lack it
   * all the same.
   *
   * @param issuer its URL without `https://`
   * @param now epoch milliseconds
   * @throws IssuerFailure
   */
  keysOf: (issuer: string, keyId: string | undefined, now: number) => Promise<KeySet>
}

/** How issuers are reached; the operator's choice. */
interface IssuerSettings {
  /** PEM file with the authorities that certificates must come from; without it, the public ones that Node trusts. */
  readonly ca: string | undefined
  readonly allowLoopback: boolean
}

/** An issuer cannot be reached, or does not answer as it should. The message is for the operator's log. */
export class IssuerFailure extends Error {
  override readonly name = 'IssuerFailure'
}

/** How long keys count, in milliseconds. */
const lifetime = 10 * 60_000
/** How long an issuer is left alone once it has answered, or has failed to. */
const pause = 60_000
const pauseAfterFailure = 5_000
/** For both calls, in milliseconds; AWS waits as long. */
const timeout = 5_000
/** Of one answer. */
const mostBytes = 64 * 1024
const mostIssuers = 1000

interface Known {
  keys: KeySet | undefined
  /** Until when they count. */
  goodUntil: number
  /** From when on it may be asked again. */
  nextAt: number
  /** Never rejects. */
  pending: Promise<void> | undefined
}

/**
 * @param report gets what failed, for the operator
 * @throws Error, as a sentence for the operator, unless there is a certificate in the file of authorities
 */
export function openIssuers(
  settings: IssuerSettings,
  report: (failure: Readonly<Record<string, string>>) => void,
): Issuers {
  const get = getter(settings)
  const known = new Map<string, Known>()

  function entryOf(issuer: string): Known {
    const entry = known.get(issuer) ?? { keys: undefined, goodUntil: 0, nextAt: 0, pending: undefined }
    if (!known.has(issuer)) {
      const [oldest] = known.keys()
      if (oldest !== undefined && known.size >= mostIssuers) known.delete(oldest)
      known.set(issuer, entry)
    }
    return entry
  }

  async function refresh(entry: Known, issuer: string, now: number): Promise<void> {
    try {
      entry.keys = await fetchKeys(get, issuer)
      entry.goodUntil = now + lifetime
      entry.nextAt = now + pause
    } catch (error) {
      const isTheirs = error instanceof IssuerFailure || error instanceof KeySetError || error instanceof JsonError
      report({ issuer, reason: isTheirs ? error.message : String(error) })
      entry.nextAt = now + pauseAfterFailure
    } finally {
      entry.pending = undefined
    }
  }

  return {
    async keysOf(issuer, keyId, now) {
      const entry = entryOf(issuer)
      const current = (): KeySet | undefined => (now < entry.goodUntil ? entry.keys : undefined)
      const keys = current()
      if (keys && (keyId === undefined || keys.ids.has(keyId))) return keys
      if (now >= entry.nextAt) entry.pending ??= refresh(entry, issuer, now)
      await entry.pending
      const found = current()
      if (!found) throw new IssuerFailure(`${issuer} has failed`)
      return found
    },
  }
}

type Get = (url: URL, signal: AbortSignal) => Promise<Buffer>

async function fetchKeys(get: Get, issuer: string): Promise<KeySet> {
  const signal = AbortSignal.timeout(timeout)
  const place = new URL(`https://${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
  const { issuer: named, jwks_uri: keys } = membersOf(await get(place, signal))
  if (named !== `https://${issuer}`) throw new IssuerFailure('its configuration is that of another issuer')
  if (typeof keys !== 'string' || !URL.canParse(keys)) throw new IssuerFailure('its configuration has no jwks_uri')
  return await parseKeySet(await get(new URL(keys), signal))
}

/** @throws JsonError, IssuerFailure */
function membersOf(body: Buffer): { readonly [name: string]: PlainJson } {
  const json = toPlain(parseJson(body))
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json
  throw new IssuerFailure('its configuration is no object')
}

/** One GET over TLS 1.2 or 1.3, on a connection of its own. A redirect is an answer like any other that is not wanted. */
function getter({ ca: file, allowLoopback }: IssuerSettings): Get {
  const ca = file === undefined ? undefined : readAuthorities('oidc.ca', file)
  return async (url, signal) => {
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
    if (url.protocol !== 'https:' || url.username !== '' || url.password !== '') throw new IssuerFailure('no https URL')
    // Node looks up no name that is an address already.
    if (isIP(host) !== 0 && !isAllowed(host, allowLoopback)) throw new IssuerFailure('no allowed address')
    // Only now: most servers have no identity provider, and TLS takes memory and time to load.
    const https = process.getBuiltinModule('node:https')
    const request = https.request({
      agent: false,
      host,
      port: url.port || 443,
      path: url.pathname + url.search,
      headers: { host: url.host, accept: 'application/json' },
      minVersion: 'TLSv1.2',
      rejectUnauthorized: true, // Whatever NODE_TLS_REJECT_UNAUTHORIZED says.
      lookup: lookupAllowed(allowLoopback),
      signal,
      ...(ca && { ca }),
    })
    try {
      return await read(request)
    } catch (error) {
      if (error instanceof IssuerFailure) throw error
      if (signal.aborted) throw new IssuerFailure('timeout')
      const { code, message } = error as NodeJS.ErrnoException // What requests and streams of Node fail with.
      throw new IssuerFailure(code ?? message)
    } finally {
      request.destroy()
    }
  }
}

async function read(request: ClientRequest): Promise<Buffer> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request.on('response', resolve)
    request.on('error', reject)
    request.end()
  })
  if (response.statusCode !== 200) throw new IssuerFailure(`status ${response.statusCode}`)
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > mostBytes) throw new IssuerFailure('answer too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
