/** The transport layer: listeners, flows, dialling and reuse, over UDP, TCP, TLS, WS and WSS (RFC 3261 §18). */
import { isIPv6, type Socket } from 'node:net'
import type { Clock, Timer } from '../clock.ts'
import { defaultLimits, type MessageLimits } from '../message/types.ts'
import { Admission } from './admission.ts'
import { ConnectionFlow, type FlowStart } from './connection-flow.ts'
import type { Core } from './core.ts'
import { dial, refuseDial, usableSource, type Dialled } from './dial.ts'
import type { Flow, FlowId, OwnIdentity, PeerIdentity, SocketAddress } from './flow.ts'
import { FlowTable, hopKey } from './flow-table.ts'
import { FlushQueue } from './flush-queue.ts'
import { Gate } from './gate.ts'
import { LinkFaults } from './link-faults.ts'
import { listenStream, type Acceptor } from './listener.ts'
import { causeOf } from './refusal.ts'
import { defaultTransportSettings, type TransportSettings } from './settings.ts'
import { streamWiring } from './stream.ts'
import { TlsAcceptor } from './tls.ts'
import { outgoingTls, type OutgoingTls } from './tls-context.ts'
import { isSecure } from './transport-choice.ts'
import type { Judgement, LinkFault, Listener, ListenerSettings, NextHop, PeerEvidence, TlsMaterial, TraceTap, TransportLayer, TransportUser } from './types.ts'
import { UdpSocket } from './udp.ts'
import { openWebSocket, WebSocketAcceptor, webSocketWiring } from './websocket.ts'

export interface TransportOptions {
  readonly clock: Clock
  readonly user: TransportUser
  /** Decides about every peer that shows a certificate, and every server dialled. */
  readonly judge: (evidence: PeerEvidence) => Judgement
  readonly limits?: MessageLimits
  /** What differs from `defaultTransportSettings`. */
  readonly settings?: Partial<TransportSettings>
}

interface Ends {
  readonly local: SocketAddress
  readonly remote: SocketAddress
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
  readonly #dialGate: Gate
  readonly #handshakeGate: Gate
  readonly #listeners = new Set<Listener>()
  readonly #udp = new Set<UdpSocket>()
  readonly #outgoing = new Map<string, OutgoingTls>()
  readonly #dials = new Map<string, Promise<Flow>>()
  #sweepTimer: Timer | undefined
  #closed = false

