/** Every open flow by its id, and those that may carry new requests by the hop they lead to. */
import type { Flow, FlowId } from './flow.ts'
import type { NextHop } from './types.ts'

let lastId = 0

/** Unique in this process, never used again. */
export function nextFlowId(): FlowId {
  lastId += 1
  return lastId as FlowId
}

/**
 * What must be equal for a connection to be used again: face, transport, address, own certificate, verified name.
 * `hopKey(hop, '9f…')` -> `internal|tls|127.0.41.12|5061|9f…|director.lab.test`
 */
export function hopKey(hop: NextHop, ownFingerprint: string | undefined): string {
  return (
    `${hop.face}|${hop.transport}|${hop.address}|${hop.port}|${ownFingerprint ?? ''}|` +
    `${hop.verifyName?.toLowerCase() ?? ''}`
  )
}

export class FlowTable {
  readonly #byId = new Map<FlowId, Flow>()
  readonly #byHop = new Map<string, Flow>()
  readonly #keys = new Map<FlowId, string[]>()

  add(flow: Flow): void {
    this.#byId.set(flow.id, flow)
  }

  /** Lets new requests for that hop go out on this flow. */
  offer(flow: Flow, key: string): void {
    this.#byHop.set(key, flow)
    const keys = this.#keys.get(flow.id)
    if (keys === undefined) this.#keys.set(flow.id, [key])
    else if (!keys.includes(key)) keys.push(key)
  }

  remove(flow: Flow): void {
    this.#byId.delete(flow.id)
    for (const key of this.#keys.get(flow.id) ?? []) {
      if (this.#byHop.get(key) === flow) this.#byHop.delete(key)
    }
    this.#keys.delete(flow.id)
  }

  get(id: FlowId): Flow | undefined {
    return this.#byId.get(id)
  }

  toHop(key: string): Flow | undefined {
    return this.#byHop.get(key)
  }

  all(): IterableIterator<Flow> {
    return this.#byId.values()
  }

  get size(): number {
    return this.#byId.size
  }
}
