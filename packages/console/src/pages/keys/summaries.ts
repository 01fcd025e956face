import { useQuery, useQueryClient, type QueryClient, type UseQueryResult } from '@tanstack/react-query'
import { useApi } from '../../api/hooks.ts'
import type { Api, ApiError } from '../../api/client.ts'
import type { KeySummary } from '../../api/types.ts'
import { useRegion } from '../../ui/places.ts'
import { Facets } from './facets.ts'

/** The keys of a Region, which may be very many: they are read page after page, and shown as they come. */
export interface KeyList {
  shown: { keys: readonly KeySummary[]; facets: Facets }
  /** How many have been read so far; undefined once all are there. */
  loaded: number | undefined
}

const pageSize = 1000
const keyOf = (region: string): string[] => ['keyreeve', region, 'ListKeySummaries']

export function useKeyList<Part = KeyList>(select?: (list: KeyList) => Part): UseQueryResult<Part, ApiError> {
  const region = useRegion()
  const api = useApi()
  const client = useQueryClient()
  const queryKey = keyOf(region)
  return useQuery<KeyList, ApiError, Part>({
    queryKey,
    queryFn: ({ signal }) => readAll(client, queryKey, api, signal),
    // All of it is compared with nothing, and not read again whenever somebody comes back to the window.
    structuralSharing: false,
    staleTime: 30_000,
    refetchOnWindowFocus: false,
    ...(select && { select }),
  })
}

/**
 * What is there already is shown until all is read again. A first reading shows what has come, each time that it is half as
 * much again, so that a long list is not sorted a hundred times.
 */
async function readAll(client: QueryClient, queryKey: string[], api: Api, signal: AbortSignal): Promise<KeyList> {
  const before = client.getQueryData<KeyList>(queryKey)
  const isComplete = before !== undefined && before.loaded === undefined
  const keys: KeySummary[] = []
  const facets = new Facets()
  for (let marker: string | undefined; ;) {
    const page = await api.keyreeve('ListKeySummaries', {
      Limit: pageSize,
      ...(marker !== undefined && { Marker: marker }),
    })
    signal.throwIfAborted()
    for (const key of page.Keys) keys.push(key)
    facets.add(page.Keys)
    marker = page.NextMarker
    if (!page.Truncated || marker === undefined) return { shown: { keys, facets }, loaded: undefined }
    client.setQueryData<KeyList>(queryKey, list => {
      const isEnough = !isComplete && keys.length >= 1.5 * (list?.shown.keys.length ?? 0)
      return { shown: list && !isEnough ? list.shown : { keys: [...keys], facets }, loaded: keys.length }
    })
  }
}

/** Puts what is known of some keys into the list, without reading all of it again. */
export function useKnownKeys(): (known: ReadonlyMap<string, Partial<KeySummary>>) => void {
  const region = useRegion()
  const client = useQueryClient()
  return known =>
    client.setQueryData<KeyList>(keyOf(region), list => {
      if (!list) return undefined
      const keys = list.shown.keys.map(key => {
        const changes = known.get(key.KeyId)
        return changes ? { ...key, ...changes } : key
      })
      return { ...list, shown: { ...list.shown, keys } }
    })
}
