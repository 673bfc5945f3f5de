/** What a node does with the news of its transport: messages go to the transactions, the rest becomes events. */
import type { SipRequest, SipResponse } from '../sip/message/types.ts'
import type { TransactionLayer } from '../sip/transaction/types.ts'
import type { OverloadGuard } from '../sip/transaction/overload.ts'
import type { Flow, SocketAddress } from '../sip/transport/flow.ts'
import type { Refusal, TlsMaterial, TransportUser } from '../sip/transport/types.ts'
import type { NodePlan } from '../topology/plan-types.ts'
import { verdict } from '../verdicts/codes.ts'
import type { Verdict } from '../verdicts/verdict.ts'
import { connectionName, diagnoseRefusal, diagnoseSilence, type Directory } from './diagnosis.ts'
import type { EventName } from './events.ts'
import type { Recorder } from './recorder.ts'
import { recordField } from './refusal-events.ts'
import type { Stores } from './stores.ts'
import { acceptedHandshake, failedHandshake, lostHandshake } from './wire/handshakes.ts'
import type { WireLog } from './wire/wire-log.ts'
import { endpointText } from '../sip/message/endpoint.ts'

export interface FlowWatch {
  readonly plan: NodePlan
  readonly recorder: Recorder
  readonly stores: Stores
  /** Keeps and reports what passes on the wire. */
  readonly wire: WireLog
  /** What a face shows and judges by at this moment; absent where it has no certificate. */
  readonly materialOf?: (face: string, side?: 'accepted' | 'dialled') => TlsMaterial | undefined
  readonly onFlowOpened?: (flow: Flow) => void
  /** Called after all that waited on the flow were notified. */
  readonly onFlowClosed?: (flow: Flow, because: string) => void
}

interface TransportUserOptions extends FlowWatch {
  readonly who: Directory
  readonly overload: OverloadGuard
  readonly failed: (message: SipRequest | SipResponse, error: unknown) => void
  readonly dropped: (message: SipRequest | SipResponse, flow: Flow, because: string) => void
}

const mostWithheld = 100

function placeOf({ address, port }: SocketAddress): string {
  return endpointText(address, port)
}

type Incident = Parameters<TransportUser['onIncident']>[0]

export class NodeTransportUser implements TransportUser {
  /** They are made after the transport; no message comes before. */
  transactions: TransactionLayer | undefined
  /** Why a response does not count: a client that signs did not sign it. */
  refuses: ((response: SipResponse, flow: Flow) => string | undefined) | undefined
  /** Told of users whose connection closed, after their bindings are gone. */
  left: ((aors: readonly string[]) => void) | undefined
  readonly #options: TransportUserOptions
  /** Why this end dialled without its certificate, by server; only a fault of the lab does so. */
  readonly #withheld = new Map<string, string>()

  constructor(options: TransportUserOptions) {
    this.#options = options
  }

  // Whatever a message does to us, it ends no more than itself.
  onRequest(request: SipRequest, flow: Flow): void {
    try {
      this.transactions?.onRequest(request, flow)
    } catch (error) {
      this.#options.failed(request, error)
    }
  }

  onResponse(response: SipResponse, flow: Flow): void {
    try {
      const because = this.refuses?.(response, flow)
      if (because === undefined) this.transactions?.onResponse(response, flow)
      else this.#options.dropped(response, flow, because)
    } catch (error) {
      this.#options.failed(response, error)
    }
  }

  onFlowOpened(flow: Flow): void {
    const { recorder, who, wire, onFlowOpened } = this.#options
    if (flow.secure) wire.handshake(flow, acceptedHandshake(flow))
    recordOpened(recorder, flow, who.byAddress(flow.remote.address))
    onFlowOpened?.(flow)
  }

  onFlowClosed(flow: Flow, because: string): void {
    const { stores, recorder, onFlowClosed } = this.#options
    this.transactions?.onFlowClosed(flow, because)
    if (stores.location !== undefined)
      void Promise.resolve(stores.location.removeFlow(flow.id)).then(
        (users) => this.left?.(users),
        (error: unknown) => recorder.record('store.lost', { message: String(error) }),
      )
    recorder.record('flow.closed', { data: { flow: flow.id, because } })
    if (flow.secure && flow.direction === 'accepted' && !flow.confirmed && because !== 'closed')
      recordSilence(this.#options, flow, because)
    onFlowClosed?.(flow, because)
  }

  onRefused(refusal: Refusal): void {
    const { plan, who, recorder, wire, materialOf } = this.#options
    const found = this.#orWithheld(
      diagnoseRefusal(plan, who, refusal, materialOf?.(refusal.face, refusal.side)),
      refusal,
    )
    wire.handshake(refusal, failedHandshake(refusal, found))
    const connection = connectionName(refusal.side, refusal.local, refusal.remote)
    // Evidence of the peer is there exactly when this end did the refusing.
    const refusedHere = refusal.evidence !== undefined
    recorder.record(refusedHere ? 'flow.refused' : 'flow.lost', {
      verdict: found,
      ...(connection === undefined ? {} : { connection }),
      data: {
        side: refusal.side,
        face: refusal.face,
        ...(refusal.errorCode === undefined ? {} : { errorCode: refusal.errorCode }),
        ...(refusal.own === undefined ? {} : { shownSerial: refusal.own.serial }),
      },
    })
  }

