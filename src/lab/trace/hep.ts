/**
 * Traced messages as HEP version 3 packets, for Homer and other collectors: the chunks of the published layout (HEP3
 * network protocol specification, sipcapture.org), vendor 0 only. One packet is one datagram.
 */
import { type TracedConnection, connectionLines, connectionTitle } from './connections.ts'
import { callIdOf } from './fields.ts'
import type { TracedMessage } from './messages.ts'
import { nowhere, parseEnd } from './octets.ts'

/** Chunk types of vendor 0. */
export const hepChunks = {
  family: 1,
  protocol: 2,
  sourceIpv4: 3,
  destinationIpv4: 4,
  sourceIpv6: 5,
  destinationIpv6: 6,
  sourcePort: 7,
  destinationPort: 8,
  seconds: 9,
  microseconds: 10,
  protocolType: 11,
  agent: 12,
  payload: 15,
  correlation: 17,
  agentName: 19,
} as const

/** Chunk 11. */
const sip = 1
const log = 100
/** `PF_INET` and `PF_INET6`, as Linux numbers them. */
const inet = 2
const inet6 = 10
const tcp = 6
const udp = 17

const longestPacket = 65_535
/** What a datagram over IPv4 carries; a longer payload is cut. */
const longestDatagram = 65_507

/** Undefined where an end has no address, which a HEP packet needs. */
export function hepOfMessage(message: TracedMessage, agent: number): Buffer | undefined {
  return packet(message, agent, sip, Buffer.from(message.text, 'utf8'), callIdOf(message.text))
}

/** A handshake or a failed dial as a log entry; its correlation ID is the connection. */
export function hepOfConnection(
  connection: TracedConnection,
  agent: number,
  nameOf: (end: string) => string,
): Buffer | undefined {
  const text = [connectionTitle(connection), ...connectionLines(connection, nameOf)].join('\n')
  const name = `${connection.source}>${connection.destination}`
  return packet(connection, agent, log, Buffer.from(text, 'utf8'), name)
}

interface Way {
  readonly time: string
  readonly node: string
  readonly transport?: string
  readonly source: string
  readonly destination: string
}

function packet(
  { time, node, transport, ...ends }: Way,
  agent: number,
  type: number,
  payload: Buffer,
  correlation: string | undefined,
): Buffer | undefined {
  const destination = parseEnd(ends.destination)
  if (destination === undefined) return undefined
  const source = parseEnd(ends.source) ?? nowhere(destination)
  const isFour = destination.address.length === 4
  const milliseconds = Date.parse(time)
  const chunks = [
    octet(hepChunks.family, isFour ? inet : inet6),
    octet(hepChunks.protocol, transport === 'udp' ? udp : tcp),
    chunk(isFour ? hepChunks.sourceIpv4 : hepChunks.sourceIpv6, source.address),
    chunk(isFour ? hepChunks.destinationIpv4 : hepChunks.destinationIpv6, destination.address),
    short(hepChunks.sourcePort, source.port),
    short(hepChunks.destinationPort, destination.port),
    long(hepChunks.seconds, Math.floor(milliseconds / 1000)),
    long(hepChunks.microseconds, (milliseconds % 1000) * 1000),
    octet(hepChunks.protocolType, type),
    long(hepChunks.agent, agent),
    ...(correlation === undefined ? [] : [chunk(hepChunks.correlation, Buffer.from(correlation, 'utf8'))]),
    chunk(hepChunks.agentName, Buffer.from(node, 'utf8')),
  ]
  const room = longestDatagram - 6 - 6 - chunks.reduce((sum, { length }) => sum + length, 0)
  return framed([...chunks, chunk(hepChunks.payload, payload.subarray(0, Math.max(0, room)))])
}

function framed(chunks: readonly Buffer[]): Buffer | undefined {
  const body = Buffer.concat(chunks)
  const length = body.length + 6
  if (length > longestPacket) return undefined
  const head = Buffer.from('HEP3\0\0', 'latin1')
  head.writeUInt16BE(length, 4)
  return Buffer.concat([head, body])
}

function chunk(type: number, value: Buffer): Buffer {
  const head = Buffer.alloc(6)
  head.writeUInt16BE(type, 2)
  head.writeUInt16BE(value.length + 6, 4)
  return Buffer.concat([head, value])
}

function octet(type: number, value: number): Buffer {
  return chunk(type, Buffer.from([value]))
}

function short(type: number, value: number): Buffer {
  const octets = Buffer.alloc(2)
  octets.writeUInt16BE(value)
  return chunk(type, octets)
}

function long(type: number, value: number): Buffer {
  const octets = Buffer.alloc(4)
  octets.writeUInt32BE(value >>> 0)
  return chunk(type, octets)
}
