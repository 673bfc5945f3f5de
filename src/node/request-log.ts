/** The story of a call in the log: at `info` a line when a request is forwarded, refused or finally answered. */
import { MessageError } from '../sip/message/message-error.ts'
import type { SipMessage, SipRequest, SipResponse } from '../sip/message/types.ts'
import type { Arrival, Decision, Target } from '../sip/routing/decision.ts'
import { endsHere } from '../sip/routing/late-answers.ts'
import type { Flow } from '../sip/transport/flow.ts'
import type { Recorder } from './recorder.ts'
import { endpointText } from '../sip/message/endpoint.ts'

/** The first responses that end here, logged one by one; after them every thousandth is logged. */
const mostEndedTold = 20

/** A level that is off costs a comparison. */
export class RequestLog {
  readonly #recorder: Pick<Recorder, 'record'>
  readonly #tells: boolean
  readonly #debugs: boolean
  #ended = 0

  constructor(recorder: Pick<Recorder, 'levelOn' | 'record'>) {
    this.#recorder = recorder
    this.#tells = recorder.levelOn('info')
    this.#debugs = recorder.levelOn('debug')
  }

  decision({ request }: Arrival, decision: Decision, policy: string): void {
    if (!this.#tells) return
    if (decision.kind === 'refuse')
      this.#recorder.record('request.refused', {
        message: `${request.method} ${request.requestUri}: ${decision.status} ${decision.because}`,
        log: { policy, ...story(request) },
      })
    else if (this.#debugs)
      this.#recorder.record('request.received', { log: { policy, decision: decision.kind, ...story(request) } })
  }

  forwarded({ request }: Arrival, target: Target, flow: Flow): void {
    if (!this.#tells || request.method === 'ACK') return
    const peer = flow.dialledName ?? endpointText(flow.remote.address, flow.remote.port)
    this.#recorder.record('request.forwarded', {
      message: `${request.method} ${target.uri} to ${peer}`,
      log: { flow: flow.id, transport: flow.transport, ...story(request) },
    })
  }

  answered(request: SipRequest, status: number, because: string | undefined): void {
    if (!this.#tells || (request.method === 'OPTIONS' && status === 200)) return
    this.#recorder.record('request.answered', {
      message: `${request.method} ${request.requestUri}: ${status}`,
      log: { status, because, ...story(request) },
    })
  }

  dropped(message: SipMessage, flow: Flow, because: string): void {
    // No one answers an ACK: without this event its loss shows as a 200 that is repeated for 32 s, and nothing more.
    if (message.kind === 'request' && message.method === 'ACK')
      return this.#recorder.record('ack.dropped', {
        message: `ACK ${message.requestUri} of ${message.callId} led nowhere: ${because}`,
        log: { flow: flow.id, ...story(message) },
      })
    if (message.kind === 'response' && because === endsHere) return this.#endedHere(message, flow)
    if (!this.#debugs) return
    this.#recorder.record('message.malformed', {
      message: `dropped: ${because}`,
      log: { flow: flow.id, ...story(message) },
    })
  }

  /** One peer may send many of them. */
  #endedHere(response: SipResponse, flow: Flow): void {
    this.#ended += 1
    if (this.#ended > mostEndedTold && this.#ended % 1000 !== 0) return
    const { address, port } = flow.remote
    this.#recorder.record('response.dropped', {
      message: `${response.status} of ${endpointText(address, port)} has no Via but ours; ${this.#ended} so far`,
      data: { count: this.#ended },
      log: { flow: flow.id, ...story(response) },
    })
  }

  failed(message: SipMessage | undefined, error: unknown): void {
    const log = message === undefined ? {} : { log: story(message) }
    // What a peer left broken in what is passed on for it comes to light late, and is its fault all the same.
    if (error instanceof MessageError)
      return this.#recorder.record('message.malformed', { message: error.message, ...log })
    this.#recorder.record('message.failed', {
      message: error instanceof Error ? (error.stack ?? error.message) : String(error),
      ...log,
    })
  }
}

function story(message: SipMessage): Readonly<Record<string, unknown>> {
  return { callId: message.callId, method: message.method }
}
