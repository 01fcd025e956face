/** Lists of any length, filtered and sorted in small slices, so that the page answers meanwhile. */

export interface Arrangement<Row> {
  /** Whether a row is shown; all are, if it is undefined. */
  matches: ((row: Row) => boolean) | undefined
  /** By what rows are sorted, unless they stay in their order. Rows without a value come last, up or down. */
  sortValue: ((row: Row) => string | number | undefined) | undefined
  isDescending: boolean
}

/** Waits if it is time to let others work; rejects once the result is not wanted any more. */
export type Breathe = () => Promise<void> | undefined

interface Sortable<Row> {
  row: Row
  value: string | number | undefined
}
type Compare<Row> = (a: Sortable<Row>, b: Sortable<Row>) => number

/** Rows between two looks at the clock: a fraction of a millisecond. */
const step = 256

/** Rows of the same value keep their order. */
export async function arrange<Row>(
  rows: readonly Row[],
  { matches, sortValue, isDescending }: Arrangement<Row>,
  breathe: Breathe,
): Promise<readonly Row[]> {
  const kept: Row[] = []
  for (let at = 0; at < rows.length; at += step) {
    await breathe()
    const some = rows.slice(at, at + step)
    kept.push(...(matches ? some.filter(matches) : some))
  }
  if (!sortValue) return kept
  const compare: Compare<Row> = (a, b) => {
    if (a.value === b.value) return 0
    if (a.value === undefined) return 1
    if (b.value === undefined) return -1
    return a.value < b.value === isDescending ? 1 : -1
  }
  let runs: Sortable<Row>[][] = []
  for (let at = 0; at < kept.length; at += step) {
    await breathe()
    runs.push(
      kept
        .slice(at, at + step)
        .map(row => ({ row, value: sortValue(row) }))
        .sort(compare),
    )
  }
  while (runs.length > 1) {
    const merged: Sortable<Row>[][] = []
    for (let at = 0; at < runs.length; at += 2) {
      merged.push(await merge(runs[at] ?? [], runs[at + 1] ?? [], compare, breathe))
    }
    runs = merged
  }
  return (runs[0] ?? []).map(({ row }) => row)
}

async function merge<Row>(
  left: readonly Sortable<Row>[],
  right: readonly Sortable<Row>[],
  compare: Compare<Row>,
  breathe: Breathe,
): Promise<Sortable<Row>[]> {
  const merged: Sortable<Row>[] = []
  for (let l = 0, r = 0; ;) {
    const [a, b] = [left[l], right[r]]
    if (!a || !b) return merged.concat(a ? left.slice(l) : right.slice(r))
    if (compare(a, b) <= 0) {
      merged.push(a)
      l++
    } else {
      merged.push(b)
      r++
    }
    if (merged.length % step === 0) await breathe()
  }
}

/** How long the page may be kept from anything else, in milliseconds: less than a frame. */
const slice = 10

/** For the page: breathes after each slice, until the signal says that nobody waits any more. */
export function breather(signal: AbortSignal): Breathe {
  let started = performance.now()
  return () => {
    if (performance.now() - started < slice) return undefined
    return new Promise((resolve, reject) => {
      setTimeout(() => {
        started = performance.now()
        if (signal.aborted) reject(new DOMException('Not wanted any more.', 'AbortError'))
        else resolve()
      })
    })
  }
}
