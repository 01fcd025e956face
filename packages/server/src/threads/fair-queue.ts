export interface Bounds {
  /** How many items of one account may wait. */
  readonly each: number
  /** How many of all accounts, beside one of each: however many ask for much, they keep nobody out. */
  readonly total: number
}

/**
 * A queue in which accounts take turns: each turn takes what one account has waited for longest, so that however much one
 * asks for, it delays the others by one item each. What is nobody's comes when no account waits.
 */
export class FairQueue<T> {
  readonly #bounds: Bounds
  /** Those who wait, in the order of their turns; none of the lists is empty. */
  readonly #accounts = new Map<string, T[]>()
  readonly #background: T[] = []
  #waiting = 0

  constructor(bounds: Bounds) {
    this.#bounds = bounds
  }

  /** False if too much waits already. What is nobody's (null) is not counted: whoever asks for it asks for little. */
  push(account: string | null, item: T): boolean {
    if (account === null) {
      this.#background.push(item)
      return true
    }
    const own = this.#accounts.get(account) ?? []
    const isFull = own.length >= this.#bounds.each || this.#waiting >= this.#bounds.total
    if (isFull && own.length > 0) return false
    own.push(item)
    this.#accounts.set(account, own)
    this.#waiting++
    return true
  }

  shift(): T | undefined {
    for (const [account, own] of this.#accounts) {
      this.#accounts.delete(account)
      const item = own.shift()
      // Set anew, it is the last to have its next turn.
      if (own.length > 0) this.#accounts.set(account, own)
      this.#waiting--
      return item
    }
    return this.#background.shift()
  }

  get isEmpty(): boolean {
    return this.#waiting === 0 && this.#background.length === 0
  }
}
