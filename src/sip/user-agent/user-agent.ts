/**
 * A small user agent for link probes, checks and scenario steps: requests with an answer, calls, and incoming requests.
 */
import { composeRequest } from '../message/compose.ts'
import { parseText } from '../message/parse.ts'
import { randomToken } from '../message/random.ts'
import type { HeaderField, SipRequest, SipResponse } from '../message/types.ts'
import { parseUri } from '../message/uri.ts'
import { createTransactions } from '../transaction/layer.ts'
import type { Branch, ServerTransaction, TransactionLayer, TransactionUser } from '../transaction/types.ts'
import type { Flow } from '../transport/flow.ts'
import { Acceptances } from './acceptances.ts'
import { Call, type CallHome } from './call.ts'
import { type DialogState, dialogOfCaller, wayInside } from './dialog.ts'
import { IncomingRequest } from './incoming.ts'
import { type RequestOptions, UserAgentError, type UserAgentSettings } from './settings.ts'

/** Hand `transactions` what the transport reports: its `onRequest`, `onResponse`, `onFlowClosed`. */
export interface UserAgent {
  readonly transactions: TransactionLayer
  /** The final response. @throws UserAgentError when there is none */
  request(method: string, uri: string, options?: RequestOptions): Promise<SipResponse>
  invite(uri: string, options?: RequestOptions): Call
  /** A request of the callee, say: `agent.requestInside(incoming.dialog(), 'BYE', 1, {})`. */
  requestInside(dialog: DialogState, method: string, sequence: number, options: RequestOptions): Promise<SipResponse>
  close(): void
}

/**
 * @example
 * const agent = createUserAgent({ clock, wheel, timers: defaultTimers, limits: defaultTransactionLimits, transport,
 * locate, face: 'internal',
 *   identity: '<sip:alice@lab.test>', contact, via, headers: [['User-Agent', 'siplab']] })
 * const { status } = await agent.request('OPTIONS', 'sip:fe1.lab.test;transport=tls')
 */
export function createUserAgent(settings: UserAgentSettings): UserAgent {
  return new Agent(settings)
}

/** One request on its way out, before its branch is known. */
interface Draft {
  readonly method: string
  readonly uri: string
  readonly from: string
  readonly to: string
  readonly callId: string
  readonly cseq: number
  readonly headers: readonly HeaderField[]
  readonly options: RequestOptions
  readonly call: Call | undefined
}

class Agent implements UserAgent, TransactionUser, CallHome {
  readonly transactions: TransactionLayer
  private readonly settings: UserAgentSettings
  private readonly calls = new Set<Call>()
  private readonly acceptances: Acceptances

  constructor(settings: UserAgentSettings) {
    this.settings = settings
    const { clock, wheel, timers, limits } = settings
    this.acceptances = new Acceptances(clock, timers)
    this.transactions = createTransactions({ clock, wheel, timers, limits, trying: 200, user: this })
  }

  async request(method: string, uri: string, options: RequestOptions = {}): Promise<SipResponse> {
    return this.ask(this.draft(method, uri, options, undefined))
  }

  invite(uri: string, options: RequestOptions = {}): Call {
    const call = new Call(this, options, (placed) => this.ask(this.draft('INVITE', uri, options, placed)))
    this.calls.add(call)
    call.response.then(
      ({ status }) => (status >= 300 ? call.end() : undefined),
      () => call.end(),
    )
    return call
  }

  async requestInside(
    dialog: DialogState,
    method: string,
    sequence: number,
    options: RequestOptions,
  ): Promise<SipResponse> {
    return this.ask(this.inside(dialog, method, sequence, options))
  }

  async acknowledge(dialog: DialogState, options: RequestOptions): Promise<void> {
    const draft = this.inside(dialog, 'ACK', dialog.localSequence, options)
    const flow = await this.flowFor(draft)
    flow.send(this.write(draft, flow, this.transactions.statelessBranch(randomToken(8))))
  }

  remove(call: Call): void {
    this.calls.delete(call)
  }

  close(): void {
    this.transactions.close()
    this.calls.clear()
    this.acceptances.close()
  }

  onRequest(transaction: ServerTransaction): void {
    const incoming = new IncomingRequest(transaction, this.settings.headers, (accepted, send) =>
      this.onAccepted(accepted, send),
    )
    transaction.context = incoming
    for (const call of this.calls) if (call.owns(incoming.request)) return call.take(incoming)
    if (this.settings.onRequest !== undefined) return this.settings.onRequest(incoming)
    incoming.respond(incoming.request.method === 'OPTIONS' ? 200 : 405, { headers: [['Allow', allowed]] })
  }

  onAck(ack: SipRequest): void {
    this.acceptances.onAck(ack)
  }

  onCancel(invite: ServerTransaction): void {
    if (invite.context instanceof IncomingRequest && invite.proceeding) invite.context.respond(487)
  }

