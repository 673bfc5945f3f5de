/** What the transport of a hop implies: ports, security, DNS names, and when a request is too large for a datagram. */
import type { TransportName } from '../flow.ts'
import type { NextHop } from '../types.ts'

/** Above this a request goes by a congestion-controlled transport when the path MTU is not known (RFC 3261 §18.1.1). */
const largestDatagram = 1300

/**
 * `transportFor(1800, udpHop)` -> the same hop over TCP. A responder that refuses the TCP connection may still be sent
 * the datagram.
 */
export function transportFor(octets: number, hop: NextHop): NextHop {
  if (hop.transport !== 'udp' || octets <= largestDatagram) return hop
  return { ...hop, transport: 'tcp' }
}

export function isSecure(transport: TransportName): boolean {
  return transport === 'tls' || transport === 'wss'
}

/** RFC 3261 §19.1.2, RFC 7118 §4.1. */
export const defaultPorts: Readonly<Record<TransportName, number>> = {
  udp: 5060,
  tcp: 5060,
  tls: 5061,
  ws: 80,
  wss: 443,
}

/** The names of the SRV records of a transport (RFC 3263 §4.1, RFC 7118 §9.3): `_sips._tcp.` + domain. */
export const srvPrefixes: Readonly<Record<TransportName, string>> = {
  udp: '_sip._udp',
  tcp: '_sip._tcp',
  tls: '_sips._tcp',
  ws: '_sip._ws',
  wss: '_sips._ws',
}

/** NAPTR services (RFC 3263 §4.1, RFC 7118 §9.2). */
export const naptrServices: Readonly<Record<string, TransportName>> = {
  'sip+d2u': 'udp',
  'sip+d2t': 'tcp',
  'sips+d2t': 'tls',
  'sip+d2w': 'ws',
  'sips+d2w': 'wss',
}
