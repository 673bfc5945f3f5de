/**
 * Where the servers of an organisation are: no binding may lead there. A Contact that did would have this server dial
 * its own trunk or another server with its certificate and with the identity of the caller.
 */
import { isIP, isIPv4 } from 'node:net'
import { placeName } from '../../sip/message/fast/scanner.ts'
import { MessageError } from '../../sip/message/message-error.ts'
import type { SipUri } from '../../sip/message/types.ts'
import { parseUri } from '../../sip/message/uri.ts'
import type { NextHop } from '../../sip/transport/types.ts'

/** One server, by everything that leads to it. */
export interface ServerPlace {
  /** Names and addresses. A name counts at every port, an address at `ports`: phones may have the same address. */
  readonly hosts: readonly string[]
  /** Ports that the server listens on. */
  readonly ports: readonly number[]
  /** One that may register users at itself: a gateway, or the server of somebody else. Absent: neither. */
  readonly kind?: 'gateway' | 'foreign'
}

/** Whose server a URI leads to: `theirs` is that of a gateway or of the host of a static route. */
export type PlaceOwner = 'ours' | 'theirs'

export class ServerPlaces {
  readonly #ours: Places
  readonly #theirs: readonly { readonly hosts: ReadonlySet<string>; readonly places: Places }[]

  constructor(places: readonly ServerPlace[]) {
    this.#ours = new Places(places.filter(({ kind }) => kind === undefined))
    this.#theirs = places
      .filter(({ kind }) => kind !== undefined)
      .map((place) => ({ hosts: new Set(place.hosts.map(plainPlace)), places: new Places([place]) }))
  }

  /**
   * Whose server a request for that URI is sent to: `maddr` counts before the host (RFC 3263 §4). undefined: no server
   * of ours or theirs.
   *
   * @param proved names in the certificate of the peer, lower case: what leads to the peer itself counts as no server
   */
  ownerOf(uri: SipUri, proved: readonly string[] = []): PlaceOwner | undefined {
    if (this.#ours.has(uri)) return 'ours'
    const others = this.#theirs.some(({ hosts, places }) => places.has(uri) && !proved.some((name) => hosts.has(name)))
    return others ? 'theirs' : undefined
  }

  /**
   * Whether a request for that stored Contact may be dialled there: the owner of the name in DNS chooses the
   * address. What a gateway registered at itself leads to that gateway.
   */
  mayDial(contact: string, hop: Dialled): boolean {
    // Judged as the text of the Contact.
    if (hop.host === hop.address) return true
    if (this.#ours.hasHop(hop)) return false
    const theirs = this.#theirs.filter(({ places }) => places.hasHop(hop))
    return theirs.length === 0 || theirs.some(({ places }) => places.has(parseUri(contact)))
  }

  /** Whether a stored Contact leads to one of ours. One that cannot be read leads nowhere, and counts as one. */
  isOurs(contact: string): boolean {
    try {
      return this.#ours.has(parseUri(contact))
    } catch (error) {
      if (error instanceof MessageError) return true
      throw error
    }
  }
}

/** Where a name led; see `NextHop`. */
type Dialled = Pick<NextHop, 'host' | 'address' | 'port'>

class Places {
  readonly #names = new Set<string>()
  /** Ports by address. */
  readonly #ports = new Map<string, Set<number>>()
  /** Ports of all of them. */
  readonly #open = new Set<number>()
  /** Ports that are open on every address of this machine. */
  readonly #everywhere = new Set<number>()

  constructor(places: readonly ServerPlace[]) {
    for (const { hosts, ports } of places) for (const host of hosts) this.#add(plainPlace(host), ports)
  }

  #add(host: string, ports: readonly number[]): void {
    if (isIP(host) === 0) {
      this.#names.add(host)
      return
    }
    for (const port of ports) this.#open.add(port)
    const known = isUnspecified(host) ? this.#everywhere : (this.#ports.get(host) ?? new Set())
    for (const port of ports) known.add(port)
    if (known !== this.#everywhere) this.#ports.set(host, known)
  }

  has(uri: SipUri): boolean {
    const name = uri.parameters.get('maddr') ?? uri.host
    return this.#hasName(name) || this.#isOpen(withoutBrackets(name), portOf(uri))
  }

  hasHop({ host, address, port }: Dialled): boolean {
    return (host !== undefined && this.#hasName(host)) || this.#isOpen(address, port)
  }

  #hasName(name: string): boolean {
    return this.#names.has(name) || this.#names.has(serviceOf(name))
  }

  /** Most Contacts name a port that no server has: nothing more is read of them (a call asks each time). */
  #isOpen(address: string, port: number): boolean {
    return this.#open.has(port) && this.#hasAddress(plainPlace(address), port)
  }

  #hasAddress(host: string, port: number): boolean {
    if (this.#everywhere.has(port) && isThisMachine(host)) return true
    // A connection to the unspecified address ends at the loopback address.
    const addresses = isUnspecified(host) ? loopback : [host]
    return addresses.some((address) => this.#ports.get(address)?.has(port) === true)
  }
}

/** In a cluster a service has the name of the plan and longer ones: `fe1.NAMESPACE.svc.cluster.local`. */
export function serviceOf(host: string): string {
  return host.includes('.svc') ? (/^([^.]+)\.[^.]+\.svc(?:\.|$)/.exec(host)?.[1] ?? host) : host
}

const loopback = ['127.0.0.1', '::1']

/** The one spelling of a host, an address as a socket has it. */
function plainPlace(host: string): string {
  return withoutBrackets(placeName(host))
}

function withoutBrackets(host: string): string {
  return host.startsWith('[') ? host.slice(1, -1) : host
}

function isUnspecified(address: string): boolean {
  return address === '0.0.0.0' || address === '::'
}

/** @param address without brackets */
export function isThisMachine(address: string): boolean {
  return isUnspecified(address) || address === '::1' || (address.startsWith('127.') && isIPv4(address))
}

/** The port that a URI with an address leads to (RFC 3263 §4.2): without a transport it is sent by UDP or TCP. */
function portOf({ scheme, port, parameters }: SipUri): number {
  if (port !== undefined) return port
  switch (parameters.get('transport')?.toLowerCase()) {
    case 'ws':
      return scheme === 'sips' ? 443 : 80
    case 'wss':
      return 443
    case 'tls':
      return 5061
    default:
      return scheme === 'sips' ? 5061 : 5060
  }
}
