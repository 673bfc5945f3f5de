/** Dialling: which open flow serves a hop, and one dial for all who wait for the same one. */
import type { Socket } from 'node:net'
import type { Admission } from '../connection/admission.ts'
import { ConnectionFlow } from '../connection/connection-flow.ts'
import type { Core } from '../core.ts'
import { announcedCas, fits } from '../connection/ca-names.ts'
import { dial, type DialledHop, nearestSource, refuseDial, serverName, usableSource, type Dialled } from './dial.ts'
import type { Flow } from '../flow.ts'
import { hopKey } from '../flow-table.ts'
import { Gate } from '../connection/gate.ts'
import { causeOf, DialError } from '../refusal.ts'
import { streamWiring } from '../connection/stream.ts'
import { outgoingTls, type OutgoingTls } from '../connection/tls-context.ts'
import { isSecure } from './transport-choice.ts'
import type { LinkFault, Listener, NextHop, TlsMaterial } from '../types.ts'
import type { UdpSockets } from '../datagram/udp-sockets.ts'
import { openWebSocket, webSocketWiring } from '../connection/websocket.ts'
import type { FlowStart } from '../connection/wire.ts'
import { bracketed } from '../../message/endpoint.ts'

export class Outgoing {
  readonly #core: Core
  readonly #admission: Admission
  readonly #udp: UdpSockets
  /** Where this node listens: a dial leaves by the address of its face. */
  readonly #listeners: () => Iterable<Listener>
  readonly #gate: Gate
  readonly #tls = new Map<string, OutgoingTls>()
  readonly #dials = new Map<string, Promise<Flow>>()
  #closed = false

  constructor(core: Core, admission: Admission, udp: UdpSockets, listeners: () => Iterable<Listener>) {
    this.#core = core
    this.#admission = admission
    this.#udp = udp
    this.#listeners = listeners
    this.#gate = new Gate(core.settings.concurrentDials)
  }

  setTls(face: string, material: TlsMaterial | undefined): void {
    if (material === undefined) this.#tls.delete(face)
    else this.#tls.set(face, outgoingTls(material.tuning?.showsNothing === true ? bare(material) : material))
  }

  existing(hop: NextHop): Flow | undefined {
    if (hop.transport === 'udp') return this.#udp.existing(hop)
    return this.#core.flows.toHop(this.#key(hop))
  }

  async connect(hop: NextHop): Promise<Flow> {
    if (this.#closed) throw refuseDial(this.#core, hop, 'transport.closed', undefined)
    const fault = this.#core.faults.on(hop.host ?? hop.verifyName)
    if (fault?.kind === 'cut') throw refuseDial(this.#core, hop, 'link.cut', undefined)
    if (hop.transport === 'udp') return this.#udp.connect(hop)
    const open = this.existing(hop)
    if (open !== undefined) return open
    const key = this.#key(hop)
    const running = this.#dials.get(key)
    if (running !== undefined) return running
    const dialled = fault?.kind === 'silent' ? this.#unanswered(hop) : this.#dial(underAnotherName(hop, fault), key)
    this.#dials.set(key, dialled)
    try {
      return await dialled
    } finally {
      this.#dials.delete(key)
    }
  }

  /** Dials no more; a dial that still runs makes no flow. */
  stop(): void {
    this.#closed = true
  }

  /** As a dial whose first segment gets lost, and every further one. */
  async #unanswered(hop: NextHop): Promise<Flow> {
    const { clock, settings } = this.#core
    await new Promise<void>((resolve) => void clock.after(settings.dialSeconds * 1000, resolve))
    throw refuseDial(this.#core, hop, 'link.timeout', undefined)
  }

  async #dial(hop: DialledHop, key: string): Promise<Flow> {
    const held = isSecure(hop.transport) ? this.#tls.get(hop.identity ?? hop.face) : undefined
    if (isSecure(hop.transport) && held === undefined)
      throw refuseDial(this.#core, hop, 'tls.own-cert-missing', undefined)
    const tls = held?.material.tuning?.filtersByCaNames === true ? await this.#filtered(hop, held) : held
    let taken: Promise<ConnectionFlow> | undefined
    const take = (dialled: Dialled): void => {
      taken = this.#take(hop, key, dialled, tls)
    }
    const watch = (socket: Socket): void => this.#admission.watch(socket)
    await dial(this.#core, this.#gate, { hop, tls, source: this.#sourceFor(hop), watch, take })
    const flow = await taken
    if (flow === undefined || !flow.open) throw refuseDial(this.#core, hop, 'link.reset', tls)
    return flow
  }

  /** A fault of the lab: no certificate is shown where the server announces no CA above it. */
  async #filtered(hop: DialledHop, tls: OutgoingTls): Promise<OutgoingTls> {
    const { certificate } = tls.material
    const without = outgoingTls(bare(tls.material))
    const source = this.#sourceFor(hop)
    const to = { host: hop.address, port: hop.port, ...(source === undefined ? {} : { localAddress: source }) }
    const options = { secureContext: without.context, servername: serverName(hop) }
    const names = await announcedCas(to, options, this.#core.settings.dialSeconds * 1000)
    if (names === undefined || fits(names, certificate)) return tls
    const found = `the server announces ${names.length} CAs, and none of them is above our certificate`
    this.#core.user.onWithheld?.({ remote: { address: hop.address, port: hop.port }, found })
    return without
  }

  /** In the turn in which the connection opened: no octet and no close is missed. */
  async #take(
    hop: NextHop,
    key: string,
    { socket, local, remote, peer }: Dialled,
    tls: OutgoingTls | undefined,
  ): Promise<ConnectionFlow> {
    if (this.#closed) {
      socket.destroy()
      throw refuseDial(this.#core, hop, 'transport.closed', tls)
    }
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
    if (hop.transport !== 'ws' && hop.transport !== 'wss')
      return ConnectionFlow.open(this.#core, socket, streamWiring, start, key)
    try {
      return await openWebSocket(this.#core, socket, hostOf(hop), (wire) =>
        ConnectionFlow.open(this.#core, wire, webSocketWiring, start, key),
      )
    } catch (error) {
      if (error instanceof DialError) throw error
      throw refuseDial(this.#core, hop, 'link.websocket-refused', tls, causeOf(error))
    }
  }

  #key(hop: NextHop): string {
    return hopKey(
      hop,
      isSecure(hop.transport) ? this.#tls.get(hop.identity ?? hop.face)?.material.own.fingerprint : undefined,
    )
  }

  /**
   * A host with several faces leaves by the address of the face, as its listeners have it; of several, by the one
   * nearest to the target.
   */
  #sourceFor(hop: NextHop): string | undefined {
    const addresses = [...this.#listeners()].flatMap(({ settings: { face, address } }) =>
      face === hop.face && usableSource(address, hop.address) ? [address] : [],
    )
    return nearestSource(addresses, hop.address)
  }
}

function bare(material: TlsMaterial): TlsMaterial {
  return { ...material, certificate: '', key: '' }
}

function hostOf({ verifyName, host, address }: NextHop): string {
  return verifyName ?? host ?? bracketed(address)
}

/** A fault of the dialled name: the same address, another name wanted there, or none sent. */
function underAnotherName(hop: NextHop, fault: LinkFault | undefined): DialledHop {
  if (fault?.kind !== 'dialled-name') return hop
  return fault.name === undefined ? { ...hop, withoutSni: true } : { ...hop, verifyName: fault.name }
}
