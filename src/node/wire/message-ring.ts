/**
 * The last messages of a node, in a ring that is bounded by their number and by their octets. The octets are copied
 * into one block: references would keep whole chunks alive, and what survives a collection is expensive
 * (docs/decisions/0051). bench/proxy.ts measures the cost.
 */
import type { SocketAddress, TransportName } from '../../sip/transport/flow.ts'

export interface RingSize {
  /** 0: nothing is kept. */
  readonly messages: number
  readonly octets: number
}

export interface KeptMessage {
  /** Wall-clock milliseconds. */
  readonly wall: number
  readonly direction: 'in' | 'out'
  readonly transport: TransportName
  readonly local: SocketAddress
  readonly remote: SocketAddress
  /** latin1. */
  readonly text: string
}

type Way = Pick<KeptMessage, 'transport' | 'local' | 'remote'>

export class MessageRing {
  readonly #size: RingSize
  readonly #block: Buffer
  // One entry each a message: objects would be made for every message.
  readonly #at: Uint32Array
  readonly #length: Uint32Array
  readonly #wall: Float64Array
  readonly #isIn: Uint8Array
  readonly #transport: TransportName[] = []
  readonly #local: SocketAddress[] = []
  readonly #remote: SocketAddress[] = []
  /** Index of the oldest message, and how many there are. */
  #first = 0
  #count = 0
  /** Where the next octet goes. */
  #free = 0

  constructor(size: RingSize) {
    this.#size = size
    this.#block = Buffer.allocUnsafeSlow(size.octets)
    this.#at = new Uint32Array(size.messages)
    this.#length = new Uint32Array(size.messages)
    this.#wall = new Float64Array(size.messages)
    this.#isIn = new Uint8Array(size.messages)
  }

  get count(): number {
    return this.#count
  }

  /** Keeps a message and drops the oldest ones where there is no room; one longer than the whole ring is not kept. */
  add(direction: KeptMessage['direction'], way: Way, wall: number, text: string): void {
    const { messages, octets } = this.#size
    const length = text.length
    if (messages === 0 || length > octets) return
    if (this.#count === messages) this.#dropOldest()
    if (this.#free + length > octets) this.#wrap()
    this.#makeRoom(this.#free, this.#free + length)
    const next = (this.#first + this.#count) % messages
    this.#at[next] = this.#free
    this.#length[next] = this.#block.write(text, this.#free, 'latin1')
    this.#wall[next] = wall
    this.#isIn[next] = direction === 'in' ? 1 : 0
    this.#transport[next] = way.transport
    this.#local[next] = way.local
    this.#remote[next] = way.remote
    this.#count += 1
    this.#free += length
  }

  /** Messages from that moment on, oldest first. A clock that was set back hides none that came later. */
  since(wall: number): readonly KeptMessage[] {
    const found: KeptMessage[] = []
    for (let nth = 0; nth < this.#count; nth += 1) {
      const message = this.#read((this.#first + nth) % this.#size.messages)
      if (message !== undefined && message.wall >= wall) found.push(message)
    }
    return found
  }

  #read(index: number): KeptMessage | undefined {
    const at = this.#at[index]
    const length = this.#length[index]
    const wall = this.#wall[index]
    const transport = this.#transport[index]
    const local = this.#local[index]
    const remote = this.#remote[index]
    if (at === undefined || length === undefined || wall === undefined) return undefined
    if (transport === undefined || local === undefined || remote === undefined) return undefined
    const text = this.#block.toString('latin1', at, at + length)
    return { wall, direction: this.#isIn[index] === 1 ? 'in' : 'out', transport, local, remote, text }
  }

  /** The octets left at the end are lost; what was kept there is older than what is kept at the start. */
  #wrap(): void {
    this.#makeRoom(this.#free, this.#size.octets)
    this.#free = 0
  }

  /** Octets are in the order of messages, so only the oldest can be in the way. */
  #makeRoom(from: number, to: number): void {
    while (this.#count > 0) {
      const at = this.#at[this.#first] ?? 0
      const end = at + (this.#length[this.#first] ?? 0)
      if (end <= from || at >= to) return
      this.#dropOldest()
    }
  }

  #dropOldest(): void {
    this.#first = (this.#first + 1) % this.#size.messages
    this.#count -= 1
  }
}
