/** A flow is one way to a peer: a connection, or the pair of addresses of a datagram socket (RFC 5626 §2). */

export type TransportName = 'udp' | 'tcp' | 'tls' | 'ws' | 'wss'

export interface SocketAddress {
  /** Numeric; IPv6 without brackets. */
  readonly address: string
  readonly port: number
}

/**
 * Which class a peer falls in; decided above the transport from its certificate and the lists, once, when the flow
 * opens.
 */
export type PeerClass = 'server' | 'edge' | 'treated-as-authenticated' | 'client'

/** A certificate that was shown, as a trace tells it. */
export interface ShownCertificate {
  /** RFC 4514 form, e.g. `CN=fe1.lab.test`. */
  readonly subject: string
  readonly issuer: string
  /** Hex. */
  readonly serial: string
  /** ISO 8601, UTC: the end of this certificate alone. */
  readonly notAfter: string
}

/** What a verified peer certificate said. Names are lower case; copied once, the certificate itself is not kept. */
export interface PeerIdentity {
  readonly class: PeerClass
  /** DNS names the certificate carries by the rules of the profile, e.g. [`director.lab.test`]. */
  readonly names: readonly string[]
  readonly subject: string
  readonly serial: string
  /** SHA-256 of the leaf, hex. */
  readonly fingerprint: string
  /** Wall-clock milliseconds: the earliest end in the chain as far as it was visible. */
  readonly notAfter: number
  /** The leaf, for traces. Absent: the judge does not say. */
  readonly leaf?: ShownCertificate
}

/** The certificate our own end showed when the flow opened: a renewal leaves live flows on the old one. */
export interface OwnIdentity {
  readonly serial: string
  readonly fingerprint: string
  readonly notAfter: number
  /** For traces. Absent: who made the material does not say. */
  readonly leaf?: ShownCertificate
}

export type FlowId = number & { readonly brand: 'FlowId' }

/**
 * Key of a note (`Flow.notes`) of a layer above that would lose something with the flow, such as a registration. Where
 * flows have to make room, one with such a note is the last to go.
 */
export const keptFor = 'transport.kept-for'

export interface Flow {
  /** Unique in this process, never used again. */
  readonly id: FlowId
  readonly transport: TransportName
  readonly reliable: boolean
  readonly secure: boolean
  /**
   * Who opened it. A `dialled` flow to a server may carry new requests; an `accepted` one to a server may not (RFC 5923
   * `alias` aside).
   */
  readonly direction: 'accepted' | 'dialled'
  /** Face of the node it belongs to, e.g. `internal`. */
  readonly face: string
  readonly local: SocketAddress
  readonly remote: SocketAddress
  /** undefined: no certificate was shown, or no TLS. */
  readonly peer: PeerIdentity | undefined
  readonly own: OwnIdentity | undefined
  /** Host name the flow was dialled for; undefined when accepted. */
  readonly dialledName: string | undefined
  readonly open: boolean
  /** True once the peer sent its first octet: a TLS 1.3 client is not accepted before that. */
  readonly confirmed: boolean
  readonly openedAt: number
  /**
   * Queues one whole message (latin1). False: the flow is closed, its send queue is full, or the head is longer than
   * `MessageLimits.headBytes`, or to a server the body longer than `bodyBytes`; nothing was sent. A datagram flow
   * always takes it.
   *
   * @param hurry `may-wait`: over a connection it may wait a moment for the next message. Absent: it goes out in this
   * turn of the event loop
   */
  send(text: string, hurry?: 'may-wait'): boolean
  /** Ends it; `because` is a verdict code or a short dotted reason. */
  close(because: string): void
  /**
   * What layers above remember of this flow (authenticated users, token, …); dies with it. Each layer uses its own
   * symbol or key.
   */
  readonly notes: Map<string, unknown>
}
