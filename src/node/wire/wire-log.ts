/**
 * What passed on the wire of one node: its last messages and handshakes, kept for `siplab trace --since`, and what
 * passes now, for readers that follow. Messages are kept as they passed: credentials are blanked out when one leaves
 * here, so that a message that is never read costs nothing more.
 */
import type { Clock } from '../../sip/clock.ts'
import { decodeText } from '../../sip/message/fast/flat.ts'
import type { SocketAddress } from '../../sip/transport/flow.ts'
import type { TraceTap } from '../../sip/transport/types.ts'
import type { NodeEvent, TracedHandshake, TraceEntry } from '../control/control-api.ts'
import { withoutCredentials } from './credentials.ts'
import { DecisionLog } from './decision-log.ts'
import { type KeptMessage, MessageRing, type RingSize } from './message-ring.ts'
import { endpointText } from '../../sip/message/endpoint.ts'

export interface WireLogOptions {
  readonly node: string
  readonly clock: Pick<Clock, 'wall'>
  readonly size?: RingSize
}

/** What `--keep` says: so many messages, at 1 KiB on average. */
export function ringSize(messages: number): RingSize {
  return { messages, octets: messages * 1024 }
}

/** A few calls and the keep-alives of several minutes; 2 MiB. */
export const defaultKeptMessages = 2000

/** Handshakes and news of links that are kept. */
const mostOther = 500

export interface HandshakeEnds {
  readonly transport?: string
  /** Absent: there was no connection. */
  readonly local: SocketAddress | undefined
  readonly remote: SocketAddress
}

type Reader = (entry: TraceEntry) => void

export class WireLog {
  readonly #node: string
  readonly #clock: Pick<Clock, 'wall'>
  readonly #messages: MessageRing
  readonly #keepsMessages: boolean
  readonly #others: TraceEntry[] = []
  readonly #readers = new Set<Reader>()
  /** Beside what passed: why it went where it went. */
  readonly decisions: DecisionLog

  constructor({ node, clock, size = ringSize(defaultKeptMessages) }: WireLogOptions) {
    this.#node = node
    this.#clock = clock
    this.#messages = new MessageRing(size)
    this.#keepsMessages = size.messages > 0
    // A request and its response are two messages or more.
    this.decisions = new DecisionLog({ node, clock, kept: Math.floor(size.messages / 2) })
  }

  /** For `TransportLayer.setTrace`; runs for every message. */
  readonly tap: TraceTap = ({ direction, flow, text }) => {
    if (!this.#keepsMessages && this.#readers.size === 0) return
    const wall = this.#clock.wall()
    if (this.#keepsMessages) this.#messages.add(direction, flow, wall, text)
    if (this.#readers.size === 0) return
    const { transport, local, remote } = flow
    this.#tell(this.#messageEntry({ direction, transport, local, remote, wall, text }))
  }

  handshake({ transport, local, remote }: HandshakeEnds, handshake: TracedHandshake): void {
    this.#add({
      time: this.#now(),
      node: this.#node,
      kind: 'handshake',
      direction: handshake.side === 'dialled' ? 'out' : 'in',
      ...(transport === undefined ? {} : { transport }),
      ...(local === undefined ? {} : { local: endpointText(local.address, local.port) }),
      remote: endpointText(remote.address, remote.port),
      handshake,
    })
  }

  /** News of a link; other events are no part of a trace. */
  event({ time, node, event, verdict, message, data }: NodeEvent): void {
    if (!event.startsWith('link.')) return
    this.#add({ time, node, kind: 'link', event, data: { ...data, message, verdict: verdict?.code } })
  }

  /** Everything of the last so many seconds that is still there, in the order of time. */
  since(seconds: number): readonly TraceEntry[] {
    const from = this.#clock.wall() - seconds * 1000
    const messages = this.#messages.since(from).map((message) => this.#messageEntry(message))
    const others = this.#others.filter(({ time }) => Date.parse(time) >= from)
    return [...messages, ...others].sort((a, b) => a.time.localeCompare(b.time))
  }

  /** @returns a function that ends the following */
  follow(reader: Reader): () => void {
    this.#readers.add(reader)
    return () => this.#readers.delete(reader)
  }

  #add(entry: TraceEntry): void {
    this.#others.push(entry)
    if (this.#others.length > mostOther) this.#others.splice(0, mostOther / 2)
    this.#tell(entry)
  }

  #tell(entry: TraceEntry): void {
    for (const reader of this.#readers) reader(entry)
  }

  #messageEntry({ wall, direction, transport, local, remote, text }: KeptMessage): TraceEntry {
    return {
      time: new Date(wall).toISOString(),
      node: this.#node,
      kind: 'message',
      direction,
      transport,
      local: endpointText(local.address, local.port),
      remote: endpointText(remote.address, remote.port),
      text: decodeText(withoutCredentials(text)),
    }
  }

  #now(): string {
    return new Date(this.#clock.wall()).toISOString()
  }
}
