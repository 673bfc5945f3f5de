/** What a client transaction and the boxes of its state machine know of each other. */
import type { SipResponse } from '../message/types.ts'
import type { Flow } from '../transport/flow.ts'
import type { TimerName } from './timer-wheel.ts'
import type { ClientTransactionUser, TimerSettings } from './types.ts'

/** One box of RFC 3261 figures 5 and 6 as RFC 6026 redrew them. */
export interface ClientState {
  readonly name: string
  /** True until a final response: the transaction still listens to its flow. */
  readonly waiting: boolean
  enter(tx: ClientInState): void
  onResponse(tx: ClientInState, response: SipResponse): void
  onTimer(tx: ClientInState, timer: TimerName): void
  onCancel(tx: ClientInState): void
}

/** A client transaction as its states see it. */
export interface ClientInState {
  readonly home: { readonly timers: TimerSettings; sealed(text: string, flow: Flow): string }
  readonly reliable: boolean
  user: ClientTransactionUser
  readonly state: ClientState
  readonly flow: Flow | undefined
  readonly cancelWanted: boolean
  readonly cancelOf: unknown
  readonly cancelling: { readonly live: boolean } | undefined
  readonly intervalMs: number
  /** The request as sent. */
  text: string
  /** The ACK of a failure. */
  ack: string
  become(state: ClientState): void
  start(name: TimerName, ms: number): void
  stopTimers(): void
  transmit(text: string): void
  failTimeout(): void
  sendCancel(): void
  yield(user: ClientTransactionUser | undefined): void
  end(): void
}
