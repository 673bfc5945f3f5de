/** Captures built by hand: TCP conversations as packets, in every format and on every link layer that is read. */

export interface Endpoint {
  readonly address: string
  readonly port: number
}

export interface BuiltPacket {
  /** Milliseconds since 1970. */
  readonly at: number
  /** IP packet, without link layer. */
  readonly octets: Buffer
}

type LinkLayer = 'raw' | 'ethernet' | 'vlan' | 'cooked' | 'cooked2' | 'cooked2 vlan' | 'null'

const linkTypes: Readonly<Record<LinkLayer, number>> = {
  raw: 101,
  ethernet: 1,
  vlan: 1,
  cooked: 113,
  cooked2: 276,
  'cooked2 vlan': 276,
  null: 0,
}

export interface CaptureFormat {
  readonly format?: 'pcap' | 'pcapng'
  readonly bigEndian?: boolean
  readonly nanoseconds?: boolean
  readonly link?: LinkLayer
  /** Key log of a decryption secrets block (pcapng). */
  readonly secrets?: string
  /** Octets kept of each packet. */
  readonly snapshot?: number
}

/** A capture file with these packets. */
export function captureOf(packets: readonly BuiltPacket[], options: CaptureFormat = {}): Buffer {
  return options.format === 'pcapng' ? pcapng(packets, options) : pcap(packets, options)
}

function writer(bigEndian: boolean): { u16(value: number): Buffer; u32(value: number): Buffer } {
  return {
    u16(value) {
      const octets = Buffer.alloc(2)
      if (bigEndian) octets.writeUInt16BE(value)
      else octets.writeUInt16LE(value)
      return octets
    },
    u32(value) {
      const octets = Buffer.alloc(4)
      if (bigEndian) octets.writeUInt32BE(value)
      else octets.writeUInt32LE(value)
      return octets
    },
  }
}

function pcap(
  packets: readonly BuiltPacket[],
  { bigEndian = false, nanoseconds = false, ...rest }: CaptureFormat,
): Buffer {
  const { u16, u32 } = writer(bigEndian)
  const { link = 'raw', snapshot = 262_144 } = rest
  const magic = nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4
  const header = [u32(magic), u16(2), u16(4), u32(0), u32(0), u32(snapshot), u32(linkTypes[link])]
  const records = packets.flatMap(({ at, octets }) => {
    const whole = framed(octets, link)
    const kept = whole.subarray(0, snapshot)
    const fraction = Math.round((at % 1000) * (nanoseconds ? 1_000_000 : 1000))
    return [u32(Math.floor(at / 1000)), u32(fraction), u32(kept.length), u32(whole.length), kept]
  })
  return Buffer.concat([...header, ...records])
}

function pcapng(
  packets: readonly BuiltPacket[],
  { bigEndian = false, link = 'raw', secrets, snapshot = 262_144 }: CaptureFormat,
): Buffer {
  const { u16, u32 } = writer(bigEndian)
  const padded = (octets: Buffer): Buffer => Buffer.concat([octets, Buffer.alloc((4 - (octets.length % 4)) % 4)])
  const block = (type: number, body: Buffer): Buffer =>
    Buffer.concat([u32(type), u32(body.length + 12), body, u32(body.length + 12)])
  const section = block(0x0a0d0d0a, Buffer.concat([u32(0x1a2b3c4d), u16(1), u16(0), Buffer.alloc(8, 255)]))
  const face = block(1, Buffer.concat([u16(linkTypes[link]), u16(0), u32(snapshot)]))
  const keys =
    secrets === undefined
      ? []
      : [block(10, Buffer.concat([u32(0x544c534b), u32(secrets.length), padded(Buffer.from(secrets))]))]
  const blocks = packets.map(({ at, octets }) => {
    const whole = framed(octets, link)
    const kept = whole.subarray(0, snapshot)
    const micros = Math.round(at * 1000)
    const head = [u32(0), u32(Math.floor(micros / 2 ** 32)), u32(micros % 2 ** 32), u32(kept.length), u32(whole.length)]
    return block(6, Buffer.concat([...head, padded(kept)]))
  })
  return Buffer.concat([section, face, ...keys, ...blocks])
}

function framed(packet: Buffer, link: LinkLayer): Buffer {
  const type = (packet[0] ?? 0) >> 4 === 6 ? [0x86, 0xdd] : [0x08, 0x00]
  switch (link) {
    case 'raw':
      return packet
    case 'ethernet':
      return Buffer.concat([Buffer.alloc(12), Buffer.from(type), packet])
    case 'vlan':
      return Buffer.concat([Buffer.alloc(12), Buffer.from([0x81, 0, 0, 7, ...type]), packet])
    case 'cooked':
      return Buffer.concat([Buffer.alloc(14), Buffer.from(type), packet])
    case 'cooked2':
      return Buffer.concat([Buffer.from(type), Buffer.alloc(18), packet])
    case 'cooked2 vlan':
      return Buffer.concat([Buffer.from([0x81, 0]), Buffer.alloc(18), Buffer.from([0, 7, ...type]), packet])
    case 'null':
      return Buffer.concat([Buffer.from([2, 0, 0, 0]), packet])
    default:
      return link satisfies never
  }
}

