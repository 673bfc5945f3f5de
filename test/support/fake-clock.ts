/** A clock that a test moves by hand. */
import type { Clock, Timer } from '../../src/sip/clock.ts'

interface Waiting {
  readonly at: number
  readonly order: number
  readonly callback: () => void
}

export class FakeClock implements Clock {
  private time: number
  private start: number
  private order = 0
  private readonly waiting = new Set<Waiting>()

  constructor(wall = Date.UTC(2006, 0, 2, 12), time = 1_000_000) {
    this.start = wall - time
    this.time = time
  }

  now(): number {
    return this.time
  }

  wall(): number {
    return this.start + this.time
  }

  after(delayMs: number, callback: () => void): Timer {
    const entry = { at: this.time + delayMs, order: this.order++, callback }
    this.waiting.add(entry)
    return { cancel: () => void this.waiting.delete(entry) }
  }

  /** The calendar is set forward, or back; timers do not see it. */
  step(ms: number): void {
    this.start += ms
  }

  /** Timers that wait now. */
  get pending(): number {
    return this.waiting.size
  }

  /** Lets `ms` pass; calls what is due in order of time. */
  advance(ms: number): void {
    const end = this.time + ms
    for (let next = this.next(end); next !== undefined; next = this.next(end)) {
      this.waiting.delete(next)
      this.time = Math.max(this.time, next.at)
      next.callback()
    }
    this.time = end
  }

  private next(end: number): Waiting | undefined {
    let first: Waiting | undefined
    for (const entry of this.waiting) {
      if (entry.at > end) continue
      if (first === undefined || entry.at < first.at || (entry.at === first.at && entry.order < first.order))
        first = entry
    }
    return first
  }
}
