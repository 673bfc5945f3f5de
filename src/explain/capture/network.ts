/** From a captured packet to its TCP segment or UDP datagram: link layer, IPv4, IPv6. Nothing is copied. */
import type { Packet } from './packet.ts'

export interface Segment {
  readonly kind: 'tcp'
  readonly frame: number
  readonly at: number
  /** Addresses and ports of both ends as octets, in the order of travel; `backwards` the other way round. */
  readonly forwards: string
  readonly backwards: string
  readonly source: Endpoint
  readonly destination: Endpoint
  readonly sequence: number
  readonly acknowledgement: number
  readonly flags: number
  /** What the packet carried; `payload` is shorter where the capture cut it. */
  readonly length: number
  readonly payload: Buffer
}

export interface Datagram {
  readonly kind: 'udp'
  readonly frame: number
  readonly at: number
  readonly source: Endpoint
  readonly destination: Endpoint
  readonly payload: Buffer
}

/** A router or host says that a packet of ours did not arrive (RFC 792, RFC 4443). */
export interface Unreachable {
  readonly kind: 'unreachable'
  readonly frame: number
  /** Of the TCP packet that it quotes. */
  readonly forwards: string
  readonly tooBig: boolean
}

/** An address and a port that are made into text only when somebody asks. */
export interface Endpoint {
  readonly octets: Buffer
  readonly port: number
}

export type Carried = Segment | Datagram | Unreachable | { readonly kind: 'fragment' } | { readonly kind: 'other' }

export const Flag = { fin: 1, syn: 2, rst: 4, ack: 16 } as const

const other = { kind: 'other' } as const
const fragment = { kind: 'fragment' } as const

const LinkType = {
  null: 0,
  ethernet: 1,
  bsdRaw: 12,
  openBsdRaw: 14,
  raw: 101,
  loop: 108,
  sll: 113,
  ipv4: 228,
  ipv6: 229,
  sll2: 276,
} as const

export function linkTypeIsKnown(linkType: number): boolean {
  return Object.values(LinkType).some((known) => known === linkType)
}

/** What a packet carries; `other` for what is no IP, no TCP and no UDP, and for what is damaged. */
export function carried(packet: Packet): Carried {
  const at = networkHeader(packet.linkType, packet.octets)
  if (at < 0 || at >= packet.octets.length) return other
  const version = (packet.octets[at] ?? 0) >> 4
  if (version === 4) return ipv4(packet, at)
  return version === 6 ? ipv6(packet, at) : other
}

const EtherType = { ipv4: 0x0800, ipv6: 0x86dd, vlan: 0x8100, serviceVlan: 0x88a8, oldServiceVlan: 0x9100 } as const
/** A frame with more tags is no frame of an ordinary network. */
const maxVlanTags = 4

/** Where the IP header begins; -1 when there is none. */
function networkHeader(linkType: number, octets: Buffer): number {
  switch (linkType) {
    case LinkType.ethernet:
      return behindEtherType(octets, 12)
    case LinkType.sll:
      return behindEtherType(octets, 14)
    case LinkType.sll2:
      return behindCookedType(octets)
    case LinkType.null:
    case LinkType.loop:
      return 4
    case LinkType.raw:
    case LinkType.bsdRaw:
    case LinkType.openBsdRaw:
    case LinkType.ipv4:
    case LinkType.ipv6:
      return 0
    default:
      return -1
  }
}

/** The type comes first; tags of a VLAN come behind the header of 20 octets. */
function behindCookedType(octets: Buffer): number {
  if (octets.length < 20) return -1
  const type = octets.readUInt16BE(0)
  if (isIp(type)) return 20
  return isTag(type) ? behindEtherType(octets, 22) : -1
}

