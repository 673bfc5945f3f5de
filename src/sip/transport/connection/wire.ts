/** What a connection flow is made of: the wire below it, how that wire is used, and what is known when it opens. */
import type { FramerEvents } from '../../message/framer.ts'
import type { MessageLimits } from '../../message/types.ts'
import type { OwnIdentity, PeerIdentity, SocketAddress, TransportName } from '../flow.ts'

/** What differs from flow to flow when it opens. */
export interface FlowStart {
  readonly transport: TransportName
  readonly direction: 'accepted' | 'dialled'
  readonly face: string
  readonly local: SocketAddress
  readonly remote: SocketAddress
  readonly peer: PeerIdentity | undefined
  readonly own: OwnIdentity | undefined
  /** Name that was verified; undefined when accepted or insecure. */
  readonly wantedName: string | undefined
  /** Host the flow was dialled for. */
  readonly dialledName: string | undefined
}

/** What carries the octets: a socket, or a WebSocket dressed as one. */
export interface Wire {
  /** Octets written and not yet taken by the system. */
  readonly writableLength: number
  /** False: the wire is full, `drained` will be called. */
  write(text: string, encoding: 'latin1'): boolean
  pause(): unknown
  resume(): unknown
  /** Lets queued octets out, then ends this direction; the other is read on. */
  end(): unknown
  /** Lets queued octets out, then ends. */
  destroySoon(): void
  destroy(): unknown
}

/** What a wire reports, and to whom: the flow above it. */
export interface WireUser {
  received(chunk: Buffer): void
  /** So many octets came of a message whose end is not there; fewer than none: they belonged to no message. */
  holds(octets: number): void
  drained(): void
  /** A ping or pong came. */
  alive(): void
  failed(error: Error): void
  closed(): void
}

/** Cuts what arrives into messages. */
export interface Reader {
  /** Octets held of a message whose end has not come. */
  readonly pendingBytes: number
  push(chunk: Buffer): void
  /** Takes and holds nothing more. */
  close(): void
}

/** How one kind of wire is used. */
export interface Wiring<W extends Wire> {
  /** True: every message is a frame of its own. False: the messages of one turn go out as one write. */
  readonly framed: boolean
  reader(limits: MessageLimits, events: FramerEvents): Reader
  /**
   * Octets handed to the system that the peer has not taken: a number that stays the same when the peer does not read.
   */
  systemQueue(wire: W): number
  /** Lets the wire's events reach the flow. */
  attach(wire: W, flow: WireUser): void
}
