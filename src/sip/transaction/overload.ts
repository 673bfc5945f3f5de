/**
 * Turns new work away while the process cannot keep up, so that calls in progress still complete (RFC 3261 §21.5.4).
 * The measure is the turn of the event loop: one that takes long, or that leaves something in the sockets, is late. While turns
 * are late, each takes new work in its first part only and refuses what comes behind.
 */
import type { Clock } from '../clock.ts'

export interface OverloadSettings {
  /** A turn that takes longer is late. When nothing came for so long, what was late is worked off. */
  readonly lateMs: number
  /** Late turns in a row that take so long together, at least two, are overload: a pause of the collector, or of a machine that others keep busy, is none. */
  readonly enoughMs: number
  /**
   * Under overload new work is taken for so long in each turn. Short: what a waiting call holds outlives the young generation, and
   * costs more then (bench/proxy.ts, overload).
   */
  readonly takeMs: number
  /** Retry-After, from and to: clients that were turned away together do not come back together. */
  readonly retryAfterSeconds: readonly [from: number, to: number]
}

export const defaultOverload: OverloadSettings = { lateMs: 100, enoughMs: 800, takeMs: 20, retryAfterSeconds: [2, 10] }

/** Calls back when the turn of the event loop is over: `setImmediate`. */
export type EndOfTurn = (callback: () => void) => unknown

export class OverloadGuard {
  private readonly clock: Clock
  private readonly endOfTurn: EndOfTurn
  private readonly settings: OverloadSettings
  private startedAt = 0
  private endedAt = 0
  private isInTurn = false
  private isBehind = false
  /** Late turns in a row, and how long they took together. */
  private lateTurns = 0
  private lateMs = 0
  private isOverloaded = false
  private turnedAway = 0

  constructor(clock: Clock, endOfTurn: EndOfTurn, settings: Partial<OverloadSettings> = {}) {
    this.clock = clock
    this.endOfTurn = endOfTurn
    this.settings = { ...defaultOverload, ...settings }
  }

  /** For `TransactionSettings.shed`, asked for each new request: seconds for Retry-After, undefined for one that is taken. */
  readonly shed = (): number | undefined => {
    const elapsedMs = this.elapsedMs()
    if (!this.isOverloaded || elapsedMs <= this.settings.takeMs) return undefined
    const [from, to] = this.settings.retryAfterSeconds
    return from + (this.turnedAway++ % (to - from + 1))
  }

  /** Something that came in is left for the next turn. */
  fallBehind(): void {
    this.elapsedMs()
    this.isBehind = true
  }

  /** Since the first news of this turn. */
  private elapsedMs(): number {
    const now = this.clock.now()
    if (this.isInTurn) return now - this.startedAt
    if (now - this.endedAt > this.settings.lateMs) this.rested()
    this.isInTurn = true
    this.isBehind = false
    this.startedAt = now
    this.endOfTurn(this.onTurnOver)
    return 0
  }

  private rested(): void {
    this.lateTurns = 0
    this.lateMs = 0
    this.isOverloaded = false
  }

  private readonly onTurnOver = (): void => {
    this.isInTurn = false
    const { lateMs, enoughMs } = this.settings
    this.endedAt = this.clock.now()
    const tookMs = this.endedAt - this.startedAt
    const isLate = this.isBehind || tookMs > lateMs
    this.lateTurns = isLate ? this.lateTurns + 1 : 0
    this.lateMs = isLate ? this.lateMs + tookMs : 0
    this.isOverloaded = this.lateTurns > 1 && this.lateMs >= enoughMs
  }
}
