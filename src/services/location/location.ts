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
import { bindingOf, flowText, rowOf } from './binding.ts'
import { lastKnown } from './last-known.ts'
import type { Binding } from './binding.ts'
import { planChange } from './rules.ts'
import type { Change, Outcome, Plan } from './rules.ts'

export interface LocationService {
  /** Bindings that have not run out. Throws or rejects with StoreError when nothing is known. */
  lookup(aor: string): readonly Binding[] | Promise<readonly Binding[]>
  /** Answers when the change is durable. Throws or rejects with StoreError when it could not be made so. */
  register(change: Change): Outcome | Promise<Outcome>
  /**
   * Forgets what could only be reached on that flow. Nothing after `close`: then flows end because the process does,
   * and the record stays for the next one.
   */
  removeFlow(flow: FlowId, aors: Iterable<string>): void | Promise<void>
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
const sweepEveryMs = 60_000

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
    removeFlow(flow, aors) {
      for (const binding of onFlow(table, flow, aors)) table.remove(binding.aor, binding.key)
    },
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
export function singleWriterLocation(options: {
  readonly clock: Clock
  readonly store: PoolStore
  /** Told when the table was filled, or why it could not be. */
  readonly onLoaded?: (result: number | StoreError) => void
}): LocationService {
  const { clock, store, onLoaded = () => undefined } = options
  const incarnation = randomToken(4)
  const table = new BindingTable()
  let loaded: 'no' | 'loading' | 'yes' = 'no'
  let closed = false

  async function load(): Promise<void> {
    if (loaded !== 'no') return
    loaded = 'loading'
    try {
      const now = clock.wall()
      for await (const rows of store.allBindings()) {
        for (const row of rows) if (row.expires > now) table.put(bindingOf(row, incarnation))
      }
      loaded = 'yes'
      onLoaded(table.size)
    } catch (error) {
      loaded = 'no'
      if (!(error instanceof StoreError)) throw error
      onLoaded(error)
    }
  }

  /** A load that failed although the store is up is tried again here. */
  function tick(): void {
    table.expire(clock.wall())
    if (loaded === 'no' && store.health.state !== 'down') void load()
  }

  function requireLoaded(): void {
    if (loaded !== 'yes')
      throw store.health.error ?? new StoreError('store.slow', 'the bindings are being read from the store')
  }

  async function persist(plan: Plan & { kind: 'done' }): Promise<Outcome> {
    await store.writeBindings({
      put: plan.put.map((binding) => rowOf(binding, incarnation)),
      remove: plan.remove.map((binding) => ({ aor: binding.aor, key: binding.key, flow: undefined })),
    })
    return { kind: 'done', bindings: plan.bindings, refreshed: plan.refreshed }
  }

  store.whenUp(() => void load())
  const ticking = every(clock, expireEveryMs, tick)
  const sweeping = every(clock, sweepEveryMs, () => sweep(store, clock))
  return {
    lookup(aor) {
      requireLoaded()
      return alive(table.get(aor), clock.wall())
    },
    register(change) {
      requireLoaded()
      const plan = planChange(alive(table.get(change.aor), change.wall), change)
      if (plan.kind !== 'done') return plan
      // Memory first, so that two REGISTERs of one turn see each other; the answer waits for the commit.
      applyTo(table, plan)
      return plan.put.length + plan.remove.length === 0
        ? { kind: 'done', bindings: plan.bindings, refreshed: plan.refreshed }
        : persist(plan)
    },
    async removeFlow(flow, aors) {
      if (closed) return
      const gone = onFlow(table, flow, aors)
      for (const binding of gone) table.remove(binding.aor, binding.key)
      await store.writeBindings({
        put: [],
        remove: gone.map((binding) => ({ aor: binding.aor, key: binding.key, flow: flowText(binding, incarnation) })),
      })
    },
    async removeUser(aor) {
      removeAll(table, aor)
      await store.removeUser(aor)
    },
    async *all() {
      requireLoaded()
      yield* alive([...table.all()], clock.wall())
    },
    get size() {
      return table.size
    },
    close() {
      closed = true
      ticking()
      sweeping()
    },
  }
}

/**
 * Several writers: the store is the truth. One query a look-up, one query and one write a registration. While the store
 * is away a look-up is answered with what this process saw last: the flows it names are still there, or a request finds
 * that out.
 */
export function sharedLocation({
  clock,
  store,
}: {
  readonly clock: Clock
  readonly store: PoolStore
}): LocationService {
  const incarnation = randomToken(4)
  const sweeping = every(clock, sweepEveryMs, () => sweep(store, clock))
  const inOrder = oneByOne()
  const known = lastKnown()
  let closed = false

  async function stored(aor: string): Promise<readonly Binding[]> {
    const bindings = (await store.bindingsOf(aor)).map((row) => bindingOf(row, incarnation))
    known.note(aor, bindings)
    return alive(bindings, clock.wall())
  }

  async function lookup(aor: string): Promise<readonly Binding[]> {
    try {
      return await stored(aor)
    } catch (error) {
      const last = error instanceof StoreError ? known.of(aor) : undefined
      if (last === undefined) throw error
      return alive(last, clock.wall())
    }
  }

  async function change(wanted: Change): Promise<Outcome> {
    const plan = planChange(await stored(wanted.aor), wanted)
    if (plan.kind !== 'done') return plan
    const { refused } = await store.writeBindings({
      put: plan.put.map((binding) => rowOf(binding, incarnation)),
      remove: plan.remove.map((binding) => ({ aor: binding.aor, key: binding.key, flow: undefined })),
    })
    const [late] = refused
    if (late === undefined) known.note(wanted.aor, plan.bindings)
    return late === undefined
      ? { kind: 'done', bindings: plan.bindings, refreshed: plan.refreshed }
      : { kind: 'out-of-order', contact: late.contact }
  }

  return {
    lookup,
    register: (wanted) => inOrder(wanted.aor, () => change(wanted)),
    async removeFlow(flow, aors) {
      if (closed) return
      const text = flowText({ flowBound: true, flow } as Binding, incarnation)
      for (const aor of aors) {
        const rows = await store.bindingsOf(aor)
        await store.writeBindings({
          put: [],
          remove: rows.filter((row) => row.flow === text).map((row) => ({ aor, key: row.binding_key, flow: text })),
        })
      }
    },
    async removeUser(aor) {
      known.forget(aor)
      await store.removeUser(aor)
    },
    async *all() {
      for await (const rows of store.allBindings())
        yield* alive(
          rows.map((row) => bindingOf(row, incarnation)),
          clock.wall(),
        )
    },
    size: undefined,
    close() {
      closed = true
      sweeping()
    },
  }
}

function alive(bindings: readonly Binding[], wall: number): readonly Binding[] {
  return bindings.every((binding) => binding.expires > wall)
    ? bindings
    : bindings.filter((binding) => binding.expires > wall)
}

function applyTo(table: BindingTable, plan: Plan & { kind: 'done' }): void {
  for (const binding of plan.remove) table.remove(binding.aor, binding.key)
  for (const binding of plan.put) table.put(binding)
}

function removeAll(table: BindingTable, aor: string): void {
  for (const binding of table.get(aor)) table.remove(aor, binding.key)
}

function onFlow(table: BindingTable, flow: FlowId, aors: Iterable<string>): readonly Binding[] {
  const found: Binding[] = []
  for (const aor of aors)
    for (const binding of table.get(aor)) if (binding.flowBound && binding.flow === flow) found.push(binding)
  return found
}

/**
 * Rows whose time is over are only litter: a sweep that fails is made up for by the next, and health tells of the
 * store.
 */
function sweep(store: PoolStore, clock: Clock): void {
  if (store.health.state === 'down') return
  store.removeExpired(clock.wall()).catch((error: unknown) => {
    if (!(error instanceof StoreError)) throw error
  })
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

/** Calls back again and again until the returned function is called. */
function every(clock: Clock, periodMs: number, callback: () => void): () => void {
  let timer = clock.after(periodMs, tick)
  function tick(): void {
    timer = clock.after(periodMs, tick)
    callback()
  }
  return () => timer.cancel()
}
