/**
 * Traced messages as a capture file (pcapng, draft-ietf-opsawg-pcapng): IP packets made up around the clear text, since
 * what travelled was TLS. One message is one TCP segment (several when it is long), or one UDP datagram. Ports are the
 * real ones: Wireshark takes 5061 for TLS and wants `-d tcp.port==5061,sip`. A handshake is an empty segment with a
 * comment: SYN for one that was accepted, RST for one that failed.
 */
import type { TracedConnection } from './connections.ts'
import { connectionLines, connectionTitle } from './connections.ts'
import type { TracedMessage } from './messages.ts'
import { type End, nowhere, parseEnd } from './octets.ts'

const linkTypeRaw = 101
const nanosecondResolution = 9
const segmentBytes = 16_000
const longestDatagram = 65_000

export interface CaptureWriter {
  /** Before the first packet. */
  header(): Buffer
  packets(message: TracedMessage): Buffer
  /** Empty where the other end has no address. */
  connection(connection: TracedConnection, nameOf: (end: string) => string): Buffer
}

/** ACK and PSH. */
const data = 0x18
const synchronise = 0x02
const reset = 0x04

export function captureWriter(): CaptureWriter {
  const sequences = new Map<string, number>()
  let identification = 0
  const advance = (flow: string, bytes: number): number => {
    const at = sequences.get(flow) ?? 1
    sequences.set(flow, (at + bytes) >>> 0)
    return at
  }
  return {
    header: () => Buffer.concat([sectionHeader(), interfaceDescription()]),
    packets(message) {
      const source = parseEnd(message.source)
      const destination = parseEnd(message.destination)
      const payload = Buffer.from(message.text, 'utf8')
      const comment = `${message.node}: ${message.transport}`
      if (source === undefined || destination === undefined) return Buffer.alloc(0)
      if (message.transport === 'udp') {
        const datagram = udp(source, destination, payload.subarray(0, longestDatagram))
        return packetBlock(message.time, ipv(source, destination, 17, datagram, identification++), comment)
      }
      const flow = `${message.source} ${message.destination}`
      const back = `${message.destination} ${message.source}`
      const blocks: Buffer[] = []
      for (let from = 0; from < payload.length; from += segmentBytes) {
        const part = payload.subarray(from, from + segmentBytes)
        const segment = tcp(
          source,
          destination,
          { sequence: advance(flow, part.length), acknowledgement: sequences.get(back) ?? 1, flags: data },
          part,
        )
        blocks.push(packetBlock(message.time, ipv(source, destination, 6, segment, identification++), comment))
      }
      return Buffer.concat(blocks)
    },
    connection: (connection, nameOf) => connectionPacket(connection, nameOf, identification++),
  }
}

function connectionPacket(
  connection: TracedConnection,
  nameOf: (end: string) => string,
  identification: number,
): Buffer {
  const destination = parseEnd(connection.destination)
  if (destination === undefined) return Buffer.alloc(0)
  const source = parseEnd(connection.source) ?? nowhere(destination)
  const flags = connection.failed ? reset : synchronise
  const segment = tcp(source, destination, { sequence: 0, acknowledgement: 0, flags }, Buffer.alloc(0))
  const text = [connectionTitle(connection), ...connectionLines(connection, nameOf)].join('\n')
  const packet = ipv(source, destination, 6, segment, identification)
  return packetBlock(connection.time, packet, `${connection.node}: ${text}`)
}

function ipv(source: End, destination: End, protocol: number, payload: Buffer, identification: number): Buffer {
  if (source.address.length === 16) {
    const header = Buffer.alloc(40)
    header.writeUInt32BE(0x60000000, 0)
    header.writeUInt16BE(payload.length, 4)
    header.writeUInt8(protocol, 6)
    header.writeUInt8(64, 7)
    source.address.copy(header, 8)
    destination.address.copy(header, 24)
    return Buffer.concat([header, payload])
  }
  const header = Buffer.alloc(20)
  header.writeUInt8(0x45, 0)
  header.writeUInt16BE(20 + payload.length, 2)
  header.writeUInt16BE(identification & 0xffff, 4)
  header.writeUInt16BE(0x4000, 6)
  header.writeUInt8(64, 8)
  header.writeUInt8(protocol, 9)
  source.address.copy(header, 12)
  destination.address.copy(header, 16)
  header.writeUInt16BE(checksum(header), 10)
  return Buffer.concat([header, payload])
}

