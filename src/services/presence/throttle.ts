/** Notifications that would come too fast: the first goes at once, what follows within a span as one at its end. */
import type { Clock } from '../../sip/clock.ts'

export interface ThrottleOptions {
  readonly clock: Clock
  /** The least time between two runs of one key, milliseconds. */
  readonly everyMs: number
  /** Keys remembered at most; what comes then is not held back. */
  readonly limit: number
}

interface Span {
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
    if (span !== undefined) span.again = work
    else this.#begin(key, work)
  }

  #begin(key: string, work: () => void): void {
    const { clock, everyMs, limit } = this.#options
    work()
    if (this.#spans.size >= limit) return
    const span: Span = { again: undefined }
    this.#spans.set(key, span)
    clock.after(everyMs, () => {
      this.#spans.delete(key)
      if (span.again !== undefined) this.#begin(key, span.again)
    })
  }
}
