/** The transport layer: listeners, flows, dialling and reuse, over UDP, TCP, TLS, WS and WSS (RFC 3261 §18). */
import type { Clock, Timer } from '../clock.ts'
import { defaultLimits, type MessageLimits } from '../message/types.ts'
import { Admission } from './connection/admission.ts'
import { Company } from './connection/company.ts'
import { ConnectionFlow } from './connection/connection-flow.ts'
import type { Core } from './core.ts'
import type { Flow, FlowId } from './flow.ts'
import { FlowTable } from './flow-table.ts'
import { Incoming } from './connection/incoming.ts'
import { LinkFaults } from './faults/link-faults.ts'
import { Outgoing } from './dial/outgoing.ts'
import { defaultTransportSettings, type TransportSettings } from './settings.ts'
import type {
  Judgement,
  LinkFault,
  Listener,
  ListenerSettings,
  NextHop,
  PeerEvidence,
  TlsMaterial,
  TraceTap,
  TransportLayer,
  TransportUser,
} from './types.ts'
import { Turns } from './connection/turns.ts'
import { Unfinished } from './connection/unfinished.ts'
import { UdpSockets } from './datagram/udp-sockets.ts'

export interface TransportOptions {
  readonly clock: Clock
  readonly user: TransportUser
  /** Decides about every peer that shows a certificate, and every server dialled. */
  readonly judge: (evidence: PeerEvidence) => Judgement
  readonly limits?: MessageLimits
  /** What differs from `defaultTransportSettings`. */
  readonly settings?: Partial<TransportSettings>
}

/** How long `close` waits for queued octets before it destroys what is left. */
const closeGraceMs = 2_000

/** `createTransport({ clock: systemClock, user, judge })`; nothing is open before `listen` or `connect`. */
export function createTransport(options: TransportOptions): TransportLayer {
  return new Transport(options)
}

class Transport implements TransportLayer {
  readonly #core: Core
  readonly #admission: Admission
  readonly #udp: UdpSockets
  readonly #incoming: Incoming
  readonly #outgoing: Outgoing
  #sweepTimer: Timer | undefined

  constructor({ clock, user, judge, limits = defaultLimits, settings: changes }: TransportOptions) {
    const settings = { ...defaultTransportSettings, ...changes }
    const flows = new FlowTable()
    const core: Core = {
      clock,
      user,
      limits,
      judge,
      settings,
      flows,
      turns: new Turns(),
      company: new Company(clock),
      unfinished: new Unfinished(flows, settings.unfinishedBytes),
      faults: new LinkFaults(),
      trace: undefined,
    }
    this.#core = core
    this.#admission = new Admission(settings)
    this.#udp = new UdpSockets(core)
    this.#incoming = new Incoming(core, this.#admission, this.#udp)
    this.#outgoing = new Outgoing(core, this.#admission, this.#udp, () => this.#incoming.listeners())
    this.#sweepLater()
  }

  listen(settings: ListenerSettings): Promise<Listener> {
    return this.#incoming.listen(settings)
  }

  existing(hop: NextHop): Flow | undefined {
    return this.#outgoing.existing(hop)
  }

  connect(hop: NextHop): Promise<Flow> {
    return this.#outgoing.connect(hop)
  }

  flow(id: FlowId): Flow | undefined {
    return this.#core.flows.get(id)
  }

  flows(): Iterable<Flow> {
    return this.#core.flows.all()
  }

  setOutgoingTls(face: string, material: TlsMaterial | undefined): void {
    this.#outgoing.setTls(face, material)
  }

  setLinkFault(peer: string, fault: LinkFault | undefined): void {
    this.#core.faults.set(peer, fault)
    for (const flow of [...this.flows()]) {
      if (flow instanceof ConnectionFlow && flow.dialledName?.toLowerCase() === peer.toLowerCase()) flow.setFault()
    }
  }

  setTrace(tap: TraceTap | undefined): void {
    this.#core.trace = tap
  }

  atEndOfTurn(callback: () => void): void {
    this.#core.turns.atEnd(callback)
  }

  async close(): Promise<void> {
    this.#sweepTimer?.cancel()
    this.#outgoing.stop()
    const stopped = this.#incoming.stop()
    this.#core.company.end()
    this.#core.turns.end()
    for (const flow of [...this.flows()]) flow.close('closed')
    await Promise.all([stopped, this.#udp.close()])
    await this.#admission.drain(closeGraceMs)
  }

  /** One look over all flows every few seconds, instead of timers for each connection. */
  #sweepLater(): void {
    this.#sweepTimer = this.#core.clock.after(this.#core.settings.sweepMs, () => {
      this.#sweep()
      this.#sweepLater()
    })
  }

  #sweep(): void {
    const now = this.#core.clock.now()
    for (const flow of [...this.flows()]) {
      if (flow instanceof ConnectionFlow) flow.sweep(now)
    }
    this.#udp.sweep(now)
  }
}