/** IEEE 802.1Q and 802.1ad tags are between the addresses and the type. */
function behindEtherType(octets: Buffer, from: number): number {
  for (let at = from; at <= from + 4 * maxVlanTags && at + 2 <= octets.length; at += 4) {
    const type = octets.readUInt16BE(at)
    if (isIp(type)) return at + 2
    if (!isTag(type)) return -1
  }
  return -1
}

function isTag(type: number): boolean {
  return type === EtherType.vlan || type === EtherType.serviceVlan || type === EtherType.oldServiceVlan
}

function isIp(type: number): boolean {
  return type === EtherType.ipv4 || type === EtherType.ipv6
}

const Protocol = {
  hopByHop: 0,
  icmp: 1,
  tcp: 6,
  udp: 17,
  routing: 43,
  fragment: 44,
  authentication: 51,
  icmp6: 58,
  destination: 60,
} as const

/** Where the parts of one IP packet are. */
interface Layout {
  readonly protocol: number
  /** Of the source; the destination follows. */
  readonly addresses: number
  readonly addressLength: 4 | 16
  readonly payload: number
  /** End of the IP packet as its header says; the capture may hold less. */
  readonly end: number
}

/** RFC 791 §3.1. A total length of 0 is what a network card with segmentation offload leaves. */
function ipv4(packet: Packet, at: number): Carried {
  const { octets } = packet
  if (octets.length < at + 20) return other
  const headerLength = ((octets[at] ?? 0) & 15) * 4
  const total = octets.readUInt16BE(at + 2)
  const fragmented = octets.readUInt16BE(at + 6) & 0x3fff
  if (headerLength < 20 || (total !== 0 && total < headerLength)) return other
  if (fragmented !== 0) return fragment
  return transport(packet, {
    protocol: octets[at + 9] ?? 0,
    addresses: at + 12,
    addressLength: 4,
    payload: at + headerLength,
    end: total === 0 ? octets.length : at + total,
  })
}

/** No packet of an ordinary network has more (RFC 8200 §4.1). */
const maxExtensionHeaders = 8

/** RFC 8200 §3, §4. */
function ipv6(packet: Packet, start: number): Carried {
  const { octets } = packet
  if (octets.length < start + 40) return other
  const length = octets.readUInt16BE(start + 4)
  let protocol = octets[start + 6] ?? 0
  let at = start + 40
  for (let headers = 0; headers < maxExtensionHeaders; headers += 1) {
    const size = protocol === Protocol.fragment ? wholeFragment(octets, at) : extensionLength(protocol, octets, at)
    if (size === undefined) return fragment
    if (size === 0) break
    protocol = octets[at] ?? 0
    at += size
  }
  const end = length === 0 ? octets.length : start + 40 + length
  return transport(packet, { protocol, addresses: start + 8, addressLength: 16, payload: at, end })
}

/** RFC 6946: a fragment that is the whole packet; undefined for a part of one. */
function wholeFragment(octets: Buffer, at: number): number | undefined {
  if (octets.length < at + 8) return undefined
  return (octets.readUInt16BE(at + 2) & 0xfff9) === 0 ? 8 : undefined
}

function extensionLength(protocol: number, octets: Buffer, at: number): number {
  const count = octets[at + 1] ?? 0
  if (protocol === Protocol.authentication) return (count + 2) * 4
  const known = protocol === Protocol.hopByHop || protocol === Protocol.routing || protocol === Protocol.destination
  return known ? (count + 1) * 8 : 0
}

function transport(packet: Packet, layout: Layout): Carried {
  switch (layout.protocol) {
    case Protocol.tcp:
      return tcp(packet, layout)
    case Protocol.udp:
      return udp(packet, layout)
    case Protocol.icmp:
    case Protocol.icmp6:
      return unreachable(packet, layout)
    default:
      return other
  }
}

