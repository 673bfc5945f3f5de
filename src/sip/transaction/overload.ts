/**
 * Turns new work away while the process cannot keep up, so that calls in progress still complete (RFC 3261 §21.5.4).
 * The measure is how late the event loop comes to a timer: one round of it is what every message waits for.
 */
import type { Clock, Timer } from '../clock.ts'

export interface OverloadSettings {
  /** How often the lag is looked at. */
  readonly sampleMs: number
  /** New work is turned away above this lag. */
  readonly lagMs: number
  /** Also when `steadySamples` samples in a row were later than this: a pause of the collector is no load, four rounds too long are. */
  readonly steadyMs: number
  readonly steadySamples: number
  /** Retry-After, from and to: clients that were turned away together do not come back together. */
  readonly retryAfterSeconds: readonly [from: number, to: number]
}

export const defaultOverload: OverloadSettings = { sampleMs: 50, lagMs: 150, steadyMs: 30, steadySamples: 4, retryAfterSeconds: [2, 10] }

export class OverloadGuard {
  private readonly clock: Clock
  private readonly settings: OverloadSettings
  private timer: Timer | undefined
  private lag = 0
  /** How many samples in a row were later than `steadyMs`. */
  private lateInARow = 0
  private turnedAway = 0

  constructor(clock: Clock, settings: Partial<OverloadSettings> = {}) {
    this.clock = clock
    this.settings = { ...defaultOverload, ...settings }
    this.sample()
  }

  /** Milliseconds, smoothed on the way down. */
  get lagMs(): number {
    return this.lag
  }

  /** For `TransactionSettings.shed`: seconds for Retry-After, undefined while there is room. */
  readonly shed = (): number | undefined => {
    const { lagMs, steadySamples, retryAfterSeconds } = this.settings
    if (this.lag <= lagMs && this.lateInARow < steadySamples) return undefined
    const [from, to] = retryAfterSeconds
    return from + (this.turnedAway++ % (to - from + 1))
  }

  close(): void {
    this.timer?.cancel()
  }

  private sample(): void {
    const due = this.clock.now() + this.settings.sampleMs
    this.timer = this.clock.after(this.settings.sampleMs, () => {
      const late = Math.max(0, this.clock.now() - due)
      this.lag = late > this.lag ? late : (this.lag + late) / 2
      this.lateInARow = late > this.settings.steadyMs ? this.lateInARow + 1 : 0
      this.sample()
    })
  }
}
