/** What a server transaction and the boxes of its state machine know of each other. */
import type { TimerName } from './timer-wheel.ts'
import type { TimerSettings } from './types.ts'

/** One box of RFC 3261 figures 7 and 8 as RFC 6026 redrew them. */
export interface ServerState {
  readonly name: string
  /** True while no final response was sent. */
  readonly open: boolean
  enter(tx: ServerInState): void
  /** The same request came again. */
  onRepeat(tx: ServerInState): void
  respond(tx: ServerInState, status: number, text: string): void
  /** False: the ACK is not for this transaction (RFC 6026 §7.1: in Accepted it belongs to the transaction user). */
  onAck(tx: ServerInState): boolean
  onTimer(tx: ServerInState, timer: TimerName): void
}

/** A server transaction as its states see it. */
export interface ServerInState {
  readonly home: {
    readonly timers: TimerSettings
    readonly trying: number | 'at-once'
  }
  readonly reliable: boolean
  readonly answered: boolean
  readonly intervalMs: number
  /** The last response, while it may have to be repeated. */
  text: string
  become(state: ServerState): void
  start(name: TimerName, ms: number): void
  stopTrying(): void
  sendTrying(): void
  transmit(text: string): void
  transmitTrying(text: string): void
  resend(text: string): void
  absorb(text: string): void
  awaitAck(): void
  end(): void
}
