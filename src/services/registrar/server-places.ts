/**
 * Where the servers of an organisation are: no binding may lead there. A Contact that did would have this server dial
 * its own trunk or another server with its certificate and with the identity of the caller.
 */
import { isIP, isIPv4 } from 'node:net'
import { unusualHost } from '../../sip/message/host-name.ts'
import { MessageError } from '../../sip/message/message-error.ts'
import type { SipUri } from '../../sip/message/types.ts'
import { parseUri } from '../../sip/message/uri.ts'

/** One server, by everything that leads to it. */
export interface ServerPlace {
  /** Names and addresses. A name counts at every port, an address at `ports`: phones may have the same address. */
  readonly hosts: readonly string[]
  /** Ports that the server listens on. */
  readonly ports: readonly number[]
}

export class ServerPlaces {
  readonly #names = new Set<string>()
  /** Ports by address. */
  readonly #ports = new Map<string, Set<number>>()
  /** Ports of all of them. */
  readonly #open = new Set<number>()
  /** Ports that are open on every address of this machine. */
  readonly #everywhere = new Set<number>()

  constructor(places: readonly ServerPlace[]) {
    for (const { hosts, ports } of places) for (const host of hosts) this.#add(canonical(host), ports)
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

  /** Whether a request for that URI is sent to one of the servers: `maddr` counts before the host (RFC 3263 §4). */
  has(uri: SipUri): boolean {
    const { port, parameters } = uri
    const name = parameters.get('maddr') ?? uri.host
    if (this.#names.has(name) || this.#names.has(serviceOf(name))) return true
    // Most Contacts name a port that no server has: nothing more is read of them (a call asks each time).
    return (port === undefined || this.#open.has(port)) && this.#hasAddress(canonical(name), portsOf(uri))
  }

  #hasAddress(host: string, ports: readonly number[]): boolean {
    if (isThisMachine(host) && ports.some((port) => this.#everywhere.has(port))) return true
    // A connection to the unspecified address ends at the loopback address.
    const addresses = isUnspecified(host) ? loopback : [host]
    return addresses.some((address) => ports.some((port) => this.#ports.get(address)?.has(port) === true))
  }

  /** The same for a stored Contact. One that cannot be read leads nowhere, and counts as one of theirs. */
  hasContact(contact: string): boolean {
    try {
      return this.has(parseUri(contact))
    } catch (error) {
      if (error instanceof MessageError) return true
      throw error
    }
  }
}

/** In a cluster a service has the name of the plan and longer ones: `fe1.NAMESPACE.svc.cluster.local`. */
function serviceOf(host: string): string {
  return host.includes('.svc') ? (/^([^.]+)\.[^.]+\.svc(?:\.|$)/.exec(host)?.[1] ?? host) : host
}

const loopback = ['127.0.0.1', '::1']

/** What a resolver of the system may take for an IPv4 address: `127.1`, `0x7f000001`. */
const numeric = /(?:^|\.)(?:\d+|0x[\da-f]*)$/

/** The one spelling of a host, without brackets. */
function canonical(host: string): string {
  const name = unusualHost(isIP(host) === 6 ? `[${host}]` : host).replace(/^\[|\]$/g, '')
  return numeric.test(name) && !isIPv4(name) ? (URL.parse(`http://${name}`)?.hostname ?? name) : name
}

function isUnspecified(address: string): boolean {
  return address === '0.0.0.0' || address === '::'
}

function isThisMachine(address: string): boolean {
  return isUnspecified(address) || address === '::1' || (address.startsWith('127.') && isIPv4(address))
}

/** The ports that a URI may lead to: without a port and a transport, what this server can dial decides. */
function portsOf({ scheme, port, parameters }: SipUri): readonly number[] {
  if (port !== undefined) return [port]
  const transport = parameters.get('transport')?.toLowerCase()
  if (transport === 'ws' || transport === 'wss') return [80, 443]
  if (transport === 'tls' || scheme === 'sips') return [5061]
  return transport === undefined ? [5060, 5061] : [5060]
}
