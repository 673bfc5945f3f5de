/** The transaction layer: two tables, the rules that find an entry, and the news that goes up. */
import { answer } from '../message/answer.ts'
import { flat } from '../message/fast/flat.ts'
import { randomToken } from '../message/random.ts'
import { hashOf } from '../message/text-hash.ts'
import type { SipRequest, SipResponse } from '../message/types.ts'
import type { Flow } from '../transport/flow.ts'
import { Absorbers } from './memory/absorbers.ts'
import { asBranch, formatBranch, magicCookie, slotOf } from './branch.ts'
import { Client, type ClientHome } from './client.ts'
import { LateClients } from './memory/late-clients.ts'
import { branchKey, needsOldRules, oldRulesKey } from './matching.ts'
import { isSamePeer } from './peer.ts'
import { Server, type ServerHome } from './server.ts'
import { ServerTable } from './server-table.ts'
import type { TransactionSettings } from './settings.ts'
import { Shares } from './shares.ts'
import { failWaiting } from './waiting.ts'
import type { Branch, ClientTransaction, ClientTransactionUser, TransactionLayer } from './types.ts'

/**
 * @example
 * const transactions = createTransactions({ clock, wheel: new TimerWheel(clock), timers: defaultTimers,
 *   limits: defaultTransactionLimits, trying: 'at-once', user: proxy })
 */
export function createTransactions(settings: TransactionSettings): TransactionLayer {
  return new Transactions(settings)
}

class Transactions implements TransactionLayer, ClientHome, ServerHome {
  readonly wheel
  readonly timers
  readonly trying
  /** Flat: each response is compared with it. */
  readonly branchPrefix = flat(`${magicCookie}${randomToken(5)}.`)
  private readonly settings: TransactionSettings
  /** Those without their final answer, and those that sent a failure. */
  private readonly servers = new ServerTable()
  /** Those of `servers` that sent a failure and wait for its ACK, oldest first. */
  private readonly failures = new Set<Server>()
  private failureOctets = 0
  /** Those that have their final answer (Timers J and L, which are equal). */
  private readonly absorbing: Absorbers
  /** Those without their final answer, and those that acknowledged a failure, by the slot in their branch. */
  private readonly slots: (Client | undefined)[] = []
  private readonly late: LateClients
  private readonly shares: Shares
  private readonly free: number[] = []
  /**
   * To tag of the answers nothing is kept of: by it their ACKs are known, and end here. Short: V8 compares texts of up
   * to 12 characters at once.
   */
  private readonly shedTag = randomToken(6)
  private strays = 0
  private foreignCount = 0
  private shedCount = 0
  private closed = false

  constructor(settings: TransactionSettings) {
    this.settings = settings
    this.wheel = settings.wheel
    this.timers = settings.timers
    this.trying = settings.trying
    const { clock, wheel, timers } = settings
    this.shares = new Shares(clock, () => this.openFlows())
    this.absorbing = new Absorbers(clock, wheel, 64 * timers.t1)
    this.late = new LateClients(clock, wheel, timers, (slot) => this.free.push(slot))
  }

  get counts(): TransactionLayer['counts'] {
    return {
      client: this.slots.length - this.free.length,
      server: this.servers.size + this.absorbing.size,
      open: this.open,
      stray: this.strays,
      foreign: this.foreignCount,
      shed: this.shedCount,
    }
  }

  onRequest(request: SipRequest, flow: Flow): void {
    if (this.closed) return
    if (request.method === 'ACK') return this.onAck(request, flow)
    // Over a reliable flow nothing is repeated (§17.1.1.1): what is turned away need not be looked for.
    const early = flow.reliable ? this.refusal(request, flow) : undefined
    if (early !== undefined) return this.shed(request, flow, early)
    const byOldRules = needsOldRules(request)
    // Before the tables: the CANCEL of another peer must not take the key of the right one.
    if (request.method === 'CANCEL' && this.isForeignCancel(request, flow, byOldRules)) {
      this.foreignCount++
      return void flow.send(this.sealed(answer(request, 481), flow))
    }
    const key = byOldRules ? oldRulesKey(request, request.method) : branchKey(request, request.method)
    const hash = hashOf(key)
    if (this.isRepetition(key, hash)) return
    const retryAfter = flow.reliable ? undefined : this.refusal(request, flow)
    if (retryAfter !== undefined) return this.shed(request, flow, retryAfter)
    const tx = new Server(this, key, request, flow)
    tx.hash = hash
    tx.byOldRules = byOldRules
    if (request.method === 'CANCEL') this.onCancel(tx, byOldRules)
    else this.settings.user.onRequest(tx)
    if (!tx.proceeding) return
    // What was answered in the same turn of events needs no place here (bench/proxy.ts, REGISTER).
    this.servers.add(tx)
    tx.begin()
  }

