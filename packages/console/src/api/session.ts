import { useSyncExternalStore } from 'react'
import { ApiError, localTime, makeApi } from './client.ts'
import type { Credentials } from './sign.ts'
import type { KeyreeveOperations, SessionCredentials } from './types.ts'

/** Who is signed in, in this tab. */
export interface Session {
  credentials: Credentials
  /** Epoch milliseconds; undefined if the credentials do not say. */
  expiresAt: number | undefined
  account: string
  arn: string
  /** What the server told of itself. */
  server: KeyreeveOperations['DescribeConsole'][1]
}

interface State {
  session: Session | undefined
  /** True once the server has refused the credentials, or their time is over: the page stays, and asks for new ones. */
  isEnded: boolean
}

// The storage of the tab: a reload keeps it, no other tab sees it, and it is gone with the tab.
const place = 'keyreeve-session'

let state: State = { session: read(), isEnded: false }
const listeners = new Set<() => void>()

function read(): Session | undefined {
  try {
    const text = sessionStorage.getItem(place)
    const session = text === null ? undefined : (JSON.parse(text) as Session) // It is our own.
    return session && (session.expiresAt ?? Infinity) > Date.now() ? session : undefined
  } catch {
    return undefined
  }
}

function change(next: State): void {
  state = next
  if (next.session) sessionStorage.setItem(place, JSON.stringify(next.session))
  else sessionStorage.removeItem(place)
  for (const listener of listeners) listener()
}

export function useSessionState(): State {
  return useSyncExternalStore(
    listener => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => state,
  )
}

/** For pages, which are there only for those who are signed in. */
export function useSession(): Session {
  const { session } = useSessionState()
  if (!session) throw new Error('Nobody is signed in.')
  return session
}

/** The credentials are good for nothing any more. What is on the page stays, until somebody signs in again. */
export function endSession(): void {
  if (state.session && !state.isEnded) change({ ...state, isEnded: true })
}

/** Forgets the credentials. The server knows of no session: they end by themselves. */
export function signOut(): void {
  change({ session: undefined, isEnded: false })
}

/** A Region of this server: signatures name one even where it is all the same. */
async function anyRegion(): Promise<string> {
  const known = state.session?.server.Regions[0]
  if (known !== undefined) return known
  try {
    const answer = await fetch('regions.json', { credentials: 'omit' })
    const [first] = (await answer.json()) as string[] // It is the server that this page is from.
    return first ?? 'us-east-1'
  } catch {
    throw new ApiError('NetworkError', '', 'DescribeConsole')
  }
}

/**
 * Exchanges an access key of a user for temporary credentials; takes credentials that are temporary as they are.
 *
 * @throws ApiError
 */
export async function signInWithKey(key: Credentials): Promise<Session> {
  if (key.sessionToken !== undefined) return await begin(key)
  return await begin(ofAnswer(await makeApi(key, await anyRegion()).keyreeve('CreateConsoleSession', {})))
}

/**
 * With the code of a one-time link.
 *
 * @throws ApiError
 */
export async function signInWithLink(code: string): Promise<Session> {
  return await begin(ofAnswer(await makeApi(undefined, '').keyreeve('RedeemConsoleLink', { Code: code })))
}

const ofAnswer = ({
  Credentials: { AccessKeyId, SecretAccessKey, SessionToken },
}: SessionCredentials): Credentials => ({
  accessKeyId: AccessKeyId,
  secretAccessKey: SecretAccessKey,
  sessionToken: SessionToken,
})

async function begin(credentials: Credentials): Promise<Session> {
  const server = await makeApi(credentials, await anyRegion()).keyreeve('DescribeConsole', {})
  const { SessionExpiration: end } = server
  const expiresAt = end === undefined ? undefined : localTime(end * 1000)
  const session = { credentials, expiresAt, account: server.Account, arn: server.Arn, server }
  change({ session, isEnded: false })
  return session
}
