/** Transactions as the transaction user sees them (RFC 3261 §17, RFC 6026). */
import type { SipRequest, SipResponse } from '../message/types.ts'
import type { Flow } from '../transport/flow.ts'

export type Branch = string & { readonly brand: 'Branch' }

export interface ServerTransaction {
  /** Kept until a final response was sent, longer only for a failed INVITE; reading it later is a bug and may throw. */
  readonly request: SipRequest
  readonly flow: Flow
  /** True until a final response was sent. */
  readonly proceeding: boolean
  /**
   * Sends a response. A second final one is dropped, except a 2xx to INVITE in Accepted (RFC 6026 §7.1).
   * @param text the whole response, ready for the wire (from `writeResponse` or `answer`)
   */
  respond(status: number, text: string): void
  /** Ends it without an answer, for what must not be answered. */
  drop(): void
  /**
   * What the transaction user remembers of it (a proxy its response context, RFC 3261 §16.7); the layer never looks.
   */
  context: unknown
}

export interface ClientTransaction {
  /** Known before anything is sent: the Via is written with it. It carries the table slot and a nonce. */
  readonly branch: Branch
  /** Starts it: sends the request on the flow. Once only. */
  send(text: string, flow: Flow): void
  /**
   * Sends CANCEL now, or as soon as a provisional response came (RFC 3261 §9.1); nothing after a final one.
   * @param reason value of its Reason header field (RFC 3326); absent: it has none
   */
  cancel(reason?: string): void
  /** Lets go without a callback: late answers are absorbed and counted as stray. */
  abandon(): void
}

export interface ClientTransactionUser {
  /** Provisional and final; each further 2xx to an INVITE too (RFC 6026 §8.4). */
  onResponse(response: SipResponse): void
  /**
   * Whether a response is for it. One that is not is dropped and counted as stray, and the transaction waits on.
   * Absent: all are.
   */
  takes?(response: SipResponse): boolean
  /** Timer B or F; no answer came. */
  onTimeout(transaction: ClientTransaction): void
  /** The flow closed or refused the text before a final answer. May be called from within `send`. */
  onTransportError(transaction: ClientTransaction, because: string): void
  /**
   * Asked after `onResponse` with a 2xx to an INVITE: the user that hears of further ones for 32 s, so that all else
   * can be let go. Absent: the same user.
   */
  late?(): ClientTransactionUser
}

export interface TransactionUser {
  /** A new request, ACK and CANCEL excluded. */
  onRequest(transaction: ServerTransaction): void
  /** An ACK that belongs to no server transaction: for a 2xx, to be forwarded (RFC 3261 §16). */
  onAck(ack: SipRequest, flow: Flow): void
  /**
   * A CANCEL that matches `invite` and comes from its peer; the layer has answered the CANCEL itself with 200 (and one
   * that matches nothing with 481).
   */
  onCancel(invite: ServerTransaction, cancel: SipRequest): void
  /**
   * Matches no client transaction, or comes from another peer than the one asked: dropped and counted (RFC 6026 §7.3).
   */
  onStrayResponse(response: SipResponse, flow: Flow): void
}

/** RFC 3261 §17.1.1.1; milliseconds. */
export interface TimerSettings {
  readonly t1: number
  readonly t2: number
  readonly t4: number
}

export const defaultTimers: TimerSettings = { t1: 500, t2: 4000, t4: 5000 }

export interface TransactionLayer {
  /** From the transport. */
  onRequest(request: SipRequest, flow: Flow): void
  onResponse(response: SipResponse, flow: Flow): void
  onFlowClosed(flow: Flow, because: string): void
  /**
   * Reserves a client transaction; undefined when the table is full or the layer is closed.
   * @param loopKey hash for loop detection (RFC 3261 §16.6 step 8), lower-case letters and digits: the branch ends with
   * it as it is; empty for a UAC
   */
  client(method: string, loopKey: string, user: ClientTransactionUser): ClientTransaction | undefined
  /** What every branch of this layer starts with: cookie and a token of this process, e.g. `z9hG4bKq3f9c1a07.`. */
  readonly branchPrefix: string
  /**
   * A branch for what is forwarded without a transaction, an ACK for a 2xx; the same for the same `identity` (RFC 3261
   * §16.11).
   */
  statelessBranch(identity: string): Branch
  /**
   * Live transactions, for `status` and tests; `open` of `server` wait for a final answer; `stray` and `shed` count
   * what was dropped and what was turned away with 503; `foreign` are CANCELs and responses of another peer than that
   * of their transaction, the responses among the stray ones.
   */
  readonly counts: {
    readonly client: number
    readonly server: number
    readonly open: number
    readonly stray: number
    readonly shed: number
    readonly foreign: number
  }
  /** See `TransactionSettings.sealed`; for what is sent without a transaction. */
  sealed(text: string, flow: Flow): string
  /** Flows on which a final answer is still to come, in either direction. Walks the tables: not for each message. */
  flowsInUse(): ReadonlySet<Flow>
  /** Ends everything without callbacks. */
  close(): void
}
