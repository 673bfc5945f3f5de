/** How much a survey may ask of another server: connections, time, and the pace between two connections. */

export interface Bounds {
  readonly connections: number
  readonly seconds: number
  /** From the end of one connection to the begin of the next. */
  readonly paceMs: number
}

/** No setting leads beyond these. */
export const limits = {
  connections: { least: 1, most: 1000, usual: 400 },
  seconds: { least: 1, most: 3600, usual: 900 },
  paceMs: { least: 50, most: 60_000, usual: 200 },
} as const satisfies Readonly<
  Record<keyof Bounds, { readonly least: number; readonly most: number; readonly usual: number }>
>

/** The clock of a survey; a test brings its own. */
export interface SurveyClock {
  /** Milliseconds on a scale that never steps back. */
  now(): number
  /** Milliseconds since 1970. */
  wall(): number
  /** Resolves after so long, or when the signal says stop. */
  pause(ms: number, signal: AbortSignal): Promise<void>
}

export type Leave = { readonly kind: 'go' } | { readonly kind: 'stop'; readonly because: string }

/** Asked before each connection: waits out the pace, counts, and says when it is enough. */
export class Pacer {
  readonly #bounds: Bounds
  readonly #clock: SurveyClock
  readonly #signal: AbortSignal
  readonly #began: number
  #made = 0
  #lastEnd: number | undefined

  constructor(bounds: Bounds, clock: SurveyClock, signal: AbortSignal) {
    this.#bounds = bounds
    this.#clock = clock
    this.#signal = signal
    this.#began = clock.now()
  }

  get elapsedMs(): number {
    return this.#clock.now() - this.#began
  }

  async next(): Promise<Leave> {
    if (this.#lastEnd !== undefined) {
      const wait = this.#lastEnd + this.#bounds.paceMs - this.#clock.now()
      if (wait > 0) await this.#clock.pause(wait, this.#signal)
    }
    if (this.#signal.aborted) return { kind: 'stop', because: 'it was interrupted' }
    if (this.#made >= this.#bounds.connections)
      return { kind: 'stop', because: `it made ${this.#made} connections, the most that --connections allows` }
    if (this.elapsedMs >= this.#bounds.seconds * 1000)
      return { kind: 'stop', because: `it lasted ${this.#bounds.seconds} s, the most that --seconds allows` }
    this.#made += 1
    return { kind: 'go' }
  }

  done(): void {
    this.#lastEnd = this.#clock.now()
  }
}
