/**
 * What stays of client transactions with their final answer, in their slots: Completed of RFC 3261 figure 6 (Timer K),
 * Accepted of RFC 6026 §7.2 (Timer M). At any time they are most of all, and all of a kind stay equally long: so two
 * queues hold them, first in, first out, with one timer of the wheel each, and columns replace objects
 * (bench/proxy.ts, UDP calls).
 */
import type { Clock } from '../../clock.ts'
import type { SipResponse } from '../../message/types.ts'
import { hashOf } from '../../message/text-hash.ts'
import type { Flow } from '../../transport/flow.ts'
import { emptyPlaces } from '../empty-places.ts'
import { type TimerOwner, type TimerWheel, WheelTimer } from '../timer-wheel.ts'
import type { Branch, ClientTransactionUser, TimerSettings } from '../types.ts'

const none = -1

/** Those that stay equally long, linked by slot. */
class Line implements TimerOwner {
  readonly name: 'K' | 'M'
  readonly stayMs: number
  readonly timer = new WheelTimer(this)
  first = none
  last = none
  private readonly late: LateClients

  constructor(late: LateClients, name: 'K' | 'M', stayMs: number) {
    this.late = late
    this.name = name
    this.stayMs = stayMs
  }

  onTimer(): void {
    this.late.expire(this)
  }
}

/** Numbers of one transaction each, by its slot. */
interface Columns {
  /** Of its branch, instead of it: a response that is not for it would have to guess 32 bits (`text-hash.ts`). */
  readonly hash: Int32Array
  readonly before: Int32Array
  readonly after: Int32Array
  readonly endsAt: Float64Array
}

export class LateClients {
  private readonly clock: Clock
  private readonly wheel: TimerWheel
  private readonly vacate: (slot: number) => void
  private readonly successes: Line
  private readonly others: Line
  private columns = columnsOf(1024)
  /** undefined: nothing stays in that slot. */
  private methods: (string | undefined)[] = emptyPlaces(1024)
  /** The one that the request went out on: what comes must be from its peer. */
  private flows: (Flow | undefined)[] = emptyPlaces(1024)
  /** Who hears of each further 2xx to an INVITE (RFC 6026 §8.4); undefined: all that comes is dropped. */
  private users: (ClientTransactionUser | undefined)[] = emptyPlaces(1024)

  /** @param vacate told when a slot may be given to another */
  constructor(clock: Clock, wheel: TimerWheel, timers: TimerSettings, vacate: (slot: number) => void) {
    this.clock = clock
    this.wheel = wheel
    this.vacate = vacate
    this.successes = new Line(this, 'M', 64 * timers.t1)
    this.others = new Line(this, 'K', timers.t4)
  }

  add(slot: number, branch: Branch, method: string, flow: Flow, user: ClientTransactionUser | undefined): void {
    while (slot >= this.methods.length) this.grow()
    const line = this.lineOf(method)
    const { columns } = this
    columns.hash[slot] = hashOf(branch)
    columns.endsAt[slot] = Math.ceil(this.clock.now() + line.stayMs)
    columns.before[slot] = line.last
    columns.after[slot] = none
    this.methods[slot] = method
    this.flows[slot] = flow
    this.users[slot] = user
    if (line.last === none) {
      line.first = slot
      this.wheel.arm(line.timer, line.name, line.stayMs)
    } else columns.after[line.last] = slot
    line.last = slot
  }

  /** The flow of what stays in the slot, when a response with this branch and method belongs to it. */
  flowOf(slot: number, branch: string, method: string): Flow | undefined {
    return this.holds(slot, branch) && this.methods[slot] === method ? this.flows[slot] : undefined
  }

  /** Deals with a response to what stays in the slot. */
  take(slot: number, response: SipResponse): void {
    if (response.status >= 200 && response.status < 300) this.users[slot]?.onResponse(response)
  }

  /** Ends it before its time, if it is still there. */
  forget(slot: number, branch: Branch): void {
    if (this.holds(slot, branch)) this.end(slot)
  }

  /**
   * The first one goes before its time: one that only drops what comes, while there is such a one.
   *
   * @returns false when nothing stays here
   */
  makeRoom(): boolean {
    const slot = this.others.first === none ? this.successes.first : this.others.first
    if (slot === none) return false
    this.end(slot)
    return true
  }

  expire(line: Line): void {
    const now = this.clock.now()
    const { endsAt } = this.columns
    while (line.first !== none && (endsAt[line.first] as number) <= now) this.end(line.first)
    if (line.first !== none) this.wheel.arm(line.timer, line.name, (endsAt[line.first] as number) - now)
  }

  /** Forgets all. */
  close(): void {
    while (this.makeRoom());
    for (const { timer } of [this.successes, this.others]) this.wheel.cancel(timer)
  }

  private holds(slot: number, branch: string): boolean {
    return this.methods[slot] !== undefined && this.columns.hash[slot] === hashOf(branch)
  }

  private lineOf(method: string): Line {
    return method === 'INVITE' ? this.successes : this.others
  }

  private end(slot: number): void {
    const line = this.lineOf(this.methods[slot] ?? '')
    const { before, after } = this.columns
    const previous = before[slot] as number
    const next = after[slot] as number
    if (previous === none) line.first = next
    else after[previous] = next
    if (next === none) line.last = previous
    else before[next] = previous
    this.methods[slot] = undefined
    this.flows[slot] = undefined
    this.users[slot] = undefined
    this.vacate(slot)
  }

  private grow(): void {
    const { columns: old, methods, flows, users } = this
    const capacity = 2 * methods.length
    this.columns = columnsOf(capacity)
    for (const name of ['hash', 'before', 'after', 'endsAt'] as const) this.columns[name].set(old[name])
    this.methods = [...methods, ...emptyPlaces<string>(capacity / 2)]
    this.flows = [...flows, ...emptyPlaces<Flow>(capacity / 2)]
    this.users = [...users, ...emptyPlaces<ClientTransactionUser>(capacity / 2)]
  }
}

function columnsOf(capacity: number): Columns {
  return {
    hash: new Int32Array(capacity),
    before: new Int32Array(capacity),
    after: new Int32Array(capacity),
    endsAt: new Float64Array(capacity),
  }
}
