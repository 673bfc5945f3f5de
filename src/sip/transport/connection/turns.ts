/**
 * The turn of the event loop in steps: first everything is read, then all of it is worked on, then each flow writes
 * once and may read again. What a step needs is to stay in the caches of the processor until the step is over
 * (docs/decisions/0066). One write per connection and turn: with TLS one record instead of several.
 */

export interface TakesTurns {
  /** Works on what was read in this turn. */
  work(): void
  /** Writes what there is to send. */
  endTurn(): void
}

/** More is not held for one turn: what was read is worked on before more is read. The caches hold less anyway. */
export const mostOctetsRead = 1024 * 1024

export class Turns {
  /** Those that read or were given something to send in this turn. */
  #flows: TakesTurns[] = []
  #atEnd: (() => void)[] = []
  #scheduled = false
  /** Read and not worked on. */
  #octets = 0

  add(flow: TakesTurns): void {
    this.#flows.push(flow)
    this.#schedule()
  }

  /** Calls back once, when all flows of this turn have written. */
  atEnd(callback: () => void): void {
    this.#atEnd.push(callback)
    this.#schedule()
  }

  /** One of those added holds so many octets more until `work` is called. */
  holds(octets: number): void {
    this.#octets += octets
    if (this.#octets >= mostOctetsRead) this.#work()
  }

  end(): void {
    try {
      this.#work()
    } finally {
      this.#write()
    }
  }

  #work(): void {
    this.#octets = 0
    // The work of one gives others something to send: they join the list meanwhile.
    for (let at = 0; at < this.#flows.length; at++) this.#flows[at]?.work()
  }

  #write(): void {
    const flows = this.#flows
    const atEnd = this.#atEnd
    this.#flows = []
    this.#atEnd = []
    this.#scheduled = false
    for (const flow of flows) flow.endTurn()
    for (const callback of atEnd) callback()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(endTurn, this)
  }
}

function endTurn(turns: Turns): void {
  turns.end()
}
