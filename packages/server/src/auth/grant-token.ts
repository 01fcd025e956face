import { isSameMac, mac } from '../crypto/mac.ts'
import { fillNonce } from '../crypto/random.ts'
import { decodeBase64, decodeHex, encodeBase64, encodeHex } from '../protocol/base64.ts'
import type { Seal } from '../seal/seal.ts'
import type { Grant } from './grants.ts'

/**
 * A grant token names a grant, in base64 of
 *
 *     0  1   version 01
 *     1  16  nonce: no two tokens are equal
 *     17 6   when the grant was made: u48, epoch milliseconds
 *     23 32  grant ID
 *     55     account, Region and key ID, with a slash between
 *        32  HMAC-SHA256 over all that
 *
 * under the key `grant-token/v1`. It holds no secret and gives no right: it only cannot be made up. A grant that is made
 * again under its old ID has another time, so the tokens of the former one stay dead.
 */
const version = 1
const nonceAt = 1
const createdAtAt = 17
const grantIdAt = 23
const placeAt = 55
const macSize = 32

/** Which grant a token names. */
export type GrantName = Pick<Grant, 'account' | 'region' | 'keyId' | 'id' | 'createdAt'>

/** A token of its own at each call, of about 220 characters. */
export function makeGrantToken(seal: Seal, { account, region, keyId, id, createdAt }: GrantName): string {
  const place = Buffer.from(`${account}/${region}/${keyId}`)
  const named = Buffer.alloc(placeAt + place.length)
  named.writeUInt8(version)
  fillNonce(named.subarray(nonceAt, createdAtAt))
  named.writeUIntBE(createdAt, createdAtAt, 6)
  named.set(decodeHex(id), grantIdAt)
  named.set(place, placeAt)
  return encodeBase64(Buffer.concat([named, authenticate(seal, named)]))
}

/** Undefined for what this store never issued. Whether there still is such a grant is another question. */
export function readGrantToken(seal: Seal, token: string): GrantName | undefined {
  const bytes = parse(token)
  if (!bytes) return undefined
  const named = bytes.subarray(0, -macSize)
  if (!isSameMac(bytes.subarray(-macSize), authenticate(seal, named)) || named.readUInt8() !== version) return undefined
  const [account = '', region = '', keyId = ''] = named.subarray(placeAt).toString().split('/')
  const id = encodeHex(named.subarray(grantIdAt, placeAt))
  return { account, region, keyId, id, createdAt: named.readUIntBE(createdAtAt, 6) }
}

function parse(token: string): Buffer | undefined {
  try {
    const bytes = decodeBase64(token)
    return bytes.length > placeAt + macSize ? bytes : undefined
  } catch {
    return undefined
  }
}

const authenticate = (seal: Seal, named: Uint8Array): Buffer => mac('sha256', seal.derive('grant-token/v1'), named)
