/** The story of a call in the log: at `info` a line when a request is forwarded, refused or finally answered. */
import { MessageError } from '../sip/message/message-error.ts'
import type { SipMessage, SipRequest } from '../sip/message/types.ts'
import type { Arrival, Decision, Target } from '../sip/routing/decision.ts'
import type { Flow } from '../sip/transport/flow.ts'
import type { Recorder } from './recorder.ts'

export interface RequestLog {
  decision(arrival: Arrival, decision: Decision, policy: string): void
  forwarded(arrival: Arrival, target: Target, flow: Flow): void
  answered(request: SipRequest, status: number, because: string | undefined): void
  dropped(message: SipMessage, flow: Flow, because: string): void
  failed(message: SipMessage | undefined, error: unknown): void
  readonly counts: Counts
}

/** Counters since start, for `GET /metrics`. */
interface Counts {
  requests: number
  forwarded: number
  answered: number
  refused: number
  dropped: number
  failed: number
}

export function requestLog(recorder: Pick<Recorder, 'levelOn' | 'record'>): RequestLog {
  const counts: Counts = { requests: 0, forwarded: 0, answered: 0, refused: 0, dropped: 0, failed: 0 }
  const tells = recorder.levelOn('info')
  const debugs = recorder.levelOn('debug')
  return {
    counts,
    decision(arrival, decision, policy) {
      counts.requests++
      if (decision.kind === 'refuse') counts.refused++
      if (!tells) return
      const { request } = arrival
      if (decision.kind === 'refuse')
        recorder.record('request.refused', {
          message: `${request.method} ${request.requestUri}: ${decision.status} ${decision.because}`,
          log: { policy, ...story(request) },
        })
      else if (debugs)
        recorder.record('request.received', { log: { policy, decision: decision.kind, ...story(request) } })
    },
    forwarded({ request }, target, flow) {
      counts.forwarded++
      if (!tells || request.method === 'ACK') return
      const peer = flow.dialledName ?? `${flow.remote.address}:${flow.remote.port}`
      recorder.record('request.forwarded', {
        message: `${request.method} ${target.uri} to ${peer}`,
        log: { flow: flow.id, transport: flow.transport, ...story(request) },
      })
    },
    answered(request, status, because) {
      counts.answered++
      if (!tells || (request.method === 'OPTIONS' && status === 200)) return
      recorder.record('request.answered', {
        message: `${request.method} ${request.requestUri}: ${status}`,
        log: { status, because, ...story(request) },
      })
    },
    dropped(message, flow, because) {
      counts.dropped++
      if (debugs)
        recorder.record('message.malformed', {
          message: `dropped: ${because}`,
          log: { flow: flow.id, ...story(message) },
        })
    },
    failed(message, error) {
      counts.failed++
      const log = message === undefined ? {} : { log: story(message) }
      // What a peer left broken in what is passed on for it comes to light late, and is its fault all the same.
      if (error instanceof MessageError) return recorder.record('message.malformed', { message: error.message, ...log })
      recorder.record('message.failed', {
        message: error instanceof Error ? (error.stack ?? error.message) : String(error),
        ...log,
      })
    },
  }
}

function story(message: SipMessage): Readonly<Record<string, unknown>> {
  return { callId: message.callId, method: message.method }
}
