/**
 * What is held of messages that have not come whole, on all connections together. A peer may announce a long body on
 * each of many connections and never send its end: beyond a bound, connections of the source that holds the most end.
 */
import type { FlowTable } from '../flow-table.ts'
import type { Flow } from '../flow.ts'
import { sourceOf } from '../source.ts'

/** A flow over a connection. */
interface Holder extends Flow {
  /** Octets of a message whose end has not come. */
  readonly unfinished: number
  abort(because: string): void
}

/** Down to this part of the bound, so that the flows are not looked through for each octet. */
const leftOver = 3 / 4

export class Unfinished {
  readonly #flows: FlowTable
  readonly #most: number
  #octets = 0

  constructor(flows: FlowTable, most: number) {
    this.#flows = flows
    this.#most = most
  }

  /** @param change octets, fewer than none when a message is whole or its flow has ended */
  add(change: number): void {
    this.#octets += change
    if (change > 0 && this.#octets > this.#most) this.#shrink()
  }

  #shrink(): void {
    const bySource = Map.groupBy(this.#holders(), ({ remote }) => sourceOf(remote.address))
    const sources = [...bySource.values()].map((holders) => ({ holders, sum: sumOf(holders) }))
    for (const { holders } of sources.sort((one, other) => other.sum - one.sum)) {
      for (const holder of holders.sort((one, other) => other.unfinished - one.unfinished)) {
        holder.abort('flow.message-unfinished')
        if (this.#octets <= this.#most * leftOver) return
      }
    }
  }

  *#holders(): Iterable<Holder> {
    for (const flow of this.#flows.all()) if (isHolder(flow) && flow.unfinished > 0) yield flow
  }
}

function isHolder(flow: Flow): flow is Holder {
  return 'unfinished' in flow
}

function sumOf(holders: readonly Holder[]): number {
  return holders.reduce((sum, { unfinished }) => sum + unfinished, 0)
}