  onWithheld({ remote, found }: { readonly remote: SocketAddress; readonly found: string }): void {
    if (this.#withheld.size < mostWithheld) this.#withheld.set(placeOf(remote), found)
  }

  /** A server that got no certificate refuses; why it got none this end knows. */
  #orWithheld(seen: Verdict, { side, evidence, remote }: Refusal): Verdict {
    const found = this.#withheld.get(placeOf(remote))
    if (found === undefined || side !== 'dialled' || evidence !== undefined) return seen
    this.#withheld.delete(placeOf(remote))
    const { node, link, direction } = seen
    const place = {
      ...(node === undefined ? {} : { node }),
      ...(link === undefined ? {} : { link }),
      ...(direction === undefined ? {} : { direction }),
    }
    return { ...verdict('tls.issuer-not-announced', { ...place, found }), others: [seen] }
  }

  /** Absent on an external face: the sender of a message that cannot be read has not signed in there. */
  warningAgent(face: string): string | undefined {
    return this.#options.plan.role === 'access-proxy' && face === 'external' ? undefined : this.#options.plan.fqdn
  }

  onBehind(): void {
    this.#options.overload.fallBehind()
  }

  onWait(ms: number): void {
    this.#options.overload.waits(ms)
  }

  onIncident({ event, reason, remote }: Incident): void {
    const { plan, who, recorder } = this.#options
    const stapled = stapleCode(event)
    if (stapled !== undefined)
      return recorder.record('certificate.remarked', {
        verdict: verdict(stapled, {
          node: plan.name,
          link: `${plan.name}->${who.byAddress(remote.address)}`,
          direction: 'outgoing',
          found: reason,
        }),
      })
    if (event === 'message.malformed') recordField(recorder, plan, remote, reason)
    recorder.record(incidentEvent(event), {
      message: reason,
      data: { remote: endpointText(remote.address, remote.port), incident: event },
    })
  }
}

function recordSilence(
  { plan, recorder, who, wire, materialOf }: TransportUserOptions,
  flow: Flow,
  because: string,
): void {
  const found = diagnoseSilence(plan, who, { remote: flow.remote, because, own: materialOf?.(flow.face) })
  wire.handshake(flow, lostHandshake(flow, found))
  const connection = connectionName('accepted', flow.local, flow.remote)
  recorder.record('flow.lost', {
    verdict: found,
    ...(connection === undefined ? {} : { connection }),
    data: { side: 'accepted', face: flow.face, ...(flow.own === undefined ? {} : { shownSerial: flow.own.serial }) },
  })
}

function stapleCode(incident: string): 'tls.staple-missing' | 'tls.staple-invalid' | undefined {
  return incident === 'tls.staple-missing' || incident === 'tls.staple-invalid' ? incident : undefined
}

/** A certificate may carry hundreds; an event names these. */
const mostNames = 8

function recordOpened(recorder: Recorder, flow: Flow, peer: string): void {
  recorder.record('flow.opened', {
    data: { flow: flow.id, peer, transport: flow.transport, direction: flow.direction },
  })
  if (flow.peer === undefined) return
  const connection = connectionName(flow.direction, flow.local, flow.remote)
  recorder.record('flow.accepted', {
    message: `${flow.peer.names[0] ?? flow.peer.subject} was accepted as ${flow.peer.class}`,
    ...(connection === undefined ? {} : { connection }),
    data: {
      flow: flow.id,
      face: flow.face,
      side: flow.direction,
      peer,
      class: flow.peer.class,
      names: flow.peer.names.slice(0, mostNames),
      serial: flow.peer.serial,
      ...(flow.own === undefined ? {} : { shownSerial: flow.own.serial }),
    },
  })
}

function incidentEvent(incident: string): EventName {
  switch (incident) {
    case 'connection.probe':
      return 'peer.probe'
    case 'connection.limit':
      return 'connection.limit'
    case 'connection.wrong-protocol':
      return 'connection.wrong-protocol'
    case 'message.malformed':
      return 'message.malformed'
    default:
      return 'connection.incident'
  }
}
