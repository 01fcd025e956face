import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeSigningKey, signToken, startIssuer } from '../../packages/server/test/support/issuer.ts'
import { start, TestClock, type Credentials, type TestServer } from '../../packages/server/test/support/server.ts'

/** A server, and what clients need to become somebody else there. */
export interface AccessStage {
  server: TestServer
  /** Of an OpenID Connect provider, which the server reaches but does not know yet. */
  issuer: string
  /** Whom the issuer's tokens are for. */
  audience: string
  /** The folder of its tokens: `valid.jwt`, `expired.jwt` and, for another audience, `foreign.jwt`. */
  tokens: string
  /** Of the administrator, by a session token that has expired. */
  expired: Credentials
  close: () => Promise<void>
}

const minute = 60_000

export async function openAccessStage(audience: string): Promise<AccessStage> {
  const folder = await mkdtemp(join(tmpdir(), 'keyreeve-clients-'))
  const issuer = await startIssuer(folder)
  const key = makeSigningKey('RS256', 'key-1')
  issuer.keys.push(key)
  // Clients sign by the real clock, and the server's never goes back: so it starts behind.
  const clock = new TestClock()
  clock.advance(-20 * minute)
  const server = await start(issuer.flags, { data: join(folder, 'server', 'data'), clock })
  const { Credentials: given } = await server.sts().getSessionToken({ DurationSeconds: 900 })
  clock.advance(20 * minute)

  const now = Math.floor(server.app.now() / 1000)
  const claims = { iss: issuer.url, sub: 'repo:example/app', aud: audience, iat: now, exp: now + 600 }
  const tokens = {
    valid: claims,
    expired: { ...claims, iat: now - 600, exp: now - 1 },
    foreign: { ...claims, aud: 'another' },
  }
  for (const [name, payload] of Object.entries(tokens)) {
    await writeFile(join(folder, `${name}.jwt`), signToken(key, payload))
  }
  return {
    server,
    issuer: issuer.url,
    audience,
    tokens: folder,
    expired: {
      accessKeyId: given?.AccessKeyId ?? '',
      secretAccessKey: given?.SecretAccessKey ?? '',
      sessionToken: given?.SessionToken ?? '',
    },
    async close() {
      await server.stop()
      await issuer.close()
      await rm(folder, { recursive: true })
    },
  }
}
