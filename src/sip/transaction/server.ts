/**
 * A server transaction: what all its states share. The states are in `invite-server.ts` and `non-invite-server.ts`.
 */
import { answer } from '../message/answer.ts'
import { MessageError } from '../message/message-error.ts'
import { parseOwn } from '../message/parse.ts'
import type { SipRequest } from '../message/types.ts'
import type { Flow } from '../transport/flow.ts'
import { proceeding } from './invite-server.ts'
import { trying } from './non-invite-server.ts'
import type { ServerState } from './server-state.ts'
import { type TimerName, type TimerOwner, type TimerWheel, WheelTimer } from './timer-wheel.ts'
import type { ServerTransaction, TimerSettings } from './types.ts'

/** What a server transaction needs of the layer. */
export interface ServerHome {
  readonly wheel: TimerWheel
  readonly timers: TimerSettings
  readonly trying: number | 'at-once'
  release(tx: Server): void
  /** It sent a failure and waits for the ACK. */
  failed(tx: Server): void
  /** It has its final answer: from here on `text` is all there is to say to a repetition, and the layer says it. */
  absorb(tx: Server, text: string): void
  undeliverable(flow: Flow, text: string): void
  sealed(text: string, flow: Flow): string
}

export class Server implements ServerTransaction, TimerOwner {
  readonly home: ServerHome
  /** Where the table keeps it. */
  readonly key: string
  /** Of `key`; the layer has it from looking the request up. */
  hash = 0
  /** The next one with the same bucket there. */
  sameBucket: Server | undefined = undefined
  readonly flow: Flow
  readonly reliable: boolean
  /** Found by the rules of RFC 2543 (RFC 3261 §17.2.3): its ACK must carry the To tag of our answer. */
  byOldRules = false
  context: unknown
  state: ServerState
  /** The last response, while it may have to be repeated; empty when there is none or no need. */
  text = ''
  answered = false
  intervalMs = 0
  /** What it keeps while it waits for its ACK. */
  keptOctets = 0
  private held: SipRequest | undefined
  private deadline: WheelTimer | undefined = undefined
  private repeat: WheelTimer | undefined = undefined

  constructor(home: ServerHome, key: string, request: SipRequest, flow: Flow) {
    this.home = home
    this.key = key
    this.held = request
    this.flow = flow
    this.reliable = flow.reliable
    this.state = request.method === 'INVITE' ? proceeding : trying
  }

  /** It was not answered at once: timers run from here. */
  begin(): void {
    this.state.enter(this)
  }

  get request(): SipRequest {
    if (this.held === undefined)
      throw new Error('an answered request is no longer kept: take what is needed of it before the final response')
    return this.held
  }

  get proceeding(): boolean {
    return this.state.open
  }

  get live(): boolean {
    return this.state !== terminated
  }

  respond(status: number, text: string): void {
    this.state.respond(this, status, status < 200 ? text : this.home.sealed(text, this.flow))
  }

  /** The 100 of RFC 3261 §16.2, once, unless something was said already. */
  sendTrying(): void {
    if (this.answered || !this.proceeding) return
    this.respond(100, answer(this.request, 100))
  }

  onTimer(name: TimerName): void {
    this.state.onTimer(this, name)
  }

  become(state: ServerState): void {
    this.stopTimers()
    this.state = state
    state.enter(this)
  }

  /** Nothing of the request is needed any more; the holder of this can still send a further 2xx. */
  absorb(text: string): void {
    this.home.absorb(this, text)
    this.letGo()
    this.text = ''
  }

  /** It sent a failure: only its key and the text that is repeated are kept until the ACK. */
  awaitAck(): void {
    this.letGo()
    this.keptOctets = this.key.length + this.text.length
    this.home.failed(this)
  }

  /** G repeats the response and `trying` waits for one; all others end a state. */
  start(name: TimerName, ms: number): void {
    if (name === 'G' || name === 'trying') {
      this.intervalMs = ms
      this.repeat ??= new WheelTimer(this)
      this.home.wheel.arm(this.repeat, name, ms)
      return
    }
    this.deadline ??= new WheelTimer(this)
    this.home.wheel.arm(this.deadline, name, ms)
  }

  stopTrying(): void {
    if (this.repeat !== undefined) this.home.wheel.cancel(this.repeat)
  }

  /** Sends and, where it may be asked for again, keeps `text`. */
  transmit(text: string): void {
    this.keep(text)
    this.resend(text)
  }

  /** The same for a 100: it stops repetitions, and over a connection there are none to stop in a hurry. */
  transmitTrying(text: string): void {
    this.keep(text)
    if (!this.flow.send(text, 'may-wait')) this.home.undeliverable(this.flow, text)
  }

  resend(text: string): void {
    if (text !== '' && !this.flow.send(text)) this.home.undeliverable(this.flow, text)
  }

  private keep(text: string): void {
    this.answered = true
    this.text = this.reliable && !this.byOldRules ? '' : text
  }

  onRepeat(): void {
    this.state.onRepeat(this)
  }

  /** RFC 3261 §17.2.3: without a branch it must carry the To tag of the answer it acknowledges. */
  takesAck(ack: SipRequest): boolean {
    if (this.byOldRules && this.text !== '' && toTagOf(this.text) !== ack.toTag) return false
    return this.state.onAck(this)
  }

  /** Without an answer, for what must not be answered. */
  drop(): void {
    if (this.proceeding) this.end()
  }

  end(): void {
    if (!this.live) return
    this.become(terminated)
    this.text = ''
    this.home.release(this)
  }

  private letGo(): void {
    this.held = undefined
    this.context = undefined
  }

  private stopTimers(): void {
    if (this.deadline !== undefined) this.home.wheel.cancel(this.deadline)
    this.stopTrying()
  }
}

/** undefined: none, or who sent the answer broke a Via that is not its own: nothing had to read that before. */
function toTagOf(answerText: string): string | undefined {
  try {
    return parseOwn(answerText).toTag
  } catch (error) {
    if (error instanceof MessageError) return undefined
    throw error
  }
}

const terminated: ServerState = {
  name: 'terminated',
  open: false,
  enter() {},
  onRepeat() {},
  respond() {},
  onAck: () => false,
  onTimer() {},
}