  onResponse(response: SipResponse, flow: Flow): void {
    const { branch } = response
    const slot = branch === undefined ? -1 : slotOf(this.branchPrefix, branch)
    if (branch !== undefined && slot !== -1) {
      const tx = this.addressee(slot, branch, response.method)
      const owner = tx === undefined ? this.late.flowOf(slot, branch, response.method) : tx.flow
      if (owner !== undefined && !isSamePeer(owner, flow, this.settings.sameUser)) this.foreignCount++
      else if (tx !== undefined) {
        if (tx.user.takes?.(response) !== false) return tx.onResponse(response)
      } else if (owner !== undefined) return this.late.take(slot, response)
    }
    this.strays++
    this.settings.user.onStrayResponse(response, flow)
  }

  onFlowClosed(flow: Flow, because: string): void {
    failWaiting(flow, because)
  }

  client(method: string, loopKey: string, user: ClientTransactionUser): ClientTransaction | undefined {
    if (this.closed) return undefined
    const slot = this.freeSlot()
    if (slot === undefined) return undefined
    const branch = formatBranch(this.branchPrefix, slot, loopKey)
    const tx = new Client(this, slot, branch, method)
    tx.user = user
    this.slots[slot] = tx
    return tx
  }

  statelessBranch(identity: string): Branch {
    return asBranch(`${this.branchPrefix}s${identity}`)
  }

  release(tx: Client | Server): void {
    if (tx instanceof Server) {
      if (this.failures.delete(tx)) this.failureOctets -= tx.keptOctets
      this.servers.remove(tx)
      return
    }
    const holder = tx.cancelOf ?? tx
    if (holder.live || holder.cancelling?.live === true) return
    this.slots[holder.slot] = undefined
    this.free.push(holder.slot)
  }

  failed(tx: Server): void {
    // Answered in the turn it came in, it has no place yet.
    if (this.servers.get(tx.key, tx.hash) === undefined) this.servers.add(tx)
    this.failures.add(tx)
    this.failureOctets += tx.keptOctets
    while (this.failureOctets > mostFailureOctets && this.failures.size > 1) this.endOldestFailure()
    this.makeRoom()
  }

  absorb(tx: Server, text: string): void {
    this.servers.remove(tx)
    this.absorbing.add(tx.key, tx.hash, tx.flow, text)
    this.makeRoom()
  }

  yield({ slot, branch, method, flow }: Client, user: ClientTransactionUser | undefined): void {
    this.slots[slot] = undefined
    if (flow === undefined) throw new Error(`client transaction ${branch} has its answer and no flow`)
    this.late.add(slot, branch, method, flow, user)
  }

  forget({ slot, branch }: Client): void {
    this.late.forget(slot, branch)
  }

  sealed(text: string, flow: Flow): string {
    const { sealed } = this.settings
    return sealed === undefined ? text : sealed(text, flow)
  }

  undeliverable(flow: Flow, text: string): void {
    this.settings.onUndeliverable?.(flow, text)
  }

  flowsInUse(): ReadonlySet<Flow> {
    const flows = new Set<Flow>()
    for (const flow of this.openFlows()) flows.add(flow)
    for (const tx of this.slots) if (tx?.state.waiting === true && tx.flow !== undefined) flows.add(tx.flow)
    return flows
  }

  close(): void {
    this.closed = true
    for (const tx of this.servers.all()) tx.end()
    for (const tx of this.slots) tx?.abandon()
    this.late.close()
    this.absorbing.close()
  }

  /** Server transactions without a final answer. */
  private get open(): number {
    return this.servers.size - this.failures.size
  }

  /** The oldest of those that only wait for something to come again gives way. */
  private makeRoom(): void {
    if (this.failures.size + this.absorbing.size <= this.settings.limits.absorbing) return
    if (this.absorbing.size > 0) this.absorbing.shift()
    else this.endOldestFailure()
  }

  private endOldestFailure(): void {
    for (const oldest of this.failures) return oldest.end()
  }