/** RFC 9293 §3.1. */
function tcp({ octets, frame, at }: Packet, layout: Layout): Carried {
  const { payload: start, end } = layout
  if (octets.length < start + 20 || end < start + 20) return other
  const headerLength = ((octets[start + 12] ?? 0) >> 4) * 4
  if (headerLength < 20 || start + headerLength > end) return other
  const body = start + headerLength
  return {
    kind: 'tcp',
    frame,
    at,
    ...flowKeys(octets, layout),
    ...endpoints(octets, layout),
    sequence: octets.readUInt32BE(start + 4),
    acknowledgement: octets.readUInt32BE(start + 8),
    flags: octets[start + 13] ?? 0,
    length: end - body,
    payload: octets.subarray(Math.min(body, octets.length), Math.min(end, octets.length)),
  }
}

function udp({ octets, frame, at }: Packet, layout: Layout): Carried {
  const { payload: start, end } = layout
  if (octets.length < start + 8) return other
  const payload = octets.subarray(start + 8, Math.min(end, octets.length))
  return { kind: 'udp', frame, at, ...endpoints(octets, layout), payload }
}

/** Type 3 of ICMP, types 1 and 2 of ICMPv6 quote the packet that was not delivered. */
function unreachable({ octets, frame }: Packet, { protocol, payload: start }: Layout): Carried {
  const type = octets[start] ?? 0
  const code = octets[start + 1] ?? 0
  const known = protocol === Protocol.icmp ? type === 3 : type === 1 || type === 2
  const quoted = start + 8
  if (!known || octets.length < quoted + 28) return other
  const six = (octets[quoted] ?? 0) >> 4 === 6
  const ports = six ? quoted + 40 : quoted + ((octets[quoted] ?? 0) & 15) * 4
  if (octets.length < ports + 4 || octets[quoted + (six ? 6 : 9)] !== Protocol.tcp) return other
  const layout = { addresses: quoted + (six ? 8 : 12), addressLength: six ? 16 : 4, payload: ports } as const
  const tooBig = protocol === Protocol.icmp ? code === 4 : type === 2
  return { kind: 'unreachable', frame, forwards: flowKeys(octets, layout).forwards, tooBig }
}

type Places = Pick<Layout, 'addresses' | 'addressLength' | 'payload'>

function flowKeys(
  octets: Buffer,
  { addresses, addressLength, payload }: Places,
): Pick<Segment, 'forwards' | 'backwards'> {
  const middle = addresses + addressLength
  const source = octets.toString('latin1', addresses, middle)
  const destination = octets.toString('latin1', middle, middle + addressLength)
  const from = octets.toString('latin1', payload, payload + 2)
  const to = octets.toString('latin1', payload + 2, payload + 4)
  return { forwards: source + from + destination + to, backwards: destination + to + source + from }
}

function endpoints(
  octets: Buffer,
  { addresses, addressLength, payload }: Places,
): Pick<Segment, 'source' | 'destination'> {
  const middle = addresses + addressLength
  return {
    source: { octets: octets.subarray(addresses, middle), port: octets.readUInt16BE(payload) },
    destination: { octets: octets.subarray(middle, middle + addressLength), port: octets.readUInt16BE(payload + 2) },
  }
}

/** `127.0.0.1:5061` or `[2001:db8::1]:5061`. */
export function endpointText({ octets, port }: Endpoint): string {
  return octets.length === 4 ? `${octets.join('.')}:${port}` : `[${ipv6Text(octets)}]:${port}`
}

/** RFC 5952: the longest run of zeros is left out. */
function ipv6Text(octets: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, index) => octets.readUInt16BE(index * 2).toString(16))
  const runs = [...groups.join(':').matchAll(/(?<![^:])0(?::0)+(?![^:])/g)].map(([run]) => run)
  const longest = runs.reduce((one, next) => (next.length > one.length ? next : one), '')
  const text = groups.join(':')
  if (longest === '') return text
  const at = text.search(new RegExp(`(?<![^:])${longest}(?![^:])`))
  const before = text.slice(0, at).replace(/:$/, '')
  const after = text.slice(at + longest.length).replace(/^:/, '')
  return `${before}::${after}`
}
