/** How a server is: its state, since when, and what is wrong with it. */
import type { Verdict } from '../verdicts/verdict.ts'
import type { NodeState } from './control/control-api.ts'

export class Condition {
  readonly #now: () => string
  #state: NodeState = 'starting'
  #since: string
  #verdicts: readonly Verdict[] = []

  /** @param now ISO 8601 */
  constructor(now: () => string) {
    this.#now = now
    this.#since = now()
  }

  get state(): NodeState {
    return this.#state
  }

  get since(): string {
    return this.#since
  }

  /** The latest first. */
  get verdicts(): readonly Verdict[] {
    return this.#verdicts
  }

  become(state: NodeState): void {
    this.#state = state
    this.#since = this.#now()
  }

  /** Takes the place of what it replaces. */
  add(found: Verdict, replaces: (known: Verdict) => boolean): void {
    this.#verdicts = [found, ...this.#verdicts.filter((known) => !replaces(known))]
  }

  /** False: nothing of the kind was wrong. */
  remove(isIt: (known: Verdict) => boolean): boolean {
    const left = this.#verdicts.filter((known) => !isIt(known))
    const isLess = left.length < this.#verdicts.length
    this.#verdicts = left
    return isLess
  }

  /** Something is wrong that leaves the server serving. */
  impair(found: Verdict, replaces: (known: Verdict) => boolean): void {
    this.add(found, replaces)
    if (this.#state === 'ready') this.become('degraded')
  }

  /** False: nothing of the kind was wrong. */
  relieve(isIt: (known: Verdict) => boolean): boolean {
    if (!this.remove(isIt)) return false
    if (this.#verdicts.length === 0 && this.#state === 'degraded') this.become('ready')
    return true
  }

  /** What the server ends for; nothing else counts any more. */
  endFor(cause: Verdict): void {
    this.#verdicts = [cause]
  }
}
