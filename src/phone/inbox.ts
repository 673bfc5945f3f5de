/** Items that arrive while no one waits for them, and waiters for items that have not arrived. Items are bounded. */
import type { Clock } from '../sip/clock.ts'
import { within } from './deadline.ts'

/** Unclaimed arrivals kept; the oldest makes room. */
const mostKept = 100

export class Inbox<T> {
  readonly #clock: Clock
  readonly #kept: T[] = []
  readonly #waiting = new Set<{ readonly wanted: (item: T) => boolean; readonly take: (item: T) => void }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  deliver(item: T): void {
    for (const waiter of this.#waiting) {
      if (!waiter.wanted(item)) continue
      this.#waiting.delete(waiter)
      return waiter.take(item)
    }
    this.#kept.push(item)
    if (this.#kept.length > mostKept) this.#kept.shift()
  }

  /** The first unclaimed arrival for which `wanted` holds, else the next. Rejects with `phone.timeout`. */
  async next(what: string, ms: number, wanted: (item: T) => boolean): Promise<T> {
    const at = this.#kept.findIndex(wanted)
    const [kept] = at < 0 ? [] : this.#kept.splice(at, 1)
    if (kept !== undefined) return kept
    const arrival = Promise.withResolvers<T>()
    const waiter = { wanted, take: arrival.resolve }
    this.#waiting.add(waiter)
    try {
      return await within(this.#clock, ms, what, arrival.promise)
    } finally {
      this.#waiting.delete(waiter)
    }
  }
}
