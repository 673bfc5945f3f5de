/**
 * The client transactions that wait for an answer on one flow: they fail when it closes. Linked to each other, for the
 * reason given in `server-table.ts`: a Set of what comes and goes with every request leaves tables behind
 * (bench/proxy.ts, TLS calls).
 */
import type { Flow } from '../transport/flow.ts'

export interface Waits {
  readonly flow: Flow | undefined
  nextWaiting: Waits | undefined
  previousWaiting: Waits | undefined
  failTransport(because: string): void
}

class WaitingList {
  first: Waits | undefined = undefined
}

const key = 'transaction.waiting'

/** `one` fails when its flow closes, until `stopWaiting`. */
export function startWaiting(flow: Flow, one: Waits): void {
  const known = flow.notes.get(key)
  const list = known instanceof WaitingList ? known : new WaitingList()
  if (known === undefined) flow.notes.set(key, list)
  one.nextWaiting = list.first
  if (list.first !== undefined) list.first.previousWaiting = one
  list.first = one
}

/** Safe for one that does not wait. */
export function stopWaiting(one: Waits): void {
  const { flow, nextWaiting, previousWaiting } = one
  if (nextWaiting !== undefined) nextWaiting.previousWaiting = previousWaiting
  if (previousWaiting !== undefined) previousWaiting.nextWaiting = nextWaiting
  else {
    const list = flow?.notes.get(key)
    if (list instanceof WaitingList && list.first === one) list.first = nextWaiting
  }
  one.nextWaiting = undefined
  one.previousWaiting = undefined
}

/** Tells everyone who waits for an answer on `flow` that none will come. */
export function failWaiting(flow: Flow, because: string): void {
  const list = flow.notes.get(key)
  if (!(list instanceof WaitingList)) return
  for (let one = list.first; one !== undefined; one = list.first) {
    // The callback may end others of the list, and itself.
    stopWaiting(one)
    one.failTransport(because)
  }
  flow.notes.delete(key)
}
