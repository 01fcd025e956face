/** One note of recorder.c, as it says there. */
export interface Note {
  readonly op: 'C' | 'U' | 'W' | 'T' | 'S' | 'F' | 'X' | 'O'
  /** Empty for the directory. */
  readonly name: string
  readonly offset: number
  readonly data: Buffer
}

export function parseNotes(log: Buffer): Note[] {
  const notes: Note[] = []
  for (let at = 0; at < log.length;) {
    const op = String.fromCharCode(log[at]!) as Note['op'] // What the recorder wrote.
    const name = log.toString('latin1', at + 1, log.indexOf(0, at + 1))
    const offset = Number(log.readBigUInt64LE(at + 32))
    const length = op === 'W' || op === 'O' ? Number(log.readBigUInt64LE(at + 40)) : 0
    notes.push({ op, name, offset, data: log.subarray(at + 48, at + 48 + length) })
    at += 48 + length
  }
  return notes
}

/** A write, or (without data) a truncation, that the disk may or may not have done. */
interface Change {
  readonly offset: number
  readonly data: Buffer | undefined
}

interface File {
  durable: Buffer
  /** Done since the last sync, in order. */
  pending: Change[]
}

/** A whole number from 0 up to, not including, the limit. */
export type Random = (limit: number) => number

/**
 * What a disk holds by the promises of POSIX alone: a file's contents are sure once the file is synced, its name once
 * the directory is. Anything else a power cut may keep, drop, or keep in part.
 */
export class Disk {
  readonly #names = new Map<string, File>()
  /** The names that are sure, and what happened to names since. */
  #durableNames = new Map<string, File>()
  #pendingNames: Map<string, File>[] = []
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  apply({ op, name, offset, data }: Note): void {
    if (op === 'O' || op === 'X') return
    if (name === '') {
      if (op !== 'S') return
      this.#durableNames = this.#pendingNames.pop() ?? this.#durableNames
      this.#pendingNames = []
      return
    }
    if (op === 'C') this.#names.set(name, { durable: Buffer.alloc(0), pending: [] })
    if (op === 'U') this.#names.delete(name)
    if (op === 'C' || op === 'U') {
      this.#pendingNames.push(new Map(this.#names))
      return
    }
    const file = this.#names.get(name)
    if (!file) throw new Error(`${op} of ${name}, which was never created`)
    if (op === 'W') file.pending.push({ offset, data })
    if (op === 'T') file.pending.push({ offset, data: undefined })
    // After a failed sync the kernel may take for clean what never reached the disk: a later sync does not help then.
    if (op === 'F') file.pending = file.pending.filter(() => this.#random(2) === 0)
    if (op === 'S') {
      file.durable = after(file.durable, file.pending)
      file.pending = []
    }
  }

  /** Everything as the running system sees it. */
  now(): Map<string, Buffer> {
    return contentsOf(this.#names, ({ durable, pending }) => after(durable, pending))
  }

  /** What might be found after a power cut at this point. */
  cut(): Map<string, Buffer> {
    const names = [this.#durableNames, ...this.#pendingNames]
    const survivor = cutStyles[this.#random(cutStyles.length)]!(this.#random)
    return contentsOf(names[this.#random(names.length)]!, ({ durable, pending }) =>
      after(
        durable,
        pending.flatMap((change, index) => survivor(change, index / pending.length)),
      ),
    )
  }
}

function contentsOf(names: Map<string, File>, contents: (file: File) => Buffer): Map<string, Buffer> {
  return new Map([...names].map(([name, file]) => [name, contents(file)]))
}

/** What is left of a change, which comes at some point (0 to 1) of those pending. */
type Survivor = (change: Change, point: number) => Change[]

const cutStyles: readonly ((random: Random) => Survivor)[] = [
  () => () => [],
  () => change => [change],
  // Some, in any order.
  random => change => (random(2) === 0 ? [change] : []),
  // The first ones; then one in part, and no more.
  random => {
    const last = random(1_000) / 1_000
    let isOver = false
    return (change, point) => {
      if (isOver) return []
      isOver = point >= last
      return isOver ? torn(change, 512, random) : [change]
    }
  },
  // Some sectors of any.
  random => change => torn(change, 512, random),
  random => change => torn(change, 4096, random),
]

/** The sectors of a write that made it. A truncation has no parts. */
function torn({ offset, data }: Change, sector: number, random: Random): Change[] {
  if (!data) return random(2) === 0 ? [{ offset, data }] : []
  const parts: Change[] = []
  for (let start = offset; start < offset + data.length;) {
    const end = Math.min(offset + data.length, (Math.floor(start / sector) + 1) * sector)
    if (random(2) === 0) parts.push({ offset: start, data: data.subarray(start - offset, end - offset) })
    start = end
  }
  return parts
}

/** The contents after some changes. */
function after(contents: Buffer, changes: readonly Change[]): Buffer {
  const ends = changes.map(({ offset, data }) => offset + (data?.length ?? 0))
  const changed = Buffer.alloc(Math.max(contents.length, ...ends))
  contents.copy(changed)
  let length = contents.length
  for (const { offset, data } of changes) {
    if (data) data.copy(changed, offset)
    else changed.fill(0, offset)
    length = data ? Math.max(length, offset + data.length) : offset
  }
  return changed.subarray(0, length)
}