  constructor(options: TransportOptions) {
    const settings = { ...defaultTransportSettings, ...options.settings }
    this.#core = {
      clock: options.clock,
      user: options.user,
      limits: options.limits ?? defaultLimits,
      judge: options.judge,
      settings,
      flows: new FlowTable(),
      flush: new FlushQueue(),
      faults: new LinkFaults(),
      trace: undefined,
    }
    this.#admission = new Admission(settings)
    this.#dialGate = new Gate(settings.concurrentDials)
    this.#handshakeGate = new Gate(settings.concurrentHandshakes)
    this.#sweepLater()
  }

  async listen(settings: ListenerSettings): Promise<Listener> {
    const opened = settings.transport === 'udp' ? await this.#listenUdp(settings) : await listenStream(this.#core, this.#admission, settings, this.#acceptor(settings))
    const listener: Listener = {
      settings,
      local: opened.local,
      replaceTls: (material) => opened.replaceTls(material),
      close: () => {
        this.#listeners.delete(listener)
        return opened.close()
      },
    }
    this.#listeners.add(listener)
    return listener
  }

  existing(hop: NextHop): Flow | undefined {
    if (hop.transport === 'udp') return this.#udpFor(hop)?.known(hop)
    return this.#core.flows.toHop(this.#key(hop))
  }

  async connect(hop: NextHop): Promise<Flow> {
    if (this.#closed) throw refuseDial(this.#core, hop, 'transport.closed', undefined)
    if (this.#core.faults.on(hop.host ?? hop.verifyName)?.kind === 'cut') throw refuseDial(this.#core, hop, 'link.cut', undefined)
    if (hop.transport === 'udp') return this.#connectUdp(hop)
    const open = this.existing(hop)
    if (open !== undefined) return open
    const key = this.#key(hop)
    const running = this.#dials.get(key)
    if (running !== undefined) return running
    const dialled = this.#dial(hop, key)
    this.#dials.set(key, dialled)
    try {
      return await dialled
    } finally {
      this.#dials.delete(key)
    }
  }

  flow(id: FlowId): Flow | undefined {
    return this.#core.flows.get(id)
  }

  flows(): Iterable<Flow> {
    return this.#core.flows.all()
  }

  setOutgoingTls(face: string, material: TlsMaterial | undefined): void {
    if (material === undefined) this.#outgoing.delete(face)
    else this.#outgoing.set(face, outgoingTls(material))
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

  async close(): Promise<void> {
    this.#closed = true
    this.#sweepTimer?.cancel()
    const listeners = [...this.#listeners]
    const closing = listeners.filter((listener) => listener.settings.transport !== 'udp').map((listener) => listener.close())
    this.#core.flush.run()
    for (const flow of [...this.flows()]) flow.close('closed')
    await Promise.all([...closing, ...[...this.#udp].map((socket) => socket.close())])
    this.#udp.clear()
    await this.#admission.drain(closeGraceMs)
  }

  async #listenUdp(settings: ListenerSettings): Promise<Listener> {
    const socket = await new UdpSocket(this.#core, settings).bind()
    this.#udp.add(socket)
    return {
      settings,
      local: socket.local,
      replaceTls: () => socket.replaceTls(),
      close: () => {
        this.#udp.delete(socket)
        return socket.close()
      },
    }
  }

  #acceptor(settings: ListenerSettings): Acceptor {
    const { transport } = settings
    if (transport === 'tcp' || transport === 'ws') {
      const take = this.#taker(settings)
      return { accept: (socket, local, remote) => take(socket, { local, remote }, undefined, undefined), replace: undefined }
    }
    if (settings.tls === undefined) throw new TypeError(`a ${transport} listener needs a certificate: face ${settings.face}, ${settings.address}:${settings.port}`)
    const acceptor = new TlsAcceptor(this.#core, settings, settings.tls, this.#handshakeGate, this.#taker(settings))
    return {
      accept: (socket, local, remote) => acceptor.accept(socket, local, remote),
      replace: (material) => acceptor.replace(material),
    }
  }

  /** Makes flows of accepted connections. */
  #taker({ transport, face }: ListenerSettings): (socket: Socket, ends: Ends, peer: PeerIdentity | undefined, own: OwnIdentity | undefined) => void {
    const start = ({ local, remote }: Ends, peer: PeerIdentity | undefined, own: OwnIdentity | undefined): FlowStart => {
      return { transport, direction: 'accepted', face, local, remote, peer, own, wantedName: undefined, dialledName: undefined }
    }
    if (transport !== 'ws' && transport !== 'wss') return (socket, ends, peer, own) => void ConnectionFlow.open(this.#core, socket, streamWiring, start(ends, peer, own))
    const acceptor = new WebSocketAcceptor(this.#core)
    return (socket, ends, peer, own) => {
      acceptor.accept(socket, ends.remote, (wire) => void ConnectionFlow.open(this.#core, wire, webSocketWiring, start(ends, peer, own)))
    }
  }

  async #dial(hop: NextHop, key: string): Promise<Flow> {
    const tls = isSecure(hop.transport) ? this.#outgoing.get(hop.face) : undefined
    if (isSecure(hop.transport) && tls === undefined) throw refuseDial(this.#core, hop, 'tls.own-cert-missing', undefined)
    let taken: Promise<ConnectionFlow> | undefined
    const take = (dialled: Dialled): void => {
      taken = this.#takeDialled(hop, key, dialled, tls)
    }
    const watch = (socket: Socket): void => this.#admission.watch(socket)
    await dial(this.#core, this.#dialGate, { hop, tls, source: this.#sourceFor(hop), watch, take })
    const flow = await taken
    if (flow === undefined || !flow.open) throw refuseDial(this.#core, hop, 'link.reset', tls)
    return flow
  }

  /** In the turn in which the connection opened: no octet and no close is missed. */
  async #takeDialled(hop: NextHop, key: string, { socket, local, remote, peer }: Dialled, tls: OutgoingTls | undefined): Promise<ConnectionFlow> {
    const start: FlowStart = {
      transport: hop.transport,
      direction: 'dialled',
      face: hop.face,
      local,
      remote,
      peer,
      own: tls?.material.certificate === '' ? undefined : tls?.material.own,
      wantedName: hop.verifyName,
      dialledName: hop.host ?? hop.verifyName,
    }
    if (hop.transport !== 'ws' && hop.transport !== 'wss') return ConnectionFlow.open(this.#core, socket, streamWiring, start, key)
    const host = hop.verifyName ?? hop.host ?? (isIPv6(hop.address) ? `[${hop.address}]` : hop.address)
    try {
      return await openWebSocket(this.#core, socket, host, (wire) => ConnectionFlow.open(this.#core, wire, webSocketWiring, start, key))
    } catch (error) {
      throw refuseDial(this.#core, hop, 'link.websocket-refused', tls, causeOf(error))
    }
  }

  async #connectUdp(hop: NextHop): Promise<Flow> {
    const socket = this.#udpFor(hop) ?? (await this.#openUdp(hop))
    return socket.flowTo({ address: hop.address, port: hop.port }, 'dialled', hop.host)
  }

  #udpFor(hop: NextHop): UdpSocket | undefined {
    for (const socket of this.#udp) {
      if (socket.settings.face === hop.face && isIPv6(socket.settings.address) === isIPv6(hop.address)) return socket
    }
    return undefined
  }

  async #openUdp(hop: NextHop): Promise<UdpSocket> {
    const address = isIPv6(hop.address) ? '::' : '0.0.0.0'
    const socket = await new UdpSocket(this.#core, { face: hop.face, transport: 'udp', address, port: 0, mutual: 'off', tls: undefined }).bind()
    this.#udp.add(socket)
    return socket
  }

  #key(hop: NextHop): string {
    return hopKey(hop, isSecure(hop.transport) ? this.#outgoing.get(hop.face)?.material.own.fingerprint : undefined)
  }

  /** A host with several faces leaves by the address of the face, as its listeners have it. */
  #sourceFor(hop: NextHop): string | undefined {
    for (const { settings } of this.#listeners) {
      if (settings.face === hop.face && usableSource(settings.address, hop.address)) return settings.address
    }
    return undefined
  }

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
    for (const socket of this.#udp) socket.sweep(now)
  }
}
