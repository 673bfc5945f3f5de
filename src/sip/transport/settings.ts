/** The bounds of the transport: nothing a peer does may take more than this. */

export interface TransportSettings {
  /** A flow takes no more messages while this many octets wait to be sent. */
  readonly sendQueueBytes: number
  /**
   * Octets held of messages whose end has not come, on all connections together. Beyond it, connections of the source
   * that holds the most are closed with `flow.message-unfinished`.
   */
  readonly unfinishedBytes: number
  /** Octets read from one connection in one turn of the event loop; what else waits there is read in the next. */
  readonly readBytesPerTurn: number
  /** A flow whose peer has not read for so long is closed with `flow.send-queue-full`. */
  readonly stuckSeconds: number
  /** Without a whole message or keep-alive for so long, a flow is closed with `idle`. 0: never. */
  readonly idleSeconds: number
  /**
   * An accepted connection must send its first message in this time, else it is closed with
   * `flow.first-request-timeout`.
   */
  readonly firstRequestSeconds: number
  /** A connection to a TLS port must have sent its whole ClientHello in this time; until then it holds no place. */
  readonly clientHelloSeconds: number
  /** A TLS or WebSocket handshake must be done in this time; that of TLS begins with the ClientHello. */
  readonly handshakeSeconds: number
  /** A dial must have become a flow in this time, waiting for its turn included. */
  readonly dialSeconds: number
  /** Outgoing handshakes at one time; further ones wait. A peer that is silent gives its place back after a second. */
  readonly concurrentDials: number
  /**
   * Incoming handshakes at one time, shared fairly by sources while there are more; further ones wait. A peer that goes
   * silent gives its place back after a second.
   */
  readonly concurrentHandshakes: number
  /** Accepted connections in all. */
  readonly connections: number
  /** Accepted connections from one source: an IPv4 address, or a network of IPv6. */
  readonly connectionsPerSource: number
  /** A dialled flow without traffic for so long is pinged (RFC 5626 §3.5.1). 0: never. */
  readonly pingSeconds: number
  /** A ping must be answered in this time (RFC 5626 §4.4.1), else the flow is closed with `flow.no-pong`. */
  readonly pongSeconds: number
  /** How often flows are looked over for the times above, milliseconds. */
  readonly sweepMs: number
  /** Remote addresses remembered per UDP socket; the one silent for longest makes room. */
  readonly udpFlows: number
  /** Receive buffer asked of the system for each UDP socket. */
  readonly udpReceiveBytes: number
  /** Lets requests go out on connections that servers opened, when the peer asks with `;alias` (RFC 5923 §8). */
  readonly alias: boolean
}

export const defaultTransportSettings: TransportSettings = {
  sendQueueBytes: 4 * 1024 * 1024,
  unfinishedBytes: 64 * 1024 * 1024,
  readBytesPerTurn: 128 * 1024,
  stuckSeconds: 30,
  idleSeconds: 900,
  firstRequestSeconds: 30,
  clientHelloSeconds: 10,
  handshakeSeconds: 10,
  dialSeconds: 5,
  concurrentDials: 64,
  concurrentHandshakes: 128,
  connections: 20_000,
  connectionsPerSource: 1_000,
  pingSeconds: 0,
  pongSeconds: 10,
  sweepMs: 2_000,
  udpFlows: 20_000,
  udpReceiveBytes: 4 * 1024 * 1024,
  alias: false,
}