function tcp(
  source: End,
  destination: End,
  numbers: { readonly sequence: number; readonly acknowledgement: number; readonly flags: number },
  payload: Buffer,
): Buffer {
  const header = Buffer.alloc(20)
  header.writeUInt16BE(source.port, 0)
  header.writeUInt16BE(destination.port, 2)
  header.writeUInt32BE(numbers.sequence, 4)
  header.writeUInt32BE(numbers.acknowledgement, 8)
  header.writeUInt16BE(0x5000 | numbers.flags, 12)
  header.writeUInt16BE(65_535, 14)
  header.writeUInt16BE(
    checksum(Buffer.concat([pseudoHeader(source, destination, 6, 20 + payload.length), header, payload])),
    16,
  )
  return Buffer.concat([header, payload])
}

function udp(source: End, destination: End, payload: Buffer): Buffer {
  const header = Buffer.alloc(8)
  header.writeUInt16BE(source.port, 0)
  header.writeUInt16BE(destination.port, 2)
  header.writeUInt16BE(8 + payload.length, 4)
  const sum = checksum(Buffer.concat([pseudoHeader(source, destination, 17, 8 + payload.length), header, payload]))
  header.writeUInt16BE(sum === 0 ? 0xffff : sum, 6)
  return Buffer.concat([header, payload])
}

function pseudoHeader(source: End, destination: End, protocol: number, length: number): Buffer {
  const rest = Buffer.alloc(8)
  rest.writeUInt32BE(length, 0)
  rest.writeUInt32BE(protocol, 4)
  return Buffer.concat([source.address, destination.address, rest])
}

/** RFC 1071. */
function checksum(octets: Buffer): number {
  let sum = 0
  for (let at = 0; at < octets.length; at += 2)
    sum += at + 1 < octets.length ? octets.readUInt16BE(at) : octets.readUInt8(at) << 8
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

function sectionHeader(): Buffer {
  const body = Buffer.alloc(16)
  body.writeUInt32LE(0x1a2b3c4d, 0)
  body.writeUInt16LE(1, 4)
  body.writeBigInt64LE(-1n, 8)
  return block(0x0a0d0d0a, Buffer.concat([body, option(4, Buffer.from('siplab trace')), endOfOptions]))
}

function interfaceDescription(): Buffer {
  const body = Buffer.alloc(8)
  body.writeUInt16LE(linkTypeRaw, 0)
  return block(
    1,
    Buffer.concat([
      body,
      option(2, Buffer.from('siplab')),
      option(9, Buffer.from([nanosecondResolution])),
      endOfOptions,
    ]),
  )
}

function packetBlock(time: string, packet: Buffer, comment: string): Buffer {
  const nanoseconds = BigInt(Date.parse(time)) * 1_000_000n
  const head = Buffer.alloc(20)
  head.writeUInt32LE(Number(nanoseconds >> 32n), 4)
  head.writeUInt32LE(Number(nanoseconds & 0xffffffffn), 8)
  head.writeUInt32LE(packet.length, 12)
  head.writeUInt32LE(packet.length, 16)
  return block(6, Buffer.concat([head, padded(packet), option(1, Buffer.from(comment)), endOfOptions]))
}

function block(type: number, body: Buffer): Buffer {
  const length = body.length + 12
  const head = Buffer.alloc(8)
  head.writeUInt32LE(type, 0)
  head.writeUInt32LE(length, 4)
  const tail = Buffer.alloc(4)
  tail.writeUInt32LE(length, 0)
  return Buffer.concat([head, body, tail])
}

const endOfOptions = Buffer.alloc(4)

function option(code: number, value: Buffer): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt16LE(code, 0)
  head.writeUInt16LE(value.length, 2)
  return Buffer.concat([head, padded(value)])
}

function padded(octets: Buffer): Buffer {
  return octets.length % 4 === 0 ? octets : Buffer.concat([octets, Buffer.alloc(4 - (octets.length % 4))])
}
