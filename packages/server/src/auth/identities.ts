import { random } from '../crypto/random.ts'
import { decodeBase64, encodeBase64 } from '../protocol/base64.ts'
import type { Seal } from '../seal/seal.ts'
import type { Caller } from './caller.ts'

/** A user of an account. */
export interface User {
  account: string
  name: string
  /** `AIDA` and 16 capital letters or digits. */
  id: string
  /** May do everything in its account. */
  administrator: boolean
  createdAt: number
}

/** A long-term credential of a user. */
export interface AccessKey {
  /** `AKIA` and 16 capital letters or digits. */
  id: string
  account: string
  userName: string
  status: 'Active' | 'Inactive'
  /** base64 of the sealed secret access key. */
  sealedSecret: string
  createdAt: number
}

/** Ids as IAM makes them: a prefix that tells the kind, then base32 (RFC 4648) of 80 random bits. */
function uniqueId(prefix: 'AIDA' | 'AKIA'): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  return prefix + Array.from(random(16), byte => alphabet.charAt(byte & 31)).join('')
}

export function newUser(account: string, name: string, administrator: boolean, now: number): User {
  return { account, name, id: uniqueId('AIDA'), administrator, createdAt: now }
}

/** A fresh access key and its secret (40 characters), which is sealed in the document and shown nowhere else. */
export function newAccessKey(seal: Seal, user: User, now: number): { accessKey: AccessKey; secret: string } {
  const id = uniqueId('AKIA')
  const secret = encodeBase64(random(30))
  const sealed = seal.seal(secretContext(user.account, user.name, id), Buffer.from(secret, 'latin1'))
  return {
    accessKey: {
      id,
      account: user.account,
      userName: user.name,
      status: 'Active',
      sealedSecret: encodeBase64(sealed),
      createdAt: now,
    },
    secret,
  }
}

/** The secret's bytes; the caller wipes them. */
export function openSecret(seal: Seal, key: AccessKey): Buffer {
  return seal.open(secretContext(key.account, key.userName, key.id), decodeBase64(key.sealedSecret))
}

const secretContext = (account: string, userName: string, id: string) =>
  ({ purpose: 'access-key-secret/v1', fields: [account, userName, id] }) as const

/** The principal behind an access key. */
export function callerOf(user: User, key: AccessKey): Caller {
  return {
    type: 'IAMUser',
    account: user.account,
    arn: `arn:aws:iam::${user.account}:user/${user.name}`,
    principalId: user.id,
    userName: user.name,
    accessKeyId: key.id,
    administrator: user.administrator,
  }
}
