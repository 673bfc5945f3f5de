/**
 * Who may still begin something when all places are taken: a source that holds less than its share of them. A source
 * that took them all by requests without answers keeps out itself alone.
 */
import type { Clock } from '../clock.ts'
import type { Flow } from '../transport/flow.ts'
import { sourceOf } from '../transport/source.ts'

/** What is held is counted so often at most: for each request it would cost more than to serve it. */
const countedMs = 1000

export class Shares {
  readonly #clock: Clock
  /** Of each place that is taken. */
  readonly #flows: () => Iterable<Flow>
  #held = new Map<string, number>()
  #total = 0
  #countedAt = -Infinity

  constructor(clock: Clock, flows: () => Iterable<Flow>) {
    this.#clock = clock
    this.#flows = flows
  }

  /** True: one more is counted for that source. */
  admits({ remote }: Flow): boolean {
    if (this.#clock.now() - this.#countedAt >= countedMs) this.#count()
    const source = sourceOf(remote.address)
    const held = this.#held.get(source) ?? 0
    const sources = this.#held.size + (held === 0 ? 1 : 0)
    if ((held + 1) * sources > this.#total) return false
    this.#held.set(source, held + 1)
    this.#total += 1
    return true
  }

  #count(): void {
    this.#countedAt = this.#clock.now()
    this.#held = new Map()
    this.#total = 0
    for (const { remote } of this.#flows()) {
      const source = sourceOf(remote.address)
      this.#held.set(source, (this.#held.get(source) ?? 0) + 1)
      this.#total += 1
    }
  }
}
