import type { CompactVerifyGetKey, JSONWebKeySet } from 'jose'
import { JsonError, parseJson, toPlain } from '../protocol/json.ts'

/** The public keys of an issuer (RFC 7517 section 5). */
export interface KeySet {
  /** Those that have one. */
  readonly ids: ReadonlySet<string>
  /** The key that a token's header means. */
  readonly find: CompactVerifyGetKey
}

/** It is no set of keys; the message is for the operator. */
export class KeySetError extends Error {
  override readonly name = 'KeySetError'
}

const mostKeys = 100

/** @throws KeySetError. That each key is one is not looked at: whether it verifies a token will show. */
export async function parseKeySet(bytes: Uint8Array): Promise<KeySet> {
  const document = readJson(bytes)
  // Only now: most servers have no identity provider.
  const { createLocalJWKSet, errors } = await import('jose')
  try {
    const find = createLocalJWKSet(document as JSONWebKeySet) // It says whether it is one.
    const { keys } = document as JSONWebKeySet // So it is.
    if (keys.length > mostKeys) throw new KeySetError(`more than ${mostKeys} keys`)
    return { ids: new Set(keys.flatMap(({ kid }) => (typeof kid === 'string' ? [kid] : []))), find }
  } catch (error) {
    if (error instanceof errors.JOSEError) throw new KeySetError('no JSON Web Key Set')
    throw error
  }
}

function readJson(bytes: Uint8Array): unknown {
  try {
    return toPlain(parseJson(bytes))
  } catch (error) {
    if (error instanceof JsonError) throw new KeySetError(`no JSON: ${error.message}`)
    throw error
  }
}
