/** The transaction layer: two tables, the rules that find an entry, and the news that goes up. */
import { answer } from '../message/answer.ts'
import { flat } from '../message/flat.ts'
import { randomToken } from '../message/random.ts'
import type { SipRequest, SipResponse } from '../message/types.ts'
import type { Flow } from '../transport/flow.ts'
import { Absorber, type AbsorberHome } from './absorber.ts'
import { asBranch, formatBranch, magicCookie, slotOf } from './branch.ts'
import { Client, type ClientHome, failWaiting } from './client.ts'
import { LateClient, type LateHome } from './late-client.ts'
import { Line } from './line.ts'
import { branchKey, needsOldRules, oldRulesKey } from './matching.ts'
import { Server, type ServerHome } from './server.ts'
import type { TransactionSettings } from './settings.ts'
import type { Branch, ClientTransaction, ClientTransactionUser, TransactionLayer } from './types.ts'

/**
 * @example
 * const transactions = createTransactions({ clock, wheel: new TimerWheel(clock), timers: defaultTimers,
 *   limits: defaultTransactionLimits, trying: 'at-once', user: proxy })
 */
export function createTransactions(settings: TransactionSettings): TransactionLayer {
  return new Transactions(settings)
}

class Transactions implements TransactionLayer, ClientHome, ServerHome, AbsorberHome, LateHome {
  readonly wheel
  readonly timers
  readonly trying
  readonly branchPrefix = `${magicCookie}${randomToken(5)}.`
  private readonly settings: TransactionSettings
  private readonly servers = new Map<string, Server | Absorber>()
  /** Those of `servers` that sent a failure and wait for its ACK, oldest first. */
  private readonly failures = new Set<Server>()
  /** The absorbers of `servers` (Timers J and L, which are equal). */
  private readonly absorbing: Line
  private readonly slots: (Client | LateClient | undefined)[] = []
  private readonly lateInvites: Line
  private readonly lateOthers: Line
  private readonly free: number[] = []
  /** How many transactions are kept under a longer key; while 0 a look-up is one. */
  private sharedKeys = 0
  /** To tag of the answers nothing is kept of: by it their ACKs are known, and end here. */
  private readonly shedTag = randomToken(8)
  private strays = 0
  private shedCount = 0
  private closed = false

  constructor(settings: TransactionSettings) {
    this.settings = settings
    this.wheel = settings.wheel
    this.timers = settings.timers
    this.trying = settings.trying
    const { clock, wheel, timers } = settings
    this.absorbing = new Line(clock, wheel, 'J', 64 * timers.t1)
    this.lateInvites = new Line(clock, wheel, 'M', 64 * timers.t1)
    this.lateOthers = new Line(clock, wheel, 'K', timers.t4)
  }

  get counts(): TransactionLayer['counts'] {
    return { client: this.slots.length - this.free.length, server: this.servers.size, open: this.open, stray: this.strays, shed: this.shedCount }
  }

  onRequest(request: SipRequest, flow: Flow): void {
    if (this.closed) return
    const byOldRules = needsOldRules(request)
    if (request.method === 'ACK') return this.onAck(request, flow, byOldRules)
    // Over a reliable flow nothing is repeated (§17.1.1.1): what is turned away need not be looked for.
    const early = flow.reliable ? this.refusal(request) : undefined
    if (early !== undefined) return this.shed(request, flow, early)
    // Flat: it outlives the message it was cut from.
    const key = flat(byOldRules ? oldRulesKey(request, request.method) : branchKey(request, request.method))
    const holder = this.servers.get(key)
    const known = this.amongEqual(holder, key, request, byOldRules)
    if (known !== undefined) return known.onRepeat()
    const retryAfter = flow.reliable ? undefined : this.refusal(request)
    if (retryAfter !== undefined) return this.shed(request, flow, retryAfter)
    const tx = new Server(this, holder === undefined ? key : this.longerKey(key, request), request, flow, byOldRules)
    if (request.method === 'CANCEL') this.onCancel(tx, byOldRules)
    else this.settings.user.onRequest(tx)
    if (!tx.proceeding) return
    // What was answered in the same turn of events needs no place here (bench/proxy.ts, REGISTER).
    this.servers.set(tx.key, tx)
    tx.begin()
  }

  onResponse(response: SipResponse, flow: Flow): void {
    const tx = this.find(response)
    if (tx !== undefined) return tx.onResponse(response)
    this.strays++
    this.settings.user.onStrayResponse(response, flow)
  }

  onFlowClosed(flow: Flow, because: string): void {
    failWaiting(flow, because)
  }

  client(method: string, loopKey: string, user: ClientTransactionUser): ClientTransaction | undefined {
    if (this.closed) return undefined
    const slot = this.free.pop() ?? this.newSlot()
    if (slot === undefined) return undefined
    const branch = formatBranch(this.branchPrefix, slot, loopKey)
    const tx = new Client(this, slot, branch, method, user, undefined)
    this.slots[slot] = tx
    return tx
  }

  statelessBranch(identity: string): Branch {
    return asBranch(`${this.branchPrefix}s${identity}`)
  }

  release(tx: Client | Server): void {
    if (tx instanceof Server) {
      this.failures.delete(tx)
      return this.unlist(tx.key, tx.byOldRules ? undefined : tx.sentBy)
    }
    const holder = tx.cancelOf ?? tx
    if (holder.live || holder.cancelling?.live === true) return
    this.vacate(holder.slot)
  }

  failed(tx: Server): void {
    this.servers.set(tx.key, tx)
    this.failures.add(tx)
    this.makeRoom()
  }

