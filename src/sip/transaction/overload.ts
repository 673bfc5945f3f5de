/**
 * Turns new work away while the process cannot keep up, so that calls in progress still complete (RFC 3261 §21.5.4).
 * The measure is the turn of the event loop: one that takes long by its own work, or that leaves something in the
 * sockets, is late.
 * After late turns each takes new work in its first part only and refuses what comes behind, and takes none after a
 * turn that left something, until there was nothing to refuse for a while: turns and queues stay short then, and so
 * does the time that calls hold what they need (bench/proxy.ts, overload). Turns that read datagrams are short whatever
 * waits: for these it is how long they wait (transport/queue-probe.ts).
 */
import type { Clock } from '../clock.ts'

export interface OverloadSettings {
  /** A turn that takes longer is late. When nothing came for so long, what was late is worked off. */
  readonly lateMs: number
  /**
   * Of that, so much must be processor time of this thread: a turn in which others had the processor may take long with
   * little to do, and who is turned away then would have been the next to be served. With four tenths of a core, as in
   * the row `overload`, a late turn has 40 ms, the other threads of the process included.
   */
  readonly lateCpuMs: number
  /**
   * Datagrams that wait longer do so for too long: there and back they are near T1, after which everything comes twice
   * (RFC 3261 §17.1.1.1).
   */
  readonly lateWaitMs: number
  /**
   * Late turns in a row that take so long together, at least two, are overload: a pause of the collector, or of a
   * machine that others keep busy, is none. All work that comes until then is accepted, outlives the young generation,
   * and is costly for seconds (bench/proxy.ts, overload).
   */
  readonly enoughMs: number
  /** Datagrams that are late for so long, without an empty queue between, are overload. */
  readonly enoughWaitMs: number
  /**
   * Datagrams that are lost for so long, without an empty queue between, are overload: what is left of a burst is read
   * sooner.
   */
  readonly enoughLossMs: number
  /**
   * Under overload new work is taken for so long in each turn. Short: what a waiting call holds leaves the caches of
   * the processor, then outlives the young generation, and costs more (bench/proxy.ts, overload).
   */
  readonly takeMs: number
  /** While datagrams wait no longer. A turn of them is short, the wait is that of many turns. */
  readonly takeWaitMs: number
  /** Overload is over when nothing was turned away for so long. */
  readonly quietMs: number
  /** Retry-After, from and to: clients that were turned away together do not come back together. */
  readonly retryAfterSeconds: readonly [from: number, to: number]
}

export const defaultOverload: OverloadSettings = {
  lateMs: 100,
  lateCpuMs: 30,
  lateWaitMs: 200,
  enoughMs: 200,
  enoughWaitMs: 400,
  enoughLossMs: 100,
  takeMs: 5,
  takeWaitMs: 20,
  quietMs: 500,
  retryAfterSeconds: [2, 10],
}

/** The event loop of this thread. */
export interface EventLoop {
  /** Calls back when the turn is over. */
  atEndOfTurn(callback: () => void): unknown
  /** Processor time of this thread so far, milliseconds. */
  cpuMs(): number
}

/** Where no transport says when a turn is over (`TransportLayer.atEndOfTurn`). */
export const systemLoop: EventLoop = { atEndOfTurn: setImmediate, cpuMs: threadCpuMs }

/** For `EventLoop.cpuMs`. */
export function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

export class OverloadGuard {
  private readonly clock: Clock
  private readonly loop: EventLoop
  private readonly settings: OverloadSettings
  private startedAt = 0
  /** Asked after a late turn only, a call of the system: one alone is never too much. Otherwise undefined. */
  private cpuAtStart: number | undefined
  private endedAt = 0
  private isInTurn = false
  private isBehind = false
  /** This turn may still accept new work: it is young, and the one before left nothing. */
  private takes = true
  /** Late turns in a row, and how long they took together. */
  private lateTurns = 0
  private lateMs = 0
  /** How long datagrams wait, and since when that is too long. */
  private waitMs = 0
  private waitsSince: number | undefined
  /** Turns that start before this time are under overload. */
  private overloadedUntil = -Infinity
  private turnedAway = 0
  private turnedAwayBefore = 0

  constructor(clock: Clock, loop: EventLoop, settings: Partial<OverloadSettings> = {}) {
    this.clock = clock
    this.loop = loop
    this.settings = { ...defaultOverload, ...settings }
  }

  /**
   * For `TransactionSettings.shed`, asked for each new request: seconds for Retry-After, undefined for one that is
   * taken.
   */
  readonly shed = (): number | undefined => {
    if (!this.isInTurn) this.begin()
    if (this.startedAt >= this.overloadedUntil || this.isFresh()) return undefined
    const [from, to] = this.settings.retryAfterSeconds
    return from + (this.turnedAway++ % (to - from + 1))
  }

  /** Something that came in is left for the next turn. */
  fallBehind(): void {
    if (!this.isInTurn) this.begin()
    this.isBehind = true
  }

  /**
   * Datagrams wait for so long until they are read, 0: none wait, Infinity: some are lost. Of several sockets the one
   * that spoke last counts.
   */
  waits(ms: number): void {
    const now = this.clock.now()
    const { lateWaitMs, enoughWaitMs, enoughLossMs, quietMs } = this.settings
    this.waitMs = ms
    if (ms === 0) this.waitsSince = undefined
    else this.endedAt = now
    if (ms <= lateWaitMs) return
    this.waitsSince ??= now
    if (now - this.waitsSince >= (ms === Infinity ? enoughLossMs : enoughWaitMs)) this.overloadedUntil = now + quietMs
  }

  /** Whether this turn of an overloaded process still accepts new work. */
  private isFresh(): boolean {
    const { takeMs, takeWaitMs } = this.settings
    if (this.takes) this.takes = this.clock.now() - this.startedAt <= takeMs
    return this.takes && this.waitMs <= takeWaitMs
  }

  /** The first news of a turn. */
  private begin(): void {
    const now = this.clock.now()
    if (now - this.endedAt > this.settings.lateMs) this.rested()
    this.isInTurn = true
    // What comes now waited in the sockets, and what comes in dialogs waits behind it.
    this.takes = !this.isBehind
    this.isBehind = false
    this.startedAt = now
    this.cpuAtStart = this.lateTurns > 0 ? this.loop.cpuMs() : undefined
    this.loop.atEndOfTurn(this.onTurnOver)
  }

  private rested(): void {
    this.isBehind = false
    this.lateTurns = 0
    this.lateMs = 0
    this.waits(0)
    this.overloadedUntil = -Infinity
  }

  private readonly onTurnOver = (): void => {
    this.isInTurn = false
    const { enoughMs, quietMs } = this.settings
    this.endedAt = this.clock.now()
    const tookMs = this.endedAt - this.startedAt
    const isLate = this.isBehind || this.isLong(tookMs)
    this.lateTurns = isLate ? this.lateTurns + 1 : 0
    this.lateMs = isLate ? this.lateMs + tookMs : 0
    const isTooMuch = this.turnedAway !== this.turnedAwayBefore || (this.lateTurns > 1 && this.lateMs >= enoughMs)
    if (isTooMuch) this.overloadedUntil = this.endedAt + quietMs
    this.turnedAwayBefore = this.turnedAway
  }

  private isLong(tookMs: number): boolean {
    const { lateMs, lateCpuMs } = this.settings
    if (tookMs <= lateMs) return false
    return this.cpuAtStart === undefined || this.loop.cpuMs() - this.cpuAtStart >= lateCpuMs
  }
}
