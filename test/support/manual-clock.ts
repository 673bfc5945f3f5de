/** A clock that moves only when told. */
import type { Clock, Timer } from '../../src/sip/clock.ts'

interface Pending {
  readonly at: number
  readonly callback: () => void
}

export class ManualClock implements Clock {
  #now = 0
  #pending: Pending[] = []

  now(): number {
    return this.#now
  }

  wall(): number {
    return 1_800_000_000_000 + this.#now
  }

  after(delayMs: number, callback: () => void): Timer {
    const pending: Pending = { at: this.#now + delayMs, callback }
    this.#pending.push(pending)
    return { cancel: () => void (this.#pending = this.#pending.filter((other) => other !== pending)) }
  }

  /** Goes forward and calls what falls due on the way, in order. */
  advance(ms: number): void {
    const end = this.#now + ms
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      const due = next
      this.#pending = this.#pending.filter((other) => other !== due)
      this.#now = Math.max(this.#now, due.at)
      due.callback()
    }
    this.#now = end
  }

  #next(end: number): Pending | undefined {
    return this.#pending.filter(({ at }) => at <= end).sort((one, other) => one.at - other.at)[0]
  }
}
