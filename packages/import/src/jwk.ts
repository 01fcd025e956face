import { concat, stripZeros } from './bytes.ts'
import type { Bytes } from './bytes.ts'
import { ImportError } from './error.ts'
import { curveOf, damagedPoint, ecKey, ed25519Key, multiPrime, notPrivate, rsaKey } from './private-key.ts'
import type { PrivateKey } from './private-key.ts'
import { decodeBase64 } from './text.ts'

const none = new Uint8Array()

/** What to take of each kind of private key (RFC 7518 section 6, RFC 8037 section 2), and what to make of it. */
const kinds: Record<string, { members: string[]; build: (values: Uint8Array[], crv: unknown) => PrivateKey }> = {
  RSA: {
    members: ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'],
    build: numbers => rsaKey(numbers.map(stripZeros)),
  },
  EC: {
    members: ['d', 'x', 'y'],
    build: ([d = none, x = none, y = none], crv) => {
      if (x.length !== y.length) throw new ImportError(damagedPoint)
      return ecKey(curveOf(crv), d, concat(Uint8Array.of(4), x, y))
    },
  },
  OKP: {
    members: ['d'],
    build: ([d = none], crv) => {
      if (crv !== 'Ed25519')
        throw new ImportError(
          'This JSON Web Key is on a curve that KMS does not have. Of these keys (OKP), use Ed25519.',
        )
      return ed25519Key(d)
    },
  },
}

/**
 * Reads a JSON Web Key (RFC 7517): a secret (kty "oct") or a private key.
 *
 * Its strings stay in memory until they are collected: JSON cannot be read without them.
 */
export function parseJwk(text: Uint8Array): { kty: string; key: PrivateKey | undefined; secret: Bytes | undefined } {
  const jwk = parseObject(text)
  const kty = String(jwk['kty'])
  if (kty === 'oct') return { kty, key: undefined, secret: decodeMember(jwk, 'k') }
  const kind = Object.hasOwn(kinds, kty) ? kinds[kty] : undefined
  if (kind === undefined) {
    throw new ImportError('This JSON is not one JSON Web Key: its member kty is not oct, RSA, EC or OKP.')
  }
  if (jwk['d'] === undefined) throw new ImportError(notPrivate)
  if (jwk['oth'] !== undefined) throw new ImportError(multiPrime)
  const values: Uint8Array[] = []
  try {
    for (const name of kind.members) values.push(decodeMember(jwk, name))
    return { kty, key: kind.build(values, jwk['crv']), secret: undefined }
  } finally {
    for (const value of values) value.fill(0)
  }
}

function parseObject(text: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(text))
    // Any object has string keys, and whatever values they have are checked where they are taken.
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch {
    // The engine's own message may quote the text.
  }
  throw new ImportError('This is not well-formed JSON.')
}

function decodeMember(jwk: Record<string, unknown>, name: string): Bytes {
  const value = jwk[name]
  // ASCII only, so that every character is one byte; the alphabet is checked by the decoder.
  const text = typeof value === 'string' && /^[\w-]+$/.test(value) ? new TextEncoder().encode(value) : none
  try {
    if (text.length === 0) throw new ImportError('empty')
    return decodeBase64(text)
  } catch {
    throw new ImportError(`The member ${name} of this JSON Web Key is missing or not base64url.`)
  } finally {
    text.fill(0)
  }
}