  /** Whether a request came before; a repetition gets what its transaction says to it. */
  private isRepetition(key: string, hash: number): boolean {
    const known = this.servers.get(key, hash)
    if (known !== undefined) {
      known.onRepeat()
      return true
    }
    const answered = this.absorbing.answerTo(key, hash)
    if (answered === undefined) return false
    const { flow, text } = answered
    if (text !== '' && !flow.send(text)) this.undeliverable(flow, text)
    return true
  }

  private onAck(ack: SipRequest, flow: Flow): void {
    if (ack.toTag === this.shedTag) return
    // Only a failure waits for one, and mostly there is none (bench/proxy.ts, UDP calls).
    if (this.failures.size > 0 && this.inviteOf(ack)?.takesAck(ack) === true) return
    this.settings.user.onAck(ack, flow)
  }

  /** RFC 3261 §9.2, §16.10. The CANCEL has a transaction of its own, answered here. */
  private onCancel(tx: Server, byOldRules: boolean): void {
    const { request } = tx
    const key = inviteKey(request, byOldRules)
    const hash = hashOf(key)
    const invite = this.servers.get(key, hash)
    if (invite === undefined && !this.absorbing.has(key, hash)) return tx.respond(481, answer(request, 481))
    tx.respond(200, answer(request, 200))
    if (invite !== undefined) this.settings.user.onCancel(invite, request)
  }

  /** Whether the INVITE that it would cancel came from another peer (RFC 3261 §9.2). */
  private isForeignCancel(cancel: SipRequest, flow: Flow, byOldRules: boolean): boolean {
    const key = inviteKey(cancel, byOldRules)
    const hash = hashOf(key)
    const owner = this.servers.get(key, hash)?.flow ?? this.absorbing.flowOf(key, hash)
    return owner !== undefined && !isSamePeer(owner, flow, this.settings.sameUser)
  }

  private inviteOf(ack: SipRequest): Server | undefined {
    const key = inviteKey(ack, needsOldRules(ack))
    return this.servers.get(key, hashOf(key))
  }

  private addressee(slot: number, branch: string, method: string): Client | undefined {
    const tx = this.slots[slot]
    if (tx?.branch !== branch) return undefined
    const found = method === tx.method ? tx : method === 'CANCEL' ? tx.cancelling : undefined
    return found?.live === true ? found : undefined
  }

  /** When all are taken, what only waits for something to come again gives way; undefined: all are under way. */
  private freeSlot(): number | undefined {
    if (this.free.length > 0) return this.free.pop()
    const slot = this.slots.length
    if (slot >= this.settings.limits.client) return this.late.makeRoom() ? this.free.pop() : undefined
    this.slots.push(undefined)
    return slot
  }

  /** Of each server transaction without a final answer. */
  private *openFlows(): Iterable<Flow> {
    for (const tx of this.servers.all()) if (tx.proceeding) yield tx.flow
  }

  /** Seconds to come back after, when this new request is turned away. */
  private refusal(request: SipRequest, flow: Flow): number | undefined {
    const { server, reserve } = this.settings.limits
    const continues = request.toTag !== undefined || request.method === 'CANCEL'
    if (this.open >= (continues ? server + reserve : server) && !this.hasShare(flow)) return overloadSeconds
    return continues ? undefined : this.settings.shed?.(request)
  }

  /** Half of the reserve is for sources that hold less than others. */
  private hasShare(flow: Flow): boolean {
    const { server, reserve } = this.settings.limits
    return this.open < server + reserve / 2 && this.shares.admits(flow)
  }

  /** Statelessly: a table that is full cannot remember that it said no. */
  private shed(request: SipRequest, flow: Flow, retryAfter: number): void {
    this.shedCount++
    const text = answer(request, 503, {
      toTag: this.shedTag,
      headers: retryAfter === 0 ? [] : [['Retry-After', String(retryAfter)]],
    })
    flow.send(this.sealed(text, flow))
  }
}

const overloadSeconds = 5
/** Keys and texts of all failures together: a peer chooses how long they are, and may never send an ACK. */
const mostFailureOctets = 64 * 1024 * 1024

/** Of the INVITE that an ACK or a CANCEL belongs to (§17.2.3). */
function inviteKey(request: SipRequest, byOldRules: boolean): string {
  return byOldRules ? oldRulesKey(request, 'INVITE') : branchKey(request, 'INVITE')
}