export type From = 'dialler' | 'acceptor'

const flag = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16 } as const

/** One TCP connection, packet by packet: `new Conversation().open().say('dialler', hello).close('acceptor')`. */
export class Conversation {
  readonly packets: BuiltPacket[] = []
  readonly #ends: Readonly<Record<From, Endpoint>>
  readonly #next: Record<From, number> = { dialler: 1000, acceptor: 0xffff_fff0 }
  #at: number

  constructor(
    ends: Readonly<Record<From, Endpoint>> = {
      dialler: { address: '192.0.2.10', port: 40312 },
      acceptor: { address: '192.0.2.20', port: 5061 },
    },
    at = Date.UTC(2026, 10, 28, 12),
  ) {
    this.#ends = ends
    this.#at = at
  }

  /** Lets time pass, in milliseconds. */
  wait(milliseconds: number): this {
    this.#at += milliseconds
    return this
  }

  open(): this {
    return this.syn()
      .#put('acceptor', flag.syn | flag.ack)
      .#put('dialler', flag.ack)
  }

  syn(): this {
    return this.#put('dialler', flag.syn)
  }

  /** Sends data; the other end acknowledges. */
  say(from: From, octets: Buffer, largest = 1400): this {
    for (let at = 0; at < octets.length; at += largest) this.send(from, octets.subarray(at, at + largest))
    return this.acknowledge(from === 'dialler' ? 'acceptor' : 'dialler')
  }

  /** Sends one segment that nobody acknowledges yet. */
  send(from: From, octets: Buffer): this {
    return this.#put(from, flag.ack | flag.psh, octets)
  }

  acknowledge(from: From): this {
    return this.#put(from, flag.ack)
  }

  close(from: From): this {
    return this.#put(from, flag.fin | flag.ack)
  }

  reset(from: From): this {
    return this.#put(from, flag.rst | flag.ack)
  }

  #put(from: From, flags: number, octets: Buffer = Buffer.alloc(0)): this {
    const to = from === 'dialler' ? 'acceptor' : 'dialler'
    const numbers = { sequence: this.#next[from], acknowledgement: flags & flag.ack ? this.#next[to] : 0 }
    this.packets.push({ at: this.#at, octets: tcpPacket(this.#ends[from], this.#ends[to], flags, numbers, octets) })
    this.#next[from] = (this.#next[from] + octets.length + (flags & (flag.syn | flag.fin) ? 1 : 0)) % 2 ** 32
    this.#at += 1
    return this
  }
}

/** Checksums are left at 0: they are not verified, since network cards fill them in behind the capture. */
function tcpPacket(
  source: Endpoint,
  destination: Endpoint,
  flags: number,
  { sequence, acknowledgement }: { readonly sequence: number; readonly acknowledgement: number },
  payload: Buffer,
): Buffer {
  const header = Buffer.alloc(20)
  header.writeUInt16BE(source.port, 0)
  header.writeUInt16BE(destination.port, 2)
  header.writeUInt32BE(sequence, 4)
  header.writeUInt32BE(acknowledgement, 8)
  header.writeUInt8(0x50, 12)
  header.writeUInt8(flags, 13)
  return ipPacket(source, destination, 6, Buffer.concat([header, payload]))
}

export function udpPacket(source: Endpoint, destination: Endpoint, payload: Buffer): Buffer {
  const header = Buffer.alloc(8)
  header.writeUInt16BE(source.port, 0)
  header.writeUInt16BE(destination.port, 2)
  header.writeUInt16BE(8 + payload.length, 4)
  return ipPacket(source, destination, 17, Buffer.concat([header, payload]))
}

/** IPv6 for addresses of the form `2001:db8:0:0:0:0:0:1`, else IPv4. */
function ipPacket(source: Endpoint, destination: Endpoint, protocol: number, payload: Buffer): Buffer {
  const six = source.address.includes(':')
  const header = Buffer.alloc(six ? 40 : 20)
  if (six) {
    header.writeUInt8(0x60, 0)
    header.writeUInt16BE(payload.length, 4)
    header.writeUInt8(protocol, 6)
  } else {
    header.writeUInt8(0x45, 0)
    header.writeUInt16BE(20 + payload.length, 2)
    header.writeUInt8(protocol, 9)
  }
  addressOctets(source.address).copy(header, six ? 8 : 12)
  addressOctets(destination.address).copy(header, six ? 24 : 16)
  return Buffer.concat([header, payload])
}

function addressOctets(address: string): Buffer {
  if (!address.includes(':')) return Buffer.from(address.split('.').map(Number))
  return Buffer.concat(address.split(':').map((group) => Buffer.from(group.padStart(4, '0'), 'hex')))
}
