/**
 * The datagram sockets of a node: one per UDP listener, and one per face and family where it sends without listening.
 */
import { isIPv6 } from 'node:net'
import type { Core } from '../core.ts'
import type { Flow } from '../flow.ts'
import type { Listener, ListenerSettings, NextHop } from '../types.ts'
import { UdpSocket } from './udp.ts'

export class UdpSockets {
  readonly #core: Core
  readonly #sockets = new Set<UdpSocket>()
  readonly #opening = new Map<string, Promise<UdpSocket>>()

  constructor(core: Core) {
    this.#core = core
  }

  async listen(settings: ListenerSettings): Promise<Listener> {
    const socket = await new UdpSocket(this.#core, settings).bind()
    this.#sockets.add(socket)
    return {
      settings,
      local: socket.local,
      replaceTls: () => socket.replaceTls(),
      close: () => {
        this.#sockets.delete(socket)
        return socket.close()
      },
    }
  }

  existing(hop: NextHop): Flow | undefined {
    return this.#socketFor(hop)?.known(hop)
  }

  async connect(hop: NextHop): Promise<Flow> {
    const socket = this.#socketFor(hop) ?? (await this.#open(hop))
    return socket.flowTo({ address: hop.address, port: hop.port }, 'dialled', hop.host)
  }

  sweep(now: number): void {
    for (const socket of this.#sockets) socket.sweep(now)
  }

  async close(): Promise<void> {
    const sockets = [...this.#sockets]
    this.#sockets.clear()
    await Promise.all(sockets.map((socket) => socket.close()))
  }

  #socketFor({ face, address }: NextHop): UdpSocket | undefined {
    for (const socket of this.#sockets) {
      if (socket.settings.face === face && socket.reaches(address)) return socket
    }
    return undefined
  }

  async #open({ face, address }: NextHop): Promise<UdpSocket> {
    const any = isIPv6(address) ? '::' : '0.0.0.0'
    const key = `${face}|${any}`
    const running = this.#opening.get(key)
    if (running !== undefined) return running
    const opening = new UdpSocket(this.#core, {
      face,
      transport: 'udp',
      address: any,
      port: 0,
      mutual: 'off',
      tls: undefined,
    }).bind()
    this.#opening.set(key, opening)
    const socket = await opening.finally(() => this.#opening.delete(key))
    this.#sockets.add(socket)
    return socket
  }
}
