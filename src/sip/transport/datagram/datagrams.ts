/**
 * What one datagram socket sends in a turn of the event loop, written at its end: one after the other they wake the
 * receiver less often and find the code of the system warm, and one page that serves every turn holds their octets
 * (bench/proxy.ts, UDP calls).
 */
import type { Socket } from 'node:dgram'
import type { SocketAddress } from '../flow.ts'
import type { TakesTurns, Turns } from '../connection/turns.ts'

/** More is not held back: what waits in a long turn would outlive the young generation. */
const batchSize = 64
const pageOctets = 256 * 1024

export class Datagrams implements TakesTurns {
  readonly #socket: Socket
  readonly #turns: Turns
  readonly #texts: string[] = []
  readonly #remotes: SocketAddress[] = []
  /** Made when it is needed first: most sockets of a node never send. */
  #page: Buffer | undefined
  #used = 0
  #queued = 0

  constructor(socket: Socket, turns: Turns) {
    this.#socket = socket
    this.#turns = turns
  }

  /** @param text latin1 */
  add(text: string, remote: SocketAddress): void {
    if (this.#texts.length === 0) this.#turns.add(this)
    this.#texts.push(text)
    this.#remotes.push(remote)
    if (this.#texts.length === batchSize) this.endTurn()
  }

  /** Octets that the system had not taken when this turn began to send. */
  get queued(): number {
    if (this.#texts.length === 0) this.#queued = this.#socket.getSendQueueSize()
    return this.#queued
  }

  work(): void {}

  endTurn(): void {
    // The socket may have been closed since they went out.
    if (this.#texts.length === 0) return
    // The page holds what still waits in the socket.
    if (this.#page !== undefined && this.#socket.getSendQueueCount() > 0) this.#page = undefined
    this.#used = 0
    for (let at = 0; at < this.#texts.length; at++)
      this.#send(this.#texts[at] as string, this.#remotes[at] as SocketAddress)
    this.#texts.length = 0
    this.#remotes.length = 0
  }

  #send(text: string, { port, address }: SocketAddress): void {
    const start = this.#used
    const page = this.#pageFor(text.length)
    if (page === undefined) return this.#socket.send(Buffer.from(text, 'latin1'), port, address)
    page.write(text, start, 'latin1')
    this.#used = start + text.length
    this.#socket.send(page.subarray(start, this.#used), port, address)
  }

  /** undefined: there is no room left for that many. */
  #pageFor(octets: number): Buffer | undefined {
    if (this.#used + octets > pageOctets) return undefined
    return (this.#page ??= Buffer.allocUnsafeSlow(pageOctets))
  }
}
