/**
 * Whoever has lost a race for rows waits here for its turn at them. Without that each of many would decide again whenever
 * one gets through, and who comes later could always get through first.
 */
export class Turns {
  /** The last in the queue for each row. */
  readonly #queues = new Map<string, Promise<void>>()

  /**
   * Resolves when it is one's turn at all of these rows, to what ends it. Rows are waited for in one order, so that nobody
   * waits for somebody who waits for him.
   */
  async take(rows: readonly string[]): Promise<() => void> {
    const ends: (() => void)[] = []
    for (const row of [...new Set(rows)].sort()) {
      const before = this.#queues.get(row)
      const { promise: mine, resolve } = Promise.withResolvers<void>()
      this.#queues.set(row, mine)
      ends.push(() => {
        if (this.#queues.get(row) === mine) this.#queues.delete(row)
        resolve()
      })
      await before
    }
    return () => {
      for (const end of ends) end()
    }
  }
}
