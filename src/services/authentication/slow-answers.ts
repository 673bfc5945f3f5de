/** Answers to attempts that proved nothing, held back for a moment. Bounded: beyond the bound they go out at once. */
import type { Clock } from '../../sip/clock.ts'
import type { Decision } from '../../sip/routing/decision.ts'
import type { MaybePromise } from '../maybe-promise.ts'

/** Shorter than any client's patience: the sender of a request waits for 32 s (Timer F), a person for less. */
const heldMs = 2_000
const mostHeld = 5_000

export class SlowAnswers {
  readonly #clock: Clock
  #held = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  later(decision: Decision): MaybePromise<Decision> {
    if (this.#held >= mostHeld) return decision
    this.#held += 1
    return new Promise((resolve) => {
      this.#clock.after(heldMs, () => {
        this.#held -= 1
        resolve(decision)
      })
    })
  }
}
