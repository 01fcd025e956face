import type { Denial } from './auth/denial.ts'
import type { Caller } from './auth/caller.ts'
import type { Change, View } from './store/documents.ts'

/** How long it can be asked why a request was denied, in milliseconds. */
const lifetime = 7 * 24 * 60 * 60 * 1000

/** UTF-16 units of JSON that the explanations of one account may grow by in a second, and at once. */
const perSecond = 16 * 1024
const most = 4 * 1024 * 1024

interface Denied {
  requestId: string
  /** Epoch milliseconds. */
  now: number
  operation: { name: string }
  caller: Caller
}

/**
 * Why requests were denied, kept for whoever may ask, and how much of it: whoever floods the server with requests that are denied
 * grows the store by not much more than their audit records. Counted for each account, in this process.
 */
export class Explanations {
  /** By account: what was left, and when, in milliseconds. */
  readonly #accounts = new Map<string, { left: number; at: number }>()

  /**
   * What keeps the explanation of a denial; nothing, if it is one of too many.
   *
   * @param monotonic milliseconds of a clock that is never turned back
   */
  async keep(
    view: View,
    { requestId, now, operation, caller }: Denied,
    denial: Denial,
    monotonic: number,
  ): Promise<Change[]> {
    const traces = await denial.explain()
    if (!this.admits(caller.account, JSON.stringify(traces).length, monotonic)) return []
    await view.get('explanation', requestId)
    const document = { requestId, at: now, operation: operation.name, traces, erasedAt: now + lifetime }
    return [{ put: 'explanation', id: requestId, document }]
  }

  admits(account: string, size: number, monotonic: number): boolean {
    const known = this.#accounts.get(account) ?? { left: most, at: monotonic }
    const left = Math.min(most, known.left + ((monotonic - known.at) / 1000) * perSecond)
    const isAdmitted = size <= left
    this.#accounts.set(account, { left: isAdmitted ? left - size : left, at: monotonic })
    return isAdmitted
  }
}
