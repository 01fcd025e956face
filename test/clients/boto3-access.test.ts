import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { allow, userWith } from '../../packages/server/test/support/identities.ts'
import { makeSigningKey, signToken, startIssuer } from '../../packages/server/test/support/issuer.ts'
import { start, TestClock, type Credentials } from '../../packages/server/test/support/server.ts'
import { suiteOfPython, type Stage } from './support.ts'

const minute = 60_000
const audience = 'boto3'

/** For boto3.client(). */
const asArguments = ({ accessKeyId, secretAccessKey, sessionToken }: Credentials) => ({
  aws_access_key_id: accessKeyId,
  aws_secret_access_key: secretAccessKey,
  ...(sessionToken !== undefined && { aws_session_token: sessionToken }),
})

/** A server of two accounts, a session that has expired, and an issuer with tokens in files. */
async function open(): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'keyreeve-clients-'))
  const issuer = await startIssuer(folder)
  const key = makeSigningKey('RS256', 'key-1')
  issuer.keys.push(key)
  // Its clock never goes back, so it starts behind: clients sign by the real one.
  const clock = new TestClock()
  clock.advance(-20 * minute)
  const server = await start(issuer.flags, { data: join(folder, 'server', 'data'), clock })
  const { Credentials: given } = await server.sts().getSessionToken({ DurationSeconds: 900 })
  clock.advance(20 * minute)

  const now = Math.floor(server.app.now() / 1000)
  const claims = { iss: issuer.url, sub: 'repo:example/app', aud: audience, iat: now, exp: now + 600 }
  const tokens = {
    valid: signToken(key, claims),
    expired: signToken(key, { ...claims, iat: now - 600, exp: now - 1 }),
    foreign: signToken(key, { ...claims, aud: 'another' }),
  }
  for (const [name, token] of Object.entries(tokens)) await writeFile(join(folder, `${name}.jwt`), token)
  const stage = {
    issuer: issuer.url,
    audience,
    tokens: folder,
    expired: asArguments({
      accessKeyId: given?.AccessKeyId ?? '',
      secretAccessKey: given?.SecretAccessKey ?? '',
      sessionToken: given?.SessionToken ?? '',
    }),
    stranger: asArguments(await userWith(server, { name: 'stranger', account: '111122223333' }, allow('*'))),
  }
  return {
    target: {
      address: server.address,
      credentials: server.app.credentials,
      environment: { STAGE: JSON.stringify(stage) },
    },
    async close() {
      await server.stop()
      await issuer.close()
      await rm(folder, { recursive: true })
    },
  }
}

await suiteOfPython('who may do what, with boto3', 'boto3_access_checks.py', ['boto3'], open)
