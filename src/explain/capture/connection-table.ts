/** All connections of a capture, bounded in number: the oldest that have ended make room first. */
import type { Packet } from './packet.ts'
import { Connection, type Side, type Surroundings } from './connection.ts'
import {
  carried,
  endpointText,
  Flag,
  linkTypeIsKnown,
  type Datagram,
  type Segment,
  type Unreachable,
} from './network.ts'
import { sipDatagram } from './sip-reader.ts'

/** Connections that are followed at the same time. */
const maxOpen = 4096

export interface TableEvents {
  /** The connection has ended, or makes room for others. */
  finished(connection: Connection): void
  problem(sentence: string): void
}

/** So many of the oldest are asked whether they have ended. */
const oldestAsked = 16

interface Place {
  readonly connection: Connection
  readonly side: Side
}

export class ConnectionTable {
  packets = 0
  /** Packets that are no TCP and no UDP. */
  others = 0
  /** IP fragments: they are counted and not put together. */
  fragments = 0
  readonly #around: Surroundings
  readonly #events: TableEvents
  readonly #places = new Map<string, Place>()
  /** In the order of their beginning, with the keys of both directions. */
  readonly #open = new Map<Connection, readonly [string, string]>()
  readonly #unknownLinks = new Set<number>()

  constructor(around: Surroundings, events: TableEvents) {
    this.#around = around
    this.#events = events
  }

  packet(packet: Packet): void {
    this.packets += 1
    if (!linkTypeIsKnown(packet.linkType)) this.#unknownLink(packet.linkType)
    const found = carried(packet)
    switch (found.kind) {
      case 'tcp':
        return this.#segment(found)
      case 'udp':
        return this.#datagram(found)
      case 'unreachable':
        return this.#unreachable(found)
      case 'fragment':
        this.fragments += 1
        return
      case 'other':
        this.others += 1
        return
      default:
        return found satisfies never
    }
  }

  /** The capture has ended: every connection is finished, in the order of their beginning. */
  end(): void {
    for (const connection of [...this.#open.keys()]) this.#finish(connection)
  }

  #segment(segment: Segment): void {
    const known = this.#places.get(segment.forwards)
    if (known !== undefined && !known.connection.isNewSyn(segment)) return known.connection.segment(known.side, segment)
    if (known !== undefined) this.#finish(known.connection)
    // A reset or a last acknowledgement of what began before the capture tells nothing.
    if (segment.length === 0 && (segment.flags & (Flag.syn | Flag.fin)) === 0) return
    const connection = new Connection(segment, this.#around)
    this.#places.set(segment.forwards, { connection, side: 0 })
    this.#places.set(segment.backwards, { connection, side: 1 })
    this.#open.set(connection, [segment.forwards, segment.backwards])
    connection.segment(0, segment)
    if (this.#open.size > maxOpen) this.#makeRoom()
  }

  #makeRoom(): void {
    const oldest = this.#open.keys().take(oldestAsked).toArray()
    const leaves = oldest.find(({ closings }) => closings.length > 0) ?? oldest[0]
    if (leaves !== undefined) this.#finish(leaves)
  }

  #finish(connection: Connection): void {
    for (const key of this.#open.get(connection) ?? []) this.#places.delete(key)
    this.#open.delete(connection)
    connection.finish()
    this.#events.finished(connection)
  }

  #datagram({ frame, at, source, destination, payload }: Datagram): void {
    // Most datagrams are media: a letter begins every SIP message.
    const first = payload[0] ?? 0
    if (payload.length < 20 || first < 65 || first > 122) return
    const place = { source: endpointText(source), destination: endpointText(destination), transport: 'udp' } as const
    const message = sipDatagram(payload, place, frame, at)
    if (message !== undefined) this.#around.sip(message)
  }

  #unreachable(message: Unreachable): void {
    const known = this.#places.get(message.forwards)
    if (known !== undefined) known.connection.unreachable ??= message
  }

  #unknownLink(linkType: number): void {
    if (this.#unknownLinks.has(linkType) || this.#unknownLinks.size > 16) return
    this.#unknownLinks.add(linkType)
    this.#events.problem(
      `packets of link type ${linkType} are not read: wanted Ethernet, Linux cooked, raw IP or loopback`,
    )
  }
}
