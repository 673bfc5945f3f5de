/**
 * Turns new work away while the process cannot keep up, so that calls in progress still complete (RFC 3261 §21.5.4).
 * The measure is how long a turn of the event loop takes: what waits in the sockets when it begins is worked off in it, so that is
 * how long a message waits. While turns stay too long, each takes new work in its first part only and refuses what comes behind.
 */
import type { Clock } from '../clock.ts'

export interface OverloadSettings {
  /** A turn that takes longer is late; new work is taken for so long in each turn. */
  readonly turnMs: number
  /**
   * Late turns in a row that take so long together, at least two, are overload: a pause of the collector, or of a machine that
   * others keep busy, is none. It is over with a turn of half `turnMs`.
   */
  readonly lateMs: number
  /** Retry-After, from and to: clients that were turned away together do not come back together. */
  readonly retryAfterSeconds: readonly [from: number, to: number]
}

export const defaultOverload: OverloadSettings = { turnMs: 100, lateMs: 800, retryAfterSeconds: [2, 10] }

/** Calls back when the turn of the event loop is over: `setImmediate`. */
export type EndOfTurn = (callback: () => void) => unknown

export class OverloadGuard {
  private readonly clock: Clock
  private readonly endOfTurn: EndOfTurn
  private readonly settings: OverloadSettings
  private startedAt = 0
  private isInTurn = false
  private lateTurns = 0
  private lateMs = 0
  private turnedAway = 0

  constructor(clock: Clock, endOfTurn: EndOfTurn, settings: Partial<OverloadSettings> = {}) {
    this.clock = clock
    this.endOfTurn = endOfTurn
    this.settings = { ...defaultOverload, ...settings }
  }

  /** For `TransactionSettings.shed`, asked for each new request: seconds for Retry-After, undefined for one that is taken. */
  readonly shed = (): number | undefined => {
    const elapsedMs = this.elapsedMs()
    if (elapsedMs <= this.settings.turnMs || !this.isOverloaded(elapsedMs)) return undefined
    const [from, to] = this.settings.retryAfterSeconds
    return from + (this.turnedAway++ % (to - from + 1))
  }

  /** Since the first new request of this turn. */
  private elapsedMs(): number {
    const now = this.clock.now()
    if (this.isInTurn) return now - this.startedAt
    this.isInTurn = true
    this.startedAt = now
    this.endOfTurn(this.onTurnOver)
    return 0
  }

  private isOverloaded(elapsedMs: number): boolean {
    return this.lateTurns > 1 && this.lateMs + elapsedMs >= this.settings.lateMs
  }

  private readonly onTurnOver = (): void => {
    this.isInTurn = false
    const tookMs = this.clock.now() - this.startedAt
    if (tookMs > this.settings.turnMs) {
      this.lateTurns++
      this.lateMs += tookMs
    } else if (tookMs <= this.settings.turnMs / 2) {
      this.lateTurns = 0
      this.lateMs = 0
    }
  }
}
