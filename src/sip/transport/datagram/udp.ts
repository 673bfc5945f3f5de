/** UDP: one socket per listener, one flow per remote address (RFC 3261 §18, RFC 3581). */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { MessageError } from '../../message/message-error.ts'
import { parseDatagram } from '../../message/parse.ts'
import type { SipMessage } from '../../message/types.ts'
import { plainAddress } from '../address.ts'
import type { Core } from '../core.ts'
import type { TakesTurns } from '../connection/turns.ts'
import { Datagrams } from './datagrams.ts'
import { type Flow, type FlowId, keptFor, type SocketAddress } from '../flow.ts'
import { nextFlowId } from '../flow-table.ts'
import { answerTo } from '../connection/malformed.ts'
import { QueueProbe } from './queue-probe.ts'
import type { Listener, ListenerSettings } from '../types.ts'

export class UdpFlow implements Flow {
  readonly id: FlowId = nextFlowId()
  readonly transport = 'udp'
  readonly reliable = false
  readonly secure = false
  readonly direction: 'accepted' | 'dialled'
  readonly face: string
  readonly local: SocketAddress
  readonly remote: SocketAddress
  readonly peer = undefined
  readonly own = undefined
  readonly dialledName: string | undefined
  readonly openedAt: number
  open = true
  confirmed = true
  lastReceivedAt = 0
  /** Where the peer hears answers, when that is not where it sends from. */
  answersTo: SocketAddress | undefined = undefined
  /** When it was put last among the flows of its socket. */
  movedAt = 0
  readonly #socket: UdpSocket
  #notes: Map<string, unknown> | undefined

  constructor(
    socket: UdpSocket,
    remote: SocketAddress,
    start: {
      readonly direction: 'accepted' | 'dialled'
      readonly dialledName: string | undefined
      readonly wall: number
      readonly now: number
    },
  ) {
    this.#socket = socket
    this.face = socket.settings.face
    this.local = socket.local
    this.remote = remote
    this.direction = start.direction
    this.dialledName = start.dialledName
    this.openedAt = start.wall
    this.lastReceivedAt = start.now
    this.movedAt = start.now
  }

  get notes(): Map<string, unknown> {
    this.#notes ??= new Map()
    return this.#notes
  }

  /** Something would be lost with it. A datagram from an invented source brings nothing to lose. */
  get isInUse(): boolean {
    return this.direction === 'dialled' || this.#notes?.has(keptFor) === true
  }

  send(text: string): boolean {
    if (!this.open) return false
    this.#socket.send(this, text)
    return true
  }

  close(because: string): void {
    this.#socket.forget(this, because)
  }
}

interface Host {
  readonly address: string
  readonly ports: Map<number, UdpFlow>
}

const nowhere: Host = { address: '', ports: new Map() }

export class UdpSocket implements Listener, TakesTurns {
  readonly settings: ListenerSettings
  readonly #core: Core
  readonly #socket: Socket
  readonly #datagrams: Datagrams
  readonly #probe: QueueProbe
  readonly #family: 4 | 6
  /** The one silent for longest first: to the second, and exactly once half of the table is full. */
  readonly #flows = new Set<UdpFlow>()
  /** Those that were found to be in use when room was wanted, in the same order. */
  readonly #inUse = new Set<UdpFlow>()
  /** By address and port. Asked for every datagram: no key is put together from the two (bench/proxy.ts, UDP calls). */
  readonly #hosts = new Map<string, Map<number, UdpFlow>>()
  /**
   * The host asked for last: most datagrams come from few, and each brings its address as a new string, to be hashed
   * for a look-up.
   */
  #last = nowhere
  #local: SocketAddress
  #isClosed = false
  /** Read in this turn and not worked on, and where each came from. */
  readonly #octets: Buffer[] = []
  readonly #sources: RemoteInfo[] = []