  /** Counted by the layer. */
  onStrayResponse(): void {}

  private onAccepted({ request, localTag }: IncomingRequest, send: () => void): void {
    const silence = new UserAgentError('peer.no-ack', `no ACK for the 200 to ${request.requestUri}`)
    this.acceptances.add(request, localTag, send, () => this.settings.onTrouble?.(silence))
  }

  private draft(method: string, uri: string, options: RequestOptions, call: Call | undefined): Draft {
    return {
      method,
      uri,
      from: options.from ?? `${this.settings.identity};tag=${randomToken(4)}`,
      to: options.to ?? `<${uri}>`,
      callId: randomToken(12),
      cseq: 1,
      headers: [],
      options,
      call,
    }
  }

  private inside(dialog: DialogState, method: string, sequence: number, options: RequestOptions): Draft {
    const way = wayInside(dialog)
    return {
      method,
      uri: way.uri,
      from: dialog.local,
      to: dialog.remote,
      callId: dialog.callId,
      cseq: sequence,
      headers: way.headers,
      options: options.flow === undefined ? { nextHop: way.nextHop, ...options } : options,
      call: undefined,
    }
  }

  /** One try, and a second one with credentials when the first is challenged (§22.2). */
  private async ask(draft: Draft): Promise<SipResponse> {
    const first = await this.send(draft)
    if (first.response.status !== 401 && first.response.status !== 407) return first.response
    const credentials = await this.settings.authenticate?.(first.response, first.request)
    if (credentials === undefined) return first.response
    const second = await this.send({ ...draft, cseq: draft.cseq + 1, headers: [...draft.headers, ...credentials] })
    return second.response
  }

  private async send(draft: Draft): Promise<{ readonly request: SipRequest; readonly response: SipResponse }> {
    const flow = await this.flowFor(draft)
    return new Promise((resolve, reject) => {
      let sent: SipRequest | undefined
      const transaction = this.transactions.client(draft.method, '', {
        onResponse: (response) => {
          if (response.status < 200) return draft.options.onProvisional?.(response)
          if (sent === undefined) return
          if (draft.call !== undefined && response.status < 300) this.onSuccess(draft.call, sent, response)
          resolve({ request: sent, response })
        },
        onTimeout: () => reject(new UserAgentError('peer.silent', `no answer to ${draft.method} ${draft.uri} in time`)),
        onTransportError: (_, because) =>
          reject(new UserAgentError(because, `${draft.method} ${draft.uri} was not answered: ${because}`)),
      })
      if (transaction === undefined)
        return reject(
          new UserAgentError('overload.transactions', `no transaction is free for ${draft.method} ${draft.uri}`),
        )
      const text = this.write(draft, flow, transaction.branch)
      const message = parseText(text)
      if (message.kind === 'request') sent = message
      transaction.send(text, flow)
      draft.call?.bindCancel(() => transaction.cancel())
    })
  }

  private onSuccess(call: Call, invite: SipRequest, response: SipResponse): void {
    switch (call.onSuccess(invite, response)) {
      case 'first':
        return
      case 'repeated':
        call.acknowledge().catch((error: unknown) => this.settings.onTrouble?.(error))
        return
      case 'other':
        this.hangUp(dialogOfCaller(invite, response)).catch((error: unknown) => this.settings.onTrouble?.(error))
    }
  }

  private async hangUp(dialog: DialogState): Promise<void> {
    await this.acknowledge(dialog, {})
    await this.requestInside(dialog, 'BYE', dialog.localSequence + 1, {})
  }

  private async flowFor({ method, uri, options }: Draft): Promise<Flow> {
    if (options.flow !== undefined) return options.flow
    const hops = await this.settings.locate(parseUri(options.nextHop ?? uri), this.settings.face)
    let failure: unknown
    for (const hop of hops) {
      const flow = this.settings.transport.existing(hop)
      if (flow !== undefined) return flow
      try {
        return await this.settings.transport.connect(hop)
      } catch (error) {
        failure = error
      }
    }
    throw failure ?? new UserAgentError('route.no-next-hop', `${method} ${uri} leads nowhere`)
  }

  private write(draft: Draft, flow: Flow, branch: Branch): string {
    const { method, uri, from, to, callId, cseq, options } = draft
    const contact: readonly HeaderField[] =
      method === 'BYE' || method === 'ACK' ? [] : [['Contact', this.settings.contact(flow)]]
    const headers = [...draft.headers, ...contact, ...this.settings.headers, ...(options.headers ?? [])]
    return composeRequest({
      method,
      uri,
      via: this.settings.via(flow, branch),
      from,
      to,
      callId,
      cseq,
      headers,
      body: options.body,
    })
  }
}

const allowed = 'INVITE, ACK, CANCEL, BYE, OPTIONS, MESSAGE, INFO'
