/**
 * Remembers which targets are out, so that requests do not wait for them again and again (RFC 3263 §4.3, RFC 3261
 * §21.5.4).
 */
import type { Clock } from '../../clock.ts'
import type { NextHop } from '../types.ts'

/** One target: transport, address and port. */
export type Target = Pick<NextHop, 'transport' | 'address' | 'port'>

export interface TargetHealthOptions {
  /** How long a target is left alone that could not be reached or did not answer. */
  readonly downSeconds: number
  /** A Retry-After is believed up to this. */
  readonly mostSeconds: number
  /** Targets remembered; the oldest makes room. */
  readonly most: number
}

const defaults: TargetHealthOptions = { downSeconds: 5, mostSeconds: 600, most: 1_000 }

export class TargetHealth {
  readonly #clock: Clock
  readonly #options: TargetHealthOptions
  /** By target, when it may be tried again. */
  readonly #down = new Map<string, number>()

  constructor(clock: Clock, options: Partial<TargetHealthOptions> = {}) {
    this.#clock = clock
    this.#options = { ...defaults, ...options }
  }

  /** After a failed dial or a time-out; with `retryAfterSeconds` after a 503 that named a time. */
  markDown(target: Target, retryAfterSeconds: number = this.#options.downSeconds): void {
    const key = keyOf(target)
    this.#down.delete(key)
    if (retryAfterSeconds <= 0) return
    if (this.#down.size >= this.#options.most) this.#makeRoom()
    this.#down.set(key, this.#clock.now() + Math.min(retryAfterSeconds, this.#options.mostSeconds) * 1000)
  }

  /** It answered. */
  markUp(target: Target): void {
    if (this.#down.size > 0) this.#down.delete(keyOf(target))
  }

  isDown(target: Target): boolean {
    return this.#remainingMs(target) > 0
  }

  /** Those that may be tried, in their order; empty when all are out. */
  available<T extends Target>(targets: readonly T[]): readonly T[] {
    return this.#down.size === 0 ? targets : targets.filter((target) => !this.isDown(target))
  }

  /**
   * Whole seconds until the first of them may be tried again: the Retry-After of a 503 when all are out. 0: one may be
   * tried now.
   */
  retryAfterSeconds(targets: readonly Target[]): number {
    if (targets.length === 0) return 0
    return Math.ceil(Math.min(...targets.map((target) => this.#remainingMs(target))) / 1000)
  }

  #remainingMs(target: Target): number {
    if (this.#down.size === 0) return 0
    const until = this.#down.get(keyOf(target))
    return until === undefined ? 0 : Math.max(0, until - this.#clock.now())
  }

  /** What has had its time goes first; if nothing has, the oldest. */
  #makeRoom(): void {
    const now = this.#clock.now()
    for (const [key, until] of this.#down) if (until <= now) this.#down.delete(key)
    if (this.#down.size < this.#options.most) return
    for (const key of this.#down.keys()) {
      this.#down.delete(key)
      return
    }
  }
}

function keyOf({ transport, address, port }: Target): string {
  return `${transport}|${address}|${port}`
}
