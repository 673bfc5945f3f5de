/**
 * One copy of a request on its way: its next hops, its client transaction, its Timer C (RFC 3261 §16.6 steps 7 to 11,
 * §16.8).
 */
import { isHeadTooLong } from '../message/framer.ts'
import { defaultLimits, type SipResponse } from '../message/types.ts'
import { type TimerOwner, WheelTimer } from '../transaction/timer-wheel.ts'
import type { ClientTransaction, ClientTransactionUser } from '../transaction/types.ts'
import type { Flow } from '../transport/flow.ts'
import type { NextHop } from '../transport/types.ts'
import type { Incoming } from './arrival.ts'
import type { Core } from './core.ts'
import type { Target } from './decision.ts'
import { type Way, wayOf, writeCopy } from './forward.ts'
import { type NextHops, locateHops, locateOneOf } from './next-hop.ts'
import { codeOf } from './error-code.ts'
import { notSecured } from './reply.ts'
import { mustBeSecure } from './secured.ts'

/** What a fork needs of the response context that it belongs to. */
export interface ForkContext {
  readonly core: Core
  readonly arrival: Incoming
  readonly isInvite: boolean
  readonly cancelled: boolean
  onProvisional(response: SipResponse, from: Flow | undefined): void
  onFinal(fork: Fork, response: SipResponse, from: Flow | undefined): void
  onFailure(fork: Fork, status: number, because: string, detail: unknown): void
  /** Receives further 2xx after the first one was passed on. */
  late(from: Flow | undefined): ClientTransactionUser
  /** An exception of ours: the request gets its answer all the same. */
  crash(fork: Fork, error: unknown): void
}

const none: readonly Target[] = []

/** How a connection ends whose server died. */
const losses: ReadonlySet<string> = new Set(['link.reset', 'peer-closed'])

export class Fork implements ClientTransactionUser, TimerOwner {
  /** That of this copy. */
  target: Target
  /** Other flows of the same instance (RFC 5626 §7), still to be tried. */
  private others: readonly Target[]
  private readonly context: ForkContext
  private readonly breadth: number
  private way: Way | undefined = undefined
  private hops: NextHops | undefined = undefined
  private hop: NextHop | undefined = undefined
  private transaction: ClientTransaction | undefined = undefined
  /** Where the copy went: whose answers these are. */
  private flow: Flow | undefined = undefined
  private timerC: WheelTimer | undefined = undefined
  private answered = false
  /** A flow that was open before may have died unseen: the same hop is dialled once more. */
  private reused = false
  private redialled = false
  private failedOver = false
  /** Why the last hop did not work. */
  private trouble = 'route.no-next-hop'
  private troubleDetail: unknown = undefined
  done = false

  constructor(context: ForkContext, target: Target, breadth: number) {
    this.context = context
    this.target = target
    this.others = target.others ?? none
    this.breadth = breadth
  }

  start(): void {
    const { core, arrival } = this.context
    try {
      this.way = wayOf(arrival, this.target)
      if (this.target.flow !== undefined) return this.sendOnFlow(core.settings.transport.flow(this.target.flow))
      const face = this.target.face ?? arrival.face
      const { otherHops } = this.target
      const bytes = arrival.request.text.length
      const hops =
        otherHops === undefined
          ? locateHops(core.settings, this.way.nextHop, face, bytes, this.target)
          : locateOneOf(core.settings, this.way.nextHop, otherHops, face, bytes)
      if (!(hops instanceof Promise)) return this.tryHops(hops)
      hops.then((located) => this.tryHops(located)).catch((error: unknown) => this.fail(504, codeOf(error), error))
    } catch (error) {
      this.fail(504, codeOf(error), error)
    }
  }

  /** @param reason value of the Reason header field in the CANCEL (RFC 3326); undefined: none is known */
  cancel(reason: string | undefined): void {
    this.others = none
    if (this.done) return
    if (this.transaction === undefined) return this.fail(487, 'request.cancelled')
    this.transaction.cancel(reason)
  }

  /** RFC 3261 §16.7 step 3: what has no Via but ours ends here; a 100 always does. */
  takes(response: SipResponse): boolean {
    return response.status === 100 || !response.hasOneVia
  }

  onResponse(response: SipResponse): void {
    this.answered = true
    if (response.status < 200) {
      // §16.7 step 2: anything but a 100 shows that somebody is still at work.
      if (response.status > 100) {
        if (this.timerC !== undefined) this.armTimerC()
        this.context.onProvisional(response, this.flow)
      }
      return
    }
    if (this.done) return
    if (this.hop !== undefined && response.status !== 503) this.context.core.settings.health.markUp(this.hop)
    if (response.status === 503 && this.failOver(response)) return
    if ((response.status === 430 || response.status === 408) && this.tryOther()) return
    this.settle()
    this.context.onFinal(this, response, this.flow)
  }

  late(): ClientTransactionUser {
    return this.context.late(this.flow)
  }

  onTimeout(): void {
    this.transaction = undefined
    if (this.hop !== undefined && !this.answered) this.avoid(this.hop)
    if (this.context.cancelled) return this.fail(487, 'request.cancelled')
    this.trouble = 'peer.silent'
    if (!this.answered && this.context.isInvite && this.tryNext()) return
    this.fail(408, 'peer.silent')
  }

  onTransportError(_: ClientTransaction, because: string): void {
    this.transaction = undefined
    this.trouble = because
    if (this.context.cancelled) return this.fail(487, because)
    if (this.target.flow !== undefined) return this.fail(430, 'route.no-flow')
    // A call that somebody is at work on is not placed a second time. Any other request is sent once more.
    if (this.answered && this.context.isInvite) return this.fail(504, because)
    this.answered = false
    if (this.reused && this.hop !== undefined) return this.dial(this.hop)
    if (!this.tryNext() && !this.redial(because)) this.failHops()
  }

