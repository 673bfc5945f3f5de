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
  /**
   * A part of it from `steadySamples` samples in a row on that were later than this (a pause of the collector is no load, eight rounds
   * too long are), and the larger a part the longer that lasts: turning everything away would leave the process idle in turns.
   */
  readonly steadyMs: number
  readonly steadySamples: number
  /** Retry-After, from and to: clients that were turned away together do not come back together. */
  readonly retryAfterSeconds: readonly [from: number, to: number]
}

export const defaultOverload: OverloadSettings = { sampleMs: 50, lagMs: 150, steadyMs: 100, steadySamples: 8, retryAfterSeconds: [2, 10] }

/** Of `part`, a sample: from nothing to half in half a second, and back in a second and a quarter. */
const growth = 0.05, decline = 0.02

export class OverloadGuard {
  private readonly clock: Clock
  private readonly settings: OverloadSettings
  private timer: Timer | undefined
  private lag = 0
  /** How many samples in a row were later than `steadyMs`. */
  private lateInARow = 0
  /** Part of new work that is turned away, 0 to 1, and what of it is still owed. */
  private part = 0
  private owed = 0
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

  /** For `TransactionSettings.shed`: seconds for Retry-After, undefined for a request that is taken. */
  readonly shed = (): number | undefined => {
    if (this.lag <= this.settings.lagMs && !this.isOwed()) return undefined
    const [from, to] = this.settings.retryAfterSeconds
    return from + (this.turnedAway++ % (to - from + 1))
  }

  private isOwed(): boolean {
    if (this.part === 0) return false
    this.owed += this.part
    if (this.owed < 1) return false
    this.owed -= 1
    return true
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
      if (this.lateInARow >= this.settings.steadySamples) this.part = Math.min(1, this.part + growth)
      else if (this.lateInARow === 0) this.part = Math.max(0, this.part - decline)
      this.sample()
    })
  }
}
