/** The transaction layer: two tables, the rules that find an entry, and the news that goes up. */
import { answer } from '../message/answer.ts'
import { flat } from '../message/flat.ts'
import { randomToken } from '../message/random.ts'
import type { SipRequest, SipResponse } from '../message/types.ts'
import type { Flow } from '../transport/flow.ts'
import { asBranch, formatBranch, magicCookie, slotOf } from './branch.ts'
import { Client, type ClientHome, failWaiting } from './client.ts'
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

class Transactions implements TransactionLayer, ClientHome, ServerHome {
  readonly wheel
  readonly timers
  readonly trying
  readonly branchPrefix = `${magicCookie}${randomToken(5)}.`
  private readonly settings: TransactionSettings
  private readonly servers = new Map<string, Server>()
  /** Those of `servers` that have their final response, oldest first. */
  private readonly absorbing = new Set<Server>()
  private readonly slots: (Client | undefined)[] = []
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
  }

  get counts(): TransactionLayer['counts'] {
    return { client: this.slots.length - this.free.length, server: this.servers.size, open: this.servers.size - this.absorbing.size, stray: this.strays, shed: this.shedCount }
  }

  onRequest(request: SipRequest, flow: Flow): void {
    if (this.closed) return
    const byOldRules = needsOldRules(request)
    if (request.method === 'ACK') return this.onAck(request, flow, byOldRules)
    const known = this.server(request, request.method, byOldRules)
    if (known !== undefined) return known.state.onRepeat(known)
    const retryAfter = this.refusal(request)
    if (retryAfter !== undefined) return this.shed(request, flow, retryAfter)
    const tx = new Server(this, this.freeKey(request, byOldRules), request, flow, byOldRules)
    this.servers.set(tx.key, tx)
    if (request.method === 'CANCEL') return this.onCancel(tx, byOldRules)
    this.settings.user.onRequest(tx)
    if (this.trying === 'at-once' && request.method === 'INVITE') tx.sendTrying()
  }

  onResponse(response: SipResponse, flow: Flow): void {
    const tx = this.find(response)
    if (tx !== undefined) return tx.state.onResponse(tx, response)
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
      this.servers.delete(tx.key)
      this.absorbing.delete(tx)
      if (this.sharedKeys > 0 && !tx.byOldRules && tx.key.endsWith('|' + tx.sentBy)) this.sharedKeys--
      return
    }
    const holder = tx.cancelOf ?? tx
    if (holder.live || holder.cancelling?.live === true) return
    this.slots[holder.slot] = undefined
    this.free.push(holder.slot)
  }

  linger(tx: Server): void {
    this.absorbing.add(tx)
    if (this.absorbing.size <= this.settings.limits.absorbing) return
    for (const oldest of this.absorbing) return oldest.end('done')
  }

  undeliverable(tx: Server, text: string): void {
    this.settings.onUndeliverable?.(tx, text)
  }

  close(): void {
    this.closed = true
    for (const tx of this.servers.values()) tx.drop()
    for (const tx of this.slots) tx?.abandon()
  }

  private onAck(ack: SipRequest, flow: Flow, byOldRules: boolean): void {
    if (ack.toTag === this.shedTag) return
    const invite = this.server(ack, 'INVITE', byOldRules)
    if (invite !== undefined && (!byOldRules || tagFits(invite, ack)) && invite.state.onAck(invite)) return
    this.settings.user.onAck(ack, flow)
  }

  /** RFC 3261 §9.2, §16.10. The CANCEL has a transaction of its own, answered here. */
  private onCancel(tx: Server, byOldRules: boolean): void {
    const { request } = tx
    const invite = this.server(request, 'INVITE', byOldRules)
    if (invite === undefined) return tx.respond(481, answer(request, 481))
    tx.respond(200, answer(request, 200))
    this.settings.user.onCancel(invite, request)
  }

  /** The transaction `request` belongs to (§17.2.3). */
  private server(request: SipRequest, method: string, byOldRules: boolean): Server | undefined {
    if (byOldRules) return this.servers.get(oldRulesKey(request, method))
    const key = branchKey(request, method)
    const tx = this.servers.get(key)
    if (tx === undefined && this.sharedKeys === 0) return undefined
    const { sentBy } = request
    return tx?.sentBy === sentBy ? tx : this.servers.get(key + '|' + sentBy)
  }

  /** A branch that another sent-by uses already is kept under a longer key. Flat: it outlives the message it was cut from. */
  private freeKey(request: SipRequest, byOldRules: boolean): string {
    const key = byOldRules ? oldRulesKey(request, request.method) : branchKey(request, request.method)
    if (!this.servers.has(key)) return flat(key)
    this.sharedKeys++
    return flat(key + '|' + request.sentBy)
  }

  private find(response: SipResponse): Client | undefined {
    const { branch } = response
    if (branch === undefined) return undefined
    const tx = this.slots[slotOf(this.branchPrefix, branch)]
    if (tx?.branch !== branch) return undefined
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
    const open = this.servers.size - this.absorbing.size
    if (open >= (continues ? server + reserve : server)) return overloadSeconds
    return continues ? undefined : this.settings.shed?.(request)
  }

  /** Statelessly: a table that is full cannot remember that it said no. */
  private shed(request: SipRequest, flow: Flow, retryAfter: number): void {
    this.shedCount++
    flow.send(answer(request, 503, { toTag: this.shedTag, headers: [['Retry-After', String(retryAfter)]] }))
  }
}

const overloadSeconds = 5

/** RFC 3261 §17.2.3: an ACK without a branch carries the To tag of the answer it acknowledges. */
function tagFits(invite: Server, ack: SipRequest): boolean {
  return invite.text === '' || invite.answeredTag() === ack.toTag
}
