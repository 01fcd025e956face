import { keyIdOf, parameterNames, type CheckValue, type ParameterNames, type WrappingAlgorithm } from 'keyreeve-import'
import { useSyncExternalStore } from 'react'
import { fromBase64, toHex } from '../../api/base64.ts'

/** Import parameters that this tab has fetched: what may be known of them after a reload, so not the token. */
export interface ParameterSet {
  keyArn: string
  region: string
  keySpec: string
  algorithm: WrappingAlgorithm
  wrappingKeySpec: string
  /** DER SubjectPublicKeyInfo as base64. */
  wrappingKey: string
  /** SHA-256 in hexadecimal; it names the set. */
  tokenHash: string
  names: ParameterNames
  /** Epoch milliseconds, by the server's clock. */
  validTo: number
  /** Epoch milliseconds, by the clock here. */
  fetchedAt: number
  /** Whether somebody has its files; otherwise it was fetched to wrap material in this tab. */
  isDownloaded: boolean
}

/** What was wrapped in this tab, and is recognized by that when it is uploaded. */
export interface Wrapped {
  /** Of the set that it was wrapped for. */
  tokenHash: string
  /** Of symmetric material, computed here. */
  materialId?: string
  check?: CheckValue
}

const place = 'keyreeve-import-parameters'
const most = 20

let sets: readonly ParameterSet[] = read()
/** By hash; gone with the page. */
const tokens = new Map<string, Uint8Array<ArrayBuffer>>()
/** By the hash of the wrapped bytes; gone with the page. */
const wraps = new Map<string, Wrapped>()
const listeners = new Set<() => void>()

function read(): readonly ParameterSet[] {
  try {
    return JSON.parse(sessionStorage.getItem(place) ?? '[]') as ParameterSet[] // It is our own.
  } catch {
    return []
  }
}

export const hashOf = async (bytes: Uint8Array<ArrayBuffer>): Promise<string> =>
  toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)))

/** Notes what GetParametersForImport has given. */
export async function keepSet(
  fetched: Pick<
    ParameterSet,
    'keyArn' | 'region' | 'keySpec' | 'algorithm' | 'wrappingKeySpec' | 'validTo' | 'isDownloaded'
  >,
  wrappingKey: string,
  token: string,
): Promise<ParameterSet> {
  const bytes = fromBase64(token)
  const fetchedAt = Date.now()
  const names = parameterNames(fetched.keyArn, new Date(fetchedAt))
  const set: ParameterSet = { ...fetched, wrappingKey, tokenHash: await hashOf(bytes), names, fetchedAt }
  tokens.set(set.tokenHash, bytes)
  sets = [set, ...sets].slice(0, most)
  try {
    sessionStorage.setItem(place, JSON.stringify(sets))
  } catch {
    // A tab that keeps nothing knows them until its next reload.
  }
  for (const listener of listeners) listener()
  return set
}

export const keepWrapped = async (encrypted: Uint8Array<ArrayBuffer>, wrapped: Wrapped): Promise<void> =>
  void wraps.set(await hashOf(encrypted), wrapped)

/** The token of a set, unless the page was loaded anew since. */
export const tokenOf = ({ tokenHash }: ParameterSet): Uint8Array<ArrayBuffer> | undefined => tokens.get(tokenHash)

export const wrappedBy = (hash: string): Wrapped | undefined => wraps.get(hash)

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** All that this tab has fetched, newest first. */
export const useParameterSets = (): readonly ParameterSet[] => useSyncExternalStore(subscribe, () => sets)

export const isFor = (set: ParameterSet, keyId: string, region: string): boolean =>
  keyIdOf(set.keyArn) === keyIdOf(keyId) && set.region === region

/** A clock here that is wrong must not make a good set look expired: sets live for a day. */
export const isExpired = ({ validTo, fetchedAt }: ParameterSet, now: number): boolean =>
  now > Math.max(validTo, fetchedAt + 24 * 60 * 60 * 1000)
