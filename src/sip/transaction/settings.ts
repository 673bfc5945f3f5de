/** What a transaction layer is given. */
import type { Clock } from '../clock.ts'
import type { SipRequest } from '../message/types.ts'
import type { SameUser } from './peer.ts'
import type { TimerWheel } from './timer-wheel.ts'
import type { Flow } from '../transport/flow.ts'
import type { TimerSettings, TransactionUser } from './types.ts'

export interface TransactionLimits {
  /** Client transactions in all. Beyond it `client()` gives undefined. */
  readonly client: number
  /** Server transactions without a final response, requests outside dialogs. Beyond it: 503 with Retry-After. */
  readonly server: number
  /**
   * How many more of them for requests inside dialogs, so that calls in progress can end; half of them also for new
   * requests of sources that hold less than their share.
   */
  readonly reserve: number
  /** Server transactions that only absorb repetitions, mostly answered calls for 32 s. Beyond it the oldest ends. */
  readonly absorbing: number
}

export const defaultTransactionLimits: TransactionLimits = {
  client: 300_000,
  server: 50_000,
  reserve: 10_000,
  absorbing: 200_000,
}

export interface TransactionSettings {
  readonly clock: Clock
  readonly wheel: TimerWheel
  readonly timers: TimerSettings
  readonly limits: TransactionLimits
  /**
   * When an INVITE gets its 100 (RFC 3261 §17.2.1) unless the user answered before: milliseconds, or `at-once`, which
   * is when the user returns from `onRequest` without having answered (a proxy, §16.2). It may wait, see `Flow.send`.
   */
  readonly trying: number | 'at-once'
  readonly user: TransactionUser
  /**
   * Seconds for Retry-After when new work should be turned away (overload, draining), 0 for a 503 without, undefined to
   * take it. Asked once for each new request outside a dialog. Absent: everything is taken.
   */
  readonly shed?: (request: SipRequest) => number | undefined
  /**
   * Whether a user proved to be at two flows: a CANCEL or a response by the other one counts then (`isSamePeer`).
   * Absent: no user is known.
   */
  readonly sameUser?: SameUser
  /** The text as its flow shall take it, for example with a signature. Asked last. Absent: as it is. */
  readonly sealed?: (text: string, flow: Flow) => string
  /** The flow of the request did not take `text`: send it by RFC 3261 §18.2.2. Absent: the response is lost. */
  readonly onUndeliverable?: (flow: Flow, text: string) => void
}
