/**
 * One call as the user agent that placed it sees it: an INVITE until its final response, then a dialog (RFC 3261 §13,
 * §15).
 */
import type { SipRequest, SipResponse } from '../message/types.ts'
import { type DialogState, dialogOfCaller, isOf } from './dialog.ts'
import type { IncomingRequest } from './incoming.ts'
import type { RequestOptions } from './settings.ts'

/** What a call needs of its user agent. */
export interface CallHome {
  requestInside(dialog: DialogState, method: string, sequence: number, options: RequestOptions): Promise<SipResponse>
  acknowledge(dialog: DialogState, options: RequestOptions): Promise<void>
  remove(call: Call): void
}

export class Call {
  /** The final response to the INVITE; rejects with UserAgentError when there is none. */
  readonly response: Promise<SipResponse>
  /** undefined before the 2xx, and for good after a failure. */
  dialog: DialogState | undefined = undefined
  /** A request inside the dialog. Absent: it gets 200, and BYE ends the call. */
  onRequest: ((incoming: IncomingRequest) => void) | undefined = undefined
  ended = false
  private readonly home: CallHome
  private readonly options: RequestOptions
  private cancelWanted = false
  private cancelInvite: (() => void) | undefined = undefined

  constructor(home: CallHome, options: RequestOptions, place: (call: Call) => Promise<SipResponse>) {
    this.home = home
    this.options = options
    this.response = place(this)
  }

  /** Takes the call back; the response is then 487, or the 2xx that crossed it. */
  cancel(): void {
    this.cancelWanted = true
    this.cancelInvite?.()
  }

  /** Repeated for each repetition of the 2xx (§13.2.2.4). */
  async acknowledge(body?: string, headers: RequestOptions['headers'] = []): Promise<void> {
    await this.home.acknowledge(this.established(), { ...this.way(), headers, ...(body === undefined ? {} : { body }) })
  }

  async request(method: string, options: RequestOptions = {}): Promise<SipResponse> {
    const dialog = this.established()
    this.dialog = { ...dialog, localSequence: dialog.localSequence + 1 }
    return this.home.requestInside(this.dialog, method, this.dialog.localSequence, { ...this.way(), ...options })
  }

  async bye(): Promise<SipResponse> {
    const response = await this.request('BYE')
    this.end()
    return response
  }

  // For the user agent.

  bindCancel(cancel: () => void): void {
    this.cancelInvite = cancel
    if (this.cancelWanted) cancel()
  }

  /** First 2xx: the dialog. A repetition: the ACK again. Of another fork: ACK and BYE, one call is enough. */
  onSuccess(invite: SipRequest, response: SipResponse): 'first' | 'repeated' | 'other' {
    if (this.dialog === undefined) {
      this.dialog = dialogOfCaller(invite, response)
      return 'first'
    }
    return this.dialog.remoteTag === response.toTag ? 'repeated' : 'other'
  }

  owns(request: SipRequest): boolean {
    return this.dialog !== undefined && isOf(this.dialog, request)
  }

  take(incoming: IncomingRequest): void {
    const { method, cseq } = incoming.request
    if (this.dialog?.remoteSequence !== undefined && cseq < this.dialog.remoteSequence) return incoming.respond(500)
    if (this.dialog !== undefined) this.dialog = { ...this.dialog, remoteSequence: cseq }
    if (method === 'BYE') this.end()
    if (this.onRequest !== undefined) return this.onRequest(incoming)
    incoming.respond(200)
  }

  end(): void {
    this.ended = true
    this.home.remove(this)
  }

  private established(): DialogState {
    if (this.dialog === undefined) throw new Error('the call has no dialog: wait for a 2xx in `response` first')
    return this.dialog
  }

  /** Inside the dialog the route set leads; a fixed flow stays fixed. */
  private way(): RequestOptions {
    return this.options.flow === undefined ? {} : { flow: this.options.flow }
  }
}
