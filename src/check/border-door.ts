/** Our own listener, the only target of a border probe: sees what a server passes on to it, and answers nothing. */
import { createSocket, type Socket as DatagramSocket } from 'node:dgram'
import { createServer, isIPv6, type Server, type Socket } from 'node:net'
import { endpointText } from '../sip/message/endpoint.ts'

/** A request that came. */
export interface Arrived {
  /** Address of the sender. */
  readonly from: string
  /** P-Asserted-Identity, as it came. Absent: none. */
  readonly asserted: string | undefined
}

export interface Door {
  readonly address: string
  /** `sip:relay@192.0.2.1:40000;transport=tcp` */
  uri(user: string): string
  /** The request for that user; undefined when none has come within that time. */
  arrival(user: string, patienceMs: number): Promise<Arrived | undefined>
  close(): Promise<void>
}

/** No request to us is longer. */
const mostOctets = 16 * 1024
const mostConnections = 16

/** Listens on one free port over TCP and UDP. */
export async function openDoor(address: string): Promise<Door> {
  const arrived = new Map<string, Arrived>()
  const sockets = new Set<Socket>()
  const note = (text: string, from: string): void => {
    const user = /^[A-Z]+ sips?:([a-z]{1,20})@/.exec(text)?.[1]
    if (user === undefined || arrived.has(user)) return
    arrived.set(user, { from, asserted: /^P-Asserted-Identity:[ \t]*([^\r\n]{1,200})/im.exec(text)?.[1] })
  }
  const server = createServer((socket) => {
    sockets.add(socket.once('close', () => sockets.delete(socket)))
    readOnce(socket, note)
  })
  server.maxConnections = mostConnections
  const port = await listening(server, address)
  const udp = await bound(address, port)
  udp?.on('message', (octets, { address: from }) => note(octets.toString('latin1', 0, mostOctets), from))
  return {
    address,
    uri: (user) => `sip:${user}@${endpointText(address, port)};transport=tcp`,
    async arrival(user, patienceMs) {
      const until = performance.now() + patienceMs
      while (!arrived.has(user) && performance.now() < until) await new Promise((again) => setTimeout(again, 20))
      return arrived.get(user)
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      udp?.close()
      await new Promise((closed) => server.close(closed))
    },
  }
}

function readOnce(socket: Socket, note: (text: string, from: string) => void): void {
  const from = socket.remoteAddress ?? 'an address that is gone'
  let text = ''
  socket.setTimeout(5_000, () => socket.destroy())
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
    if (!text.includes('\r\n\r\n') && text.length < mostOctets) return
    note(text, from)
    socket.destroy()
  })
}

function listening(server: Server, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(0, address, () => {
      const place = server.address()
      resolve(typeof place === 'object' && place !== null ? place.port : 0)
    })
  })
}

/** undefined: the port is taken over UDP; then the listener takes only TCP, which the URI asks for. */
function bound(address: string, port: number): Promise<DatagramSocket | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
    socket.once('error', () => {
      socket.close()
      resolve(undefined)
    })
    socket.bind(port, address, () => resolve(socket))
  })
}
