/**
 * The flows that read or were given something to send in this turn of the event loop: at its end each writes once, and
 * may read again.
 */

export interface TakesTurns {
  endTurn(): void
}

/** One write per connection and turn: with TLS one record instead of several (bench: saturated TLS calls). */
export class Turns {
  #flows: TakesTurns[] = []
  #scheduled = false

  add(flow: TakesTurns): void {
    this.#flows.push(flow)
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(endTurn, this)
  }

  end(): void {
    this.#scheduled = false
    const flows = this.#flows
    this.#flows = []
    for (const flow of flows) flow.endTurn()
  }
}

function endTurn(turns: Turns): void {
  turns.end()
}
