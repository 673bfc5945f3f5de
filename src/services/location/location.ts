/**
 * The location service (RFC 3261 §10): which bindings an address-of-record has.
 *
 * Where this process is the only writer, reads come from memory at once. Where several front ends write, each read is
 * one prepared query. Callers see no difference: an answer may be a promise.
 */
import type { Clock } from '../../sip/clock.ts'
import { randomToken } from '../../sip/message/random.ts'
import type { FlowId } from '../../sip/transport/flow.ts'
import { StoreError } from '../store/store-error.ts'
import type { PoolStore } from '../store/pool-store.ts'
import { BindingTable } from './memory/binding-table.ts'
import { alive, bindingOf, flowText, rowOf } from './binding.ts'
import type { Binding } from './binding.ts'
import { PendingWrites } from './pending-writes.ts'
import { planChange } from './rules.ts'
import type { Change, Outcome, Plan } from './rules.ts'
import { every, sweeping, writesOf } from './stored.ts'

export interface LocationService {
  /** Bindings that have not run out. Throws or rejects with StoreError when nothing is known. */
  lookup(aor: string): readonly Binding[] | Promise<readonly Binding[]>
  /** Answers when the change is durable. Throws or rejects with StoreError when it could not be made so. */
  register(change: Change): Outcome | Promise<Outcome>
  /** Whether a binding of this process was registered by that flow. */
  holds(flow: FlowId): boolean
  /**
   * Forgets what could only be reached on that flow, and gives who was registered by it. Nothing after `close`: then
   * flows end because the process does, and the record stays for the next one.
   */
  removeFlow(flow: FlowId): readonly string[] | Promise<readonly string[]>
  /** Forgets a user, for an account that was removed. */
  removeUser(aor: string): void | Promise<void>
  /** For `siplab registrations`. */
  all(): AsyncIterable<Binding>
  /** undefined: not known without asking the store. */
  readonly size: number | undefined
  /** To be called before the flows are closed. */
  close(): void
}

const expireEveryMs = 1000
/** Bindings that are written in one transaction when a store is back. */
const rowsAtOnce = 500

/** Memory only: nothing outlives the process. */
export function memoryLocation({ clock }: { readonly clock: Clock }): LocationService {
  const table = new BindingTable()
  const ticking = every(clock, expireEveryMs, () => table.expire(clock.wall()))
  return {
    lookup: (aor) => alive(table.get(aor), clock.wall()),
    register(change) {
      const plan = planChange(alive(table.get(change.aor), change.wall), change)
      if (plan.kind !== 'done') return plan
      applyTo(table, plan)
      return { kind: 'done', bindings: plan.bindings, refreshed: plan.refreshed }
    },
    holds: (flow) => table.hasFlow(flow),
    removeFlow: (flow) => takeFlow(table, flow).users,
    removeUser: (aor) => removeAll(table, aor),
    async *all() {
      yield* alive([...table.all()], clock.wall())
    },
    get size() {
      return table.size
    },
    close: ticking,
  }
}

/**
 * One writer: memory in front, the store behind it. Filled from the store when that first answers; until then nothing
 * is known and every call fails. Later a lost store stops registrations, not calls: reads go on from memory.
 */
export function singleWriterLocation(options: SingleWriterOptions): LocationService {
  return new SingleWriter(options)
}

interface SingleWriterOptions {
  readonly clock: Clock
  readonly store: PoolStore
  /** Told when the table was filled, or why it could not be. */
  readonly onLoaded?: (result: number | StoreError) => void
}

class SingleWriter implements LocationService {
  readonly #options: SingleWriterOptions
  readonly #incarnation = randomToken(4)
  readonly #table = new BindingTable()
  readonly #pending = new PendingWrites()
  readonly #endTimers: readonly (() => void)[]
  #isLoaded = false
  /** Ends when the bindings were read from the store, or could not be. */
  #loading: Promise<void> | undefined
  #closed = false

