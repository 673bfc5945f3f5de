/** Listeners: what a fresh connection goes through before it is a flow. */
import type { Socket } from 'node:net'
import type { Admission } from './admission.ts'
import { ConnectionFlow } from './connection-flow.ts'
import type { Core } from '../core.ts'
import type { OwnIdentity, PeerIdentity, SocketAddress } from '../flow.ts'
import { FairGate } from './fair-gate.ts'
import { listenStream, type Acceptor } from './listener.ts'
import { streamWiring } from './stream.ts'
import { TlsAcceptor } from './tls.ts'
import type { Listener, ListenerSettings } from '../types.ts'
import type { UdpSockets } from '../datagram/udp-sockets.ts'
import { WebSocketAcceptor, webSocketWiring } from './websocket.ts'
import type { FlowStart } from './wire.ts'
import { endpointText } from '../../message/endpoint.ts'

interface Ends {
  readonly local: SocketAddress
  readonly remote: SocketAddress
}

/** Makes a flow of an accepted connection. */
type Take = (socket: Socket, ends: Ends, peer: PeerIdentity | undefined, own: OwnIdentity | undefined) => void

export class Incoming {
  readonly #core: Core
  readonly #admission: Admission
  readonly #udp: UdpSockets
  readonly #handshakes: FairGate
  readonly #listeners = new Set<Listener>()

  constructor(core: Core, admission: Admission, udp: UdpSockets) {
    this.#core = core
    this.#admission = admission
    this.#udp = udp
    this.#handshakes = new FairGate(core.settings.concurrentHandshakes)
  }

  async listen(settings: ListenerSettings): Promise<Listener> {
    const opened =
      settings.transport === 'udp'
        ? await this.#udp.listen(settings)
        : await listenStream(this.#core, this.#admission, settings, this.#acceptor(settings))
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

  listeners(): Iterable<Listener> {
    return this.#listeners
  }

  /** Accepts no more connections; datagram sockets stay, so that last answers go out. */
  async stop(): Promise<void> {
    const streams = [...this.#listeners].filter(({ settings }) => settings.transport !== 'udp')
    await Promise.all(streams.map((listener) => listener.close()))
  }

  #acceptor(settings: ListenerSettings): Acceptor {
    const { transport, face, address, port, tls } = settings
    const take = this.#taker(settings)
    if (transport === 'tcp' || transport === 'ws') {
      return {
        accept: (socket, local, remote) => take(socket, { local, remote }, undefined, undefined),
        replace: undefined,
      }
    }
    if (tls === undefined)
      throw new TypeError(`a ${transport} listener needs a certificate: face ${face}, ${endpointText(address, port)}`)
    const acceptor = new TlsAcceptor(this.#core, { ...settings, tls }, this.#handshakes, take)
    return {
      accept: (socket, local, remote) => acceptor.accept(socket, local, remote),
      replace: (material) => acceptor.replace(material),
    }
  }

  #taker({ transport, face }: ListenerSettings): Take {
    const start = (ends: Ends, peer: PeerIdentity | undefined, own: OwnIdentity | undefined): FlowStart => {
      return {
        transport,
        direction: 'accepted',
        face,
        ...ends,
        peer,
        own,
        wantedName: undefined,
        dialledName: undefined,
      }
    }
    if (transport !== 'ws' && transport !== 'wss') {
      return (socket, ends, peer, own) =>
        void ConnectionFlow.open(this.#core, socket, streamWiring, start(ends, peer, own))
    }
    const acceptor = new WebSocketAcceptor(this.#core)
    return (socket, ends, peer, own) => {
      acceptor.accept(
        socket,
        ends.remote,
        (wire) => void ConnectionFlow.open(this.#core, wire, webSocketWiring, start(ends, peer, own)),
      )
    }
  }
}
