/**
 * How long SRV and NAPTR records may be kept. Node's resolver does not show their TTL, so one datagram asks for it; the
 * records themselves come from the resolver, which knows TCP, search lists and several servers.
 */
import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { isIPv6 } from 'node:net'

const types = { SRV: 33, NAPTR: 35 } as const
const cname = 5
/** RFC 1035 §4.1.1: the answer did not fit. */
const truncated = 0x0200
const headerOctets = 12
/** RFC 1035 §3.3.13 and §4.1.3: TYPE, CLASS, TTL, RDLENGTH behind the owner name. */
const fixedOctets = 10
/** RFC 1035 §3.1. */
const mostLabels = 128

/** One question with one server: `ttlOf('127.0.41.2:10053', 'SRV', '_sip._tcp.lab.test', 500)`. */
export interface TtlQuestion {
  /** As `getServers` of Node's resolver writes it: `192.0.2.1`, `192.0.2.1:10053`, `[::1]:10053`, `::1`. */
  readonly server: string
  readonly type: keyof typeof types
  readonly name: string
  readonly withinMs: number
}

/** The least TTL of the records of that type, in seconds; undefined: no such answer came in time. */
export function askTtl({ server, type, name, withinMs }: TtlQuestion): Promise<number | undefined> {
  const { address, port } = placeOf(server)
  const id = randomInt(0x1_0000)
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4').unref()
  return new Promise((resolve) => {
    const end = (ttl: number | undefined): void => {
      clearTimeout(late)
      socket.close()
      resolve(ttl)
    }
    const late = setTimeout(end, withinMs, undefined).unref()
    socket.once('error', () => end(undefined))
    // A connected socket hears that server alone.
    socket.connect(port, address, () => socket.send(question(id, types[type], name)))
    socket.on('message', (octets) => {
      if (octets.length >= headerOctets && octets.readUInt16BE(0) === id) end(leastTtl(octets, types[type]))
    })
  })
}

function placeOf(server: string): { readonly address: string; readonly port: number } {
  const [, inside, plain, digits] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(server) ?? []
  return { address: inside ?? plain ?? server, port: digits === undefined ? 53 : Number(digits) }
}

/** RFC 1035 §4.1.1, §4.1.2: recursion desired, one question of class IN. */
function question(id: number, type: number, name: string): Buffer {
  const labels = name.replace(/\.$/, '').split('.')
  const owner = labels.flatMap((label) => [Buffer.from([label.length]), Buffer.from(label, 'latin1')])
  const head = Buffer.alloc(headerOctets)
  head.writeUInt16BE(id, 0)
  head.writeUInt16BE(0x0100, 2)
  head.writeUInt16BE(1, 4)
  return Buffer.concat([head, ...owner, Buffer.from([0, type >> 8, type & 0xff, 0, 1])])
}

/**
 * Of the records of that type in the answer section, and of the aliases that lead to them; 0 where they were left out
 * because they did not fit; undefined where there is none, or the octets end too soon.
 */
export function leastTtl(octets: Buffer, type: number): number | undefined {
  if ((octets.readUInt16BE(2) & truncated) !== 0) return 0
  const questions = octets.readUInt16BE(4)
  const answers = octets.readUInt16BE(6)
  let at: number | undefined = headerOctets
  for (let count = 0; count < questions && at !== undefined; count += 1) {
    at = behindName(octets, at)
    if (at !== undefined) at += 4
  }
  let least: number | undefined
  for (let count = 0; count < answers && at !== undefined; count += 1) {
    const fixed = behindName(octets, at)
    if (fixed === undefined || fixed + fixedOctets > octets.length) return least
    const found = octets.readUInt16BE(fixed)
    if (found === type || found === cname) least = Math.min(least ?? Infinity, saneTtl(octets.readUInt32BE(fixed + 4)))
    at = fixed + fixedOctets + octets.readUInt16BE(fixed + 8)
  }
  return least
}

/** A TTL with its highest bit set counts as 0 (RFC 2181 §8). */
export function saneTtl(ttl: number): number {
  return ttl > 0x7fff_ffff ? 0 : ttl
}

/** Where the name ends that begins there: at its empty label, or behind a pointer (RFC 1035 §4.1.4). */
function behindName(octets: Buffer, from: number): number | undefined {
  let at = from
  for (let label = 0; label < mostLabels; label += 1) {
    const length = octets[at]
    if (length === undefined) return undefined
    if (length === 0) return at + 1
    if (length >= 0xc0) return at + 2
    at += length + 1
  }
  return undefined
}
