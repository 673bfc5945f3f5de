/** A request that came to the user agent, and how it may be answered. */
import { answer } from '../message/answer.ts'
import { randomToken } from '../message/random.ts'
import type { HeaderField, SipRequest } from '../message/types.ts'
import type { ServerTransaction } from '../transaction/types.ts'
import type { Flow } from '../transport/flow.ts'
import { type DialogState, dialogOfCallee } from './dialog.ts'

export interface Answer {
  readonly reason?: string
  readonly headers?: readonly HeaderField[]
  readonly body?: string
  readonly contentType?: string
}

export class IncomingRequest {
  readonly request: SipRequest
  readonly flow: Flow
  /** The To tag of every answer given here. */
  readonly localTag: string
  private readonly transaction: ServerTransaction
  private readonly always: readonly HeaderField[]
  private readonly onAccepted: (incoming: IncomingRequest, send: () => void) => void

  constructor(
    transaction: ServerTransaction,
    always: readonly HeaderField[],
    onAccepted: (incoming: IncomingRequest, send: () => void) => void,
  ) {
    this.transaction = transaction
    this.request = transaction.request
    this.flow = transaction.flow
    this.localTag = transaction.request.toTag ?? randomToken(4)
    this.always = always
    this.onAccepted = onAccepted
  }

  /** True until a final answer was given. */
  get open(): boolean {
    return this.transaction.proceeding
  }

  respond(status: number, options: Answer = {}): void {
    const headers = [...this.always, ...(options.headers ?? [])]
    const text = answer(this.request, status, { ...options, headers, toTag: this.localTag })
    const send = (): void => this.transaction.respond(status, text)
    send()
    if (this.request.method === 'INVITE' && status >= 200 && status < 300) this.onAccepted(this, send)
  }

  /** The dialog a 2xx to this request forms, as this end sees it (RFC 3261 §12.1.1). */
  dialog(): DialogState {
    return dialogOfCallee(this.request, this.localTag)
  }
}
