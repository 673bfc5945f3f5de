/** Time as the stack sees it: handed in, never read from globals above the transport, so that tests own it. */
import { performance } from 'node:perf_hooks'

export interface Clock {
  /** Milliseconds on a scale that never steps back. For timers. */
  now(): number
  /**
   * Milliseconds since 1970-01-01 UTC by the node's calendar; an administrator may move it. For expiry and validity.
   */
  wall(): number
  /** Calls back once, not before `delayMs` have passed. Delays above 2^31-1 ms are refused with a RangeError. */
  after(delayMs: number, callback: () => void): Timer
}

export interface Timer {
  /** Safe to call twice and after the timer fired. */
  cancel(): void
}

const longestDelayMs = 2 ** 31 - 1

/** The machine's clock. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(delayMs, callback) {
    if (delayMs > longestDelayMs)
      throw new RangeError(`a timer holds at most ${longestDelayMs} ms, asked for ${delayMs}`)
    const handle = setTimeout(callback, delayMs)
    handle.unref()
    return { cancel: () => clearTimeout(handle) }
  },
}
