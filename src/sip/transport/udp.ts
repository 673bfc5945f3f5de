/** UDP: one socket per listener, one flow per remote address (RFC 3261 §18, RFC 3581). */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { MessageError } from '../message/message-error.ts'
import { parseDatagram } from '../message/parse.ts'
import type { SipMessage } from '../message/types.ts'
import { plainAddress } from './address.ts'
import type { Core } from './core.ts'
import type { Flow, FlowId, SocketAddress } from './flow.ts'
import { nextFlowId } from './flow-table.ts'
import { answerTo } from './malformed.ts'
import type { Listener, ListenerSettings } from './types.ts'

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
  heardAt: number
  /** When it was put last among the flows of its socket. */
  movedAt: number
  readonly #socket: UdpSocket
  #notes: Map<string, unknown> | undefined

  constructor(socket: UdpSocket, remote: SocketAddress, direction: 'accepted' | 'dialled', dialledName: string | undefined, at: { readonly wall: number; readonly now: number }) {
    this.#socket = socket
    this.face = socket.settings.face
    this.local = socket.local
    this.remote = remote
    this.direction = direction
    this.dialledName = dialledName
    this.openedAt = at.wall
    this.heardAt = at.now
    this.movedAt = at.now
  }

  get notes(): Map<string, unknown> {
    this.#notes ??= new Map()
    return this.#notes
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

export class UdpSocket implements Listener {
  readonly settings: ListenerSettings
  readonly #core: Core
  readonly #socket: Socket
  /** By remote address; the one silent for longest first: to the second, and exactly once half of the table is full. */
  readonly #flows = new Map<string, UdpFlow>()
  #local: SocketAddress

  constructor(core: Core, settings: ListenerSettings) {
    this.#core = core
    this.settings = settings
    this.#local = { address: settings.address, port: settings.port }
    const family = isIPv6(settings.address) ? 6 : 4
    this.#socket = createSocket({
      type: family === 6 ? 'udp6' : 'udp4',
      recvBufferSize: core.settings.udpReceiveBytes,
      // Addresses are numeric here; the default would resolve them in a later turn.
      lookup: (host, _options, callback) => callback(null, host, family),
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
    return this
  }

  /** The flow to that address, remembered or new. */
  flowTo(remote: SocketAddress, direction: 'accepted' | 'dialled', dialledName: string | undefined): UdpFlow {
    const key = `${remote.address}|${remote.port}`
    const known = this.#flows.get(key)
    const { clock } = this.#core
    const now = clock.now()
    if (known !== undefined) {
      if (now - known.movedAt >= 1000 || this.#flows.size * 2 >= this.#core.settings.udpFlows) this.#moveLast(key, known, now)
      return known
    }
    if (this.#flows.size >= this.#core.settings.udpFlows) this.#makeRoom()
    const flow = new UdpFlow(this, remote, direction, dialledName, { wall: clock.wall(), now })
    this.#flows.set(key, flow)
    this.#core.flows.add(flow)
    this.#core.user.onFlowOpened(flow)
    return flow
  }

  /** Not for every datagram: a Map that is written all the time is rebuilt all the time (bench/proxy.ts, UDP calls). */
  #moveLast(key: string, flow: UdpFlow, now: number): void {
    flow.movedAt = now
    this.#flows.delete(key)
    this.#flows.set(key, flow)
  }

  known(remote: SocketAddress): UdpFlow | undefined {
    return this.#flows.get(`${remote.address}|${remote.port}`)
  }

  send(flow: UdpFlow, text: string): void {
    const fault = this.#core.faults.on(flow.dialledName)
    if (fault?.kind === 'cut') return this.#incident('datagram.dropped', flow, flow.remote, 'link.cut')
    if (this.#socket.getSendQueueSize() > this.#core.settings.sendQueueBytes) return this.#incident('datagram.dropped', flow, flow.remote, 'flow.send-queue-full')
    this.#core.trace?.({ direction: 'out', flow, text })
    this.#socket.send(Buffer.from(text, 'latin1'), flow.remote.port, flow.remote.address)
  }

  forget(flow: UdpFlow, because: string): void {
    if (!flow.open) return
    flow.open = false
    this.#flows.delete(`${flow.remote.address}|${flow.remote.port}`)
    this.#core.flows.remove(flow)
    this.#core.user.onFlowClosed(flow, because)
  }

  sweep(now: number): void {
    const idleMs = this.#core.settings.idleSeconds * 1000
    if (idleMs === 0) return
    for (const flow of this.#flows.values()) {
      if (now - flow.heardAt > idleMs) flow.close('idle')
    }
  }

  replaceTls(): void {
    throw new TypeError('a udp listener has no certificate')
  }

  async close(): Promise<void> {
    for (const flow of [...this.#flows.values()]) flow.close('closed')
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()))
  }

  #received(octets: Buffer, from: RemoteInfo): void {
    const remote = { address: plainAddress(from.address), port: from.port }
    if (isKeepAlive(octets)) return
    const flow = this.flowTo(remote, 'accepted', undefined)
    flow.heardAt = this.#core.clock.now()
    const message = this.#read(octets, flow)
    if (message === undefined) return
    this.#core.trace?.({ direction: 'in', flow, text: message.text })
    if (message.kind === 'response') return this.#core.user.onResponse(message, flow)
    message.stampTopVia(remote.address, remote.port)
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
    const answer = answerTo(error, flow.remote)
    if (answer !== undefined) flow.send(answer)
  }

  #makeRoom(): void {
    for (const eldest of this.#flows.values()) return eldest.close('flow.table-full')
  }

  #incident(event: string, flow: Flow | undefined, remote: SocketAddress, reason: string): void {
    this.#core.user.onIncident({ event, flow, remote, reason })
  }
}

/** Line ends or zeros keep a NAT open; they say nothing. */
function isKeepAlive(octets: Buffer): boolean {
  return octets.length <= 4 && octets.every((octet) => octet === 0 || octet === 0x0d || octet === 0x0a)
}