  constructor(options: SingleWriterOptions) {
    const { clock, store } = options
    this.#options = options
    store.whenUp(() => void (this.#isLoaded ? this.#storeAgain() : this.#load()))
    this.#endTimers = [every(clock, expireEveryMs, () => this.#tick()), sweeping(store, clock)]
  }

  get size(): number {
    return this.#table.size
  }

  lookup(aor: string): readonly Binding[] | Promise<readonly Binding[]> {
    const waiting = this.#untilLoaded()
    if (waiting !== undefined) return waiting.then(() => this.lookup(aor))
    return alive(this.#table.get(aor), this.#options.clock.wall())
  }

  register(change: Change): Outcome | Promise<Outcome> {
    const waiting = this.#untilLoaded()
    if (waiting !== undefined) return waiting.then(() => this.register(change))
    const { aor, wall } = change
    const before = alive(this.#table.get(aor), wall)
    const plan = planChange(before, change)
    if (plan.kind !== 'done') return plan
    if (plan.put.length + plan.remove.length === 0) {
      const bindings = alive(this.#pending.storedOf(aor) ?? plan.bindings, wall)
      return { kind: 'done', bindings, refreshed: plan.refreshed }
    }
    // Memory first, so that two REGISTERs of one turn see each other; the answer waits for the commit.
    this.#pending.begin(aor, before)
    applyTo(this.#table, plan)
    return this.#persist(aor, plan)
  }

  holds(flow: FlowId): boolean {
    return this.#table.hasFlow(flow)
  }

  async removeFlow(flow: FlowId): Promise<readonly string[]> {
    if (this.#closed) return []
    const { gone, users } = takeFlow(this.#table, flow)
    await this.#options.store.writeBindings({
      put: [],
      remove: gone.map((binding) => ({
        aor: binding.aor,
        key: binding.key,
        flow: flowText(binding, this.#incarnation),
      })),
    })
    return users
  }

  async removeUser(aor: string): Promise<void> {
    removeAll(this.#table, aor)
    await this.#options.store.removeUser(aor)
  }

  async *all(): AsyncIterable<Binding> {
    await this.#untilLoaded()
    yield* alive([...this.#table.all()], this.#options.clock.wall())
  }

  close(): void {
    this.#closed = true
    for (const end of this.#endTimers) end()
  }

  #load(): Promise<void> {
    return (this.#loading ??= this.#fill().finally(() => (this.#loading = undefined)))
  }

  async #fill(): Promise<void> {
    const { clock, store, onLoaded } = this.#options
    try {
      const now = clock.wall()
      for await (const rows of store.allBindings()) {
        for (const row of rows) if (row.expires > now) this.#table.put(bindingOf(row, this.#incarnation))
      }
      this.#isLoaded = true
      onLoaded?.(this.#table.size)
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      onLoaded?.(error)
    }
  }

  /** A load that failed although the store is up is tried again here. */
  #tick(): void {
    const { clock, store } = this.#options
    this.#table.expire(clock.wall())
    if (!this.#isLoaded && store.health.state !== 'down') void this.#load()
  }

  /**
   * undefined: the bindings are known.
   *
   * @throws StoreError when the store is away; a store that answers is waited for
   */
  #untilLoaded(): Promise<void> | undefined {
    if (this.#isLoaded) return undefined
    if (this.#loading !== undefined) return this.#loading
    throw (
      this.#options.store.health.error ?? new StoreError('store.slow', 'the bindings were not read from the store yet')
    )
  }

  async #persist(aor: string, plan: Plan & { kind: 'done' }): Promise<Outcome> {
    try {
      await this.#options.store.writeBindings(writesOf(plan, this.#incarnation))
    } catch (error) {
      this.#goBackTo(aor, this.#pending.end(aor, undefined))
      throw error
    }
    this.#goBackTo(aor, this.#pending.end(aor, plan))
    return { kind: 'done', bindings: plan.bindings, refreshed: plan.refreshed }
  }

  #goBackTo(aor: string, stored: readonly Binding[] | undefined): void {
    if (stored === undefined) return
    removeAll(this.#table, aor)
    for (const binding of stored) this.#table.put(binding)
  }

  /**
   * The file that came back may be another one, empty or older: what was acknowledged is written to it. A newer row in
   * it stays.
   */
  async #storeAgain(): Promise<void> {
    const { store, clock } = this.#options
    try {
      const all = alive([...this.#table.all()], clock.wall())
      for (let from = 0; from < all.length && !this.#closed; from += rowsAtOnce) {
        const put = all.slice(from, from + rowsAtOnce).map((binding) => rowOf(binding, this.#incarnation))
        await store.writeBindings({ put, remove: [] })
      }
    } catch (error) {
      // It went away again, and is written to when it is back.
      if (!(error instanceof StoreError)) throw error
    }
  }
}

function applyTo(table: BindingTable, plan: Plan & { kind: 'done' }): void {
  for (const binding of plan.remove) table.remove(binding.aor, binding.key)
  for (const binding of plan.put) table.put(binding)
}

function removeAll(table: BindingTable, aor: string): void {
  for (const binding of table.get(aor)) table.remove(aor, binding.key)
}

/** Removes what could only be reached on that flow; `users` were registered by it, whether bound to it or not. */
function takeFlow(
  table: BindingTable,
  flow: FlowId,
): { readonly gone: readonly Binding[]; readonly users: readonly string[] } {
  const all = table.onFlow(flow)
  const gone = all.filter(({ flowBound }) => flowBound)
  for (const binding of gone) table.remove(binding.aor, binding.key)
  return { gone, users: [...new Set(all.map(({ aor }) => aor))] }
}
