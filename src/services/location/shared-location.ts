/** The location service where several front ends write into one store. */
import type { Clock } from '../../sip/clock.ts'
import { randomToken } from '../../sip/message/random.ts'
import type { FlowId } from '../../sip/transport/flow.ts'
import { StoreError } from '../store/store-error.ts'
import type { PoolStore } from '../store/pool-store.ts'
import { alive, bindingOf, flowText } from './binding.ts'
import type { Binding } from './binding.ts'
import { lastKnown } from './last-known.ts'
import type { LocationService } from './location.ts'
import { planChange } from './rules.ts'
import type { Change, Outcome } from './rules.ts'
import { sweeping, writesOf } from './stored.ts'

/**
 * Several writers: the store is the truth. One query a look-up, one query and one write a registration. While the store
 * is away a look-up is answered with what this process saw last: the flows it names are still there, or a request finds
 * that out.
 */
export function sharedLocation(options: SharedOptions): LocationService {
  return new SharedLocation(options)
}

interface SharedOptions {
  readonly clock: Clock
  readonly store: PoolStore
}

class SharedLocation implements LocationService {
  readonly size = undefined
  readonly #clock: Clock
  readonly #store: PoolStore
  readonly #incarnation = randomToken(4)
  readonly #inOrder = oneByOne()
  readonly #known = lastKnown()
  /** Who registered by each flow of this process, until it closes. */
  readonly #users = new Map<FlowId, Set<string>>()
  readonly #endSweeping: () => void
  #closed = false

  constructor({ clock, store }: SharedOptions) {
    this.#clock = clock
    this.#store = store
    this.#endSweeping = sweeping(store, clock)
  }

  async lookup(aor: string): Promise<readonly Binding[]> {
    try {
      return await this.#stored(aor)
    } catch (error) {
      const last = error instanceof StoreError ? this.#known.of(aor) : undefined
      if (last === undefined) throw error
      return alive(last, this.#clock.wall())
    }
  }

  register(wanted: Change): Promise<Outcome> {
    // Before anything waits: a flow that closes meanwhile takes along what is written then.
    for (const { binding } of wanted.contacts)
      if (binding.flow !== undefined && binding.expires > wanted.wall) this.#note(binding.flow, wanted.aor)
    return this.#inOrder(wanted.aor, () => this.#change(wanted))
  }

  holds(flow: FlowId): boolean {
    return this.#users.has(flow)
  }

  async removeFlow(flow: FlowId): Promise<readonly string[]> {
    if (this.#closed) return []
    const users = [...(this.#users.get(flow) ?? [])]
    this.#users.delete(flow)
    for (const aor of users) await this.#inOrder(aor, () => this.#removeBound(aor, flow))
    return users
  }

  async #removeBound(aor: string, flow: FlowId): Promise<void> {
    const text = flowText({ flowBound: true, flow } as Binding, this.#incarnation)
    const rows = await this.#store.bindingsOf(aor)
    await this.#store.writeBindings({
      put: [],
      remove: rows.filter((row) => row.flow === text).map((row) => ({ aor, key: row.binding_key, flow: text })),
    })
  }

  #note(flow: FlowId, aor: string): void {
    const users = this.#users.get(flow)
    if (users === undefined) this.#users.set(flow, new Set([aor]))
    else users.add(aor)
  }

  #forget(flow: FlowId, aor: string): void {
    const users = this.#users.get(flow)
    if (users?.delete(aor) === true && users.size === 0) this.#users.delete(flow)
  }

  async removeUser(aor: string): Promise<void> {
    this.#known.forget(aor)
    await this.#store.removeUser(aor)
  }

  async *all(): AsyncIterable<Binding> {
    for await (const rows of this.#store.allBindings())
      yield* alive(
        rows.map((row) => bindingOf(row, this.#incarnation)),
        this.#clock.wall(),
      )
  }

  close(): void {
    this.#closed = true
    this.#endSweeping()
  }

  async #stored(aor: string): Promise<readonly Binding[]> {
    const bindings = (await this.#store.bindingsOf(aor)).map((row) => bindingOf(row, this.#incarnation))
    this.#known.note(aor, bindings)
    return alive(bindings, this.#clock.wall())
  }

  async #change(wanted: Change): Promise<Outcome> {
    const plan = planChange(await this.#stored(wanted.aor), wanted)
    if (plan.kind !== 'done') return plan
    const { refused } = await this.#store.writeBindings(writesOf(plan, this.#incarnation))
    for (const { flow } of plan.remove)
      if (flow !== undefined && !plan.bindings.some((kept) => kept.flow === flow)) this.#forget(flow, wanted.aor)
    const [late] = refused
    if (late === undefined) this.#known.note(wanted.aor, plan.bindings)
    return late === undefined
      ? { kind: 'done', bindings: plan.bindings, refreshed: plan.refreshed }
      : { kind: 'out-of-order', contact: late.contact }
  }
}

/** Runs what belongs to one key in the order it was asked for: two connections to a database may answer in any. */
function oneByOne(): <Result>(key: string, work: () => Promise<Result>) => Promise<Result> {
  const last = new Map<string, Promise<unknown>>()
  return async (key, work) => {
    const before = last.get(key)
    const mine = before === undefined ? work() : before.then(work, work)
    last.set(key, mine)
    try {
      return await mine
    } finally {
      if (last.get(key) === mine) last.delete(key)
    }
  }
}
