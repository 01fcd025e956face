import { useMemo, useSyncExternalStore } from 'react'

/** The address of a page is what follows `#`: a path, and behind `?` what it was opened with. */

function subscribe(listener: () => void): () => void {
  window.addEventListener('hashchange', listener)
  return () => window.removeEventListener('hashchange', listener)
}

const current = (): string => window.location.hash.replace(/^#?\/?/, '/')

function go(to: string, { replace = false }: { replace?: boolean } = {}): void {
  const url = new URL(window.location.href)
  url.hash = to
  if (url.href === window.location.href) return
  if (!replace) {
    window.location.hash = to
    return
  }
  window.history.replaceState(null, '', url)
  // Browsers tell of what they do themselves only.
  window.dispatchEvent(new HashChangeEvent('hashchange'))
}

/** For wouter: the path, and what goes to another one. */
export function useAddress(): [path: string, go: typeof go] {
  const address = useSyncExternalStore(subscribe, current)
  return [address.split('?', 1)[0] ?? '/', go]
}

/** What a page was opened with, and what notes other values in its address without another entry in the history. */
export function useParameters(): [
  parameters: URLSearchParams,
  set: (values: Record<string, string | undefined>) => void,
] {
  const address = useSyncExternalStore(subscribe, current)
  const [path = '/', query = ''] = address.split('?', 2)
  const parameters = useMemo(() => new URLSearchParams(query), [query])
  return [parameters, values => go(withParameters(path, values), { replace: true })]
}

/** A place with parameters; what is undefined or empty is left out. */
export function withParameters(place: string, values: Record<string, string | undefined>): string {
  const given = Object.entries(values).filter((entry): entry is [string, string] => (entry[1] ?? '') !== '')
  return given.length === 0 ? place : `${place}?${new URLSearchParams(given).toString()}`
}