  absorb({ key, byOldRules, sentBy, flow, onEnd }: Server, text: string): Absorber {
    const absorber = new Absorber(this, key, byOldRules ? undefined : flat(sentBy), flow, text, onEnd)
    this.servers.set(key, absorber)
    this.absorbing.add(absorber)
    this.makeRoom()
    return absorber
  }

  forget({ key, sentBy }: Absorber): void {
    this.unlist(key, sentBy)
  }

  yield({ slot, branch, method }: Client, user: ClientTransactionUser | undefined, stay: 'K' | 'M'): LateClient {
    const late = new LateClient(this, slot, branch, method, user)
    this.slots[slot] = late
    const line = stay === 'M' ? this.lateInvites : this.lateOthers
    line.add(late)
    return late
  }

  vacate(slot: number): void {
    this.slots[slot] = undefined
    this.free.push(slot)
  }

  undeliverable(flow: Flow, text: string): void {
    this.settings.onUndeliverable?.(flow, text)
  }

  flowsInUse(): ReadonlySet<Flow> {
    const flows = new Set<Flow>()
    for (const tx of this.servers.values()) if (tx instanceof Server && tx.proceeding) flows.add(tx.flow)
    for (const tx of this.slots) if (tx instanceof Client && tx.state.waiting && tx.flow !== undefined) flows.add(tx.flow)
    return flows
  }

  close(): void {
    this.closed = true
    for (const tx of this.servers.values()) tx.drop()
    for (const tx of this.slots) tx?.abandon()
    for (const line of [this.absorbing, this.lateInvites, this.lateOthers]) line.close()
  }

  /** Server transactions without a final answer. */
  private get open(): number {
    return this.servers.size - this.failures.size - this.absorbing.size
  }

  /** The oldest of those that only wait for something to come again gives way. */
  private makeRoom(): void {
    if (this.failures.size + this.absorbing.size <= this.settings.limits.absorbing) return
    if (this.absorbing.size > 0) return this.absorbing.shift()
    for (const oldest of this.failures) return oldest.end('done')
  }

  private unlist(key: string, sentBy: string | undefined): void {
    this.servers.delete(key)
    if (this.sharedKeys > 0 && sentBy !== undefined && key.endsWith('|' + sentBy)) this.sharedKeys--
  }

  private onAck(ack: SipRequest, flow: Flow, byOldRules: boolean): void {
    if (ack.toTag === this.shedTag) return
    // Only a failure waits for one: mostly there is none, and the table is large (bench/proxy.ts, UDP calls).
    if (this.failures.size > 0 && this.server(ack, 'INVITE', byOldRules)?.takesAck(ack) === true) return
    this.settings.user.onAck(ack, flow)
  }

  /** RFC 3261 §9.2, §16.10. The CANCEL has a transaction of its own, answered here. */
  private onCancel(tx: Server, byOldRules: boolean): void {
    const { request } = tx
    const invite = this.server(request, 'INVITE', byOldRules)
    if (invite === undefined) return tx.respond(481, answer(request, 481))
    tx.respond(200, answer(request, 200))
    if (invite instanceof Server) this.settings.user.onCancel(invite, request)
  }

  /** The transaction `request` belongs to (§17.2.3). */
  private server(request: SipRequest, method: string, byOldRules: boolean): Server | Absorber | undefined {
    const key = byOldRules ? oldRulesKey(request, method) : branchKey(request, method)
    return this.amongEqual(this.servers.get(key), key, request, byOldRules)
  }

  /** @param holder what stands under `key`: it may have another sent-by */
  private amongEqual(holder: Server | Absorber | undefined, key: string, request: SipRequest, byOldRules: boolean): Server | Absorber | undefined {
    if (byOldRules || (holder === undefined && this.sharedKeys === 0)) return holder
    const { sentBy } = request
    return holder?.sentBy === sentBy ? holder : this.servers.get(key + '|' + sentBy)
  }

  /** Of a branch that another sent-by uses already. */
  private longerKey(key: string, { sentBy }: SipRequest): string {
    this.sharedKeys++
    return flat(key + '|' + sentBy)
  }

  private find(response: SipResponse): Client | LateClient | undefined {
    const { branch } = response
    if (branch === undefined) return undefined
    const tx = this.slots[slotOf(this.branchPrefix, branch)]
    if (tx?.branch !== branch) return undefined
    if (tx instanceof LateClient) return response.method === tx.method ? tx : undefined
    const addressee = response.method === tx.method ? tx : response.method === 'CANCEL' ? tx.cancelling : undefined
    return addressee?.live === true ? addressee : undefined
  }

  private newSlot(): number | undefined {
    const slot = this.slots.length
    if (slot >= this.settings.limits.client) return undefined
    this.slots.push(undefined)
    return slot
  }

  /** Seconds to come back after, when this new request is turned away. */
  private refusal(request: SipRequest): number | undefined {
    const { server, reserve } = this.settings.limits
    const continues = request.toTag !== undefined || request.method === 'CANCEL'
    if (this.open >= (continues ? server + reserve : server)) return overloadSeconds
    return continues ? undefined : this.settings.shed?.(request)
  }

  /** Statelessly: a table that is full cannot remember that it said no. */
  private shed(request: SipRequest, flow: Flow, retryAfter: number): void {
    this.shedCount++
    flow.send(answer(request, 503, { toTag: this.shedTag, headers: retryAfter === 0 ? [] : [['Retry-After', String(retryAfter)]] }))
  }
}

const overloadSeconds = 5
