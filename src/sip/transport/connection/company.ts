/**
 * Text that no one waits for, such as a 100 over a connection: it goes out with the next text of its flow, in one
 * write, and alone when none came for a moment (docs/decisions/0065).
 */
import type { Clock } from '../../clock.ts'

/** Longest time that such text waits; the 100 keeps a client from repeating its request after 500 ms (T1). */
export const companyMs = 20

export interface KeepsCompany {
  /** What still waits goes out in this turn of the event loop. */
  waitedEnough(): void
}

/** One timer for all flows. */
export class Company {
  readonly #clock: Pick<Clock, 'after'>
  #flows: KeepsCompany[] = []

  constructor(clock: Pick<Clock, 'after'>) {
    this.#clock = clock
  }

  /** @param flow not in here yet: it leaves when `waitedEnough` is called */
  add(flow: KeepsCompany): void {
    this.#flows.push(flow)
    if (this.#flows.length === 1) this.#clock.after(companyMs, () => this.end())
  }

  end(): void {
    const flows = this.#flows
    this.#flows = []
    for (const flow of flows) flow.waitedEnough()
  }
}
