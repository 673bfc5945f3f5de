/**
 * What a server, or a device in front of it, does with the first octets of a connection before TLS answers: it knows a
 * few names only, reads small ClientHellos only, or wants a PROXY header. A fault of the lab asks for it; a PROXY
 * header that no fault asked for is named for every server.
 */
import { serverNameOf } from './server-name.ts'
import type { TlsTuning } from '../types.ts'

export interface DoorRefusal {
  readonly code: 'tls.name-unknown' | 'tls.hello-too-large' | 'tls.proxy-protocol'
  readonly found: string
  /** The alert record to send. Absent: the connection is reset without an alert. */
  readonly alert?: Buffer
}

export type DoorAnswer =
  /** TLS goes on behind so many octets. */
  { readonly kind: 'open'; readonly skip: number } | ({ readonly kind: 'shut' } & DoorRefusal)

/** Devices that fail at the hybrid key shares of 2025 read one segment of an old path MTU, or less. */
const smallHelloOctets = 600

const open: DoorAnswer = { kind: 'open', skip: 0 }

/** @param octets the first of the connection: a whole ClientHello, or what came in its place */
export function atDoor(octets: Buffer, { door, knownNames = [] }: TlsTuning = {}): DoorAnswer {
  switch (door) {
    case undefined:
      return open
    case 'known-names':
      return atKnownNames(octets, knownNames)
    case 'small-hello':
      return octets.length <= smallHelloOctets
        ? open
        : shut('tls.hello-too-large', `a ClientHello of ${octets.length} octets, ${smallHelloOctets} at most are read`)
    case 'proxy-header':
      return atProxyHeader(octets)
    default:
      return door satisfies never
  }
}

/** Alert `unrecognized_name`, fatal, as a record of TLS 1.2, which TLS 1.3 keeps (RFC 6066 §3, RFC 8446 §6). */
const unrecognizedName = Buffer.from([21, 3, 3, 0, 2, 2, 112])

function atKnownNames(octets: Buffer, knownNames: readonly string[]): DoorAnswer {
  const name = serverNameOf(octets)
  if (name !== undefined && knownNames.includes(name.toLowerCase())) return open
  const came = name === undefined ? 'no name (SNI)' : `the name ${name} (SNI)`
  return {
    ...shut('tls.name-unknown', `${came} came; known: ${knownNames.join(', ')}`),
    alert: unrecognizedName,
  }
}

/** Version 1 ends with a line end after at most 107 octets (HAProxy, The PROXY protocol §2.1). */
const longestProxyHeader = 107

function atProxyHeader(octets: Buffer): DoorAnswer {
  const end = octets.subarray(0, longestProxyHeader).indexOf('\r\n')
  return beginsWithProxyHeader(octets) && end > 0
    ? { kind: 'open', skip: end + 2 }
    : shut('tls.proxy-protocol', 'a PROXY header was wanted, and a ClientHello came')
}

const signatures = [Buffer.from('PROXY '), Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')] as const

/** Version 1 or 2 of the PROXY protocol. */
export function beginsWithProxyHeader(octets: Buffer): boolean {
  return signatures.some((signature) => octets.subarray(0, signature.length).equals(signature))
}

/** `PROXY TCP4 127.0.0.1 127.0.0.1 40000 5061` of a connected socket, with its line end. */
export function proxyHeader(socket: {
  readonly localAddress?: string | undefined
  readonly localPort?: number | undefined
  readonly remoteAddress?: string | undefined
  readonly remotePort?: number | undefined
}): string {
  const { localAddress = '', localPort = 0, remoteAddress = '', remotePort = 0 } = socket
  const family = localAddress.includes(':') ? 'TCP6' : 'TCP4'
  return `PROXY ${family} ${localAddress} ${remoteAddress} ${localPort} ${remotePort}\r\n`
}

function shut(code: DoorRefusal['code'], found: string): DoorRefusal & { readonly kind: 'shut' } {
  return { kind: 'shut', code, found }
}
