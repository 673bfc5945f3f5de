/** What stays of a client transaction with its final response: Completed of RFC 3261 figure 6 (Timer K), Accepted of RFC 6026 §7.2 (Timer M). */
import type { SipResponse } from '../message/types.ts'
import type { InLine } from './line.ts'
import type { Branch, ClientTransaction, ClientTransactionUser } from './types.ts'

/** What it needs of the layer. */
export interface LateHome {
  /** Its slot may be given to another. */
  vacate(slot: number): void
}

export class LateClient implements ClientTransaction, InLine {
  readonly branch: Branch
  readonly slot: number
  readonly method: string
  endsAt = 0
  after: InLine | undefined = undefined
  private readonly home: LateHome
  /** Hears each further 2xx to an INVITE (RFC 6026 §8.4); undefined: all that comes is dropped. */
  private readonly user: ClientTransactionUser | undefined
  private live = true

  constructor(home: LateHome, slot: number, branch: Branch, method: string, user: ClientTransactionUser | undefined) {
    this.home = home
    this.slot = slot
    this.branch = branch
    this.method = method
    this.user = user
  }

  onResponse(response: SipResponse): void {
    if (response.status >= 200 && response.status < 300) this.user?.onResponse(response, this)
  }

  send(): never {
    throw new Error(`client transaction ${this.branch} has its answer: it sends once`)
  }

  /** There is nothing to cancel any more (RFC 3261 §9.1). */
  cancel(): void {}

  abandon(): void {
    if (!this.live) return
    this.live = false
    this.home.vacate(this.slot)
  }

  expire(): void {
    this.abandon()
  }
}
