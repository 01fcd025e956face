import type { KeyObject } from 'node:crypto'
import type { Attestation } from '../attestation/document.ts'
import { AttestationError } from '../attestation/error.ts'
import { agree } from '../crypto/agreement.ts'
import { generateKeyPair } from '../crypto/key-pair.ts'
import type { KeyPairKind } from '../crypto/key-pair.ts'
import { readPrivateKey } from '../crypto/private-key.ts'
import { decryptRsa } from '../crypto/rsa.ts'
import type { RsaPadding, SizeRange } from '../crypto/rsa.ts'
import { isQuick, sign, verify } from '../crypto/signatures.ts'

/**
 * Where a piece of work is done. At once: about a tenth of a millisecond, which is what handing it to a thread and back
 * would cost. Operations: milliseconds. Generation: up to seconds.
 */
export type Place = 'at once' | 'operations' | 'generation'

export interface Work<A extends readonly unknown[], R> {
  readonly run: (...task: A) => R | Promise<R>
  readonly place: (...task: A) => Place
}

const work = <A extends readonly unknown[], R>(
  run: (...task: A) => R | Promise<R>,
  place: (...task: A) => Place,
): Work<A, R> => ({ run, place })

/** P-256, for which alone OpenSSL has code of its own on all usual machines; others take half a millisecond and more. */
const quickCurve = 'prime256v1'

const table = {
  generate: work(generateKeyPair, placeOfGeneration),
  readPrivateKey: work(readPrivateKey, kind => (kind.kind === 'rsa' ? 'generation' : 'operations')),
  sign: work(sign, (scheme, key, message) => atOnceIf(isQuick('sign', scheme, key, message))),
  verify: work(verify, (scheme, key, message) => atOnceIf(isQuick('verify', scheme, key, message))),
  decrypt: work(
    (padding: RsaPadding, key: KeyObject, block: Uint8Array, size: SizeRange) => decryptRsa(key, padding, block, size),
    () => 'operations',
  ),
  agree: work(agree, privateKey => atOnceIf(privateKey.asymmetricKeyDetails?.namedCurve === quickCurve)),
  // Six signatures on P-384.
  attest: work(attest, () => 'operations'),
}
export type WorkName = keyof typeof table
/** The arguments of what is done under that name. */
export type Task<N extends WorkName> = (typeof table)[N] extends Work<infer A, unknown> ? A : never
export type Result<N extends WorkName> = (typeof table)[N] extends Work<infer _, infer R> ? R : never

/** What is done with key pairs. */
export const works: { readonly [N in WorkName]: Work<Task<N>, Result<N>> } = table

/** Loaded where it is done, since few servers need it. What is wrong with a document is an answer: errors end the thread. */
async function attest(
  document: Uint8Array,
  roots: readonly Uint8Array[],
  now: number,
): Promise<Attestation | { readonly refusal: string }> {
  const { verifyAttestation } = await import('../attestation/document.ts')
  try {
    return verifyAttestation(document, roots, now)
  } catch (error) {
    if (error instanceof AttestationError) return { refusal: error.message }
    throw error
  }
}

function placeOfGeneration(kind: KeyPairKind): Place {
  if (kind.kind === 'rsa') return 'generation'
  return atOnceIf(kind.kind !== 'ecc' || kind.curve === quickCurve)
}

function atOnceIf(isQuickWork: boolean): Place {
  return isQuickWork ? 'at once' : 'operations'
}

/** What a thread is told to do. */
export interface Posted {
  readonly name: WorkName
  readonly task: readonly unknown[]
}

export interface Moved<T> {
  readonly value: T
  /** All memory of the bytes in the value, to go with it to another thread. */
  readonly memory: ArrayBuffer[]
}

/**
 * Does a task, and wipes all bytes in it, whether that works or not.
 *
 * @throws whatever the work throws, which is nothing that a caller could bring about
 */
export async function perform({ name, task }: Posted): Promise<Moved<unknown>> {
  const run = works[name].run as (...task: readonly unknown[]) => unknown // Only `Threads` posts, and it types tasks.
  try {
    return moved(await run(...task))
  } finally {
    mapBytes(task, bytes => bytes.fill(0))
  }
}

/** A copy of the bytes in a task, for another thread; KeyObjects are shared, so that none is parsed again. */
export function copied<T>(value: T): Moved<T> {
  const memory: ArrayBuffer[] = []
  const copy = mapBytes(value, bytes => {
    // Exactly these: what is posted as a view takes along all that is behind it.
    const own = new Uint8Array(bytes)
    memory.push(own.buffer)
    return own
  })
  return { value: copy, memory }
}

/** The bytes of a result, each in memory of its own. */
function moved<T>(value: T): Moved<T> {
  const result = copied(value)
  mapBytes(value, bytes => bytes.fill(0))
  return result
}

/** Bytes become plain arrays on their way. */
export function asBuffers<T>(value: T): T {
  return mapBytes(value, bytes => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
}

/** The value with other bytes for the bytes in it, however deep in arrays and plain objects. */
function mapBytes<T>(value: T, replace: (bytes: Uint8Array) => Uint8Array): T
function mapBytes(value: unknown, replace: (bytes: Uint8Array) => Uint8Array): unknown {
  if (value instanceof Uint8Array) return replace(value)
  if (Array.isArray(value)) return value.map(item => mapBytes(item, replace))
  if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, mapBytes(member, replace)]))
}
