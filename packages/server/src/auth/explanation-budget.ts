/** UTF-16 units of JSON that the explanations of one account may grow by in a second, and at once. */
const perSecond = 16 * 1024
const most = 4 * 1024 * 1024

/**
 * How much of explanations is kept: whoever floods the server with requests that are denied grows the store by not much more
 * than their audit records. Counted for each account, in this process.
 */
export class ExplanationBudget {
  /** By account: what was left, and when, in milliseconds. */
  readonly #accounts = new Map<string, { left: number; at: number }>()

  /** @param now milliseconds of a clock that is never turned back */
  admits(account: string, size: number, now: number): boolean {
    const known = this.#accounts.get(account) ?? { left: most, at: now }
    const left = Math.min(most, known.left + ((now - known.at) / 1000) * perSecond)
    const isAdmitted = size <= left
    this.#accounts.set(account, { left: isAdmitted ? left - size : left, at: now })
    return isAdmitted
  }
}
