/**
 * A client transaction: what all its states share. The states are in `invite-client.ts` and `non-invite-client.ts`.
 */
import type { SipResponse } from '../message/types.ts'
import type { Flow } from '../transport/flow.ts'
import type { ClientState } from './client-state.ts'
import { writeCancel } from './hop-requests.ts'
import { calling } from './invite-client.ts'
import { trying } from './non-invite-client.ts'
import { silent } from './silent-user.ts'
import { type TimerName, type TimerOwner, type TimerWheel, WheelTimer } from './timer-wheel.ts'
import { startWaiting, stopWaiting, type Waits } from './waiting.ts'
import type { Branch, ClientTransaction, ClientTransactionUser, TimerSettings } from './types.ts'

/** What a client transaction needs of the layer. */
export interface ClientHome {
  readonly wheel: TimerWheel
  readonly timers: TimerSettings
  /** The transaction ended: its slot may be given to another. */
  release(tx: Client): void
  /**
   * It has its answer, and gives its slot to something smaller that hands further 2xx to `user` for the time of Timer
   * M, or drops what comes for that of Timer K.
   */
  yield(tx: Client, user: ClientTransactionUser | undefined): void
  /** That shall go as well. */
  forget(tx: Client): void
  sealed(text: string, flow: Flow): string
}

export class Client implements ClientTransaction, TimerOwner, Waits {
  readonly branch: Branch
  readonly slot: number
  readonly method: string
  /** The INVITE this CANCEL belongs to: it shares the branch, and so the slot (RFC 3261 §9.1). */
  cancelOf: Client | undefined = undefined
  readonly home: ClientHome
  /** The maker of the transaction sets it at once; a CANCEL keeps `silent`. */
  user: ClientTransactionUser = silent
  state: ClientState = reserved
  flow: Flow | undefined
  reliable = true
  /** The request as sent, while a retransmission, a CANCEL or an ACK may need it. */
  text = ''
  /** The ACK of a failure, to be repeated on an unreliable flow. */
  ack = ''
  intervalMs = 0
  cancelWanted = false
  private cancelReason: string | undefined = undefined
  cancelling: Client | undefined
  private yielded = false
  nextWaiting: Waits | undefined = undefined
  previousWaiting: Waits | undefined = undefined
  private readonly deadline: WheelTimer
  private repeat: WheelTimer | undefined = undefined

  constructor(home: ClientHome, slot: number, branch: Branch, method: string) {
    this.home = home
    this.slot = slot
    this.branch = branch
    this.method = method
    this.deadline = new WheelTimer(this)
  }

  get live(): boolean {
    return this.state !== terminated
  }

  send(text: string, flow: Flow): void {
    if (this.state !== reserved)
      throw new Error(`client transaction ${this.branch} is ${this.state.name}: it sends once`)
    this.flow = flow
    this.reliable = flow.reliable
    this.text = this.home.sealed(text, flow)
    // A datagram flow has no end that would be news: a repetition finds out.
    if (flow.reliable) startWaiting(flow, this)
    this.become(this.method === 'INVITE' ? calling : trying)
  }

  cancel(reason?: string): void {
    if (this.method !== 'INVITE' || this.cancelWanted) return
    this.cancelReason = reason
    this.cancelWanted = true
    this.state.onCancel(this)
  }

  abandon(): void {
    this.end()
    this.cancelling?.end()
  }

  onResponse(response: SipResponse): void {
    this.state.onResponse(this, response)
  }

  onTimer(name: TimerName): void {
    this.state.onTimer(this, name)
  }

  become(state: ClientState): void {
    if (this.state.waiting && !state.waiting && this.reliable) stopWaiting(this)
    this.state = state
    state.enter(this)
  }

  /** A, E repeat the request; all others end a state. */
  start(name: TimerName, ms: number): void {
    if (name === 'A' || name === 'E') {
      this.intervalMs = ms
      this.repeat ??= new WheelTimer(this)
      this.home.wheel.arm(this.repeat, name, ms)
    } else this.home.wheel.arm(this.deadline, name, ms)
  }

  stopRepeating(): void {
    if (this.repeat !== undefined) this.home.wheel.cancel(this.repeat)
  }

  stopTimers(): void {
    this.home.wheel.cancel(this.deadline)
    this.stopRepeating()
  }

  /** Sends the request or, later, the ACK; a flow that refuses it ends the transaction. */
  transmit(text: string): void {
    if (this.flow?.send(text) === false) this.failTransport('flow.refused-message')
  }

  failTransport(because: string): void {
    if (!this.live) return
    this.end()
    this.user.onTransportError(this, because)
  }

  failTimeout(): void {
    this.end()
    this.user.onTimeout(this)
  }

  /** RFC 3261 §9.1: only after a provisional response; given up after 64*T1 without a final one. */
  sendCancel(): void {
    if (this.flow === undefined || this.cancelling !== undefined) return
    this.cancelling = new Client(this.home, this.slot, this.branch, 'CANCEL')
    this.cancelling.cancelOf = this
    this.start('limit', 64 * this.home.timers.t1)
    this.cancelling.send(writeCancel(this.text, this.cancelReason), this.flow)
  }

  /** What is left to do takes less than this: `user` hears of further 2xx; undefined: no one does. */
  yield(user: ClientTransactionUser | undefined): void {
    this.yielded = true
    this.user = silent
    this.home.yield(this, user)
  }

  end(): void {
    if (!this.live) return
    if (this.yielded) {
      this.home.forget(this)
      return this.become(terminated)
    }
    this.stopTimers()
    this.become(terminated)
    this.text = ''
    this.ack = ''
    this.home.release(this)
  }
}

/** A slot is taken, nothing is sent yet. */
const reserved: ClientState = {
  name: 'reserved',
  waiting: true,
  enter() {},
  onResponse() {},
  onTimer() {},
  onCancel() {},
}

const terminated: ClientState = {
  name: 'terminated',
  waiting: false,
  enter() {},
  onResponse() {},
  onTimer() {},
  onCancel() {},
}
