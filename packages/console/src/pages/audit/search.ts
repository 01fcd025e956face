import { useCallback, useEffect, useRef, useState } from 'react'
import { ApiError, type Api } from '../../api/client.ts'
import { useApi } from '../../api/hooks.ts'
import type { AuditEvent, KeyreeveOperations } from '../../api/types.ts'

type Input = KeyreeveOperations['LookupEvents'][0]
type Output = KeyreeveOperations['LookupEvents'][1]

/** What is looked for, as the address has it; each is absent for all. */
export const filterNames = [
  'last',
  'from',
  'to',
  'key',
  'principal',
  'operation',
  'error',
  'kind',
  'region',
  'text',
] as const
export type FilterName = (typeof filterNames)[number]
/** `last` is such as `30m`, `6h`, `7d`; `from` and `to` are ISO 8601; `kind` is `read` or `write`. */
export type Filter = Readonly<Partial<Record<FilterName, string>>>

export function filterOf(parameters: URLSearchParams): Filter {
  const given = filterNames.flatMap(name => {
    const value = parameters.get(name)?.trim() ?? ''
    return value === '' ? [] : [[name, value]]
  })
  return Object.fromEntries(given) as Filter // Of these names alone.
}

const seconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

/** @param now epoch milliseconds */
export function inputOf(filter: Filter, now: number): Input {
  const { last = '', from = '', to = '', key, principal, operation, error, kind, region, text } = filter
  const [, amount, unit = ''] = /^(\d{1,6})([smhdw])$/.exec(last) ?? []
  const start = amount === undefined ? Date.parse(from) / 1000 : now / 1000 - Number(amount) * (seconds[unit] ?? 0)
  const end = amount === undefined ? Date.parse(to) / 1000 : Number.NaN
  return {
    ...(!Number.isNaN(start) && { StartTime: Math.floor(start) }),
    ...(!Number.isNaN(end) && { EndTime: Math.ceil(end) }),
    ...(key !== undefined && { KeyId: key }),
    ...(principal !== undefined && { Principal: principal }),
    ...(operation !== undefined && { EventName: operation }),
    ...(error !== undefined && { ErrorCode: error }),
    ...(kind !== undefined && { ReadOnly: kind === 'read' }),
    ...(region !== undefined && { Region: region }),
    ...(text !== undefined && { Text: text }),
  }
}

/** Page after page, newest first. A page may hold none, if the server has looked at many events that do not match. */
export async function* pagesOf(api: Api, input: Input, marker?: string): AsyncGenerator<Output> {
  for (let next: string | undefined = marker; ;) {
    const page: Output = await api.keyreeve('LookupEvents', { ...input, ...(next !== undefined && { Marker: next }) })
    yield page
    if (page.NextMarker === undefined) return
    next = page.NextMarker
  }
}

interface Found {
  events: readonly AuditEvent[]
  state: 'searching' | 'stopped' | 'end'
  marker?: string | undefined
  /** Seconds: all that is newer has been looked at. */
  scannedTo?: number | undefined
  error?: ApiError | undefined
}

export interface Search extends Found {
  /** Goes on to older events. */
  more: () => void
  stop: () => void
  /** Starts anew; what is shown stays until there is something newer. */
  refresh: () => void
}

/** How many a page of the server may hold, and how many a step of the search looks for. */
const step = 100

/** Looks for events, a step at a time. With `follow` the newest are looked for again and again. */
export function useSearch(filter: Filter, follow: boolean): Search {
  const api = useApi()
  const [found, setFound] = useState<Found>({ events: [], state: 'searching' })
  // The one search that may report; each new one ends those before it.
  const current = useRef<symbol>(undefined)
  const input = useRef<Input>({})
  const wanted = JSON.stringify(filter)

  const search = useCallback(
    async (before: readonly AuditEvent[], marker?: string): Promise<void> => {
      const mine = Symbol('search')
      current.current = mine
      let events: readonly AuditEvent[] = before
      setFound(shown => ({ ...shown, state: 'searching', error: undefined }))
      try {
        for await (const page of pagesOf(api, { ...input.current, Limit: step }, marker)) {
          if (current.current !== mine) return
          events = [...events, ...page.Events]
          const isEnd = page.NextMarker === undefined
          const isEnough = events.length - before.length >= step
          const state = isEnd ? 'end' : isEnough ? 'stopped' : 'searching'
          setFound({ events, state, marker: page.NextMarker, scannedTo: page.ScannedTo ?? events.at(-1)?.EventTime })
          if (isEnough) return
        }
      } catch (error) {
        if (current.current !== mine) return
        if (!(error instanceof ApiError)) throw error
        setFound(shown => ({ ...shown, state: 'stopped', error }))
      }
    },
    [api],
  )

  const refresh = useCallback((): void => {
    input.current = inputOf(JSON.parse(wanted) as Filter, Date.now()) // Of ours, above.
    void search([])
  }, [search, wanted])

  useEffect(() => {
    setFound({ events: [], state: 'searching' })
    refresh()
    return () => void (current.current = undefined)
  }, [refresh])

  const latest = useRef(found)
  latest.current = found
  useEffect(() => {
    if (!follow) return
    let isAsking = false
    const timer = setInterval(() => {
      const [newest] = latest.current.events
      if (isAsking || document.visibilityState === 'hidden' || latest.current.state === 'searching') return
      if (!newest) return refresh()
      isAsking = true
      const at = current.current
      void newestOf(api, { ...input.current, StartTime: newest.EventTime }, latest.current.events)
        .then(newer => {
          if (current.current !== at) return
          if (newer) setFound(shown => ({ ...shown, events: [...newer, ...shown.events], error: undefined }))
          else refresh()
        })
        .catch((error: unknown) => {
          if (error instanceof ApiError && current.current === at) setFound(shown => ({ ...shown, error }))
        })
        .finally(() => (isAsking = false))
    }, followInterval)
    return () => clearInterval(timer)
  }, [follow, api, refresh])

  return {
    ...found,
    more: () => void search(found.events, found.marker),
    stop: () => {
      current.current = undefined
      setFound(shown => ({ ...shown, state: 'stopped' }))
    },
    refresh,
  }
}

/** Milliseconds. Each look is an event itself. */
const followInterval = 5_000

/** What has come since; undefined if that is more than a page. */
async function newestOf(
  api: Api,
  input: Input,
  known: readonly AuditEvent[],
): Promise<readonly AuditEvent[] | undefined> {
  const { Events, NextMarker } = await api.keyreeve('LookupEvents', { ...input, Limit: 200 })
  if (NextMarker !== undefined) return undefined
  const ids = new Set(known.map(({ EventId }) => EventId))
  return Events.filter(({ EventId }) => !ids.has(EventId))
}
