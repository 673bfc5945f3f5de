/** Notifications that would come too fast: the first go at once, what follows within a span as one at its end. */
import type { Clock } from '../../sip/clock.ts'

export interface ThrottleOptions {
  readonly clock: Clock
  /** How long a span of one key is, milliseconds: the least time between two runs, where `atOnce` is 1. */
  readonly everyMs: number
  /** Keys remembered at most; what comes then is not held back. */
  readonly limit: number
  /** Runs of one key in a span that are not held back; 1 unless given. */
  readonly atOnce?: number
}

interface Span {
  /** Further runs that are not held back. */
  left: number
  again: (() => void) | undefined
}

export class Throttle {
  readonly #options: ThrottleOptions
  readonly #spans = new Map<string, Span>()

  constructor(options: ThrottleOptions) {
    this.#options = options
  }

  run(key: string, work: () => void): void {
    const span = this.#spans.get(key)
    if (span === undefined) return this.#begin(key, work)
    if (span.left === 0) {
      span.again = work
      return
    }
    span.left -= 1
    work()
  }

  #begin(key: string, work: () => void): void {
    const { clock, everyMs, limit, atOnce = 1 } = this.#options
    work()
    if (this.#spans.size >= limit) return
    const span: Span = { left: atOnce - 1, again: undefined }
    this.#spans.set(key, span)
    clock.after(everyMs, () => {
      this.#spans.delete(key)
      if (span.again !== undefined) this.#begin(key, span.again)
    })
  }
}