  /** Timer C (§16.8). */
  onTimer(): void {
    if (!this.answered) {
      this.transaction?.abandon()
      return this.fail(408, 'peer.silent')
    }
    this.transaction?.cancel('SIP;cause=408;text="Request Timeout"')
  }

  /**
   * Whether `target` begins with the hop of this fork.
   *
   * @throws MessageError when its first hop is no URI
   */
  hasHopOf(target: Target): boolean {
    if (this.way === undefined || this.target.flow !== undefined || target.flow !== undefined) return false
    const { host, port } = wayOf(this.context.arrival, target).nextHop
    return this.way.nextHop.host === host && this.way.nextHop.port === port
  }

  /** Seconds until any next hop of this target may be tried again; undefined while one is up. */
  allOutFor(): number | undefined {
    return this.hops?.allOutFor()
  }

  private tryHops(hops: NextHops): void {
    this.hops = hops
    if (!this.tryNext()) this.failHops()
  }

  /** False when no hop is left. */
  private tryNext(): boolean {
    if (this.done) return true
    const hop = this.hops?.take()
    if (hop === undefined) return false
    this.hop = hop
    const flow = this.context.core.settings.transport.existing(hop)
    this.reused = flow !== undefined
    if (flow === undefined) this.dial(hop)
    else this.send(flow)
    return true
  }

  private dial(hop: NextHop): void {
    this.reused = false
    this.context.core.settings.transport
      .connect(hop)
      .then(
        (flow) => this.send(flow),
        (error: unknown) => this.onDialError(hop, error),
      )
      .catch((error: unknown) => this.context.crash(this, error))
  }

  /**
   * Behind the only address may be a balancer: what one of its servers lost by a reset, the next dial brings to another
   * (RFC 3263 §4.3). False: it was tried, or the connection ended for another reason.
   */
  private redial(because: string): boolean {
    if (this.redialled || this.hop === undefined || !losses.has(because)) return false
    this.redialled = true
    this.dial(this.hop)
    return true
  }

  private onDialError(hop: NextHop, error: unknown): void {
    this.trouble = codeOf(error)
    this.troubleDetail = error
    this.avoid(hop)
    if (!this.tryNext()) this.failHops()
  }

  private sendOnFlow(flow: Flow | undefined): void {
    if (flow?.open !== true) return this.fail(430, 'route.no-flow')
    this.send(flow)
  }

  private send(flow: Flow): void {
    if (this.done || this.way === undefined) return
    const { core, arrival, isInvite } = this.context
    if (!flow.secure && mustBeSecure(arrival, this.target)) return this.fail(480, notSecured)
    const transaction = core.transactions.client(arrival.request.method, arrival.loopHash, this)
    if (transaction === undefined) return this.fail(503, 'overload.transactions')
    this.transaction = transaction
    this.flow = flow
    if (isInvite) this.armTimerC()
    const text = writeCopy(core, arrival, this.way, flow, transaction.branch, this.breadth)
    if (isHeadTooLong(text, defaultLimits)) {
      transaction.abandon()
      return this.fail(513, 'message.head-too-long')
    }
    core.settings.on.forwarded?.(arrival, this.target, flow)
    transaction.send(text, flow)
  }

  /** RFC 3263 §4.3: a 503 leads to the next hop, once; its Retry-After keeps the hop out for that time. */
  private failOver(response: SipResponse): boolean {
    const seconds = Number.parseInt(response.header('Retry-After') ?? '0', 10)
    if (this.hop !== undefined && seconds > 0) this.context.core.settings.health.markDown(this.hop, seconds)
    if (this.failedOver || this.context.cancelled) return false
    this.failedOver = true
    this.answered = false
    this.transaction = undefined
    return this.tryNext()
  }

  /** Worth remembering only where there is another hop to try. */
  private avoid(hop: NextHop): void {
    if (this.hops !== undefined && this.hops.count > 1) this.context.core.settings.health.markDown(hop)
  }

  /** None of the hops could be used: 480 when none may be, 503 with Retry-After when all asked for that, else 504. */
  private failHops(): void {
    if (this.hop === undefined && this.hops?.refused === true) return this.fail(480, 'route.contact-server')
    const allOut = this.hop === undefined ? this.allOutFor() : undefined
    if (allOut !== undefined) return this.fail(503, 'route.all-out')
    this.fail(504, this.trouble, this.troubleDetail)
  }

  private fail(status: number, because: string, detail: unknown = undefined): void {
    if (this.done || (status !== 487 && this.tryOther())) return
    this.settle()
    this.context.onFailure(this, status, because, detail)
  }

  /** The next flow of the instance (RFC 5626 §7). False: there is none. */
  private tryOther(): boolean {
    const [next, ...others] = this.others
    const { core, arrival, cancelled } = this.context
    if (next === undefined || cancelled) return false
    if (this.timerC !== undefined) core.settings.wheel.cancel(this.timerC)
    this.others = others
    if (core.settings.forbids?.(arrival, next) !== undefined) return this.tryOther()
    this.target = next
    this.hops = undefined
    this.hop = undefined
    this.transaction = undefined
    this.answered = false
    this.failedOver = false
    this.redialled = false
    this.start()
    return true
  }

  private settle(): void {
    this.done = true
    if (this.timerC !== undefined) this.context.core.settings.wheel.cancel(this.timerC)
  }

  private armTimerC(): void {
    const { wheel, forward } = this.context.core.settings
    this.timerC ??= new WheelTimer(this)
    wheel.arm(this.timerC, 'C', forward.timerC)
  }
}
