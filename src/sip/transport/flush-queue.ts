/** Collects the flows that were given something to send, and lets each write once at the end of the turn. */

export interface Flushable {
  flush(): void
}

/** One write per connection and turn: with TLS one record in place of several (bench: saturated TLS calls). */
export class FlushQueue {
  #waiting: Flushable[] = []
  #scheduled = false

  add(flow: Flushable): void {
    this.#waiting.push(flow)
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(runQueue, this)
  }

  run(): void {
    this.#scheduled = false
    const waiting = this.#waiting
    this.#waiting = []
    for (const flow of waiting) flow.flush()
  }
}

function runQueue(queue: FlushQueue): void {
  queue.run()
}
