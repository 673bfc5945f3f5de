/** The addresses of the hosts of a lab: on this machine, in containers, over IPv6. */
import type { Addressing, Zone } from './plan-types.ts'

/** A /48 of the unique local addresses for each network N (RFC 4193): N is written in decimal digits. */
export const ipv6Labs = 'fd51:1ab::/32'

const organisationStep = 100

/** The network of a lab as people write it: `127.0.41.0/24`, `fd51:1ab:41::/48`. */
export function networkText(addressing: Addressing, network: number): string {
  if (addressing === 'ipv6') return `fd51:1ab:${network}::/48`
  if (addressing === 'cluster') return 'names of services'
  return addressing === 'containers' ? `10.${network}.0.0/16` : `127.0.${network}.0/24`
}

/** An address in the network of a lab that no node has: the process that listens there holds the network. */
export function keeperAddress(addressing: Exclude<Addressing, 'containers' | 'cluster'>, network: number): string {
  return addressing === 'ipv6' ? `fd51:1ab:${network}::1` : `127.0.${network}.1`
}

/** Where a node of a cluster listens: it does not know its addresses. */
export const everyAddress = '0.0.0.0'

/** The service that leads to a face of a node in a cluster: `edge`, `edge-external`. */
export function serviceName(node: string, face: 'internal' | 'external'): string {
  return face === 'internal' ? node : `${node}-external`
}

/**
 * Both faces of an access proxy open 5061, and a pod has one interface: the outside one is opened 10000 higher, and its
 * service leads there. No port below 1024 is opened then.
 */
export function boundPort(face: 'internal' | 'external', port: number): number {
  return face === 'internal' ? port : (port + 10_000) % 65_536
}

/**
 * The address of a host towards a zone. On one machine a host has one address, which every zone sees.
 *
 * @param at counts organisations from 0
 */
export function addressesOf(
  at: number,
  network: number,
  addressing: Addressing,
): (zone: Zone, offset: number) => string {
  const last = (offset: number): number => offset + at * organisationStep
  if (addressing === 'ipv6') return (_zone, offset) => `fd51:1ab:${network}::${last(offset)}`
  if (addressing === 'loopback') return (_zone, offset) => `127.0.${network}.${last(offset)}`
  const third = (zone: Zone): number => (zone === 'internet' ? 1 : (zone === 'perimeter' ? 2 : 3) + at * 2)
  return (zone, offset) => `10.${network}.${third(zone)}.${last(offset)}`
}
