export interface DiffLine {
  kind: 'same' | 'removed' | 'added'
  text: string
}

/** What lines become others: the fewest removed and added (a longest common subsequence). */
export function diffLines(before: string, after: string): DiffLine[] {
  const [a, b] = [before.split(/\r?\n/), after.split(/\r?\n/)]
  let start = 0
  while (start < Math.min(a.length, b.length) && a[start] === b[start]) start += 1
  let end = 0
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end += 1
  const [old, young] = [a.slice(start, a.length - end), b.slice(start, b.length - end)]
  // common(i, j): how many lines old[i..] and young[j..] share, in order.
  const width = young.length + 1
  const table = new Uint16Array((old.length + 1) * width)
  const common = (i: number, j: number): number => table[i * width + j] ?? 0
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = young.length - 1; j >= 0; j -= 1) {
      table[i * width + j] =
        old[i] === young[j] ? common(i + 1, j + 1) + 1 : Math.max(common(i + 1, j), common(i, j + 1))
    }
  }
  const lines: DiffLine[] = a.slice(0, start).map(text => ({ kind: 'same', text }))
  for (let i = 0, j = 0; i < old.length || j < young.length;) {
    const [removed, added] = [old[i], young[j]]
    if (removed !== undefined && removed === added) {
      lines.push({ kind: 'same', text: removed })
      i += 1
      j += 1
    } else if (removed !== undefined && (added === undefined || common(i + 1, j) >= common(i, j + 1))) {
      lines.push({ kind: 'removed', text: removed })
      i += 1
    } else {
      lines.push({ kind: 'added', text: added ?? '' })
      j += 1
    }
  }
  return [...lines, ...a.slice(a.length - end).map((text): DiffLine => ({ kind: 'same', text }))]
}
