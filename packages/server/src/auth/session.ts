import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { random } from '../crypto/random.ts'
import { decodeBase64, EncodingError, encodeBase64 } from '../protocol/base64.ts'
import { parseJson, toPlain } from '../protocol/json.ts'
import type { Seal } from '../seal/seal.ts'
import { uniqueId } from './identities.ts'

/** What a session token holds: temporary credentials are kept by whoever has them, and nowhere else. */
export interface Session {
  /** `ASIA...` */
  accessKeyId: string
  account: string
  /** Epoch milliseconds. */
  issuedAt: number
  expiresAt: number
  /** Whose rights it has. The unique id tells a later user or role of the same name from it. */
  of: { kind: 'user'; name: string; id: string } | { kind: 'role'; name: string; id: string; sessionName: string }
  /** Session policies: a document, and ARNs of managed policies. Neither: it is not limited further. */
  policy?: string
  policyArns: string[]
  tags: [key: string, value: string][]
  /** Keys of tags that go on to the next session. */
  transitiveTags: string[]
  sourceIdentity?: string
  /** ARN of the provider that vouched for a web identity. */
  provider?: string
  /** Of a user who signed in to the console. */
  console?: true
}

/** Temporary credentials, as they are given out. */
interface IssuedSession {
  session: Session
  /** 40 characters. */
  secret: string
  /** base64 of the sealed session: whoever signs with the secret sends it along, and the server keeps nothing. */
  token: string
}

const secretSize = 30

/** What the policies and tags of a session may take in its token, in bytes: a header must have room for the token. */
const packedRoom = 2048
const mostJson = 64 * 1024

/** How much of their room the policies and tags of a session take, in percent. */
export function packedSize({ policy, policyArns, tags }: Pick<Session, 'policy' | 'policyArns' | 'tags'>): number {
  return Math.ceil((deflateRawSync(JSON.stringify([policy, policyArns, tags])).length * 100) / packedRoom)
}

/** A session under a fresh access key id and a fresh secret. Its packed size is for the caller to look at. */
export function issueSession(seal: Seal, wanted: Omit<Session, 'accessKeyId'>): IssuedSession {
  const session = { accessKeyId: uniqueId('ASIA'), ...wanted }
  const secret = random(secretSize)
  const plaintext = Buffer.concat([secret, deflateRawSync(JSON.stringify(session))])
  try {
    const token = encodeBase64(seal.seal(contextOf(session.accessKeyId), plaintext))
    return { session, secret: encodeBase64(secret), token }
  } finally {
    plaintext.fill(0)
    secret.fill(0)
  }
}

/**
 * What a session token holds, expired or not, and the secret's bytes (ASCII), which the caller wipes. Undefined for what this
 * store never issued for that access key.
 */
export function openSession(
  seal: Seal,
  accessKeyId: string,
  token: string,
): { session: Session; secret: Buffer } | undefined {
  const plaintext = open(seal, accessKeyId, token)
  if (!plaintext) return undefined
  try {
    const json = inflateRawSync(plaintext.subarray(secretSize), { maxOutputLength: mostJson })
    const session = toPlain(parseJson(json)) as unknown as Session // Sealed above.
    return { session, secret: Buffer.from(encodeBase64(plaintext.subarray(0, secretSize)), 'latin1') }
  } finally {
    plaintext.fill(0)
  }
}

function open(seal: Seal, accessKeyId: string, token: string): Buffer | undefined {
  try {
    return seal.openIfOurs(contextOf(accessKeyId), decodeBase64(token))
  } catch (error) {
    if (error instanceof EncodingError) return undefined
    throw error
  }
}

const contextOf = (accessKeyId: string) => ({ purpose: 'session-token/v1', fields: [accessKeyId] }) as const
