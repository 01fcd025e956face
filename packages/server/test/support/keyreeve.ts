import assert from 'node:assert/strict'
import type { Credentials, TestServer } from './server.ts'
import { post, type RawAnswer, type RawRequest } from './signed-http.ts'

/** Calls of our own service, for which there is no official client. */

/** As a signed request needs them. */
export const signedBy = ({ accessKeyId, secretAccessKey, sessionToken }: Credentials) => ({
  accessKeyId,
  secret: Buffer.from(secretAccessKey),
  sessionToken,
})

/** @param by default: the administrator */
export async function callKeyreeve(
  server: TestServer,
  operation: string,
  input: object,
  by: Credentials = server,
  more: RawRequest = {},
): Promise<RawAnswer> {
  const headers = { 'x-amz-target': `Keyreeve.${operation}` }
  return await post(server, { body: input, service: 'keyreeve', credentials: signedBy(by), headers, ...more })
}

/** The members of the answer. */
export async function answered<T>(call: Promise<RawAnswer>): Promise<T> {
  const { status, body } = await call
  assert.equal(status, 200, body)
  return JSON.parse(body) as T // Asserted on by those who ask.
}

/** Asserts that it is refused so. */
export async function refusedBy(call: Promise<RawAnswer>, code: string, message?: string): Promise<void> {
  const { status, body } = await call
  const { __type, ...texts } = JSON.parse(body) as Record<string, string> // As every refusal has them.
  assert.deepEqual([status, __type], [400, code], body)
  if (message !== undefined) assert.deepEqual(Object.values(texts), [message])
}

/** As answers have it. */
export interface WireTrace {
  Decision: string
  Reason: string
  Principal: string
  Action: string
  Resource: string
  Side?: string
  Policies: { Layer: string; Policy: string; Statements: { Statement: string; Applies: boolean; Text: string }[] }[]
  Grants: { GrantId: string; Allows: boolean; Failed?: string }[]
  Omitted?: number
}

export interface WireExplanation {
  RequestId: string
  Time: number
  Operation: string
  Trace: WireTrace
}