  constructor(core: Core, settings: ListenerSettings) {
    this.#core = core
    this.settings = settings
    this.#local = { address: settings.address, port: settings.port }
    const family = isIPv6(settings.address) ? 6 : 4
    this.#family = family
    this.#socket = createSocket({
      type: family === 6 ? 'udp6' : 'udp4',
      recvBufferSize: core.settings.udpReceiveBytes,
      // Addresses are numeric here; the default would resolve them in a later turn.
      lookup: (host, _options, callback) => callback(null, host, family),
    })
    this.#datagrams = new Datagrams(this.#socket, core.turns)
    this.#probe = new QueueProbe({
      clock: core.clock,
      turns: core.turns,
      send: (octets) => this.#sendToSelf(octets),
      onWait: (ms) => core.user.onWait?.(ms),
    })
    this.#socket.on('message', (octets, from) => this.#received(octets, from))
  }

  get local(): SocketAddress {
    return this.#local
  }

  async bind(): Promise<this> {
    await new Promise<void>((resolve, reject) => {
      this.#socket.once('error', reject)
      this.#socket.bind({ address: this.settings.address, port: this.settings.port }, () => {
        this.#socket.removeListener('error', reject)
        resolve()
      })
    })
    this.#socket.on('error', (error) => this.#incident('datagram.error', undefined, this.#local, error.message))
    const bound = this.#socket.address()
    this.#local = { address: bound.address, port: bound.port }
    this.#probe.begin()
    return this
  }

  /** The flow to that address, remembered or new. */
  flowTo(
    remote: SocketAddress,
    direction: 'accepted' | 'dialled',
    dialledName: string | undefined,
    at = this.#core.clock.now(),
  ): UdpFlow {
    // Whole milliseconds: a fraction would be an object of its own (bench/proxy.ts, UDP calls).
    const now = Math.trunc(at)
    const known = this.known(remote)
    if (known !== undefined) {
      known.lastReceivedAt = now
      if (now - known.movedAt >= 1000 || this.#size * 2 >= this.#core.settings.udpFlows) this.#moveLast(known, now)
      return known
    }
    if (this.#size >= this.#core.settings.udpFlows) this.#makeRoom()
    const flow = new UdpFlow(this, remote, { direction, dialledName, wall: this.#core.clock.wall(), now })
    this.#flows.add(flow)
    this.#note(flow)
    this.#core.flows.add(flow)
    this.#core.user.onFlowOpened(flow)
    return flow
  }

  /** Not for every datagram: a Set that is written all the time is rebuilt all the time (bench/proxy.ts, UDP calls). */
  #moveLast(flow: UdpFlow, now: number): void {
    flow.movedAt = now
    const flows = this.#inUse.has(flow) ? this.#inUse : this.#flows
    flows.delete(flow)
    flows.add(flow)
  }

  get #size(): number {
    return this.#flows.size + this.#inUse.size
  }

  #note(flow: UdpFlow): void {
    const { address, port } = flow.remote
    const ports = this.#hosts.get(address)
    if (ports === undefined) this.#hosts.set(address, new Map([[port, flow]]))
    else ports.set(port, flow)
  }

  known({ address, port }: SocketAddress): UdpFlow | undefined {
    if (address === this.#last.address) return this.#last.ports.get(port)
    const ports = this.#hosts.get(address)
    if (ports === undefined) return undefined
    this.#last = { address, ports }
    return ports.get(port)
  }

  /** Whether an address of this kind can be sent to. IPv6 addresses have colons. */
  reaches(address: string): boolean {
    return (this.#family === 6) === address.includes(':')
  }

  send(flow: UdpFlow, text: string): void {
    const fault = this.#core.faults.on(flow.dialledName)
    if (fault?.kind === 'cut' || fault?.kind === 'silent')
      return this.#incident('datagram.dropped', flow, flow.remote, 'link.cut')
    // A datagram may come from port 0, and a record of DNS may name it; nothing can be sent there.
    if (flow.remote.port === 0) return this.#incident('datagram.dropped', flow, flow.remote, 'flow.no-port')
    if (this.#datagrams.queued > this.#core.settings.sendQueueBytes)
      return this.#incident('datagram.dropped', flow, flow.remote, 'flow.send-queue-full')
    this.#core.trace?.({ direction: 'out', flow, text })
    const { answersTo } = flow
    this.#datagrams.add(text, answersTo !== undefined && text.startsWith('SIP/2.0 ') ? answersTo : flow.remote)
  }

  forget(flow: UdpFlow, because: string): void {
    if (!flow.open) return
    flow.open = false
    if (!this.#flows.delete(flow)) this.#inUse.delete(flow)
    this.#dropNote(flow.remote)
    this.#core.flows.remove(flow)
    this.#core.user.onFlowClosed(flow, because)
  }

  #dropNote({ address, port }: SocketAddress): void {
    const ports = this.#hosts.get(address)
    ports?.delete(port)
    if (ports?.size !== 0) return
    this.#hosts.delete(address)
    if (this.#last.address === address) this.#last = nowhere
  }

  sweep(now: number): void {
    const idleMs = this.#core.settings.idleSeconds * 1000
    if (idleMs === 0) return
    for (const flow of this.#all()) {
      if (now - flow.lastReceivedAt > idleMs) flow.close('idle')
    }
  }

  replaceTls(): void {
    throw new TypeError('a udp listener has no certificate')
  }

  async close(): Promise<void> {
    for (const flow of this.#all()) flow.close('closed')
    this.#datagrams.endTurn()
    this.#isClosed = true
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()))
  }

  /** When it cannot be sent, nothing comes back, and nothing is measured. */
  #sendToSelf(octets: Buffer): void {
    if (this.#isClosed) return
    const { address, port } = this.#local
    const self = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address
    this.#socket.send(octets, port, self, () => undefined)
  }

  #received(octets: Buffer, from: RemoteInfo): void {
    if (this.#probe.saw(octets)) return
    if (this.#octets.length === 0) this.#core.turns.add(this)
    this.#octets.push(octets)
    this.#sources.push(from)
    this.#core.turns.holds(octets.length)
  }

  work(): void {
    const octets = this.#octets.splice(0)
    const sources = this.#sources.splice(0)
    for (let at = 0; at < octets.length && !this.#isClosed; at++)
      this.#take(octets[at] as Buffer, sources[at] as RemoteInfo)
  }

  endTurn(): void {}

  #take(octets: Buffer, from: RemoteInfo): void {
    const remote = { address: plainAddress(from.address), port: from.port }
    if (isKeepAlive(octets)) return
    const flow = this.flowTo(remote, 'accepted', undefined, this.#probe.turnBeganAt)
    const message = this.#read(octets, flow)
    if (message === undefined) return
    this.#core.trace?.({ direction: 'in', flow, text: message.text })
    if (message.kind === 'response') return this.#core.user.onResponse(message, flow)
    message.stampTopVia(remote.address, remote.port)
    noteAnswers(flow, message.answerPort)
    this.#core.user.onRequest(message, flow)
  }

  /** undefined: it was malformed, and answered where that is possible. */
  #read(octets: Buffer, flow: UdpFlow): SipMessage | undefined {
    try {
      return parseDatagram(octets, this.#core.limits)
    } catch (error) {
      if (!(error instanceof MessageError)) throw error
      this.#malformed(error, flow)
      return undefined
    }
  }

  #malformed(error: MessageError, flow: UdpFlow): void {
    this.#incident('message.malformed', flow, flow.remote, error.message)
    const answer = answerTo(error, flow.remote, this.#core.user.warningAgent?.(flow.face))
    if (answer === undefined) return
    noteAnswers(flow, error.partial?.answerPort ?? flow.remote.port)
    flow.send(answer)
  }

  /** A flood from invented sources drives out only itself, as long as not every flow is in use. */
  #makeRoom(): void {
    for (const eldest of this.#flows) {
      if (!eldest.isInUse) return eldest.close('flow.table-full')
      this.#flows.delete(eldest)
      this.#inUse.add(eldest)
    }
    for (const eldest of this.#inUse) return eldest.close('flow.table-full')
  }

  /** A copy: they may go meanwhile. */
  #all(): readonly UdpFlow[] {
    return [...this.#inUse, ...this.#flows]
  }

  #incident(event: string, flow: Flow | undefined, remote: SocketAddress, reason: string): void {
    this.#core.user.onIncident({ event, flow, remote, reason })
  }
}

/** Gateways of Cisco send from another port than the one in their Via, and hear answers at the latter only. */
function noteAnswers(flow: UdpFlow, port: number): void {
  const { address, port: source } = flow.remote
  if (port === source) flow.answersTo = undefined
  else if (flow.answersTo?.port !== port) flow.answersTo = { address, port }
}

/** Line ends or zeros keep a NAT open; they say nothing. */
function isKeepAlive(octets: Buffer): boolean {
  return octets.length <= 4 && octets.every((octet) => octet === 0 || octet === 0x0d || octet === 0x0a)
}
